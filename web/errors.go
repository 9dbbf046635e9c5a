package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"

	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// errorPage is what the pages for errors show.
type errorPage struct {
	Key       string // of the messages below "error.": "notfound"
	Reference string // of what the log has, for an internal error
	Query     string // what to search for, when the page is not there
}

// fail answers with the page for an error. What went wrong inside is logged under the reference that the reader sees.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	var to seeOther
	if errors.As(err, &to) {
		path := s.printer(r).Path(string(to))
		if r.Header.Get("HX-Request") != "" { // htmx would swap the other page into this one
			w.Header().Set("HX-Redirect", path)
			w.WriteHeader(http.StatusOK)
			return
		}
		http.Redirect(w, r, path, http.StatusSeeOther)
		return
	}
	kind := problem.KindOf(err)
	page := errorPage{Key: errorKeys[kind]}
	file := "error.html"
	switch kind {
	case problem.NotFound:
		file = "notfound.html"
		page.Query = strings.ReplaceAll(strings.TrimSuffix(path.Base(r.URL.Path), path.Ext(r.URL.Path)), "-", " ")
		if page.Query == "/" || page.Query == "." || page.Query == message.Languages()[1] {
			page.Query = ""
		}
	case problem.Internal:
		page.Reference = reference()
		s.opts.Log.Error("page failed", "reference", page.Reference, "method", r.Method, "path", r.URL.Path, "error", err)
	default:
		s.opts.Log.Info("page refused", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	var b bytes.Buffer
	if err := s.templates.render(&b, file, s.view(r, page)); err != nil {
		// The page for errors fails: say it in plain text, so that the reader has the reference at least.
		s.opts.Log.Error("error page failed", "reference", page.Reference, "error", err)
		p := s.printer(r)
		http.Error(w, p.T("error."+page.Key+".title")+"\n"+page.Reference, kind.Status())
		return
	}
	s.write(w, r, kind.Status(), b.Bytes())
}

var errorKeys = map[problem.Kind]string{
	problem.Internal:    "internal",
	problem.Invalid:     "invalid",
	problem.NotFound:    "notfound",
	problem.Conflict:    "conflict",
	problem.Forbidden:   "forbidden",
	problem.Unavailable: "unavailable",
}

// reference returns four signs that a person can say on the telephone.
func reference() string {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand, since Go 1.24)
	return fmt.Sprintf("%04X", b)
}
