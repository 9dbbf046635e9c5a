package roads

import "slices"

// edges returns how many edges are no copies; these come first.
func (g *Graph) edges() int32 { return int32(len(g.cost) - len(g.copyOf)) }

// copies returns the copies of an edge: from first up to end.
func (g *Graph) copies(e int32) (first, end int32) {
	if len(g.copyOf) == 0 {
		return 0, 0
	}
	i, _ := slices.BinarySearch(g.copyOf, e)
	j, _ := slices.BinarySearch(g.copyOf, e+1)
	return g.edges() + int32(i), g.edges() + int32(j)
}

// base returns the arc that a copy is of, or the arc itself.
func (g *Graph) base(arc int32) int32 {
	if i := arc>>1 - g.edges(); i >= 0 {
		return 2*g.copyOf[i] + arc&1
	}
	return arc
}

// states visits an arc that is no copy and its copies, as far as they are open, until visit
// returns true, and says whether it did.
func (g *Graph) states(arc int32, visit func(arc int32) bool) bool {
	if g.open[arc] && visit(arc) {
		return true
	}
	for e, end := g.copies(arc >> 1); e < end; e++ {
		if a := 2*e + arc&1; g.open[a] && visit(a) {
			return true
		}
	}
	return false
}

// isReached says whether trips from elsewhere end on an arc that is no copy; they begin on
// every such arc that is open.
func (g *Graph) isReached(arc int32) bool {
	return g.states(arc, func(a int32) bool { return !g.traits[a>>1].isFirst(a) })
}

// turnsBothWays says whether trips begin and end on an edge in both directions.
func (g *Graph) turnsBothWays(e int32) bool {
	return g.open[2*e] && g.open[2*e+1] && g.isReached(2*e) && g.isReached(2*e+1)
}

// stops says whether the vehicle may stop on an edge: it can get there and away.
func (g *Graph) stops(e int32) bool {
	return !g.profile.NoStopping[g.class[e]] && (g.open[2*e] || g.open[2*e+1]) && (g.isReached(2*e) || g.isReached(2*e+1))
}

// besideMeters is how far a place lies from the line of its street when it lies on a side of
// it; surveys are no more exact.
const besideMeters = 1

// served says in which directions a vehicle may come to a place, and leave it.
func (g *Graph) served(s Snap) (directions [2]bool) {
	if g.profile.Approach == ApproachCurb && s.Meters >= besideMeters && g.turnsBothWays(s.Edge) {
		return [2]bool{s.Right, !s.Right}
	}
	return [2]bool{true, true}
}
