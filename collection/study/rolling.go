package study

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"polder.city/collection"
	"polder.city/fleet"
	"polder.city/fleet/horizon"
)

// rolling plans some days at once and does the first of them: which container on which days, by which truck, in which trip and
// order (package fleet/horizon). What a container costs between two emptyings is its expected overflow; what it leaves behind at the end of
// the days is worth what the best cycle from there on takes (collection.md 2.2 (3) and (6)).
type rolling struct {
	w     *World
	price float64 // factor on what overflow costs
	days  int

	learned int
	perDay  []float64
	again   [][]float64 // per container: risk of an age of d days, from an emptying on
	stops   []float64
	last    *horizon.Plan
	on      time.Time // the day that last was made for
}

// longest is how many days an age is followed beyond the plan's own.
const longest = 21

func (p *rolling) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	w := p.w
	costs := w.Fleet.Costs
	costs.OverflowEventCents = int64(p.price * float64(costs.OverflowEventCents))
	costs.OverflowDayCents = int64(p.price * float64(costs.OverflowDayCents))
	costs.OverflowM3Cents = int64(p.price * float64(costs.OverflowM3Cents))
	terms := collection.Terms{Costs: costs}
	if p.perDay == nil || p.learned != m.Learned {
		p.learn(m, terms)
	}
	problem := &horizon.Problem{
		Days: p.days, Locations: w.Locations, Seconds: w.Seconds, Meters: w.Meters, Depots: []fleet.Depot{w.Depot}, Facilities: w.Facilities,
	}
	if len(w.Facilities) > 0 {
		problem.Dimensions, problem.Units = 2, []string{"kg", "l"}
		problem.OneGroupATrip, problem.EndEmpty, problem.PlaceService = true, true, w.placeSeconds()
	}
	works := make([]bool, p.days)
	for d := range p.days {
		var trucks []fleet.Vehicle
		if works[d] = w.Works(m.Midnight.AddDate(0, 0, d)); works[d] {
			trucks = w.Trucks
		}
		problem.Fleet = append(problem.Fleet, trucks)
	}
	for i := range w.Containers {
		problem.Sites = append(problem.Sites, p.site(m, i, terms, works))
	}
	plan, err := horizon.Solve(ctx, problem, horizon.Options{Iterations: m.rounds, Seed: m.seed + uint64(m.Round), Warm: p.shifted(m.Midnight)})
	if _, broken := errors.AsType[*horizon.InfeasibleError](err); err != nil && !broken {
		return nil, fmt.Errorf("plan %s: %w", m.Midnight.Format(time.DateOnly), err)
	}
	p.last, p.on = plan, m.Midnight
	out := &Plan{}
	for i := range plan.Routes {
		r := &plan.Routes[i]
		if r.Day != 0 {
			continue
		}
		tour := Tour{Truck: r.Vehicle, Leave: w.Trucks[r.Vehicle].Shift.Open}
		for _, v := range r.Visits {
			switch v.Kind {
			case fleet.Serve:
				kg := 0.0
				if f := problem.Sites[v.Index].First; len(f) > 0 {
					kg = float64(f[0])
				}
				tour.Visits = append(tour.Visits, Visit{Container: v.Index, Kg: kg})
			case fleet.Unload:
				tour.Visits = append(tour.Visits, Visit{Container: -1, Facility: v.Index})
			}
		}
		out.Tours = append(out.Tours, tour)
	}
	return out, nil
}

// learn keeps what holds until the forecaster learns anew: how a fill goes on after an emptying, and what that costs a day.
func (p *rolling) learn(m *Morning, terms collection.Terms) {
	w := p.w
	p.learned = m.Learned
	p.perDay, p.again, p.stops = make([]float64, len(w.Containers)), make([][]float64, len(w.Containers)), make([]float64, len(w.Containers))
	detours := w.detours(m.chances())
	shape := &present{w: w, near: 0.25}
	for i := range w.Containers {
		c := &w.Containers[i]
		fresh := m.Outlook(i).Fresh
		p.stops[i] = shape.stopCents(c, detours[i])
		terms.StopCents, terms.VolumeLitres, terms.HygieneDays = p.stops[i], c.Litres, w.Streams[c.Stream].HygieneDays
		p.perDay[i] = terms.AverageCost(fresh)
		risks := make([]float64, p.days+longest+1)
		standing := 0.0
		for d := 1; d < len(risks); d++ {
			at := fresh.From().AddDate(0, 0, d)
			chance := fresh.ChanceFull(at)
			standing += chance
			risks[d] = terms.Risk(chance, standing, fresh.Overflow(at))
		}
		p.again[i] = risks
	}
}

// site puts a container in the words of the engine.
func (p *rolling) site(m *Morning, i int, terms collection.Terms, works []bool) horizon.Site {
	w := p.w
	c := &w.Containers[i]
	o := m.Outlook(i)
	terms.VolumeLitres = c.Litres
	s := horizon.Site{Name: c.ID, Location: c.Location, Service: w.handling(c), Group: c.Stream, Place: c.Location}
	if len(w.Facilities) == 0 {
		s.Service += w.placeSeconds()
	}
	n := p.days
	s.Leave = make([]int64, (n+1)*(n+1))
	cell := func(from, to int) *int64 { return &s.Leave[(from+1)*(n+1)+to] }
	for k := range s.Leave {
		s.Leave[k] = horizon.Never
	}
	visit := func(d int) time.Time { return m.Midnight.AddDate(0, 0, d).Add(12 * time.Hour) }
	if mean, sd := o.Onward.Fill(visit(n + 1)); mean+4*sd < 0.7 && !m.hygiene(i, n+1) {
		// Nobody need come in these days, nor would.
		*cell(-1, n) = 0
		for d := range n {
			*cell(d, n) = 0
		}
		return p.loads(m, i, s)
	}
	before, besideBefore := o.Onward.ChanceFull(m.Now), o.Onward.Overflow(m.Now)
	risk := make([]float64, n+longest+1)
	standing := 0.0
	for d := range risk {
		chance := o.Onward.ChanceFull(visit(d))
		risk[d] = terms.Risk(chance-before, standing+chance, o.Onward.Overflow(visit(d))-besideBefore)
		standing += chance
		if d >= n && risk[d] > risk[n-1]+20*p.stops[i] { // no best day lies beyond
			risk = risk[:d+1]
			break
		}
	}
	limit := w.Streams[c.Stream].HygieneDays
	since := 0
	if limit > 0 && !o.Emptied.IsZero() {
		since = int(m.Midnight.Add(12*time.Hour).Sub(o.Emptied).Hours() / 24)
	}
	price := func(x float64) int64 { return int64(math.Min(x, 1e6)) }
	// end is what the state at the end is worth: the best day beyond it to be emptied, less the cycle that this puts off.
	end := func(risks []float64, from int) float64 {
		best := math.Inf(1)
		for d := from; d < len(risks); d++ {
			best = math.Min(best, risks[d]+p.stops[i]-p.perDay[i]*float64(d-from))
		}
		return best
	}
	overdue := func(age int) float64 { // a plan that passes the limit is made when there is no other
		if limit > 0 && age > limit {
			return duePrize * float64(age-limit)
		}
		return 0
	}
	for to := range n {
		if works[to] {
			*cell(-1, to) = price(risk[to] + overdue(since+to))
		}
	}
	*cell(-1, n) = price(end(risk, n) + overdue(since+n))
	for from := range n {
		if !works[from] {
			continue
		}
		for to := from + 1; to < n; to++ {
			if works[to] {
				*cell(from, to) = price(p.again[i][to-from] + overdue(to-from))
			}
		}
		*cell(from, n) = price(end(p.again[i], n-from) + overdue(n-from))
	}
	return p.loads(m, i, s)
}

// hygiene says whether the limit of a container's stream falls within so many days.
func (m *Morning) hygiene(i, days int) bool {
	limit := m.World.Streams[m.World.Containers[i].Stream].HygieneDays
	emptied := m.Outlook(i).Emptied
	return limit > 0 && !emptied.IsZero() && m.Midnight.AddDate(0, 0, days).Sub(emptied).Hours()/24 > float64(limit)
}

// loads adds what emptyings pick up.
func (p *rolling) loads(m *Morning, i int, s horizon.Site) horizon.Site {
	w := p.w
	if len(w.Facilities) == 0 {
		return s
	}
	c := &w.Containers[i]
	o := m.Outlook(i)
	stream := &w.Streams[c.Stream]
	load := func(curve Curve, at time.Time) []int64 {
		mean, sd := curve.Fill(at)
		kg := math.Min(math.Max(mean+0.67*sd, 0.05), 1.2) * c.Litres * stream.KgPerLitre
		return []int64{int64(math.Ceil(kg)), int64(math.Ceil(kg / stream.PressedPerLitre))}
	}
	for d := range p.days {
		s.First = append(s.First, load(o.Onward, m.Midnight.AddDate(0, 0, d).Add(12*time.Hour))...)
	}
	for d := 1; d < p.days; d++ {
		s.Again = append(s.Again, load(o.Fresh, o.Fresh.From().AddDate(0, 0, d))...)
	}
	return s
}

// shifted is yesterday's plan with its days moved on: what it had in mind for today comes first.
func (p *rolling) shifted(midnight time.Time) *horizon.Plan {
	if p.last == nil {
		return nil
	}
	gone := int(math.Round(midnight.Sub(p.on).Hours() / 24))
	warm := &horizon.Plan{}
	for _, r := range p.last.Routes {
		if r.Day -= gone; r.Day >= 0 {
			warm.Routes = append(warm.Routes, r)
		}
	}
	return warm
}
