package fleet

import "slices"

const (
	// relieveChance is the chance of an iteration in which another vehicle takes over some trips. Of 0.03, 0.08 and
	// 0.2 it did best on days drawn from seeds 10 to 13, and better than 0.03 on 0 to 3 (bench/fleet/RESULTS.md).
	relieveChance = 0.08
	// Then, the chances that it is one that already has trips, and that there is hope of further trips.
	relieveByUsed, relieveHope = 0.5, 0.5
)

// relieve moves some trips of one vehicle to the end of another's route, often an empty one's, and puts all stops that
// the two could serve in the time that this makes into the pool. No stop alone pays for one more vehicle, and hope of a
// trip of stops that are left does not see that vehicles on their way come to have more time. It returns false when
// nothing has moved.
func (w *search) relieve() bool {
	from, to := w.drawRelief()
	if to == none {
		return false
	}
	giver, taker := &w.routes[from], &w.routes[to]
	first := w.random.below(len(giver.trips))
	last := first + w.random.below(len(giver.trips)-first)
	if giver.trips[first].first < giver.kind.locked() {
		return false
	}
	begin, end := int(giver.trips[first].first), int(giver.trips[last].last)+1
	if giver.nodes[end-1] == w.home && !taker.empty() || taker.nodes[len(taker.nodes)-2] == w.home {
		return false // a trip that ends at home is the last
	}
	w.touch(from)
	w.touch(to)
	taker.nodes = slices.Insert(taker.nodes, len(taker.nodes)-1, giver.nodes[begin:end]...)
	giver.nodes = slices.Delete(giver.nodes, begin, end)
	if w.measure(taker) != BindNone || w.measure(giver) != BindNone {
		w.undo()
		return false
	}
	w.index(giver)
	w.index(taker)
	for s := range int32(w.stops) {
		if w.routeOf[s] == none && !w.idle[s] && (w.required[s] || giver.kind.allowed[s] || taker.kind.allowed[s]) {
			w.pool = append(w.pool, candidate{stop: s})
		}
	}
	return true
}

// drawRelief draws a vehicle with trips and another that may take some over; to is none where there is no other.
func (w *search) drawRelief() (from, to int32) {
	used, empty := int32(none), int32(none)
	from = none
	busy, others, idle := 0, 0, 0
	for v := range int32(len(w.routes)) {
		if w.routes[v].empty() {
			if idle++; w.random.below(idle) == 0 {
				empty = v
			}
			continue
		}
		if busy++; w.random.below(busy) == 0 {
			from = v
		}
	}
	if from == none {
		return none, none
	}
	for v := range int32(len(w.routes)) {
		if v != from && !w.routes[v].empty() {
			if others++; w.random.below(others) == 0 {
				used = v
			}
		}
	}
	if empty == none || used != none && w.random.chance(relieveByUsed) {
		return from, used
	}
	return from, empty
}
