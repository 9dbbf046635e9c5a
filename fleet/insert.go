package fleet

import (
	"math"
	"slices"
)

// insertion is a way to serve a stop: behind position pos of a vehicle's route, in the trip there
// or, when unload is a node, as a new trip of its own.
type insertion struct {
	vehicle, pos int32
	unload       int32 // none joins the trip
	cost         int64 // grains; the prize not counted
}

// impossible costs more than anything.
const impossible = math.MaxInt64 / 4

// cheapest returns the cheapest feasible insertion of a stop under limit, none when there is none. With hope, where no trip
// takes the stop, a trip of its own may cost more by what its neighbours may earn there.
//
// Costs are compared in constant time a position; feasibility is only asked of a position that would
// be the best so far.
func (w *search) cheapest(s int32, limit int64, hope bool) insertion {
	best := insertion{vehicle: none, cost: limit}
	for v := range w.routes {
		if r := &w.routes[v]; !r.empty() && r.kind.allowed[s] {
			w.joinTrips(r, s, &best)
		}
	}
	if hope && best.vehicle == none {
		best.cost += w.hopeOf(s)
	}
	seen := uint64(0)
	for v := range w.routes {
		r := &w.routes[v]
		if !r.kind.allowed[s] {
			continue
		}
		if r.empty() {
			// Of empty vehicles of one kind the first will do.
			if kind := w.vehicleKind[v]; kind < 64 {
				if seen&(1<<kind) != 0 {
					continue
				}
				seen |= 1 << kind
			}
		}
		if len(r.trips) < int(r.kind.maxTrips) && (r.empty() || len(w.unloads[w.group[s]]) > 0) {
			w.openTrip(r, s, &best)
		}
	}
	return best
}

// joinTrips improves best by the positions in the route's trips.
func (w *search) joinTrips(r *route, s int32, best *insertion) {
	k, n := r.kind, w.locations
	here := int(w.location[s])
	in, out := k.back[here*n:here*n+n], k.arcs[here*n:here*n+n]
	places := w.problem.PlaceService > 0
	service := k.second*int64(w.service[s]) + k.changeCost(s)
	for t := range r.trips {
		if r.trips[t].last < k.locked() || !w.tripTakes(r, t, s) {
			continue
		}
		tr := r.trips[t]
		begin := max(tr.first, k.locked()) - 1
		link := r.link[begin:tr.last]
		at := r.at[begin:]
		next := at[1 : len(link)+1]
		at = at[:len(link)]
		blink := w.skip // the next position that is overlooked
		for i, old := range link {
			if i == blink {
				blink += w.random.geometric(w.blink)
				continue
			}
			cost := in[at[i]] + out[next[i]] - old + service
			if cost >= best.cost {
				continue
			}
			pos := begin + int32(i)
			if places { // never negative: only now
				if cost += k.second * int64(w.placeDetour(r, pos, s)); cost >= best.cost {
					continue
				}
			}
			if k.overtime > 0 {
				if cost += k.overtime * w.overtimeBy(r, pos, s); cost >= best.cost {
					continue
				}
			}
			if w.fits(r, pos, s, none) == BindNone {
				*best = insertion{vehicle: r.vehicle, pos: pos, unload: none, cost: cost}
			}
		}
		w.skip = blink - len(link)
	}
}

// openTrip improves best by new trips that serve s only, at every end of a trip.
func (w *search) openTrip(r *route, s int32, best *insertion) {
	k, n := r.kind, w.locations
	for d := range w.dimensions {
		if w.load[int(s)*w.dimensions+d] > k.capacity[int(w.group[s])*w.dimensions+d] {
			return
		}
	}
	here := int(w.location[s])
	in, out := k.back[here*n:here*n+n], k.arcs[here*n:here*n+n]
	service := k.second*int64(w.service[s]+w.problem.PlaceService) + k.changeCost(s)
	if r.empty() {
		service += k.fixed
	}
	for t := -1; t < len(r.trips); t++ {
		pos := int32(0)
		if t >= 0 {
			pos = r.trips[t].last
		}
		if r.nodes[pos] == w.home {
			return // nothing follows it
		}
		if pos < k.locked()-1 {
			continue
		}
		from, to := int(r.at[pos]), int(r.at[pos+1])
		base := in[from] + service
		if !r.empty() {
			base -= r.link[pos]
		}
		if w.skip--; w.skip < 0 {
			w.skip = w.random.geometric(w.blink) - 1
			continue
		}
		try := func(unload int32) {
			u := int(w.locationOf(k, unload))
			cost := base + out[u] + k.arcs[u*n+to]
			if unload != w.home {
				cost += k.second * int64(w.service[unload])
			}
			if cost < best.cost && w.fits(r, pos, s, unload) == BindNone {
				*best = insertion{vehicle: r.vehicle, pos: pos, unload: unload, cost: cost}
			}
		}
		for _, unload := range w.unloads[w.group[s]] {
			try(unload)
		}
		if int(pos) == len(r.nodes)-2 && !w.problem.EndEmpty {
			try(w.home)
		}
	}
}

// tripTakes reports whether a trip accepts the stop's group and load.
func (w *search) tripTakes(r *route, t int, s int32) bool {
	tr := &r.trips[t]
	group := w.group[s]
	if group != tr.group {
		if w.problem.OneGroupATrip {
			return false
		}
		if unload := r.nodes[tr.last]; unload != w.home && !w.accepts[(int(unload)-w.stops)*w.groups+int(group)] {
			return false
		}
	}
	return w.hasRoom(r, t, s)
}

// hasRoom reports whether a trip has the capacity for a stop.
func (w *search) hasRoom(r *route, t int, s int32) bool {
	d := w.dimensions
	load, room := w.load[int(s)*d:int(s)*d+d], r.load[t*d:t*d+d]
	capacity := r.kind.capacity[int(w.group[s])*d : int(w.group[s])*d+d]
	for i, l := range load {
		if room[i]+l > capacity[i] {
			return false
		}
	}
	return true
}

// placeDetour returns the seconds of place service that inserting a stop behind pos adds.
func (w *search) placeDetour(r *route, pos, s int32) int32 {
	prev, next := r.nodes[pos], r.nodes[pos+1]
	return w.placeService(prev, s) + w.placeService(s, next) - w.placeService(prev, next)
}

// detourSeconds returns the driving and service that inserting a stop behind pos adds.
func (w *search) detourSeconds(r *route, pos, s int32) int32 {
	n, here := w.locations, int(w.location[s])
	from, to := int(r.at[pos]), int(r.at[pos+1])
	return w.seconds[from*n+here] + w.seconds[here*n+to] - w.seconds[from*n+to] + w.service[s] + w.placeDetour(r, pos, s)
}

// overtimeBy returns the overtime that inserting a stop behind pos adds if nothing waits.
func (w *search) overtimeBy(r *route, pos, s int32) int64 {
	end := r.end + w.detourSeconds(r, pos, s)
	return int64(max(0, end-r.kind.shiftEnd)) - int64(max(0, r.end-r.kind.shiftEnd))
}

// fits returns what forbids inserting a stop behind pos, for time and distance: in constant
// time where no break is due later, else by going through the rest of the route. BindShift
// stands for any lateness further on.
func (w *search) fits(r *route, pos, s, unload int32) Bind {
	k, n := r.kind, w.locations
	prev, next := r.nodes[pos], r.nodes[pos+1]
	from, here, to := int(r.at[pos]), int(w.location[s]), int(r.at[pos+1])
	last, lastNode := here, s
	if unload != none {
		last, lastNode = int(w.locationOf(k, unload)), unload
	}
	if k.maxMeters != math.MaxInt64 {
		meters := r.meters + int64(w.meters[from*n+here]) + int64(w.meters[last*n+to])
		if unload != none {
			meters += int64(w.meters[here*n+last])
		}
		if !r.empty() {
			meters -= int64(w.meters[from*n+to])
		}
		if meters > k.maxMeters {
			return BindRange
		}
	}

	// A bound first: no break later on.
	start, ok := w.begin(s, r.leave[pos]+w.seconds[from*n+here])
	if !ok {
		return BindWindow
	}
	done := start + w.serviceOf(prev, s)
	if unload != none {
		done += w.seconds[here*n+last]
		if unload != w.home {
			if done, ok = w.begin(unload, done); !ok {
				return BindWindow
			}
			done += w.service[unload]
		}
	}
	arrive := done + w.seconds[last*n+to]
	latest := r.latest[pos+1]
	if w.problem.PlaceService > 0 {
		latest -= w.placeService(lastNode, next) - w.placeService(prev, next)
	}
	if arrive > latest {
		return BindShift
	}
	if int(r.taken[pos]) == len(k.breaks) {
		return BindNone
	}

	c := moment{depart: r.depart, done: r.done[pos], taken: r.taken[pos]}
	if pos == 0 {
		c.depart = w.departure(k, s)
		c.done = c.depart
	}
	if b := w.step(k, &c, w.seconds[from*n+here], s, w.serviceOf(prev, s)); b != BindNone {
		return b
	}
	if unload != none {
		if b := w.step(k, &c, w.seconds[here*n+last], unload, w.serviceOf(s, unload)); b != BindNone {
			return b
		}
	}
	for i := int(pos) + 1; i < len(r.nodes); i++ {
		node := r.nodes[i]
		if b := w.step(k, &c, w.seconds[last*n+int(r.at[i])], node, w.serviceOf(lastNode, node)); b != BindNone {
			return b
		}
		if int(c.taken) == len(k.breaks) && i > int(pos)+1 {
			if c.arrive > r.latest[i] {
				return BindShift
			}
			return BindNone
		}
		last, lastNode = int(r.at[i]), node
	}
	if c.arrive > k.latest {
		return BindShift
	}
	return BindNone
}

// insert carries out an insertion. It returns false, with the route as it was, when
// the route turns out to be infeasible.
func (w *search) insert(s int32, at insertion) bool {
	r := w.touch(at.vehicle)
	pos := int(at.pos) + 1
	if at.unload != none {
		w.squeeze(r, pos, at.unload)
	}
	w.squeeze(r, pos, s)
	if w.retime(r) != BindNone {
		r.nodes = slices.Delete(r.nodes, pos, pos+1)
		if at.unload != none {
			r.nodes = slices.Delete(r.nodes, pos, pos+1)
		}
		w.measure(r)
		return false
	}
	w.index(r)
	w.serve(s)
	return true
}
