package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The build records a hash over its sources; who changes a source without
// building, or builds with other packages than the lock file has, is found here, without Node.
func TestTheBuiltAssetsAreOfTheseSources(t *testing.T) {
	files := []string{"build.mjs", "package-lock.json", "package.json"}
	err := filepath.WalkDir("src", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, filepath.ToSlash(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	sum := sha256.New()
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(data))
		sum.Write(data)
	}
	recorded, err := os.ReadFile("assets/dist/SOURCES.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if want := hex.EncodeToString(sum.Sum(nil)); strings.TrimSpace(string(recorded)) != want {
		t.Errorf("web/assets/dist was built from other sources (%s, now %s): run `make assets`", strings.TrimSpace(string(recorded)), want)
	}
}
