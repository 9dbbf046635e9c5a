// Package web shows Polder to people: pages for residents and officials in Dutch and
// English, rendered on the server, readable without JavaScript.
//
// A group of pages is one Go file that registers them and reads what they show, with
// a template of the same name for each page:
//
//	func (s *Site) containerPages(c *collection.Store) {
//		s.page("GET /containers/{id}", "container.html", func(r *http.Request) (any, error) {
//			return c.Container(r.Context(), r.PathValue("id"))
//		})
//	}
//
// The path serves Dutch, the same path under /en English. templates/container.html
// defines "title", "main" and, where wanted, "crumbs" and "scripts"; their dot is what the
// function returned. Texts come from the catalogue: {{t "container.now" "fill" .Fill}}.
package web

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"polder.city/internal/clock"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// Options is what a site is made of. Messages, Clock, Location and City are required.
type Options struct {
	Messages *message.Catalogue
	Clock    *clock.Clock   // what time the pages show; a clock that is not real brings the demo's banner and buttons
	Location *time.Location // the city's zone
	City     string         // "Almere"
	Version  string         // shown in the footer
	Source   string         // where the source code is, an https address; may be empty
	OSM      bool           // OpenStreetMap data is shown: footer and maps name its contributors
	Drawn    bool           // the streets were drawn from a seed: maps say so
	Log      *slog.Logger   // default: slog.Default()

	// Building tells how far a demo city is while it is being built. Nil: it stands.
	Building func() Building
	// Checkpoint tells when the newest checkpoint of the log was signed; nil or the zero time: the footer keeps silent.
	Checkpoint func(context.Context) time.Time
	// Tile gives a vector tile (gzipped MVT). Nil: pages have no map.
	Tile func(z, x, y int) ([]byte, error)
	// Official reports who is signed in; nil or an empty name: nobody.
	Official func(*http.Request) (name string)
	// Domains are the parts of the city that pages read. Nil: only the pages that need none.
	Domains *Domains
}

// Site is all pages of a city. It is safe for concurrent use.
type Site struct {
	opts      Options
	mux       *http.ServeMux
	handler   http.Handler
	templates *templates
	assets    *assets
	live      *Live
	residents *residents      // nil without Domains
	paths     map[string]bool // what GET answers without wildcards: a door to anywhere else is not shown. Written by New only.
}

// New returns the site with the pages that need no domain; those of a domain are added by its own method.
func New(opts Options) (*Site, error) {
	if opts.Messages == nil || opts.Clock == nil || opts.Location == nil || opts.City == "" {
		return nil, fmt.Errorf("web: Messages, Clock, Location and City are required")
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	files, err := loadAssets()
	if err != nil {
		return nil, err
	}
	s := &Site{opts: opts, mux: http.NewServeMux(), assets: files, live: NewLive(), paths: map[string]bool{}}
	if s.templates, err = s.loadTemplates(); err != nil {
		return nil, err
	}
	s.mux.Handle("GET /assets/", s.assets)
	s.mux.Handle("GET /live", s.live.handler(s.printer))
	s.mux.Handle("GET /robots.txt", http.HandlerFunc(s.robots))
	s.mux.Handle("GET /tiles/{z}/{x}/{y}", http.HandlerFunc(s.tile))
	s.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if s.building() {
			s.showBuilding(w, r)
			return
		}
		s.fail(w, r, notFound(r))
	})
	s.aboutPages()
	s.demoPages()
	pages := http.Handler(s.mux)
	if d := opts.Domains; d != nil {
		s.domainPages(d)
		pages = d.Sessions.LoadAndSave(pages)
	}
	s.handler = s.wrap(pages)
	return s, nil
}

// ServeHTTP answers with a page, an asset or an error page.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Live is where values that change while a page is open are sent.
func (s *Site) Live() *Live { return s.live }

// handle registers what is no page, such as a download or a feed; it has no second language.
func (s *Site) handle(pattern string, h http.HandlerFunc) { s.mux.HandleFunc(pattern, h) }

// page registers a page in each language. read returns what the template shows; an
// error becomes an error page, and seeOther sends the reader elsewhere. Data with a
// method HTTPStatus() int sets the status (422 for a form that is wrong), and with RefreshAfter() int asks the browser to come again.
func (s *Site) page(pattern, file string, read func(*http.Request) (any, error)) {
	method, path, _ := strings.Cut(pattern, " ")
	s.templates.need(file)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.building() && method == http.MethodGet && !standsWhileBuilding[path] {
			s.showBuilding(w, r)
			return
		}
		data, err := read(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		// A page that waits for work in the background is asked for again by a header: without a script, and outside the document.
		if c, ok := data.(interface{ RefreshAfter() int }); ok && c.RefreshAfter() > 0 {
			w.Header().Set("Refresh", strconv.Itoa(c.RefreshAfter()))
			w.Header().Set("Cache-Control", "no-store")
		}
		status := http.StatusOK
		if c, ok := data.(interface{ HTTPStatus() int }); ok {
			status = c.HTTPStatus()
		}
		s.show(w, r, status, file, data)
	})
	for i, lang := range message.Languages() {
		at := path
		switch {
		case i > 0 && (path == "/" || path == "/{$}"):
			at = "/" + lang
		case i > 0:
			at = "/" + lang + path
		case path == "/":
			at = "/{$}"
		}
		s.mux.Handle(method+" "+at, withLang(lang, h))
	}
	if method == http.MethodGet && !strings.Contains(path, "{") {
		s.paths[path] = true
	}
}

// show renders a page into memory first, so that a template's error can still become an error page.
func (s *Site) show(w http.ResponseWriter, r *http.Request, status int, file string, data any) {
	var b bytes.Buffer
	if err := s.templates.render(&b, file, s.view(r, data)); err != nil {
		s.fail(w, r, fmt.Errorf("render %s: %w", file, err))
		return
	}
	s.write(w, r, status, b.Bytes())
}

func (s *Site) write(w http.ResponseWriter, r *http.Request, status int, page []byte) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", langOf(r))
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-cache")
	}
	if status == http.StatusOK && r.Method == http.MethodGet {
		tag := etag(page)
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(status)
	if _, err := w.Write(page); err != nil {
		s.opts.Log.Debug("page not delivered", "path", r.URL.Path, "error", err)
	}
}

// seeOther is the answer to a form that was handled: a path of the site, in the reader's language.
type seeOther string

// Error says where the reader goes.
func (to seeOther) Error() string { return "see " + string(to) }

type langKey struct{}

func withLang(lang string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), langKey{}, lang)))
	})
}

// langOf returns the language of a request: that of the page's pattern, else by its path.
func langOf(r *http.Request) string {
	if lang, ok := r.Context().Value(langKey{}).(string); ok {
		return lang
	}
	for _, lang := range message.Languages()[1:] {
		if r.URL.Path == "/"+lang || strings.HasPrefix(r.URL.Path, "/"+lang+"/") {
			return lang
		}
	}
	return message.Languages()[0]
}

// plainPath returns the request's path without the prefix of its language.
func plainPath(r *http.Request) string {
	p := r.URL.Path
	if lang := langOf(r); lang != message.Languages()[0] {
		p = strings.TrimPrefix(p, "/"+lang)
	}
	if p == "" {
		p = "/"
	}
	return p
}

// printer returns the printer for a request: its language, the city's zone and the site's clock.
func (s *Site) printer(r *http.Request) *message.Printer { return s.printerIn(langOf(r)) }

func (s *Site) printerIn(lang string) *message.Printer {
	return s.opts.Messages.Printer(lang, s.opts.Location).Clock(s.opts.Clock.Now)
}

func (s *Site) robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rule := "User-agent: *\nDisallow:\n"
	if s.demo() {
		rule = "User-agent: *\nDisallow: /\n"
	}
	_, _ = w.Write([]byte(rule)) // the client has gone: nobody is left to tell
}

// link is a path or address with the words that stand on it.
type link struct{ To, Text string }

// view is what the layout shows around a page's own data.
type view struct {
	site *Site
	r    *http.Request
	P    *message.Printer
	Data any
}

func (s *Site) view(r *http.Request, data any) view {
	return view{site: s, r: r, P: s.printer(r), Data: data}
}

func notFound(r *http.Request) error {
	return problem.New(problem.NotFound, "page.notfound", "There is no page at %s.", r.URL.Path)
}
