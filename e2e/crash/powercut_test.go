//go:build linux

package crash

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"polder.city/internal/powercut"
)

// The log's state file lies outside the database: whatever of the two a power cut keeps, each plan that was
// reported as decided is there, the log holds its leaf, nothing is frozen, and the next plan is made.
func TestPowerCutWhileAPlanIsDecided(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	p := install(t, city)
	plan := []string{"plan", "--date", p.nextWorkday(t), "--rounds", "30", "--out", filepath.Join(t.TempDir(), "decision.json")}
	p.must(t, plan...)
	before := p.number(t, `SELECT count(*) FROM decision`)
	disk := powercut.Watch(t, p.path(p.folder))
	const plans = 3
	for range plans {
		disk.Run(t, p.command(plan...), 0)
	}
	if n := p.number(t, `SELECT count(*) FROM decision`); n != before+plans {
		t.Fatalf("%d decisions became %d by %d plans", before, n, plans)
	}
	disk.Cuts(t, random, 12, func(dir string, said []string) {
		left := p.at(dir)
		left.agree(t)
		reported := 0
		for _, line := range said {
			if line == powercut.Ended {
				reported++
			}
		}
		if n := left.number(t, `SELECT count(*) FROM decision`); n < before+reported {
			t.Errorf("%d plans were reported after %d, and %d are there", reported, before, n)
		}
		left.must(t, plan...)
		left.agree(t)
	})
	// The control: without its syncs the database comes back older than the log's state file, or broken, and that is seen.
	broken := 0
	unsynced := disk.Unsynced(func(file string) bool { return strings.HasPrefix(file, "polder.db") })
	unsynced.Cuts(t, random, 12, func(dir string, _ []string) {
		if out, err := p.at(dir).command("log", "check").CombinedOutput(); err != nil {
			if strings.Contains(string(out), "something went wrong") {
				t.Errorf("damage is not explained: %s", out)
			}
			broken++
		}
	})
	if broken == 0 {
		t.Error("a database that is not synced is whole after each cut: the power cut is none")
	}
}

// at is the same binary at work in another folder.
func (p *installed) at(dir string) *installed {
	other := *p
	other.dir, other.folder = filepath.Dir(dir), filepath.Base(dir)
	return &other
}
