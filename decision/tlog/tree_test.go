package tlog

import (
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// TestTheTreeIsTheOneOfRFC6962 grows a tree past two levels of tiles and
// compares its root, and the tiles that it completes, with x/mod's at every interesting size.
func TestTheTreeIsTheOneOfRFC6962(t *testing.T) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = stored[x]
		}
		return out, nil
	})
	var e edge
	tiles := 0
	compare := func(level int, n int64, hashes []tlog.Hash) error {
		tiles++
		want, err := tlog.ReadTileData(tlog.Tile{H: tileHeight, L: level, N: n, W: tileWidth}, reader)
		if err != nil {
			return err
		}
		if string(pack(hashes)) != string(want) {
			t.Fatalf("tile %d/%d differs", level, n)
		}
		return nil
	}
	const most = 70_000
	for n := int64(0); n < most; n++ {
		if n < 600 || n%9973 == 0 || (n >= 65_533 && n <= 65_540) {
			want, err := tlog.TreeHash(n, reader)
			if err != nil {
				t.Fatal(err)
			}
			if e.root() != want {
				t.Fatalf("root at size %d differs", n)
			}
		}
		record := tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(n)))
		hashes, err := tlog.StoredHashesForRecordHash(n, record, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		if err := e.add(record, compare); err != nil {
			t.Fatal(err)
		}
	}
	if want := 273 + 1; tiles != want { // the numbers of the tlog-tiles specification for 70,000 leaves
		t.Fatalf("%d full tiles, want %d", tiles, want)
	}
	for level, want := range []int{112, 17, 1} {
		if _, hashes := e.partial(level); len(hashes) != want {
			t.Fatalf("partial tile of level %d holds %d hashes, want %d", level, len(hashes), want)
		}
	}
}
