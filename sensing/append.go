package sensing

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"time"

	"polder.city/store"
)

// appender adds readings to their series within one transaction.
type appender struct {
	s   *Store
	ctx context.Context
	tx  *store.Tx
	now int64

	pending []pending
	byID    map[int64]*stream
	byKey   map[string]*stream
	used    map[string]use // the earlier readings under the keys of pending
	named   map[int64]bool // the features of interest that pending name and that are there

	rows     []row
	blocks   [][]any
	newKeys  [][]any
	features map[[2]int64]bool // (feature, series) pairs to remember
	rejected map[rejection]int64
	runs     []importRun
	stored   []Observation
	quiet    bool // an import: stored is not kept
}

// pending is a reading and where its result goes.
type pending struct {
	reading *Reading
	result  *Result
	stream  *stream
}

// row is an observation to insert.
type row struct {
	series, time, n int64
	feature         int64
	reading         *Reading
}

// rejection is why readings of a datastream were not stored.
type rejection struct {
	datastream int64
	reason     string
}

// newAppender begins under the lock, which is taken with the first question: so
// what the appender reads stays true until the commit.
func (s *Store) newAppender(ctx context.Context, tx *store.Tx) (*appender, error) {
	if err := store.LockLater(ctx, tx, lock); err != nil {
		return nil, err
	}
	return &appender{
		s: s, ctx: ctx, tx: tx, now: micros(s.clock.Now()),
		byID: map[int64]*stream{}, byKey: map[string]*stream{}, used: map[string]use{}, named: map[int64]bool{},
		features: map[[2]int64]bool{}, rejected: map[rejection]int64{},
	}, nil
}

// add takes readings; write stores them.
func (a *appender) add(readings []Reading, results []Result) {
	for i := range readings {
		a.pending = append(a.pending, pending{reading: &readings[i], result: &results[i]})
	}
}

// write checks, numbers and stores what was added, and fills in the results.
func (a *appender) write() error {
	for _, step := range []func() error{a.look, a.checkAll, a.findFeatures, a.findRepeats, a.firstSeries, a.number, a.insert, a.count} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// look asks for all that the readings name, in one round trip where the database
// is another process: their datastreams, their features of interest, and what their keys were used for.
func (a *appender) look() error {
	var ids, keys, features, idempotency set
	for _, p := range a.pending {
		if p.reading.Datastream != 0 {
			ids.add(p.reading.Datastream)
		} else {
			keys.add(p.reading.DatastreamKey)
		}
		if p.reading.Feature != 0 {
			features.add(p.reading.Feature)
		}
		if p.reading.Key != "" && !a.quiet && validKey(p.reading.Key) {
			idempotency.add(p.reading.Key)
		}
	}
	// One by one: with a list of ids PostgreSQL would rather read the whole table of series, at each commit.
	all := slices.Concat(
		questions(streamsQuery+`d.id = $1`, ids, a.addStream), questions(streamsQuery+`d.key = $1`, keys, a.addStream),
		questions(`SELECT id FROM feature WHERE id = $1`, features, a.addFeature),
		questions(`SELECT key, observation, fingerprint FROM observation_key WHERE key = $1`, idempotency, a.addUse),
	)
	if err := a.tx.Ask(a.ctx, all...); err != nil {
		return fmt.Errorf("datastreams, features and keys: %w", err)
	}
	for i := range a.pending {
		p := &a.pending[i]
		if p.reading.Datastream != 0 {
			p.stream = a.byID[p.reading.Datastream]
		} else {
			p.stream = a.byKey[p.reading.DatastreamKey]
		}
		if p.stream != nil {
			p.stream.received++
			p.stream.dirty = true
		}
	}
	return nil
}

// number gives each accepted reading its n and brings the state of its series up to date.
func (a *appender) number() error {
	for i := range a.pending {
		p := &a.pending[i]
		if p.result.Err != nil {
			continue
		}
		if p.result.Repeated {
			if p.result.ID < 0 {
				p.result.ID = a.pending[-1-p.result.ID].result.ID
			}
			continue
		}
		d := p.stream
		if d.next == maxN {
			if err := a.nextSeries(d); err != nil {
				return err
			}
		}
		r := p.reading
		n, t := d.next, micros(r.Time)
		p.result.ID = ObservationID(d.series, n)
		feature := r.Feature
		if feature == 0 {
			feature = d.feature.Int64
		}
		a.extend(d, t, r)
		a.rows = append(a.rows, row{series: d.series, time: t, n: n, feature: feature, reading: r})
		if feature != 0 && (feature != d.feature.Int64 || d.newFeature) {
			a.features[[2]int64{feature, d.series}] = true
			d.newFeature = d.newFeature && feature != d.feature.Int64
		}
		if r.Key != "" && !a.quiet {
			a.newKeys = append(a.newKeys, []any{r.Key, p.result.ID, r.fingerprint(d.datastream), a.now})
		}
		if !a.quiet {
			a.stored = append(a.stored, Observation{
				ID: p.result.ID, Datastream: d.datastream, Time: r.Time.UTC().Truncate(time.Microsecond), End: r.End, ResultTime: r.ResultTime,
				ValidFrom: r.ValidFrom, ValidTo: r.ValidTo, Value: r.Value, Result: r.Result, Quality: r.Quality, Parameters: r.Parameters, Feature: feature,
			})
		}
	}
	return nil
}

// extend counts one more observation in the series.
func (a *appender) extend(d *stream, t int64, r *Reading) {
	n := d.next
	if n%blockSize == 0 {
		if n > 0 {
			a.blocks = append(a.blocks, []any{d.series, n/blockSize - 1, d.blockLow, d.blockHigh})
		}
		d.blockLow, d.blockHigh = t, t
	}
	d.blockLow, d.blockHigh = min(d.blockLow, t), max(d.blockHigh, t)
	d.next++
	d.count++
	end := t
	if !r.End.IsZero() {
		end = micros(r.End)
	}
	widen(&d.first, &d.last, t, end)
	d.spans = d.spans || !r.End.IsZero() || !r.ResultTime.IsZero()
	if !r.ResultTime.IsZero() {
		at := micros(r.ResultTime)
		widen(&d.resultFirst, &d.resultLast, at, at)
	}
	if !d.latestTime.Valid || t >= d.latestTime.Int64 {
		d.latestTime, d.latestN = sql.NullInt64{Int64: t, Valid: true}, sql.NullInt64{Int64: n, Valid: true}
		d.latestValue = sql.NullFloat64{Float64: r.Value, Valid: r.Result == nil}
		d.latestResult = sql.NullString{String: string(r.Result), Valid: r.Result != nil}
	}
	if d.run.count == 0 {
		d.run.low, d.run.high = t, t
	}
	d.run.low, d.run.high = min(d.run.low, t), max(d.run.high, t)
	d.run.count++
}

func widen(first, last *sql.NullInt64, from, to int64) {
	if !first.Valid || from < first.Int64 {
		*first = sql.NullInt64{Int64: from, Valid: true}
	}
	if !last.Valid || to > last.Int64 {
		*last = sql.NullInt64{Int64: to, Valid: true}
	}
}

// closeRun keeps what this transaction appended to the stream's series.
func (a *appender) closeRun(d *stream) {
	if d.run.count > 0 {
		a.runs = append(a.runs, d.run)
	}
	d.run = importRun{}
}

// insert writes the observations in the order of their table's key.
func (a *appender) insert() error {
	if len(a.rows) == 0 {
		return nil
	}
	slices.SortFunc(a.rows, func(x, y row) int {
		switch {
		case x.series != y.series:
			return int(x.series - y.series)
		case x.time != y.time:
			if x.time < y.time {
				return -1
			}
			return 1
		}
		return int(x.n - y.n)
	})
	columns := []string{"series", "time", "n", "value", "feature", "result", "time_end", "result_time", "valid_from", "valid_to", "quality", "parameters"}
	if !slices.ContainsFunc(a.rows, func(r row) bool { return r.reading.rich() }) {
		columns = columns[:5] // the rest is NULL: a third of the time saved
	}
	if _, err := store.InsertRows(a.ctx, a.tx, "observation", columns, a.values(len(columns))); err != nil {
		return err
	}
	if len(a.blocks) > 0 {
		if _, err := store.InsertRows(a.ctx, a.tx, "observation_block", []string{"series", "block", "low", "high"}, slices.Values(a.blocks)); err != nil {
			return err
		}
	}
	if len(a.newKeys) > 0 {
		if _, err := store.InsertRows(a.ctx, a.tx, "observation_key", []string{"key", "observation", "fingerprint", "made"}, slices.Values(a.newKeys)); err != nil {
			return err
		}
	}
	for pair := range a.features {
		if err := a.tx.Later(a.ctx, `INSERT INTO series_feature (feature, series) VALUES ($1, $2) ON CONFLICT DO NOTHING`, pair[0], pair[1]); err != nil {
			return fmt.Errorf("features of series: %w", err)
		}
	}
	return nil
}

// rich reports whether the reading has more than a time and a number.
func (r *Reading) rich() bool {
	return r.Result != nil || !r.End.IsZero() || !r.ResultTime.IsZero() || !r.ValidFrom.IsZero() || r.Quality != nil || r.Parameters != nil
}

// values yields the rows to insert; it uses one slice for all.
func (a *appender) values(columns int) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		v := make([]any, columns)
		for i := range a.rows {
			row := &a.rows[i]
			r := row.reading
			v[0], v[1], v[2], v[3], v[4] = row.series, row.time, row.n, any(r.Value), nil
			if row.feature != 0 {
				v[4] = row.feature
			}
			if columns > 5 {
				if r.Result != nil {
					v[3] = nil
				}
				v[5], v[10], v[11] = text(r.Result), text(r.Quality), text(r.Parameters)
				v[6], v[7], v[8], v[9] = moment(r.End), moment(r.ResultTime), moment(r.ValidFrom), moment(r.ValidTo)
			}
			if !yield(v) {
				return
			}
		}
	}
}

// text returns JSON as a parameter, NULL for none.
func text(json []byte) any {
	if json == nil {
		return nil
	}
	return string(json)
}

// moment returns a time as a parameter, NULL for the zero time.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

// count writes the state of the series and the rejections.
func (a *appender) count() error {
	var dirty []*stream
	for _, d := range a.byID {
		if !d.dirty {
			continue
		}
		a.closeRun(d)
		dirty = append(dirty, d)
	}
	slices.SortFunc(dirty, func(x, y *stream) int { return int(x.series - y.series) })
	if err := a.saveStreams(dirty); err != nil {
		return err
	}
	for r, n := range a.rejected {
		if err := a.tx.Later(a.ctx, `INSERT INTO rejection (datastream, reason, count, last) VALUES ($1, $2, $3, $4)
			ON CONFLICT (datastream, reason) DO UPDATE SET count = rejection.count + excluded.count, last = excluded.last`,
			r.datastream, r.reason, n, a.now); err != nil {
			return fmt.Errorf("rejections: %w", err)
		}
	}
	return nil
}
