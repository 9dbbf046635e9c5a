package horizon

import (
	"math/bits"
	"slices"

	"polder.city/fleet"
)

// start makes a first plan: the warm one, where there is one, else days for each site and then routes for the days.
func (w *search) start(warm *Plan) {
	if warm != nil {
		w.adoptPlan(warm)
	} else {
		w.buildFirst()
	}
	w.forget()
}

// adoptRoutes takes over the routes of a plan; what does not exist is left out.
func (w *search) adoptRoutes(plan *Plan) {
	w.reset()
	for i := range plan.Routes {
		r := &plan.Routes[i]
		if r.Day < 0 || r.Day >= w.days || r.Vehicle < 0 || r.Vehicle >= len(w.p.Fleet[r.Day]) {
			continue
		}
		slot := w.daySlots[r.Day] + r.Vehicle
		if !w.routes[slot].empty() {
			continue
		}
		nodes := []int32{w.slots[slot].start}
		for _, v := range r.Visits {
			switch {
			case v.Kind == fleet.Serve && v.Index >= 0 && v.Index < w.sites && w.visits[v.Index]>>r.Day&1 == 0 &&
				w.slots[slot].groups&w.group[v.Index] != 0:
				w.visits[v.Index] |= 1 << r.Day
				nodes = append(nodes, int32(v.Index))
			case v.Kind == fleet.Unload && v.Index >= 0 && v.Index < w.facilities:
				nodes = append(nodes, int32(w.sites+v.Index))
			}
		}
		w.adopt(slot, append(nodes, w.slots[slot].end))
	}
	w.settle()
}

// adoptPlan takes over the routes of a plan and mends what cannot be.
func (w *search) adoptPlan(plan *Plan) {
	w.adoptRoutes(plan)
	w.dearPrices() // what keeps to the limits goes on doing so
	for slot := range w.routes {
		w.touch(int32(slot))
	}
	w.sweep()
	for slot := range w.routes {
		w.placeUnloads(int32(slot))
	}
	for slot := range w.routes {
		if w.sound(slot) {
			continue
		}
		for _, node := range slices.Clone(w.routes[slot].nodes) {
			if w.isSite(node) {
				w.takeOutAll(node)
			}
		}
	}
	// Sites whose days cannot be are put back on ones that can.
	for i := range w.left {
		if w.left[i] >= neverCost/2 {
			w.takeOutAll(int32(i))
		}
	}
	w.sweep()
	w.recreate()
	w.setPrices()
}

// sound reports whether the trips of a slot's route are of one group where they must be, and all are taken by somebody. The search
// never leaves a route otherwise; a plan to begin with may be.
func (s *state) sound(slot int) bool {
	r := &s.routes[slot]
	for t, groups := range r.groups {
		switch {
		case groups == 0:
		case s.p.OneGroupATrip && groups&(groups-1) != 0, r.taker[t] < 0 && s.p.EndEmpty:
			return false
		case r.taker[t] >= 0 && s.accepts[int(r.taker[t])-s.sites]&groups != groups:
			return false
		}
	}
	return true
}

// rounds is how often the expected detours are worked out anew from the days that they lead to.
const rounds = 3

// buildFirst chooses days by expected detours (expected), then puts the sites in routes, day by day. Sites with patterns choose
// among routes, one after another.
func (w *search) buildFirst() {
	chosen := make([]uint64, w.sites)
	e := newExpected(w.model)
	for range rounds {
		for i := range chosen {
			site := int32(i)
			if len(w.patterns[i]) == 0 {
				chosen[i], _ = w.path.find(w.model, site, func(_, to int) float64 { return e.detour(site, to) })
			}
		}
		e.learn(chosen)
	}
	for i := range chosen {
		if len(w.patterns[i]) == 0 {
			w.setVisits(int32(i), chosen[i])
		}
	}
	for day := range w.days {
		for i := range chosen {
			if chosen[i]>>day&1 == 1 {
				w.putOn(int32(i), day)
			}
		}
		w.forget()
	}
	for i := range chosen {
		if len(w.patterns[i]) > 0 {
			w.pool = append(w.pool, task{site: int32(i), day: -1})
		}
	}
	w.recreate()
	for slot := range w.routes {
		w.touch(int32(slot))
		w.placeUnloads(int32(slot))
	}
}

// expected estimates what visiting a site on a day will add to the routes of that day, before there are any: the detour from the
// nearest site that is on the day, by the chance that none nearer is.
type expected struct {
	m             *model
	chance        []float64 // per site and day, that it is visited
	second, meter float64   // cents, of the cheapest vehicle
	alone         []float64 // per site, a trip for it alone
}

func newExpected(m *model) *expected {
	e := &expected{m: m, chance: make([]float64, m.sites*m.days), alone: make([]float64, m.sites)}
	if len(m.slots) == 0 {
		return e
	}
	e.second, e.meter = m.slots[0].second, m.slots[0].meter
	for i := range m.slots {
		e.second, e.meter = min(e.second, m.slots[i].second), min(e.meter, m.slots[i].meter)
	}
	for i := range e.alone {
		e.alone[i] = e.cost(m.slots[0].start, int32(i)) + e.cost(int32(i), m.slots[0].end)
	}
	for i := range e.chance {
		e.chance[i] = 0.2 // before anything is known
	}
	return e
}

func (e *expected) cost(a, b int32) float64 {
	seconds, meters := e.m.drive(a, b)
	return e.second*float64(seconds) + e.meter*float64(meters)
}

// detour returns the expected cost of a visit in cents; the end of the days costs nothing.
func (e *expected) detour(site int32, day int) float64 {
	if day == e.m.days {
		return 0
	}
	none, sum := 1.0, 0.0
	service := e.second * float64(e.m.service[site])
	for _, j := range e.m.near[site] {
		q := e.chance[int(j)*e.m.days+day]
		if q == 0 {
			continue
		}
		// Beside j on a way that goes on: about the way there, once.
		sum += none * q * e.cost(j, site)
		if none *= 1 - q; none < 1e-3 {
			return sum
		}
	}
	return sum + none*(e.alone[site]+service)
}

// learn makes chances of the days that were chosen: half of what was expected, half of what came out.
func (e *expected) learn(chosen []uint64) {
	for i, days := range chosen {
		row := e.chance[i*e.m.days : (i+1)*e.m.days]
		for day := range row {
			row[day] /= 2
		}
		for ; days != 0; days &= days - 1 {
			row[bits.TrailingZeros64(days)] += 0.5
		}
	}
}
