package roads

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// Checker tells whether a line can be driven on a network. It looks at the
// network's ways alone and shares no code with [Build] and the search, so that a
// mistake there is found here.
type Checker struct {
	n       *Network
	profile Profile
	at      map[orb.Point][]int32
	leaving map[int32][]piece // by node
	coming  map[int32][]piece
	pieces  []piece
	stops   map[int32]bool // nodes with a barrier that the vehicle does not pass
	bound   map[int32][]Restriction
}

// piece is one straight part of a way in a permitted direction.
type piece struct{ from, to, way int32 }

// checkTolerance is how far an end of a line may lie beside its street, in metres.
const checkTolerance = 0.5

// NewChecker makes a checker of lines for a vehicle.
func NewChecker(n *Network, p Profile) (*Checker, error) {
	if err := n.Check(); err != nil {
		return nil, err
	}
	c := &Checker{
		n: n, profile: p, at: map[orb.Point][]int32{}, leaving: map[int32][]piece{}, coming: map[int32][]piece{},
		stops: map[int32]bool{}, bound: map[int32][]Restriction{},
	}
	for v, q := range n.Nodes {
		c.at[q] = append(c.at[q], int32(v))
	}
	add := func(from, to, way int32) {
		s := piece{from, to, way}
		c.leaving[from] = append(c.leaving[from], s)
		c.coming[to] = append(c.coming[to], s)
		c.pieces = append(c.pieces, s)
	}
	for i := range n.Ways {
		w := &n.Ways[i]
		if !p.drives(w) {
			continue
		}
		for k := 1; k < len(w.Nodes); k++ {
			if w.Forward&p.Needs != 0 {
				add(w.Nodes[k-1], w.Nodes[k], int32(i))
			}
			if w.Backward&p.Needs != 0 {
				add(w.Nodes[k], w.Nodes[k-1], int32(i))
			}
		}
	}
	for i := range n.Barriers {
		if b := &n.Barriers[i]; !p.passes(b) {
			c.stops[b.Node] = true
		}
	}
	for _, r := range n.Restrictions {
		touches := func(s piece) bool { return s.way == r.To }
		if p.bound(&r) && (slices.ContainsFunc(c.leaving[r.Via], touches) || slices.ContainsFunc(c.coming[r.Via], touches)) {
			c.bound[r.Via] = append(c.bound[r.Via], r)
		}
	}
	return c, nil
}

// Check returns nil when a line runs along streets that the vehicle may drive, in
// a permitted direction, through no barrier that stops it, against no turn
// restriction, and turns back only where the profile allows. The ends may lie
// anywhere on a street; all points between are corners of the network's ways.
func (c *Checker) Check(line orb.LineString) error {
	if len(line) < 2 {
		return errors.New("the line has fewer than two points")
	}
	if len(line) == 2 {
		return c.checkStraight(line)
	}
	last := len(line) - 1
	var now []piece
	for _, v := range c.at[line[1]] {
		for _, s := range c.coming[v] {
			if c.on(line[0], s) {
				now = append(now, s)
			}
		}
	}
	if len(now) == 0 {
		return c.fault(line, 0, "no street may be driven from here to the next point")
	}
	for i := 1; i < last; i++ {
		var next []piece
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
				next = append(next, to)
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
func (c *Checker) turn(from, to piece) string {
	v, back := from.to, to.to == from.from && to.way == from.way
	if c.stops[v] && !back {
		return "a barrier stops the vehicle"
	}
	if back && !c.mayTurnBack(v, from) {
		return "the vehicle may not turn back here"
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

// mayTurnBack says whether the profile allows turning back at v: at a dead end,
// nothing leads on from which the vehicle could come back.
func (c *Checker) mayTurnBack(v int32, from piece) bool {
	switch {
	case c.profile.UTurns == UTurnAnywhere || c.stops[v]:
		return true
	case c.profile.UTurns == UTurnNever:
		return false
	}
	for _, s := range c.leaving[v] {
		if (s.to != from.from || s.way != from.way) && c.reaches(s.to, v) {
			return false
		}
	}
	return true
}

// reaches says whether there is a way from one node to another, whatever the turns.
func (c *Checker) reaches(from, to int32) bool {
	seen := map[int32]bool{from: true}
	queue := []int32{from}
	for len(queue) > 0 {
		v := queue[len(queue)-1]
		if v == to {
			return true
		}
		queue = queue[:len(queue)-1]
		for _, s := range c.leaving[v] {
			if !seen[s.to] && (!c.stops[v] || v == from) {
				seen[s.to] = true
				queue = append(queue, s.to)
			}
		}
	}
	return false
}
