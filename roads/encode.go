package roads

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"slices"

	"github.com/paulmach/orb"
)

// The format of a stored network, in this order:
//
//	"POLDRNET", one byte version
//	flags, the strings (count, then each with its length), source (string number)
//	nodes: count, then longitude and latitude as differences from the one before
//	ways, barriers, restrictions, areas: each a count, then the elements
//	in version 2: what ways and restrictions have beside, each with the index of the
//	  way or restriction as a difference from the one before; zones
//	SHA-256 of everything before it, 32 bytes
//
// Numbers are varints, signed ones in zigzag coding; coordinates are in 1e-7
// degree (about one centimetre). Equal networks give equal bytes: a network with nothing
// that needs version 2 is stored as version 1, which older ones of Polder read too.
const (
	networkMagic   = "POLDRNET"
	networkVersion = 2
	plainVersion   = 1
)

// The flags of a network, an area and a restriction.
const (
	flagSimulated   = 1
	areaSchematic   = 1
	restrictionOnly = 1
)

// The flags of a way.
const (
	wayBridge = 1 << iota
	wayTunnel
	wayRoundabout
	wayUnpaved
	wayLimits // speed, weight, height, width and length follow
)

// WriteTo stores the network in a compact form that [ReadNetwork] reads; the
// bytes depend on the network alone. Coordinates are rounded to 1e-7 degree, as
// OpenStreetMap's are. It refuses a network that [Network.Check] refuses.
func (n *Network) WriteTo(w io.Writer) (int64, error) {
	if err := n.Check(); err != nil {
		return 0, err
	}
	hash := sha256.New()
	e := encoder{w: io.MultiWriter(w, hash), strings: map[string]int{}}
	e.buf = append(e.buf, networkMagic...)
	version := n.version()
	e.buf = append(e.buf, version)
	var flags uint64
	if n.Simulated {
		flags |= flagSimulated
	}
	e.number(flags)
	e.table(n)
	e.text(n.Source)
	e.number(uint64(len(n.Nodes)))
	for _, p := range n.Nodes {
		e.point(p)
	}
	e.number(uint64(len(n.Ways)))
	for i := range n.Ways {
		e.way(&n.Ways[i])
	}
	e.number(uint64(len(n.Barriers)))
	before := int32(0)
	for _, b := range n.Barriers {
		e.number(uint64(b.Node - before))
		before = b.Node
		e.number(uint64(b.Passes))
		e.number(uint64(b.MaxHeight))
		e.number(uint64(b.MaxWidth))
	}
	e.number(uint64(len(n.Restrictions)))
	for _, r := range n.Restrictions {
		e.number(uint64(r.From))
		e.number(uint64(r.To))
		e.number(uint64(r.Via))
		e.flag(r.Only, restrictionOnly)
		e.number(uint64(r.Applies))
	}
	e.number(uint64(len(n.Areas)))
	for i := range n.Areas {
		e.area(&n.Areas[i])
	}
	if version == networkVersion {
		e.rules(n)
	}
	e.flush()
	if e.err == nil {
		var k int
		k, e.err = w.Write(hash.Sum(nil))
		e.written += int64(k)
	}
	if e.err != nil {
		return e.written, fmt.Errorf("store the street map: %w", e.err)
	}
	return e.written, nil
}

// encoder gathers bytes and writes them in large pieces; the first error stays.
type encoder struct {
	w       io.Writer
	buf     []byte
	written int64
	err     error

	strings   map[string]int
	lon, lat  int32 // of the last point
	lastNode  int32
	lastWayID int64
}

func (e *encoder) flush() {
	if e.err == nil {
		var k int
		k, e.err = e.w.Write(e.buf)
		e.written += int64(k)
	}
	e.buf = e.buf[:0]
}

func (e *encoder) number(v uint64) {
	e.buf = binary.AppendUvarint(e.buf, v)
	if len(e.buf) > 1<<16 {
		e.flush()
	}
}

func (e *encoder) signed(v int64) { e.number(uint64(v<<1) ^ uint64(v>>63)) }
func (e *encoder) text(s string)  { e.number(uint64(e.strings[s])) }

func (e *encoder) flag(is bool, bit uint64) {
	if !is {
		bit = 0
	}
	e.number(bit)
}

// table writes each text once, in the order of first use; number 0 is "".
func (e *encoder) table(n *Network) {
	e.strings[""] = 0
	var list []string
	add := func(s string) {
		if _, ok := e.strings[s]; !ok {
			list = append(list, s)
			e.strings[s] = len(list)
		}
	}
	add(n.Source)
	for i := range n.Ways {
		add(n.Ways[i].Name)
		add(n.Ways[i].Ref)
	}
	for i := range n.Areas {
		add(n.Areas[i].Name)
	}
	for i := range n.Ways {
		for _, c := range n.Ways[i].Conditionals {
			add(c.When)
		}
	}
	for i := range n.Restrictions {
		add(n.Restrictions[i].When)
	}
	for i := range n.Zones {
		add(n.Zones[i].Name)
		add(n.Zones[i].When)
	}
	e.number(uint64(len(list)))
	for _, s := range list {
		e.number(uint64(len(s)))
		e.buf = append(e.buf, s...)
	}
}

func (e *encoder) point(p orb.Point) {
	lon, lat := units(p[0]), units(p[1])
	e.signed(int64(lon) - int64(e.lon))
	e.signed(int64(lat) - int64(e.lat))
	e.lon, e.lat = lon, lat
}

func (e *encoder) way(w *Way) {
	limits := [5]uint64{uint64(w.MaxSpeed), uint64(w.MaxWeight), uint64(w.MaxHeight), uint64(w.MaxWidth), uint64(w.MaxLength)}
	var flags uint64
	for i, is := range [...]bool{w.Bridge, w.Tunnel, w.Roundabout, w.Unpaved, limits != [5]uint64{}} {
		if is {
			flags |= 1 << i // in the order of the constants
		}
	}
	e.signed(w.ID - e.lastWayID)
	e.lastWayID = w.ID
	e.number(flags)
	e.number(uint64(w.Class))
	e.number(uint64(w.Forward))
	e.number(uint64(w.Backward))
	e.text(w.Name)
	e.text(w.Ref)
	if flags&wayLimits != 0 {
		for _, v := range limits {
			e.number(v)
		}
	}
	e.number(uint64(len(w.Nodes)))
	for _, v := range w.Nodes {
		e.signed(int64(v) - int64(e.lastNode))
		e.lastNode = v
	}
}

func (e *encoder) area(a *Area) {
	e.number(uint64(a.Kind))
	e.flag(a.Schematic, areaSchematic)
	e.text(a.Name)
	e.polygon(a.Polygon)
}

func (e *encoder) polygon(polygon orb.Polygon) {
	e.number(uint64(len(polygon)))
	for _, ring := range polygon {
		e.number(uint64(len(ring)))
		for _, p := range ring {
			e.point(p)
		}
	}
}

// hasRules says whether a way has what only version 2 stores.
func (w *Way) hasRules() bool { return w.Private != 0 || w.Seconds != 0 || len(w.Conditionals) > 0 }

func (r *Restriction) hasRules() bool { return r.When != "" || len(r.Over) > 0 }

// version returns the lowest in which the network can be stored.
func (n *Network) version() byte {
	if len(n.Zones) > 0 || slices.ContainsFunc(n.Ways, func(w Way) bool { return w.hasRules() }) ||
		slices.ContainsFunc(n.Restrictions, func(r Restriction) bool { return r.hasRules() }) {
		return networkVersion
	}
	return plainVersion
}

// rules writes what version 2 has beside.
func (e *encoder) rules(n *Network) {
	var which []int
	for i := range n.Ways {
		if n.Ways[i].hasRules() {
			which = append(which, i)
		}
	}
	e.indexed(which, func(i int) {
		w := &n.Ways[i]
		e.number(uint64(w.Private))
		e.number(uint64(w.Seconds))
		e.number(uint64(len(w.Conditionals)))
		for _, c := range w.Conditionals {
			e.text(c.When)
			for _, v := range [...]uint64{uint64(c.Forward), uint64(c.Backward), uint64(c.Admits), uint64(c.Limit), uint64(c.Max)} {
				e.number(v)
			}
		}
	})
	which = which[:0]
	for i := range n.Restrictions {
		if n.Restrictions[i].hasRules() {
			which = append(which, i)
		}
	}
	e.indexed(which, func(i int) {
		r := &n.Restrictions[i]
		e.text(r.When)
		e.number(uint64(len(r.Over)))
		for _, w := range r.Over {
			e.number(uint64(w))
		}
	})
	e.number(uint64(len(n.Zones)))
	for i := range n.Zones {
		z := &n.Zones[i]
		e.text(z.Name)
		e.number(uint64(z.Applies))
		e.number(uint64(z.Least))
		e.text(z.When)
		e.polygon(z.Polygon)
	}
}

// indexed writes elements of a list, each after its index.
func (e *encoder) indexed(which []int, write func(i int)) {
	e.number(uint64(len(which)))
	before := 0
	for _, i := range which {
		e.number(uint64(i - before))
		before = i
		write(i)
	}
}
