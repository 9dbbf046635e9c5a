package roads

// metric is what driving costs, for one set of speeds and closures: the edges, and
// the links of a topology between their arcs. Of the links only those are kept that
// are the cheapest way between their ends; the topology has many more.
type metric struct {
	cost []packedCost // of driving an edge whole, either way; see cost.go
	open []bool       // by arc: in the component and not closed; a forbidden arc is not
	up   hops         // from a node to higher ones
	down hops         // from higher nodes to a node
}

// hops are links with a cost, by their lower end: those of node x are
// list[from[x]:from[x+1]], ascending by their higher end.
type hops struct {
	from []int32
	list []hop
}

// hop is a link to or from a higher node. It costs what lies between the beginnings
// of the two arcs: driving the first, and turning.
type hop struct {
	cost  packedCost
	other int32 // the higher node
	via   int32 // the lower node that the cheapest way leads over; isTurn when it is a turn
}

const (
	isTurn  = -1
	useless = -2 // marks a link that is not the cheapest way between its ends
)

func (h *hops) of(x int32) []hop { return h.list[h.from[x]:h.from[x+1]] }

// find returns the number of the hop between a node and a higher one, which must be there.
func (h *hops) find(low, high int32) int32 {
	k := h.from[low]
	for h.list[k].other != high {
		k++
	}
	return k
}

// keep takes the links that are worth it.
func (h *hops) keep(l *links, w *weights) {
	n := len(l.from) - 1
	h.from = make([]int32, n+1)
	count := int32(0)
	for x := range n {
		for k := l.from[x]; k < l.from[x+1]; k++ {
			if w.via[k] != useless && w.cost[k] < unreached {
				count++
			}
		}
		h.from[x+1] = count
	}
	h.list = make([]hop, 0, count)
	for k, via := range w.via {
		if via != useless && w.cost[k] < unreached {
			h.list = append(h.list, hop{w.cost[k], l.other[k], via})
		}
	}
}
