package roads

import (
	"cmp"
	"slices"
)

// What may follow an arc can depend on more than the arc: a restriction over ways forbids a
// turn only to who came over certain streets, and who drove from the street onto private
// ground may not drive through it. So an arc has one state for each past that makes a
// difference. The state without a past is the arc itself; each other one is a copy of the
// arc, with turns of its own, and in the graph an arc of an edge that is a copy (see
// Graph.copyOf). A trip begins without a past. Every search is then what it is on a graph
// without such rules, and as exact.
//
// The pasts of restrictions are matched as texts are searched for several words at once:
// Aho and Corasick, Efficient string matching (Commun. ACM 18, 1975).

// histories are the lists of arcs, driven one after the other, that restrictions over ways
// speak of, and the beginnings of these lists. A history has a number: that of its arc when
// it has only one, and a higher one than all arcs when it is longer.
type histories struct {
	arcs    int32              // how many there are
	longer  map[step]int32     // a history with one more arc
	list    []past             // by number - arcs
	demands map[int32][]demand // by history: what it forbids and commands
	ends    map[int32]bool     // arcs that are the last of a longer one
}

// step is what is driven after a history.
type step struct{ history, arc int32 }

// past is a history of two arcs or more.
type past struct {
	before  int32 // the history without its last arc
	last    int32
	depth   int32
	shorter int32 // the longest other history that it ends with
}

// demand is a restriction to who has a history.
type demand struct {
	arc  int32 // forbidden, or commanded
	only bool
	when int32 // see builder.whens; always when negative
}

const always = -1

func newHistories(arcs int) *histories {
	return &histories{
		arcs: int32(arcs), longer: map[step]int32{}, demands: map[int32][]demand{}, ends: map[int32]bool{},
	}
}

// add returns the history of driving arc after another history.
func (h *histories) add(before, arc int32) int32 {
	s := step{before, arc}
	if n, ok := h.longer[s]; ok {
		return n
	}
	depth := int32(2)
	if before >= h.arcs {
		depth = h.list[before-h.arcs].depth + 1
	}
	n := h.arcs + int32(len(h.list))
	h.list = append(h.list, past{before: before, last: arc, depth: depth})
	h.longer[s], h.ends[arc] = n, true
	return n
}

// finish finds what each history ends with. Nothing is added after it.
func (h *histories) finish() {
	order := make([]int32, len(h.list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		return cmp.Or(cmp.Compare(h.list[i].depth, h.list[j].depth), cmp.Compare(i, j))
	})
	for _, i := range order {
		p := &h.list[i]
		if p.before < h.arcs {
			p.shorter = p.last
		} else {
			p.shorter = h.after(h.list[p.before-h.arcs].shorter, p.last)
		}
	}
}

// after returns the longest history that one ends with when an arc was driven after it.
func (h *histories) after(history, arc int32) int32 {
	if !h.ends[arc] {
		return arc
	}
	for {
		if n, ok := h.longer[step{history, arc}]; ok {
			return n
		}
		if history < h.arcs {
			return arc
		}
		history = h.list[history-h.arcs].shorter
	}
}

// rules adds what a history, and all that it ends with, say of driving an arc next.
func (h *histories) rules(list []turnRule, history, arc int32) []turnRule {
	if len(h.demands) == 0 {
		return list
	}
	for {
		for _, t := range h.demands[history] {
			list = append(list, turnRule{Only: t.only, Meant: t.arc == arc, When: t.when})
		}
		if history < h.arcs {
			return list
		}
		history = h.list[history-h.arcs].shorter
	}
}

// turnRule is what a restriction says of a turn from the street that it speaks of.
type turnRule struct {
	Only  bool  // it commands
	Meant bool  // this turn
	When  int32 // see timed.Whens; always when negative
}

// refuses says whether rules forbid a turn when those count that do.
func refuses(rules []turnRule, counts func(when int32) bool) bool {
	commanded, obeyed := false, false
	for _, r := range rules {
		switch {
		case r.When >= 0 && !counts(r.When):
		case !r.Only && r.Meant:
			return true
		case r.Only:
			commanded, obeyed = true, obeyed || r.Meant
		}
	}
	return commanded && !obeyed
}

// refusesEver says whether rules forbid a turn at every time.
func refusesEver(rules []turnRule) bool {
	commanded, obeyed := false, false
	for _, r := range rules {
		if !r.Only && r.Meant && r.When < 0 {
			return true
		}
		commanded = commanded || r.Only && r.When < 0
		obeyed = obeyed || r.Only && r.Meant
	}
	return commanded && !obeyed
}

// state is an arc with a past.
type state struct {
	history int32
	inside  bool // came onto private streets from others
}

// findHistories lists what the restrictions over ways speak of.
func (b *builder) findHistories() {
	b.histories = newHistories(len(b.open))
	for i := range b.over {
		b.addHistories(&b.over[i])
	}
	b.histories.finish()
}

// addHistories lists the ways of driving from the first way of a restriction over those in
// between. A command that the last of them cannot obey, since none leads to its end, is none.
func (b *builder) addHistories(r *boundTurn) {
	joints, ok := b.n.joints(&r.Restriction, r.Via)
	if !ok {
		return
	}
	arriving := b.arcsAt(r.From, joints[0], true)
	leaving := b.arcsAt(r.To, joints[len(joints)-1], false)
	if len(leaving) == 0 {
		return
	}
	middle := [][]int32{nil}
	for i, way := range r.Over {
		var longer [][]int32
		for _, walk := range b.walks(way, joints[i], joints[i+1]) {
			for _, before := range middle {
				longer = append(longer, append(slices.Clone(before), walk...))
			}
		}
		middle = longer
	}
	h := b.histories
	for _, first := range arriving {
		for _, walk := range middle {
			whole := b.head(walk[len(walk)-1]) == b.tail(leaving[0])
			for i, before := 0, first; i < len(walk); i++ {
				whole, before = whole && b.head(before) == b.tail(walk[i]), walk[i]
			}
			if !whole {
				continue // a barrier lies between
			}
			now := first
			for _, arc := range walk {
				if r.Only {
					h.put(now, demand{arc, true, r.when})
				}
				now = h.add(now, arc)
			}
			for _, arc := range leaving {
				h.put(now, demand{arc, r.Only, r.when})
			}
		}
	}
}

func (h *histories) put(history int32, d demand) {
	if !slices.Contains(h.demands[history], d) {
		h.demands[history] = append(h.demands[history], d)
	}
}

// arcsAt returns the arcs of a way that end at a node of the network, or begin there.
func (b *builder) arcsAt(way, node int32, end bool) (arcs []int32) {
	nodes := b.n.Ways[way].Nodes
	for e := b.wayEdges[way]; e < b.wayEdges[way+1]; e++ {
		first, last := nodes[b.edges[e].first], nodes[b.edges[e].last]
		if !end {
			first, last = last, first
		}
		if last == node && b.open[2*e] {
			arcs = append(arcs, 2*e)
		}
		if first == node && b.open[2*e+1] {
			arcs = append(arcs, 2*e+1)
		}
	}
	return arcs
}

// walks returns the lists of arcs that lead along a way from one of its nodes to another: one,
// or on a way that is a ring up to two.
func (b *builder) walks(way, from, to int32) (lists [][]int32) {
	nodes := b.n.Ways[way].Nodes
	first, count := b.wayEdges[way], b.wayEdges[way+1]-b.wayEdges[way]
	ring := nodes[0] == nodes[len(nodes)-1]
	for _, backward := range [...]int32{0, 1} {
		// The k-th edge in this direction, and where it begins and ends.
		at := func(k int32) (arc, begin, end int32) {
			if k %= count; backward == 1 {
				k = count - 1 - k
			}
			edge := b.edges[first+k]
			begin, end = nodes[edge.first], nodes[edge.last]
			if backward == 1 {
				begin, end = end, begin
			}
			return 2*(first+k) + backward, begin, end
		}
		for k := range count {
			if _, begin, _ := at(k); begin != from {
				continue
			}
			var list []int32
			for i := k; i < count || ring && i < k+count; i++ {
				arc, _, end := at(i)
				if !b.open[arc] || len(list) > 0 && b.head(list[len(list)-1]) != b.tail(arc) {
					break
				}
				list = append(list, arc)
				if end == to {
					lists = append(lists, list)
					break
				}
			}
			break
		}
	}
	return lists
}

// copyStates makes a copy of an arc for each state with a past in which it can be driven.
func (b *builder) copyStates() {
	if len(b.histories.list) == 0 && !b.hasPrivate {
		return
	}
	b.stateArc = make(map[copied]int32)
	waiting := make([]int32, 0, len(b.open))
	for a := range int32(len(b.open)) {
		if b.open[a] {
			waiting = append(waiting, a)
		}
	}
	for i := 0; i < len(waiting); i++ {
		a := waiting[i]
		v := b.head(a)
		for _, c := range b.out[b.outFrom[v]:b.outFrom[v+1]] {
			if !b.open[c] {
				continue
			}
			if s, ok := b.next(a, c); ok && (s.inside || s.history >= b.histories.arcs) {
				if _, known := b.stateArc[copied{c, s}]; !known {
					waiting = append(waiting, b.copyArc(c, s))
				}
			}
		}
	}
}

// copied is an arc in a state.
type copied struct {
	arc int32
	state
}

// copyArc adds a copy, as the second arc of an edge that is a copy already if there is one.
func (b *builder) copyArc(arc int32, s state) int32 {
	real := int32(len(b.open)) - 2*int32(len(b.copies))
	e := int32(-1)
	for i := b.firstCopy[arc>>1]; i > 0; i = b.copies[i-1].next {
		if x := real + 2*(i-1) + arc&1; !b.open[x] && b.traits[x>>1]&traitInside != 0 == s.inside {
			e = x >> 1
		}
	}
	if e < 0 {
		b.copies = append(b.copies, edgeCopy{of: arc >> 1, next: b.firstCopy[arc>>1]})
		b.firstCopy[arc>>1] = int32(len(b.copies))
		e = int32(len(b.open)) / 2
		b.open = append(b.open, false, false)
		b.states = append(b.states, state{}, state{})
		t := b.traits[arc>>1]
		if s.inside {
			t |= traitInside
		}
		b.traits = append(b.traits, t)
	}
	x := 2*e + arc&1
	b.open[x] = true
	b.states[x-real] = s
	b.stateArc[copied{arc, s}] = x
	return x
}

// edgeCopy is an edge that is a copy of another.
type edgeCopy struct {
	of   int32
	next int32 // the copy before of the same edge + 1
}

// base returns the arc that a copy is of, or the arc itself.
func (b *builder) base(arc int32) int32 {
	if e := arc>>1 - int32(len(b.edges)); e >= 0 {
		return 2*b.copies[e].of + arc&1
	}
	return arc
}

// state returns the state that an arc is in.
func (b *builder) state(arc int32) state {
	if i := arc - 2*int32(len(b.edges)); i >= 0 {
		return b.states[i]
	}
	return state{history: arc}
}

// next returns the state of the arc c driven after a; ok is false when private ground that was
// come onto from outside would be left.
func (b *builder) next(a, c int32) (s state, ok bool) {
	now := b.state(a)
	from, to := b.traits[a>>1]&traitPrivate != 0, b.traits[c>>1]&traitPrivate != 0
	if now.inside && !to {
		return s, false
	}
	return state{b.histories.after(now.history, c), to && (now.inside || !from)}, true
}

// follow returns the arc, or the copy of one, that is driven when c follows a; -1 when none may be.
func (b *builder) follow(a, c int32) int32 {
	if b.stateArc == nil {
		return c
	}
	s, ok := b.next(a, c)
	if !ok {
		return -1
	}
	if s.inside || s.history >= b.histories.arcs {
		x, known := b.stateArc[copied{c, s}]
		if !known {
			return -1
		}
		return x
	}
	return c
}
