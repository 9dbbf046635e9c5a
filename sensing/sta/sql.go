package sta

import (
	"strconv"
	"strings"

	"polder.city/store"
)

// statement collects the parameters and tables of one query.
type statement struct {
	dialect  store.Dialect
	overlaid bool // some observations were changed or deleted later
	plain    bool // all observations, in the order of their table's key
	now      int64
	args     []any
	from     strings.Builder
	aliases  int
	joined   map[string]string // alias by path of relations to one from the root
}

// arg adds a parameter of an SQL type and returns its mark. The cast tells
// PostgreSQL the type where it could not be inferred, or is NULL.
func (s *statement) arg(v any, sqlType string) string {
	s.args = append(s.args, v)
	return "CAST($" + strconv.Itoa(len(s.args)) + " AS " + sqlType + ")"
}

// alias returns a new name for a table.
func (s *statement) alias() string {
	s.aliases++
	return "t" + strconv.Itoa(s.aliases)
}

const observationColumns = `series, time, n, value, feature, result, time_end, result_time, valid_from, valid_to, quality, parameters`

// source returns the table expression of an entity. An observation comes with its
// series, under the alias with an s behind it.
func (s *statement) source(e *entity, alias string) string {
	if !e.isObservation() {
		return e.table + " " + alias
	}
	rows := "observation"
	if s.overlaid {
		rows = `(SELECT ` + observationColumns + ` FROM observation o WHERE NOT EXISTS (SELECT 1 FROM observation_change c WHERE c.series = o.series AND c.n = o.n)
			UNION ALL SELECT ` + observationColumns + ` FROM observation_change WHERE deleted = false)`
	}
	join := " JOIN series " // the planner may begin with the series, and look into each for a time
	if s.plain {
		join = " LEFT JOIN series " // it begins with the observations
	}
	return rows + " " + alias + join + alias + "s ON " + alias + "s.id = " + alias + ".series"
}

// id returns the expression of an entity's id.
func (e *entity) id(alias string) string {
	if e.isObservation() {
		return "(" + alias + ".series * 536870912 + " + alias + ".n)"
	}
	return alias + ".id"
}

// condition returns which rows of the entity's table are entities; "" for all.
func (e *entity) condition(alias string) string { return with(e.where, "{e}", alias) }

// join reaches the entity that a relation to one leads to, from the root's alias on.
// The same path is joined once.
func (s *statement) join(path, from string, r *relation) string {
	if alias, ok := s.joined[path]; ok {
		return alias
	}
	alias := s.alias()
	on := with(with(r.on, "{a}", from), "{b}", alias)
	if c := r.to.condition(alias); c != "" {
		on += " AND " + c
	}
	// LEFT, for the other may be missing; a condition on it makes the planner begin there all the same.
	s.from.WriteString(" LEFT JOIN " + r.to.table + " " + alias + " ON " + on)
	s.joined[path] = alias
	return alias
}
