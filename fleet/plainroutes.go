package fleet

// linked is a solution of a plain problem while it is searched: linked lists of nodes. Nodes are the stops, then
// per vehicle where its route starts (first node stops), then per vehicle where it ends.
// A route is changed by link and unlink only, which note what undo needs.
type linked struct {
	*plain
	vehicles int

	// Per node.
	next, prev []int32
	vehicle    []int32 // whose route it is on; none for stops that are not served
	at         []int32 // point
	out        []int32 // cost of driving to next and serving it, 0 on an empty route
	// early is the earliest begin of service, and latest the last one that leaves the rest feasible; step
	// is service and driving to next. Kept in problems that are timed only, by retime.
	early, latest, step []int32
	// head is the route up to a node and its service, tail the route from it on. Kept in problems that are limited only.
	head, tail []span

	// Per vehicle.
	count []int32
	room  []int64 // vehicles x dimensions, what more it can carry

	// Per kind, its vehicles with empty routes; idleAt is where a vehicle stands there.
	idle   [][]int32
	idleAt []int32

	cost    int64 // units, prizes taken off
	missing int   // required stops that are not served
	served  int
	used    int // vehicles with stops

	changes   []change
	changed   []int32 // vehicles
	isChanged []bool
}

// change is a stop that was put behind a node or taken away from there.
type change struct {
	stop, behind int32
	linked       bool
}

func newLinked(m *plain) *linked {
	vehicles := len(m.kindOf)
	nodes := m.stops + 2*vehicles
	t := &linked{
		plain: m, vehicles: vehicles,
		next: make([]int32, nodes), prev: make([]int32, nodes), vehicle: make([]int32, nodes), at: make([]int32, nodes),
		out: make([]int32, nodes), early: make([]int32, nodes), latest: make([]int32, nodes), step: make([]int32, nodes),
		count: make([]int32, vehicles), room: make([]int64, vehicles*m.dimensions),
		idle: make([][]int32, len(m.kinds)), idleAt: make([]int32, vehicles), isChanged: make([]bool, vehicles),
	}
	if m.limited {
		t.head, t.tail = make([]span, nodes), make([]span, nodes)
	}
	for s := range m.stops {
		t.at[s] = int32(s)
	}
	for v, kind := range m.kindOf {
		start, end := t.start(int32(v)), t.end(int32(v))
		t.at[start], t.at[end] = m.kinds[kind].start, m.kinds[kind].end
		t.vehicle[start], t.vehicle[end] = int32(v), int32(v)
	}
	t.clear()
	return t
}

func (t *linked) start(vehicle int32) int32 { return int32(t.stops) + vehicle }
func (t *linked) end(vehicle int32) int32   { return int32(t.stops+t.vehicles) + vehicle }

// clear serves nothing.
func (t *linked) clear() {
	t.cost, t.missing, t.served, t.used = 0, 0, 0, 0
	for s := range t.stops {
		t.vehicle[s] = none
		if t.required[s] {
			t.missing++
		}
	}
	for kind := range t.idle {
		t.idle[kind] = t.idle[kind][:0]
	}
	for v := t.vehicles - 1; v >= 0; v-- { // the first vehicles are used first
		kind := t.kindOf[v]
		k := &t.kinds[kind]
		start, end := t.start(int32(v)), t.end(int32(v))
		t.next[start], t.prev[end] = end, start
		t.out[start], t.step[start] = 0, 0
		t.early[start], t.latest[end] = k.earliest, k.latest
		if t.limited {
			t.head[start], t.tail[end] = span{0, k.earliest, k.lastOut}, span{0, 0, k.latest}
		}
		t.count[v] = 0
		copy(t.room[v*t.dimensions:], k.capacity)
		t.idleAt[v] = int32(len(t.idle[kind]))
		t.idle[kind] = append(t.idle[kind], int32(v))
	}
	t.changes = t.changes[:0]
	t.forget()
}

// link puts a stop behind a node.
func (t *linked) link(s, behind int32) {
	t.changes = append(t.changes, change{s, behind, true})
	v, next := t.vehicle[behind], t.next[behind]
	t.vehicle[s] = v
	t.next[behind], t.prev[s], t.next[s], t.prev[next] = s, behind, next, s
	k := &t.kinds[t.kindOf[v]]
	w := t.points
	t.cost -= int64(t.out[behind]) + t.prize[s]
	t.out[behind] = k.arcs[int(t.at[behind])*w+int(s)]
	t.out[s] = k.arcs[int(s)*w+int(t.at[next])]
	t.cost += int64(t.out[behind]) + int64(t.out[s])
	if t.timed {
		t.step[behind] = t.seconds[int(t.at[behind])*w+int(s)]
		if int(behind) < t.stops {
			t.step[behind] += t.service[behind]
		}
		t.step[s] = t.seconds[int(s)*w+int(t.at[next])] + t.service[s]
	}
	for d := range t.dimensions {
		t.room[int(v)*t.dimensions+d] -= t.load[int(s)*t.dimensions+d]
	}
	if t.count[v]++; t.count[v] == 1 {
		t.cost += k.fixed
		t.used++
		list := t.idle[t.kindOf[v]]
		last := list[len(list)-1]
		list[t.idleAt[v]], t.idleAt[last] = last, t.idleAt[v]
		t.idle[t.kindOf[v]] = list[:len(list)-1]
	}
	t.served++
	if t.required[s] {
		t.missing--
	}
	t.note(v)
}

// unlink takes a stop out of its route.
func (t *linked) unlink(s int32) {
	v, prev, next := t.vehicle[s], t.prev[s], t.next[s]
	t.changes = append(t.changes, change{s, prev, false})
	t.vehicle[s] = none
	t.next[prev], t.prev[next] = next, prev
	k := &t.kinds[t.kindOf[v]]
	w := t.points
	t.cost += t.prize[s] - int64(t.out[prev]) - int64(t.out[s])
	for d := range t.dimensions {
		t.room[int(v)*t.dimensions+d] += t.load[int(s)*t.dimensions+d]
	}
	if t.count[v]--; t.count[v] == 0 {
		t.out[prev] = 0
		t.cost -= k.fixed
		t.used--
		t.idleAt[v] = int32(len(t.idle[t.kindOf[v]]))
		t.idle[t.kindOf[v]] = append(t.idle[t.kindOf[v]], v)
	} else {
		t.out[prev] = k.arcs[int(t.at[prev])*w+int(t.at[next])]
		t.cost += int64(t.out[prev])
	}
	if t.timed {
		t.step[prev] = t.seconds[int(t.at[prev])*w+int(t.at[next])]
		if int(prev) < t.stops {
			t.step[prev] += t.service[prev]
		}
	}
	t.served--
	if t.required[s] {
		t.missing++
	}
	t.note(v)
}

// note remembers that a vehicle's route has changed.
func (t *linked) note(v int32) {
	if !t.isChanged[v] {
		t.isChanged[v] = true
		t.changed = append(t.changed, v)
	}
}

// forget accepts the changes since the last call of forget or undo.
func (t *linked) forget() {
	for _, v := range t.changed {
		t.isChanged[v] = false
	}
	t.changed, t.changes = t.changed[:0], t.changes[:0]
}

// undo takes them back.
func (t *linked) undo() {
	for i := len(t.changes) - 1; i >= 0; i-- {
		if c := t.changes[i]; c.linked {
			t.unlink(c.stop)
		} else {
			t.link(c.stop, c.behind)
		}
	}
	if t.timed {
		for _, v := range t.changed {
			t.retime(v)
		}
	}
	t.forget()
}

// retime derives early and latest of a whole route.
func (t *linked) retime(v int32) {
	start, end := t.start(v), t.end(v)
	t.push(start)
	t.pull(end)
}

// inTime reports whether a route that retime has gone over can be driven.
func (t *linked) inTime(v int32) bool {
	for node := t.next[t.start(v)]; ; node = t.next[node] {
		if t.early[node] > t.latest[node] {
			return false
		}
		if int(node) >= t.stops {
			return !t.limited || t.head[node].took <= t.kinds[t.kindOf[v]].out
		}
	}
}

// push derives early, and head, of what follows a node.
func (t *linked) push(node int32) {
	end := int32(t.stops + t.vehicles)
	for {
		next := t.next[node]
		early := t.early[node] + t.step[node]
		if t.limited {
			here := span{0, 0, t.kinds[t.kindOf[t.vehicle[node]]].latest}
			if next < end {
				here = t.span(next)
			}
			t.head[next] = t.head[node].join(t.drive(node), here)
		}
		if next >= end {
			t.early[next] = early
			return
		}
		t.early[next] = max(early, t.open[next])
		node = next
	}
}

// pull derives latest, and tail, of what comes before a node.
func (t *linked) pull(node int32) {
	for {
		prev := t.prev[node]
		latest := t.latest[node] - t.step[prev]
		if int(prev) >= t.stops {
			t.latest[prev] = latest
			return
		}
		if t.limited {
			t.tail[prev] = t.span(prev).join(t.drive(prev), t.tail[node])
		}
		t.latest[prev] = min(latest, t.close[prev])
		node = prev
	}
}

// retimeAround derives early and latest after a stop was put into a route of which they were right, as far as they
// change: where vehicles wait, that is not far.
func (t *linked) retimeAround(s int32) {
	if t.limited {
		t.push(t.prev[s])
		t.pull(t.next[s])
		return
	}
	t.early[s] = max(t.early[t.prev[s]]+t.step[t.prev[s]], t.open[s])
	end := int32(t.stops + t.vehicles)
	for node := s; node < end; {
		next := t.next[node]
		early := t.early[node] + t.step[node]
		if next < end {
			early = max(early, t.open[next])
		}
		if early == t.early[next] {
			break
		}
		t.early[next] = early
		node = next
	}
	t.latest[s] = min(t.latest[t.next[s]]-t.step[s], t.close[s])
	for node := s; int(node) < t.stops; {
		prev := t.prev[node]
		latest := t.latest[node] - t.step[prev]
		if int(prev) < t.stops {
			latest = min(latest, t.close[prev])
		}
		if latest == t.latest[prev] {
			break
		}
		t.latest[prev] = latest
		node = prev
	}
}

// drive returns the seconds of driving from a node to the next.
func (t *linked) drive(node int32) int32 {
	if int(node) < t.stops {
		return t.step[node] - t.service[node]
	}
	return t.step[node]
}

// fits reports whether a stop can be put between two neighbours in time.
func (t *linked) fits(s, prev, next int32) bool {
	here := t.seconds[int(t.at[prev])*t.points+int(s)]
	begin := t.early[prev] + here
	if int(prev) < t.stops {
		begin += t.service[prev]
	}
	begin = max(begin, t.open[s])
	there := t.seconds[int(s)*t.points+int(t.at[next])]
	if begin > t.close[s] || begin+t.service[s]+there > t.latest[next] {
		return false
	}
	return !t.limited ||
		t.head[prev].join(here, t.span(s)).join(there, t.tail[next]).took <= t.kinds[t.kindOf[t.vehicle[prev]]].out
}

// span is a stretch of a route that can be driven: it takes took seconds when it begins between from and till, and cannot begin
// later (Vidal et al. 2013, section 4.2, without coming late).
type span struct{ took, from, till int32 }

// join returns the stretch of one after the other, with driving in between.
func (a span) join(drive int32, b span) span {
	before := a.took + drive
	wait := max(b.from-before-a.till, 0)
	return span{before + b.took + wait, max(b.from-before, a.from) - wait, min(b.till-before, a.till)}
}

// span returns that of a stop.
func (m *plain) span(s int32) span { return span{m.service[s], m.open[s], m.close[s]} }

// carries reports whether a vehicle can take a stop's load on top of what it carries.
func (t *linked) carries(v, s int32) bool {
	for d := range t.dimensions {
		if t.load[int(s)*t.dimensions+d] > t.room[int(v)*t.dimensions+d] {
			return false
		}
	}
	return true
}
