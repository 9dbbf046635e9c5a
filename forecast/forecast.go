// Package forecast says how full a container will be: for each of the next days a
// distribution, learned from irregular, noisy readings of its fill.
//
// The model. Between two emptyings a fill only grows. A group's (stream's) clock
// runs by its activity: weekday, hour, holidays and the trend of the last weeks are
// speeds of that clock, so that each container has one rate, in fill per average day. Rates
// borrow from district, stream and all by how much there is to learn from
// (collection.md 3.2); the variance of growth is deposits (proportional to the mean)
// plus the container's own ups and downs and the day's common effect (2.2, formula 1).
// Readings pass a small robust Gaussian filter whose noise comes from the variogram (3.1).
// A sensor that shows a few levels only is forecast by how often it climbs from one to another. The spread is corrected by how
// forecasts of the last weeks ranked what came. What a fault shows ([Anomaly]) is not learned from. Between two fits, [Live] goes on.
//
// The package is pure: values in, values out. Times are instants; days are those of [Options.Location].
// A fill is a fraction of the volume: 1 is full, more is overflow.
package forecast

import (
	"math"
	"sort"
	"time"
)

// Sample is a container's fill as a sensor or a driver saw it at an instant. It may be
// noisy, stuck, drifting; values that are not finite or outside -0.3 to 2 are ignored.
type Sample struct {
	At   time.Time
	Fill float64
}

// Series is what is known of one container.
type Series struct {
	ID       string
	Group    string // the stream: containers that fill alike
	District string // containers of a group and a district lend each other rates first
	Samples  []Sample
	// Emptyings are known, reported emptyings; those that nobody reported are found in the samples.
	Emptyings []time.Time
	// Reports are instants at which a resident said: full.
	Reports []time.Time
	// ReportOdds is how many times likelier a report comes from a full container than from another, as far as emptyings have shown;
	// 0 when that is unknown: 15. 1 is a report that says nothing.
	ReportOdds float64
	// Temperatures, ascending, where the sensor tells them: they give away a fire.
	Temperatures []Temperature
}

// Options set up a fit. The zero value is usable.
type Options struct {
	Location *time.Location           // whose days; UTC when nil
	Holiday  func(day time.Time) bool // whether the day (a local midnight) is a public holiday; none when nil
	Days     int                      // days to forecast, 14 when 0
	// Prior gives the mean fill per day expected in a group, for groups that few or no readings tell about.
	Prior map[string]float64
}

// MaxDays is the longest horizon that a fit accepts, in days.
const MaxDays = 60

// Quality says what the latest readings are worth.
type Quality uint8

// The qualities of a container's sensor.
const (
	None     Quality = iota // there never was a reading
	OK                      // readings come and move
	Silent                  // none of late
	Stuck                   // the same value again and again while the container must have filled or was emptied
	Drifting                // after emptyings it does not show empty
)

// String returns the quality's code: none, ok, silent, stuck or drifting.
func (q Quality) String() string {
	switch q {
	case OK:
		return "ok"
	case Silent:
		return "silent"
	case Stuck:
		return "stuck"
	case Drifting:
		return "drifting"
	default:
		return "none"
	}
}

// Source says what a belief rests on.
type Source uint8

// The sources of a belief.
const (
	Estimate Source = iota // growth since the last emptying or the last trusted reading
	Sensor                 // recent readings
)

// String returns the source's code: estimate or sensor.
func (s Source) String() string {
	if s == Sensor {
		return "sensor"
	}
	return "estimate"
}

// Belief is what is thought of the fill at one instant.
type Belief struct {
	Mean, SD   float64
	Source     Source
	LastSample time.Time // of any reading, believed or not; zero without any
	Quality    Quality
}

// Levels returns the probabilities of the quantiles in [Day.Q].
func Levels() [7]float64 { return levels }

var levels = [7]float64{0.025, 0.05, 0.25, 0.50, 0.75, 0.95, 0.975}

// Day is the forecast for the end of one local day, should the container not be emptied before.
type Day struct {
	Date       time.Time  // the day, as its first local midnight; the figures hold at the next one
	Mean, SD   float64    // of the fill
	Q          [7]float64 // quantiles of the fill at [Levels], ascending
	ChanceFull float64    // P(fill >= 1) by then; never falls from a day to the next
	Overflow   float64    // expected fraction of the volume above 1, E[(fill-1)+]
}

// Forecast is one container's. Its curve, from [Forecast.At] on, supposes that the container is not emptied.
type Forecast struct {
	ID, Group, District string
	At                  time.Time
	Now                 Belief
	Emptied             time.Time  // the last emptying, reported or detected; zero when none is known
	Rate                float64    // mean growth a day over the coming week, in fill
	Anomalies           []Anomaly  // what the readings show to be wrong, in order of time; shared, not to be changed
	Weekday             [7]float64 // mean growth on a Sunday, Monday, ... without holidays, in fill
	Days                []Day      // the rest of today first
	Curve
}

// Forecast returns the forecast of a series, false when the fit had none of that id.
func (m *Model) Forecast(id string) (Forecast, bool) {
	i, ok := m.index[id]
	if !ok {
		return Forecast{}, false
	}
	return m.forecast(&m.containers[i]), true
}

func (m *Model) forecast(c *container) Forecast {
	f := Forecast{ID: c.id, Group: c.group.name, District: c.district, At: m.at, Curve: m.curve(c, m.at, c.belief)}
	f.Anomalies = c.anomalies
	now := f.at(m.at)
	f.Now = Belief{Mean: math.Max(now.mean, 0), SD: now.sd, Source: c.source, Quality: c.quality}
	if c.last != 0 {
		f.Now.LastSample = time.Unix(c.last, 0).UTC()
	}
	if c.emptied != 0 {
		f.Emptied = time.Unix(c.emptied, 0).UTC()
	}
	t := &c.group.tempo
	f.Rate = c.rate * t.between(m.now, m.now+7) / 7
	for k := range f.Weekday {
		f.Weekday[k] = c.rate * t.weekday[k] * t.trend
	}
	f.Days = f.outlook(m.days)
	return f
}

// outlook returns the days from the curve's own on.
func (c Curve) outlook(n int) []Day {
	days := make([]Day, n)
	risks := c.Risks(n)
	first := int(math.Floor(c.start))
	for i := range days {
		s := c.in(float64(first + i + 1))
		day := &days[i]
		day.Date = c.m.date(first + i)
		day.Mean, day.SD = math.Max(s.mean, 0), s.sd
		for k, p := range levels {
			day.Q[k] = math.Max(s.quantile(p), 0)
			if k > 0 {
				day.Q[k] = math.Max(day.Q[k], day.Q[k-1])
			}
		}
		day.ChanceFull, day.Overflow = risks[i].ChanceFull, risks[i].Overflow
	}
	return days
}

// date returns the start of a day of the almanac.
func (m *Model) date(day int) time.Time {
	return time.Unix(m.almanac.midnights[day], 0).In(m.location)
}

// LevelFor returns the fill now above which the chance of being full by t exceeds chance,
// all else the same: "had it been 74 % full, it would have been in the plan".
// It is 0 when even an empty container would exceed it, and at most 1.
func (f Forecast) LevelFor(t time.Time, chance float64) float64 {
	if s := f.c.stairs; s != nil {
		return f.stepFor(t, chance)
	}
	now, then := f.in(f.start), f.at(t)
	return math.Min(math.Max(now.mean+1-then.quantile(1-bound(chance)), 0), 1)
}

// stepFor is LevelFor for a sensor that shows steps: the bottom of the first step with too much of a chance.
func (f Forecast) stepFor(t time.Time, chance float64) float64 {
	s := f.c.stairs
	for k := range s.n {
		c := f.Curve
		c.anchor = state{f.start, float64(k) * s.step, 0}
		if c.full(f.m.almanac.position(t.Unix())) > chance {
			return math.Min(math.Max((float64(k)-0.5)*s.step, 0), 1)
		}
	}
	return 1
}

// AfterEmptying returns how the fill goes on after a complete emptying at t (a few percent stay behind).
// An instant before the forecast's own is taken as that.
func (f Forecast) AfterEmptying(t time.Time) Curve {
	if t.Before(f.At) {
		t = f.At
	}
	return f.m.curve(f.c, t, state{f.m.almanac.position(t.Unix()), residual, residualSD * residualSD})
}

// Curve is the distribution of a fill as it grows from an instant on, unless emptied. Beyond
// the fit's days it goes on at the last day's pace. The zero value is not usable. Asking
// is safe from many goroutines and costs a few microseconds at most, [Curve.DaysUntil] a hundred.
type Curve struct {
	m      *Model
	c      *container
	from   time.Time
	start  float64 // position of from
	anchor state   // what growth adds to; not after start
	base   float64 // the position from which the rate is unsure
	kept   bool    // given that nobody empties it
}

// Kept returns the curve as it is found where nobody emptied the container before: those that are left alone are those that filled
// slowly. It is what a reading can be compared with later; for deciding when to empty, it would be circular.
func (c Curve) Kept() Curve {
	c.kept = true
	return c
}

func (m *Model) curve(c *container, from time.Time, s state) Curve {
	return Curve{m: m, c: c, from: from, start: m.almanac.position(from.Unix()), anchor: s, base: math.Min(s.pos, m.now)}
}

// From returns the instant at which the curve starts. Before it, the fill is what it was then.
func (c Curve) From() time.Time { return c.from }

// at returns the distribution of the fill at t.
func (c Curve) at(t time.Time) outcome { return c.in(c.m.almanac.position(t.Unix())) }

// in returns the distribution of the fill at a position.
func (c Curve) in(pos float64) outcome {
	pos = math.Max(pos, c.start)
	if s := c.c.stairs; s != nil {
		level := s.place(c.anchor.mean, c.anchor.vari)
		s.climb(&level, c.c.stay, pos-c.anchor.pos, c.kept)
		return newSteps(&level, s.step)
	}
	g := c.c.grow(c.anchor.pos, pos, c.base)
	o := newOutcome(c.anchor.mean, c.anchor.vari, g, c.c.phi)
	if c.kept && pos > c.start {
		return c.spare(&o, pos)
	}
	return o
}

// full returns P(fill >= 1) at a position.
func (c Curve) full(pos float64) float64 {
	o := c.in(pos)
	return math.Max(1-o.below(1), 0)
}

// Fill returns the mean and the standard deviation of the fill at t.
func (c Curve) Fill(t time.Time) (mean, sd float64) {
	s := c.at(t)
	return math.Max(s.mean, 0), s.sd
}

// Quantile returns the fill that is not exceeded at t with probability p.
func (c Curve) Quantile(t time.Time, p float64) float64 {
	o := c.at(t)
	return math.Max(o.quantile(bound(p)), 0)
}

// ChanceFull returns P(fill >= 1 at some time until t). It never falls from one day to
// the next; it looks at each day's end until t.
func (c Curve) ChanceFull(t time.Time) float64 {
	pos := math.Max(c.m.almanac.position(t.Unix()), c.start)
	most := math.Max(c.full(pos), c.full(c.start))
	for p := math.Floor(c.start) + 1; p < pos; p++ {
		most = math.Max(most, c.full(p))
	}
	return most
}

// Overflow returns the expected fraction of the volume above 1 at t.
func (c Curve) Overflow(t time.Time) float64 {
	o := c.at(t)
	return o.above(1)
}

// Risk is what leaving a container unemptied until the end of a day may cost.
type Risk struct {
	ChanceFull float64 // P(fill >= 1 by then)
	Overflow   float64 // expected fraction of the volume above 1
}

// Risks returns the risks at the ends of n local days, the curve's own first. Neither falls from a day to the next.
func (c Curve) Risks(n int) []Risk {
	risks := make([]Risk, n)
	now := c.in(c.start)
	last := Risk{c.full(c.start), now.above(1)}
	first := math.Floor(c.start)
	for i := range risks {
		s := c.in(first + float64(i+1))
		last.ChanceFull = math.Max(last.ChanceFull, 1-s.below(1))
		last.Overflow = math.Max(last.Overflow, s.above(1))
		risks[i] = last
	}
	return risks
}

// DaysUntil returns after how many days of 24 hours the chance of being full exceeds p, to a
// quarter of an hour, and whether that happens within the fit's days.
func (c Curve) DaysUntil(p float64) (days float64, ok bool) {
	const step = 15 * time.Minute
	n := c.m.days * int(24*time.Hour/step)
	k := sort.Search(n+1, func(k int) bool { return c.ChanceFull(c.from.Add(time.Duration(k)*step)) > p })
	return float64(k) * step.Hours() / 24, k <= n
}

// bound keeps a probability where quantiles are finite; NaN becomes a half.
func bound(p float64) float64 {
	if math.IsNaN(p) {
		return 0.5
	}
	return math.Min(math.Max(p, 1e-9), 1-1e-9)
}
