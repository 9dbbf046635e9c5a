package sensing

import (
	"context"
	"database/sql"
	"fmt"
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

const streamColumns = `d.id, coalesce(d.key, ''), d.thing, d.multi, CASE WHEN d.multi THEN (SELECT count(*) FROM datastream_property WHERE datastream = d.id) ELSE 0 END, d.low, d.high,
	coalesce(s.id, 0), coalesce(s.next, 0), coalesce(s.received, 0), coalesce(s.count, 0), coalesce(s.block_low, 0), coalesce(s.block_high, 0),
	s.first, s.last, s.result_first, s.result_last, s.latest_time, s.latest_n, s.latest_value, s.latest_result, s.feature, coalesce(s.spans, false)`

func (d *stream) scan(rows *sql.Rows) error {
	return rows.Scan(&d.datastream, &d.key, &d.thing, &d.multi, &d.width, &d.low, &d.high,
		&d.series, &d.next, &d.received, &d.count, &d.blockLow, &d.blockHigh,
		&d.first, &d.last, &d.resultFirst, &d.resultLast, &d.latestTime, &d.latestN, &d.latestValue, &d.latestResult, &d.feature, &d.spans)
}

// loadStreams adds the datastreams of which column ("d.id" or "d.key") is one of values.
func (a *appender) loadStreams(column string, values []any) error {
	for part := range inLists(values) {
		rows, err := a.tx.QueryContext(a.ctx, `SELECT `+streamColumns+`
			FROM datastream d LEFT JOIN series s ON s.id = (SELECT max(id) FROM series WHERE datastream = d.id)
			WHERE `+column+` IN `+part.marks, part.values...)
		if err != nil {
			return fmt.Errorf("datastreams: %w", err)
		}
		if err := each(rows, func() error {
			d := &stream{}
			if err := d.scan(rows); err != nil {
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
		}); err != nil {
			return fmt.Errorf("datastreams: %w", err)
		}
	}
	return nil
}

// newSeries gives the datastream a series, its first or, when n has run out, another.
func (a *appender) newSeries(d *stream) error {
	received := d.received // of a datastream without series: counted before it had one
	if d.series != 0 {
		received = 0
		if err := a.saveStreams([]*stream{d}); err != nil {
			return err
		}
		a.closeRun(d)
	}
	var id int64
	if err := a.tx.QueryRowContext(a.ctx, `INSERT INTO series (datastream, feature) VALUES ($1, $2) RETURNING id`, d.datastream, d.feature).Scan(&id); err != nil {
		return fmt.Errorf("new series: %w", err)
	}
	if id >= maxSeries {
		return problem.New(problem.Unavailable, "observation.series", "No more datastreams can be numbered in this database.").
			Do("Start a new database for new datastreams.")
	}
	*d = stream{
		datastream: d.datastream, thing: d.thing, key: d.key, multi: d.multi, width: d.width, low: d.low, high: d.high,
		series: id, received: received, feature: d.feature, newFeature: true, dirty: true, run: importRun{series: id},
	}
	return nil
}

// saveStreams writes the state of the series back. PostgreSQL takes a hundred in
// one statement, SQLite one at a time: each other's way is several times slower.
func (a *appender) saveStreams(streams []*stream) error {
	columns := []string{
		"next", "received", "count", "block_low", "block_high", "first", "last", "result_first", "result_last",
		"latest_time", "latest_n", "latest_value", "latest_result", "feature", "spans",
	}
	types := map[string]string{"latest_value": "DOUBLE PRECISION", "latest_result": "TEXT", "spans": "BOOLEAN"}
	most := 1
	if a.s.db.Dialect() == store.Postgres {
		most = 128
	}
	update, rows := "", 0
	for len(streams) > 0 {
		size := 1
		for size < most && size < len(streams) {
			size *= 2
		}
		part := streams[:min(size, len(streams))]
		streams = streams[len(part):]
		values := make([]any, 0, size*(len(columns)+1))
		for i := range size {
			if i >= len(part) { // a row that matches nothing keeps the number of different statements small
				values = append(values, int64(0))
				values = append(values, make([]any, len(columns))...)
				continue
			}
			d := part[i]
			values = append(values, d.series, d.next, d.received, d.count, d.blockLow, d.blockHigh, d.first, d.last, d.resultFirst, d.resultLast,
				d.latestTime, d.latestN, d.latestValue, d.latestResult, d.feature, d.spans)
		}
		if size != rows {
			update, rows = saveSeries(size, columns, types), size
		}
		if err := a.exec(update, values...); err != nil {
			return fmt.Errorf("series: %w", err)
		}
	}
	return nil
}

// saveSeries is the statement that updates rows series; it has one text for one number of rows.
func saveSeries(rows int, columns []string, types map[string]string) string {
	var text strings.Builder
	text.WriteString(`UPDATE series SET `)
	for i, c := range columns {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(c + " = v.column" + strconv.Itoa(i+2))
	}
	text.WriteString(` FROM (VALUES `)
	for row := range rows {
		if row > 0 {
			text.WriteString(", ")
		}
		at := row*(len(columns)+1) + 1
		text.WriteString("(CAST($" + strconv.Itoa(at) + " AS BIGINT)")
		for i, c := range columns {
			as := types[c]
			if as == "" {
				as = "BIGINT"
			}
			text.WriteString(", CAST($" + strconv.Itoa(at+1+i) + " AS " + as + ")")
		}
		text.WriteString(")")
	}
	text.WriteString(`) AS v WHERE series.id = v.column1`)
	return text.String()
}

// exec runs a statement that comes again: SQLite prepares it once a transaction,
// pgx keeps what it prepared for as long as the connection lasts.
func (a *appender) exec(text string, values ...any) error {
	if a.s.db.Dialect() == store.Postgres {
		_, err := a.tx.ExecContext(a.ctx, text, values...)
		return err
	}
	statement, ok := a.saves[text]
	if !ok {
		var err error
		if statement, err = a.tx.PrepareContext(a.ctx, text); err != nil {
			return err
		}
		a.saves[text] = statement
	}
	_, err := statement.ExecContext(a.ctx, values...)
	return err
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
