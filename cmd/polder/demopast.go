package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/calendar"
	"polder.city/simulate"
	"polder.city/web"
)

// historyStart is the midnight at which the demo's history begins.
func (d *demo) historyStart() time.Time {
	return calendar.AddDays(calendar.Midnight(d.start, d.city.Location), -d.cmd.Days)
}

// firstPlanned is the midnight of the first day that Polder's own plan empties: yesterday.
func (d *demo) firstPlanned() time.Time {
	day := calendar.AddDays(calendar.Midnight(d.start, d.city.Location), -1)
	for !d.city.WorkingDay(day) {
		day = calendar.AddDays(day, -1)
	}
	return day
}

// past lives through the year up to the clock's start. Until the day before
// yesterday containers were emptied by need; then the city's own plans take over, made at
// the time of day at which they would have been made.
func (d *demo) past(ctx context.Context) (*simulate.World, error) {
	days := d.cmd.Days
	d.progress(web.Building{Phase: "waste", Days: days})
	world, err := simulate.New(d.worldConfig())
	if err != nil {
		return nil, err
	}
	yesterday, before := d.firstPlanned(), d.firstPlanMade()
	history, err := world.Record(ctx, before, func(done, total int) {
		d.building.Store(&web.Building{Phase: "waste", Day: done * days / max(total, 1), Days: days})
	})
	if err != nil {
		return nil, err
	}
	d.progress(web.Building{Phase: "history", Days: days})
	recent := calendar.AddDays(yesterday, -recentDays)
	d.history = history
	if err := d.importHistory(ctx, recent, before, "recent", func(day int) {
		d.building.Store(&web.Building{Phase: "history", Day: day, Days: days})
	}); err != nil {
		return nil, err
	}
	d.progress(web.Building{Phase: "plan", Day: recentDays, Days: days})
	return world, d.recentPlans(ctx, newCrew(d, world), yesterday)
}

// firstPlanMade is 16.00 hours on the working day before: when that first plan was decided.
func (d *demo) firstPlanMade() time.Time {
	day := calendar.AddDays(d.firstPlanned(), -1)
	for !d.city.WorkingDay(day) {
		day = calendar.AddDays(day, -1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 16, 0, 0, 0, day.Location())
}

// recentPlans decides yesterday's and today's plan, drives them, and leaves the traces of a
// city that works: an overruled advice, a replaced plan, a refused algorithm. All of
// it goes through the same doors as in a real city, at the hour at which it would have.
func (d *demo) recentPlans(ctx context.Context, crew *crew, yesterday time.Time) error {
	today := calendar.Midnight(d.start, d.city.Location)
	at := func(day time.Time, hour, minute int) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, day.Location())
	}
	type step struct {
		at time.Time
		do func(context.Context) error
	}
	service := d.app.collection
	steps := []step{
		{d.firstPlanMade(), func(ctx context.Context) error { return d.overruled(ctx, yesterday) }},
		{at(yesterday, 11, 20), d.refused},
		{at(yesterday, 16, 0), func(ctx context.Context) error {
			result, err := service.Decide(ctx, collection.Request{Day: today, Cause: collection.CauseAfternoon})
			return d.signed(ctx, result, err)
		}},
		{at(yesterday, 18, 0), func(ctx context.Context) error { return service.Evaluate(ctx, yesterday) }},
		{at(today, 5, 40), func(ctx context.Context) error { // a truck does not start: the reserve takes its place
			result, err := service.Breakdown(ctx, today, d.trucks()[:1])
			return d.signed(ctx, result, err)
		}},
		{d.start, func(ctx context.Context) error {
			_, err := service.Preview(ctx, collection.Request{Day: service.NextWorkday(today)})
			return err
		}},
	}
	for _, s := range steps {
		d.clock.Forward(s.at) // before what was observed until then is stored: nothing is observed ahead of time
		if err := crew.drive(ctx, s.at, d.load); err != nil {
			return err
		}
		if err := s.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// workshop makes the planner some work on the first afternoon: at 16.25 it turns out that tomorrow one truck
// fewer drives than the plan needs, and one more as long as the algorithm may decide on the rest by itself.
func (d *demo) workshop(ctx context.Context) error {
	today := calendar.Midnight(d.start, d.city.Location)
	at := time.Date(today.Year(), today.Month(), today.Day(), 16, 25, 0, 0, today.Location())
	if d.clock.Now().After(at) {
		return nil
	}
	if err := d.clock.Wait(ctx, at); err != nil {
		return err
	}
	next := d.app.collection.NextWorkday(today)
	plan, err := d.app.collection.PlanOf(ctx, next.Format(collection.DayLayout))
	for err == nil && (plan == nil || plan.State != collection.Decided) { // a busy machine decides later than at 16.00
		if !d.clock.Now().Before(next) {
			return nil
		}
		if err := d.clock.Wait(ctx, d.clock.Now().Add(time.Minute)); err != nil {
			return err
		}
		plan, err = d.app.collection.PlanOf(ctx, next.Format(collection.DayLayout))
	}
	if err != nil {
		return err
	}
	for drive := len(plan.Routes) - 1; drive >= 1; drive-- {
		result, err := d.app.collection.Breakdown(ctx, next, append(d.trucks()[min(drive, len(d.trucks())):], d.reserve()...))
		if err != nil || result.Ruling.Verdict == decision.Advised {
			return err
		}
	}
	return nil
}

// reserve returns the trucks that stand by, by id.
func (d *demo) reserve() []string {
	var ids []string
	for _, t := range d.city.Fleet.Trucks {
		if t.Reserve {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// trucks returns the crane trucks that are used every day, by id.
func (d *demo) trucks() []string {
	var ids []string
	for _, t := range d.city.Fleet.Trucks {
		if t.Kind == "crane" && !t.Reserve {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// signed lets the planner follow an advice at once, so that no day of the demo's past is
// left without trucks; what the algorithm decided alone stays as it is.
func (d *demo) signed(ctx context.Context, result *collection.Result, err error) error {
	if err != nil || result.Ruling.Verdict != decision.Advised {
		return err
	}
	_, err = d.app.collection.Sign(ctx, result.Ruling.Advice, decision.Signature{
		Account: "demo", Role: string(account.Planner), OpenedAt: d.clock.Now().Add(-2 * time.Minute),
	})
	return err
}

// overruled plans a day on which a truck and the reserve are in the workshop: too much
// overtime to decide alone. The planner chooses otherwise than was advised.
func (d *demo) overruled(ctx context.Context, day time.Time) error {
	result, err := d.app.collection.Breakdown(ctx, day, append(d.trucks()[:1:1], d.reserve()...))
	if err != nil || result.Ruling.Verdict != decision.Advised || len(result.Alternatives) == 0 {
		return d.signed(ctx, result, err) // on other streets there may be nothing to choose; somebody has to drive all the same
	}
	_, err = d.app.collection.Sign(ctx, result.Ruling.Advice, decision.Signature{
		Account: "demo", Role: string(account.Planner), Choice: collection.ChoiceLessOvertime, OpenedAt: d.clock.Now().Add(-4 * time.Minute),
		Motive: "De ploeg werkte gisteren al langer door. Deze containers kunnen een dag wachten.",
	})
	return err
}

// refused lets an algorithm that the register does not know try to decide.
func (d *demo) refused(ctx context.Context) error {
	sum := sha256.Sum256([]byte("demo"))
	_, err := d.app.gate.Submit(ctx, decision.Proposal{
		Kind: "container.access", Subject: "proef-1", Algorithm: "pasweigeraar", Version: "0.1.0",
		Inputs:  []decision.Input{{Name: "demo", SHA256: hex.EncodeToString(sum[:]), Count: 1, AsOf: d.clock.Now()}},
		Outcome: json.RawMessage(`{}`), Reasons: []decision.Reason{{Code: "trial"}}, LegalBasis: []string{"-"}, Remedies: []string{"mens"},
		Simulated: true, Origin: d.city.Origin,
	}, nil)
	return err
}
