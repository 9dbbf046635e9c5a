// Package basemap makes the city's map as vector tiles (Mapbox Vector Tiles 2,
// gzipped) of a street network and the city's districts, so that no map page
// asks anything from outside. Tiles are made when they are asked for and the
// last few are kept.
//
// Layers: water, green and built (polygons; kind, name, schematic), roads (lines;
// class as OpenStreetMap's highway=*, name, ref, bridge, tunnel, oneway) and
// districts (polygons, and a point with the name for a label; code, name).
package basemap

import (
	"container/list"
	"fmt"
	"sync"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/planar"

	"polder.city/internal/problem"
	"polder.city/roads"
)

// The zoom levels of which there are tiles. A map that is nearer in enlarges the last.
const (
	MinZoom = 6
	MaxZoom = 16
)

// A District is an outline with a name.
type District struct {
	Code, Name string
	Polygon    orb.MultiPolygon
}

// A Map makes tiles. It may be used by several goroutines.
type Map struct {
	network   *roads.Network // not changed after New
	areas     []orb.Polygon  // of the network, each ring wound as tiles want it
	districts []District     // the same
	labels    []orb.Point    // of the districts
	wayBounds []orb.Bound
	ways      grid

	mu     sync.Mutex
	recent *list.List                     // of *cached, the last used first; guarded by mu
	byTile map[maptile.Tile]*list.Element // guarded by mu
	bytes  int                            // of recent; guarded by mu
}

// cached is a tile that is kept. Made is closed once data and err are set, so
// that a tile that several readers ask for at once is made once.
type cached struct {
	tile    maptile.Tile
	made    chan struct{}
	data    []byte
	err     error
	counted bool // data is in Map.bytes; guarded by Map.mu
}

// What is kept: at most this many tiles, and bytes of tiles.
const (
	maxTiles = 512
	maxBytes = 32 << 20
)

// New returns the map of a network and districts, neither of which may change any more.
func New(n *roads.Network, districts []District) *Map {
	m := &Map{network: n, recent: list.New(), byTile: map[maptile.Tile]*list.Element{}}
	for _, a := range n.Areas {
		m.areas = append(m.areas, wind(a.Polygon))
	}
	for _, d := range districts {
		polygons := make(orb.MultiPolygon, len(d.Polygon))
		for i, p := range d.Polygon {
			polygons[i] = wind(p)
		}
		m.districts = append(m.districts, District{d.Code, d.Name, polygons})
		m.labels = append(m.labels, label(polygons))
	}
	m.wayBounds = make([]orb.Bound, len(n.Ways))
	for i := range n.Ways {
		for j, node := range n.Ways[i].Nodes {
			p := n.Nodes[node]
			if j == 0 {
				m.wayBounds[i] = orb.Bound{Min: p, Max: p}
			}
			m.wayBounds[i] = m.wayBounds[i].Extend(p)
		}
	}
	m.ways = newGrid(m.wayBounds)
	return m
}

// Source says where the streets are from, as it must be shown beside the map.
func (m *Map) Source() string { return m.network.Source }

// Tile returns a tile as gzipped protocol buffer. The caller does not change the
// bytes. A tile outside zoom 6 to 16, or that does not exist, is a problem.NotFound; a tile
// in which nothing lies is empty.
func (m *Map) Tile(z, x, y int) ([]byte, error) {
	if z < MinZoom || z > MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return nil, problem.New(problem.NotFound, "tile.none", "There is no tile %d/%d/%d.", z, x, y).
			Do("Ask for zoom levels %d to %d.", MinZoom, MaxZoom)
	}
	tile := maptile.New(uint32(x), uint32(y), maptile.Zoom(z))
	c, mine := m.claim(tile)
	if !mine {
		<-c.made
		return c.data, c.err
	}
	m.make(c)
	return c.data, c.err
}

// make draws a tile for everyone who waits for it. They go on even if drawing panics.
func (m *Map) make(c *cached) {
	c.err = fmt.Errorf("tile %v was not drawn", c.tile)
	defer m.keep(c)
	defer close(c.made)
	if c.data, c.err = m.draw(c.tile); c.err != nil {
		c.err = fmt.Errorf("tile %v: %w", c.tile, c.err)
	}
}

// claim returns the tile's place in the cache, and whether the caller is to make it.
func (m *Map) claim(tile maptile.Tile) (*cached, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e, ok := m.byTile[tile]; ok {
		m.recent.MoveToFront(e)
		return e.Value.(*cached), false
	}
	c := &cached{tile: tile, made: make(chan struct{})}
	m.byTile[tile] = m.recent.PushFront(c)
	m.trim()
	return c, true
}

// keep counts a tile that was made. A mistake is not kept.
func (m *Map) keep(c *cached) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.byTile[c.tile]
	if !ok || e.Value.(*cached) != c {
		return // trimmed while it was made
	}
	m.bytes += len(c.data)
	c.counted = true
	if c.err != nil {
		m.drop(e)
	}
	m.trim()
}

func (m *Map) trim() {
	for m.recent.Len() > maxTiles || m.bytes > maxBytes {
		m.drop(m.recent.Back())
	}
}

func (m *Map) drop(e *list.Element) {
	c := e.Value.(*cached)
	m.recent.Remove(e)
	delete(m.byTile, c.tile)
	if c.counted {
		m.bytes -= len(c.data)
	}
}

// wind returns a copy with outer rings clockwise on the map and holes
// counter-clockwise, as polygons of a tile must be (Vector Tile Specification 2.1, 4.3.3.3).
func wind(p orb.Polygon) orb.Polygon {
	out := p.Clone()
	for i, ring := range out {
		want := orb.CW
		if i > 0 {
			want = orb.CCW
		}
		if o := ring.Orientation(); o != 0 && o != want {
			ring.Reverse()
		}
	}
	return out
}

// label returns a point in the largest polygon: its middle where that lies inside.
func label(polygons orb.MultiPolygon) orb.Point {
	var best orb.Polygon
	size := -1.0
	for _, p := range polygons {
		if a := planar.Area(p); a > size {
			best, size = p, a
		}
	}
	if len(best) == 0 {
		return orb.Point{}
	}
	middle, _ := planar.CentroidArea(best)
	if planar.PolygonContains(best, middle) {
		return middle
	}
	// Some points between the middle and the corners: the one furthest from the border.
	at, far := best[0][0], -1.0
	for _, corner := range best[0] {
		for t := 0.1; t < 1; t += 0.2 {
			p := orb.Point{middle[0] + (corner[0]-middle[0])*t, middle[1] + (corner[1]-middle[1])*t}
			if d := planar.DistanceFrom(orb.MultiLineString{orb.LineString(best[0])}, p); d > far && planar.PolygonContains(best, p) {
				at, far = p, d
			}
		}
	}
	return at
}
