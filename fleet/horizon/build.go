package horizon

import (
	"slices"

	"polder.city/fleet"
)

// plan writes the state as a plan, with times, loads and exact costs.
func (s *state) plan() *Plan {
	plan := &Plan{Routes: []Route{}}
	for slot := range s.routes {
		if !s.routes[slot].empty() {
			r, cost := s.write(slot)
			plan.Routes = append(plan.Routes, r)
			plan.Cost += cost
		}
	}
	for i, days := range s.visits {
		from := -1
		for day := range s.days + 1 {
			if day < s.days && days>>day&1 == 0 {
				continue
			}
			if cost := s.p.leave(i, from, day); cost != Never {
				plan.Leave += cost
			}
			from = day
		}
	}
	return plan
}

// write writes a slot's route and what it costs in cents.
func (s *state) write(slot int) (r Route, cost int64) {
	v := &s.slots[slot]
	vehicle := &s.p.Fleet[v.day][v.vehicle]
	r = Route{Day: v.day, Vehicle: v.vehicle}
	time, meters := int64(vehicle.Shift.Open), int64(0)
	load := make([]int64, s.dimensions)
	nodes := s.routes[slot].nodes
	for i, node := range nodes {
		visit := fleet.Visit{Arrive: int32(time)}
		if i > 0 {
			seconds, driven := s.drive(nodes[i-1], node)
			meters += driven
			time += seconds
			visit.Arrive = int32(time - s.service[node])
			if s.place[nodes[i-1]] == s.place[node] {
				visit.Arrive += s.p.PlaceService
			}
		}
		visit.Start, visit.Leave, visit.Meters = visit.Arrive, int32(time), meters
		switch {
		case i == 0:
			visit.Kind, visit.Index = fleet.Depart, vehicle.Start
		case i == len(nodes)-1:
			visit.Kind, visit.Index = fleet.Return, vehicle.End
			clear(load)
		case s.isSite(node):
			visit.Kind, visit.Index = fleet.Serve, int(node)
			for k, l := range s.loadAt(node, s.before(node, v.day), v.day) {
				load[k] += l
			}
		default:
			visit.Kind, visit.Index = fleet.Unload, int(node)-s.sites
			clear(load)
		}
		visit.Load = slices.Clone(load)
		r.Visits = append(r.Visits, visit)
	}
	const unit = 3_600_000 // of a cent, in which the sum is exact
	sum := vehicle.FixedCost*unit + vehicle.HourCost*(time-int64(vehicle.Shift.Open))*1000 + vehicle.KilometreCost*meters*3600
	return r, (sum + unit/2) / unit
}
