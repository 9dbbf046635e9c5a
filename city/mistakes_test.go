package city_test

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"polder.city/city"
	"polder.city/internal/problem"
)

var update = flag.Bool("update", false, "write the golden files")

// copyOf returns a city folder that a test may spoil.
func copyOf(t testing.TB, name string) fstest.MapFS {
	t.Helper()
	folder, err := city.Folder(name)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	if err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// spoil replaces text in a file, and fails when it is not there.
func spoil(t testing.TB, fsys fstest.MapFS, file, old, with string) {
	t.Helper()
	if !bytes.Contains(fsys[file].Data, []byte(old)) {
		t.Fatalf("%s has no %q", file, old)
	}
	fsys[file] = &fstest.MapFile{Data: bytes.Replace(fsys[file].Data, []byte(old), []byte(with), 1)}
}

// Every kind of mistake at once: all are reported, each with its place and the way out.
func TestAllMistakesAreReportedWithTheirPlaceAndTheWayOut(t *testing.T) {
	fsys := copyOf(t, "almere")
	spoil(t, fsys, "city.yaml", "time_zone: Europe/Amsterdam", "time_zone: Europe/Almere\ncolour: green")
	spoil(t, fsys, "city.yaml", "origin: demo.", "origin: log.")
	spoil(t, fsys, "streams.yaml", "letter: P", "letter: R")
	spoil(t, fsys, "streams.yaml", "hygiene_days: 7", "hygiene_days: seven")
	spoil(t, fsys, "streams.yaml", "kg_per_m3: 121", "kg_per_m3: 9000")
	spoil(t, fsys, "fleet.yaml", "litres: 22000", "litres: 22")
	spoil(t, fsys, "fleet.yaml", "depot: werf-de-vaart", "depot: werf-de-haven")
	spoil(t, fsys, "fleet.yaml", "streams: [glas, textiel]", "streams: [glas, hout]")
	spoil(t, fsys, "fleet.yaml", `from: "06:30", to: "16:30"`, `from: "16:30", to: "06:30"`)
	spoil(t, fsys, "fleet.yaml", "[5.22520, 52.35090]", "[52.35090, 5.22520]")
	spoil(t, fsys, "fleet.yaml", "minutes_per_place: 2", "minutes_per_place: [2]")
	spoil(t, fsys, "districts.geojson", `"abbr":"WER"`, `"abbr":"CEH"`)
	spoil(t, fsys, "districts.csv", "WK003403,residential,941,290", "WK003403,rezidential,941,2900")
	spoil(t, fsys, "districts.csv", "WK003404,", "WK993404,")
	spoil(t, fsys, "landscape.geojson", `"kind":"road","class":"trunk"`, `"kind":"road","class":"tram"`)
	spoil(t, fsys, "themes.yaml", "words: [Chaplin, Keaton,", "words: [Chaplin, Chaplin,")
	spoil(t, fsys, "containers.csv", "BLO-001-R,rest,5.279888,52.390000", "BLO-001-F,hout,52.390000,5.279888")
	spoil(t, fsys, "containers.csv", "BLO-002-P,papier,5.280766,52.390017,5000", "BLO-002-P,papier,5.280766,52.390017,veel")
	spoil(t, fsys, "schedule.csv", "BLO-001-R,thu,1,2025-01-09", "BLO-001-R,thu+today,60,9 januari")
	spoil(t, fsys, "things.yaml", "symbol: counter", "")
	spoil(t, fsys, "things.yaml", "tell: opening", "tell: closing")
	spoil(t, fsys, "instances.csv", "properties\n", "properties\nbrug-nieuw,viaduct,Nieuwe brug,5.2,52.37,\n")
	spoil(t, fsys, "instances.csv", "capacity=340", "places=340")
	spoil(t, fsys, "simulate.yaml", "rule: kings_day", "rule: queens_day")
	spoil(t, fsys, "simulate.yaml", "deposit_litres: [10, 30, 60]", "deposit_litres: [60, 30]")
	spoil(t, fsys, "simulate.yaml", "subject: brug-vaartdreef", "subject: brug-nergens")
	delete(fsys, "rules.yaml")

	_, problems := city.Load(fsys)
	var got strings.Builder
	for _, p := range problems {
		if p.Kind != problem.Invalid || p.Where == "" || p.Way == "" {
			t.Errorf("a mistake without a place or a way out: %v", p)
		}
		got.WriteString(p.Error() + "\n")
	}
	golden := filepath.Join("testdata", "mistakes.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the report changed (go test ./city -update writes it):\n%s", got.String())
	}
}

func TestAFolderThatIsNotACitySaysWhatIsMissing(t *testing.T) {
	_, problems := city.Load(fstest.MapFS{})
	missing := map[string]bool{}
	for _, p := range problems {
		missing[p.Where] = true
	}
	for _, file := range []string{"city.yaml", "districts.geojson", "districts.csv", "streams.yaml", "fleet.yaml", "containers.csv", "things.yaml", "rules.yaml", "register"} {
		if !missing[file] {
			t.Errorf("nothing is said of %s", file)
		}
	}
	if _, err := city.Open("./no-such-folder"); problem.KindOf(err) != problem.NotFound || !strings.Contains(err.Error(), "almere") {
		t.Errorf("Open gives %v", err)
	}
}

func TestAFolderOnDiskIsOpenedLikeAnEmbeddedCity(t *testing.T) {
	c, err := city.Open("almere")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, c.FS); err != nil {
		t.Fatal(err)
	}
	if _, err := city.Open(dir); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "streams.yaml"), []byte("streams: []\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := city.Open(dir); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "streams.yaml:1") {
		t.Errorf("a folder without streams gives %v", err)
	}
}

// FuzzLoad feeds any bytes as any file of a city: mistakes are reported, nothing breaks.
func FuzzLoad(f *testing.F) {
	base := copyOf(f, "testdata/liechtenstein")
	var files []string
	for name, file := range base {
		files = append(files, name)
		f.Add(name, file.Data)
	}
	for _, name := range []string{"landscape.geojson", "themes.yaml", "schedule.csv", "instances.csv"} {
		data, err := os.ReadFile(filepath.Join("almere", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, data[:min(len(data), 4000)])
		files = append(files, name)
	}
	f.Add("city.yaml", []byte("code: [unclosed"))
	f.Add("fleet.yaml", []byte("trucks: &a\n  - *a\n"))
	f.Add("fleet.yaml", []byte("trucks: {id: null}\nshift: 3\n"))
	f.Add("containers.csv", []byte("id,stream,lon,lat,volume_l,place,address,sensor\n\"A,rest\n"))
	f.Add("districts.geojson", []byte(`{"features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[]]}}]}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		fsys := fstest.MapFS{}
		for n, file := range base {
			fsys[n] = file
		}
		known := false
		for _, n := range files {
			known = known || n == name
		}
		if !known {
			return
		}
		fsys[name] = &fstest.MapFile{Data: data}
		_, problems := city.Load(fsys)
		for _, p := range problems {
			if p.Message == "" || p.Way == "" {
				t.Errorf("a mistake without a way out: %v", p)
			}
		}
	})
}
