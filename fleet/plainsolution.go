package fleet

import "slices"

// solution writes down the best solution with its times. A vehicle leaves as late as it can without
// being back later.
func (a *plainAnnealer) solution() *Solution {
	s := &Solution{Routes: []Route{}, Unserved: []int{}}
	served := make([]bool, a.stops)
	for v := range int32(a.vehicles) {
		var stops []int32
		for node := a.best.next[a.start(v)]; int(node) < a.stops; node = a.best.next[node] {
			served[node] = true
			stops = append(stops, node)
		}
		if len(stops) == 0 {
			continue
		}
		route, units := a.timetable(v, stops)
		s.Routes = append(s.Routes, route)
		s.Cost += cents(units * a.unit)
	}
	for stop, is := range served {
		switch {
		case !is:
			s.Unserved = append(s.Unserved, a.order[stop])
		case !a.required[stop]:
			s.Prize += a.problem.Stops[a.order[stop]].Prize
		}
	}
	slices.Sort(s.Unserved)
	return s
}

// timetable times a vehicle's route and returns what it costs, in units.
func (m *plain) timetable(v int32, stops []int32) (Route, int64) {
	k := &m.kinds[m.kindOf[v]]
	vehicle := &m.problem.Vehicles[v]
	out := Route{Vehicle: int(v)}
	load, meters, cost := make([]int64, m.dimensions), int64(0), k.fixed
	here := k.start
	drive := func(to int32) int32 {
		meters += int64(m.problem.Meters[m.problemArc(here, to)])
		cost += int64(k.arcs[int(here)*m.points+int(to)])
		seconds := m.driving(here, to)
		here = to
		return seconds
	}
	add := func(kind Kind, index int, arrive, start, leave int32) {
		out.Visits = append(out.Visits, Visit{kind, index, arrive, start, leave, slices.Clone(load), meters})
	}
	now := m.departure(k, stops)
	add(Depart, vehicle.Start, now, now, now)
	for _, s := range stops {
		arrive := now + drive(s)
		for d := range load {
			load[d] += m.load[int(s)*m.dimensions+d]
		}
		start := max(arrive, m.open[s])
		now = start + m.service[s]
		add(Serve, m.order[s], arrive, start, now)
	}
	now += drive(k.end)
	clear(load)
	add(Return, vehicle.End, now, now, now)
	return out, cost
}

// departure returns when a vehicle leaves for a route: as late as it can without being back later than it must.
func (m *plain) departure(k *plainKind, stops []int32) int32 {
	now, at := k.earliest, k.start
	for _, s := range stops {
		now = max(now+m.driving(at, s), m.open[s]) + m.service[s]
		at = s
	}
	latest, at := now, stops[len(stops)-1]
	for i := len(stops) - 1; i >= 0; i-- {
		s := stops[i]
		if i < len(stops)-1 {
			latest -= m.driving(s, at)
		}
		latest = min(latest-m.service[s], m.close[s])
		at = s
	}
	return max(k.earliest, min(latest-m.driving(k.start, at), k.lastOut))
}

// problemArc returns the index of the arc between two points in the problem's matrices.
func (m *plain) problemArc(from, to int32) int {
	return m.locationOf(from)*m.problem.Locations + m.locationOf(to)
}

func (m *plain) locationOf(point int32) int {
	if int(point) < m.stops {
		return m.problem.Stops[m.order[point]].Location
	}
	return m.problem.Depots[int(point)-m.stops].Location
}

// driving returns the seconds of driving between two points.
func (m *plain) driving(from, to int32) int32 { return m.problem.Seconds[m.problemArc(from, to)] }
