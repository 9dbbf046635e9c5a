package fleet

import "slices"

// pooled is a stop that waits for insertion; lower keys go first.
type pooled struct {
	key  int64
	stop int32
}

// plainOrder is a way to sort the pool.
type plainOrder uint8

// The orders.
const (
	plainChance plainOrder = iota
	plainLoad
	plainFar
	plainClose
	plainWidth // narrowest window first
	plainOpens // earliest window first
	plainShuts // latest window first
	plainPrize // dearest first
)

// drawOrder draws an order by its weight.
func (w *ruiner) drawOrder() plainOrder {
	draw := w.random.below(w.rank[len(w.rank)-1])
	for i, upTo := range w.rank {
		if draw < upTo {
			return w.orders[i]
		}
	}
	return plainChance
}

// sortPool sorts the pool by an order, required stops first.
func (w *ruiner) sortPool(order plainOrder) {
	for i := range w.pool {
		s := w.pool[i].stop
		var key int64
		switch order {
		case plainLoad:
			key = -int64(w.fill[s] * (1 << 40))
		case plainFar:
			key = -w.far[s]
		case plainClose:
			key = w.far[s]
		case plainWidth:
			key = int64(w.close[s] - w.open[s])
		case plainOpens:
			key = int64(w.open[s])
		case plainShuts:
			key = -int64(w.close[s])
		case plainPrize:
			key = -w.prize[s]
		default:
			key = int64(w.random.source.Uint64() >> 12)
		}
		if !w.required[s] {
			key += 1 << 60
		}
		w.pool[i].key = key
	}
	if len(w.pool) > 64 {
		w.sortLongPool()
		return
	}
	for i := 1; i < len(w.pool); i++ {
		c := w.pool[i]
		j := i
		for ; j > 0 && (w.pool[j-1].key > c.key || w.pool[j-1].key == c.key && w.pool[j-1].stop > c.stop); j-- {
			w.pool[j] = w.pool[j-1]
		}
		w.pool[j] = c
	}
}

// sortLongPool sorts a pool of many stops.
func (w *ruiner) sortLongPool() {
	slices.SortFunc(w.pool, func(a, b pooled) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		default:
			return int(a.stop - b.stop)
		}
	})
}

// recreate inserts the pool's stops one by one where each is cheapest, optional ones only where
// they cost less than their prize. With hope, an optional stop may open a route at a
// loss that its unserved neighbours can make good; prune then takes back what did not work out.
func (w *ruiner) recreate(hope bool) {
	order := w.drawOrder()
	if hope && w.windowed && w.random.chance(hopeByTime) {
		order = plainOpens // a route of its own is filled from its beginning
	}
	w.sortPool(order)
	w.insertPool(hope)
}

// insertPool inserts the sorted pool.
func (w *ruiner) insertPool(hope bool) {
	if len(w.kinds) > 1 {
		for kind := range w.hidden {
			w.hidden[kind] = w.random.chance(hideKind)
		}
	}
	for _, c := range w.pool {
		s := c.stop
		w.inPool[s] = false
		limit := int64(impossible)
		if !w.required[s] {
			limit = w.prize[s]
		}
		behind := w.cheapest(s, limit, hope && !w.required[s])
		if behind == none {
			continue
		}
		w.link(s, behind)
		if w.timed {
			w.retimeAround(s)
		}
	}
	w.pool = w.pool[:0]
	if hope {
		for i := 0; i < len(w.changed); i++ {
			w.prune(w.changed[i])
		}
	}
	if len(w.kinds) > 1 {
		for i := 0; i < len(w.changed); i++ {
			w.changeVehicle(w.changed[i])
		}
	}
}

// hopeOf returns what the unserved optional neighbours of a stop may earn in a route with it: their prizes less the
// cost of driving to each from its own nearest neighbour, while they fit a first vehicle.
func (w *ruiner) hopeOf(s int32) int64 {
	room, sum := 1-w.fill[s], int64(0)
	for _, near := range w.neighbours(s) {
		c := near.stop
		if w.vehicle[c] != none || w.required[c] || w.fill[c] > room {
			continue
		}
		if gain := w.prize[c] - int64(w.neighbours(c)[0].rest); gain > 0 {
			sum += gain
			room -= w.fill[c]
		}
	}
	return sum
}

// prune takes optional stops out of a route as long as that pays, and then the route if it earns less than it costs.
func (w *ruiner) prune(v int32) {
	k := &w.kinds[w.kindOf[v]]
	start := w.start(v)
	for w.count[v] > 1 {
		worst, most := int32(none), int64(0)
		for s := w.next[start]; int(s) < w.stops; s = w.next[s] {
			if w.required[s] {
				continue
			}
			p, n := w.prev[s], w.next[s]
			saved := int64(w.out[p]) + int64(w.out[s]) - int64(k.arcs[int(w.at[p])*w.points+int(w.at[n])]) - w.prize[s]
			if saved > most && (!w.timed || w.joined(p, n)) {
				worst, most = s, saved
			}
		}
		if worst == none {
			break
		}
		w.unlink(worst)
		if w.timed {
			w.retime(v)
		}
	}
	cost := k.fixed + int64(w.out[start])
	for s := w.next[start]; int(s) < w.stops; s = w.next[s] {
		if w.required[s] {
			return
		}
		cost += int64(w.out[s]) - w.prize[s]
	}
	if w.count[v] > 0 && cost > 0 {
		for s := w.next[start]; int(s) < w.stops; s = w.next[start] {
			w.unlink(s)
		}
		if w.timed {
			w.retime(v)
		}
	}
}

// joined reports whether a route is in time when what lies between two of its nodes is left out.
func (w *ruiner) joined(prev, next int32) bool {
	begin := w.early[prev] + w.seconds[int(w.at[prev])*w.points+int(w.at[next])]
	if int(prev) < w.stops {
		begin += w.service[prev]
	}
	return begin <= w.latest[next] && (!w.limited ||
		w.head[prev].join(w.seconds[int(w.at[prev])*w.points+int(w.at[next])], w.tail[next]).took <= w.kinds[w.kindOf[w.vehicle[prev]]].out)
}
