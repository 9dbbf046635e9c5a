package collection_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/clock"
	"polder.city/roads"
	"polder.city/store"
)

func TestTheGraphOfTheStreetsIsKeptBetweenRuns(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "polder.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	network := grid()
	// run is what a process sees that starts: the graph, and the files of graphs after it.
	run := func() (*roads.Graph, []string) {
		t.Helper()
		s := collection.New(db, nil, nil, nil, clock.Real(), collection.Options{Graphs: dir})
		if _, err := s.SaveNetwork(t.Context(), network); err != nil {
			t.Fatal(err)
		}
		streets, err := s.Streets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.graph"))
		if err != nil {
			t.Fatal(err)
		}
		return streets.Graph, files
	}
	changed := func(name string) time.Time {
		t.Helper()
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		return info.ModTime()
	}
	built, files := run()
	if len(files) != 1 {
		t.Fatalf("after the first run the files are %v", files)
	}
	name, past := files[0], time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(name, past, past); err != nil {
		t.Fatal(err)
	}
	opened, files := run()
	if opened.Stats() != built.Stats() || len(files) != 1 || !changed(name).Equal(past) {
		t.Errorf("the second run makes a graph of its own: %v of %v", files, changed(name))
	}
	for what, spoil := range map[string]func([]byte) []byte{
		"a damaged file":       func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"one that is cut off":  func(b []byte) []byte { return b[:len(b)/2] },
		"one of before":        func(b []byte) []byte { b[8] = 1; return b },
		"one that is no graph": func([]byte) []byte { return nil },
	} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		// In its place, as a new file: the one of before is still mapped.
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, spoil(slices.Clone(data)), 0o600); err != nil {
			t.Fatal(err)
		}
		again, files := run()
		after, err := os.ReadFile(name)
		if again.Stats() != built.Stats() || len(files) != 1 || err != nil || !slices.Equal(after, data) {
			t.Errorf("%s is not built and saved again: %v, %v", what, files, err)
		}
	}
	network.Ways = network.Ways[:len(network.Ways)-1]
	other, files := run()
	if other.Stats() == built.Stats() || len(files) != 1 || files[0] == name {
		t.Errorf("after other streets were imported the files are %v", files)
	}
}

func TestStreetsAreThereWhenTheirGraphCannotBeSaved(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(dir, "polder.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s := collection.New(db, nil, nil, nil, clock.Real(), collection.Options{Graphs: filepath.Join(dir, "nowhere")})
	if _, err := s.SaveNetwork(t.Context(), grid()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Streets(t.Context()); err != nil {
		t.Error(err)
	}
}
