package roads

import (
	"math"
	"slices"
)

// boundTurn is a restriction that binds the vehicle.
type boundTurn struct {
	Restriction
	when int32 // see builder.whens; always when negative
}

// findRestrictions keeps the turn restrictions that bind the vehicle. One whose
// node is not on both of its streets means nothing, and a street that is commanded
// but cannot be driven commands nothing.
func (b *builder) findRestrictions() {
	b.bound = make(map[int32][]boundTurn)
	for _, r := range b.n.Restrictions {
		if !b.p.bound(&r) || !b.isDriven[r.From] || !b.isDriven[r.To] || !slices.Contains(b.n.Ways[r.From].Nodes, r.Via) {
			continue
		}
		c, err := parseCondition(r.When)
		if err != nil {
			continue // Check has read it
		}
		counts, sometimes := c.weighs(&b.p, view{timeless: unless})
		if !counts {
			continue
		}
		bound := boundTurn{r, always}
		if sometimes {
			bound.when = b.when(r.When)
		}
		switch {
		case len(r.Over) > 0:
			if slices.ContainsFunc(r.Over, func(w int32) bool { return !b.isDriven[w] }) {
				continue
			}
			b.over = append(b.over, bound)
		case slices.Contains(b.n.Ways[r.To].Nodes, r.Via):
			b.bound[r.Via] = append(b.bound[r.Via], bound)
		default:
			continue
		}
		b.stats.Restrictions++
	}
}

// when returns the number of a condition.
func (b *builder) when(text string) int32 {
	i := slices.Index(b.whens, text)
	if i < 0 {
		i = len(b.whens)
		b.whens = append(b.whens, text)
	}
	return int32(i)
}

// head returns the vertex where an arc ends, and tail the one where it begins.
func (b *builder) head(arc int32) int32 {
	if e := b.edges[b.base(arc)>>1]; arc&1 == 0 {
		return e.to
	} else {
		return e.from
	}
}

func (b *builder) tail(arc int32) int32 { return b.head(arc ^ 1) }

// turnRules lists what restrictions say of going from one arc, with its past, to the next
// at v. A restriction from a way to itself speaks of turning back on it.
func (b *builder) turnRules(list []turnRule, v, from, to int32) []turnRule {
	base := b.base(from)
	a, c := b.edges[base>>1].way, b.edges[to>>1].way
	for _, r := range b.bound[v] {
		if r.From == a {
			meant := r.To == c && (r.From != r.To || r.Only != (to == base^1))
			list = append(list, turnRule{Only: r.Only, Meant: meant, When: r.when})
		}
	}
	return b.histories.rules(list, b.state(from).history, to)
}

// connect lists for each open arc the turns that may follow it at some time. Those that may
// not at any time are shut.
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
	v, back := b.head(a), b.base(a)^1
	leaving := b.out[b.outFrom[v]:b.outFrom[v+1]]
	if turnBack == UTurnDeadEnd && b.leadsOn(a, leaving) {
		turnBack = UTurnNever
	}
	for _, c := range leaving {
		if c == back && turnBack == UTurnNever {
			continue
		}
		to := b.follow(a, c)
		if to < 0 || !b.open[to] {
			continue
		}
		b.rules = b.turnRules(b.rules[:0], v, a, c)
		if refusesEver(b.rules) {
			continue
		}
		t := makeTurn(to, b.turnKind(a, c))
		if refuses(b.rules, func(int32) bool { return b.p.AnyTime == AnyTimeRestricted }) {
			t |= turnShut
		}
		b.turns = append(b.turns, t)
	}
}

// leadsOn says whether another street can be driven at any time after an arc, and come back
// from: then it does not end there.
func (b *builder) leadsOn(a int32, leaving []int32) bool {
	private := b.traits[a>>1]&traitPrivate != 0
	for _, c := range leaving {
		if c == b.base(a)^1 || !private && b.traits[c>>1]&traitPrivate != 0 {
			continue
		}
		if to := b.follow(a, c); to >= 0 && b.leads[c] {
			return true
		}
	}
	return false
}

// turnKind returns the kind of a turn from an arc, whatever its past, to one without. A street
// that only bends where private ground begins is driven straight on.
func (b *builder) turnKind(from, to int32) int {
	kind, entering := turnStraight, !b.destination(from) && b.destination(to)
	from = b.base(from)
	if to == from^1 {
		kind = turnBack
	} else if b.degree[b.head(from)] > 2 || (b.traits[from>>1]^b.traits[to>>1])&traitPrivate != 0 {
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
	if entering {
		kind |= turnEntering
	}
	return kind
}

// destination says whether an arc is for destination traffic only.
func (b *builder) destination(arc int32) bool { return b.traits[arc>>1].destination(arc) }
