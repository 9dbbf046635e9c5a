package fleet

import "slices"

// candidate is a stop that waits for insertion; lower keys go first.
type candidate struct {
	stop  int32
	class int8 // 0 for required stops, which go first, else 1
	key   float64
}

// order is a way to sort candidates.
type order uint8

const (
	byChance   order = iota
	byLoad           // fullest first
	farthest         // from the depot
	closest          // to the depot
	byPrize          // dearest first
	byProfit         // dearest for its service and load first
	byWindow         // soonest closed first
	manyOrders       // how many there are
	byCluster        // trip by trip around the farthest; for first solutions only
)

const (
	blinkChance = 0.01
	hopeChance  = 0.2 // of an iteration that looks for a new trip of optional stops
	extras      = 12  // unserved optional stops that are offered again
	hopeExtras  = 80  // the same, in an iteration of hope
)

// setBlink sets the chance that a position is overlooked.
func (w *search) setBlink(p float64) {
	w.blink = p
	w.skip = w.random.geometric(p)
}

// drawOrder draws an order with the weights of Christiaens & Vanden Berghe (random 4, load 4, far
// 2, close 1), and more where the problem has windows or prizes.
func (w *search) drawOrder() order {
	weights := [manyOrders]int{byChance: 4, byLoad: 4, farthest: 2, closest: 1}
	if w.optional {
		weights[byPrize], weights[byProfit] = 3, 3
	}
	if w.windowed {
		weights[byWindow] = 2
	}
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	draw := w.random.below(sum)
	for o, weight := range weights {
		if draw -= weight; draw < 0 {
			return order(o)
		}
	}
	return byChance
}

// sortPool puts the pool in order, required stops first.
func (w *search) sortPool(o order) {
	if o == byCluster {
		w.sortPool(farthest)
		w.clusterPool()
		return
	}
	for i := range w.pool {
		s := w.pool[i].stop
		var key float64
		switch o {
		case byLoad:
			key = -w.fill[s]
		case farthest:
			key = -float64(w.remoteness[s])
		case closest:
			key = float64(w.remoteness[s])
		case byPrize:
			key = -float64(w.prize[s])
		case byProfit:
			key = -float64(w.prize[s]) / (float64(w.service[s]) + 3600*w.fill[s] + 60)
		case byWindow:
			key = forever
			if to := w.window[s+1]; to > w.window[s] {
				key = float64(w.windows[to-1].Close)
			}
		default:
			key = w.random.float()
		}
		w.pool[i].key, w.pool[i].class = key, 1
		if w.required[s] {
			w.pool[i].class = 0
		}
	}
	slices.SortFunc(w.pool, compareCandidates)
}

func compareCandidates(a, b candidate) int {
	switch {
	case a.class != b.class:
		return int(a.class) - int(b.class)
	case a.key < b.key:
		return -1
	case a.key > b.key:
		return 1
	default:
		return int(a.stop - b.stop)
	}
}

// clusterPool reorders the pool, sorted by remoteness, so that each stop is followed by as many of
// its nearest as fill a vehicle with it.
func (w *search) clusterPool() {
	pooled := w.ruined.marked
	for i := range w.pool {
		pooled[w.pool[i].stop] = true
	}
	key := make([]float64, w.stops)
	next := 0.0
	for _, c := range w.pool {
		if !pooled[c.stop] {
			continue // gone into an earlier cluster
		}
		pooled[c.stop] = false
		next++
		key[c.stop] = next
		room := 1 - w.fill[c.stop]
		for _, s := range w.near[c.stop] {
			if !pooled[s] || w.group[s] != w.group[c.stop] || w.required[s] != w.required[c.stop] {
				continue
			}
			if room -= w.fill[s]; room < 0 {
				break
			}
			pooled[s] = false
			next++
			key[s] = next
		}
	}
	for i := range w.pool {
		w.pool[i].key = key[w.pool[i].stop]
	}
	slices.SortFunc(w.pool, compareCandidates)
}

// recreate inserts the pool's stops one by one where each is cheapest, and leaves out
// optional stops that cost more than their prize. With hope, an optional stop may open a trip at a
// loss that its unserved neighbours can make good; prune then takes back what did not work out.
func (w *search) recreate(o order, hope bool) {
	w.sortPool(o)
	for _, c := range w.pool {
		limit := int64(impossible)
		if !w.required[c.stop] {
			limit = w.prize[c.stop]
		}
		at := w.cheapest(c.stop, limit, hope && !w.required[c.stop])
		if at.vehicle != none {
			w.insert(c.stop, at)
		}
	}
	w.pool = w.pool[:0]
	for _, v := range w.touched {
		if hope {
			w.prune(v)
		}
		w.improveUnloads(v)
	}
}

// hopeOf returns what the unserved optional neighbours of a stop may earn in a trip with it, in grains:
// their prizes less the cost of a detour from it, while they fit a first vehicle.
func (w *search) hopeOf(s int32) int64 {
	room, sum := 1-w.fill[s], int64(0)
	for _, c := range w.earners[s] {
		if room <= 0 {
			break
		}
		if w.routeOf[c.stop] == none {
			sum += c.gain
			room -= w.fill[c.stop]
		}
	}
	return sum
}

// offerUnserved adds to the pool the required stops that are missing, and unserved optional
// ones near the seed (of its group only, when there is hope of a new trip).
func (w *search) offerUnserved(seed int32, hope bool) {
	for i := range w.pool {
		w.ruined.marked[w.pool[i].stop] = true
	}
	offer := func(s int32) {
		if w.routeOf[s] == none && !w.ruined.marked[s] && !w.idle[s] {
			w.ruined.marked[s] = true
			w.pool = append(w.pool, candidate{stop: s})
		}
	}
	if w.missing > 0 {
		for s, required := range w.required {
			if required {
				offer(int32(s))
			}
		}
	}
	if w.optional {
		most := len(w.pool) + extras
		if hope {
			most = len(w.pool) + hopeExtras
		}
		for _, s := range w.near[seed] {
			if len(w.pool) >= most {
				break
			}
			if hope && w.group[s] == w.group[seed] || !hope && w.random.chance(0.5) {
				offer(s)
			}
		}
		offer(int32(w.random.below(w.stops)))
		offer(int32(w.random.below(w.stops)))
	}
	for i := range w.pool {
		w.ruined.marked[w.pool[i].stop] = false
	}
}

// prune takes optional stops, and trips of nothing else, out of a route as long as that pays.
func (w *search) prune(vehicle int32) {
	for w.pruneStop(vehicle) || w.pruneTrip(vehicle) {
	}
}

// pruneStop removes the optional stop whose removal pays most, if any does.
func (w *search) pruneStop(vehicle int32) bool {
	r := &w.routes[vehicle]
	k, n := r.kind, w.locations
	worst, most := int32(none), int64(0)
	for i := max(1, int(k.locked())); i < len(r.nodes)-1; i++ {
		s := r.nodes[i]
		if int(s) >= w.stops || w.required[s] || r.trips[r.trip[i]].last-r.trips[r.trip[i]].first == 1 {
			continue
		}
		saved := r.link[i-1] + r.link[i] - k.arcs[int(r.at[i-1])*n+int(r.at[i+1])] + k.second*int64(w.service[s]) + k.changeCost(s) - w.prize[s]
		if k.overtime > 0 && r.end > k.shiftEnd {
			saved += k.overtime * int64(r.end-k.shiftEnd) // at most; tryWithout counts
		}
		if saved > most {
			worst, most = s, saved
		}
	}
	if worst == none {
		return false
	}
	w.ruined.marked[worst] = true
	return w.tryWithout(vehicle)
}

// pruneTrip removes the first trip of optional stops only that costs more than it earns.
func (w *search) pruneTrip(vehicle int32) bool {
	r := &w.routes[vehicle]
	for t := range r.trips {
		tr := r.trips[t]
		if tr.first < r.kind.locked() {
			continue
		}
		optional, prizes := true, int64(0)
		for _, s := range r.nodes[tr.first:tr.last] {
			optional = optional && !w.required[s]
			prizes += w.prize[s]
		}
		if !optional || prizes > r.cost {
			continue
		}
		for _, s := range r.nodes[tr.first:tr.last] {
			w.ruined.marked[s] = true
		}
		if w.tryWithout(vehicle) {
			return true
		}
	}
	return false
}

// tryWithout removes the marked stops if that lowers the cost less the prizes. Either way
// nothing is marked afterwards.
func (w *search) tryWithout(vehicle int32) bool {
	r := w.touch(vehicle)
	w.spare.copyFrom(r)
	cost, prizes := r.cost, w.prizes
	pooled := len(w.pool)
	w.removeMarked(vehicle)
	gone := w.pool[pooled:]
	w.pool = w.pool[:pooled]
	if r.cost-w.prizes < cost-prizes {
		return true
	}
	r.copyFrom(&w.spare)
	w.index(r)
	for _, c := range gone {
		w.serve(c.stop)
	}
	return false
}

// improveUnloads moves the unloading of each trip to a cheaper facility where that is feasible.
func (w *search) improveUnloads(vehicle int32) {
	if len(w.problem.Facilities) == 0 || len(w.problem.Facilities) == 1 && w.problem.EndEmpty {
		return
	}
	r := w.touch(vehicle)
	for t := 0; t < len(r.trips); t++ {
		tr := r.trips[t]
		if tr.last < r.kind.locked() {
			continue
		}
		old := r.nodes[tr.last]
		for _, unload := range w.unloads[tr.group] {
			w.tryUnload(r, tr.last, unload)
		}
		if !w.problem.EndEmpty && t == len(r.trips)-1 && old != w.home {
			w.tryUnload(r, tr.last, w.home)
		}
	}
}

// tryUnload puts another facility at a position if that is cheaper and feasible.
func (w *search) tryUnload(r *route, pos, unload int32) {
	k, n := r.kind, w.locations
	old := r.nodes[pos]
	if old == unload {
		return
	}
	u := int(w.locationOf(k, unload))
	cost := k.arcs[int(r.at[pos-1])*n+u] + k.arcs[u*n+int(r.at[pos+1])] + k.second*int64(w.serviceOf(none, unload))
	if cost >= r.link[pos-1]+r.link[pos]+k.second*int64(w.serviceOf(none, old)) {
		return
	}
	w.spare.copyFrom(r)
	r.nodes[pos] = unload
	if w.measure(r) != BindNone || r.cost > w.spare.cost {
		r.copyFrom(&w.spare)
	}
}
