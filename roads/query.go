package roads

import (
	"math"
	"slices"
)

// query is the state of a search from one place to another: upwards from the first
// in the direction of driving, upwards from the last against it. All nodes that
// either can reach are on the way from its arcs to the root of the tree, so that
// there is no queue. It looks like C: flat slices, no allocation once they have grown.
type query struct {
	out, in []searchLabel // by node; unreached at rest
	fromOut []int32       // where the search forward is: at most one node for each arc it began at
	fromIn  []int32
	seen    []int32 // nodes to put back at rest
	met     []int32 // nodes that both came to
	links   []int32 // of the path upwards, last first
	path    []int32 // arcs
}

// searchLabel is the cheapest way known to the beginning of an arc, or from it to the end
// of the path.
type searchLabel struct {
	cost packedCost
	node int32 // the node before (or after) it; begins, when there is none
	link int32 // the link between them; the arc before it, when there is none
}

const begins = -1

// query returns a query at rest; give it back with rest.
func (g *Graph) query() *query {
	if q, ok := g.queries.Get().(*query); ok {
		return q
	}
	n := len(g.topology.arc)
	q := &query{out: make([]searchLabel, n), in: make([]searchLabel, n)}
	for x := range n {
		q.out[x].cost, q.in[x].cost = unreached, unreached
	}
	return q
}

func (g *Graph) rest(q *query) {
	q.clear()
	g.queries.Put(q)
}

func (q *query) clear() {
	for _, x := range q.seen {
		q.out[x].cost, q.in[x].cost = unreached, unreached
	}
	q.seen = q.seen[:0]
}

// depart visits the arcs that can be turned into after leaving a place in the directions
// in which it is served, with the cost to get there and the arc left.
func (g *Graph) depart(from Snap, visit func(x int32, cost packedCost, arc int32)) {
	for direction, is := range g.served(from) {
		a := 2*from.Edge + int32(direction)
		if !is || !g.open[a] {
			continue
		}
		cost := g.cost[from.Edge].part(shareAlong(a, from), 1)
		for _, u := range g.turns[g.turnFrom[a]:g.turnFrom[a+1]] {
			if b := u.arc(); g.open[b] && !u.isShut() {
				visit(g.topology.rank[b], cost+g.turnCost[u.kind()], a)
			}
		}
	}
}

// arrive visits the arcs on which a place can be reached, with the cost from there.
func (g *Graph) arrive(to Snap, visit func(x int32, cost packedCost)) {
	for direction, is := range g.served(to) {
		if arc := 2*to.Edge + int32(direction); is {
			g.states(arc, func(a int32) bool {
				visit(g.topology.rank[a], g.cost[to.Edge].part(0, shareAlong(a, to)))
				return false
			})
		}
	}
}

// direct returns the cost of driving on from a place to another on the same street
// without a turn, and on which arc; unreached when it lies behind or elsewhere.
func (g *Graph) direct(from, to Snap) (cost packedCost, arc int32) {
	cost, arc = unreached, -1
	if from.Edge != to.Edge {
		return cost, arc
	}
	leaving, coming := g.served(from), g.served(to)
	for direction := range leaving {
		a := 2*from.Edge + int32(direction)
		share, end := shareAlong(a, from), shareAlong(a, to)
		if g.open[a] && leaving[direction] && coming[direction] && end >= share {
			if c := g.cost[from.Edge].part(share, end); c < cost {
				cost, arc = c, a
			}
		}
	}
	return cost, arc
}

// fastest returns the arcs of the fastest path; the first and the last are driven in
// part. The arcs are the query's and good until its next use. The error is unpack's.
func (q *query) fastest(g *Graph, from, to Snap) (arcs []int32, cost packedCost, err error) {
	best, arc := g.direct(from, to)
	q.path = append(q.path[:0], arc)
	q.begin(g, from, to)
	if meet, cost := q.climb(g, best, onlyBest); meet >= 0 {
		best = cost
		err = q.unpack(g, meet)
	}
	return q.path, best, err
}

// begin labels the arcs that a path can begin at and end on.
func (q *query) begin(g *Graph, from, to Snap) {
	q.fromOut, q.fromIn = q.fromOut[:0], q.fromIn[:0]
	g.depart(from, func(x int32, cost packedCost, arc int32) {
		if q.out[x].cost == unreached {
			q.fromOut = append(q.fromOut, x)
		}
		if cost < q.out[x].cost {
			q.out[x] = searchLabel{cost, begins, arc}
		}
	})
	g.arrive(to, func(x int32, cost packedCost) {
		q.fromIn = append(q.fromIn, x)
		q.in[x] = searchLabel{cost, begins, begins}
	})
}

// onlyBest is the slack of a search for the cheapest path.
const onlyBest = 63

// climb searches up from both ends and returns the node where the cheapest path has
// its highest, if that is cheaper than best; -1 if not. In q.met it leaves the nodes
// over which paths lead that cost up to best/2^slack more.
func (q *query) climb(g *Graph, best packedCost, slack int) (meet int32, cost packedCost) {
	t := g.topology
	meet, q.met = -1, q.met[:0]
	bound := min(unreached, best+best>>slack)
	pass := func(x int32) {
		q.seen = append(q.seen, x)
		out, in := q.out[x].cost, q.in[x].cost
		if sum := out + in; sum < bound {
			q.met = append(q.met, x)
			if sum < best {
				meet, best = x, sum
				bound = best + best>>slack
			}
		}
		if out < bound {
			relax(q.out, &t.up, g.up.cost, x, out)
		}
		if in < bound {
			relax(q.in, &t.down, g.down.cost, x, in)
		}
	}
	for len(q.fromOut) > 1 || len(q.fromIn) > 1 || !slices.Equal(q.fromOut, q.fromIn) {
		x := int32(math.MaxInt32)
		for _, y := range q.fromOut {
			x = min(x, y)
		}
		for _, y := range q.fromIn {
			x = min(x, y)
		}
		pass(x)
		q.fromOut, q.fromIn = ascend(q.fromOut, x, t.parent[x]), ascend(q.fromIn, x, t.parent[x])
	}
	// From where both ways to the root are one.
	if len(q.fromOut) > 0 {
		for x := q.fromOut[0]; x >= 0; x = t.parent[x] {
			pass(x)
		}
	}
	return meet, best
}

// relax labels the nodes above x over its links.
func relax(labels []searchLabel, l *links, costs []packedCost, x int32, cost packedCost) {
	lo, hi := l.from[x], l.from[x+1]
	costs = costs[lo:hi]
	for i, z := range l.other[lo:hi][:len(costs)] {
		if c := cost + costs[i]; c < labels[z].cost {
			labels[z] = searchLabel{c, x, lo + int32(i)}
		}
	}
}

// ascend replaces a node of a list by its parent, unless that is in it or is none.
func ascend(nodes []int32, x, parent int32) []int32 {
	i := slices.Index(nodes, x)
	if i < 0 {
		return nodes
	}
	if parent >= 0 && !slices.Contains(nodes, parent) {
		nodes[i] = parent
		return nodes
	}
	return slices.Delete(nodes, i, i+1)
}

// mostArcs is above how many arcs any path has that packedCost holds.
const mostArcs = 1 << 22

// unpack lists the arcs of the path whose highest is meet. It fails on a graph that was
// opened and whose links have no such path; see [OpenGraph].
func (q *query) unpack(g *Graph, meet int32) error {
	t := g.topology
	q.links = q.links[:0]
	first := meet
	for q.out[first].node != begins {
		q.links = append(q.links, q.out[first].link)
		first = q.out[first].node
	}
	q.path = append(q.path[:0], q.out[first].link, t.arc[first])
	low, ok := first, true
	for _, k := range slices.Backward(q.links) {
		high := t.up.other[k]
		ok = ok && q.walk(g, g.up.via[k], low, high)
		low = high
	}
	for x := meet; q.in[x].node != begins; x = q.in[x].node {
		ok = ok && q.walk(g, g.down.via[q.in[x].link], x, q.in[x].node)
	}
	if !ok {
		return contradiction("the way of a link leads over none")
	}
	return nil
}

// walk adds the arcs of a link to the path, without its first. It returns false when
// there are none, or too many: what is built has neither.
func (q *query) walk(g *Graph, via, from, to int32) bool {
	t := g.topology
	if via == isTurn {
		q.path = append(q.path, t.arc[to])
		return len(q.path) <= mostArcs
	}
	in, out := t.down.find(via, from), t.up.find(via, to)
	if in == t.down.from[via+1] || t.down.other[in] != from || out == t.up.from[via+1] || t.up.other[out] != to {
		return false
	}
	return q.walk(g, g.down.via[in], from, via) && q.walk(g, g.up.via[out], via, to)
}
