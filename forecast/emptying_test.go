package forecast

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestEmptyingsAreFoundAndNotInvented(t *testing.T) {
	o := worldOptions{
		seed: 11, containers: 60, days: 84, streams: []worldStream{rest(), paper(), textile()},
		noise: 0.03, step: 0.01, spikes: 0.015,
	}
	w := newWorld(o)
	var true1, found, invented, due int
	for i, s := range w.series {
		got := DetectEmptyings(s.Samples, nil)
		matched := make([]bool, len(got))
		for _, e := range w.emptied[i] {
			before, _ := w.at(i, e.Add(-time.Hour))
			if e.Sub(w.begin) < 6*time.Hour || before < 0.25 || e.After(w.begin.AddDate(0, 0, o.days).Add(-6*time.Hour)) {
				due++ // too little fell, or too few readings stand beside it
				continue
			}
			true1++
			for k, g := range got {
				if d := g.Sub(e); d > -3*time.Hour && d < 3*time.Hour {
					found++
					matched[k] = true
					break
				}
			}
		}
		for k, g := range got {
			if !matched[k] && !w.emptiedWithin(i, g.Add(-3*time.Hour), g.Add(3*time.Hour)) {
				invented++
			}
		}
	}
	recall := float64(found) / float64(true1)
	alarms := 1000 * float64(invented) / float64(len(w.series)*o.days)
	t.Logf("recall %.4f of %d (%d small ones aside), %.2f false alarms in 1,000 container-days", recall, true1, due, alarms)
	if recall < 0.99 || alarms > 0.5 {
		t.Errorf("recall %.4f, %.2f false alarms in 1,000 container-days", recall, alarms)
	}
}

// level makes hourly readings around the levels given, with noise.
func level(r *rand.Rand, noise float64, levels ...float64) []Sample {
	begin := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	var s []Sample
	for h, l := range levels {
		s = append(s, Sample{begin.Add(time.Duration(h) * time.Hour), l + noise*r.NormFloat64()})
	}
	return s
}

func steady(n int, l float64) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = l
	}
	return v
}

func TestAnEmptyingNeedsMoreThanASpike(t *testing.T) {
	with := func(v []float64, at int, l ...float64) []float64 {
		copy(v[at:], l)
		return v
	}
	for name, c := range map[string]struct {
		levels []float64
		known  []int // hours
		want   int
	}{
		"one low spike":                           {with(steady(60, 0.8), 30, 0.02), nil, 0},
		"two low spikes in a row":                 {with(steady(60, 0.8), 30, 0.02, 0.03), nil, 0},
		"one high spike":                          {with(steady(60, 0.2), 30, 1.1), nil, 0},
		"a fall that stays":                       {append(steady(30, 0.8), steady(30, 0.03)...), nil, 1},
		"a fall with a spike just before":         {with(append(steady(30, 0.8), steady(30, 0.03)...), 28, 0.1), nil, 1},
		"a fall with a spike just after":          {with(append(steady(30, 0.8), steady(30, 0.03)...), 31, 0.9), nil, 1},
		"a fall that is reported":                 {append(steady(30, 0.8), steady(30, 0.03)...), []int{27}, 0},
		"a fall far from a report":                {append(steady(30, 0.8), steady(30, 0.03)...), []int{5}, 1},
		"settling by eight percent":               {append(steady(30, 0.8), steady(30, 0.72)...), nil, 0},
		"half of it gone is no emptying":          {append(steady(30, 0.9), steady(30, 0.6)...), nil, 0},
		"two readings after the fall are too few": {append(steady(30, 0.8), steady(2, 0.03)...), nil, 0},
		"three readings after the fall will do":   {append(steady(30, 0.8), steady(3, 0.03)...), nil, 1},
		"nothing":                                 {nil, nil, 0},
		"one reading":                             {steady(1, 0.5), nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				s := level(rand.New(rand.NewPCG(seed, 0)), 0.01, c.levels...)
				var known []time.Time
				for _, h := range c.known {
					known = append(known, s[0].At.Add(time.Duration(h)*time.Hour))
				}
				if got := DetectEmptyings(s, known); len(got) != c.want {
					t.Fatalf("seed %d: %v", seed, got)
				}
			}
		})
	}
}

func TestAnEmptyingDuringASilenceShowsAfterIt(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	s := level(r, 0.02, append(steady(100, 0.9), steady(40, 0.45)...)...)
	for i := 100; i < len(s); i++ {
		s[i].At = s[i].At.Add(4 * 24 * time.Hour)
	}
	if got := DetectEmptyings(s, nil); len(got) != 1 || !got[0].Equal(s[100].At) {
		t.Errorf("found %v, not the reading after the silence", got)
	}
}
