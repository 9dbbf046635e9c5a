package roads

import "slices"

// drive is arcs and turns, of which some may be driven.
type drive struct {
	turnFrom []int32
	turns    []turn
	open     []bool  // by arc; nil when all are
	shut     bool    // turns that are shut are driven as well
	traits   []trait // by edge; nil when none has any
	copyOf   []int32 // by edge that is a copy, which come last: of which
}

// goes says whether an arc may be driven after one before it.
func (d *drive) goes(t turn) bool {
	return (d.open == nil || d.open[t.arc()]) && (d.shut || !t.isShut())
}

func (d *drive) is(arc int32, t trait) bool { return d.traits != nil && d.traits[arc>>1]&t != 0 }

// reach returns which arcs trips are made of. That is the largest component of streets that
// are not private. Besides, since a trip begins without a past, it is the arcs without one
// that are private, or that nobody comes to without a past: trips can begin on them. And it is
// the copies of any of these arcs that can be come to, on which trips can end. Of the arcs that
// are returned, only begins are those that no trip from elsewhere comes to.
func (d *drive) reach() (in, begins []bool) {
	in = d.largest()
	arcs := int32(len(in))
	first := arcs - 2*int32(len(d.copyOf)) // of the copies
	if first == arcs && d.traits == nil {
		return in, nil
	}
	core := slices.Clone(in)
	var waiting []int32 // arcs whose neighbours are to be looked at
	for a := range arcs {
		if core[a] {
			waiting = append(waiting, a)
		}
	}
	hasCopy := make([]bool, first) // that is come to
	for len(waiting) > 0 {
		a := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		if a >= first {
			hasCopy[d.base(a)] = true
		}
		for _, t := range d.turns[d.turnFrom[a]:d.turnFrom[a+1]] {
			if b := t.arc(); d.goes(t) && b >= first && !in[b] {
				in[b] = true
				waiting = append(waiting, b)
			}
		}
	}
	begins = make([]bool, arcs)
	before := make(map[int32][]int32) // arcs of a trip's beginning, by one that can follow
	for a := range arcs {
		base := d.base(a)
		if in[a] || d.open != nil && !d.open[a] || !core[base] && !hasCopy[base] && !d.is(a, traitPrivate) {
			continue
		}
		for _, t := range d.turns[d.turnFrom[a]:d.turnFrom[a+1]] {
			switch b := t.arc(); {
			case !d.goes(t) || begins[a]:
			case core[b]:
				begins[a] = true
				waiting = append(waiting, a)
			default:
				before[b] = append(before[b], a)
			}
		}
	}
	for len(waiting) > 0 {
		a := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for _, b := range before[a] {
			if !begins[b] {
				begins[b] = true
				waiting = append(waiting, b)
			}
		}
	}
	for a := range arcs {
		if a >= first && !core[a] && !d.is(a, traitInside) && !core[d.base(a)] && !begins[d.base(a)] {
			in[a] = false // from there is no way on
		}
		if begins[a] {
			in[a] = true
			waiting = append(waiting, a)
		}
	}
	for len(waiting) > 0 { // copies that only trips come to that began there
		a := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		for _, t := range d.turns[d.turnFrom[a]:d.turnFrom[a+1]] {
			b := t.arc()
			if d.goes(t) && b >= first && !in[b] && (d.is(b, traitInside) || core[d.base(b)] || begins[d.base(b)]) {
				in[b], begins[b] = true, true
				waiting = append(waiting, b)
			}
		}
	}
	return in, begins
}

// base returns the arc that a copy is of.
func (d *drive) base(arc int32) int32 {
	first := int32(len(d.turnFrom)-1)/2 - int32(len(d.copyOf))
	if e := arc>>1 - first; e >= 0 {
		return 2*d.copyOf[e] + arc&1
	}
	return arc
}

// largest returns which arcs are in the largest strongly connected part
// of the graph of turns (of equal ones the first found). An arc alone, without a
// turn from itself to itself, is no part. Tarjan's algorithm (SIAM J. Comput. 1,
// 1972) without recursion: a street network is deeper than a stack.
func (d *drive) largest() []bool {
	turnFrom, turns := d.turnFrom, d.turns
	arcs := int32(len(turnFrom) - 1)
	const unseen, done = 0, int32(^uint32(0) >> 1)
	var (
		order = make([]int32, arcs) // when first seen, from 1; done once its part is known
		low   = make([]int32, arcs) // the earliest arc known to be reached
		at    = make([]int32, arcs) // the next turn to look at
		open  []int32               // seen, part not yet known
		path  []int32               // from the root of the search to where it is
		best  []int32
		clock int32
	)
	for root := range arcs {
		if order[root] != unseen || turnFrom[root] == turnFrom[root+1] ||
			d.open != nil && !d.open[root] || d.is(root, traitPrivate) {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			a := path[len(path)-1]
			if order[a] == unseen {
				clock++
				order[a], low[a], at[a] = clock, clock, turnFrom[a]
				open = append(open, a)
			}
			if at[a] < turnFrom[a+1] {
				t := turns[at[a]]
				b := t.arc()
				at[a]++
				if !d.goes(t) || d.is(b, traitPrivate) {
					continue
				}
				if order[b] == unseen {
					path = append(path, b)
				} else if order[b] != done {
					low[a] = min(low[a], order[b])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := path[len(path)-1]
				low[up] = min(low[up], low[a])
			}
			if low[a] != order[a] {
				continue
			}
			start := len(open) - 1
			for open[start] != a {
				start--
			}
			part := open[start:]
			if len(part) > len(best) && (len(part) > 1 || d.turnsToItself(a)) {
				best = append(best[:0], part...)
			}
			for _, b := range part {
				order[b] = done
			}
			open = open[:start]
		}
	}
	in := make([]bool, arcs)
	for _, a := range best {
		in[a] = true
	}
	return in
}

func (d *drive) turnsToItself(a int32) bool {
	for _, t := range d.turns[d.turnFrom[a]:d.turnFrom[a+1]] {
		if t.arc() == a && d.goes(t) {
			return true
		}
	}
	return false
}
