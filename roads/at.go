package roads

import (
	"runtime"
	"slices"
	"time"

	"polder.city/internal/problem"
)

// At returns the graph of a moment: what holds at certain hours or dates holds when it does
// then. A graph that was built or opened is for no moment, and what its profile says of that.
// The moment counts in its own [time.Location], which should be the streets'; a trip takes
// the rules of its start all the way. Only the weights of the hierarchy are made anew, as by
// [Graph.With]; changes are made to the graph of a moment and not before. Places that either
// graph snapped are good in both; where their streets are closed then, paths say so. It
// returns a [*problem.Error] for a graph with changes, and when no street is open then.
func (g *Graph) At(t time.Time) (*Graph, error) {
	if g.changed {
		return nil, problem.New(problem.Invalid, "roads.at.changed",
			"A graph with closures or other speeds cannot be taken to another time.").
			Do("Take the graph of the time first, and make the changes to that.")
	}
	now := *g
	now.moment = t
	if !g.timed.any() {
		return &now, nil
	}
	v := view{at: t}
	open := make([]bool, len(g.open))
	for a, x := range g.topology.rank {
		open[a] = x >= 0
	}
	now.traits, now.cost = slices.Clone(g.traits), slices.Clone(g.cost)
	ways := make([]Way, len(g.timed.Ways))
	for i := range ways {
		ways[i] = g.profile.ruled(&g.timed.Ways[i], v)
	}
	for _, e := range g.timed.Edges {
		w := &ways[e.Way]
		forward, backward := g.profile.admitted(w)
		open[2*e.Edge], open[2*e.Edge+1] = open[2*e.Edge] && forward, open[2*e.Edge+1] && backward
		inside := now.traits[e.Edge] & traitInside
		now.traits[e.Edge] = traitsOf(w, &g.profile) | inside
		if w.Seconds == 0 && (forward || backward) {
			now.cost[e.Edge] = driveCost(length(g.edgePoints(e.Edge)), g.profile.speed(w))
		}
	}
	if err := now.turnAt(v); err != nil {
		return nil, err
	}
	d := drive{turnFrom: now.turnFrom, turns: now.turns, open: open, traits: now.traits, copyOf: g.copyOf}
	var begins []bool
	now.open, begins = d.reach()
	setFirst(now.traits, begins)
	if !slices.Contains(now.open, true) {
		return nil, problem.New(problem.NotFound, "roads.at.none", "No two streets can be driven between and back by a %s at %s.",
			g.profile.Name, t.Format("2006-01-02 15:04")).Do("Take another time.")
	}
	if !slices.Equal(now.open, g.open) {
		now.cells = newGrid(&now)
	}
	now.up, now.down = g.topology.customize(&now, runtime.GOMAXPROCS(0))
	return &now, nil
}

// Moment returns the moment that the graph is for; the zero time when it is for none.
func (g *Graph) Moment() time.Time { return g.moment }

func (t *timed) any() bool { return len(t.Edges)+len(t.Turns) > 0 }

// turnAt shuts the turns that are forbidden in a view, opens the others, and finds which of
// them enter streets for destination traffic.
func (g *Graph) turnAt(v view) error {
	g.turns = slices.Clone(g.turns)
	for a := range int32(len(g.open)) {
		from := g.traits[a>>1].destination(a)
		for i := g.turnFrom[a]; i < g.turnFrom[a+1]; i++ {
			t := g.turns[i] &^ turnEntering
			if b := t.arc(); !from && g.traits[b>>1].destination(b) {
				t |= turnEntering
			}
			g.turns[i] = t
		}
	}
	holds := make([]bool, len(g.timed.Whens))
	for i, text := range g.timed.Whens {
		c, err := parseCondition(text)
		if err != nil {
			return err
		}
		holds[i], _ = c.weighs(&g.profile, v)
	}
	for _, t := range g.timed.Turns {
		g.turns[t.Turn] &^= turnShut
		if refuses(t.Rules, func(when int32) bool { return holds[when] }) {
			g.turns[t.Turn] |= turnShut
		}
	}
	return nil
}
