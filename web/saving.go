package web

import (
	"context"
	"encoding/csv"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/chart"
	"polder.city/internal/message"
)

const (
	// savingShown is how many of the last weeks the page draws.
	savingShown = 10
	// overfullWeeks is over how many weeks the page counts overfull containers by district.
	overfullWeeks = 8
)

// savingPage answers: what do the plans bring, and what do they cost?
type savingPage struct {
	Title     string
	Lead      []string
	Figures   []Figure
	Sensors   string
	Chart     *Chart
	Areas     Table
	AreasText string
	Bias      []string
}

// areaCache keeps what was counted by district up to a day: what is past does not change.
type areaCache struct {
	mu    sync.Mutex
	day   time.Time                     // guarded by mu
	areas []collection.DistrictOverfull // guarded by mu
}

func (r *residents) savingPages() {
	r.page("GET /besparing", "saving.html", r.saving)
	r.handle("GET /besparing/dagen.csv", r.savingCSV)
	r.handle("GET /besparing/wijken.csv", r.areasCSV)
}

func (r *residents) saving(q *http.Request) (any, error) {
	v, err := r.d.Collection.Saving(q.Context())
	if err != nil {
		return nil, err
	}
	p := r.printer(q)
	page := &savingPage{Title: p.T("saving.title.early"), Figures: r.savingFigures(p, v), Chart: r.savingChart(p, v)}
	switch {
	case len(v.Days) == 0:
		page.Lead = []string{p.T("saving.lead.none")}
	case len(v.Weeks) < collection.EnoughWeeks:
		page.Lead = []string{p.T("saving.lead.weeks", "weeks", len(v.Weeks), "enough", collection.EnoughWeeks)}
	case v.Seconds.Early:
		page.Lead = []string{p.T("saving.lead.zero", "weeks", len(v.Weeks))}
	case v.Seconds.Mean > 0:
		page.Title = p.T("saving.title.saves", "hours", v.Seconds.Mean/3600)
		page.Lead = []string{p.T("saving.lead.sure", "low", v.Seconds.Low/3600, "high", v.Seconds.High/3600, "weeks", len(v.Weeks))}
	default:
		page.Title = p.T("saving.title.costs", "hours", -v.Seconds.Mean/3600)
		page.Lead = []string{p.T("saving.lead.sure", "low", -v.Seconds.High/3600, "high", -v.Seconds.Low/3600, "weeks", len(v.Weeks))}
	}
	switch {
	case v.SensorCents == 0:
		page.Sensors = p.T("saving.sensors.unknown", "n", v.Sensors)
	case v.Cents.Early:
		page.Sensors = p.T("saving.sensors.early", "n", v.Sensors, "cents", int64(v.SensorCents), "year", r.d.City.Fleet.Costs.SensorYearCents)
	default:
		page.Sensors = p.T("saving.sensors.beside", "n", v.Sensors, "cents", int64(v.SensorCents), "year", r.d.City.Fleet.Costs.SensorYearCents,
			"saved", int64(v.Cents.Mean), "left", int64(v.Cents.Mean-v.SensorCents))
	}
	areas, from, to, err := r.overfullAreas(q.Context())
	if err != nil {
		return nil, err
	}
	page.Areas, page.AreasText = r.areaTable(p, areas), p.T("saving.area.text", "least", collection.LeastContainers, "from", from, "to", to)
	page.Bias = []string{
		p.T("saving.bias.computed"), p.T("saving.bias.search"), p.T("saving.bias.unserved", "n", v.Unserved), p.T("saving.bias.state"), p.T("saving.bias.price", "source", r.d.City.Fleet.Costs.Source),
	}
	return page, nil
}

// savingFigures are hours, money, kilometres and CO2 per working day, each with its interval.
func (r *residents) savingFigures(p *message.Printer, v *collection.Saving) []Figure {
	costs := r.d.City.Fleet.Costs
	figure := func(key string, e collection.Estimate, print func(x float64) string) Figure {
		f := Figure{
			Value: p.T("saving.early"), Label: p.T("saving." + key + ".label"), Simulated: r.d.City.Simulated,
			About: About{
				What: p.T("saving." + key + ".what"), Formula: p.T("saving." + key + ".formula"), Source: p.T("saving.source", "n", len(v.Days)),
				SourcePath: "/plannen", Download: "/besparing/dagen.csv",
			},
		}
		if len(v.Days) > 0 {
			f.About.Period = p.T("saving.period", "from", r.parsedDay(v.From), "to", r.parsedDay(v.To), "weeks", len(v.Weeks))
		}
		if !e.Early {
			f.Value = print(e.Mean)
			f.Compared = p.T("saving.interval", "low", print(e.Low), "high", print(e.High), "share", e.Share)
			f.State = "good"
			if e.Mean < 0 {
				f.State = "attention"
			}
		} else if len(v.Weeks) >= collection.EnoughWeeks {
			f.Compared = p.T("saving.zero", "low", print(e.Low), "high", print(e.High))
		}
		return f
	}
	hours := figure("hours", v.Seconds, func(x float64) string { return p.T("saving.hours.value", "hours", x/3600) })
	euro := figure("euro", v.Cents, func(x float64) string { return format(p, "euro0", int64(math.Round(x))) })
	if !v.Cents.Early {
		euro.Compared += " " + p.T("saving.euro.prices", "low", int64(v.LowCents), "high", int64(v.HighCents), "cheap", costs.LowHourCents, "dear", costs.HighHourCents)
	}
	km := figure("km", v.Meters, func(x float64) string { return p.T("saving.km.value", "km", x/1000) })
	figures := []Figure{hours, euro, km}
	if costs.CO2GramsPerKm > 0 {
		co2 := figure("co2", v.Grams, func(x float64) string { return p.T("saving.co2.value", "kg", x/1000) })
		co2.About.Formula = p.T("saving.co2.formula_of", "grams", costs.CO2GramsPerKm)
		figures = append(figures, co2)
	}
	return figures
}

func (r *residents) parsedDay(text string) time.Time {
	day, err := r.d.Collection.ParseDay(text)
	if err != nil {
		return r.opts.Clock.Now()
	}
	return day
}

// savingChart draws the hours of the last weeks beside those of the fixed schedule; nil without a day.
func (r *residents) savingChart(p *message.Printer, v *collection.Saving) *Chart {
	if len(v.Days) == 0 {
		return nil
	}
	t := Table{
		Caption: p.T("saving.chart.title"), Hidden: true, Numeric: []bool{false, true, true, true, true, true},
		Head: []string{p.T("saving.chart.week"), p.T("saving.chart.days"), p.T("saving.chart.plan"), p.T("saving.chart.fixed"), p.T("saving.chart.km_plan"), p.T("saving.chart.km_fixed")},
	}
	bars := chart.Bars{
		Head:   chart.Head{ID: "weeks", Title: p.T("saving.chart.title"), Desc: p.T("saving.chart.desc")},
		Format: "dec1", ValueText: p.T("saving.chart.plan"), CompareText: p.T("saving.chart.fixed"),
	}
	for _, week := range v.Weeks[max(0, len(v.Weeks)-savingShown):] {
		var plan, schedule collection.Effort
		for _, d := range week {
			plan.Seconds, plan.Meters = plan.Seconds+d.Plan.Seconds, plan.Meters+d.Plan.Meters
			schedule.Seconds, schedule.Meters = schedule.Seconds+d.Schedule.Seconds, schedule.Meters+d.Schedule.Meters
		}
		name := p.T("saving.chart.from", "day", r.parsedDay(week[0].Day))
		hours := func(e collection.Effort) float64 { return float64(e.Seconds) / 3600 }
		bars.Items = append(bars.Items, chart.Bar{Label: name, Value: hours(plan), Compare: hours(schedule)})
		t.Rows = append(t.Rows, []any{
			name, strconv.Itoa(len(week)), format(p, "dec1", hours(plan)), format(p, "dec1", hours(schedule)), format(p, "km", plan.Meters), format(p, "km", schedule.Meters),
		})
	}
	return &Chart{Title: bars.Title, SVG: bars.SVG(p), Table: t}
}

// overfullAreas counts by district over the last weeks, once a day.
func (r *residents) overfullAreas(ctx context.Context) (areas []collection.DistrictOverfull, from, to time.Time, err error) {
	today := r.d.Collection.Today()
	from, to = calendar.AddDays(today, -7*overfullWeeks), calendar.AddDays(today, -1)
	r.overfull.mu.Lock()
	defer r.overfull.mu.Unlock()
	if !r.overfull.day.Equal(today) {
		// Who waits for the lock is served by this count: it must not end with the first one's patience.
		found, err := r.d.Collection.OverfullByDistrict(context.WithoutCancel(ctx), from, today)
		if err != nil {
			return nil, from, to, err
		}
		r.overfull.areas, r.overfull.day = found, today
	}
	return r.overfull.areas, from, to, nil
}

func (r *residents) areaTable(p *message.Printer, areas []collection.DistrictOverfull) Table {
	t := Table{
		Caption: p.T("saving.area.title"), Hidden: true, Numeric: []bool{false, true, true, true, true},
		Head: []string{p.T("saving.area.district"), p.T("saving.area.containers"), p.T("saving.area.measured"), p.T("saving.area.over"), p.T("saving.area.per")},
	}
	for _, a := range areas {
		t.Rows = append(t.Rows, []any{
			Cell{Text: r.districtName(a.District), Path: "/wijken/" + a.District},
			format(p, "int", a.Containers), format(p, "int", a.Measured),
			format(p, "dec1", float64(a.Over)/1000), format(p, "dec1", a.PerThousand()),
		})
	}
	return t
}

// savingCSV answers with each day's plan beside the fixed schedule, as RFC 4180.
func (r *residents) savingCSV(w http.ResponseWriter, q *http.Request) {
	v, err := r.d.Collection.Saving(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	rows := [][]string{{
		"day", "version", "plan_trucks", "plan_stops", "plan_seconds", "plan_meters", "plan_unserved",
		"schedule_trucks", "schedule_stops", "schedule_seconds", "schedule_meters", "schedule_unserved",
	}}
	for _, d := range v.Days {
		row := []string{d.Day, strconv.FormatInt(d.Version, 10)}
		for _, e := range []collection.Effort{d.Plan, d.Schedule} {
			for _, n := range []int64{e.Trucks, e.Stops, e.Seconds, e.Meters, e.Unserved} {
				row = append(row, strconv.FormatInt(n, 10))
			}
		}
		rows = append(rows, row)
	}
	writeTable(w, "besparing-dagen.csv", rows)
}

// areasCSV answers with the overfull container-days by district.
func (r *residents) areasCSV(w http.ResponseWriter, q *http.Request) {
	areas, from, to, err := r.overfullAreas(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	rows := [][]string{{"district", "name", "from", "to", "containers", "container_days_measured", "container_days_overfull_thousandths"}}
	for _, a := range areas {
		rows = append(rows, []string{
			a.District, r.districtName(a.District), from.Format(collection.DayLayout), to.Format(collection.DayLayout),
			strconv.FormatInt(a.Containers, 10), strconv.FormatInt(a.Measured, 10), strconv.FormatInt(a.Over, 10),
		})
	}
	writeTable(w, "besparing-wijken.csv", rows)
}

// writeTable answers with a CSV file to keep.
func writeTable(w http.ResponseWriter, name string, rows [][]string) {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Access-Control-Allow-Origin", "*")
	_ = csv.NewWriter(w).WriteAll(rows) // the client has gone: nobody is left to tell
}
