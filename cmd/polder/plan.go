package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/register"
)

type noWorkError = collection.NoWorkError

type planCmd struct {
	Date    string   `help:"The day, as 2026-11-24; the next working day when not given." placeholder:"DATE"`
	Without []string `help:"Trucks that cannot be used." placeholder:"ID,..."`
	Out     string   `help:"Where to write the decision, with its proof." default:"decision.json" type:"path"`
	GeoJSON string   `help:"Where to write the routes on the map." name:"geojson" placeholder:"FILE" type:"path"`
	WhatIf  []string `help:"Print what the plan would be, beside the plan as things are, and decide nothing: truck, facility, stream, day, holidays, overflow, hour." placeholder:"WHAT=VALUE,..."`
	Rounds  int      `help:"How long to search, in iterations." default:"0" hidden:""`
}

// Help shows an example.
func (planCmd) Help() string {
	return "For instance:\n  polder plan --date 2026-11-24\n  polder plan --date 2026-11-24 --without K2\n  polder plan --what-if truck=K2,day=fri,hour=150\n\nPlanning the same date again replaces its plan."
}

// Run makes the plan and hands it to the gate.
func (c *planCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{rounds: c.Rounds})
	if err != nil {
		return err
	}
	return errors.Join(c.plan(ctx, g, a), a.close())
}

func (c *planCmd) plan(ctx context.Context, g *Globals, a *app) error {
	day := a.collection.NextWorkday(a.collection.Today())
	if c.Date != "" {
		var err error
		if day, err = a.collection.ParseDay(c.Date); err != nil {
			return err
		}
	}
	if len(c.WhatIf) > 0 {
		return c.whatIf(ctx, g, a, day)
	}
	for _, id := range c.Without {
		if !slices.ContainsFunc(a.city.Fleet.Trucks, func(t city.Truck) bool { return t.ID == id }) {
			return problem.New(problem.Invalid, "plan.truck", "The city has no truck %q.", id).At("--without").Do("Look in fleet.yaml.")
		}
	}
	cause := collection.CauseAfternoon
	if before, err := a.collection.PlanOf(ctx, day.Format(collection.DayLayout)); err != nil {
		return err
	} else if before != nil && before.State == collection.Decided {
		cause = collection.CauseAgain
	}
	if len(c.Without) > 0 {
		cause = collection.CauseBreakdown
	}
	result, err := a.collection.Decide(ctx, collection.Request{Day: day, Cause: cause, Unavailable: c.Without})
	if err != nil {
		return err
	}
	if result.Ruling.Verdict == decision.Refused {
		return refused(result.Ruling.Code)
	}
	printPlan(g, result)
	if result.Ruling.Verdict != decision.Decided {
		return nil
	}
	if err := a.awaitPublished(ctx, result.Ruling.Number); err != nil {
		return err
	}
	bundle, err := a.gate.Bundle(ctx, result.Ruling.Number, "")
	if err != nil {
		return err
	}
	if err := writeOutput(c.Out, bundle); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "Decision %d stands in the log. Check it with: polder verify %s\n", result.Ruling.Number, c.Out)
	if c.GeoJSON == "" {
		return nil
	}
	routes, err := json.Marshal(result.Plan.GeoJSON())
	if err != nil {
		return err
	}
	return writeOutput(c.GeoJSON, routes)
}

// awaitPublished waits until the decision's leaf stands under a signed checkpoint.
func (a *app) awaitPublished(ctx context.Context, number int64) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := a.gate.AwaitPublished(ctx, number); err != nil {
		return problem.New(problem.Unavailable, "log.late", "Decision %d is stored, but the log has not been signed yet.", number).
			Do("Run 'polder serve' where the log's key is; the decision is published then.").Cause(err)
	}
	return nil
}

// printPlan tells the planner what was planned.
func printPlan(g *Globals, result *collection.Result) {
	p, m := result.Plan, result.Plan.Measures
	fmt.Fprintf(g.out, "Plan for %s, version %d: %d of %d containers with %d trucks, %s and %.1f km.\n",
		p.Day, p.Version, m[collection.MeasureStops], m[collection.MeasureContainers], m[collection.MeasureTrucks],
		hours(m[collection.MeasureSeconds]), float64(m[collection.MeasureMeters])/1000)
	for _, r := range p.Routes {
		stops, trips := 0, 0
		for _, v := range r.Visits {
			switch v.Kind {
			case collection.VisitEmpty:
				stops++
			case collection.VisitUnload:
				trips++
			}
		}
		fmt.Fprintf(g.out, "  %-6s %s to %s, %3d containers, %d trips, %.1f km\n", r.Truck,
			clockTime(r.Visits[0].Leave), clockTime(r.Visits[len(r.Visits)-1].Arrive), stops, trips, float64(r.Meters)/1000)
	}
	if f := p.Fixed; f != nil {
		fmt.Fprintf(g.out, "The fixed schedule: %d containers with %d trucks, %s and %.1f km.\n", f.Stops, f.Trucks, hours(f.Seconds), float64(f.Meters)/1000)
	}
	if n := m[collection.MeasureUnserved]; n > 0 {
		fmt.Fprintf(g.out, "%d containers should be emptied and do not fit:\n", n)
		for _, o := range p.Outcomes {
			if len(o.Reasons) > 0 && o.Reasons[0].Code == collection.ReasonCapacity {
				fmt.Fprintf(g.out, "  %s: chance of being full %d %%\n", o.Container, o.ChanceFull/10_000)
			}
		}
	}
	if result.Ruling.Verdict == decision.Advised {
		fmt.Fprintf(g.out, "Outside the limits of the mandate, so it is an advice; a planner decides at /werk:\n")
		for _, e := range result.Ruling.Exceeded {
			fmt.Fprintf(g.out, "  %s is %d, the limit is %d\n", e.Measure, e.Value, e.Limit)
		}
	}
}

// refused says why the gate let no plan through.
func refused(code string) error {
	why, do := "the register does not allow it", "Look at the algorithm's entry in the register."
	switch code {
	case register.NoEntry:
		why = "the register has no published entry of the algorithm"
	case register.OtherVersion:
		why, do = "another version of the algorithm is published", "Publish an entry for this version, or run that version."
	case register.NotInUse:
		why = "the register says that the algorithm is not in use"
	case register.IsStopped:
		why, do = "an official stopped the algorithm", "Look in the register why; 'polder algorithm resume' lets it go on."
	}
	return problem.New(problem.Forbidden, code, "The gate refused the plan: %s. The refusal is kept and shown at /besluiten.", why).Do("%s", do)
}

func hours(seconds int64) string { return fmt.Sprintf("%.1f hours", float64(seconds)/3600) }

func clockTime(seconds int64) string {
	return time.Unix(seconds, 0).UTC().Format("15:04")
}
