package fleet

// search is one worker's state. Nothing in it is shared.
type search struct {
	*model
	random  *random
	routes  []route // per vehicle
	routeOf []int32 // per stop; none when unserved
	posOf   []int32 // per stop, its position
	prizes  int64   // grains of the optional stops that are served
	missing int     // required stops that are not

	blink float64 // chance that a position is overlooked
	skip  int     // positions before the next that is

	ruined    ruined
	pool      []candidate
	backup    []route // routes as they were before this iteration
	touched   []int32 // vehicles with a backup
	isTouched []bool
	spare     route // for trying out a change
	// before is prizes and missing as they were before this iteration.
	before struct {
		prizes  int64
		missing int
	}
}

func newSearch(m *model, seed, stream uint64) *search {
	w := &search{
		model: m, random: newRandom(seed, stream),
		routes: make([]route, len(m.vehicleKind)), backup: make([]route, len(m.vehicleKind)),
		isTouched: make([]bool, len(m.vehicleKind)),
		routeOf:   make([]int32, m.stops), posOf: make([]int32, m.stops),
	}
	w.ruined.marked = make([]bool, m.stops)
	w.setBlink(0)
	w.reset()
	return w
}

// reset serves nothing.
func (w *search) reset() {
	w.prizes, w.missing = 0, 0
	for s := range w.routeOf {
		w.routeOf[s] = none
		if w.required[s] {
			w.missing++
		}
	}
	for v := range w.routes {
		r := &w.routes[v]
		r.vehicle, r.kind = int32(v), &w.kinds[w.vehicleKind[v]]
		w.open(r)
		for i := int32(1); i < r.kind.locked(); i++ {
			if node := r.nodes[i]; int(node) < w.stops {
				w.serve(node)
			}
		}
		w.index(r)
	}
	w.forget()
}

// serveRest counts the stops of a route as served but those that its vehicle has begun with.
func (w *search) serveRest(r *route) {
	for _, node := range r.nodes[r.kind.locked():] {
		if node >= 0 && int(node) < w.stops {
			w.serve(node)
		}
	}
}

// serve counts a stop as served, drop as unserved.
func (w *search) serve(s int32) {
	w.prizes += w.prize[s]
	if w.required[s] {
		w.missing--
	}
}

func (w *search) drop(s int32) {
	w.routeOf[s] = none
	w.prizes -= w.prize[s]
	if w.required[s] {
		w.missing++
	}
}

// index notes where the stops of a route are.
func (w *search) index(r *route) {
	for i, node := range r.nodes {
		if node >= 0 && int(node) < w.stops {
			w.routeOf[node], w.posOf[node] = r.vehicle, int32(i)
		}
	}
}

// cost returns what the routes cost less the prizes, in grains.
func (w *search) cost() int64 {
	sum := -w.prizes
	for v := range w.routes {
		sum += w.routes[v].cost
	}
	return sum + w.imbalance()
}

// imbalance returns what it costs that vehicles are out longer than the mean, in grains.
func (w *search) imbalance() int64 {
	price := w.problem.BalanceHourCost
	if price == 0 {
		return 0
	}
	out, total := int64(0), int64(0)
	for v := range w.routes {
		if r := &w.routes[v]; !r.empty() {
			out++
			total += int64(r.end - r.depart - r.late)
		}
	}
	above := int64(0) // seconds, as often as vehicles are out
	for v := range w.routes {
		if r := &w.routes[v]; !r.empty() {
			above += max(0, out*int64(r.end-r.depart-r.late)-total)
		}
	}
	return 1000 * price * above / max(out, 1)
}

// touch keeps a copy of a vehicle's route, once an iteration, before it is changed.
func (w *search) touch(vehicle int32) *route {
	r := &w.routes[vehicle]
	if !w.isTouched[vehicle] {
		w.isTouched[vehicle] = true
		w.touched = append(w.touched, vehicle)
		w.backup[vehicle].copyFrom(r)
	}
	return r
}

// forget accepts the changes since the last call of forget or undo.
func (w *search) forget() {
	for _, v := range w.touched {
		w.isTouched[v] = false
	}
	w.touched = w.touched[:0]
	w.before.prizes, w.before.missing = w.prizes, w.missing
}

// undo takes them back.
func (w *search) undo() {
	for _, v := range w.touched {
		for _, node := range w.routes[v].nodes {
			if node >= 0 && int(node) < w.stops {
				w.routeOf[node] = none
			}
		}
	}
	for _, v := range w.touched {
		w.isTouched[v] = false
		w.routes[v], w.backup[v] = w.backup[v], w.routes[v]
		w.index(&w.routes[v])
	}
	w.touched = w.touched[:0]
	w.prizes, w.missing = w.before.prizes, w.before.missing
}
