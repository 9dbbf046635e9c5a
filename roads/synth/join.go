package synth

import (
	"cmp"
	"math"
	"slices"

	"polder.city/roads"
)

// sets is a union-find over nodes, with path halving.
type sets struct{ parent []int32 }

func newSets(n int) *sets {
	s := &sets{parent: make([]int32, n)}
	for i := range s.parent {
		s.parent[i] = int32(i)
	}
	return s
}

func (s *sets) find(i int32) int32 {
	for s.parent[i] != i {
		s.parent[i] = s.parent[s.parent[i]]
		i = s.parent[i]
	}
	return i
}

// join reports whether a and b were apart.
func (s *sets) join(a, b int32) bool {
	a, b = s.find(a), s.find(b)
	if a == b {
		return false
	}
	s.parent[max(a, b)] = min(a, b)
	return true
}

// drivable reports whether trucks may use a street in some direction.
func (m *mesh) drivable(e int32) bool {
	s := &m.streets[m.edges[e].street]
	return !m.edges[e].gone && (s.forward|s.backward)&roads.AccessTruck != 0
}

// access joins a district's streets to the main roads along it: short straight
// streets, thoroughfares first, each at some distance from the next.
func (m *mesh) access(district int32, junctions *[]vec) {
	const reach, apart = 170, 190
	type candidate struct {
		node  int32
		edge  int32
		at    vec
		dist  float64
		spine bool
	}
	var all []candidate
	seen := map[int32]bool{}
	for e := range m.edges {
		s := &m.streets[m.edges[e].street]
		if s.district != district || !m.drivable(int32(e)) {
			continue
		}
		for _, n := range []int32{m.edges[e].a, m.edges[e].b} {
			if seen[n] {
				continue
			}
			seen[n] = true
			f, t, d := m.edgeNear(m.nodes[n], reach, isMain)
			if f < 0 || m.edges[f].bridge || d < 3 {
				continue
			}
			at := m.nodes[m.edges[f].a].mix(m.nodes[m.edges[f].b], t)
			all = append(all, candidate{n, f, at, d, s.class == roads.Tertiary})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.spine != b.spine {
			if a.spine {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.dist, b.dist), cmp.Compare(a.node, b.node))
	})
	for _, c := range all {
		at := c.at
		if i := slices.IndexFunc(*junctions, func(o vec) bool { return o.dist(at) < apart }); i >= 0 {
			// A junction that is there from the other side becomes a crossroads.
			if o := (*junctions)[i]; o.dist(at) < 50 {
				if _, _, d := m.edgeNear(o, 1, isMain); d < 1 {
					at = o
				} else {
					continue
				}
			} else {
				continue
			}
		}
		line := []vec{m.nodes[c.node], at}
		if len(m.wet(line)) > 0 {
			continue
		}
		meets := m.meets(line, c.node, -1)
		if slices.ContainsFunc(meets, func(x crossing) bool { return x.at.dist(at) > 2 }) {
			continue
		}
		to := m.attach(at, 2.5)
		if to < 0 || to == c.node {
			continue
		}
		if m.degree[to] <= 2 {
			*junctions = append(*junctions, at)
		} else if m.degree[to] >= 4 {
			continue
		}
		s := street{class: roads.Residential, forward: anybody, backward: anybody, speed: 30, district: -1, like: m.streetAt(c.node) + 1}
		if c.spine {
			s.class, s.speed = roads.Tertiary, 50
		}
		m.draw([]vec{m.nodes[c.node], m.nodes[to]}, c.node, to, m.addStreet(s), false)
	}
}

// streetAt returns a named street that passes a node: one of the highest class.
func (m *mesh) streetAt(n int32) int32 {
	best := int32(-1)
	m.near(m.nodes[n], m.nodes[n], 0, func(e int32) {
		if m.edges[e].a != n && m.edges[e].b != n {
			return
		}
		if s := m.edges[e].street; m.drivable(e) && (best < 0 || m.streets[s].class < m.streets[best].class ||
			(m.streets[s].class == m.streets[best].class && s < best)) {
			best = s
		}
	})
	return best
}

// sew joins what is still apart. The smaller part gets the shortest street to
// another part; a scrap of a few metres is taken away.
func (m *mesh) sew() {
	const scrap = 150 // metres of street
	for {
		sets := newSets(len(m.nodes))
		size := make([]float64, len(m.nodes))
		for e := range m.edges {
			if m.drivable(int32(e)) {
				sets.join(m.edges[e].a, m.edges[e].b)
			}
		}
		members := map[int32][]int32{}
		var roots []int32
		for e := range m.edges {
			if m.drivable(int32(e)) {
				size[sets.find(m.edges[e].a)] += m.length(int32(e))
			}
		}
		for n := range m.nodes {
			r := sets.find(int32(n))
			if size[r] == 0 {
				continue
			}
			if members[r] == nil {
				roots = append(roots, r)
			}
			members[r] = append(members[r], int32(n))
		}
		if len(roots) < 2 {
			return
		}
		slices.SortFunc(roots, func(a, b int32) int { return cmp.Or(cmp.Compare(size[a], size[b]), cmp.Compare(a, b)) })
		whole := roots[len(roots)-1]
		for _, r := range roots[:len(roots)-1] {
			switch {
			case sets.find(r) == sets.find(whole):
			case size[r] < scrap && sets.find(r) == r:
				m.removePart(sets, r)
			default:
				m.stitch(sets, members[r])
			}
		}
	}
}

func (m *mesh) removePart(s *sets, root int32) {
	for e := range m.edges {
		if s.find(m.edges[e].a) == root && s.find(m.edges[e].b) == root {
			m.removeEdge(int32(e))
		}
	}
}

// stitch draws the best street from the nodes of one part to another part, and
// keeps parts true for the nodes that this adds.
func (m *mesh) stitch(parts *sets, nodes []int32) {
	root, edges := parts.find(nodes[0]), len(m.edges)
	best, from, at := math.Inf(1), int32(-1), vec{}
	for reach := 300.0; from < 0; reach *= 3 {
		for _, n := range nodes {
			v := m.nodes[n]
			if m.onFast(n) {
				continue
			}
			m.near(v, v, reach, func(e int32) {
				if !m.drivable(e) || fast(m.class(e)) || m.edges[e].bridge || parts.find(m.edges[e].a) == root {
					return
				}
				a, b := m.nodes[m.edges[e].a], m.nodes[m.edges[e].b]
				t, d := nearestOn(v, a, b)
				if d >= best || d > reach {
					return
				}
				to := a.mix(b, t)
				if len(m.wet([]vec{v, to})) > 0 {
					d += 250 // rather a way round than a bridge
				}
				if d < best {
					best, from, at = d, n, to
				}
			})
		}
		if reach > 1e6 {
			m.removePart(parts, root) // alone on the map: nothing to join
			return
		}
	}
	to := m.attach(at, 2.5)
	if to < 0 || to == from {
		return
	}
	s := street{class: roads.Tertiary, forward: anybody, backward: anybody, speed: 50, district: -1, like: m.streetAt(from) + 1}
	m.draw([]vec{m.nodes[from], m.nodes[to]}, from, to, m.addStreet(s), false)
	for n := len(parts.parent); n < len(m.nodes); n++ {
		parts.parent = append(parts.parent, int32(n))
	}
	for _, e := range m.edges[edges:] {
		parts.join(e.a, e.b)
	}
}

// onFast reports whether a node belongs to a motorway or a ramp between its ends.
func (m *mesh) onFast(n int32) bool {
	found, slow := false, false
	m.near(m.nodes[n], m.nodes[n], 0, func(e int32) {
		if m.edges[e].a == n || m.edges[e].b == n {
			if fast(m.class(e)) {
				found = true
			} else {
				slow = true
			}
		}
	})
	return found && !slow
}

// openOneWays opens one-way streets to both directions where a truck could
// otherwise come in and not get out, or the other way round. All streets are
// joined already, so opening every street that leads from one strongly
// connected part to another leaves a single part.
func (m *mesh) openOneWays() {
	part := m.strongParts()
	for e := range m.edges {
		s := &m.streets[m.edges[e].street]
		if m.drivable(int32(e)) && part[m.edges[e].a] != part[m.edges[e].b] && !fast(s.class) {
			s.forward |= s.backward
			s.backward = s.forward
		}
	}
}

// leaveOut takes away what trucks could still not reach and leave again: the
// carriageways of a motorway without ramps. All else is one part by now.
func (m *mesh) leaveOut() {
	part := m.strongParts()
	size := map[int32]float64{}
	biggest := int32(-1)
	for e := range m.edges {
		if p := part[m.edges[e].a]; m.drivable(int32(e)) && p == part[m.edges[e].b] {
			if size[p] += m.length(int32(e)); biggest < 0 || size[p] > size[biggest] {
				biggest = p
			}
		}
	}
	for e := range m.edges {
		if m.drivable(int32(e)) && (part[m.edges[e].a] != biggest || part[m.edges[e].b] != biggest) {
			m.removeEdge(int32(e))
		}
	}
}

// strongParts numbers the strongly connected parts of what trucks may drive
// (Tarjan's algorithm, with a stack of its own in place of recursion).
func (m *mesh) strongParts() []int32 {
	begin := make([]int32, len(m.nodes)+1)
	type arc struct{ from, to int32 }
	var arcs []arc
	for e := range m.edges {
		if m.edges[e].gone {
			continue
		}
		s := &m.streets[m.edges[e].street]
		if s.forward&roads.AccessTruck != 0 {
			arcs = append(arcs, arc{m.edges[e].a, m.edges[e].b})
		}
		if s.backward&roads.AccessTruck != 0 {
			arcs = append(arcs, arc{m.edges[e].b, m.edges[e].a})
		}
	}
	for _, a := range arcs {
		begin[a.from+1]++
	}
	for i := 1; i < len(begin); i++ {
		begin[i] += begin[i-1]
	}
	next := slices.Clone(begin)
	to := make([]int32, len(arcs))
	for _, a := range arcs {
		to[next[a.from]] = a.to
		next[a.from]++
	}
	n := len(m.nodes)
	order, low, part := make([]int32, n), make([]int32, n), make([]int32, n)
	at := slices.Clone(begin[:n])
	for i := range part {
		part[i] = -1
	}
	var stack, path []int32
	count, parts := int32(0), int32(0)
	for start := range int32(n) {
		if order[start] != 0 {
			continue
		}
		path = append(path, start)
		for len(path) > 0 {
			v := path[len(path)-1]
			if order[v] == 0 {
				count++
				order[v], low[v] = count, count
				stack = append(stack, v)
			}
			if at[v] < begin[v+1] {
				w := to[at[v]]
				at[v]++
				if order[w] == 0 {
					path = append(path, w)
				} else if part[w] < 0 {
					low[v] = min(low[v], order[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				u := path[len(path)-1]
				low[u] = min(low[u], low[v])
			}
			if low[v] == order[v] {
				for {
					w := stack[len(stack)-1]
					stack = stack[:len(stack)-1]
					part[w] = parts
					if w == v {
						break
					}
				}
				parts++
			}
		}
	}
	return part
}
