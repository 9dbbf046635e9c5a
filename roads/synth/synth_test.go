package synth_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"polder.city/city"
	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/synth"
)

func almere(t testing.TB) (*city.City, *roads.Network) {
	t.Helper()
	c, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	n, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	return c, n
}

func TestAlmereIsDrawnTheSameEveryTime(t *testing.T) {
	c, first := almere(t)
	second, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Error("two drawings differ")
	}
	c.Landscape.Seed++
	other, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	if reflect.DeepEqual(first.Nodes, other.Nodes) {
		t.Error("another seed draws the same streets")
	}
}

func TestAlmereKeepsThePromisesOfANetwork(t *testing.T) {
	_, n := almere(t)
	sound(t, n)
	if len(n.Nodes) < 15_000 || len(n.Nodes) > 30_000 {
		t.Errorf("%d nodes, want 15,000 to 30,000", len(n.Nodes))
	}
	if n.Source != "gesimuleerd stratenplan" || !n.Simulated {
		t.Errorf("source %q, simulated %v", n.Source, n.Simulated)
	}
	kinds, classes := map[roads.AreaKind]int{}, map[roads.Class]int{}
	for _, a := range n.Areas {
		kinds[a.Kind]++
	}
	oneWay, bridges, dead := 0, 0, deadEnds(n)
	for _, w := range n.Ways {
		classes[w.Class]++
		if w.Bridge {
			bridges++
		}
		if w.Class == roads.Residential && (w.Forward^w.Backward)&roads.AccessTruck != 0 {
			oneWay++
		}
		if w.Class == roads.Busway && (w.Forward|w.Backward)&roads.AccessTruck != 0 {
			t.Error("a bus lane admits trucks")
		}
		if w.Class == roads.Residential && w.Name == "" {
			t.Error("a street has no name")
		}
	}
	for _, kind := range []roads.AreaKind{roads.Water, roads.Green, roads.Built, roads.Industrial} {
		if kinds[kind] == 0 {
			t.Errorf("no area of kind %d", kind)
		}
	}
	for _, class := range []roads.Class{
		roads.Motorway, roads.MotorwayLink, roads.Trunk, roads.Primary, roads.Secondary, roads.Tertiary, roads.Residential,
		roads.LivingStreet, roads.Busway, roads.Cycleway, roads.Footway, roads.Pedestrian, roads.Unclassified,
	} {
		if classes[class] == 0 {
			t.Errorf("no %s", class)
		}
	}
	if oneWay < 100 || bridges < 50 || dead < 500 {
		t.Errorf("%d one-way streets, %d bridges, %d dead ends: too few to be plausible", oneWay, bridges, dead)
	}
}

func deadEnds(n *roads.Network) (count int) {
	degree := make([]int, len(n.Nodes))
	for _, w := range n.Ways {
		for i, node := range w.Nodes {
			if i > 0 {
				degree[node]++
			}
			if i < len(w.Nodes)-1 {
				degree[node]++
			}
		}
	}
	for _, d := range degree {
		if d == 1 {
			count++
		}
	}
	return count
}

func TestEveryDistrictCanBeReachedByTruck(t *testing.T) {
	c, n := almere(t)
	part, biggest := strongParts(n)
	reached := map[string]float64{}
	for _, w := range n.Ways {
		if (w.Forward|w.Backward)&roads.AccessTruck == 0 || w.Class <= roads.SecondaryLink || part[w.Nodes[0]] != biggest {
			continue
		}
		if d, ok := c.DistrictAt(n.Nodes[w.Nodes[0]]); ok {
			reached[d.Name] += wayLength(n, w)
		}
	}
	for _, d := range c.Districts {
		if reached[d.Name] < 200 {
			t.Errorf("%s has %.0f m of streets that a truck can reach", d.Name, reached[d.Name])
		}
	}
}

func TestDistrictStreetsAndMainRoadsAreThatOfTheLandscape(t *testing.T) {
	c, n := almere(t)
	named := map[string]bool{}
	for _, w := range n.Ways {
		named[w.Name] = true
	}
	for _, r := range c.Landscape.Roads {
		if !named[r.Name] {
			t.Errorf("%s is not drawn", r.Name)
		}
	}
	for _, d := range c.Landscape.Districts {
		if len(d.Streets) > 0 && !slices.ContainsFunc(d.Streets, func(s string) bool { return named[s] }) {
			t.Errorf("no street of %s has a name of its theme", d.Name)
		}
	}
}

// sound fails when a network breaks one of the promises of Draw.
func sound(t interface {
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, n *roads.Network,
) {
	for i, w := range n.Ways {
		if len(w.Nodes) < 2 || w.ID != int64(i+1) || w.Class == roads.ClassUnknown || w.Forward|w.Backward == 0 {
			t.Fatalf("way %d is not whole: %+v", i, w)
		}
		for j, node := range w.Nodes {
			if node < 0 || int(node) >= len(n.Nodes) {
				t.Fatalf("way %d names node %d of %d", i, node, len(n.Nodes))
			}
			if j > 0 && node == w.Nodes[j-1] {
				t.Fatalf("way %d stands still at node %d", i, node)
			}
		}
	}
	for i, p := range n.Nodes {
		if math.IsNaN(p[0]) || math.IsNaN(p[1]) || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			t.Fatalf("node %d lies at %v", i, p)
		}
	}
	dry(t, n)
	connected(t, n)
}

// dry fails when a street that is no bridge touches water.
func dry(t interface{ Errorf(string, ...any) }, n *roads.Network) {
	for _, a := range n.Areas {
		if a.Kind != roads.Water {
			continue
		}
		box := a.Polygon.Bound()
		for _, w := range n.Ways {
			if w.Bridge {
				continue
			}
			for i := 1; i < len(w.Nodes); i++ {
				p, q := n.Nodes[w.Nodes[i-1]], n.Nodes[w.Nodes[i]]
				if !(orb.LineString{p, q}).Bound().Intersects(box) {
					continue
				}
				if wet(a.Polygon, p, q) {
					t.Errorf("%s (%s, way %d) goes through %s at %v", w.Name, w.Class, w.ID, a.Name, p)
				}
			}
		}
	}
}

func wet(polygon orb.Polygon, p, q orb.Point) bool {
	if planar.PolygonContains(polygon, p) || planar.PolygonContains(polygon, q) {
		return true
	}
	for _, ring := range polygon {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			side := func(p, q, r orb.Point) float64 { return (q[0]-p[0])*(r[1]-p[1]) - (q[1]-p[1])*(r[0]-p[0]) }
			if side(p, q, a)*side(p, q, b) < 0 && side(a, b, p)*side(a, b, q) < 0 {
				return true
			}
		}
	}
	return false
}

// connected fails when less than 98 % of the length that trucks may use is in one
// part of which every place can be reached from every other.
func connected(t interface{ Errorf(string, ...any) }, n *roads.Network) {
	part, biggest := strongParts(n)
	in, all := 0.0, 0.0
	for _, w := range n.Ways {
		if (w.Forward|w.Backward)&roads.AccessTruck == 0 {
			continue
		}
		for i := 1; i < len(w.Nodes); i++ {
			l := geo.Distance(n.Nodes[w.Nodes[i-1]], n.Nodes[w.Nodes[i]])
			all += l
			if part[w.Nodes[i-1]] == biggest && part[w.Nodes[i]] == biggest {
				in += l
			}
		}
	}
	if in < 0.98*all {
		t.Errorf("%.1f of %.1f km can be reached by truck", in/1000, all/1000)
	}
}

func wayLength(n *roads.Network, w roads.Way) (meters float64) {
	for i := 1; i < len(w.Nodes); i++ {
		meters += geo.Distance(n.Nodes[w.Nodes[i-1]], n.Nodes[w.Nodes[i]])
	}
	return meters
}

// strongParts finds the strongly connected parts by Kosaraju's two searches:
// another way than the one by which streets are drawn. It returns each node's
// part and the part with most nodes.
func strongParts(n *roads.Network) (part []int, biggest int) {
	out, in := make([][]int32, len(n.Nodes)), make([][]int32, len(n.Nodes))
	arc := func(a, b int32) { out[a] = append(out[a], b); in[b] = append(in[b], a) }
	for _, w := range n.Ways {
		for i := 1; i < len(w.Nodes); i++ {
			if w.Forward&roads.AccessTruck != 0 {
				arc(w.Nodes[i-1], w.Nodes[i])
			}
			if w.Backward&roads.AccessTruck != 0 {
				arc(w.Nodes[i], w.Nodes[i-1])
			}
		}
	}
	seen := make([]bool, len(n.Nodes))
	var order []int32
	type frame struct {
		node int32
		next int
	}
	for s := range n.Nodes {
		if seen[s] {
			continue
		}
		seen[s] = true
		stack := []frame{{int32(s), 0}}
		for len(stack) > 0 {
			f := &stack[len(stack)-1]
			if f.next == len(out[f.node]) {
				order = append(order, f.node)
				stack = stack[:len(stack)-1]
				continue
			}
			to := out[f.node][f.next]
			f.next++
			if !seen[to] {
				seen[to] = true
				stack = append(stack, frame{to, 0})
			}
		}
	}
	part = make([]int, len(n.Nodes))
	var sizes []int
	for i := len(order) - 1; i >= 0; i-- {
		if part[order[i]] != 0 {
			continue
		}
		id := len(sizes) + 1
		size := 0
		stack := []int32{order[i]}
		part[order[i]] = id
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			size++
			for _, u := range in[v] {
				if part[u] == 0 {
					part[u] = id
					stack = append(stack, u)
				}
			}
		}
		sizes = append(sizes, size)
	}
	for i, size := range sizes {
		if biggest == 0 || size > sizes[biggest-1] {
			biggest = i + 1
		}
	}
	return part, biggest
}

// Any landscape, however odd, gives a sound network.
func TestAnyLandscapeGivesASoundNetwork(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := landscape(t)
		n, err := synth.Draw(l)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, n)
		again, err := synth.Draw(l)
		if err != nil || !reflect.DeepEqual(n, again) {
			t.Fatalf("drawn again it differs (%v)", err)
		}
	})
}

// landscape draws some districts side by side, roads and a canal across them, and a lake.
func landscape(t *rapid.T) synth.Landscape {
	const lon, lat, size = 5.2, 52.3, 0.012
	at := func(name string) orb.Point {
		return orb.Point{
			lon + size*rapid.Float64Range(-0.2, 3.2).Draw(t, name+" lon"),
			lat + size*rapid.Float64Range(-0.2, 2.2).Draw(t, name+" lat"),
		}
	}
	line := func(name string) orb.LineString {
		out := orb.LineString{at(name)}
		for range rapid.IntRange(1, 3).Draw(t, name) {
			turn, step := rapid.Float64Range(0, 2*math.Pi).Draw(t, name+" turn"), size*rapid.Float64Range(0.1, 1.5).Draw(t, name+" step")
			last := out[len(out)-1]
			out = append(out, orb.Point{last[0] + step*math.Cos(turn), last[1] + step*math.Sin(turn)/2})
		}
		return out
	}
	l := synth.Landscape{Seed: rapid.Uint64().Draw(t, "seed")}
	for i := range 3 {
		for j := range 2 {
			x, y := lon+size*float64(i), lat+size*float64(j)
			ring := orb.Ring{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}
			l.Districts = append(l.Districts, synth.District{
				Code: fmt.Sprint(i, j), Name: fmt.Sprint("Wijk ", i, j), Polygon: orb.MultiPolygon{{ring}},
				Pattern: synth.Pattern(rapid.IntRange(0, 4).Draw(t, "pattern")),
			})
		}
	}
	classes := []roads.Class{roads.Motorway, roads.Primary, roads.Secondary, roads.Busway}
	for i := range rapid.IntRange(0, 5).Draw(t, "roads") {
		l.Roads = append(l.Roads, synth.Road{
			Name: fmt.Sprint("Weg ", i), Class: rapid.SampledFrom(classes).Draw(t, "class"), Line: line(fmt.Sprint("road ", i)),
		})
	}
	if rapid.Bool().Draw(t, "canal") {
		l.Water = append(l.Water, synth.Water{Name: "Vaart", Line: line("canal"), Width: rapid.Float64Range(5, 60).Draw(t, "width")})
	}
	if rapid.Bool().Draw(t, "lake") {
		p, r := at("lake"), size*rapid.Float64Range(0.05, 0.4).Draw(t, "radius")
		l.Water = append(l.Water, synth.Water{Name: "Plas", Polygon: orb.Polygon{{{p[0] - r, p[1]}, {p[0], p[1] - r/2}, {p[0] + r, p[1]}, {p[0], p[1] + r/2}, {p[0] - r, p[1]}}}})
	}
	for range rapid.IntRange(0, 2).Draw(t, "interchanges") {
		l.Interchanges = append(l.Interchanges, at("interchange"))
	}
	return l
}

func TestALandscapeThatCannotBeDrawnIsRefused(t *testing.T) {
	ring := orb.Ring{{5, 52}, {5.01, 52}, {5.01, 52.01}, {5, 52}}
	district := func(r orb.Ring) []synth.District {
		return []synth.District{{Code: "A", Polygon: orb.MultiPolygon{{r}}}}
	}
	for name, l := range map[string]synth.Landscape{
		"no districts":             {},
		"a short ring":             {Districts: district(ring[:2])},
		"too wide":                 {Districts: district(orb.Ring{{0, 52}, {10, 52}, {10, 53}, {0, 52}})},
		"at the pole":              {Districts: district(orb.Ring{{0, 89}, {0.1, 89}, {0.1, 89.1}, {0, 89}})},
		"a point too far":          {Districts: district(orb.Ring{{500, 52}, {500.1, 52}, {500.1, 52.1}, {500, 52}})},
		"a road of a dot":          {Districts: district(ring), Roads: []synth.Road{{Line: orb.LineString{{5, 52}}}}},
		"a road that stands still": {Districts: district(ring), Roads: []synth.Road{{Line: orb.LineString{{5, 52}, {5, 52}}}}},
		"a canal of no width":      {Districts: district(ring), Water: []synth.Water{{Line: orb.LineString{{5, 52}, {5.1, 52}}}}},
		"a point that is nowhere":  {Districts: district(orb.Ring{{math.NaN(), 52}, {5.01, 52}, {5.01, 52.01}, {math.NaN(), 52}})},
	} {
		if _, err := synth.Draw(l); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	c, _ := almere(b)
	for b.Loop() {
		if _, err := synth.Draw(*c.Landscape); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleDraw() {
	n, err := synth.Draw(synth.Landscape{
		Source: "gesimuleerd stratenplan",
		Seed:   1,
		Districts: []synth.District{{
			Code: "W1", Name: "Filmwijk", Pattern: synth.Neighbour, Streets: []string{"Chaplinstraat", "Tatilaan"},
			Polygon: orb.MultiPolygon{{{{5.20, 52.30}, {5.21, 52.30}, {5.21, 52.31}, {5.20, 52.31}, {5.20, 52.30}}}},
		}},
		Roads: []synth.Road{{Name: "Cinemadreef", Class: roads.Secondary, MaxSpeed: 50, Line: orb.LineString{{5.20, 52.299}, {5.21, 52.301}}}},
		Water: []synth.Water{{Name: "Gracht", Line: orb.LineString{{5.205, 52.295}, {5.206, 52.315}}, Width: 12}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	bridges := 0
	for _, w := range n.Ways {
		if w.Bridge {
			bridges++
		}
	}
	fmt.Println(n.Source, n.Simulated, bridges > 0)
	// Output:
	// gesimuleerd stratenplan true true
}
