package roads

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// boundZone is a zone that the vehicle is not clean enough for.
type boundZone struct {
	*Zone
	box     orb.Bound
	isTimed bool
}

// timedBy says by what the rules of an edge depend on the moment, beside its way.
type timedBy struct{ zones []int32 }

// rule finds what ways say to the vehicle, and which zones bind it.
func (b *builder) rule() {
	b.isDriven = make([]bool, len(b.n.Ways))
	b.anyTime, b.ever = make(map[int32]*Way), make(map[int32]*Way)
	for i := range b.n.Ways {
		w := &b.n.Ways[i]
		if len(w.Conditionals) > 0 {
			ever, anyTime := b.p.ruled(w, view{timeless: permitting}), b.p.ruled(w, b.p.anyTime())
			b.ever[int32(i)], b.anyTime[int32(i)] = &ever, &anyTime
			w = &ever
		}
		b.isDriven[i] = (w.Forward|w.Backward)&b.p.Needs != 0 && b.p.drives(w)
	}
	for i := range b.n.Zones {
		z := &b.n.Zones[i]
		c, err := parseCondition(z.When)
		if err != nil || z.Applies&b.p.Needs == 0 || b.p.Emission == 0 || b.p.Emission >= z.Least {
			continue
		}
		if counts, sometimes := c.weighs(&b.p, view{timeless: unless}); counts {
			b.zones = append(b.zones, boundZone{z, z.Polygon.Bound(), sometimes})
		}
	}
}

// ruleEdge finds in which directions an edge may be driven at some time, and what it is.
func (b *builder) ruleEdge(e int32) {
	way := b.edges[e].way
	w := &b.n.Ways[way]
	if ever, ok := b.ever[way]; ok {
		w = ever
	}
	b.open[2*e], b.open[2*e+1] = w.Forward&b.p.Needs != 0, w.Backward&b.p.Needs != 0
	b.traits[e] = traitsOf(b.now(e), &b.p)
	b.hasPrivate = b.hasPrivate || b.traits[e]&traitPrivate != 0
	var zones []int32
	for i := range b.zones {
		z := &b.zones[i]
		if p := b.middle(e); !z.box.Contains(p) || !planar.PolygonContains(z.Polygon, p) {
			continue
		}
		if !z.isTimed {
			b.open[2*e], b.open[2*e+1] = false, false
		}
		zones = append(zones, int32(i))
	}
	if len(zones) > 0 || b.p.isTimed(&b.n.Ways[way]) {
		b.timed[e] = timedBy{zones}
	}
}

// now returns what the way of an edge says at any time, without zones.
func (b *builder) now(e int32) *Way {
	way := b.edges[e].way
	if w, ok := b.anyTime[way]; ok {
		return w
	}
	return &b.n.Ways[way]
}

// middle returns the point at half the length of an edge. By that it is in a zone or not, so
// that a street along the border is as it is drawn.
func (b *builder) middle(e int32) orb.Point {
	edge := b.edges[e]
	nodes := b.n.Ways[edge.way].Nodes[edge.first : edge.last+1]
	line := make([]orb.Point, len(nodes))
	for i, v := range nodes {
		line[i] = b.n.Nodes[v]
	}
	return pointAt(line, length(line)/2)
}

// zoned returns the way of an edge with the zones that it is in among its conditionals.
func (b *builder) zoned(e int32) Way {
	w := b.n.Ways[b.edges[e].way]
	w.Conditionals = slices.Clone(w.Conditionals)
	for _, i := range b.timed[e].zones {
		w.Conditionals = append(w.Conditionals, Conditional{When: b.zones[i].When, Forward: b.p.Needs, Backward: b.p.Needs})
	}
	return w
}

// openAt returns which arcs may be driven in a view.
func (b *builder) openAt(v view) []bool {
	open := slices.Clone(b.open)
	for e := range b.timed {
		zoned := b.zoned(e)
		w := b.p.ruled(&zoned, v)
		forward, backward := b.p.admitted(&w)
		close := func(e int32) {
			open[2*e], open[2*e+1] = open[2*e] && forward, open[2*e+1] && backward
		}
		close(e)
		for i := b.firstCopy[e]; i > 0; i = b.copies[i-1].next {
			close(int32(len(b.edges)) + i - 1)
		}
	}
	return open
}

// admitted says in which directions a vehicle may drive on a way without conditionals.
func (p *Profile) admitted(w *Way) (forward, backward bool) {
	drives := p.drives(w)
	return drives && w.Forward&p.Needs != 0, drives && w.Backward&p.Needs != 0
}

// speed returns metres a second on a way that the vehicle drives.
func (b *builder) speed(w *Way) float64 {
	if w.Seconds == 0 {
		return b.p.speed(w)
	}
	line := make([]orb.Point, len(w.Nodes))
	for i, v := range w.Nodes {
		line[i] = b.n.Nodes[v]
	}
	return math.Max(length(line)/float64(w.Seconds), slowestFerry)
}

// slowestFerry keeps what a part of a ferry's way takes within what a cost can hold, in
// metres a second.
const slowestFerry = 0.01

// timed is what of a graph depends on the moment.
type timed struct {
	Whens []string // conditions of restrictions
	Ways  []Way    // rules, zones among them, without nodes and names
	Edges []timedEdge
	Turns []timedTurn
}

// timedEdge is an edge or a copy with its way.
type timedEdge struct{ Edge, Way int32 }

// timedTurn is a turn, as an index into Graph.turns, that restrictions speak of at times.
type timedTurn struct {
	Turn  int32
	Rules []turnRule
}

// layTimes lays out what depends on the moment. Edges next to each other on a way share its
// rules when they are in the same zones.
func (b *builder) layTimes(g *Graph, number []int32) {
	g.timed.Whens = b.whens
	before, zones := int32(-1), []int32(nil)
	for e := range int32(len(b.edges)) {
		by, ok := b.timed[e]
		if !ok || number[e] < 0 {
			continue
		}
		if way := b.edges[e].way; way != before || !slices.Equal(zones, by.zones) {
			w := b.zoned(e)
			w.Nodes, w.Name, w.Ref = nil, "", ""
			g.timed.Ways = append(g.timed.Ways, w)
			before, zones = way, by.zones
		}
		w := int32(len(g.timed.Ways) - 1)
		g.timed.Edges = append(g.timed.Edges, timedEdge{number[e], w})
		first, end := g.copies(number[e])
		for x := first; x < end; x++ {
			g.timed.Edges = append(g.timed.Edges, timedEdge{x, w})
		}
	}
}
