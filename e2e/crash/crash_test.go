// Package crash kills the real binary at random moments, and looks at what the restart finds.
package crash

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"polder.city/store"
)

const (
	city    = "../../city/testdata/liechtenstein"
	streets = "../../../shared/data/roads/liechtenstein.osm.pbf"
	rounds  = 3
)

// installed is the built binary and a city's folder that it works in.
type installed struct {
	binary, dir string
	folder      string // of the city, below dir
	code        string // with which the first official signs in
}

func (p *installed) path(name string) string { return filepath.Join(p.dir, name) }

func (p *installed) command(args ...string) *exec.Cmd {
	return exec.Command(p.binary, append(args, "--data", p.path(p.folder))...)
}

// must runs a command that has to succeed.
func (p *installed) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := p.command(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("polder %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// killed runs a command and kills it after a while, unless it ended before; it reports which.
func (p *installed) killed(t *testing.T, after time.Duration, args ...string) bool {
	t.Helper()
	cmd := p.command(args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// Killing one that ended already fails, and does no harm.
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	if err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("polder %s: %v: %s", strings.Join(args, " "), err, out.String())
	}
	t.Logf("polder %s: killed after %v: %t", args[0], after, err != nil)
	return err != nil
}

// number asks the database for one number.
func (p *installed) number(t *testing.T, query string) (n int) {
	t.Helper()
	db, err := store.Open(context.Background(), p.path(p.folder+"/polder.db"), store.Options{NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Read().QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// agree fails when the log is not whole, or holds other leaves than the records that stand beside it.
func (p *installed) agree(t *testing.T) {
	t.Helper()
	p.must(t, "log", "check")
	const records = `SELECT leaf FROM decision UNION ALL SELECT leaf FROM advice UNION ALL SELECT leaf FROM refusal
		UNION ALL SELECT leaf FROM register_version UNION ALL SELECT leaf FROM register_stop`
	if n := p.number(t, `SELECT count(*) FROM (`+records+`) WHERE leaf NOT IN (SELECT entry FROM log_leaf)`); n != 0 {
		t.Errorf("%d records have no leaf", n)
	}
	if leaves, all := p.number(t, `SELECT count(*) FROM log_leaf`), p.number(t, `SELECT count(*) FROM (`+records+`)`); leaves != all {
		t.Errorf("%d leaves and %d records", leaves, all)
	}
}

// build builds the binary.
func build(t *testing.T) *installed {
	t.Helper()
	p := &installed{dir: t.TempDir(), folder: "stad"}
	p.binary = p.path("polder")
	command := exec.Command("go", "build", "-o", p.binary, "polder.city/cmd/polder")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return p
}

// install builds the binary and makes a city of a folder, with streets, containers and eight days of observations.
func install(t *testing.T, city string) *installed {
	t.Helper()
	p := build(t)
	_, code, _ := strings.Cut(p.must(t, "init", "--city", city, p.path(p.folder)), "/welkom?code=")
	p.code, _, _ = strings.Cut(code, "\n")
	p.must(t, "simulate", "--city", city, "--osm", streets, "--containers", "24", "--days", "8", "--seed", "1", "--out", p.path("sim"))
	p.must(t, "roads", "import", streets)
	p.must(t, "containers", "import", p.path("sim/containers.csv"))
	p.must(t, "observations", "import", p.path("sim/fills.csv"))
	return p
}

func TestKilledAtAnyMomentNothingIsLostAndTheWorkGoesOn(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := install(t, city)
	t.Run("during an import", func(t *testing.T) { killImports(t, p, random) })
	t.Run("during a plan", func(t *testing.T) { killPlans(t, p, random) })
}

func killImports(t *testing.T, p *installed, random *rand.Rand) {
	const rows = 60_000 // three batches
	first, err := os.ReadFile(p.path("sim/containers.csv"))
	if err != nil {
		t.Fatal(err)
	}
	container, _, _ := strings.Cut(strings.Split(string(first), "\n")[1], ",")
	var took time.Duration // of an import that is let alone, the first
	for round := range rounds + 1 {
		var text strings.Builder
		text.WriteString("container,time,fill\n")
		from := time.Date(2020+round, 1, 1, 0, 0, 0, 0, time.UTC)
		for i := range rows {
			fmt.Fprintf(&text, "%s,%s,0.5\n", container, from.Add(time.Duration(i)*time.Minute).Format(time.RFC3339))
		}
		file := p.path(fmt.Sprintf("fills-%d.csv", round))
		if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		before := p.number(t, `SELECT count(*) FROM observation`)
		if round == 0 {
			began := time.Now()
			p.must(t, "observations", "import", file)
			took = time.Since(began)
		} else {
			p.killed(t, time.Duration(random.Int64N(int64(took))), "observations", "import", file)
			if n := p.number(t, `SELECT count(*) FROM observation`) - before; n%20_000 != 0 {
				t.Errorf("%d observations stored: a part of a batch", n)
			}
			p.must(t, "observations", "import", file)
		}
		if n := p.number(t, `SELECT count(*) FROM observation`) - before; n != rows {
			t.Errorf("%d observations stored, want %d", n, rows)
		}
		if out := p.must(t, "observations", "import", file); !strings.Contains(out, "Nothing changed") {
			t.Errorf("the same file again: %s", out)
		}
	}
	p.agree(t)
}

// nextWorkday is the day that is to be planned.
func (p *installed) nextWorkday(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(p.path("sim/next-workday"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

func killPlans(t *testing.T, p *installed, random *rand.Rand) {
	day := p.nextWorkday(t)
	plan := []string{"plan", "--date", day, "--rounds", "30", "--out", p.path("decision.json")}
	began := time.Now()
	p.must(t, plan...)
	took := time.Since(began)
	for range rounds {
		before := p.number(t, `SELECT count(*) FROM decision`)
		// The later half: writing, sequencing and signing come after the search.
		p.killed(t, took/2+time.Duration(random.Int64N(int64(took/2))), plan...)
		after := p.number(t, `SELECT count(*) FROM decision`)
		if after < before || after > before+1 {
			t.Errorf("%d decisions became %d", before, after)
		}
		p.agree(t)
		p.must(t, plan...)
		p.must(t, "check", "--date", day)
		p.must(t, "verify", p.path("decision.json"))
		p.agree(t)
	}
}
