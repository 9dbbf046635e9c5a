package collection

import (
	"context"
	"fmt"
	"time"

	"polder.city/forecast"
	"polder.city/internal/calendar"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// Measures of how a plan turned out, as the register shows them.
const (
	MeasureDone      = "stops_done"         // planned containers that were emptied on the day
	MeasureMissed    = "stops_missed"       // planned containers that were not
	MeasureFillError = "fill_error_ppm"     // mean absolute difference between the fill expected and the fill found
	MeasureFillBias  = "fill_bias_ppm"      // mean of found less expected
	MeasureFoundFill = "found_fill_ppm"     // mean fill found
	MeasureOverfull  = "found_overfull_ppm" // share of the emptied containers that were over full
)

// Evaluate compares a day's plan with what the crews found, and hands the outcome to the
// register: all together, and per stream. It may run again when more came in.
func (s *Service) Evaluate(ctx context.Context, day time.Time) error {
	plan, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil || plan == nil || plan.State != Decided {
		return err
	}
	outcomes, err := s.Outcomes(ctx, plan.ID)
	if err != nil {
		return err
	}
	containers, err := s.Containers(ctx)
	if err != nil {
		return err
	}
	streamOf := make(map[string]string, len(containers))
	for _, c := range containers {
		streamOf[c.ID] = c.Stream
	}
	found := map[string]float64{}
	err = s.sensing.RangeMany(ctx, ContainerKind, EmptyingKind, day, calendar.AddDays(day, 1), func(d sensing.Stream, _ time.Time, value float64) error {
		found[d.ThingKey] = value
		return nil
	})
	if err != nil {
		return fmt.Errorf("evaluate %s: %w", plan.Day, err)
	}
	unseen, err := s.unseenFills(ctx, plan.Day)
	if err != nil {
		return err
	}
	groups := map[string]*turnout{"": {}}
	for i := range outcomes {
		o := &outcomes[i]
		if !o.Planned {
			continue
		}
		stream := streamOf[o.Container]
		if groups[stream] == nil {
			groups[stream] = &turnout{}
		}
		fill, done := found[o.Container]
		for _, t := range []*turnout{groups[""], groups[stream]} {
			t.add(o.FillThen, ppm(fill), done, !unseen[o.Container])
		}
	}
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		for group, t := range groups {
			if err := s.gate.RecordPerformance(ctx, tx, PlannerID, day, group, t.measures()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Backtest forecasts the last days again, each from what was known then, and scores that
// against what the sensors showed after, beside naive forecasts.
func (s *Service) Backtest(ctx context.Context, days int) (*forecast.Report, error) {
	if days < 1 || days > historyDays-14 {
		return nil, problem.New(problem.Invalid, "backtest.days", "%d days cannot be tested.", days).At("--days").Do("Give a number from 1 to %d.", historyDays-14)
	}
	containers, err := s.Containers(ctx)
	if err != nil {
		return nil, err
	}
	now := s.clock.Now()
	h, err := s.history(ctx, containers, now)
	if err != nil {
		return nil, err
	}
	if h.observations == 0 {
		return nil, problem.New(problem.NotFound, "backtest.none", "There are no observations to test on.").Do("Import them first: polder observations import fills.csv.")
	}
	return forecast.Backtest(ctx, h.series, forecast.BacktestOptions{
		Options: forecast.Options{Location: s.city.Location, Holiday: s.city.Holiday}, From: now.AddDate(0, 0, -days), To: now, Every: 24 * hour, Horizons: []int{1, 2, 3},
	})
}

// unseenFills returns the containers that crews emptied on a day without anybody or anything having seen how full they
// were: an expectation must not be the proof of itself.
func (s *Service) unseenFills(ctx context.Context, day string) (map[string]bool, error) {
	actions, err := s.CrewActions(ctx, day)
	if err != nil {
		return nil, err
	}
	unseen := map[string]bool{}
	for _, a := range actions {
		if a.Kind == CrewEmptied && a.UndoneAt.IsZero() {
			unseen[a.Container] = a.FillFrom == FillFromPlan || a.FillFrom == FillFromNone
		}
	}
	return unseen, nil
}

// turnout sums how a group of stops turned out. Fills are parts per million.
type turnout struct {
	done, missed, overfull      int64
	seen                        int64 // of done, those whose fill somebody or something saw
	found, difference, absolute int64
}

func (t *turnout) add(expected, found int64, done, seen bool) {
	if !done {
		t.missed++
		return
	}
	t.done++
	if !seen {
		return
	}
	t.seen++
	t.found += found
	t.difference += found - expected
	t.absolute += max(found-expected, expected-found)
	if found > 1_000_000 {
		t.overfull++
	}
}

func (t *turnout) measures() map[string]int64 {
	n := max(t.seen, 1)
	return map[string]int64{
		MeasureDone: t.done, MeasureMissed: t.missed, MeasureFoundFill: t.found / n, MeasureFillError: t.absolute / n,
		MeasureFillBias: t.difference / n, MeasureOverfull: t.overfull * 1_000_000 / n,
	}
}
