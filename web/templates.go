package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"strings"
	"time"

	"polder.city/account"
	"polder.city/internal/message"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds each page's template for each language.
type templates struct {
	base  map[string]*template.Template            // layout and parts, by language
	pages map[string]map[string]*template.Template // by file, by language
}

func (s *Site) loadTemplates() (*templates, error) {
	t := &templates{base: map[string]*template.Template{}, pages: map[string]map[string]*template.Template{}}
	for _, lang := range message.Languages() {
		base, err := template.New("layout").Funcs(s.funcs(lang)).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
		if err != nil {
			return nil, fmt.Errorf("web: layout: %w", err)
		}
		t.base[lang] = base
	}
	entries, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "layout.html" || e.Name() == "parts.html" {
			continue
		}
		text, err := templateFiles.ReadFile("templates/" + e.Name())
		if err != nil {
			return nil, fmt.Errorf("web: templates: %w", err)
		}
		if err := t.add(e.Name(), string(text)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// add parses a page's template in each language.
func (t *templates) add(name, text string) error {
	t.pages[name] = map[string]*template.Template{}
	for lang, base := range t.base {
		page, err := base.Clone()
		if err == nil {
			_, err = page.Parse(text)
		}
		if err != nil {
			return fmt.Errorf("web: template %s: %w", name, err)
		}
		t.pages[name][lang] = page
	}
	return nil
}

// need panics when a page names a template that does not exist: the first start shows it.
func (t *templates) need(file string) {
	if t.pages[file] == nil {
		panic("web: there is no template " + file)
	}
}

func (t *templates) render(w io.Writer, file string, v view) error {
	return t.pages[file][v.P.Lang()].ExecuteTemplate(w, "layout.html", v)
}

// funcs are what a template can call, in one language.
func (s *Site) funcs(lang string) template.FuncMap {
	p := s.printerIn(lang)
	all := template.FuncMap{
		"t":     p.T,      // t "key" "name" value …: a message
		"th":    p.HTML,   // the same with its **strong** and [links](/path)
		"f":     p.Format, // f "pct" .Fill: a value in a format of the catalogue
		"lang":  p.Lang,   //
		"path":  p.Path,   // path "/plannen": the path in this language
		"has":   p.Has,    // has (printf "reason.%s" .Code)
		"asset": s.assets.path,
		"city":  func() string { return s.opts.City },
		"demo":  s.demo,
		"drawn": func() bool { return s.opts.Drawn },
		"door":  s.door,
		"now":   p.Now,
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
	maps.Copy(all, s.partFuncs(p))
	return all
}

// door reports whether a path is answered, so that a link to it may be shown.
func (s *Site) door(path string) bool { return s.paths[path] }

// Lang, Title and the rest are what layout.html asks for.

// Lang returns the language of the page.
func (v view) Lang() string { return v.P.Lang() }

// City returns the city's name.
func (v view) City() string { return v.site.opts.City }

// Demo reports whether this is a demonstration.
func (v view) Demo() bool { return v.site.demo() }

// Version returns the version of the program.
func (v view) Version() string { return v.site.opts.Version }

// Source returns the address of the source code.
func (v view) Source() string { return v.site.opts.Source }

// OSM reports whether OpenStreetMap's contributors must be named.
func (v view) OSM() bool { return v.site.opts.OSM }

// Official returns the name of who is signed in, or "".
func (v view) Official() string {
	if v.site.opts.Official == nil {
		return ""
	}
	return v.site.opts.Official(v.r)
}

// Query returns what was searched for.
func (v view) Query() string { return v.r.URL.Query().Get("q") }

// Here returns the path of the page without language, with its query.
func (v view) Here() string {
	if q := v.r.URL.RawQuery; q != "" && v.r.Method == "GET" {
		return plainPath(v.r) + "?" + q
	}
	return plainPath(v.r)
}

// Checkpoint returns when the newest checkpoint was signed, or the zero time.
func (v view) Checkpoint() time.Time {
	if v.site.opts.Checkpoint == nil {
		return time.Time{}
	}
	return v.site.opts.Checkpoint(v.r.Context())
}

// Other is the page in another language.
type otherLang struct{ Lang, Path string }

// Others returns the page's address in the other languages.
func (v view) Others() []otherLang {
	var others []otherLang
	for _, lang := range message.Languages() {
		if lang != v.P.Lang() {
			others = append(others, otherLang{lang, v.site.printerIn(lang).Path(v.Here())})
		}
	}
	return others
}

// navItem is a door in the header.
type navItem struct {
	Path, Key string
	Here      bool
}

// Nav returns the doors that lead somewhere: five for everybody, two more for officials, one for the crew of a truck.
func (v view) Nav() []navItem {
	doors := []navItem{
		{Path: "/wijken", Key: "site.nav.district"},
		{Path: "/plannen", Key: "site.nav.plan"},
		{Path: "/besluiten", Key: "site.nav.decisions"},
		{Path: "/algoritmes", Key: "site.nav.algorithms"},
		{Path: "/data", Key: "site.nav.data"},
	}
	if v.driver() {
		doors = append(doors, navItem{Path: "/chauffeur", Key: "site.nav.driver"})
	} else if v.Official() != "" {
		doors = append(doors, navItem{Path: "/werk", Key: "site.nav.work"}, navItem{Path: "/beheer", Key: "site.nav.admin"})
	}
	here := plainPath(v.r)
	var open []navItem
	for _, d := range doors {
		if v.site.door(d.Path) {
			d.Here = here == d.Path || strings.HasPrefix(here, d.Path+"/")
			open = append(open, d)
		}
	}
	return open
}

// driver reports whether the crew of a truck is signed in.
func (v view) driver() bool {
	d := v.site.opts.Domains
	if d == nil {
		return false
	}
	who, ok := d.official(v.r)
	return ok && who.Role == account.Driver
}

// Label returns a door's words: its message.
func (n navItem) Label(p *message.Printer) string { return p.T(n.Key) }
