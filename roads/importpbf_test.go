package roads_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/pbf"
)

const liechtensteinFile = "../../shared/data/roads/liechtenstein.osm.pbf"

// liechtenstein returns the real network, imported once for all tests.
var liechtenstein = sync.OnceValues(func() (*roads.Network, error) {
	f, err := os.Open(liechtensteinFile)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return roads.ImportPBF(context.Background(), f, roads.ImportOptions{Name: "liechtenstein.osm.pbf"})
})

func realNetwork(t testing.TB) *roads.Network {
	t.Helper()
	n, err := liechtenstein()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestLiechtensteinImportsWhole(t *testing.T) {
	f, err := os.Open(liechtensteinFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var c roads.ImportCounts
	done := int64(0)
	n, err := roads.ImportPBF(t.Context(), f, roads.ImportOptions{Name: "li", Counts: &c, Progress: func(b int64) {
		if b < done {
			t.Errorf("progress went back from %d to %d", done, b)
		}
		done = b
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", c)
	if done != info.Size() {
		t.Errorf("progress ended at %d of %d", done, info.Size())
	}
	if len(n.Ways) != c.Ways || c.Ways < 4000 || c.Nodes < 40000 || c.Areas < 400 || c.Barriers < 20 || c.Restrictions < 2 {
		t.Errorf("implausible counts: %+v", c)
	}
	byID := map[int64]*roads.Way{}
	for i := range n.Ways {
		byID[n.Ways[i].ID] = &n.Ways[i]
	}
	if w := byID[35939585]; w == nil || w.MaxHeight != 360 || !w.Tunnel || w.Class != roads.Secondary {
		t.Errorf("the tunnel of 3.6 m is %+v", w)
	}
	if w := byID[239794985]; w == nil || w.Forward&roads.AccessTruck != 0 || w.Forward&roads.AccessCar == 0 || w.MaxSpeed != 80 {
		t.Errorf("Landstrasse with motor_vehicle=no and motorcar=yes is %+v", w)
	}
	kinds := map[roads.AreaKind]int{}
	for i := range n.Areas {
		kinds[n.Areas[i].Kind]++
	}
	for _, k := range []roads.AreaKind{roads.Water, roads.Green, roads.Built, roads.Industrial} {
		if kinds[k] == 0 {
			t.Errorf("no area of kind %d", k)
		}
	}
}

func TestAnInputThatCannotSeekGivesTheSameNetwork(t *testing.T) {
	data, err := os.ReadFile(liechtensteinFile)
	if err != nil {
		t.Fatal(err)
	}
	n, err := roads.ImportPBF(t.Context(), io.MultiReader(bytes.NewReader(data)), roads.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored(t, n), stored(t, realNetwork(t))) {
		t.Error("the networks differ")
	}
}

func TestADamagedExtractIsRefusedWithPlaceAndWayOut(t *testing.T) {
	data, err := os.ReadFile(liechtensteinFile)
	if err != nil {
		t.Fatal(err)
	}
	flip := func(at int) []byte {
		c := bytes.Clone(data)
		c[at] ^= 0x55
		return c
	}
	lie := func(size byte) []byte { // the length of the first block header
		c := bytes.Clone(data)
		c[1] = size
		return c
	}
	for name, c := range map[string]struct {
		data        []byte
		code, where string
	}{
		"an empty file":                 {nil, "roads.import.truncated", "x.osm.pbf: block 1 at byte 0"},
		"a text":                        {[]byte("<?xml version='1.0'?><osm version='0.6'>"), "roads.import.foreign", "block 1 at byte 0"},
		"a zip":                         {[]byte("PK\x03\x04aaaaaaaaaaaaaaaaaa"), "roads.import.foreign", "block 1 at byte 0"},
		"a header that claims too much": {lie(200), "roads.import.foreign", "block 1 at byte 0"},
		"the first kilobyte":            {data[:1024], "roads.import.truncated", "block 2 at byte"},
		"all but the last byte":         {data[:len(data)-1], "roads.import.truncated", "block 21 at byte"},
		"a flipped byte in the middle":  {flip(len(data) / 2), "roads.import.damaged", "block"},
		"only a header":                 {block("OSMHeader", nil, false), "roads.import.empty", "x.osm.pbf"},
		"a feature that is unknown":     {block("OSMHeader", field(nil, 4, []byte("HistoricalInformation")), false), "roads.import.damaged", "block 1"},
	} {
		_, err := roads.ImportPBF(t.Context(), bytes.NewReader(c.data), roads.ImportOptions{Name: "x.osm.pbf"})
		p, ok := errors.AsType[*problem.Error](err)
		if !ok {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Kind != problem.Invalid || p.Code != c.code || !strings.Contains(p.Where, c.where) || p.Way == "" {
			t.Errorf("%s: kind %d, code %s: %v", name, p.Kind, p.Code, p)
		}
	}
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	data, err := os.ReadFile(liechtensteinFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{1, 400_000, 900_000, 1_200_000} {
		ctx, cancel := context.WithCancel(t.Context())
		after := 0
		_, err := roads.ImportPBF(ctx, bytes.NewReader(data), roads.ImportOptions{Progress: func(b int64) {
			if ctx.Err() != nil {
				after++
			}
			if b >= at {
				cancel()
			}
		}})
		cancel()
		if !errors.Is(err, context.Canceled) || after > 0 {
			t.Errorf("cancelled at byte %d: %v, %d blocks more", at, err, after)
		}
	}
}

// A crossing of Langeweg (1-2-3-4-5) and Zijweg (6-3-7), with all that an import must see.
func crossing() ([]osmNode, []osmWay, []osmRelation) {
	nodes := []osmNode{
		{1, 5.000, 52.0, nil},
		{2, 5.001, 52.0, []string{"barrier", "bollard"}},
		{3, 5.002, 52.0, nil},
		{4, 5.003, 52.0, []string{"barrier", "lift_gate"}},
		{5, 5.004, 52.0, []string{"barrier", "gate", "access", "private"}},
		{6, 5.002, 51.999, []string{"barrier", "height_restrictor", "maxheight", "2.2"}},
		{7, 5.002, 52.001, nil},
		{10, 5.010, 52.010, nil},
		{11, 5.020, 52.010, nil},
		{12, 5.020, 52.020, nil},
		{13, 5.010, 52.020, nil},
		{14, 5.012, 52.012, nil},
		{15, 5.014, 52.012, nil},
		{16, 5.014, 52.014, nil},
	}
	ways := []osmWay{
		{100, []int64{1, 2, 3, 99, 4, 5}, []string{"highway", "residential", "name", "Langeweg", "maxweight", "7.5", "bridge", "yes"}},
		{101, []int64{6, 3, 7}, []string{"highway", "primary", "ref", "N702", "oneway", "-1", "maxspeed", "NL:rural", "surface", "gravel"}},
		{102, []int64{10, 11, 12}, nil},
		{103, []int64{10, 13, 12}, nil},
		{104, []int64{14, 15, 16, 14}, []string{"natural", "wood", "name", "Bos"}},
		{105, []int64{10, 11, 12, 99, 10}, []string{"natural", "water"}},
	}
	relations := []osmRelation{
		{1, []pbf.Member{{Kind: pbf.Ways, ID: 100, Role: "from"}, {Kind: pbf.Nodes, ID: 3, Role: "via"}, {Kind: pbf.Ways, ID: 101, Role: "to"}}, []string{"type", "restriction", "restriction", "no_left_turn", "except", "bus;bicycle"}},
		{2, []pbf.Member{{Kind: pbf.Ways, ID: 101, Role: "from"}, {Kind: pbf.Nodes, ID: 3, Role: "via"}, {Kind: pbf.Ways, ID: 100, Role: "to"}}, []string{"type", "restriction", "restriction:hgv", "only_right_turn"}},
		{3, []pbf.Member{{Kind: pbf.Ways, ID: 101, Role: "from"}, {Kind: pbf.Ways, ID: 100, Role: "via"}, {Kind: pbf.Ways, ID: 101, Role: "to"}}, []string{"type", "restriction", "restriction", "no_u_turn"}},
		{4, []pbf.Member{{Kind: pbf.Ways, ID: 101, Role: "from"}, {Kind: pbf.Nodes, ID: 3, Role: "via"}, {Kind: pbf.Ways, ID: 777, Role: "to"}}, []string{"type", "restriction", "restriction", "no_u_turn"}},
		{5, []pbf.Member{{Kind: pbf.Ways, ID: 102, Role: "outer"}, {Kind: pbf.Ways, ID: 103, Role: "outer"}, {Kind: pbf.Ways, ID: 104, Role: "inner"}}, []string{"type", "multipolygon", "natural", "water", "name", "Meer"}},
		{6, []pbf.Member{{Kind: pbf.Ways, ID: 101, Role: "from"}, {Kind: pbf.Nodes, ID: 3, Role: "via"}, {Kind: pbf.Ways, ID: 100, Role: "to"}}, []string{"type", "restriction", "restriction:conditional", "no_left_turn @ (Mo-Fr 07:00-09:00)"}},
	}
	return nodes, ways, relations
}

func TestWhatTheTagsOfACrossingMean(t *testing.T) {
	nodes, ways, relations := crossing()
	var c roads.ImportCounts
	n, err := roads.ImportPBF(t.Context(), bytes.NewReader(extract(t, nodes, ways, relations)), roads.ImportOptions{Counts: &c})
	if err != nil {
		t.Fatal(err)
	}
	if want := (roads.ImportCounts{
		Blocks: 2, Nodes: 7, Ways: 3, Barriers: 3, Restrictions: 3, Areas: 2,
		MissingNodes: 1, LostRestrictions: 2, Conditional: 1, BrokenAreas: 1,
	}); c != want {
		t.Errorf("counts\n %+v, want\n %+v", c, want)
	}
	langeweg, rest, zijweg := n.Ways[0], n.Ways[1], n.Ways[2]
	if len(langeweg.Nodes) != 3 || len(rest.Nodes) != 2 || langeweg.ID != rest.ID || !langeweg.Bridge || langeweg.MaxWeight != 75 {
		t.Errorf("a street with a corner that is not in the file is not cut there: %+v, %+v", langeweg, rest)
	}
	if zijweg.Forward&roads.AccessTruck != 0 || zijweg.Backward&roads.AccessTruck == 0 || zijweg.Forward&roads.AccessFoot == 0 ||
		zijweg.MaxSpeed != 80 || !zijweg.Unpaved || zijweg.Ref != "N702" {
		t.Errorf("a one-way street against its drawing order is %+v", zijweg)
	}
	if b := n.Barriers[0]; n.Nodes[b.Node][0] != 5.001 || b.Passes != roads.AccessBicycle|roads.AccessFoot {
		t.Errorf("the bollard is %+v", b)
	}
	if b := n.Barriers[1]; n.Nodes[b.Node][0] != 5.004 || b.Passes != 0 {
		t.Errorf("the private gate is %+v", b)
	}
	if b := n.Barriers[2]; b.MaxHeight != 220 {
		t.Errorf("the beam is %+v", b)
	}
	if r := n.Restrictions[0]; r.Only || r.From != 0 || r.To != 2 || r.Applies != roads.AccessCar|roads.AccessTruck {
		t.Errorf("no_left_turn is %+v", r)
	}
	if r := n.Restrictions[1]; !r.Only || r.From != 2 || r.To != 0 || r.Applies != roads.AccessTruck {
		t.Errorf("only_right_turn for trucks is %+v", r)
	}
	if r := n.Restrictions[2]; r.When != "Mo-Fr 07:00-09:00" || r.From != 2 || r.To != 0 {
		t.Errorf("no_left_turn in the morning is %+v", r)
	}
	wood, lake := n.Areas[0], n.Areas[1]
	if wood.Kind != roads.Green || wood.Name != "Bos" || lake.Kind != roads.Water || len(lake.Polygon) != 2 || len(lake.Polygon[0]) != 5 {
		t.Errorf("areas are %+v", n.Areas)
	}
	if lake.Polygon[0].Orientation() != 1 || lake.Polygon[1].Orientation() != -1 {
		t.Error("an outline must run counterclockwise, a hole clockwise")
	}
}

func TestPlainNodesAndUnpackedBlocksAreReadToo(t *testing.T) {
	node := func(id int64, lon, lat int64) []byte {
		return field(nil, 1, varint(varint(varint(nil, 1, zig(id)), 8, zig(lat)), 9, zig(lon)))
	}
	table := field(field(field(nil, 1, nil), 1, []byte("highway")), 1, []byte("service"))
	street := field(nil, 3, field(field(field(varint(nil, 1, 7), 2, []byte{1}), 3, []byte{2}), 8, []byte{2, 2}))
	content := field(nil, 1, table)
	for _, group := range [][]byte{node(1, 50000000, 520000000), node(2, 50010000, 520000000), street} {
		content = field(content, 2, group)
	}
	file := append(block("OSMHeader", nil, true), block("Other", []byte("skipped"), false)...)
	n, err := roads.ImportPBF(t.Context(), bytes.NewReader(append(file, block("OSMData", content, false)...)), roads.ImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Ways) != 1 || n.Ways[0].Class != roads.Service || n.Nodes[1] != [2]float64{5.001, 52} {
		t.Errorf("%+v", n)
	}
}

func FuzzImportPBF(f *testing.F) {
	nodes, ways, relations := crossing()
	whole := extract(f, nodes, ways, relations)
	f.Add(whole)
	f.Add(whole[:len(whole)-20])
	for _, at := range []int{20, 60, len(whole) / 2} {
		c := bytes.Clone(whole)
		c[at] ^= 0xff
		f.Add(c)
	}
	data, err := os.ReadFile(liechtensteinFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:1024])
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := roads.ImportPBF(t.Context(), bytes.NewReader(data), roads.ImportOptions{})
		if err != nil {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("not a problem of the input: %v", err)
			}
			return
		}
		if err := n.Check(); err != nil {
			t.Error(err)
		}
		if g, err := roads.Build(n, roads.Truck()); err == nil {
			useGraph(t, g, n)
		}
	})
}

// FuzzBlock wraps the input as the contents of a block, which random files hardly reach.
func FuzzBlock(f *testing.F) {
	f.Add([]byte{})
	f.Add(field(nil, 2, field(nil, 2, field(nil, 1, []byte{2, 2, 2}))))
	f.Add(field(field(nil, 1, field(nil, 1, []byte("highway"))), 2, field(nil, 3, field(field(nil, 2, []byte{0}), 3, []byte{200, 1}))))
	f.Fuzz(func(t *testing.T, content []byte) {
		file := append(block("OSMHeader", nil, false), block("OSMData", content, false)...)
		if _, err := roads.ImportPBF(t.Context(), bytes.NewReader(file), roads.ImportOptions{}); err != nil && problem.KindOf(err) != problem.Invalid {
			t.Errorf("not a problem of the input: %v", err)
		}
	})
}
