package web

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/collection"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// quickPage is what the code on a container opens: one tap says what is the matter, a second sends it.
type quickPage struct {
	Form
	Container  collection.Container
	StreamName string
	Where      string
	Kind       string // "" at the first tap
	Taps       []choice
	Times      int // how often it was told already
	Promise    promise
	Field      Field // where the kind needs words
}

// promise is what a resident who stands at a container can count on: when a truck comes, and where there is room now.
type promise struct {
	Coming    string
	Elsewhere *elsewhere
}

func (r *residents) quickForm(q *http.Request) (any, error) {
	f := readForm(q, "wat", "tekst")
	if !slices.Contains(collection.ReportKinds(), collection.MessageKind(f.Value("wat"))) {
		f.Values["wat"] = ""
	}
	return r.quickPage(q, f)
}

func (r *residents) quickPage(q *http.Request, f Form) (any, error) {
	st, err := r.now(q.Context())
	if err != nil {
		return nil, err
	}
	i, err := st.coded(q)
	if err != nil {
		return nil, err
	}
	p, k := r.printer(q), st.containers[i]
	name, _ := r.stream(p, k.Stream)
	page := quickPage{Form: f, Container: k, StreamName: name, Where: k.Address, Kind: f.Value("wat")}
	if page.Where == "" {
		page.Where = r.districtName(k.District)
	}
	kind := collection.MessageKind(page.Kind)
	switch {
	case page.Kind == "":
		for _, one := range collection.ReportKinds() {
			page.Taps = append(page.Taps, choice{Value: string(one), Text: p.T("quick.tap." + string(one))})
		}
		return page, nil
	case kind == collection.MessageFull:
		page.Promise = r.promise(p, st, i)
	case kind.NeedsText():
		page.Field = Field{Form: f, Name: "tekst", Label: p.T("quick.text"), Hint: p.T("tell.text.hint"), Type: "textarea", Required: true}
	}
	page.Times, err = r.d.Collection.Told(q.Context(), k.ID, kind)
	return page, err
}

// quick sends what the second tap says.
func (r *residents) quick(q *http.Request) (any, error) {
	st, err := r.now(q.Context())
	if err != nil {
		return nil, err
	}
	i, err := st.coded(q)
	if err != nil {
		return nil, err
	}
	f, p := readForm(q, "wat", "tekst"), r.printer(q)
	m := collection.Message{Container: st.containers[i].ID, Kind: collection.MessageKind(f.Value("wat"))}
	switch {
	case !slices.Contains(collection.ReportKinds(), m.Kind):
		f.Values["wat"] = ""
		f.Wrong("wat", p.T("tell.wrong.kind"))
	case m.Kind.NeedsText() && f.Value("tekst") == "":
		f.Wrong("tekst", p.T("tell.wrong.empty"))
	case m.Kind.NeedsText() && utf8.RuneCountInString(f.Value("tekst")) > maxText:
		f.Wrong("tekst", p.T("tell.wrong.long", "limit", maxText))
	}
	if !f.OK() {
		return r.quickPage(q, f)
	}
	if m.Kind.NeedsText() {
		m.Text = f.Value("tekst")
	}
	return r.send(q, m, func(wrong string) (any, error) {
		f.Wrong("wat", wrong)
		return r.quickPage(q, f)
	})
}

// coded finds the container whose code was read, or typed over in any case.
func (st *state) coded(q *http.Request) (int, error) {
	id := q.PathValue("id")
	for _, one := range []string{id, strings.ToUpper(id)} {
		if i, ok := st.index[one]; ok {
			return i, nil
		}
	}
	return 0, problem.New(problem.NotFound, "container.none", "There is no container %q.", id).Do("Look at the number on the container.")
}

// promise says when a truck comes to a container, as far as the plan knows, and where there is room until then.
func (r *residents) promise(p *message.Printer, st *state, i int) promise {
	k := st.containers[i]
	answer := promise{Coming: r.coming(p, st, k.ID)}
	if other, minutes, ok := st.nearestWithRoom(k); ok {
		answer.Elsewhere = &elsewhere{other.ID, other.Address, minutes}
	}
	return answer
}

func (r *residents) coming(p *message.Printer, st *state, id string) string {
	plan, o, day := st.planFor(id)
	if o == nil {
		return r.noPlanYet(p, st.day)
	}
	if !o.Planned {
		next, err := time.ParseInLocation(collection.DayLayout, o.NextDay, day.Location())
		if err != nil {
			return r.noPlanYet(p, st.day)
		}
		return p.T("quick.come.later", "day", next)
	}
	_, before := visitWindow(day, o.At, int64(r.d.City.Fleet.Shift.From))
	switch {
	case plan.State != collection.Decided:
		return p.T("quick.come.preview", "day", day)
	case before.Before(st.at):
		return p.T("quick.come.late", "before", before)
	default:
		return p.T("quick.come.sure", "day", day, "before", before)
	}
}

// receiptPage is where the sender of a message reads on what becomes of it. Its address is known to the sender only.
type receiptPage struct {
	collection.Message
	Before  int // how often it was told before
	Promise promise
	Waiting bool
	Lift    *collection.Lift // the emptying that answered a report that it is full
}

func (r *residents) receipt(q *http.Request) (any, error) {
	ctx := q.Context()
	m, err := r.d.Collection.ByReceipt(ctx, q.PathValue("bewijs"))
	if err != nil {
		return nil, err
	}
	page := receiptPage{Message: m, Before: m.Times - 1, Waiting: m.HandledAt.IsZero()}
	if m.Kind != collection.MessageFull {
		return page, nil
	}
	lifts, err := r.d.Collection.Lifts(ctx, m.Container, 1)
	if err != nil {
		return nil, err
	}
	if len(lifts) > 0 && lifts[0].At.After(m.SentAt) {
		page.Lift, page.Waiting = &lifts[0], false
		return page, nil
	}
	st, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	if i, ok := st.index[m.Container]; ok && page.Waiting {
		page.Promise = r.promise(r.printer(q), st, i)
	}
	return page, nil
}
