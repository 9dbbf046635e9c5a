package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// changePage asks what a planner wants of one container, shows what that costs, and lets the planner decide.
type changePage struct {
	Form
	Day       time.Time
	Path      string // of this page
	Plan      string // path of the day's plan
	Container Field
	Kinds     []choiceLine
	Trucks    []choiceLine
	Reason    Field

	Change  *collection.Change // what was asked; then the form is not shown
	Said    string
	Number  int64
	Waiting bool
	Failed  bool
	Fits    bool
	Lead    []string
	Table   Table
	Equal   []string
	Self    string
}

// RefreshAfter is how many seconds a reader's browser waits before it asks for the page again; 0: it does not.
func (p *changePage) RefreshAfter() int {
	if p.Waiting {
		return refreshAfter
	}
	return 0
}

// wishLine is a planner's change that holds on a day.
type wishLine struct {
	Container, Text, Reason string
	Decision                int64
}

// changePages registers what a planner changes in a day's plan.
func (r *residents) changePages() {
	r.page("GET /plannen/{datum}/wijzigen", "change.html", r.change)
	r.page("POST /plannen/{datum}/wijzigen", "change.html", r.askChange)
}

func (r *residents) change(q *http.Request) (any, error) {
	if _, err := r.d.planner(q); err != nil {
		return nil, err
	}
	day, err := r.d.Collection.ParseDay(q.PathValue("datum"))
	if err != nil {
		return nil, notFound(q)
	}
	if id := q.FormValue("vraag"); id != "" {
		return r.changeAnswer(q, day, id)
	}
	return r.changeForm(q, day), nil
}

// changeForm is the form as it was filled in.
func (r *residents) changeForm(q *http.Request, day time.Time) *changePage {
	p := r.printer(q)
	page := &changePage{Day: day, Form: readForm(q, "container", "wat", "wagen", "reden")}
	page.Plan = "/plannen/" + day.Format(collection.DayLayout)
	page.Path = page.Plan + "/wijzigen"
	page.Values["container"] = strings.ToUpper(page.Value("container"))
	for _, kind := range collection.WishKinds() {
		page.Kinds = append(page.Kinds, choiceLine{string(kind), p.T("change.kind." + string(kind)), page.Value("wat") == string(kind)})
	}
	for _, t := range r.d.City.Fleet.Trucks {
		if t.Kind == "crane" && !t.Reserve {
			page.Trucks = append(page.Trucks, choiceLine{t.ID, t.ID + " (" + in(t.Name, p) + ")", page.Value("wagen") == t.ID})
		}
	}
	page.fields(p)
	return page
}

func (page *changePage) fields(p *message.Printer) {
	page.Container = Field{Form: page.Form, Name: "container", Label: p.T("change.container.label"), Hint: p.T("change.container.hint"), Required: true, Autocomplete: "off"}
	page.Reason = Field{Form: page.Form, Name: "reden", Label: p.T("change.reason.label"), Hint: p.T("change.reason.hint"), Type: "textarea", Required: true, Autocomplete: "off"}
}

// changeFields are the form's fields by the domain's names.
var changeFields = map[string]string{"container": "container", "kind": "wat", "truck": "wagen", "reason": "reden"}

func (r *residents) askChange(q *http.Request) (any, error) {
	who, err := r.d.planner(q)
	if err != nil {
		return nil, err
	}
	day, err := r.d.Collection.ParseDay(q.PathValue("datum"))
	if err != nil {
		return nil, notFound(q)
	}
	if id := q.FormValue("besluit"); id != "" {
		return nil, r.confirmChange(q, who, id)
	}
	p := r.printer(q)
	page := r.changeForm(q, day)
	id, err := r.d.Collection.AskChange(q.Context(), day, who.Actor(), collection.Change{
		Container: page.Value("container"), Kind: collection.WishKind(page.Value("wat")), Truck: page.Value("wagen"), Reason: page.Value("reden"),
	})
	if e, ok := errors.AsType[*problem.Error](err); ok && (e.Kind == problem.Invalid || e.Kind == problem.Unavailable) && strings.Contains(e.Code, ".") {
		_, code, _ := strings.Cut(e.Code, ".")
		if p.Has("change.wrong." + code) {
			page.Wrong(orText(changeFields[e.Where], "container"), p.T("change.wrong."+code))
			page.fields(p)
			return page, nil
		}
	}
	if err != nil {
		return nil, r.notPlannable(q, err)
	}
	return nil, seeOther(page.Path + "?vraag=" + strconv.FormatInt(id, 10))
}

// confirmChange decides on a change that was worked out.
func (r *residents) confirmChange(q *http.Request, who account.Account, text string) error {
	id, err := number(text)
	if err != nil {
		return err
	}
	question, err := r.d.Collection.Question(q.Context(), id)
	if err != nil {
		return err
	}
	result, err := r.d.Collection.Confirm(q.Context(), id, decision.Signature{Account: who.Actor(), Role: string(who.Role), OpenedAt: r.opts.Clock.Now()})
	if err != nil {
		return err
	}
	if err := r.d.Accounts.Audit(q.Context(), who.Actor(), "plan.change", "decision:"+strconv.FormatInt(result.Ruling.Number, 10), "ok"); err != nil {
		return err
	}
	return seeOther("/plannen/" + question.Day)
}

// changeAnswer shows what a change costs, as soon as that is known.
func (r *residents) changeAnswer(q *http.Request, day time.Time, text string) (any, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, notFound(q)
	}
	question, err := r.d.Collection.Question(q.Context(), id)
	if err != nil {
		return nil, err
	}
	if question.Change == nil || question.Day != day.Format(collection.DayLayout) {
		return nil, notFound(q)
	}
	p := r.printer(q)
	page := &changePage{
		Form: readForm(q), Day: day, Plan: "/plannen/" + question.Day, Number: id, Waiting: !question.Done, Failed: question.Failed != "",
		Change: question.Change, Said: wishText(p, question.Change),
	}
	page.Path = page.Plan + "/wijzigen"
	page.Self = page.Path + "?vraag=" + text
	if a := question.Answer; a != nil {
		page.Fits = a.Kept
		page.Lead = comparisonLead(p, a)
		switch cents := a.Then.Cents - a.Now.Cents; {
		case cents >= 100:
			page.Lead = append(page.Lead, p.T("change.costs", "cents", cents))
		case cents <= -100:
			page.Lead = append(page.Lead, p.T("change.saves", "cents", -cents))
		}
		page.Table = comparison(p, a, p.T("change.table.without"), p.T("change.table.with"))
		page.Equal = r.keptEqual(p, a)
	}
	return page, nil
}

// wishText says in a sentence what a planner wants of a container.
func wishText(p *message.Printer, c *collection.Change) string {
	return p.T("change.said."+string(c.Kind), "container", c.Container, "truck", c.Truck)
}

// wishes lists what planners want of a day, by container.
func (r *residents) wishes(q *http.Request, day string) ([]wishLine, error) {
	found, err := r.d.Collection.Wishes(q.Context(), day)
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	var lines []wishLine
	for _, w := range found {
		lines = append(lines, wishLine{w.Container, wishText(p, &w.Change), w.Reason, w.Decision})
	}
	slices.SortFunc(lines, func(a, b wishLine) int { return cmp.Compare(a.Container, b.Container) })
	return lines, nil
}

// wishOf returns what a planner wants of one container on a day; nil when nobody wants anything.
func (r *residents) wishOf(q *http.Request, day, container string) (*wishLine, error) {
	lines, err := r.wishes(q, day)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(lines, func(l wishLine) bool { return l.Container == container }); i >= 0 {
		return &lines[i], nil
	}
	return nil, nil
}

// changePath is where a planner changes a day's plan; "" for others, and when the trucks are out.
func (r *residents) changePath(q *http.Request, day time.Time) string {
	who, ok := r.d.official(q)
	if !ok || who.Role != account.Planner || !r.opts.Clock.Now().Before(r.d.City.Fleet.Shift.From.On(day)) {
		return ""
	}
	return fmt.Sprintf("/plannen/%s/wijzigen", day.Format(collection.DayLayout))
}
