package web

import (
	"encoding/csv"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb/geojson"

	"polder.city/collection"
	"polder.city/internal/message"
)

// perPage is how many containers stand on one page of the list.
const perPage = 50

// containerFilter is what the list of containers is narrowed to; it travels in the address.
type containerFilter struct {
	Stream, District, Level, Text string
	Page                          int
}

// levels are the choices of the filter on fill.
var levels = []string{"full", "nearly", "room", "unsure"}

func filterOf(q url.Values) containerFilter {
	page, err := strconv.Atoi(q.Get("pagina"))
	if err != nil || page < 1 {
		page = 1
	}
	return containerFilter{Stream: q.Get("soort"), District: q.Get("wijk"), Level: q.Get("vol"), Text: strings.TrimSpace(q.Get("zoek")), Page: page}
}

// query writes the filter as a query, for a page; page 0 leaves it out.
func (f containerFilter) query(page int) string {
	q := url.Values{}
	for name, value := range map[string]string{"soort": f.Stream, "wijk": f.District, "vol": f.Level, "zoek": f.Text} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if page > 1 {
		q.Set("pagina", strconv.Itoa(page))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

func (f containerFilter) matches(k collection.Container, x fill) bool {
	if f.Stream != "" && k.Stream != f.Stream || f.District != "" && k.District != f.District {
		return false
	}
	switch f.Level {
	case "full":
		if !x.full() {
			return false
		}
	case "nearly":
		if !x.known || x.value < 0.85 {
			return false
		}
	case "room":
		if !x.known || x.value >= 0.7 {
			return false
		}
	case "unsure":
		if x.known && x.from == fromSensor {
			return false
		}
	}
	return f.Text == "" || holds(f.Text, k.ID, k.Place, k.Address)
}

// holds reports whether one of the texts holds another, any case.
func holds(part string, texts ...string) bool {
	part = strings.ToLower(part)
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), part) {
			return true
		}
	}
	return false
}

// filtered returns the indexes of the containers that pass a filter, the fullest first where it is about fill.
func (st *state) filtered(f containerFilter) []int {
	var found []int
	for i := range st.containers {
		if f.matches(st.containers[i], st.fills[i]) {
			found = append(found, i)
		}
	}
	if f.Level == "full" || f.Level == "nearly" {
		st.fullestFirst(found)
	}
	return found
}

type choice struct {
	Value, Text string
	Chosen      bool
}

type containersPage struct {
	Filter            containerFilter
	Streams, Levels   []choice
	Districts         []choice
	Found, All, Pages int
	Table             Table
	Before, After     string // paths of the pages around; empty: there is none
	CSV, GeoJSON      string
}

func (r *residents) containerList(q *http.Request) (any, error) {
	st, err := r.now(q.Context())
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	f := filterOf(q.URL.Query())
	found := st.filtered(f)
	page := containersPage{
		Filter: f, Found: len(found), All: len(st.containers), Pages: max(1, (len(found)+perPage-1)/perPage),
		CSV: "/containers.csv" + f.query(0), GeoJSON: "/containers.geojson" + f.query(0),
	}
	page.Filter.Page = min(f.Page, page.Pages)
	for _, s := range r.d.City.Streams {
		page.Streams = append(page.Streams, choice{s.ID, in(s.Name, p), s.ID == f.Stream})
	}
	for _, d := range r.d.City.Districts {
		if len(st.inDistrict(d.Code)) > 0 {
			page.Districts = append(page.Districts, choice{d.Code, d.Name, d.Code == f.District})
		}
	}
	for _, l := range levels {
		page.Levels = append(page.Levels, choice{l, p.T("containers.level." + l), l == f.Level})
	}
	from := (page.Filter.Page - 1) * perPage
	page.Table = r.containerTable(p, st, found[from:min(from+perPage, len(found))])
	page.Table.Caption, page.Table.Hidden = p.T("containers.table"), true
	if page.Filter.Page > 1 {
		page.Before = "/containers" + f.query(page.Filter.Page-1)
	}
	if page.Filter.Page < page.Pages {
		page.After = "/containers" + f.query(page.Filter.Page+1)
	}
	return page, nil
}

// containerTable lists containers with what is in them now and when they are probably emptied.
func (r *residents) containerTable(p *message.Printer, st *state, list []int) Table {
	t := Table{Head: []string{p.T("containers.head.id"), p.T("containers.head.stream"), p.T("containers.head.where"), p.T("containers.head.fill"), p.T("containers.head.next")}}
	for _, i := range list {
		k := st.containers[i]
		name, _ := r.stream(p, k.Stream)
		where := k.Address
		if where == "" {
			where = r.districtName(k.District)
		}
		level := Cell{Text: st.fills[i].short(p)}
		if st.fills[i].full() {
			level.State = "act"
		}
		t.Rows = append(t.Rows, []any{Cell{Text: k.ID, Path: "/containers/" + k.ID}, name, where, level, st.nextText(p, k.ID)})
	}
	return t
}

// nextDay returns the day on which a container is probably emptied, by today's plan while its truck is still to come, else by the next.
func (st *state) nextDay(id string) (day time.Time, planned, ok bool) {
	if o := st.now[id]; o != nil && o.Planned && !st.emptied[id].Time.After(st.today.MadeAt) && st.today.State == collection.Decided {
		if at := st.momentToday(o); at.Add(2 * time.Hour).After(st.at) {
			return at, true, true
		}
	}
	o := st.outcomes[id]
	if o == nil {
		o = st.now[id]
	}
	if o == nil {
		return day, false, false
	}
	day, err := time.ParseInLocation(collection.DayLayout, o.NextDay, st.day.Location())
	return day, o.Planned, err == nil
}

func (st *state) nextText(p *message.Printer, id string) string {
	day, planned, ok := st.nextDay(id)
	switch {
	case !ok:
		return p.T("containers.next.unknown")
	case planned:
		return p.T("containers.next.planned", "day", day)
	}
	return p.T("containers.next.probably", "day", day)
}

// containersCSV answers with the containers that pass the filter, as RFC 4180.
func (r *residents) containersCSV(w http.ResponseWriter, q *http.Request) {
	st, err := r.now(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="containers.csv"`)
	h.Set("Access-Control-Allow-Origin", "*")
	c := csv.NewWriter(w)
	write := func(fields ...string) { _ = c.Write(fields) } // the client has gone: nobody is left to tell
	write("id", "stream", "place", "address", "district", "lon", "lat", "volume_l", "sensor", "fill", "fill_from", "fill_at", "simulated")
	for _, i := range st.filtered(filterOf(q.URL.Query())) {
		k, f := st.containers[i], st.fills[i]
		value, at := "", ""
		if f.known {
			value, at = strconv.FormatFloat(f.value, 'f', 2, 64), f.at.UTC().Format(time.RFC3339)
		}
		write(k.ID, k.Stream, k.Place, k.Address, k.District, coordinate(k.Point[0]), coordinate(k.Point[1]), strconv.Itoa(k.VolumeLitres),
			strconv.FormatBool(k.Sensor != ""), value, f.from, at, strconv.FormatBool(r.d.City.Simulated))
	}
	c.Flush()
}

func coordinate(x float64) string { return strconv.FormatFloat(degrees(x), 'f', 5, 64) }

// containersGeoJSON answers with the same as GeoJSON.
func (r *residents) containersGeoJSON(w http.ResponseWriter, q *http.Request) {
	st, err := r.now(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	var features []*geojson.Feature
	for _, i := range st.filtered(filterOf(q.URL.Query())) {
		k, f := st.containers[i], st.fills[i]
		properties := geojson.Properties{
			"id": k.ID, "stream": k.Stream, "place": k.Place, "address": k.Address, "district": k.District, "volume_l": k.VolumeLitres,
			"sensor": k.Sensor != "", "fill": nil, "simulated": r.d.City.Simulated,
		}
		if f.known {
			properties["fill"], properties["fill_from"], properties["fill_at"] = math.Round(f.value*100)/100, f.from, f.at.UTC().Format(time.RFC3339)
		}
		features = append(features, pointFeature(k.Point, properties))
	}
	w.Header().Set("Content-Disposition", `attachment; filename="containers.geojson"`)
	r.writeGeoJSON(w, q, features, 5)
}
