package roads

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// Checker tells whether a line can be driven on a network. It looks at the
// network's ways alone and shares no code with [Build] and the search, so that a
// mistake there is found here.
type Checker struct {
	n       *Network
	profile Profile
	at      map[orb.Point][]int32
	leaving map[int32][]piece // by node
	always  map[int32][]piece // the same at any time
	coming  map[int32][]piece
	pieces  []piece
	stops   map[int32]bool // nodes with a barrier that the vehicle does not pass
	bound   map[int32][]Restriction
	over    []Restriction // over ways
	private []bool        // by way
}

// piece is one straight part of a way in a permitted direction.
type piece struct{ from, to, way int32 }

// driven is a piece and those driven before it.
type driven struct {
	piece
	before *driven
	open   bool // one of them was not private
}

// checkTolerance is how far an end of a line may lie beside its street, in metres.
const checkTolerance = 0.5

// NewChecker makes a checker of lines for a vehicle, at any time.
func NewChecker(n *Network, p Profile) (*Checker, error) { return newChecker(n, p, p.anyTime()) }

// NewCheckerAt makes one for a moment, as [Graph.At] understands it.
func NewCheckerAt(n *Network, p Profile, t time.Time) (*Checker, error) {
	return newChecker(n, p, view{at: t})
}

func newChecker(n *Network, p Profile, v view) (*Checker, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	c := &Checker{
		n: n, profile: p, at: map[orb.Point][]int32{}, leaving: map[int32][]piece{}, always: map[int32][]piece{}, coming: map[int32][]piece{},
		stops: map[int32]bool{}, bound: map[int32][]Restriction{},
	}
	for v, q := range n.Nodes {
		c.at[q] = append(c.at[q], int32(v))
	}
	c.private = make([]bool, len(n.Ways))
	for i := range n.Ways {
		w := p.ruled(&n.Ways[i], v)
		c.private[i] = w.Private&p.Needs != 0
		if p.drives(&w) && !c.isZoned(&w, v) {
			eachPiece(&w, int32(i), p.Needs, func(s piece) {
				c.leaving[s.from] = append(c.leaving[s.from], s)
				c.coming[s.to] = append(c.coming[s.to], s)
				c.pieces = append(c.pieces, s)
			})
		}
		w = p.ruled(&n.Ways[i], p.anyTime())
		if p.drives(&w) && !c.isZoned(&w, p.anyTime()) {
			eachPiece(&w, int32(i), p.Needs, func(s piece) { c.always[s.from] = append(c.always[s.from], s) })
		}
	}
	for i := range n.Barriers {
		if b := &n.Barriers[i]; !p.passes(b) {
			c.stops[b.Node] = true
		}
	}
	for _, r := range n.Restrictions {
		touches := func(s piece) bool { return s.way == r.To }
		when, err := parseCondition(r.When)
		if err != nil {
			return nil, err
		}
		if counts, _ := when.weighs(&p, v); !counts {
			continue
		}
		if len(r.Over) > 0 {
			if p.bound(&r) && c.leads(&r) {
				c.over = append(c.over, r)
			}
			continue
		}
		if p.bound(&r) && (slices.ContainsFunc(c.leaving[r.Via], touches) || slices.ContainsFunc(c.coming[r.Via], touches)) {
			c.bound[r.Via] = append(c.bound[r.Via], r)
		}
	}
	return c, nil
}

// eachPiece visits the straight parts of a way in the directions in which it may be driven.
func eachPiece(w *Way, way int32, needs Access, visit func(piece)) {
	for k := 1; k < len(w.Nodes); k++ {
		if w.Forward&needs != 0 {
			visit(piece{w.Nodes[k-1], w.Nodes[k], way})
		}
		if w.Backward&needs != 0 {
			visit(piece{w.Nodes[k], w.Nodes[k-1], way})
		}
	}
}

// leads says whether the ways of a restriction over ways can be driven one after the other at
// some time: a command that cannot be obeyed is none.
func (c *Checker) leads(r *Restriction) bool {
	joints, ok := c.n.joints(r, r.Via)
	along := func(way, from, to int32) bool {
		w := c.profile.ruled(&c.n.Ways[way], view{timeless: permitting})
		first, last := slices.Index(w.Nodes, from), slices.Index(w.Nodes, to)
		isRing := w.Nodes[0] == w.Nodes[len(w.Nodes)-1]
		access := Access(0)
		if first < last || isRing {
			access |= w.Forward
		}
		if first > last || isRing {
			access |= w.Backward
		}
		stops := func(v int32) bool { return c.stops[v] }
		if !isRing && first != last && slices.ContainsFunc(w.Nodes[min(first, last)+1:max(first, last)], stops) {
			return false
		}
		return c.profile.drives(&w) && access&c.profile.Needs != 0
	}
	ok = ok && !slices.ContainsFunc(joints, func(v int32) bool { return c.stops[v] })
	for i := range r.Over {
		ok = ok && along(r.Over[i], joints[i], joints[i+1])
	}
	if !ok {
		return false
	}
	to, end := c.n.Ways[r.To].Nodes, joints[len(joints)-1]
	before := slices.Index(to, end)
	return before > 0 && along(r.To, end, to[before-1]) || before+1 < len(to) && along(r.To, end, to[before+1])
}

// isZoned says whether a way lies in a zone that the vehicle may not drive in, with all its
// nodes: of others the ends may be driven.
func (c *Checker) isZoned(w *Way, v view) bool {
	p := &c.profile
	for i := range c.n.Zones {
		z := &c.n.Zones[i]
		when, err := parseCondition(z.When)
		if err != nil || z.Applies&p.Needs == 0 || p.Emission == 0 || p.Emission >= z.Least {
			continue
		}
		if counts, _ := when.weighs(p, v); counts &&
			!slices.ContainsFunc(w.Nodes, func(u int32) bool { return !planar.PolygonContains(z.Polygon, c.n.Nodes[u]) }) {
			return true
		}
	}
	return false
}

// Check returns nil when a line runs along streets that the vehicle may drive, in
// a permitted direction, through no barrier that stops it and no private street, against
// no turn restriction, and turns back only where the profile allows. The ends may lie
// anywhere on a street; all points between are corners of the network's ways.
func (c *Checker) Check(line orb.LineString) error {
	if len(line) < 2 {
		return errors.New("the line has fewer than two points")
	}
	if len(line) == 2 {
		return c.checkStraight(line)
	}
	last := len(line) - 1
	var now []*driven
	for _, v := range c.at[line[1]] {
		for _, s := range c.coming[v] {
			if c.on(line[0], s) {
				now = append(now, &driven{s, nil, !c.private[s.way]})
			}
		}
	}
	if len(now) == 0 {
		return c.fault(line, 0, "no street may be driven from here to the next point")
	}
	for i := 1; i < last; i++ {
		var next []*driven
		possible, refusal := false, ""
		for _, from := range now {
			for _, to := range c.leaving[from.to] {
				if i < last-1 && c.n.Nodes[to.to] != line[i+1] || i == last-1 && !c.on(line[last], to) {
					continue
				}
				possible = true
				if why := c.turn(from, to); why != "" {
					refusal = why
					continue
				}
				next = append(next, &driven{to, from, from.open || !c.private[to.way]})
			}
		}
		switch {
		case len(next) > 0:
			now = next
		case possible:
			return c.fault(line, i, refusal)
		default:
			return c.fault(line, i, "no street may be driven from here to the next point")
		}
	}
	return nil
}

func (c *Checker) fault(line orb.LineString, i int, why string) error {
	return fmt.Errorf("point %d (%.7f, %.7f): %s", i, line[i][0], line[i][1], why)
}

// checkStraight checks a line of two points, which lie on one straight part.
func (c *Checker) checkStraight(line orb.LineString) error {
	for _, s := range c.pieces {
		a, b := c.n.Nodes[s.from], c.n.Nodes[s.to]
		if !c.on(line[0], s) || !c.on(line[1], s) {
			continue
		}
		first, _ := project(line[0], a, b)
		second, _ := project(line[1], a, b)
		if second >= first || meters(line[0], line[1]) < checkTolerance {
			return nil
		}
	}
	return c.fault(line, 0, "no street may be driven from here to the next point")
}

// on says whether a point lies on a straight part.
func (c *Checker) on(p orb.Point, s piece) bool {
	_, far := project(p, c.n.Nodes[s.from], c.n.Nodes[s.to])
	return far <= checkTolerance
}

// turn returns why the vehicle may not go from one part to the next, "" when it may.
func (c *Checker) turn(before *driven, to piece) string {
	from := before.piece
	v, back := from.to, to.to == from.from && to.way == from.way
	if c.stops[v] && !back {
		return "a barrier stops the vehicle"
	}
	if back && !c.mayTurnBack(from) {
		return "the vehicle may not turn back here"
	}
	if c.private[from.way] && !c.private[to.way] && before.open {
		return "a private street is no way through"
	}
	if why := c.turnOver(before, to); why != "" {
		return why
	}
	command, obeyed := false, false
	for _, r := range c.bound[v] {
		if r.From != from.way {
			continue
		}
		hit := r.To == to.way
		if r.From == r.To {
			hit = hit && back != r.Only
		}
		if !r.Only && hit {
			return "a turn restriction forbids this turn"
		}
		command, obeyed = command || r.Only, obeyed || r.Only && hit
	}
	if command && !obeyed {
		return "a turn restriction commands another turn"
	}
	return ""
}

// turnOver returns why restrictions over ways forbid a turn.
func (c *Checker) turnOver(before *driven, to piece) string {
	type street struct{ way, from, second, to int32 } // second: the node after from
	// The streets driven, last first: pieces of one way in one direction are one.
	var streets []street
	for d := before; d != nil; d = d.before {
		last := len(streets) - 1
		if last >= 0 && streets[last].way == d.way && streets[last].second != d.from {
			streets[last].from, streets[last].second = d.from, d.to
		} else {
			streets = append(streets, street{d.way, d.from, d.to, d.to})
		}
		if len(streets) > maxOver {
			break
		}
	}
	commanded, obeyed := false, false
	for i := range c.over {
		r := &c.over[i]
		joints, ok := c.n.joints(r, r.Via)
		if !ok {
			continue
		}
		for done := len(r.Over); done >= 0; done-- { // how many of the ways between lie behind
			if len(streets) <= done || to.from != joints[done] {
				continue
			}
			behind := streets[done].way == r.From && streets[done].to == joints[0]
			for k := range done {
				s := streets[done-1-k]
				behind = behind && s.way == r.Over[k] && s.from == joints[k] && s.to == joints[k+1]
			}
			if !behind {
				continue
			}
			if done < len(r.Over) {
				if r.Only {
					commanded, obeyed = true, obeyed || to.way == r.Over[done]
				}
				continue
			}
			if !r.Only && to.way == r.To {
				return "a turn restriction forbids this turn after the streets before it"
			}
			if r.Only {
				commanded, obeyed = true, obeyed || to.way == r.To
			}
		}
	}
	if commanded && !obeyed {
		return "a turn restriction commands another turn after the streets before it"
	}
	return ""
}

// maxOver is more streets than any restriction leads over.
const maxOver = 64

// mayTurnBack says whether the profile allows turning back where a part ends: at a dead end,
// nothing leads on at any time from which the vehicle could come back.
func (c *Checker) mayTurnBack(from piece) bool {
	v := from.to
	switch {
	case c.profile.UTurns == UTurnAnywhere || c.stops[v]:
		return true
	case c.profile.UTurns == UTurnNever:
		return false
	}
	for _, s := range c.always[v] {
		// What leads on over private streets, or from them, is left to Build: on private ground it is
		// harmless to turn.
		if (s.to != from.from || s.way != from.way) && !c.private[s.way] && !c.private[from.way] && c.reaches(s.to, v) {
			return false
		}
	}
	return true
}

// reaches says whether there is a way from one node to another at any time, whatever the turns.
func (c *Checker) reaches(from, to int32) bool {
	seen := map[int32]bool{from: true}
	queue := []int32{from}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		if v == to {
			return true
		}
		queue = queue[:len(queue)-1]
		for _, s := range c.always[v] {
			if !seen[s.to] && !c.private[s.way] && (!c.stops[v] || v == from) {
				seen[s.to] = true
				queue = append(queue, s.to)
			}
		}
	}
	return false
}
