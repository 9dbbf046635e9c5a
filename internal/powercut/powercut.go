//go:build linux

// Package powercut tells what a disk may hold after the power failed under a program.
//
// A kill leaves what the kernel was given; a power cut leaves only what was synced, and of the
// rest anything. [Disk.Run] records each write, sync, new name and renaming of a program with strace.
// [Disk.Cuts] then cuts the power at many moments of the record, and hands each disk that may be left to a test.
package powercut

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// sector is what a disk writes whole, bytes.
const sector = 512

// Ended is what a program says, beside its own lines, when it has ended well.
const Ended = "ended well"

// Disk is a folder as it was at first, and what programs did with its files.
type Disk struct {
	dir   string
	files map[string][]byte // by name below dir
	steps []step
}

// step is one thing that the programs did, in order.
type step struct {
	kind kind
	file string // its name below the folder; empty for a sync of the folder itself
	to   string // of a renaming
	at   int64  // where data begins, or the length that a file is cut to
	data []byte // written, or said
}

type kind int

const (
	wrote kind = iota
	cut        // to the length at
	synced
	created
	removed
	renamed
	said // a line on standard output: an acknowledgement
)

// Watch returns the disk that holds the folder dir, as it is now. Folders in it count as synced.
func Watch(t testing.TB, dir string) *Disk {
	t.Helper()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := &Disk{dir: dir, files: map[string][]byte{}}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || !d.keeps(path) {
			return err
		}
		d.files[d.name(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// keeps tells whether a path is of a file that a power cut is tried on. SQLite's -shm is made anew from the -wal.
func (d *Disk) keeps(path string) bool {
	return (path == d.dir || strings.HasPrefix(path, d.dir+"/")) && !strings.HasSuffix(path, "-shm") && !strings.HasSuffix(path, " (deleted)")
}

func (d *Disk) name(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, d.dir), "/")
}

// Run runs a program to its end and records it, or kills it after it has said so many lines; 0 lets it end, which it must do well.
func (d *Disk) Run(t testing.TB, cmd *exec.Cmd, lines int) {
	t.Helper()
	trace := filepath.Join(t.TempDir(), "trace")
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatalf("%v: 'make tools' installs it", err)
	}
	cmd.Args = append([]string{
		strace, "-f", "-y", "-qq", "-xx", "-s", "10000000", "-e", "signal=none", "-o", trace,
		"-e", "trace=pwrite64,write,ftruncate,fdatasync,fsync,open,openat,rename,renameat,renameat2,unlink,unlinkat", cmd.Path,
	}, cmd.Args[1:]...)
	cmd.Path = strace
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that strace and the program are killed together
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for scan := bufio.NewScanner(out); scan.Scan(); {
		if n++; n == lines {
			if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := io.Copy(io.Discard, out); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); lines == 0 && err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	if n < lines {
		t.Fatalf("%s ended after %d lines", cmd, n)
	}
	if err := d.read(trace); err != nil {
		t.Fatal(err)
	}
	if lines == 0 {
		d.steps = append(d.steps, step{kind: said, data: []byte(Ended)})
	}
}

// Unsynced is the record of programs that do the same and never sync the files that match, nor the folders
// that these stand in: the control of a test, which must find that something is lost.
func (d *Disk) Unsynced(match func(file string) bool) *Disk {
	folder := func(file string) bool {
		for name := range d.names() {
			if filepath.Dir(name) == filepath.Clean(file) && match(name) {
				return true
			}
		}
		return false
	}
	lax := *d
	lax.steps = slices.DeleteFunc(slices.Clone(d.steps), func(s step) bool { return s.kind == synced && (match(s.file) || folder(s.file)) })
	return &lax
}

func (d *Disk) names() map[string]bool {
	names := map[string]bool{}
	for name := range d.files {
		names[name] = true
	}
	for _, s := range d.steps {
		names[s.file] = true
	}
	return names
}

// Cuts cuts the power at n moments of the record, the end among them, and hands each disk that may be left, as a
// folder of its own, to examine, with the lines that the programs had said by then.
func (d *Disk) Cuts(t testing.TB, random *rand.Rand, n int, examine func(dir string, said []string)) {
	t.Helper()
	n = min(n, len(d.steps)+1)
	moments := map[int]bool{len(d.steps): true}
	for len(moments) < n {
		moments[random.IntN(len(d.steps))] = true
	}
	state := newState(d.files)
	var lines []string
	for i := 0; i <= len(d.steps); i++ {
		if moments[i] {
			dir := t.TempDir()
			for name, data := range state.broken(random) {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			examine(dir, lines)
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
		if i == len(d.steps) {
			break
		}
		if s := d.steps[i]; s.kind == said {
			lines = append(lines, strings.Split(strings.TrimSuffix(string(s.data), "\n"), "\n")...)
		} else if err := state.do(s); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d power cuts in %d steps, %d lines said", len(moments), len(d.steps), len(lines))
}

// state is a disk while programs use it: what is surely on it, and what may be.
type state struct {
	names   map[string]*file // as programs see them
	sure    map[string]*file // as the disk has them
	waiting []step           // changes of names that no folder's sync has put on disk, in order
	links   []*file          // of each that is waiting, the file that it names
}

// file is the content of a file, whatever its name.
type file struct {
	sure    []byte
	waiting []step
}

func newState(files map[string][]byte) *state {
	s := &state{names: map[string]*file{}}
	for name, data := range files {
		s.names[name] = &file{sure: slices.Clone(data)}
	}
	s.sure = maps.Clone(s.names)
	return s
}

// do follows a step. What is done to a file that nobody made is an error: then the record is not whole.
func (s *state) do(o step) error {
	f := s.names[o.file]
	switch {
	case o.kind == created:
		if f == nil {
			s.rename(o, &file{})
		}
	case o.kind == synced && f == nil:
		// A folder: its names are on disk. Those of other folders go with them, as in a journal.
		for i, w := range s.waiting {
			change(s.sure, w, s.links[i])
		}
		s.waiting, s.links = nil, nil
	case f == nil && o.kind != removed:
		return fmt.Errorf("the record has no beginning of %s", o.file)
	case f == nil:
	case o.kind == synced:
		for _, w := range f.waiting {
			f.sure = w.apply(f.sure)
		}
		f.waiting = nil
	case o.kind == wrote, o.kind == cut:
		f.waiting = append(f.waiting, o)
	default:
		s.rename(o, f)
	}
	return nil
}

func (s *state) rename(o step, f *file) {
	change(s.names, o, f)
	s.waiting, s.links = append(s.waiting, o), append(s.links, f)
}

func change(names map[string]*file, o step, f *file) {
	switch o.kind {
	case created:
		names[o.file] = f
	case removed:
		delete(names, o.file)
	case renamed:
		delete(names, o.file)
		names[o.to] = f
	}
}

// broken is the disk with a random choice of what waited for a sync: the first few changes of names, since a disk
// keeps a journal of these, and any of the writes, some of them torn at a sector.
func (s *state) broken(random *rand.Rand) map[string][]byte {
	names := maps.Clone(s.sure)
	for i := range random.IntN(len(s.waiting) + 1) {
		change(names, s.waiting[i], s.links[i])
	}
	left := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		data := slices.Clone(f.sure)
		for _, w := range f.waiting {
			switch random.IntN(3) {
			case 0: // never reached the disk
			case 1:
				data = w.apply(data)
			case 2: // torn, where it goes over a sector
				if sectors := len(w.data) / sector; sectors > 0 {
					torn := w
					torn.data = w.data[:sector*(1+random.IntN(sectors))]
					data = torn.apply(data)
				}
			}
		}
		left[name] = data
	}
	return left
}

// apply returns data after a write or a cut.
func (s *step) apply(data []byte) []byte {
	if s.kind == cut {
		return slices.Concat(data[:min(s.at, int64(len(data)))], make([]byte, max(0, s.at-int64(len(data)))))
	}
	if end := s.at + int64(len(s.data)); end > int64(len(data)) {
		data = append(data, make([]byte, end-int64(len(data)))...)
	}
	copy(data[s.at:], s.data)
	return data
}
