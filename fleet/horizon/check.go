package horizon

import (
	"fmt"
	"slices"
	"strings"

	"polder.city/fleet"
)

// The checker recomputes everything from the Problem alone. It shares no evaluation with the search, on purpose:
// a mistake there must not pass here.

// Check judges a plan of a problem. It returns nil when every route can be driven as the package promises, every site is visited on
// days that are allowed and every stated time, load, distance and cost is right; else [Violations] with everything that is wrong, or the
// error of [Problem.Validate].
func Check(p *Problem, plan *Plan) error {
	if err := p.Validate(); err != nil {
		return err
	}
	c := checker{p: p, last: make([]int, len(p.Sites)), visits: make([][]int, len(p.Sites))}
	for i := range c.last {
		c.last[i] = -1
	}
	order := make([]*Route, len(plan.Routes))
	for i := range plan.Routes {
		order[i] = &plan.Routes[i]
	}
	// A load follows from the emptying before, so that days are judged in their order.
	slices.SortStableFunc(order, func(a, b *Route) int { return a.Day - b.Day })
	var cost int64
	for i, r := range order {
		c.day, c.vehicle = r.Day, r.Vehicle
		if r.Day < 0 || r.Day >= p.Days || r.Vehicle < 0 || r.Vehicle >= len(p.Fleet[r.Day]) {
			c.add(fleet.WrongShape, -1, "a route names vehicle %d of day %d, which does not exist", r.Vehicle, r.Day)
			continue
		}
		for _, other := range order[:i] {
			if other.Day == r.Day && other.Vehicle == r.Vehicle {
				c.add(fleet.ServedTwice, -1, "%s has two routes on day %d", c.vehicleName(), r.Day)
			}
		}
		cost += c.route(r)
	}
	c.day, c.vehicle = -1, -1
	left := c.left()
	if cost != plan.Cost {
		c.add(fleet.WrongCost, -1, "the routes cost %d cents, the plan says %d", cost, plan.Cost)
	}
	if left != plan.Leave {
		c.add(fleet.WrongCost, -1, "leaving the sites costs %d cents, the plan says %d", left, plan.Leave)
	}
	if len(c.found) > 0 {
		return c.found
	}
	return nil
}

// checker collects violations; day and vehicle are where it is.
type checker struct {
	p            *Problem
	found        Violations
	last         []int   // per site, the day of its last emptying; -1
	visits       [][]int // per site, the days
	day, vehicle int
}

func (c *checker) add(code fleet.Code, site int, format string, args ...any) {
	c.found = append(c.found, Violation{code, c.day, c.vehicle, site, fmt.Sprintf(format, args...)})
}

func (c *checker) siteName(i int) string {
	if name := c.p.Sites[i].Name; name != "" {
		return name
	}
	return fmt.Sprintf("site %d", i)
}

func (c *checker) vehicleName() string {
	if name := c.p.Fleet[c.day][c.vehicle].Name; name != "" {
		return name
	}
	return fmt.Sprintf("vehicle %d", c.vehicle)
}

// truck is the state of a route that is being checked.
type truck struct {
	location int
	time     int64
	meters   int64
	load     []int64
	groups   []int // on board
	lastSite int   // served before in this trip; -1
}

// route checks one route and returns what it costs, in cents.
func (c *checker) route(r *Route) int64 {
	v := &c.p.Fleet[r.Day][r.Vehicle]
	n := len(r.Visits)
	if n < 3 || r.Visits[0].Kind != fleet.Depart || r.Visits[n-1].Kind != fleet.Return {
		c.add(fleet.WrongShape, -1, "the route of %s on day %d does not depart, serve and return", c.vehicleName(), c.day)
		return 0
	}
	t := &truck{load: make([]int64, c.p.Dimensions), lastSite: -1}
	for i := range r.Visits {
		visit := &r.Visits[i]
		count := map[fleet.Kind]int{
			fleet.Depart: len(c.p.Depots), fleet.Return: len(c.p.Depots),
			fleet.Serve: len(c.p.Sites), fleet.Unload: len(c.p.Facilities),
		}[visit.Kind]
		if visit.Index < 0 || visit.Index >= count ||
			(visit.Kind == fleet.Depart) != (i == 0) || (visit.Kind == fleet.Return) != (i == n-1) {
			c.add(fleet.WrongShape, -1, "%s on day %d: visit %d is to %s %d, which cannot be", c.vehicleName(), c.day, i, visit.Kind, visit.Index)
			return 0
		}
		c.visit(t, v, visit)
	}
	return c.settle(t, v, r)
}

// visit checks one visit and moves on.
func (c *checker) visit(t *truck, v *fleet.Vehicle, visit *fleet.Visit) {
	switch visit.Kind {
	case fleet.Depart:
		t.location, t.time = c.p.Depots[visit.Index].Location, int64(v.Shift.Open)
		c.times(t, visit, 0)
		if visit.Index != v.Start {
			c.add(fleet.WrongShape, -1, "%s departs from depot %d instead of %d", c.vehicleName(), visit.Index, v.Start)
		}
	case fleet.Serve:
		c.serve(t, v, visit)
	case fleet.Unload:
		c.unload(t, visit)
	case fleet.Return:
		c.drive(t, c.p.Depots[visit.Index].Location)
		c.times(t, visit, 0)
		if visit.Index != v.End {
			c.add(fleet.WrongShape, -1, "%s returns to depot %d instead of %d", c.vehicleName(), visit.Index, v.End)
		}
		if c.p.EndEmpty && slices.ContainsFunc(t.load, func(l int64) bool { return l > 0 }) {
			c.add(fleet.NotEmpty, -1, "%s returns on day %d with %s on board", c.vehicleName(), c.day, c.amounts(t.load))
		}
		clear(t.load)
	}
	if !slices.Equal(t.load, visit.Load) && len(t.load)+len(visit.Load) > 0 {
		c.add(fleet.WrongLoad, -1, "%s on day %d carries %s, the plan says %s", c.vehicleName(), c.day, c.amounts(t.load), c.amounts(visit.Load))
	}
	if t.meters != visit.Meters {
		c.add(fleet.WrongMeters, -1, "%s on day %d has driven %d m, the plan says %d m", c.vehicleName(), c.day, t.meters, visit.Meters)
	}
}

func (c *checker) drive(t *truck, location int) {
	arc := t.location*c.p.Locations + location
	t.time += int64(c.p.Seconds[arc])
	t.meters += int64(c.p.Meters[arc])
	t.location = location
}

// times checks a visit's times around a service of some seconds.
func (c *checker) times(t *truck, visit *fleet.Visit, service int32) {
	leave := t.time + int64(service)
	if int64(visit.Arrive) != t.time || visit.Start != visit.Arrive || int64(visit.Leave) != leave {
		c.add(fleet.WrongTime, -1, "%s on day %d: the visit to %s %d is from second %d to %d, the plan says %d, %d, %d",
			c.vehicleName(), c.day, visit.Kind, visit.Index, t.time, leave, visit.Arrive, visit.Start, visit.Leave)
	}
	t.time = leave
}

func (c *checker) serve(t *truck, v *fleet.Vehicle, visit *fleet.Visit) {
	i := visit.Index
	site := &c.p.Sites[i]
	service := site.Service
	if t.lastSite < 0 || site.Place < 0 || c.p.Sites[t.lastSite].Place != site.Place {
		service += c.p.PlaceService
	}
	c.drive(t, site.Location)
	c.times(t, visit, service)
	t.lastSite = i
	if c.last[i] == c.day {
		c.add(fleet.ServedTwice, i, "%s is emptied twice on day %d", c.siteName(i), c.day)
		return
	}
	load := c.p.load(i, c.last[i], c.day)
	c.last[i] = c.day
	c.visits[i] = append(c.visits[i], c.day)
	if len(v.Groups) > 0 && !slices.Contains(v.Groups, site.Group) {
		c.add(fleet.NotAllowed, i, "%s may not collect group %d of %s", c.vehicleName(), site.Group, c.siteName(i))
	}
	if c.p.OneGroupATrip && len(t.groups) > 0 && t.groups[0] != site.Group {
		c.add(fleet.MixedGroups, i, "%s has group %d on board and adds group %d at %s", c.vehicleName(), t.groups[0], site.Group, c.siteName(i))
	}
	if !slices.Contains(t.groups, site.Group) {
		t.groups = append(t.groups, site.Group)
	}
	capacity := v.Capacity
	if special, ok := v.GroupCapacity[site.Group]; ok {
		capacity = special
	}
	for k := range load {
		t.load[k] += load[k]
		if t.load[k] > capacity[k] && load[k] > 0 {
			c.add(fleet.OverCapacity, i, "%s on day %d carries %s after %s, its capacity is %s",
				c.vehicleName(), c.day, c.amounts(t.load), c.siteName(i), c.amounts(capacity))
		}
	}
}

func (c *checker) unload(t *truck, visit *fleet.Visit) {
	f := &c.p.Facilities[visit.Index]
	c.drive(t, f.Location)
	c.times(t, visit, f.Service)
	for _, g := range t.groups {
		if len(f.Groups) > 0 && !slices.Contains(f.Groups, g) {
			c.add(fleet.WrongFacility, -1, "%s unloads group %d at facility %d, which does not accept it", c.vehicleName(), g, visit.Index)
		}
	}
	clear(t.load)
	t.groups, t.lastSite = nil, -1
}

// settle checks what concerns the whole route and returns its cost, in cents.
func (c *checker) settle(t *truck, v *fleet.Vehicle, r *Route) int64 {
	out := t.time - int64(v.Shift.Open)
	breaks := int64(0)
	for _, b := range v.Breaks {
		breaks += int64(b.Duration)
	}
	if v.Shift != (fleet.Window{}) && out+breaks > int64(v.Shift.Close-v.Shift.Open) {
		c.add(fleet.OutsideShift, -1, "%s is out for %d seconds on day %d and has breaks of %d seconds, its shift has %d",
			c.vehicleName(), out, r.Day, breaks, v.Shift.Close-v.Shift.Open)
	}
	if v.MaxSeconds > 0 && out+breaks > int64(v.MaxSeconds) {
		c.add(fleet.TooLong, -1, "%s is out for %d seconds on day %d with its breaks, it may be for %d", c.vehicleName(), out+breaks, r.Day, v.MaxSeconds)
	}
	if v.MaxMeters > 0 && t.meters > v.MaxMeters {
		c.add(fleet.TooFar, -1, "%s drives %d m on day %d, it can drive %d m", c.vehicleName(), t.meters, r.Day, v.MaxMeters)
	}
	// Exact in units of a 3,600,000th of a cent, rounded half up once.
	const unit = 3_600_000
	sum := v.FixedCost*unit + v.HourCost*out*1000 + v.KilometreCost*t.meters*3600
	return (sum + unit/2) / unit
}

// left checks the days of every site and returns what leaving them alone costs.
func (c *checker) left() int64 {
	var sum int64
	for i := range c.p.Sites {
		site := &c.p.Sites[i]
		days := c.visits[i]
		if len(site.Patterns) > 0 && !slices.ContainsFunc(site.Patterns, func(pattern []int) bool { return slices.Equal(pattern, days) }) {
			c.add(WrongPattern, i, "%s is emptied on days %v, which is none of its patterns %v", c.siteName(i), days, site.Patterns)
		}
		from := -1
		for _, day := range append(slices.Clip(days), c.p.Days) {
			if cost := c.p.leave(i, from, day); cost == Never {
				c.add(LeftTooLong, i, "%s is left alone %s %s", c.siteName(i), c.from(from), c.to(day))
			} else {
				sum += cost
			}
			from = day
		}
	}
	return sum
}

func (c *checker) from(day int) string {
	if day < 0 {
		return "from the start"
	}
	return fmt.Sprintf("from day %d", day)
}

func (c *checker) to(day int) string {
	if day == c.p.Days {
		return "to the end, which is not allowed"
	}
	return fmt.Sprintf("to day %d, which is not allowed", day)
}

func (c *checker) amounts(load []int64) string {
	parts := make([]string, len(load))
	for i, l := range load {
		parts[i] = fmt.Sprint(l)
		if len(c.p.Units) > 0 {
			parts[i] += " " + c.p.Units[i]
		}
	}
	return strings.Join(parts, " and ")
}
