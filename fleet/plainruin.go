package fleet

// Ruin and recreation of plain problems: Christiaens & Vanden Berghe (2020) as in ruin.go and recreate.go, with one
// difference: a stop is offered the positions beside its nearest neighbours only, so that
// an iteration takes as long in a large problem as in a small one.

const (
	// insertNear is how many neighbours are tried first; only when none has room the rest are.
	insertNear = 30
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

// pooled is a stop that waits for insertion; lower keys go first.
type pooled struct {
	key  int64
	stop int32
}

// plainOrder is a way to sort the pool.
type plainOrder uint8

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

// recreate inserts the pool's stops one by one where each is cheapest, optional ones only where
// they cost less than their prize. With hope, an optional stop may open a route at a
// loss that its unserved neighbours can make good; prune then takes back what did not work out.
func (w *ruiner) recreate(hope bool) {
	w.sortPool(w.drawOrder())
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
		limit, open := int64(impossible), int64(0)
		if !w.required[s] {
			limit = w.prize[s]
			if hope {
				open = w.hopeOf(s)
			}
		}
		behind := w.cheapest(s, limit, open)
		if behind == none {
			continue
		}
		w.link(s, behind)
		if w.timed {
			w.push(behind)
			w.pull(w.next[s])
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

// hopeOf returns what the unserved optional neighbours of a stop may earn in a route with it: their prizes less the
// cost of a detour from it, while they fit a first vehicle.
func (w *ruiner) hopeOf(s int32) int64 {
	room, sum := 1-w.fill[s], int64(0)
	for _, near := range w.neighbours(s) {
		if room <= 0 {
			break
		}
		c := near.stop
		if gain := w.prize[c] - int64(near.from); w.vehicle[c] == none && !w.required[c] && gain > 0 {
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

// cheapest returns the node behind which a stop is inserted at the least cost under limit, or none. A route of its
// own may cost more by open.
func (w *ruiner) cheapest(s int32, limit, open int64) int32 {
	w.bestBy, w.bestCost = none, limit
	near := w.neighbours(s)
	w.beside(s, near[:min(insertNear, len(near))])
	if w.bestBy == none && insertNear < len(near) {
		w.beside(s, near[insertNear:])
	}
	if open > 0 && w.bestBy == none {
		w.bestCost += open
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

// math32 is more than the sum of any three arcs.
const math32 = 1<<31 - 1

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
