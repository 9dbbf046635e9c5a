//go:build linux && !race

package sensing_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

// A kill leaves what the kernel was given; a power cut leaves only what was synced, and of the
// rest anything. So the test records every write and sync of a server with strace, then cuts
// the power at many moments of the record: each file is as at its last sync, with a random choice of
// the later writes, some of them torn at a sector. On each disk what was acknowledged must be there.
func TestWhatWasAcknowledgedIsThereAfterAPowerCut(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	record := recordServer(t, false)
	if lost := record.cuts(t, random, 60); lost != 0 {
		t.Errorf("%d acknowledged observations were lost", lost)
	}
	// The control: a server that does not sync each commit must lose some, or this test sees nothing.
	if lost := recordServer(t, true).cuts(t, random, 60); lost == 0 {
		t.Error("a server that does not sync lost nothing: the power cut is none")
	}
}

// sector is what a disk writes whole, bytes.
const sector = 512

// write is bytes that a file was given, or, without data, the length that it was cut to.
type write struct {
	at   int64
	data []byte
}

// operation is one step of the record.
type operation struct {
	file  string // its base name; "" for an acknowledgement
	write *write // nil for a sync
	acked []int64
}

// diskRecord is what the files held at first, and what a server then did with them.
type diskRecord struct {
	before     map[string][]byte
	operations []operation
}

// recordServer lets the child of the crash test observe under strace until it has acknowledged some hundreds.
func recordServer(t *testing.T, unsafeSync bool) *diskRecord {
	t.Helper()
	path := filepath.Join(t.TempDir(), "polder.db")
	t.Run("prepare", func(t *testing.T) { start(t, storetest.Open(t, path)).ensure(t, 3) }) // closed at its end
	record := &diskRecord{before: map[string][]byte{}}
	for _, name := range []string{"polder.db", "polder.db-wal"} {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(path), name))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		record.before[name] = data
	}

	trace := filepath.Join(t.TempDir(), "trace")
	child := exec.Command("strace", "-f", "-y", "-qq", "-xx", "-s", "10000000",
		"-e", "trace=pwrite64,write,fdatasync,fsync,ftruncate", "-e", "signal=none", "-o", trace, os.Args[0])
	child.Env = append(os.Environ(), crashEnv+"="+path)
	if unsafeSync {
		child.Env = append(child.Env, crashUnsafeEnv+"=1")
	}
	child.Stderr = os.Stderr
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that strace and the server are killed together
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatalf("%v: 'make tools' installs strace", err)
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); n++ {
		if n == 600 {
			if err := syscall.Kill(-child.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = child.Wait() // killed
	if n < 600 {
		t.Fatalf("the server ended after %d observations", n)
	}
	record.read(t, trace)
	return record
}

// A call in strace's words: "12 fdatasync(8</tmp/polder.db-wal>) = 0", or in two lines when another thread came between.
var (
	tracedCall    = regexp.MustCompile(`^(\d+) +(\w+)\((\d+)<([^>]*)>(?:, (.*?))?(?: <unfinished \.\.\.>|\) += (-?\d+).*)$`)
	tracedResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)`)
)

// read takes the operations from strace's output. A write counts from its begin, a sync from its end: the disk that leaves least.
func (r *diskRecord) read(t *testing.T, trace string) {
	t.Helper()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	syncing := map[string]string{} // by thread, the file that it waits for
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if m := tracedResumed.FindSubmatch(line); m != nil {
			thread := string(m[1])
			if file := syncing[thread]; file != "" && string(m[3]) == "0" {
				r.operations = append(r.operations, operation{file: file})
			}
			delete(syncing, thread)
			continue
		}
		m := tracedCall.FindSubmatch(line)
		if m == nil {
			continue // the line at which it was killed
		}
		thread, call, fd, file, args, result := string(m[1]), string(m[2]), string(m[3]), filepath.Base(string(unhex(t, m[4]))), m[5], string(m[6])
		if call == "write" && fd == "1" {
			var ids []int64
			for id := range strings.FieldsSeq(string(unhex(t, args[1:bytes.LastIndexByte(args, '"')]))) {
				n, err := strconv.ParseInt(id, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, n)
			}
			r.operations = append(r.operations, operation{acked: ids})
			continue
		}
		if _, ours := r.before[file]; !ours {
			continue
		}
		switch call {
		case "pwrite64":
			end := bytes.LastIndexByte(args, '"')
			var length, at int64
			if _, err := fmt.Sscanf(string(args[end+1:]), ", %d, %d", &length, &at); err != nil {
				t.Fatalf("%.80s: %v", line, err)
			}
			data := unhex(t, args[1:end])
			if int64(len(data)) != length {
				t.Fatalf("strace kept %d of %d bytes", len(data), length)
			}
			r.operations = append(r.operations, operation{file: file, write: &write{at: at, data: data}})
		case "ftruncate":
			at, err := strconv.ParseInt(string(args), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			r.operations = append(r.operations, operation{file: file, write: &write{at: at}})
		case "fsync", "fdatasync":
			if result == "0" {
				r.operations = append(r.operations, operation{file: file})
			} else if result == "" {
				syncing[thread] = file
			}
		default:
			t.Fatalf("%s of %s is not understood", call, file)
		}
	}
}

// unhex reads "\x2f\x74".
func unhex(t *testing.T, text []byte) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(string(text), `\x`, ""))
	if err != nil {
		t.Fatalf("%.60s: %v", text, err)
	}
	return data
}

// cuts cuts the power at n moments, and returns how many acknowledged observations were missing afterwards.
func (r *diskRecord) cuts(t *testing.T, random *rand.Rand, n int) (lost int) {
	t.Helper()
	moments := map[int]bool{len(r.operations): true}
	for len(moments) < n {
		moments[random.IntN(len(r.operations))] = true
	}
	disk := map[string][]byte{}
	for name, data := range r.before {
		disk[name] = slices.Clone(data)
	}
	waiting := map[string][]*write{} // what each file was given since its last sync
	var acked []int64
	most := 0
	for i := 0; i <= len(r.operations); i++ {
		if moments[i] {
			most = max(most, len(acked))
			lost += missing(t, broken(disk, waiting, random), acked)
		}
		if i == len(r.operations) {
			break
		}
		switch o := r.operations[i]; {
		case o.file == "":
			acked = append(acked, o.acked...)
		case o.write != nil:
			waiting[o.file] = append(waiting[o.file], o.write)
		default:
			for _, w := range waiting[o.file] {
				disk[o.file] = w.apply(disk[o.file])
			}
			waiting[o.file] = nil
		}
	}
	t.Logf("%d power cuts in %d writes and syncs, up to %d acknowledged: %d lost", len(moments), len(r.operations), most, lost)
	return lost
}

// broken is the disk with a random choice of what waited for a sync.
func broken(disk map[string][]byte, waiting map[string][]*write, random *rand.Rand) map[string][]byte {
	left := maps.Clone(disk)
	for name, writes := range waiting {
		data := slices.Clone(disk[name])
		for _, w := range writes {
			switch random.IntN(3) {
			case 0: // never reached the disk
			case 1:
				data = w.apply(data)
			case 2: // torn, where it goes over a sector
				if sectors := len(w.data) / sector; sectors > 0 {
					data = (&write{at: w.at, data: w.data[:sector*(1+random.IntN(sectors))]}).apply(data)
				}
			}
		}
		left[name] = data
	}
	return left
}

func (w *write) apply(data []byte) []byte {
	if w.data == nil {
		return slices.Concat(data[:min(w.at, int64(len(data)))], make([]byte, max(0, w.at-int64(len(data)))))
	}
	if end := w.at + int64(len(w.data)); end > int64(len(data)) {
		data = append(data, make([]byte, end-int64(len(data)))...)
	}
	copy(data[w.at:], w.data)
	return data
}

// missing starts from a disk, and counts the observations that are not there. The database must be whole.
func missing(t *testing.T, disk map[string][]byte, ids []int64) (n int) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range disk {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
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
	for _, id := range ids {
		if !there[id] {
			n++
		}
	}
	return n
}
