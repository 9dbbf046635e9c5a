package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// On most days little comes, on some ten times as much: the variance, by which the model sets its spread, is made by the few.
func TestIntervalsHoldWhatTheySayWhereTheModelsShapeIsWrong(t *testing.T) {
	begin := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	at := begin.AddDate(0, 0, 84)
	var series []Series
	came := make(map[string]float64)
	for i := range 500 {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		s := Series{ID: fmt.Sprint(i), Group: "rest"}
		fill := 0.1
		for d := range 86 {
			if fill > 0.5 && d < 84 {
				fill = 0.02
				s.Emptyings = append(s.Emptyings, begin.AddDate(0, 0, d).Add(-time.Hour))
			}
			grown := 0.035 * math.Exp(1.4*r.NormFloat64()-1)
			if d < 85 {
				s.Samples = append(s.Samples, Sample{At: begin.AddDate(0, 0, d), Fill: math.Round(1000*fill) / 1000})
			}
			fill += grown
			if d == 84 {
				came[s.ID] = fill
			}
		}
		series = append(series, s)
	}
	m := mustFit(t, series, at, Options{})
	covered := func() float64 {
		n := 0.0
		for _, s := range series {
			f := mustForecast(t, m, s.ID)
			to := at.AddDate(0, 0, 1)
			if y := came[s.ID]; y >= f.Quantile(to, 0.1) && y <= f.Quantile(to, 0.9) {
				n++
			}
		}
		return n / float64(len(series))
	}
	with := covered()

	for i := range m.groups[0].widen {
		m.groups[0].widen[i] = 1
	}
	without := covered()
	t.Logf("the 80 %% interval held %.3f of what came, uncorrected %.3f", with, without)
	if math.Abs(with-0.8) > 0.03 || math.Abs(with-0.8) >= math.Abs(without-0.8) {
		t.Errorf("the 80 %% interval holds %.3f of what came, uncorrected %.3f", with, without)
	}
}
