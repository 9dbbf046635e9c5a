package fleet

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// delay moves all times of the first route from a visit on; it waits there.
func delay(s *Solution, from int, by int32) {
	visits := s.Routes[0].Visits
	for i := from; i < len(visits); i++ {
		if i > from {
			visits[i].Arrive += by
		}
		visits[i].Start, visits[i].Leave = visits[i].Start+by, visits[i].Leave+by
	}
}

// without removes the first visit of a kind.
func without(s *Solution, kind Kind) {
	r := &s.Routes[0]
	i := slices.IndexFunc(r.Visits, func(v Visit) bool { return v.Kind == kind })
	r.Visits = slices.Delete(r.Visits, i, i+1)
}

func TestTheCheckerSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name   string
		code   Code
		text   string
		change func(p *Problem, s *Solution)
	}{
		{"a right solution", "", "", func(*Problem, *Solution) {}},
		{"a wait is no mistake", "", "", func(_ *Problem, s *Solution) {
			delay(s, 1, 60)
			s.Cost += 100
		}},
		{
			"a wait that costs", WrongCost, "the routes cost",
			func(_ *Problem, s *Solution) { delay(s, 1, 60) },
		},
		{
			"another than the usual truck costs", WrongCost, "the routes cost",
			func(p *Problem, _ *Solution) {
				p.Vehicles = append(p.Vehicles, p.Vehicles[0])
				p.Stops[1].Usual, p.Stops[1].ChangeCost = []int{1}, 50
			},
		},
		{"a beginning that stands", "", "", func(p *Problem, s *Solution) { p.Vehicles[0].Begun = slices.Clone(s.Routes[0].Visits[:3]) }},
		{
			"a beginning late by traffic stands", "", "",
			func(p *Problem, s *Solution) {
				v := s.Routes[0].Visits
				v[1].Arrive, v[1].Start = v[1].Arrive+60, v[1].Start+60 // and the crew was as much faster
				p.Vehicles[0].Begun = slices.Clone(v[:2])
			},
		},
		{
			"another beginning", BegunChanged, "truck K1 has begun with a serve of 0 at 07:10 as visit 1, the solution has a serve of 0 at 07:10",
			func(p *Problem, s *Solution) {
				p.Vehicles[0].Begun = slices.Clone(s.Routes[0].Visits[:2])
				p.Vehicles[0].Begun[1].Leave++
			},
		},
		{
			"a vehicle under way forgotten", BegunChanged, "truck K2 has begun a route and the solution has none",
			func(p *Problem, _ *Solution) {
				p.Vehicles = append(p.Vehicles, p.Vehicles[0])
				p.Vehicles[1].Name = "K2"
				p.Vehicles[1].Begun = []Visit{{Kind: Depart}, {Kind: Serve, Index: 3}}
			},
		},
		{
			"a day that is too long", OutsideShift, "truck K1 reaches werf at 09:20, 50 minutes after its shift ends",
			func(p *Problem, _ *Solution) { p.Vehicles[0].Shift.Close = 8*3600 + 1800 },
		},
		{
			"an early departure", OutsideShift, "truck K1 leaves at 07:00, outside its shift 07:01-10:00",
			func(p *Problem, _ *Solution) { p.Vehicles[0].Shift.Open += 60 },
		},
		{
			"a full truck", OverCapacity, "truck K1 carries 900 kg after stop C, its capacity is 899 kg",
			func(p *Problem, _ *Solution) { p.Vehicles[0].Capacity[0] = 899 },
		},
		{
			"a full truck for a group", OverCapacity, "its capacity is 500 kg",
			func(p *Problem, _ *Solution) { p.Vehicles[0].GroupCapacity = map[int][]int64{0: {500}} },
		},
		{
			"a closed stop", OutsideWindow, "truck K1 begins at stop B at 07:25, outside 12:00-13:00",
			func(p *Problem, _ *Solution) { p.Stops[1].Windows = []Window{{12 * 3600, 13 * 3600}} },
		},
		{
			"a closed facility", OutsideWindow, "begins at tip at",
			func(p *Problem, _ *Solution) { p.Facilities[0].Windows[0].Close = 7 * 3600 },
		},
		{
			"a closed depot", OutsideWindow, "truck K1 is back at werf at 09:20, outside 00:00-09:00",
			func(p *Problem, _ *Solution) { p.Depots[0].Window = Window{0, 9 * 3600} },
		},
		{
			"another vehicle's stop", NotAllowed, "truck K1 may not serve stop B",
			func(p *Problem, _ *Solution) {
				p.Vehicles = append(p.Vehicles, p.Vehicles[0])
				p.Stops[1].Vehicles = []int{1}
			},
		},
		{
			"another vehicle's group", NotAllowed, "truck K1 may not collect group 4 of stop B",
			func(p *Problem, _ *Solution) {
				p.Stops[1].Group, p.OneGroupATrip = 4, false
				p.Vehicles[0].Groups = []int{0}
			},
		},
		{
			"mixed groups", MixedGroups, "truck K1 has group 0 on board and adds group 4 at stop B",
			func(p *Problem, _ *Solution) { p.Stops[1].Group = 4 },
		},
		{
			"a wrong facility", WrongFacility, "truck K1 unloads group 0 at tip, which does not accept it",
			func(p *Problem, _ *Solution) {
				p.Facilities = append(p.Facilities, p.Facilities[0])
				p.Facilities[0].Groups = []int{9}
			},
		},
		{
			"no unloading", NotEmpty, "truck K1 returns with 900 kg on board",
			func(_ *Problem, s *Solution) { without(s, Unload) },
		},
		{
			"no break", BreakMissed, "truck K1 is out from 07:00 to 09:20 and takes no break within 08:10-09:00",
			func(_ *Problem, s *Solution) { without(s, Pause) },
		},
		{
			"a break outside its window", BreakWrong, "outside 07:00-07:01",
			func(p *Problem, _ *Solution) { p.Vehicles[0].Breaks[0].Window = Window{7 * 3600, 7*3600 + 60} },
		},
		{
			"too far", TooFar, "truck K1 drives 10000 m, it can drive 9999 m",
			func(p *Problem, _ *Solution) { p.Vehicles[0].MaxMeters = 9999 },
		},
		{
			"faster than the matrix", WrongTime, "truck K1 reaches stop B at 07:25, the solution says 07:24",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[2].Arrive -= 60 },
		},
		{
			"service before arrival", WrongTime, "before it arrives",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[2].Start-- },
		},
		{
			"a service cut short", WrongTime, "truck K1 needs 300 seconds at stop B",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[2].Leave-- },
		},
		{
			"a place paid twice", WrongTime, "truck K1 needs 240 seconds at stop B",
			func(p *Problem, _ *Solution) { p.Stops[1].Place = 0 },
		},
		{
			"a wrong load", WrongLoad, "truck K1 carries 600 kg after visit 2, the solution says 1 kg",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[2].Load = []int64{1} },
		},
		{
			"a wrong distance", WrongMeters, "truck K1 has driven 2000 m at visit 2",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[2].Meters = 1 },
		},
		{
			"a wrong cost", WrongCost, "the routes cost 16000 cents, the solution says 16001",
			func(_ *Problem, s *Solution) { s.Cost++ },
		},
		{
			"a wrong prize", WrongCost, "earn 20000 cents, the solution says 20001",
			func(_ *Problem, s *Solution) { s.Prize++ },
		},
		{
			"a required stop left out", RequiredMissed, "stop D is required and not served",
			func(p *Problem, _ *Solution) { p.Stops[3].Required = true },
		},
		{
			"an unserved stop not listed", WrongUnserved, "no route serves stop D",
			func(_ *Problem, s *Solution) { s.Unserved = nil },
		},
		{
			"a served stop listed", WrongUnserved, "stop B is listed as unserved",
			func(_ *Problem, s *Solution) { s.Unserved = []int{1, 3} },
		},
		{
			"an unserved stop listed twice", WrongUnserved, "names a stop twice",
			func(_ *Problem, s *Solution) { s.Unserved = []int{3, 3} },
		},
		{
			"a stop served twice", ServedTwice, "stop A is served by truck K1 and by truck K1",
			func(_ *Problem, s *Solution) {
				s.Routes[0].Visits = slices.Insert(s.Routes[0].Visits, 2, s.Routes[0].Visits[1])
			},
		},
		{
			"a truck with two routes", ServedTwice, "truck K1 has two routes",
			func(_ *Problem, s *Solution) { s.Routes = append(s.Routes, s.Routes[0]) },
		},
		{
			"no return", WrongShape, "does not begin with a departure and end with a return",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits = s.Routes[0].Visits[:2] },
		},
		{
			"a stop that does not exist", WrongShape, "there is no 99 to serve",
			func(_ *Problem, s *Solution) { s.Routes[0].Visits[1].Index = 99 },
		},
		{
			"a truck that does not exist", WrongShape, "vehicle 9, which does not exist",
			func(_ *Problem, s *Solution) { s.Routes[0].Vehicle = 9 },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := lineProblem()
			s := lineSolution(t, p)
			test.change(p, s)
			err := Check(p, s)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			violations, ok := errors.AsType[Violations](err)
			if !ok {
				t.Fatalf("the checker says %v", err)
			}
			if !slices.ContainsFunc(violations, func(v Violation) bool { return v.Code == test.code && strings.Contains(v.Text, test.text) }) {
				t.Errorf("the checker says %+v, want %s with %q", violations, test.code, test.text)
			}
		})
	}
}

func TestMoreTripsThanAllowedAreRefused(t *testing.T) {
	p := lineProblem()
	p.Vehicles[0].Shift.Close, p.Facilities[0].Windows = 14*3600, nil
	s, err := Schedule(p, []Route{{Visits: []Visit{{Kind: Serve, Index: 3}, {Kind: Unload}, {Kind: Serve, Index: 0}, {Kind: Unload}}}})
	if err == nil {
		err = Check(p, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	p.Vehicles[0].MaxTrips = 1
	if err := Check(p, s); err == nil || !strings.Contains(err.Error(), "truck K1 makes 2 trips, at most 1 are allowed") {
		t.Errorf("the checker says %v", err)
	}
}
