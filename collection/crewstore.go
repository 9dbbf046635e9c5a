package collection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// RecordCrew stores what a crew did, and returns it as it is stored. An action whose key is there already
// is not stored again: repeated is then true. An emptying, a failed stop and a full
// container that was seen become observations in the same transaction.
func (s *Service) RecordCrew(ctx context.Context, a CrewAction) (stored CrewAction, repeated bool, err error) {
	now := s.clock.Now()
	if err := s.checkCrew(&a, now); err != nil {
		return a, false, err
	}
	a.ReceivedAt = now.Truncate(time.Microsecond).UTC()
	if a.Kind.aboutContainer() {
		c, err := s.Container(ctx, a.Container)
		if problem.KindOf(err) == problem.NotFound { // typed on a phone, in small letters
			c, err = s.Container(ctx, strings.ToUpper(a.Container))
		}
		if problem.KindOf(err) == problem.NotFound {
			return a, false, problem.New(problem.Invalid, "crew.container", "There is no container %q.", a.Container).At("container").
				Do("Look at the number on the container.")
		}
		if err != nil {
			return a, false, err
		}
		a.Container = c.ID
		if a.Kind == CrewEmptied {
			if a.Fill, a.FillFrom, err = s.foundFill(ctx, &a, c); err != nil {
				return a, false, err
			}
		}
	} else {
		a.Container = ""
	}
	publish := func() {}
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		repeated = false
		// Two trucks on one stop must see each other, whichever comes first.
		if err := store.Lock(ctx, tx, "crew/"+a.Day); err != nil {
			return err
		}
		err := tx.QueryRowContext(ctx, `
			INSERT INTO crew_action (key, day, truck, kind, container, reason, kg, fill, fill_from, beside, other_truck, of_key, version, done_at, received_at, observation)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13, $14, 0) ON CONFLICT (key) DO NOTHING RETURNING id`,
			a.Key, a.Day, a.Truck, string(a.Kind), a.Container, string(a.Reason), a.Kg, a.Fill, string(a.FillFrom), string(a.Beside), a.Of, a.Version,
			a.At.UnixMicro(), a.ReceivedAt.UnixMicro()).Scan(&a.ID)
		if errors.Is(err, sql.ErrNoRows) {
			repeated = true
			stored, err = s.crewAction(ctx, tx, a.Key)
			if err == nil && (stored.Truck != a.Truck || stored.Kind != a.Kind || stored.Container != a.Container || stored.Of != a.Of) {
				err = problem.New(problem.Conflict, "crew.repeated", "Another action has this key already.").At("key").Do("Give each action a key of its own.")
			}
			return err
		}
		if err != nil {
			return fmt.Errorf("crew action: %w", err)
		}
		if err := s.crewEffects(ctx, tx, &a, &publish); err != nil {
			return err
		}
		stored = a
		_, err = tx.ExecContext(ctx, `UPDATE crew_action SET other_truck = $2, observation = $3 WHERE id = $1`, a.ID, a.OtherTruck, a.observation)
		return err
	})
	if err != nil {
		return a, false, err
	}
	if !repeated {
		publish()
	}
	return stored, repeated, nil
}

// crewEffects does what follows from an action: observations, containers that go out of use or come back, what is taken back.
func (s *Service) crewEffects(ctx context.Context, tx *store.Tx, a *CrewAction, publish *func()) error {
	switch a.Kind {
	case CrewEmptied:
		err := tx.QueryRowContext(ctx, `
			SELECT truck FROM crew_action WHERE day = $1 AND container = $2 AND kind = 'emptied' AND truck <> $3 AND undone_at IS NULL ORDER BY id LIMIT 1`,
			a.Day, a.Container, a.Truck).Scan(&a.OtherTruck)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("crew action: %w", err)
		}
		// What another truck had to fetch is fetched. What is broken stays broken.
		if _, err := tx.ExecContext(ctx, `UPDATE container_out SET back_at = $2, back_by = $3 WHERE container = $1 AND back_at IS NULL AND reason IN ('contaminated', 'heavy')`,
			a.Container, a.At.UnixMicro(), a.Key); err != nil {
			return fmt.Errorf("crew action: %w", err)
		}
		return s.crewObserves(ctx, tx, a, EmptyingKind, fractionOf(a.Fill), publish)
	case CrewFailed:
		if effect := a.Reason.Effect(); effect == Out || effect == Other {
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO container_out (container, reason, action, out_at, back_by) VALUES ($1, $2, $3, $4, '') ON CONFLICT DO NOTHING`,
				a.Container, string(a.Reason), a.Key, a.At.UnixMicro()); err != nil {
				return fmt.Errorf("container out of use: %w", err)
			}
		}
		if !a.Reason.ofContainer() {
			return nil
		}
		return s.crewObserves(ctx, tx, a, BlockedKind, 1, publish)
	case CrewSeen:
		return s.crewObserves(ctx, tx, a, ReportKind, 1, publish)
	case CrewConfirmed:
		if _, err := tx.ExecContext(ctx, `UPDATE crew_truck SET version = $3 WHERE day = $1 AND truck = $2 AND version < $3`, a.Day, a.Truck, a.Version); err != nil {
			return fmt.Errorf("crew action: %w", err)
		}
	case CrewUndone:
		return s.takeBack(ctx, tx, a)
	case CrewLater, CrewFirst, CrewUnloaded, CrewBreak: // the list of the day follows from them
	}
	return nil
}

// crewObserves stores the observation that an action is.
func (s *Service) crewObserves(ctx context.Context, tx *store.Tx, a *CrewAction, kind string, value float64, publish *func()) error {
	reading := sensing.Reading{DatastreamKey: SeriesKey(a.Container, kind), Time: a.At, Value: value}
	if a.Kind == CrewEmptied {
		basis, err := json.Marshal(map[string]string{"truck": a.Truck, "basis": string(a.FillFrom)})
		if err != nil {
			return err
		}
		reading.Parameters = basis
	}
	results, tell, err := s.sensing.ObserveTx(ctx, tx, []sensing.Reading{reading})
	if err != nil {
		return fmt.Errorf("crew action: %w", err)
	}
	if results[0].Err != nil {
		return results[0].Err
	}
	a.observation, *publish = results[0].ID, tell
	return nil
}

// takeBack undoes an earlier action of the same truck.
func (s *Service) takeBack(ctx context.Context, tx *store.Tx, a *CrewAction) error {
	was, err := s.crewAction(ctx, tx, a.Of)
	if problem.KindOf(err) == problem.NotFound || err == nil && (was.Truck != a.Truck || was.Kind == CrewUndone || was.Kind == CrewConfirmed) {
		return problem.New(problem.Invalid, "crew.of", "This truck did nothing under the key %q that can be taken back.", a.Of).At("of").Do("Load the list again.")
	}
	if err != nil {
		return err
	}
	if !was.UndoneAt.IsZero() {
		return nil
	}
	if a.At.Sub(was.At) > UndoFor {
		return problem.New(problem.Invalid, "crew.undo", "It is over %d minutes ago.", int(UndoFor.Minutes())).At("of").Do("Tell the planner what was wrong.")
	}
	if _, err := tx.ExecContext(ctx, `UPDATE crew_action SET undone_at = $2 WHERE id = $1`, was.ID, a.At.UnixMicro()); err != nil {
		return fmt.Errorf("take back: %w", err)
	}
	switch was.Kind {
	case CrewFailed:
		_, err = tx.ExecContext(ctx, `UPDATE container_out SET back_at = $2 WHERE action = $1 AND back_at IS NULL`, was.Key, a.At.UnixMicro())
	case CrewEmptied: // what this emptying brought back is out again
		_, err = tx.ExecContext(ctx, `
			UPDATE container_out SET back_at = NULL, back_by = '' WHERE back_by = $1
			AND NOT EXISTS (SELECT 1 FROM container_out x WHERE x.container = container_out.container AND x.back_at IS NULL)`, was.Key)
	default:
	}
	if err != nil {
		return fmt.Errorf("take back: %w", err)
	}
	if was.observation != 0 {
		return s.sensing.RemoveTx(ctx, tx, was.observation)
	}
	return nil
}

// foundFill says how full a container was that a crew emptied: by its weight, by what stood beside it, by
// its sensor, else as the plan expected it.
func (s *Service) foundFill(ctx context.Context, a *CrewAction, c Container) (int64, FillFrom, error) {
	if density := s.stream(c.Stream).KgPerM3; a.Kg > 0 && density > 0 {
		fill := float64(a.Kg) / (density * float64(c.VolumeLitres) / 1000)
		if a.Beside == Bags {
			fill = max(fill, 1)
		}
		return ppm(min(fill, MaxFill)), FillFromWeight, nil
	}
	latest, err := s.sensing.Latest(ctx, SeriesKey(c.ID, FillKind))
	if err != nil {
		return 0, "", err
	}
	o, ok := latest[SeriesKey(c.ID, FillKind)]
	fresh := ok && !o.Time.After(a.At) && a.At.Sub(o.Time) < 6*hour
	switch {
	case a.Beside == Bags && fresh:
		return ppm(max(1, o.Value)), FillFromBeside, nil
	case a.Beside == Bags:
		return ppm(1), FillFromBeside, nil
	case fresh:
		return ppm(min(o.Value, MaxFill)), FillFromSensor, nil
	}
	plan, err := s.PlanOf(ctx, a.Day)
	if err != nil {
		return 0, "", err
	}
	if plan != nil {
		outcome, err := s.OutcomeOf(ctx, plan.ID, c.ID)
		if err == nil {
			return min(outcome.FillThen, ppm(MaxFill)), FillFromPlan, nil
		}
		if problem.KindOf(err) != problem.NotFound {
			return 0, "", err
		}
	}
	return ppm(1), FillFromNone, nil
}

func fractionOf(ppm int64) float64 { return float64(ppm) / 1e6 }

const crewColumns = `id, key, day, truck, kind, container, reason, kg, fill, fill_from, beside, other_truck, of_key, version, done_at, received_at, observation, undone_at`

func scanCrew(row interface{ Scan(...any) error }) (a CrewAction, err error) {
	var done, received int64
	var undone sql.NullInt64
	err = row.Scan(&a.ID, &a.Key, &a.Day, &a.Truck, &a.Kind, &a.Container, &a.Reason, &a.Kg, &a.Fill, &a.FillFrom, &a.Beside, &a.OtherTruck, &a.Of, &a.Version,
		&done, &received, &a.observation, &undone)
	a.At, a.ReceivedAt = time.UnixMicro(done).UTC(), time.UnixMicro(received).UTC()
	if undone.Valid {
		a.UndoneAt = time.UnixMicro(undone.Int64).UTC()
	}
	return a, err
}

// crewAction returns the action with a key.
func (s *Service) crewAction(ctx context.Context, tx *store.Tx, key string) (CrewAction, error) {
	a, err := scanCrew(tx.QueryRowContext(ctx, `SELECT `+crewColumns+` FROM crew_action WHERE key = $1`, key))
	if errors.Is(err, sql.ErrNoRows) {
		return a, problem.New(problem.NotFound, "crew.none", "There is no action %q.", key)
	}
	if err != nil {
		return a, fmt.Errorf("crew action: %w", err)
	}
	return a, nil
}

// CrewActions returns what the crews of all trucks did on a day, in the order of their clocks, what was taken back included.
func (s *Service) CrewActions(ctx context.Context, day string) ([]CrewAction, error) {
	return s.crewActions(ctx, `SELECT `+crewColumns+` FROM crew_action WHERE day = $1 ORDER BY done_at, id`, day)
}

// CrewNotices returns what the planner should know of what crews did and nobody has read yet: two trucks on
// one stop, waste beside a container, and stops that wait for another day. The oldest first.
func (s *Service) CrewNotices(ctx context.Context, limit int) ([]CrewAction, error) {
	return s.crewActions(ctx, `
		SELECT `+crewColumns+` FROM crew_action WHERE seen_at IS NULL AND undone_at IS NULL
		AND (other_truck <> '' OR beside <> '' OR kind = 'failed' AND reason = 'no_time') ORDER BY id LIMIT $1`, limit)
}

// ReadCrewNotice marks that an official has read a notice.
func (s *Service) ReadCrewNotice(ctx context.Context, id int64) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE crew_action SET seen_at = $2 WHERE id = $1 AND seen_at IS NULL`, id, s.clock.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("crew notice %d: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return problem.New(problem.Conflict, "crew.read", "Notice %d does not wait any more.", id).Do("Load the list again.")
		}
		return nil
	})
}

func (s *Service) crewActions(ctx context.Context, query string, args ...any) ([]CrewAction, error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("crew actions: %w", err)
	}
	defer rows.Close()
	var all []CrewAction
	for rows.Next() {
		a, err := scanCrew(rows)
		if err != nil {
			return nil, fmt.Errorf("crew actions: %w", err)
		}
		all = append(all, a)
	}
	return all, rows.Err()
}

// CrewTruck is a truck that a crew signed in for on a day.
type CrewTruck struct {
	Truck     string
	StartedAt time.Time
	Version   int64 // of the day's plan, as the crew confirmed it last; 0: there was none
}

// TakeTruck notes that a crew drives a truck today, by the plan that holds now. Another phone of the same crew may take it too.
func (s *Service) TakeTruck(ctx context.Context, truck string) error {
	if !slices.Contains(s.truckIDs(), truck) {
		return problem.New(problem.Invalid, "crew.truck", "There is no truck %q.", truck).At("truck").Do("Choose one of the city's trucks.")
	}
	day := s.Today().Format(DayLayout)
	plan, err := s.decidedPlan(ctx, day)
	if err != nil {
		return err
	}
	var version int64
	if plan != nil {
		version = plan.Version
	}
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO crew_truck (day, truck, started_at, version) VALUES ($1, $2, $3, $4) ON CONFLICT (day, truck) DO NOTHING`,
			day, truck, s.clock.Now().UnixMicro(), version)
		if err != nil {
			return fmt.Errorf("take truck %s: %w", truck, err)
		}
		return nil
	})
}

// CrewTrucks returns the trucks that crews signed in for on a day, by id.
func (s *Service) CrewTrucks(ctx context.Context, day string) ([]CrewTruck, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT truck, started_at, version FROM crew_truck WHERE day = $1 ORDER BY truck`, day)
	if err != nil {
		return nil, fmt.Errorf("trucks with a crew: %w", err)
	}
	defer rows.Close()
	var all []CrewTruck
	for rows.Next() {
		var c CrewTruck
		var started int64
		if err := rows.Scan(&c.Truck, &started, &c.Version); err != nil {
			return nil, fmt.Errorf("trucks with a crew: %w", err)
		}
		c.StartedAt = time.UnixMicro(started).UTC()
		all = append(all, c)
	}
	return all, rows.Err()
}

// decidedPlan returns the plan in force of a day, nil when there is none.
func (s *Service) decidedPlan(ctx context.Context, day string) (*Plan, error) {
	plan, err := s.PlanOf(ctx, day)
	if err != nil || plan == nil || plan.State != Decided {
		return nil, err
	}
	return plan, nil
}
