package collection

import (
	"math"
	"time"

	"polder.city/city"
	"polder.city/internal/calendar"
)

// mustChance is the chance of being full before the next working day from which a
// container is not left to the prices: it goes in if it fits at all. It stays
// under the limit of the usual mandate (20 %), so that a plan passes it by some room.
const mustChance = 0.15

// mustPrize is what a container that must be emptied is worth to the solver, in
// cents: more than any detour costs, less than a refusal to plan at all.
const mustPrize = 200_000

// visitHour is from midnight until most trucks have come by.
const visitHour = 12 * time.Hour

// Horizon is how many days ahead a plan weighs leaving a container.
const Horizon = 14

// Days is the day that is planned, with those after it.
type Days struct {
	midnight time.Time // in the city's zone
	ends     [Horizon]time.Time
	visits   [Horizon]time.Time // when a truck that goes out on the day has come by
	works    [Horizon]bool      // whether anything is collected
	nextWork int                // the first working day after day 0
}

// NewDays returns the days from a local midnight on; works tells of a midnight whether trucks go out on its day.
func NewDays(midnight time.Time, works func(time.Time) bool) Days {
	d := Days{midnight: midnight}
	for i := range Horizon {
		d.ends[i] = calendar.AddDays(midnight, i+1)
		d.visits[i] = calendar.AddDays(midnight, i).Add(visitHour)
		d.works[i] = works(calendar.AddDays(midnight, i))
	}
	d.nextWork = 1
	for d.nextWork < Horizon-1 && !d.works[d.nextWork] {
		d.nextWork++
	}
	return d
}

// NextWork is in how many days trucks go out again after the planned day.
func (d *Days) NextWork() int { return d.nextWork }

// End returns the midnight that ends the i-th day; the planned one is 0.
func (d *Days) End(i int) time.Time { return d.ends[i] }

// Growth is how a fill goes on unless the container is emptied: a forecast's curve.
type Growth interface {
	From() time.Time
	ChanceFull(t time.Time) float64 // that it is full by t
	Overflow(t time.Time) float64   // expected fraction of the volume that does not fit by t
}

// Terms are what an emptying of a container is weighed by.
type Terms struct {
	Costs        city.Costs
	StopCents    float64 // of one emptying more, see [StopCents]
	VolumeLitres float64
	HygieneDays  int // the longest between two emptyings; 0 is no limit
}

// Worth is what emptying a container on the planned day is worth.
type Worth struct {
	// Full[d] is the chance that it is full by the midnight that ends day d, and Beside[d] the
	// expected fraction that stands beside it then, if it is not emptied. Day 0 is the planned day.
	Full, Beside [Horizon]float64

	Prize   int64 // cents
	Next    int   // the cheapest day to empty it, if it is left on day 0; days from the planned one
	Oldest  int   // days since the last emptying on the working day after the planned one; 0 where unknown or without limit
	TooOld  bool  // Oldest passes the limit
	TooFull bool  // the chance of being full before a truck could come again is too high to leave
}

// Appraise returns what emptying a container on day 0 is worth (collection.md 2.2 (3) to (6)):
// the cheapest later day's cost (risk until then, its stop, less the average
// cost per day that a later emptying saves) less nothing, since an emptying now
// leaves only its own stop to pay, which the solver does. Onward is how its fill goes on, perDay its [Terms.AverageCost],
// emptied the last emptying; zero when that is not known.
func (t Terms) Appraise(d Days, onward Growth, perDay float64, emptied time.Time) Worth {
	var w Worth
	for i := range Horizon {
		w.Full[i] = onward.ChanceFull(d.ends[i])
		w.Beside[i] = onward.Overflow(d.ends[i])
	}
	best, standing := math.Inf(1), 0.0
	w.Next = Horizon - 1
	before, besideBefore := onward.ChanceFull(d.visits[0]), onward.Overflow(d.visits[0])
	for i := range Horizon {
		if i >= d.nextWork && d.works[i] {
			risk := t.Risk(onward.ChanceFull(d.visits[i])-before, standing+onward.ChanceFull(d.visits[i]), onward.Overflow(d.visits[i])-besideBefore)
			if cost := risk + t.StopCents - perDay*float64(i); cost < best {
				best, w.Next = cost, i
			}
		}
		standing += w.Full[i]
	}
	// A container whose best day comes after the next working day is left, however near the truck is:
	// in the long run early emptyings cost more than the detours that they save (MayGo, collection.md 2.2 (8)).
	if w.Next <= d.nextWork {
		w.Prize = int64(math.Max(0, best))
	}
	chance := onward.ChanceFull(d.visits[d.nextWork]) // by the time that a truck could come again
	if t.HygieneDays > 0 && !emptied.IsZero() {
		w.Oldest = int(d.ends[d.nextWork].Sub(emptied).Hours() / 24)
		w.TooOld = w.Oldest > t.HygieneDays
	}
	w.TooFull = chance > mustChance
	if w.TooOld || w.TooFull {
		// Among those that must, the likelier overflow goes first when not all fit.
		w.Prize = mustPrize + int64(chance*mustPrize)
	}
	return w
}

// Risk is what overflow is expected to cost, in cents: the event if it comes, the days that it stands, and what comes to stand
// beside it, as a fraction of the volume.
func (t Terms) Risk(events, days, beside float64) float64 {
	return float64(t.Costs.OverflowEventCents)*math.Max(0, events) + float64(t.Costs.OverflowDayCents)*days +
		float64(t.Costs.OverflowM3Cents)*math.Max(0, beside)*t.VolumeLitres/1000
}

// AverageCost returns the least average cost per day of emptying this container
// for ever at a fixed interval, in cents (renewal reward, collection.md 2.2 (5)). Emptied is how its fill goes on
// after an emptying.
func (t Terms) AverageCost(emptied Growth) float64 {
	const longest = 60
	best, risk, before, besideBefore := math.Inf(1), 0.0, 0.0, 0.0
	limit := longest
	if t.HygieneDays > 0 {
		limit = min(limit, t.HygieneDays)
	}
	for days := 1; days <= limit; days++ {
		at := emptied.From().AddDate(0, 0, days)
		full, beside := emptied.ChanceFull(at), emptied.Overflow(at)
		risk += t.Risk(full-before, full, beside-besideBefore)
		before, besideBefore = full, beside
		average := (t.StopCents + risk) / float64(days)
		if average > best*1.5 {
			break
		}
		best = math.Min(best, average)
	}
	return best
}

// StopCents is what one stop more costs in a day as full as most: its handling, a
// share of its place's (others are emptied there too), a small detour among many
// stops, and its share of a trip to the disposal facility (collection.md 2.2 (4)).
// It is a marginal cost: with the average in its place, work would be done a day
// early for savings that the next day offers as well.
func StopCents(f *city.Fleet) float64 {
	const placeShare, detourMinutes, tipShareMinutes = 0.6, 1.5, 0.8
	minutes := placeShare*f.MinutesPerPlace + f.MinutesPerContainer + detourMinutes + tipShareMinutes
	return minutes / 60 * float64(f.Costs.HourCents)
}

// HandlingCents is what lifting a container costs where the truck stands already: nobody drives by for less.
func HandlingCents(f *city.Fleet) int64 {
	return int64(f.MinutesPerContainer / 60 * float64(f.Costs.HourCents))
}
