package study

import (
	"context"
	"math"
	"time"
)

// knowledge is what sensors and emptyings have shown, and what the shared forecaster makes of it. The judge tells it what happened,
// in order of time; nothing else reaches it.
type knowledge interface {
	counted(i int, hour time.Time, deposits int) // the deposits of the hour that began then
	read(i int, at time.Time, fill float64)
	reported(i int, at time.Time)
	emptied(i int, at time.Time, kg float64)
	// learn brings the forecaster up to date, and numbers its fits.
	learn(ctx context.Context, at time.Time) (fit int, err error)
	outlook(i int, at time.Time) Outlook
}

// counters forecasts from deposits that are counted: their number since the last emptying, the container's own rate and the hours
// at which people come. What a deposit holds is known by its mean and deviation. Source of the model: collection.md 2.2 (1).
type counters struct {
	w          *World
	began      time.Time
	total      []float64 // deposits since began
	since      []float64 // deposits since the last emptying
	last       []time.Time
	byHour     [24]float64
	cumulative [25]float64 // share of a day's deposits before each hour
	days       float64
	fit        int
}

func newCounters(w *World) *counters {
	n := len(w.Containers)
	return &counters{w: w, began: w.Start, total: make([]float64, n), since: make([]float64, n), last: make([]time.Time, n)}
}

func (k *counters) counted(i int, hour time.Time, deposits int) {
	n := float64(deposits)
	k.total[i] += n
	k.byHour[hour.In(k.w.Location).Hour()] += n
	if last := k.last[i]; last.After(hour) { // those of the hour of an emptying came evenly
		n *= 1 - last.Sub(hour).Hours()
	}
	k.since[i] += n
}

func (k *counters) read(int, time.Time, float64) {}
func (k *counters) reported(int, time.Time)      {}

func (k *counters) emptied(i int, at time.Time, _ float64) { k.last[i], k.since[i] = at, 0 }

func (k *counters) learn(_ context.Context, at time.Time) (int, error) {
	k.days = at.Sub(k.began).Hours() / 24
	sum := 0.0
	for h, n := range k.byHour {
		k.cumulative[h] = sum
		sum += n + 1e-9
	}
	k.cumulative[24] = sum
	for h := range k.cumulative {
		k.cumulative[h] /= sum
	}
	k.fit++
	return k.fit / 7, nil // rates hardly move within a week
}

func (k *counters) outlook(i int, at time.Time) Outlook {
	a, b := k.w.Deposit[0], k.w.Deposit[1]
	litres := k.w.Containers[i].Litres
	rate := k.total[i] / k.days
	fresh := countCurve{k: k, from: at, rate: rate, litres: litres, rateVar: 1 / math.Max(k.total[i], 1)}
	onward := fresh
	onward.mean, onward.vari = k.since[i]*a, k.since[i]*b*b
	if k.last[i].IsZero() { // nobody knows how full it was when counting began
		onward.mean, onward.vari = onward.mean+0.4*litres, onward.vari+math.Pow(0.25*litres, 2)
	}
	return Outlook{Onward: onward, Fresh: fresh, Emptied: k.last[i]}
}

// countCurve is the belief about a counted container: normal, in litres.
type countCurve struct {
	k          *counters
	from       time.Time
	mean, vari float64 // at from
	rate       float64 // deposits a day
	rateVar    float64 // squared coefficient of variation of rate
	litres     float64
}

// position counts days since the world began, by the share of deposits that a day has had.
func (k *counters) position(t time.Time) float64 {
	since := t.Sub(k.began).Hours() // no counted world changes its clock
	day := math.Floor(since / 24)
	hour := since - 24*day
	h := int(hour)
	return day + k.cumulative[h] + (hour-float64(h))*(k.cumulative[h+1]-k.cumulative[h])
}

func (c countCurve) From() time.Time { return c.from }

// at returns mean and standard deviation in litres.
func (c countCurve) at(t time.Time) (mean, sd float64) {
	n := 0.0
	if t.After(c.from) {
		n = c.rate * (c.k.position(t) - c.k.position(c.from))
	}
	a, b := c.k.w.Deposit[0], c.k.w.Deposit[1]
	grown := n * a
	return c.mean + grown, math.Sqrt(c.vari + n*(a*a+b*b) + c.rateVar*grown*grown + 1)
}

func (c countCurve) Fill(t time.Time) (mean, sd float64) {
	mean, sd = c.at(t)
	return mean / c.litres, sd / c.litres
}

func (c countCurve) Quantile(t time.Time, p float64) float64 {
	mean, sd := c.Fill(t)
	return math.Max(mean+sd*math.Sqrt2*math.Erfinv(2*p-1), 0)
}

func (c countCurve) ChanceFull(t time.Time) float64 {
	mean, sd := c.at(t)
	return 0.5 * math.Erfc((c.litres-mean)/sd/math.Sqrt2)
}

func (c countCurve) Overflow(t time.Time) float64 {
	mean, sd := c.at(t)
	z := (c.litres - mean) / sd
	return sd * (math.Exp(-z*z/2)/math.Sqrt(2*math.Pi) - z*0.5*math.Erfc(z/math.Sqrt2)) / c.litres
}
