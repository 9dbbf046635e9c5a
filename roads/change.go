package roads

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"polder.city/internal/problem"
)

// A Change is what differs on an edge for a while: a bridge that is open, roadworks,
// slow traffic.
type Change struct {
	Edge   int32   // as a [Snap] or [Graph.EdgesOf] numbers it
	Closed bool    // not driven in either direction
	Speed  float64 // metres a second; 0 leaves it as it is
}

const (
	slowest = 1 / 3.6       // the lowest speed of a change in metres a second: 1 km/h
	longest = 8 * time.Hour // that an edge may then take
)

// With returns the graph with changes to it. It shares everything with g but the
// costs, and g stays as it is: what is closed opens again by going on with g. Places
// that either graph snapped are good in both. Where a closure makes a dead end of a
// street, a vehicle that may turn back only at dead ends still does not do so there,
// except at a place where it stops. It returns a [*problem.Error] for an edge or a
// speed that cannot be.
func (g *Graph) With(changes ...Change) (*Graph, error) {
	changed := *g
	changed.changed = g.changed || len(changes) > 0
	changed.cost, changed.open = slices.Clone(g.cost), slices.Clone(g.open)
	for _, c := range changes {
		if c.Edge < 0 || c.Edge >= g.edges() {
			return nil, problem.New(problem.Invalid, "roads.change.edge", "The graph has no edge %d; it has %d.", c.Edge, g.edges()).
				Do("Take the edge of a place that this graph snapped.")
		}
		first, end := g.copies(c.Edge)
		if c.Closed {
			changed.open[2*c.Edge], changed.open[2*c.Edge+1] = false, false
			for a := 2 * first; a < 2*end; a++ {
				changed.open[a] = false
			}
		}
		if c.Speed == 0 {
			continue
		}
		if !(c.Speed >= slowest && c.Speed <= math.MaxUint8) {
			return nil, problem.New(problem.Invalid, "roads.change.speed", "%v m/s is not possible on edge %d.", c.Speed, c.Edge).
				Do("Give metres a second, 0.28 or more, or close the edge.")
		}
		long := length(g.edgePoints(c.Edge))
		if long/c.Speed > longest.Seconds() {
			return nil, problem.New(problem.Invalid, "roads.change.speed", "At %v m/s edge %d of %.0f m takes over %.0f hours.",
				c.Speed, c.Edge, long, longest.Hours()).Do("Close the edge.")
		}
		changed.cost[c.Edge] = driveCost(long, c.Speed)
		for e := first; e < end; e++ {
			changed.cost[e] = changed.cost[c.Edge]
		}
	}
	changed.up, changed.down = g.topology.customize(&changed, runtime.GOMAXPROCS(0))
	return &changed, nil
}

// EdgesOf returns the edges that are part of a way, by the source's own number.
func (g *Graph) EdgesOf(way int64) []int32 {
	var edges []int32
	for e := range g.edges() {
		if g.label[e].way == way {
			edges = append(edges, e)
		}
	}
	return edges
}

// UnreachableError says that no open street leads from one place to another. It
// happens only on a graph with closures or of a moment.
type UnreachableError struct {
	From, To             Snap
	FromClosed, ToClosed bool // the street of the place is closed
}

// Error names the places and, where one is the reason, its closed street.
func (e *UnreachableError) Error() string {
	s := fmt.Sprintf("what is closed leaves no way from %.6f, %.6f to %.6f, %.6f",
		e.From.Point[0], e.From.Point[1], e.To.Point[0], e.To.Point[1])
	switch {
	case e.FromClosed:
		s += ": the street of the first is closed"
	case e.ToClosed:
		s += ": the street of the second is closed"
	}
	return s
}

func (g *Graph) unreachable(from, to Snap) *UnreachableError {
	closed := func(s Snap) bool { return !g.open[2*s.Edge] && !g.open[2*s.Edge+1] }
	return &UnreachableError{From: from, To: to, FromClosed: closed(from), ToClosed: closed(to)}
}
