package horizon

import (
	"context"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"

	"polder.city/fleet"
)

// instance reads a periodic instance of the test data.
func instance(t testing.TB, name string) *Problem {
	t.Helper()
	f, err := os.Open("../../../shared/data/pvrpif/" + name + ".geojson")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := ReadPVRPIF(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// solve solves a problem and has the plan checked.
func solve(t testing.TB, p *Problem, o Options) *Plan {
	t.Helper()
	plan, err := Solve(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(p, plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestSmallPeriodicInstancesComeWithinAPercentOfTheirProvenOptimum(t *testing.T) {
	for name, optimum := range map[string]int64{"Milano_020_4_9": 538, "Milano_020_4_6": 609} {
		least := int64(1 << 60)
		for seed := range uint64(3) {
			least = min(least, solve(t, instance(t, name), Options{Seed: seed, Iterations: 6000}).Cost)
		}
		if least < optimum || least > optimum*101/100 {
			t.Errorf("%s costs %d, the proven optimum is %d", name, least, optimum)
		}
	}
}

func TestTheSamePlanComesFromTheSameSeed(t *testing.T) {
	p := town(60, 7, 3)
	o := Options{Seed: 5, Iterations: 500}
	a, b := solve(t, p, o), solve(t, p, o)
	if !reflect.DeepEqual(a, b) {
		t.Errorf("two searches with one seed cost %d and %d", a.Objective(), b.Objective())
	}
	o.Seed = 6
	if c := solve(t, p, o); reflect.DeepEqual(a, c) {
		t.Error("another seed changes nothing")
	}
}

func TestASearchThatIsCancelledReturnsItsBestPlan(t *testing.T) {
	p := town(60, 7, 3)
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(context.Background())
	timer := time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	defer timer.Stop()
	plan, err := Solve(ctx, p, Options{Iterations: 1 << 40})
	if !errors.Is(err, cause) {
		t.Errorf("the error is %v", err)
	}
	if err := Check(p, plan); err != nil {
		t.Error(err)
	}
}

func TestAWarmStartIsNeverMadeWorse(t *testing.T) {
	p := town(60, 7, 3)
	before := solve(t, p, Options{Seed: 1, Iterations: 2000})
	for _, iterations := range []int{-1, 100} {
		if after := solve(t, p, Options{Seed: 2, Iterations: iterations, Warm: before}); after.Objective() > before.Objective() {
			t.Errorf("%d iterations made a plan of %d cents one of %d", iterations, before.Objective(), after.Objective())
		}
	}
}

func TestAWarmStartThatCannotBeIsMended(t *testing.T) {
	p := town(20, 4, 3)
	p.OneGroupATrip = true
	for i := range p.Sites {
		p.Sites[i].Group = i % 2
	}
	warm := &Plan{Routes: []Route{{Day: 9}, {Vehicle: 7}, {}, {Visits: []fleet.Visit{
		{Kind: fleet.Serve, Index: 99}, {Kind: fleet.Unload}, {Kind: fleet.Serve}, {Kind: fleet.Serve}, {Kind: fleet.Serve, Index: 1},
	}}}}
	solve(t, p, Options{Iterations: -1, Warm: warm})
}

func TestASearchAllocatesNothingPerIteration(t *testing.T) {
	w := newSearch(compile(town(60, 7, 3)), &Options{Seed: 1})
	w.start(nil)
	w.keep()
	w.blinks = true
	for range 3000 {
		w.iterate(50)
	}
	if n := testing.AllocsPerRun(500, func() { w.iterate(50) }); n > 0 {
		t.Errorf("%v allocations an iteration", n)
	}
}

func TestTotalsStayThoseOfTheRoutes(t *testing.T) {
	w := newSearch(compile(town(60, 7, 3)), &Options{Seed: 1})
	w.start(nil)
	for range 300 {
		w.iterate(200)
		total, broken := w.state.total, w.broken
		visits, slots := append([]uint64{}, w.visits...), append([]int32{}, w.slotOf...)
		nodes := make([][]int32, len(w.routes))
		for slot := range nodes {
			nodes[slot] = append(nodes[slot], w.routes[slot].nodes...)
		}
		w.reset()
		for slot := range nodes {
			w.adopt(slot, nodes[slot])
		}
		w.settle()
		if diff := total - w.state.total; diff > 1e-3 || diff < -1e-3 || broken != w.broken {
			t.Fatalf("the totals are %v and %d, the routes come to %v and %d", total, broken, w.state.total, w.broken)
		}
		if !reflect.DeepEqual(visits, w.visits) || !reflect.DeepEqual(slots, w.slotOf) {
			t.Fatal("the days of visits are not those of the routes")
		}
	}
}

func TestAProblemThatCannotBeSolvedSaysWhatIsBroken(t *testing.T) {
	p := town(20, 3, 1)
	for day := range p.Fleet {
		p.Fleet[day][0].Shift.Close = p.Fleet[day][0].Shift.Open + 60
	}
	for i := range p.Sites {
		p.Sites[i].Leave = make([]int64, len(p.Sites[i].Leave))
		p.Sites[i].Leave[p.Cell(-1, p.Days)] = Never // each must be emptied once
	}
	plan, err := Solve(context.Background(), p, Options{Iterations: 200})
	var infeasible *InfeasibleError
	if !errors.As(err, &infeasible) || plan == nil || len(infeasible.Violations) == 0 {
		t.Fatalf("the error is %v", err)
	}
	if code := infeasible.Violations[0].Code; code != fleet.OutsideShift && code != LeftTooLong {
		t.Errorf("what is broken is %v", infeasible.Violations[0])
	}
}

func TestDearerOverflowNeverMeansFewerVisitsOfALoneContainer(t *testing.T) {
	p := town(1, 14, 1)
	before := append([]int64{}, p.Sites[0].Leave...)
	least, visits := 14, -1
	for factor := int64(1); factor <= 1<<12; factor *= 2 {
		for i, cost := range before {
			p.Sites[0].Leave[i] = cost * factor / 64
		}
		plan := solve(t, p, Options{Iterations: 20})
		n := len(plan.Visits(1)[0])
		if n < visits {
			t.Errorf("overflow %d times as dear: %d visits instead of %d", factor, n, visits)
		}
		visits, least = n, min(least, n)
	}
	if visits == least {
		t.Errorf("there are %d visits whatever overflow costs", visits)
	}
}

func TestLimitsOfARouteAreKept(t *testing.T) {
	p := town(60, 5, 2)
	free := solve(t, p, Options{Seed: 1, Iterations: 1000})
	longest, farthest := int32(0), int64(0)
	for _, r := range free.Routes {
		last := r.Visits[len(r.Visits)-1]
		longest, farthest = max(longest, last.Arrive-r.Visits[0].Leave), max(farthest, last.Meters)
	}
	for day := range p.Fleet {
		for v := range p.Fleet[day] {
			p.Fleet[day][v].MaxMeters = farthest * 9 / 10
			p.Fleet[day][v].MaxSeconds = longest * 9 / 10
			p.Fleet[day][v].Breaks = []fleet.Break{{Window: fleet.Window{Open: 9 * 3600, Close: 10 * 3600}, Duration: 600}}
		}
	}
	if bound := solve(t, p, Options{Seed: 1, Iterations: 1000}); bound.Objective() < free.Objective() {
		t.Logf("limits made a plan of %d cents one of %d: the search without them had not ended", free.Objective(), bound.Objective())
	}
}
