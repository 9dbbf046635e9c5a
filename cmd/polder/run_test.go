package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

// The tiny city and its real streets, as seen from this folder.
const (
	testCity    = "../../city/testdata/liechtenstein"
	testStreets = "../../../shared/data/roads/liechtenstein.osm.pbf"
)

// polder is a city's folder that a test works in through the command line.
type polder struct {
	dir      string // holds the folder, the simulated files and what is written
	database string // the flag
}

// each runs test on both databases, each with a new folder that 'polder init' made.
func each(t *testing.T, test func(t *testing.T, p *polder)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newPolder(t, filepath.Join(t.TempDir(), "polder.db"))) })
	t.Run("postgres", func(t *testing.T) { test(t, newPolder(t, storetest.PostgresDSN(t))) })
}

func newPolder(t *testing.T, database string) *polder {
	t.Helper()
	p := &polder{dir: t.TempDir(), database: database}
	if status, _, stderr := command("init", "--city", testCity, p.path("stad"), "--database", database); status != exitOK {
		t.Fatalf("init: status %d: %s", status, stderr)
	}
	return p
}

func (p *polder) path(name string) string { return filepath.Join(p.dir, name) }

// command runs a command line in this process.
func command(args ...string) (status int, stdout, stderr string) {
	var out, wrong bytes.Buffer
	status = run(args, &out, &wrong)
	return status, out.String(), wrong.String()
}

func (p *polder) run(args ...string) (status int, stdout, stderr string) {
	return command(append(args, "--data", p.path("stad"), "--database", p.database)...)
}

// must runs a command that has to succeed, and returns what it printed.
func (p *polder) must(t *testing.T, args ...string) string {
	t.Helper()
	status, stdout, stderr := p.run(args...)
	if status != exitOK {
		t.Fatalf("polder %s: status %d: %s%s", strings.Join(args, " "), status, stdout, stderr)
	}
	return stdout
}

// refuses runs a command that has to end with a status and a message that holds all parts.
func (p *polder) refuses(t *testing.T, want int, parts []string, args ...string) {
	t.Helper()
	status, stdout, stderr := p.run(args...)
	if status != want {
		t.Errorf("polder %s: status %d, want %d: %s%s", strings.Join(args, " "), status, want, stdout, stderr)
	}
	contains(t, stderr, parts...)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in: %s", part, text)
		}
	}
}

// write writes a file beside the city's folder and returns its path.
func (p *polder) write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(p.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return p.path(name)
}

// read returns a file's text without the line end.
func (p *polder) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(p.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// counts returns how many rows the tables that imports and plans write have.
func (p *polder) counts(t *testing.T) map[string]int {
	t.Helper()
	db, err := store.Open(context.Background(), p.database, store.Options{NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, table := range []string{"container", "observation", "observation_import", "street_network", "plan", "plan_outcome", "decision", "log_leaf"} {
		var rows int
		if err := db.Read().QueryRow(`SELECT count(*) FROM ` + table).Scan(&rows); err != nil {
			t.Error(err)
		}
		n[table] = rows
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return n
}

// populate gives the city streets, containers and observations.
func (p *polder) populate(t *testing.T) {
	t.Helper()
	p.simulate(t)
	p.must(t, "roads", "import", testStreets)
	p.must(t, "containers", "import", p.path("sim/containers.csv"))
	p.must(t, "observations", "import", p.path("sim/fills.csv"))
}

func (p *polder) simulate(t *testing.T) {
	t.Helper()
	p.must(t, "simulate", "--city", testCity, "--osm", testStreets, "--containers", "24", "--days", "8", "--seed", "1", "--out", p.path("sim"))
}
