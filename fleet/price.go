package fleet

import (
	"context"
	"fmt"
	"math"
)

// Cost is what a change of a solution costs: seconds on the road, metres, cents.
type Cost struct {
	Seconds int32 `json:"seconds"`
	Meters  int64 `json:"meters"`
	Cents   int64 `json:"cents"`
}

// Insertion tells what serving one more stop would cost.
type Insertion struct {
	// Feasible reports whether the stop fits somewhere as the routes stand. Cost is then that
	// of the cheapest place where it fits, else that of the cheapest place at all.
	Feasible bool `json:"feasible"`
	Cost     Cost `json:"cost"`
	Vehicle  int  `json:"vehicle"` // that would serve it; -1 when none may
	NewTrip  bool `json:"newTrip,omitempty"`
	// Binds is what forbids the cheapest place; BindNone when it is the feasible one. Blocked
	// is what that place would cost.
	Binds   Bind `json:"binds"`
	Blocked Cost `json:"blocked"`
}

// Pricer tells what the stops of one solution cost. It is not safe for concurrent use.
type Pricer struct{ w *search }

// NewPricer prepares to price the stops of a solution. The order of its visits counts; times are those that
// [Schedule] gives. The error is that of [Problem.Validate] or [Schedule].
func NewPricer(p *Problem, s *Solution) (*Pricer, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	m := compile(context.Background(), p)
	if err := m.checkBegun(); err != nil {
		return nil, err
	}
	w := newSearch(m, 0, 0)
	if err := w.adopt(s.Routes); err != nil {
		return nil, err
	}
	return &Pricer{w}, nil
}

// MarginalCost returns what is saved when a stop is left out of a solution and all else
// stays in order; balance is not counted. It is zero when the stop is not served, or by what its vehicle has begun.
// To price many stops, use a [Pricer].
func MarginalCost(p *Problem, s *Solution, stop int) (Cost, error) {
	pricer, err := NewPricer(p, s)
	if err != nil {
		return Cost{}, err
	}
	return pricer.MarginalCost(stop)
}

// InsertionCost returns what serving one more stop would cost when all else stays in order; balance is not counted.
// It is zero and feasible when the stop is served. To price many stops, use a [Pricer].
func InsertionCost(p *Problem, s *Solution, stop int) (Insertion, error) {
	pricer, err := NewPricer(p, s)
	if err != nil {
		return Insertion{}, err
	}
	return pricer.InsertionCost(stop)
}

// MarginalCost is like the function [MarginalCost].
func (p *Pricer) MarginalCost(stop int) (Cost, error) {
	w := p.w
	if stop < 0 || stop >= w.stops {
		return Cost{}, fmt.Errorf("there is no stop %d", stop)
	}
	if w.routeOf[stop] == none {
		return Cost{}, nil
	}
	r := &w.routes[w.routeOf[stop]]
	if w.posOf[stop] < r.kind.locked() {
		return Cost{}, nil
	}
	without := &w.spare
	if err := w.leaveOut(int32(stop), without); err != nil {
		return Cost{}, err
	}
	return difference(r, without), nil
}

// leaveOut makes a route of what is left of a stop's without it. The error says why that cannot be driven.
func (w *search) leaveOut(stop int32, without *route) error {
	r := &w.routes[w.routeOf[stop]]
	pos := w.posOf[stop]
	t := r.trips[r.trip[pos]]
	without.copyFrom(r)
	next := pos + 1
	if t.last-t.first == 1 {
		next++ // the unloading goes too
	}
	without.nodes = append(without.nodes[:pos], r.nodes[next:]...)
	if b := w.measure(without); b != BindNone {
		return fmt.Errorf("without %s, %s cannot drive its route: %s",
			stopName(w.problem, int(stop)), vehicleName(w.problem, int(r.vehicle)), bindText(b))
	}
	return nil
}

// difference returns what more costs above less.
func difference(more, less *route) Cost {
	return Cost{
		Seconds: (more.end - more.depart - more.late) - (less.end - less.depart - less.late),
		Meters:  more.meters - less.meters,
		Cents:   cents(more.cost) - cents(less.cost),
	}
}

// InsertionCost is like the function [InsertionCost].
func (p *Pricer) InsertionCost(stop int) (Insertion, error) {
	if stop < 0 || stop >= p.w.stops {
		return Insertion{}, fmt.Errorf("there is no stop %d", stop)
	}
	if p.w.routeOf[stop] != none {
		return Insertion{Feasible: true, Vehicle: int(p.w.routeOf[stop])}, nil
	}
	return p.w.price(int32(stop), none), nil
}

// place is a way to insert a stop, feasible or not.
type place struct {
	insertion
	binds Bind
}

// price looks at every place for an unserved stop but those of one vehicle.
func (w *search) price(s, except int32) Insertion {
	free := place{insertion: insertion{vehicle: none, cost: math.MaxInt64}}
	var cost Cost // of free, exactly
	cheap := place{insertion: insertion{vehicle: none, cost: math.MaxInt64}, binds: BindVehicle}
	for v := range w.routes {
		r := &w.routes[v]
		if !r.kind.allowed[s] || r.vehicle == except {
			continue
		}
		w.places(r, s, func(at place) {
			if at.binds == BindNone && at.cost < free.cost {
				exact, binds := w.exactly(s, at)
				if at.binds = binds; binds == BindNone {
					free, cost = at, exact
				}
			}
			if at.cost < cheap.cost || at.cost == cheap.cost && at.binds == BindNone {
				cheap = at
			}
		})
	}
	out := Insertion{Vehicle: int(cheap.vehicle), Binds: cheap.binds}
	if cheap.vehicle == none {
		return out
	}
	out.NewTrip = cheap.unload != none
	out.Cost = w.estimate(s, cheap)
	if cheap.binds != BindNone {
		out.Blocked = out.Cost
	}
	if free.vehicle != none {
		out.Feasible, out.Vehicle, out.NewTrip, out.Cost = true, int(free.vehicle), free.unload != none, cost
	}
	return out
}

// places calls yield with every place for a stop in a route: joining the trips that may take its
// group, and new trips.
func (w *search) places(r *route, s int32, yield func(place)) {
	offer := func(pos, unload int32, binds Bind) {
		at := place{insertion{vehicle: r.vehicle, pos: pos, unload: unload}, binds}
		if binds == BindNone {
			if at.binds = w.fits(r, pos, s, unload); at.binds == BindShift && w.missesWindow(r, s, at.insertion) {
				at.binds = BindWindow
			}
		}
		at.cost = rank(w.estimate(s, at))
		yield(at)
	}
	for t := range r.trips {
		tr := r.trips[t]
		unload, group := r.nodes[tr.last], w.group[s]
		if w.problem.OneGroupATrip && group != tr.group ||
			unload != w.home && !w.accepts[(int(unload)-w.stops)*w.groups+int(group)] {
			continue
		}
		binds := BindNone
		if !w.hasRoom(r, t, s) {
			binds = BindCapacity
		}
		for pos := max(tr.first, r.kind.locked()) - 1; pos < tr.last; pos++ {
			offer(pos, none, binds)
		}
	}
	binds := BindNone
	if len(r.trips) >= int(r.kind.maxTrips) {
		binds = BindTrips
	}
	for d := range w.dimensions {
		if w.load[int(s)*w.dimensions+d] > r.kind.capacity[int(w.group[s])*w.dimensions+d] {
			binds = BindCapacity
		}
	}
	for t := -1; t < len(r.trips); t++ {
		pos := int32(0)
		if t >= 0 {
			pos = r.trips[t].last
		}
		if r.nodes[pos] == w.home {
			return
		}
		if pos < r.kind.locked()-1 {
			continue
		}
		for _, unload := range w.unloads[w.group[s]] {
			offer(pos, unload, binds)
		}
		if int(pos) == len(r.nodes)-2 && !w.problem.EndEmpty {
			offer(pos, w.home, binds)
		}
	}
}

// missesWindow reports whether it is a window that makes an insertion too late, rather than the shift.
func (w *search) missesWindow(r *route, s int32, at insertion) bool {
	with := &w.spare
	with.copyFrom(r)
	without := *r.kind // without an end to the shift
	without.latest, without.shiftEnd = forever, forever
	with.kind = &without
	if at.unload != none {
		with.nodes = insertAt(with.nodes, int(at.pos)+1, at.unload)
	}
	with.nodes = insertAt(with.nodes, int(at.pos)+1, s)
	return w.measure(with) == BindWindow
}

// estimate returns what a place costs when nothing waits. Cents include overtime and, for an
// empty vehicle, its fixed cost.
func (w *search) estimate(s int32, at place) Cost {
	r := &w.routes[at.vehicle]
	k, n := r.kind, w.locations
	from, here, to := int(r.at[at.pos]), int(w.location[s]), int(r.at[at.pos+1])
	prev, next := r.nodes[at.pos], r.nodes[at.pos+1]
	seconds := w.seconds[from*n+here] + w.serviceOf(prev, s)
	meters := int64(w.meters[from*n+here])
	last, lastNode := here, s
	if at.unload != none {
		last, lastNode = int(w.locationOf(k, at.unload)), at.unload
		seconds += w.seconds[here*n+last] + w.serviceOf(s, at.unload)
		meters += int64(w.meters[here*n+last])
	}
	seconds += w.seconds[last*n+to] + w.placeService(lastNode, next) - w.placeService(prev, next)
	meters += int64(w.meters[last*n+to])
	total := k.changeCost(s)
	if r.empty() {
		total += k.fixed
	} else {
		seconds -= w.seconds[from*n+to]
		meters -= int64(w.meters[from*n+to])
	}
	end := r.end + seconds
	overtime := int64(max(0, end-k.shiftEnd)) - int64(max(0, r.end-k.shiftEnd))
	total += k.second*int64(seconds) + k.meter*meters + k.overtime*overtime
	return Cost{Seconds: seconds, Meters: meters, Cents: cents(total)}
}

// rank orders costs: by cents first, then by time and distance.
func rank(c Cost) int64 {
	return c.Cents*grains + int64(c.Seconds) + c.Meters
}

// exactly carries the insertion out on a copy and returns what it costs, or what forbids it.
func (w *search) exactly(s int32, at place) (Cost, Bind) {
	r, with := &w.routes[at.vehicle], &w.spare
	with.copyFrom(r)
	if at.unload != none {
		with.nodes = insertAt(with.nodes, int(at.pos)+1, at.unload)
	}
	with.nodes = insertAt(with.nodes, int(at.pos)+1, s)
	if binds := w.measure(with); binds != BindNone {
		return Cost{}, binds
	}
	return difference(with, r), BindNone
}
