//go:build linux

package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"polder.city/internal/problem"
	"polder.city/store"
)

// A limit on the size of files is the disk that fails here: it is there on every machine.
func TestReadyzSaysThatTheDiskFailedUntilARestart(t *testing.T) {
	p := newPolder(t, filepath.Join(t.TempDir(), "polder.db"))
	ctx := context.Background()
	open := func() (*app, func(path string) (int, string)) {
		t.Helper()
		a, err := openApp(ctx, &Globals{Data: p.path("stad"), Database: p.database, out: io.Discard, log: slog.New(slog.DiscardHandler)}, appOptions{})
		if err != nil {
			t.Fatal(err)
		}
		handler, err := a.handler(handlerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return a, func(path string) (int, string) {
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
			return answer.Code, answer.Body.String()
		}
	}
	write := func(a *app) error {
		return a.db.Tx(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO meta (name, value) VALUES ('size', $1)`, strings.Repeat("x", 1<<20))
			return err
		})
	}
	a, get := open()
	if status, body := get("/readyz"); status != http.StatusOK {
		t.Errorf("at first: %d %s", status, body)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	small := limit
	small.Cur = 64 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		t.Fatal(err)
	}
	err := write(a)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	if problem.KindOf(err) != problem.Unavailable {
		t.Errorf("the write: %v", err)
	}
	if err := write(a); problem.KindOf(err) != problem.Unavailable {
		t.Errorf("a write once the disk is well again: %v", err)
	}
	if status, body := get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "store.broken") || !strings.Contains(body, "restart Polder") {
		t.Errorf("after a failed write: %d %s", status, body)
	}
	for _, path := range []string{"/healthz", "/", "/v1.1/Things"} {
		if status, body := get(path); status != http.StatusOK {
			t.Errorf("%s after a failed write: %d %s", path, status, body)
		}
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	a, get = open()
	if status, body := get("/readyz"); status != http.StatusOK {
		t.Errorf("after the restart: %d %s", status, body)
	}
	if err := write(a); err != nil {
		t.Errorf("a write after the restart: %v", err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
}
