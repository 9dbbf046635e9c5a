package roads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"polder.city/internal/problem"
	"polder.city/roads/pbf"
)

// ImportOptions are the choices of [ImportPBF]; the zero value works.
type ImportOptions struct {
	Name     string            // of the file, for messages
	Progress func(bytes int64) // called now and then with how much of the file is done
	Counts   *ImportCounts     // filled in when not nil
	Unread   func(Unread)      // called with each condition that cannot be read, and is left out
}

// Unread is a tag, or a part of one, that an import left out.
type Unread struct {
	Element string // as "way 7046172"
	Tag     string // key and value
	Why     error
}

// ImportCounts says what an import found and what it left out.
type ImportCounts struct {
	Blocks, Nodes, Ways, Barriers, Restrictions, Areas, Zones int

	MissingNodes      int // corners of streets that are not in the file; the street is cut there
	ViaWays           int // turn restrictions over streets in between
	LostRestrictions  int // turn restrictions whose streets are not in the file or do not meet
	Conditional       int // rules of access, limits and turns at certain times or for certain vehicles
	Unread            int // such rules that could not be read, left out; see ImportOptions
	BrokenAreas       int // outlines that do not close or are not whole in the file
	UnreadableNumbers int // limits of weight, size or speed that could not be read
}

const (
	// maxStream is how much of an input that cannot be read twice is kept in memory.
	maxStream = 512 << 20
	// maxCorners and maxText bound what a file can make the import keep: the
	// Netherlands as a whole needs about half.
	maxCorners = 32 << 20
	maxText    = 256 << 20
)

// ImportPBF reads streets and areas from an OpenStreetMap extract (.osm.pbf). It
// reads the file three times (relations, ways, nodes) so that memory follows
// the streets and not the extract: r should be able to seek; another one is kept
// in memory whole. A file that is damaged, cut off or lies about its sizes gives
// a [*problem.Error] that names the file and the byte; ctx stops it at any time.
func ImportPBF(ctx context.Context, r io.Reader, o ImportOptions) (*Network, error) {
	if o.Name == "" {
		o.Name = "the street map"
	}
	im := &importer{ctx: ctx, options: o, text: map[string]string{}}
	file, size, err := readerAt(ctx, r)
	if err != nil {
		return nil, im.explain(err)
	}
	im.file, im.size = pbf.NewReader(file, size), size
	n, err := im.run()
	if err != nil {
		return nil, im.explain(err)
	}
	if o.Counts != nil {
		*o.Counts = im.counts
	}
	return n, nil
}

// readerAt makes an input readable at any place.
func readerAt(ctx context.Context, r io.Reader) (io.ReaderAt, int64, error) {
	if f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		// A pipe is a file that cannot seek.
		if start, err := f.Seek(0, io.SeekCurrent); err == nil {
			end, err := f.Seek(0, io.SeekEnd)
			if err != nil {
				return nil, 0, &pbf.ReadError{Err: err}
			}
			return io.NewSectionReader(f, start, end-start), end - start, nil
		}
	}
	var all bytes.Buffer
	for {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		_, err := io.CopyN(&all, r, 1<<20)
		if all.Len() > maxStream {
			return nil, 0, errStream
		}
		if errors.Is(err, io.EOF) {
			return bytes.NewReader(all.Bytes()), int64(all.Len()), nil
		}
		if err != nil {
			return nil, 0, &pbf.ReadError{Err: err}
		}
	}
}

var (
	errStream = fmt.Errorf("the input is larger than %d MB and cannot be read twice", maxStream>>20)
	errLarge  = errors.New("the extract holds more streets and areas than can be kept in memory")
)

// explain turns an error of the reader into one for people.
func (im *importer) explain(err error) error {
	if ctxErr := im.ctx.Err(); ctxErr != nil {
		return fmt.Errorf("import %s: %w", im.options.Name, ctxErr)
	}
	where := im.options.Name
	if at, ok := errors.AsType[*pbf.Error](err); ok {
		where = fmt.Sprintf("%s: block %d at byte %d", where, at.Block, at.Offset)
	}
	if read, ok := errors.AsType[*pbf.ReadError](err); ok {
		return problem.New(problem.Unavailable, "roads.import.read", "The file cannot be read.").At(where).
			Do("Check the disk and the file's permissions, then try again.").Cause(read)
	}
	p := problem.New(problem.Invalid, "roads.import.damaged", "The file is damaged: %s.", cause(err)).At(where).
		Do("Download the extract again and compare its checksum.").Cause(err)
	switch {
	case errors.Is(err, pbf.ErrForeign):
		p.Code, p.Message = "roads.import.foreign", "This is not an OpenStreetMap extract in PBF format."
		p.Way = "Give a file that ends in .osm.pbf, for instance from download.geofabrik.de."
	case errors.Is(err, pbf.ErrTruncated):
		p.Code, p.Message = "roads.import.truncated", "The file ends in the middle of a block."
		p.Way = "The download was cut off: download the extract again."
	case errors.Is(err, errStream):
		p.Code, p.Message, p.Way = "roads.import.stream", "The input is too large to be kept in memory.", "Save it as a file and import that."
	case errors.Is(err, errLarge):
		p.Code, p.Message = "roads.import.large", "The extract holds more streets and areas than can be kept in memory."
		p.Way = "Cut it to the city and its surroundings, for instance with osmium extract."
	case errors.Is(err, errEmpty):
		p.Code, p.Message = "roads.import.empty", "The extract holds no streets."
		p.Way = "Import an extract that holds highways with their nodes."
	}
	return p
}

// cause returns the innermost words that still say something about the file.
func cause(err error) string {
	if at, ok := errors.AsType[*pbf.Error](err); ok {
		return at.Err.Error()
	}
	return err.Error()
}

var errEmpty = errors.New("no streets")

// importer is one import in progress.
type importer struct {
	ctx     context.Context
	options ImportOptions
	counts  ImportCounts
	file    *pbf.Reader
	size    int64
	blocks  []pbf.Block

	text     map[string]string // names, each kept once
	textSize int
	corners  int

	turns   []osmTurn
	shapes  []osmShape
	members map[int64][]int64 // ways that are part of an outline: their nodes

	ways  []osmWay
	rings []osmRing // closed ways that are areas

	ids      []int64  // of nodes that are needed, sorted
	places   []place  // by index in ids
	barriers []osmBar // in order of the file
	visited  int
}

// place is a node's coordinates in 1e-7 degree; found tells it from an absent one.
type place struct {
	lon, lat int32
	found    bool
}

type osmWay struct {
	way   Way // without Nodes
	nodes []int64
}

type osmTurn struct {
	from, to int64
	via      int64   // a node, or
	over     []int64 // ways
	only     bool
	applies  Access
	when     string
}

type osmBar struct {
	node    int64
	barrier Barrier
}

func (im *importer) run() (*Network, error) {
	im.members = map[int64][]int64{}
	if err := im.pass(0, pbf.Handler{Relation: im.relation}); err != nil {
		return nil, err
	}
	if err := im.pass(1, pbf.Handler{Way: im.way}); err != nil {
		return nil, err
	}
	if len(im.ways) == 0 {
		return nil, errEmpty
	}
	im.collect()
	if err := im.pass(2, pbf.Handler{Node: im.node}); err != nil {
		return nil, err
	}
	n := im.network()
	if len(n.Ways) == 0 {
		return nil, errEmpty
	}
	if err := im.ctx.Err(); err != nil {
		return nil, err
	}
	im.report(3, 0)
	return n, nil
}

// pass walks over the blocks that can hold what it is looking for. The first pass finds them.
func (im *importer) pass(number int, h pbf.Handler) error {
	if number == 0 {
		for offset := int64(0); ; {
			if err := im.ctx.Err(); err != nil {
				return err
			}
			b, err := im.file.Block(len(im.blocks)+1, offset)
			if errors.Is(err, io.EOF) {
				im.counts.Blocks = len(im.blocks)
				return nil
			}
			if err != nil {
				return err
			}
			if err := im.file.Decode(&b, h); err != nil {
				return err
			}
			im.blocks = append(im.blocks, b)
			offset = b.Next
			im.report(number, offset)
		}
	}
	wanted := pbf.Ways
	if h.Node != nil {
		wanted = pbf.Nodes
	}
	for i := range im.blocks {
		if err := im.ctx.Err(); err != nil {
			return err
		}
		if b := im.blocks[i]; b.Kinds&wanted != 0 {
			if err := im.file.Decode(&b, h); err != nil {
				return err
			}
		}
		im.report(number, im.blocks[i].Next)
	}
	return nil
}

// report tells how much of the file is done; each pass counts for a third.
func (im *importer) report(pass int, offset int64) {
	if im.options.Progress != nil {
		im.options.Progress((int64(pass)*im.size + offset) / 3)
	}
}

// keep returns one copy of a text that does not hold on to its block. Texts are
// at most 255 characters in OpenStreetMap; a longer one is cut.
func (im *importer) keep(s string) (string, error) {
	if len(s) > 255 {
		if r := []rune(s); len(r) > 255 {
			s = string(r[:255])
		}
	}
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if kept, ok := im.text[s]; ok {
		return kept, nil
	}
	if im.textSize += len(s) + 64; im.textSize > maxText {
		return "", errLarge
	}
	s = strings.Clone(s)
	im.text[s] = s
	return s, nil
}

// keepNodes copies a list of nodes as far as memory is set aside for it.
func (im *importer) keepNodes(nodes []int64) ([]int64, error) {
	if im.corners += len(nodes) + 16; im.corners > maxCorners {
		return nil, errLarge
	}
	return slices.Clone(nodes), nil
}

// way keeps streets, areas and parts of outlines.
func (im *importer) way(id int64, nodes []int64, tags pbf.Tags) error {
	if err := im.ctx.Err(); err != nil {
		return err
	}
	if len(nodes) < 2 {
		return nil
	}
	if _, ok := im.members[id]; ok {
		kept, err := im.keepNodes(nodes)
		if err != nil {
			return err
		}
		im.members[id] = kept
	}
	if len(tags) == 0 {
		return nil
	}
	kind, zone := areaKind(tags), im.zone("way", id, tags)
	if (kind != 0 || zone != nil) && nodes[0] == nodes[len(nodes)-1] && len(nodes) >= 4 {
		kept, err := im.keepNodes(nodes)
		if err != nil {
			return err
		}
		name, err := im.keep(tags.Get("name"))
		if err != nil {
			return err
		}
		im.rings = append(im.rings, osmRing{kind, name, zone, kept})
	}
	street := im.reader("way", id, tags)
	w, ok := street.way()
	if !ok {
		return nil
	}
	var err error
	w.ID = id
	if w.Name, err = im.keep(w.Name); err != nil {
		return err
	}
	if w.Ref, err = im.keep(w.Ref); err != nil {
		return err
	}
	kept, err := im.keepNodes(nodes)
	if err != nil {
		return err
	}
	for i := range w.Conditionals {
		if w.Conditionals[i].When, err = im.keep(w.Conditionals[i].When); err != nil {
			return err
		}
	}
	if im.corners += 16 * len(w.Conditionals); im.corners > maxCorners {
		return errLarge
	}
	im.ways = append(im.ways, osmWay{w, kept})
	return nil
}

// reader returns one for the tags of an element.
func (im *importer) reader(kind string, id int64, tags pbf.Tags) *tagReader {
	r := &tagReader{tags: tags, counts: &im.counts}
	if tell := im.options.Unread; tell != nil {
		r.unread = func(tag string, why error) { tell(Unread{fmt.Sprintf("%s %d", kind, id), tag, why}) }
	}
	return r
}

// collect lists the nodes that are needed.
func (im *importer) collect() {
	im.ids = make([]int64, 0, im.corners)
	for i := range im.ways {
		im.ids = append(im.ids, im.ways[i].nodes...)
	}
	for i := range im.rings {
		im.ids = append(im.ids, im.rings[i].nodes...)
	}
	for _, nodes := range im.members {
		im.ids = append(im.ids, nodes...)
	}
	slices.Sort(im.ids)
	im.ids = slices.Compact(im.ids)
	im.places = make([]place, len(im.ids))
}

// node keeps the coordinates of nodes that are needed, and barriers.
func (im *importer) node(id int64, lon, lat int32, tags pbf.Tags) error {
	if im.visited++; im.visited&0xfff == 0 && im.ctx.Err() != nil {
		return im.ctx.Err()
	}
	i, needed := slices.BinarySearch(im.ids, id)
	if !needed {
		return nil
	}
	again := im.places[i].found
	im.places[i] = place{lon, lat, true}
	if len(tags) == 0 || again {
		return nil
	}
	reader := im.reader("node", id, tags)
	if b, ok := reader.barrier(); ok {
		im.barriers = append(im.barriers, osmBar{id, b})
	}
	return nil
}
