//go:build linux && !race

package sensing_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"polder.city/internal/powercut"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestWhatWasAcknowledgedIsThereAfterAPowerCut(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	if lost := lostInCuts(t, random, false); lost != 0 {
		t.Errorf("%d acknowledged observations were lost", lost)
	}
	// The control: a server that does not sync each commit must lose some, or this test sees nothing.
	if lost := lostInCuts(t, random, true); lost == 0 {
		t.Error("a server that does not sync lost nothing: the power cut is none")
	}
}

// lostInCuts lets the child of the crash test observe until it has acknowledged some hundreds, cuts the power at
// sixty moments of that, and returns how many acknowledged observations were missing afterwards.
func lostInCuts(t *testing.T, random *rand.Rand, unsafeSync bool) (lost int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "polder.db")
	t.Run("prepare", func(t *testing.T) { start(t, storetest.Open(t, path)).ensure(t, 3) }) // closed at its end
	disk := powercut.Watch(t, filepath.Dir(path))
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), crashEnv+"="+path)
	if unsafeSync {
		child.Env = append(child.Env, crashUnsafeEnv+"=1")
	}
	child.Stderr = os.Stderr
	disk.Run(t, child, 600)
	disk.Cuts(t, random, 60, func(dir string, acknowledged []string) { lost += missing(t, dir, acknowledged) })
	t.Logf("%d lost", lost)
	return lost
}

// missing starts from what a power cut left, and counts the observations that are not there. The database must be whole.
func missing(t *testing.T, dir string, ids []string) (n int) {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(dir, "polder.db"), store.Options{})
	if err != nil {
		t.Fatalf("after a power cut the database does not open: %v", err)
	}
	defer db.Close()
	var whole string
	if err := db.Read().QueryRow(`PRAGMA quick_check`).Scan(&whole); err != nil || whole != "ok" {
		t.Fatalf("after a power cut the database is not whole: %s %v", whole, err)
	}
	there := map[int64]bool{}
	rows, err := db.Read().Query(`SELECT series * 536870912 + n FROM observation`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		there[id] = true
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, text := range ids {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if !there[id] {
			n++
		}
	}
	return n
}
