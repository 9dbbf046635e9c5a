package city

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"polder.city/roads"
	"polder.city/roads/synth"
)

// streets is themes.yaml: how the streets of a city without a map are drawn and called.
type streets struct {
	Source string  `yaml:"source"`
	Seed   uint64  `yaml:"seed"`
	Themes []theme `yaml:"themes"`
}

// theme makes names of words and endings for some districts.
type theme struct {
	Name      Text     `yaml:"name"`
	Districts []string `yaml:"districts"`
	Words     []string `yaml:"words"`
	Endings   []string `yaml:"endings"`
}

// roadClasses are the values of "class" in landscape.geojson, after OpenStreetMap's highway=*.
var roadClasses = map[string]roads.Class{
	"motorway": roads.Motorway, "trunk": roads.Trunk, "primary": roads.Primary, "secondary": roads.Secondary,
	"tertiary": roads.Tertiary, "busway": roads.Busway,
}

// roadPatterns is District.Pattern for the package that draws.
var roadPatterns = map[string]synth.Pattern{
	"sparse": synth.Sparse, "residential": synth.Neighbour, "centre": synth.Centre, "estate": synth.Estate, "countryside": synth.Countryside,
}

// landscape reads landscape.geojson and themes.yaml; a city that imports its streets has neither.
func (l *loader) landscape() {
	const file = "landscape.geojson"
	data, ok := l.read(file, true)
	if !ok {
		return
	}
	land := &synth.Landscape{}
	for _, f := range readFeatures(&l.report, file, data) {
		l.landFeature(land, file, f)
	}
	for _, d := range l.city.Districts {
		land.Districts = append(land.Districts, synth.District{Code: d.Code, Name: d.Name, Polygon: d.Polygon, Pattern: roadPatterns[d.Pattern]})
	}
	l.themes(land)
	l.city.Landscape = land
}

func (l *loader) landFeature(land *synth.Landscape, file string, f feature) {
	kind, _ := f.Properties["kind"].(string)
	line, isLine := f.Geometry.(orb.LineString)
	wrongShape := func(want string) {
		l.wrong(file, f.line, "geometry", "geojson", "Draw it as a "+want+".", "A %s cannot be a %s.", kind, f.Geometry.GeoJSONType())
	}
	switch kind {
	case "road":
		p := l.properties(file, f, []string{"kind", "class"}, "name", "ref", "maxspeed")
		class, ok := roadClasses[p["class"]]
		if !ok {
			l.wrong(file, f.line, "class", "value", "Write motorway, trunk, primary, secondary, tertiary or busway.", "%q is no class of main road.", p["class"])
		}
		speed := l.propertyNumber(file, f, "maxspeed", p["maxspeed"], 0, 130)
		if !isLine || len(line) < 2 {
			wrongShape("LineString of two points or more")
			return
		}
		land.Roads = append(land.Roads, synth.Road{Name: p["name"], Ref: p["ref"], Class: class, MaxSpeed: uint8(speed), Line: line})
	case "canal":
		p := l.properties(file, f, []string{"kind", "width"}, "name")
		if !isLine || len(line) < 2 {
			wrongShape("LineString of two points or more")
			return
		}
		land.Water = append(land.Water, synth.Water{Name: p["name"], Line: line, Width: l.propertyNumber(file, f, "width", p["width"], 2, 500), Schematic: true})
	case "lake":
		p := l.properties(file, f, []string{"kind"}, "name", "schematic")
		polygons, _ := l.multiPolygon(file, f)
		for _, polygon := range polygons {
			land.Water = append(land.Water, synth.Water{Name: p["name"], Polygon: polygon, Schematic: p["schematic"] == "true"})
		}
	case "park":
		p := l.properties(file, f, []string{"kind"}, "name", "closed")
		polygons, _ := l.multiPolygon(file, f)
		for _, polygon := range polygons {
			land.Green = append(land.Green, synth.Green{Name: p["name"], Polygon: polygon, Closed: p["closed"] == "true"})
		}
	case "interchange":
		l.properties(file, f, []string{"kind"}, "name")
		point, ok := f.Geometry.(orb.Point)
		if !ok {
			wrongShape("Point")
			return
		}
		land.Interchanges = append(land.Interchanges, point)
	default:
		l.wrong(file, f.line, "kind", "value", "Write road, canal, lake, park or interchange.", "%q is no kind of feature.", kind)
	}
}

func (l *loader) propertyNumber(file string, f feature, name, text string, low, high float64) float64 {
	if text == "" {
		return low
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < low || n > high {
		l.wrong(file, f.line, name, "value", fmt.Sprintf("Write a number from %g to %g.", low, high), "%q does not fit.", text)
		return low
	}
	return n
}

func (l *loader) themes(land *synth.Landscape) {
	const file = "themes.yaml"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	var all streets
	d := readYAML(&l.report, file, data, &all)
	d.need("", map[string]string{"source": all.Source})
	land.Source, land.Seed = all.Source, all.Seed
	themed := map[string]bool{}
	for i, t := range all.Themes {
		at := fmt.Sprintf("themes[%d]", i)
		if len(t.Words) == 0 || len(t.Endings) == 0 {
			d.wrongAt(at, "missing", "Name at least one of each.", "The theme has no words or no endings.")
			continue
		}
		d.needText(at+".name", t.Name, l.city.Languages)
		words := map[string]bool{}
		for j, word := range t.Words {
			d.unique(words, fmt.Sprintf("%s.words[%d]", at, j), word)
		}
		for j, code := range t.Districts {
			path := fmt.Sprintf("%s.districts[%d]", at, j)
			d.unique(themed, path, code)
			k := slices.IndexFunc(land.Districts, func(d synth.District) bool { return d.Code == code })
			if k < 0 {
				d.wrongAt(path, "unknown_district", "Use a code of districts.geojson.", "%q is no district.", code)
				continue
			}
			land.Districts[k].Streets = t.names(j, len(t.Districts))
		}
	}
}

// names returns the names for the n-th of several districts that share a theme:
// each word with one ending first, then with the next, so that a name is never given twice.
func (t theme) names(n, of int) []string {
	var names []string
	for round := range t.Endings {
		for i, word := range t.Words {
			if (i+round)%of != n {
				continue
			}
			names = append(names, streetName(word, t.Endings[(i/of+round)%len(t.Endings)]))
		}
	}
	return names
}

// streetName joins a word and an ending as one word, and keeps an ending apart that begins with a space.
func streetName(word, ending string) string {
	if strings.HasPrefix(ending, " ") || ending == "" {
		return word + ending
	}
	return word + strings.ToLower(ending)
}
