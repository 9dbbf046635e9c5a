package study

import (
	"context"
	"time"

	"polder.city/simulate"
)

// tape is what residents bring to each container in each hour, whatever a policy does: a pure function of world and seed. It is
// the counters of access systems, and what a clairvoyant sees of days to come.
type tape struct {
	from   time.Time
	n      int       // containers
	counts []uint16  // hours x containers
	litres []float32 // hours x containers
}

// record plays the deposits of a world for some days.
func record(ctx context.Context, w *World, seed uint64, days int) (*tape, error) {
	c := w.config
	c.Seed = seed
	s, err := simulate.New(c)
	if err != nil {
		return nil, err
	}
	end := w.Start.AddDate(0, 0, days)
	t := &tape{from: w.Start, n: len(w.Containers)}
	for at := w.Start; at.Before(end); at = at.Add(time.Hour) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range w.Containers {
			count, litres, err := s.Deposits(w.Containers[i].ID, at)
			if err != nil {
				return nil, err
			}
			t.counts = append(t.counts, uint16(count))
			t.litres = append(t.litres, float32(litres))
		}
	}
	return t, nil
}

// hour numbers the hours of the tape. An instant past its ends falls on them.
func (t *tape) hour(at time.Time) int {
	return min(max(int(at.Sub(t.from)/time.Hour), 0), len(t.counts)/t.n)
}

// count returns the deposits of container i in the hours from one up to, not including, another.
func (t *tape) count(i, from, to int) (n int) {
	for h := from; h < to; h++ {
		n += int(t.counts[h*t.n+i])
	}
	return n
}

// brought returns their litres.
func (t *tape) brought(i, from, to int) (litres float64) {
	for h := from; h < to; h++ {
		litres += float64(t.litres[h*t.n+i])
	}
	return litres
}
