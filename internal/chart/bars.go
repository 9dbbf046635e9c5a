package chart

import (
	"html"
	"html/template"
	"math"
	"strings"

	"polder.city/internal/message"
)

// Bar is one value with its name, and what it is compared with.
type Bar struct {
	Label   string
	Value   float64
	Compare float64 // NaN: nothing
	Low     float64 // an interval around Compare; both 0: none
	High    float64
}

// Bars compares values of a few things, each with its name above and its value at its end.
type Bars struct {
	Head
	Format      string // of the values, in the catalogue
	Items       []Bar
	ValueText   string // what the bars are, when there is something to compare with
	CompareText string
}

// SVG draws the chart, 600 wide and as high as it has bars.
func (b Bars) SVG(p *message.Printer) template.HTML {
	const left, right, label, thick, thin = 1.0, 90.0, 24.0, 18.0, 10.0
	compared := false
	limit := 0.0
	for _, item := range b.Items {
		limit = max(limit, item.Value)
		if !math.IsNaN(item.Compare) {
			compared = true
			limit = max(limit, item.Compare, item.High)
		}
	}
	row := label + thick + 14
	if compared {
		row += thin + 4
	}
	top := 6.0
	if compared {
		top = 30
	}
	c := newCanvas(b.Head, 600, top+row*float64(len(b.Items))+4, "", false)
	marks := ticks(limit, 4)
	x := scale{0, marks[len(marks)-1], left, c.w - right}
	if compared {
		c.rect("bar", left, 6, 10, 10, "")
		c.text(left+16, 16, "start", "", b.ValueText)
		c.rect("bar2", left+230, 6, 10, 10, "")
		c.text(left+246, 16, "start", "", b.CompareText)
	}
	for _, v := range marks {
		c.line("grid", math.Round(x.px(v))+0.5, top, math.Round(x.px(v))+0.5, c.h-4)
	}
	for i, item := range b.Items {
		y := top + row*float64(i) + label
		c.text(left, y-6, "start", "", item.Label)
		c.rect("bar", left, y, max(0, x.px(item.Value)-left), thick, "")
		c.text(x.px(item.Value)+6, y+thick/2+5, "start", "strong", format(p, b.Format, item.Value))
		if math.IsNaN(item.Compare) {
			continue
		}
		y += thick + 3
		end := x.px(item.Compare)
		c.rect("bar2", left, y, max(0, end-left), thin, "")
		if item.High > item.Low {
			c.line("line2", x.px(item.Low), y+thin/2, x.px(item.High), y+thin/2)
			end = x.px(item.High)
		}
		c.text(end+6, y+thin/2+5, "start", "mute", format(p, b.Format, item.Compare))
	}
	return c.done()
}

// Spark draws a small line without axes, to stand in a sentence or a table. The text
// says the same in words.
func Spark(values []float64, text string) template.HTML {
	const w, h = 96.0, 22.0
	limit, floor := math.Inf(-1), math.Inf(1)
	for _, v := range values {
		if !math.IsNaN(v) {
			limit, floor = max(limit, v), min(floor, v)
		}
	}
	if math.IsInf(limit, -1) {
		limit, floor = 1, 0
	}
	floor = min(floor, 0)
	y := scale{floor, max(limit, floor+1e-9), h - 3, 3}
	c := &canvas{w: w, h: h}
	c.WriteString(`<svg class="pc spark" viewBox="0 0 96 22" role="img" aria-label="` + html.EscapeString(strings.TrimSpace(text)) + `" xmlns="http://www.w3.org/2000/svg">` + "\n")
	xy := make([][2]float64, len(values))
	for i, v := range values {
		xy[i] = [2]float64{2 + float64(i)*(w-6)/float64(max(1, len(values)-1)), y.px(v)}
	}
	c.path("line", xy)
	return c.done()
}
