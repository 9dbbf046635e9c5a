package forecast

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Live follows containers between two fits: a reading or an emptying moves what is thought of one container at once, by the rates,
// noises and tempos that the fit learned. It is not safe for concurrent use; the forecasts that it hands out are.
type Live struct {
	m     Model
	stood map[string]step // since when the step of a sensor that shows steps stands
}

type step struct {
	fill float64
	day  int
}

// Live returns what goes on from the model, which stays as it is.
func (m *Model) Live() *Live {
	l := &Live{m: *m, stood: make(map[string]step)}
	l.m.containers = slices.Clone(m.containers)
	return l
}

// container returns the container of an id, and moves the clock on to at.
func (l *Live) container(id string, at time.Time) (*container, error) {
	i, ok := l.m.index[id]
	if !ok {
		return nil, fmt.Errorf("forecast: no series %q was fitted", id)
	}
	c := &l.m.containers[i]
	if u := at.Unix(); u < c.last || u < c.emptied {
		return nil, fmt.Errorf("forecast: series %q: %s is earlier than what is known of it", id, at.Format(time.RFC3339))
	}
	if at.After(l.m.at) {
		l.m.at = at
		l.m.now = l.m.almanac.position(at.Unix())
	}
	return c, nil
}

// Observe takes a reading. Its result is that of the fit's own filter over the same readings; what a whole fit would learn from it, it
// does not. A fall that the readings confirm counts as an emptying. Readings of a stuck sensor are not believed before they move.
// Errors: a series that the fit did not have, or an instant before what is known of it.
func (l *Live) Observe(id string, s Sample) error {
	c, err := l.container(id, s.At)
	if err != nil {
		return err
	}
	r := reading{s.At.Unix(), s.Fill}
	c.last = r.at
	if !(s.Fill >= -0.3 && s.Fill <= 2) { // NaN too
		return nil
	}
	if c.quality == Stuck {
		if math.Abs(s.Fill-c.sensor.value) <= c.sensor.step+1e-9 {
			return nil
		}
		c.sensor.stuck, c.sensor.flat = false, false
	}
	c.sensor.value = s.Fill
	if c.quality != Drifting {
		c.quality = OK
	}
	before := c.filter.state.mean
	if c.filter.take(c, l.m.almanac.position(r.at), r) {
		after := c.filter.state.mean
		if before-after >= leastDrop && after <= math.Max(afterMost, before/2) {
			c.emptied = r.at
		}
	}
	if c.stairs != nil {
		l.stand(c, r)
	}
	l.m.settle(c)
	return nil
}

// stand counts for how many days a step has stood.
func (l *Live) stand(c *container, r reading) {
	day := l.m.almanac.day(r.at)
	was, ok := l.stood[c.id]
	if !ok {
		was = step{fill: c.filter.state.mean, day: day - c.stay}
	}
	if math.Abs(was.fill-r.fill) > c.stairs.step/2 {
		was = step{fill: r.fill, day: day}
	}
	l.stood[c.id] = was
	c.stay = day - was.day
}

// Emptied takes a reported emptying. Errors as [Live.Observe].
func (l *Live) Emptied(id string, at time.Time) error {
	c, err := l.container(id, at)
	if err != nil {
		return err
	}
	c.emptied = at.Unix()
	c.filter = filter{state: state{l.m.almanac.position(c.emptied), residual, residualSD * residualSD}}
	c.stay = 0
	delete(l.stood, id)
	l.m.settle(c)
	return nil
}

// Curves returns how the fill of a series goes on from the latest instant that anything was taken, how it would after an emptying then, and
// the last emptying (zero when none is known); false when the fit had none of that id. It is [Live.Forecast] without the table of its days,
// for those who ask of thousands of containers a few times each.
func (l *Live) Curves(id string) (onward, fresh Curve, emptied time.Time, ok bool) {
	i, ok := l.m.index[id]
	if !ok {
		return Curve{}, Curve{}, time.Time{}, false
	}
	m, c := l.m, l.m.containers[i] // a copy, as in Forecast
	if c.emptied != 0 {
		emptied = time.Unix(c.emptied, 0).UTC()
	}
	f := Forecast{At: m.at, Curve: m.curve(&c, m.at, c.belief)}
	return f.Curve, f.AfterEmptying(m.at), emptied, true
}

// Forecast returns the forecast of a series at the latest instant that anything was taken, false when the fit had none of that id.
func (l *Live) Forecast(id string) (Forecast, bool) {
	i, ok := l.m.index[id]
	if !ok {
		return Forecast{}, false
	}
	// A copy, so that the curve stays what it is while readings come in.
	m, c := l.m, l.m.containers[i]
	if c.quality == OK && c.last != 0 && float64(m.at.Unix()-c.last) > c.sensor.patience() {
		c.quality, c.source = Silent, Estimate
	}
	return m.forecast(&c), true
}
