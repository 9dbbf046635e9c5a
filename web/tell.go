package web

import (
	"errors"
	"net/http"
	"slices"
	"unicode/utf8"

	"polder.city/collection"
	"polder.city/internal/problem"
)

// maxText is how long a message may be, in characters.
const maxText = 2000

// tellPage is the form for a report, a question to a person or a complaint; with Check the answers before they are sent.
type tellPage struct {
	Form
	Container collection.Container
	Kinds     []choice
	Kind      string
	Check     bool
	Required  bool // the text
	Field     Field
}

func (r *residents) tellForm(q *http.Request) (any, error) {
	f := readForm(q, "soort", "tekst")
	return r.tellPage(q, f, false)
}

func (r *residents) tellPage(q *http.Request, f Form, check bool) (any, error) {
	k, err := r.d.Collection.Container(q.Context(), q.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	kind := f.Value("soort")
	page := tellPage{Form: f, Container: k, Kind: kind, Check: check}
	kinds := collection.ReportKinds()
	if k := collection.MessageKind(kind); k.NeedsText() && !slices.Contains(kinds, k) { // a question or a complaint is chosen by its button
		page.Required, kinds = true, []collection.MessageKind{k}
	}
	for _, one := range kinds {
		page.Kinds = append(page.Kinds, choice{string(one), p.T("tell.kind." + string(one)), string(one) == kind})
	}
	page.Field = Field{Form: f, Name: "tekst", Label: p.T("tell.text.report"), Hint: p.T("tell.text.hint"), Type: "textarea", Required: page.Required}
	if page.Required {
		page.Field.Label = p.T("tell.text." + kind)
	}
	return page, nil
}

// tell checks what was filled in, shows it once more, and sends it.
func (r *residents) tell(q *http.Request) (any, error) {
	f := readForm(q, "soort", "tekst", "stap")
	p := r.printer(q)
	kind := collection.MessageKind(f.Value("soort"))
	if !slices.Contains(collection.MessageKinds(), kind) {
		f.Wrong("soort", p.T("tell.wrong.kind"))
	}
	text := f.Value("tekst")
	if text == "" && kind.NeedsText() {
		f.Wrong("tekst", p.T("tell.wrong.empty"))
	}
	if utf8.RuneCountInString(text) > maxText {
		f.Wrong("tekst", p.T("tell.wrong.long", "limit", maxText))
	}
	if !f.OK() || f.Value("stap") == "terug" {
		return r.tellPage(q, f, false)
	}
	if f.Value("stap") != "verstuur" {
		return r.tellPage(q, f, true)
	}
	message := collection.Message{Container: q.PathValue("id"), Kind: kind, Text: text}
	return r.send(q, message, func(wrong string) (any, error) {
		f.Wrong("soort", wrong)
		return r.tellPage(q, f, false)
	})
}

// send tells a message and leads on to its receipt; often shows the form again when there were enough of the kind already.
func (r *residents) send(q *http.Request, m collection.Message, often func(wrong string) (any, error)) (any, error) {
	if st, err := r.now(q.Context()); err == nil && st.next != nil {
		m.Decision = st.next.Decision
	}
	m, err := r.d.Collection.Tell(q.Context(), m)
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Code == collection.TooOften {
		return often(r.printer(q).T("tell.wrong.often", "n", collection.ReportsAnHour))
	}
	if err != nil {
		return nil, err
	}
	return nil, seeOther("/meldingen/" + m.Receipt)
}
