package roads_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
	"polder.city/roads"
)

// savedGraph saves a graph of a network, and returns the file and the network's hash.
func savedGraph(t testing.TB, g *roads.Graph, n *roads.Network) (name string, network [32]byte) {
	t.Helper()
	network, err := n.SHA256()
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "truck.graph")
	if err := g.SaveFile(name, network); err != nil {
		t.Fatal(err)
	}
	return name, network
}

func openGraph(t testing.TB, name string, network [32]byte, p roads.Profile) *roads.Graph {
	t.Helper()
	g, err := roads.OpenGraph(name, network, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g
}

// answers are what a graph says about places, with changes and without.
type answers struct {
	Stats   roads.Stats
	Profile roads.Profile
	Snaps   []roads.Snap
	Matrix  *roads.Matrix
	Paths   []roads.Path
	Reached []orb.MultiLineString
	Around  *roads.Matrix
	Detours []roads.Path
	Arcs    *roads.ArcGraph
}

func ask(t testing.TB, g *roads.Graph, at []roads.Snap) (a answers) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	a.Stats, a.Profile, a.Arcs = g.Stats(), g.Profile(), g.ArcGraph()
	for _, s := range at {
		again, err := g.Snap(s.Point, 50)
		must(err)
		a.Snaps = append(a.Snaps, again)
	}
	slow, err := g.With(roads.Change{Edge: at[0].Edge, Speed: 1}, roads.Change{Edge: at[1].Edge, Speed: 0.5})
	must(err)
	a.Matrix, err = g.Matrix(t.Context(), at)
	must(err)
	a.Around, err = slow.Matrix(t.Context(), at)
	must(err)
	for i := range at {
		to := at[(i+7)%len(at)]
		p, err := g.Path(at[i], to)
		must(err)
		a.Paths = append(a.Paths, p)
		others, err := g.Alternatives(at[i], to, 3)
		must(err)
		a.Paths = append(a.Paths, others...)
		p, err = slow.Path(at[i], to)
		must(err)
		a.Detours = append(a.Detours, p)
	}
	reached, err := g.Isochrone(at[0], 5*time.Minute)
	must(err)
	cut, err := g.With(closed([]int32{at[1].Edge, at[2].Edge})...)
	must(err)
	around, err := cut.Isochrone(at[0], 5*time.Minute)
	must(err)
	a.Reached = []orb.MultiLineString{reached, around}
	return a
}

func TestAnOpenedGraphAnswersAsTheBuiltOne(t *testing.T) {
	n, built := realNetwork(t), realGraph(t)
	name, network := savedGraph(t, built, n)
	started := time.Now()
	opened := openGraph(t, name, network, roads.Truck())
	took := time.Since(started)
	if !roads.SameHierarchy(built, opened) {
		t.Error("the hierarchy differs")
	}
	at := places(t, built, 40)
	if want, got := ask(t, built, at), ask(t, opened, at); !reflect.DeepEqual(want, got) {
		t.Error("the answers differ")
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB, opened in %v", float64(info.Size())/1e6, took)
	var again bytes.Buffer
	if err := opened.Save(&again, network); err != nil {
		t.Fatal(err)
	}
	if file, err := os.ReadFile(name); err != nil || !bytes.Equal(file, again.Bytes()) {
		t.Errorf("saved again it differs: %v", err)
	}
}

// Graphs of one file share it, and one that is replaced stays as it was.
func TestAMappedGraphIsSharedAndOutlivesItsName(t *testing.T) {
	n, p := small(), plain()
	built, err := roads.Build(n, p)
	if err != nil {
		t.Fatal(err)
	}
	name, network := savedGraph(t, built, n)
	graphs := []*roads.Graph{openGraph(t, name, network, p), openGraph(t, name, network, p)}
	other, err := roads.Build(&river().Network, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.SaveFile(name, network); err != nil {
		t.Fatal(err)
	}
	at := snapAll(t, built, at(40, 100), at(150, 0), at(0, 50))
	want := ask(t, built, at)
	var group sync.WaitGroup
	for _, g := range append(graphs, graphs...) {
		group.Go(func() {
			if got := ask(t, g, at); !reflect.DeepEqual(want, got) {
				t.Error("the answers differ")
			}
		})
	}
	group.Wait()
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*")); err != nil || len(left) != 1 {
		t.Errorf("beside the file lie %v, %v", left, err)
	}
	for range 2 {
		if err := built.Close(); err != nil {
			t.Errorf("closing a built graph: %v", err)
		}
	}
}

func TestAGraphThatAVehicleStopsNowhereOnIsSaved(t *testing.T) {
	n, p := small(), plain()
	p.NoStopping[roads.Unclassified] = true
	built, err := roads.Build(n, p)
	if err != nil {
		t.Fatal(err)
	}
	name, network := savedGraph(t, built, n)
	if _, err := openGraph(t, name, network, p).Snap(at(0, 0), 50); problem.KindOf(err) != problem.NotFound {
		t.Errorf("Snap says %v", err)
	}
}

func TestASavedGraphThatIsNotSoundIsRefused(t *testing.T) {
	n, p := small(), plain()
	built, err := roads.Build(n, p)
	if err != nil {
		t.Fatal(err)
	}
	name, network := savedGraph(t, built, n)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int) []byte {
		c := bytes.Clone(good)
		c[at] ^= 1
		return c
	}
	swapped := bytes.Clone(good)
	binary.NativeEndian.PutUint32(swapped[12:], 0x04030201)
	fast, wide := p, p
	fast.Speeds[roads.Unclassified]++
	wide.UTurns = roads.UTurnAnywhere
	elsewhere, err := river().SHA256()
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		data    []byte
		network [32]byte
		profile roads.Profile
		code    string
	}{
		"empty":                  {nil, network, p, "foreign"},
		"another file":           {[]byte("SQLite format 3\x00"), network, p, "foreign"},
		"a street map":           {stored(t, n), network, p, "foreign"},
		"only the magic":         {good[:8], network, p, "truncated"},
		"another version":        {change(8), network, p, "version"},
		"another order of bytes": {swapped, network, p, "order"},
		"cut off":                {good[:len(good)-1], network, p, "truncated"},
		"longer":                 {append(bytes.Clone(good), 0), network, p, "corrupt"},
		"of another network":     {good, elsewhere, p, "stale"},
		"for faster trucks":      {good, network, fast, "profile"},
		"for trucks that turn":   {good, network, wide, "profile"},
	} {
		if err := os.WriteFile(name, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := roads.OpenGraph(name, c.network, c.profile)
		if e, ok := errors.AsType[*problem.Error](err); !ok || e.Code != "roads.graph."+c.code || e.Way == "" || e.Where != name {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := roads.OpenGraph(name+".none", network, p); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	if _, err := roads.OpenGraph(filepath.Dir(name), network, p); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("a folder: %v", err)
	}
	// Whatever bit has flipped, it is found.
	for i := range good {
		for bit := range 8 {
			c := bytes.Clone(good)
			c[i] ^= 1 << bit
			if _, err := roads.ReadGraph(c, network, p); err == nil {
				t.Fatalf("bit %d of byte %d is flipped, and the graph is opened", bit, i)
			}
		}
	}
	for length := range good {
		if _, err := roads.ReadGraph(good[:length], network, p); err == nil {
			t.Fatalf("the first %d bytes are opened", length)
		}
	}
}

func TestAGraphWithChangesIsNotSaved(t *testing.T) {
	n := small()
	g, err := roads.Build(n, plain())
	if err != nil {
		t.Fatal(err)
	}
	changed, err := g.With(roads.Change{Edge: 0, Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err = changed.With(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "truck.graph")
	if err := changed.SaveFile(name, [32]byte{}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("SaveFile says %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v, %v", left, err)
	}
	full := errors.New("the disk is full")
	if err := g.Save(failingWriter{full}, [32]byte{}); !errors.Is(err, full) {
		t.Errorf("on a full disk Save says %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// A file whose checksum is right and that contradicts itself all the same makes nothing
// panic: every word of every section is changed in turn.
func TestALyingGraphMakesNothingPanic(t *testing.T) {
	n, p := river(), plain()
	built, err := roads.Build(&n.Network, p)
	if err != nil {
		t.Fatal(err)
	}
	name, network := savedGraph(t, built, &n.Network)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	refused, opened, late := 0, 0, 0
	for i := 96; i+4 <= len(good)-8; i += 4 {
		word := binary.NativeEndian.Uint32(good[i:])
		for _, v := range [...]uint32{0, 1, word + 1, word - 1, 2*word + 7, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			if v == word {
				continue
			}
			c := bytes.Clone(good)
			binary.NativeEndian.PutUint32(c[i:], v)
			g, err := roads.ReadGraph(roads.Summed(c), network, p)
			if err != nil {
				refused++
				continue
			}
			opened++
			if useLyingGraph(t, g) {
				late++
			}
		}
	}
	if refused == 0 || opened == 0 || late == 0 {
		t.Errorf("%d files were refused, %d opened, %d of them refused by a path: one of them tests nothing", refused, opened, late)
	}
	t.Logf("%d lies: %d were refused, and %d opened, of which a path refused %d", refused+opened, refused, opened, late)
}

// useLyingGraph asks a graph of which nothing can be expected but that it answers. It
// returns whether a path found that the graph contradicts itself.
func useLyingGraph(t *testing.T, g *roads.Graph) (contradicts bool) {
	edges := int32(g.Stats().Edges)
	var places []roads.Snap
	for e := range min(edges, 6) {
		places = append(places, roads.Snap{Edge: e, Along: 0.25 * float64(e%5)})
	}
	changed, err := g.With(roads.Change{Edge: edges - 1, Closed: true})
	if err != nil {
		t.Fatal(err)
	}
	look := func(err error) {
		if e, ok := errors.AsType[*problem.Error](err); ok && e.Code == "roads.graph.corrupt" {
			contradicts = true
		} else if _, ok := errors.AsType[*roads.UnreachableError](err); err != nil && !ok {
			t.Errorf("a path says %v", err)
		}
	}
	for _, g := range [...]*roads.Graph{g, changed} {
		// That there is no place, or no way to it, is an answer too.
		_, _ = g.Snap(orb.Point{5.2, 52.35}, 1e9)
		_, _ = g.Matrix(t.Context(), places)
		_, _ = g.Isochrone(places[0], time.Minute)
		for _, a := range places {
			for _, b := range places {
				_, err := g.Path(a, b)
				look(err)
				_, err = g.Alternatives(a, b, 2)
				look(err)
			}
		}
	}
	g.ArcGraph()
	g.EdgesOf(1)
	if now, err := g.At(time.Unix(0, 0)); err == nil {
		now.Stats()
	}
	return contradicts
}

// A file of before must not pass for what Build makes now. Where this test fails and the
// graph is right, raise graphVersion and write down the new sum.
func TestAGraphOfTheSameVersionIsTheSame(t *testing.T) {
	const version, want = 2, uint32(0x9e140f25)
	n := cross()
	g, err := roads.Build(&n.Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := g.Save(&b, [32]byte{}); err != nil {
		t.Fatal(err)
	}
	file := b.Bytes()
	// From the costs on: the last digits of what stands before differ between processors.
	costs := binary.NativeEndian.Uint64(file[96+3*24:])
	if sum := crc32.ChecksumIEEE(file[costs : len(file)-8]); sum != want || binary.LittleEndian.Uint32(file[8:]) != version {
		t.Errorf("version %d of the graph has the sum %#x; it was version %d with %#x", binary.LittleEndian.Uint32(file[8:]), sum, version, want)
	}
}

func FuzzOpenGraph(f *testing.F) {
	n, p := small(), plain()
	built, err := roads.Build(n, p)
	if err != nil {
		f.Fatal(err)
	}
	network, err := n.SHA256()
	if err != nil {
		f.Fatal(err)
	}
	var good bytes.Buffer
	if err := built.Save(&good, network); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:200])
	f.Fuzz(func(t *testing.T, data []byte) {
		if g, err := roads.ReadGraph(roads.Summed(data), network, p); err == nil {
			useLyingGraph(t, g)
		} else if _, ok := errors.AsType[*problem.Error](err); !ok {
			t.Errorf("not a problem of the file: %v", err)
		}
	})
}
