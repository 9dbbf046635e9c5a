package roads

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

// maxStored is the largest stored network that is read, in bytes.
const maxStored = 1 << 30

// ReadNetwork reads what [Network.WriteTo] stored. A file that is foreign, of a
// newer version, cut off or changed gives a [*problem.Error] that says which.
func ReadNetwork(r io.Reader) (*Network, error) {
	refuse := func(code, message, way string) error {
		return problem.New(problem.Invalid, "roads.network."+code, "%s", message).At("street map").Do("%s", way)
	}
	const again = "Import the street map again."
	head := make([]byte, len(networkMagic)+1)
	if n, err := io.ReadFull(r, head); err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("read the street map: %w", err)
	} else if !bytes.HasPrefix(head[:n], []byte(networkMagic)) {
		return nil, refuse("foreign", "This is not a stored street map.", "Make one with polder roads import.")
	} else if n < len(head) {
		return nil, refuse("truncated", "The stored street map is cut off.", again)
	}
	version := head[len(networkMagic)]
	switch {
	case version > networkVersion:
		return nil, refuse("newer", fmt.Sprintf("The street map was stored by a newer Polder (version %d; this one reads %d).", version, networkVersion),
			"Update Polder, or import the street map again with this one.")
	case version == 0:
		return nil, refuse("corrupt", "The stored street map is damaged.", again)
	}
	body, err := io.ReadAll(io.LimitReader(r, maxStored+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the street map: %w", err)
	case len(body) > maxStored:
		return nil, refuse("large", "The stored street map is larger than 1 GB.", "Import a smaller extract.")
	case len(body) < sha256.Size:
		return nil, refuse("truncated", "The stored street map is cut off.", again)
	}
	body, sum := body[:len(body)-sha256.Size], body[len(body)-sha256.Size:]
	hash := sha256.New()
	hash.Write(head)
	hash.Write(body)
	if !bytes.Equal(hash.Sum(nil), sum) {
		return nil, refuse("corrupt", "The stored street map is damaged or cut off: its checksum differs.", again)
	}
	d := decoder{rest: body}
	n := d.network()
	if version == networkVersion {
		d.rules(n)
	}
	if d.err == nil && len(d.rest) > 0 {
		d.err = errors.New("bytes are left over")
	}
	if d.err != nil {
		return nil, problem.New(problem.Invalid, "roads.network.corrupt", "The stored street map contradicts itself: %v.", d.err).
			At("street map").Do(again)
	}
	return n, n.Check()
}

// decoder reads numbers; the first error stays and everything after it is 0.
type decoder struct {
	rest []byte
	err  error

	strings   []string
	lon, lat  int64
	lastNode  int64
	lastWayID int64
}

func (d *decoder) fail(message string) {
	if d.err == nil {
		d.err = errors.New(message)
	}
	d.rest = nil
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail("a number is cut off")
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) signed() int64 {
	v := d.number()
	return int64(v>>1) ^ -int64(v&1)
}

// upTo reads a number that must not be larger than a limit.
func (d *decoder) upTo(limit uint64) uint64 {
	v := d.number()
	if v > limit {
		d.fail("a number is too large")
		return 0
	}
	return v
}

// count reads the number of elements that follow; each takes at least some
// bytes, so that memory is bounded by the size of the file.
func (d *decoder) count(bytesEach int) int {
	v := d.number()
	if v > uint64(len(d.rest)/bytesEach) {
		d.fail("more is claimed than the file holds")
		return 0
	}
	return int(v)
}

func (d *decoder) text() string {
	i := d.number()
	if i >= uint64(len(d.strings)) {
		d.fail("a name is not in the table")
		return ""
	}
	return d.strings[i]
}

func (d *decoder) point() orb.Point {
	d.lon += d.signed()
	d.lat += d.signed()
	if d.lon < -180e7 || d.lon > 180e7 || d.lat < -90e7 || d.lat > 90e7 {
		d.fail("a coordinate is not on the earth")
		return orb.Point{}
	}
	return orb.Point{degrees(int32(d.lon)), degrees(int32(d.lat))}
}

func (d *decoder) network() *Network {
	n := &Network{Simulated: d.upTo(flagSimulated) == flagSimulated}
	d.strings = make([]string, 1, 1+d.count(1))
	for range cap(d.strings) - 1 {
		k := d.count(1)
		d.strings = append(d.strings, string(d.rest[:k]))
		d.rest = d.rest[k:]
	}
	n.Source = d.text()
	n.Nodes = make([]orb.Point, d.count(2))
	for i := range n.Nodes {
		n.Nodes[i] = d.point()
	}
	n.Ways = make([]Way, d.count(10))
	for i := range n.Ways {
		d.way(&n.Ways[i])
	}
	n.Barriers = make([]Barrier, d.count(4))
	before := uint64(0)
	for i := range n.Barriers {
		before += d.upTo(math.MaxInt32)
		if before > math.MaxInt32 {
			d.fail("a barrier is nowhere")
			before = 0
		}
		n.Barriers[i] = Barrier{
			Node: int32(before), Passes: Access(d.upTo(math.MaxUint8)),
			MaxHeight: uint16(d.upTo(math.MaxUint16)), MaxWidth: uint16(d.upTo(math.MaxUint16)),
		}
	}
	n.Restrictions = make([]Restriction, d.count(5))
	for i := range n.Restrictions {
		n.Restrictions[i] = Restriction{
			From: int32(d.upTo(math.MaxInt32)), To: int32(d.upTo(math.MaxInt32)), Via: int32(d.upTo(math.MaxInt32)),
			Only: d.upTo(restrictionOnly) == restrictionOnly, Applies: Access(d.upTo(math.MaxUint8)),
		}
	}
	n.Areas = make([]Area, d.count(4))
	for i := range n.Areas {
		d.area(&n.Areas[i])
	}
	return n
}

func (d *decoder) way(w *Way) {
	d.lastWayID += d.signed()
	w.ID = d.lastWayID
	flags := d.upTo(wayLimits<<1 - 1)
	w.Bridge, w.Tunnel = flags&wayBridge != 0, flags&wayTunnel != 0
	w.Roundabout, w.Unpaved = flags&wayRoundabout != 0, flags&wayUnpaved != 0
	w.Class = Class(d.upTo(uint64(classCount - 1)))
	w.Forward, w.Backward = Access(d.upTo(math.MaxUint8)), Access(d.upTo(math.MaxUint8))
	w.Name, w.Ref = d.text(), d.text()
	if flags&wayLimits != 0 {
		w.MaxSpeed = uint8(d.upTo(math.MaxUint8))
		for _, limit := range [...]*uint16{&w.MaxWeight, &w.MaxHeight, &w.MaxWidth, &w.MaxLength} {
			*limit = uint16(d.upTo(math.MaxUint16))
		}
	}
	w.Nodes = make([]int32, d.count(1))
	for i := range w.Nodes {
		d.lastNode += d.signed()
		if d.lastNode < 0 || d.lastNode > math.MaxInt32 {
			d.fail("a way leads nowhere")
			d.lastNode = 0
		}
		w.Nodes[i] = int32(d.lastNode)
	}
}

func (d *decoder) area(a *Area) {
	a.Kind = AreaKind(d.upTo(uint64(Industrial)))
	a.Schematic = d.upTo(areaSchematic) == areaSchematic
	a.Name = d.text()
	a.Polygon = d.polygon()
}

func (d *decoder) polygon() orb.Polygon {
	polygon := make(orb.Polygon, d.count(1))
	for i := range polygon {
		ring := make(orb.Ring, d.count(2))
		for k := range ring {
			ring[k] = d.point()
		}
		polygon[i] = ring
	}
	return polygon
}

// rules reads what version 2 has beside.
func (d *decoder) rules(n *Network) {
	d.indexed(len(n.Ways), 4, func(i int) {
		w := &n.Ways[i]
		w.Private, w.Seconds = Access(d.upTo(math.MaxUint8)), uint32(d.upTo(math.MaxUint32))
		w.Conditionals = make([]Conditional, d.count(6))
		for k := range w.Conditionals {
			w.Conditionals[k] = Conditional{
				When: d.text(), Forward: Access(d.upTo(math.MaxUint8)), Backward: Access(d.upTo(math.MaxUint8)),
				Admits: Access(d.upTo(math.MaxUint8)), Limit: Limit(d.upTo(uint64(LimitSpeed))), Max: uint16(d.upTo(math.MaxUint16)),
			}
		}
	})
	d.indexed(len(n.Restrictions), 3, func(i int) {
		r := &n.Restrictions[i]
		r.When = d.text()
		r.Over = make([]int32, d.count(1))
		for k := range r.Over {
			r.Over[k] = int32(d.upTo(math.MaxInt32))
		}
	})
	n.Zones = make([]Zone, d.count(5))
	for i := range n.Zones {
		z := &n.Zones[i]
		z.Name, z.Applies, z.Least = d.text(), Access(d.upTo(math.MaxUint8)), Emission(d.upTo(math.MaxUint8))
		z.When, z.Polygon = d.text(), d.polygon()
	}
	if d.err == nil && n.version() != networkVersion {
		d.fail("it is stored in a version that it does not need")
	}
}

// indexed reads elements of a list, each after its index; one takes at least some bytes.
func (d *decoder) indexed(length, bytesEach int, read func(i int)) {
	at := uint64(0)
	for k := range d.count(bytesEach) {
		step := d.upTo(uint64(length))
		if at += step; at >= uint64(length) || k > 0 && step == 0 {
			d.fail("what is said beside belongs to nothing")
			return
		}
		read(int(at))
	}
}
