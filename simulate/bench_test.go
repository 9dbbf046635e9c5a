package simulate

import (
	"testing"
	"time"
)

// A year of 1,500 containers, which the demonstration lives through while it starts.
func BenchmarkYear(b *testing.B) {
	c := demoCity(b, 1500)
	b.ReportAllocs()
	for b.Loop() {
		w := world(b, c)
		h := recorded(b, w, c.Start.AddDate(1, 0, 0))
		b.ReportMetric(float64(2*len(h.fills))/1e6, "MB/fills")
	}
}

// Eight weeks of observations out of a history: 2 million events.
func BenchmarkObservations(b *testing.B) {
	c := demoCity(b, 1500)
	w := world(b, c)
	to := c.Start.AddDate(0, 0, 56)
	h := recorded(b, w, to)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n = 0
		if err := h.Observations(b.Context(), c.Start, to, func(Event) { n++ }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n), "events")
}

// A demonstration second: a minute of the city.
func BenchmarkAdvanceMinute(b *testing.B) {
	c := demoCity(b, 1500)
	w := world(b, c)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Advance(b.Context(), w.Now().Add(time.Minute), func(Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}
