package horizon

import (
	"fmt"
	"math"
	"math/bits"
)

// Appraise tells, per site, what emptying it on the first day is worth, the rest of the plan unchanged: each site is taken out of
// all days and its best days are found with the first day and without. Detours are the cheapest insertions into the plan's
// routes; a broken limit costs so much that it is avoided where it can be.
func Appraise(p *Problem, plan *Plan) ([]Worth, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	w := newSearch(compile(p), &Options{})
	w.adoptRoutes(plan)
	w.dearPrices()
	worths := make([]Worth, len(p.Sites))
	for i := range worths {
		worths[i] = w.worth(int32(i))
	}
	return worths, nil
}

// worth appraises one site and leaves the plan as it was.
func (w *search) worth(site int32) Worth {
	x := Worth{Site: int(site), Emptied: w.visits[site]&1 == 1, Today: Never, Later: Never, Next: w.days}
	w.takeOutAll(site)
	w.pool, w.pooled[site] = w.pool[:0], false
	w.sweep()
	w.scan(site, w.allowed[site])
	only := func(today bool) func(from, to int) float64 {
		return func(from, to int) float64 {
			if from < 0 && (to == 0) != today {
				return math.Inf(1)
			}
			return w.offered(site, from, to)
		}
	}
	days, cost := w.bestDays(site, only(true))
	if days&1 == 1 && cost < neverCost/2 {
		x.Today = int64(math.Round(cost))
	}
	if w.allowed[site]&1 == 1 {
		x.TodayDetour = w.detour(site, 0, -1)
	}
	days, cost = w.bestDays(site, only(false))
	if days&1 == 0 && cost < neverCost/2 {
		x.Later = int64(math.Round(cost))
		if days != 0 {
			x.Next = bits.TrailingZeros64(days)
			x.NextDetour = w.detour(site, x.Next, -1)
		}
		x.Wait = w.p.leave(int(site), -1, x.Next)
	}
	w.undo()
	return x
}

// detour is the cheapest way to visit a site on a day, from the offers of a scan.
func (w *search) detour(site int32, day, before int) Detour {
	x := w.choose(site, day, before)
	if x == nil {
		return Detour{}
	}
	return Detour{x.seconds, x.meters, int64(math.Round(x.cost + w.loadPenalty(x, site, w.loadAt(site, before, day))))}
}

// Reason says why a site is emptied on the first day, or is not.
type Reason string

// The reasons, of which the first that holds is given.
const (
	MustToday      Reason = "must"         // no later day is allowed
	CannotToday    Reason = "cannot"       // the first day is not allowed, or no vehicle can
	TooRisky       Reason = "risk"         // waiting costs more than emptying today does
	NearerToday    Reason = "nearer-today" // waiting is cheap, but a truck passes nearer today
	NearerLater    Reason = "nearer-later" // a truck passes nearer on a later day
	NotYet         Reason = "not-yet"      // too little in it for a stop
	DespiteSavings Reason = "despite"      // the plan does otherwise than its own sums say
)

// Reason tells why the plan does with the site on the first day what it does.
func (w *Worth) Reason() Reason {
	saving := w.Saving()
	switch {
	case w.Later == Never && w.Emptied:
		return MustToday
	case w.Today == Never && !w.Emptied:
		return CannotToday
	case w.Emptied != (saving >= 0) && saving != 0:
		return DespiteSavings
	case w.Emptied && w.Wait >= w.TodayDetour.Cents-w.NextDetour.Cents && w.Wait > 0:
		return TooRisky
	case w.Emptied:
		return NearerToday
	case w.Next < math.MaxInt && w.NextDetour.Cents < w.TodayDetour.Cents && w.NextDetour != (Detour{}):
		return NearerLater
	default:
		return NotYet
	}
}

// Text says in English why the plan does with the site on the first day what it does; day names a day, as in "on Friday".
func (w *Worth) Text(day func(int) string) string {
	next := "is not emptied within the days that are planned"
	if w.NextDetour != (Detour{}) {
		next = "can be emptied " + day(w.Next)
	}
	saves := fmt.Sprintf("which saves %s", euros(w.Saving()))
	switch w.Reason() {
	case MustToday:
		return "emptied: it may not be left any longer"
	case CannotToday:
		return "left: it cannot be emptied " + day(0)
	case TooRisky:
		return fmt.Sprintf("emptied, %s: until it %s, leaving it would cost %s", saves, next, euros(w.Wait))
	case NearerToday:
		return fmt.Sprintf("emptied, %s: %s the way is %s shorter than %s", saves, day(0), span(w.NextDetour.Seconds-w.TodayDetour.Seconds), day(w.Next))
	case NearerLater:
		return fmt.Sprintf("left, which saves %s: %s the way is %s shorter, and until then leaving it costs %s",
			euros(-w.Saving()), day(w.Next), span(w.TodayDetour.Seconds-w.NextDetour.Seconds), euros(w.Wait))
	case NotYet:
		return fmt.Sprintf("left, which saves %s: there is little in it, and it %s", euros(-w.Saving()), next)
	default:
		if w.Emptied {
			return fmt.Sprintf("emptied, though leaving it would save %s by itself", euros(-w.Saving()))
		}
		return fmt.Sprintf("left, though emptying it would save %s by itself", euros(w.Saving()))
	}
}

func euros(cents int64) string { return fmt.Sprintf("EUR %d.%02d", cents/100, max(cents, -cents)%100) }

// span writes a number of seconds in words.
func span(seconds int64) string {
	switch minutes := (seconds + 30) / 60; {
	case seconds < 60:
		return fmt.Sprintf("%d seconds", seconds)
	case minutes == 1:
		return "1 minute"
	default:
		return fmt.Sprintf("%d minutes", minutes)
	}
}
