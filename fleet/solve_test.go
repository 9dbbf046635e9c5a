package fleet

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSolveIsTheSameForASeedAndIterations(t *testing.T) {
	p := drawCity(1, 120, 50, 2)
	for _, workers := range []int{1, 2} {
		var solutions []*Solution
		for range 2 {
			s, err := Solve(context.Background(), p, Options{Seed: 5, Iterations: 400, Workers: workers})
			if err != nil {
				t.Fatal(err)
			}
			if err := Check(p, s); err != nil {
				t.Fatal(err)
			}
			solutions = append(solutions, s)
		}
		if !reflect.DeepEqual(solutions[0], solutions[1]) {
			t.Errorf("with %d workers two searches differ: %d and %d", workers, solutions[0].Objective(), solutions[1].Objective())
		}
	}
}

func TestACityDayIsServedWithTripsUnloadingsAndBreaks(t *testing.T) {
	p := drawCity(1, 300, 120, 1) // who has a long day, with a break
	s, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 2000})
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(p, s); err != nil {
		t.Fatal(err)
	}
	kinds := map[Kind]int{}
	for _, r := range s.Routes {
		for _, v := range r.Visits {
			kinds[v.Kind]++
		}
	}
	if len(s.Routes) == 0 || kinds[Unload] <= len(s.Routes) || kinds[Pause] == 0 {
		t.Errorf("%d routes with %d unloadings and %d breaks", len(s.Routes), kinds[Unload], kinds[Pause])
	}
	first, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: -1})
	if err != nil {
		t.Fatal(err)
	}
	if first.Objective() <= s.Objective() {
		t.Errorf("the search ends at %d and begins at %d", s.Objective(), first.Objective())
	}
}

func TestSolveReportsBetterAndBetterSolutions(t *testing.T) {
	p := drawCity(2, 120, 50, 2)
	var last *Solution
	s, err := Solve(context.Background(), p, Options{Iterations: 500, OnBest: func(s *Solution) {
		if last != nil && s.Objective() > last.Objective() {
			t.Errorf("%d is reported after %d", s.Objective(), last.Objective())
		}
		last = s
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != s {
		t.Error("the last solution that is reported is not the one returned")
	}
}

func TestSolveEndsAtOnceWhenItsContextDoes(t *testing.T) {
	p := drawCity(1, 300, 120, 2)
	ctx, cancel := context.WithCancel(context.Background())
	var ended time.Time
	s, err := Solve(ctx, p, Options{Time: time.Hour, Workers: 2, OnBest: func(*Solution) {
		if ended.IsZero() {
			ended = time.Now()
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(ended); took > 5*time.Second { // generous: the machine may be busy
		t.Errorf("it went on for %v", took)
	}
	if violations, ok := errors.AsType[Violations](Check(p, s)); ok && violations[0].Code != RequiredMissed {
		t.Errorf("the best so far is wrong: %v", violations)
	}
}

// patience is a context that ends after it was asked a number of times.
type patience struct {
	context.Context
	left, after int // after its end, how often it was asked
}

func (p *patience) Err() error {
	if p.left--; p.left >= 0 {
		return nil
	}
	p.after++
	return context.Canceled
}

func TestCompilingEndsAtOnceWhenTheContextDoes(t *testing.T) {
	for _, test := range []struct {
		name string
		p    *Problem
		rows int // of all loops that compiling asks in
	}{{"city", drawCity(1, 300, 120, 2), 2 * 120}, {"plain", windowCity(120), 5 * 120}} {
		name, p := test.name, test.p
		ended := 0
		for left := 0; ; left += 7 {
			ctx := &patience{Context: context.Background(), left: left}
			s, err := Solve(ctx, p, Options{Iterations: 10})
			if err == nil {
				break // it was patient enough
			}
			if !errors.Is(err, context.Canceled) || s == nil || ctx.after > 30 {
				t.Fatalf("%s: after %d rows the error is %v, %d more rows", name, left, err, ctx.after)
			}
			if len(s.Unserved) == len(p.Stops) {
				ended = left
			}
		}
		if ended < test.rows {
			t.Errorf("%s: compiling is interrupted up to row %d only, want %d", name, ended, test.rows)
		}
	}
}

// windowCity is a plain problem with time windows and as many stops.
func windowCity(stops int) *Problem {
	p := drawCity(1, stops, stops, 4)
	p.Facilities, p.EndEmpty, p.OneGroupATrip, p.PlaceService = nil, false, false, 0
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		v.Breaks, v.Overtime, v.MaxMeters, v.GroupCapacity, v.HourCost = nil, 0, 0, nil, 0
	}
	for i := range p.Stops {
		p.Stops[i].Windows = []Window{{8 * 3600, 16 * 3600}}
	}
	return p
}

func TestAWarmStartIsNeverMadeWorse(t *testing.T) {
	p := drawCity(3, 120, 50, 2)
	warm, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 1500})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Solve(context.Background(), p, Options{Seed: 9, Iterations: -1, Warm: warm})
	if err != nil {
		t.Fatal(err)
	}
	if s.Objective() > warm.Objective() {
		t.Errorf("it begins at %d and ends at %d", warm.Objective(), s.Objective())
	}
	p.Vehicles[0].Groups = []int{0} // what of it the truck may no longer collect is planned anew
	s, err = Solve(context.Background(), p, Options{Iterations: 200, Warm: warm})
	if _, missing := errors.AsType[*MissingError](err); err != nil && !missing {
		t.Fatal(err)
	}
	if violations, ok := errors.AsType[Violations](Check(p, s)); ok && violations[0].Code != RequiredMissed {
		t.Error(violations)
	}
}

func TestSolveNamesRequiredStopsThatCannotBeServed(t *testing.T) {
	p := lineProblem()
	p.Stops[2].Required = true
	p.Stops[2].Windows = []Window{{Open: 0, Close: 60}}
	s, err := Solve(context.Background(), p, Options{Iterations: 50})
	missing, ok := errors.AsType[*MissingError](err)
	if !ok || !slices.Equal(missing.Stops, []int{2}) || missing.Binds[0] != BindWindow {
		t.Fatalf("the error is %v", err)
	}
	if !strings.Contains(err.Error(), "stop C") || !slices.Contains(s.Unserved, 2) {
		t.Errorf("the error is %q and unserved are %v", err, s.Unserved)
	}
}

// A route whose stops only pay together: PyVRP's issues 539 and 636 are of this kind.
func TestOptionalStopsThatOnlyPayTogetherAreFound(t *testing.T) {
	p := &Problem{Locations: 3, Depots: []Depot{{Location: 0}}, Vehicles: []Vehicle{{FixedCost: 1000, KilometreCost: 100}}}
	at := []int32{0, 10_000, 10_500}
	for _, a := range at {
		for _, b := range at {
			p.Seconds, p.Meters = append(p.Seconds, 0), append(p.Meters, max(a-b, b-a))
		}
	}
	for i := range 8 {
		p.Stops = append(p.Stops, Stop{Location: 1 + i%2, Prize: 500})
	}
	s, err := Solve(context.Background(), p, Options{Iterations: 200})
	if err != nil {
		t.Fatal(err)
	}
	if s.Cost != 3100 || s.Prize != 4000 {
		t.Errorf("it costs %d and earns %d, want 3100 and 4000", s.Cost, s.Prize)
	}
}

func TestAVehicleLeavesSoLateThatTheDepotAtItsEndIsOpen(t *testing.T) {
	p := &Problem{
		Locations: 2, Seconds: []int32{0, 600, 600, 0}, Meters: []int32{0, 0, 0, 0},
		Depots:   []Depot{{Location: 0}, {Location: 0, Window: Window{9 * 3600, 17 * 3600}}},
		Vehicles: []Vehicle{{End: 1, HourCost: 3600, Shift: Window{7 * 3600, 18 * 3600}}},
		Stops:    []Stop{{Location: 1, Service: 300, Required: true}},
	}
	for _, breaks := range [][]Break{nil, {{Window: Window{12 * 3600, 13 * 3600}, Duration: 1800}}} {
		p.Vehicles[0].Breaks = breaks
		s, err := Solve(context.Background(), p, Options{Iterations: 100})
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, s); err != nil {
			t.Error(err)
		}
		if s.Cost != 1500 {
			t.Errorf("25 minutes out cost %d, want 1500", s.Cost)
		}
	}
	// A window that is over before then cannot be met.
	p.Stops[0].Windows = []Window{{7 * 3600, 8 * 3600}}
	s, err := Solve(context.Background(), p, Options{Iterations: 100})
	if missing, ok := errors.AsType[*MissingError](err); !ok || missing.Binds[0] != BindWindow {
		t.Errorf("the error is %v and the solution %+v", err, s)
	}
}

// PyVRP's issue 539: at a local optimum of single moves five stops are served at 4116; the best serves two.
func TestTheStopsOfIssue539AreChosenBest(t *testing.T) {
	between := [][]int32{
		{0, 0, 0, 0, 0, 0, 0, 0, 0},
		{0, 0, 173, 983, 840, 2599, 3238, 3459, 2747},
		{0, 173, 0, 1130, 667, 2426, 3065, 3288, 2574},
		{0, 983, 1130, 0, 1761, 3455, 4092, 4367, 3597},
		{0, 840, 667, 1761, 0, 1763, 2401, 2623, 1912},
		{0, 2599, 2426, 3455, 1763, 0, 640, 980, 151},
		{0, 3238, 3065, 4092, 2401, 640, 0, 536, 495},
		{0, 3459, 3288, 4367, 2623, 980, 536, 0, 879},
		{0, 2747, 2574, 3597, 1912, 151, 495, 879, 0},
	}
	p := &Problem{Locations: len(between), Depots: []Depot{{Location: 0}}, Vehicles: []Vehicle{{KilometreCost: 1000}}}
	for _, row := range between {
		p.Meters = append(p.Meters, row...)
	}
	p.Seconds = make([]int32, len(p.Meters))
	for i := 1; i < len(between); i++ {
		p.Stops = append(p.Stops, Stop{Location: i, Prize: 454, Place: none})
	}
	for _, rich := range []bool{false, true} {
		if rich {
			p.Vehicles[0].Breaks = []Break{{Window: Window{1, 2}}}
		}
		s, err := Solve(context.Background(), p, Options{Iterations: 400})
		if err != nil {
			t.Fatal(err)
		}
		if left := s.Cost + int64(len(s.Unserved))*454; left != 2875 {
			t.Errorf("with breaks %v: the way and the prizes that are left come to %d, want 2875", rich, left)
		}
	}
}

// Two sites an hour out, of a stream each. One truck has time for both and 32 of their 40 containers; what is left at
// a site does not pay for another truck's way, but a trip that another truck takes over leaves time for the rest.
func TestATripIsTakenOverByAnotherTruckToHaveTimeForMore(t *testing.T) {
	p := &Problem{
		Locations: 3, OneGroupATrip: true, EndEmpty: true,
		Depots: []Depot{{Location: 0}}, Facilities: []Facility{{Location: 0}},
	}
	for range 2 {
		p.Vehicles = append(p.Vehicles, Vehicle{Shift: Window{0, 9*3600 + 1200}, FixedCost: 10_000, HourCost: 10_000})
	}
	for from := range 3 {
		for to := range 3 {
			seconds := int32(3600)
			if from == to {
				seconds = 0
			}
			p.Seconds, p.Meters = append(p.Seconds, seconds), append(p.Meters, 0)
		}
	}
	for i := range 40 {
		p.Stops = append(p.Stops, Stop{Location: 1 + i%2, Group: i % 2, Service: 600, Prize: 3500, Place: none})
	}
	s, err := Solve(context.Background(), p, Options{Iterations: 1000})
	if err != nil {
		t.Fatal(err)
	}
	// Two trucks drive two hours each and work for 40 x 10 minutes.
	if want := int64(2*10_000+2*20_000) + 40*10_000/6 + 1; len(s.Unserved) > 0 || s.Cost > want {
		t.Errorf("%d containers are left, at a cost of %d; all can be emptied for %d", len(s.Unserved), s.Cost, want)
	}
}

func TestADayIsPlannedAnewWhileTrucksDrive(t *testing.T) {
	p := drawCity(1, 200, 80, 2)
	before, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 2000})
	if err != nil {
		t.Fatal(err)
	}
	const now = 10 * 3600
	for i, r := range before.Routes {
		stands := slices.IndexFunc(r.Visits, func(v Visit) bool { return v.Leave > now }) + 1
		p.Vehicles[r.Vehicle].Begun = before.Routes[i].Visits[:stands]
	}
	s, err := Solve(context.Background(), p, Options{Seed: 2, Iterations: -1, Warm: before})
	if err != nil {
		t.Fatal(err)
	}
	if s.Objective() > before.Objective() {
		t.Errorf("the rest of the day comes to %d, it was %d", s.Objective(), before.Objective())
	}
	// What is begun stands though it no longer pays, and stops that are left of it are planned anew.
	for i := range p.Stops {
		if !p.Stops[i].Required {
			p.Stops[i].Prize = 0
		}
	}
	if s, err = Solve(context.Background(), p, Options{Seed: 2, Iterations: 2000, Warm: before}); err != nil {
		t.Fatal(err)
	}
	if err := Check(p, s); err != nil {
		t.Error(err)
	}
	stops := func(s *Solution) (n int) {
		for i := range s.Routes {
			n += s.Routes[i].Stops()
		}
		return n
	}
	if stops(s) >= stops(before) {
		t.Errorf("%d stops are served, of which nobody pays for any; it was %d", stops(s), stops(before))
	}
	// Without an hour to unload, the truck says so.
	p.Facilities[0].Windows[0].Close, p.Facilities[1].Windows[0].Close = now-3600, now-3600
	_, err = Solve(context.Background(), p, Options{Iterations: 100})
	if err == nil || !strings.Contains(err.Error(), "cannot finish what it has begun") {
		t.Errorf("the error is %v", err)
	}
}

// busyCity is a day on which one truck does not do.
func busyCity() *Problem {
	p := drawCity(4, 300, 120, 3)
	for i := range p.Stops {
		p.Stops[i].Required = p.Stops[i].Required || p.Stops[i].Prize > 2000
	}
	return p
}

func TestAPlanKeepsToTheUsualTrucksForAPrice(t *testing.T) {
	p := busyCity()
	before, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 1000})
	if err != nil {
		t.Fatal(err)
	}
	others := map[int64]int{} // stops that another truck serves, by the price of that
	for _, price := range []int64{0, 2000} {
		for _, r := range before.Routes {
			for _, v := range r.Visits {
				if v.Kind == Serve {
					p.Stops[v.Index].Usual, p.Stops[v.Index].ChangeCost = []int{r.Vehicle}, price
				}
			}
		}
		s, err := Solve(context.Background(), p, Options{Seed: 2, Iterations: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, s); err != nil {
			t.Error(err)
		}
		for _, r := range s.Routes {
			for _, v := range r.Visits {
				if v.Kind == Serve && len(p.Stops[v.Index].Usual) > 0 && p.Stops[v.Index].Usual[0] != r.Vehicle {
					others[price]++
				}
			}
		}
	}
	if others[0] < 10 || others[2000]*4 > others[0] {
		t.Errorf("%d stops change trucks for nothing, %d for a price", others[0], others[2000])
	}
}

func TestCrewsHaveDaysThatAreAlikeForAPrice(t *testing.T) {
	p := busyCity()
	spread := map[int64]int32{}
	for _, price := range []int64{0, 50_000} {
		p.BalanceHourCost = price
		s, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 2000})
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, s); err != nil {
			t.Error(err)
		}
		least, most := int32(1<<30), int32(0)
		for i := range s.Routes {
			least, most = min(least, s.Routes[i].Seconds()), max(most, s.Routes[i].Seconds())
		}
		if len(s.Routes) < 2 {
			t.Fatalf("one truck does everything at price %d", price)
		}
		spread[price] = most - least
	}
	if spread[50_000] > 900 || spread[0] < 2*spread[50_000] {
		t.Errorf("days differ by %d s for nothing, by %d s at a price", spread[0], spread[50_000])
	}
}

func TestTheSearchDoesNotAllocate(t *testing.T) {
	p := drawCity(1, 200, 80, 2)
	a := newAnnealer(compile(context.Background(), p), &effort{ctx: context.Background(), options: Options{Iterations: 1 << 30}}, 1, 0)
	a.start(nil)
	for range 2000 { // grow every slice
		a.iterate(a.hot)
	}
	if n := testing.AllocsPerRun(500, func() { a.iterate(a.hot) }); n >= 1 {
		t.Errorf("an iteration allocates %v times", n)
	}
}

func BenchmarkIteration(b *testing.B) {
	p := drawCity(1, 1500, 620, 4)
	a := newAnnealer(compile(context.Background(), p), &effort{ctx: context.Background(), options: Options{Iterations: 1 << 30}}, 1, 0)
	a.start(nil)
	b.ReportAllocs()
	for b.Loop() {
		a.iterate(a.hot)
	}
}
