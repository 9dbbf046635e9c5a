// Package pbf reads OpenStreetMap's PBF files as if they were sent by an enemy:
// no length that a file claims is believed, memory stays below the format's own
// limits (32 MiB a block, packed and unpacked), and whatever is wrong comes back
// as an error that says in which block and at which byte.
//
// The format: https://wiki.openstreetmap.org/wiki/PBF_Format. Coordinates come
// out in units of 1e-7 degree, in which OpenStreetMap keeps them.
package pbf

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The format's own limits, in bytes.
const (
	maxHeader = 64 << 10
	maxBlock  = 32 << 20
)

// Error is a fault of a file and its place.
type Error struct {
	Block  int   // counted from 1; the header block is the first
	Offset int64 // byte in the file at which the block begins
	Err    error
}

// Error returns the place and the fault.
func (e *Error) Error() string {
	return fmt.Sprintf("block %d at byte %d: %v", e.Block, e.Offset, e.Err)
}

// Unwrap returns the fault.
func (e *Error) Unwrap() error { return e.Err }

// The faults of a file's outer structure.
var (
	ErrForeign   = errors.New("this is not an OpenStreetMap PBF file")
	ErrTruncated = errors.New("the file ends in the middle of a block")
)

// Block is the place of one block in a file.
type Block struct {
	Number int   // counted from 1
	Offset int64 // where its header begins
	Next   int64 // where the block after it begins
	Kinds  Kinds // what is in it; set by [Reader.Decode]

	header bool // the file's header, and not a block with data
	body   int64
}

// Reader reads blocks of one file. It reuses its buffers: one goroutine only.
type Reader struct {
	file io.ReaderAt
	size int64

	packed   []byte
	unpacked bytes.Buffer
	inflater io.ReadCloser
	tables   tables
}

// NewReader returns a reader of a file of size bytes.
func NewReader(file io.ReaderAt, size int64) *Reader {
	return &Reader{file: file, size: size}
}

// Block finds the block that begins at an offset; io.EOF when the file ends
// there. The first block has number 1 and offset 0, the others follow by Next.
func (r *Reader) Block(number int, offset int64) (Block, error) {
	b := Block{Number: number, Offset: offset}
	if offset == r.size && number > 1 {
		return b, io.EOF
	}
	var length [4]byte
	if err := r.readAt(length[:], offset); err != nil {
		return b, b.fail(err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n == 0 || n > maxHeader {
		if number == 1 {
			return b, b.fail(ErrForeign)
		}
		return b, b.fail(fmt.Errorf("a block header of %d bytes (at most %d are allowed)", n, maxHeader))
	}
	header := make([]byte, n)
	if err := r.readAt(header, offset+4); err != nil {
		return b, b.fail(err)
	}
	var kind string
	size := uint64(maxBlock + 1) // refused when the field is missing
	m := message{rest: header}
	for m.next() {
		switch m.field {
		case 1:
			kind = string(m.bytes())
		case 3:
			size = m.number()
		}
	}
	switch {
	case number == 1 && (m.err != nil || kind != "OSMHeader"):
		return b, b.fail(ErrForeign)
	case m.err != nil:
		return b, b.fail(m.err)
	case size > maxBlock:
		return b, b.fail(fmt.Errorf("a block of %d bytes (at most %d are allowed)", size, maxBlock))
	}
	b.header = kind != "OSMData" // unknown kinds are skipped, as the format asks
	b.body = offset + 4 + int64(n)
	b.Next = b.body + int64(size)
	if b.Next > r.size {
		return b, b.fail(ErrTruncated)
	}
	if number == 1 {
		return b, b.fail(r.checkHeader(b))
	}
	return b, nil
}

// Decode unpacks a block and hands its elements to h; it sets b.Kinds.
func (r *Reader) Decode(b *Block, h Handler) error {
	if b.header {
		return nil
	}
	data, err := r.unpack(*b)
	if err != nil {
		return b.fail(err)
	}
	b.Kinds, err = r.tables.decode(data, h)
	return b.fail(err)
}

// checkHeader refuses a file that needs what this reader cannot do.
func (r *Reader) checkHeader(b Block) error {
	data, err := r.unpack(b)
	if err != nil {
		return err
	}
	m := message{rest: data}
	for m.next() {
		if m.field != 4 {
			continue
		}
		switch feature := string(m.bytes()); feature {
		case "OsmSchema-V0.6", "DenseNodes":
		default:
			return fmt.Errorf("the file needs the feature %.40q, which this program does not know", feature)
		}
	}
	return m.err
}

// unpack returns a block's contents, valid until the next call.
func (r *Reader) unpack(b Block) ([]byte, error) {
	size := int(b.Next - b.body)
	if cap(r.packed) < size {
		r.packed = make([]byte, size)
	}
	r.packed = r.packed[:size]
	if err := r.readAt(r.packed, b.body); err != nil {
		return nil, err
	}
	var raw, deflated []byte
	var claimed uint64
	m := message{rest: r.packed}
	for m.next() {
		switch m.field {
		case 1:
			raw = m.bytes()
		case 2:
			claimed = m.number()
		case 3:
			deflated = m.bytes()
		case 4, 5, 6, 7:
			m.fail(errors.New("the block is packed in a way other than zlib"))
		}
	}
	switch {
	case m.err != nil:
		return nil, m.err
	case deflated == nil:
		return raw, nil
	case claimed > maxBlock:
		return nil, fmt.Errorf("a block of %d bytes when unpacked (at most %d are allowed)", claimed, maxBlock)
	}
	return r.inflate(deflated, int64(claimed))
}

func (r *Reader) inflate(deflated []byte, claimed int64) ([]byte, error) {
	source := bytes.NewReader(deflated)
	var err error
	if r.inflater == nil {
		r.inflater, err = zlib.NewReader(source)
	} else {
		err = r.inflater.(zlib.Resetter).Reset(source, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("the packed data is damaged: %w", err)
	}
	r.unpacked.Reset()
	// One byte more than claimed is enough to see a lie, and bounds the memory.
	n, err := r.unpacked.ReadFrom(io.LimitReader(r.inflater, claimed+1))
	if err != nil {
		return nil, fmt.Errorf("the packed data is damaged: %w", err)
	}
	if n != claimed {
		return nil, fmt.Errorf("the block claims %d bytes and holds more or fewer", claimed)
	}
	return r.unpacked.Bytes(), nil
}

func (r *Reader) readAt(p []byte, offset int64) error {
	n, err := r.file.ReadAt(p, offset)
	switch {
	case n == len(p):
		return nil
	case errors.Is(err, io.EOF):
		return ErrTruncated
	default:
		return &ReadError{err}
	}
}

// ReadError is a failure of the disk or the network, not a fault of the file.
type ReadError struct{ Err error }

// Error returns the cause.
func (e *ReadError) Error() string { return "cannot read: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }

// fail puts the block's place on an error; nil stays nil.
func (b *Block) fail(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Block: b.Number, Offset: b.Offset, Err: err}
}
