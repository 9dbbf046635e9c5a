package pbf

import (
	"errors"
	"math/bits"
)

// The faults that the wire format itself can have.
var (
	errShort  = errors.New("a field runs past the end of its message")
	errVarint = errors.New("a number is longer than ten bytes")
	errWire   = errors.New("a field has an unknown or unexpected wire type")
)

// Wire types of protocol buffers.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// message walks over the fields of one protocol buffer message. It never
// allocates: lengths are checked against what is there.
type message struct {
	rest  []byte
	field int
	value uint64 // of a varint field
	data  []byte // of a field with a length
	wire  int
	err   error
}

// next steps to the next field; it returns false at the end and on an error.
func (m *message) next() bool {
	if m.err != nil || len(m.rest) == 0 {
		return false
	}
	tag := m.varint()
	if m.err != nil {
		return false
	}
	m.field, m.wire = int(tag>>3), int(tag&7)
	switch m.wire {
	case wireVarint:
		m.value = m.varint()
	case wireFixed8:
		m.take(8)
	case wireFixed4:
		m.take(4)
	case wireBytes:
		m.data = m.take(m.varint())
	default:
		m.err = errWire
	}
	return m.err == nil
}

func (m *message) varint() uint64 {
	v, n, err := varint(m.rest)
	if err != nil {
		m.err = err
		return 0
	}
	m.rest = m.rest[n:]
	return v
}

func (m *message) take(n uint64) []byte {
	if m.err != nil {
		return nil
	}
	if n > uint64(len(m.rest)) {
		m.err = errShort
		return nil
	}
	data := m.rest[:n:n]
	m.rest = m.rest[n:]
	return data
}

// bytes returns the data of the present field, which must have a length.
func (m *message) bytes() []byte {
	if m.wire != wireBytes {
		m.fail(errWire)
		return nil
	}
	return m.data
}

// number returns the present field's value, which must be a varint.
func (m *message) number() uint64 {
	if m.wire != wireVarint {
		m.fail(errWire)
	}
	return m.value
}

func (m *message) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// packed is a list of varints.
type packed []byte

func (p *packed) next() (uint64, error) {
	v, n, err := varint(*p)
	if err != nil {
		return 0, err
	}
	*p = (*p)[n:]
	return v, nil
}

// signed returns the next number in zigzag coding.
func (p *packed) signed() (int64, error) {
	v, err := p.next()
	return zigzag(v), err
}

func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func varint(b []byte) (v uint64, n int, err error) {
	for i, c := range b {
		if i == 10 || i == 9 && bits.Len8(c) > 1 {
			return 0, 0, errVarint
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i + 1, nil
		}
	}
	return 0, 0, errShort
}
