package fleet

// cheapest returns the node behind which a stop is inserted at the least cost under limit, or none. With hope, a
// route of its own may cost more by what its neighbours may earn there.
func (w *ruiner) cheapest(s int32, limit int64, hope bool) int32 {
	w.bestBy, w.bestCost = none, limit
	near := w.neighbours(s)
	w.beside(s, near[:min(insertNear, len(near))])
	if w.bestBy == none && insertNear < len(near) {
		w.beside(s, near[insertNear:])
	}
	if hope && w.bestBy == none {
		w.bestCost += w.hopeOf(s)
	}
	for kind := range w.kinds {
		if !w.hidden[kind] {
			w.openRoute(s, int32(kind))
		}
	}
	if w.bestBy == none && len(w.kinds) > 1 {
		for kind := range w.kinds {
			w.openRoute(s, int32(kind))
		}
	}
	if w.bestBy == none && w.required[s] {
		w.everywhere(s)
	}
	return w.bestBy
}

// beside improves on the best position by those before and behind some neighbours of a stop, nearest first.
//
// A position between c and n costs d(c,s) + d(s,n) - d(c,n). If n is a neighbour before c, it has been tried; else
// d(s,n) is at least the least distance among the neighbours from c on. So most positions
// are dismissed before d(s,n) is looked up, which is what takes time.
func (w *ruiner) beside(s int32, near []neighbour) {
	if !w.uniform {
		for i := range near {
			c := near[i].stop
			if v := w.vehicle[c]; v != none && w.carries(v, s) {
				w.tryBehind(s, c)
				w.tryBehind(s, w.prev[c])
			}
		}
		return
	}
	k := &w.kinds[0]
	points := w.points
	to, from := k.back[int(s)*points:(int(s)+1)*points], k.arcs[int(s)*points:(int(s)+1)*points]
	vehicle, next, prev, at, out := w.vehicle, w.next, w.prev, w.at, w.out
	best := int32(min(w.bestCost, math32))
	depot := w.depotNear[s]
	by, skip := int32(none), w.skip
	one, load := w.dimensions == 1, int64(0)
	if one {
		load = w.load[s]
	}
	several := len(w.kinds) > 1
	for i := range near {
		o := &near[i]
		c := o.stop
		v := vehicle[c]
		if v == none {
			continue
		}
		p := prev[c]
		rest := min(o.rest, depot)
		behindRest, beforeRest := o.to-out[c], o.from-out[p]
		if behindRest+rest >= best && beforeRest+rest >= best {
			continue
		}
		if one {
			if load > w.room[v] {
				continue
			}
		} else if !w.carries(v, s) {
			continue
		}
		if skip--; skip <= 0 {
			skip = w.random.geometric(blinkChance)
			continue
		}
		if several && !w.kinds[w.kindOf[v]].mayServe(s) {
			continue
		}
		n := next[c]
		if behind := behindRest + from[at[n]]; behind < best && (!w.timed || w.fits(s, c, n)) {
			best, by = behind, c
		}
		if before := beforeRest + to[at[p]]; before < best && (!w.timed || w.fits(s, p, c)) {
			best, by = before, p
		}
	}
	w.skip = skip
	if by != none {
		w.bestBy, w.bestCost = by, int64(best)
	}
}

// tryBehind improves on the best position by the one behind a node of a route that has room.
func (w *ruiner) tryBehind(s, node int32) {
	v := w.vehicle[node]
	k := &w.kinds[w.kindOf[v]]
	next, points := w.next[node], w.points
	cost := int64(k.back[int(s)*points+int(w.at[node])]) + int64(k.arcs[int(s)*points+int(w.at[next])]) - int64(w.out[node])
	if cost < w.bestCost && k.mayServe(s) && (!w.timed || w.fits(s, node, next)) {
		w.bestBy, w.bestCost = node, cost
	}
}

// openRoute improves on the best position by an empty vehicle of a kind.
func (w *ruiner) openRoute(s, kind int32) {
	k, list := &w.kinds[kind], w.idle[kind]
	if len(list) == 0 || !k.mayServe(s) {
		return
	}
	v := list[len(list)-1]
	start, end := w.start(v), w.end(v)
	points := w.points
	cost := k.fixed + int64(k.arcs[int(k.start)*points+int(s)]) + int64(k.arcs[int(s)*points+int(k.end)])
	if cost < w.bestCost && w.carries(v, s) && (!w.timed || w.fits(s, start, end)) {
		w.bestBy, w.bestCost = start, cost
	}
}

// everywhere improves on the best position by all there are.
func (w *ruiner) everywhere(s int32) {
	for v := range int32(w.vehicles) {
		if w.count[v] == 0 || !w.carries(v, s) {
			continue
		}
		for node := w.start(v); node != w.end(v); node = w.next[node] {
			w.tryBehind(s, node)
		}
	}
}
