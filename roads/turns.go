package roads

import (
	"math"
	"slices"
)

// findRestrictions keeps the turn restrictions that bind the vehicle. One whose
// node is not on both of its streets means nothing, and a street that is commanded
// but cannot be driven commands nothing.
func (b *builder) findRestrictions() {
	b.bound = make(map[int32][]Restriction)
	for _, r := range b.n.Restrictions {
		if b.p.bound(&r) && b.drivable(&b.n.Ways[r.From]) && b.drivable(&b.n.Ways[r.To]) &&
			slices.Contains(b.n.Ways[r.From].Nodes, r.Via) && slices.Contains(b.n.Ways[r.To].Nodes, r.Via) {
			b.bound[r.Via] = append(b.bound[r.Via], r)
			b.stats.Restrictions++
		}
	}
}

// head returns the vertex where an arc ends.
func (b *builder) head(arc int32) int32 {
	if e := b.edges[arc>>1]; arc&1 == 0 {
		return e.to
	} else {
		return e.from
	}
}

// restricted says whether a sign at v forbids going from one arc to the next. A
// restriction from a way to itself forbids turning back on it.
func (b *builder) restricted(v, from, to int32) bool {
	a, c := b.edges[from>>1].way, b.edges[to>>1].way
	commanded, obeyed := false, false
	for _, r := range b.bound[v] {
		if r.From != a {
			continue
		}
		meant := r.To == c && (r.From != r.To || r.Only != (to == from^1))
		if !r.Only && meant {
			return true
		}
		commanded = commanded || r.Only
		obeyed = obeyed || r.Only && meant
	}
	return commanded && !obeyed
}

// connect lists for each open arc the turns that may follow it.
func (b *builder) connect(turnBack UTurn) {
	b.turnFrom = make([]int32, len(b.open)+1)
	b.turns = b.turns[:0]
	for a := range int32(len(b.open)) {
		if b.open[a] {
			b.connectArc(a, turnBack)
		}
		b.turnFrom[a+1] = int32(len(b.turns))
	}
}

func (b *builder) connectArc(a int32, turnBack UTurn) {
	v := b.head(a)
	leaving := b.out[b.outFrom[v]:b.outFrom[v+1]]
	deadEnd := true
	for _, c := range leaving {
		if b.open[c] && c != a^1 {
			deadEnd = false
		}
	}
	for _, c := range leaving {
		if !b.open[c] || b.restricted(v, a, c) {
			continue
		}
		if c == a^1 && (turnBack == UTurnNever || turnBack == UTurnDeadEnd && !deadEnd) {
			continue
		}
		b.turns = append(b.turns, makeTurn(c, b.turnKind(v, a, c)))
	}
}

func (b *builder) turnKind(v, from, to int32) int {
	kind := turnStraight
	if to == from^1 {
		kind = turnBack
	} else if b.degree[v] > 2 {
		in, out := b.heading[from].end, b.heading[to].start
		cross := float64(in[0])*float64(out[1]) - float64(in[1])*float64(out[0])
		dot := float64(in[0])*float64(out[0]) + float64(in[1])*float64(out[1])
		switch angle := math.Atan2(cross, dot); {
		case angle > math.Pi/4:
			kind = turnLeft
		case angle < -math.Pi/4:
			kind = turnRight
		}
	}
	if !b.destination(from) && b.destination(to) {
		kind |= turnEntering
	}
	return kind
}

// destination says whether an arc is for destination traffic only.
func (b *builder) destination(arc int32) bool {
	w := &b.n.Ways[b.edges[arc>>1].way]
	if arc&1 == 0 {
		return w.Forward&AccessDestination != 0
	}
	return w.Backward&AccessDestination != 0
}
