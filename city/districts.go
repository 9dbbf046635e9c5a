package city

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
)

// feature is a feature of a GeoJSON file with the line it begins on.
type feature struct {
	*geojson.Feature
	line int
}

// readFeatures reads a FeatureCollection (RFC 7946), a feature at a time so that each has its line.
func readFeatures(r *report, file string, data []byte) []feature {
	var all []feature
	line := func(offset int64) int { return 1 + bytes.Count(data[:offset], []byte("\n")) }
	dec := json.NewDecoder(bytes.NewReader(data))
	fail := func(err error) []feature {
		at := dec.InputOffset()
		if e, ok := errors.AsType[*json.SyntaxError](err); ok {
			at = min(e.Offset, int64(len(data)))
		}
		r.wrong(file, line(at), "", "geojson", "Write a FeatureCollection as RFC 7946 describes it.", "This is not GeoJSON: %v.", err)
		return all
	}
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return fail(orElse(err, "it does not begin with {"))
	}
	found := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fail(err)
		}
		if key != "features" {
			var other json.RawMessage
			if err := dec.Decode(&other); err != nil {
				return fail(err)
			}
			continue
		}
		found = true
		if open, err := dec.Token(); err != nil || open != json.Delim('[') {
			return fail(orElse(err, "features is no list"))
		}
		for dec.More() {
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				return fail(err)
			}
			at := line(dec.InputOffset() - int64(len(raw)))
			f, err := geojson.UnmarshalFeature(raw)
			if err != nil || f.Geometry == nil {
				r.wrong(file, at, "", "geojson", "Give it a type, a geometry and properties.", "The feature cannot be read: %v.", orElse(err, "it has no geometry"))
				continue
			}
			all = append(all, feature{f, at})
		}
		if _, err := dec.Token(); err != nil {
			return fail(err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return fail(err)
	}
	if !found {
		return fail(errors.New("it has no features"))
	}
	return all
}

func orElse(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

// multiPolygon returns a feature's polygons; it reports another geometry, an
// open ring and a point that is not on earth.
func (l *loader) multiPolygon(file string, f feature) (orb.MultiPolygon, bool) {
	var polygons orb.MultiPolygon
	switch g := f.Geometry.(type) {
	case orb.Polygon:
		polygons = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		polygons = g
	default:
		l.wrong(file, f.line, "geometry", "geojson", "Draw it as a Polygon or MultiPolygon.", "The geometry is a %s.", g.GeoJSONType())
		return nil, false
	}
	for _, polygon := range polygons {
		if len(polygon) == 0 {
			l.wrong(file, f.line, "geometry", "geojson", "Give each polygon an outer ring.", "A polygon has no ring.")
			return nil, false
		}
		for _, ring := range polygon {
			if len(ring) < 4 || !ring.Closed() {
				l.wrong(file, f.line, "geometry", "geojson", "Let a ring end at the point where it began, with at least four points.", "A ring is not closed.")
				return nil, false
			}
			for _, p := range ring {
				if !onEarth(p) {
					l.wrong(file, f.line, "geometry", "geojson", "Write longitude first, then latitude, in degrees (WGS 84).", "%v is no place on earth.", p)
					return nil, false
				}
			}
		}
	}
	return polygons, true
}

// properties returns a feature's texts; it reports those that are missing or unknown.
func (l *loader) properties(file string, f feature, needed []string, optional ...string) map[string]string {
	known := map[string]bool{}
	out := map[string]string{}
	for _, name := range append(append([]string{}, needed...), optional...) {
		known[name] = true
	}
	for name, value := range f.Properties {
		if !known[name] {
			l.wrong(file, f.line, name, "unknown_key", "Known here are: "+strings.Join(append(append([]string{}, needed...), optional...), ", ")+".", "There is no property %q.", name)
			continue
		}
		switch value := value.(type) {
		case string:
			out[name] = strings.TrimSpace(value)
		case float64, bool:
			out[name] = fmt.Sprint(value)
		}
	}
	for _, name := range needed {
		if out[name] == "" {
			l.wrong(file, f.line, name, "missing", "Write it down as a text.", "%s is missing.", name)
		}
	}
	return out
}

// patterns are the values of District.Pattern.
var patterns = []string{"sparse", "residential", "centre", "estate", "countryside"}

func (l *loader) districts() {
	const file = "districts.geojson"
	data, ok := l.read(file, false)
	if !ok {
		l.read("districts.csv", false) // so that it is missed too
		return
	}
	codes, abbrs := map[string]bool{}, map[string]bool{}
	for _, f := range readFeatures(&l.report, file, data) {
		p := l.properties(file, f, []string{"code", "name", "part", "abbr"})
		polygons, ok := l.multiPolygon(file, f)
		if !ok {
			continue
		}
		if codes[p["code"]] || abbrs[p["abbr"]] {
			l.wrong(file, f.line, "code", "duplicate", "Give each district its own code and abbreviation.", "%s (%s) is used twice.", p["code"], p["abbr"])
		}
		codes[p["code"]], abbrs[p["abbr"]] = true, true
		if a := p["abbr"]; len(a) != 3 || strings.ToUpper(a) != a {
			l.wrong(file, f.line, "abbr", "value", "Write three capitals, as FIL.", "%q is no abbreviation.", a)
		}
		l.city.Districts = append(l.city.Districts, District{
			Code: p["code"], Name: p["name"], Abbr: p["abbr"], Part: p["part"], Polygon: polygons, Pattern: "residential",
		})
	}
	if len(l.city.Districts) == 0 {
		l.wrong(file, 0, "", "missing", "Draw at least one.", "There are no districts.")
	}
	l.districtNumbers()
}

func (l *loader) districtNumbers() {
	const file = "districts.csv"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	t := readTable(&l.report, file, data, "code", "pattern", "households", "flat_households", "inhabitants")
	if t == nil {
		return
	}
	index := map[string]int{}
	for i, d := range l.city.Districts {
		index[d.Code] = i
	}
	seen := map[string]int{}
	for t.next() {
		code := t.need("code")
		t.unique(seen, "code", code)
		i, ok := index[code]
		if !ok {
			t.bad("code", "unknown_district", "Draw it in districts.geojson, or take the row out.", "%q is no district.", code)
			continue
		}
		d := &l.city.Districts[i]
		d.Pattern = t.text("pattern")
		if !slices.Contains(patterns, d.Pattern) {
			t.bad("pattern", "value", "Write one of: "+strings.Join(patterns, ", ")+".", "%q is no pattern of streets.", d.Pattern)
		}
		d.Households = int(t.whole("households", 0, 1_000_000))
		d.FlatHouseholds = int(t.whole("flat_households", 0, 1_000_000))
		d.Inhabitants = int(t.whole("inhabitants", 0, 10_000_000))
		if d.FlatHouseholds > d.Households {
			t.bad("flat_households", "value", "Count only households in flats here.", "More households live in flats (%d) than there are (%d).", d.FlatHouseholds, d.Households)
		}
	}
	for _, d := range l.city.Districts {
		if _, ok := seen[d.Code]; !ok {
			l.wrong(file, 0, "code", "missing", "Add a row for it.", "District %s (%s) has no row.", d.Code, d.Name)
		}
	}
}
