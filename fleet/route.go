package fleet

// Bind names what forbids something: the constraint that binds.
type Bind uint8

// What may bind.
const (
	BindNone     Bind = iota
	BindCapacity      // the vehicle would be too full
	BindShift         // the vehicle would be back too late, or out too long
	BindWindow        // a stop, facility or depot would be reached outside its windows
	BindBreak         // a break would start too late
	BindRange         // the vehicle would drive too far
	BindTrips         // the vehicle would make too many trips
	BindVehicle       // no vehicle may serve the stop, or no facility accepts its group
)

// String returns the name, as programs use it.
func (b Bind) String() string {
	return [...]string{"none", "capacity", "shift", "window", "break", "range", "trips", "vehicle"}[b]
}

// MarshalText writes the name.
func (b Bind) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// route is one vehicle's day while it is searched. Position 0 is the departure and the last the
// return (node none); between them lie trips, each some stops and then the node where they are unloaded.
// Home ends the last trip only. All but nodes is derived by measure.
type route struct {
	vehicle int32
	kind    *kind
	nodes   []int32

	// Per position.
	at      []int32 // location
	trip    []int32 // the trip that the node belongs to
	taken   []int32 // breaks dealt with before done
	done    []int32 // end of service; at 0 the earliest departure
	leave   []int32 // driving off, after a break
	latest  []int32 // last arrival that leaves the rest feasible if no breaks are due
	link    []int64 // grains for driving to the next position
	drive   []int32 // seconds of driving from the position before
	service []int32 // seconds of service, that of the place included

	trips  []trip
	load   []int64 // trips x dimensions
	depart int32   // on which the times are based
	late   int32   // how much later it leaves in the end, to wait less
	end    int32
	meters int64
	cost   int64 // grains; 0 when empty
}

// trip is a part of a route: stops at positions [first, last), unloading at last. Group is
// that of its first stop.
type trip struct{ first, last, group int32 }

func (r *route) empty() bool { return len(r.nodes) == 2 }

// copyFrom makes r equal to another route of the same vehicle, reusing r's memory.
func (r *route) copyFrom(o *route) {
	r.vehicle, r.kind = o.vehicle, o.kind
	r.nodes = append(r.nodes[:0], o.nodes...)
	r.at = append(r.at[:0], o.at...)
	r.trip = append(r.trip[:0], o.trip...)
	r.taken = append(r.taken[:0], o.taken...)
	r.done = append(r.done[:0], o.done...)
	r.leave = append(r.leave[:0], o.leave...)
	r.latest = append(r.latest[:0], o.latest...)
	r.link = append(r.link[:0], o.link...)
	r.drive = append(r.drive[:0], o.drive...)
	r.service = append(r.service[:0], o.service...)
	r.trips = append(r.trips[:0], o.trips...)
	r.load = append(r.load[:0], o.load...)
	r.depart, r.late, r.end, r.meters, r.cost = o.depart, o.late, o.end, o.meters, o.cost
}

// clear empties the route and measures it.
func (m *model) clear(r *route) {
	r.nodes = append(r.nodes[:0], none, none)
	m.measure(r)
}

// resize returns s with length n and unspecified contents.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2+8)
	}
	return s[:n]
}

// moment is where a vehicle is in time: after the service at some position.
type moment struct {
	depart               int32
	leave, arrive, start int32
	done                 int32
	before, taken        int32 // breaks dealt with before driving off and in all
}

// step takes the breaks that are due, drives for some seconds to a node (none for the
// depot at the end) and serves it. A break is taken at the first moment between visits at or
// after its window opens; when the next visit would end after the window closes, the vehicle waits for it.
func (m *model) step(k *kind, c *moment, seconds, node, service int32) Bind {
	t := c.done
	for int(c.taken) < len(k.breaks) {
		b := &k.breaks[c.taken]
		if c.depart > b.Window.Open { // had before departure
			c.taken++
			continue
		}
		if t < b.Window.Open {
			next := t + seconds
			if node != none && node != m.home {
				begin, ok := m.begin(node, next)
				if !ok {
					return BindWindow
				}
				next = begin + service
			}
			if next <= b.Window.Close {
				break
			}
			t = b.Window.Open
		}
		if t > b.Window.Close {
			return BindBreak
		}
		t += b.Duration
		c.taken++
	}
	c.before, c.leave, c.arrive = c.taken, t, t+seconds
	c.start = c.arrive
	if node == m.home {
		c.taken = int32(len(k.breaks)) // it is over: nobody pauses between unloading at home and the return
	} else if node != none {
		var ok bool
		if c.start, ok = m.begin(node, c.arrive); !ok {
			return BindWindow
		}
	}
	c.done = c.start + service
	if c.done >= forever {
		return BindShift
	}
	return BindNone
}

// departure returns when a route leaves whose first node is given: as early as it may, but
// no earlier than the node's window asks.
func (m *model) departure(k *kind, first int32) int32 {
	if first == none || first == m.home {
		return k.earliest
	}
	drive := m.seconds[int(k.start)*m.locations+int(m.location[first])]
	begin, ok := m.begin(first, k.earliest+drive)
	if !ok {
		return k.earliest
	}
	return max(k.earliest, min(begin-drive, k.lastOut))
}

// serviceOf returns the seconds of service at a node that follows prev.
func (m *model) serviceOf(prev, node int32) int32 {
	if node < 0 || node == m.home {
		return 0
	}
	service := m.service[node]
	if m.problem.PlaceService > 0 {
		service += m.placeService(prev, node)
	}
	return service
}

// placeService returns what a node that follows prev pays for its place.
func (m *model) placeService(prev, node int32) int32 {
	if node < 0 || int(node) >= m.stops {
		return 0
	}
	if prev >= 0 && int(prev) < m.stops && m.place[node] >= 0 && m.place[prev] == m.place[node] {
		return 0
	}
	return m.problem.PlaceService
}

// locationOf returns where a node of a vehicle's route lies.
func (m *model) locationOf(k *kind, node int32) int32 {
	if node == m.home || node == none {
		return k.end
	}
	return m.location[node]
}

// measure derives everything from r.nodes. When the route cannot be driven it returns what
// binds, and what is derived is unspecified.
func (m *model) measure(r *route) Bind {
	m.lay(r)
	return m.retime(r)
}

// lay looks up where the nodes are and what driving between them takes.
func (m *model) lay(r *route) {
	k, n := r.kind, len(r.nodes)
	r.at, r.link, r.drive, r.service = resize(r.at, n), resize(r.link, n), resize(r.drive, n), resize(r.service, n)
	r.at[0], r.link[n-1], r.drive[0], r.service[0] = k.start, 0, 0, 0
	r.meters = 0
	for i := 1; i < n; i++ {
		r.at[i] = m.locationOf(k, r.nodes[i])
		r.meters += m.layArc(r, i)
	}
}

// layArc fills in driving to a position and service there, and returns the metres.
func (m *model) layArc(r *route, i int) int64 {
	arc := int(r.at[i-1])*m.locations + int(r.at[i])
	r.link[i-1], r.drive[i] = r.kind.arcs[arc], m.seconds[arc]
	r.service[i] = m.serviceOf(r.nodes[i-1], r.nodes[i])
	return int64(m.meters[arc])
}

// squeeze puts a node at a position of a laid route, looking up only what is new.
func (m *model) squeeze(r *route, i int, node int32) {
	if !r.empty() { // an empty route drives nothing
		r.meters -= int64(m.meters[int(r.at[i-1])*m.locations+int(r.at[i])])
	}
	r.nodes = insertAt(r.nodes, i, node)
	r.at = insertAt(r.at, i, m.locationOf(r.kind, node))
	r.link = insertAt(r.link, i, 0)
	r.drive = insertAt(r.drive, i, 0)
	r.service = insertAt(r.service, i, 0)
	r.meters += m.layArc(r, i) + m.layArc(r, i+1)
}

// insertAt puts a value at a position of a slice.
func insertAt[T any](s []T, i int, value T) []T {
	s = append(s, value)
	copy(s[i+1:], s[i:])
	s[i] = value
	return s
}

// retime derives times, trips, loads and cost of a laid route: one pass forward, one back.
func (m *model) retime(r *route) Bind {
	k, n := r.kind, len(r.nodes)
	r.trip, r.taken = resize(r.trip, n), resize(r.taken, n)
	r.done, r.leave, r.latest = resize(r.done, n), resize(r.leave, n), resize(r.latest, n)
	r.trips, r.load, r.cost = r.trips[:0], r.load[:0], 0
	r.done[0], r.leave[0], r.taken[0], r.trip[0] = k.earliest, k.earliest, 0, none
	r.latest[n-1], r.trip[n-1] = k.latest, none
	if r.empty() {
		r.meters = 0
		r.depart, r.late, r.end = k.earliest, 0, k.earliest
		r.done[1], r.leave[1], r.taken[1] = k.earliest, k.earliest, 0
		return BindNone
	}

	c := moment{}
	locked := int(k.locked())
	if locked > 0 {
		c.depart = k.begun.depart
	} else if c.depart = m.departure(k, r.nodes[1]); c.depart > k.lastOut {
		return BindShift
	}
	c.done = c.depart
	// slack bounds how much later the vehicle may leave; wait is what it has waited so far.
	slack, wait := k.lastOut-c.depart, int32(0)
	breaks, first := int32(len(k.breaks)), int32(1)
	for i := 1; i < n; i++ {
		node := r.nodes[i]
		if int(node) >= m.stops {
			if b := m.closeTrip(r, first, int32(i)); b != BindNone {
				return b
			}
			first = int32(i) + 1
		}
		if i < locked {
			c.done, c.leave, c.taken = k.begun.done[i], k.begun.done[i-1], 0
			if i == locked-1 {
				c.taken = k.begun.taken
			}
		} else if c.taken == breaks && (node == none || node == m.home || m.window[node] == m.window[node+1]) {
			c.leave, c.arrive = c.done, c.done+r.drive[i]
			c.start, c.done = c.arrive, c.arrive+r.service[i]
		} else if b := m.step(k, &c, r.drive[i], node, r.service[i]); b != BindNone {
			return b
		} else if wait += c.start - c.arrive; node >= 0 && node != m.home && m.window[node+1]-m.window[node] > 1 {
			slack = min(slack, wait) // never into another window
		}
		if c.done >= forever {
			return BindShift
		}
		if i > 1 {
			r.leave[i-1] = c.leave
		}
		r.done[i], r.taken[i] = c.done, c.taken
	}
	r.leave[n-1] = c.done
	early := c.arrive < k.opens
	if early { // it leaves as much later
		wait += k.opens - c.arrive
		c.arrive = k.opens
	}
	switch {
	case c.arrive > k.latest && k.latest < k.shiftEnd:
		return BindWindow
	case c.arrive > k.latest:
		return BindShift
	case r.meters > k.maxMeters:
		return BindRange
	case len(r.trips) > int(k.maxTrips):
		return BindTrips
	}
	r.depart, r.late, r.end = c.depart, 0, c.arrive
	m.measureBack(r)
	if wait > 0 && slack > 0 && locked == 0 {
		r.late = m.lateness(r, slack, wait)
	}
	if early && r.late < wait {
		return BindWindow
	}
	if r.end-r.depart-r.late > k.maxSeconds {
		return BindShift
	}
	r.cost = k.fixed + k.meter*r.meters + k.second*int64(r.end-r.depart-r.late) + k.overtime*int64(max(0, r.end-k.shiftEnd))
	if k.change != nil {
		for _, node := range r.nodes {
			if node >= 0 && int(node) < m.stops {
				r.cost += k.change[node]
			}
		}
	}
	return BindNone
}

// closeTrip adds the trip of the stops at positions [first, last), unloaded at last, to r.
func (m *model) closeTrip(r *route, first, last int32) Bind {
	k, node := r.kind, r.nodes[last]
	group := m.group[r.nodes[first]]
	from := len(r.load)
	for range m.dimensions {
		r.load = append(r.load, 0)
	}
	load := r.load[from:]
	for _, s := range r.nodes[first:last] {
		if !k.allowed[s] {
			return BindVehicle
		}
		if m.group[s] != group || s == r.nodes[first] {
			if m.problem.OneGroupATrip && m.group[s] != group ||
				node != m.home && !m.accepts[(int(node)-m.stops)*m.groups+int(m.group[s])] {
				return BindVehicle
			}
		}
		at := int(s) * m.dimensions
		for d := range load {
			load[d] += m.load[at+d]
		}
	}
	for d := range load {
		if load[d] > k.capacity[int(group)*m.dimensions+d] {
			return BindCapacity
		}
	}
	for i := first; i <= last; i++ {
		r.trip[i] = int32(len(r.trips))
	}
	r.trips = append(r.trips, trip{first, last, group})
	return BindNone
}

// measureBack fills latest.
func (m *model) measureBack(r *route) {
	n := len(r.nodes)
	r.latest[n-1] = r.kind.latest
	for i := n - 2; i >= 1; i-- {
		node := r.nodes[i]
		r.latest[i] = r.latest[i+1] - r.drive[i+1] - r.service[i]
		if node != m.home && m.window[node] != m.window[node+1] {
			if latest, ok := m.latestArrival(node, r.latest[i]); ok {
				r.latest[i] = latest
			}
		}
	}
}

// lateness returns how much later a route that waits may leave and still be back at the same
// time; slack and wait bound it.
func (m *model) lateness(r *route, slack, wait int32) int32 {
	k, n := r.kind, len(r.nodes)
	if len(k.breaks) > 0 { // breaks may move: leave later by all waiting, or not at all
		c := moment{depart: r.depart + wait, done: r.depart + wait}
		if c.depart > k.lastOut {
			return 0
		}
		for i := 1; i < n; i++ {
			if m.step(k, &c, r.drive[i], r.nodes[i], r.service[i]) != BindNone {
				return 0
			}
		}
		if c.arrive != r.end {
			return 0
		}
		return wait
	}
	slack = min(slack, wait)
	busy := r.depart // the arrival if nothing ever waited
	for i := 1; i < n; i++ {
		busy += r.drive[i]
		slack = min(slack, r.latest[i]-busy)
		busy += r.service[i]
	}
	return max(slack, 0)
}
