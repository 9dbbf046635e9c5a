package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"polder.city/internal/problem"
)

// drawProblem draws a small problem with everything in it: odd matrices, windows, breaks, groups,
// several trips, optional stops, vehicles that differ.
func drawProblem(t *rapid.T) *Problem {
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(t, name) }
	coin := func(name string) bool { return rapid.Bool().Draw(t, name) }
	p := &Problem{
		Locations: number(1, 8, "locations"), Dimensions: number(0, 2, "dimensions"),
		OneGroupATrip: coin("one group"), BalanceHourCost: max(0, int64(number(-9000, 9000, "balance"))), PlaceService: int32(number(0, 1, "place service") * 120),
	}
	for i := range p.Locations * p.Locations {
		p.Seconds = append(p.Seconds, int32(number(0, 1800, "seconds")))
		p.Meters = append(p.Meters, int32(number(0, 9000, "meters")))
		if i/p.Locations == i%p.Locations {
			p.Seconds[i], p.Meters[i] = 0, 0
		}
	}
	location := func() int { return number(0, p.Locations-1, "location") }
	windows := func() []Window {
		var out []Window
		from := 6 * 3600
		for range number(0, 2, "windows") {
			open := from + number(1, 4*3600, "open")
			from = open + number(0, 4*3600, "close")
			out = append(out, Window{int32(open), int32(from)})
		}
		return out
	}
	load := func(most int) []int64 {
		out := make([]int64, p.Dimensions)
		for i := range out {
			out[i] = int64(number(0, most, "load"))
		}
		return out
	}
	for range number(1, 2, "depots") {
		d := Depot{Location: location()}
		if coin("depot window") {
			d.Window = Window{int32(number(5, 10, "opening") * 3600), 19 * 3600}
		}
		p.Depots = append(p.Depots, d)
	}
	for range number(0, 3, "facilities") {
		f := Facility{Location: location(), Service: int32(number(0, 900, "unloading"))}
		if coin("some groups") {
			f.Groups = []int{number(1, 3, "group")}
		}
		if number(0, 3, "facility windows") == 0 {
			f.Windows = windows()
		}
		p.Facilities = append(p.Facilities, f)
	}
	p.EndEmpty = len(p.Facilities) > 0 && coin("end empty")
	for range number(1, 4, "vehicles") {
		v := Vehicle{
			Start: number(0, len(p.Depots)-1, "start"), End: number(0, len(p.Depots)-1, "end"),
			Shift: Window{7 * 3600, int32(15*3600 + number(0, 3600, "shift"))}, Capacity: load(20),
			FixedCost: int64(number(0, 2000, "fixed")), HourCost: int64(number(0, 9000, "hour")),
			OvertimeHourCost: int64(number(0, 5000, "overtime")), KilometreCost: int64(number(0, 200, "km")),
		}
		if coin("overtime") {
			v.Overtime = 3600
		}
		if p.OneGroupATrip && coin("group capacity") {
			v.GroupCapacity = map[int][]int64{2: load(30)}
		}
		if number(0, 3, "range") == 0 {
			v.MaxMeters = int64(number(1, 60_000, "meters"))
		}
		if number(0, 3, "time out") == 0 {
			v.MaxSeconds = int32(number(1, 8*3600, "most seconds"))
		}
		if number(0, 3, "trips") == 0 {
			v.MaxTrips = number(1, 2, "most trips")
		}
		if number(0, 3, "groups") == 0 {
			v.Groups = []int{1, number(2, 3, "group")}
		}
		from := 9 * 3600
		for range number(0, 2, "breaks") {
			open := from + number(1, 3600, "open")
			from = open + number(0, 3600, "close")
			v.Breaks = append(v.Breaks, Break{Window{int32(open), int32(from)}, int32(number(0, 1800, "pause"))})
		}
		p.Vehicles = append(p.Vehicles, v)
	}
	for range number(0, 14, "stops") {
		s := Stop{
			Location: location(), Service: int32(number(0, 1200, "service")), Load: load(10), Group: number(1, 3, "group"),
			Place: number(-1, 3, "place"), Prize: int64(number(0, 20_000, "prize")), Required: number(0, 3, "required") == 0,
		}
		if number(0, 3, "stop windows") == 0 {
			s.Windows = windows()
		}
		if number(0, 5, "own vehicle") == 0 {
			s.Vehicles = []int{number(0, len(p.Vehicles)-1, "vehicle")}
		}
		if number(0, 2, "usual vehicle") == 0 {
			s.Usual, s.ChangeCost = []int{number(0, len(p.Vehicles)-1, "usual")}, int64(number(0, 2000, "change"))
		}
		p.Stops = append(p.Stops, s)
	}
	// What no vehicle can carry or no facility accepts need not be served.
	for i := range p.Stops {
		p.Stops[i].Required = p.Stops[i].Required && p.validateCarrier("", i) == nil
	}
	if p.EndEmpty {
		for i := range p.Stops {
			p.Stops[i].Required = p.Stops[i].Required && slices.ContainsFunc(p.Facilities, func(f Facility) bool {
				return len(f.Groups) == 0 || slices.Contains(f.Groups, p.Stops[i].Group)
			})
		}
	}
	return p
}

// solveSmall solves a drawn problem and fails on anything but a stop that cannot be served.
func solveSmall(t *rapid.T, p *Problem) (*Solution, *MissingError) {
	s, err := Solve(context.Background(), p, Options{Iterations: 120, Seed: 3})
	if err == nil {
		return s, nil
	}
	missing, ok := errors.AsType[*MissingError](err)
	if !ok {
		t.Fatalf("solve: %v", err)
	}
	return s, missing
}

func TestEverySolutionPassesTheChecker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, missing := solveSmall(t, p)
		err := Check(p, s)
		if missing == nil {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		violations, _ := errors.AsType[Violations](err)
		if len(violations) != len(missing.Stops) {
			t.Fatalf("%v, but the checker says %v", missing, err)
		}
		for i, v := range violations {
			if v.Code != RequiredMissed || v.Stop != missing.Stops[i] {
				t.Fatalf("%v, but the checker says %v", missing, err)
			}
		}
	})
}

func TestOptionalStopsNeverMakeASolutionDearer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, missing := solveSmall(t, p)
		if missing != nil {
			return
		}
		// The search begins, among others, with the required stops alone.
		search := newAnnealer(compile(context.Background(), p), &effort{ctx: context.Background()}, 3, 0)
		search.build(farthest, false, true)
		rounding := int64(len(s.Routes)) + 1 // each route is rounded to a cent, and balance
		if search.missing == 0 && search.solution().Objective() < s.Objective()-rounding {
			t.Fatalf("the required stops alone cost %d, the solution %d", search.solution().Objective(), s.Objective())
		}
	})
}

// beginSome cuts routes of a solution short and makes what is left their vehicles' beginning, moved a little in time
// as traffic does.
func beginSome(t *rapid.T, p *Problem, s *Solution) *Problem {
	q := *p
	q.Vehicles = slices.Clone(p.Vehicles)
	for _, r := range s.Routes {
		keep := rapid.IntRange(0, len(r.Visits)-1).Draw(t, "keep")
		begun := slices.Clone(r.Visits[:keep])
		if !slices.ContainsFunc(begun, func(v Visit) bool { return v.Kind == Serve }) {
			continue
		}
		begun[keep-1].Leave += int32(rapid.IntRange(0, 300).Draw(t, "delay"))
		for i := range begun {
			begun[i].Load, begun[i].Meters = nil, 0
		}
		q.Vehicles[r.Vehicle].Begun = begun
	}
	return &q
}

func TestRoutesUnderWayKeepWhatTheyHaveBegunWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, missing := solveSmall(t, p)
		if missing != nil {
			return
		}
		q := beginSome(t, p, s)
		if err := q.Validate(); err != nil {
			t.Fatal(err)
		}
		again, err := Solve(context.Background(), q, Options{Iterations: 120, Seed: 4, Warm: s})
		if _, ok := errors.AsType[*problem.Error](err); ok {
			return // the delay is too long for what must come after
		}
		if _, ok := errors.AsType[*MissingError](err); err != nil && !ok {
			t.Fatal(err)
		}
		if err == nil {
			if err := Check(q, again); err != nil {
				t.Fatal(err)
			}
		}
		for i := range q.Vehicles {
			begun := q.Vehicles[i].Begun
			at := slices.IndexFunc(again.Routes, func(r Route) bool { return r.Vehicle == i })
			if len(begun) > 0 && (at < 0 || len(again.Routes[at].Visits) <= len(begun)) {
				t.Fatalf("vehicle %d has begun with %+v and goes on with %+v", i, begun, again.Routes)
			}
			for j := range begun {
				v := again.Routes[at].Visits[j]
				if v.Kind != begun[j].Kind || v.Index != begun[j].Index || v.Start != begun[j].Start || v.Leave != begun[j].Leave {
					t.Fatalf("vehicle %d has begun with %+v, its route with %+v", i, begun, again.Routes[at].Visits)
				}
			}
		}
		third, err := Schedule(q, again.Routes)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again, third) {
			t.Fatalf("scheduled anew it differs:\n%+v\n%+v", again, third)
		}
	})
}

func TestScheduleGivesBackWhatItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, _ := solveSmall(t, p)
		again, err := Schedule(p, s.Routes)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(s, again) {
			t.Fatalf("scheduled anew it differs:\n%+v\n%+v", s, again)
		}
	})
}

func TestProblemsAndSolutionsSurviveJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, _ := solveSmall(t, p)
		var p2 Problem
		var s2 Solution
		for _, pair := range [][2]any{{p, &p2}, {s, &s2}} {
			text, err := json.Marshal(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, pair[1]); err != nil {
				t.Fatal(err)
			}
		}
		if !reflect.DeepEqual(s, &s2) {
			t.Fatalf("%+v came back as %+v", s, s2)
		}
		first, second := Check(p, s), Check(&p2, &s2)
		if (first == nil) != (second == nil) {
			t.Fatalf("the checker says %v, and %v after JSON", first, second)
		}
	})
}

// mutate changes one thing of a solution that must not pass, and returns its name; "" when
// the solution has no such thing.
func mutate(t *rapid.T, s *Solution) string {
	if len(s.Routes) == 0 {
		return ""
	}
	r := &s.Routes[rapid.IntRange(0, len(s.Routes)-1).Draw(t, "route")]
	i := rapid.IntRange(0, len(r.Visits)-1).Draw(t, "visit")
	v := &r.Visits[i]
	kind := rapid.IntRange(0, 9).Draw(t, "mutation")
	switch {
	case kind == 0:
		v.Leave++
		return "later leaving"
	case kind == 1:
		v.Arrive--
		return "earlier arrival"
	case kind == 2 && len(v.Load) > 0:
		v.Load[0]++
		return "more load"
	case kind == 3:
		v.Meters++
		return "more metres"
	case kind == 4 && v.Kind == Serve:
		r.Visits = slices.Delete(r.Visits, i, i+1)
		return "a stop dropped"
	case kind == 5 && v.Kind == Serve:
		r.Visits = slices.Insert(r.Visits, i, *v)
		return "a stop twice"
	case kind == 6:
		s.Cost--
		return "a lower cost"
	case kind == 7:
		s.Prize++
		return "a higher prize"
	case kind == 8 && v.Kind == Pause:
		v.Start, v.Leave = v.Start-3*3600, v.Leave-3*3600
		return "an earlier break"
	case kind == 9 && len(s.Unserved) > 0:
		s.Unserved = s.Unserved[1:]
		return "a forgotten stop"
	}
	return ""
}

func TestTheCheckerRefusesChangedSolutions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, missing := solveSmall(t, p)
		if missing != nil {
			return
		}
		if what := mutate(t, s); what != "" && Check(p, s) == nil {
			t.Fatalf("%s passes", what)
		}
	})
}

func TestDroppingAStopSavesWhatMarginalCostSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		p.BalanceHourCost = 0 // it is not counted
		s, _ := solveSmall(t, p)
		for i := range p.Stops {
			if slices.Contains(s.Unserved, i) {
				continue
			}
			saved, err := MarginalCost(p, s, i)
			if err != nil {
				continue // odd matrices: the rest cannot be driven
			}
			var routes []Route
			for _, r := range s.Routes {
				r.Visits = slices.DeleteFunc(slices.Clone(r.Visits), func(v Visit) bool { return v.Kind == Serve && v.Index == i })
				if (&r).Stops() > 0 {
					routes = append(routes, r)
				}
			}
			without, err := Schedule(p, routes)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Cost - without.Cost; got != saved.Cents {
				t.Fatalf("without %s the cost falls by %d, MarginalCost says %d", stopName(p, i), got, saved.Cents)
			}
		}
	})
}

func TestInsertionCostAgreesWithInserting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawProblem(t)
		s, _ := solveSmall(t, p)
		pricer, err := NewPricer(p, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range s.Unserved {
			in, err := pricer.InsertionCost(i)
			switch {
			case err != nil:
				t.Fatal(err)
			case in.Feasible && in.Vehicle < 0:
				t.Fatalf("%s fits no vehicle: %+v", stopName(p, i), in)
			case !in.Feasible && in.Binds == BindNone:
				t.Fatalf("%s does not fit and nothing forbids it: %+v", stopName(p, i), in)
			}
		}
	})
}
