package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// plansPage lists the days with a plan.
type plansPage struct {
	Coming, Past []planLine
	NextNone     string // why there is no plan of the next working day
}

// planLine is a day's plan in a list.
type planLine struct {
	Day     time.Time
	Path    string
	State   string
	Version int64
	Summary planSummary
}

// planSummary is what a list says of a plan.
type planSummary struct {
	Stops, Trucks, Seconds, Meters, Unserved int64
	FixedTrucks, FixedSeconds                int64
	HasFixed                                 bool
}

// planPath is the page of a version of a plan.
func planPath(plan *collection.Plan) string {
	return "/plannen/" + plan.Day + "/" + strconv.FormatInt(plan.Version, 10)
}

func summaryOf(plan *collection.Plan) planSummary {
	m := plan.Measures
	s := planSummary{
		Stops: m[collection.MeasureStops], Trucks: m[collection.MeasureTrucks], Seconds: m[collection.MeasureSeconds],
		Meters: m[collection.MeasureMeters], Unserved: m[collection.MeasureUnserved],
	}
	if plan.Fixed != nil {
		s.HasFixed, s.FixedTrucks, s.FixedSeconds = true, plan.Fixed.Trucks, plan.Fixed.Seconds
	}
	return s
}

func (r *residents) plans(q *http.Request) (any, error) {
	ctx := q.Context()
	c := r.d.Collection
	today := c.Today()
	next := c.NextWorkday(today)
	list, err := c.Plans(ctx, calendar.AddDays(next, 14).Format(collection.DayLayout), 20)
	if err != nil {
		return nil, err
	}
	page := plansPage{NextNone: r.noPlanYet(r.printer(q), next)}
	for _, plan := range list {
		line, err := r.planLine(ctx, plan)
		if err != nil {
			return nil, err
		}
		if line.Day.Before(today) {
			page.Past = append(page.Past, line)
			continue
		}
		page.Coming = append(page.Coming, line)
		if line.Day.Equal(next) {
			page.NextNone = ""
		}
	}
	slices.Reverse(page.Coming)
	return page, nil
}

func (r *residents) planLine(ctx context.Context, plan *collection.Plan) (planLine, error) {
	day, err := r.d.Collection.ParseDay(plan.Day)
	if err != nil {
		return planLine{}, err
	}
	full, err := r.d.Collection.PlanVersion(ctx, plan.Day, plan.Version)
	if err != nil {
		return planLine{}, err
	}
	return planLine{Day: day, Path: "/plannen/" + plan.Day, State: string(plan.State), Version: plan.Version, Summary: summaryOf(full)}, nil
}

// planOfDay shows the plan that holds for a day, or says why there is none.
func (r *residents) planOfDay(q *http.Request) (any, error) {
	day, err := r.d.Collection.ParseDay(q.PathValue("datum"))
	if err != nil {
		return nil, notFound(q)
	}
	plan, err := r.d.Collection.PlanOf(q.Context(), q.PathValue("datum"))
	if err != nil {
		return nil, err
	}
	if plan == nil {
		return r.dayWithoutPlan(r.printer(q), day), nil
	}
	return r.planPage(q, plan, day)
}

func (r *residents) planVersion(q *http.Request) (any, error) {
	plan, day, err := r.planAsked(q)
	if err != nil {
		return nil, err
	}
	return r.planPage(q, plan, day)
}

// planAsked returns the plan version that a request's path names.
func (r *residents) planAsked(q *http.Request) (*collection.Plan, time.Time, error) {
	c := r.d.Collection
	var day time.Time
	var err error
	switch date := q.PathValue("datum"); date {
	case "vandaag":
		day = c.Today()
	case "volgende":
		day = c.NextWorkday(c.Today())
	default:
		if day, err = c.ParseDay(date); err != nil {
			return nil, day, notFound(q)
		}
	}
	if q.PathValue("versie") == "" { // the one that holds
		plan, err := c.PlanOf(q.Context(), day.Format(collection.DayLayout))
		if err == nil && plan == nil {
			err = problem.New(problem.NotFound, "plan.none", "There is no plan for %s.", day.Format(collection.DayLayout))
		}
		return plan, day, err
	}
	version, err := strconv.ParseInt(q.PathValue("versie"), 10, 64)
	if err != nil {
		return nil, day, notFound(q)
	}
	plan, err := r.d.Collection.PlanVersion(q.Context(), q.PathValue("datum"), version)
	return plan, day, err
}

// dayWithoutPlan says why a day has no plan, and when the next one is.
func (r *residents) dayWithoutPlan(p *message.Printer, day time.Time) *planPage {
	page := &planPage{Day: day, Title: p.T("plan.empty.title", "day", day)}
	next := r.d.Collection.NextWorkday(day)
	switch today := r.d.Collection.Today(); {
	case !r.d.City.WorkingDay(day):
		page.Empty = p.T("plan.empty.free", "day", day, "next", next)
		page.NextPath = "/plannen/" + next.Format(collection.DayLayout)
		page.NextText = p.T("plan.empty.next", "day", next)
	case day.Before(today):
		page.Empty = p.T("plan.empty.past", "day", day)
	default:
		page.Empty = r.noPlanYet(p, day)
	}
	return page
}

// versionLine is a version of a day's plan, as the list of versions shows it.
type versionLine struct {
	Version  int64
	Path     string
	State    string
	Cause    string
	MadeAt   time.Time
	Here     bool
	Replaces int64 // the version that it replaced, 0 for none
	By       int64 // the version that replaced it, 0 for none
	Decision int64
}

func (r *residents) versions(ctx context.Context, plan *collection.Plan) ([]versionLine, error) {
	all, err := r.d.Collection.Versions(ctx, plan.Day)
	if err != nil {
		return nil, err
	}
	byID := map[int64]int64{}
	replacedBy := map[int64]int64{}
	for _, v := range all {
		byID[v.ID] = v.Version
		// An advice that was not followed names what it would have replaced, and replaced nothing.
		if v.Replaces > 0 && (v.State == collection.Decided || v.State == collection.Replaced) {
			replacedBy[v.Replaces] = v.Version
		}
	}
	lines := make([]versionLine, 0, len(all))
	for _, v := range slices.Backward(all) {
		lines = append(lines, versionLine{
			Version: v.Version, Path: planPath(v), State: string(v.State), Cause: v.Cause, MadeAt: v.MadeAt, Here: v.Version == plan.Version,
			Replaces: byID[v.Replaces], By: replacedBy[v.ID], Decision: v.Decision,
		})
	}
	return lines, nil
}

// routeAsked returns the route that a request's path names.
func (r *residents) routeAsked(q *http.Request) (*collection.Plan, *collection.Route, time.Time, error) {
	plan, day, err := r.planAsked(q)
	if err != nil {
		return nil, nil, day, err
	}
	for i := range plan.Routes {
		if plan.Routes[i].Truck == q.PathValue("wagen") {
			return plan, &plan.Routes[i], day, nil
		}
	}
	return nil, nil, day, problem.New(problem.NotFound, "plan.route", "Truck %s does not drive in this plan.", q.PathValue("wagen"))
}
