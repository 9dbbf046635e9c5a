package roads

import "slices"

// bisector cuts one cell of a dissection in two. Junctions are numbered from 0
// within the cell. All arrays are kept for the next cell.
type bisector struct {
	n     int32
	along [directions][]int32 // the junctions, sorted along each direction

	first []int32 // junction v has the half-edges first[v]:first[v+1]
	to    []int32 // by half-edge
	twin  []int32 // the same edge, seen from its other end
	full  []uint8 // what the edge may carry either way
	left  []uint8 // what the half-edge can still carry; twins share 2*full

	role           []uint8 // source, sink or between
	level          []int32
	at             []int32 // the next half-edge to try
	queue          []int32
	sources, sinks []int32 // those with a neighbour of another role
	path           []int32 // half-edges from a source to where the search is

	// Of the best cut: its weight, the junctions in its smaller half, and which
	// junctions are in the half of the sources.
	best struct{ weight, small int32 }
	side []bool
	keep []int32 // scratch for partitions
}

const (
	between = iota
	source
	sink
)

// load copies a cell.
func (b *bisector) load(d *dissection, c cell) {
	b.n = c.hi - c.lo
	for i, v := range d.sorted[0][c.lo:c.hi] {
		d.index[v] = int32(i)
	}
	for k := range directions {
		b.along[k] = resize(b.along[k], int(b.n))
		for i, v := range d.sorted[k][c.lo:c.hi] {
			b.along[k][i] = d.index[v]
		}
	}
	b.first = resize(b.first, int(b.n)+1)
	clear(b.first)
	halves := int32(0)
	for _, e := range d.edges[c.edgeLo:c.edgeHi] {
		if u, v := d.index[d.ends[e][0]], d.index[d.ends[e][1]]; u != v {
			b.first[u]++
			b.first[v]++
			halves += 2
		}
	}
	sum := int32(0)
	for v := range b.n {
		sum += b.first[v]
		b.first[v] = sum // its end; it moves down to its beginning as the half-edges come
	}
	b.first[b.n] = halves
	b.to, b.twin = resize(b.to, int(halves)), resize(b.twin, int(halves))
	b.full, b.left = resize(b.full, int(halves)), resize(b.left, int(halves))
	for _, e := range d.edges[c.edgeLo:c.edgeHi] {
		u, v := d.index[d.ends[e][0]], d.index[d.ends[e][1]]
		if u == v {
			continue
		}
		b.first[u]--
		b.first[v]--
		h, t := b.first[u], b.first[v]
		b.to[h], b.to[t], b.twin[h], b.twin[t] = v, u, t, h
		b.full[h], b.full[t] = d.weight[e], d.weight[e]
	}
	b.role, b.level, b.at = resize(b.role, int(b.n)), resize(b.level, int(b.n)), resize(b.at, int(b.n))
	b.side = resize(b.side, int(b.n))
}

// resize returns a slice of length n in the memory of s if that is enough; its
// elements are whatever they were.
func resize[T any](s []T, n int) []T { return slices.Grow(s[:0], n)[:n] }

// cut finds, over the directions, the cut with the least weight for each junction
// of its smaller half.
func (b *bisector) cut() {
	b.best.weight, b.best.small = 1, 0
	for k := range directions {
		b.flow(b.along[k])
	}
}

// flow finds the smallest cut between the ends of an order of the junctions
// (Dinitz's algorithm) and keeps it if it is better than the best. It gives up when
// not even equal halves would make it so.
func (b *bisector) flow(order []int32) {
	quarter := max(1, b.n/4)
	clear(b.role)
	for i := range quarter {
		b.role[order[i]], b.role[order[b.n-1-i]] = source, sink
	}
	sources, sinks := b.edgeOf(&b.sources, order[:quarter]), b.edgeOf(&b.sinks, order[b.n-quarter:])
	copy(b.left, b.full)
	weight := int32(0)
	for b.reach(sinks, sink) {
		weight += b.augment(sources)
		if int64(weight)*int64(b.best.small) >= int64(b.best.weight)*int64(b.n/2) {
			return
		}
	}
	// Of all cuts of this weight these two are nearest to the sinks and to the sources.
	b.consider(weight, false)
	b.reach(sources, source)
	b.consider(weight, true)
}

// edgeOf returns those of the sources (or sinks) that have a neighbour of another role.
func (b *bisector) edgeOf(list *[]int32, all []int32) []int32 {
	*list = (*list)[:0]
	for _, v := range all {
		for h := b.first[v]; h < b.first[v+1]; h++ {
			if b.role[b.to[h]] != b.role[v] {
				*list = append(*list, v)
				break
			}
		}
	}
	return *list
}

// reach numbers the junctions by how many half-edges that can still carry something
// lie between them and those of a role, -1 where there is no way; it returns whether
// the other role is reached. From sinks it looks against the flow. It does not stop
// at the nearest: so each source sends along its own shortest ways at once, and there
// are a quarter of the rounds.
func (b *bisector) reach(seeds []int32, role uint8) bool {
	for v, r := range b.role {
		b.level[v] = -1
		if r == role {
			b.level[v] = 0
		}
	}
	goal := source + sink - role
	b.queue = append(b.queue[:0], seeds...)
	found := false
	for i := 0; i < len(b.queue); i++ {
		v := b.queue[i]
		next := b.level[v] + 1
		for h := b.first[v]; h < b.first[v+1]; h++ {
			w := b.to[h]
			if b.level[w] >= 0 {
				continue
			}
			can := b.left[h]
			if role == sink {
				can = 2*b.full[h] - can
			}
			if can == 0 {
				continue
			}
			b.level[w] = next
			if b.role[w] == goal {
				found = true
			} else {
				b.queue = append(b.queue, w)
			}
		}
	}
	return found
}

// augment sends as much from the sources to the sinks as the levels, which say how
// far the sinks are, allow.
func (b *bisector) augment(sources []int32) (sent int32) {
	copy(b.at, b.first)
	for _, s := range sources {
		v := s
		b.path = b.path[:0]
		for {
			if b.level[v] == 0 {
				amount := b.left[b.path[0]]
				for _, h := range b.path {
					amount = min(amount, b.left[h])
				}
				sent += int32(amount)
				full := 0 // the first of the path that can carry no more
				for i := len(b.path) - 1; i >= 0; i-- {
					h := b.path[i]
					b.left[h] -= amount
					b.left[b.twin[h]] += amount
					if b.left[h] == 0 {
						full = i
					}
				}
				v = b.to[b.twin[b.path[full]]]
				b.path = b.path[:full]
			}
			h, end := b.at[v], b.first[v+1]
			for h < end && (b.left[h] == 0 || b.level[b.to[h]] != b.level[v]-1) {
				h++
			}
			b.at[v] = h
			if h < end {
				b.path = append(b.path, h)
				v = b.to[h]
				continue
			}
			if len(b.path) == 0 {
				break
			}
			last := len(b.path) - 1
			v = b.to[b.twin[b.path[last]]]
			b.path = b.path[:last]
			b.at[v]++
		}
	}
	return sent
}

// consider keeps the cut around what reach numbered, if it is better than the best.
func (b *bisector) consider(weight int32, fromSource bool) {
	count := int32(0)
	for _, l := range b.level {
		if l >= 0 {
			count++
		}
	}
	small := min(count, b.n-count)
	if int64(weight)*int64(b.best.small) >= int64(b.best.weight)*int64(small) {
		return
	}
	b.best.weight, b.best.small = weight, small
	for v, l := range b.level {
		b.side[v] = l >= 0 == fromSource
	}
}

// part sorts the edges and junctions of a cell by the half that they are in, and
// the edges between the halves behind both.
func (b *bisector) part(d *dissection, c cell) (left, right cell) {
	edges := d.edges[c.edgeLo:c.edgeHi]
	half := func(e int32) int {
		u, v := b.side[d.index[d.ends[e][0]]], b.side[d.index[d.ends[e][1]]]
		switch {
		case u && v:
			return 0
		case !u && !v:
			return 1
		}
		return 2
	}
	var count [3]int32
	for _, e := range edges {
		count[half(e)]++
	}
	place := [3]int32{0, count[0], count[0] + count[1]}
	b.keep = append(b.keep[:0], edges...)
	for _, e := range b.keep {
		h := half(e)
		edges[place[h]] = e
		place[h]++
	}
	middle := c.lo
	for k := range directions {
		junctions := d.sorted[k][c.lo:c.hi]
		b.keep = append(b.keep[:0], junctions...)
		at := 0
		for _, side := range [...]bool{true, false} {
			for _, v := range b.keep {
				if b.side[d.index[v]] == side {
					junctions[at] = v
					at++
				}
			}
			if side {
				middle = c.lo + int32(at)
			}
		}
	}
	left = cell{c.lo, middle, c.edgeLo, c.edgeLo + count[0]}
	right = cell{middle, c.hi, left.edgeHi, left.edgeHi + count[1]}
	return left, right
}
