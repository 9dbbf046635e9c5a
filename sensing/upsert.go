package sensing

import (
	"fmt"
	"slices"
	"strings"
)

// table is rows to upsert, by key, in the order in which they were put.
type table struct {
	order []string
	rows  map[string][]any
}

func (t *table) put(key string, values ...any) {
	if t.rows == nil {
		t.rows = map[string][]any{}
	}
	if _, ok := t.rows[key]; !ok {
		t.order = append(t.order, key)
	}
	t.rows[key] = values
}

func (t *table) keys() []any {
	all := make([]any, len(t.order))
	for i, k := range t.order {
		all[i] = k
	}
	return all
}

// upsert makes or changes rows by their key, and returns the ids of all, and for
// those that were made (false) or changed (true) which.
func (e *ensurer) upsert(name string, columns []string, t table) (ids map[string]int64, changed map[string]bool, err error) {
	ids, changed = map[string]int64{}, map[string]bool{}
	if err := e.ids(name, t.keys(), ids); err != nil {
		return nil, nil, err
	}
	before := len(ids)
	old := make(map[string]bool, before)
	for k := range ids {
		old[k] = true
	}
	var set, differs []string
	for _, c := range columns {
		set = append(set, c+" = excluded."+c)
		differs = append(differs, name+"."+c+" IS DISTINCT FROM excluded."+c)
	}
	tail := ` ON CONFLICT (key) DO UPDATE SET ` + strings.Join(set, ", ") + ` WHERE ` + strings.Join(differs, " OR ") + ` RETURNING id, key`
	head := `INSERT INTO ` + name + ` (key, ` + strings.Join(columns, ", ") + `) VALUES `
	for part := range slices.Chunk(t.order, 128) {
		var query strings.Builder
		var values []any
		query.WriteString(head)
		for i, key := range part {
			if i > 0 {
				query.WriteString(", ")
			}
			query.WriteString(marks(len(values)+1, len(columns)+1))
			values = append(append(values, key), t.rows[key]...)
		}
		query.WriteString(tail)
		rows, err := e.tx.QueryContext(e.ctx, query.String(), values...)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := each(rows, func() error {
			var id int64
			var key string
			err := rows.Scan(&id, &key)
			ids[key], changed[key] = id, old[key]
			return err
		}); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return ids, changed, nil
}

func (e *ensurer) ids(name string, keys []any, ids map[string]int64) error {
	for part := range inLists(keys) {
		rows, err := e.tx.QueryContext(e.ctx, `SELECT id, key FROM `+name+` WHERE key IN `+part.marks, part.values...)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := each(rows, func() error {
			var id int64
			var key string
			err := rows.Scan(&id, &key)
			ids[key] = id
			return err
		}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
