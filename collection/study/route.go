package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"polder.city/fleet"
)

// Want is a container that a policy offers to the solver, and what emptying it is worth to it, in cents.
type Want struct {
	Container int
	Prize     int64
}

// Prices replace the world's own costs of driving. The zero value keeps them.
type Prices struct{ HourCents, KmCents int64 }

// loadQuantile is the quantile of the fill that a load is planned for, as the planner has it.
const loadQuantile = 0.75

// Route chooses among the wants and routes them, with the trucks, streets and effort that every policy has.
func (m *Morning) Route(ctx context.Context, wants []Want, prices Prices) (*Plan, error) {
	if len(wants) == 0 {
		return &Plan{}, nil
	}
	p, err := m.problem(wants, prices)
	if err != nil {
		return nil, err
	}
	s, err := fleet.Solve(ctx, p, fleet.Options{Iterations: m.rounds, Seed: m.seed + uint64(m.Round)})
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", m.Midnight.Format(time.DateOnly), err)
	}
	plan := &Plan{}
	for i := range s.Routes {
		r := &s.Routes[i]
		tour := Tour{Truck: r.Vehicle, Leave: r.Visits[0].Leave}
		for _, v := range r.Visits {
			switch v.Kind {
			case fleet.Serve:
				want := wants[v.Index]
				kg := 0.0
				if len(p.Stops[v.Index].Load) > 0 {
					kg = float64(p.Stops[v.Index].Load[0])
				}
				tour.Visits = append(tour.Visits, Visit{Container: want.Container, Kg: kg})
			case fleet.Unload:
				tour.Visits = append(tour.Visits, Visit{Container: -1, Facility: v.Index})
			}
		}
		plan.Tours = append(plan.Tours, tour)
	}
	return plan, nil
}

// problem sets the day up for the solver.
func (m *Morning) problem(wants []Want, prices Prices) (*fleet.Problem, error) {
	w := m.World
	p := &fleet.Problem{
		Locations: w.Locations, Seconds: w.Seconds, Meters: w.Meters, Depots: []fleet.Depot{w.Depot}, Facilities: w.Facilities,
		Vehicles: append([]fleet.Vehicle(nil), w.Trucks...),
	}
	if prices != (Prices{}) {
		for i := range p.Vehicles {
			v := &p.Vehicles[i]
			v.FixedCost, v.HourCost, v.OvertimeHourCost, v.KilometreCost = 0, prices.HourCents, 0, prices.KmCents
		}
	}
	if len(w.Facilities) > 0 {
		p.Dimensions, p.Units = 2, []string{"kg", "l"}
		p.OneGroupATrip, p.EndEmpty, p.PlaceService = true, true, w.placeSeconds()
	}
	noon := m.Midnight.Add(12 * time.Hour)
	for _, want := range wants {
		if want.Prize <= 0 {
			return nil, errors.New("a container that is worth nothing was offered")
		}
		c := &w.Containers[want.Container]
		stop := fleet.Stop{Name: c.ID, Location: c.Location, Place: c.Location, Service: w.handling(c), Group: c.Stream, Prize: want.Prize}
		if p.PlaceService == 0 {
			stop.Service += w.placeSeconds() // a place holds one cluster
		} else {
			stream := &w.Streams[c.Stream]
			fill := math.Min(math.Max(m.Outlook(want.Container).Onward.Quantile(noon, loadQuantile), 0.05), 1.2)
			kg := fill * c.Litres * stream.KgPerLitre
			stop.Load = []int64{int64(math.Ceil(kg)), int64(math.Ceil(kg / stream.PressedPerLitre))}
		}
		p.Stops = append(p.Stops, stop)
	}
	return p, nil
}
