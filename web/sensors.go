package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/chart"
	"polder.city/internal/message"
	"polder.city/sensing"
)

// sensorPages registers the sensor register: what hangs where, why, whose, and what it does not record.
func (s *Site) sensorPages(d *Domains) {
	s.page("GET /meten", "sensors.html", func(r *http.Request) (any, error) { return s.sensors(r, d) })
	s.page("GET /meten/{thing}", "sensor.html", func(r *http.Request) (any, error) { return s.sensor(r, d) })
}

// sensorKind is a kind of thing with how many there are.
type sensorKind struct {
	ID, Name, Why, NotRecorded string
	Count                      int
	Things                     []sensing.Thing
	More                       int64 // the id to go on after, 0 at the end
}

const sensorsPerKind = 12

func (s *Site) sensors(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	only := r.FormValue("soort")
	after, err := number(r.FormValue("na"))
	if err != nil {
		return nil, err
	}
	var kinds []sensorKind
	for i := range d.City.Things {
		t := &d.City.Things[i]
		if only != "" && t.ID != only {
			continue
		}
		limit := sensorsPerKind
		if only != "" {
			limit = 100
		}
		things, err := d.Sensing.Things(r.Context(), sensing.ThingFilter{Kind: t.ID, After: after, Limit: limit})
		if err != nil {
			return nil, err
		}
		if len(things) == 0 {
			continue
		}
		k := sensorKind{ID: t.ID, Name: in(t.Name, p), Why: in(t.Why, p), NotRecorded: in(t.NotRecorded, p), Things: things}
		if len(things) == limit {
			k.More = things[limit-1].ID
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// in returns a city's text in the reader's language, else in its first.
func in(t city.Text, p *message.Printer) string {
	if text, ok := t[p.Lang()]; ok {
		return text
	}
	return t["nl"]
}

type sensorPage struct {
	sensing.Thing
	Template  sensorKind
	District  string
	Owner     string
	Streams   []sensorStream
	Simulated bool
	Container bool
	Faults    []faultLine // of a container's sensor
}

type sensorStream struct {
	sensing.Datastream
	Latest string
	At     time.Time
	Old    bool
	Chart  *Chart
	Table  *Table // of a truth: from when to when it held
}

func (s *Site) sensor(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	thing, err := d.Sensing.ThingByKey(r.Context(), r.PathValue("thing"))
	if err != nil {
		return nil, err
	}
	page := &sensorPage{Thing: thing, Simulated: d.City.Simulated, Container: thing.Kind == "container"}
	if t, ok := d.City.Thing(thing.Kind); ok {
		page.Template = sensorKind{ID: t.ID, Name: message.UpperFirst(in(t.Name, p)), Why: in(t.Why, p), NotRecorded: in(t.NotRecorded, p)}
		page.Owner = t.Owner
	}
	if district, ok := d.City.District(thing.District); ok {
		page.District = district.Name
	}
	if page.Container {
		found, err := d.Collection.Anomalies(r.Context())
		if err != nil {
			return nil, err
		}
		page.Faults = faultLines(p, slices.DeleteFunc(found, func(a collection.Anomaly) bool { return a.Container != thing.Key }))
	}
	streams, err := d.Sensing.Datastreams(r.Context(), thing.ID)
	if err != nil {
		return nil, err
	}
	now := p.Now()
	for _, x := range streams {
		line := sensorStream{Datastream: x}
		if x.Latest != nil {
			line.At, line.Old = x.Latest.Time, now.Sub(x.Latest.Time) > oldAfter
			line.Latest = quantity(p, x.Latest.Value, x.Unit)
			if isTruth(&x) {
				line.Latest = p.T(map[bool]string{true: "sensor.yes", false: "sensor.no"}[x.Latest.Holds()])
			}
		}
		if isTruth(&x) { // open or not is no line
			line.Table, err = s.held(r, d, &x, now)
		} else {
			line.Chart, err = s.recent(r, d, &x, now)
		}
		if err != nil {
			return nil, err
		}
		page.Streams = append(page.Streams, line)
	}
	return page, nil
}

// quantity writes a value with its unit; a fraction as a percentage.
func quantity(p *message.Printer, value float64, unit sensing.Unit) string {
	if unit.Name == "fraction" {
		if text, err := p.Format("pct", value); err == nil {
			return text
		}
	}
	text := strconv.FormatFloat(value, 'f', -1, 64)
	if unit.Symbol == "" || unit.Symbol == "1" {
		return text
	}
	return text + " " + unit.Symbol
}

// isTruth reports whether a series says true or false.
func isTruth(x *sensing.Datastream) bool { return x.ObservationType == sensing.Truth }

// mostHeld is how many times that a truth held are listed.
const mostHeld = 50

// held lists from when to when a truth held in the last week, the latest first; nil when it never did.
func (s *Site) held(r *http.Request, d *Domains, x *sensing.Datastream, now time.Time) (*Table, error) {
	type span struct{ from, to time.Time }
	var spans []span
	open := false
	err := d.Sensing.Range(r.Context(), x.ID, now.AddDate(0, 0, -7), now, func(o sensing.Observation) error {
		switch {
		case o.Holds() && !open:
			spans, open = append(spans, span{from: o.Time}), true
		case !o.Holds() && open:
			spans[len(spans)-1].to, open = o.Time, false
		}
		return nil
	})
	if err != nil || len(spans) == 0 {
		return nil, err
	}
	p := s.printer(r)
	t := &Table{
		Caption: p.T("sensor.held.caption", "name", x.Name), Numeric: []bool{false, false, true},
		Head: []string{p.T("sensor.held.from"), p.T("sensor.held.to"), p.T("sensor.held.minutes")},
	}
	for i := len(spans) - 1; i >= 0 && len(t.Rows) < mostHeld; i-- {
		to, minutes := p.T("sensor.held.still"), now.Sub(spans[i].from)
		if !spans[i].to.IsZero() {
			to, minutes = format(p, "moment", spans[i].to), spans[i].to.Sub(spans[i].from)
		}
		t.Rows = append(t.Rows, []any{format(p, "moment", spans[i].from), to, format(p, "int", int64(minutes.Round(time.Minute)/time.Minute))})
	}
	return t, nil
}

// recent draws the last week of a series, an hour a point; nil when it is nearly empty.
func (s *Site) recent(r *http.Request, d *Domains, x *sensing.Datastream, now time.Time) (*Chart, error) {
	p := s.printer(r)
	from := now.AddDate(0, 0, -7)
	var points []chart.Point
	format := "int"
	if x.Unit.Name == "fraction" {
		format = "pct"
	}
	err := d.Sensing.Range(r.Context(), x.ID, from, now, func(o sensing.Observation) error {
		if n := len(points); n > 0 && o.Time.Sub(points[n-1].Time) < time.Hour/2 {
			return nil
		}
		points = append(points, chart.Point{Time: o.Time, Value: o.Value})
		return nil
	})
	if err != nil || len(points) < 3 {
		return nil, err
	}
	unit := x.Unit.Symbol
	if x.Unit.Name == "fraction" {
		unit = "%"
	}
	title := p.T("sensor.chart.title", "name", x.Name, "unit", orText(unit, x.Unit.Name))
	c := &Chart{Title: title, Table: Table{Caption: title, Hidden: true, Head: []string{p.T("sensor.chart.time"), x.Name}, Numeric: []bool{false, true}}}
	c.SVG = chart.Fan{
		Head: chart.Head{ID: fmt.Sprintf("stream-%d", x.ID), Title: title, Desc: p.T("sensor.chart.desc", "n", len(points))}, Format: format, History: points,
	}.SVG(p)
	for i := len(points) - 1; i >= 0; i -= max(1, len(points)/30) {
		at, err := p.Format("moment", points[i].Time)
		if err != nil {
			return nil, err
		}
		value, err := p.Format(format, points[i].Value)
		if err != nil {
			return nil, err
		}
		c.Table.Rows = append(c.Table.Rows, []any{at, value})
	}
	return c, nil
}
