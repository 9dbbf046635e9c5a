package forecast

import (
	"math"
	"time"
)

// tempo is the speed of a group's clock. One unit of it is an average day; a container's growth over a stretch of
// time is its rate times the units that pass.
type tempo struct {
	weekday [7]float64  // speed on an ordinary Sunday, Monday, ...; the mean is 1
	holiday float64     // speed on a public holiday, relative to the weekday's
	after   float64     // and on the day after one
	trend   float64     // speed of the whole group of late, relative to the fit's past
	hours   [25]float64 // share of a day's growth before each hour
	past    []float64   // the trend as it was known at the start of each day until today
	speed   []float64   // of each day of the almanac
	cum     []float64   // units before each day
	square  []float64   // sum of the squared speeds before each day, for the days' common effect
}

// quiet is the daily shape that a group is given until it shows its own: little at night, most from
// late morning to evening (share of a day's deposits by hour).
var quiet = [24]float64{
	0.008, 0.005, 0.004, 0.003, 0.004, 0.008, 0.020, 0.040, 0.050, 0.055, 0.062, 0.066,
	0.066, 0.064, 0.064, 0.066, 0.070, 0.072, 0.072, 0.068, 0.056, 0.040, 0.024, 0.013,
}

func newTempo(days int) tempo {
	t := tempo{holiday: 1, after: 1, trend: 1, speed: make([]float64, days), cum: make([]float64, days+1), square: make([]float64, days+1)}
	for i := range t.weekday {
		t.weekday[i] = 1
	}
	for i := range t.speed {
		t.speed[i] = 1
	}
	t.shape([24]float64{}, 0)
	t.add()
	return t
}

// shape sets the daily shape to growth seen by hour, as far as that stands above its noise (the variance of each hour's sum).
func (t *tempo) shape(seen [24]float64, noise float64) {
	var smooth [24]float64
	var total, base float64
	for h := range seen {
		// Neighbouring hours share, so that a reading's jitter does not make steps.
		smooth[h] = math.Max((seen[(h+23)%24]+2*seen[h]+seen[(h+1)%24])/4, 0)
		total += smooth[h]
		base += quiet[h]
	}
	own := 0.0
	if total > 0 {
		signal := total / 24
		own = signal * signal / (signal*signal + noise)
	}
	for h := range smooth {
		t.hours[h+1] = t.hours[h] + (1-own)*quiet[h]/base
		if own > 0 {
			t.hours[h+1] += own * smooth[h] / total
		}
	}
	t.hours[24] = 1
}

// add sums the speeds up.
func (t *tempo) add() {
	for d, s := range t.speed {
		t.cum[d+1] = t.cum[d] + s
		t.square[d+1] = t.square[d] + s*s
	}
}

// share returns the part of a day's growth that comes before part of the day has passed.
func (t *tempo) share(part float64) float64 {
	x := part * 24
	h := min(int(x), 23)
	return t.hours[h] + (x-float64(h))*(t.hours[h+1]-t.hours[h])
}

// until returns the units, and the sum of squared days, up to a position. Outside the
// almanac it goes on at the pace of the first or last day.
func (t *tempo) until(pos float64) (units, squares float64) {
	n := len(t.speed)
	d := int(math.Floor(pos))
	switch {
	case d < 0:
		s := t.speed[0]
		return pos * s, pos * s * s
	case d >= n:
		s := t.speed[n-1]
		return t.cum[n] + (pos-float64(n))*s, t.square[n] + (pos-float64(n))*s*s
	}
	f := t.share(pos - float64(d))
	return t.cum[d] + f*t.speed[d], t.square[d] + f*t.speed[d]*t.speed[d]
}

// between returns the units that pass between two positions.
func (t *tempo) between(p0, p1 float64) float64 {
	a, _ := t.until(p0)
	b, _ := t.until(p1)
	return b - a
}

// sortOfDay says how a day counts.
type sortOfDay uint8

const (
	ordinary sortOfDay = iota
	onHoliday
	afterHoliday
)

// date is a day of the almanac as a tempo sees it.
type date struct {
	weekday time.Weekday
	sort    sortOfDay
}

// dates classifies the almanac's days.
func dates(a *almanac, o *Options) []date {
	all := make([]date, a.days())
	for d := range all {
		day := time.Unix(a.midnights[d], 0).In(o.Location)
		all[d].weekday = day.Weekday()
		switch {
		case o.Holiday != nil && o.Holiday(day):
			all[d].sort = onHoliday
		case d > 0 && all[d-1].sort == onHoliday:
			all[d].sort = afterHoliday
		}
	}
	return all
}

// set gives every day the speed of its weekday and sort, times the trend known at its start.
func (t *tempo) set(all []date) {
	for d, day := range all {
		s := t.weekday[day.weekday]
		switch day.sort {
		case onHoliday:
			s *= t.holiday
		case afterHoliday:
			s *= t.after
		}
		t.speed[d] = s * t.known(d)
	}
	t.add()
}

// known returns the trend known at the start of a day.
func (t *tempo) known(day int) float64 {
	if day < len(t.past) {
		return t.past[day]
	}
	return t.trend
}
