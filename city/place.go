package city

import (
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
)

// A Place is one or more containers side by side.
type Place struct {
	ID         string // "FIL-014"
	Point      orb.Point
	Address    string
	District   string
	Containers []int // indexes into City.Containers
}

// finder answers questions by key and by point. It is filled by Load and only read afterwards.
type finder struct {
	districts  map[string]int
	bounds     []orb.Bound
	streams    map[string]int
	containers map[string]int
	places     []Place
}

func (c *City) buildFinder() {
	f := finder{districts: map[string]int{}, streams: map[string]int{}, containers: map[string]int{}}
	for i, d := range c.Districts {
		f.districts[d.Code] = i
		f.bounds = append(f.bounds, d.Polygon.Bound())
	}
	for i, s := range c.Streams {
		f.streams[s.ID] = i
	}
	c.find = f
}

// findContainers puts the containers in order and groups them by place.
func (c *City) findContainers() {
	slices.SortFunc(c.Containers, func(a, b Container) int { return strings.Compare(a.ID, b.ID) })
	at := map[string]int{}
	for i, k := range c.Containers {
		c.find.containers[k.ID] = i
		n, ok := at[k.Place]
		if !ok {
			n = len(c.find.places)
			at[k.Place] = n
			c.find.places = append(c.find.places, Place{ID: k.Place, Point: k.Point, Address: k.Address, District: k.District})
		}
		p := &c.find.places[n]
		p.Containers = append(p.Containers, i)
	}
	slices.SortFunc(c.find.places, func(a, b Place) int { return strings.Compare(a.ID, b.ID) })
}

// District returns the district with a code.
func (c *City) District(code string) (*District, bool) {
	i, ok := c.find.districts[code]
	if !ok {
		return nil, false
	}
	return &c.Districts[i], true
}

// Stream returns the stream with an id.
func (c *City) Stream(id string) (*Stream, bool) {
	i, ok := c.find.streams[id]
	if !ok {
		return nil, false
	}
	return &c.Streams[i], true
}

// Container returns the container with an id.
func (c *City) Container(id string) (*Container, bool) {
	i, ok := c.find.containers[id]
	if !ok {
		return nil, false
	}
	return &c.Containers[i], true
}

// Places returns the places of all containers, in order of their id. The caller does not change them.
func (c *City) Places() []Place { return c.find.places }

// DistrictAt returns the district that a point lies in.
func (c *City) DistrictAt(p orb.Point) (*District, bool) {
	for i, b := range c.find.bounds {
		if b.Contains(p) && planar.MultiPolygonContains(c.Districts[i].Polygon, p) {
			return &c.Districts[i], true
		}
	}
	return nil, false
}

// DistrictNear returns the district that a point lies in or, failing that, the
// nearest one within a margin in metres.
func (c *City) DistrictNear(p orb.Point, margin float64) (*District, bool) {
	if d, ok := c.DistrictAt(p); ok {
		return d, true
	}
	best, at := margin, -1
	for i := range c.Districts {
		if m := metersToBorder(p, c.Districts[i].Polygon); m <= best {
			best, at = m, i
		}
	}
	if at < 0 {
		return nil, false
	}
	return &c.Districts[at], true
}

// Contains reports whether a point lies in the city or at most margin metres outside it.
func (c *City) Contains(p orb.Point, margin float64) bool {
	_, ok := c.DistrictNear(p, margin)
	return ok
}

// Bound returns the smallest box around all districts.
func (c *City) Bound() orb.Bound {
	var b orb.Bound
	for i, d := range c.find.bounds {
		if i == 0 {
			b = d
		}
		b = b.Union(d)
	}
	return b
}

// metersToBorder is the distance from a point to the nearest edge, on a plane
// that touches the earth at the point (exact to a metre within some kilometres).
func metersToBorder(p orb.Point, polygons orb.MultiPolygon) float64 {
	const metersPerDegree = 111_195 // on a sphere of 6,371 km
	kx := metersPerDegree * math.Cos(p.Lat()*math.Pi/180)
	best := math.Inf(1)
	for _, polygon := range polygons {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				ax, ay := (ring[i-1].Lon()-p.Lon())*kx, (ring[i-1].Lat()-p.Lat())*metersPerDegree
				bx, by := (ring[i].Lon()-p.Lon())*kx, (ring[i].Lat()-p.Lat())*metersPerDegree
				best = min(best, originToSegment(ax, ay, bx, by))
			}
		}
	}
	return best
}

func originToSegment(ax, ay, bx, by float64) float64 {
	dx, dy := bx-ax, by-ay
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(-(ax*dx+ay*dy)/l, 0), 1)
	}
	return math.Hypot(ax+t*dx, ay+t*dy)
}
