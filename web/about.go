package web

import (
	"net/http"
	"slices"
	"strings"

	"polder.city/internal/problem"
)

// term is a word of the word list, in the reader's language.
type term struct{ ID, Word, Meaning, Example string }

// aboutPages registers the pages that tell what Polder is: what is real, the word list, accessibility, privacy.
func (s *Site) aboutPages() {
	nothing := func(*http.Request) (any, error) { return nil, nil }
	s.page("GET /wat-is-echt", "real.html", nothing)
	s.page("GET /toegankelijkheid", "accessibility.html", nothing)
	s.page("GET /privacy", "privacy.html", nothing)
	s.page("GET /uitleg", "terms.html", func(r *http.Request) (any, error) { return s.terms(r), nil })
	s.page("GET /uitleg/{begrip}", "term.html", func(r *http.Request) (any, error) {
		for _, t := range s.terms(r) {
			if t.ID == r.PathValue("begrip") {
				return t, nil
			}
		}
		return nil, problem.New(problem.NotFound, "term.unknown", "There is no word %q in the list.", r.PathValue("begrip"))
	})
}

// terms reads the word list from the catalogue: term.<id>.word, .meaning and .example, in order of the words.
func (s *Site) terms(r *http.Request) []term {
	p := s.printer(r)
	var terms []term
	for _, key := range s.opts.Messages.Keys() {
		id, isWord := strings.CutSuffix(key, ".word")
		id, isTerm := strings.CutPrefix(id, "term.")
		if isWord && isTerm {
			terms = append(terms, term{id, p.T("term." + id + ".word"), p.T("term." + id + ".meaning"), p.T("term." + id + ".example")})
		}
	}
	slices.SortFunc(terms, func(a, b term) int { return strings.Compare(strings.ToLower(a.Word), strings.ToLower(b.Word)) })
	return terms
}
