package fleet

import (
	"bufio"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"slices"
)

// svgWidth and svgHeight bound a drawing, svgMargin is left free around it.
const svgWidth, svgHeight, svgMargin = 1000.0, 800.0, 20.0

// WriteSVG draws a solution: a line a route, in a colour of its own, from place to place as the crow flies; stops as
// dots, those that nobody serves as rings, facilities as diamonds and depots as squares. Names show where a pointer
// rests. The error is that of [Problem.Validate], of writing, or says that the problem has no Coordinates.
func WriteSVG(w io.Writer, p *Problem, s *Solution) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if len(p.Coordinates) == 0 {
		return errors.New("the problem does not say where its locations lie")
	}
	d := newDrawing(w, p)
	d.printf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" role="img">`+"\n", svgWidth, d.height)
	d.printf("<title>%d routes, %d of %d stops</title>\n", len(s.Routes), len(p.Stops)-len(s.Unserved), len(p.Stops))
	for i := range s.Routes {
		d.route(&s.Routes[i], i)
	}
	for i := range p.Stops {
		shape := `<circle cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>` + "\n"
		if _, left := slices.BinarySearch(s.Unserved, i); left {
			shape = `<circle cx="%.1f" cy="%.1f" r="3" fill="none" stroke="currentColor"><title>%s, not served</title></circle>` + "\n"
		}
		x, y := d.at(p.Stops[i].Location)
		d.printf(shape, x, y, html.EscapeString(stopName(p, i)))
	}
	for i := range p.Facilities {
		x, y := d.at(p.Facilities[i].Location)
		d.printf(`<path d="M%.1f %.1fl7 7-7 7-7-7z"><title>%s</title></path>`+"\n", x, y-7, html.EscapeString(facilityName(p, i)))
	}
	for i := range p.Depots {
		x, y := d.at(p.Depots[i].Location)
		d.printf(`<path d="M%.1f %.1fh12v12h-12z"><title>%s</title></path>`+"\n", x-6, y-6, html.EscapeString(depotName(p, i)))
	}
	d.printf("</svg>\n")
	return d.w.Flush()
}

// drawing turns locations into places on paper.
type drawing struct {
	p             *Problem
	w             *bufio.Writer
	west, north   float64
	scale, height float64
}

func newDrawing(w io.Writer, p *Problem) *drawing {
	d := &drawing{p: p, w: bufio.NewWriter(w), west: math.Inf(1), north: math.Inf(-1)}
	east, south := math.Inf(-1), math.Inf(1)
	for _, at := range p.Coordinates {
		d.west, east = min(d.west, at[0]), max(east, at[0])
		south, d.north = min(south, at[1]), max(d.north, at[1])
	}
	d.scale = min((svgWidth-2*svgMargin)/max(east-d.west, 1e-9), (svgHeight-2*svgMargin)/max(d.north-south, 1e-9))
	d.height = (d.north-south)*d.scale + 2*svgMargin
	return d
}

// printf writes; what goes wrong is kept by w until Flush.
func (d *drawing) printf(format string, args ...any) { fmt.Fprintf(d.w, format, args...) }

// at returns where a location is drawn.
func (d *drawing) at(location int) (x, y float64) {
	c := d.p.Coordinates[location]
	return svgMargin + (c[0]-d.west)*d.scale, svgMargin + (d.north-c[1])*d.scale
}

// route draws the line of a route. Hues are a golden angle apart, so that neighbours in number differ.
func (d *drawing) route(r *Route, number int) {
	const goldenAngle = 137.508
	hue := math.Mod(float64(number)*goldenAngle, 360)
	d.printf(`<polyline fill="none" stroke="hsl(%.0f 70%% 45%%)" stroke-width="1.5" points="`, hue)
	for i := range r.Visits {
		location, ok := d.p.locationOf(&r.Visits[i])
		if !ok {
			continue
		}
		x, y := d.at(location)
		d.printf("%.1f,%.1f ", x, y)
	}
	d.printf(`"><title>%s</title></polyline>`+"\n", html.EscapeString(vehicleName(d.p, r.Vehicle)))
}

// locationOf returns where a visit is; false for a break, and for what does not exist.
func (p *Problem) locationOf(v *Visit) (int, bool) {
	switch {
	case v.Index < 0:
	case v.Kind == Serve && v.Index < len(p.Stops):
		return p.Stops[v.Index].Location, true
	case v.Kind == Unload && v.Index < len(p.Facilities):
		return p.Facilities[v.Index].Location, true
	case (v.Kind == Depart || v.Kind == Return) && v.Index < len(p.Depots):
		return p.Depots[v.Index].Location, true
	}
	return 0, false
}

// facilityName and depotName name them for people.
func facilityName(p *Problem, facility int) string {
	if p.Facilities[facility].Name != "" {
		return p.Facilities[facility].Name
	}
	return fmt.Sprintf("facility %d", facility)
}

func depotName(p *Problem, depot int) string {
	if p.Depots[depot].Name != "" {
		return p.Depots[depot].Name
	}
	return fmt.Sprintf("depot %d", depot)
}
