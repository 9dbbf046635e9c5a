package store

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// copyFrom is how many rows make a COPY worth its three round trips on PostgreSQL.
const copyFrom = 100

// InsertRows inserts rows in bulk and returns how many. Each row has one value
// per column; the slice may be reused by the iterator. SQLite is fed row by row
// through a prepared statement, PostgreSQL by COPY: each other's way is 7 to 15
// times slower. Fewer rows wait for the next statement on PostgreSQL, see [Tx.Later].
// A row that breaks a constraint fails the whole transaction.
func InsertRows(ctx context.Context, tx *Tx, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	marks := make([]string, len(columns))
	for i := range marks {
		marks[i] = "$" + strconv.Itoa(i+1)
	}
	insert := "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	if tx.db.dialect == Postgres {
		next, stop := iter.Pull(rows)
		defer stop()
		var first [][]any
		for row, ok := next(); ok; row, ok = next() {
			if first = append(first, slices.Clone(row)); len(first) == copyFrom {
				return copyRows(ctx, tx, table, columns, first, next)
			}
		}
		for _, row := range first {
			if err := tx.Later(ctx, insert, row...); err != nil {
				return 0, fmt.Errorf("insert into %s: %w", table, err)
			}
		}
		return int64(len(first)), nil
	}
	var n int64
	for row := range rows {
		if err := tx.Later(ctx, insert, row...); err != nil {
			return n, fmt.Errorf("insert into %s, row %d: %w", table, n+1, err)
		}
		n++
	}
	return n, nil
}

// copyRows copies first and then what next yields.
func copyRows(ctx context.Context, tx *Tx, table string, columns []string, first [][]any, next func() ([]any, bool)) (int64, error) {
	if err := tx.send(ctx); err != nil {
		return 0, err
	}
	var n int64
	err := tx.conn.Raw(func(driver any) error {
		var err error
		n, err = driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			if len(first) > 0 {
				row := first[0]
				first = first[1:]
				return row, nil
			}
			row, ok := next()
			if !ok {
				return nil, nil
			}
			return row, nil
		}))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("copy into %s: %w", table, err)
	}
	return n, nil
}
