package sensing

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"time"
)

// pageRows is how many rows one query of a long read fetches: no reader is held
// while the caller works, for a long reader keeps the write-ahead log from shrinking.
const pageRows = 4096

// observationColumns are the columns of observation and of observation_change that make an Observation.
const observationColumns = `time, n, value, feature, result, time_end, result_time, valid_from, valid_to, quality, parameters`

// dayQuery reads one series between two times, from the (time, n) where the page
// before ended: one descent of the key's index and the rows themselves. The
// series of a datastream are found by another descent, seriesQuery.
const (
	seriesQuery = `SELECT id, changes FROM series WHERE datastream = $1 ORDER BY id`
	dayQuery    = `SELECT ` + observationColumns + ` FROM observation
		WHERE series = $1 AND (time, n) > ($2, $3) AND time < $4 ORDER BY series, time, n LIMIT $5`
	valueQuery = `SELECT time, n, value FROM observation
		WHERE series = $1 AND (time, n) > ($2, $3) AND time < $4 ORDER BY series, time, n LIMIT $5`
)

// seriesState is what a read needs to know of a series.
type seriesState struct{ id, changes int64 }

func (s *Store) seriesOf(ctx context.Context, datastream int64) ([]seriesState, error) {
	rows, err := s.db.Read().QueryContext(ctx, seriesQuery, datastream)
	if err != nil {
		return nil, fmt.Errorf("series of datastream %d: %w", datastream, err)
	}
	var all []seriesState
	err = each(rows, func() error {
		var one seriesState
		err := rows.Scan(&one.id, &one.changes)
		all = append(all, one)
		return err
	})
	return all, err
}

// Range calls yield for the datastream's observations with from <= time < to, in
// order of time (and of storing, where times are equal), until yield returns an
// error, which it returns.
func (s *Store) Range(ctx context.Context, datastream int64, from, to time.Time, yield func(Observation) error) error {
	series, err := s.seriesOf(ctx, datastream)
	if err != nil {
		return err
	}
	if len(series) == 1 {
		return s.rangeSeries(ctx, datastream, series[0], micros(from), micros(to), yield)
	}
	// A datastream with several series has had 2^29 observations; what is asked of them is put in order here.
	var all []Observation
	for _, one := range series {
		if err := s.rangeSeries(ctx, datastream, one, micros(from), micros(to), func(o Observation) error {
			all = append(all, o)
			return nil
		}); err != nil {
			return err
		}
	}
	slices.SortStableFunc(all, func(x, y Observation) int { return x.Time.Compare(y.Time) })
	for _, o := range all {
		if err := yield(o); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) rangeSeries(ctx context.Context, datastream int64, series seriesState, from, to int64, yield func(Observation) error) error {
	changed, moved, err := s.changesOf(ctx, datastream, series, from, to)
	if err != nil {
		return err
	}
	give := func(o Observation) error {
		for len(moved) > 0 && before(moved[0], o) {
			if err := yield(moved[0]); err != nil {
				return err
			}
			moved = moved[1:]
		}
		if _, n := SplitID(o.ID); changed[n] {
			return nil
		}
		return yield(o)
	}
	after, n := from-1, int64(math.MaxInt64)
	page := make([]Observation, 0, 64)
	for {
		page = page[:0]
		rows, err := s.db.Read().QueryContext(ctx, dayQuery, series.id, after, n, to, pageRows)
		if err != nil {
			return fmt.Errorf("observations of datastream %d: %w", datastream, err)
		}
		if err := each(rows, func() error {
			o, err := scanObservation(rows, series.id)
			o.Datastream = datastream
			page = append(page, o)
			return err
		}); err != nil {
			return fmt.Errorf("observations of datastream %d: %w", datastream, err)
		}
		for _, o := range page {
			if err := give(o); err != nil {
				return err
			}
		}
		if len(page) < pageRows {
			break
		}
		last := page[len(page)-1]
		after = micros(last.Time)
		_, n = SplitID(last.ID)
	}
	for _, o := range moved {
		if err := yield(o); err != nil {
			return err
		}
	}
	return nil
}

// changesOf returns which n of a series were changed or deleted, and, in order,
// the changed observations that lie between the times.
func (s *Store) changesOf(ctx context.Context, datastream int64, series seriesState, from, to int64) (changed map[int64]bool, moved []Observation, err error) {
	if series.changes == 0 {
		return nil, nil, nil
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT deleted, `+observationColumns+` FROM observation_change WHERE series = $1`, series.id)
	if err != nil {
		return nil, nil, fmt.Errorf("changed observations of datastream %d: %w", datastream, err)
	}
	changed = map[int64]bool{}
	err = each(rows, func() error {
		var deleted bool
		o, err := scanObservation(rows, series.id, &deleted)
		o.Datastream = datastream
		_, n := SplitID(o.ID)
		changed[n] = true
		if t := micros(o.Time); !deleted && t >= from && t < to {
			moved = append(moved, o)
		}
		return err
	})
	slices.SortFunc(moved, func(x, y Observation) int {
		if before(x, y) {
			return -1
		}
		return 1
	})
	return changed, moved, err
}

// before orders the observations of one series.
func before(x, y Observation) bool {
	if !x.Time.Equal(y.Time) {
		return x.Time.Before(y.Time)
	}
	return x.ID < y.ID
}

// scanObservation reads observationColumns, after what first takes.
func scanObservation(rows *sql.Rows, series int64, first ...any) (Observation, error) {
	var o Observation
	var t, n int64
	var value sql.NullFloat64
	var feature, end, resultTime, validFrom, validTo sql.NullInt64
	err := rows.Scan(append(first, &t, &n, &value, &feature, &o.Result, &end, &resultTime, &validFrom, &validTo, &o.Quality, &o.Parameters)...)
	o.ID, o.Time, o.Value, o.Feature = ObservationID(series, n), fromMicros(t), value.Float64, feature.Int64
	for _, f := range []struct {
		to   *time.Time
		from sql.NullInt64
	}{{&o.End, end}, {&o.ResultTime, resultTime}, {&o.ValidFrom, validFrom}, {&o.ValidTo, validTo}} {
		if f.from.Valid {
			*f.to = fromMicros(f.from.Int64)
		}
	}
	return o, err
}

// RangeMany calls yield for the numbers observed between from (included) and to
// (not) on every datastream of an observed kind ("fill") of the things of a
// template kind ("container"; "" for any): datastream after datastream, each in order of time.
func (s *Store) RangeMany(ctx context.Context, thingKind, kind string, from, to time.Time, yield func(d Stream, t time.Time, value float64) error) error {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT d.id, coalesce(d.key, ''), d.kind, t.id, coalesce(t.key, ''), s.id, s.changes
		FROM datastream d JOIN thing t ON t.id = d.thing JOIN series s ON s.datastream = d.id
		WHERE d.kind = $1 AND ($2 = '' OR t.kind = $2) ORDER BY s.id`, kind, thingKind)
	if err != nil {
		return fmt.Errorf("datastreams of %s: %w", kind, err)
	}
	type one struct {
		stream Stream
		series seriesState
	}
	var all []one
	if err := each(rows, func() error {
		var o one
		err := rows.Scan(&o.stream.ID, &o.stream.Key, &o.stream.Kind, &o.stream.Thing, &o.stream.ThingKey, &o.series.id, &o.series.changes)
		all = append(all, o)
		return err
	}); err != nil {
		return fmt.Errorf("datastreams of %s: %w", kind, err)
	}
	read, err := s.db.Read().PrepareContext(ctx, valueQuery)
	if err != nil {
		return fmt.Errorf("observations of %s: %w", kind, err)
	}
	defer read.Close()
	for _, o := range all {
		if o.series.changes > 0 {
			err = s.rangeSeries(ctx, o.stream.ID, o.series, micros(from), micros(to), func(x Observation) error {
				if x.Result != nil {
					return nil
				}
				return yield(o.stream, x.Time, x.Value)
			})
		} else {
			err = rangeValues(ctx, read, o.series.id, micros(from), micros(to), func(t time.Time, value float64) error { return yield(o.stream, t, value) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Stream names a datastream and its thing.
type Stream struct {
	ID       int64
	Key      string // "FIL-014-R/fill"; "" when it has none
	Kind     string // what is observed: fill, emptying, ...
	Thing    int64
	ThingKey string
}

func rangeValues(ctx context.Context, read *sql.Stmt, series, from, to int64, yield func(time.Time, float64) error) error {
	type point struct {
		t     int64
		value float64
	}
	var page []point
	after, n := from-1, int64(math.MaxInt64)
	for {
		page = page[:0]
		rows, err := read.QueryContext(ctx, series, after, n, to, pageRows)
		if err != nil {
			return fmt.Errorf("observations: %w", err)
		}
		seen := 0
		var value sql.NullFloat64
		if err := each(rows, func() error {
			if err := rows.Scan(&after, &n, &value); err != nil {
				return err
			}
			seen++
			if value.Valid {
				page = append(page, point{after, value.Float64})
			}
			return nil
		}); err != nil {
			return fmt.Errorf("observations: %w", err)
		}
		for _, p := range page {
			if err := yield(fromMicros(p.t), p.value); err != nil {
				return err
			}
		}
		if seen < pageRows {
			return nil
		}
	}
}

// Latest returns the latest observation of each of the datastreams that has one, by the datastream's key.
func (s *Store) Latest(ctx context.Context, keys ...string) (map[string]Observation, error) {
	values := make([]any, len(keys))
	for i, k := range keys {
		values[i] = k
	}
	found := map[string]Observation{}
	for part := range inLists(values) {
		if err := s.latest(ctx, found, `d.key IN `+part.marks, part.values...); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// LatestOf returns the latest observation of every datastream of an observed
// kind ("fill") of things of a template kind ("" for any), by the datastream's key.
func (s *Store) LatestOf(ctx context.Context, thingKind, kind string) (map[string]Observation, error) {
	found := map[string]Observation{}
	err := s.latest(ctx, found, `d.kind = $1 AND ($2 = '' OR EXISTS (SELECT 1 FROM thing t WHERE t.id = d.thing AND t.kind = $2))`, kind, thingKind)
	return found, err
}

func (s *Store) latest(ctx context.Context, found map[string]Observation, which string, args ...any) error {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT d.key, d.id, s.id, s.latest_n, s.latest_time, s.latest_value, s.latest_result
		FROM datastream d JOIN series s ON s.datastream = d.id WHERE s.latest_time IS NOT NULL AND d.key IS NOT NULL AND `+which, args...)
	if err != nil {
		return fmt.Errorf("latest observations: %w", err)
	}
	return each(rows, func() error {
		var key string
		var o Observation
		var series, n, t int64
		var value sql.NullFloat64
		if err := rows.Scan(&key, &o.Datastream, &series, &n, &t, &value, &o.Result); err != nil {
			return err
		}
		o.ID, o.Time, o.Value = ObservationID(series, n), fromMicros(t), value.Float64
		if other, ok := found[key]; !ok || !o.Time.Before(other.Time) {
			found[key] = o
		}
		return nil
	})
}
