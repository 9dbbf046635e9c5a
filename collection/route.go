package collection

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"

	"polder.city/city"
	"polder.city/fleet"
	"polder.city/internal/problem"
	"polder.city/roads"
)

// loadQuantile is the quantile of the fill that a load is planned for: higher
// than the mean, so that a truck is seldom full before its trip ends.
const loadQuantile = 0.75

// Dimensions of a load.
const (
	kilograms = iota
	litres    // as the load lies in the truck
	dimensions
)

// routing is a day's problem for the solver, and what its numbers stand for.
type routing struct {
	problem    fleet.Problem
	travel     *travel
	trucks     []city.Truck
	stops      []*prospect // the stop's container
	locations  map[string]int
	facilities []city.Facility
}

// points returns every point that trucks may go to: depots, facilities and places.
// The order follows from the city and the containers alone, so that the matrix can be kept.
func (s *Service) points(containers []Container) []namedPoint {
	var points []namedPoint
	for _, d := range s.city.Fleet.Depots {
		points = append(points, namedPoint{"depot " + d.ID, d.Point})
	}
	for _, f := range s.city.Fleet.Facilities {
		points = append(points, namedPoint{"disposal facility " + f.ID, f.Point})
	}
	seen := map[string]bool{}
	for _, c := range containers {
		if !seen[c.Place] {
			seen[c.Place] = true
			points = append(points, namedPoint{"container " + c.ID, c.Point})
		}
	}
	return points
}

// newRouting sets the day's problem up without stops.
func (s *Service) newRouting(t *travel, containers []Container, trucks []city.Truck, d day, overtime int32) (*routing, error) {
	f := s.city.Fleet
	r := &routing{travel: t, trucks: trucks, locations: map[string]int{}, facilities: f.Facilities}
	p := &r.problem
	p.Locations, p.Seconds, p.Meters = t.matrix.N, t.matrix.Seconds, t.matrix.Meters
	p.Dimensions, p.Units = dimensions, []string{"kg", "l"}
	p.OneGroupATrip, p.EndEmpty = true, true
	p.PlaceService = int32(math.Round(f.MinutesPerPlace * 60))

	location := 0
	for _, depot := range f.Depots {
		p.Depots = append(p.Depots, fleet.Depot{Name: depot.ID, Location: location, Window: hull(windows(depot.Opening, d))})
		location++
	}
	for _, facility := range f.Facilities {
		open := windows(facility.Opening, d)
		if len(open) == 0 && len(facility.Opening) > 0 {
			open = []fleet.Window{{Open: 1, Close: 1}} // closed all day: no truck can come
		}
		p.Facilities = append(p.Facilities, fleet.Facility{
			Name: facility.ID, Location: location, Service: int32(facility.UnloadMinutes * 60),
			Groups: s.groups(facility.Streams), Windows: open,
		})
		location++
	}
	for _, c := range containers {
		if _, ok := r.locations[c.Place]; !ok {
			r.locations[c.Place] = location
			location++
		}
	}
	for _, truck := range trucks {
		depot := slices.IndexFunc(f.Depots, func(d city.Depot) bool { return d.ID == truck.Depot })
		if depot < 0 {
			return nil, problem.New(problem.Invalid, "fleet.depot", "Truck %s starts at a depot %q that the city does not have.", truck.ID, truck.Depot).
				At("fleet.yaml").Do("Run 'polder city check'.")
		}
		vehicle := fleet.Vehicle{
			Name: truck.ID, Start: depot, End: depot,
			Shift:    fleet.Window{Open: int32(f.Shift.From), Close: int32(f.Shift.To)},
			Overtime: overtime, Capacity: []int64{truck.Capacity.Kg, truck.Capacity.Litres},
			Groups:    s.groups(truck.Streams),
			FixedCost: f.Costs.HourCents, HourCost: f.Costs.HourCents, OvertimeHourCost: f.Costs.OvertimeHourCents, KilometreCost: f.Costs.KmCents,
			MaxMeters: int64(truck.RangeKm * 1000),
		}
		for id, c := range truck.CapacityByStream {
			if vehicle.GroupCapacity == nil {
				vehicle.GroupCapacity = map[int][]int64{}
			}
			vehicle.GroupCapacity[s.group(id)] = []int64{c.Kg, c.Litres}
		}
		if f.Shift.BreakMinutes > 0 {
			vehicle.Breaks = []fleet.Break{{
				Window:   fleet.Window{Open: int32(f.Shift.BreakFrom), Close: int32(f.Shift.BreakTo)},
				Duration: int32(f.Shift.BreakMinutes * 60),
			}}
		}
		p.Vehicles = append(p.Vehicles, vehicle)
	}
	return r, nil
}

// add makes a container a stop of the problem.
func (r *routing) add(s *Service, p *prospect, d day) {
	fill := p.onward.Quantile(d.midnight.Add(12*hour), loadQuantile)
	in := math.Min(math.Max(fill, 0.05), MaxFill) * float64(p.VolumeLitres) / 1000 // m3
	kg := in * p.stream.KgPerM3
	inTruck := kg / p.stream.PressedKgPerM3
	place := r.locations[p.Place]
	r.stops = append(r.stops, p)
	r.problem.Stops = append(r.problem.Stops, fleet.Stop{
		Name: p.ID, Location: place, Place: place,
		Service: int32(math.Round(s.city.Fleet.MinutesPerContainer * 60)),
		Load:    []int64{int64(math.Ceil(kg)), int64(math.Ceil(inTruck * 1000))},
		Group:   s.group(p.Stream), Prize: p.prize, Vehicles: p.only,
	})
}

// solve searches the plan and has it judged by the checker, which shares no code with the search. Before is the plan that
// stood until now; nil when there was none.
func (r *routing) solve(ctx context.Context, rounds int, seed uint64, before *Plan) (*fleet.Solution, error) {
	if err := r.problem.Validate(); err != nil {
		return nil, problem.New(problem.Invalid, "plan.problem", "The plan cannot be made: %v.", err).
			Do("Correct the container, the truck or the facility that is named.").Cause(err)
	}
	solution, err := fleet.Solve(ctx, &r.problem, fleet.Options{Iterations: rounds, Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("route: %w", err)
	}
	if before != nil {
		r.keepTrucks(solution, before.truckOf())
	}
	if err := fleet.Check(&r.problem, solution); err != nil {
		return nil, fmt.Errorf("the solver's plan is not feasible: %w", err)
	}
	return solution, nil
}

// keepTrucks gives each route to the truck that had most of its stops before, among those that are alike: a plan that
// is made again sends no other truck without a reason.
func (r *routing) keepTrucks(solution *fleet.Solution, before map[string]string) {
	free := make([]bool, len(r.trucks))
	for v := range free {
		free[v] = true
	}
	shared := func(route *fleet.Route, v int) (n int) {
		for _, x := range route.Visits {
			if x.Kind == fleet.Serve && before[r.stops[x.Index].ID] == r.trucks[v].ID {
				n++
			}
		}
		return n
	}
	kept := make([]int, len(solution.Routes)) // the truck of each route
	open := 0
	for i := range kept {
		kept[i] = -1
		if r.bound(&solution.Routes[i]) {
			kept[i] = solution.Routes[i].Vehicle
			free[kept[i]] = false
		} else {
			open++
		}
	}
	for range open {
		route, truck, most := -1, -1, -1
		for i := range solution.Routes {
			if kept[i] >= 0 {
				continue
			}
			for v := range r.trucks {
				if n := shared(&solution.Routes[i], v); free[v] && n > most && r.alike(v, solution.Routes[i].Vehicle) {
					route, truck, most = i, v, n
				}
			}
		}
		kept[route], free[truck] = truck, false
	}
	for i := range kept {
		solution.Routes[i].Vehicle = kept[i]
	}
	slices.SortFunc(solution.Routes, func(a, b fleet.Route) int { return cmp.Compare(a.Vehicle, b.Vehicle) })
}

// bound reports whether a route holds a stop that not every truck may serve.
func (r *routing) bound(route *fleet.Route) bool {
	return slices.ContainsFunc(route.Visits, func(v fleet.Visit) bool { return v.Kind == fleet.Serve && len(r.problem.Stops[v.Index].Vehicles) > 0 })
}

// alike says whether two trucks can do the same work at the same cost.
func (r *routing) alike(a, b int) bool {
	x, y := r.problem.Vehicles[a], r.problem.Vehicles[b]
	x.Name = y.Name
	return reflect.DeepEqual(x, y)
}

// routes puts the solution in the words of a plan, with the legs' paths on the road.
func (r *routing) routes(solution *fleet.Solution, shiftEnd int64) ([]Route, error) {
	var routes []Route
	for i := range solution.Routes {
		from := &solution.Routes[i]
		route := Route{Truck: r.trucks[from.Vehicle].ID, Meters: from.Meters(), Seconds: int64(from.Seconds())}
		here := -1
		for _, v := range from.Visits {
			visit := Visit{Arrive: int64(v.Arrive), Start: int64(v.Start), Leave: int64(v.Leave), Kg: v.Load[kilograms]}
			there := here
			switch v.Kind {
			case fleet.Depart:
				visit.Kind, visit.At, there = VisitDepart, r.problem.Depots[v.Index].Name, r.problem.Depots[v.Index].Location
			case fleet.Serve:
				visit.Kind, visit.At, there = VisitEmpty, r.stops[v.Index].ID, r.problem.Stops[v.Index].Location
			case fleet.Unload:
				visit.Kind, visit.At, there = VisitUnload, r.problem.Facilities[v.Index].Name, r.problem.Facilities[v.Index].Location
			case fleet.Pause:
				visit.Kind = VisitBreak
			case fleet.Return:
				visit.Kind, visit.At, there = VisitReturn, r.problem.Depots[v.Index].Name, r.problem.Depots[v.Index].Location
			}
			if here >= 0 {
				var path roads.Path
				if here != there {
					var err error
					if path, err = r.travel.Graph.Path(r.travel.snaps[here], r.travel.snaps[there]); err != nil {
						return nil, fmt.Errorf("path to %s: %w", visit.At, err)
					}
				}
				visit.Right = path.RightSide
				route.Lines = append(route.Lines, path.Line)
			}
			here = there
			route.Visits = append(route.Visits, visit)
		}
		route.Overtime = max(0, route.Visits[len(route.Visits)-1].Arrive-shiftEnd)
		routes = append(routes, route)
	}
	slices.SortFunc(routes, func(a, b Route) int { return cmp.Compare(a.Truck, b.Truck) })
	return routes, nil
}

// group numbers a stream, as the solver knows it.
func (s *Service) group(stream string) int {
	return slices.IndexFunc(s.city.Streams, func(x city.Stream) bool { return x.ID == stream })
}

func (s *Service) groups(streams []string) []int {
	groups := make([]int, 0, len(streams))
	for _, id := range streams {
		if g := s.group(id); g >= 0 {
			groups = append(groups, g)
		}
	}
	if len(groups) == 0 {
		return nil
	}
	return groups
}

// windows returns the hours of a day in which something is open; none when it is always open.
func windows(opening []city.Opening, d day) []fleet.Window {
	var open []fleet.Window
	for _, o := range opening {
		if slices.Contains(o.Days, d.midnight.Weekday()) {
			open = append(open, fleet.Window{Open: int32(o.From), Close: int32(o.To)})
		}
	}
	slices.SortFunc(open, func(a, b fleet.Window) int { return cmp.Compare(a.Open, b.Open) })
	return open
}

// hull is the one window around all.
func hull(open []fleet.Window) fleet.Window {
	if len(open) == 0 {
		return fleet.Window{}
	}
	return fleet.Window{Open: open[0].Open, Close: open[len(open)-1].Close}
}
