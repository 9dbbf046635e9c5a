package fleet

import "slices"

// solution writes down the best solution with its times. A vehicle leaves as late as its first stop allows without
// losing time there.
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
	locationOf := func(point int32) int {
		if int(point) < m.stops {
			return m.problem.Stops[m.order[point]].Location
		}
		return m.problem.Depots[int(point)-m.stops].Location
	}
	drive := func(to int32) int32 {
		meters += int64(m.problem.Meters[locationOf(here)*m.problem.Locations+locationOf(to)])
		cost += int64(k.arcs[int(here)*m.points+int(to)])
		seconds := m.seconds[int(here)*m.points+int(to)]
		here = to
		return seconds
	}
	add := func(kind Kind, index int, arrive, start, leave int32) {
		out.Visits = append(out.Visits, Visit{kind, index, arrive, start, leave, slices.Clone(load), meters})
	}
	first := m.seconds[int(k.start)*m.points+int(stops[0])]
	now := max(k.earliest, min(m.open[stops[0]]-first, k.lastOut))
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
