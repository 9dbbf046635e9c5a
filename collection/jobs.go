package collection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"polder.city/internal/calendar"
	"polder.city/store"
)

// When the plans of a city are made, by the wall clock of its zone.
const (
	decideHour   = 16 // the plan of the next working day is decided
	repairHour   = 5  // it is looked at again with the night's observations
	evaluateHour = 18 // the day's plan is compared with what was found
	previewEvery = 30 * time.Minute
	previewFrom  = 6 * time.Hour
)

// lateStart is how long after the start of the shift the plan of that day is still made, when it was missed.
const lateStart = 2 * time.Hour

// takeOver is after how long, by the machine's clock, a run that did not end is taken for dead.
const takeOver = 15 * time.Minute

// RunJobs makes the plans as the clock goes, until ctx ends: previews through the
// day, the decision in the afternoon, the repair in the early morning. Any number of
// nodes may run it on one database: each run is claimed by one of them. A run that
// was missed is made up for while it still matters.
func (s *Service) RunJobs(ctx context.Context) error {
	for {
		wake := s.nextWake() // of now: what falls due while a run lasts is done right after it
		if err := s.RunDue(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			s.log.Error("plan run failed", "error", err)
		}
		if err := s.clock.Wait(ctx, wake); err != nil {
			return err
		}
	}
}

// RunDue does what is due now and no node has done yet.
func (s *Service) RunDue(ctx context.Context) error {
	failed := s.CloseEmptied(ctx)
	for _, run := range s.due() {
		failed = errors.Join(failed, s.once(ctx, run))
	}
	return failed
}

// planRun is work that is done once.
type planRun struct {
	kind string
	day  time.Time // the day that is planned
	do   func(ctx context.Context) error
}

// due returns what should have been done by now.
func (s *Service) due() []planRun {
	now := s.clock.Now().In(s.city.Location)
	today := calendar.Midnight(now, s.city.Location)
	next := s.NextWorkday(today)
	var runs []planRun
	shift := s.city.Fleet.Shift
	if s.city.WorkingDay(today) && now.Before(shift.From.On(today).Add(lateStart)) {
		runs = append(runs, planRun{"decide", today, func(ctx context.Context) error { return s.makeUp(ctx, today) }})
	}
	if s.city.WorkingDay(today) && now.Hour() >= repairHour && now.Before(shift.From.On(today)) {
		runs = append(runs, planRun{"repair", today, func(ctx context.Context) error { return s.repair(ctx, today) }})
	}
	if s.city.WorkingDay(today) && now.Hour() >= evaluateHour {
		runs = append(runs, planRun{"evaluate", today, func(ctx context.Context) error { return s.Evaluate(ctx, today) }})
	}
	if s.city.WorkingDay(today) && now.Hour() >= decideHour {
		return append(runs, planRun{"decide", next, func(ctx context.Context) error {
			return s.afternoon(ctx, next)
		}})
	}
	if now.Sub(today) >= previewFrom {
		slot := now.Truncate(previewEvery).Format("02T15.04")
		runs = append(runs, planRun{"preview/" + slot, next, func(ctx context.Context) error {
			if decided, err := s.PlanOf(ctx, next.Format(DayLayout)); err != nil || decided != nil && decided.State == Decided {
				return err
			}
			_, err := s.Preview(ctx, Request{Day: next})
			return err
		}})
	}
	return runs
}

// nextWake is the next moment at which something may be due.
func (s *Service) nextWake() time.Time {
	return s.clock.Now().Truncate(previewEvery).Add(previewEvery)
}

// afternoon decides the plan of the next working day. One that a planner changed stands: it is only looked at again,
// as it will be after the night.
func (s *Service) afternoon(ctx context.Context, day time.Time) error {
	made, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil {
		return err
	}
	if made != nil && made.State == Decided && made.Cause == CauseChange {
		return s.repair(ctx, day)
	}
	_, err = s.Decide(ctx, Request{Day: day, Cause: CauseAfternoon})
	return err
}

// makeUp decides the plan of a day that has begun, when nobody was there to do so on the day before.
func (s *Service) makeUp(ctx context.Context, day time.Time) error {
	made, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil || made != nil && made.State != Preview {
		return err
	}
	s.log.Warn("the day's plan was not decided in time", "day", day.Format(DayLayout))
	_, err = s.Decide(ctx, Request{Day: day, Cause: CauseAfternoon})
	return err
}

// repair replaces the day's plan when, after the night, it leaves a container that is too likely to be full.
func (s *Service) repair(ctx context.Context, day time.Time) error {
	old, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil || old == nil || old.State != Decided {
		return err
	}
	now, _, err := s.computeWithin(ctx, Request{Day: day, Cause: CauseRepair, before: old})
	if err != nil {
		return err
	}
	planned := old.truckOf()
	for i := range now.Outcomes {
		o := &now.Outcomes[i]
		if o.Reasons[0].Code == ReasonForbidden { // a planner wants it left, whatever the night brought
			continue
		}
		if _, ok := planned[o.Container]; !ok && o.ChanceFull > repairChance {
			s.log.Info("the night's observations change the plan", "day", old.Day, "container", o.Container, "chance_ppm", o.ChanceFull)
			_, err := s.Decide(ctx, Request{Day: day, Cause: CauseRepair})
			return err
		}
	}
	return nil
}

// repairChance is the chance of overflow of a container that was left from which a decided plan is made again, ppm.
const repairChance = 200_000

// once does a run if no node has done it or is doing it.
func (s *Service) once(ctx context.Context, run planRun) error {
	day := run.day.Format(DayLayout)
	var mine bool
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		now := time.Now()
		var node string
		err := tx.QueryRowContext(ctx, `
			INSERT INTO plan_run (kind, day, node, started_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (kind, day) DO UPDATE SET node = excluded.node, started_at = excluded.started_at
				WHERE plan_run.done_at IS NULL AND plan_run.started_at < $5
			RETURNING node`, run.kind, day, s.o.Node, now.UnixMicro(), now.Add(-takeOver).UnixMicro()).Scan(&node)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		mine = err == nil
		return err
	})
	if err != nil || !mine {
		return err
	}
	failed := run.do(ctx)
	if _, noWork := errors.AsType[*NoWorkError](failed); noWork {
		failed = nil
	}
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		if failed != nil { // let it be tried again at the next wake
			_, err := tx.ExecContext(context.WithoutCancel(ctx), `DELETE FROM plan_run WHERE kind = $1 AND day = $2 AND node = $3 AND done_at IS NULL`, run.kind, day, s.o.Node)
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE plan_run SET done_at = $3 WHERE kind = $1 AND day = $2`, run.kind, day, time.Now().UnixMicro()); err != nil {
			return err
		}
		// Claims of old previews are of no use to anybody.
		_, err := tx.ExecContext(ctx, `DELETE FROM plan_run WHERE kind LIKE 'preview/%' AND day < $1`, day)
		return err
	})
	if failed != nil {
		failed = fmt.Errorf("%s of %s: %w", run.kind, day, failed)
	}
	return errors.Join(failed, err)
}

// Breakdown plans a day again without some trucks; it is a new decision, or an advice when it goes outside the limits.
func (s *Service) Breakdown(ctx context.Context, day time.Time, trucks []string) (*Result, error) {
	return s.Decide(ctx, Request{Day: day, Cause: CauseBreakdown, Unavailable: trucks})
}
