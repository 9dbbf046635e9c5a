package fleet

import (
	"context"
	"errors"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// drawPlain draws a small plain problem: odd matrices, windows, loads, prizes, vehicles that differ.
func drawPlain(t *rapid.T, stops int) *Problem {
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(t, name) }
	coin := func(name string) bool { return rapid.Bool().Draw(t, name) }
	p := &Problem{Locations: number(1, 7, "locations"), Dimensions: number(0, 2, "dimensions")}
	for i := range p.Locations * p.Locations {
		p.Seconds = append(p.Seconds, int32(number(0, 1800, "seconds")))
		p.Meters = append(p.Meters, int32(number(0, 9000, "meters")))
		if i/p.Locations == i%p.Locations {
			p.Seconds[i], p.Meters[i] = 0, 0
		}
	}
	load := func(low, high int) []int64 {
		out := make([]int64, p.Dimensions)
		for i := range out {
			out[i] = int64(number(low, high, "load"))
		}
		return out
	}
	windows, several, optional := coin("windows"), coin("several kinds"), coin("optional")
	var hours Window
	if coin("depot window") {
		hours = Window{5 * 3600, 9 * 3600}
	}
	for range number(1, 2, "depots") {
		p.Depots = append(p.Depots, Depot{Location: number(0, p.Locations-1, "location"), Window: hours})
	}
	var v Vehicle
	for i := range number(1, 4, "vehicles") {
		if i == 0 || several {
			v = Vehicle{
				Start: number(0, len(p.Depots)-1, "start"), End: number(0, len(p.Depots)-1, "end"),
				Capacity: load(5, 20), FixedCost: int64(number(0, 2000, "fixed")), KilometreCost: int64(number(0, 200, "km")),
			}
			if coin("shift") {
				v.Shift = Window{6 * 3600, int32(7*3600 + number(0, 7200, "shift"))}
			}
			if coin("limit") {
				v.MaxSeconds = int32(number(1, 3*3600, "most seconds"))
			}
			if !windows {
				v.HourCost = int64(number(0, 9000, "hour"))
			}
		}
		p.Vehicles = append(p.Vehicles, v)
	}
	for range stops {
		s := Stop{
			Location: number(0, p.Locations-1, "location"), Service: int32(number(0, 1200, "service")), Load: load(0, 8),
			Place: -1, Required: true,
		}
		if optional && coin("is optional") {
			s.Required, s.Prize = false, int64(number(0, 3000, "prize"))
		}
		if windows && coin("window") {
			open := int32(5*3600 + number(0, 3*3600, "open"))
			s.Windows = []Window{{open, open + int32(number(0, 7200, "width"))}}
		}
		if number(0, 5, "own vehicle") == 0 {
			s.Vehicles = []int{number(0, len(p.Vehicles)-1, "vehicle")}
		}
		p.Stops = append(p.Stops, s)
	}
	for i := range p.Stops {
		p.Stops[i].Required = p.Stops[i].Required && p.validateCarrier("", i) == nil
	}
	return p
}

// solvePlainSmall solves a problem that must be plain, checks the solution, and returns it with the required stops it misses.
func solvePlainSmall(t *rapid.T, p *Problem, iterations int) (*Solution, *MissingError) {
	if compilePlain(context.Background(), p) == nil {
		t.Fatal("the problem is not plain")
	}
	s, err := Solve(context.Background(), p, Options{Iterations: iterations, Seed: 3})
	missing, ok := errors.AsType[*MissingError](err)
	if err != nil && !ok {
		t.Fatalf("solve: %v", err)
	}
	violations, _ := errors.AsType[Violations](Check(p, s))
	misses := 0
	if missing != nil {
		misses = len(missing.Stops)
	}
	if len(violations) != misses {
		t.Fatalf("%v, but the checker says %v", err, violations)
	}
	for i, v := range violations {
		if v.Code != RequiredMissed || v.Stop != missing.Stops[i] {
			t.Fatalf("%v, but the checker says %v", missing, violations)
		}
	}
	return s, missing
}

func TestEverySolutionOfAPlainProblemPassesTheChecker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		solvePlainSmall(t, drawPlain(t, rapid.IntRange(1, 14).Draw(t, "stops")), 300)
	})
}

// shortest makes a matrix that of the shortest ways (Floyd & Warshall).
func shortest(matrix []int32, n int) {
	for k := range n {
		for i := range n {
			for j := range n {
				matrix[i*n+j] = min(matrix[i*n+j], matrix[i*n+k]+matrix[k*n+j])
			}
		}
	}
}

// cheapestByForce returns the least objective over all assignments and orders of few stops, required ones served as far
// as possible.
func cheapestByForce(p *Problem) (missing int, objective int64) {
	missing, objective = math.MaxInt, math.MaxInt64
	m := compile(context.Background(), p)
	routes := make([]route, len(p.Vehicles))
	for v := range routes {
		routes[v].vehicle, routes[v].kind = int32(v), &m.kinds[m.vehicleKind[v]]
		routes[v].nodes = []int32{none, m.home, none}
	}
	var place func(s, missed int, prize int64)
	place = func(s, missed int, prize int64) {
		if s == len(p.Stops) {
			cost := int64(0)
			for v := range routes {
				if len(routes[v].nodes) == 3 {
					continue
				}
				trial := route{vehicle: int32(v), kind: routes[v].kind, nodes: slices.Clone(routes[v].nodes)}
				if m.measure(&trial) != BindNone {
					return
				}
				cost += cents(trial.cost)
			}
			if missed < missing || missed == missing && cost-prize < objective {
				missing, objective = missed, cost-prize
			}
			return
		}
		for v := range routes {
			r := &routes[v]
			for i := 1; i < len(r.nodes)-1; i++ {
				r.nodes = slices.Insert(r.nodes, i, int32(s))
				earns := int64(0)
				if !p.Stops[s].Required {
					earns = p.Stops[s].Prize
				}
				place(s+1, missed, prize+earns)
				r.nodes = slices.Delete(r.nodes, i, i+1)
			}
		}
		if p.Stops[s].Required {
			missed++
		}
		place(s+1, missed, prize)
	}
	place(0, 0, 0)
	return missing, objective
}

func TestTinyPlainProblemsAreSolvedToTheOptimum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlain(t, rapid.IntRange(1, 4).Draw(t, "stops"))
		// Where a way round is shorter, a route may be possible with two stops and with neither alone: nothing that
		// inserts one by one finds it. Real matrices are of shortest ways.
		shortest(p.Seconds, p.Locations)
		shortest(p.Meters, p.Locations)
		s, missing := solvePlainSmall(t, p, 3000)
		want, objective := cheapestByForce(p)
		got := 0
		if missing != nil {
			got = len(missing.Stops)
		}
		// Cents are rounded a route, so that equal sums of grains may differ by as many cents.
		if got != want || s.Objective() > objective+int64(len(p.Vehicles)) {
			t.Fatalf("it misses %d and costs %d, the optimum misses %d and costs %d", got, s.Objective(), want, objective)
		}
	})
}

func TestGeneticSearchJoinsWhereThereIsTime(t *testing.T) {
	for _, test := range []struct {
		name    string
		options Options
		want    bool
	}{
		{"X-n101-k25", Options{Iterations: 100}, true},
		{"X-n303-k21", Options{Time: 20 * time.Second}, false},
		{"X-n303-k21", Options{Time: 40 * time.Second}, true},
		{"X-n303-k21", Options{Iterations: 1_000_000}, false},
		{"X-n303-k21", Options{Iterations: 4_000_000}, true},
		{"X-n303-k21", Options{Iterations: 1000, Time: time.Hour}, false},
		{"X-n1001-k43", Options{Time: time.Hour}, false},
	} {
		p, _, _ := readX(t, "../../shared/data/vrp/CVRP/"+test.name+".vrp")
		if h := newHybrid(compilePlain(context.Background(), p), &effort{options: test.options}, 1, 0); h.genetic != nil != test.want {
			t.Errorf("%s with %+v: genetic is %v", test.name, test.options, h.genetic != nil)
		}
	}
}

func TestManyStopsAtFewLocationsGetNoMatrixOfTheirOwn(t *testing.T) {
	p := &Problem{
		Locations: 2, Seconds: []int32{0, 60, 60, 0}, Meters: []int32{0, 900, 900, 0}, Depots: []Depot{{}},
		Vehicles: []Vehicle{{KilometreCost: 100}}, Stops: make([]Stop, 200_000),
	}
	for i := range p.Stops {
		p.Stops[i] = Stop{Location: 1, Prize: 1}
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	if p.isPlain() {
		t.Error("the problem of four numbers would get a matrix of 160 GB")
	}
}

func TestLinkedRoutesAreTheSameAfterUndo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlain(t, 12)
		a := newPlainAnnealer(compilePlain(context.Background(), p), &effort{ctx: context.Background()}, 1, 0)
		a.begin(nil)
		for range 20 {
			cost, missing := a.cost, a.missing
			next, room, early, latest := slices.Clone(a.next), slices.Clone(a.room), slices.Clone(a.early), slices.Clone(a.latest)
			where := slices.Clone(a.vehicle)
			a.ruin(int32(a.random.below(a.stops)))
			a.offerMissing(0, missing, a.optional)
			a.recreate(a.optional)
			a.undo()
			for node := range next {
				if node < a.stops && a.vehicle[node] == none || node >= a.stops && a.count[a.vehicle[node]] == 0 {
					next[node], early[node], latest[node] = a.next[node], a.early[node], a.latest[node] // mean nothing
				}
			}
			if a.cost != cost || a.missing != missing || !slices.Equal(a.vehicle, where) || !slices.Equal(a.next, next) ||
				!slices.Equal(a.room, room) || a.timed && (!slices.Equal(a.early, early) || !slices.Equal(a.latest, latest)) {
				t.Fatal("after undo something else is there")
			}
			a.iterate(a.hot)
		}
	})
}

func TestTimesOfARouteAreRightAfterEachInsertion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlain(t, 20)
		a := newPlainAnnealer(compilePlain(context.Background(), p), &effort{ctx: context.Background()}, 1, 0)
		a.begin(nil)
		for range 20 {
			a.iterate(a.hot)
			for v := range int32(a.vehicles) {
				if !a.timed || a.count[v] == 0 {
					continue
				}
				early, latest := slices.Clone(a.early), slices.Clone(a.latest)
				a.retime(v)
				if !slices.Equal(a.early, early) || !slices.Equal(a.latest, latest) {
					t.Fatalf("vehicle %d: times %v and %v are %v and %v anew", v, early, latest, a.early, a.latest)
				}
			}
		}
	})
}

func TestPlainSearchesAreTheSameForASeedAndIterations(t *testing.T) {
	for _, name := range []string{"CVRP/X-n101-k25", "CVRP/X-n303-k21", "PCVRPTW/C2_10_5"} {
		file, err := os.Open("../../shared/data/vrp/" + name + ".vrp")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p, err := ReadVRPLIB(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, workers := range []int{1, 3} {
			var solutions []*Solution
			for range 2 {
				s, err := Solve(context.Background(), p, Options{Seed: 5, Iterations: 1000, Workers: workers})
				if err != nil {
					t.Fatal(err)
				}
				solutions = append(solutions, s)
			}
			if err := Check(p, solutions[0]); err != nil {
				t.Error(err)
			}
			if !reflect.DeepEqual(solutions[0], solutions[1]) {
				t.Errorf("%s: with %d workers two searches differ: %d and %d", name, workers, solutions[0].Objective(), solutions[1].Objective())
			}
		}
	}
}

func TestThePlainSearchDoesNotAllocate(t *testing.T) {
	p, _, _ := readX(t, "../../shared/data/vrp/VRPTW/R1_10_3.vrp")
	a := newPlainAnnealer(compilePlain(context.Background(), p), &effort{ctx: context.Background()}, 1, 0)
	a.begin(nil)
	for range 2000 { // grow every slice
		a.iterate(a.hot)
	}
	if n := testing.AllocsPerRun(500, func() { a.iterate(a.hot) }); n >= 1 {
		t.Errorf("an iteration allocates %v times", n)
	}
}

func TestPlainSearchesEndAtOnceWithTheirContext(t *testing.T) {
	for _, name := range []string{"X-n101-k25", "X-n1001-k43"} { // genetic and annealed
		for _, workers := range []int{1, 2} {
			p, _, _ := readX(t, "../../shared/data/vrp/CVRP/"+name+".vrp")
			ctx, cancel := context.WithCancel(context.Background())
			var ended time.Time
			s, err := Solve(ctx, p, Options{Time: time.Hour, Workers: workers, OnBest: func(*Solution) {
				if ended.IsZero() {
					ended = time.Now()
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: the error is %v", name, err)
			}
			if took := time.Since(ended); took > 5*time.Second { // generous: the machine may be busy
				t.Errorf("%s went on for %v", name, took)
			}
			if err := Check(p, s); err != nil {
				t.Errorf("%s: the best so far is wrong: %v", name, err)
			}
		}
	}
}

func TestAWarmStartOfAPlainProblemIsNeverMadeWorse(t *testing.T) {
	p, routes, known := readX(t, "../../shared/data/vrp/CVRP/X-n303-k21.vrp")
	warm, err := Schedule(p, routes)
	if err != nil {
		t.Fatal(err)
	}
	for _, iterations := range []int{-1, 2000} {
		s, err := Solve(context.Background(), p, Options{Iterations: iterations, Warm: warm})
		if err != nil {
			t.Fatal(err)
		}
		if s.Cost > known {
			t.Errorf("after %d iterations it costs %d, it began at %d", iterations, s.Cost, known)
		}
	}
	// A route that is too full now is planned anew, the others stay.
	for _, v := range warm.Routes[0].Visits {
		if v.Kind == Serve {
			p.Stops[v.Index].Load[0] = p.Vehicles[0].Capacity[0]
		}
	}
	s, err := Solve(context.Background(), p, Options{Iterations: -1, Warm: warm})
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(p, s); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(s.Routes[1], warm.Routes[1]) {
		t.Error("a route that can still be driven has changed")
	}
}

func TestReportsOfPlainSearchesGetBetter(t *testing.T) {
	for _, name := range []string{"X-n101-k25", "X-n303-k21"} {
		p, _, _ := readX(t, "../../shared/data/vrp/CVRP/"+name+".vrp")
		var last *Solution
		s, err := Solve(context.Background(), p, Options{Iterations: 6000, Workers: 2, OnBest: func(s *Solution) {
			if last != nil && s.Objective() > last.Objective() {
				t.Errorf("%s: %d is reported after %d", name, s.Objective(), last.Objective())
			}
			last = s
		}})
		if err != nil {
			t.Fatal(err)
		}
		if last != s {
			t.Errorf("%s: the last solution that is reported is not the one returned", name)
		}
	}
}
