package roads

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"polder.city/internal/problem"
)

// The format of a saved graph is that of its arrays in memory, so that a file is mapped
// and not read. In this order:
//
//	"POLDRGRF", version (4 bytes, little-endian), 0x01020304 (4 bytes), all that
//	  follows being in the byte order that this shows
//	SHA-256 of the network, SHA-256 of the profile (32 bytes each)
//	length of the file and number of sections (8 bytes each)
//	for each section its offset, number of elements and bytes an element (8 bytes each)
//	the sections of Graph.sections, each at a multiple of 64 bytes, zeros between
//	CRC-32C of everything before it, in 8 bytes
//
// CRC-32C (Castagnoli) has an instruction of its own in processors: checking a file
// takes hardly longer than reading it.
const (
	graphMagic = "POLDRGRF"
	// graphVersion goes up when the format changes, and also when Build makes another
	// graph of the same network.
	graphVersion = 2
	graphOrder   = 0x01020304

	graphHead    = 8 + 4 + 4 + 2*sha256.Size + 8 + 8
	graphEntry   = 3 * 8 // of the table of sections
	graphTrailer = 8
	graphAlign   = 64 // a line of the cache
)

// SHA256 returns the hash by which saved graphs know their network: that of what
// [Network.WriteTo] stores.
func (n *Network) SHA256() ([sha256.Size]byte, error) {
	hash := sha256.New()
	if _, err := n.WriteTo(hash); err != nil {
		return [sha256.Size]byte{}, err
	}
	return [sha256.Size]byte(hash.Sum(nil)), nil
}

// hash tells profiles apart: it is that of all fields with their names, numbers in as
// many digits as they have. A Profile holds no pointers.
func (p *Profile) hash() [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%#v", *p))
}

// aside is what a saved graph holds beside its arrays.
type aside struct {
	facts    []byte  // graphFacts as JSON
	nameEnds []int32 // name i ends at byte nameEnds[i] of nameText, and name i+1 begins there
	nameText []byte
}

// graphFacts are the single values of a graph.
type graphFacts struct {
	Stats                 Stats
	Timed                 timed
	GridMin               [2]float64
	GridWidth, GridHeight float64
	GridColumns, GridRows int
	GridReach             float64
}

// section is an array of a graph as bytes.
type section struct {
	size int                // bytes an element
	get  func() []byte      // the memory of the array
	set  func(bytes []byte) // makes the array of memory
}

func sectionOf[T any](s *[]T) section {
	return section{sizeOf[T](), func() []byte { return bytesOf(*s) }, func(b []byte) { *s = sliceOf[T](b) }}
}

// sections lists the arrays in the order of the file.
func (g *Graph) sections(a *aside) []section {
	t := g.topology
	return []section{
		sectionOf(&a.facts), sectionOf(&a.nameEnds), sectionOf(&a.nameText),
		sectionOf(&g.cost), sectionOf(&g.open),
		sectionOf(&g.up.cost), sectionOf(&g.up.via), sectionOf(&g.down.cost), sectionOf(&g.down.via),
		sectionOf(&g.shape), sectionOf(&g.label), sectionOf(&g.class), sectionOf(&g.traits), sectionOf(&g.copyOf),
		sectionOf(&g.points),
		sectionOf(&g.turnFrom), sectionOf(&g.turns),
		sectionOf(&t.rank), sectionOf(&t.arc), sectionOf(&t.parent), sectionOf(&t.turnLink),
		sectionOf(&t.up.from), sectionOf(&t.up.other), sectionOf(&t.down.from), sectionOf(&t.down.other),
		sectionOf(&g.cells.from), sectionOf(&g.cells.segments),
	}
}

// Save writes the graph in a form that [OpenGraph] maps. The network is the hash of
// the one that it was built from ([Network.SHA256]); equal graphs give equal bytes on
// machines of one byte order. A graph with changes, or of a moment, is refused: it is not
// what the network says.
func (g *Graph) Save(w io.Writer, network [sha256.Size]byte) error {
	if g.changed || !g.moment.IsZero() {
		return problem.New(problem.Invalid, "roads.graph.changed",
			"A graph with closures or other speeds, or of a moment, cannot be saved.").
			Do("Save the graph that it was made of.")
	}
	a, err := g.aside()
	if err != nil {
		return fmt.Errorf("save the graph: %w", err)
	}
	sections := g.sections(a)
	hash := g.profile.hash()
	native := binary.NativeEndian
	head := append(make([]byte, 0, graphHead+len(sections)*graphEntry), graphMagic...)
	head = binary.LittleEndian.AppendUint32(head, graphVersion)
	head = native.AppendUint32(head, graphOrder)
	head = append(append(head, network[:]...), hash[:]...)
	var table []byte
	at := graphHead + len(sections)*graphEntry
	for _, s := range sections {
		n := len(s.get())
		at += padding(at)
		for _, v := range [...]int{at, n / s.size, s.size} {
			table = native.AppendUint64(table, uint64(v))
		}
		at += n
	}
	at += padding(at)
	head = native.AppendUint64(head, uint64(at+graphTrailer))
	head = append(native.AppendUint64(head, uint64(len(sections))), table...)

	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	out := bufio.NewWriter(w)
	at = 0
	write := func(b []byte) {
		for _, part := range [...][]byte{b, make([]byte, padding(at+len(b)))} {
			sum.Write(part) // never fails
			out.Write(part) // the first error stays, and Flush returns it
			at += len(part)
		}
	}
	write(head)
	for _, s := range sections {
		write(s.get())
	}
	out.Write(native.AppendUint64(nil, uint64(sum.Sum32())))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("save the graph: %w", err)
	}
	return nil
}

// padding returns how many bytes after a place the next section begins.
func padding(at int) int { return -at & (graphAlign - 1) }

func (g *Graph) aside() (*aside, error) {
	c := &g.cells
	facts, err := json.Marshal(graphFacts{g.stats, g.timed, c.min, c.width, c.height, c.columns, c.rows, c.reach})
	if err != nil {
		return nil, err
	}
	a := &aside{facts: facts}
	for _, s := range g.names {
		a.nameText = append(a.nameText, s...)
		a.nameEnds = append(a.nameEnds, int32(len(a.nameText)))
	}
	return a, nil
}

// SaveFile saves the graph as a file, whole or not at all: it writes beside the name,
// waits until the disk has it, and renames. Whoever has the file of before mapped keeps
// that one.
func (g *Graph) SaveFile(name string, network [sha256.Size]byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part")
	if err != nil {
		return fmt.Errorf("save the graph: %w", err)
	}
	err = errors.Join(g.Save(f, network), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	// A rename that a power failure takes back leaves the file of before: the folder is
	// not synced, since a graph can always be built again.
	return nil
}
