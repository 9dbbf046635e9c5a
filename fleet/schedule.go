package fleet

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// solution writes down the search's routes with their times.
func (w *search) solution() *Solution {
	s := &Solution{Routes: []Route{}, Unserved: []int{}}
	for v := range w.routes {
		if w.routes[v].empty() {
			continue
		}
		route, cents := w.timetable(&w.routes[v])
		s.Routes = append(s.Routes, route)
		s.Cost += cents
	}
	s.Cost += cents(w.imbalance())
	for stop, v := range w.routeOf {
		switch {
		case v == none:
			s.Unserved = append(s.Unserved, stop)
		case !w.required[stop]:
			s.Prize += w.problem.Stops[stop].Prize
		}
	}
	return s
}

// cents rounds grains to cents, half up.
func cents(g int64) int64 {
	if g += grains / 2; g < 0 {
		g -= grains - 1
	}
	return g / grains
}

// timetable writes down a feasible route and returns what it costs, in cents.
func (m *model) timetable(r *route) (Route, int64) {
	return m.visits(r, r.depart+r.late), cents(r.cost)
}

// visits times a feasible route that departs at a given moment.
func (m *model) visits(r *route, depart int32) Route {
	k := r.kind
	out := Route{Vehicle: int(r.vehicle)}
	vehicle := &m.problem.Vehicles[r.vehicle]
	load, meters := make([]int64, m.dimensions), int64(0)
	add := func(kind Kind, index int, arrive, start, leave int32) {
		out.Visits = append(out.Visits, Visit{kind, index, arrive, start, leave, append([]int64{}, load...), meters})
	}
	c := moment{depart: depart, done: depart}
	first := 1
	if k.begun != nil {
		out.Visits = m.visitsBegun(r)
		last := &out.Visits[len(out.Visits)-1]
		copy(load, last.Load)
		meters = last.Meters
		c.done, c.taken, first = k.begun.end(), k.begun.taken, len(k.begun.nodes)
	} else {
		add(Depart, vehicle.Start, depart, depart, depart)
	}
	for i := first; i < len(r.nodes); i++ {
		node, from := r.nodes[i], c
		arc := int(r.at[i-1])*m.locations + int(r.at[i])
		_ = m.step(k, &c, r.drive[i], node, r.service[i]) // nothing binds: measure has looked
		for t, j := from.done, from.taken; j < c.before; j++ {
			b := k.breaks[j]
			if depart > b.Window.Open {
				continue
			}
			start := max(t, b.Window.Open)
			add(Pause, int(j), t, start, start+b.Duration)
			t = start + b.Duration
		}
		meters += int64(m.meters[arc])
		switch {
		case node == none:
			clear(load)
			add(Return, vehicle.End, c.arrive, c.arrive, c.arrive)
		case node == m.home: // the depot takes the load: the return says so
		case int(node) < m.stops:
			for d := range load {
				load[d] += m.load[int(node)*m.dimensions+d]
			}
			add(Serve, int(node), c.arrive, c.start, c.done)
		default:
			clear(load)
			add(Unload, int(node)-m.stops, c.arrive, c.start, c.done)
		}
	}
	return out
}

// Schedule times routes of which only the vehicle and the order of the Serve and Unload visits
// are given; other visits and all times are ignored. It plans the breaks, and unloads at
// the cheapest facility what a route with EndEmpty carries after its last stop. The error says which route
// cannot be driven and why.
func Schedule(p *Problem, routes []Route) (*Solution, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m := compile(context.Background(), p)
	if err := m.checkBegun(); err != nil {
		return nil, err
	}
	w := newSearch(m, 0, 0)
	if err := w.adopt(routes); err != nil {
		return nil, err
	}
	return w.solution(), nil
}

// adopt takes over the order of visits of some routes.
func (w *search) adopt(routes []Route) error {
	w.reset()
	for i := range routes {
		if err := w.adoptRoute(&routes[i]); err != nil {
			return fmt.Errorf("route %d: %w", i, err)
		}
	}
	w.forget()
	return nil
}

// adoptRoute takes over the order of visits of one route; after an error nothing has changed.
func (w *search) adoptRoute(from *Route) error {
	p := w.problem
	if from.Vehicle < 0 || from.Vehicle >= len(p.Vehicles) {
		return fmt.Errorf("there is no vehicle %d", from.Vehicle)
	}
	r, next := &w.routes[from.Vehicle], &w.spare
	next.vehicle, next.kind = r.vehicle, r.kind
	if w.open(next); !slices.Equal(r.nodes, next.nodes) {
		return fmt.Errorf("%s has two routes", vehicleName(p, from.Vehicle))
	}
	next.copyFrom(r)
	next.nodes = append(next.nodes[:0], none)
	aboard := false
	locked := int(r.kind.locked())
	for _, v := range from.Visits {
		switch v.Kind {
		case Serve:
			if v.Index < 0 || v.Index >= w.stops {
				return fmt.Errorf("there is no stop %d", v.Index)
			}
			if i := len(next.nodes); i < locked && r.kind.begun.nodes[i] == int32(v.Index) {
				next.nodes, aboard = append(next.nodes, int32(v.Index)), true
				continue
			}
			if w.routeOf[v.Index] != none || slices.Contains(next.nodes, int32(v.Index)) {
				return fmt.Errorf("%s is served twice", stopName(p, v.Index))
			}
			next.nodes = append(next.nodes, int32(v.Index))
			aboard = true
		case Unload:
			if v.Index < 0 || v.Index >= len(p.Facilities) {
				return fmt.Errorf("there is no facility %d", v.Index)
			}
			if aboard {
				next.nodes = append(next.nodes, int32(w.stops+v.Index))
				aboard = false
			}
		}
	}
	if aboard {
		last := w.home
		if p.EndEmpty {
			last = w.cheapestUnload(r.kind, next.nodes[len(next.nodes)-1])
		}
		if last == none {
			return fmt.Errorf("no facility accepts the load of %s", vehicleName(p, from.Vehicle))
		}
		next.nodes = append(next.nodes, last)
	}
	next.nodes = append(next.nodes, none)
	if locked > 0 && (len(next.nodes) < locked || !slices.Equal(next.nodes[:locked], r.kind.begun.nodes)) {
		return fmt.Errorf("%s has begun otherwise", vehicleName(p, from.Vehicle))
	}
	if b := w.measure(next); b != BindNone {
		return fmt.Errorf("%s cannot drive it: %s", vehicleName(p, from.Vehicle), bindText(b))
	}
	r.copyFrom(next)
	w.index(r)
	w.serveRest(r)
	return nil
}

// cheapestUnload returns the cheapest facility between a stop and the depot at the end.
func (w *search) cheapestUnload(k *kind, s int32) int32 {
	best, least := int32(none), int64(math.MaxInt64)
	from, to := int(w.location[s])*w.locations, int(k.end)
	for _, unload := range w.unloads[w.group[s]] {
		u := int(w.location[unload])
		if cost := k.arcs[from+u] + k.arcs[u*w.locations+to] + k.second*int64(w.service[unload]); cost < least {
			best, least = unload, cost
		}
	}
	return best
}

// bindText says what binds, for a log.
func bindText(b Bind) string {
	return [...]string{
		"nothing forbids it", "the vehicle would be too full", "the vehicle would be back too late",
		"a window would be missed", "a break would start too late", "the vehicle would drive too far",
		"the vehicle would make too many trips", "no vehicle or facility may take it",
	}[b]
}
