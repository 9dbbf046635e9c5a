package chart

import (
	"cmp"
	"fmt"
	"html"
	"html/template"
	"math"
	"slices"
	"strings"

	"polder.city/internal/message"
)

// Curve is a line through points, in the order that they are given: how one thing is traded for another.
type Curve struct {
	Name   string
	Points [][2]float64 // x above 0, and y; others are left out
	Main   bool         // drawn with weight; the others are lighter and dashed
}

// Curves draws trade-offs: x, over decades, against y. Each curve has its name beside its last point.
type Curves struct {
	Head
	XText, YText string // what the axes are, with their units
	Format       string // of y, in the catalogue
	Curves       []Curve
}

// SVG draws the chart, 600 by 420. Along x stand shares in percent, since that is what is traded.
func (c Curves) SVG(p *message.Printer) template.HTML {
	const left, right, top, bottom = 60.0, 110.0, 34.0, 46.0
	canvas := newCanvas(c.Head, 600, 420, "", false)
	low, high, least, most := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, curve := range c.Curves {
		for _, q := range curve.points() {
			low, high = math.Min(low, q[0]), math.Max(high, q[0])
			least, most = math.Min(least, q[1]), math.Max(most, q[1])
		}
	}
	if math.IsInf(low, 0) {
		return canvas.done()
	}
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if last <= first {
		last = first + 1
	}
	marks := ticks(most, 5)
	from := 0
	for from+2 < len(marks) && marks[from+1] <= least { // y need not begin at 0: the grid says where it does
		from++
	}
	marks = marks[from:]
	x, y := scale{first, last, left, canvas.w - right}, scale{marks[0], marks[len(marks)-1], canvas.h - bottom, top}
	canvas.text(left-50, top-16, "start", "mute", c.YText)
	for _, v := range marks {
		canvas.line("grid", left, math.Round(y.px(v))+0.5, canvas.w-right, math.Round(y.px(v))+0.5)
		canvas.text(left-8, y.px(v)+4, "end", "mute", format(p, c.Format, v))
	}
	for d := first; d <= last; d++ {
		canvas.line("grid", math.Round(x.px(d))+0.5, top, math.Round(x.px(d))+0.5, canvas.h-bottom)
		canvas.text(x.px(d), canvas.h-bottom+18, "middle", "mute", decade(p, int(d)))
	}
	canvas.text((left+canvas.w-right)/2, canvas.h-8, "middle", "mute", c.XText)
	type label struct {
		y    float64
		name string
		main bool
	}
	var labels []label
	for _, curve := range c.Curves {
		points := curve.points()
		if len(points) == 0 {
			continue
		}
		class := "line2"
		if curve.Main {
			class = "line"
		}
		var line [][2]float64
		for _, q := range points {
			line = append(line, [2]float64{x.px(math.Log10(q[0])), y.px(q[1])})
		}
		canvas.path(class, line)
		for _, q := range line {
			fmt.Fprintf(canvas, "<circle class=\"now\" cx=\"%s\" cy=\"%s\" r=\"3\"><title>%s</title></circle>\n", num(q[0]), num(q[1]), html.EscapeString(curve.Name))
		}
		end := line[len(line)-1]
		labels = append(labels, label{end[1], curve.Name, curve.Main})
		canvas.line("grid", end[0], end[1], canvas.w-right+4, end[1])
	}
	slices.SortStableFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for i, l := range labels { // names do not lie over each other
		if i > 0 && l.y < labels[i-1].y+15 {
			labels[i].y = labels[i-1].y + 15
		}
		class := "mute"
		if l.main {
			class = "strong"
		}
		canvas.text(canvas.w-right+8, labels[i].y+4, "start", class, l.name)
	}
	return canvas.done()
}

// points returns the points that can be drawn.
func (c Curve) points() (points [][2]float64) {
	for _, q := range c.Points {
		if q[0] > 0 && !math.IsInf(q[0], 0) && !math.IsNaN(q[1]) && !math.IsInf(q[1], 0) {
			points = append(points, q)
		}
	}
	return points
}

// decade writes a power of ten as a share in percent.
func decade(p *message.Printer, d int) string {
	decimals := max(0, -d-2)
	s := fmt.Sprintf("%.*f", decimals, math.Pow10(d+2))
	if p.Lang() == "nl" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + " %"
}
