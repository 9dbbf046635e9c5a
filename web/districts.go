package web

import (
	"context"
	"encoding/xml"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/chart"
	"polder.city/internal/message"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

// districtsPage lists the districts by part of the city.
type districtsPage struct {
	Parts []districtPart
	Chart *Chart
}

type districtPart struct {
	Name      string
	Districts []districtLine
}

type districtLine struct {
	Code, Name, Text string
	Full             int
}

func (r *residents) districts(q *http.Request) (any, error) {
	st, err := r.now(q.Context())
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	page := &districtsPage{}
	drawn := chart.Districts{
		Head: chart.Head{ID: "districts", Title: p.T("districts.chart.title"), Desc: p.T("districts.chart.desc")},
		Low:  p.T("districts.chart.low"), High: p.T("districts.chart.high"),
	}
	table := Table{Caption: drawn.Title, Hidden: true, Head: []string{p.T("districts.head.name"), p.T("districts.head.mean")}, Numeric: []bool{false, true}}
	for _, d := range r.d.City.Districts {
		list := st.inDistrict(d.Code)
		mean, full := st.meanFill(list)
		text := p.T("districts.none")
		if len(list) > 0 {
			text = p.T("districts.line", "n", len(list), "full", full)
		}
		value := p.T("fill.short.unknown")
		if !math.IsNaN(mean) {
			value = format(p, "pct", mean)
		}
		drawn.Areas = append(drawn.Areas, chart.Area{Name: d.Name, Path: "/wijken/" + d.Code, Shape: d.Polygon, Value: mean, Text: value})
		table.Rows = append(table.Rows, []any{Cell{Text: d.Name, Path: "/wijken/" + d.Code}, value})
		i := slices.IndexFunc(page.Parts, func(part districtPart) bool { return part.Name == d.Part })
		if i < 0 {
			i = len(page.Parts)
			page.Parts = append(page.Parts, districtPart{Name: d.Part})
		}
		page.Parts[i].Districts = append(page.Parts[i].Districts, districtLine{d.Code, d.Name, text, full})
	}
	for i := range page.Parts {
		slices.SortFunc(page.Parts[i].Districts, func(a, b districtLine) int { return strings.Compare(a.Name, b.Name) })
	}
	page.Chart = &Chart{Title: drawn.Title, SVG: drawn.SVG(p), Table: table}
	return page, nil
}

// meanFill returns the mean of what is known of some containers, NaN when nothing is, and how many are full.
func (st *state) meanFill(list []int) (mean float64, full int) {
	sum, n := 0.0, 0
	for _, i := range list {
		if st.fills[i].known {
			sum += min(1, st.fills[i].value)
			n++
		}
		if st.fills[i].full() {
			full++
		}
	}
	if n == 0 {
		return math.NaN(), full
	}
	return sum / float64(n), full
}

// districtPage answers: what happens near me?
type districtPage struct {
	*city.District
	Title      string
	Containers Table
	Count      int
	Elsewhere  []elsewhereLine
	Room       []roomLine
	Map        Map
	Things     []thingLine
	Plans      []districtPlanLine
	Feed       string
}

// elsewhereLine is a full container, with where there is room.
type elsewhereLine struct {
	ID, Stream string
	Other      *elsewhere
}

// roomLine is the emptiest container of a stream in the district.
type roomLine struct{ ID, Stream, Kind, Where, Text string }

type districtPlanLine struct {
	Day  time.Time
	Path string
	IDs  []string
}

func (r *residents) district(q *http.Request) (any, error) {
	ctx := q.Context()
	d, err := r.districtAsked(q)
	if err != nil {
		return nil, err
	}
	st, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	list := st.inDistrict(d.Code)
	_, full := st.meanFill(list)
	page := &districtPage{District: d, Count: len(list), Feed: "/wijken/" + d.Code + "/feed.atom?lang=" + p.Lang()}
	switch {
	case len(list) == 0:
		page.Title = p.T("district.title.none", "name", d.Name)
	case full == 0:
		page.Title = p.T("district.title.room", "name", d.Name, "total", len(list))
	default:
		page.Title = p.T("district.title.full", "name", d.Name, "total", len(list), "n", full)
	}
	page.Containers = r.containerTable(p, st, list)
	page.Containers.Caption, page.Containers.Hidden = p.T("district.containers"), true
	points := polygonPoints(d.Polygon)
	byFill := slices.Clone(list)
	st.fullestFirst(byFill)
	page.Map = Map{
		Title: p.T("district.map", "name", d.Name), Data: "/kaart/containers.geojson?lang=" + p.Lang() + "&wijk=" + d.Code,
		Bounds: boundsOf(points), Live: livePrefix,
	}
	for _, i := range byFill {
		page.Map.Items = append(page.Map.Items, r.mapItem(p, st, i))
		if !st.fills[i].full() {
			continue
		}
		name, _ := r.stream(p, st.containers[i].Stream)
		line := elsewhereLine{ID: st.containers[i].ID, Stream: name}
		if other, minutes, ok := st.nearestWithRoom(st.containers[i]); ok {
			line.Other = &elsewhere{other.ID, other.Address, minutes}
		}
		page.Elsewhere = append(page.Elsewhere, line)
	}
	page.Room = r.roomByStream(p, st, byFill)
	if page.Things, err = r.things(ctx, p, d.Code); err != nil {
		return nil, err
	}
	for _, t := range page.Things {
		page.Map.Items = append(page.Map.Items, t.item())
	}
	plans, err := r.d.Collection.DistrictPlans(ctx, d.Code, 7)
	if err != nil {
		return nil, err
	}
	for _, plan := range plans[:min(len(plans), 5)] {
		day, err := r.d.Collection.ParseDay(plan.Day)
		if err != nil {
			return nil, err
		}
		page.Plans = append(page.Plans, districtPlanLine{day, "/plannen/" + plan.Day, plan.Containers})
	}
	return page, nil
}

// districtAsked finds a district by its code or its three letters.
func (r *residents) districtAsked(q *http.Request) (*city.District, error) {
	code := q.PathValue("code")
	if d, ok := r.d.City.District(code); ok {
		return d, nil
	}
	for i := range r.d.City.Districts {
		if d := &r.d.City.Districts[i]; strings.EqualFold(d.Abbr, code) {
			return nil, seeOther("/wijken/" + d.Code)
		}
	}
	return nil, problem.New(problem.NotFound, "district.none", "There is no district %q.", code)
}

// roomByStream names the emptiest container of each stream, where it has room.
func (r *residents) roomByStream(p *message.Printer, st *state, byFill []int) []roomLine {
	var lines []roomLine
	for _, stream := range r.d.City.Streams {
		for _, i := range slices.Backward(byFill) {
			k, f := st.containers[i], st.fills[i]
			if k.Stream != stream.ID || !f.known {
				continue
			}
			if f.value <= 0.85 {
				lines = append(lines, roomLine{k.ID, in(stream.Name, p), stream.Symbol, k.Address, f.short(p)})
			}
			break
		}
	}
	return lines
}

func polygonPoints(polygons orb.MultiPolygon) []orb.Point {
	var points []orb.Point
	for _, polygon := range polygons {
		for _, ring := range polygon {
			points = append(points, ring...)
		}
	}
	return points
}

// thingLine is another thing of the city that measures, with its latest value.
type thingLine struct {
	Key, Name, Kind, Text, Path string
	At                          time.Time
	point                       orb.Point
}

func (t thingLine) feature() *geojson.Feature {
	return pointFeature(t.point, geojson.Properties{"id": t.Key, "name": t.Name, "text": t.Kind + ": " + t.Text, "path": t.Path, "kind": "pentagon", "value": nil})
}

func (t thingLine) item() MapItem {
	return MapItem{ID: t.Key, Name: t.Name, Path: t.Path, Text: t.Kind + ": " + t.Text, Kind: "pentagon", State: "old"}
}

// things returns what else measures in a district, with the first of its series.
func (r *residents) things(ctx context.Context, p *message.Printer, district string) ([]thingLine, error) {
	all, err := r.d.Sensing.Things(ctx, sensing.ThingFilter{District: district})
	if err != nil {
		return nil, err
	}
	var lines []thingLine
	for _, thing := range all {
		template, ok := r.d.City.Thing(thing.Kind)
		if thing.Kind == collection.ContainerKind || !ok || len(template.Datastreams) == 0 {
			continue
		}
		series := template.Datastreams[0]
		key := thing.Key + "/" + series.ID
		latest, err := r.d.Sensing.Latest(ctx, key)
		if err != nil {
			return nil, err
		}
		line := thingLine{Key: thing.Key, Name: thing.Name, Kind: in(template.Name, p), Path: "/wijken/" + district, point: thing.Point, Text: p.T("district.thing.none")}
		if r.door("/meten") {
			line.Path = "/meten/" + thing.Key
		}
		line.Path = p.Path(line.Path)
		if o, ok := latest[key]; ok {
			line.At, line.Text = o.Time, valueText(p, series, o)
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// valueText is an observation in words: the series, the value and its unit.
func valueText(p *message.Printer, series city.DatastreamTemplate, o sensing.Observation) string {
	name := in(series.Name, p)
	switch {
	case series.ObservationType == "truth":
		if o.Holds() {
			return p.T("district.thing.yes", "name", name)
		}
		return p.T("district.thing.no", "name", name)
	case o.Result != nil:
		return name + ": " + strings.Trim(string(o.Result), `"`)
	case series.ObservationType == "count":
		return p.T("district.thing.count", "name", name, "value", o.Value)
	}
	unit := series.Unit.Symbol
	if unit == "1" {
		unit = ""
	}
	return strings.TrimSpace(p.T("district.thing.value", "name", name, "value", o.Value, "unit", unit))
}

// The parts of an Atom feed (RFC 4287) that we write.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

// districtFeed answers with the plans that empty containers in a district, as an Atom feed.
func (r *residents) districtFeed(w http.ResponseWriter, q *http.Request) {
	d, err := r.districtAsked(q)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	plans, err := r.d.Collection.DistrictPlans(q.Context(), d.Code, 30)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	p := r.printer(withLanguage(q, q.URL.Query().Get("lang")))
	base := siteOf(q)
	feed := atomFeed{
		Lang: p.Lang(), ID: base + "/wijken/" + d.Code + "/feed.atom", Title: p.T("district.feed.title", "name", d.Name), Author: r.d.City.Organisation,
		Updated: r.opts.Clock.Now().UTC().Format(time.RFC3339),
		Links:   []atomLink{{"self", base + q.URL.RequestURI()}, {"alternate", base + p.Path("/wijken/"+d.Code)}},
	}
	if len(plans) > 0 {
		feed.Updated = plans[0].MadeAt.Format(time.RFC3339)
	}
	for _, plan := range plans {
		day, err := r.d.Collection.ParseDay(plan.Day)
		if err != nil {
			continue
		}
		at := base + p.Path("/plannen/"+plan.Day)
		feed.Entries = append(feed.Entries, atomEntry{
			ID: at + "#" + d.Code, Title: p.T("district.feed.entry", "day", day, "n", len(plan.Containers), "name", d.Name), Updated: plan.MadeAt.Format(time.RFC3339),
			Link: atomLink{"alternate", at}, Summary: strings.Join(plan.Containers, ", "),
		})
	}
	body, err := xml.MarshalIndent(feed, "", " ")
	if err != nil {
		r.fail(w, q, err)
		return
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(append([]byte(xml.Header), body...)) // the client has gone: nobody is left to tell
}
