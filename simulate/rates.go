package simulate

import (
	"fmt"
	"math"
	"time"
)

// rates holds how fast residents come in one hour, kept between the containers of
// that hour. It belongs to one World.
type rates struct {
	local
	week     int64
	byStream []float64
	anyNear  bool
	near     []float64 // per container: factor of periods with a radius; read only with anyNear
	litres   []float64 // per container: factor of the week on the litres of a deposit
}

// turn makes r hold hour.
func (r *rates) turn(m *model, hour int64) {
	r.local = m.local(hour)
	if r.byStream == nil {
		r.byStream = make([]float64, len(m.streams))
		r.near = make([]float64, len(m.containers))
		r.litres = make([]float64, len(m.containers))
		r.week = math.MinInt64
	}
	if w := weekOf(r.day); w != r.week {
		r.week = w
		for i := range r.litres {
			r.litres[i] = m.litres(i, w)
		}
	}
	for s := range r.byStream {
		r.byStream[s] = m.streamFactor(s, r.local)
	}
	r.anyNear = m.nearFactors(hour, r.near)
}

// weekOf numbers weeks that begin on Monday.
func weekOf(day int64) int64 { return (day + 3) / 7 }

func (m *model) litres(i int, week int64) float64 {
	c := &m.containers[i]
	return m.normals.lognormal(draw(c.key, forWeek, uint64(week)), m.streams[c.stream].LitreCV)
}

func (m *model) streamFactor(s int, at local) float64 {
	st := &m.streams[s]
	f := st.Hour[at.clock] * st.Weekday[at.weekday] * st.Month[at.month]
	f *= m.normals.lognormal(draw(st.key, forDay, uint64(at.day)), st.DayCV)
	for p := range m.c.Periods {
		if m.near[p] == nil && m.c.Periods[p].during(at.hour*3600) {
			f *= m.c.Periods[p].deposits(st.ID)
		}
	}
	return f
}

// nearFactors fills factors with those of the periods that touch part of the city, and reports whether there is one.
func (m *model) nearFactors(hour int64, factors []float64) (found bool) {
	for p := range m.c.Periods {
		if m.near[p] == nil || !m.c.Periods[p].during(hour*3600) {
			continue
		}
		if !found {
			for i := range factors {
				factors[i] = 1
			}
			found = true
		}
		for i, touched := range m.near[p] {
			if touched {
				factors[i] *= m.c.Periods[p].deposits(m.streams[m.containers[i].stream].ID)
			}
		}
	}
	return found
}

func (p *Period) during(unix int64) bool { return p.From.Unix() <= unix && unix < p.To.Unix() }

func (p *Period) deposits(stream string) float64 {
	if f, ok := p.Deposits[stream]; ok {
		return f
	}
	return 1
}

// bags walks the deposits of one container in one hour, in order of time. A
// Poisson process is a walk of exponential steps; one hash gives both the step
// (upper bits) and the size (lower bits).
type bags struct {
	x      uint64
	mean   float64 // seconds between bags
	at     float64 // second of the hour
	sizes  *[quantileSteps]float64
	litres float64

	// The bag that the walk stands at.
	second int32 // of the hour; 3600 when there is no other in it
	ml     int64
	own    uint64 // a number of its own
}

// bags returns the walk of container i, at its first bag.
func (r *rates) bags(m *model, i int) bags {
	c := &m.containers[i]
	rate := c.bagsPerSecond * r.byStream[c.stream]
	if r.anyNear {
		rate *= r.near[i]
	}
	b := bags{x: draw(c.key, forDeposits, uint64(r.hour)), mean: 1 / rate, sizes: &m.streams[c.stream].sizes, litres: r.litres[i]}
	b.next()
	return b
}

func (b *bags) next() {
	b.x += golden
	b.own = mix(b.x)
	b.at -= math.Log(1-unit(b.own)) * b.mean
	if !(b.at < 3600) {
		b.second = 3600
		return
	}
	b.second, b.ml = int32(b.at), int64(b.sizes[b.own%quantileSteps]*b.litres)
}

// Deposits returns how many bags residents bring to a container in the hour that
// holds at, and how many litres, whether or not it takes them. It is a pure
// function of the Config and its arguments: what an access system would count.
func (w *World) Deposits(container string, at time.Time) (count int, litres float64, err error) {
	i, ok := w.m.named[Fill][container]
	if !ok {
		return 0, 0, fmt.Errorf("container %q: %w", container, ErrUnknown)
	}
	r := &w.asked
	if hour := hourOf(at.Unix()); r.byStream == nil || r.hour != hour {
		r.turn(w.m, hour)
	}
	var sum int64
	for b := r.bags(w.m, i); b.second < 3600; b.next() {
		sum += b.ml
		count++
	}
	return count, float64(sum) / 1000, nil
}

func hourOf(unix int64) int64 {
	if unix < 0 {
		return (unix - 3599) / 3600
	}
	return unix / 3600
}
