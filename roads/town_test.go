package roads_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

const (
	both = roads.AccessCar | roads.AccessTruck | roads.AccessBus
	none = roads.Access(0)
)

// at returns a point x metres east and y metres north of a corner in Almere.
func at(x, y float64) orb.Point {
	const degree = 6371008.8 * math.Pi / 180
	lat := 52.35 + y/degree
	return orb.Point{round7(5.2 + x/degree/math.Cos(52.35*math.Pi/180)), round7(lat)}
}

func round7(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// town draws networks for tests: nodes by place, streets by their corners.
type town struct {
	roads.Network
	nodes map[orb.Point]int32
}

func newTown() *town { return &town{nodes: map[orb.Point]int32{}} }

func (t *town) node(p orb.Point) int32 {
	if v, ok := t.nodes[p]; ok {
		return v
	}
	t.nodes[p] = int32(len(t.Nodes))
	t.Nodes = append(t.Nodes, p)
	return t.nodes[p]
}

// street adds a way of 36 km/h (10 m/s) and returns its index.
func (t *town) street(name string, forward, backward roads.Access, corners ...orb.Point) int32 {
	w := roads.Way{ID: int64(len(t.Ways) + 1), Name: name, Class: roads.Unclassified, Forward: forward, Backward: backward}
	for _, p := range corners {
		w.Nodes = append(w.Nodes, t.node(p))
	}
	t.Ways = append(t.Ways, w)
	return int32(len(t.Ways) - 1)
}

// plain is a truck for which turns cost nothing, so that times can be told by heart.
func plain() roads.Profile {
	p := roads.Truck()
	p.RightSeconds, p.LeftSeconds, p.UTurnSeconds, p.SignedFactor = 0, 0, 0, 1
	return p
}

// small is a square of 100 m with a dead end.
func small() *roads.Network {
	t := newTown()
	t.street("Noord", both, both, at(0, 100), at(100, 100))
	t.street("Oost", both, both, at(100, 100), at(100, 0))
	t.street("Zuid", both, both, at(100, 0), at(0, 0))
	t.street("West", both, both, at(0, 0), at(0, 100))
	t.street("Hof", both, both, at(100, 0), at(200, 0))
	return &t.Network
}

// ride is a path between two points of a network, checked.
func ride(t *testing.T, n *roads.Network, p roads.Profile, from, to orb.Point) roads.Path {
	t.Helper()
	g, err := roads.Build(n, p)
	if err != nil {
		t.Fatal(err)
	}
	a, err := g.Snap(from, 50)
	if err != nil {
		t.Fatal(err)
	}
	b, err := g.Snap(to, 50)
	if err != nil {
		t.Fatal(err)
	}
	path, err := g.Path(a, b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := g.Matrix(t.Context(), []roads.Snap{a, b})
	if err != nil {
		t.Fatal(err)
	}
	if m.Seconds[1] != path.Seconds || m.Meters[1] != path.Meters {
		t.Errorf("the path takes %d s and %d m, the matrix says %d s and %d m", path.Seconds, path.Meters, m.Seconds[1], m.Meters[1])
	}
	c, err := roads.NewChecker(n, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(path.Line); err != nil {
		t.Errorf("the path cannot be driven: %v", err)
	}
	return path
}

// useGraph runs everything that a graph can do, for fuzzing.
func useGraph(t *testing.T, g *roads.Graph, n *roads.Network) {
	var places []roads.Snap
	for _, p := range n.Nodes[:min(6, len(n.Nodes))] {
		if s, err := g.Snap(p, 1e9); err == nil {
			places = append(places, s)
		}
	}
	m, err := g.Matrix(t.Context(), places)
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range places {
		for j, b := range places {
			p, err := g.Path(a, b)
			if err != nil {
				t.Fatal(err)
			}
			if k := i*m.N + j; p.Seconds != m.Seconds[k] || p.Meters != m.Meters[k] || len(p.Line) < 2 {
				t.Errorf("path %d s, %d m, matrix %d s, %d m", p.Seconds, p.Meters, m.Seconds[k], m.Meters[k])
			}
		}
	}
}
