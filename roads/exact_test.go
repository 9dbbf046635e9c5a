package roads_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"polder.city/city"
	"polder.city/roads"
	"polder.city/roads/synth"
)

// pairs is how many pairs of places are compared on each network. A million were,
// once, with POLDER_PAIRS=1000000.
func pairs(t *testing.T) int {
	t.Helper()
	s := os.Getenv("POLDER_PAIRS")
	switch {
	case s == "" && testing.Short():
		return 2500
	case s == "":
		return 10_000
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("POLDER_PAIRS is %q, want a number", s)
	}
	return n
}

// somewhere returns places on any streets; some at their very ends, some on one street.
func somewhere(g *roads.Graph, r *rand.Rand, count int) []roads.Snap {
	at := make([]roads.Snap, count)
	for i := range at {
		at[i] = roads.Snap{Edge: r.Int32N(int32(g.Stats().Edges)), Along: r.Float64(), Meters: 5, Right: r.IntN(2) == 0}
		switch r.IntN(10) {
		case 0:
			at[i].Along = float64(r.IntN(2))
		case 1:
			at[i].Edge = at[0].Edge
		}
	}
	return at
}

// agree compares the costs to the last bit: milliseconds, entries of destination
// streets and centimetres.
func agree(t interface{ Fatalf(string, ...any) }, g *roads.Graph, at []roads.Snap) {
	matrix := roads.MatrixCosts(g, at)
	for i := range at {
		for j, want := range roads.DijkstraCosts(g, at[i], at) {
			if matrix[i][j] != want {
				t.Fatalf("from %+v to %+v costs %x, Dijkstra finds %x", at[i], at[j], matrix[i][j], want)
			}
			cost, sum := roads.PathCost(g, at[i], at[j])
			if cost != want || sum != want {
				t.Fatalf("the path from %+v to %+v costs %x, its arcs %x, Dijkstra finds %x", at[i], at[j], cost, sum, want)
			}
		}
	}
}

func TestCostsEqualDijkstrasOnLiechtenstein(t *testing.T) {
	compare(t, realGraph(t))
}

func TestCostsEqualDijkstrasOnADrawnCity(t *testing.T) {
	g, err := roads.Build(drawnCity(t), roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, g)
}

func drawnCity(t testing.TB) *roads.Network {
	t.Helper()
	c, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	n, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAHierarchyDoesNotDependOnTheProcessors(t *testing.T) {
	n := drawnCity(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first *roads.Graph
	for _, processors := range []int{1, 3} {
		runtime.GOMAXPROCS(processors)
		g, err := roads.Build(n, roads.Truck())
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = g
		}
		if !roads.SameHierarchy(g, first) {
			t.Errorf("%d processors make another hierarchy than one", processors)
		}
	}
}

func compare(t *testing.T, g *roads.Graph) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	const places = 50
	for done := 0; done < pairs(t); done += places * places {
		agree(t, g, somewhere(g, r, places))
	}
}

func TestCostsEqualDijkstrasOnRandomNetworks(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := roads.Truck()
		p.UTurns = rapid.SampledFrom([]roads.UTurn{roads.UTurnDeadEnd, roads.UTurnAnywhere, roads.UTurnNever}).Draw(rt, "u-turn")
		p.Approach = rapid.SampledFrom([]roads.Approach{roads.ApproachEither, roads.ApproachCurb}).Draw(rt, "approach")
		n := drawTown(rt)
		for i := range n.Ways {
			if rapid.IntRange(0, 4).Draw(rt, "destination") == 0 {
				n.Ways[i].Forward |= roads.AccessDestination
				n.Ways[i].Backward |= roads.AccessDestination
			}
		}
		g, err := roads.Build(&n.Network, p)
		if err != nil {
			return // no two streets are connected
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		agree(rt, g, somewhere(g, rand.New(rand.NewPCG(seed, 0)), 12))
		if now, err := g.At(time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)); err == nil {
			agree(rt, now, somewhere(now, rand.New(rand.NewPCG(seed, 0)), 12))
		}
	})
}
