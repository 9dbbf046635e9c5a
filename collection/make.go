package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"polder.city/city"
	"polder.city/fleet"
	"polder.city/forecast"
	"polder.city/internal/calendar"
)

const hour = time.Hour

// Request asks for a plan.
type Request struct {
	Day   time.Time // midnight in the city's zone
	Cause string
	// Unavailable trucks, by id.
	Unavailable []string
	// Overtime is how long a truck may come back after its shift, in seconds; Decide sets it.
	Overtime int32
	// before is the plan that this one follows. One in force is changed as little as its cause allows,
	// since crews and residents count on it; a preview gives way to better, not to equal.
	before *Plan
	// without are streams of which nothing is collected that day.
	without []string
	// wishes are what planners want of containers on the day, by container.
	wishes map[string]Wish
	// Rounds is how long the solver searches; 0 means the service's own.
	Rounds int
}

// outlook is what is known of a day before anything is chosen. Several plans may be made of one.
type outlook struct {
	made       time.Time
	day        day
	containers []Container
	travel     *travel
	history    *history
	model      *forecast.Model
	served     map[string]time.Time // by container, when a plan in force still empties it before the day
	prospects  []prospect
	inputs     Inputs
}

// outlook reads what a plan of the day is made of, and forecasts it.
func (s *Service) outlook(ctx context.Context, midnight time.Time) (*outlook, error) {
	now := s.clock.Now()
	o := &outlook{made: now.Truncate(time.Second), day: s.newDay(midnight)}
	var err error
	if o.containers, err = s.Containers(ctx); err != nil {
		return nil, err
	}
	if o.travel, err = s.travel(ctx, s.points(o.containers)); err != nil {
		return nil, err
	}
	o.inputs = Inputs{
		Containers: int64(len(o.containers)), ForecastDays: Horizon, SolverSeed: int64(s.o.Seed), PlannerVersion: PlannerVersion,
		Network: o.travel.SHA256, NetworkSource: o.travel.Network.Source,
	}
	if o.history, err = s.history(ctx, o.containers, now); err != nil {
		return nil, err
	}
	o.inputs.Observations, o.inputs.ObservedUntil, o.inputs.Digest = o.history.observations, o.history.until.UnixMicro(), o.history.digest
	if o.served, err = s.servedBefore(ctx, now, midnight); err != nil {
		return nil, err
	}
	if err := s.fit(ctx, o, now); err != nil {
		return nil, err
	}
	s.weigh(o)
	return o, nil
}

// compute makes the plan of a day from what is known now. It stores nothing, and leaves the outlook as it is.
func (s *Service) compute(ctx context.Context, q Request, o *outlook) (*Plan, error) {
	if q.Rounds == 0 {
		q.Rounds = s.o.Rounds
	}
	plan := &Plan{Day: q.Day.Format(DayLayout), Cause: q.Cause, MadeAt: o.made, Inputs: o.inputs}
	plan.Inputs.Unavailable, plan.Inputs.SolverRounds = strings.Join(q.Unavailable, ","), int64(q.Rounds)
	d, prospects := o.day, slices.Clone(o.prospects)
	for i := range prospects {
		prospects[i].why = slices.Clone(prospects[i].why)
	}
	r, err := s.newRouting(o.travel, o.containers, s.trucks(q.Unavailable), d, q.Overtime)
	if err != nil {
		return nil, err
	}
	switch {
	case q.before == nil:
	case q.before.State == Decided:
		holdOn(prospects, q.before, StopCents(&s.city.Fleet))
	default:
		leanOn(prospects, q.before)
	}
	r.grant(prospects, q.wishes)
	// A stop that is worth less than its own handling is never made: the solver need not see it.
	least := HandlingCents(&s.city.Fleet)
	for i := range prospects {
		if slices.Contains(q.without, prospects[i].Stream) {
			prospects[i].bar = ReasonNoService
		}
		if prospects[i].bar == "" && prospects[i].prize > least {
			r.add(s, &prospects[i], d)
		}
	}
	solution, err := r.solve(ctx, q.Rounds, s.o.Seed, q.before)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	shiftEnd := int64(s.city.Fleet.Shift.To)
	if plan.Routes, err = r.routes(solution, shiftEnd); err != nil {
		return nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	if err := s.explain(plan, prospects, r, solution, d); err != nil {
		return nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	s.measure(plan, prospects, solution)
	if plan.Fixed, err = s.compareWithSchedule(ctx, plan, prospects, o.travel, d, q); err != nil {
		return nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	return plan, nil
}

// fit forecasts every container from its history.
func (s *Service) fit(ctx context.Context, o *outlook, now time.Time) (err error) {
	o.history.weighReports(o.containers, now)
	o.model, err = forecast.Fit(ctx, o.history.series, now, forecast.Options{Location: s.city.Location, Holiday: s.city.Holiday, Days: Horizon})
	if err != nil {
		return fmt.Errorf("forecast: %w", err)
	}
	return nil
}

// weigh says of every container what emptying it on the day is worth.
func (s *Service) weigh(o *outlook) {
	o.prospects = make([]prospect, len(o.containers))
	stop := StopCents(&s.city.Fleet)
	for i, c := range o.containers {
		p := &o.prospects[i]
		p.Container, p.stream = c, s.stream(c.Stream)
		p.forecast, _ = o.model.Forecast(c.ID)
		p.emptied = o.history.emptied[c.ID]
		if p.forecast.Emptied.After(p.emptied) {
			p.emptied = p.forecast.Emptied
		}
		p.onward = p.forecast.Curve
		if at, ok := o.served[c.ID]; ok {
			p.served, p.onward = at, p.forecast.AfterEmptying(at)
		}
		p.appraise(o.day, s.city.Fleet.Costs, stop)
		if o.history.reported[c.ID] {
			p.why = append(p.why, Reason{Code: ReasonReport})
		}
		if _, out := o.history.out[c.ID]; out {
			p.bar, p.must, p.prize, p.why = ReasonOut, false, 0, nil
		}
	}
}

// servedBefore returns which containers the plans in force still empty between now and the planned day, and when.
// Should a truck not get there after all, the next look at the plan sees that the container is not empty.
func (s *Service) servedBefore(ctx context.Context, now, midnight time.Time) (map[string]time.Time, error) {
	served := map[string]time.Time{}
	for at := calendar.Midnight(now, s.city.Location); at.Before(midnight); at = calendar.AddDays(at, 1) {
		plan, err := s.PlanOf(ctx, at.Format(DayLayout))
		if err != nil {
			return nil, err
		}
		if plan == nil || plan.State != Decided {
			continue
		}
		for _, r := range plan.Routes {
			for _, v := range r.Visits {
				if leave := at.Add(time.Duration(v.Leave) * time.Second); v.Kind == VisitEmpty && leave.After(now) {
					served[v.At] = leave
				}
			}
		}
	}
	return served, nil
}

// holdOn makes the solver hold on to a plan in force: what it empties is worth several
// detours, and what it leaves comes in only when it must.
func holdOn(prospects []prospect, plan *Plan, stopCents float64) {
	planned := plan.truckOf()
	for i := range prospects {
		p := &prospects[i]
		if _, ok := planned[p.ID]; ok && p.bar == "" {
			p.prize = max(p.prize, int64(8*stopCents))
		} else if !p.must {
			p.prize = 0
		}
	}
}

// leanOn lets a preview's choice stand where the prices hardly differ.
func leanOn(prospects []prospect, preview *Plan) {
	planned := preview.truckOf()
	for i := range prospects {
		if p := &prospects[i]; !p.must {
			if _, ok := planned[p.ID]; ok {
				p.prize += p.prize / 4
			} else {
				p.prize -= p.prize / 4
			}
		}
	}
}

// trucks returns the crane trucks of a day: the usual ones, and a reserve for each that is out.
func (s *Service) trucks(unavailable []string) []city.Truck {
	var use, reserve []city.Truck
	missing := 0
	for _, t := range s.city.Fleet.Trucks {
		switch {
		case t.Kind != "crane":
		case slices.Contains(unavailable, t.ID):
			if !t.Reserve {
				missing++
			}
		case t.Reserve:
			reserve = append(reserve, t)
		default:
			use = append(use, t)
		}
	}
	return append(use, reserve[:min(missing, len(reserve))]...)
}

// explain writes for every container what becomes of it, and why.
func (s *Service) explain(plan *Plan, prospects []prospect, r *routing, solution *fleet.Solution, d day) error {
	stopOf := make(map[string]int, len(r.stops))
	for i, p := range r.stops {
		stopOf[p.ID] = i
	}
	start := map[string]Visit{}
	truck := map[string]string{}
	for _, route := range plan.Routes {
		for _, v := range route.Visits {
			if v.Kind == VisitEmpty {
				start[v.At], truck[v.At] = v, route.Truck
			}
		}
	}
	pricer, err := fleet.NewPricer(&r.problem, solution)
	if err != nil {
		return err
	}
	alone := int64(StopCents(&s.city.Fleet) / float64(s.city.Fleet.Costs.HourCents) * 3600)
	plan.Outcomes = make([]Outcome, len(prospects))
	for i := range prospects {
		p := &prospects[i]
		o := &plan.Outcomes[i]
		end := d.ends[d.nextWork-1]
		now := p.forecast.Now
		*o = Outcome{
			Container: p.ID, FillNow: ppm(now.Mean), FillLow: ppm(p.forecast.Quantile(p.forecast.At, 0.05)), FillHigh: ppm(p.forecast.Quantile(p.forecast.At, 0.95)),
			FillThen: ppm(p.mean(end)), ChanceFull: ppm(p.full[d.nextWork-1]), ChanceLater: ppm(p.full[d.nextWork]),
			Basis: now.Quality.String(), MeasuredAt: micro(now.LastSample), EmptiedAt: micro(p.emptied), DetourAlone: alone,
			FullAt: micro(p.fullAt()), ThresholdNow: ppm(p.threshold(d)), Reasons: p.why,
		}
		visit, planned := start[p.ID]
		nextDay := p.next
		if planned {
			o.Planned, o.Truck, o.At = true, truck[p.ID], visit.Start
			o.FillThen = ppm(p.mean(d.midnight.Add(time.Duration(visit.Start) * time.Second)))
			// Leaving a stop out may break a route (the fastest way past it may be the longer
			// one, for a truck with a range): then nothing is saved.
			if saved, err := pricer.MarginalCost(stopOf[p.ID]); err == nil {
				o.DetourNow = int64(saved.Seconds)
			}
			if len(o.Reasons) == 0 {
				o.Reasons = []Reason{{Code: ReasonDue}}
				if o.DetourNow < alone {
					o.Reasons = []Reason{{Code: ReasonOnRoute, Number: o.DetourNow}, {Code: ReasonDue}}
				}
			}
			nextDay = 0
		} else {
			if err := s.explainLeft(p, o, stopOf, pricer); err != nil {
				return err
			}
		}
		at := d.midnight.AddDate(0, 0, nextDay)
		o.NextDay = at.Format(DayLayout)
		noon := at.Add(12 * hour)
		if planned {
			noon = d.midnight.Add(time.Duration(visit.Start) * time.Second)
		}
		o.NextFill, o.NextLow, o.NextHigh = ppm(p.mean(noon)), ppm(p.onward.Quantile(noon, 0.05)), ppm(p.onward.Quantile(noon, 0.95))
	}
	s.nearestWithRoom(plan, prospects)
	return nil
}

// explainLeft says why a container is left.
func (s *Service) explainLeft(p *prospect, o *Outcome, stopOf map[string]int, pricer *fleet.Pricer) error {
	stop, offered := stopOf[p.ID]
	if p.bar != "" {
		o.Reasons = append([]Reason{{Code: p.bar}}, p.why...)
		return nil
	}
	if !offered {
		o.Reasons = []Reason{{Code: ReasonRoom, Number: o.ChanceFull}}
		return nil
	}
	price, err := pricer.InsertionCost(stop)
	if err != nil {
		return err
	}
	o.DetourNow = int64(price.Cost.Seconds)
	if p.must {
		o.Reasons = append([]Reason{{Code: ReasonCapacity}}, p.why...)
		return nil
	}
	o.Reasons = []Reason{{Code: ReasonRoom, Number: o.ChanceFull}}
	if !price.Feasible {
		o.Reasons = append(o.Reasons, Reason{Code: ReasonCapacity})
	}
	return nil
}

// nearestWithRoom names, for each container that is nearly full, the nearest one of the same stream that has room.
func (s *Service) nearestWithRoom(plan *Plan, prospects []prospect) {
	const nearlyFull, room = 850_000, 700_000
	for i := range plan.Outcomes {
		if plan.Outcomes[i].FillNow < nearlyFull {
			continue
		}
		best := 1500.0 // metres; nobody walks further with a bag
		for j := range prospects {
			if i == j || prospects[j].out() || prospects[j].Stream != prospects[i].Stream || plan.Outcomes[j].FillNow > room {
				continue
			}
			if m := distance(prospects[i].Point, prospects[j].Point); m < best {
				best, plan.Outcomes[i].Elsewhere = m, prospects[j].ID
			}
		}
	}
}

// measure counts what the mandate's limits are held against, and what people ask for.
func (s *Service) measure(plan *Plan, prospects []prospect, solution *fleet.Solution) {
	m := map[string]int64{
		MeasureOvertime: 0, MeasureHygiene: 0, MeasureSkipped: 0, MeasureChanged: 0, MeasureStops: 0, MeasureSeconds: 0, MeasureMeters: 0,
		MeasureUnserved: 0, MeasureTrucks: int64(len(plan.Routes)), MeasureCost: solution.Cost, MeasureContainers: int64(len(prospects)),
	}
	for _, r := range plan.Routes {
		m[MeasureOvertime] = max(m[MeasureOvertime], r.Overtime)
		m[MeasureSeconds] += r.Seconds
		m[MeasureMeters] += r.Meters
	}
	for i := range prospects {
		p, o := &prospects[i], &plan.Outcomes[i]
		if o.Planned {
			m[MeasureStops]++
			continue
		}
		if p.out() { // no plan can do anything about it; an official must
			continue
		}
		m[MeasureSkipped] = max(m[MeasureSkipped], o.ChanceFull)
		if p.stream.HygieneDays > 0 {
			m[MeasureHygiene] = max(m[MeasureHygiene], int64(p.oldest))
		}
		if p.must {
			m[MeasureUnserved]++
		}
	}
	plan.Measures = m
}

// mean is the expected fill at t, if it is not emptied.
func (p *prospect) mean(t time.Time) float64 {
	mean, _ := p.onward.Fill(t)
	return mean
}

// fullAt is when it is as likely full as not; zero beyond the forecast.
func (p *prospect) fullAt() time.Time {
	days, ok := p.onward.DaysUntil(0.5)
	if !ok {
		return time.Time{}
	}
	return p.onward.From().Add(time.Duration(days * float64(24*hour)))
}

func micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
