package web

import (
	"context"
	"html/template"
	"net/http"
	"time"

	"github.com/paulmach/orb"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/calendar"
	"polder.city/internal/message"
)

// homePage answers: how is the city doing, and what can I do here?
type homePage struct {
	Title      string
	Lead       []template.HTML
	Hours      *About // how the hours were counted
	PlanPath   string
	Figures    []Figure
	Happenings []happeningLine
	Map        Map
	Decisions  []decisionLine
	Doors      []link
}

type happeningLine struct {
	At         time.Time
	Path, Text string
}

func (r *residents) home(q *http.Request) (any, error) {
	ctx := q.Context()
	st, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	page := &homePage{}
	r.tellHeadline(p, st, page)
	if page.Figures, err = r.homeFigures(ctx, p, st); err != nil {
		return nil, err
	}
	for _, h := range st.happenings(6) {
		page.Happenings = append(page.Happenings, happeningLine{h.At, h.Path, h.Text(p, r.streamName)})
	}
	page.Map = r.cityMap(p, st)
	if page.Decisions, err = r.latestDecisions(ctx, p); err != nil {
		return nil, err
	}
	for _, to := range []string{"/wijken", "/containers", "/plannen", "/besparing", "/besluiten", "/algoritmes", "/logboek", "/data", "/meten", "/wat-is-echt"} {
		if r.door(to) {
			page.Doors = append(page.Doors, link{to, p.T("home.door." + to[1:])})
		}
	}
	return page, nil
}

func (r *residents) streamName(p *message.Printer, id string) string {
	name, _ := r.stream(p, id)
	return name
}

// tellHeadline says what is emptied on the next working day, what does not fit, and what it costs.
func (r *residents) tellHeadline(p *message.Printer, st *state, page *homePage) {
	plan, day := st.next, st.day
	if plan == nil && st.today != nil {
		plan, day = st.today, calendar.Midnight(st.at, st.day.Location())
	}
	if plan == nil {
		page.Title = p.T("home.head.none", "city", r.opts.City)
		page.Lead = append(page.Lead, template.HTML(template.HTMLEscapeString(r.noPlanYet(p, st.day)))) //nolint:gosec // escaped
		return
	}
	s := summaryOf(plan)
	page.PlanPath = "/plannen/" + plan.Day
	page.Title = p.T("home.head.plan", "day", day, "n", s.Stops, "total", len(st.containers))
	say := func(key string, args ...any) { page.Lead = append(page.Lead, p.HTML("home.lead."+key, args...)) }
	if plan.State != collection.Decided {
		say("preview", "path", page.PlanPath, "time", momentOf(day, decidedAt))
	}
	if enough, left := st.withRoom(plan, st.outcomes, st.now); left > 0 && float64(enough) > 0.9*float64(left) {
		say("room")
	}
	if s.Unserved > 0 {
		say("unserved", "n", s.Unserved, "day", day, "path", page.PlanPath+"#blijft")
	}
	say("trucks", "trucks", s.Trucks, "seconds", s.Seconds)
	if s.HasFixed {
		say("fixed", "trucks", s.FixedTrucks, "seconds", s.FixedSeconds)
		page.Hours = &About{
			What: p.T("plan.figure.hours.what"), Period: p.T("plan.figure.hours.period", "day", day), Formula: p.T("plan.figure.hours.formula"),
			Source: p.T("plan.figure.source", "version", plan.Version), SourcePath: planPath(plan), Download: planPath(plan) + "/plan.csv",
		}
	}
}

// withRoom counts the containers that a plan leaves, and those of them that are unlikely to fill up.
func (st *state) withRoom(plan *collection.Plan, next, now map[string]*collection.Outcome) (enough, left int) {
	outcomes := next
	if plan == st.today {
		outcomes = now
	}
	for _, o := range outcomes {
		if !o.Planned {
			left++
			if o.ChanceFull < 50_000 {
				enough++
			}
		}
	}
	return enough, left
}

// homeFigures are the three figures, each with what it is compared with.
func (r *residents) homeFigures(ctx context.Context, p *message.Printer, st *state) ([]Figure, error) {
	full, silent, sensors := 0, 0, 0
	for i, f := range st.fills {
		if f.full() {
			full++
		}
		if st.containers[i].Sensor != "" {
			sensors++
			if f.silent {
				silent++
			}
		}
	}
	simulated := r.d.City.Simulated
	fullThen, readThen, then, err := r.fullWeekAgo(ctx)
	if err != nil {
		return nil, err
	}
	week, days, err := r.weekOverfull(ctx)
	if err != nil {
		return nil, err
	}
	now := Figure{
		Value: p.T("home.full.value", "n", full, "total", len(st.containers)), Label: p.T("home.full.label"), Live: "home:full", Simulated: simulated,
		About: About{
			What: p.T("home.full.what"), Period: p.T("home.full.period", "time", st.at), Formula: p.T("home.full.formula"),
			Source: p.T("home.readings"), SourcePath: "/containers?vol=full", Download: "/containers.csv?vol=full",
		},
	}
	if full > 0 {
		now.State = "act"
	}
	if readThen > 0 {
		now.Compared = p.T("home.full.compared", "day", then, "n", fullThen, "read", readThen)
	}
	over := Figure{
		Value: p.T("home.over.unknown"), Label: p.T("home.over.label"), Simulated: simulated,
		About: About{
			What: p.T("home.over.what"), Period: p.T("home.over.period", "days", days), Formula: p.T("home.over.formula"),
			Source: p.T("home.readings"), SourcePath: "/containers", Download: "/containers.csv",
		},
	}
	if days > 0 {
		over.Value = p.T("home.over.value", "n", week)
	}
	if st.next != nil && st.next.Fixed != nil && len(st.containers) > 0 {
		c := st.next.Fixed
		per := func(x int64) float64 { return float64(x) / float64(len(st.containers)) / float64(c.HorizonDays) }
		over.Compared = p.T("home.over.compared", "mean", per(c.Schedule[0]), "low", per(c.Schedule[1]), "high", per(c.Schedule[2]), "plan", per(c.Plan[0]))
	}
	quiet := Figure{
		Value: p.T("home.silent.value", "n", silent, "total", sensors), Label: p.T("home.silent.label"), Compared: p.T("home.silent.compared"), Simulated: simulated,
		About: About{
			What: p.T("home.silent.what"), Period: p.T("home.full.period", "time", st.at), Formula: p.T("home.silent.formula"),
			Source: p.T("home.readings"), SourcePath: "/containers?vol=unsure", Download: "/containers.csv?vol=unsure",
		},
	}
	if odd := st.odd(); odd > 0 {
		quiet.Compared += " " + p.T("home.silent.odd", "n", odd)
		quiet.State = "attention"
	}
	if silent > 0 {
		quiet.State = "attention"
	}
	return []Figure{now, over, quiet}, nil
}

// cityMap is the map of all containers, with the fullest in its list.
func (r *residents) cityMap(p *message.Printer, st *state) Map {
	list := make([]int, len(st.containers))
	points := make([]orb.Point, len(st.containers))
	for i := range list {
		list[i], points[i] = i, st.containers[i].Point
	}
	st.fullestFirst(list)
	m := Map{Title: p.T("home.map"), Data: "/kaart/containers.geojson?lang=" + p.Lang(), Bounds: boundsOf(points), Live: livePrefix}
	for _, i := range list[:min(len(list), 30)] {
		m.Items = append(m.Items, r.mapItem(p, st, i))
	}
	return m
}

// latestDecisions lists what was decided last; nothing while no page shows decisions.
func (r *residents) latestDecisions(ctx context.Context, p *message.Printer) ([]decisionLine, error) {
	if !r.door("/besluiten") {
		return nil, nil
	}
	list, err := r.d.Gate.List(ctx, decision.Filter{Limit: 4})
	if err != nil {
		return nil, err
	}
	var lines []decisionLine
	for i := range list {
		lines = append(lines, line(p, &list[i]))
	}
	return lines, nil
}
