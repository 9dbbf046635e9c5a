package roads

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// Path is the fastest way between two places.
type Path struct {
	Seconds, Meters int32 // the same as in a matrix of the two places
	// Line runs from the first place to the last over the corners of the streets;
	// it has at least two points.
	Line  orb.LineString
	Steps []Step
	// RightSide is true when what was snapped lies on the right hand on arrival.
	RightSide bool
}

// Step is a stretch of a path over streets of one name and number.
type Step struct {
	Name, Ref       string // as "Stedendreef" and "N702"; either may be ""
	Seconds, Meters int32  // of the stretch, with the turn into it; they add up to the path's
	Point           orb.Point
}

// Path finds the fastest path between two places that this graph snapped. It returns
// an [*UnreachableError] when closures leave none.
func (g *Graph) Path(from, to Snap) (Path, error) {
	for _, s := range [...]Snap{from, to} {
		if err := g.checkSnap(s); err != nil {
			return Path{}, fmt.Errorf("path: %w", err)
		}
	}
	q := g.query()
	defer g.rest(q)
	arcs, cost, err := q.fastest(g, from, to)
	if err != nil {
		return Path{}, fmt.Errorf("path: %w", err)
	}
	if cost == unreached {
		return Path{}, g.unreachable(from, to)
	}
	return g.path(arcs, cost, from, to), nil
}

// path draws a path over arcs.
func (g *Graph) path(arcs []int32, cost packedCost, from, to Snap) Path {
	last := arcs[len(arcs)-1]
	p := Path{
		Seconds:   cost.seconds(g.profile.entryMillis()),
		Meters:    cost.meters(),
		RightSide: to.Right == (last&1 == 0),
	}
	g.draw(&p, arcs, from, to)
	return p
}

// draw fills in the line and the steps.
func (g *Graph) draw(p *Path, arcs []int32, from, to Snap) {
	var spent packedCost
	entry := g.profile.entryMillis()
	var secondsBefore, metersBefore int32
	corners := 2
	for _, a := range arcs {
		corners += len(g.edgePoints(a>>1)) - 1
	}
	p.Line = make(orb.LineString, 0, corners)
	for i, a := range arcs {
		first, last := 0.0, 1.0
		if i == 0 {
			first = shareAlong(a, from)
			p.add(from.Point)
		} else {
			spent += g.turnCost[g.turnKind(arcs[i-1], a)]
		}
		if i == len(arcs)-1 {
			last = shareAlong(a, to)
		}
		spent += g.cost[a>>1].part(first, last)
		l := g.label[a>>1]
		if name, ref := g.names[l.name], g.names[l.ref]; len(p.Steps) == 0 ||
			p.Steps[len(p.Steps)-1].Name != name || p.Steps[len(p.Steps)-1].Ref != ref {
			p.Steps = append(p.Steps, Step{Name: name, Ref: ref, Point: g.at(a, first)})
		}
		step := &p.Steps[len(p.Steps)-1]
		seconds, meters := spent.seconds(entry), spent.meters()
		step.Seconds += seconds - secondsBefore
		step.Meters += meters - metersBefore
		secondsBefore, metersBefore = seconds, meters
		p.corners(g.edgePoints(a>>1), a&1 == 1, first, last)
	}
	p.add(to.Point)
	if len(p.Line) == 1 {
		p.Line = append(p.Line, p.Line[0]) // a line of one point is no line in GeoJSON
	}
}

func (p *Path) add(q orb.Point) {
	if n := len(p.Line); n == 0 || p.Line[n-1] != q {
		p.Line = append(p.Line, q)
	}
}

// turnKind finds the turn from one arc to the next.
func (g *Graph) turnKind(from, to int32) int {
	for _, t := range g.turns[g.turnFrom[from]:g.turnFrom[from+1]] {
		if t.arc() == to {
			return t.kind()
		}
	}
	return turnStraight
}

// corners adds the points of an arc, in its direction, from one share of its length
// to another. The ends of the arc are among them where it is driven to the end.
func (p *Path) corners(line []orb.Point, backward bool, first, last float64) {
	n := len(line)
	point := func(i int) orb.Point {
		if backward {
			return line[n-1-i]
		}
		return line[i]
	}
	if first == 0 && last == 1 {
		for i := range n {
			p.add(point(i))
		}
		return
	}
	total, before := length(line), 0.0
	for i := range n {
		if i > 0 {
			before += meters(point(i-1), point(i))
		}
		switch {
		case i == 0:
			if first == 0 {
				p.add(point(0))
			}
		case i == n-1:
			if last == 1 {
				p.add(point(i))
			}
		case before > first*total && before < last*total:
			p.add(point(i))
		}
	}
}

// at returns the point at a share of an arc.
func (g *Graph) at(arc int32, share float64) orb.Point {
	line := g.edgePoints(arc >> 1)
	if arc&1 == 1 {
		share = 1 - share
	}
	if share == 0 {
		return line[0]
	} else if share == 1 {
		return line[len(line)-1]
	}
	return pointAt(line, share*length(line))
}

// pointAt returns the point of a line after some metres.
func pointAt(line []orb.Point, left float64) orb.Point {
	for i := 1; i < len(line); i++ {
		d := meters(line[i-1], line[i])
		if d >= left {
			f := min(1, math.Max(0, left/d))
			return orb.Point{line[i-1][0] + f*(line[i][0]-line[i-1][0]), line[i-1][1] + f*(line[i][1]-line[i-1][1])}
		}
		left -= d
	}
	return line[len(line)-1]
}

// Feature returns the path as a GeoJSON feature with its seconds and metres.
func (p *Path) Feature() *geojson.Feature {
	f := geojson.NewFeature(p.Line)
	f.Properties["seconds"] = p.Seconds
	f.Properties["meters"] = p.Meters
	return f
}
