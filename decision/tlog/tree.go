package tlog

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tiles are 256 hashes wide, as C2SP tlog-tiles has it.
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// edge is the right edge of a Merkle tree: for each level of tiles the hashes
// of the tile that is not full. It is all that a tree needs to grow.
type edge struct {
	size   int64
	levels [][]tlog.Hash // levels[l] holds size>>(8*l) mod 256 hashes
}

// add appends a leaf, and calls full for each tile that it completes.
func (e *edge) add(leaf tlog.Hash, full func(level int, n int64, hashes []tlog.Hash) error) error {
	e.size++
	h := leaf
	for level := 0; ; level++ {
		if level == len(e.levels) {
			e.levels = append(e.levels, nil)
		}
		e.levels[level] = append(e.levels[level], h)
		if len(e.levels[level]) < tileWidth {
			return nil
		}
		h = subtree(e.levels[level])
		if err := full(level, e.size>>(tileHeight*(level+1))-1, e.levels[level]); err != nil {
			return err
		}
		e.levels[level] = nil
	}
}

// partial returns the number of the tile of a level that is not full, with its hashes; none when there is no such tile.
func (e *edge) partial(level int) (n int64, hashes []tlog.Hash) {
	return e.size >> (tileHeight * (level + 1)), e.levels[level]
}

// root returns the RFC 6962 hash of the tree. The tree splits at the largest
// power of two below its size; subtrees of 256 are aligned with that, so the
// lower levels fold into one last, smaller subtree of the level above.
func (e *edge) root() tlog.Hash {
	if e.size == 0 {
		h, err := tlog.TreeHash(0, nil)
		if err != nil {
			panic(fmt.Sprintf("hash of the empty tree: %v", err)) // it is a constant
		}
		return h
	}
	var last []tlog.Hash
	for _, hashes := range e.levels {
		if all := append(hashes[:len(hashes):len(hashes)], last...); len(all) > 0 {
			last = []tlog.Hash{subtree(all)}
		}
	}
	return last[0]
}

// subtree returns the RFC 6962 hash over one or more nodes, all perfect and of one size except perhaps the last, which may be smaller.
func subtree(h []tlog.Hash) tlog.Hash {
	if len(h) == 1 {
		return h[0]
	}
	k := 1
	for 2*k < len(h) {
		k *= 2
	}
	return tlog.NodeHash(subtree(h[:k]), subtree(h[k:]))
}

// pack writes hashes one after another, as a tile holds them.
func pack(hashes []tlog.Hash) []byte {
	out := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

// unpack reads the first n hashes of a tile.
func unpack(tile []byte, n int) ([]tlog.Hash, error) {
	if len(tile) < n*tlog.HashSize || len(tile)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("a tile of %d bytes cannot hold %d hashes", len(tile), n)
	}
	hashes := make([]tlog.Hash, n)
	for i := range hashes {
		copy(hashes[i][:], tile[i*tlog.HashSize:])
	}
	return hashes, nil
}
