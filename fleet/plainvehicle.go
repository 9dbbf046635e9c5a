package fleet

// changeVehicle gives a route to an empty vehicle of another kind where that is cheaper.
func (w *ruiner) changeVehicle(v int32) {
	if w.count[v] == 0 {
		return
	}
	start, end := w.start(v), w.end(v)
	own := w.kindOf[v]
	cost := w.kinds[own].fixed
	for node := start; node != end; node = w.next[node] {
		cost += int64(w.out[node])
	}
	to := int32(none)
	for kind, list := range w.idle {
		if int32(kind) == own || len(list) == 0 {
			continue
		}
		if c, ok := w.costBy(v, int32(kind), cost); ok {
			cost, to = c, list[len(list)-1]
		}
	}
	if to == none {
		return
	}
	behind := w.start(to)
	for s := w.next[start]; s != end; s = w.next[start] {
		w.unlink(s)
		w.link(s, behind)
		behind = s
	}
	if w.timed {
		w.retime(v)
		w.retime(to)
	}
}

// costBy returns what a vehicle's route costs by another kind, if that is possible and less than limit.
func (w *ruiner) costBy(v, kind int32, limit int64) (int64, bool) {
	k := &w.kinds[kind]
	for d := range w.dimensions {
		if w.kinds[w.kindOf[v]].capacity[d]-w.room[int(v)*w.dimensions+d] > k.capacity[d] {
			return 0, false
		}
	}
	cost, at, now := k.fixed, k.start, k.earliest
	out := span{0, k.earliest, k.lastOut}
	for s := w.next[w.start(v)]; int(s) < w.stops; s = w.next[s] {
		if cost += int64(k.arcs[int(at)*w.points+int(s)]); cost >= limit || !k.mayServe(s) {
			return 0, false
		}
		if w.timed {
			drive := w.seconds[int(at)*w.points+int(s)]
			out = out.join(drive, w.span(s))
			now = max(now+drive, w.open[s])
			if now > w.close[s] {
				return 0, false
			}
			now += w.service[s]
		}
		at = s
	}
	cost += int64(k.arcs[int(at)*w.points+int(k.end)])
	if !w.timed {
		return cost, cost < limit
	}
	drive := w.seconds[int(at)*w.points+int(k.end)]
	return cost, cost < limit && now+drive <= k.latest && out.join(drive, span{0, 0, k.latest}).took <= k.out
}
