package synth

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"polder.city/internal/problem"
	"polder.city/roads"
)

// Draw draws the streets of a landscape. The same landscape gives the same
// network every time. All streets that trucks may use are connected in both
// directions (a motorway that no ramp leads to is left out); streets cross water
// on bridges only; a district's own streets stay inside it.
//
// It returns a problem.Invalid for a landscape without districts, or wider than
// 200 km, or with a point that is no place on earth.
func Draw(l Landscape) (*roads.Network, error) {
	b, err := l.bound()
	if err != nil {
		return nil, err
	}
	p := newPlane(b.Center())
	m := l.draw(p, b)
	m.name(l)
	return m.network(p, l), nil
}

// draw draws everything but the names.
func (l Landscape) draw(p plane, b orb.Bound) *mesh {
	lo, hi := bounds(300, p.line([]orb.Point{b.Min, b.Max}))
	m := newMesh(lo, hi)
	for _, w := range l.Water {
		m.water = append(m.water, p.polygon(w.outline(p)))
	}
	m.mainRoads(p, l)
	var junctions []vec
	for n, d := range m.degree {
		if d > 2 {
			junctions = append(junctions, m.nodes[n])
		}
	}
	closed := l.closed(p)
	for i, d := range l.Districts {
		for j, polygon := range d.Polygon {
			q := quarter{
				mesh: m, rng: seedFor(l.Seed, fmt.Sprintf("%s/%d", d.Code, j)), district: int32(i),
				piece: p.polygon(polygon), texture: textures[d.Pattern], junctions: &junctions,
			}
			for _, c := range closed {
				if c.near(q.piece.lo, q.piece.hi, 0) {
					q.closed = append(q.closed, c)
				}
			}
			q.draw()
		}
		m.access(int32(i), &junctions)
	}
	m.sew()
	m.busways(p, l)
	m.openOneWays()
	m.leaveOut()
	return m
}

// bound returns the box around everything that is drawn.
func (l *Landscape) bound() (orb.Bound, error) {
	b := orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}
	for _, d := range l.Districts {
		for _, polygon := range d.Polygon {
			for _, ring := range polygon {
				if len(ring) < 4 {
					return b, problem.New(problem.Invalid, "synth.ring", "A ring of district %s has %d points.", d.Code, len(ring)).Do("Give it at least four, the last equal to the first.")
				}
				b = b.Union(ring.Bound())
			}
		}
	}
	if b.IsEmpty() {
		return b, problem.New(problem.Invalid, "synth.empty", "The landscape has no districts.").Do("Draw at least one.")
	}
	for _, r := range l.Roads {
		if err := sound("Road", r.Name, r.Line); err != nil {
			return b, err
		}
		b = b.Union(r.Line.Bound())
	}
	for _, w := range l.Water {
		if len(w.Polygon) > 0 {
			continue
		}
		if err := sound("Canal", w.Name, w.Line); err != nil {
			return b, err
		}
		if !(w.Width > 0) {
			return b, problem.New(problem.Invalid, "synth.width", "Canal %q is %g metres wide.", w.Name, w.Width).Do("Give it a width.")
		}
	}
	for _, v := range []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]} {
		if math.IsNaN(v) || math.Abs(v) > 180 {
			return b, problem.New(problem.Invalid, "synth.point", "The landscape has a point that is no place on earth.").Do("Write longitude and latitude in degrees.")
		}
	}
	p := newPlane(b.Center())
	if lo, hi := bounds(0, p.line([]orb.Point{b.Min, b.Max})); hi.x-lo.x > 200_000 || hi.y-lo.y > 200_000 || math.Abs(b.Center().Lat()) > 80 {
		return b, problem.New(problem.Invalid, "synth.size", "The landscape is wider than 200 km, or lies near a pole.").Do("Draw one city at a time.")
	}
	return b, nil
}

// sound refuses a line on which two points follow each other within a metre.
func sound(what, name string, line orb.LineString) error {
	if len(line) < 2 {
		return problem.New(problem.Invalid, "synth.line", "%s %q has %d points.", what, name, len(line)).Do("Give it at least two.")
	}
	for i := 1; i < len(line); i++ {
		if !(geo.Distance(line[i-1], line[i]) >= 1) {
			return problem.New(problem.Invalid, "synth.line", "%s %q stands still at %v.", what, name, line[i]).Do("Leave out one of the two points.")
		}
	}
	return nil
}

// outline returns a lake's polygon, or the band along a canal.
func (w *Water) outline(p plane) orb.Polygon {
	if len(w.Line) < 2 {
		return w.Polygon
	}
	var ring orb.Ring
	for _, v := range band(p.line(w.Line), w.Width) {
		ring = append(ring, p.point(v))
	}
	return orb.Polygon{ring}
}

func (l *Landscape) closed(p plane) []shape {
	var all []shape
	for _, g := range l.Green {
		if g.Closed {
			all = append(all, p.polygon(g.Polygon))
		}
	}
	return all
}

// name gives each street of a district one of its names, in the order of drawing.
// Main streets come first, so that the best known names are theirs.
func (m *mesh) name(l Landscape) {
	used := make([]int, len(l.Districts))
	length := make([]float64, len(m.streets))
	for e := range m.edges {
		if !m.edges[e].gone {
			length[m.edges[e].street] += m.length(int32(e))
		}
	}
	order := make([]int32, 0, len(m.streets))
	for i := range m.streets {
		if s := &m.streets[i]; s.district >= 0 && s.class != roads.Cycleway && s.class != roads.Footway && length[i] > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(m.streets[a].class) - int(m.streets[b].class) })
	for _, i := range order {
		s := &m.streets[i]
		d := &l.Districts[s.district]
		s.name = d.streetName(used[s.district])
		used[s.district]++
	}
	for i := range m.streets {
		if like := m.streets[i].like; like > 0 {
			m.streets[i].name = m.streets[like-1].name
		}
	}
}

var numerals = []string{"II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"}

// streetName returns a district's n-th name.
func (d *District) streetName(n int) string {
	if len(d.Streets) == 0 {
		return fmt.Sprintf("%s %d", d.Name, n+1)
	}
	name, round := d.Streets[n%len(d.Streets)], n/len(d.Streets)
	switch {
	case round == 0:
		return name
	case round <= len(numerals):
		return name + " " + numerals[round-1]
	default:
		return fmt.Sprintf("%s %d", name, round+1)
	}
}
