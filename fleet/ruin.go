package fleet

// Ruin follows Christiaens & Vanden Berghe, "Slack Induction by String Removals for
// Vehicle Routing Problems", Transportation Science 54(2), 2020, section 5.1, with their parameters.
// A string is cut from a trip, so that vehicles that unload on the way are ruined
// like several short routes.
const (
	meanRemoved   = 10   // c-bar: stops removed on average
	longestString = 10   // L-max
	splitChance   = 0.5  // alpha: a split string rather than a string
	splitGrow     = 0.01 // beta: the part kept within a split string grows by one

	// Chances of removing one or two whole trips instead of strings: they make room for a trip elsewhere.
	wholeTrip     = 0.03
	wholeTripHope = 0.3 // when a new trip of optional stops is sought
)

// ruined is what one ruin removes.
type ruined struct {
	marked   []bool  // per stop: to be removed
	vehicles []int32 // whose routes lose a stop
	trips    []tripKey
}

// tripKey names a trip of the solution before it is ruined.
type tripKey struct{ vehicle, trip int32 }

func (u *ruined) cut(key tripKey) bool {
	for _, k := range u.trips {
		if k == key {
			return true
		}
	}
	return false
}

// ruin removes strings, or whole trips, near the seed and fills the pool with what it removed.
func (w *search) ruin(seed int32, hope bool) {
	u := &w.ruined
	u.vehicles, u.trips = u.vehicles[:0], u.trips[:0]
	served, trips := 0, 0
	for v := range w.routes {
		r := &w.routes[v]
		served += len(r.nodes) - 2 - len(r.trips)
		trips += len(r.trips)
	}
	if trips == 0 {
		return
	}
	longest := min(longestString, float64(served)/float64(trips))
	most := 4*meanRemoved/(1+longest) - 1
	strings := int(w.random.float()*most + 1)
	share := wholeTrip
	if hope {
		share = wholeTripHope
	}
	whole := w.random.chance(share)
	if whole {
		strings = 1 + w.random.below(2)
	}
	for _, c := range w.near[seed] {
		if len(u.trips) >= strings {
			break
		}
		if w.routeOf[c] == none {
			continue
		}
		r := &w.routes[w.routeOf[c]]
		if w.posOf[c] < r.kind.locked() {
			continue
		}
		key := tripKey{r.vehicle, r.trip[w.posOf[c]]}
		if u.cut(key) {
			continue
		}
		u.trips = append(u.trips, key)
		t := r.trips[key.trip]
		t.first = max(t.first, r.kind.locked())
		if whole {
			w.mark(r, t.first, t.last)
		} else {
			w.cutString(r, t, w.posOf[c], longest)
		}
	}
	for _, v := range u.vehicles {
		w.removeMarked(v)
	}
}

// cutString marks a string, or a split string, of a trip that holds the position.
func (w *search) cutString(r *route, t trip, pos int32, longest float64) {
	size := t.last - t.first
	length := int32(w.random.float()*min(float64(size), longest) + 1)
	length = min(length, size)
	keep := int32(0)
	if length > 1 && length < size && w.random.chance(splitChance) {
		keep = 1
		for length+keep < size && w.random.chance(splitGrow) {
			keep++
		}
	}
	span := length + keep
	low, high := max(t.first, pos-span+1), min(pos, t.last-span)
	from := low + int32(w.random.below(int(high-low+1)))
	if keep == 0 {
		w.mark(r, from, from+length)
		return
	}
	before := 1 + int32(w.random.below(int(length-1)))
	w.mark(r, from, from+before)
	w.mark(r, from+before+keep, from+span)
}

// mark notes positions [from, to) of a route for removal.
func (w *search) mark(r *route, from, to int32) {
	for _, s := range r.nodes[from:to] {
		w.ruined.marked[s] = true
	}
	for _, v := range w.ruined.vehicles {
		if v == r.vehicle {
			return
		}
	}
	w.ruined.vehicles = append(w.ruined.vehicles, r.vehicle)
}

// removeMarked takes the marked stops out of a route into the pool. If what is left cannot
// be driven, which only odd matrices and windows bring about, all of it goes.
func (w *search) removeMarked(vehicle int32) {
	r := w.touch(vehicle)
	kept, inTrip := r.nodes[:1], 0
	for _, node := range r.nodes[1:] {
		switch {
		case node >= 0 && int(node) < w.stops:
			if w.ruined.marked[node] {
				w.ruined.marked[node] = false
				w.drop(node)
				w.pool = append(w.pool, candidate{stop: node})
				continue
			}
			inTrip++
		case node != none:
			if inTrip == 0 {
				continue // the trip is gone, and so is its unloading
			}
			inTrip = 0
		}
		kept = append(kept, node)
	}
	r.nodes = kept
	if w.measure(r) != BindNone {
		for _, node := range r.nodes[r.kind.locked():] {
			if node >= 0 && int(node) < w.stops {
				w.drop(node)
				w.pool = append(w.pool, candidate{stop: node})
			}
		}
		w.open(r)
	}
	w.index(r)
}
