package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb/geojson"
)

const (
	vaduz   = "9.5215,47.1410"
	bendern = "9.5370,47.2130"
)

func TestRoadsAnswersQuestionsOverAnExtract(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	ask := func(args ...string) string {
		t.Helper()
		status, stdout, stderr := command(append(args, "--osm", testStreets)...)
		if status != exitOK {
			t.Fatalf("%v: status %d: %s", args, status, stderr)
		}
		return stdout
	}
	route := ask("roads", "route", vaduz, bendern, "--alternatives", "2", "--geojson", file("route.geojson"), "--svg", file("route.svg"))
	contains(t, route, "11.1 km", "Landstrasse", "Feldkircher Strasse")
	text, err := os.ReadFile(file("route.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := geojson.UnmarshalFeatureCollection(text); err != nil || len(c.Features) != strings.Count(route, " km\n") || c.Features[0].Properties["meters"].(float64) < 11_000 {
		t.Errorf("%d ways, %v: %s", strings.Count(route, " km\n"), err, text)
	}
	picture, err := os.ReadFile(file("route.svg"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(picture), "<svg", "stroke-width=\"4\"", "OpenStreetMap")

	if err := os.WriteFile(file("points.csv"), []byte("id,what,lon,lat\na,x,"+vaduz+"\nb,y,"+bendern+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(ask("roads", "matrix", file("points.csv")), "\n")
	if len(lines) != 6 || lines[1] != "a,a,0,0" || !strings.HasPrefix(lines[2], "a,b,8") {
		t.Errorf("the matrix is %q", lines)
	}
	contains(t, ask("roads", "isochrone", vaduz, "--minutes", "5", "--profile", "foot"), "km of street", "within 5 minutes")
	contains(t, ask("roads", "check", "--pairs", "60"), "60 paths: each may be driven as it stands")
	contains(t, ask("roads", "check", "--pairs", "30", "--at", "2026-11-25T07:30", "--curb"), "30 paths: each may be driven as it stands")
}

func TestRoadsSaysWhatIsWrongWithAQuestion(t *testing.T) {
	for _, tt := range []struct {
		name  string
		args  []string
		parts []string
	}{
		{"a point far from any street", []string{"roads", "route", vaduz, "10.9,47.2130"}, []string{"10.9,47.213", "lies 97", "--within"}},
		{"a point that is none", []string{"roads", "route", vaduz, "Bendern"}, []string{"Bendern", "longitude and latitude"}},
		{"a time that is none", []string{"roads", "route", vaduz, bendern, "--at", "soon"}, []string{"soon", "2026-11-25T07:30"}},
		{"a way that is not there", []string{"roads", "route", vaduz, bendern, "--close", "1"}, []string{"--close", "no way 1"}},
		{"a profile that is not there", []string{"roads", "route", vaduz, bendern, "--profile", "tram.yaml"}, []string{"tram.yaml"}},
		{"a matrix of nothing", []string{"roads", "matrix", os.DevNull}, []string{os.DevNull, "columns"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, stderr := command(append(tt.args, "--osm", testStreets)...)
			if status != exitInvalid {
				t.Errorf("status %d: %s", status, stderr)
			}
			contains(t, stderr, tt.parts...)
		})
	}
}
