package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// nightly returns n containers with two years of readings every four hours and emptyings of which half are reported.
func nightly(n int) (series []Series, at time.Time) {
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	at = begin.AddDate(2, 0, 0)
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 5))
		s := Series{ID: fmt.Sprint(i), Group: [...]string{"rest", "papier", "glas", "gft", "textiel"}[i%5], District: fmt.Sprint("D", i%71)}
		rate := 0.08 * math.Exp(0.5*r.NormFloat64()) / 6
		fill := r.Float64()
		for now := begin; now.Before(at); now = now.Add(4 * time.Hour) {
			fill += rate * -math.Log(1-r.Float64())
			if fill > 0.8+0.2*r.Float64() && now.Hour() == 8 {
				fill = 0.02
				if r.IntN(2) == 0 {
					s.Emptyings = append(s.Emptyings, now.Add(-time.Hour))
				}
			}
			s.Samples = append(s.Samples, Sample{At: now.Add(time.Duration(r.IntN(600)) * time.Second), Fill: math.Round(100*(fill+0.02*r.NormFloat64())) / 100})
		}
		series = append(series, s)
	}
	return series, at
}

// A tenth of what a night must fit in under a minute on two cores: 20,000 containers, two years, a reading every four hours.
func BenchmarkFitTwoYearsOf2000Containers(b *testing.B) {
	series, at := nightly(2000)
	b.ReportAllocs()
	for b.Loop() {
		mustFit(b, series, at, Options{})
	}
}
