package web

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/calendar"
	"polder.city/internal/chart"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// containerPage answers: is it full, when is it emptied, and why then?
type containerPage struct {
	collection.Container
	StreamName, District string
	Headline, Use        string
	FillSource           Source
	LiveKey, LiveText    string
	Percent              int    // the fill, 0 to 100; -1 when it is not known
	Ramp                 string // its colour: v1 to v5, act
	Old                  string // the last reading, where it is old
	Elsewhere            *elsewhere
	Beside               []besideItem // the other containers of the place

	HasPlan    bool
	Planned    bool
	Day        time.Time
	WhyTitle   string
	Why        []string
	Coming     string
	WhySource  Source
	WhatIf     string
	Who        []template.HTML
	PlanPath   string
	Wish       *wishLine // what a planner wants of it on the day
	ChangePath string    // where a planner changes that; empty for others
	PartPath   string    // download of the decision's part; empty while there is none
	Chart      *Chart
	Lifts      *Table
	Faults     []faultLine
	Failed     time.Time // the last stop that failed, when it is newer than the last emptying
	OutSince   time.Time // since when it cannot be emptied; zero when it can
	PlanIsNone string    // why there is no plan to tell of
}

// elsewhere is a container that has room.
type elsewhere struct {
	ID, Address string
	Minutes     int
}

type besideItem struct{ ID, Stream, Text string }

func (r *residents) container(q *http.Request) (any, error) {
	ctx := q.Context()
	st, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	i, ok := st.index[q.PathValue("id")]
	if !ok {
		return nil, problem.New(problem.NotFound, "container.none", "There is no container %q.", q.PathValue("id"))
	}
	p := r.printer(q)
	k, f := st.containers[i], st.fills[i]
	name, _ := r.stream(p, k.Stream)
	page := &containerPage{Container: k, StreamName: name, District: r.districtName(k.District), LiveKey: "fill:" + k.ID, LiveText: f.long(p), Percent: -1, Ramp: f.listState()}
	if f.known {
		page.Percent = int(100 * min(1, max(0, f.value)))
	}
	r.tellFill(p, st, i, page)
	plan, o, day := st.planFor(k.ID)
	if o == nil {
		page.PlanIsNone = r.noPlanYet(p, st.day)
	} else if err := r.tellPlan(ctx, p, page, plan, o, day); err != nil {
		return nil, err
	} else if page.Wish, err = r.wishOf(q, plan.Day, k.ID); err != nil {
		return nil, err
	} else if path := r.changePath(q, day); path != "" {
		page.ChangePath = path + "?container=" + k.ID
	}
	if page.Chart, err = r.fillChart(ctx, p, page, st); err != nil {
		return nil, err
	}
	if page.Lifts, err = r.liftTable(ctx, p, k.ID); err != nil {
		return nil, err
	}
	page.Faults = faultLines(p, st.anomalies[k.ID])
	if b := st.blocked[k.ID]; b.Time.After(st.emptied[k.ID].Time) && st.at.Sub(b.Time) < 7*24*time.Hour {
		page.Failed = b.Time
	}
	page.OutSince = st.out[k.ID].At
	return page, nil
}

// tellFill writes how full the container is, and where there is room.
func (r *residents) tellFill(p *message.Printer, st *state, i int, page *containerPage) {
	k, f := st.containers[i], st.fills[i]
	key := "container.now." + f.level()
	if f.from == fromEstimate {
		key = "container.now.estimate"
		if f.full() {
			key = "container.now.estimate_full"
		}
	}
	page.Headline = p.T(key, "id", k.ID, "fill", f.value)
	switch level := f.level(); {
	case level == "full" && f.from == fromEstimate:
		page.Use = p.T("container.use.probably_not")
	case level == "full":
		page.Use = p.T("container.use.no")
	case level == "nearly":
		page.Use = p.T("container.use.little")
	case level == "unknown":
		page.Use = p.T("container.use.unknown")
	default:
		page.Use = p.T("container.use.yes")
	}
	source := Source{Simulated: r.d.City.Simulated}
	switch f.from {
	case fromSensor:
		source.From, source.Certainty = p.T("container.source.sensor", "time", f.at), p.T("container.certain.sensor")
	case fromEmptying:
		source.From, source.Certainty = p.T("container.source.emptying", "time", f.at), p.T("container.certain.emptying")
	case fromEstimate:
		source.From = p.T("container.source.estimate", "time", f.at)
		source.Certainty = p.T("container.certain.between", "low", f.low, "high", f.high)
	default:
		source.From = p.T("container.source.none")
	}
	if r.door("/meten") {
		source.CheckPath, source.CheckText = "/meten/"+k.ID, p.T("container.source.readings")
	}
	page.FillSource = source
	if !f.measuredAt.IsZero() && f.from != fromSensor && st.at.Sub(f.measuredAt) > oldAfter {
		page.Old = p.T("container.old", "fill", f.measured, "time", f.measuredAt)
	}
	if !f.known || f.value >= 0.85 {
		if other, minutes, ok := st.nearestWithRoom(k); ok {
			page.Elsewhere = &elsewhere{other.ID, other.Address, minutes}
		}
	}
	for j, other := range st.containers {
		if other.Place == k.Place && j != i {
			stream, _ := r.stream(p, other.Stream)
			page.Beside = append(page.Beside, besideItem{other.ID, stream, st.fills[j].short(p)})
		}
	}
}

// planFor returns the plan that a container's page tells of: today's while its truck is still to come, else the next.
func (st *state) planFor(id string) (*collection.Plan, *collection.Outcome, time.Time) {
	today := calendar.Midnight(st.at, st.day.Location())
	if o := st.now[id]; o != nil && st.today.State == collection.Decided {
		at := st.momentToday(o)
		if st.outcomes[id] == nil || o.Planned && at.Add(2*time.Hour).After(st.at) && !st.emptied[id].Time.After(st.today.MadeAt) {
			return st.today, o, today
		}
	}
	return st.next, st.outcomes[id], st.day
}

// momentToday is when a truck comes by today's plan.
func (st *state) momentToday(o *collection.Outcome) time.Time {
	return momentOf(calendar.Midnight(st.at, st.day.Location()), o.At)
}

// momentOf is a moment of a day of the city by its wall clock, which a change of the clocks does not shift.
func momentOf(midnight time.Time, seconds int64) time.Time {
	y, m, d := midnight.Date()
	return time.Date(y, m, d, 0, 0, int(seconds), 0, midnight.Location())
}

// noPlanYet says when the plan of a day is made.
func (r *residents) noPlanYet(p *message.Printer, day time.Time) string {
	made := calendar.AddDays(day, -1)
	for n := 0; n < 30 && !r.d.City.WorkingDay(made); n++ {
		made = calendar.AddDays(made, -1)
	}
	return p.T("plan.none.yet", "day", day, "made", momentOf(made, decidedAt))
}

// decidedAt is when the plan of the next working day is decided, in seconds since midnight.
const decidedAt = 16 * 3600

// tellPlan writes why the container is emptied or left, what would have changed that, and who decided.
func (r *residents) tellPlan(ctx context.Context, p *message.Printer, page *containerPage, plan *collection.Plan, o *collection.Outcome, day time.Time) error {
	page.HasPlan, page.Planned, page.Day = true, o.Planned, day
	page.PlanPath = planPath(plan)
	title := "container.why.left"
	if o.Planned {
		title = "container.why.planned"
	}
	page.WhyTitle = p.T(title, "day", day)
	for _, reason := range o.Reasons {
		page.Why = append(page.Why, reasonText(p, reason, o, page.StreamName, day))
	}
	if o.Planned {
		from, to := visitWindow(day, o.At, int64(r.d.City.Fleet.Shift.From))
		page.Coming = p.T("container.coming.planned", "truck", r.truckName(p, o.Truck), "day", day, "from", from, "to", to, "fill", upToFull(o.NextFill), "low", upToFull(o.NextLow), "high", upToFull(o.NextHigh))
	} else if next, err := time.ParseInLocation(collection.DayLayout, o.NextDay, day.Location()); err == nil {
		page.Coming = p.T("container.coming.left", "day", next, "fill", upToFull(o.NextFill), "low", upToFull(o.NextLow), "high", upToFull(o.NextHigh))
	}
	page.WhySource = Source{From: p.T("container.source.plan", "time", plan.MadeAt), Simulated: r.d.City.Simulated}
	if !o.Planned {
		word, err := p.Format("certainty", 1-fraction(o.ChanceFull))
		if err != nil {
			return err
		}
		page.WhySource.Certainty = p.T("container.certain.room", "certainty", word)
	}
	page.WhatIf = whatIf(p, o, day)
	return r.tellWho(ctx, p, page, plan)
}

// visitWindow is the time between which a truck is expected: twenty minutes around the plan's, in tens of minutes, not
// before the shift begins.
func visitWindow(day time.Time, at, shift int64) (from, to time.Time) {
	const ten = 600
	early, late := max(shift, (at-20*60)/ten*ten), (at+20*60+ten-1)/ten*ten
	return momentOf(day, early), momentOf(day, late)
}

// tellWho writes who decided on the plan, under which mandate, and where to check it.
func (r *residents) tellWho(ctx context.Context, p *message.Printer, page *containerPage, plan *collection.Plan) error {
	algorithm, version := collection.PlannerID, plan.Inputs.PlannerVersion
	if entry, err := r.d.Register.Entry(ctx, collection.PlannerID, p.Lang()); err == nil && entry.Entry != nil {
		algorithm = entry.Entry.Name
	} else if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	say := func(key string, args ...any) {
		page.Who = append(page.Who, p.HTML("container.who."+key, append([]any{"algorithm", algorithm, "version", version}, args...)...))
	}
	switch {
	case plan.Decision > 0:
		d, err := r.decisionOf(ctx, plan)
		if err != nil {
			return err
		}
		if d.Role == "" {
			say("algorithm")
		} else {
			say("official", "role", r.roleName(ctx, p, d.Role))
		}
		if r.door("/algoritmes") {
			say("limits", "path", "/algoritmes/"+collection.PlannerID)
		}
		if r.door("/besluiten") {
			at := "/besluiten/" + strconv.FormatInt(plan.Decision, 10)
			say("decision", "number", plan.Decision, "path", at)
			page.PartPath = at + "/deel/" + page.ID + ".json"
			page.WhySource.CheckPath = at
		}
	case plan.State == collection.Advised:
		say("advised")
	default:
		say("preview", "time", momentOf(page.Day, decidedAt))
	}
	return nil
}

// decisionOf returns the decision that established a plan, as lists show it.
func (r *residents) decisionOf(ctx context.Context, plan *collection.Plan) (decision.Summary, error) {
	list, err := r.d.Gate.List(ctx, decision.Filter{Kind: collection.PlanKind, Subject: plan.Day})
	if err != nil {
		return decision.Summary{}, err
	}
	i := slices.IndexFunc(list, func(d decision.Summary) bool { return d.Number == plan.Decision })
	if i < 0 {
		return decision.Summary{}, problem.New(problem.NotFound, "decision.none", "There is no decision %d.", plan.Decision)
	}
	return list[i], nil
}

// roleName returns a role's name in the reader's language; its id where the register has dropped it.
func (r *residents) roleName(ctx context.Context, p *message.Printer, id string) string {
	roles, err := r.d.Register.Roles(ctx)
	if err != nil {
		return id
	}
	for _, role := range roles {
		if role.ID == id && p.Lang() == "en" && role.EN != "" {
			return role.EN
		} else if role.ID == id {
			return role.NL
		}
	}
	return id
}

func (r *residents) truckName(p *message.Printer, id string) string {
	for _, t := range r.d.City.Fleet.Trucks {
		if t.ID == id && in(t.Name, p) != "" {
			return in(t.Name, p)
		}
	}
	return id
}

// fillChart draws how the container filled and how it will go on.
func (r *residents) fillChart(ctx context.Context, p *message.Printer, page *containerPage, st *state) (*Chart, error) {
	next, planned, ok := st.nextDay(page.ID)
	if ok && next.Equal(calendar.Midnight(next, next.Location())) { // a day, not a moment
		next = next.Add(12 * time.Hour)
		if o := st.outcomes[page.ID]; planned && o != nil {
			next = momentOf(st.day, o.At)
		}
	}
	if !ok {
		next = time.Time{}
	}
	look, err := r.d.Collection.Outlook(ctx, page.ID, next)
	if err != nil {
		return nil, err
	}
	fan := chart.Fan{
		Head:   chart.Head{ID: "fill", Title: p.T("container.chart.title"), Desc: p.T("container.chart.desc")},
		Format: "pct", Capacity: 1, CapacityText: p.T("fill.word"), Gap: 12 * time.Hour,
	}
	for _, s := range look.Samples {
		fan.History = append(fan.History, chart.Point{Time: s.At, Value: s.Fill})
	}
	table := Table{
		Caption: p.T("container.chart.table"), Hidden: true, Numeric: []bool{false, true, true, true},
		Head: []string{p.T("container.chart.day"), p.T("container.chart.low"), p.T("container.chart.middle"), p.T("container.chart.high")},
	}
	var last time.Time
	for _, b := range look.Bands {
		for _, q := range []*float64{&b.Q5, &b.Q25, &b.Q50, &b.Q75, &b.Q95} {
			*q = min(*q, collection.MaxFill) // nobody lets it come so far; the chart keeps its scale
		}
		fan.Forecast = append(fan.Forecast, chart.Band{Time: b.At, Low90: b.Q5, Low50: b.Q25, Median: b.Q50, High50: b.Q75, High90: b.Q95})
		if b.At.Sub(last) >= 24*time.Hour {
			table.Rows = append(table.Rows, []any{format(p, "weekday", b.At), format(p, "pct", b.Q5), format(p, "pct", b.Q50), format(p, "pct", b.Q95)})
			last = b.At
		}
	}
	fan.Events = fillEvents(p, look.Emptyings, next, st.at)
	return &Chart{Title: fan.Title, SVG: fan.SVG(p), Table: table, Note: p.T("container.chart.note")}, nil
}

// fillEvents are the emptyings that were and the one that is expected. A line close before the next one has no words: they would overlap.
func fillEvents(p *message.Printer, emptied []time.Time, next, now time.Time) []chart.Event {
	var events []chart.Event
	for _, at := range emptied {
		events = append(events, chart.Event{Time: at, Text: p.T("container.chart.emptied")})
	}
	if next.After(now) && next.Before(now.AddDate(0, 0, 14)) {
		events = append(events, chart.Event{Time: next, Text: p.T("container.chart.expected")})
	}
	slices.SortFunc(events, func(a, b chart.Event) int { return a.Time.Compare(b.Time) })
	for i := range max(0, len(events)-1) {
		if events[i+1].Time.Sub(events[i].Time) < 84*time.Hour {
			events[i].Text = ""
		}
	}
	return events
}

// format prints a value in a format of the catalogue; a value that does not fit shows as a dash.
func format(p *message.Printer, name string, v any) string {
	s, err := p.Format(name, v)
	if err != nil {
		return "–"
	}
	return s
}

// liftTable lists the last emptyings with what was found and what the plan expected.
func (r *residents) liftTable(ctx context.Context, p *message.Printer, id string) (*Table, error) {
	lifts, err := r.d.Collection.Lifts(ctx, id, 6)
	if err != nil || len(lifts) == 0 {
		return nil, err
	}
	t := &Table{
		Caption: p.T("container.lifts.title"), Hidden: true, Numeric: []bool{false, false, true, true},
		Head: []string{p.T("container.lifts.when"), p.T("container.lifts.truck"), p.T("container.lifts.expected"), p.T("container.lifts.found")},
	}
	for _, l := range lifts {
		when := Cell{Text: format(p, "moment", l.At)}
		truck, expected := "–", "–"
		if l.Version > 0 {
			when.Path = "/plannen/" + l.Day + "/" + strconv.FormatInt(l.Version, 10)
			expected = format(p, "pct", l.Expected)
		}
		if l.Planned {
			truck = r.truckName(p, l.Truck)
		}
		found := Cell{Text: format(p, "pct", l.Found)}
		if l.Found > 1 {
			found.State = "act"
		}
		t.Rows = append(t.Rows, []any{when, truck, expected, found})
	}
	return t, nil
}
