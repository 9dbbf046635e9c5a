package synth

import (
	"cmp"
	"math"
	"slices"

	"polder.city/roads"
)

// mesh is the drawing while it grows: nodes, the straight edges between them and
// the streets that edges belong to. An index of square cells finds what is near.
// Where two streets cross they share a node, unless one goes over the other.
type mesh struct {
	nodes   []vec
	degree  []int32
	edges   []edge
	streets []street
	water   []shape

	lo         vec
	cols, rows int
	cells      [][]int32 // edges by cell; an edge that was split stays where its whole was
	stamp      []int32   // per edge: the last query that met it
	query      int32
}

// edge is a straight piece of a street, in its drawing order from a to b.
type edge struct {
	a, b   int32
	street int32
	tail   int32 // the edge that follows after a split, or -1
	bridge bool
	gone   bool
}

// street is what a line of edges has in common.
type street struct {
	name, ref         string
	class             roads.Class
	forward, backward roads.Access
	speed             uint8
	district          int32 // index of the district whose own street it is, or -1
	like              int32 // one more than the street whose name it shares; 0: it has its own
}

const cellSize = 120 // metres

func newMesh(lo, hi vec) *mesh {
	m := &mesh{lo: lo}
	m.cols, m.rows = int((hi.x-lo.x)/cellSize)+1, int((hi.y-lo.y)/cellSize)+1
	m.cells = make([][]int32, m.cols*m.rows)
	return m
}

// box calls f for the cells of the box around a and b, widened by w metres.
func (m *mesh) box(a, b vec, w float64, f func(cell int)) {
	clamp := func(f float64, n int) int { return min(max(int(f/cellSize), 0), n-1) }
	x0, x1 := clamp(min(a.x, b.x)-w-m.lo.x, m.cols), clamp(max(a.x, b.x)+w-m.lo.x, m.cols)
	y0, y1 := clamp(min(a.y, b.y)-w-m.lo.y, m.rows), clamp(max(a.y, b.y)+w-m.lo.y, m.rows)
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			f(y*m.cols + x)
		}
	}
}

// near calls f once for each edge that may lie within w metres of the segment ab.
func (m *mesh) near(a, b vec, w float64, f func(e int32)) {
	m.query++
	m.box(a, b, w, func(cell int) {
		for _, e := range m.cells[cell] {
			if m.stamp[e] != m.query && !m.edges[e].gone {
				m.stamp[e] = m.query
				f(e)
			}
		}
	})
}

func (m *mesh) addNode(v vec) int32 {
	m.nodes = append(m.nodes, v)
	m.degree = append(m.degree, 0)
	return int32(len(m.nodes) - 1)
}

func (m *mesh) addStreet(s street) int32 {
	m.streets = append(m.streets, s)
	return int32(len(m.streets) - 1)
}

func (m *mesh) addEdge(a, b, street int32, bridge bool) int32 {
	e := int32(len(m.edges))
	m.edges = append(m.edges, edge{a: a, b: b, street: street, tail: -1, bridge: bridge})
	m.stamp = append(m.stamp, 0)
	m.degree[a]++
	m.degree[b]++
	m.box(m.nodes[a], m.nodes[b], 0, func(cell int) { m.cells[cell] = append(m.cells[cell], e) })
	return e
}

func (m *mesh) removeEdge(e int32) {
	if !m.edges[e].gone {
		m.edges[e].gone = true
		m.degree[m.edges[e].a]--
		m.degree[m.edges[e].b]--
	}
}

// split puts a node on edge e (or on the piece of it that is now there) at v. A
// point within 3 m of an end is that end.
func (m *mesh) split(e int32, v vec) int32 {
	for {
		a, b := m.nodes[m.edges[e].a], m.nodes[m.edges[e].b]
		ab := b.sub(a)
		if tail := m.edges[e].tail; tail >= 0 && v.sub(a).dot(ab) > ab.dot(ab) {
			e = tail
			continue
		}
		if v.dist(a) < 3 {
			return m.edges[e].a
		}
		if v.dist(b) < 3 {
			return m.edges[e].b
		}
		break
	}
	n := m.addNode(v)
	end := m.edges[e].b
	m.degree[end]--
	m.edges[e].b = n
	m.degree[n]++
	rest := m.addEdge(n, end, m.edges[e].street, m.edges[e].bridge)
	m.edges[rest].tail = m.edges[e].tail
	m.edges[e].tail = rest
	return n
}

// fast is a road that nothing crosses at its own level.
func fast(c roads.Class) bool { return c == roads.Motorway || c == roads.MotorwayLink }

// isMain is a road that a district's streets meet at chosen places only.
func isMain(c roads.Class) bool { return c >= roads.Trunk && c <= roads.SecondaryLink }

func (m *mesh) class(e int32) roads.Class { return m.streets[m.edges[e].street].class }

// attach returns the node at v: an existing one, or a new one on an edge, that
// lies within reach metres, for classes that admit junctions; else -1.
func (m *mesh) attach(v vec, reach float64) int32 {
	best, at, on := reach, int32(-1), 0.0
	m.near(v, v, reach, func(e int32) {
		if fast(m.class(e)) || m.edges[e].bridge {
			return
		}
		t, d := nearestOn(v, m.nodes[m.edges[e].a], m.nodes[m.edges[e].b])
		if d < best || (d == best && e < at) {
			best, at, on = d, e, t
		}
	})
	if at < 0 {
		return -1
	}
	a, b := m.nodes[m.edges[at].a], m.nodes[m.edges[at].b]
	if on*a.dist(b) < reach {
		return m.edges[at].a
	}
	if (1-on)*a.dist(b) < reach {
		return m.edges[at].b
	}
	return m.split(at, a.mix(b, on))
}

// span is a part of a line, as distances along it.
type span struct{ from, to float64 }

func covered(spans []span, s float64) bool {
	return slices.ContainsFunc(spans, func(p span) bool { return s > p.from && s < p.to })
}

// wet returns the parts of a line that cross water, with an abutment of 6 m on each side.
func (m *mesh) wet(line []vec) []span {
	const abutment = 6
	at := lengths(line)
	var spans []span
	for i := range m.water {
		w := &m.water[i]
		var cuts []float64
		for j := 1; j < len(line); j++ {
			for _, t := range w.crossings(line[j-1], line[j]) {
				cuts = append(cuts, at[j-1]+t*(at[j]-at[j-1]))
			}
		}
		// What only touches the bank is a bridge too: rounding decides whether it is wet.
		for j, v := range line {
			if w.within(v, 0.5) {
				spans = append(spans, span{at[j] - abutment, at[j] + abutment})
			}
		}
		for _, s := range cuts {
			spans = append(spans, span{s - abutment, s + abutment})
		}
		cuts = append(cuts, 0, at[len(at)-1])
		slices.Sort(cuts)
		for j := 1; j < len(cuts); j++ {
			if cuts[j]-cuts[j-1] < 1e-6 && len(cuts) > 2 {
				continue
			}
			if middle, _ := along(line, (cuts[j]+cuts[j-1])/2); w.contains(middle) {
				spans = append(spans, span{cuts[j-1] - abutment, cuts[j] + abutment})
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return merged(spans)
}

// merged joins spans, in order of their begin, that touch.
func merged(spans []span) []span {
	out := spans[:min(len(spans), 1)]
	for _, p := range spans[len(out):] {
		if last := &out[len(out)-1]; p.from <= last.to {
			last.to = max(last.to, p.to)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// crossing is where a new line meets an edge.
type crossing struct {
	s    float64 // along the new line
	edge int32
	at   vec
}

// meets returns where a line crosses edges, not counting the edges' or the line's own ends where they are joined.
func (m *mesh) meets(line []vec, from, to int32) []crossing {
	var all []crossing
	at := lengths(line)
	total := at[len(at)-1]
	for i := 1; i < len(line); i++ {
		m.near(line[i-1], line[i], 0, func(e int32) {
			t, _, ok := intersect(line[i-1], line[i], m.nodes[m.edges[e].a], m.nodes[m.edges[e].b])
			if !ok {
				return
			}
			s := at[i-1] + t*(at[i]-at[i-1])
			joined := func(n int32, d float64) bool { return n >= 0 && d < 1 }
			if joined(from, s) || joined(to, total-s) {
				return
			}
			all = append(all, crossing{s, e, line[i-1].mix(line[i], t)})
		})
	}
	slices.SortFunc(all, func(a, b crossing) int {
		if a.s != b.s {
			if a.s < b.s {
				return -1
			}
			return 1
		}
		return int(a.edge - b.edge)
	})
	return all
}

// cut is a place on a new line where a node must come: an existing one, or -1 for a new one.
type cut struct {
	s    float64
	node int32
}

// draw adds a line as a street. It shares a node with every street that it
// crosses, goes over motorways and water by bridges, and, when flying, goes over
// streets too. From and to are the nodes of its ends, or -1.
func (m *mesh) draw(line []vec, from, to, street int32, flying bool) {
	const ramp = 22 // half the length of a bridge over a road
	at := lengths(line)
	total := at[len(at)-1]
	spans := m.wet(line)
	var cuts []cut
	for i, s := range at {
		node := int32(-1)
		switch i {
		case 0:
			node = from
		case len(at) - 1:
			node = to
		}
		cuts = append(cuts, cut{s, node})
	}
	for _, c := range m.meets(line, from, to) {
		if flying || fast(m.class(c.edge)) {
			spans = append(spans, span{c.s - ramp, c.s + ramp})
			continue
		}
		cuts = append(cuts, cut{c.s, m.split(c.edge, c.at)})
	}
	for _, p := range spans {
		for _, s := range []float64{p.from, p.to} {
			if s > 1 && s < total-1 {
				cuts = append(cuts, cut{s, -1})
			}
		}
	}
	slices.SortStableFunc(cuts, func(a, b cut) int {
		switch {
		case a.s < b.s:
			return -1
		case a.s > b.s:
			return 1
		}
		return int(b.node - a.node)
	})
	cuts = thin(cuts)
	last := int32(-1)
	for i, c := range cuts {
		if c.node < 0 {
			v, _ := along(line, c.s)
			c.node = m.addNode(v)
		}
		if last >= 0 && last != c.node {
			m.addEdge(last, c.node, street, covered(spans, (cuts[i-1].s+c.s)/2))
		}
		last = c.node
	}
}

// thin drops cuts that lie within two metres of another; those with a node stay.
// A bridge may lose two of the six metres of its abutment by it.
func thin(cuts []cut) []cut {
	out := cuts[:1]
	for _, c := range cuts[1:] {
		last := &out[len(out)-1]
		switch {
		case c.s-last.s >= 2, c.node >= 0 && last.node >= 0 && c.node != last.node:
			out = append(out, c)
		case last.node < 0:
			*last = c
		}
	}
	return out
}

// edgeNear returns the nearest edge whose class f accepts, less than reach metres away, or -1.
func (m *mesh) edgeNear(v vec, reach float64, f func(roads.Class) bool) (e int32, t, dist float64) {
	e, dist = -1, reach
	m.near(v, v, reach, func(i int32) {
		if !f(m.class(i)) {
			return
		}
		if u, d := nearestOn(v, m.nodes[m.edges[i].a], m.nodes[m.edges[i].b]); d < dist {
			e, t, dist = i, u, d
		}
	})
	return e, t, dist
}

func (m *mesh) length(e int32) float64 {
	return m.nodes[m.edges[e].a].dist(m.nodes[m.edges[e].b])
}

// bounds returns the box around all points of some lines, widened by w metres.
func bounds(w float64, lines ...[]vec) (lo, hi vec) {
	lo, hi = vec{math.Inf(1), math.Inf(1)}, vec{math.Inf(-1), math.Inf(-1)}
	for _, line := range lines {
		for _, v := range line {
			lo = vec{min(lo.x, v.x), min(lo.y, v.y)}
			hi = vec{max(hi.x, v.x), max(hi.y, v.y)}
		}
	}
	return vec{lo.x - w, lo.y - w}, vec{hi.x + w, hi.y + w}
}
