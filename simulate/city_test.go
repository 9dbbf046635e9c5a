package simulate

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"polder.city/internal/calendar"
)

// points is a grid of streets of about ten by ten kilometres.
func points() []orb.Point {
	var out []orb.Point
	for x := range 120 {
		for y := range 120 {
			out = append(out, orb.Point{5.15 + float64(x)*0.00122, 52.33 + float64(y)*0.00075})
		}
	}
	return out
}

func amsterdam(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(calendar.Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// demoCity is a city by the demonstration's table (demo.md), from 24 November 2025 on.
func demoCity(t testing.TB, containers int) Config {
	t.Helper()
	loc := amsterdam(t)
	date := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, loc) }
	c := Defaults()
	c.Seed, c.Location, c.Start = 2026, loc, date(2025, time.November, 24, 0)
	c.Streams = DutchStreams()
	c.Policy.Usual, c.Policy.Most, c.Policy.Ahead = 190*containers/1500, 270*containers/1500, 1
	var err error
	if c.Containers, err = Generate(c.Seed, containers, "P", DutchMix(), points()); err != nil {
		t.Fatal(err)
	}
	c.Periods = append(
		DutchHolidays(c.Start, c.Start.AddDate(1, 1, 0), loc),
		Period{Name: "christmas", From: date(2025, 12, 25, 0), To: date(2025, 12, 29, 0), Deposits: map[string]float64{"papier": 1.45, "glas": 1.45}},
		Period{Name: "new year", From: date(2025, 12, 31, 15), To: date(2026, 1, 1, 12), Closed: true},
		Period{
			Name: "snow", From: date(2026, 1, 12, 0), To: date(2026, 1, 17, 0), Suspended: []string{"gft"}, Capacity: 0.7, Traffic: 0.6,
			Deposits: map[string]float64{"rest": 0.9, "papier": 0.8, "glas": 0.6, "textiel": 0.5},
		},
		Period{
			Name: "king's day", From: date(2026, 4, 27, 0), To: date(2026, 4, 28, 0), Point: c.Containers[0].Point, RadiusMeters: 500,
			Deposits: map[string]float64{"rest": 1.6},
		},
	)
	c.Sensing.Silent, c.Sensing.Stuck, c.Sensing.Drifting = 20, 3, 1
	c.Sensing.At = date(2026, 3, 24, 14)
	p := points()
	served := Span{6 * time.Hour, 22 * time.Hour}
	for i := range 24 {
		c.Counters = append(c.Counters, Counter{ID: fmt.Sprintf("counter-%02d", i), Point: p[i*500], VehiclesPerDay: 9000 + float64(i)*1260})
	}
	for i := range 8 {
		c.Bridges = append(c.Bridges, DrawBridge{
			ID: fmt.Sprintf("bridge-%d", i), Point: p[i*500+1], OpeningsPerDay: 0.5 + 0.4*float64(i),
			Hours:  [7]Span{served, served, served, served, served, served, served},
			Winter: [7]Span{{}, served, served, served, served, served, {7 * time.Hour, 12 * time.Hour}},
		})
	}
	for i := range 12 {
		c.CarParks = append(c.CarParks, Park{ID: fmt.Sprintf("park-%02d", i), Point: p[i*700], Spaces: 150 + 40*i})
	}
	add := func(kind Kind, n int) {
		for i := range n {
			c.Sensors = append(c.Sensors, Sensor{ID: fmt.Sprintf("%v-%02d", kind, i), Kind: kind, Point: p[i*300]})
		}
	}
	add(SoilMoisture, 40)
	add(Pump, 12)
	add(Greenhouse, 8)
	return c
}

func world(t testing.TB, c Config) *World {
	t.Helper()
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// lived returns what Advance emits up to a time, sorted within each second.
func lived(t testing.TB, w *World, to time.Time) []Event {
	t.Helper()
	var out []Event
	if err := w.Advance(t.Context(), to, func(e Event) { out = append(out, e) }); err != nil {
		t.Fatal(err)
	}
	return sorted(t, out)
}

func sorted(t testing.TB, events []Event) []Event {
	t.Helper()
	if !slices.IsSortedFunc(events, func(a, b Event) int { return a.At.Compare(b.At) }) {
		t.Error("the events are not in order of time")
	}
	slices.SortStableFunc(events, func(a, b Event) int {
		switch {
		case !a.At.Equal(b.At):
			return a.At.Compare(b.At)
		case a.Kind != b.Kind:
			return int(a.Kind) - int(b.Kind)
		}
		return a.Index - b.Index
	})
	return events
}

func recorded(t testing.TB, w *World, to time.Time) *History {
	t.Helper()
	h, err := w.Record(t.Context(), to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
