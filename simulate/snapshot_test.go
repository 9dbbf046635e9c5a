package simulate

import (
	"strings"
	"testing"
	"time"
)

var demoStart = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func tiny(t testing.TB) Config {
	t.Helper()
	c := Defaults()
	c.Seed, c.Start, c.Streams = 3, demoStart, DutchStreams()
	var err error
	if c.Containers, err = Generate(3, 6, "T", DutchMix(), points()[:50]); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestASnapshotOfAnotherCityOrAnImpossibleStateIsRefused(t *testing.T) {
	c := tiny(t)
	w := world(t, c)
	if err := w.Advance(t.Context(), demoStart.AddDate(0, 0, 3).Add(8*time.Hour+time.Second), nil); err != nil {
		t.Fatal(err)
	}
	state, err := w.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := c
	other.Seed++
	if _, err := Restore(other, state); err == nil || !strings.Contains(err.Error(), "another seed") {
		t.Errorf("another seed: %v", err)
	}
	for name, broken := range map[string]string{
		"cut off":         string(state[:len(state)/2]),
		"another version": strings.Replace(string(state), `"version":1`, `"version":9`, 1),
		"a time before":   strings.Replace(string(state), `"now":`, `"now":-`, 1),
		"a negative fill": strings.Replace(string(state), `"containers":[[`, `"containers":[[-`, 1),
		"too full":        strings.Replace(string(state), `"containers":[[`, `"containers":[[99`, 1),
		"fewer":           strings.Replace(string(state), `"containers":[[`, `"containers":[],"x":[[`, 1),
		"a strange lift":  strings.Replace(string(state), `"lifts":`, `"lifts":[{"at":1,"container":99}],"x":`, 1),
	} {
		if _, err := Restore(c, []byte(broken)); err == nil {
			t.Errorf("%s: restored", name)
		}
	}
}

func FuzzRestore(f *testing.F) {
	c := tiny(f)
	w, err := New(c)
	if err != nil {
		f.Fatal(err)
	}
	for _, hours := range []int{0, 5, 9, 100} {
		if err := w.Advance(f.Context(), demoStart.Add(time.Duration(hours)*time.Hour+17*time.Second), nil); err != nil {
			f.Fatal(err)
		}
		state, err := w.Snapshot()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(state)
	}
	f.Fuzz(func(t *testing.T, state []byte) {
		w, err := Restore(c, state)
		if err != nil {
			return
		}
		if err := w.Advance(t.Context(), w.Now().Add(30*time.Hour), func(e Event) {
			if e.Kind == Fill && (e.Value < 0 || e.Value > 1.5) {
				t.Fatalf("%+v", e)
			}
		}); err != nil {
			t.Fatal(err)
		}
	})
}
