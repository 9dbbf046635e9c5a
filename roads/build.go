package roads

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

// maxExtent is the largest diagonal of a network in metres; see packedCost.
const maxExtent = 600_000

// Build makes a graph of a network for a vehicle: the streets it may drive, cut
// at junctions; the turns that are allowed; and of these the largest part in
// which every street can be reached from every other. It returns a
// [*problem.Error] when the network is inconsistent, too large, or holds no
// street for the vehicle.
func Build(n *Network, p Profile) (*Graph, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	b := builder{n: n, p: p}
	b.rule()
	b.cut()
	if len(b.edges) == 0 {
		return nil, problem.New(problem.Invalid, "roads.graph.empty", "No street of the network may be driven by a %s.", p.Name).
			Do("Import an extract with streets, or look at the profile's speeds, weight and sizes.")
	}
	if d := b.extent(); d > maxExtent {
		return nil, problem.New(problem.Invalid, "roads.graph.extent", "The streets reach over %.0f km; at most %d km can be planned.", d/1000, maxExtent/1000).
			Do("Cut the extract to the city and its surroundings, for instance with osmium extract.")
	}
	b.findRestrictions()
	b.findHistories()
	b.copyStates()
	b.keepComponent()
	if !slices.Contains(b.steady, true) {
		return nil, problem.New(problem.Invalid, "roads.graph.unconnected", "No two streets of the network can be driven between and back by a %s.", p.Name).
			Do("Import an extract with connected streets.")
	}
	return b.graph(), nil
}

// builder holds what is between a network and its graph. Arcs are numbered as in
// a graph: edge e drawn forward is 2e, backward 2e+1. The copies come after the edges.
type builder struct {
	n *Network
	p Profile

	// What ways with conditionals say at any time, and what they say at some time. The others
	// say the same always.
	anyTime, ever map[int32]*Way
	isDriven      []bool // by way: at some time
	zones         []boundZone
	whens         []string // conditions of restrictions

	edges    []rawEdge
	wayEdges []int32 // way w has edges wayEdges[w] to wayEdges[w+1]
	vertices int32   // network nodes, and a number of its own for each end at a barrier
	degree   []uint8 // by vertex: edges that are not private and meet there, at most 255

	outFrom []int32 // arcs that leave vertex v: out[outFrom[v]:outFrom[v+1]]
	out     []int32
	heading []heading // by arc

	bound     map[int32][]boundTurn // by node
	over      []boundTurn           // over ways
	histories *histories
	rules     []turnRule // room for those of one turn

	copies     []edgeCopy
	firstCopy  []int32           // by edge: its last copy + 1
	states     []state           // by arc of a copy
	stateArc   map[copied]int32  // copies by their state; nil when there are none
	timed      map[int32]timedBy // by edge: what its rules depend on the moment by
	hasPrivate bool

	traits   []trait // by edge or copy
	open     []bool  // by arc: may be driven at some time
	steady   []bool  // by arc: at any time
	leads    []bool  // by arc that is no copy: leads on, for who wants to turn back only at dead ends
	turnFrom []int32
	turns    []turn
	stats    Stats
}

// trait is what is special about an edge, as a set.
type trait uint8

const (
	traitForwardDestination  trait = 1 << iota // its arc in drawing order is for destination traffic
	traitBackwardDestination                   // that against it
	traitPrivate
	traitInside        // it is a copy, driven by who came onto private streets from others
	traitForwardFirst  // no trip from elsewhere comes to its arc in drawing order: trips only begin on it
	traitBackwardFirst // nor to that against it
)

// destination says whether an arc of the edge is for destination traffic.
func (t trait) destination(arc int32) bool { return t&(traitForwardDestination<<(arc&1)) != 0 }

// isFirst says whether trips only begin on an arc of the edge.
func (t trait) isFirst(arc int32) bool { return t&(traitForwardFirst<<(arc&1)) != 0 }

// setFirst writes down on which arcs trips only begin.
func setFirst(traits []trait, begins []bool) {
	for e := range traits {
		traits[e] &^= traitForwardFirst | traitBackwardFirst
		for arc := 2 * e; arc <= 2*e+1 && begins != nil; arc++ {
			if begins[arc] {
				traits[e] |= traitForwardFirst << (arc & 1)
			}
		}
	}
}

func traitsOf(w *Way, p *Profile) (t trait) {
	if w.Forward&AccessDestination != 0 {
		t |= traitForwardDestination
	}
	if w.Backward&AccessDestination != 0 {
		t |= traitBackwardDestination
	}
	if w.Private&p.Needs != 0 {
		t |= traitPrivate
	}
	return t
}

// rawEdge is a piece of a way between two junctions.
type rawEdge struct {
	way         int32
	first, last int32 // indexes into the way's nodes
	from, to    int32 // vertices
}

// heading is the direction of an arc where it begins and where it ends, east and north.
type heading struct{ start, end [2]float32 }

// cut makes edges of the ways that the vehicle drives. A barrier that stops it
// gives each edge an end of its own.
func (b *builder) cut() {
	n := b.n
	use := make([]uint8, len(n.Nodes))
	add := func(v int32, k uint8) { use[v] += min(k, 255-use[v]) }
	for i := range n.Ways {
		w := &n.Ways[i]
		if !b.isDriven[i] {
			continue
		}
		for _, v := range w.Nodes {
			add(v, 1)
		}
		add(w.Nodes[0], 1)
		add(w.Nodes[len(w.Nodes)-1], 1)
	}
	stops := make(map[int32]bool)
	for i := range n.Barriers {
		if bar := &n.Barriers[i]; use[bar.Node] > 0 && !b.p.passes(bar) {
			stops[bar.Node] = true
		}
	}
	b.stats.Barriers = len(stops)
	b.vertices = int32(len(n.Nodes))
	vertex := func(v int32) int32 {
		if !stops[v] {
			return v
		}
		b.vertices++
		return b.vertices - 1
	}
	b.wayEdges = make([]int32, len(n.Ways)+1)
	for i := range n.Ways {
		b.wayEdges[i+1] = int32(len(b.edges))
		w := &n.Ways[i]
		if !b.isDriven[i] {
			continue
		}
		first := 0
		for k := 1; k < len(w.Nodes); k++ {
			if k < len(w.Nodes)-1 && use[w.Nodes[k]] < 2 && !stops[w.Nodes[k]] {
				continue
			}
			if !b.isPoint(w, first, k) {
				b.edges = append(b.edges, rawEdge{
					way: int32(i), first: int32(first), last: int32(k),
					from: vertex(w.Nodes[first]), to: vertex(w.Nodes[k]),
				})
			}
			first = k
		}
		b.wayEdges[i+1] = int32(len(b.edges))
	}
	b.link()
}

// isPoint says whether a piece of a way has no length to drive.
func (b *builder) isPoint(w *Way, first, last int) bool {
	for k := first + 1; k <= last; k++ {
		if b.n.Nodes[w.Nodes[k]] != b.n.Nodes[w.Nodes[first]] {
			return false
		}
	}
	return true
}

// link lists the arcs that leave each vertex, and measures their directions.
func (b *builder) link() {
	arcs := 2 * len(b.edges)
	b.open, b.traits, b.firstCopy = make([]bool, arcs), make([]trait, len(b.edges)), make([]int32, len(b.edges))
	b.timed = make(map[int32]timedBy)
	b.heading = make([]heading, arcs)
	b.degree = make([]uint8, b.vertices)
	b.outFrom = make([]int32, b.vertices+1)
	for e, edge := range b.edges {
		b.ruleEdge(int32(e))
		for _, v := range [...]int32{edge.from, edge.to} {
			if b.traits[e]&traitPrivate == 0 {
				b.degree[v] += min(1, 255-b.degree[v])
			}
			b.outFrom[v+1]++
		}
		nodes := b.n.Ways[edge.way].Nodes[edge.first : edge.last+1]
		start, end := b.direction(nodes), b.direction(reversed(nodes))
		b.heading[2*e] = heading{start, opposite(end)}
		b.heading[2*e+1] = heading{end, opposite(start)}
	}
	for v := range b.vertices {
		b.outFrom[v+1] += b.outFrom[v]
	}
	b.out = make([]int32, arcs)
	fill := slices.Clone(b.outFrom[:b.vertices])
	for e, edge := range b.edges {
		b.out[fill[edge.from]] = int32(2 * e)
		fill[edge.from]++
		b.out[fill[edge.to]] = int32(2*e + 1)
		fill[edge.to]++
	}
}

func reversed(nodes []int32) []int32 {
	r := slices.Clone(nodes)
	slices.Reverse(r)
	return r
}

func opposite(d [2]float32) [2]float32 { return [2]float32{-d[0], -d[1]} }

// direction returns where a line of nodes sets out to: towards its first point
// that is at least ten metres away, since the last metres before a junction are
// often drawn askew.
func (b *builder) direction(nodes []int32) [2]float32 {
	p := b.n.Nodes[nodes[0]]
	q := p
	for _, v := range nodes[1:] {
		q = b.n.Nodes[v]
		if meters(p, q) >= 10 {
			break
		}
	}
	return [2]float32{float32((q[0] - p[0]) * math.Cos(p[1]*math.Pi/180)), float32(q[1] - p[1])}
}

// extent returns the diagonal in metres of the box around the streets, or the
// length of the longest piece of street if that is more.
func (b *builder) extent() float64 {
	box := orb.Bound{Min: b.n.Nodes[b.n.Ways[b.edges[0].way].Nodes[0]]}
	box.Max = box.Min
	for _, e := range b.edges {
		for _, v := range b.n.Ways[e.way].Nodes {
			box = box.Extend(b.n.Nodes[v])
		}
	}
	longest := meters(box.Min, box.Max)
	for _, e := range b.edges {
		nodes, sum := b.n.Ways[e.way].Nodes[e.first:e.last+1], 0.0
		for i := 1; i < len(nodes); i++ {
			sum += meters(b.n.Nodes[nodes[i-1]], b.n.Nodes[nodes[i]])
		}
		longest = max(longest, sum)
	}
	return longest
}

// keepComponent leaves the arcs that can be reached from everywhere and come back from.
// Where a vehicle may turn back only at a dead end, what counts as one depends on
// what can be driven: a street whose only continuation leads out of the map, one
// way, ends there. So a first round lets it turn everywhere, and what even then
// cannot be driven and come back from is no continuation in the second.
//
// What is driven at some time is kept as well, so that a graph of that time needs no other
// hierarchy.
func (b *builder) keepComponent() {
	b.stats.DrivableEdges = len(b.edges)
	b.steady = b.openAt(b.p.anyTime())
	if b.p.UTurns == UTurnDeadEnd {
		b.connect(UTurnAnywhere)
		b.reach()
	}
	b.findLeads()
	b.connect(b.p.UTurns)
	b.reach()
	b.findLeads()
	b.connect(b.p.UTurns)
}

func (b *builder) findLeads() {
	b.leads = make([]bool, 2*len(b.edges))
	for a, is := range b.steady {
		if is {
			b.leads[b.base(int32(a))] = true
		}
	}
}

// reach closes the arcs that no trips are made of.
func (b *builder) reach() {
	d := drive{turnFrom: b.turnFrom, turns: b.turns, open: b.steady}
	for _, c := range b.copies {
		d.copyOf = append(d.copyOf, c.of)
	}
	if b.hasPrivate {
		d.traits = b.traits
	}
	var begins []bool
	b.steady, begins = d.reach()
	setFirst(b.traits, begins)
	if !b.hasTimes() {
		b.open = slices.Clone(b.steady)
		return
	}
	d.open, d.shut = b.open, true
	b.open, _ = d.reach()
	for a, is := range b.steady {
		b.open[a] = b.open[a] || is
	}
}

// hasTimes says whether anything depends on the moment.
func (b *builder) hasTimes() bool { return len(b.timed) > 0 || len(b.whens) > 0 }

// graph lays out the open arcs flat and numbers them anew, copies last and in order of what
// they are of.
func (b *builder) graph() *Graph {
	g := &Graph{profile: b.p, turnCost: b.p.turnCosts(), names: []string{""}, shape: []int32{0}, queries: new(sync.Pool), climbers: new(sync.Pool)}
	number := make([]int32, len(b.open)/2)
	for e := range number {
		number[e] = -1
	}
	names := map[string]int32{"": 0}
	intern := func(s string) int32 {
		if _, ok := names[s]; !ok {
			names[s] = int32(len(g.names))
			g.names = append(g.names, s)
		}
		return names[s]
	}
	seen := make(map[int32]bool)
	var copies []int32
	for e, edge := range b.edges {
		w := b.now(int32(e))
		start := len(g.points)
		for _, v := range w.Nodes[edge.first : edge.last+1] {
			if p := b.n.Nodes[v]; len(g.points) == start || g.points[len(g.points)-1] != p {
				g.points = append(g.points, p)
			}
		}
		long := length(g.points[start:])
		kept := b.isKept(int32(e))
		first := len(copies)
		for i := b.firstCopy[e]; i > 0; i = b.copies[i-1].next {
			if x := int32(len(b.edges)) + i - 1; b.isKept(x) {
				copies, kept = append(copies, x), true
			}
		}
		slices.Sort(copies[first:])
		if !kept {
			g.points = g.points[:start]
			b.stats.DroppedEdges++
			b.stats.DroppedMeters += long
			continue
		}
		number[e] = int32(len(g.cost))
		g.cost = append(g.cost, driveCost(long, b.speed(w)))
		g.shape = append(g.shape, int32(len(g.points)))
		g.label = append(g.label, label{way: w.ID, name: intern(w.Name), ref: intern(w.Ref)})
		g.class = append(g.class, w.Class)
		g.traits = append(g.traits, b.traits[e])
		b.stats.Meters += long
		seen[edge.from], seen[edge.to] = true, true
	}
	b.stats.Edges = len(g.cost)
	for _, x := range copies {
		e := number[b.copies[x-int32(len(b.edges))].of]
		number[x] = int32(len(g.cost))
		g.copyOf = append(g.copyOf, e)
		g.points = append(g.points, g.edgePoints(e)...)
		g.cost, g.shape, g.label = append(g.cost, g.cost[e]), append(g.shape, int32(len(g.points))), append(g.label, g.label[e])
		g.class, g.traits = append(g.class, g.class[e]), append(g.traits, b.traits[x])
	}
	g.open = make([]bool, 2*len(g.cost))
	ranked := make([]bool, 2*len(g.cost))
	b.stats.Arcs = 0
	for a, is := range b.open {
		if is {
			x := 2*number[a>>1] + int32(a&1)
			g.open[x], ranked[x] = b.steady[a], true
		}
	}
	for a := range int32(2 * b.stats.Edges) {
		if g.open[a] {
			b.stats.Arcs++
		}
	}
	b.layTurns(g, number)
	b.layTimes(g, number)
	b.stats.Nodes, b.stats.Turns = len(seen), len(g.turns)
	b.stats.Share = b.stats.Meters / (b.stats.Meters + b.stats.DroppedMeters)
	g.stats = b.stats
	g.points, g.turns, g.label = slices.Clone(g.points), slices.Clone(g.turns), slices.Clone(g.label) // without room to grow
	g.cells = newGrid(g)
	g.topology = newTopology(g, ranked, b.order(number))
	g.up, g.down = g.topology.customize(g, runtime.GOMAXPROCS(0))
	return g
}

// isKept says whether an edge or a copy has an arc in the graph.
func (b *builder) isKept(e int32) bool { return b.open[2*e] || b.open[2*e+1] }

// layTurns lays out the turns of the graph's arcs.
func (b *builder) layTurns(g *Graph, number []int32) {
	from := make([]int32, 2*len(g.cost)) // the builder's arc
	for a := range int32(len(b.open)) {
		if e := number[a>>1]; e >= 0 {
			from[2*e+a&1] = a
		}
	}
	g.turnFrom = []int32{0}
	for _, a := range from {
		for _, t := range b.turns[b.turnFrom[a]:b.turnFrom[a+1]] {
			c := t.arc()
			g.turns = append(g.turns, makeTurn(number[c>>1]<<1|c&1, t.kind())|t&turnShut)
		}
		first := len(g.turns) - int(b.turnFrom[a+1]-b.turnFrom[a])
		// In order of arc, so that a search does not depend on how vertices were listed.
		slices.Sort(g.turns[first:])
		for i := first; i < len(g.turns) && len(b.whens) > 0; i++ {
			c := b.base(from[g.turns[i].arc()])
			rules := b.turnRules(nil, b.head(a), a, c)
			if slices.ContainsFunc(rules, func(r turnRule) bool { return r.When >= 0 }) {
				g.timed.Turns = append(g.timed.Turns, timedTurn{int32(i), rules})
			}
		}
		g.turnFrom = append(g.turnFrom, int32(len(g.turns)))
	}
}

// order dissects the edges of the graph, which are numbered as said.
func (b *builder) order(number []int32) []int32 {
	var (
		ends   [][2]int32
		at     []orb.Point
		weight []uint8
		known  = make([]int32, b.vertices) // junction + 1
	)
	edges := make([]int32, 0, len(number)) // the builder's, in the order of the graph
	for e := range int32(len(number)) {
		if number[e] >= 0 {
			edges = append(edges, e)
		}
	}
	slices.SortFunc(edges, func(d, e int32) int { return cmp.Compare(number[d], number[e]) })
	for _, e := range edges {
		edge := b.edges[b.base(2*e)>>1]
		nodes := b.n.Ways[edge.way].Nodes
		var pair [2]int32
		for i, v := range [...]int32{edge.from, edge.to} {
			if known[v] == 0 {
				p := b.n.Nodes[nodes[[...]int32{edge.first, edge.last}[i]]]
				at = append(at, orb.Point{p[0] * math.Cos(p[1]*math.Pi/180), p[1]})
				known[v] = int32(len(at))
			}
			pair[i] = known[v] - 1
		}
		ends = append(ends, pair)
		arcs := uint8(0)
		for a := 2 * e; a <= 2*e+1; a++ {
			if b.open[a] {
				arcs++
			}
		}
		weight = append(weight, arcs)
	}
	return dissect(ends, at, weight, runtime.GOMAXPROCS(0))
}
