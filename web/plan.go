package web

import (
	"cmp"
	"context"
	"encoding/csv"
	"math"
	"net/http"
	"slices"
	"strconv"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/internal/chart"
	"polder.city/internal/message"
)

// leftShown is how many of the containers that are left a plan's page lists.
const leftShown = 25

// planPage answers: what do we collect that day?
type planPage struct {
	Day           time.Time
	Title         string
	Empty         string // why there is no plan; the rest is then empty
	NextPath      string
	NextText      string
	Plan          *collection.Plan
	Path          string
	State         Alert
	Lead          string
	Figures       []Figure
	Compare       *Chart
	Timeline      Chart
	Map           Map
	Routes        []routeLine
	Left          Table
	LeftAll       int
	Changes       []changeList
	ChangesFrom   int64
	ChangesPath   string
	Versions      []versionLine
	DecisionPath  string
	WhatIfPath    string // only for a planner, and a day that is not past
	ChangePath    string // only for a planner, and while the trucks have not left
	Wishes        []wishLine
	RoutesPath    string
	TablePath     string
	SimulatedCity bool
}

// routeLine is a truck's day in short.
type routeLine struct {
	Truck, Path     string
	Stops           int
	Meters, Seconds int64
	From, To        time.Time
	Overtime        int64
	Streams         []string
	Stopping        []routeStop
}

type routeStop struct {
	ID   string
	At   time.Time
	Kind string
	Text string
}

// changeList is one of the three ways in which a version differs from the one before.
type changeList struct {
	Title string
	IDs   []string
}

func (r *residents) planPage(q *http.Request, plan *collection.Plan, day time.Time) (*planPage, error) {
	ctx := q.Context()
	p := r.printer(q)
	past := day.Before(r.d.Collection.Today())
	page := &planPage{
		Day: day, Plan: plan, Path: planPath(plan), RoutesPath: planPath(plan) + "/routes.geojson", TablePath: planPath(plan) + "/plan.csv",
		SimulatedCity: r.d.City.Simulated,
		Title:         p.T("plan.title."+tense(plan, past), "day", day, "n", plan.Measures[collection.MeasureStops]),
	}
	if plan.Decision > 0 && r.door("/besluiten") {
		page.DecisionPath = "/besluiten/" + strconv.FormatInt(plan.Decision, 10)
	}
	containers, err := r.containersByID(ctx)
	if err != nil {
		return nil, err
	}
	if who, ok := r.d.official(q); ok && who.Role == account.Planner && !day.Before(r.d.Collection.Today()) {
		page.WhatIfPath = "/plannen/" + plan.Day + "/wat-als"
	}
	page.ChangePath = r.changePath(q, day)
	if page.Wishes, err = r.wishes(q, plan.Day); err != nil {
		return nil, err
	}
	outcomes, err := r.d.Collection.Outcomes(ctx, plan.ID)
	if err != nil {
		return nil, err
	}
	if page.Versions, err = r.versions(ctx, plan); err != nil {
		return nil, err
	}
	page.State = r.planState(p, plan, day, page.Versions)
	m := plan.Measures
	lead := "plan.lead"
	if past {
		lead = "plan.lead_past"
	}
	page.Lead = p.T(lead, "trucks", m[collection.MeasureTrucks], "seconds", m[collection.MeasureSeconds], "meters", m[collection.MeasureMeters],
		"left", m[collection.MeasureContainers]-m[collection.MeasureStops])
	page.Figures = r.planFigures(p, plan)
	page.Compare = r.compareChart(p, plan)
	page.Timeline = r.timeline(p, plan, day)
	r.tellRoutes(p, page, containers)
	page.Left = r.leftTable(p, page, outcomes, containers)
	if c := plan.Changes; c != nil {
		page.ChangesFrom, page.ChangesPath = c.Version, "/plannen/"+plan.Day+"/"+strconv.FormatInt(c.Version, 10)
		page.Changes = []changeList{{p.T("plan.changes.added"), c.Added}, {p.T("plan.changes.removed"), c.Removed}, {p.T("plan.changes.moved"), c.Moved}}
	}
	return page, nil
}

// tense is the key of the headline: of a plan in force for a day to come, of one that was, of a preview, of one that no longer counts.
func tense(plan *collection.Plan, past bool) string {
	switch {
	case plan.State == collection.Decided && past:
		return "past"
	case plan.State == collection.Decided:
		return "decided"
	case (plan.State == collection.Preview || plan.State == collection.Advised) && !past:
		return "proposed"
	default:
		return "former"
	}
}

// planState is the notice under the headline: how far this version is.
func (r *residents) planState(p *message.Printer, plan *collection.Plan, day time.Time, versions []versionLine) Alert {
	kind := map[collection.State]string{
		collection.Preview: "info", collection.Decided: "ok", collection.Advised: "warning", collection.Replaced: "warning", collection.Declined: "warning",
	}[plan.State]
	a := Alert{Kind: kind}
	by := int64(0)
	for _, v := range versions {
		if v.Here {
			by = v.By
		}
	}
	key := "plan.told." + string(plan.State)
	if plan.State == collection.Replaced && by == 0 {
		key += "_plain"
	}
	a.Text = p.HTML(key, "time", plan.MadeAt, "day", day, "version", plan.Version, "by", by, "path", "/plannen/"+plan.Day+"/"+strconv.FormatInt(by, 10))
	return a
}

func (r *residents) containersByID(ctx context.Context) (map[string]collection.Container, error) {
	all, err := r.d.Collection.Containers(ctx)
	byID := make(map[string]collection.Container, len(all))
	for _, k := range all {
		byID[k.ID] = k
	}
	return byID, err
}

// planFigures are hours, kilometres and overflows, each beside what the fixed schedule would do.
func (r *residents) planFigures(p *message.Printer, plan *collection.Plan) []Figure {
	m, fixed := plan.Measures, plan.Fixed
	figure := func(key string, value string) Figure {
		return Figure{
			Value: value, Label: p.T("plan.figure." + key + ".label"), Simulated: r.d.City.Simulated,
			About: About{
				What: p.T("plan.figure." + key + ".what"), Period: p.T("plan.figure."+key+".period", "day", r.dayOf(plan)),
				Formula: p.T("plan.figure." + key + ".formula"), Source: p.T("plan.figure.source", "version", plan.Version), SourcePath: planPath(plan),
				Download: planPath(plan) + "/plan.csv",
			},
		}
	}
	hours := figure("hours", format(p, "hours", m[collection.MeasureSeconds]))
	km := figure("km", format(p, "km", m[collection.MeasureMeters]))
	figures := []Figure{hours, km}
	if fixed != nil {
		figures[0].Compared = p.T("plan.figure.hours.compared", "seconds", fixed.Seconds, "trucks", fixed.Trucks)
		figures[1].Compared = p.T("plan.figure.km.compared", "meters", fixed.Meters, "stops", fixed.Stops)
		over := figure("over", format(p, "dec1", float64(fixed.Plan[0])/1000))
		over.About.Formula = p.T("plan.figure.over.draws", "draws", fixed.Draws, "days", fixed.HorizonDays)
		over.Label = p.T("plan.figure.over.of", "days", fixed.HorizonDays, "low", float64(fixed.Plan[1])/1000, "high", float64(fixed.Plan[2])/1000)
		over.Compared = p.T("plan.figure.over.compared", "mean", float64(fixed.Schedule[0])/1000, "low", float64(fixed.Schedule[1])/1000, "high", float64(fixed.Schedule[2])/1000)
		figures = append(figures, over)
	}
	if n := m[collection.MeasureUnserved]; n > 0 {
		unserved := figure("unserved", format(p, "int", n))
		unserved.State = "attention"
		figures = append(figures, unserved)
	}
	return figures
}

func (r *residents) dayOf(plan *collection.Plan) time.Time {
	day, err := r.d.Collection.ParseDay(plan.Day)
	if err != nil {
		return plan.MadeAt
	}
	return day
}

// compareChart draws hours, kilometres, stops and overflows of the plan beside those of the fixed schedule; nil without one.
func (r *residents) compareChart(p *message.Printer, plan *collection.Plan) *Chart {
	fixed := plan.Fixed
	if fixed == nil {
		return nil
	}
	t := Table{
		Caption: p.T("plan.compare.title"), Hidden: true, Numeric: []bool{false, true, true},
		Head: []string{p.T("plan.compare.what"), p.T("plan.compare.plan"), p.T("plan.compare.fixed")},
	}
	bars := chart.Bars{
		Head:   chart.Head{ID: "compare", Title: p.T("plan.compare.title"), Desc: p.T("plan.compare.desc")},
		Format: "pct", ValueText: p.T("plan.compare.plan"), CompareText: p.T("plan.compare.fixed"),
	}
	// Hours, stops and kilometres have no unit in common: each is drawn as a share of the schedule's.
	add := func(key string, plan, fixed, low, high float64) {
		if fixed <= 0 {
			return
		}
		label := p.T("plan.compare." + key)
		bars.Items = append(bars.Items, chart.Bar{Label: label, Value: plan / fixed, Compare: 1, Low: low / fixed, High: high / fixed})
		t.Rows = append(t.Rows, []any{label, format(p, "dec1", plan), format(p, "dec1", fixed)})
	}
	m := plan.Measures
	add("hours", float64(m[collection.MeasureSeconds])/3600, float64(fixed.Seconds)/3600, 0, 0)
	add("km", float64(m[collection.MeasureMeters])/1000, float64(fixed.Meters)/1000, 0, 0)
	add("stops", float64(m[collection.MeasureStops]), float64(fixed.Stops), 0, 0)
	add("over", float64(fixed.Plan[0])/1000, float64(fixed.Schedule[0])/1000, float64(fixed.Schedule[1])/1000, float64(fixed.Schedule[2])/1000)
	if len(bars.Items) == 0 {
		return nil
	}
	return &Chart{Title: bars.Title, SVG: bars.SVG(p), Table: t, Note: p.T("plan.compare.note")}
}

// leftTable lists the containers that should be emptied and are not, then those with the highest risk.
func (r *residents) leftTable(p *message.Printer, page *planPage, outcomes []collection.Outcome, containers map[string]collection.Container) Table {
	var left []*collection.Outcome
	for i := range outcomes {
		if !outcomes[i].Planned {
			left = append(left, &outcomes[i])
		}
	}
	page.LeftAll = len(left)
	slices.SortStableFunc(left, func(a, b *collection.Outcome) int {
		return cmp.Or(cmp.Compare(b.ChanceFull, a.ChanceFull), cmp.Compare(b.ChanceLater, a.ChanceLater), cmp.Compare(b.FillNow, a.FillNow))
	})
	t := Table{
		Caption: p.T("plan.left.table"), Hidden: true, Numeric: []bool{false, false, true, false, false, false},
		Head: []string{p.T("containers.head.id"), p.T("containers.head.stream"), p.T("plan.left.fill"), p.T("plan.left.chance"), p.T("plan.left.why"), p.T("containers.head.next")},
	}
	for _, o := range left[:min(leftShown, len(left))] {
		name, _ := r.stream(p, containers[o.Container].Stream)
		next := "–"
		if day, err := r.d.Collection.ParseDay(o.NextDay); err == nil {
			next = format(p, "day", day)
		}
		chance := Cell{Text: format(p, "chance", o.ChanceFull)}
		if o.ChanceFull > 200_000 {
			chance.State = "attention"
		}
		t.Rows = append(t.Rows, []any{Cell{Text: o.Container, Path: "/containers/" + o.Container}, name, format(p, "pct", o.FillNow), chance, reasonShort(p, o), next})
	}
	return t
}

// planCSV answers with what a plan does with every container, as RFC 4180.
func (r *residents) planCSV(w http.ResponseWriter, q *http.Request) {
	plan, _, err := r.planAsked(q)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	outcomes, err := r.d.Collection.Outcomes(q.Context(), plan.ID)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="plan-`+plan.Day+"-"+strconv.FormatInt(plan.Version, 10)+`.csv"`)
	h.Set("Access-Control-Allow-Origin", "*")
	c := csv.NewWriter(w)
	write := func(fields ...string) { _ = c.Write(fields) } // the client has gone: nobody is left to tell
	write("container", "planned", "truck", "seconds_since_midnight", "fill_now", "fill_then", "chance_full", "next_day", "reason")
	share := func(ppm int64) string { return strconv.FormatFloat(math.Round(fraction(ppm)*1e4)/1e4, 'f', -1, 64) }
	for i := range outcomes {
		o := &outcomes[i]
		at, reason := "", ""
		if o.Planned {
			at = strconv.FormatInt(o.At, 10)
		}
		if len(o.Reasons) > 0 {
			reason = o.Reasons[0].Code
		}
		write(o.Container, strconv.FormatBool(o.Planned), o.Truck, at, share(o.FillNow), share(o.FillThen), share(o.ChanceFull), o.NextDay, reason)
	}
	c.Flush()
}
