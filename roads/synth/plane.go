package synth

import (
	"math"

	"github.com/paulmach/orb"
)

// vec is a point on the plane on which streets are drawn: metres east and north
// of the landscape's middle.
type vec struct{ x, y float64 }

func (a vec) add(b vec) vec            { return vec{a.x + b.x, a.y + b.y} }
func (a vec) sub(b vec) vec            { return vec{a.x - b.x, a.y - b.y} }
func (a vec) times(f float64) vec      { return vec{a.x * f, a.y * f} }
func (a vec) dot(b vec) float64        { return a.x*b.x + a.y*b.y }
func (a vec) cross(b vec) float64      { return a.x*b.y - a.y*b.x }
func (a vec) length() float64          { return math.Hypot(a.x, a.y) }
func (a vec) dist(b vec) float64       { return math.Hypot(a.x-b.x, a.y-b.y) }
func (a vec) mix(b vec, t float64) vec { return vec{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t} }

// right is the direction a quarter turn clockwise, of length one.
func (a vec) right() vec {
	l := a.length()
	if l == 0 {
		return vec{}
	}
	return vec{a.y / l, -a.x / l}
}

// plane maps degrees to metres, true to scale at its middle and within a few
// parts in a thousand thirty kilometres from it.
type plane struct {
	origin orb.Point
	kx, ky float64 // metres per degree
}

func newPlane(middle orb.Point) plane {
	const perDegree = 111_195 // on a sphere of 6,371 km
	return plane{origin: middle, kx: perDegree * math.Cos(middle.Lat()*math.Pi/180), ky: perDegree}
}

func (p plane) vec(q orb.Point) vec {
	return vec{(q.Lon() - p.origin.Lon()) * p.kx, (q.Lat() - p.origin.Lat()) * p.ky}
}

// point is the inverse of vec, rounded to a centimetre as OpenStreetMap does.
func (p plane) point(v vec) orb.Point {
	round := func(f float64) float64 { return math.Round(f*1e7) / 1e7 }
	return orb.Point{round(p.origin.Lon() + v.x/p.kx), round(p.origin.Lat() + v.y/p.ky)}
}

func (p plane) line(points []orb.Point) []vec {
	out := make([]vec, len(points))
	for i, q := range points {
		out[i] = p.vec(q)
	}
	return out
}

func (p plane) polygon(g orb.Polygon) shape {
	s := shape{lo: vec{math.Inf(1), math.Inf(1)}, hi: vec{math.Inf(-1), math.Inf(-1)}}
	for _, ring := range g {
		s.add(p.line(ring))
	}
	return s
}

// shape is a polygon on the plane, with holes; inside is by the even-odd rule.
type shape struct {
	rings  [][]vec // each closed: last equals first
	lo, hi vec
}

func (s *shape) add(ring []vec) {
	s.rings = append(s.rings, ring)
	for _, v := range ring {
		s.lo = vec{min(s.lo.x, v.x), min(s.lo.y, v.y)}
		s.hi = vec{max(s.hi.x, v.x), max(s.hi.y, v.y)}
	}
}

// near reports whether the box from a to b, widened by m metres, meets the shape's box.
func (s *shape) near(a, b vec, m float64) bool {
	return max(a.x, b.x)+m >= s.lo.x && min(a.x, b.x)-m <= s.hi.x && max(a.y, b.y)+m >= s.lo.y && min(a.y, b.y)-m <= s.hi.y
}

func (s *shape) contains(v vec) bool {
	if !s.near(v, v, 0) {
		return false
	}
	in := false
	for _, ring := range s.rings {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			if (a.y > v.y) != (b.y > v.y) && v.x < a.x+(b.x-a.x)*(v.y-a.y)/(b.y-a.y) {
				in = !in
			}
		}
	}
	return in
}

// within reports whether v lies inside or less than m metres outside.
func (s *shape) within(v vec, m float64) bool {
	return s.near(v, v, m) && (s.contains(v) || s.border(v) < m)
}

// border is the distance to the nearest edge.
func (s *shape) border(v vec) float64 {
	best := math.Inf(1)
	for _, ring := range s.rings {
		for i := 1; i < len(ring); i++ {
			_, d := nearestOn(v, ring[i-1], ring[i])
			best = min(best, d)
		}
	}
	return best
}

// crossings returns where the segment from a to b crosses the shape's edges, as fractions of it.
func (s *shape) crossings(a, b vec) []float64 {
	if !s.near(a, b, 0) {
		return nil
	}
	var at []float64
	for _, ring := range s.rings {
		for i := 1; i < len(ring); i++ {
			if t, _, ok := intersect(a, b, ring[i-1], ring[i]); ok {
				at = append(at, t)
			}
		}
	}
	return at
}

// intersect returns where the segments ab and cd cross: at a fraction t of ab and u of cd.
func intersect(a, b, c, d vec) (t, u float64, ok bool) {
	ab, cd, ac := b.sub(a), d.sub(c), c.sub(a)
	den := ab.cross(cd)
	if math.Abs(den) < 1e-9 {
		return 0, 0, false
	}
	t, u = ac.cross(cd)/den, ac.cross(ab)/den
	return t, u, t >= 0 && t <= 1 && u >= 0 && u <= 1
}

// nearestOn returns the point of the segment ab that is nearest to v, as a fraction, and its distance.
func nearestOn(v, a, b vec) (t, dist float64) {
	ab := b.sub(a)
	if l := ab.dot(ab); l > 0 {
		t = min(max(v.sub(a).dot(ab)/l, 0), 1)
	}
	return t, v.dist(a.mix(b, t))
}

// offset moves a line m metres to its right.
func offset(line []vec, m float64) []vec {
	out := make([]vec, len(line))
	for i, v := range line {
		var n vec
		if i > 0 {
			n = n.add(v.sub(line[i-1]).right())
		}
		if i+1 < len(line) {
			n = n.add(line[i+1].sub(v).right())
		}
		l := n.length()
		if l < 0.2 {
			l = 1 // the line turns back on itself: no mitre fits
		}
		// A mitre: at a corner the offset point lies further out, at most twice.
		stretch := 1.0
		if i > 0 && i+1 < len(line) {
			stretch = min(2/l, 2)
		}
		out[i] = v.add(n.times(m * stretch / l))
	}
	return out
}

// band is the outline of a line of some width.
func band(line []vec, width float64) []vec {
	right, left := offset(line, width/2), offset(line, -width/2)
	ring := append([]vec{}, right...)
	for i := len(left) - 1; i >= 0; i-- {
		ring = append(ring, left[i])
	}
	return append(ring, right[0])
}

// lengths returns the distance along a line of each of its points.
func lengths(line []vec) []float64 {
	at := make([]float64, len(line))
	for i := 1; i < len(line); i++ {
		at[i] = at[i-1] + line[i].dist(line[i-1])
	}
	return at
}

// along returns the point at a distance along a line, and the line's direction there.
func along(line []vec, s float64) (v, direction vec) {
	at := lengths(line)
	for i := 1; i < len(line); i++ {
		if s <= at[i] || i == len(line)-1 {
			d := line[i].sub(line[i-1])
			if l := at[i] - at[i-1]; l > 0 {
				return line[i-1].mix(line[i], min(max((s-at[i-1])/l, 0), 1)), d.times(1 / l)
			}
		}
	}
	return line[0], vec{1, 0}
}
