package collection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"polder.city/city"
)

// CrewDay is what a truck's crew has before it on a day: the plan's stops, less what was done, in the order that the crew chose.
type CrewDay struct {
	Day     string
	Truck   string
	Version int64 // of the plan in force; 0: there is none
	// Confirmed is the version that the crew confirmed last. Where it is lower than Version, Added and Removed
	// are the containers by which the newer plan's list differs from theirs, by id.
	Confirmed      int64
	Added, Removed []string

	Actions  int          // how many actions of all crews the list rests on, what was taken back included
	Keys     []string     // of those of this truck: a phone need not apply them again
	Stops    []CrewStop   // still to do, the next first
	Done     []CrewAction // of this truck, the newest first, without what was taken back
	Finished int          // how many stops are behind it, those of the plan that somebody else emptied included
	// BreakAt is when the break must begin, zero when it has begun; BreakEnds when it is over, zero before it began.
	BreakAt, BreakEnds time.Time

	finished map[string]bool // containers that need no visit any more
}

// CrewStop is a stop that is still to do.
type CrewStop struct {
	Kind     VisitKind // VisitEmpty, VisitUnload or VisitBreak
	At       string    // a container or a facility, by id; "" for a break
	Planned  time.Time // arrival by the plan; zero where the plan does not have it
	Right    bool      // on the right-hand side when the truck arrives by the plan
	Outcome  *Outcome  // why the plan has it, and what it expects; nil where the plan does not know the container
	Failed   CrewReason
	Moved    CrewReason // why the crew put it elsewhere in the list
	SeenFull bool       // added by the crew
}

// CrewDay returns the list of a truck's crew on a day. It follows from the plan in force and from what
// crews did: what is done stays done whatever a newer plan says, and the crew's order holds.
func (s *Service) CrewDay(ctx context.Context, day, truck string) (*CrewDay, error) {
	midnight, err := s.ParseDay(day)
	if err != nil {
		return nil, err
	}
	plan, err := s.decidedPlan(ctx, day)
	if err != nil {
		return nil, err
	}
	actions, err := s.CrewActions(ctx, day)
	if err != nil {
		return nil, err
	}
	out, err := s.outNow(ctx)
	if err != nil {
		return nil, err
	}
	trucks, err := s.CrewTrucks(ctx, day)
	if err != nil {
		return nil, err
	}
	d := &CrewDay{Day: day, Truck: truck, Actions: len(actions), finished: map[string]bool{}}
	var crew *CrewTruck // nil when nobody signed in for the truck
	if i := slices.IndexFunc(trucks, func(c CrewTruck) bool { return c.Truck == truck }); i >= 0 {
		crew = &trucks[i]
	}
	shift := s.city.Fleet.Shift
	d.BreakAt = shift.BreakTo.On(midnight)
	if plan != nil {
		d.Version = plan.Version
		if err := s.crewRoute(ctx, d, plan, midnight, crew); err != nil {
			return nil, err
		}
	}
	for i := range actions {
		if actions[i].Truck == truck {
			d.Keys = append(d.Keys, actions[i].Key)
		}
		if a := &actions[i]; a.UndoneAt.IsZero() {
			d.apply(a, time.Duration(shift.BreakMinutes)*time.Minute)
		}
	}
	d.Stops = slices.DeleteFunc(d.Stops, func(x CrewStop) bool { _, is := out[x.At]; return is && x.Kind == VisitEmpty })
	slices.Reverse(d.Done)
	d.Finished += len(d.finished)
	if err := s.crewChanges(ctx, d, plan, crew); err != nil {
		return nil, err
	}
	return d, nil
}

// crewRoute fills in the plan's stops of the truck that were still to do when the crew signed in: somebody else may have
// driven it before, and what was emptied today was observed, by whichever door.
func (s *Service) crewRoute(ctx context.Context, d *CrewDay, plan *Plan, midnight time.Time, crew *CrewTruck) error {
	i := slices.IndexFunc(plan.Routes, func(r Route) bool { return r.Truck == d.Truck })
	if i < 0 {
		return nil
	}
	outcomes, err := s.plannedOutcomes(ctx, plan.ID)
	if err != nil {
		return err
	}
	var keys []string
	for _, v := range plan.Routes[i].Visits {
		if v.Kind == VisitEmpty {
			keys = append(keys, SeriesKey(v.At, EmptyingKind))
		}
	}
	emptied, err := s.sensing.Latest(ctx, keys...)
	if err != nil {
		return err
	}
	for _, v := range plan.Routes[i].Visits {
		at := city.TimeOfDay(v.Start).On(midnight)
		missed := crew != nil && at.Before(crew.StartedAt)
		switch v.Kind {
		case VisitEmpty:
			if o, ok := emptied[SeriesKey(v.At, EmptyingKind)]; ok && !o.Time.Before(midnight) {
				d.finished[v.At] = true
				continue
			}
			d.Stops = append(d.Stops, CrewStop{Kind: v.Kind, At: v.At, Planned: at, Right: v.Right, Outcome: outcomes[v.At]})
		case VisitUnload:
			if !missed {
				d.Stops = append(d.Stops, CrewStop{Kind: v.Kind, At: v.At, Planned: at})
			}
		case VisitBreak:
			if d.BreakAt = at; missed {
				d.BreakAt = time.Time{}
				continue
			}
			d.Stops = append(d.Stops, CrewStop{Kind: v.Kind, Planned: at})
		case VisitDepart, VisitReturn:
		}
	}
	return nil
}

// apply lets one action, later than those before it, change the list.
func (d *CrewDay) apply(a *CrewAction, breakFor time.Duration) {
	if a.Truck != d.Truck {
		if a.Kind == CrewEmptied {
			if _, ok := d.take(VisitEmpty, a.Container); ok {
				d.finished[a.Container] = true
			}
		}
		return
	}
	if a.Kind != CrewUndone && a.Kind != CrewConfirmed {
		d.Done = append(d.Done, *a)
	}
	switch a.Kind {
	case CrewEmptied:
		d.take(VisitEmpty, a.Container)
		d.finished[a.Container] = true
	case CrewFailed:
		stop, ok := d.take(VisitEmpty, a.Container)
		if a.Reason.Effect() != Again {
			d.finished[a.Container] = true
		} else if ok {
			stop.Failed = a.Reason
			d.putLast(stop)
		}
	case CrewLater:
		if stop, ok := d.take(VisitEmpty, a.Container); ok {
			stop.Moved = a.Reason
			d.putLast(stop)
		}
	case CrewFirst:
		if stop, ok := d.take(VisitEmpty, a.Container); ok {
			stop.Moved = a.Reason
			d.Stops = slices.Insert(d.Stops, 0, stop)
		}
	case CrewSeen:
		stop, ok := d.take(VisitEmpty, a.Container)
		if !ok {
			stop = CrewStop{Kind: VisitEmpty, At: a.Container}
		}
		stop.SeenFull = true
		delete(d.finished, a.Container)
		d.Stops = slices.Insert(d.Stops, 0, stop)
	case CrewUnloaded:
		d.Finished++
		if i := slices.IndexFunc(d.Stops, func(x CrewStop) bool { return x.Kind == VisitUnload }); i >= 0 {
			d.Stops = slices.Delete(d.Stops, i, i+1)
		}
	case CrewBreak:
		d.Finished++
		d.take(VisitBreak, "")
		d.BreakAt, d.BreakEnds = time.Time{}, a.At.Add(breakFor)
	case CrewConfirmed, CrewUndone:
	}
}

// take removes a stop from the list.
func (d *CrewDay) take(kind VisitKind, at string) (CrewStop, bool) {
	i := slices.IndexFunc(d.Stops, func(x CrewStop) bool { return x.Kind == kind && x.At == at })
	if i < 0 {
		return CrewStop{}, false
	}
	stop := d.Stops[i]
	d.Stops = slices.Delete(d.Stops, i, i+1)
	return stop, true
}

// putLast puts a stop after all others, but before the last unloading: the truck comes home empty.
func (d *CrewDay) putLast(stop CrewStop) {
	at := len(d.Stops)
	for i, x := range d.Stops {
		if x.Kind == VisitUnload {
			at = i
		}
	}
	d.Stops = slices.Insert(d.Stops, at, stop)
}

// crewChanges says by what the list differs from the one that the crew confirmed.
func (s *Service) crewChanges(ctx context.Context, d *CrewDay, plan *Plan, crew *CrewTruck) error {
	if crew == nil || plan == nil {
		d.Confirmed = d.Version
		return nil
	}
	if d.Confirmed = crew.Version; d.Confirmed >= d.Version {
		return nil
	}
	was := map[string]string{}
	if d.Confirmed > 0 {
		before, err := s.PlanVersion(ctx, d.Day, d.Confirmed)
		if err != nil {
			return err
		}
		was = before.truckOf()
	}
	is := plan.truckOf()
	for id, truck := range is {
		if truck == d.Truck && was[id] != d.Truck {
			d.Added = append(d.Added, id)
		}
	}
	for id, truck := range was {
		if truck == d.Truck && is[id] != d.Truck {
			d.Removed = append(d.Removed, id)
		}
	}
	slices.Sort(d.Added)
	slices.Sort(d.Removed)
	return nil
}

// plannedOutcomes returns what a plan says of the containers that it empties.
func (s *Service) plannedOutcomes(ctx context.Context, plan int64) (map[string]*Outcome, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT container, outcome FROM plan_outcome WHERE plan = $1 AND planned = true`, plan)
	if err != nil {
		return nil, fmt.Errorf("outcomes of plan %d: %w", plan, err)
	}
	defer rows.Close()
	all := map[string]*Outcome{}
	for rows.Next() {
		var id string
		var text []byte
		o := &Outcome{}
		if err := errors.Join(rows.Scan(&id, &text), json.Unmarshal(text, o)); err != nil {
			return nil, fmt.Errorf("outcomes of plan %d: %w", plan, err)
		}
		all[id] = o
	}
	return all, rows.Err()
}
