package study

import (
	"context"
	"slices"
	"time"

	"polder.city/forecast"
)

const (
	memoryDays = 56 // how far back a fit looks, as the planner does
	fitDays    = 7  // between two fits
)

// sensors forecasts from fills, by the engine that the planner uses: a whole fit each week, and between them
// reading by reading.
type sensors struct {
	w      *World
	series []forecast.Series
	live   *forecast.Live
	fitted time.Time
	fit    int
}

func newSensors(w *World) *sensors {
	k := &sensors{w: w, series: make([]forecast.Series, len(w.Containers))}
	for i := range w.Containers {
		c := &w.Containers[i]
		k.series[i] = forecast.Series{ID: c.ID, Group: w.Streams[c.Stream].ID, District: c.District}
	}
	return k
}

func (k *sensors) counted(int, time.Time, int) {}

func (k *sensors) read(i int, at time.Time, fill float64) {
	s := &k.series[i]
	s.Samples = append(s.Samples, forecast.Sample{At: at, Fill: fill})
	if k.live != nil {
		_ = k.live.Observe(s.ID, s.Samples[len(s.Samples)-1]) // what is too late for it, the next fit takes
	}
}

func (k *sensors) reported(i int, at time.Time) {
	k.series[i].Reports = append(k.series[i].Reports, at)
}

// emptied takes a lift with its weight. Where no sensor tells, the weight is a reading of the fill.
func (k *sensors) emptied(i int, at time.Time, kg float64) {
	c := &k.w.Containers[i]
	if !c.Sensor {
		k.read(i, at.Add(-time.Second), kg/(c.Litres*k.w.Streams[c.Stream].KgPerLitre))
	}
	k.series[i].Emptyings = append(k.series[i].Emptyings, at)
	if k.live != nil {
		_ = k.live.Emptied(c.ID, at)
	}
}

func (k *sensors) learn(ctx context.Context, at time.Time) (int, error) {
	if k.live != nil && at.Sub(k.fitted) < (fitDays*24-12)*time.Hour {
		return k.fit, nil
	}
	from := at.AddDate(0, 0, -memoryDays)
	for i := range k.series {
		s := &k.series[i]
		late := func(x forecast.Sample) bool { return x.At.Before(from) }
		s.Samples = slices.Clone(slices.DeleteFunc(s.Samples, late))
		early := func(t time.Time) bool { return t.Before(from) }
		s.Emptyings, s.Reports = slices.DeleteFunc(s.Emptyings, early), slices.DeleteFunc(s.Reports, early)
	}
	model, err := forecast.Fit(ctx, k.series, at, forecast.Options{Location: k.w.Location, Holiday: k.w.Holiday})
	if err != nil {
		return k.fit, err
	}
	k.live, k.fitted = model.Live(), at
	k.fit++
	return k.fit, nil
}

func (k *sensors) outlook(i int, _ time.Time) Outlook {
	onward, fresh, emptied, _ := k.live.Curves(k.w.Containers[i].ID)
	o := Outlook{Onward: onward, Fresh: fresh, Emptied: emptied}
	if e := k.series[i].Emptyings; len(e) > 0 && e[len(e)-1].After(o.Emptied) {
		o.Emptied = e[len(e)-1]
	}
	return o
}
