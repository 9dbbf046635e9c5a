// Package chart draws Polder's charts as SVG on the server, in one style: direct labels
// in place of legends, a light grid, the newest value written out, colours by CSS classes so that
// they follow light and dark. Each chart has a title and a description for who does not see it; the page puts a
// table of the same values under it.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"

	"polder.city/internal/message"
)

// Head is what every chart says about itself.
type Head struct {
	ID    string // unique on the page; letters, digits and dashes
	Title string // what is drawn, with its unit
	Desc  string // what it shows, in one or two sentences
}

// canvas collects the marks of one SVG.
type canvas struct {
	strings.Builder
	w, h float64
}

// newCanvas opens an SVG of w by h pixels, which scales to the width of its place. A
// chart with links inside is a group; one without is an image. class says how it scales.
func newCanvas(head Head, w, h float64, class string, links bool) *canvas {
	c := &canvas{w: w, h: h}
	role := "img"
	if links {
		role = "group"
	}
	id := html.EscapeString(head.ID)
	if class != "" {
		class = " " + class
	}
	fmt.Fprintf(c, `<svg class="pc%s" viewBox="0 0 %s %s" role="%s" aria-labelledby="%s-t %s-d" xmlns="http://www.w3.org/2000/svg">`, class, num(w), num(h), role, id, id)
	fmt.Fprintf(c, "\n<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>\n", id, html.EscapeString(head.Title), id, html.EscapeString(head.Desc))
	return c
}

func (c *canvas) done() template.HTML {
	c.WriteString("</svg>\n")
	return template.HTML(c.String()) //nolint:gosec // every text was escaped where it was written
}

// num writes a coordinate with at most one decimal.
func num(x float64) string {
	s := fmt.Sprintf("%.1f", x)
	s = strings.TrimSuffix(s, ".0")
	if s == "-0" {
		return "0"
	}
	return s
}

// text writes words; anchor is start, middle or end.
func (c *canvas) text(x, y float64, anchor, class, words string) {
	if class != "" {
		class = ` class="` + class + `"`
	}
	if anchor != "start" {
		class += ` text-anchor="` + anchor + `"`
	}
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\"%s>%s</text>\n", num(x), num(y), class, html.EscapeString(words))
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(c, "<path class=\"%s\" d=\"M%s %sL%s %s\"/>\n", class, num(x1), num(y1), num(x2), num(y2))
}

func (c *canvas) rect(class string, x, y, w, h float64, title string) {
	fmt.Fprintf(c, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"`, class, num(x), num(y), num(w), num(h))
	if title == "" {
		c.WriteString("/>\n")
		return
	}
	fmt.Fprintf(c, "><title>%s</title></rect>\n", html.EscapeString(title))
}

// path writes a line through points; a NaN lifts the pen.
func (c *canvas) path(class string, xy [][2]float64) {
	var d strings.Builder
	pen := "M"
	for _, p := range xy {
		if math.IsNaN(p[0]) || math.IsNaN(p[1]) {
			pen = "M"
			continue
		}
		d.WriteString(pen + num(p[0]) + " " + num(p[1]))
		pen = "L"
	}
	if d.Len() > 0 {
		fmt.Fprintf(c, "<path class=\"%s\" d=\"%s\"/>\n", class, d.String())
	}
}

// band fills what lies between two lines over the same x.
func (c *canvas) band(class string, upper, lower [][2]float64) {
	if len(upper) < 2 {
		return
	}
	ring := append([][2]float64{}, upper...)
	for i := len(lower) - 1; i >= 0; i-- {
		ring = append(ring, lower[i])
	}
	var d strings.Builder
	for i, p := range ring {
		d.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + num(p[0]) + " " + num(p[1]))
	}
	fmt.Fprintf(c, "<path class=\"%s\" d=\"%sz\"/>\n", class, d.String())
}

// scale maps values to pixels.
type scale struct{ from, to, at, end float64 }

func (s scale) px(v float64) float64 {
	if s.to == s.from {
		return s.at
	}
	return s.at + (v-s.from)/(s.to-s.from)*(s.end-s.at)
}

// timeScale maps moments to pixels.
func timeScale(from, to time.Time, at, end float64) func(time.Time) float64 {
	s := scale{0, to.Sub(from).Seconds(), at, end}
	return func(t time.Time) float64 { return s.px(t.Sub(from).Seconds()) }
}

// ticks returns round values from 0 to at least max, about n of them.
func ticks(limit float64, n int) []float64 {
	if limit <= 0 || math.IsNaN(limit) || math.IsInf(limit, 0) {
		return []float64{0, 1}
	}
	raw := limit / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := power
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		step = m * power
		if step >= raw {
			break
		}
	}
	var at []float64
	for i := 0; ; i++ {
		v := float64(i) * step
		at = append(at, v)
		if v >= limit-step*1e-9 {
			return at
		}
	}
}

// format prints a value in one of the catalogue's formats; a format that does not fit shows as a dash.
func format(p *message.Printer, name string, v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	s, err := p.Format(name, v)
	if err != nil {
		return "–"
	}
	return s
}

func formatTime(p *message.Printer, name string, t time.Time) string {
	s, err := p.Format(name, t)
	if err != nil {
		return "–"
	}
	return s
}
