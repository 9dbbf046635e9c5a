package tlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/problem"
)

// state is what the log last stood for: what it signed, or was about to sign.
type state struct {
	Origin string    `json:"origin"`
	Size   int64     `json:"size"`
	Root   tlog.Hash `json:"root"`
}

// readState reads the state file, which lies outside the database so that a
// restored backup of the database cannot take it back in time. ok is false when there is none.
func readState(path string) (s state, ok bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return state{}, false, nil
	}
	if err != nil {
		return state{}, false, fmt.Errorf("log state: %w", err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil || s.Origin == "" || s.Size < 0 {
		return state{}, false, problem.New(problem.Unavailable, "log.state.damaged", "The log's state file %s is damaged.", path).
			Do("Put it back from the newest copy, or start a successor with 'polder log successor'.").Cause(err)
	}
	return s, true, nil
}

// writeState replaces the state file: whole under a temporary name and on disk
// first, then renamed, then the rename on disk. A crash leaves the old or the new one.
func writeState(path string, s state) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("log state: %w", err)
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("log state: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("log state: %w", err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("log state: %w", err)
	}
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return fmt.Errorf("log state: %w", err)
	}
	return nil
}

// syncFolder puts a new name in a folder on disk. Windows does that by itself and lets nobody ask for it.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
