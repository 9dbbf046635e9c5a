package study

import (
	"time"

	"polder.city/simulate"
)

// foresight is what a clairvoyant is told in place of a forecast: the true level and every deposit to come. What neighbours that are full send
// along is not in it.
func foresight(w *World) func(t *tape, s *simulate.World) func(i int, at time.Time) Outlook {
	return func(t *tape, s *simulate.World) func(i int, at time.Time) Outlook {
		var levels []simulate.Level
		var seen time.Time
		return func(i int, at time.Time) Outlook {
			if !at.Equal(seen) {
				levels, seen = s.Levels(levels[:0]), at
			}
			litres := w.Containers[i].Litres
			onward := trueCurve{t: t, i: i, from: at, start: levels[i].Fill * litres, litres: litres}
			if levels[i].Beside > 0 {
				onward.start = max(onward.start, litres) + levels[i].Beside
			}
			fresh := onward
			fresh.start = 0.02 * litres
			return Outlook{Onward: onward, Fresh: fresh}
		}
	}
}

// trueCurve is a fill as it will be.
type trueCurve struct {
	t             *tape
	i             int
	from          time.Time
	start, litres float64
}

func (c trueCurve) From() time.Time { return c.from }

func (c trueCurve) Fill(at time.Time) (mean, sd float64) {
	return (c.start + c.t.brought(c.i, c.t.hour(c.from), c.t.hour(at))) / c.litres, 0
}

func (c trueCurve) Quantile(at time.Time, _ float64) float64 {
	fill, _ := c.Fill(at)
	return fill
}

// ChanceFull looks on to when the last truck has come by: who knows everything but the order of a route keeps what is sure.
func (c trueCurve) ChanceFull(at time.Time) float64 {
	if fill, _ := c.Fill(at.Add(3 * time.Hour)); fill >= 1 {
		return 1
	}
	return 0
}

func (c trueCurve) Overflow(at time.Time) float64 {
	fill, _ := c.Fill(at)
	return max(0, fill-1)
}
