package collection

import (
	"math"
	"time"

	"polder.city/city"
	"polder.city/forecast"
	"polder.city/internal/calendar"
)

// mustChance is the chance of being full before the next working day from which a
// container is not left to the prices: it goes in if it fits at all. It stays
// under the limit of the usual mandate (20 %), so that a plan passes it by some room.
const mustChance = 0.15

// mustPrize is what a container that must be emptied is worth to the solver, in
// cents: more than any detour costs, less than a refusal to plan at all.
const mustPrize = 200_000

// horizon is how many days ahead a plan weighs leaving a container.
const horizon = 14

// prospect is a container on the day that is planned: what is expected of it, and
// what emptying it then is worth.
type prospect struct {
	Container
	stream   city.Stream
	forecast forecast.Forecast
	emptied  time.Time // last emptying known; zero without one
	// served is when a plan in force empties it before the planned day; zero without one. onward is
	// how the fill goes on on the planned day: the forecast, or what comes after that emptying.
	served time.Time
	onward forecast.Curve

	// full[d] is the chance that it is full by the midnight that ends day d, and beside[d] the
	// expected fraction that stands beside it then, if it is not emptied. Day 0 is the planned day.
	full, beside [horizon]float64

	out    bool // it cannot be emptied until an official says so
	must   bool
	why    []Reason // reasons to empty it, the weightiest first; empty when it may wait
	prize  int64    // cents
	next   int      // the cheapest day to empty it, if it is left on day 0; days from the planned one
	oldest int      // days since the last emptying on the working day after the planned one; 0 where unknown
}

// day is the day that is planned, with those after it.
type day struct {
	midnight time.Time // in the city's zone
	ends     [horizon]time.Time
	works    [horizon]bool // whether anything is collected
	nextWork int           // the first working day after day 0
}

func (s *Service) newDay(midnight time.Time) day {
	d := day{midnight: midnight}
	for i := range horizon {
		d.ends[i] = calendar.AddDays(midnight, i+1)
		d.works[i] = s.city.WorkingDay(calendar.AddDays(midnight, i))
	}
	d.nextWork = 1
	for d.nextWork < horizon-1 && !d.works[d.nextWork] {
		d.nextWork++
	}
	return d
}

// appraise fills in what emptying the container on day 0 is worth (collection.md 2.2 (3) to (6)):
// the cheapest later day's cost (risk until then, its stop, less the average
// cost per day that a later emptying saves) less nothing, since an emptying now
// leaves only its own stop to pay, which the solver does.
func (p *prospect) appraise(d day, costs city.Costs, stopCents float64) {
	for i := range horizon {
		p.full[i] = p.onward.ChanceFull(d.ends[i])
		p.beside[i] = p.onward.Overflow(d.ends[i])
	}
	perDay := p.averageCost(costs, stopCents)
	best, risk := math.Inf(1), 0.0
	p.next = horizon - 1
	litres := float64(p.VolumeLitres)
	before, besideBefore := p.onward.ChanceFull(d.midnight), p.onward.Overflow(d.midnight)
	for i := range horizon {
		if i >= d.nextWork && d.works[i] {
			if cost := risk + stopCents - perDay*float64(i); cost < best {
				best, p.next = cost, i
			}
		}
		risk += riskOfDay(costs, before, p.full[i], besideBefore, p.beside[i], litres)
		before, besideBefore = p.full[i], p.beside[i]
	}
	// A container whose best day comes after the next working day is left, however near the truck is:
	// in the long run early emptyings cost more than the detours that they save (MayGo, collection.md 2.2 (8)).
	if p.next <= d.nextWork {
		p.prize = int64(math.Max(0, best))
	}

	last := d.nextWork - 1 // the last day before a truck could come again
	chance := p.full[last]
	emptied := p.emptied
	if p.served.After(emptied) {
		emptied = p.served
	}
	if p.stream.HygieneDays > 0 && !emptied.IsZero() {
		p.oldest = int(d.ends[d.nextWork].Sub(emptied).Hours() / 24)
		if p.oldest > p.stream.HygieneDays {
			p.must = true
			p.why = append(p.why, Reason{Code: ReasonHygiene, Number: int64(p.stream.HygieneDays)})
		}
	}
	if chance > mustChance {
		p.must = true
		reason := Reason{Code: ReasonFull, Number: ppm(chance)}
		switch {
		case p.forecast.Now.Quality == forecast.None:
			reason.Code = ReasonNoSensor
		case p.forecast.Now.Quality != forecast.OK:
			reason.Code = ReasonSilent
		}
		p.why = append(p.why, reason)
	}
	if p.must {
		// Among those that must, the likelier overflow goes first when not all fit.
		p.prize = mustPrize + int64(chance*mustPrize)
	}
}

// riskOfDay is what the risk of overflow costs on one day, in cents: the event if it
// happens, the day that it stands, and what comes to stand beside it.
func riskOfDay(c city.Costs, before, after, besideBefore, beside, litres float64) float64 {
	return float64(c.OverflowEventCents)*math.Max(0, after-before) +
		float64(c.OverflowDayCents)*after +
		float64(c.OverflowM3Cents)*math.Max(0, beside-besideBefore)*litres/1000
}

// averageCost returns the least average cost per day of emptying this container
// for ever at a fixed interval, in cents (renewal reward, collection.md 2.2 (5)).
func (p *prospect) averageCost(costs city.Costs, stopCents float64) float64 {
	const longest = 60
	best, risk, before, besideBefore := math.Inf(1), 0.0, 0.0, 0.0
	litres := float64(p.VolumeLitres)
	emptied := p.forecast.AfterEmptying(p.forecast.At)
	limit := longest
	if p.stream.HygieneDays > 0 {
		limit = min(limit, p.stream.HygieneDays)
	}
	for t := 1; t <= limit; t++ {
		at := emptied.From().AddDate(0, 0, t)
		full, beside := emptied.ChanceFull(at), emptied.Overflow(at)
		risk += riskOfDay(costs, before, full, besideBefore, beside, litres)
		before, besideBefore = full, beside
		average := (stopCents + risk) / float64(t)
		if average > best*1.5 {
			break
		}
		best = math.Min(best, average)
	}
	return best
}

// threshold returns the fill at time at from which the container would have had to be
// emptied on the planned day, 0 when no fill up to full would do, or a truck comes before that day.
func (p *prospect) threshold(d day) float64 {
	if !p.served.IsZero() {
		return 0
	}
	level := p.forecast.LevelFor(d.ends[d.nextWork-1], mustChance)
	if level <= 0 || level > 1 {
		return 0
	}
	return level
}

func ppm(x float64) int64 {
	if math.IsNaN(x) {
		return 0
	}
	return int64(math.Round(x * 1e6))
}
