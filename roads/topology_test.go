package roads

import (
	"os"
	"testing"
	"time"
)

func TestTopologyStats(t *testing.T) {
	f, err := os.Open("../../shared/data/roads/liechtenstein.osm.pbf")
	if err != nil {
		t.Fatal(err)
	}
	n, err := ImportPBF(t.Context(), f, ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	g, err := Build(n, Truck())
	if err != nil {
		t.Fatal(err)
	}
	tp := g.topology
	depth := make([]int, len(tp.arc))
	deepest, sum := 0, 0
	for x := len(depth) - 1; x >= 0; x-- {
		depth[x] = 1
		if p := tp.parent[x]; p >= 0 {
			depth[x] = depth[p] + 1
		}
		deepest = max(deepest, depth[x])
		sum += depth[x]
	}
	t.Logf("%v: edges %d arcs %d turns %d; up %d down %d depth max %d mean %d", time.Since(began), len(g.cost), len(tp.arc), len(g.turns), len(tp.up.other), len(tp.down.other), deepest, sum/len(depth))
}
