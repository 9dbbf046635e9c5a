package pbf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

const liechtenstein = "../../../shared/data/roads/liechtenstein.osm.pbf"

// read decodes a whole file and counts its elements.
func read(data []byte) (nodes, ways, relations int, err error) {
	h := Handler{
		Node:     func(int64, int32, int32, Tags) error { nodes++; return nil },
		Way:      func(int64, []int64, Tags) error { ways++; return nil },
		Relation: func(int64, []Member, Tags) error { relations++; return nil },
	}
	r := NewReader(bytes.NewReader(data), int64(len(data)))
	for number, offset := 1, int64(0); ; number++ {
		b, err := r.Block(number, offset)
		if errors.Is(err, io.EOF) {
			return nodes, ways, relations, nil
		}
		if err == nil {
			err = r.Decode(&b, h)
		}
		if err != nil {
			return nodes, ways, relations, err
		}
		offset = b.Next
	}
}

func TestARealFileIsReadWhole(t *testing.T) {
	data, err := os.ReadFile(liechtenstein)
	if err != nil {
		t.Fatal(err)
	}
	nodes, ways, relations, err := read(data)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d nodes, %d ways, %d relations", nodes, ways, relations)
	if nodes < 100_000 || ways < 10_000 || relations < 100 {
		t.Errorf("%d nodes, %d ways, %d relations", nodes, ways, relations)
	}
}

func bytesField(b []byte, number int, data []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3|wireBytes))
	b = binary.AppendUvarint(b, uint64(len(data)))
	return append(b, data...)
}

func numberField(b []byte, number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(number<<3)), v)
}

func frame(kind string, blob []byte) []byte {
	header := numberField(bytesField(nil, 1, []byte(kind)), 3, uint64(len(blob)))
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(header))), header...), blob...)
}

func deflate(data []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(data)
	_ = w.Close()
	return z.Bytes()
}

func TestAFileThatLiesIsRefusedAtItsBlock(t *testing.T) {
	head := frame("OSMHeader", bytesField(nil, 1, nil))
	raw := func(content []byte) []byte { return frame("OSMData", bytesField(nil, 1, content)) }
	group := func(number int, element []byte) []byte {
		return raw(bytesField(nil, 2, bytesField(nil, number, element)))
	}
	packed := func(claim uint64, content []byte) []byte {
		return frame("OSMData", bytesField(numberField(nil, 2, claim), 3, deflate(content)))
	}
	table := func(group []byte) []byte {
		return raw(bytesField(bytesField(nil, 1, bytesField(nil, 1, nil)), 2, group))
	}
	bomb := bytes.Repeat([]byte{0}, 4<<20)
	for name, c := range map[string]struct {
		block []byte
		says  string
	}{
		"a bomb that claims little":    {packed(100, bomb), "claims 100 bytes"},
		"a bomb that claims much":      {packed(1<<40, bomb), "at most 33554432 are allowed"},
		"a claim that is too large":    {packed(5, []byte("abc")), "claims 5 bytes"},
		"packed data that is none":     {frame("OSMData", bytesField(numberField(nil, 2, 9), 3, []byte("nonsense"))), "damaged"},
		"packed by another program":    {frame("OSMData", bytesField(nil, 4, []byte("lzma"))), "other than zlib"},
		"a block header of 65 kB":      {append([]byte{0, 1, 0, 1}, bomb[:70000]...), "65537 bytes"},
		"a block header of no bytes":   {make([]byte, 9), "header of 0 bytes"},
		"a block of 33 MB":             {append([]byte{0, 0, 0, 14}, numberField(bytesField(nil, 1, []byte("OSMData")), 3, 1<<25+1)...), "at most"},
		"a block beyond the end":       {append([]byte{0, 0, 0, 12}, numberField(bytesField(nil, 1, []byte("OSMData")), 3, 1<<9)...), "ends in the middle"},
		"a field beyond its message":   {raw([]byte{0x12, 0x7f, 1}), "past the end"},
		"a number of eleven bytes":     {raw(append([]byte{17 << 3 & 0x7f}, bytes.Repeat([]byte{0xff}, 11)...)), "longer than ten bytes"},
		"a group in the wrong wire":    {raw([]byte{0x10, 1}), "wire type"},
		"a wire type that is none":     {raw([]byte{0x13}), "wire type"},
		"a string that is not there":   {group(3, bytesField(bytesField(nil, 2, []byte{9}), 3, []byte{9})), "not in the block's table"},
		"a key without a value":        {table(bytesField(nil, 3, bytesField(nil, 2, []byte{0}))), "differ in length"},
		"nodes without latitudes":      {group(2, bytesField(nil, 1, []byte{2, 2})), "differ in length"},
		"a node beyond the pole":       {group(1, numberField(nil, 8, 1<<40)), "outside the earth"},
		"a relation without roles":     {group(4, bytesField(nil, 9, []byte{2})), "differ in length"},
		"a member of an unknown kind":  {table(bytesField(nil, 4, bytesField(bytesField(bytesField(nil, 8, []byte{0}), 9, []byte{2}), 10, []byte{7}))), "unknown kind 7"},
		"two million strings":          {raw(bytesField(nil, 1, bytes.Repeat([]byte{0x0a, 0}, 2<<20))), "more elements"},
		"two million nodes in a way":   {group(3, bytesField(nil, 8, bomb[:2<<20])), "more elements"},
		"a hundred thousand groups":    {raw(bytes.Repeat([]byte{0x12, 0}, 100_000)), "more elements"},
		"a file that ends in a length": {[]byte{0, 0}, "ends in the middle"},
	} {
		_, _, _, err := read(append(bytes.Clone(head), c.block...))
		at, ok := errors.AsType[*Error](err)
		if !ok || at.Block != 2 || at.Offset != int64(len(head)) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

type brokenDisk struct{}

func (brokenDisk) ReadAt([]byte, int64) (int, error) { return 0, errors.New("input/output error") }

func TestABrokenDiskIsNotTheFilesFault(t *testing.T) {
	_, err := NewReader(brokenDisk{}, 100).Block(1, 0)
	if _, ok := errors.AsType[*ReadError](err); !ok {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := os.ReadFile(liechtenstein)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:1024])
	// The smallest real block, unpacked.
	r := NewReader(bytes.NewReader(data), int64(len(data)))
	for number, offset := 1, int64(0); ; number++ {
		b, err := r.Block(number, offset)
		if err != nil {
			break
		}
		if content, err := r.unpack(b); err == nil && len(content) < 1<<16 {
			f.Add(bytes.Clone(content))
			f.Add(content[:len(content)/2])
		}
		offset = b.Next
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nothing := Handler{
			Node: func(_ int64, lon, lat int32, _ Tags) error {
				if lon < -180e7 || lon > 180e7 || lat < -90e7 || lat > 90e7 {
					t.Errorf("a node at %d, %d", lon, lat)
				}
				return nil
			},
			Way:      func(int64, []int64, Tags) error { return nil },
			Relation: func(int64, []Member, Tags) error { return nil },
		}
		var t1 tables
		_, _ = t1.decode(data, nothing)
		_, _, _, _ = read(data)
	})
}
