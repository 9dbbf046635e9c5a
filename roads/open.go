package roads

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"sync"

	"polder.city/internal/problem"
)

// OpenGraph opens the graph that [Graph.SaveFile] saved of a network, of which it takes
// the hash ([Network.SHA256]), for a profile. The file is mapped: graphs and processes
// that open it share its memory, and only names are copied.
//
// It returns a [*problem.Error] for a file that is no graph, of another version or byte
// order, cut off, damaged, or built of another network or for another profile: then
// [Build] the graph and save it again. A file that is not there is an fs.ErrNotExist.
//
// Besides the checksum every number is checked that points somewhere, so that no file,
// not even one made to deceive, makes OpenGraph or a query panic or read what is not the
// graph's; what only a path can find out makes [Graph.Path] and [Graph.Alternatives]
// return the same problem. What is not checked is whether costs are right: a file with
// a right checksum that Polder did not write can make paths dear or wrong.
func OpenGraph(name string, network [sha256.Size]byte, p Profile) (*Graph, error) {
	m, err := mapFile(name)
	if err != nil {
		return nil, fmt.Errorf("open the graph: %w", err)
	}
	g, err := readGraph(m.data, network, p)
	if err != nil {
		if e, ok := errors.AsType[*problem.Error](err); ok {
			e.Where = name
		}
		return nil, errors.Join(err, m.unmap())
	}
	g.mapping = m
	return g, nil
}

// Close gives back what [OpenGraph] mapped. Neither the graph nor one that
// [Graph.With] made of it may be used during or after it; to do so ends the process. A
// graph that is in use until the process ends need not be closed, and for one that Build
// made there is nothing to do.
func (g *Graph) Close() error {
	if g.mapping == nil {
		return nil
	}
	return g.mapping.unmap()
}

// refuseGraph returns the problem of a saved graph.
func refuseGraph(kind problem.Kind, code, format string, args ...any) error {
	return problem.New(kind, "roads.graph."+code, format, args...).Do("Build the graph of the street map again and save it.")
}

// contradiction is the problem of a graph whose checksum is right and that Polder cannot
// have saved.
func contradiction(why string) error {
	return refuseGraph(problem.Invalid, "corrupt", "The saved graph contradicts itself: %s.", why)
}

// readGraph makes a graph of the bytes of a file, which must be aligned and stay.
func readGraph(data []byte, network [sha256.Size]byte, p Profile) (*Graph, error) {
	r, err := newGraphReader(data)
	if err != nil {
		return nil, err
	}
	if r.network != network {
		return nil, refuseGraph(problem.Conflict, "stale", "The saved graph is of another street map.")
	}
	if r.profile != p.hash() {
		return nil, refuseGraph(problem.Conflict, "profile", "The saved graph is not for this profile of a %s.", p.Name)
	}
	g := &Graph{profile: p, turnCost: p.turnCosts(), topology: new(topology), queries: new(sync.Pool), climbers: new(sync.Pool)}
	var a aside
	if err := r.sections(g.sections(&a)); err != nil {
		return nil, err
	}
	if err := g.putAside(&a); err != nil {
		return nil, err
	}
	if why := g.unsound(); why != "" {
		return nil, contradiction(why)
	}
	return g, nil
}

// graphReader reads a file whose checksum is right.
type graphReader struct {
	data             []byte
	network, profile [sha256.Size]byte
	rest             []byte // of the head, from the number of sections
}

func newGraphReader(data []byte) (*graphReader, error) {
	native := binary.NativeEndian
	if len(data) < len(graphMagic) || string(data[:len(graphMagic)]) != graphMagic {
		return nil, refuseGraph(problem.Invalid, "foreign", "This is not a saved graph.")
	}
	if len(data) < graphHead+graphTrailer {
		return nil, refuseGraph(problem.Invalid, "truncated", "The saved graph is cut off.")
	}
	at := len(graphMagic)
	if v := binary.LittleEndian.Uint32(data[at:]); v != graphVersion {
		return nil, refuseGraph(problem.Invalid, "version",
			"The graph was saved by another Polder (version %d; this one opens %d).", v, graphVersion)
	}
	if native.Uint32(data[at+4:]) != graphOrder {
		return nil, refuseGraph(problem.Invalid, "order", "The graph was saved on a machine with another order of bytes.")
	}
	at += 8
	r := &graphReader{data: data, network: [sha256.Size]byte(data[at:]), profile: [sha256.Size]byte(data[at+sha256.Size:])}
	at += 2 * sha256.Size
	switch size := native.Uint64(data[at:]); {
	case size > uint64(len(data)):
		return nil, refuseGraph(problem.Invalid, "truncated", "The saved graph is cut off: %d of %d bytes are there.",
			len(data), size)
	case size < uint64(len(data)):
		return nil, refuseGraph(problem.Invalid, "corrupt", "The saved graph is damaged: it has %d bytes too many.",
			uint64(len(data))-size)
	}
	body := data[:len(data)-graphTrailer]
	if uint64(crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))) != native.Uint64(data[len(body):]) {
		return nil, refuseGraph(problem.Invalid, "corrupt", "The saved graph is damaged: its checksum differs.")
	}
	r.data, r.rest = body, body[at+8:]
	return r, nil
}

// sections makes the arrays of the file's sections.
func (r *graphReader) sections(list []section) error {
	native := binary.NativeEndian
	if native.Uint64(r.rest) != uint64(len(list)) || len(r.rest) < 8+len(list)*graphEntry {
		return contradiction("it has not the sections of this version")
	}
	end := uint64(graphHead + len(list)*graphEntry)
	for i, s := range list {
		entry := r.rest[8+i*graphEntry:]
		at, count, size := native.Uint64(entry), native.Uint64(entry[8:]), native.Uint64(entry[16:])
		if size != uint64(s.size) {
			return contradiction(fmt.Sprintf("section %d has elements of %d bytes, not %d", i, size, s.size))
		}
		if at%graphAlign != 0 || at < end || at > uint64(len(r.data)) || count > (uint64(len(r.data))-at)/size {
			return contradiction(fmt.Sprintf("section %d lies outside the file or in another", i))
		}
		end = at + count*size
		s.set(r.data[at:end:end])
	}
	return nil
}

// putAside copies what is beside the arrays into the graph.
func (g *Graph) putAside(a *aside) error {
	var facts graphFacts
	if err := json.Unmarshal(a.facts, &facts); err != nil {
		return contradiction("its facts are not JSON")
	}
	g.stats, g.timed = facts.Stats, facts.Timed
	c := &g.cells
	c.min, c.width, c.height, c.reach = facts.GridMin, facts.GridWidth, facts.GridHeight, facts.GridReach
	c.columns, c.rows = facts.GridColumns, facts.GridRows
	text, start := string(a.nameText), int32(0)
	g.names = make([]string, len(a.nameEnds))
	for i, end := range a.nameEnds {
		if end < start || int(end) > len(text) {
			return contradiction("a name ends before it begins")
		}
		g.names[i], start = text[start:end], end
	}
	if len(g.names) == 0 {
		return contradiction("it has no names")
	}
	return nil
}
