package web

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/collection"
	"polder.city/internal/chart"
	"polder.city/internal/message"
)

// work is the kind of work at a visit.
var work = map[collection.VisitKind]chart.Work{collection.VisitEmpty: chart.Serve, collection.VisitUnload: chart.Unload, collection.VisitBreak: chart.Break}

// timeline draws the trucks' day: drive, serve, unload, break.
func (r *residents) timeline(p *message.Printer, plan *collection.Plan, day time.Time) Chart {
	line := chart.Timeline{
		Head:  chart.Head{ID: "day", Title: p.T("plan.timeline.title"), Desc: p.T("plan.timeline.desc", "n", len(plan.Routes))},
		Words: [4]string{p.T("plan.timeline.drive"), p.T("plan.timeline.serve"), p.T("plan.timeline.unload"), p.T("plan.timeline.break")},
		Now:   p.Now(),
	}
	t := Table{
		Caption: p.T("plan.timeline.title"), Hidden: true, Numeric: []bool{false, true, false, false, true},
		Head: []string{p.T("plan.truck"), p.T("plan.stops"), p.T("plan.leaves"), p.T("plan.returns"), p.T("plan.drives")},
	}
	for _, route := range plan.Routes {
		if len(route.Visits) == 0 {
			continue
		}
		lane := chart.Lane{Name: route.Truck}
		stops := 0
		for i, v := range route.Visits {
			if i > 0 && v.Arrive > route.Visits[i-1].Leave {
				lane.Blocks = append(lane.Blocks, chart.Block{Work: chart.Drive, From: momentOf(day, route.Visits[i-1].Leave), To: momentOf(day, v.Arrive), Text: line.Words[chart.Drive]})
			}
			if w, ok := work[v.Kind]; ok {
				text := line.Words[w]
				if v.At != "" {
					text += ": " + r.visitName(p, v)
				}
				lane.Blocks = append(lane.Blocks, chart.Block{Work: w, From: momentOf(day, v.Start), To: momentOf(day, v.Leave), Text: text})
			}
			if v.Kind == collection.VisitEmpty {
				stops++
			}
		}
		from, to := momentOf(day, route.Visits[0].Leave), momentOf(day, route.Visits[len(route.Visits)-1].Arrive)
		lane.Text = p.T("plan.lane", "n", stops)
		line.Lanes = append(line.Lanes, lane)
		if line.From.IsZero() || from.Before(line.From) {
			line.From = from
		}
		if to.After(line.To) {
			line.To = to
		}
		t.Rows = append(t.Rows, []any{r.truckName(p, route.Truck), strconv.Itoa(stops), format(p, "time", from), format(p, "time", to), format(p, "km", route.Meters)})
	}
	return Chart{Title: line.Title, SVG: line.SVG(p), Table: t}
}

// visitName is where a visit is, in words.
func (r *residents) visitName(p *message.Printer, v collection.Visit) string {
	for _, f := range r.d.City.Fleet.Facilities {
		if v.Kind == collection.VisitUnload && f.ID == v.At {
			return in(f.Name, p)
		}
	}
	for _, d := range r.d.City.Fleet.Depots {
		if (v.Kind == collection.VisitDepart || v.Kind == collection.VisitReturn) && d.ID == v.At {
			return in(d.Name, p)
		}
	}
	return v.At
}

// tellRoutes fills in the map and the list of each truck.
func (r *residents) tellRoutes(p *message.Printer, page *planPage, containers map[string]collection.Container) {
	var points []orb.Point
	for _, route := range page.Plan.Routes {
		line := routeLine{
			Truck: r.truckName(p, route.Truck), Path: page.Path + "/ritlijst/" + route.Truck, Meters: route.Meters, Seconds: route.Seconds, Overtime: route.Overtime,
		}
		for _, v := range route.Visits {
			switch v.Kind {
			case collection.VisitDepart:
				line.From = momentOf(page.Day, v.Leave)
			case collection.VisitReturn:
				line.To = momentOf(page.Day, v.Arrive)
			case collection.VisitEmpty:
				k := containers[v.At]
				name, shape := r.stream(p, k.Stream)
				if !slices.Contains(line.Streams, name) {
					line.Streams = append(line.Streams, name)
				}
				line.Stops++
				line.Stopping = append(line.Stopping, routeStop{ID: v.At, At: momentOf(page.Day, v.Start), Kind: shape, Text: k.Address})
				points = append(points, k.Point)
				page.Map.Items = append(page.Map.Items, MapItem{
					ID: v.At, Name: v.At, Path: "/containers/" + v.At, Kind: shape, State: "v4",
					Text: p.T("plan.map.stop", "truck", line.Truck, "time", momentOf(page.Day, v.Start)),
				})
			}
		}
		page.Routes = append(page.Routes, line)
	}
	page.Map.Title, page.Map.Data, page.Map.Bounds = p.T("plan.map.title"), page.RoutesPath+"?lang="+p.Lang(), boundsOf(points)
	page.Map.Items = page.Map.Items[:min(len(page.Map.Items), 40)]
}

// planRoutes answers with the routes on the road and their stops, for the map and for who wants the data.
func (r *residents) planRoutes(w http.ResponseWriter, q *http.Request) {
	plan, day, err := r.planAsked(q)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	containers, err := r.containersByID(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	p := r.printer(withLanguage(q, q.URL.Query().Get("lang")))
	var features []*geojson.Feature
	for i, route := range plan.Routes {
		for leg, line := range route.Lines {
			if len(line) > 1 {
				features = append(features, lineFeature(line, geojson.Properties{"truck": route.Truck, "route": i, "leg": leg + 1, "to": route.Visits[leg+1].At}))
			}
		}
		n := 0
		for _, v := range route.Visits {
			if v.Kind != collection.VisitEmpty {
				continue
			}
			n++
			k := containers[v.At]
			_, shape := r.stream(p, k.Stream)
			features = append(features, pointFeature(k.Point, geojson.Properties{
				"id": v.At, "name": v.At, "text": p.T("plan.map.stop", "truck", r.truckName(p, route.Truck), "time", momentOf(day, v.Start)),
				"path": p.Path("/containers/" + v.At), "kind": shape, "value": 0.7, "truck": route.Truck, "order": n, "route": i,
			}))
		}
	}
	r.writeGeoJSON(w, q, features, 60)
}
