package basemap_test

import (
	"fmt"
	"math"
	"os"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"polder.city/basemap"
	"polder.city/city"
	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/synth"
)

// almere is the map of the drawn city, with the box of its districts.
func almere(t testing.TB) (*basemap.Map, orb.Bound) {
	t.Helper()
	c, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	n, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	return basemap.New(n, districts(c)), c.Bound()
}

func districts(c *city.City) []basemap.District {
	var all []basemap.District
	for _, d := range c.Districts {
		all = append(all, basemap.District{Code: d.Code, Name: d.Name, Polygon: d.Polygon})
	}
	return all
}

// tilesOver calls f for every tile of a zoom level that meets a box.
func tilesOver(b orb.Bound, z maptile.Zoom, f func(t maptile.Tile)) {
	lo, hi := maptile.At(orb.Point{b.Min[0], b.Max[1]}, z), maptile.At(orb.Point{b.Max[0], b.Min[1]}, z)
	for y := lo.Y; y <= hi.Y; y++ {
		for x := lo.X; x <= hi.X; x++ {
			f(maptile.New(x, y, z))
		}
	}
}

func decode(t testing.TB, m *basemap.Map, tile maptile.Tile) mvt.Layers {
	t.Helper()
	data, err := m.Tile(int(tile.Z), int(tile.X), int(tile.Y))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := mvt.UnmarshalGzipped(data)
	if err != nil {
		t.Fatalf("tile %v: %v", tile, err)
	}
	return layers
}

func TestEveryTileOfTheCityDecodesAndStaysWithinItsBorder(t *testing.T) {
	m, box := almere(t)
	box = box.Pad(0.02)
	roadTiles, names := 0, map[string]bool{}
	for z := maptile.Zoom(basemap.MinZoom); z <= 14; z++ {
		tilesOver(box, z, func(tile maptile.Tile) {
			for _, l := range decode(t, m, tile) {
				if l.Version != 2 || l.Extent != 4096 {
					t.Fatalf("tile %v: layer %s has version %d and extent %d", tile, l.Name, l.Version, l.Extent)
				}
				if l.Name == "roads" {
					roadTiles++
				}
				for _, f := range l.Features {
					b := f.Geometry.Bound()
					if b.Min[0] < -128 || b.Min[1] < -128 || b.Max[0] > 4224 || b.Max[1] > 4224 {
						t.Fatalf("tile %v: a feature of %s reaches %v", tile, l.Name, b)
					}
					if l.Name == "districts" && f.Geometry.GeoJSONType() == "Point" {
						names[f.Properties.MustString("name")] = true
					}
					if ring, ok := outer(f.Geometry); ok && ring.Orientation() == orb.CW {
						// Its area must be positive in the tile's own coordinates.
						t.Fatalf("tile %v: a polygon of %s is wound the wrong way", tile, l.Name)
					}
				}
			}
		})
	}
	if roadTiles == 0 || len(names) != 71 {
		t.Errorf("roads on %d tiles, labels of %d districts", roadTiles, len(names))
	}
}

func outer(g orb.Geometry) (orb.Ring, bool) {
	switch g := g.(type) {
	case orb.Polygon:
		return g[0], true
	case orb.MultiPolygon:
		return g[0][0], true
	}
	return nil, false
}

func TestFeaturesLieWhereTheNetworkHasThem(t *testing.T) {
	n := &roads.Network{
		Nodes: []orb.Point{{5.2000, 52.3700}, {5.2010, 52.3700}, {5.2010, 52.3710}},
		Ways: []roads.Way{
			{Nodes: []int32{0, 1}, Name: "Chaplinstraat", Class: roads.Residential, Forward: roads.AccessCar, Bridge: true},
			{Nodes: []int32{1, 2}, Name: "Polderweg", Ref: "N1", Class: roads.Primary, Forward: roads.AccessCar, Backward: roads.AccessCar},
		},
		Areas: []roads.Area{{Kind: roads.Water, Name: "Plas", Polygon: square(5.2, 52.369, 0.001), Schematic: true}},
	}
	m := basemap.New(n, []basemap.District{{Code: "W1", Name: "Wijk", Polygon: orb.MultiPolygon{square(5.19, 52.36, 0.05)}}})
	tile := maptile.At(orb.Point{5.2005, 52.3701}, 15)
	found := map[string]bool{}
	for _, l := range decode(t, m, tile) {
		for _, f := range l.Features {
			found[fmt.Sprintf("%s %v %v %v %v", l.Name, f.Properties["class"], f.Properties["name"], f.Properties["bridge"], f.Properties["oneway"])] = true
			l.ProjectToWGS84(tile)
			if l.Name == "roads" && f.Properties["name"] == "Polderweg" {
				a := f.Geometry.Bound().Min
				if math.Abs(a[0]-5.2010) > 1e-5 || math.Abs(a[1]-52.37) > 1e-5 {
					t.Errorf("Polderweg begins at %v", a)
				}
			}
			l.ProjectToTile(tile)
		}
	}
	for _, want := range []string{
		"roads residential Chaplinstraat true true", "roads primary Polderweg <nil> <nil>",
		"water <nil> Plas <nil> <nil>", "districts <nil> Wijk <nil> <nil>",
	} {
		if !found[want] {
			t.Errorf("no %q among %v", want, found)
		}
	}
}

func square(lon, lat, size float64) orb.Polygon {
	return orb.Polygon{{{lon, lat}, {lon, lat + size}, {lon + size, lat + size}, {lon + size, lat}, {lon, lat}}}
}

func TestRealStreetsGiveTilesWithLakesWoodsAndNames(t *testing.T) {
	f, err := os.Open("../../shared/data/roads/liechtenstein.osm.pbf")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, err := roads.ImportPBF(t.Context(), f, roads.ImportOptions{Name: "liechtenstein"})
	if err != nil {
		t.Fatal(err)
	}
	m := basemap.New(n, nil)
	seen := map[string]int{}
	tilesOver(orb.Bound{Min: orb.Point{9.48, 47.05}, Max: orb.Point{9.62, 47.26}}, 13, func(tile maptile.Tile) {
		for _, l := range decode(t, m, tile) {
			seen[l.Name] += len(l.Features)
			for _, f := range l.Features {
				if f.Properties["name"] == "Städtle" || f.Properties["name"] == "Landstrasse" {
					seen["a known street"]++
				}
			}
		}
	})
	for _, want := range []string{"roads", "water", "green", "a known street"} {
		if seen[want] == 0 {
			t.Errorf("no %s: %v", want, seen)
		}
	}
}

func TestTilesThatDoNotExistAreNotFound(t *testing.T) {
	m := basemap.New(&roads.Network{}, nil)
	for _, c := range [][3]int{{5, 0, 0}, {17, 0, 0}, {6, 64, 0}, {6, 0, -1}, {-1, 0, 0}} {
		if _, err := m.Tile(c[0], c[1], c[2]); problem.KindOf(err) != problem.NotFound {
			t.Errorf("tile %v gives %v", c, err)
		}
	}
	if data, err := m.Tile(6, 3, 3); err != nil || len(data) == 0 {
		t.Errorf("a tile without features gives %d bytes, %v", len(data), err)
	}
}

func TestATileIsTheSameHoweverManyAskForIt(t *testing.T) {
	m, _ := almere(t)
	tile := maptile.At(orb.Point{5.22, 52.37}, 13)
	want, err := m.Tile(13, int(tile.X), int(tile.Y))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			// Enough other tiles to push the first one out of the cache again and again.
			tilesOver(orb.Bound{Min: orb.Point{5, 52.2}, Max: orb.Point{5.6, 52.55}}, 12, func(o maptile.Tile) {
				if _, err := m.Tile(12, int(o.X), int(o.Y)); err != nil {
					t.Error(err)
				}
			})
			got, err := m.Tile(13, int(tile.X), int(tile.Y))
			if err != nil || string(got) != string(want) {
				t.Errorf("another tile, %v", err)
			}
		})
	}
	wg.Wait()
}

func TestAnyNetworkGivesTilesThatDecode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float64Range(-0.02, 0.02)
		n := &roads.Network{}
		for range rapid.IntRange(2, 30).Draw(t, "nodes") {
			n.Nodes = append(n.Nodes, orb.Point{5.2 + coordinate.Draw(t, "lon"), 52.3 + coordinate.Draw(t, "lat")})
		}
		node := rapid.Int32Range(0, int32(len(n.Nodes)-1))
		for range rapid.IntRange(0, 20).Draw(t, "ways") {
			n.Ways = append(n.Ways, roads.Way{
				Nodes: rapid.SliceOfN(node, 2, 5).Draw(t, "way"), Class: roads.Class(rapid.IntRange(0, int(roads.Ferry)).Draw(t, "class")),
			})
		}
		for range rapid.IntRange(0, 5).Draw(t, "areas") {
			var ring orb.Ring
			for _, i := range rapid.SliceOfN(node, 3, 8).Draw(t, "ring") {
				ring = append(ring, n.Nodes[i])
			}
			n.Areas = append(n.Areas, roads.Area{Kind: roads.Water, Polygon: orb.Polygon{append(ring, ring[0])}})
		}
		m := basemap.New(n, nil)
		z := rapid.IntRange(basemap.MinZoom, basemap.MaxZoom).Draw(t, "z")
		tile := maptile.At(n.Nodes[0], maptile.Zoom(z))
		data, err := m.Tile(z, int(tile.X), int(tile.Y))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mvt.UnmarshalGzipped(data); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkTile(b *testing.B) {
	m, _ := almere(b)
	for _, z := range []maptile.Zoom{10, 12, 14} {
		b.Run(fmt.Sprint("zoom ", z), func(b *testing.B) {
			size := 0
			for i := 0; b.Loop(); i++ {
				if i%8 == 0 { // a new map's cache is empty
					b.StopTimer()
					m = basemap.Fresh(m)
					b.StartTimer()
				}
				tile := maptile.At(orb.Point{5.2 + 0.01*float64(i%8), 52.37}, z)
				data, err := m.Tile(int(z), int(tile.X), int(tile.Y))
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			b.ReportMetric(float64(size), "B/tile")
		})
	}
}

// BenchmarkWholeCity makes every tile of Almere from zoom 12 to 15.
func BenchmarkWholeCity(b *testing.B) {
	m, box := almere(b)
	for b.Loop() {
		m = basemap.Fresh(m)
		tiles, bytes := 0, 0
		for z := maptile.Zoom(12); z <= 15; z++ {
			tilesOver(box, z, func(tile maptile.Tile) {
				data, err := m.Tile(int(z), int(tile.X), int(tile.Y))
				if err != nil {
					b.Fatal(err)
				}
				tiles++
				bytes += len(data)
			})
		}
		b.ReportMetric(float64(tiles), "tiles")
		b.ReportMetric(float64(bytes), "B")
	}
}

func ExampleMap_Tile() {
	c, err := city.Open("almere")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	network, err := synth.Draw(*c.Landscape)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	m := basemap.New(network, nil)
	tile := maptile.At(c.Centre, 13)
	data, err := m.Tile(13, int(tile.X), int(tile.Y))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	layers, err := mvt.UnmarshalGzipped(data)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println(m.Source())
	for _, l := range layers {
		fmt.Println(l.Name)
	}
	// Output:
	// gesimuleerd stratenplan
	// water
	// green
	// built
	// roads
}
