package sta

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"polder.city/internal/problem"
)

// within limits a set to what a relation leads to from one entity.
type within struct {
	relation *relation
	id       int64
}

// record is an entity as it was read.
type record struct {
	id       int64
	values   []any   // of the entity's properties, in their order; nil where not selected
	foreign  []int64 // the ids that relations to one lead to, in the order of the relations; 0 for none
	sortKeys []any
}

// page is a part of a set.
type page struct {
	records []*record
	count   int64  // of the whole set; -1 when not asked for
	next    string // the token of the next page; "" when there is none
}

// queryer is the pool of readers, or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// question is a page of a set as it is asked of the database.
type question struct {
	sql   string
	args  []any
	keys  int   // sort keys, behind the entity's columns
	count int64 // -1 when not asked for
}

// list reads a page of a set.
func (a *API) list(ctx context.Context, q queryer, e *entity, in *within, o *options) (*page, error) {
	ask, err := a.ask(ctx, q, e, in, o)
	if err != nil {
		return nil, err
	}
	p := &page{count: ask.count}
	if o.top == 0 {
		return p, nil
	}
	rows, err := q.QueryContext(ctx, ask.sql, ask.args...)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := e.scan(rows, ask.keys)
		if err != nil {
			return nil, err
		}
		p.records = append(p.records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, readProblem(ctx, err)
	}
	if len(p.records) > o.top {
		p.records = p.records[:o.top]
		if p.next, err = token(p.records[o.top-1].sortKeys); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ask compiles the question for a page, with one entity more to see whether there is a next.
func (a *API) ask(ctx context.Context, q queryer, e *entity, in *within, o *options) (*question, error) {
	s := &statement{dialect: a.db.Dialect(), now: a.clock.Now().UnixMicro(), joined: map[string]string{}}
	s.plain = e.isObservation() && in == nil && o.filter == nil && o.order == nil
	where, tie, err := a.restrict(ctx, q, s, e, in)
	if err != nil {
		return nil, err
	}
	c := &compiler{s: s, where: "$filter", root: e, alias: "e"}
	s.from.WriteString(s.source(e, "e"))
	if o.filter != nil {
		condition, err := c.condition(o.filter)
		if err != nil {
			return nil, err
		}
		where = append(where, condition)
	}
	ask := &question{count: -1}
	if o.count {
		if ask.count, err = a.count(ctx, q, s, e, in, where, o.filter == nil); err != nil {
			return nil, err
		}
	}
	keys, err := c.sortKeys(o.order, tie)
	if err != nil {
		return nil, err
	}
	if o.after != "" {
		condition, err := s.afterKeys(keys, o.after)
		if err != nil {
			return nil, err
		}
		where = append(where, condition)
	}
	columns := e.columns("e")
	for _, k := range keys {
		columns = append(columns, k.sql)
	}
	ask.sql = "SELECT " + strings.Join(columns, ", ") + " FROM " + s.from.String()
	if len(where) > 0 {
		ask.sql += " WHERE " + strings.Join(where, " AND ")
	}
	ask.sql += " ORDER BY " + orderBy(keys) + " LIMIT " + strconv.Itoa(o.top+1)
	if o.skip > 0 {
		ask.sql += " OFFSET " + strconv.Itoa(o.skip)
	}
	ask.args, ask.keys = s.args, len(keys)
	return ask, nil
}

// readProblem tells a read that took too long, and a value that cannot be computed, from a failure.
func readProblem(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return problem.New(problem.Unavailable, "sta.slow", "The question takes too long to answer.").
			Do("Ask for less: one Datastream, a shorter time, a filter.").Cause(err)
	}
	if p, ok := errors.AsType[*pgconn.PgError](err); ok && strings.HasPrefix(p.Code, "22") {
		return filterProblem(err)
	}
	if strings.Contains(err.Error(), "integer overflow") {
		return filterProblem(err)
	}
	return fmt.Errorf("read: %w", err)
}

// restrict returns the conditions that limit a set, and its own order. The series
// of a datastream's observations are found first: with the series given, the
// order of time is the order of the table's key.
func (a *API) restrict(ctx context.Context, q queryer, s *statement, e *entity, in *within) (where, tie []string, err error) {
	tie = e.tie
	if condition := e.condition("e"); condition != "" {
		where = append(where, condition)
	}
	ofStream := e.isObservation() && in != nil && in.relation.inverse != "FeatureOfInterest"
	if e.isObservation() && !ofStream {
		if s.overlaid, err = a.overlaid(ctx, q); err != nil {
			return nil, nil, err
		}
		if !s.plain {
			tie = []string{"{e}s.id", "{e}.time", "{e}.n"} // the same order, but by the table that the planner begins with
		}
	}
	switch {
	case in == nil:
		return where, tie, nil
	case ofStream:
		return a.restrictToStream(ctx, q, s, in.id)
	}
	id := s.arg(in.id, "BIGINT")
	if l := in.relation.link; l.rank != "" { // in the order of the values that they belong to
		tie = append([]string{"(SELECT min(" + l.rank + ") FROM " + l.table + " WHERE " + l.one + " = " + id + " AND " + l.other + " = {e}.id)"}, tie...)
	}
	return append(where, with(with(in.relation.on, "{a}.id", id), "{b}", "e")), tie, nil
}

// restrictToStream limits observations to those of a datastream, which nearly always has one series.
func (a *API) restrictToStream(ctx context.Context, q queryer, s *statement, datastream int64) (where, tie []string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, changes FROM series WHERE datastream = $1 ORDER BY id`, datastream)
	if err != nil {
		return nil, nil, readProblem(ctx, err)
	}
	defer rows.Close()
	var marks []string
	for rows.Next() {
		var id, changes int64
		if err := rows.Scan(&id, &changes); err != nil {
			return nil, nil, err
		}
		s.overlaid = s.overlaid || changes > 0
		marks = append(marks, s.arg(id, "BIGINT"))
	}
	if err := rows.Err(); err != nil {
		return nil, nil, readProblem(ctx, err)
	}
	switch len(marks) {
	case 0:
		return []string{"1 = 0"}, []string{"{e}.series", "{e}.time", "{e}.n"}, nil
	case 1:
		return []string{"e.series = " + marks[0]}, []string{"{e}.time", "{e}.n"}, nil
	}
	return []string{"e.series IN (" + strings.Join(marks, ", ") + ")"}, []string{"{e}.series", "{e}.time", "{e}.n"}, nil
}

// overlaid reports whether any observation was changed or deleted after it was stored.
func (a *API) overlaid(ctx context.Context, q queryer) (yes bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM observation_change)`).Scan(&yes)
	return yes, err
}

func ids(ctx context.Context, q queryer, query string, args ...any) ([]int64, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// count counts a set; all observations, or those of a datastream, are never counted, for their number is kept.
func (a *API) count(ctx context.Context, q queryer, s *statement, e *entity, in *within, where []string, all bool) (n int64, err error) {
	switch {
	case e.isObservation() && all && in == nil:
		err = q.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM series`).Scan(&n)
	case e.isObservation() && all && in.relation.inverse != "FeatureOfInterest":
		err = q.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(count), 0) AS BIGINT) FROM series WHERE datastream = $1`, in.id).Scan(&n)
	default:
		query := "SELECT count(*) FROM " + s.from.String()
		if len(where) > 0 {
			query += " WHERE " + strings.Join(where, " AND ")
		}
		err = q.QueryRowContext(ctx, query, s.args...).Scan(&n)
	}
	if err != nil {
		return 0, readProblem(ctx, err)
	}
	return n, nil
}

// columns are what is read of an entity: its id, the ids that its relations to one lead to, its properties.
func (e *entity) columns(alias string) []string {
	all := []string{e.id(alias)}
	for _, r := range e.relations {
		if !r.many {
			all = append(all, with(r.fk, "{e}", alias))
		}
	}
	for _, p := range e.properties {
		for _, sql := range p.sql {
			all = append(all, with(sql, "{e}", alias))
		}
	}
	return all
}

// scan reads columns, and keys sort keys after them.
func (e *entity) scan(rows *sql.Rows, keys int) (*record, error) {
	r := &record{values: make([]any, len(e.properties)), sortKeys: make([]any, keys)}
	to := []any{&r.id}
	foreign := make([]sql.NullInt64, 0, len(e.relations))
	for _, relation := range e.relations {
		if !relation.many {
			foreign = append(foreign, sql.NullInt64{})
			to = append(to, &foreign[len(foreign)-1])
		}
	}
	for i, p := range e.properties {
		switch p.kind {
		case textKind, jsonKind:
			v := &sql.NullString{}
			r.values[i], to = v, append(to, v)
		case timeKind:
			v := &sql.NullInt64{}
			r.values[i], to = v, append(to, v)
		case intervalKind:
			v := &[2]sql.NullInt64{}
			r.values[i], to = v, append(to, &v[0], &v[1])
		case resultKind:
			v := &result{}
			r.values[i], to = v, append(to, &v.number, &v.json)
		}
	}
	for i := range r.sortKeys {
		to = append(to, &r.sortKeys[i])
	}
	if err := rows.Scan(to...); err != nil {
		return nil, fmt.Errorf("read %s: %w", e.set, err)
	}
	for _, id := range foreign {
		r.foreign = append(r.foreign, id.Int64)
	}
	return r, nil
}

// result is an observation's result: a number, or JSON.
type result struct {
	number sql.NullFloat64
	json   sql.NullString
}
