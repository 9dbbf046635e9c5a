package roads

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Isochrone returns the stretches of street that can be reached from a place within
// some time by the fastest paths, in order of edge and drawn as the edge is.
//
// The search goes up from the place and then once down over all nodes, from the
// highest. Source: Delling, Goldberg, Nowatzyk and Werneck, PHAST: hardware-accelerated
// shortest path trees (J. Parallel Distrib. Comput. 73, 2013).
func (g *Graph) Isochrone(from Snap, within time.Duration) (orb.MultiLineString, error) {
	if err := g.checkSnap(from); err != nil {
		return nil, fmt.Errorf("isochrone: %w", err)
	}
	c := g.climber()
	defer g.climbers.Put(c)
	c.everywhere(g, from)
	limit := within.Milliseconds()
	var (
		lines orb.MultiLineString
		spans []span
	)
	served := g.served(from)
	for e := range g.edges() {
		spans = spans[:0]
		for arc := 2 * e; arc <= 2*e+1; arc++ {
			g.states(arc, func(a int32) bool {
				if s, ok := g.reached(c, a, limit); ok {
					spans = append(spans, along(arc, 0, s))
				}
				return false
			})
			if e == from.Edge && limit >= 0 && served[arc&1] && g.open[arc] {
				share := shareAlong(arc, from)
				spans = append(spans, along(arc, share, min(1, share+shareWithin(limit, g.cost[e]))))
			}
		}
		for _, s := range merge(spans) {
			if s.first == s.last {
				continue
			}
			var p Path
			p.add(g.at(2*e, s.first))
			p.corners(g.edgePoints(e), false, s.first, s.last)
			p.add(g.at(2*e, s.last))
			lines = append(lines, p.Line)
		}
	}
	c.clear()
	return lines, nil
}

// span is a stretch of an edge, in shares of its length in drawing order.
type span struct{ first, last float64 }

// along returns the span between two shares of an arc.
func along(arc int32, first, last float64) span {
	if arc&1 == 1 {
		return span{1 - last, 1 - first}
	}
	return span{first, last}
}

// merge joins spans that touch, in place.
func merge(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.first, b.first) })
	kept := spans[:0]
	for _, s := range spans {
		if n := len(kept); n > 0 && s.first <= kept[n-1].last {
			kept[n-1].last = max(kept[n-1].last, s.last)
		} else {
			kept = append(kept, s)
		}
	}
	return kept
}

// reached returns the share of an open arc that is reached from its beginning in a limit of
// milliseconds; ok is false when not even its beginning is.
func (g *Graph) reached(c *climber, arc int32, limit int64) (share float64, ok bool) {
	cost := c.cost[g.topology.rank[arc]]
	if cost == unreached {
		return 0, false
	}
	left := limit - cost.millis(g.profile.entryMillis())
	return shareWithin(left, g.cost[arc>>1]), left >= 0
}

// shareWithin returns the share of an edge that is driven in some milliseconds.
func shareWithin(ms int64, edge packedCost) float64 {
	if whole := int64(edge >> timeShift); ms < whole {
		return float64(ms) / float64(whole)
	}
	return 1
}

// everywhere fills c.cost with what it costs to get from a place to each arc.
func (c *climber) everywhere(g *Graph, from Snap) {
	c.depart(g, from)
	for _, d := range c.deposits {
		c.cost[d.node] = d.cost
	}
	down := &g.topology.down
	for x := len(c.cost) - 1; x >= 0; x-- {
		best := c.cost[x]
		lo, hi := down.from[x], down.from[x+1]
		costs := g.down.cost[lo:hi]
		for i, z := range down.other[lo:hi][:len(costs)] {
			best = min(best, c.cost[z]+costs[i])
		}
		c.cost[x] = best
	}
}

// clear brings a climber to rest that went everywhere.
func (c *climber) clear() {
	for x := range c.cost {
		c.cost[x] = unreached
	}
}
