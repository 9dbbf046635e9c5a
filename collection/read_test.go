package collection_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/store/storetest"
)

func TestAWrongLineIsNamed(t *testing.T) {
	for name, c := range map[string]struct{ read, text, where string }{
		"no header":              {"containers", "", "f.csv:1"},
		"a column too few":       {"containers", "id,stream,lon,lat\n", "f.csv:1"},
		"a column unknown":       {"containers", "id,stream,lon,lat,volume_l,colour\n", "f.csv:1"},
		"a column twice":         {"containers", "id,stream,lon,lat,volume_l,id\n", "f.csv:1"},
		"a longitude of words":   {"containers", "id,stream,lon,lat,volume_l\nA,rest,west,52,5000\n", "f.csv:2: lon"},
		"an id twice":            {"containers", "id,stream,lon,lat,volume_l\nA,rest,5,52,5000\nB,rest,5,52,5000\nA,rest,5,52,5000\n", "f.csv:4: id"},
		"a zero byte":            {"containers", "id,stream,lon,lat,volume_l\nA\x00,rest,5,52,5000\n", "f.csv:2: id"},
		"a fill over 150 %":      {"fills", "container,time,fill\nA,2026-11-24T13:40:00Z,1.51\n", "f.csv:2: fill"},
		"a fill of nothing":      {"fills", "container,time,fill\nA,2026-11-24T13:40:00Z,\n", "f.csv:2: fill"},
		"a fill that is no fill": {"fills", "container,time,fill\nA,2026-11-24T13:40:00Z,NaN\n", "f.csv:2: fill"},
		"a time without offset":  {"fills", "container,time,fill\nA,2026-11-24 13:40,0.5\n", "f.csv:2: time"},
		"a kind unknown":         {"fills", "container,time,fill,kind\nA,2026-11-24T13:40:00Z,0.5,guess\n", "f.csv:2: kind"},
		"a quote left open":      {"fills", "container,time,fill\nA,\"2026-11-24T13:40:00Z,0.5\n", "f.csv:"},
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			if c.read == "containers" {
				_, err = collection.ReadContainers(strings.NewReader(c.text), "f.csv")
			} else {
				err = collection.ReadObservations(strings.NewReader(c.text), "f.csv", func(collection.Observed) error { return nil })
			}
			p, ok := errors.AsType[*problem.Error](err)
			if !ok || p.Kind != problem.Invalid || !strings.HasPrefix(p.Where, c.where) || p.Way == "" {
				t.Fatalf("got %v (%+v)", err, p)
			}
		})
	}
}

func TestFillsAreFractionsOrPercentages(t *testing.T) {
	var got []collection.Observed
	text := "\ufeffcontainer,time,fill,kind\nA,2026-11-24T14:40:00+01:00,52%,\nA,2026-11-24T13:40:00Z,0.52,fill\nA,2026-11-24T13:40:00Z,,emptying\n"
	if err := collection.ReadObservations(strings.NewReader(text), "f.csv", func(o collection.Observed) error { got = append(got, o); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Fill != got[1].Fill || !got[0].At.Equal(got[1].At) || got[2].Kind != collection.EmptyingKind || got[2].Fill != 1 {
		t.Fatalf("got %+v", got)
	}
}

func TestAnImportIsAllOrNothing(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	before, err := p.Containers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := collection.Container{ID: "N1", Stream: "rest", Point: orb.Point{9.51, 47.15}, VolumeLitres: 5000}
	for name, bad := range map[string]collection.Container{
		"outside the municipality": {ID: "N2", Stream: "rest", Point: orb.Point{5.2, 52.3}, VolumeLitres: 5000},
		"of an unknown stream":     {ID: "N2", Stream: "goud", Point: orb.Point{9.51, 47.15}, VolumeLitres: 5000},
		"of no volume":             {ID: "N2", Stream: "rest", Point: orb.Point{9.51, 47.15}},
		"with U+0000 in its place": {ID: "N2", Stream: "rest", Point: orb.Point{9.51, 47.15}, VolumeLitres: 5000, Place: "a\x00b"},
	} {
		_, err := p.SaveContainers(t.Context(), []collection.Container{good, bad})
		if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "N2") {
			t.Errorf("%s: %v", name, err)
		}
		after, err := p.Containers(t.Context())
		if err != nil || len(after) != len(before) {
			t.Errorf("%s: %d containers became %d, %v", name, len(before), len(after), err)
		}
	}
	result, err := p.SaveContainers(t.Context(), before)
	if err != nil || result.Same != len(before) || result.Added+result.Changed != 0 {
		t.Errorf("the same again: %+v, %v", result, err)
	}
}

func TestTheHaguesContainersAreRead(t *testing.T) {
	f := openShared(t, "containers/denhaag.geojson")
	all, err := collection.ReadContainersGeoJSON(f, "denhaag.geojson", "afvalfractie", map[string]string{"rest": "rest", "plastic/blik/drankpak": "pmd"}, 5000)
	if err != nil || len(all) != 8025 {
		t.Fatalf("%d containers, %v", len(all), err)
	}
	ids := map[string]bool{}
	for _, c := range all {
		if ids[c.ID] || c.Stream == "" || c.Point[0] < 4 || c.Point[0] > 4.5 {
			t.Fatalf("container %+v", c)
		}
		ids[c.ID] = true
	}
}

func FuzzReadContainers(f *testing.F) {
	f.Add("id,stream,lon,lat,volume_l\nA,rest,5.2,52.3,5000\n")
	f.Add("id,stream,lon,lat,volume_l,place\n\"A\nB\",rest,1e400,52.3,-1,\x00\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := collection.ReadContainers(strings.NewReader(text), "f.csv")
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatalf("an error of kind %v: %v", problem.KindOf(err), err)
		}
		for _, c := range all {
			if !(c.Point[0] >= -180 && c.Point[0] <= 180) {
				t.Fatalf("longitude %v", c.Point[0])
			}
		}
	})
}

func FuzzReadContainersGeoJSON(f *testing.F) {
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[4.2,52.0]},"properties":{"stream":"Rest"}}]}`)
	f.Add(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":null}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, err := collection.ReadContainersGeoJSON(strings.NewReader(text), "f.geojson", "stream", nil, 5000)
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatalf("an error of kind %v: %v", problem.KindOf(err), err)
		}
	})
}

func FuzzReadObservations(f *testing.F) {
	f.Add("container,time,fill,kind\nA,2026-11-24T13:40:00Z,52%,fill\n")
	f.Add("container,time,fill\nA,0001-01-01T00:00:00-23:59,Inf\n")
	f.Fuzz(func(t *testing.T, text string) {
		err := collection.ReadObservations(strings.NewReader(text), "f.csv", func(o collection.Observed) error {
			if !(o.Fill >= 0 && o.Fill <= collection.MaxFill) {
				t.Fatalf("fill %v", o.Fill)
			}
			return nil
		})
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatalf("an error of kind %v: %v", problem.KindOf(err), err)
		}
	})
}
