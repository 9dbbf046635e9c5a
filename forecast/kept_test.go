package forecast

import (
	"math"
	"testing"
)

// Containers are emptied when they are nearly full, so those that were left alone for days had filled slowly: a forecast that knows it
// is nearer to what is read then.
func TestWhatWasLeftAloneFilledSlowly(t *testing.T) {
	var n, plain, kept, score, keptScore float64
	for seed := range uint64(3) {
		o := worldOptions{seed: 20 + seed, containers: 60, days: 80, streams: []worldStream{rest()}, noise: 0.02, step: 0.01, reported: 1}
		o.streams[0].every, o.streams[0].rate = 400, 0.22 // emptied by need only: at 1.4, see newWorld
		w := newWorld(o)
		for _, d := range []int{50, 60, 70} {
			at, to := w.day(d), w.day(d+4)
			m := mustFit(t, w.series, at, Options{Location: w.loc})
			for i, s := range w.series {
				y, ok := w.at(i, to)
				if !ok || w.emptiedWithin(i, at, to) {
					continue
				}
				f := mustForecast(t, m, s.ID)
				a, b := f.at(to), f.Kept().at(to)
				n++
				plain, kept = plain+a.mean-y, kept+b.mean-y
				score, keptScore = score+a.crps(y), keptScore+b.crps(y)
				if b.mean > a.mean+0.01 {
					t.Errorf("%s: left alone it is forecast fuller, %.3f, than otherwise, %.3f", s.ID, b.mean, a.mean)
				}
			}
		}
	}
	t.Logf("%.0f: bias %+.4f, given that it was left alone %+.4f; CRPS %.4f, %.4f", n, plain/n, kept/n, score/n, keptScore/n)
	if n < 200 || math.Abs(kept) >= math.Abs(plain) || keptScore >= score {
		t.Error("knowing that nobody emptied it does not help")
	}
}
