package horizon

import (
	"math/bits"
	"slices"
)

// route is what a slot's vehicle does: nodes from its start to its end, just these two when it stays in. All else follows from the nodes
// (measure).
type route struct {
	nodes []int32
	// Per node: what is on board behind it (a row of dimensions), and the trip that a site put behind it would join.
	aboard []int64
	trip   []int32
	// Per trip: the load (a row of dimensions), the groups on board, the facility that takes it (a node; -1 for the depot).
	load   []int64
	groups []uint64
	taker  []int32

	seconds, meters         int64
	overLoad                []int64 // per dimension, over all trips
	overSeconds, overMeters int64
	cost                    float64 // cents, without what broken limits cost
	penalty                 float64
}

func (r *route) empty() bool { return len(r.nodes) == 2 }

// price is what breaking a limit costs, per unit, in cents.
type price struct {
	load            []float64
	seconds, meters float64
}

// state is a plan that is being changed.
type state struct {
	*model
	price  price
	routes []route
	// Per site and day: the slot that visits it, -1 for none, and where in its nodes.
	slotOf, at []int32
	visits     []uint64  // per site, the bits of its days
	left       []float64 // per site, what leaving it alone costs with these visits

	total  float64 // cents: routes, penalties, leaving alone
	broken int     // routes that break a limit, and sites that are never to be left like that
}

func newState(m *model) *state {
	s := &state{
		model: m, routes: make([]route, len(m.slots)), slotOf: make([]int32, m.sites*m.days), at: make([]int32, m.sites*m.days),
		visits: make([]uint64, m.sites), left: make([]float64, m.sites), price: price{load: make([]float64, m.dimensions)},
	}
	for i := range s.routes {
		s.routes[i].overLoad = make([]int64, m.dimensions)
	}
	s.reset()
	return s
}

// reset makes the plan empty.
func (s *state) reset() {
	s.total, s.broken = 0, 0
	for i := range s.slotOf {
		s.slotOf[i] = -1
	}
	for i := range s.routes {
		r := &s.routes[i]
		r.nodes = append(r.nodes[:0], s.slots[i].start, s.slots[i].end)
		r.cost, r.penalty = 0, 0
		s.compute(i)
		s.count(r, 1)
	}
	for i := range s.visits {
		s.visits[i] = 0
		s.left[i] = s.leaving(int32(i), 0)
		s.countSite(int32(i), 1)
	}
}

// leaving returns what leaving a site costs with the given days of visits, without regard to patterns.
func (s *state) leaving(site int32, days uint64) float64 {
	if len(s.patterns[site]) > 0 && !slices.Contains(s.patterns[site], days) {
		return neverCost
	}
	sum, from := 0.0, -1
	for ; days != 0; days &= days - 1 {
		day := bits.TrailingZeros64(days)
		sum += s.leaveCost(site, from, day)
		from = day
	}
	return sum + s.leaveCost(site, from, s.days)
}

// before returns the day of a site's visit before a day, -1 for none.
func (s *state) before(site int32, day int) int {
	return 63 - bits.LeadingZeros64(s.visits[site]&(1<<day-1))
}

// count adds a route to the totals, or takes it out.
func (s *state) count(r *route, sign int) {
	s.total += float64(sign) * (r.cost + r.penalty)
	if r.breaks() {
		s.broken += sign
	}
}

func (s *state) countSite(site int32, sign int) {
	s.total += float64(sign) * s.left[site]
	if s.left[site] >= neverCost/2 {
		s.broken += sign
	}
}

// breaks reports whether a route breaks a limit.
func (r *route) breaks() bool {
	over := r.overSeconds + r.overMeters
	for _, l := range r.overLoad {
		over += l
	}
	return over > 0
}

// setVisits sets the days of a site's visits and what leaving it alone then costs.
func (s *state) setVisits(site int32, days uint64) {
	s.countSite(site, -1)
	s.visits[site] = days
	s.left[site] = s.leaving(site, days)
	s.countSite(site, 1)
}

// measure recomputes a slot's route from its nodes, and the totals.
func (s *state) measure(slot int) {
	s.count(&s.routes[slot], -1)
	s.compute(slot)
	s.count(&s.routes[slot], 1)
}

func (s *state) compute(slot int) {
	r, v := &s.routes[slot], &s.slots[slot]
	d := s.dimensions
	r.aboard, r.trip = r.aboard[:0], r.trip[:0]
	r.load, r.groups, r.taker = r.load[:0], r.groups[:0], r.taker[:0]
	r.seconds, r.meters, r.overSeconds, r.overMeters = 0, 0, 0, 0
	clear(r.overLoad)
	trip := int32(0)
	r.load = append(r.load, s.noLoad...)
	r.groups, r.taker = append(r.groups, 0), append(r.taker, -1)
	for i, node := range r.nodes {
		if i > 0 {
			seconds, meters := s.drive(r.nodes[i-1], node)
			r.seconds += seconds
			r.meters += meters
		}
		switch {
		case s.isSite(node):
			load := s.loadAt(node, s.before(node, v.day), v.day)
			for k, l := range load {
				r.load[int(trip)*d+k] += l
			}
			r.groups[trip] |= s.group[node]
			place := int(node)*s.days + v.day
			s.slotOf[place], s.at[place] = int32(slot), int32(i)
			r.aboard = append(r.aboard, r.load[int(trip)*d:int(trip+1)*d]...)
		case s.unloads(node):
			r.taker[trip] = node
			trip++
			r.load = append(r.load, s.noLoad...)
			r.groups, r.taker = append(r.groups, 0), append(r.taker, -1)
			r.aboard = append(r.aboard, s.noLoad...)
		default:
			r.aboard = append(r.aboard, s.noLoad...)
		}
		r.trip = append(r.trip, trip)
	}
	for t := range int(trip) + 1 {
		if r.groups[t] == 0 {
			continue
		}
		capacity := s.capacityOf(v, r.groups[t])
		for k := range d {
			r.overLoad[k] += max(0, r.load[t*d+k]-capacity[k])
		}
	}
	r.cost = 0
	if r.empty() {
		r.seconds, r.meters = 0, 0
	} else {
		r.overSeconds = max(0, r.seconds-v.seconds)
		r.overMeters = max(0, r.meters-v.meters)
		r.cost = v.fixed + v.second*float64(r.seconds) + v.meter*float64(r.meters)
	}
	r.penalty = s.penaltyOf(r)
}

func (s *state) penaltyOf(r *route) float64 {
	sum := s.price.seconds*float64(r.overSeconds) + s.price.meters*float64(r.overMeters)
	for k, l := range r.overLoad {
		sum += s.price.load[k] * float64(l)
	}
	return sum
}

// capacityOf returns the capacity for a trip of some groups, a row of dimensions: that of the lowest group. Where
// groups differ in capacity, a trip has but one (Validate).
func (s *state) capacityOf(v *slot, groups uint64) []int64 {
	g := bits.TrailingZeros64(groups)
	return v.capacity[g*s.dimensions : (g+1)*s.dimensions]
}

// reprice changes what broken limits cost.
func (s *state) reprice() {
	s.total, s.broken = 0, 0
	for i := range s.routes {
		s.routes[i].penalty = s.penaltyOf(&s.routes[i])
		s.count(&s.routes[i], 1)
	}
	for i := range s.left {
		s.countSite(int32(i), 1)
	}
}
