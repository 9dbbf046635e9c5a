package roads

import "github.com/paulmach/orb"

// ArcGraph is a graph as other programs know graphs: nodes, and edges with a weight
// between them. Its nodes are the arcs of a [Graph] that may be driven, and its edges
// the turns from one to the next. That is the form in which turns are given to engines
// that know nothing of turns.
type ArcGraph struct {
	At         []orb.Point // where an arc begins, by node
	Tail, Head []int32     // nodes, by edge
	Millis     []int64     // to drive the tail and turn, by edge; see [Profile] DestinationSeconds
}

// ArcGraph returns the arcs and turns of the graph.
func (g *Graph) ArcGraph() *ArcGraph {
	a := new(ArcGraph)
	node := make([]int32, len(g.open))
	for arc, open := range g.open {
		if open {
			node[arc] = int32(len(a.At))
			a.At = append(a.At, g.at(int32(arc), 0))
		}
	}
	for arc := range g.open {
		for _, u := range g.turns[g.turnFrom[arc]:g.turnFrom[arc+1]] {
			if to := u.arc(); g.open[arc] && g.open[to] && !u.isShut() {
				a.Tail, a.Head = append(a.Tail, node[arc]), append(a.Head, node[to])
				a.Millis = append(a.Millis, int64((g.cost[arc>>1]+g.turnCost[u.kind()])>>timeShift))
			}
		}
	}
	return a
}
