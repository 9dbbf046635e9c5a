package fleet

import (
	"fmt"
	"slices"
	"strings"
)

// The checker recomputes everything from the Problem alone. It shares no evaluation with
// the search, on purpose: a mistake there must not pass here.

// Check judges a solution of a problem. It returns nil when the solution can be carried out as it
// stands, every stated time, load, distance and cost being right; else [Violations] with everything that is
// wrong, or the error of [Problem.Validate].
func Check(p *Problem, s *Solution) error {
	if err := p.Validate(); err != nil {
		return err
	}
	c := checker{p: p, servedBy: make([]int, len(p.Stops)), used: make([]bool, len(p.Vehicles))}
	for i := range c.servedBy {
		c.servedBy[i] = -1
	}
	var cost int64
	for i := range s.Routes {
		cost += c.route(&s.Routes[i])
	}
	cost += c.imbalance()
	c.vehicle, c.visit = -1, -1
	c.served(s)
	if cost != s.Cost {
		c.add(WrongCost, -1, "the routes cost %d cents, the solution says %d", cost, s.Cost)
	}
	if len(c.found) > 0 {
		return c.found
	}
	return nil
}

// checker collects violations; vehicle and visit are where it is.
type checker struct {
	p              *Problem
	found          Violations
	servedBy       []int // per stop, the vehicle; -1
	used           []bool
	out            []int64 // per route, seconds from departure to return
	vehicle, visit int
}

func (c *checker) add(code Code, stop int, format string, args ...any) {
	c.found = append(c.found, Violation{code, c.vehicle, c.visit, stop, fmt.Sprintf(format, args...)})
}

// served checks who is served against the list of who is not, and the prizes.
func (c *checker) served(s *Solution) {
	var prize int64
	unserved := []int{}
	for i := range c.p.Stops {
		stop := &c.p.Stops[i]
		switch {
		case c.servedBy[i] >= 0 && !stop.Required:
			prize += stop.Prize
		case c.servedBy[i] < 0:
			unserved = append(unserved, i)
			if stop.Required {
				c.add(RequiredMissed, i, "%s is required and not served", stopName(c.p, i))
			}
		}
	}
	if !slices.Equal(unserved, s.Unserved) {
		before := len(c.found)
		for _, i := range unserved {
			if !slices.Contains(s.Unserved, i) {
				c.add(WrongUnserved, i, "no route serves %s and it is not listed as unserved", stopName(c.p, i))
			}
		}
		for _, i := range s.Unserved {
			if !slices.Contains(unserved, i) {
				c.add(WrongUnserved, i, "%s is listed as unserved and is served or does not exist", stopName(c.p, i))
			}
		}
		if len(c.found) == before {
			c.add(WrongUnserved, -1, "the list of unserved stops is out of order or names a stop twice")
		}
	}
	for i := range c.p.Vehicles {
		if len(c.p.Vehicles[i].Begun) > 0 && !c.used[i] {
			c.add(BegunChanged, -1, "%s has begun a route and the solution has none", vehicleName(c.p, i))
		}
	}
	if prize != s.Prize {
		c.add(WrongCost, -1, "the optional stops that are served earn %d cents, the solution says %d", prize, s.Prize)
	}
}

// drive is the state of a route that is being checked.
type drive struct {
	v        *Vehicle
	name     string
	location int
	time     int32 // done with the visit before
	meters   int64
	load     []int64
	groups   []int // on board, in order of pick-up
	lastStop int   // the stop served before in this trip; -1
	trips    int
	breaks   []bool // taken
	pausing  bool   // the visit before was a break
	stands   bool   // the visit is part of what the vehicle has begun: its times are facts
}

// route checks one route and returns what it costs, in cents.
func (c *checker) route(r *Route) int64 {
	c.vehicle, c.visit = r.Vehicle, -1
	if r.Vehicle < 0 || r.Vehicle >= len(c.p.Vehicles) {
		c.vehicle = -1
		c.add(WrongShape, -1, "a route names vehicle %d, which does not exist", r.Vehicle)
		return 0
	}
	d := &drive{
		v: &c.p.Vehicles[r.Vehicle], name: vehicleName(c.p, r.Vehicle),
		load: make([]int64, c.p.Dimensions), lastStop: -1,
	}
	d.breaks = make([]bool, len(d.v.Breaks))
	if c.used[r.Vehicle] {
		c.add(ServedTwice, -1, "%s has two routes", d.name)
	}
	c.used[r.Vehicle] = true
	n := len(r.Visits)
	if n < 2 || r.Visits[0].Kind != Depart || r.Visits[n-1].Kind != Return {
		c.add(WrongShape, -1, "the route of %s does not begin with a departure and end with a return", d.name)
		return 0
	}
	for i := range r.Visits {
		c.visit = i
		v := &r.Visits[i]
		if (v.Kind == Depart) != (i == 0) || (v.Kind == Return) != (i == n-1) || v.Kind > Return {
			c.add(WrongShape, -1, "%s has a %s as visit %d", d.name, v.Kind, i)
			return 0
		}
		if !c.exists(d, v) {
			return 0
		}
		d.stands = i < len(d.v.Begun)
		if d.stands {
			c.sameAs(d, v, &d.v.Begun[i])
		}
		c.visitAt(d, v)
	}
	c.visit = n - 1
	c.out = append(c.out, int64(r.Visits[n-1].Arrive)-int64(r.Visits[0].Leave))
	return c.settle(d, r)
}

// sameAs checks a visit against the one that the vehicle has begun with.
func (c *checker) sameAs(d *drive, v, begun *Visit) {
	if v.Kind != begun.Kind || v.Index != begun.Index || v.Arrive != begun.Arrive || v.Start != begun.Start || v.Leave != begun.Leave {
		c.add(BegunChanged, c.stopOf(v), "%s has begun with a %s of %d at %s as visit %d, the solution has a %s of %d at %s",
			d.name, begun.Kind, begun.Index, clockTime(begun.Start), c.visit, v.Kind, v.Index, clockTime(v.Start))
	}
}

// exists reports whether the index of a visit exists.
func (c *checker) exists(d *drive, v *Visit) bool {
	count := map[Kind]int{
		Depart: len(c.p.Depots), Return: len(c.p.Depots), Serve: len(c.p.Stops),
		Unload: len(c.p.Facilities), Pause: len(d.v.Breaks),
	}[v.Kind]
	if v.Index < 0 || v.Index >= count {
		c.add(WrongShape, -1, "%s: there is no %d to %s", d.name, v.Index, v.Kind)
		return false
	}
	return true
}

// visitAt checks one visit and moves on.
func (c *checker) visitAt(d *drive, v *Visit) {
	switch v.Kind {
	case Depart:
		c.depart(d, v)
	case Serve:
		c.serve(d, v)
	case Unload:
		c.unload(d, v)
	case Pause:
		c.pause(d, v)
	case Return:
		c.comeBack(d, v)
	}
	if !slices.Equal(d.load, v.Load) && len(d.load)+len(v.Load) > 0 {
		c.add(WrongLoad, -1, "%s carries %s after visit %d, the solution says %s",
			d.name, c.amounts(d.load), c.visit, c.amounts(v.Load))
	}
	if d.meters != v.Meters {
		c.add(WrongMeters, -1, "%s has driven %d m at visit %d, the solution says %d m", d.name, d.meters, c.visit, v.Meters)
	}
	d.pausing = v.Kind == Pause
}

// travel drives to a location and checks the times around a service of some seconds.
func (c *checker) travel(d *drive, v *Visit, what string, location int, service int32) {
	arc := d.location*c.p.Locations + location
	arrive := int64(d.time) + int64(c.p.Seconds[arc])
	d.meters += int64(c.p.Meters[arc])
	d.location = location
	c.times(d, v, what, arrive, service)
}

// times checks that a visit's times follow from its arrival. What follows is judged by the stated
// times, so that one wrong time is reported once.
func (c *checker) times(d *drive, v *Visit, what string, arrive int64, service int32) {
	switch {
	case d.stands:
	case int64(v.Arrive) != arrive:
		c.add(WrongTime, c.stopOf(v), "%s reaches %s at %s, the solution says %s",
			d.name, what, clockTime(int32(arrive)), clockTime(v.Arrive))
	case v.Start < v.Arrive:
		c.add(WrongTime, c.stopOf(v), "%s begins at %s at %s, before it arrives at %s",
			d.name, what, clockTime(v.Start), clockTime(v.Arrive))
	case int64(v.Leave) != int64(v.Start)+int64(service):
		c.add(WrongTime, c.stopOf(v), "%s needs %d seconds at %s from %s, the solution says until %s",
			d.name, service, what, clockTime(v.Start), clockTime(v.Leave))
	}
	d.time = v.Leave
}

func (c *checker) stopOf(v *Visit) int {
	if v.Kind == Serve {
		return v.Index
	}
	return -1
}

// within checks that service at something with windows starts in one of them.
func (c *checker) within(d *drive, v *Visit, what string, windows []Window) {
	if len(windows) == 0 || d.stands {
		return
	}
	for _, w := range windows {
		if v.Start >= w.Open && v.Start <= w.Close {
			return
		}
	}
	c.add(OutsideWindow, c.stopOf(v), "%s begins at %s at %s, outside %s", d.name, what, clockTime(v.Start), spans(windows))
}

// spans writes windows as 07:00-12:00, 13:00-15:30.
func spans(windows []Window) string {
	parts := make([]string, len(windows))
	for i, w := range windows {
		parts[i] = clockTime(w.Open) + "-" + clockTime(w.Close)
	}
	return strings.Join(parts, ", ")
}

func (c *checker) depart(d *drive, v *Visit) {
	depot := &c.p.Depots[v.Index]
	d.location, d.time = depot.Location, v.Leave
	if v.Index != d.v.Start {
		c.add(WrongShape, -1, "%s departs from %s, its depot is %s", d.name, depotName(c.p, v.Index), depotName(c.p, d.v.Start))
	}
	if d.stands {
		return
	}
	if v.Arrive != v.Leave || v.Start != v.Leave {
		c.add(WrongTime, -1, "%s departs at more than one time", d.name)
	}
	if !depot.Window.always() && (v.Leave < depot.Window.Open || v.Leave > depot.Window.Close) {
		c.add(OutsideWindow, -1, "%s leaves %s at %s, outside %s",
			d.name, depotName(c.p, v.Index), clockTime(v.Leave), spans([]Window{depot.Window}))
	}
	if v.Leave < 0 || !d.v.Shift.always() && (v.Leave < d.v.Shift.Open || v.Leave > d.v.Shift.Close) {
		c.add(OutsideShift, -1, "%s leaves at %s, outside its shift %s", d.name, clockTime(v.Leave), spans([]Window{d.v.Shift}))
	}
}

func (c *checker) serve(d *drive, v *Visit) {
	p, i := c.p, v.Index
	stop := &p.Stops[i]
	name := stopName(p, i)
	service := stop.Service
	samePlace := d.lastStop >= 0 && stop.Place >= 0 && p.Stops[d.lastStop].Place == stop.Place
	if !samePlace {
		service += p.PlaceService
	}
	c.travel(d, v, name, stop.Location, service)
	c.within(d, v, name, stop.Windows)
	c.lateAt(d, v, name)
	if c.servedBy[i] >= 0 {
		c.add(ServedTwice, i, "%s is served by %s and by %s", name, vehicleName(p, c.servedBy[i]), d.name)
	}
	c.servedBy[i] = c.vehicle
	if len(stop.Vehicles) > 0 && !slices.Contains(stop.Vehicles, c.vehicle) {
		c.add(NotAllowed, i, "%s may not serve %s", d.name, name)
	}
	if len(d.v.Groups) > 0 && !slices.Contains(d.v.Groups, stop.Group) {
		c.add(NotAllowed, i, "%s may not collect group %d of %s", d.name, stop.Group, name)
	}
	if p.OneGroupATrip && len(d.groups) > 0 && d.groups[0] != stop.Group {
		c.add(MixedGroups, i, "%s has group %d on board and adds group %d at %s", d.name, d.groups[0], stop.Group, name)
	}
	if len(d.groups) == 0 {
		d.trips++
	}
	if !slices.Contains(d.groups, stop.Group) {
		d.groups = append(d.groups, stop.Group)
	}
	d.lastStop = i
	capacity := d.v.Capacity
	if special, ok := d.v.GroupCapacity[stop.Group]; ok {
		capacity = special
	}
	for k := range stop.Load {
		d.load[k] += stop.Load[k]
		if d.load[k] > capacity[k] && stop.Load[k] > 0 {
			c.add(OverCapacity, i, "%s carries %s after %s, its capacity is %s",
				d.name, c.amount(k, d.load[k]), name, c.amount(k, capacity[k]))
		}
	}
}

// lateAt reports a vehicle that is still at work after its shift, at the first such visit only.
func (c *checker) lateAt(d *drive, v *Visit, what string) {
	end := int64(d.v.Shift.Close) + int64(d.v.Overtime)
	if d.v.Shift.always() || int64(v.Arrive) <= end || d.stands {
		return
	}
	for _, f := range c.found {
		if f.Vehicle == c.vehicle && f.Code == OutsideShift && f.Visit > 0 {
			return
		}
	}
	limit := "shift"
	if d.v.Overtime > 0 {
		limit = "overtime"
	}
	c.add(OutsideShift, c.stopOf(v), "%s reaches %s at %s, %s after its %s ends",
		d.name, what, clockTime(v.Arrive), lasting(int64(v.Arrive)-end), limit)
}

// lasting writes a number of seconds in words.
func lasting(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%d seconds", seconds)
	case seconds < 120:
		return "1 minute"
	default:
		return fmt.Sprintf("%d minutes", seconds/60)
	}
}

func (c *checker) unload(d *drive, v *Visit) {
	f := &c.p.Facilities[v.Index]
	name := facilityName(c.p, v.Index)
	c.travel(d, v, name, f.Location, f.Service)
	c.within(d, v, name, f.Windows)
	c.lateAt(d, v, name)
	for _, g := range d.groups {
		if len(f.Groups) > 0 && !slices.Contains(f.Groups, g) {
			c.add(WrongFacility, -1, "%s unloads group %d at %s, which does not accept it", d.name, g, name)
		}
	}
	clear(d.load)
	d.groups, d.lastStop = nil, -1
}

func (c *checker) pause(d *drive, v *Visit) {
	b := d.v.Breaks[v.Index]
	c.times(d, v, fmt.Sprintf("break %d", v.Index), int64(d.time), b.Duration)
	if d.breaks[v.Index] {
		c.add(BreakWrong, -1, "%s takes break %d twice", d.name, v.Index)
	}
	d.breaks[v.Index] = true
	if !d.stands && (v.Start < b.Window.Open || v.Start > b.Window.Close) {
		c.add(BreakWrong, -1, "%s begins its break at %s, outside %s", d.name, clockTime(v.Start), spans([]Window{b.Window}))
	}
}

func (c *checker) comeBack(d *drive, v *Visit) {
	depot := &c.p.Depots[v.Index]
	c.travel(d, v, depotName(c.p, v.Index), depot.Location, 0)
	if v.Index != d.v.End {
		c.add(WrongShape, -1, "%s returns to %s, its depot is %s", d.name, depotName(c.p, v.Index), depotName(c.p, d.v.End))
	}
	if v.Start != v.Arrive {
		c.add(WrongTime, -1, "%s returns at more than one time", d.name)
	}
	if !depot.Window.always() && (v.Arrive < depot.Window.Open || v.Arrive > depot.Window.Close) {
		c.add(OutsideWindow, -1, "%s is back at %s at %s, outside %s",
			d.name, depotName(c.p, v.Index), clockTime(v.Arrive), spans([]Window{depot.Window}))
	}
	c.lateAt(d, v, depotName(c.p, v.Index))
	if c.p.EndEmpty && slices.ContainsFunc(d.load, func(l int64) bool { return l > 0 }) {
		c.add(NotEmpty, -1, "%s returns with %s on board", d.name, c.amounts(d.load))
	}
	clear(d.load) // the depot takes it
}

// pausedBegun reports whether a break from a number on is part of what the vehicle has begun.
func (d *drive) pausedBegun(from int) bool {
	return slices.ContainsFunc(d.v.Begun, func(v Visit) bool { return v.Kind == Pause && v.Index >= from })
}

// settle checks what concerns the whole route and returns its cost, in cents.
func (c *checker) settle(d *drive, r *Route) int64 {
	depart, back := int64(r.Visits[0].Leave), int64(r.Visits[len(r.Visits)-1].Arrive)
	stood := int32(-1) // breaks whose time was over by then
	if n := len(d.v.Begun); n > 0 {
		stood = d.v.Begun[n-1].Leave
	}
	for i, b := range d.v.Breaks {
		if b.Window.Close < stood || d.pausedBegun(i+1) {
			continue
		}
		if !d.breaks[i] && depart <= int64(b.Window.Open) && back > int64(b.Window.Close) {
			c.add(BreakMissed, -1, "%s is out from %s to %s and takes no break within %s",
				d.name, clockTime(int32(depart)), clockTime(int32(back)), spans([]Window{b.Window}))
		}
	}
	if d.v.MaxMeters > 0 && d.meters > d.v.MaxMeters {
		c.add(TooFar, -1, "%s drives %d m, it can drive %d m", d.name, d.meters, d.v.MaxMeters)
	}
	if d.v.MaxSeconds > 0 && back-depart > int64(d.v.MaxSeconds) {
		c.add(TooLong, -1, "%s is out for %s, it may be for %s", d.name, lasting(back-depart), lasting(int64(d.v.MaxSeconds)))
	}
	if d.v.MaxTrips > 0 && d.trips > d.v.MaxTrips {
		c.add(TooManyTrips, -1, "%s makes %d trips, at most %d are allowed", d.name, d.trips, d.v.MaxTrips)
	}
	overtime, changes := int64(0), int64(0)
	if !d.v.Shift.always() {
		overtime = max(0, back-int64(d.v.Shift.Close))
	}
	// Exact in units of a 3,600,000th of a cent, rounded half up once.
	const unit = 3_600_000
	for i := range r.Visits {
		if r.Visits[i].Kind != Serve {
			continue
		}
		if stop := &c.p.Stops[r.Visits[i].Index]; len(stop.Usual) > 0 && !slices.Contains(stop.Usual, r.Vehicle) {
			changes += stop.ChangeCost
		}
	}
	sum := changes*unit + d.v.FixedCost*unit + d.v.HourCost*(back-depart)*1000 + d.v.OvertimeHourCost*overtime*1000 + d.v.KilometreCost*d.meters*3600
	return (sum + unit/2) / unit
}

// imbalance returns what it costs that vehicles are out longer than the mean, in cents.
func (c *checker) imbalance() int64 {
	total := int64(0)
	for _, out := range c.out {
		total += out
	}
	routes, above := int64(len(c.out)), int64(0)
	if routes == 0 {
		return 0
	}
	for _, out := range c.out {
		if out*routes > total {
			above += out*routes - total
		}
	}
	hours := 3600 * routes // above is in seconds of which so many make an hour
	return (2*c.p.BalanceHourCost*above + hours) / (2 * hours)
}

// amount writes a load with its unit: 1,200 kg.
func (c *checker) amount(dimension int, load int64) string {
	return amountText(c.p, dimension, load)
}

func (c *checker) amounts(load []int64) string {
	parts := make([]string, len(load))
	for i, l := range load {
		parts[i] = c.amount(i, l)
	}
	return strings.Join(parts, " and ")
}
