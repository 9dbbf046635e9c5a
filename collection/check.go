package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/city"
	"polder.city/roads"
)

// Check judges a stored plan by the city's rules, and returns what is wrong with
// it. It shares no code with the planner or the solver: it walks the plan's
// visits as a driver would, on the streets as they were imported.
func (s *Service) Check(ctx context.Context, p *Plan) ([]string, error) {
	streets, err := s.Streets(ctx)
	if err != nil {
		return nil, err
	}
	containers, err := s.Containers(ctx)
	if err != nil {
		return nil, err
	}
	outcomes, err := s.Outcomes(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	on, err := roads.NewChecker(streets.Network, roads.Truck())
	if err != nil {
		return nil, fmt.Errorf("street network: %w", err)
	}
	c := checker{city: s.city, streetChecker: on, plan: p, containers: map[string]Container{}, emptied: map[string]string{}}
	for _, x := range containers {
		c.containers[x.ID] = x
	}
	for i := range p.Routes {
		c.route(&p.Routes[i])
	}
	c.outcomes(outcomes)
	wishes, err := s.Wishes(ctx, p.Day)
	if err != nil {
		return nil, err
	}
	for _, w := range wishes {
		if w.At.Before(p.MadeAt) || w.Decision == p.Decision {
			c.wish(w, outcomes)
		}
	}
	return c.wrong, nil
}

type checker struct {
	city          *city.City
	streetChecker *roads.Checker
	plan          *Plan
	containers    map[string]Container
	emptied       map[string]string // container to truck
	wrong         []string
}

func (c *checker) say(format string, args ...any) {
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

func (c *checker) route(r *Route) {
	i := slices.IndexFunc(c.city.Fleet.Trucks, func(t city.Truck) bool { return t.ID == r.Truck })
	if i < 0 {
		c.say("the city has no truck %s", r.Truck)
		return
	}
	truck := c.city.Fleet.Trucks[i]
	if n := len(r.Visits); n < 2 || r.Visits[0].Kind != VisitDepart || r.Visits[n-1].Kind != VisitReturn ||
		r.Visits[0].At != truck.Depot || r.Visits[n-1].At != truck.Depot {
		c.say("truck %s does not leave from and return to its depot", r.Truck)
		return
	}
	if len(r.Lines) != len(r.Visits)-1 {
		c.say("truck %s has %d legs for %d visits", r.Truck, len(r.Lines), len(r.Visits))
		return
	}
	c.times(r)
	stream, place, where, before := "", "", c.point(r.Visits[0]), r.Visits[0]
	for i, v := range r.Visits[1:] {
		c.leg(r.Truck, before, v, r.Lines[i], &where)
		switch v.Kind {
		case VisitEmpty:
			stream = c.stop(r.Truck, truck, &place, v, stream)
		case VisitUnload:
			c.unload(r.Truck, v, stream)
			stream, place = "", ""
		case VisitReturn:
			if v.Kg != 0 || stream != "" {
				c.say("truck %s returns with a load of %d kg", r.Truck, v.Kg)
			}
		}
		before = v
	}
}

// times judges the shift, the break and the order of the clock.
func (c *checker) times(r *Route) {
	shift := c.city.Fleet.Shift
	first, last := r.Visits[0], r.Visits[len(r.Visits)-1]
	if first.Leave < int64(shift.From) {
		c.say("truck %s leaves before its shift begins", r.Truck)
	}
	if over := last.Arrive - int64(shift.To); over > int64(shift.MaxOvertimeMinutes)*60 || max(over, 0) != r.Overtime {
		c.say("truck %s returns %d s after its shift; the plan says %d s of overtime, the city allows %d minutes", r.Truck, over, r.Overtime, shift.MaxOvertimeMinutes)
	}
	pause := int64(0)
	for i, v := range r.Visits {
		if v.Start < v.Arrive || v.Leave < v.Start || i > 0 && v.Arrive < r.Visits[i-1].Leave {
			c.say("truck %s goes back in time at visit %d (%s)", r.Truck, i, v.At)
		}
		if v.Kind == VisitBreak {
			pause += v.Leave - v.Start
			if v.Start < int64(shift.BreakFrom) || v.Start > int64(shift.BreakTo) {
				c.say("truck %s takes its break outside the hours for it", r.Truck)
			}
		}
	}
	if need := int64(shift.BreakMinutes) * 60; first.Leave <= int64(shift.BreakFrom) && last.Arrive > int64(shift.BreakTo) && pause < need {
		c.say("truck %s has %d s of break, and needs %d", r.Truck, pause, need)
	}
}

// leg judges the way from one visit to the next: along streets, in a permitted
// direction, from where the truck was to where it must be, in the time it takes.
func (c *checker) leg(truck string, from, to Visit, line orb.LineString, where *orb.Point) {
	if to.Kind == VisitBreak || len(line) == 0 {
		return
	}
	if err := c.streetChecker.Check(line); err != nil {
		c.say("truck %s from %s to %s: %v", truck, from.At, to.At, err)
	}
	there := c.point(to)
	if gap := distance(line[0], *where); gap > snapMeters+5 {
		c.say("truck %s begins its way to %s %.0f m from where it was", truck, to.At, gap)
	}
	if gap := distance(line[len(line)-1], there); gap > snapMeters+5 {
		c.say("truck %s ends its way to %s %.0f m away from it", truck, to.At, gap)
	}
	// No truck drives faster than 90 km/h.
	if fastest := length(line) / 25; float64(to.Arrive-from.Leave) < fastest-2 {
		c.say("truck %s drives %.0f m to %s in %d s", truck, length(line), to.At, to.Arrive-from.Leave)
	}
	*where = there
}

func (c *checker) stop(name string, truck city.Truck, place *string, v Visit, stream string) string {
	x, ok := c.containers[v.At]
	if !ok {
		c.say("truck %s empties %s, which does not exist", name, v.At)
		return stream
	}
	if other, twice := c.emptied[v.At]; twice {
		c.say("%s is emptied by %s and by %s", v.At, other, name)
	}
	c.emptied[v.At] = name
	if stream != "" && stream != x.Stream {
		c.say("truck %s mixes %s with %s at %s", name, x.Stream, stream, v.At)
	}
	if len(truck.Streams) > 0 && !slices.Contains(truck.Streams, x.Stream) {
		c.say("truck %s may not collect %s", name, x.Stream)
	}
	capacity := truck.Capacity
	if other, ok := truck.CapacityByStream[x.Stream]; ok {
		capacity = other
	}
	if v.Kg > capacity.Kg {
		c.say("truck %s carries %d kg after %s, its limit is %d", name, v.Kg, v.At, capacity.Kg)
	}
	need := int64(c.city.Fleet.MinutesPerContainer * 60)
	if *place != x.Place { // a break between two containers of a place does not make it another stop
		need += int64(c.city.Fleet.MinutesPerPlace * 60)
	}
	*place = x.Place
	if v.Leave-v.Start < need-1 {
		c.say("truck %s spends %d s at %s, and needs %d", name, v.Leave-v.Start, v.At, need)
	}
	return x.Stream
}

func (c *checker) unload(truck string, v Visit, stream string) {
	i := slices.IndexFunc(c.city.Fleet.Facilities, func(f city.Facility) bool { return f.ID == v.At })
	switch {
	case i < 0:
		c.say("truck %s unloads at %s, which does not exist", truck, v.At)
		return
	case v.Kg != 0:
		c.say("truck %s leaves %s with a load", truck, v.At)
	}
	f := c.city.Fleet.Facilities[i]
	if stream != "" && len(f.Streams) > 0 && !slices.Contains(f.Streams, stream) {
		c.say("truck %s unloads %s at %s, which does not take it", truck, stream, v.At)
	}
	if v.Leave-v.Start < int64(f.UnloadMinutes*60) {
		c.say("truck %s unloads too quickly at %s", truck, v.At)
	}
	day, err := time.ParseInLocation(DayLayout, c.plan.Day, c.city.Location)
	if err != nil {
		c.say("the plan's day %q is no date", c.plan.Day)
		return
	}
	open := len(f.Opening) == 0
	for _, o := range f.Opening {
		if slices.Contains(o.Days, day.Weekday()) && v.Start >= int64(o.From) && v.Start <= int64(o.To) {
			open = true
		}
	}
	if !open {
		c.say("truck %s unloads at %s while it is closed", truck, v.At)
	}
}

// outcomes judges that every container has a reason, and that the reasons agree with the routes.
func (c *checker) outcomes(outcomes []Outcome) {
	if len(outcomes) != len(c.containers) {
		c.say("%d containers have a reason, of %d", len(outcomes), len(c.containers))
	}
	for i := range outcomes {
		o := &outcomes[i]
		if len(o.Reasons) == 0 {
			c.say("%s has no reason", o.Container)
		}
		if truck := c.emptied[o.Container]; truck != o.Truck || (truck != "") != o.Planned {
			c.say("%s: its reason says truck %q, the route says %q", o.Container, o.Truck, truck)
		}
	}
}

// wish judges that the plan does what a planner wants of a container, or says that it does not fit.
func (c *checker) wish(w Wish, outcomes []Outcome) {
	i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Container == w.Container })
	unfit := i >= 0 && !outcomes[i].Planned && len(outcomes[i].Reasons) > 0 && (outcomes[i].Reasons[0].Code == ReasonCapacity || outcomes[i].Reasons[0].Code == ReasonOut)
	out := slices.Contains(strings.Split(c.plan.Inputs.Unavailable, ","), w.Truck)
	truck, planned := c.emptied[w.Container]
	switch {
	case w.Kind == WishForbid && planned:
		c.say("%s is emptied, and a planner wants it left", w.Container)
	case w.Kind != WishForbid && !planned && !unfit:
		c.say("%s is left, and a planner wants it emptied", w.Container)
	case w.Kind == WishMove && planned && truck != w.Truck && !out:
		c.say("%s is emptied by %s, and a planner wants %s", w.Container, truck, w.Truck)
	}
}

// point is where a visit is.
func (c *checker) point(v Visit) orb.Point {
	switch v.Kind {
	case VisitEmpty:
		return c.containers[v.At].Point
	case VisitUnload:
		for _, f := range c.city.Fleet.Facilities {
			if f.ID == v.At {
				return f.Point
			}
		}
	default:
		for _, d := range c.city.Fleet.Depots {
			if d.ID == v.At {
				return d.Point
			}
		}
	}
	return orb.Point{}
}

// GeoJSON returns the routes as lines, one feature a leg.
func (p *Plan) GeoJSON() *geojson.FeatureCollection {
	fc := geojson.NewFeatureCollection()
	for _, r := range p.Routes {
		for i, line := range r.Lines {
			if len(line) < 2 {
				continue
			}
			f := geojson.NewFeature(line)
			f.Properties = geojson.Properties{"truck": r.Truck, "leg": i + 1, "to": r.Visits[i+1].At, "kind": string(r.Visits[i+1].Kind)}
			fc.Append(f)
		}
	}
	return fc
}
