package chart

import (
	"html/template"
	"math"
	"time"

	"polder.city/internal/calendar"
	"polder.city/internal/message"
)

// Point is a value at a moment; NaN where there is none.
type Point struct {
	Time  time.Time
	Value float64
}

// Band is a forecast for a moment: the median with its 50 and 90 % intervals.
type Band struct {
	Time                                 time.Time
	Low90, Low50, Median, High50, High90 float64
}

// Event is something that happened or is planned, such as an emptying.
type Event struct {
	Time time.Time
	Text string
}

// Fan is a series as it was, and a forecast as a fan: never one line.
type Fan struct {
	Head
	Format       string // of the values, in the catalogue: "pct", "int"
	History      []Point
	Forecast     []Band
	Events       []Event
	Capacity     float64 // a line that must not be crossed; 0: none
	CapacityText string
	Compare      []Point // a second series, dashed, such as the fixed schedule
	CompareText  string
	Gap          time.Duration // history further apart is not joined; 0: always joined
	NoNow        bool          // the newest value is not written out
}

// SVG draws the chart, 600 by 280.
func (f Fan) SVG(p *message.Printer) template.HTML {
	const left, right, top, bottom = 74.0, 72.0, 28.0, 36.0
	c := newCanvas(f.Head, 600, 280, "", false)
	from, to := f.span()
	if from.IsZero() || !to.After(from) {
		return c.done()
	}
	x := timeScale(from, to, left, c.w-right)
	marks := ticks(f.top(), 4)
	y := scale{0, marks[len(marks)-1], c.h - bottom, top}

	for _, v := range marks {
		c.line("grid", left, math.Round(y.px(v))+0.5, c.w-right, math.Round(y.px(v))+0.5)
		c.text(left-8, y.px(v)+4, "end", "mute", format(p, f.Format, v))
	}
	f.days(c, p, from, to, x, top, c.h-bottom)

	var high90, low90, high50, low50, median [][2]float64
	for _, b := range f.Forecast {
		t := x(b.Time)
		high90, low90 = append(high90, [2]float64{t, y.px(b.High90)}), append(low90, [2]float64{t, y.px(b.Low90)})
		high50, low50 = append(high50, [2]float64{t, y.px(b.High50)}), append(low50, [2]float64{t, y.px(b.Low50)})
		median = append(median, [2]float64{t, y.px(b.Median)})
	}
	c.band("fan90", high90, low90)
	c.band("fan50", high50, low50)
	c.path("median", median)
	if f.Capacity > 0 {
		h := y.px(f.Capacity)
		c.line("capacity", left, h, c.w-right, h)
		c.text(left+4, h-6, "start", "act", f.CapacityText)
	}
	for _, e := range f.Events {
		if e.Time.Before(from) || e.Time.After(to) {
			continue
		}
		c.line("event", x(e.Time), top, x(e.Time), c.h-bottom)
		c.text(x(e.Time), top-8, "middle", "mute", e.Text)
	}
	c.path("line2", f.points(f.Compare, x, y))
	if n := len(f.Compare); n > 0 && f.CompareText != "" {
		last := f.Compare[n-1]
		c.text(x(last.Time)+6, y.px(last.Value)+4, "start", "mute", f.CompareText)
	}
	c.path("line", f.points(f.History, x, y))
	if n := len(f.History); n > 0 && !f.NoNow && !math.IsNaN(f.History[n-1].Value) {
		last := f.History[n-1]
		cx, cy := x(last.Time), y.px(last.Value)
		c.WriteString(`<circle class="now" cx="` + num(cx) + `" cy="` + num(cy) + "\" r=\"5\"/>\n")
		c.text(cx-8, cy-10, "end", "strong", format(p, f.Format, last.Value))
	}
	if n := len(f.Forecast); n > 0 {
		last := f.Forecast[n-1]
		c.text(x(last.Time)+6, y.px(last.High90)+4, "start", "mute", format(p, f.Format, last.High90))
		if y.px(last.Low90)-y.px(last.High90) > 14 {
			c.text(x(last.Time)+6, y.px(last.Low90)+4, "start", "mute", format(p, f.Format, last.Low90))
		}
	}
	return c.done()
}

// days writes the dates under the chart, as many as have room, at the start of a day.
func (f Fan) days(c *canvas, p *message.Printer, from, to time.Time, x func(time.Time) float64, top, bottom float64) {
	day := calendar.Midnight(from, p.Location())
	if day.Before(from) {
		day = calendar.AddDays(day, 1)
	}
	n := int(to.Sub(from).Hours()/24) + 1
	step := max(1, (n+4)/5)
	for i := 0; !day.After(to); i, day = i+1, calendar.AddDays(day, 1) {
		if i%step != 0 {
			continue
		}
		c.line("grid", math.Round(x(day))+0.5, bottom, math.Round(x(day))+0.5, bottom+6)
		c.text(x(day), bottom+22, "middle", "mute", formatTime(p, "short", day))
	}
	c.line("axis", x(from), bottom+0.5, x(to), bottom+0.5)
}

func (f Fan) points(series []Point, x func(time.Time) float64, y scale) [][2]float64 {
	xy := make([][2]float64, 0, len(series))
	for i, pt := range series {
		if f.Gap > 0 && i > 0 && pt.Time.Sub(series[i-1].Time) > f.Gap {
			xy = append(xy, [2]float64{math.NaN(), math.NaN()})
		}
		xy = append(xy, [2]float64{x(pt.Time), y.px(pt.Value)})
	}
	return xy
}

// span returns the first and the last moment of all series.
func (f Fan) span() (from, to time.Time) {
	see := func(t time.Time) {
		if from.IsZero() || t.Before(from) {
			from = t
		}
		if to.IsZero() || t.After(to) {
			to = t
		}
	}
	for _, series := range [][]Point{f.History, f.Compare} {
		for _, pt := range series {
			see(pt.Time)
		}
	}
	for _, b := range f.Forecast {
		see(b.Time)
	}
	return from, to
}

// top returns the largest value that must be seen.
func (f Fan) top() float64 {
	top := f.Capacity
	for _, series := range [][]Point{f.History, f.Compare} {
		for _, pt := range series {
			if pt.Value > top { // false for NaN
				top = pt.Value
			}
		}
	}
	for _, b := range f.Forecast {
		top = max(top, b.High90)
	}
	return top
}
