package roads

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

// Snap is the place on the street that is nearest to a point.
type Snap struct {
	Edge   int32     // of the graph that snapped it
	Along  float64   // share of the edge's length before the place, in drawing order, 0 to 1
	Point  orb.Point // the place on the street
	Meters float64   // from the point to the place
	Right  bool      // the point lies on the right of the drawing order
}

// TooFarError says that no street of the graph is near enough to a point.
type TooFarError struct {
	Point  orb.Point
	Meters float64 // to the nearest street
	Limit  float64 // metres that were allowed
}

// Error names the point, the distance and the limit.
func (e *TooFarError) Error() string {
	return fmt.Sprintf("the point %.6f, %.6f lies %.0f m from the nearest street that may be driven (at most %.0f m is allowed)",
		e.Point[0], e.Point[1], e.Meters, e.Limit)
}

// Snap finds the nearest place on a street where the vehicle may stop. It returns
// a [*TooFarError] when that is more than maxMeters away, and a [*problem.Error]
// for a point that is not on the earth.
func (g *Graph) Snap(p orb.Point, maxMeters float64) (Snap, error) {
	if !onEarth(p) {
		return Snap{}, problem.New(problem.Invalid, "roads.snap.coordinate", "%v, %v is not a longitude and a latitude.", p[0], p[1]).
			Do("Give degrees, longitude first, WGS 84.")
	}
	segment, far := g.cells.nearest(g.points, p)
	if segment < 0 {
		return Snap{}, problem.New(problem.NotFound, "roads.snap.none", "There is no street where the vehicle may stop.").
			Do("Look at no_stopping in the profile.")
	}
	if !(far <= maxMeters) {
		return Snap{}, &TooFarError{Point: p, Meters: far, Limit: maxMeters}
	}
	i, _ := slices.BinarySearch(g.shape, segment+1)
	e := int32(i - 1)
	a, b := g.points[segment], g.points[segment+1]
	share, _ := project(p, a, b)
	s := Snap{Edge: e, Point: orb.Point{a[0] + share*(b[0]-a[0]), a[1] + share*(b[1]-a[1])}, Meters: far}
	s.Right = (b[0]-a[0])*(p[1]-a[1])-(b[1]-a[1])*(p[0]-a[0]) <= 0
	line := g.edgePoints(e)
	before := length(line[:segment-g.shape[e]+1]) + share*meters(a, b)
	s.Along = min(before/length(line), 1)
	return s, nil
}

// project returns the share of the way from a to b that is nearest to p, and the
// distance in metres from there to p, in a plane that touches the earth at p.
func project(p, a, b orb.Point) (share, far float64) {
	k := math.Cos(p[1] * math.Pi / 180)
	ax, ay := (a[0]-p[0])*k, a[1]-p[1]
	dx, dy := (b[0]-a[0])*k, b[1]-a[1]
	if square := dx*dx + dy*dy; square > 0 {
		share = max(0, min(1, -(ax*dx+ay*dy)/square))
	}
	x, y := ax+share*dx, ay+share*dy
	return share, math.Sqrt(x*x+y*y) * metersPerDegree
}

// grid finds the segment nearest to a point. A segment is listed in each cell
// that its box touches; cells are about cellMeters wide.
type grid struct {
	min           orb.Point
	width, height float64 // of a cell, degrees
	columns, rows int
	reach         float64 // a lower bound of a cell's smaller side, metres
	from          []int32 // cell c lists segments[from[c]:from[c+1]]
	segments      []int32 // by the number of their first point
}

const (
	cellMeters = 150
	maxCells   = 1 << 22
)

// newGrid lists the edges on which the vehicle may stop.
func newGrid(g *Graph) grid {
	var gr grid
	box, corners := orb.Bound{}, 0
	for e := range g.edges() {
		if !g.stops(e) {
			continue
		}
		for _, p := range g.edgePoints(e) {
			if corners == 0 {
				box = orb.Bound{Min: p, Max: p}
			}
			box = box.Extend(p)
			corners++
		}
	}
	if corners == 0 {
		return gr
	}
	// The narrowest degree of longitude in the box, but not of a pole.
	k := max(0.01, math.Cos(max(math.Abs(box.Min[1]), math.Abs(box.Max[1]))*math.Pi/180))
	for size := float64(cellMeters); ; size *= 2 {
		gr.height, gr.width = size/metersPerDegree, size/metersPerDegree/k
		columns, rows := (box.Max[0]-box.Min[0])/gr.width+1, (box.Max[1]-box.Min[1])/gr.height+1
		gr.reach = size * 0.99
		if columns*rows > maxCells {
			continue
		}
		gr.min, gr.columns, gr.rows = box.Min, int(columns), int(rows)
		// Long segments are in many cells: with larger cells they are in fewer.
		listed := 0
		gr.each(g, func(c0, r0, c1, r1 int, _ int32) { listed += (c1 - c0 + 1) * (r1 - r0 + 1) })
		if listed <= maxCells+8*len(g.points) {
			break
		}
	}
	gr.from = make([]int32, gr.columns*gr.rows+1)
	gr.each(g, func(c0, r0, c1, r1 int, _ int32) {
		for r := r0; r <= r1; r++ {
			for c := c0; c <= c1; c++ {
				gr.from[r*gr.columns+c+1]++
			}
		}
	})
	for c := range gr.columns * gr.rows {
		gr.from[c+1] += gr.from[c]
	}
	gr.segments = make([]int32, gr.from[gr.columns*gr.rows])
	fill := slices.Clone(gr.from)
	gr.each(g, func(c0, r0, c1, r1 int, segment int32) {
		for r := r0; r <= r1; r++ {
			for c := c0; c <= c1; c++ {
				cell := r*gr.columns + c
				gr.segments[fill[cell]] = segment
				fill[cell]++
			}
		}
	})
	return gr
}

// each visits the segments on which the vehicle may stop, with the box of cells
// that each touches: columns c0 to c1, rows r0 to r1.
func (gr *grid) each(g *Graph, visit func(c0, r0, c1, r1 int, segment int32)) {
	for e := range g.edges() {
		if !g.stops(e) {
			continue
		}
		for s := g.shape[e]; s < g.shape[e+1]-1; s++ {
			c0, r0 := gr.cell(g.points[s])
			c1, r1 := gr.cell(g.points[s+1])
			visit(min(c0, c1), min(r0, r1), max(c0, c1), max(r0, r1), s)
		}
	}
}

// cell returns the column and row of a point, or of the nearest cell to it.
func (gr *grid) cell(p orb.Point) (column, row int) {
	c := math.Floor((p[0] - gr.min[0]) / gr.width)
	r := math.Floor((p[1] - gr.min[1]) / gr.height)
	return int(max(0, min(c, float64(gr.columns-1)))), int(max(0, min(r, float64(gr.rows-1))))
}

// nearest looks in rings of cells around the point's own, until no cell further
// out can hold anything nearer. Of equally near segments it returns the first.
func (gr *grid) nearest(points []orb.Point, p orb.Point) (segment int32, far float64) {
	segment, far = -1, math.Inf(1)
	if gr.columns == 0 {
		return segment, far
	}
	look := func(c, r int) {
		if c < 0 || c >= gr.columns || r < 0 || r >= gr.rows {
			return
		}
		cell := r*gr.columns + c
		for _, s := range gr.segments[gr.from[cell]:gr.from[cell+1]] {
			if _, d := project(p, points[s], points[s+1]); d < far || d == far && s < segment {
				segment, far = s, d
			}
		}
	}
	column, row := gr.cell(p)
	for ring := 0; ring <= max(gr.columns, gr.rows); ring++ {
		if float64(ring-1)*gr.reach > far {
			break
		}
		for c := column - ring; c <= column+ring; c++ {
			look(c, row-ring)
			if ring > 0 {
				look(c, row+ring)
			}
		}
		for r := row - ring + 1; r < row+ring; r++ {
			look(column-ring, r)
			look(column+ring, r)
		}
	}
	return segment, far
}

// shareAlong returns the share of an arc before a place on its edge.
func shareAlong(arc int32, s Snap) float64 {
	if arc&1 == 0 {
		return s.Along
	}
	return 1 - s.Along
}
