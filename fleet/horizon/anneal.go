package horizon

import (
	"context"
	"math"
)

const (
	// Simulated annealing runs from one share of the mean cost of a drive to a near site down to another. Found by trial on six
	// of the periodic instances (three seeds, 8,000 iterations), as the goals below: the results on these are not those of unseen problems.
	hotShare, coldShare = 2.0, 0.05
	// warmShare is the share of that heat where there is a plan to begin with.
	warmShare = 0.2
	// Prices of broken limits are changed every so many iterations, so that about this share of changes ends in routes that break none;
	// from one share of the effort to another the goal rises to nearly all.
	repriceEvery        = 100
	feasibleGoal        = 0.4
	finalGoal           = 0.97
	riseFrom, riseUntil = 0.7, 0.9
	// Unloadings are always placed anew in routes of no more than so many nodes.
	placed = 20
)

// incumbent is the best plan so far: nodes per slot.
type incumbent struct {
	nodes   [][]int32
	broken  int
	cost    float64
	slots   []int32 // changed since
	isStale []bool
}

func newIncumbent(slots int) incumbent {
	b := incumbent{nodes: make([][]int32, slots), broken: math.MaxInt, isStale: make([]bool, slots)}
	for i := range slots {
		b.stale(int32(i))
	}
	return b
}

// stale notes that a slot has changed since the best plan was kept.
func (b *incumbent) stale(slot int32) {
	if !b.isStale[slot] {
		b.isStale[slot] = true
		b.slots = append(b.slots, slot)
	}
}

// keep stores the current plan as the best if it is.
func (w *search) keep() {
	b := &w.best
	if b.broken < w.broken || b.broken == w.broken && b.cost <= w.state.total {
		return
	}
	b.broken, b.cost = w.broken, w.state.total
	for _, slot := range b.slots {
		b.nodes[slot] = append(b.nodes[slot][:0], w.routes[slot].nodes...)
		b.isStale[slot] = false
	}
	b.slots = b.slots[:0]
}

// restore makes the best plan the current one.
func (w *search) restore() {
	w.reset()
	for slot, nodes := range w.best.nodes {
		w.adopt(slot, nodes)
	}
	w.settle()
}

// adopt sets the nodes of a slot in an empty plan; settle then works out everything.
func (w *search) adopt(slot int, nodes []int32) {
	w.routes[slot].nodes = append(w.routes[slot].nodes[:0], nodes...)
	for _, node := range nodes {
		if w.isSite(node) {
			w.visits[node] |= 1 << w.slots[slot].day
		}
	}
}

// settle recomputes all routes and what leaving all sites costs.
func (w *search) settle() {
	for slot := range w.routes {
		w.compute(slot)
	}
	for i := range w.left {
		w.left[i] = w.leaving(int32(i), w.visits[i])
	}
	w.reprice()
	for slot := range w.routes {
		w.best.stale(int32(slot))
	}
	w.forget()
}

// setPrices sets what broken limits cost: at a scale of 1 a unit of time or distance somewhat more than driving it, a full load as much as
// ten drives.
func (w *search) setPrices() {
	second, meter := w.dearest()
	w.price.seconds = w.scale * max(second, 0.5*w.mean/max(1, w.meanSeconds))
	w.price.meters = w.scale * max(meter, 0.5*w.mean/max(1, w.meanMeters))
	for k := range w.price.load {
		w.price.load[k] = w.scale * 10 * w.mean / float64(w.roomiest(k))
	}
	w.reprice()
	w.forget()
}

// dearest returns the highest price of a second and of a metre, in cents.
func (w *search) dearest() (second, meter float64) {
	for i := range w.slots {
		second, meter = max(second, w.slots[i].second), max(meter, w.slots[i].meter)
	}
	return second, meter
}

// roomiest returns the largest capacity in a dimension, 1 at least.
func (w *search) roomiest(dimension int) int64 {
	most := int64(1)
	for i := range w.slots {
		for g := dimension; g < len(w.slots[i].capacity); g += w.dimensions {
			most = max(most, w.slots[i].capacity[g])
		}
	}
	return most
}

// adjust changes prices by how often limits were broken.
func (w *search) adjust(feasible int) {
	factor := 0.9
	rise := min(max((w.done-riseFrom)/(riseUntil-riseFrom), 0), 1)
	if float64(feasible) < (feasibleGoal+rise*(finalGoal-feasibleGoal))*repriceEvery {
		factor = 1.15
	}
	w.scale = min(max(w.scale*factor, 1e-2), 1e4)
	w.setPrices()
}

// progress returns how much of the effort is spent, from 0 to 1 and more.
func (w *search) progress() float64 {
	done := 0.0
	if w.options.Iterations != 0 {
		done = float64(w.iteration) / float64(max(1, w.options.Iterations))
	}
	if w.options.Time > 0 {
		done = max(done, float64(w.options.Elapsed())/float64(w.options.Time))
	}
	return done
}

// run anneals until the effort is spent or ctx ends.
func (w *search) run(ctx context.Context) {
	w.keep()
	w.repair()
	if w.sites == 0 || len(w.slots) == 0 || w.options.Iterations < 0 {
		w.restore()
		return
	}
	w.blinks = true
	hot := hotShare
	if w.options.Warm != nil {
		hot *= warmShare
	}
	temperature, feasible := 0.0, 0
	for {
		if w.iteration%32 == 0 {
			w.done = w.progress()
			if w.done >= 1 || ctx.Err() != nil {
				break
			}
			temperature = w.mean * hot * math.Pow(coldShare/hot, w.done)
		}
		w.iteration++
		if w.iterate(temperature) {
			feasible++
		}
		if w.iteration%repriceEvery == 0 {
			w.adjust(feasible)
			feasible = 0
		}
	}
	if w.best.broken > 0 || w.broken > 0 {
		w.repair()
	}
	w.restore()
}

// iterate tries one change and reports whether the routes that it came to break no limit.
func (w *search) iterate(temperature float64) bool {
	if w.random.Float64() >= exchanges || !w.exchange() {
		w.ruin()
		w.recreate()
	}
	feasible := true
	for _, slot := range w.touched {
		// A long route that nothing is wrong with is seldom cut better.
		r := &w.routes[slot]
		if n := len(r.nodes); r.breaks() || w.random.IntN(n*n) < placed*placed {
			w.placeUnloads(slot)
		}
		feasible = feasible && !r.breaks()
	}
	if w.state.total >= w.total-temperature*math.Log(1-w.random.Float64()) {
		w.undo()
		return feasible
	}
	w.forget()
	w.keep()
	return feasible
}
