//go:build linux && !race

package sensing_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"polder.city/store/storetest"
)

// faulty is what a child with a bad disk did.
type faulty struct {
	path   string
	stored map[string]int64    // by key
	failed map[string]struct{} // keys of which the last answer was an error
	codes  map[string]int      // how often each error was answered
	health string              // after the last error
	log    string
}

// observeWithFault lets the child observe while strace injects errors, until enough says so of the lines so far.
func observeWithFault(t *testing.T, file, inject string, enough func(f *faulty) bool) *faulty {
	t.Helper()
	f := &faulty{path: filepath.Join(t.TempDir(), "polder.db"), stored: map[string]int64{}, failed: map[string]struct{}{}, codes: map[string]int{}}
	t.Run("prepare", func(t *testing.T) { start(t, storetest.Open(t, f.path)).ensure(t, 3) }) // closed at its end
	trace := filepath.Join(t.TempDir(), "trace")
	child := exec.Command("strace", "-f", "-qq", "-e", "signal=none", "-P", f.path+file, "-e", inject, "-o", trace, os.Args[0])
	child.Env = append(os.Environ(), faultEnv+"="+f.path)
	var log bytes.Buffer
	child.Stderr = &log
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that strace and the server are killed together
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatalf("%v: 'make tools' installs strace", err)
	}
	killed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word := strings.Fields(lines.Text())
		switch {
		case len(word) == 3 && word[0] == "stored":
			if f.stored[word[1]], err = strconv.ParseInt(word[2], 10, 64); err != nil {
				t.Fatal(err)
			}
			delete(f.failed, word[1])
		case len(word) == 4 && word[0] == "failed":
			f.failed[word[1]] = struct{}{}
			f.codes[word[2]]++
			f.health = word[3]
		}
		if !killed && enough(f) {
			killed = true
			if err := syscall.Kill(-child.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // killed
	f.log = log.String()
	if !killed {
		t.Fatalf("the server ended: stored %d, %v\n%s", len(f.stored), f.codes, f.log)
	}
	if text, err := os.ReadFile(trace); err != nil || !bytes.Contains(text, []byte("INJECTED")) {
		t.Fatalf("no error was injected: %v", err)
	}
	return f
}

// restart opens the database again and sends what had failed once more, twice: in the
// end each key has its one observation. It returns how many of the failed were there after all.
func (f *faulty) restart(t *testing.T) (there int) {
	t.Helper()
	db := storetest.Open(t, f.path)
	c := start(t, db)
	ctx := context.Background()
	for key, id := range f.stored {
		if _, err := c.Observation(ctx, id); err != nil {
			t.Errorf("%s was acknowledged: %v", key, err)
		}
	}
	for key := range f.failed {
		first, again := c.observe(t, faultReading(key)...)[0], c.observe(t, faultReading(key)...)[0]
		if first.Err != nil || again.Err != nil || !again.Repeated || again.ID != first.ID {
			t.Errorf("%s: %+v, then %+v", key, first, again)
		}
		if first.Repeated {
			there++
		}
		f.stored[key] = first.ID
	}
	ids := map[int64]string{}
	for key, id := range f.stored {
		if other, ok := ids[id]; ok {
			t.Errorf("%s and %s have the id %d", key, other, id)
		}
		ids[id] = key
	}
	var rows, keys int
	if err := db.Read().QueryRow(`SELECT (SELECT count(*) FROM observation), (SELECT count(*) FROM observation_key)`).Scan(&rows, &keys); err != nil {
		t.Fatal(err)
	}
	// A caller whose answer was on its way when the server was killed may have stored one more.
	if rows != keys || rows < len(f.stored) || rows > len(f.stored)+8 {
		t.Errorf("%d observations for %d keys, of which %d were answered", rows, keys, len(f.stored))
	}
	t.Logf("%d stored, errors %v, of %d that failed last %d were there after the restart", len(f.stored), f.codes, len(f.failed), there)
	return there
}

// After a failed fsync the kernel may drop what it could not write and call the next
// fsync a success (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
// So nothing more is accepted until a restart has read what is on the disk.
func TestAfterAFailedSyncNothingIsAcceptedUntilARestart(t *testing.T) {
	for _, test := range []struct {
		name, file, inject string
		there              bool // what the failed sync was for is in the file, and a restart finds it
	}{
		{"of a commit", "-wal", "inject=fdatasync,fsync:error=EIO:when=20", true},
		{"of the log's header", "-wal", "inject=fdatasync,fsync:error=EIO:when=1", false},
		{"of a checkpoint", "", "inject=fdatasync,fsync:error=EIO:when=1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := observeWithFault(t, test.file, test.inject, func(f *faulty) bool { return f.codes["store.broken"] >= 100 })
			if len(f.codes) != 1 || len(f.failed) != 8 {
				t.Errorf("errors %v, %d callers wait", f.codes, len(f.failed))
			}
			if f.health != "store.broken" {
				t.Errorf("the server calls itself %s", f.health)
			}
			if n := strings.Count(f.log, "refusing writes until restart"); n != 1 {
				t.Errorf("the log says it %d times:\n%s", n, f.log)
			}
			if there := f.restart(t); (there > 0) != test.there {
				t.Errorf("%d of those that failed were there after the restart", there)
			}
		})
	}
}

func TestAFullDiskIsAClearErrorAndWritingGoesOnWhenThereIsRoom(t *testing.T) {
	var before int
	f := observeWithFault(t, "-wal", "inject=pwrite64:error=ENOSPC:when=40..200", func(f *faulty) bool {
		if f.codes["store.full"] < 20 {
			before = len(f.stored)
			return false
		}
		return len(f.stored) >= before+200
	})
	if len(f.codes) != 1 {
		t.Errorf("errors %v", f.codes)
	}
	if f.health != "ok" {
		t.Errorf("the server calls itself %s", f.health)
	}
	begun, ended := strings.Count(f.log, "observations are not stored"), strings.Count(f.log, "observations are stored again")
	if begun == 0 || begun < ended || begun > ended+1 || !strings.Contains(f.log, "Make room") {
		t.Errorf("the log says %d times that it began and %d times that it ended:\n%s", begun, ended, f.log)
	}
	f.restart(t)
}
