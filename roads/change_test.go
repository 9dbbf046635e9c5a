package roads_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
	"polder.city/roads"
)

// river has two banks and two bridges, ways 3 and 4, of which the second is a detour.
func river() *town {
	n := newTown()
	n.street("Noordkade", both, both, at(0, 100), at(100, 100), at(400, 100))
	n.street("Zuidkade", both, both, at(0, 0), at(100, 0), at(400, 0))
	n.street("Oude brug", both, both, at(100, 0), at(100, 100))
	n.street("Nieuwe brug", both, both, at(400, 0), at(400, 100))
	return n
}

func TestAClosedBridgeChangesThePath(t *testing.T) {
	g, err := roads.Build(&river().Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	ends := snapAll(t, g, at(50, 0), at(50, 100))
	oldBridge, newBridge := closed(g.EdgesOf(3)), closed(g.EdgesOf(4))
	if len(oldBridge) != 1 || len(newBridge) != 1 {
		t.Fatalf("the bridges are %v and %v", oldBridge, newBridge)
	}
	around, err := g.With(oldBridge...)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		g      *roads.Graph
		meters int32
		by     string
	}{"open": {g, 200, "Oude brug"}, "closed": {around, 800, "Nieuwe brug"}} {
		p, err := c.g.Path(ends[0], ends[1])
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.g.Matrix(t.Context(), ends)
		if err != nil {
			t.Fatal(err)
		}
		if p.Meters != c.meters || m.Meters[1] != c.meters || p.Steps[1].Name != c.by {
			t.Errorf("%s: %d m by %s, in a matrix %d m; want %d m by %s", name, p.Meters, p.Steps[1].Name, m.Meters[1], c.meters, c.by)
		}
	}
	cut, err := around.With(newBridge...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = cut.Path(ends[0], ends[1])
	if far, ok := errors.AsType[*roads.UnreachableError](err); !ok || far.From != ends[0] || far.To != ends[1] || far.FromClosed || far.ToClosed {
		t.Errorf("with both bridges closed: %v", err)
	}
	_, err = cut.Matrix(t.Context(), ends)
	if _, ok := errors.AsType[*roads.UnreachableError](err); !ok || !strings.Contains(err.Error(), "place 0 to place 1: what is closed leaves no way") {
		t.Errorf("a matrix with both bridges closed: %v", err)
	}
	if p, err := cut.Path(ends[0], snapAll(t, g, at(0, 0))[0]); err != nil || p.Meters != 50 {
		t.Errorf("along the bank: %d m, %v", p.Meters, err)
	}
	on := snapAll(t, g, at(100, 50))[0]
	_, err = around.Path(ends[0], on)
	if far, ok := errors.AsType[*roads.UnreachableError](err); !ok || !far.ToClosed || !strings.HasSuffix(err.Error(), "the street of the second is closed") {
		t.Errorf("to a place on the closed bridge: %v", err)
	}
	if _, err := around.Path(on, on); err == nil {
		t.Error("a place on the closed bridge can be reached from itself")
	}
}

func TestSlowTrafficChangesThePath(t *testing.T) {
	g, err := roads.Build(&river().Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	ends := snapAll(t, g, at(50, 0), at(50, 100))
	slow, err := g.With(roads.Change{Edge: g.EdgesOf(3)[0], Speed: 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := slow.Path(ends[0], ends[1]); err != nil || p.Meters != 800 || p.Seconds != 80 {
		t.Errorf("with slow traffic: %d m, %d s, %v", p.Meters, p.Seconds, err)
	}
	same, err := slow.With(roads.Change{Edge: g.EdgesOf(3)[0], Speed: 10})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := same.Path(ends[0], ends[1]); err != nil || p.Meters != 200 || p.Seconds != 20 {
		t.Errorf("at the usual speed again: %d m, %d s, %v", p.Meters, p.Seconds, err)
	}
}

func TestImpossibleChangesAreRefused(t *testing.T) {
	g, err := roads.Build(small(), plain())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []roads.Change{{Edge: -1}, {Edge: 99}, {Speed: -1}, {Speed: 0.1}, {Speed: math.NaN()}, {Speed: math.Inf(1)}} {
		if _, err := g.With(c); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", c, err)
		}
	}
	n := newTown()
	n.street("Dijk", both, both, at(0, 0), at(20_000, 0))
	if g, err = roads.Build(&n.Network, plain()); err != nil {
		t.Fatal(err)
	}
	if _, err := g.With(roads.Change{Speed: 0.5}); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "takes over 8 hours") {
		t.Errorf("eleven hours on an edge: %v", err)
	}
}

// A graph with changes costs what Dijkstra finds with the same changes, and one
// without any costs what it did.
func TestCostsWithChangesEqualDijkstras(t *testing.T) {
	g := realGraph(t)
	r := rand.New(rand.NewPCG(3, 4))
	at := somewhere(g, r, 60)
	before := roads.MatrixCosts(g, at)
	unreached := 0
	for _, share := range []int{200, 30, 5} {
		var changes []roads.Change
		for e := range int32(g.Stats().Edges) {
			if r.IntN(share) == 0 {
				changes = append(changes, roads.Change{Edge: e, Closed: r.IntN(2) == 0, Speed: 1 + 20*r.Float64()})
			}
		}
		changed, err := g.With(changes...)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, changed, at)
		for _, row := range roads.MatrixCosts(changed, at) {
			for _, cost := range row {
				if !cost.IsReached() {
					unreached++
				}
			}
		}
	}
	if unreached == 0 || unreached == 3*60*60 {
		t.Errorf("%d pairs are cut off: the closures test nothing", unreached)
	}
	after, err := g.With()
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range roads.MatrixCosts(after, at) {
		for j := range row {
			if row[j] != before[i][j] {
				t.Fatalf("from %d to %d costs %x without a change, %x before", i, j, row[j], before[i][j])
			}
		}
	}
}

func closed(edges []int32) (changes []roads.Change) {
	for _, e := range edges {
		changes = append(changes, roads.Change{Edge: e, Closed: true})
	}
	return changes
}

func snapAll(t *testing.T, g *roads.Graph, points ...orb.Point) (at []roads.Snap) {
	t.Helper()
	for _, p := range points {
		s, err := g.Snap(p, 50)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, s)
	}
	return at
}
