package sensing

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"polder.city/internal/problem"
	"polder.city/store"
)

// stream is a datastream with the series that takes its next observation, as it is within one transaction.
type stream struct {
	datastream, thing int64
	key               string
	multi             bool
	width             int // the observed properties of a MultiDatastream
	low, high         *float64

	series                       int64 // 0: none yet
	next, received, count        int64
	blockLow, blockHigh          int64
	first, last                  sql.NullInt64
	resultFirst, resultLast      sql.NullInt64
	latestTime, latestN, feature sql.NullInt64
	latestValue                  sql.NullFloat64
	latestResult                 sql.NullString

	spans bool

	dirty      bool
	newFeature bool // feature is not yet among the series' features
	// run is what this transaction appends to the series.
	run importRun
}

// streamsQuery finds datastreams, each with the series that takes its next observation.
const streamsQuery = `SELECT d.id, coalesce(d.key, ''), d.thing, d.multi, CASE WHEN d.multi THEN (SELECT count(*) FROM datastream_property WHERE datastream = d.id) ELSE 0 END, d.low, d.high,
	coalesce(s.id, 0), coalesce(s.next, 0), coalesce(s.received, 0), coalesce(s.count, 0), coalesce(s.block_low, 0), coalesce(s.block_high, 0),
	s.first, s.last, s.result_first, s.result_last, s.latest_time, s.latest_n, s.latest_value, s.latest_result, s.feature, coalesce(s.spans, false)
	FROM datastream d LEFT JOIN series s ON s.id = (SELECT max(id) FROM series WHERE datastream = d.id) WHERE `

// addStream takes a row of streamsQuery.
func (a *appender) addStream(scan func(...any) error) error {
	d := &stream{}
	if err := scan(&d.datastream, &d.key, &d.thing, &d.multi, &d.width, &d.low, &d.high,
		&d.series, &d.next, &d.received, &d.count, &d.blockLow, &d.blockHigh,
		&d.first, &d.last, &d.resultFirst, &d.resultLast, &d.latestTime, &d.latestN, &d.latestValue, &d.latestResult, &d.feature, &d.spans); err != nil {
		return err
	}
	if known, ok := a.byID[d.datastream]; ok {
		d = known
	}
	d.run = importRun{series: d.series, n: d.next}
	a.byID[d.datastream] = d
	if d.key != "" {
		a.byKey[d.key] = d
	}
	return nil
}

// firstSeries gives a series to the datastreams that receive something for the first time.
func (a *appender) firstSeries() error {
	var without []*stream
	for _, d := range a.byID {
		if d.dirty && d.series == 0 {
			without = append(without, d)
		}
	}
	return a.newSeries(without...)
}

// nextSeries gives a datastream of which n has run out another series.
func (a *appender) nextSeries(d *stream) error {
	if err := a.saveStreams([]*stream{d}); err != nil {
		return err
	}
	a.closeRun(d)
	d.received = 0
	return a.newSeries(d)
}

// newSeries makes a series for each datastream and begins it.
func (a *appender) newSeries(streams ...*stream) error {
	slices.SortFunc(streams, func(x, y *stream) int { return cmp.Compare(x.datastream, y.datastream) })
	made := make([]store.Question, len(streams))
	for i, d := range streams {
		made[i] = store.Question{
			SQL: `INSERT INTO series (datastream, feature) VALUES ($1, $2) RETURNING id`, Args: []any{d.datastream, d.feature},
			Row: func(scan func(...any) error) error {
				var id int64
				if err := scan(&id); err != nil {
					return err
				}
				if id >= maxSeries {
					return problem.New(problem.Unavailable, "observation.series", "No more datastreams can be numbered in this database.").
						Do("Start a new database for new datastreams.")
				}
				*d = stream{
					datastream: d.datastream, thing: d.thing, key: d.key, multi: d.multi, width: d.width, low: d.low, high: d.high,
					series: id, received: d.received, feature: d.feature, newFeature: true, dirty: true, run: importRun{series: id},
				}
				return nil
			},
		}
	}
	if err := a.tx.Ask(a.ctx, made...); err != nil {
		return fmt.Errorf("new series: %w", err)
	}
	return nil
}

// saveStreams writes the state of the series back.
func (a *appender) saveStreams(streams []*stream) error {
	for _, d := range streams {
		if err := a.tx.Later(a.ctx, `UPDATE series SET next = $2, received = $3, count = $4, block_low = $5, block_high = $6,
			first = $7, last = $8, result_first = $9, result_last = $10,
			latest_time = $11, latest_n = $12, latest_value = $13, latest_result = $14, feature = $15, spans = $16 WHERE id = $1`,
			d.series, d.next, d.received, d.count, d.blockLow, d.blockHigh, d.first, d.last, d.resultFirst, d.resultLast,
			d.latestTime, d.latestN, d.latestValue, d.latestResult, d.feature, d.spans); err != nil {
			return fmt.Errorf("series: %w", err)
		}
	}
	return nil
}

// set is values that differ, in the order in which they came.
type set struct {
	values []any
	has    map[any]bool
}

func (s *set) add(value any) {
	if s.has == nil {
		s.has = map[any]bool{}
	}
	if !s.has[value] {
		s.has[value] = true
		s.values = append(s.values, value)
	}
}

// questions ask the same query for each of the values.
func questions(query string, of set, row func(scan func(...any) error) error) []store.Question {
	all := make([]store.Question, len(of.values))
	for i := range all {
		all[i] = store.Question{SQL: query, Args: of.values[i : i+1], Row: row}
	}
	return all
}

// inList is part of a long list of values, with the marks for an SQL IN.
type inList struct {
	marks  string // "($1, $2)"
	values []any
}

// inLists cuts values into lists of at most 512, of few different lengths, so
// that few different statements are prepared: the last value is repeated.
func inLists(values []any) func(yield func(inList) bool) {
	return func(yield func(inList) bool) {
		for len(values) > 0 {
			size := 1
			for size < 512 && size < len(values) {
				size *= 2
			}
			part := append([]any(nil), values[:min(size, len(values))]...)
			values = values[len(part):]
			for len(part) < size {
				part = append(part, part[len(part)-1])
			}
			if !yield(inList{marks: marks(1, size), values: part}) {
				return
			}
		}
	}
}

// marks returns "($from, ...)" for n parameters.
func marks(from, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(map[bool]string{true: "($", false: ", $"}[i == 0])
		b.WriteString(strconv.Itoa(from + i))
	}
	b.WriteByte(')')
	return b.String()
}

// each calls f for every row, and closes rows.
func each(rows *sql.Rows, f func() error) error {
	defer rows.Close()
	for rows.Next() {
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// queryer is a pool or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
