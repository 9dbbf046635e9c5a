package fleet

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestElsewhereIsWhatLeavingOutAndInsertingCosts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, _ := solveSmall(t, p)
		pricer, err := NewPricer(p, s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Stops {
			got, err := pricer.Elsewhere(i)
			if err != nil || slices.Contains(s.Unserved, i) {
				continue
			}
			// The same by hand: a problem in which this vehicle may not serve the stop, without it.
			var routes []Route
			own := none
			for _, r := range s.Routes {
				n := len(r.Visits)
				r.Visits = slices.DeleteFunc(slices.Clone(r.Visits), func(v Visit) bool { return v.Kind == Serve && v.Index == i })
				if len(r.Visits) < n {
					own = r.Vehicle
				}
				if (&r).Stops() > 0 {
					routes = append(routes, r)
				}
			}
			q := *p
			q.Stops = slices.Clone(p.Stops)
			others := []int{}
			for v := range p.Vehicles {
				if v != own && (len(p.Stops[i].Vehicles) == 0 || slices.Contains(p.Stops[i].Vehicles, v)) {
					others = append(others, v)
				}
			}
			if len(others) == 0 {
				if got.Feasible {
					t.Fatalf("%s may be served by nobody else, Elsewhere says %+v", stopName(p, i), got)
				}
				continue
			}
			q.Stops[i].Vehicles, q.Stops[i].Required = others, false
			rest, err := Schedule(&q, routes)
			if err != nil {
				t.Fatal(err)
			}
			want, err := InsertionCost(&q, rest, i)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s elsewhere: %+v, by hand %+v", stopName(p, i), got, want)
			}
		}
		// Nothing has changed by asking.
		if again := pricer.w.solution(); !reflect.DeepEqual(s, again) {
			t.Fatalf("after asking it is %+v, it was %+v", again, s)
		}
	})
}

func TestRoomIsWhatIsLeftOfTheLimits(t *testing.T) {
	p := lineProblem()
	p.Vehicles[0].MaxMeters = 12_000
	s := lineSolution(t, p) // 900 of 1,000 kg, back at 9:20 of 10:00, 10 of 12 km
	pricer, err := NewPricer(p, s)
	if err != nil {
		t.Fatal(err)
	}
	room, err := pricer.Room(0)
	if err != nil {
		t.Fatal(err)
	}
	want := Room{Seconds: 40 * 60, Meters: 2000, Trips: NoLimit, Load: [][]int64{{100}}, Binds: BindCapacity}
	if !reflect.DeepEqual(room, want) {
		t.Errorf("the room is %+v, want %+v", room, want)
	}
	if _, err := pricer.Room(1); err == nil {
		t.Error("a vehicle that does not exist has room")
	}
}

func TestOneMoreTruckSavesWhatASearchWithItFinds(t *testing.T) {
	p := lineProblem()
	p.Vehicles[0].Capacity[0] = 300 // one stop a trip
	p.Vehicles[0].MaxTrips = 1
	p.Stops[1].Vehicles = []int{0}
	for i := range p.Stops {
		p.Stops[i].Prize = 30_000
	}
	without, err := Solve(context.Background(), p, Options{Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	with, saved, err := OneMore(context.Background(), p, without, 0, Options{Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	if len(without.Unserved) != 3 || len(with.Unserved) != 2 || saved <= 0 || saved != without.Objective()-with.Objective() {
		t.Errorf("one more saves %d; %v and then %v are left", saved, without.Unserved, with.Unserved)
	}
	if len(p.Vehicles) != 1 || len(p.Stops[1].Vehicles) != 1 {
		t.Error("the problem has changed")
	}
}
