package roads

import "slices"

// topology is what a contraction hierarchy knows of a graph before it knows any
// time: the order of its arcs, and which pairs of them can be joined by a shortcut,
// whatever the times are. Source: Dibbelt, Strasser and Wagner, Customizable
// contraction hierarchies (ACM J. Exp. Algorithmics 21, 2016).
//
// The arcs that may be driven at some time are the nodes of the hierarchy and are named by their
// rank here. Taking them out in order of rank, lowest first, node m leaves a link
// from x to z for each x and z above it that it lies between: x to m, m to z. What
// direction a link has is kept (Buchhold et al., see dissection), since most pairs of
// arcs can follow each other in only one. A link is stored with the lower of
// its nodes.
type topology struct {
	rank   []int32 // by arc; -1 for one that may never be driven
	arc    []int32 // by node
	parent []int32 // by node: the next of the nodes that it may be linked up to; -1 for a root

	up   links // from the node to a higher one
	down links // from a higher node to the node

	turnLink []int32 // by turn of the graph: its link in up, ^ its link in down, noLink for one from an arc to itself
}

const noLink = int32(^uint32(0) >> 1)

// links are directed pairs of nodes, by the lower one: node x has
// other[from[x]:from[x+1]], the higher ends, ascending.
type links struct {
	from  []int32
	other []int32
}

// of returns the links of a node up.
func (l *links) of(x int32) []int32 { return l.other[l.from[x]:l.from[x+1]] }

// find returns the link between a node and a higher one, or where it would be.
func (l *links) find(low, high int32) int32 {
	first, end := l.from[low], l.from[low+1]
	for first < end {
		if middle := (first + end) / 2; l.other[middle] < high {
			first = middle + 1
		} else {
			end = middle
		}
	}
	return first
}

// newTopology contracts the arcs of a graph that are ranked in the order of its edges: both
// arcs of an edge come one after the other.
func newTopology(g *Graph, ranked []bool, order []int32) *topology {
	t := &topology{rank: make([]int32, len(g.open))}
	for _, e := range order {
		for a := 2 * e; a <= 2*e+1; a++ {
			t.rank[a] = -1
			if ranked[a] {
				t.rank[a] = int32(len(t.arc))
				t.arc = append(t.arc, a)
			}
		}
	}
	t.plant(g)
	t.postorder()
	t.contract(g)
	t.place(g)
	return t
}

// plant finds the parents (Liu, A compact row storage scheme for Cholesky factors,
// ACM Trans. Math. Softw. 12, 1986): of all nodes that contracting in both
// directions would link a node up to, the lowest.
func (t *topology) plant(g *Graph) {
	n := int32(len(t.arc))
	t.parent = make([]int32, n)
	above := make([]int32, n) // a node above, towards the root of the tree so far
	up, down := t.turnLinks(g)
	below := [...]links{up.turnedAround(), down.turnedAround()}
	for z := range n {
		t.parent[z], above[z] = -1, z
		for i := range below {
			for _, x := range below[i].of(z) {
				for x != z {
					next := above[x]
					above[x] = z
					if next == x {
						t.parent[x] = z
						break
					}
					x = next
				}
			}
		}
	}
}

// turnLinks returns the links that the turns of the graph are, in no order.
func (t *topology) turnLinks(g *Graph) (up, down links) {
	n := len(t.arc)
	up.from, down.from = make([]int32, n+1), make([]int32, n+1)
	each := func(visit func(l *links, low, high int32)) {
		for x, a := range t.arc {
			for _, u := range g.turns[g.turnFrom[a]:g.turnFrom[a+1]] {
				if z := t.rank[u.arc()]; z > int32(x) {
					visit(&up, int32(x), z)
				} else if z < int32(x) {
					visit(&down, z, int32(x))
				}
			}
		}
	}
	each(func(l *links, low, _ int32) { l.from[low+1]++ })
	for _, l := range [...]*links{&up, &down} {
		for x := range n {
			l.from[x+1] += l.from[x]
		}
		l.other = make([]int32, l.from[n])
	}
	fill := [...][]int32{slices.Clone(up.from), slices.Clone(down.from)}
	each(func(l *links, low, high int32) {
		at := fill[0]
		if l == &down {
			at = fill[1]
		}
		l.other[at[low]] = high
		at[low]++
	})
	return up, down
}

// turnedAround returns the links by their higher end: other is the lower one.
func (l *links) turnedAround() links {
	n := len(l.from) - 1
	r := links{from: make([]int32, n+1), other: make([]int32, len(l.other))}
	for _, z := range l.other {
		r.from[z+1]++
	}
	for z := range n {
		r.from[z+1] += r.from[z]
	}
	fill := slices.Clone(r.from)
	for x := range n {
		for _, z := range l.of(int32(x)) {
			r.other[fill[z]] = int32(x)
			fill[z]++
		}
	}
	return r
}

// postorder numbers the nodes anew so that all below a node come directly before
// it. That changes no link, and brings near in memory what is near in the tree.
func (t *topology) postorder() {
	n := int32(len(t.arc))
	size := make([]int32, n) // of the tree below and with a node
	for x := range n {
		size[x]++
		if p := t.parent[x]; p >= 0 {
			size[p] += size[x]
		}
	}
	number, free := make([]int32, n), make([]int32, n) // free: the end of what is left for a node's children
	roots := n
	for x := n - 1; x >= 0; x-- {
		end := &roots
		if p := t.parent[x]; p >= 0 {
			end = &free[p]
		}
		number[x] = *end - 1
		free[x] = number[x]
		*end -= size[x]
	}
	arc, parent := make([]int32, n), make([]int32, n)
	for x := range n {
		arc[number[x]] = t.arc[x]
		t.rank[t.arc[x]] = number[x]
		parent[number[x]] = -1
		if p := t.parent[x]; p >= 0 {
			parent[number[x]] = number[p]
		}
	}
	t.arc, t.parent = arc, parent
}

// contract finds all links. Those up from a node y are its turns and, for each
// lower node x with y to x, the links up from x. Where x has a link both to and from
// a node p below y, those of p hold them all, and x need not be looked at.
func (t *topology) contract(g *Graph) {
	n := int32(len(t.arc))
	upTurns, downTurns := t.turnLinks(g)
	up := gatherer{turns: upTurns, first: make([]int32, n), seen: make([]int32, n)}
	down := gatherer{turns: downTurns, first: make([]int32, n), seen: make([]int32, n)}
	up.links.from, down.links.from = make([]int32, 1, n+1), make([]int32, 1, n+1)
	for y := range n {
		higher, lower := up.gather(y), down.gather(y)
		p := lowestCommon(higher, lower)
		for _, z := range lower {
			if z > p {
				break
			}
			up.tell(z, y)
		}
		for _, z := range higher {
			if z > p {
				break
			}
			down.tell(z, y)
		}
	}
	t.up, t.down = up.links, down.links
	t.up.other, t.down.other = slices.Clone(t.up.other), slices.Clone(t.down.other) // without room to grow
}

// gatherer finds the links of one direction.
type gatherer struct {
	links links
	turns links
	seen  []int32 // by node: the last node + 1 that it was gathered for
	first []int32 // by node: the first of its tellers + 1
	told  []told
}

// told is a list: the links up from a node are also those of the node told.
type told struct{ node, next int32 }

func (s *gatherer) tell(to, node int32) {
	s.told = append(s.told, told{node, s.first[to]})
	s.first[to] = int32(len(s.told))
}

// gather finds the links of node y and returns their higher ends.
func (s *gatherer) gather(y int32) []int32 {
	start := len(s.links.other)
	add := func(z int32) {
		if s.seen[z] != y+1 {
			s.seen[z] = y + 1
			s.links.other = append(s.links.other, z)
		}
	}
	for _, z := range s.turns.of(y) {
		add(z)
	}
	for i := s.first[y]; i != 0; i = s.told[i-1].next {
		for _, z := range slices.Backward(s.links.of(s.told[i-1].node)) {
			if z <= y {
				break
			}
			add(z)
		}
	}
	higher := s.links.other[start:]
	slices.Sort(higher)
	s.links.from = append(s.links.from, int32(len(s.links.other)))
	return higher
}

// lowestCommon returns the lowest number that two ascending lists share, or one
// above all of them.
func lowestCommon(a, b []int32) int32 {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			return a[i]
		}
	}
	return int32(^uint32(0) >> 1)
}

// place finds the link that each turn is.
func (t *topology) place(g *Graph) {
	t.turnLink = make([]int32, len(g.turns))
	for a, x := range t.rank {
		for i := g.turnFrom[a]; i < g.turnFrom[a+1]; i++ {
			switch z := t.rank[g.turns[i].arc()]; {
			case z > x:
				t.turnLink[i] = t.up.find(x, z)
			case z < x:
				t.turnLink[i] = ^t.down.find(z, x)
			default:
				t.turnLink[i] = noLink
			}
		}
	}
}
