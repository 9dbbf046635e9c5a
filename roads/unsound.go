package roads

import "math"

// unsound returns what is wrong with the arrays of a graph that was opened, "" when
// nothing is: that every number that points somewhere points into its array, and that
// the hierarchy is one, so that searches up it end. It reads every array about once.
func (g *Graph) unsound() string {
	for _, why := range [...]func() string{g.unsoundEdges, g.unsoundTurns, g.unsoundTimes, g.unsoundGrid} {
		if s := why(); s != "" {
			return s
		}
	}
	t := g.topology
	first, why := t.unsoundTree()
	if why == "" {
		why = t.unsoundLinks(first)
	}
	if why == "" {
		why = t.unsoundTurnLinks(g)
	}
	if why == "" {
		why = t.unsoundWeights(&g.up, &g.down)
	}
	return why
}

// unsoundEdges looks at what is by edge, and at the arcs.
func (g *Graph) unsoundEdges() string {
	edges, arcs, nodes := len(g.cost), len(g.open), len(g.topology.arc)
	if edges == 0 || nodes == 0 || edges > math.MaxInt32/2 || arcs != 2*edges || len(g.label) != edges || len(g.class) != edges ||
		len(g.traits) != edges || len(g.copyOf) >= edges || len(g.topology.rank) != arcs ||
		g.stats.Edges != edges-len(g.copyOf) || g.stats.Turns != len(g.turns) {
		return "its counts of edges differ"
	}
	of := int32(0)
	for _, e := range g.copyOf {
		if e < of || e >= g.edges() {
			return "a copy is of no edge"
		}
		of = e
	}
	if !isPartition(g.shape, edges, len(g.points), 2) {
		return "the corners of an edge are not its own"
	}
	for _, p := range g.points {
		if !onEarth(p) {
			return "a corner is not on the earth"
		}
	}
	names := int32(len(g.names))
	for e, l := range g.label {
		if l.name < 0 || l.name >= names || l.ref < 0 || l.ref >= names || int(g.class[e]) >= classCount || g.cost[e] >= unreached {
			return "an edge has a name, a class or a cost that cannot be"
		}
	}
	for _, b := range bytesOf(g.open) { // before anybody reads it as a bool
		if b > 1 {
			return "an arc is neither open nor closed"
		}
	}
	rank, arc := g.topology.rank, g.topology.arc
	ranked := 0
	for a, x := range rank {
		switch {
		case x < -1 || int(x) >= nodes || x >= 0 && arc[x] != int32(a):
			return "the order of the arcs is none"
		case x >= 0:
			ranked++
		case g.open[a]:
			return "an open arc is not in the hierarchy"
		}
	}
	if ranked != nodes { // so that every node has the arc that has its rank
		return "the order of the arcs is none"
	}
	return ""
}

// isPartition says whether from cuts an array into count pieces, each at least so long.
func isPartition(from []int32, count, length int, least int32) bool {
	if len(from) != count+1 || from[0] != 0 || int(from[count]) != length {
		return false
	}
	for i := range count {
		if from[i] > math.MaxInt32-least || from[i+1] < from[i]+least {
			return false
		}
	}
	return true
}

func (g *Graph) unsoundTurns() string {
	if !isPartition(g.turnFrom, len(g.open), len(g.turns), 0) {
		return "the turns of an arc are not its own"
	}
	rank := g.topology.rank
	for a, x := range rank {
		for _, u := range g.turns[g.turnFrom[a]:g.turnFrom[a+1]] {
			if b := u.arc(); x < 0 || int(b) >= len(rank) || rank[b] < 0 {
				return "a turn leads from or to an arc that is not in the hierarchy"
			}
		}
	}
	return ""
}

// unsoundTimes looks at what depends on the moment.
func (g *Graph) unsoundTimes() string {
	t := &g.timed
	for _, e := range t.Edges {
		if e.Edge < 0 || int(e.Edge) >= len(g.cost) || e.Way < 0 || int(e.Way) >= len(t.Ways) {
			return "the rules of an edge are nowhere"
		}
	}
	for i := range t.Ways {
		if int(t.Ways[i].Class) >= classCount {
			return "a rule is of no class of street"
		}
		for _, c := range t.Ways[i].Conditionals {
			if checkCondition(c.When) != nil {
				return "a condition cannot be read"
			}
		}
	}
	for _, when := range t.Whens {
		if checkCondition(when) != nil {
			return "a condition cannot be read"
		}
	}
	for _, u := range t.Turns {
		if u.Turn < 0 || int(u.Turn) >= len(g.turns) {
			return "a rule is of no turn"
		}
		for _, r := range u.Rules {
			if int(r.When) >= len(t.Whens) {
				return "a rule of a turn is of no time"
			}
		}
	}
	return ""
}

func (g *Graph) unsoundGrid() string {
	c := &g.cells
	if c.columns == 0 && c.rows == 0 && len(c.from) == 0 && len(c.segments) == 0 {
		return "" // a vehicle that may stop nowhere
	}
	isWidth := func(v float64) bool { return v > 0 && v < math.MaxFloat32 }
	if c.columns < 1 || c.rows < 1 || c.columns > maxCells || c.rows > maxCells || c.columns*c.rows > maxCells ||
		!onEarth(c.min) || !isWidth(c.width) || !isWidth(c.height) || !isWidth(c.reach) ||
		!isPartition(c.from, c.columns*c.rows, len(c.segments), 0) {
		return "the grid of its streets has not the cells that it should"
	}
	last := g.shape[g.edges()] - 1 // places are not on copies
	for _, s := range c.segments {
		if s < 0 || s >= last {
			return "a cell lists a street that is not there"
		}
	}
	return ""
}

// mostDeep bounds how deep query.walk calls itself: with each call it comes to a node
// below. Dissected, a million junctions are some thousand deep.
const mostDeep = 1 << 20

// unsoundTree looks whether the nodes are numbered as postorder numbers them: all below
// a node directly before it. It returns the first of the nodes below each.
func (t *topology) unsoundTree() (first []int32, why string) {
	n := int32(len(t.arc))
	if len(t.parent) != int(n) {
		return nil, "its counts of nodes differ"
	}
	first = make([]int32, n)
	var waiting []int32 // nodes whose parent is still to come, ascending
	for x := range n {
		if p := t.parent[x]; p != -1 && (p <= x || p >= n) {
			return nil, "a node of the hierarchy has no place in it"
		}
		first[x] = x
		for len(waiting) > 0 && t.parent[waiting[len(waiting)-1]] == x {
			first[x] = first[waiting[len(waiting)-1]]
			waiting = waiting[:len(waiting)-1]
		}
		if t.parent[x] >= 0 {
			waiting = append(waiting, x)
		} else if len(waiting) > 0 {
			return nil, "a node of the hierarchy does not stand below its parent"
		}
	}
	if len(waiting) > 0 {
		return nil, "a node of the hierarchy does not stand below its parent"
	}
	depth := make([]int32, n)
	for x := n - 1; x >= 0; x-- {
		if p := t.parent[x]; p >= 0 {
			depth[x] = depth[p] + 1
		}
		if depth[x] > mostDeep {
			return nil, "the hierarchy is too deep"
		}
	}
	return first, ""
}

// unsoundLinks looks whether the links of a node ascend and lead to nodes that it is below.
func (t *topology) unsoundLinks(first []int32) string {
	n := int32(len(t.arc))
	for _, l := range [...]*links{&t.up, &t.down} {
		if !isPartition(l.from, int(n), len(l.other), 0) {
			return "the links of a node are not its own"
		}
		for x := range n {
			before := x
			for _, z := range l.of(x) {
				if z <= before || z >= n || first[z] > x {
					return "a link does not lead up the hierarchy"
				}
				before = z
			}
		}
	}
	return ""
}

// unsoundTurnLinks looks whether the link of a turn joins the arcs that the turn does.
func (t *topology) unsoundTurnLinks(g *Graph) string {
	if len(t.turnLink) != len(g.turns) {
		return "its counts of turns differ"
	}
	joins := func(l *links, k, low, high int32) bool {
		return k >= l.from[low] && k < l.from[low+1] && l.other[k] == high
	}
	for a, x := range t.rank {
		for i := g.turnFrom[a]; i < g.turnFrom[a+1]; i++ {
			z, k, ok := t.rank[g.turns[i].arc()], t.turnLink[i], false
			switch {
			case z > x:
				ok = joins(&t.up, k, x, z)
			case z < x:
				ok = joins(&t.down, ^k, z, x)
			default:
				ok = k == noLink
			}
			if !ok {
				return "a turn is another link"
			}
		}
	}
	return ""
}

// unsoundWeights looks whether costs can be and ways lead down. Whether a way is one is
// left to query.walk: to look for all of them takes four times as long as all else here.
func (t *topology) unsoundWeights(up, down *weights) string {
	for _, d := range [...]struct {
		*links
		*weights
	}{{&t.up, up}, {&t.down, down}} {
		if len(d.cost) != len(d.other) || len(d.via) != len(d.other) {
			return "its counts of links differ"
		}
		for _, c := range d.cost {
			if c > unreached {
				return "a link costs what cannot be"
			}
		}
		for x := range int32(len(t.arc)) {
			for _, m := range d.via[d.from[x]:d.from[x+1]] {
				if m < isTurn || m >= x {
					return "the way of a link does not lead over a lower node"
				}
			}
		}
	}
	return ""
}
