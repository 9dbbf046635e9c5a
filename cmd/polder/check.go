package main

import (
	"context"
	"errors"
	"fmt"

	"polder.city/internal/problem"
)

type checkCmd struct {
	Date string `help:"The day of the plan." required:"" placeholder:"DATE"`
}

// Run judges the plan in force with a checker that shares no code with the planner.
func (c *checkCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(c.check(ctx, g, a), a.close())
}

func (c *checkCmd) check(ctx context.Context, g *Globals, a *app) error {
	day, err := a.collection.ParseDay(c.Date)
	if err != nil {
		return err
	}
	plan, err := a.collection.PlanOf(ctx, c.Date)
	if err != nil {
		return err
	}
	if plan == nil {
		return problem.New(problem.NotFound, "plan.none", "There is no plan for %s.", day.Format("2 January 2006")).Do("Make it with: polder plan --date %s", c.Date)
	}
	wrong, err := a.collection.Check(ctx, plan)
	if err != nil {
		return err
	}
	for _, w := range wrong {
		fmt.Fprintln(g.out, w)
	}
	if len(wrong) > 0 {
		return problem.New(problem.Internal, "plan.wrong", "The plan for %s breaks %d rules.", c.Date, len(wrong)).Do("Report this: it is a mistake in Polder.")
	}
	fmt.Fprintf(g.out, "The plan for %s, version %d, holds: streets, directions, times, loads, breaks, opening hours, a reason for each container.\n", c.Date, plan.Version)
	return nil
}
