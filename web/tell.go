package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"polder.city/collection"
	"polder.city/internal/problem"
)

// tellsAnHour is how many messages about one container are taken in an hour: more say nothing new.
const tellsAnHour = 6

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
	page.Required = kind == string(collection.MessageHuman) || kind == string(collection.MessageComplaint)
	kinds := []collection.MessageKind{collection.MessageFull, collection.MessageBroken, collection.MessageDirty}
	if page.Required {
		kinds = []collection.MessageKind{collection.MessageKind(kind)}
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
	if text == "" && (kind == collection.MessageHuman || kind == collection.MessageComplaint) {
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
	id := q.PathValue("id")
	n, err := r.d.Collection.MessagesSince(q.Context(), id, r.opts.Clock.Now().Add(-time.Hour))
	if err != nil {
		return nil, err
	}
	if n >= tellsAnHour {
		f.Wrong("soort", p.T("tell.wrong.often", "n", n))
		return r.tellPage(q, f, false)
	}
	message := collection.Message{Container: id, Kind: kind, Text: text}
	if st, err := r.now(q.Context()); err == nil && st.next != nil {
		message.Decision = st.next.Decision
	}
	message, err = r.d.Collection.Tell(q.Context(), message)
	if err != nil {
		return nil, err
	}
	return nil, seeOther("/containers/" + id + "/gemeld/" + strconv.FormatInt(message.ID, 10))
}

// told is the receipt: the number, what happens next and by when. It shows nothing of what was written, for anybody
// can guess its address.
func (r *residents) told(q *http.Request) (any, error) {
	number, err := strconv.ParseInt(q.PathValue("nr"), 10, 64)
	if err != nil {
		return nil, notFound(q)
	}
	m, err := r.d.Collection.Message(q.Context(), number)
	if err != nil {
		return nil, err
	}
	if m.Container != q.PathValue("id") {
		return nil, problem.New(problem.NotFound, "message.none", "There is no message %d about %s.", number, q.PathValue("id"))
	}
	m.Text, m.Answer = "", ""
	return m, nil
}
