package roads_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"math"
	"testing"

	"polder.city/roads/pbf"
)

// osmNode, osmWay and osmRelation are elements of a hand-made extract.
type (
	osmNode struct {
		id       int64
		lon, lat float64
		tags     []string // key, value, key, value, ...
	}
	osmWay struct {
		id    int64
		nodes []int64
		tags  []string
	}
	osmRelation struct {
		id      int64
		members []pbf.Member
		tags    []string
	}
)

// field appends a field with a length to a protocol buffer message.
func field(b []byte, number int, data []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3|2))
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func varint(b []byte, number int, v uint64) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3))
	return binary.AppendUvarint(b, v)
}

func zig(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

// block frames one block of a file.
func block(kind string, content []byte, squeeze bool) []byte {
	var blob []byte
	if squeeze {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(content)
		_ = w.Close()
		blob = varint(nil, 2, uint64(len(content)))
		blob = field(blob, 3, z.Bytes())
	} else {
		blob = field(nil, 1, content)
	}
	header := varint(field(nil, 1, []byte(kind)), 3, uint64(len(blob)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	return append(append(out, header...), blob...)
}

// extract writes a PBF file: dense nodes, then ways, then relations.
func extract(t testing.TB, nodes []osmNode, ways []osmWay, relations []osmRelation) []byte {
	t.Helper()
	file := block("OSMHeader", field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes")), false)

	texts := []string{""}
	number := map[string]uint64{}
	text := func(s string) uint64 {
		if _, ok := number[s]; !ok {
			number[s] = uint64(len(texts))
			texts = append(texts, s)
		}
		return number[s]
	}
	pairs := func(message []byte, tags []string) []byte {
		var keys, values []byte
		for i := 0; i < len(tags); i += 2 {
			keys = binary.AppendUvarint(keys, text(tags[i]))
			values = binary.AppendUvarint(values, text(tags[i+1]))
		}
		return field(field(message, 2, keys), 3, values)
	}

	var ids, lats, lons, keyvals []byte
	var id, lat, lon int64
	for _, n := range nodes {
		y, x := int64(math.Round(n.lat*1e7)), int64(math.Round(n.lon*1e7))
		ids = binary.AppendUvarint(ids, zig(n.id-id))
		lats = binary.AppendUvarint(lats, zig(y-lat))
		lons = binary.AppendUvarint(lons, zig(x-lon))
		id, lat, lon = n.id, y, x
		for _, s := range n.tags {
			keyvals = binary.AppendUvarint(keyvals, text(s))
		}
		keyvals = append(keyvals, 0)
	}
	groups := [][]byte{field(nil, 2, field(field(field(field(nil, 1, ids), 8, lats), 9, lons), 10, keyvals))}
	for _, w := range ways {
		var refs []byte
		before := int64(0)
		for _, r := range w.nodes {
			refs = binary.AppendUvarint(refs, zig(r-before))
			before = r
		}
		groups = append(groups, field(nil, 3, field(pairs(varint(nil, 1, uint64(w.id)), w.tags), 8, refs)))
	}
	for _, r := range relations {
		var roles, members, kinds []byte
		before := int64(0)
		for _, m := range r.members {
			roles = binary.AppendUvarint(roles, text(m.Role))
			members = binary.AppendUvarint(members, zig(m.ID-before))
			kinds = binary.AppendUvarint(kinds, uint64(map[pbf.Kinds]int{pbf.Nodes: 0, pbf.Ways: 1, pbf.Relations: 2}[m.Kind]))
			before = m.ID
		}
		message := pairs(varint(nil, 1, uint64(r.id)), r.tags)
		groups = append(groups, field(nil, 4, field(field(field(message, 8, roles), 9, members), 10, kinds)))
	}
	var table, content []byte
	for _, s := range texts {
		table = field(table, 1, []byte(s))
	}
	content = field(nil, 1, table)
	for _, g := range groups {
		content = field(content, 2, g)
	}
	return append(file, block("OSMData", content, true)...)
}
