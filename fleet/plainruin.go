package fleet

// Ruin and recreation of plain problems: Christiaens & Vanden Berghe (2020) as in ruin.go and recreate.go, with one
// difference: a stop is offered the positions beside its nearest neighbours only, so that
// an iteration takes as long in a large problem as in a small one.

const (
	// insertNear is how many neighbours are tried first; only when none has room the rest are.
	insertNear = 30
	// In an iteration with hope, the chances that nothing is ruined, and that stops are inserted in order of time.
	hopeOnly, hopeByTime = 0.5, 0.5
	// wholeTripKinds is wholeTrip where vehicles differ: a route moves to another kind as a whole.
	wholeTripKinds = 0.2
	// hideKind is the chance that a kind opens no route in an iteration, so that not always the cheapest for the first stop does.
	hideKind = 0.4
)

// ruiner holds what a ruin and a recreation need.
type ruiner struct {
	*linked
	random *random
	skip   int // neighbours before the next that is overlooked

	pool     []pooled
	inPool   []bool
	mine     []int32 // stops to work on
	foreign  []bool  // per stop: another worker's
	away     int     // required stops among these
	cut      []int32 // vehicles that have lost a string
	hidden   []bool  // per kind: opens no routes in this iteration
	orders   []plainOrder
	rank     []int // cumulative weights of orders
	bestBy   int32 // where the last search for a position ended
	bestCost int64
}

func newRuiner(t *linked, r *random) *ruiner {
	w := &ruiner{
		linked: t, random: r, inPool: make([]bool, t.stops), foreign: make([]bool, t.stops), hidden: make([]bool, len(t.kinds)),
	}
	for s := range int32(t.stops) {
		w.mine = append(w.mine, s)
	}
	w.skip = r.geometric(blinkChance)
	// Weights of Christiaens & Vanden Berghe, sections 5.2 and 6.
	add := func(o plainOrder, weight int) {
		w.orders = append(w.orders, o)
		if len(w.rank) > 0 {
			weight += w.rank[len(w.rank)-1]
		}
		w.rank = append(w.rank, weight)
	}
	add(plainChance, 4)
	if t.dimensions > 0 {
		add(plainLoad, 4)
	}
	add(plainFar, 2)
	add(plainClose, 1)
	if t.windowed {
		add(plainWidth, 2)
		add(plainOpens, 2)
		add(plainShuts, 2)
	}
	if t.optional {
		add(plainPrize, 6)
	}
	return w
}

// offer puts an unserved stop into the pool, once.
func (w *ruiner) offer(s int32) {
	if w.vehicle[s] == none && !w.inPool[s] && !w.foreign[s] {
		w.inPool[s] = true
		w.pool = append(w.pool, pooled{stop: s})
	}
}

// take takes a stop out of its route into the pool.
func (w *ruiner) take(s int32) {
	w.unlink(s)
	w.inPool[s] = true
	w.pool = append(w.pool, pooled{stop: s})
}

// ruin removes strings near a stop.
func (w *ruiner) ruin(seed int32) {
	if w.used == 0 {
		return
	}
	w.cut = w.cut[:0]
	longest := min(longestString, float64(w.served)/float64(w.used))
	most := 4*meanRemoved/(1+longest) - 1
	strings := int(w.random.float()*most + 1)
	share := wholeTrip
	if len(w.kinds) > 1 {
		share = wholeTripKinds
	}
	cut := w.cutAt
	if w.random.chance(share) {
		cut, strings = w.cutWhole, 1+w.random.below(2)
	}
	if w.vehicle[seed] != none {
		cut(seed, longest)
	}
	for _, near := range w.neighbours(seed) {
		if len(w.cut) >= strings {
			break
		}
		if v := w.vehicle[near.stop]; v != none && !w.isCut(v) {
			cut(near.stop, longest)
		}
	}
	if w.timed {
		for _, v := range w.cut {
			if w.retime(v); !w.inTime(v) { // odd matrices: by way of a stop that is gone it was faster
				w.takeAll(v)
				w.retime(v)
			}
		}
	}
}

func (w *ruiner) isCut(v int32) bool {
	for _, c := range w.cut {
		if c == v {
			return true
		}
	}
	return false
}

// cutAt removes a string, or a split string, that holds a stop.
func (w *ruiner) cutAt(s int32, longest float64) {
	v := w.vehicle[s]
	w.cut = append(w.cut, v)
	size := int(w.count[v])
	length := int(w.random.float()*min(float64(size), longest) + 1)
	length = min(length, size)
	keep := 0
	if length > 1 && length < size && w.random.chance(splitChance) {
		keep = 1
		for length+keep < size && w.random.chance(splitGrow) {
			keep++
		}
	}
	span := length + keep
	// The string begins up to span-1 stops before s, so that it neither leaves the route nor misses s.
	before, first := 0, s
	for before < span-1 && int(w.prev[first]) < w.stops {
		first, before = w.prev[first], before+1
	}
	after, last := 0, s
	for after < span-1 && int(w.next[last]) < w.stops {
		last, after = w.next[last], after+1
	}
	// Begins are before .. max(0, span-1-after) stops ahead of s.
	least := span - 1 - after
	for range w.random.below(before - least + 1) {
		first = w.next[first]
	}
	kept := length // none
	if keep > 0 {
		kept = 1 + w.random.below(length-1)
	}
	for i := range length {
		if i == kept {
			for range keep {
				first = w.next[first]
			}
		}
		next := w.next[first]
		w.take(first)
		first = next
	}
}

// cutWhole removes the route of a stop.
func (w *ruiner) cutWhole(s int32, _ float64) {
	v := w.vehicle[s]
	w.cut = append(w.cut, v)
	w.takeAll(v)
}

// takeAll takes all stops of a vehicle into the pool.
func (w *ruiner) takeAll(v int32) {
	for first := w.next[w.start(v)]; int(first) < w.stops; {
		next := w.next[first]
		w.take(first)
		first = next
	}
}

// math32 is more than the sum of any three arcs.
const math32 = 1<<31 - 1
