package roads

import (
	"math"
	"time"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

// Check returns a [*problem.Error] when the network cannot be used: an index
// that points nowhere, a way of one node, a coordinate outside the earth. A
// network from [ImportPBF] or [ReadNetwork] passes.
func (n *Network) Check() error {
	bad := func(format string, args ...any) error {
		return problem.New(problem.Invalid, "roads.network.inconsistent", format, args...).
			Do("Import the street map again.")
	}
	if len(n.Nodes) > math.MaxInt32 || len(n.Ways) > math.MaxInt32 {
		return bad("The network has more than %d nodes or ways.", math.MaxInt32)
	}
	for i, p := range n.Nodes {
		if !onEarth(p) {
			return bad("Node %d of the network lies at %v, %v, which is not on the earth.", i, p[0], p[1])
		}
	}
	nodes, ways := int32(len(n.Nodes)), int32(len(n.Ways))
	for i := range n.Ways {
		w := &n.Ways[i]
		if len(w.Nodes) < 2 {
			return bad("Way %d of the network has fewer than two nodes.", i)
		}
		if int(w.Class) >= classCount {
			return bad("Way %d of the network is of the unknown class %d.", i, w.Class)
		}
		for _, v := range w.Nodes {
			if v < 0 || v >= nodes {
				return bad("Way %d of the network uses node %d of %d.", i, v, nodes)
			}
		}
		if time.Duration(w.Seconds)*time.Second > longest {
			return bad("Way %d of the network takes over %.0f hours.", i, longest.Hours())
		}
		for k := range w.Conditionals {
			c := &w.Conditionals[k]
			if err := checkCondition(c.When); err != nil || c.Limit > LimitSpeed {
				return bad("Way %d of the network has a conditional that cannot be read: %v.", i, err)
			}
		}
	}
	for i, b := range n.Barriers {
		if b.Node < 0 || b.Node >= nodes {
			return bad("Barrier %d of the network stands on node %d of %d.", i, b.Node, nodes)
		}
		if i > 0 && n.Barriers[i-1].Node >= b.Node {
			return bad("Barrier %d of the network is not in order of node.", i)
		}
	}
	for i, r := range n.Restrictions {
		if r.From < 0 || r.From >= ways || r.To < 0 || r.To >= ways || r.Via < 0 || r.Via >= nodes {
			return bad("Restriction %d of the network names a way or a node that is not there.", i)
		}
		for _, w := range r.Over {
			if w < 0 || w >= ways {
				return bad("Restriction %d of the network leads over a way that is not there.", i)
			}
		}
		if err := checkCondition(r.When); err != nil {
			return bad("Restriction %d of the network cannot be read: %v.", i, err)
		}
	}
	for i := range n.Areas {
		a := &n.Areas[i]
		if a.Kind < Water || a.Kind > Industrial || len(a.Polygon) == 0 {
			return bad("Area %d of the network has no kind or no outline.", i)
		}
		if !isOnEarth(a.Polygon) {
			return bad("Area %d of the network has a corner that is not on the earth.", i)
		}
	}
	for i := range n.Zones {
		z := &n.Zones[i]
		if len(z.Polygon) == 0 || !isOnEarth(z.Polygon) {
			return bad("Zone %d of the network has no outline on the earth.", i)
		}
		if err := checkCondition(z.When); err != nil {
			return bad("Zone %d of the network cannot be read: %v.", i, err)
		}
	}
	return nil
}

func isOnEarth(polygon orb.Polygon) bool {
	for _, ring := range polygon {
		for _, p := range ring {
			if !onEarth(p) {
				return false
			}
		}
	}
	return true
}

// onEarth is false for a coordinate out of range, infinite or not a number.
func onEarth(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90
}
