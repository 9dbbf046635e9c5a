package collection

import (
	"math"
	"time"

	"polder.city/city"
	"polder.city/forecast"
)

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
	full, beside [Horizon]float64

	must   bool
	bar    string   // the reason for which it is not offered to the trucks, whatever it is worth; "" when it is
	only   []int    // the trucks that may come, as the day's problem numbers them; nil for any
	why    []Reason // reasons to empty it, the weightiest first; empty when it may wait
	prize  int64    // cents
	next   int      // the cheapest day to empty it, if it is left on day 0; days from the planned one
	oldest int      // days since the last emptying on the working day after the planned one; 0 where unknown
}

// day is the planned day, as the service's own files call it.
type day = Days

func (s *Service) newDay(midnight time.Time) day { return NewDays(midnight, s.city.WorkingDay) }

// out reports whether the container cannot be emptied until an official says so.
func (p *prospect) out() bool { return p.bar == ReasonOut }

// appraise fills in what emptying the container on day 0 is worth, and why it must be emptied where it must.
func (p *prospect) appraise(d day, costs city.Costs, stopCents float64) {
	terms := Terms{Costs: costs, StopCents: stopCents, VolumeLitres: float64(p.VolumeLitres), HygieneDays: p.stream.HygieneDays}
	emptied := p.emptied
	if p.served.After(emptied) {
		emptied = p.served
	}
	w := terms.Appraise(d, p.onward, terms.AverageCost(p.forecast.AfterEmptying(p.forecast.At)), emptied)
	p.full, p.beside, p.prize, p.next, p.oldest, p.must = w.Full, w.Beside, w.Prize, w.Next, w.Oldest, w.TooOld || w.TooFull
	if w.TooOld {
		p.why = append(p.why, Reason{Code: ReasonHygiene, Number: int64(p.stream.HygieneDays)})
	}
	if w.TooFull {
		reason := Reason{Code: ReasonFull, Number: ppm(p.onward.ChanceFull(d.visits[d.nextWork]))}
		switch {
		case p.forecast.Now.Quality == forecast.None:
			reason.Code = ReasonNoSensor
		case p.forecast.Now.Quality != forecast.OK:
			reason.Code = ReasonSilent
		}
		p.why = append(p.why, reason)
	}
}

// threshold returns the fill at time at from which the container would have had to be
// emptied on the planned day, 0 when no fill up to full would do, or a truck comes before that day.
func (p *prospect) threshold(d day) float64 {
	if !p.served.IsZero() {
		return 0
	}
	level := p.forecast.LevelFor(d.visits[d.nextWork], mustChance)
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
