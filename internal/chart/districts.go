package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"

	"polder.city/internal/message"
)

// Area is a district with its shape and its value.
type Area struct {
	Name  string
	Path  string // where a click goes; empty: nowhere
	Shape orb.Geometry
	Value float64 // 0 to 1; NaN: nothing is known
	Text  string  // the value in words
}

// Districts colours districts by a value between 0 and 1: the map for who has no scripts.
type Districts struct {
	Head
	Areas     []Area
	Low, High string // words at the ends of the ramp
}

// SVG draws the districts, 720 wide and as high as the city asks, at most 720. Coordinates are projected with
// one scale in both directions at the middle latitude, good to a pixel for a city.
func (d Districts) SVG(p *message.Printer) template.HTML {
	const width, foot = 720.0, 34.0
	bound := orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}
	for _, a := range d.Areas {
		if a.Shape != nil {
			bound = bound.Union(a.Shape.Bound())
		}
	}
	if len(d.Areas) == 0 || math.IsInf(bound.Min.X(), 1) {
		return newCanvas(d.Head, width, foot, "land", false).done()
	}
	squeeze := math.Cos(bound.Center().Lat() * math.Pi / 180)
	perDegree := (width - 8) / ((bound.Right() - bound.Left()) * squeeze)
	height := (bound.Top() - bound.Bottom()) * perDegree
	if height > width-foot {
		perDegree *= (width - foot) / height
		height = width - foot
	}
	c := newCanvas(d.Head, width, height+foot+8, "land", true)
	project := func(pt orb.Point) (x, y float64) {
		return 4 + (pt.Lon()-bound.Left())*squeeze*perDegree, 4 + (bound.Top()-pt.Lat())*perDegree
	}
	for _, a := range d.Areas {
		path := shape(a.Shape, project, perDegree)
		if path == "" {
			continue
		}
		words := html.EscapeString(a.Name + ": " + a.Text)
		mark := fmt.Sprintf(`<path class="area %s" d="%s"><title>%s</title></path>`, rampClass(a.Value), path, words)
		if a.Path != "" {
			mark = fmt.Sprintf(`<a href="%s" aria-label="%s">%s</a>`, html.EscapeString(p.Path(a.Path)), words, mark)
		}
		c.WriteString(mark + "\n")
	}
	y := height + 16
	for i := range 5 {
		c.rect(fmt.Sprintf("ramp-%d", i+1), 4+float64(i)*36, y, 36, 12, "")
	}
	c.text(4, y+26, "start", "mute", d.Low)
	c.text(4+5*36, y+26, "end", "mute", d.High)
	return c.done()
}

// rampClass returns the class of the ramp's step for a value.
func rampClass(v float64) string {
	if math.IsNaN(v) {
		return "ramp-0"
	}
	return fmt.Sprintf("ramp-%d", 1+int(min(4, max(0, math.Floor(v*5)))))
}

// shape writes a polygon's rings as a path, simplified to half a pixel.
func shape(g orb.Geometry, project func(orb.Point) (float64, float64), perDegree float64) string {
	var polygons orb.MultiPolygon
	switch g := g.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		polygons = g
	default:
		return ""
	}
	thin := simplify.DouglasPeucker(0.5 / perDegree)
	var b strings.Builder
	for _, polygon := range polygons {
		for _, ring := range polygon {
			points, ok := thin.Simplify(ring.Clone()).(orb.Ring)
			if !ok || len(points) < 4 {
				continue
			}
			for i, pt := range points[:len(points)-1] {
				x, y := project(pt)
				b.WriteString(map[bool]string{true: "M", false: "L"}[i == 0] + num(x) + " " + num(y))
			}
			b.WriteString("z")
		}
	}
	return b.String()
}
