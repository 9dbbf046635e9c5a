//go:build linux

package powercut

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// A call in strace's words: "12 fdatasync(8</tmp/polder.db-wal>) = 0", or in two lines when another thread came
// between: "12 fdatasync(8</tmp/polder.db-wal> <unfinished ...>" and "12 <... fdatasync resumed>) = 0". Strings and paths are in hex.
var (
	tracedCall    = regexp.MustCompile(`^(\d+) +(\w+)\((.*?)(?: <unfinished \.\.\.>|\) += (-?\d+).*)$`)
	tracedResumed = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>.*= (-?\d+)`)
	tracedText    = regexp.MustCompile(`"((?:\\x[0-9a-f]{2})*)"`)
	tracedFile    = regexp.MustCompile(`^(\d+)<((?:\\x[0-9a-f]{2})*)>`)
)

// tracer reads the output of strace. A write counts from its begin, a sync from its end: the disk that leaves least.
type tracer struct {
	*Disk
	syncing map[string]string // by thread, the file that it waits for
	end     map[string]int64  // where the next plain write to a file goes
}

func (d *Disk) read(trace string) error {
	text, err := os.ReadFile(trace)
	if err != nil {
		return err
	}
	r := tracer{Disk: d, syncing: map[string]string{}, end: map[string]int64{}}
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		if m := tracedResumed.FindSubmatch(line); m != nil {
			thread := string(m[1])
			if file, waits := r.syncing[thread]; waits && string(m[3]) == "0" {
				r.steps = append(r.steps, step{kind: synced, file: file})
			}
			delete(r.syncing, thread)
			continue
		}
		m := tracedCall.FindSubmatch(line)
		if m == nil {
			continue // the line at which it was killed
		}
		if err := r.call(string(m[1]), string(m[2]), m[3], string(m[4])); err != nil {
			return fmt.Errorf("%.80s: %w", line, err)
		}
	}
	return nil
}

// call adds the step of one call. result is empty where it came later.
func (r *tracer) call(thread, name string, args []byte, result string) error {
	switch name {
	case "open", "openat", "rename", "renameat", "renameat2", "unlink", "unlinkat":
		return r.naming(name, args, result)
	}
	m := tracedFile.FindSubmatch(args)
	if m == nil {
		return nil // a file without a name
	}
	path, err := unhex(m[2])
	if err != nil {
		return err
	}
	if name == "write" && string(m[1]) == "1" {
		data, _, err := written(args)
		r.steps = append(r.steps, step{kind: said, data: data})
		return err
	}
	if !r.keeps(string(path)) {
		return nil
	}
	file := r.name(string(path))
	switch name {
	case "pwrite64", "write":
		data, rest, err := written(args)
		if err != nil {
			return err
		}
		at := r.end[file]
		var length int64
		if name == "write" {
			r.end[file] += int64(len(data))
			_, err = fmt.Sscanf(rest, ", %d", &length)
		} else {
			_, err = fmt.Sscanf(rest, ", %d, %d", &length, &at)
		}
		if err != nil {
			return err
		}
		if int64(len(data)) != length {
			return fmt.Errorf("strace kept %d of %d bytes", len(data), length)
		}
		r.steps = append(r.steps, step{kind: wrote, file: file, at: at, data: data})
	case "ftruncate":
		_, length, _ := strings.Cut(string(args), ", ")
		at, err := strconv.ParseInt(length, 10, 64)
		if err != nil {
			return err
		}
		r.steps = append(r.steps, step{kind: cut, file: file, at: at})
	case "fsync", "fdatasync":
		switch result {
		case "0":
			r.steps = append(r.steps, step{kind: synced, file: file})
		case "":
			r.syncing[thread] = file
		}
	}
	return nil
}

// naming adds the step of a call that makes, removes or changes a name.
func (r *tracer) naming(name string, args []byte, result string) error {
	if strings.HasPrefix(result, "-") {
		return nil // it failed
	}
	var files []string
	for _, m := range tracedText.FindAllSubmatch(args, -1) {
		path, err := unhex(m[1])
		if err != nil {
			return err
		}
		if r.keeps(string(path)) {
			files = append(files, r.name(string(path)))
		}
	}
	switch {
	case len(files) == 0:
	case strings.HasPrefix(name, "open"):
		if bytes.Contains(args, []byte("O_CREAT")) {
			r.steps = append(r.steps, step{kind: created, file: files[0]})
		}
		if bytes.Contains(args, []byte("O_TRUNC")) {
			r.steps = append(r.steps, step{kind: cut, file: files[0]})
		}
		r.end[files[0]] = 0
	case strings.HasPrefix(name, "rename"):
		if len(files) != 2 {
			return fmt.Errorf("%s from or to another folder", files[0])
		}
		r.steps = append(r.steps, step{kind: renamed, file: files[0], to: files[1]})
	default:
		r.steps = append(r.steps, step{kind: removed, file: files[0]})
	}
	return nil
}

// written returns the bytes of a write, and what stands after them.
func written(args []byte) (data []byte, rest string, err error) {
	begin, end := bytes.IndexByte(args, '"'), bytes.LastIndexByte(args, '"')
	if begin < 0 || end == begin {
		return nil, "", fmt.Errorf("no bytes")
	}
	data, err = unhex(args[begin+1 : end])
	return data, string(args[end+1:]), err
}

// unhex reads "\x2f\x74".
func unhex(text []byte) ([]byte, error) {
	return hex.DecodeString(strings.ReplaceAll(string(text), `\x`, ""))
}
