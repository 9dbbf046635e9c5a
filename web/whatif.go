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
	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// refreshAfter is after how many seconds a page that waits for work in the background asks again.
const refreshAfter = 3

// whatIfPage asks what is supposed to differ from how a day is, or shows the answer.
type whatIfPage struct {
	Form
	Day                                  time.Time
	Path                                 string // of this page
	Plan                                 string // path of the day's plan
	Trucks, Facilities, Streams, DaysOff []choiceLine
	Holidays                             bool
	Overflow, Hour                       Field

	Asked   []string // what was asked, in words; then the form is not shown
	Waiting bool
	Begun   bool
	Failed  bool
	Lead    []string
	Table   Table
	Risks   [2]Table // as it is, and as it would be
	Areas   Table
	Alike   int // districts in which nothing changes
	Equal   []string
	Self    string // the path of this answer
}

// choiceLine is something that can be chosen in a form.
type choiceLine struct {
	Value, Text string
	Chosen      bool
}

// RefreshAfter is how many seconds a reader's browser waits before it asks for the page again; 0: it does not.
func (p *whatIfPage) RefreshAfter() int {
	if p.Waiting {
		return refreshAfter
	}
	return 0
}

// whatIfPages registers what a planner asks about a day.
func (r *residents) whatIfPages() {
	r.page("GET /plannen/{datum}/wat-als", "whatif.html", r.whatIf)
	r.page("POST /plannen/{datum}/wat-als", "whatif.html", r.askWhatIf)
}

// planner returns who is signed in as a planner; others are sent to sign in, or refused.
func (d *Domains) planner(q *http.Request) (account.Account, error) {
	who, err := d.must(q)
	if err == nil && who.Role != account.Planner {
		err = problem.New(problem.Forbidden, "planner.role", "Only a planner works on a day's plan.").Do("Sign in as a planner.")
	}
	return who, err
}

func (r *residents) whatIf(q *http.Request) (any, error) {
	if _, err := r.d.planner(q); err != nil {
		return nil, err
	}
	day, err := r.d.Collection.ParseDay(q.PathValue("datum"))
	if err != nil {
		return nil, notFound(q)
	}
	if id := q.FormValue("vraag"); id != "" {
		return r.whatIfAnswer(q, day, id)
	}
	return r.whatIfForm(q, day), nil
}

// whatIfForm is the form as it was filled in.
func (r *residents) whatIfForm(q *http.Request, day time.Time) *whatIfPage {
	p := r.printer(q)
	page := &whatIfPage{Day: day, Form: readForm(q, "overloop", "uur")}
	page.Plan = "/plannen/" + day.Format(collection.DayLayout)
	page.Path = page.Plan + "/wat-als"
	chosen := func(field, value string) bool { return slices.Contains(q.Form[field], value) }
	for _, t := range r.d.City.Fleet.Trucks {
		if t.Kind == "crane" && !t.Reserve {
			page.Trucks = append(page.Trucks, choiceLine{t.ID, t.ID + " (" + in(t.Name, p) + ")", chosen("wagen", t.ID)})
		}
	}
	for _, f := range r.d.City.Fleet.Facilities {
		page.Facilities = append(page.Facilities, choiceLine{f.ID, in(f.Name, p), chosen("losplek", f.ID)})
	}
	for _, s := range r.d.City.Streams {
		page.Streams = append(page.Streams, choiceLine{s.ID, in(s.Name, p), chosen("soort", s.ID)})
	}
	page.DaysOff = []choiceLine{{"", p.T("whatif.day.none"), len(q.Form["vrij"]) == 0 || chosen("vrij", "")}}
	for _, w := range r.d.City.Fleet.Shift.Days {
		value := strings.ToLower(w.String()[:3])
		page.DaysOff = append(page.DaysOff, choiceLine{value, p.T("whatif.day." + value), chosen("vrij", value)})
	}
	page.Holidays = chosen("feest", "ja")
	page.fields(p)
	return page
}

// fields are the two weights, with what is wrong with them.
func (page *whatIfPage) fields(p *message.Printer) {
	page.Overflow = Field{Form: page.Form, Name: "overloop", Label: p.T("whatif.overflow.label"), Hint: p.T("whatif.overflow.hint"), Autocomplete: "off"}
	page.Hour = Field{Form: page.Form, Name: "uur", Label: p.T("whatif.hour.label"), Hint: p.T("whatif.hour.hint"), Autocomplete: "off"}
}

// whatIfFields are the form's fields by the domain's names.
var whatIfFields = map[string]string{"trucks": "wagen", "facilities": "losplek", "streams": "soort", "dayOff": "vrij", "overflow": "overloop", "hour": "uur"}

func (r *residents) askWhatIf(q *http.Request) (any, error) {
	who, err := r.d.planner(q)
	if err != nil {
		return nil, err
	}
	day, err := r.d.Collection.ParseDay(q.PathValue("datum"))
	if err != nil {
		return nil, notFound(q)
	}
	p := r.printer(q)
	page := r.whatIfForm(q, day)
	w := collection.WhatIf{Trucks: q.Form["wagen"], Facilities: q.Form["losplek"], Streams: q.Form["soort"], DayOff: q.FormValue("vrij"), Holidays: page.Holidays}
	for field, to := range map[string]*int64{"overloop": &w.OverflowPercent, "uur": &w.HourPercent} {
		text := strings.TrimSpace(strings.TrimSuffix(page.Value(field), "%"))
		if text == "" {
			continue
		}
		if *to, err = strconv.ParseInt(text, 10, 64); err != nil || *to == 0 {
			*to = -1 // the domain refuses it by its field
		}
	}
	id, err := r.d.Collection.Ask(q.Context(), day, who.Actor(), w)
	if e, ok := errors.AsType[*problem.Error](err); ok && strings.HasPrefix(e.Code, "whatif.") {
		field := whatIfFields[e.Where]
		page.Wrong(orText(field, "wagen"), p.T("whatif.wrong."+strings.TrimPrefix(e.Code, "whatif.")))
		page.fields(p)
		return page, nil
	}
	if err != nil {
		return nil, r.notPlannable(q, err)
	}
	return nil, seeOther(page.Path + "?vraag=" + strconv.FormatInt(id, 10))
}

// notPlannable turns a day without work into a page that says so.
func (r *residents) notPlannable(q *http.Request, err error) error {
	if _, ok := errors.AsType[*collection.NoWorkError](err); ok {
		return seeOther("/plannen/" + q.PathValue("datum"))
	}
	return err
}

// whatIfAnswer shows what was asked, and the answer as soon as it is there.
func (r *residents) whatIfAnswer(q *http.Request, day time.Time, number string) (any, error) {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, notFound(q)
	}
	question, err := r.d.Collection.Question(q.Context(), id)
	if err != nil {
		return nil, err
	}
	if question.Change != nil || question.Day != day.Format(collection.DayLayout) {
		return nil, notFound(q)
	}
	p := r.printer(q)
	page := &whatIfPage{Day: day, Plan: "/plannen/" + question.Day, Waiting: !question.Done, Begun: question.Begun, Failed: question.Failed != ""}
	page.Path = page.Plan + "/wat-als"
	page.Self = page.Path + "?vraag=" + number
	page.Asked = r.supposed(p, question.WhatIf)
	if question.Answer != nil {
		containers, err := r.containersByID(q.Context())
		if err != nil {
			return nil, err
		}
		plan, err := r.d.Collection.PlanOf(q.Context(), question.Day)
		if err != nil {
			return nil, err
		}
		r.tellAnswer(p, page, question.Answer, containers, plan)
	}
	return page, nil
}

// supposed says in words what is supposed to differ.
func (r *residents) supposed(p *message.Printer, w collection.WhatIf) []string {
	var said []string
	for _, id := range w.Trucks {
		said = append(said, p.T("whatif.said.truck", "truck", id))
	}
	for _, id := range w.Facilities {
		name := id
		if i := slices.IndexFunc(r.d.City.Fleet.Facilities, func(f city.Facility) bool { return f.ID == id }); i >= 0 {
			name = in(r.d.City.Fleet.Facilities[i].Name, p)
		}
		said = append(said, p.T("whatif.said.facility", "name", name))
	}
	for _, id := range w.Streams {
		name, _ := r.stream(p, id)
		said = append(said, p.T("whatif.said.stream", "stream", name))
	}
	if w.DayOff != "" {
		said = append(said, p.T("whatif.said.day", "day", p.T("whatif.day."+w.DayOff)))
	}
	if w.Holidays {
		said = append(said, p.T("whatif.said.holidays"))
	}
	if w.OverflowPercent != 0 {
		said = append(said, p.T("whatif.said.overflow", "percent", w.OverflowPercent))
	}
	if w.HourPercent != 0 {
		said = append(said, p.T("whatif.said.hour", "percent", w.HourPercent))
	}
	return said
}

// tellAnswer writes both sides, what differs, and what was kept equal.
func (r *residents) tellAnswer(p *message.Printer, page *whatIfPage, a *collection.Answer, containers map[string]collection.Container, plan *collection.Plan) {
	page.Lead = comparisonLead(p, a)
	page.Table = comparison(p, a, p.T("whatif.table.now"), p.T("whatif.table.then"))
	for i, tally := range []collection.Tally{a.Now, a.Then} {
		page.Risks[i] = r.risks(p, tally.Risks, containers, p.T([]string{"whatif.risk.now", "whatif.risk.then"}[i]))
	}
	page.Areas, page.Alike = r.areas(p, a)
	page.Equal = r.keptEqual(p, a)
	if plan != nil {
		page.Equal = append(page.Equal, p.T("whatif.equal.plan", "version", plan.Version, "stops", plan.Measures[collection.MeasureStops],
			"seconds", plan.Measures[collection.MeasureSeconds], "rounds", plan.Inputs.SolverRounds))
	}
}

func (r *residents) keptEqual(p *message.Printer, a *collection.Answer) []string {
	return []string{
		p.T("whatif.equal.facts", "n", a.Observations, "time", a.AsOf),
		p.T("whatif.equal.search", "rounds", a.Rounds),
		p.T("whatif.equal.overtime", "overtime", a.Overtime),
		p.T("whatif.equal.money"),
		p.T("whatif.equal.draws"),
	}
}

// comparisonLead says the outcome in a few sentences.
func comparisonLead(p *message.Printer, a *collection.Answer) []string {
	var lead []string
	switch d := a.Then.Seconds - a.Now.Seconds; {
	case d >= 60:
		lead = append(lead, p.T("whatif.lead.longer", "seconds", d))
	case d <= -60:
		lead = append(lead, p.T("whatif.lead.shorter", "seconds", -d))
	default:
		lead = append(lead, p.T("whatif.lead.alike"))
	}
	switch d := a.Then.Stops - a.Now.Stops; {
	case d > 0:
		lead = append(lead, p.T("whatif.lead.more", "n", d))
	case d < 0:
		lead = append(lead, p.T("whatif.lead.fewer", "n", -d))
	}
	if a.Then.Unserved > a.Now.Unserved {
		lead = append(lead, p.T("whatif.lead.unserved", "n", a.Then.Unserved-a.Now.Unserved))
	}
	return lead
}

// comparison is the table of two sides and their difference.
func comparison(p *message.Printer, a *collection.Answer, now, then string) Table {
	t := Table{
		Caption: p.T("whatif.table.title"), Hidden: true, Numeric: []bool{false, true, true, true},
		Head: []string{p.T("whatif.table.what"), now, then, p.T("whatif.table.difference")},
	}
	row := func(key, layout string, x, y float64) {
		t.Rows = append(t.Rows, []any{p.T("whatif.row." + key), format(p, layout, x), format(p, layout, y), signed(p, layout, y-x)})
	}
	x, y := &a.Now, &a.Then
	row("hours", "dec1", float64(x.Seconds)/3600, float64(y.Seconds)/3600)
	row("km", "dec1", float64(x.Meters)/1000, float64(y.Meters)/1000)
	row("stops", "int", float64(x.Stops), float64(y.Stops))
	row("tips", "int", float64(x.Tips), float64(y.Tips))
	row("trucks", "int", float64(x.Trucks), float64(y.Trucks))
	row("overtime", "int", float64(x.Overtime)/60, float64(y.Overtime)/60)
	row("cost", "int", float64(x.Cents)/100, float64(y.Cents)/100)
	row("unserved", "int", float64(x.Unserved), float64(y.Unserved))
	row("overfull", "dec1", float64(x.Overfull[0])/1000, float64(y.Overfull[0])/1000)
	between := func(o [3]int64) string {
		return p.T("whatif.between", "low", float64(o[1])/1000, "high", float64(o[2])/1000)
	}
	t.Rows = append(t.Rows, []any{p.T("whatif.row.interval"), between(x.Overfull), between(y.Overfull), ""})
	return t
}

// signed prints a difference with its sign; one that prints as zero has none.
func signed(p *message.Printer, layout string, d float64) string {
	text := format(p, layout, max(d, -d))
	switch {
	case !strings.ContainsAny(text, "123456789"):
		return format(p, layout, 0.0)
	case d < 0:
		return "−" + text
	}
	return "+" + text
}

func (r *residents) risks(p *message.Printer, risks []collection.Risk, containers map[string]collection.Container, caption string) Table {
	t := Table{
		Caption: caption, Numeric: []bool{false, false, false, false},
		Head: []string{p.T("containers.head.id"), p.T("containers.head.stream"), p.T("plan.left.chance"), p.T("plan.left.why")},
	}
	for _, x := range risks {
		name, _ := r.stream(p, containers[x.Container].Stream)
		chance := Cell{Text: format(p, "chance", x.Chance)}
		if x.Chance > 200_000 {
			chance.State = "attention"
		}
		why := reasonShort(p, &collection.Outcome{Reasons: []collection.Reason{{Code: x.Reason}}})
		t.Rows = append(t.Rows, []any{Cell{Text: x.Container, Path: "/containers/" + x.Container}, name, chance, why})
	}
	return t
}

// areas lists the districts in which something changes, the one that gets the most overfull first, and counts the others.
func (r *residents) areas(p *message.Printer, a *collection.Answer) (Table, int) {
	t := Table{
		Caption: p.T("whatif.area.title"), Hidden: true, Numeric: []bool{false, true, true, true, true, true, true, true},
		Head: []string{
			p.T("whatif.area.district"), p.T("whatif.area.containers"), p.T("whatif.area.stops_now"), p.T("whatif.area.stops_then"),
			p.T("whatif.area.unserved_now"), p.T("whatif.area.unserved_then"), p.T("whatif.area.over_now"), p.T("whatif.area.over_then"),
		},
	}
	now := map[string]collection.DistrictTally{}
	for _, d := range a.Now.Districts {
		now[d.District] = d
	}
	changed := slices.DeleteFunc(slices.Clone(a.Then.Districts), func(d collection.DistrictTally) bool { return d == now[d.District] })
	slices.SortStableFunc(changed, func(x, y collection.DistrictTally) int {
		return cmp.Compare(y.Overfull-now[y.District].Overfull, x.Overfull-now[x.District].Overfull)
	})
	over := func(d collection.DistrictTally) string { return format(p, "dec2", float64(d.Overfull)/1000) }
	for _, d := range changed {
		b := now[d.District]
		name := Cell{Text: p.T("whatif.area.none")}
		if d.District != "" {
			name = Cell{Text: r.districtName(d.District), Path: "/wijken/" + d.District}
		}
		t.Rows = append(t.Rows, []any{name, fmt.Sprint(d.Containers), fmt.Sprint(b.Stops), fmt.Sprint(d.Stops), fmt.Sprint(b.Unserved), fmt.Sprint(d.Unserved), over(b), over(d)})
	}
	return t, len(a.Then.Districts) - len(changed)
}
