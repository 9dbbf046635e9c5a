// Package arch holds the test that keeps the rooms of the house apart: which
// package may import which, as ARCHITECTURE.md draws it.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "polder.city/"

// engines are pure: no database, no HTTP, no domain.
var engines = []string{"forecast", "roads", "roads/synth", "fleet", "fleet/horizon", "basemap", "simulate"}

// mayImport lists, for each domain, the rooms it may use beside engines, store,
// bus, internal, city (plain data) and its own subpackages.
var mayImport = map[string][]string{
	"sensing":       {},
	"sensing/sta":   {"sensing"},
	"account":       {},
	"register":      {},
	"decision/tlog": {},
	"decision":      {"register", "decision/tlog"},
	"collection":    {"sensing", "decision"},
	// The judge of policies: it weighs as the planner does.
	"collection/study": {"collection"},
	"catalog":          {},
}

// base rooms import no domain.
var base = []string{"store", "store/storetest", "bus", "city"}

type pkg struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]pkg{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p
	}
	return all
}

func TestArrowsGoOneWay(t *testing.T) {
	all := packages(t)
	for name, p := range all {
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, module)
			if ours && !allowed(name, to) {
				t.Errorf("%s imports %s", name, to)
			}
			if !ours && slices.Contains(engines, name) && (path == "database/sql" || path == "net/http") {
				t.Errorf("the engine %s imports %s: engines take values and give values", name, path)
			}
		}
	}
	for name := range mayImport {
		if _, ok := all[name]; !ok && name != "catalog" {
			t.Errorf("there is no package %s: the table is out of date", name)
		}
	}
}

func allowed(from, to string) bool {
	switch {
	case strings.HasPrefix(to, "internal/"):
		return true
	case strings.HasPrefix(from, "cmd/"), strings.HasPrefix(from, "bench/"), strings.HasPrefix(from, "e2e"), strings.HasPrefix(from, "internal/"):
		return true
	case strings.HasPrefix(to, from+"/"):
		return true
	case to == "web" || strings.HasPrefix(to, "web/"):
		return strings.HasPrefix(from, "web/")
	case strings.HasPrefix(from, "web"):
		return true
	case slices.Contains(engines, from):
		return slices.Contains(engines, to) || strings.HasPrefix(to, strings.Split(from, "/")[0]+"/")
	case from == "city":
		return to == "roads/synth" || to == "roads"
	case slices.Contains(base, from):
		return slices.Contains(base, to)
	}
	may, known := mayImport[from]
	return known && (slices.Contains(engines, to) || slices.Contains(base, to) || slices.Contains(may, to))
}

func TestTheTableRefusesAForbiddenArrow(t *testing.T) {
	for _, arrow := range [][2]string{{"fleet", "store"}, {"forecast", "sensing"}, {"sensing", "collection"}, {"register", "decision"}, {"collection", "web"}, {"store", "account"}} {
		if allowed(arrow[0], arrow[1]) {
			t.Errorf("%s may import %s", arrow[0], arrow[1])
		}
	}
}
