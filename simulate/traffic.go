package simulate

import (
	"math"
	"slices"
	"time"
)

// mostOpenings is how often a bridge opens at most on a day.
const mostOpenings = 6

// scene is what all things that are no container share in an hour.
type scene struct {
	local
	workday bool
	traffic float64 // factor of the days that are not like others
	weather
}

// turn makes the scene that of the hour which holds at.
func (v *view) turn(at int64) {
	hour := hourOf(at)
	if hour == v.scene.hour {
		return
	}
	s := scene{local: v.m.local(hour), traffic: 1}
	s.workday = v.m.workday(s.day)
	for i := range v.m.c.Periods {
		if p := &v.m.c.Periods[i]; p.Traffic > 0 && p.during(at) {
			s.traffic *= p.Traffic
		}
	}
	if len(v.m.sensors) > 0 {
		s.weather = v.m.weather(s.local)
	}
	v.scene = s
	v.openings(hour)
}

// workday reports whether a day is a Monday to Friday on which the city does not rest.
func (m *model) workday(day int64) bool {
	w := time.Unix(day*86400, 0).UTC().Weekday()
	return w != time.Saturday && w != time.Sunday && !m.closed(m.at(day, 12*time.Hour))
}

// measure returns what a thing that is no container tells at a time.
func (v *view) measure(due item, at int64) Event {
	v.turn(at)
	i := int(due.index)
	e := Event{At: time.Unix(at, 0).UTC(), Kind: due.kind, Index: i}
	switch due.kind {
	case Traffic:
		e.Thing, e.Value = v.m.c.Counters[i].ID, v.vehicles(i, at)
	case CarPark:
		e.Thing, e.Value = v.m.c.CarParks[i].ID, v.occupied(i, at)
	default:
		e.Thing = v.m.c.Sensors[i].ID
		e.Value, e.Running = v.simple(i, at)
	}
	return e
}

// vehicles counts the five minutes before at.
func (v *view) vehicles(i int, at int64) float64 {
	c := &v.m.counters[i]
	flow := &v.m.flow[0]
	if v.scene.workday {
		flow = &v.m.flow[1]
	}
	slot := v.scene.clock*12 + int(at-v.scene.hour*3600)/300
	mean := v.m.c.Counters[i].VehiclesPerDay * flow[(slot+slots-1)%slots] / slots * v.scene.traffic
	switch v.scene.weekday {
	case time.Saturday:
		mean *= 0.85
	case time.Sunday:
		mean *= 0.65
	}
	mean *= 1 + 0.06*v.m.normals.wobble(c.key^forTraffic, at, 7200)
	// While a bridge is open hardly anyone passes, and the queue follows after.
	mean *= 1 - 0.85*v.stopped(c, at-300, at) + 0.35*v.stopped(c, at-600, at-300)
	spread := math.Sqrt(mean) * v.m.normals.of(draw(c.key, forTraffic, uint64(at)))
	return math.Floor(max(0, mean+spread) + 0.5)
}

// slots is the number of five minutes in a day.
const slots = 288

// layFlow returns the traffic in each five minutes of a day of rest (0) and a working day (1), of mean 1.
func layFlow(rush []Span) (flow [2][slots]float64) {
	for i := range slots {
		h := (float64(i) + 0.5) / 12
		x := 0.08 + math.Exp(-(h-13.5)*(h-13.5)/(2*4.4*4.4))
		flow[0][i] = x
		for _, r := range rush {
			const shoulder = 0.5 // hours in which it swells and fades
			into := min((h-r.From.Hours())/shoulder+1, (r.To.Hours()-h)/shoulder+1)
			x += 0.95 * max(0, min(1, into))
		}
		flow[1][i] = x
	}
	scale(flow[0][:], true)
	scale(flow[1][:], true)
	return flow
}

// stopped returns the share of a stretch of time in which a bridge near the counter was open.
func (v *view) stopped(c *counter, from, to int64) float64 {
	var most int64
	for _, o := range v.opens {
		if o.from < to && o.to > from && c.near[o.bridge] {
			most = max(most, min(o.to, to)-max(o.from, from))
		}
	}
	return float64(most) / float64(to-from)
}

// opening is a bridge's opening, in Unix time.
type opening struct {
	bridge   int
	from, to int64
}

// openings returns those of the day that hour falls in and of the day after, in order of bridges.
func (v *view) openings(hour int64) []opening {
	day := v.m.local(hour).day
	if day != v.opensDay {
		v.opensDay, v.opens = day, v.opens[:0]
		for i := range v.m.bridges {
			v.opens = v.m.openingsOf(v.opens, i, day)
			v.opens = v.m.openingsOf(v.opens, i, day+1)
		}
	}
	return v.opens
}

func (m *model) openingsOf(out []opening, i int, day int64) []opening {
	b, first := &m.c.Bridges[i], len(out)
	noon := time.Unix(m.at(day, 12*time.Hour), 0).In(m.loc)
	for _, p := range m.c.SetPieces {
		at := p.At.Unix()
		if p.Kind == Bridge && p.Thing == b.ID && m.local(hourOf(at)).day == day {
			out = append(out, opening{i, at, at + int64(p.Value*60)})
		}
	}
	hours := b.Hours[noon.Weekday()]
	if month := noon.Month(); (month >= time.November || month <= time.March) && b.Winter != [7]Span{} {
		hours = b.Winter[noon.Weekday()]
	}
	if hours.To <= hours.From {
		return out
	}
	r := draw(m.bridges[i], forBridge, uint64(day))
	n := min(mostOpenings, poisson(unit(r), b.OpeningsPerDay))
	rush := m.workday(day)
	for tries := 0; n > 0 && tries < 40; tries++ {
		r = mix(r + golden)
		clock := hours.From + time.Duration(unit(r)*float64(hours.To-hours.From-10*time.Minute))
		from := m.at(day, clock)
		o := opening{i, from, from + 240 + int64(mix(r)%300)} // four to nine minutes
		// Ships gather: no bridge opens twice in twenty minutes, nor in the rush.
		apart := func(x opening) bool { return o.from > x.to+1200 || o.to < x.from-1200 }
		inRush := func(s Span) bool { return rush && clock >= s.From-10*time.Minute && clock < s.To }
		if slices.ContainsFunc(out[first:], func(x opening) bool { return !apart(x) }) || slices.ContainsFunc(m.c.Rush, inRush) {
			continue
		}
		out = append(out, o)
		n--
	}
	return out
}

// bridgeEvents returns what the bridges do in an hour, in order of time.
func (v *view) bridgeEvents(hour int64) (out []Event) {
	for _, o := range v.openings(hour) {
		if hourOf(o.from) == hour {
			out = append(out, v.bridge(o.bridge, o.from, 1))
		}
		if hourOf(o.to) == hour {
			out = append(out, v.bridge(o.bridge, o.to, -float64(o.to-o.from)))
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return a.At.Compare(b.At) })
	return out
}

// bridge tells that bridge i opens (value 1) or closes (minus the seconds that it stood open).
func (v *view) bridge(i int, at int64, value float64) Event {
	e := Event{At: time.Unix(at, 0).UTC(), Kind: Bridge, Thing: v.m.c.Bridges[i].ID, Index: i, Value: max(0, value)}
	if value < 0 {
		e.Seconds = int(-value)
	}
	return e
}

// besideShops is a car park in a centre: full on the afternoons, fullest on Saturday.
var besideShops = [2][24]float64{
	{.06, .05, .05, .05, .05, .06, .08, .14, .28, .42, .55, .63, .68, .72, .75, .74, .68, .58, .48, .44, .40, .30, .18, .10},
	{.08, .06, .05, .05, .05, .05, .06, .09, .18, .36, .58, .74, .84, .89, .90, .86, .74, .56, .44, .40, .38, .32, .22, .14},
}

// occupied returns the share of a car park's spaces that is taken.
func (v *view) occupied(i int, at int64) float64 {
	p, k := &v.m.c.CarParks[i], v.m.parks[i]
	shape := &p.Weekend
	if v.scene.workday {
		shape = &p.Workday
	}
	if p.Workday == [24]float64{} && p.Weekend == [24]float64{} {
		shape = &besideShops[1]
		if v.scene.workday {
			shape = &besideShops[0]
		}
	}
	into := float64(at-v.scene.hour*3600) / 3600
	x := shape[v.scene.clock]*(1-into) + shape[(v.scene.clock+1)%24]*into
	x *= v.m.normals.lognormal(draw(k, forPark, uint64(v.scene.day)), 0.08) * math.Sqrt(v.scene.traffic)
	x += 0.015 * v.m.normals.wobble(k^forPark, at, 3600)
	for _, s := range v.m.c.SetPieces {
		if s.Kind == CarPark && s.Thing == p.ID {
			away := math.Abs(float64(at-s.At.Unix())) / 5400
			x += (s.Value - x) * max(0, min(1, 2*(1-away)))
		}
	}
	return math.Floor(max(0, min(1, x))*float64(p.Spaces)+0.5) / float64(p.Spaces)
}
