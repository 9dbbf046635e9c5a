package web

import (
	"encoding/json"
	"fmt"
	"html/template"

	"polder.city/internal/message"
)

// The structs below are what the templates of parts.html show. A page builds them in
// its Go file, or in its template by the function of the same name.

// Figure is a number that can be opened: what it is, over which period, how it was
// computed, from what, and where to download it.
type Figure struct {
	Value     string // the number in the reader's writing, with its unit
	Label     string // what the number says, one sentence
	Compared  string // what it is compared with; may be empty
	State     string // "", "good", "attention" or "act": a shape and a colour
	Live      string // key of live values (see [Live]); may be empty
	Simulated bool
	About     About
}

// About tells what a figure is. Empty fields are not shown.
type About struct {
	What, Period, Formula string
	Source                string // which data, in words
	SourcePath            string // where to read it
	Download              string // path of the data behind it
}

// Source is the line under an answer: Bron · Zekerheid · Controleer.
type Source struct {
	From      string // "sensor, 13.40 uur"
	Certainty string // one of the fixed words, or empty
	CheckPath string // where to check it; may be empty
	CheckText string // words of that link; default "Controleer zelf"
	Simulated bool
}

// Table is a table of data. Cells are texts, template.HTML, or a [Cell].
type Table struct {
	Caption string
	Head    []string
	Rows    [][]any
	Numeric []bool // by column: right-aligned figures
	Hidden  bool   // the caption is for screen readers only
}

// Cell is a cell of a [Table] with a link or a state.
type Cell struct {
	Text, Path string
	State      string // "", "good", "attention" or "act"
}

// Alert is a notice in a frame: Kind is "info", "ok", "warning" or "error".
type Alert struct {
	Kind, Title string
	Text        template.HTML
}

// Chart is an SVG with the table of its values under it.
type Chart struct {
	Title string
	SVG   template.HTML
	Table Table
	Note  string
}

// Map is a map with the list of what is in view beside it. Data is the path of a GeoJSON FeatureCollection whose
// features have the properties id, name, text, path, kind (the shape of the symbol), value (0 to 1 or null), state ("",
// "act" or "old") and word (what stands under a symbol in state act: "vol").
type Map struct {
	Title string
	Data  string
	// The view at the start: west, south, east, north in degrees.
	Bounds [4]float64
	Items  []MapItem
	// Live is the prefix of the keys of live values (see [Live]): what follows it is the id of a feature, and the value's
	// Data replaces properties of that feature. May be empty.
	Live string
}

// MapItem is a line of the list beside a map.
type MapItem struct {
	ID, Name, Path, Text string
	Kind                 string // the shape: square, circle, triangle, diamond, hexagon, pentagon
	State                string
}

// Verify is the walk-through that verifies a decision in the browser, by web/src/js/verify.js.
type Verify struct {
	Bundle string // path of the download that decision.Gate.Bundle makes; empty: the reader chooses a file
	Key    string // the log's public key; the reader may paste another
	Name   string // of the downloaded file without .json, for the command line
}

// Crumb is a step of the trail to a page; the last has no path.
type Crumb = link

func (s *Site) partFuncs(p *message.Printer) template.FuncMap {
	return template.FuncMap{
		"verifyWords": func() (string, error) {
			words := map[string]string{
				"busy": p.T("verify.busy"), "file": p.T("verify.step.file"), "part": p.T("verify.step.part", "id", "{id}"),
				"record": p.T("verify.step.record", "sha256", "{sha256}"), "log": p.T("verify.step.log", "index", "{index}", "size", "{size}"),
				"signature": p.T("verify.step.signature", "origin", "{origin}"), "changed": p.T("verify.wrong.changed"), "foreign": p.T("verify.wrong.foreign"),
				"broken": p.T("verify.wrong.broken"), "unread": p.T("verify.wrong.unread"), "yes": p.T("verify.yes", "origin", "{origin}"), "no": p.T("verify.no"),
			}
			text, err := json.Marshal(words)
			return string(text), err
		},
		"mapCorner": func() string {
			switch {
			case s.opts.OSM:
				return p.T("site.foot.osm")
			case s.opts.Drawn:
				return p.T("site.map.corner")
			}
			return ""
		},
		"crumb":  func(path, text string) Crumb { return Crumb{To: path, Text: text} },
		"crumbs": func(c ...Crumb) []Crumb { return c },
		"alert": func(kind, title string, text any) Alert {
			return Alert{Kind: kind, Title: title, Text: safeText(text)}
		},
		"source": func(from, certainty, checkPath string) Source {
			return Source{From: from, Certainty: certainty, CheckPath: checkPath}
		},
		"iscell": func(v any) bool { _, ok := v.(Cell); return ok },
		"num": func(t Table, column int) bool {
			return column < len(t.Numeric) && t.Numeric[column]
		},
		"dict": dict,
	}
}

func safeText(v any) template.HTML {
	if h, ok := v.(template.HTML); ok {
		return h
	}
	return template.HTML(template.HTMLEscapeString(fmt.Sprint(v))) //nolint:gosec // escaped
}

// dict makes a map of pairs, to hand several values to a template.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a name without a value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is not a name", pairs[i])
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}
