package basemap

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"
	"github.com/paulmach/orb/simplify"

	"polder.city/roads"
)

// firstZoom is where a class of street first appears; 0: it is not drawn.
var firstZoom = [...]maptile.Zoom{
	roads.Motorway: 6, roads.Trunk: 7, roads.Primary: 8, roads.Secondary: 10, roads.Tertiary: 12,
	roads.MotorwayLink: 11, roads.TrunkLink: 11, roads.PrimaryLink: 12, roads.SecondaryLink: 12, roads.TertiaryLink: 13,
	roads.Unclassified: 12, roads.Residential: 13, roads.LivingStreet: 13, roads.Service: 14, roads.Track: 14,
	roads.Busway: 13, roads.Pedestrian: 14, roads.Cycleway: 14, roads.Footway: 15, roads.Ferry: 9,
}

// nameZoom is where streets first have names: below it streets of a kind are one feature.
const nameZoom = 13

// border is how far features go on outside a tile, in its own units of 1/4096, so that lines join.
const border = 128

func (m *Map) draw(tile maptile.Tile) ([]byte, error) {
	// Everything is looked up in a box that is a little wider than the tile.
	box := tile.Bound(border / 4096.0)
	layers := mvt.Layers{
		m.areaLayer("water", box, tile.Z, roads.Water),
		m.areaLayer("green", box, tile.Z, roads.Green),
		m.areaLayer("built", box, tile.Z, roads.Built, roads.Industrial),
		m.roadLayer(box, tile.Z),
		m.districtLayer(box, tile.Z),
	}
	layers.ProjectToTile(tile)
	layers.Clip(orb.Bound{Min: orb.Point{-border, -border}, Max: orb.Point{4096 + border, 4096 + border}})
	// A tile of 4096 is shown 512 pixels wide: 4 units are half a pixel.
	if tile.Z < MaxZoom {
		layers.Simplify(simplify.DouglasPeucker(4))
	}
	layers.RemoveEmpty(8, 64)
	for _, l := range layers {
		l.Version = 2
		l.Features = slices.DeleteFunc(l.Features, func(f *geojson.Feature) bool { return !drawable(f) })
	}
	layers = slices.DeleteFunc(layers, func(l *mvt.Layer) bool { return len(l.Features) == 0 })
	return mvt.MarshalGzipped(layers)
}

// drawable drops what rounding left of a feature: rings of fewer than four
// points and lines of one, which no reader accepts.
func drawable(f *geojson.Feature) bool {
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		f.Geometry = sound(g)
		return len(f.Geometry.(orb.Polygon)) > 0
	case orb.MultiPolygon:
		var out orb.MultiPolygon
		for _, p := range g {
			if p = sound(p); len(p) > 0 {
				out = append(out, p)
			}
		}
		f.Geometry = out
		return len(out) > 0
	case orb.LineString:
		return len(g) > 1
	case orb.MultiLineString:
		g = slices.DeleteFunc(g, func(l orb.LineString) bool { return len(l) < 2 })
		f.Geometry = g
		return len(g) > 0
	}
	return true
}

func sound(p orb.Polygon) orb.Polygon {
	if len(p) == 0 || len(p[0]) < 4 {
		return nil
	}
	return append(p[:1:1], slices.DeleteFunc(slices.Clone(p[1:]), func(r orb.Ring) bool { return len(r) < 4 })...)
}

func (m *Map) areaLayer(name string, box orb.Bound, z maptile.Zoom, kinds ...roads.AreaKind) *mvt.Layer {
	fc := geojson.NewFeatureCollection()
	for i, a := range m.network.Areas {
		if !slices.Contains(kinds, a.Kind) || !m.areas[i].Bound().Intersects(box) {
			continue
		}
		f := geojson.NewFeature(m.areas[i].Clone())
		switch a.Kind {
		case roads.Water:
			f.Properties["kind"] = "water"
		case roads.Green:
			f.Properties["kind"] = "green"
		case roads.Industrial:
			f.Properties["kind"] = "industrial"
		default:
			f.Properties["kind"] = "built"
		}
		if a.Name != "" && z >= nameZoom-2 {
			f.Properties["name"] = a.Name
		}
		if a.Schematic {
			f.Properties["schematic"] = true
		}
		fc.Append(f)
	}
	return mvt.NewLayer(name, fc)
}

// kind is what streets of one feature have in common.
type kind struct {
	class                  roads.Class
	name, ref              string
	bridge, tunnel, oneway bool
}

func (m *Map) roadLayer(box orb.Bound, z maptile.Zoom) *mvt.Layer {
	lines := map[kind]orb.MultiLineString{}
	var order []kind
	m.ways.within(box, func(i int32) {
		w := &m.network.Ways[i]
		if first := firstZoom[w.Class]; first == 0 || z < first || !m.wayBounds[i].Intersects(box) {
			return
		}
		k := kind{class: w.Class}
		if z >= nameZoom {
			k.name, k.ref, k.bridge, k.tunnel = w.Name, w.Ref, w.Bridge, w.Tunnel
			k.oneway = (w.Forward&roads.AccessCar != 0) != (w.Backward&roads.AccessCar != 0)
		}
		line := make(orb.LineString, len(w.Nodes))
		for j, n := range w.Nodes {
			line[j] = m.network.Nodes[n]
		}
		if _, ok := lines[k]; !ok {
			order = append(order, k)
		}
		lines[k] = append(lines[k], line)
	})
	fc := geojson.NewFeatureCollection()
	for _, k := range order {
		f := geojson.NewFeature(lines[k])
		f.Properties["class"] = k.class.String()
		for name, value := range map[string]string{"name": k.name, "ref": k.ref} {
			if value != "" {
				f.Properties[name] = value
			}
		}
		for name, value := range map[string]bool{"bridge": k.bridge, "tunnel": k.tunnel, "oneway": k.oneway} {
			if value {
				f.Properties[name] = true
			}
		}
		fc.Append(f)
	}
	// Great roads last, so that they lie on top.
	slices.SortStableFunc(fc.Features, func(a, b *geojson.Feature) int { return rank(b) - rank(a) })
	return mvt.NewLayer("roads", fc)
}

func rank(f *geojson.Feature) int {
	c, _ := roads.ParseClass(f.Properties.MustString("class"))
	return int(c)
}

func (m *Map) districtLayer(box orb.Bound, z maptile.Zoom) *mvt.Layer {
	fc := geojson.NewFeatureCollection()
	if z < 9 {
		return mvt.NewLayer("districts", fc)
	}
	for i, d := range m.districts {
		if !d.Polygon.Bound().Intersects(box) {
			continue
		}
		outline := geojson.NewFeature(d.Polygon.Clone())
		outline.Properties["code"], outline.Properties["name"] = d.Code, d.Name
		fc.Append(outline)
		if box.Contains(m.labels[i]) {
			f := geojson.NewFeature(m.labels[i])
			f.Properties["code"], f.Properties["name"] = d.Code, d.Name
			fc.Append(f)
		}
	}
	return mvt.NewLayer("districts", fc)
}

// grid finds boxes by cells of one size in degrees.
type grid struct {
	origin     orb.Point
	step       float64
	cols, rows int
	cells      [][]int32
}

func newGrid(boxes []orb.Bound) grid {
	if len(boxes) == 0 {
		return grid{}
	}
	all := boxes[0]
	for _, b := range boxes {
		all = all.Union(b)
	}
	// About four boxes a cell, and never more than a million cells.
	side := math.Sqrt(float64(len(boxes)) / 4)
	side = min(max(side, 1), 1000)
	g := grid{origin: all.Min, step: max((all.Max[0]-all.Min[0])/side, (all.Max[1]-all.Min[1])/side, 1e-6)}
	g.cols, g.rows = int((all.Max[0]-all.Min[0])/g.step)+1, int((all.Max[1]-all.Min[1])/g.step)+1
	g.cells = make([][]int32, g.cols*g.rows)
	for i, b := range boxes {
		g.each(b, func(cell int) { g.cells[cell] = append(g.cells[cell], int32(i)) })
	}
	return g
}

func (g *grid) each(b orb.Bound, f func(cell int)) {
	at := func(v, origin float64, n int) int { return int(min(max((v-origin)/g.step, 0), float64(n-1))) }
	for y := at(b.Min[1], g.origin[1], g.rows); y <= at(b.Max[1], g.origin[1], g.rows); y++ {
		for x := at(b.Min[0], g.origin[0], g.cols); x <= at(b.Max[0], g.origin[0], g.cols); x++ {
			f(y*g.cols + x)
		}
	}
}

// within calls f once for each box that may meet b, in rising order.
func (g *grid) within(b orb.Bound, f func(i int32)) {
	if len(g.cells) == 0 {
		return
	}
	var found []int32
	g.each(b, func(cell int) { found = append(found, g.cells[cell]...) })
	slices.Sort(found)
	for _, i := range slices.Compact(found) {
		f(i)
	}
}
