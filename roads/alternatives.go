package roads

import (
	"cmp"
	"fmt"
	"slices"
)

// What makes another path worth showing, as shares of the fastest one's cost: it costs
// little more, most of it is not on paths shown before, and where it leaves the fastest
// it makes no detour. Source: Abraham, Delling, Goldberg and Werneck, Alternative routes
// in road networks (ACM J. Exp. Algorithmics 18, 2013).
const (
	stretchSlack = 2   // at most 1/2^2 dearer
	mostShared   = 0.8 // of the fastest's time on arcs of paths before it
	localOptimal = 4   // a quarter of it around the middle is a fastest path itself
)

// Alternatives returns the fastest path and up to count-1 others that are worth
// showing, fastest first; often there are fewer. Each leads over one node of the
// hierarchy that searches from both places come to. It returns an [*UnreachableError]
// when closures leave no path.
func (g *Graph) Alternatives(from, to Snap, count int) ([]Path, error) {
	for _, s := range [...]Snap{from, to} {
		if err := g.checkSnap(s); err != nil {
			return nil, fmt.Errorf("alternatives: %w", err)
		}
	}
	q, second := g.query(), g.query()
	defer g.rest(q)
	defer g.rest(second)
	best, arc := g.direct(from, to)
	q.begin(g, from, to)
	if meet, cost := q.climb(g, best, stretchSlack); meet >= 0 {
		best = cost
		if err := q.unpack(g, meet); err != nil {
			return nil, fmt.Errorf("alternatives: %w", err)
		}
	} else {
		q.path = append(q.path[:0], arc)
	}
	if best == unreached {
		return nil, g.unreachable(from, to)
	}
	paths := []Path{g.path(q.path, best, from, to)}
	shown := make(map[int32]bool)
	for _, a := range q.path {
		shown[g.base(a)] = true
	}
	slices.SortFunc(q.met, func(a, b int32) int {
		return cmp.Or(cmp.Compare(q.out[a].cost+q.in[a].cost, q.out[b].cost+q.in[b].cost), cmp.Compare(a, b))
	})
	for _, x := range q.met {
		cost := q.out[x].cost + q.in[x].cost
		if len(paths) >= count || cost > best+best>>stretchSlack {
			break
		}
		if err := q.unpack(g, x); err != nil {
			return nil, fmt.Errorf("alternatives: %w", err)
		}
		if !q.differs(g, shown, best, from, to) || !q.isLocallyBest(g, second, x, best, from) {
			continue
		}
		paths = append(paths, g.path(q.path, cost, from, to))
		for _, a := range q.path {
			shown[g.base(a)] = true
		}
	}
	return paths, nil
}

// differs says whether the path has little in common with those shown.
func (q *query) differs(g *Graph, shown map[int32]bool, best packedCost, from, to Snap) bool {
	shared := int64(0)
	for i, a := range q.path {
		first, last := 0.0, 1.0
		if i == 0 {
			first = shareAlong(a, from)
		}
		if i == len(q.path)-1 {
			last = shareAlong(a, to)
		}
		if shown[g.base(a)] {
			shared += int64(g.cost[a>>1].part(first, last) >> timeShift)
		}
	}
	return float64(shared) <= mostShared*float64(best>>timeShift)
}

// isLocallyBest says whether the path, which leads over node x, is a fastest one for a
// while before and after, and drives no arc twice.
func (q *query) isLocallyBest(g *Graph, second *query, x int32, best packedCost, from Snap) bool {
	if sorted := slices.Sorted(slices.Values(q.path)); len(slices.Compact(sorted)) < len(q.path) {
		return false
	}
	at := make([]packedCost, len(q.path)) // cost to the beginning of each arc
	for i := 1; i < len(q.path); i++ {
		a := q.path[i-1]
		drive := g.cost[a>>1]
		if i == 1 {
			drive = drive.part(shareAlong(a, from), 1)
		}
		at[i] = at[i-1] + drive + g.turnCost[g.turnKind(a, q.path[i])]
	}
	middle := slices.Index(q.path, g.topology.arc[x])
	while := best / localOptimal
	first, last := middle, middle
	for first > 1 && at[middle]-at[first] < while {
		first--
	}
	for last < len(q.path)-1 && at[last]-at[middle] < while {
		last++
	}
	return second.between(g, q.path[first], q.path[last]) == at[last]-at[first]
}

// between returns the cost from the beginning of one arc to that of another.
func (q *query) between(g *Graph, from, to int32) packedCost {
	x, z := g.topology.rank[from], g.topology.rank[to]
	q.fromOut, q.fromIn = append(q.fromOut[:0], x), append(q.fromIn[:0], z)
	q.out[x], q.in[z] = searchLabel{0, begins, begins}, searchLabel{0, begins, begins}
	_, cost := q.climb(g, unreached, onlyBest)
	q.clear()
	return cost
}
