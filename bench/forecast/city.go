package main

import (
	"context"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"polder.city/forecast"
	"polder.city/internal/calendar"
	"polder.city/simulate"
)

// drawCity plays a city of the hard world (simulate.Defaults with the Netherlands' streams and holidays, some sensors broken)
// and judges by its truth, where no emptying, reported or not, came between. Containers without a sensor are not judged:
// the peers would have nothing to learn from. whole leaves no sensor broken; all judges where it was emptied too, by what would
// have been there had it not been.
func drawCity(containers, days, every int, seed uint64, whole, all bool) (*world, error) {
	location, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		return nil, err
	}
	var corners []orb.Point
	for i := range 2500 {
		corners = append(corners, orb.Point{5.15 + float64(i%50)*0.003, 52.33 + float64(i/50)*0.002})
	}
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, location)
	end := start.AddDate(0, 0, days)
	c := simulate.Defaults()
	c.Seed, c.Start, c.Location, c.Streams = seed, start, location, simulate.DutchStreams()
	c.Periods = simulate.DutchHolidays(start, end, location)
	if !whole {
		c.Sensing.Silent, c.Sensing.Stuck, c.Sensing.Drifting, c.Sensing.At = containers/40, containers/60, containers/60, end
	}
	if c.Containers, err = simulate.Generate(seed, containers, "V", simulate.DutchMix(), corners); err != nil {
		return nil, err
	}
	play, err := simulate.New(c)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	history, err := play.Record(ctx, end, nil)
	if err != nil {
		return nil, err
	}
	w := &world{location: location, all: all, holiday: func(t time.Time) bool {
		_, ok := calendar.Holiday(t)
		return ok
	}}
	lifted := make(map[string][]simulate.Event)
	for _, e := range history.Emptyings() {
		lifted[e.Thing] = append(lifted[e.Thing], e)
	}
	index := make(map[string]int)
	for _, x := range c.Containers {
		if x.Sensor {
			index[x.ID] = len(w.series)
			w.series = append(w.series, forecast.Series{ID: x.ID, Group: x.Stream, District: x.District})
		}
	}
	err = history.Observations(ctx, start, end, func(e simulate.Event) {
		i, ok := index[e.Thing]
		if !ok {
			return
		}
		s := &w.series[i]
		switch e.Kind {
		case simulate.Fill:
			s.Samples = append(s.Samples, forecast.Sample{At: e.At, Fill: e.Value})
		case simulate.Emptying:
			s.Emptyings = append(s.Emptyings, e.At)
		case simulate.Report:
			s.Reports = append(s.Reports, e.At)
		}
	})
	if err != nil {
		return nil, err
	}
	for d := days * 2 / 3; d+horizons[len(horizons)-1] < days; d += every {
		w.origins = append(w.origins, start.AddDate(0, 0, d).Add(16*time.Hour))
	}
	w.level = func(i int, at time.Time) (float64, bool) {
		var emptied time.Time
		for _, e := range w.series[i].Emptyings {
			if !e.After(at) {
				emptied = e
			}
		}
		return middle(w.series[i].Samples, emptied, at)
	}
	w.came = func(i int, from, to time.Time) (float64, bool) {
		fill, ok := history.Fill(w.series[i].ID, to)
		if w.emptied(i, from, to) == 0 || !ok {
			return fill, ok
		}
		if !all {
			return 0, false
		}
		for _, e := range lifted[w.series[i].ID] {
			if e.Kind == simulate.Emptying && e.At.After(from) && !e.At.After(to) {
				left, _ := history.Fill(e.Thing, e.At.Truncate(time.Hour).Add(time.Hour)) // what it left, and grew in an hour at most
				fill += e.Value - left
			}
		}
		return fill, true
	}
	return w, nil
}

// middle returns the median of the readings within two hours before an instant, of those after the last emptying: none of what comes after is
// known then.
func middle(samples []forecast.Sample, emptied, at time.Time) (float64, bool) {
	find := func(t time.Time) int {
		k, _ := slices.BinarySearchFunc(samples, t, func(s forecast.Sample, t time.Time) int { return s.At.Compare(t) })
		return k
	}
	lo, hi := find(at.Add(-2*time.Hour-time.Minute)), find(at.Add(time.Nanosecond))
	var near []float64
	for _, s := range samples[lo:hi] {
		if s.At.After(emptied) {
			near = append(near, s.Fill)
		}
	}
	if len(near) == 0 {
		return 0, false
	}
	slices.Sort(near)
	return (near[(len(near)-1)/2] + near[len(near)/2]) / 2, true
}
