package fleet

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Elsewhere tells what the cheapest other vehicle would pay for a stop that is served, when it is left out where it is
// and all else stays in order: together with [Pricer.MarginalCost], why this vehicle serves it. Its Cost is that of
// InsertionCost. It is zero and feasible when the stop is not served or part of what its vehicle has begun. The error
// says that there is no such stop, or that the rest of the route cannot be driven without it.
func (p *Pricer) Elsewhere(stop int) (Insertion, error) {
	w := p.w
	if stop < 0 || stop >= w.stops {
		return Insertion{}, fmt.Errorf("there is no stop %d", stop)
	}
	v := w.routeOf[stop]
	if v == none || w.posOf[stop] < w.routes[v].kind.locked() {
		return Insertion{Feasible: true, Vehicle: int(v)}, nil
	}
	without := route{}
	if err := w.leaveOut(int32(stop), &without); err != nil {
		return Insertion{}, err
	}
	with := w.routes[v]
	w.routes[v], w.routeOf[stop] = without, none
	in := w.price(int32(stop), v)
	w.routes[v], w.routeOf[stop] = with, v
	return in, nil
}

// Room is what is left of a vehicle's limits on its route; a limit that it does not have leaves [NoLimit].
type Room struct {
	Vehicle int `json:"vehicle"`
	// Seconds it might be out longer: until its shift and overtime end, its depot closes, or it has been out as long as it may.
	Seconds int64 `json:"seconds"`
	Meters  int64 `json:"meters"`
	Trips   int64 `json:"trips"`
	// Load that would still fit each trip, per dimension, in order of trips.
	Load [][]int64 `json:"load"`
	// Binds is what most nearly binds: the limit with the least share left. For loads that is of all trips together.
	Binds Bind `json:"binds"`
}

// NoLimit is what a limit leaves that a vehicle does not have.
const NoLimit = math.MaxInt64

// Room tells what is left of the limits of a vehicle. A vehicle without a route has all of them, and nothing binds.
func (p *Pricer) Room(vehicle int) (Room, error) {
	w := p.w
	if vehicle < 0 || vehicle >= len(w.routes) {
		return Room{}, fmt.Errorf("there is no vehicle %d", vehicle)
	}
	r := &w.routes[vehicle]
	k := r.kind
	room := Room{Vehicle: vehicle, Seconds: NoLimit, Meters: NoLimit, Trips: NoLimit, Load: [][]int64{}}
	depart := int64(r.depart) + int64(r.late)
	least := math.Inf(1)
	limit := func(left *int64, most, used int64, binds Bind) {
		*left = min(*left, most-used)
		if share := float64(most-used) / float64(max(most, 1)); !r.empty() && share < least {
			least, room.Binds = share, binds
		}
	}
	if k.latest < forever {
		limit(&room.Seconds, int64(k.latest)-int64(k.earliest), int64(r.end)-int64(k.earliest), BindShift)
	}
	if k.maxSeconds < forever {
		limit(&room.Seconds, int64(k.maxSeconds), int64(r.end)-depart, BindShift)
	}
	if k.maxMeters < math.MaxInt64 {
		limit(&room.Meters, k.maxMeters, r.meters, BindRange)
	}
	if k.maxTrips < math.MaxInt32 {
		limit(&room.Trips, int64(k.maxTrips), int64(len(r.trips)), BindTrips)
	}
	for d := range w.dimensions {
		most, used, left := int64(0), int64(0), int64(NoLimit)
		for t := range r.trips {
			if d == 0 {
				room.Load = append(room.Load, make([]int64, w.dimensions))
			}
			capacity, load := k.capacity[int(r.trips[t].group)*w.dimensions+d], r.load[t*w.dimensions+d]
			most, used = most+capacity, used+load
			room.Load[t][d] = capacity - load
		}
		limit(&left, most, used, BindCapacity)
	}
	return room, nil
}

// OneMore tells what another vehicle like one of the problem's saves: it solves the problem with it, from a solution without, and
// returns the solution and by how many cents its objective is lower; below 0 when the search did not come to
// the given one. The new vehicle is the last, has no name, begins at its depot and may serve what the other may.
// Errors are those of [Solve], and that there is no such vehicle.
func OneMore(ctx context.Context, p *Problem, without *Solution, vehicle int, o Options) (*Solution, int64, error) {
	if vehicle < 0 || vehicle >= len(p.Vehicles) {
		return nil, 0, fmt.Errorf("there is no vehicle %d", vehicle)
	}
	more := *p
	added := p.Vehicles[vehicle]
	added.Name, added.Begun = "", nil
	more.Vehicles = append(slices.Clone(p.Vehicles), added)
	more.Stops = slices.Clone(p.Stops)
	for i := range more.Stops {
		if s := &more.Stops[i]; slices.Contains(s.Vehicles, vehicle) {
			s.Vehicles = append(slices.Clone(s.Vehicles), len(p.Vehicles))
		}
	}
	o.Warm = without
	s, err := Solve(ctx, &more, o)
	if s == nil {
		return nil, 0, err
	}
	return s, without.Objective() - s.Objective(), err
}
