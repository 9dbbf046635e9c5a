package fleet

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// readX reads an X instance and its best-known routes and cost.
func readX(t *testing.T, path string) (*Problem, []Route, int64) {
	t.Helper()
	instance, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer instance.Close()
	p, err := ReadVRPLIB(instance)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	solution, err := os.Open(strings.TrimSuffix(path, ".vrp") + ".sol")
	if err != nil {
		t.Fatal(err)
	}
	defer solution.Close()
	routes, cost, err := ReadVRPLIBSolution(solution)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return p, routes, cost
}

// instancesX lists the X instances.
func instancesX(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("../../shared/data/vrp/CVRP/X-*.vrp")
	if err != nil || len(paths) == 0 {
		t.Fatalf("there are no X instances: %v", err)
	}
	return paths
}

func TestBestKnownSolutionsOfOtherKindsCostWhatTheirFilesSay(t *testing.T) {
	for _, test := range []struct {
		glob  string
		scale int64 // units of cost to one of the file's
	}{{"VRPTW/*", 10}, {"PCVRPTW/*", 1}, {"MDVRPTW/*", 1}, {"HFVRP/*", 100_000}} {
		paths, err := filepath.Glob("../../shared/data/vrp/" + test.glob + ".vrp")
		if err != nil || len(paths) == 0 {
			t.Fatalf("there are no instances of %s: %v", test.glob, err)
		}
		for _, path := range paths {
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			p, err := ReadVRPLIB(file)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(path, ".vrp") + ".sol")
			if err != nil {
				t.Fatal(err)
			}
			routes, _, err := ReadVRPLIBSolution(strings.NewReader(string(text)))
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			for i := range routes { // customer k is node k of the file, counted from 0, and not every k-1 is a stop
				for j := range routes[i].Visits {
					routes[i].Visits[j].Index -= len(p.Depots) - 1
				}
			}
			s, err := Schedule(p, routes)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if err := Check(p, s); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			cost := s.Cost
			for _, i := range s.Unserved {
				cost += p.Stops[i].Prize
			}
			_, stated, _ := strings.Cut(strings.ToLower(string(text)), "cost")
			want, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimPrefix(strings.Split(stated, "\n")[0], ":")), 64)
			if err != nil {
				t.Fatal(err)
			}
			if got := float64(cost) / float64(test.scale); math.Abs(got-want) > 0.005 {
				t.Errorf("%s: the routes cost %v, the file says %v", path, got, want)
			}
		}
	}
}

// nearestNeighbour costs the routes of a vehicle that drives to the nearest stop that still fits.
func nearestNeighbour(p *Problem) int64 {
	depot := p.Depots[0].Location
	served := make([]bool, len(p.Stops))
	cost, here, room := int64(0), depot, p.Vehicles[0].Capacity[0]
	for range p.Stops {
		for {
			best := -1
			for i := range p.Stops {
				if !served[i] && p.Stops[i].Load[0] <= room &&
					(best < 0 || p.Meters[here*p.Locations+p.Stops[i].Location] < p.Meters[here*p.Locations+p.Stops[best].Location]) {
					best = i
				}
			}
			if best >= 0 {
				served[best] = true
				cost += int64(p.Meters[here*p.Locations+p.Stops[best].Location])
				here, room = p.Stops[best].Location, room-p.Stops[best].Load[0]
				break
			}
			cost += int64(p.Meters[here*p.Locations+depot])
			here, room = depot, p.Vehicles[0].Capacity[0]
		}
	}
	return cost + int64(p.Meters[here*p.Locations+depot])
}

func TestBestKnownSolutionsCostWhatTheirFilesSay(t *testing.T) {
	for _, path := range instancesX(t) {
		p, routes, cost := readX(t, path)
		s, err := Schedule(p, routes)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if s.Cost != cost {
			t.Errorf("%s: the routes cost %d, the file says %d", path, s.Cost, cost)
		}
		if err := Check(p, s); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSolveIsTenPercentCheaperThanNearestNeighbour(t *testing.T) {
	var ratios float64
	paths := instancesX(t)
	for _, path := range paths {
		p, _, known := readX(t, path)
		s, err := Solve(context.Background(), p, Options{Seed: 1, Iterations: 4000})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := Check(p, s); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		nearest := nearestNeighbour(p)
		ratios += float64(s.Cost) / float64(nearest)
		t.Logf("%-12s %3d routes, %.2f %% above best known, %.1f %% below nearest neighbour", strings.TrimSuffix(filepath.Base(path), ".vrp"),
			len(s.Routes), 100*(float64(s.Cost)/float64(known)-1), 100*(1-float64(s.Cost)/float64(nearest)))
	}
	if mean := ratios / float64(len(paths)); mean > 0.9 {
		t.Errorf("solutions cost %.3f of nearest neighbour's on the mean, at most 0.9 is asked", mean)
	}
}

const smallVRP = `NAME : small
TYPE : CVRP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 5
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
DEMAND_SECTION
1 0
2 3
3 2
DEPOT_SECTION
1
-1
EOF
`

// smallWindows has a depot for each of two vehicles, windows, prizes and a limit on being out.
const smallWindows = `NAME : small
TYPE : MDVRPTW
DIMENSION : 3
VEHICLES : 2
CAPACITY : 5
SERVICE_TIME : 2
VEHICLES_MAX_DURATION : 40
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
DEMAND_SECTION
1 0
2 0
3 2
TIME_WINDOW_SECTION
1 0 100
2 0 90
3 10 20.5
PRIZE_SECTION
1 0
2 0
3 7.5
VEHICLES_DEPOT_SECTION
1 1
2 2
VEHICLES_FIXED_COST_SECTION
1 3
2 4
VEHICLES_UNIT_DISTANCE_COST_SECTION
1 1
2 2
DEPOT_SECTION
1
2
EOF
`

func TestReadVRPLIBReadsWindowsPrizesDepotsAndCosts(t *testing.T) {
	p, err := ReadVRPLIB(strings.NewReader(smallWindows))
	if err != nil {
		t.Fatal(err)
	}
	stop := Stop{
		Name: "3", Location: 2, Load: []int64{2}, Windows: []Window{{10_000, 20_500}}, Service: 2000, Prize: 7500, Place: 2,
	}
	if len(p.Stops) != 1 || !reflect.DeepEqual(p.Stops[0], stop) {
		t.Errorf("the stop is %+v", p.Stops)
	}
	second := Vehicle{
		Start: 1, End: 1, Capacity: []int64{5}, FixedCost: 4000, KilometreCost: 2000, MaxSeconds: 40_000,
	}
	if len(p.Vehicles) != 2 || !reflect.DeepEqual(p.Vehicles[1], second) {
		t.Errorf("the vehicles are %+v", p.Vehicles)
	}
	if len(p.Depots) != 2 || p.Depots[1] != (Depot{Name: "2", Location: 1, Window: Window{0, 90_000}}) || p.Meters[1] != 5000 || p.Seconds[1] != 5000 {
		t.Errorf("the depots are %+v, 3-4-5 measures %d", p.Depots, p.Meters[1])
	}
	for _, test := range []struct{ from, to, want string }{
		{"3 10 20.5", "3 10", "line 20: a time window needs 3 values"},
		{"3 10 20.5\n", "", "node 3 has no time window"},
		{"3 10 20.5", "3 20.5 10", "closes at"},
		{"2 2\nVEHICLES_FIXED", "2 3\nVEHICLES_FIXED", "vehicle 2 starts at node 3, which is no depot"},
		{"1 3\n2 4\n", "1 3\n", "vehicle 2 is not in VEHICLES_FIXED_COST_SECTION"},
		{"3 7.5", "3 -1", "line 24: prize"},
		{"DURATION : 40", "DURATION : none", "longest duration"},
	} {
		if _, err := ReadVRPLIB(strings.NewReader(strings.Replace(smallWindows, test.from, test.to, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("with %q the error is %v, want one with %q", test.to, err, test.want)
		}
	}
}

func TestReadVRPLIBSaysWhatIsWrongWithAFile(t *testing.T) {
	for _, test := range []struct{ name, from, to, want string }{
		{"another type", "TYPE : CVRP", "TYPE : CVRPTW", "line 2: type CVRPTW is not read"},
		{"other distances", "EUC_2D", "EXPLICIT", "line 4: edge weights EXPLICIT are not read"},
		{"a dimension that is no number", "DIMENSION : 3", "DIMENSION : x", `line 3: dimension "x"`},
		{"fewer nodes than stated", "3 6 8\n", "", "gives 2 nodes and says DIMENSION 3"},
		{"a node out of order", "3 6 8", "4 6 8", "line 9: node 4 comes where node 3 should"},
		{"a coordinate that is no number", "6 8", "6 NaN", `line 9: coordinate "NaN"`},
		{"a demand missing", "3 2\n", "", "node 3 has no demand"},
		{"a demand twice", "3 2\n", "2 2\n", "line 13: number 2 has two values of demand"},
		{"a demand above capacity", "2 3\n", "2 9\n", "stop 2 needs 9, no vehicle carries over 5"},
		{"no depot", "DEPOT_SECTION\n1\n", "DEPOT_SECTION\n", "must name a depot"},
		{"another section", "DEMAND_SECTION", "LINEHAUL_SECTION", "section LINEHAUL_SECTION is not read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(smallVRP, test.from, test.to, 1)
			_, err := ReadVRPLIB(strings.NewReader(text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func FuzzReadVRPLIB(f *testing.F) {
	f.Add(smallVRP)
	f.Add(strings.Replace(smallVRP, "DIMENSION : 3", "DIMENSION : 20000", 1))
	f.Add("VEHICLES : 1\nDEPOT_SECTION\n-1\n")
	f.Add(smallWindows)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadVRPLIB(strings.NewReader(text))
		if err != nil {
			return
		}
		if err := p.Validate(); err != nil {
			t.Errorf("read a problem that is not valid: %v", err)
		}
	})
}

func FuzzReadVRPLIBSolution(f *testing.F) {
	f.Add("Route #1: 1 2\nCost 20\n")
	f.Add("Route #1:\nRoute #2: 7\nCost: 1e3")
	f.Fuzz(func(t *testing.T, text string) {
		routes, cost, err := ReadVRPLIBSolution(strings.NewReader(text))
		if err != nil {
			return
		}
		if cost < 0 {
			t.Errorf("the cost is %d", cost)
		}
		p, err := ReadVRPLIB(strings.NewReader(smallVRP))
		if err != nil {
			t.Fatal(err)
		}
		if s, err := Schedule(p, routes); err == nil && len(s.Unserved) == 0 && Check(p, s) != nil {
			t.Errorf("scheduled a solution that is wrong: %v", Check(p, s))
		}
	})
}
