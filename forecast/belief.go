package forecast

import (
	"math"
	"slices"
	"time"
)

// state is a fill as it is thought to be at a position. What grows after it is
// forecast from there, so that an error of the rate since then and the future's are the same error.
type state struct {
	pos, mean, vari float64
}

// growth is the distribution of what a container grows: mean, variance and third central moment.
type growth struct{ mean, vari, third float64 }

// grow returns the growth of c between two positions; base is the position from which the rate is
// unsure: the fit's instant, or the last trusted one before it.
func (c *container) grow(p0, p1, base float64) growth {
	if p1 <= p0 {
		return growth{}
	}
	t := &c.group.tempo
	u0, s0 := t.until(p0)
	u1, s1 := t.until(p1)
	mu := c.rate * (u1 - u0)
	if mu <= 0 {
		return growth{}
	}
	v := c.phi*mu + c.group.common*c.rate*c.rate*(s1-s0) + (c.group.wander.over(p1-base)+c.uncertain)*mu*mu
	wide := c.group.widen.over(p1 - base)
	v *= wide * wide
	return growth{mean: mu, vari: v, third: 2 * v * v / mu}
}

const (
	mostFill  = 1.5 // what does not fit is put beside it; more is never believed of a container today
	unknown   = 0.5 // the fill of a container of which nothing is known, with the sd of an even spread
	unknownSD = 0.29
	// A resident's "full" is so many times likelier before a full container (over reportFull) than before another, where nobody knows better.
	reportOdds = 15
	reportFull = 0.95
)

// filter follows a container's readings, one after another (a Gaussian filter).
type filter struct {
	state state
	odd   [3]float64 // the last readings that strayed, the latest last
	odds  int        // how many strayed in a row
	heard int64      // the latest reading that was believed, Unix seconds; 0 when there is none
}

// believe sets what is thought of the container at the fit's instant, from its last readings, growth and reports.
func (m *Model) believe(c *container, h *history, series *Series) {
	c.last, c.sensor, c.emptied, c.offset = h.sensor.last, h.sensor, h.emptied, h.offset
	c.quality = m.judge(c, h)
	tail := h.tail
	if c.quality == Stuck && h.sensor.flat {
		tail = nil // it never told anything
	}
	full := m.reportsSince(h.emptied, series.Reports)
	if c.odds = series.ReportOdds; !(c.odds > 0) {
		c.odds = reportOdds
	}
	c.filter = m.filter(c, tail, m.start(h, tail, full), full)
	m.settle(c)
}

// settle sets what is thought of a container from where its filter stands.
func (m *Model) settle(c *container) {
	s := c.filter.state
	if c.quality == Drifting {
		s.mean = math.Max(s.mean-c.offset, 0)
		s.vari += c.offset * c.offset / 4
	}
	if g := c.grow(s.pos, m.now, s.pos); s.mean+g.mean > mostFill {
		s = state{m.now, mostFill, unknownSD * unknownSD}
	}
	c.belief, c.source = s, Estimate
	heard := c.filter.heard != 0 && float64(m.at.Unix()-c.filter.heard) <= c.sensor.patience()
	if heard && (c.quality == OK || c.quality == Drifting) {
		c.source = Sensor
	}
}

// judge says what the sensor is worth at the fit's instant.
func (m *Model) judge(c *container, h *history) Quality {
	switch {
	case h.sensor.last == 0:
		return None
	case float64(m.at.Unix()-h.sensor.last) > h.sensor.patience():
		return Silent
	case h.sensor.flat:
		last := m.almanac.position(h.sensor.last)
		if c.grow(m.almanac.position(h.first), last, last).mean >= 0.2 {
			return Stuck
		}
	case h.sensor.stuck:
		if len(h.tail) == 0 {
			return Stuck // it stood still while the container was emptied
		}
		p := m.almanac.position(h.tail[len(h.tail)-1].at)
		if c.grow(p, m.now, p).mean >= math.Max(0.05, 2*h.sensor.step) {
			return Stuck
		}
	case h.offset > 0:
		return Drifting
	}
	return OK
}

// patience returns after how many seconds without a reading a sensor counts as silent.
func (s *sensor) patience() float64 { return math.Max(86400, 4*s.every) }

// start returns the state from which the last readings are followed.
func (m *Model) start(h *history, tail []reading, full []int64) state {
	if h.emptied != 0 && len(tail) < tailMost {
		return state{m.almanac.position(h.emptied), residual, residualSD * residualSD}
	}
	if len(tail) == 0 && len(full) > 0 {
		return state{m.almanac.position(full[0]), unknown, unknownSD * unknownSD}
	}
	if len(tail) == 0 {
		return state{m.now, unknown, unknownSD * unknownSD}
	}
	var first [3]float64
	n := 0
	for ; n < min(len(first), len(tail)); n++ {
		first[n] = tail[n].fill
	}
	return state{m.almanac.position(tail[0].at), middle(first[:n], false), 2*h.sensor.noise + 0.02*0.02}
}

// reportsSince returns the residents' reports between the last emptying and now, ascending, one a day at most:
// neighbours see the same full container.
func (m *Model) reportsSince(emptied int64, reports []time.Time) []int64 {
	var full []int64
	for _, r := range reports {
		if u := r.Unix(); u <= m.at.Unix() && u > emptied && u >= m.almanac.midnights[0] {
			full = append(full, u)
		}
	}
	slices.Sort(full)
	once := full[:0]
	for _, u := range full {
		if len(once) == 0 || u-once[len(once)-1] >= 86400 {
			once = append(once, u)
		}
	}
	return once
}

// filter takes readings and reports into the state, in order of time.
func (m *Model) filter(c *container, tail []reading, s state, full []int64) filter {
	f := filter{state: s}
	next := 0
	report := func(until int64) {
		for ; next < len(full) && full[next] <= until; next++ {
			if p := m.almanac.position(full[next]); p >= f.state.pos {
				g := c.grow(f.state.pos, p, f.state.pos)
				f.state = saysFull(state{p, f.state.mean + g.mean, f.state.vari + g.vari}, c.odds)
			}
		}
	}
	for _, r := range tail {
		report(r.at)
		f.take(c, m.almanac.position(r.at), r)
	}
	report(math.MaxInt64)
	return f
}

// take takes one reading at a position into the state. One that strays is left out until as many in a row agree as it takes
// to believe a jump. jumped tells whether it did.
func (f *filter) take(c *container, p float64, r reading) (jumped bool) {
	s := f.state
	g := c.grow(s.pos, p, s.pos)
	mean, vari := s.mean+g.mean, s.vari+g.vari
	e := r.fill - mean
	steps := c.sensor.step >= coarse
	if e*e > 16*(vari+c.sensor.noise) && !(steps && e > 0) {
		f.odd[0], f.odd[1], f.odd[2] = f.odd[1], f.odd[2], r.fill
		f.odds++
		// What is thrown in at once stays in: two that agree are enough. A fall that nobody reported needs more.
		confirm := 3
		if c.sensor.every > 6*3600 || e > 0 {
			confirm = 2
		}
		last := f.odd[len(f.odd)-confirm:]
		if f.odds < confirm || slices.Max(last)-slices.Min(last) > 5*math.Sqrt(c.sensor.noise)+0.05 {
			return false
		}
		f.state, jumped = state{p, middle(last, false), c.sensor.noise}, true
	} else {
		k := vari / (vari + c.sensor.noise)
		f.state = state{p, mean + k*e, vari * (1 - k)}
		if steps {
			f.state = state{p, r.fill, c.sensor.noise} // a step that stands still says no more than a step
		}
	}
	f.odds = 0
	f.heard = r.at
	return jumped
}

// saysFull returns the state after a resident said that the container is full: the part of the
// belief above reportFull gains on the rest by the report's odds, and mean and variance are those of the mixture.
func saysFull(s state, odds float64) state {
	sd := math.Sqrt(s.vari)
	a := (reportFull - s.mean) / sd
	above := phi(-a)
	if !(above > 1e-9 && above < 1-1e-9) {
		return s
	}
	weight := odds * above / (odds*above + 1 - above)
	up, down := density(a)/above, density(a)/(1-above)
	high, low := s.mean+sd*up, s.mean-sd*down
	highVar, lowVar := s.vari*(1+a*up-up*up), s.vari*(1-a*down-down*down)
	mean := weight*high + (1-weight)*low
	vari := weight*(highVar+(high-mean)*(high-mean)) + (1-weight)*(lowVar+(low-mean)*(low-mean))
	return state{s.pos, mean, math.Max(vari, 1e-6)}
}
