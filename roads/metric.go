package roads

// metric is what driving costs, for one set of speeds and closures: the edges, and
// the links of a topology between their arcs.
type metric struct {
	cost []packedCost // of driving an edge whole, either way; see cost.go
	open []bool       // by arc: in the component and not closed; a forbidden arc is not
	up   weights      // of the links up
	down weights      // of the links down
}

// weights are what links cost: what lies between the beginnings of the two arcs, so
// driving the first, and turning.
type weights struct {
	cost []packedCost // by link; unreached when closures leave no way over lower nodes
	via  []int32      // the lower node that the cheapest way leads over; isTurn when it is a turn
}

const isTurn = -1

func newWeights(n int) weights {
	w := weights{make([]packedCost, n), make([]int32, n)}
	for k := range w.cost {
		w.cost[k], w.via[k] = unreached, isTurn
	}
	return w
}
