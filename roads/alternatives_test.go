package roads_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

func TestAnAlternativeLeadsOverTheOtherBridge(t *testing.T) {
	n := newTown()
	n.street("Zuidkade", both, both, at(0, 0), at(500, 0), at(1000, 0))
	n.street("Noordkade", both, both, at(0, 1000), at(500, 1000), at(1000, 1000))
	n.street("Westbrug", both, both, at(0, 0), at(0, 1000))
	n.street("Oostbrug", both, both, at(1000, 0), at(1000, 1000))
	n.street("Zuid", both, both, at(500, 0), at(500, -100))
	n.street("Noord", both, both, at(500, 1000), at(500, 1100))
	g, err := roads.Build(&n.Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	ends := snapAll(t, g, at(450, 0), at(500, 1050))
	paths, err := g.Alternatives(ends[0], ends[1], 3)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) != 2 || paths[0].Steps[1].Name != "Westbrug" || paths[1].Steps[1].Name != "Oostbrug" || paths[0].Meters != 2000 || paths[1].Meters != 2100 {
		t.Errorf("%d paths: %+v", len(paths), paths)
	}
	if one, err := g.Alternatives(ends[0], ends[1], 1); err != nil || len(one) != 1 {
		t.Errorf("one path is %d paths, %v", len(one), err)
	}
	cut, err := g.With(append(closed(g.EdgesOf(3)), closed(g.EdgesOf(4))...)...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = cut.Alternatives(ends[0], ends[1], 3)
	if _, ok := errors.AsType[*roads.UnreachableError](err); !ok {
		t.Errorf("without bridges: %v", err)
	}
	if _, err := g.Alternatives(roads.Snap{Edge: -1}, ends[1], 3); err == nil {
		t.Error("a foreign place is accepted")
	}
}

func TestAlternativesCanBeDrivenAndAreNearlyAsFast(t *testing.T) {
	n := drawnCity(t)
	g, err := roads.Build(n, roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	c, err := roads.NewChecker(n, roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	var at []roads.Snap
	for r := rand.New(rand.NewPCG(7, 8)); len(at) < 120; {
		p := n.Nodes[r.IntN(len(n.Nodes))]
		if s, err := g.Snap(orb.Point{p[0] + 3e-5, p[1] - 2e-5}, 50); err == nil {
			at = append(at, s)
		}
	}
	others := 0
	for i := range at[1:] {
		paths, err := g.Alternatives(at[i], at[i+1], 3)
		if err != nil {
			t.Fatal(err)
		}
		fastest, err := g.Path(at[i], at[i+1])
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) > 3 || paths[0].Seconds != fastest.Seconds || paths[0].Meters != fastest.Meters {
			t.Fatalf("%d paths, the first of %d s; the fastest takes %d s", len(paths), paths[0].Seconds, fastest.Seconds)
		}
		shown := map[[2]orb.Point]bool{}
		add := func(line orb.LineString) (shared float64) {
			for i := 1; i < len(line); i++ {
				if part := [2]orb.Point{line[i-1], line[i]}; shown[part] {
					shared += distance(part[0], part[1])
				} else {
					shown[part] = true
				}
			}
			return shared
		}
		add(paths[0].Line)
		for _, p := range paths[1:] {
			others++
			// Four fifths of the time; of the length it is about that.
			if shared := add(p.Line); shared > 0.9*float64(fastest.Meters) {
				t.Errorf("from %v to %v: %.0f of %d m were shown before", at[i].Point, at[i+1].Point, shared, p.Meters)
			}
			if float64(p.Seconds) > 1.25*float64(fastest.Seconds)+1 {
				t.Errorf("from %v to %v: %d s where the fastest takes %d s", at[i].Point, at[i+1].Point, p.Seconds, fastest.Seconds)
			}
			if err := c.Check(p.Line); err != nil {
				t.Errorf("from %v to %v cannot be driven: %v", at[i].Point, at[i+1].Point, err)
			}
		}
	}
	if others < 60 {
		t.Errorf("%d others for %d pairs", others, len(at)-1)
	}
}
