package sensing_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// crashEnv makes the test binary the child of the crash tests: it names the database.
// crashUnsafeEnv makes it one that does not sync each commit.
const (
	crashEnv       = "POLDER_SENSING_CRASH"
	crashUnsafeEnv = "POLDER_SENSING_CRASH_UNSAFE"
)

// crashChild observes from eight callers at once, and prints the id of what was
// acknowledged, until it is killed. It returns only where it is not the child.
func crashChild() {
	path := os.Getenv(crashEnv)
	if path == "" {
		return
	}
	ctx := context.Background()
	db, err := store.Open(ctx, path, store.Options{UnsafeSync: os.Getenv(crashUnsafeEnv) != ""})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := sensing.New(db, bus.New(), clock.New(noon, 0), sensing.Options{})
	go func() { _ = s.Run(ctx) }()
	var mu sync.Mutex // one line at a time
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for {
				results, err := s.Observe(ctx, []sensing.Reading{{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", worker%3+1), Time: noon, Value: 0.5}})
				if err != nil || results[0].Err != nil {
					fmt.Fprintln(os.Stderr, err, results)
					os.Exit(1)
				}
				mu.Lock()
				_, err = fmt.Println(results[0].ID)
				mu.Unlock()
				if err != nil {
					os.Exit(1)
				}
			}
		})
	}
	wg.Wait()
}

func TestWhatWasAcknowledgedIsThereAfterAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "polder.db")
	db := storetest.Open(t, path)
	start(t, db).ensure(t, 3)
	acknowledged := map[int64]bool{}
	for round := range 3 {
		kill := 50 + rand.IntN(500)
		for _, id := range observeUntilKilled(t, path, kill) {
			if acknowledged[id] {
				t.Fatalf("round %d: id %d was given twice", round, id)
			}
			acknowledged[id] = true
		}
	}
	c := start(t, db)
	for id := range acknowledged {
		if _, err := c.Observation(context.Background(), id); err != nil {
			t.Fatalf("of %d acknowledged: %v", len(acknowledged), err)
		}
	}
	// What is kept agrees with what is there.
	for i := range 3 {
		d := c.datastream(t, fmt.Sprintf("FIL-%03d-R/fill", i+1))
		if there := len(c.read(t, d.ID, noon, noon.AddDate(0, 0, 1))); int64(there) != d.Count {
			t.Errorf("%s: count %d, but %d rows", d.Key, d.Count, there)
		}
	}
}

// observeUntilKilled runs the child until it has acknowledged n observations, kills it, and returns all that it acknowledged.
func observeUntilKilled(t *testing.T, path string, n int) []int64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for lines := bufio.NewScanner(out); lines.Scan(); {
		id, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			break // the line during which it was killed
		}
		ids = append(ids, id)
		if len(ids) == n {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // killed
	if len(ids) < n {
		t.Fatalf("the child ended after %d observations", len(ids))
	}
	return ids
}
