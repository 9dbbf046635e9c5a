package sensing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"polder.city/bus"
	"polder.city/internal/problem"
	"polder.city/store"
)

// errNoObservation is the problem of an observation that is not there.
func errNoObservation(id int64) error {
	return problem.New(problem.NotFound, "observation.unknown", "There is no observation %d.", id).Do("Check the number.")
}

// Observation returns the observation with an id, as it was changed last.
func (s *Store) Observation(ctx context.Context, id int64) (Observation, error) {
	return observation(ctx, s.db.Read(), id)
}

func observation(ctx context.Context, q queryer, id int64) (Observation, error) {
	if id < 0 {
		return Observation{}, errNoObservation(id)
	}
	series, n := SplitID(id)
	var datastream, next, changes, low, high int64
	err := q.QueryRowContext(ctx, `SELECT s.datastream, s.next, s.changes, coalesce(b.low, s.block_low), coalesce(b.high, s.block_high)
		FROM series s LEFT JOIN observation_block b ON b.series = s.id AND b.block = $2 WHERE s.id = $1`, series, n/blockSize).
		Scan(&datastream, &next, &changes, &low, &high)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && n >= next) {
		return Observation{}, errNoObservation(id)
	}
	if err != nil {
		return Observation{}, fmt.Errorf("observation %d: %w", id, err)
	}
	if changes > 0 {
		var deleted bool
		o, found, err := oneObservation(ctx, q, series, []any{&deleted}, `SELECT deleted, `+observationColumns+` FROM observation_change WHERE series = $1 AND n = $2`, series, n)
		if err != nil {
			return Observation{}, fmt.Errorf("observation %d: %w", id, err)
		}
		if deleted {
			return Observation{}, errNoObservation(id)
		}
		if found {
			o.Datastream = datastream
			return o, nil
		}
	}
	o, found, err := oneObservation(ctx, q, series, nil, `SELECT `+observationColumns+` FROM observation WHERE series = $1 AND time >= $2 AND time <= $3 AND n = $4`, series, low, high, n)
	if err != nil {
		return Observation{}, fmt.Errorf("observation %d: %w", id, err)
	}
	if !found {
		return Observation{}, errNoObservation(id)
	}
	o.Datastream = datastream
	return o, nil
}

func oneObservation(ctx context.Context, q queryer, series int64, first []any, query string, args ...any) (o Observation, found bool, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return o, false, err
	}
	err = each(rows, func() error {
		found = true
		var err error
		o, err = scanObservation(rows, series, first...)
		return err
	})
	return o, found, err
}

// Change lets f change an observation, and stores it under the same id.
// ID and Datastream stay what they are.
func (s *Store) Change(ctx context.Context, id int64, f func(*Observation) error) error {
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := s.LockTx(ctx, tx); err != nil {
			return err
		}
		o, err := observation(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := f(&o); err != nil {
			return err
		}
		r := Reading{
			Datastream: o.Datastream, Time: o.Time, End: o.End, ResultTime: o.ResultTime, ValidFrom: o.ValidFrom, ValidTo: o.ValidTo,
			Value: o.Value, Result: o.Result, Quality: o.Quality, Parameters: o.Parameters, Feature: o.Feature,
		}
		if err := s.checkChange(ctx, tx, &r); err != nil {
			return err
		}
		return overlay(ctx, tx, id, false, &r)
	})
	if err != nil {
		return fmt.Errorf("change observation %d: %w", id, err)
	}
	return nil
}

func (s *Store) checkChange(ctx context.Context, tx *store.Tx, r *Reading) error {
	if p := r.check(micros(s.clock.Now())); p != nil {
		return p
	}
	var low, high *float64
	if err := tx.QueryRowContext(ctx, `SELECT low, high FROM datastream WHERE id = $1`, r.Datastream).Scan(&low, &high); err != nil {
		return err
	}
	if r.Result == nil {
		if p := plausible(r.Value, low, high); p != nil {
			return p
		}
	}
	if r.Feature == 0 {
		return nil
	}
	var feature int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM feature WHERE id = $1`, r.Feature).Scan(&feature)
	if errors.Is(err, sql.ErrNoRows) {
		return problem.New(problem.Invalid, "observation.feature", "There is no feature of interest %d.", r.Feature).At("FeatureOfInterest").Do("Make it first.")
	}
	return err
}

// overlay writes what takes the place of an observation from now on.
func overlay(ctx context.Context, tx *store.Tx, id int64, deleted bool, r *Reading) error {
	series, n := SplitID(id)
	var value any = r.Value
	if r.Result != nil {
		value = nil
	}
	var feature any
	if r.Feature != 0 {
		feature = r.Feature
		if _, err := tx.ExecContext(ctx, `INSERT INTO series_feature (feature, series) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.Feature, series); err != nil {
			return err
		}
	}
	gone, err := tx.ExecContext(ctx, `DELETE FROM observation_change WHERE series = $1 AND n = $2`, series, n)
	if err != nil {
		return err
	}
	before, err := gone.RowsAffected()
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO observation_change (series, deleted, `+observationColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		series, deleted, micros(r.Time), n, value, feature, text(r.Result), moment(r.End), moment(r.ResultTime), moment(r.ValidFrom), moment(r.ValidTo),
		text(r.Quality), text(r.Parameters)); err != nil {
		return err
	}
	less := 0
	if deleted {
		less = 1
	}
	if _, err := tx.ExecContext(ctx, `UPDATE series SET changes = changes + $2, count = count - $3, spans = spans OR $4 WHERE id = $1`,
		series, 1-before, less, !r.End.IsZero() || !r.ResultTime.IsZero()); err != nil {
		return err
	}
	return refresh(ctx, tx, series)
}

// Remove deletes observations. Their ids are not used again.
func (s *Store) Remove(ctx context.Context, ids ...int64) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error { return s.RemoveTx(ctx, tx, ids...) })
}

// RemoveTx deletes observations within a transaction.
func (s *Store) RemoveTx(ctx context.Context, tx *store.Tx, ids ...int64) error {
	if err := s.LockTx(ctx, tx); err != nil {
		return err
	}
	for _, id := range ids {
		o, err := observation(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := overlay(ctx, tx, id, true, &Reading{Time: o.Time}); err != nil {
			return fmt.Errorf("remove observation %d: %w", id, err)
		}
	}
	return nil
}

// RemoveDatastreamTx deletes a datastream with all its observations.
func (s *Store) RemoveDatastreamTx(ctx context.Context, tx *store.Tx, datastream int64) error {
	if err := s.LockTx(ctx, tx); err != nil {
		return err
	}
	for _, query := range []string{
		`DELETE FROM observation WHERE series IN (SELECT id FROM series WHERE datastream = $1)`,
		`DELETE FROM observation_block WHERE series IN (SELECT id FROM series WHERE datastream = $1)`,
		`DELETE FROM observation_change WHERE series IN (SELECT id FROM series WHERE datastream = $1)`,
		`DELETE FROM observation_import_run WHERE series IN (SELECT id FROM series WHERE datastream = $1)`,
		`DELETE FROM rejection WHERE datastream = $1`,
		`DELETE FROM datastream WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, query, datastream); err != nil {
			return fmt.Errorf("remove datastream %d: %w", datastream, err)
		}
	}
	return nil
}

// RemoveFeatureTx deletes a feature of interest with all its observations.
func (s *Store) RemoveFeatureTx(ctx context.Context, tx *store.Tx, feature int64) error {
	if err := s.LockTx(ctx, tx); err != nil {
		return err
	}
	var ids []int64
	rows, err := tx.QueryContext(ctx, `SELECT o.series, o.n FROM series_feature f JOIN observation o ON o.series = f.series AND o.feature = f.feature
			WHERE f.feature = $1 AND NOT EXISTS (SELECT 1 FROM observation_change c WHERE c.series = o.series AND c.n = o.n)
		UNION ALL SELECT c.series, c.n FROM series_feature f JOIN observation_change c ON c.series = f.series AND c.feature = f.feature
			WHERE f.feature = $1 AND c.deleted = false`, feature)
	if err != nil {
		return fmt.Errorf("remove feature %d: %w", feature, err)
	}
	if err := each(rows, func() error {
		var series, n int64
		err := rows.Scan(&series, &n)
		ids = append(ids, ObservationID(series, n))
		return err
	}); err != nil {
		return fmt.Errorf("remove feature %d: %w", feature, err)
	}
	if err := s.RemoveTx(ctx, tx, ids...); err != nil {
		return err
	}
	for _, query := range []string{
		`UPDATE location SET feature = NULL WHERE feature = $1`,
		`UPDATE series SET feature = NULL WHERE feature = $1`,
		`DELETE FROM series_feature WHERE feature = $1`,
		`DELETE FROM feature WHERE id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, query, feature); err != nil {
			return fmt.Errorf("remove feature %d: %w", feature, err)
		}
	}
	return nil
}

// refresh finds anew what a series keeps of its first, last and latest
// observations, after one of them went or changed. Only a series with ends or
// result times needs more than the two ends of an index for it.
func refresh(ctx context.Context, tx *store.Tx, series int64) error {
	const now = ` FROM observation o WHERE series = $1 AND NOT EXISTS (SELECT 1 FROM observation_change c WHERE c.series = o.series AND c.n = o.n)`
	const changed = ` FROM observation_change WHERE series = $1 AND deleted = false`
	var spans bool
	if err := tx.QueryRowContext(ctx, `SELECT spans FROM series WHERE id = $1`, series).Scan(&spans); err != nil {
		return fmt.Errorf("series %d: %w", series, err)
	}
	var first, last, resultFirst, resultLast, n sql.NullInt64
	var value sql.NullFloat64
	var result sql.NullString
	err := tx.QueryRowContext(ctx, `SELECT time FROM (
			SELECT * FROM (SELECT time`+now+` ORDER BY o.series, o.time, o.n LIMIT 1) a UNION ALL
			SELECT * FROM (SELECT time`+changed+` ORDER BY series, time, n LIMIT 1) b) x
		ORDER BY time LIMIT 1`, series).Scan(&first)
	if err == nil {
		err = tx.QueryRowContext(ctx, `SELECT time, n, value, result FROM (
			SELECT * FROM (SELECT time, n, value, result`+now+` ORDER BY o.series DESC, o.time DESC, o.n DESC LIMIT 1) a UNION ALL
			SELECT * FROM (SELECT time, n, value, result`+changed+` ORDER BY series DESC, time DESC, n DESC LIMIT 1) b) x
		ORDER BY time DESC, n DESC LIMIT 1`, series).Scan(&last, &n, &value, &result)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("series %d: %w", series, err)
	}
	latest := last
	if spans {
		if err := tx.QueryRowContext(ctx, `SELECT max(coalesce(time_end, time)), min(result_time), max(result_time) FROM (
			SELECT time, time_end, result_time`+now+` UNION ALL SELECT time, time_end, result_time`+changed+`) x`, series).
			Scan(&last, &resultFirst, &resultLast); err != nil {
			return fmt.Errorf("series %d: %w", series, err)
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE series SET first = $2, last = $3, result_first = $4, result_last = $5,
		latest_time = $6, latest_n = $7, latest_value = $8, latest_result = $9 WHERE id = $1`,
		series, first, last, resultFirst, resultLast, latest, n, value, result)
	if err != nil {
		return fmt.Errorf("series %d: %w", series, err)
	}
	return nil
}

// Announce tells listeners that things or datastreams changed; to be called after the commit.
func (s *Store) Announce() { bus.Publish(s.bus, Changed, struct{}{}) }
