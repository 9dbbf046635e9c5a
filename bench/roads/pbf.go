package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
)

// pbfWriter writes blocks of at most 8,000 elements, as osmium does.
type pbfWriter struct {
	w   io.Writer
	err error

	texts  [][]byte
	number map[string]uint64
	count  int

	ids, lats, lons []byte
	id, lat, lon    int64
	ways            []byte
}

func message(b []byte, number int, data []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3|2))
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func varint(b []byte, number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(number<<3)), v)
}

func (p *pbfWriter) header() {
	p.block("OSMHeader", message(message(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes")))
}

func (p *pbfWriter) block(kind string, content []byte) {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(content) // a bytes.Buffer does not fail
	_ = w.Close()
	blob := message(varint(nil, 2, uint64(len(content))), 3, z.Bytes())
	header := varint(message(nil, 1, []byte(kind)), 3, uint64(len(blob)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(header)))
	if _, err := p.w.Write(append(append(out, header...), blob...)); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *pbfWriter) node(id int64, lon, lat float64) {
	y, x := int64(math.Round(lat*1e7)), int64(math.Round(lon*1e7))
	p.ids = binary.AppendVarint(p.ids, id-p.id)
	p.lats = binary.AppendVarint(p.lats, y-p.lat)
	p.lons = binary.AppendVarint(p.lons, x-p.lon)
	p.id, p.lat, p.lon = id, y, x
	p.next()
}

// way adds a way whose nodes are numbered from 0.
func (p *pbfWriter) way(id int64, nodes []int64, tags []string) {
	var refs, keys, values []byte
	before := int64(0)
	for _, v := range nodes {
		refs = binary.AppendVarint(refs, v+1-before)
		before = v + 1
	}
	for i := 0; i < len(tags); i += 2 {
		keys = binary.AppendUvarint(keys, p.text(tags[i]))
		values = binary.AppendUvarint(values, p.text(tags[i+1]))
	}
	p.ways = message(p.ways, 3, message(message(message(varint(nil, 1, uint64(id)), 2, keys), 3, values), 8, refs))
	p.next()
}

func (p *pbfWriter) text(s string) uint64 {
	if p.number == nil {
		p.number, p.texts = map[string]uint64{}, [][]byte{nil}
	}
	if _, ok := p.number[s]; !ok {
		p.number[s] = uint64(len(p.texts))
		p.texts = append(p.texts, []byte(s))
	}
	return p.number[s]
}

func (p *pbfWriter) next() {
	if p.count++; p.count == 8000 {
		p.flush()
	}
}

// flush ends a block.
func (p *pbfWriter) flush() {
	if p.count == 0 {
		return
	}
	group := p.ways
	if len(p.ids) > 0 {
		group = message(nil, 2, message(message(message(nil, 1, p.ids), 8, p.lats), 9, p.lons))
	}
	p.text("")
	var table []byte
	for _, s := range p.texts {
		table = message(table, 1, s)
	}
	p.block("OSMData", message(message(nil, 1, table), 2, group))
	*p = pbfWriter{w: p.w, err: p.err}
}
