package fleet

import (
	"context"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawGenetic draws a plain problem that genetic search can represent: asymmetric or not, with or without a fixed cost.
func drawGenetic(t *rapid.T, stops int) *plain {
	number := func(low, high int, name string) int { return rapid.IntRange(low, high).Draw(t, name) }
	n := stops + 1
	p := &Problem{Locations: n, Dimensions: 1, Seconds: make([]int32, n*n), Meters: make([]int32, n*n), Depots: []Depot{{}}}
	symmetric := rapid.Bool().Draw(t, "symmetric")
	for i := range n {
		for j := range i {
			p.Meters[i*n+j] = int32(number(0, 1000, "meters"))
			p.Meters[j*n+i] = p.Meters[i*n+j]
			if !symmetric {
				p.Meters[j*n+i] = int32(number(0, 1000, "back"))
			}
		}
	}
	for i := range stops {
		p.Stops = append(p.Stops, Stop{Location: i + 1, Load: []int64{int64(number(0, 10, "load"))}, Required: true, Place: -1})
	}
	v := Vehicle{Capacity: []int64{int64(number(10, 40, "capacity"))}, KilometreCost: 1000, FixedCost: int64(number(0, 1, "fixed") * 500)}
	for range stops {
		p.Vehicles = append(p.Vehicles, v)
	}
	m := compilePlain(context.Background(), p)
	if m == nil || !m.isGenetic() {
		t.Fatal("the problem is not for genetic search")
	}
	return m
}

// tourValue costs an individual's routes from the matrix, with the penalty of what is over capacity.
func tourValue(m *plain, in *individual, penalty float64) (cost, over int64, value float64) {
	k := &m.kinds[0]
	for r := range in.ends {
		cost += k.fixed
		at, load := k.start, int64(0)
		for _, s := range in.route(r) {
			cost += int64(k.arcs[int(at)*m.points+int(s)])
			at, load = s, load+m.load[s]
		}
		cost += int64(k.arcs[int(at)*m.points+int(k.end)])
		over += max(0, load-k.capacity[0])
		value += float64(int64(penalty * float64(max(0, load-k.capacity[0]))))
	}
	return cost, over, value + float64(cost)
}

// randomIndividual is a random tour in routes.
func randomIndividual(g *genetic, penalty float64) *individual {
	in := g.individual()
	in.tour = append(in.tour[:0], g.stopOrder...)
	g.random.shuffle(in.tour)
	g.splitter.split(in, penalty)
	return in
}

func TestEveryMoveOfEducationLowersTheCostAndKeepsAllStops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawGenetic(t, rapid.IntRange(3, 12).Draw(t, "stops"))
		penalty := rapid.Float64Range(0, 200).Draw(t, "penalty")
		g := newGenetic(m, &effort{ctx: context.Background()}, newRandom(1, 1))
		g.school.penalty = penalty
		g.set(randomIndividual(g, penalty))
		now := g.individual()
		measure := func() float64 {
			g.export(now)
			seen := make([]bool, m.stops)
			for _, s := range now.tour {
				if seen[s] {
					t.Fatalf("stop %d is served twice", s)
				}
				seen[s] = true
			}
			cost, over, value := tourValue(m, now, penalty)
			if len(now.tour) != m.stops || cost != now.cost || over != now.over {
				t.Fatalf("%d stops at cost %d with %d over, it says %d and %d", len(now.tour), cost, over, now.cost, now.over)
			}
			return value
		}
		value := measure()
		moves := []struct {
			name  string
			try   func() bool
			depot bool // also behind a depot
			one   bool // within one route only
			two   bool // between two routes only
		}{
			{"relocate", g.relocate, true, false, false},
			{"relocatePair", g.relocatePair, true, false, false},
			{"relocateTurned", g.relocateTurned, true, false, false},
			{"swap", g.swap, false, false, false},
			{"swapPair", g.swapPair, false, false, false},
			{"swapPairs", g.swapPairs, false, false, false},
			{"turn", g.turn, false, true, false},
			{"exchangeTurned", g.exchangeTurned, true, false, true},
			{"exchangeTails", g.exchangeTails, true, false, true},
		}
		for range 300 {
			move := moves[g.random.below(len(moves))]
			u, v := int32(g.random.below(m.stops)), int32(g.random.below(m.stops))
			if move.depot && g.random.chance(0.3) {
				v = g.depot(int32(g.random.below(g.routes)))
			}
			if u == v || move.one && g.route[u] != g.route[v] || move.two && g.route[u] == g.route[v] {
				continue
			}
			g.setU(u)
			g.setV(v)
			if !move.try() {
				continue
			}
			before := value
			if value = measure(); value >= before {
				t.Fatalf("%s leads from %v to %v", move.name, before, value)
			}
		}
		for r := range int32(g.routes) {
			for o := r + 1; o < int32(g.routes); o++ {
				if g.emptyAt[r] == none && g.emptyAt[o] == none && g.swapStar(r, o) {
					before := value
					if value = measure(); value >= before {
						t.Fatalf("SWAP* leads from %v to %v", before, value)
					}
				}
			}
		}
		g.educate(penalty, func() bool { return false })
		if after := measure(); after > value {
			t.Fatalf("education leads from %v to %v", value, after)
		}
	})
}

func TestSplitFindsTheCheapestRoutesOfATour(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawGenetic(t, rapid.IntRange(2, 9).Draw(t, "stops"))
		penalty := rapid.Float64Range(0, 200).Draw(t, "penalty")
		g := newGenetic(m, &effort{ctx: context.Background()}, newRandom(2, 1))
		routes := rapid.IntRange(1, g.routes).Draw(t, "routes")
		g.splitter.school.routes = routes
		in := randomIndividual(g, penalty)
		_, _, got := tourValue(m, in, penalty)
		want := math.Inf(1)
		for cuts := range 1 << (m.stops - 1) {
			other := individual{tour: in.tour}
			half := true
			for i := range m.stops {
				if i == m.stops-1 || cuts>>i&1 == 1 {
					other.ends = append(other.ends, int32(i+1))
				}
			}
			for r := range other.ends {
				load := int64(0)
				for _, s := range other.route(r) {
					load += m.load[s]
				}
				half = half && (load <= g.full+g.full/2 || len(other.route(r)) == 1)
			}
			if len(other.ends) > routes || !half {
				continue
			}
			_, _, value := tourValue(m, &other, penalty)
			want = min(want, value)
		}
		if len(in.ends) > routes || int(in.ends[len(in.ends)-1]) != m.stops || !math.IsInf(want, 1) && got != want {
			t.Fatalf("%d of %d routes at %v, the cheapest at %v", len(in.ends), routes, got, want)
		}
	})
}

func TestTheGeneticSearchDoesNotAllocate(t *testing.T) {
	p, _, _ := readX(t, "../../shared/data/vrp/CVRP/X-n101-k25.vrp")
	g := newGenetic(compilePlain(context.Background(), p), &effort{ctx: context.Background(), options: Options{Iterations: 1 << 40}}, newRandom(1, 1))
	g.populate()
	for range 200 { // fill the population
		g.iterate()
	}
	if n := testing.AllocsPerRun(100, g.iterate); n >= 1 {
		t.Errorf("a child allocates %v times", n)
	}
	if got, _, _ := tourValue(g.plain, &g.best, 0); got != g.best.cost || g.best.over != 0 {
		t.Errorf("the best costs %d and says %d", got, g.best.cost)
	}
}
