package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"polder.city/store/storetest"
)

func TestARestoredLogServesWithoutSigningUntilItsSuccessor(t *testing.T) {
	p := newPolder(t, filepath.Join(t.TempDir(), "polder.db"))
	p.populate(t)
	day := p.read(t, "sim/next-workday")
	plan := []string{"plan", "--date", day, "--rounds", "30", "--out", p.path("decision.json")}
	p.must(t, plan...)
	contains(t, p.must(t, "backup", p.path("copy.db")), "copy.db is written and checked", "never restore")
	p.refuses(t, exitInvalid, []string{"copy.db exists already"}, "backup", p.path("copy.db"))
	p.must(t, plan...) // logged after the backup
	p.refuses(t, exitInvalid, []string{"stad/polder.yaml"}, "restore", p.path("stad/polder.yaml"))
	contains(t, p.must(t, "restore", p.path("copy.db")), ".before-restore", "polder log successor")
	if n := p.counts(t)["decision"]; n != 1 {
		t.Fatalf("%d decisions in the restored database, want the backup's", n)
	}

	ctx := context.Background()
	a, err := openApp(ctx, &Globals{Data: p.path("stad"), Database: p.database, out: io.Discard, log: slog.New(slog.DiscardHandler)}, appOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.tlog.Sync(ctx); err == nil {
		t.Error("the restored log was signed")
	} else {
		contains(t, err.Error(), "The log was signed up to", "polder log successor")
	}
	if status, err := a.tlog.Status(ctx); err != nil || status.Signs || status.Frozen == nil {
		t.Errorf("the restored log: %+v, %v", status, err)
	}
	handler, err := a.handler(handlerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/healthz", "/readyz", "/log/checkpoint", "/plannen/" + day, "/besluiten/1"} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != http.StatusOK {
			t.Errorf("%s of the restored Polder: status %d: %s", path, answer.Code, answer.Body)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}

	p.refuses(t, exitInvalid, []string{"exists already", "Give the successor another name"}, "log", "successor", "demo.polder.example/liechtenstein")
	contains(t, p.must(t, "log", "successor", "demo.polder.example/liechtenstein/2"), "goes on as demo.polder.example/liechtenstein/2", "Publish its key")
	p.must(t, plan...)
	contains(t, p.must(t, "log", "check"), "is whole")
	if status, _, stderr := command("verify", p.path("decision.json")); status != exitOK {
		t.Errorf("verify: status %d: %s", status, stderr)
	} else {
		contains(t, stderr, "demo.polder.example/liechtenstein/2+")
	}
}

func TestPostgreSQLIsBackedUpByItsOwnTools(t *testing.T) {
	p := newPolder(t, storetest.PostgresDSN(t))
	p.refuses(t, exitInvalid, []string{"its own tools", "pg_dump"}, "backup", p.path("copy.db"))
	other := newPolder(t, filepath.Join(t.TempDir(), "polder.db"))
	other.must(t, "backup", p.path("copy.db"))
	p.refuses(t, exitInvalid, []string{"its own tools"}, "restore", p.path("copy.db"))
}
