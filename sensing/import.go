package sensing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"polder.city/bus"
	"polder.city/internal/problem"
	"polder.city/store"
)

// Batch is a part of a file of observations. Batches of ten to fifty thousand rows are quick.
type Batch struct {
	Import string // the file's id: the hash of its bytes
	Name   string // the file's name, for people
	From   int64  // the rows of the file before this batch
	Rows   []Reading
	Last   bool // the file ends with this batch
}

// ImportState is how far an import is.
type ImportState struct {
	ID, Name         string
	Started          time.Time // zero: never
	Finished         time.Time // zero: not yet
	Rows             int64     // rows of the file that are dealt with: where a rerun goes on
	Stored, Rejected int64
}

// ImportResult is what became of a batch.
type ImportResult struct {
	State    ImportState
	Repeated bool // the batch had been imported before; nothing was changed
	Rejected []RowProblem
}

// RowProblem is a row that was refused. Row counts the rows of the file from 0.
type RowProblem struct {
	Row int64
	Err *problem.Error
}

// importRun is what one batch appended to one series: count observations from n, between the times low and high.
type importRun struct {
	series, n, count, low, high int64
}

// Imported returns how far the import of a file is; the zero state when it never began.
func (s *Store) Imported(ctx context.Context, id string) (ImportState, error) {
	return importState(ctx, s.db.Read(), id)
}

// Imports returns all imports, the latest first.
func (s *Store) Imports(ctx context.Context) ([]ImportState, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, name, started, finished, rows, stored, rejected FROM observation_import ORDER BY started DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("imports: %w", err)
	}
	var all []ImportState
	err = each(rows, func() error {
		state, err := scanImport(rows.Scan)
		all = append(all, state)
		return err
	})
	return all, err
}

func importState(ctx context.Context, q queryer, id string) (ImportState, error) {
	state, err := scanImport(q.QueryRowContext(ctx, `SELECT id, name, started, finished, rows, stored, rejected FROM observation_import WHERE id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return ImportState{ID: id}, nil
	}
	if err != nil {
		return ImportState{}, fmt.Errorf("import %s: %w", id, err)
	}
	return state, nil
}

func scanImport(scan func(...any) error) (ImportState, error) {
	var state ImportState
	var started int64
	var finished sql.NullInt64
	err := scan(&state.ID, &state.Name, &started, &finished, &state.Rows, &state.Stored, &state.Rejected)
	state.Started = fromMicros(started)
	if finished.Valid {
		state.Finished = fromMicros(finished.Int64)
	}
	return state, err
}

// Import stores a batch of a file, all or nothing but for the rows that are
// refused, and marks it, so that a rerun goes on where this one stopped. A batch
// that was imported before changes nothing. The keys of its readings are not looked at.
func (s *Store) Import(ctx context.Context, b Batch) (ImportResult, error) {
	if b.Import == "" {
		return ImportResult{}, problem.New(problem.Invalid, "import.id", "The import has no id.").Do("Use the hash of the file.")
	}
	var result ImportResult
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		a, err := s.newAppender(ctx, tx)
		if err != nil {
			return err
		}
		a.quiet = true
		result, err = a.importBatch(b)
		return err
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("import %s, row %d: %w", b.Name, b.From, err)
	}
	if !result.Repeated {
		bus.Publish(s.bus, Imported, result.State)
	}
	return result, nil
}

func (a *appender) importBatch(b Batch) (ImportResult, error) {
	state, err := importState(a.ctx, a.tx, b.Import)
	if err != nil {
		return ImportResult{}, err
	}
	if state.Started.IsZero() {
		state = ImportState{ID: b.Import, Name: b.Name, Started: fromMicros(a.now)}
		if _, err := a.tx.ExecContext(a.ctx, `INSERT INTO observation_import (id, name, started, rows, stored, rejected) VALUES ($1, $2, $3, 0, 0, 0)`,
			b.Import, b.Name, a.now); err != nil {
			return ImportResult{}, err
		}
	}
	if b.From > state.Rows {
		return ImportResult{}, problem.New(problem.Conflict, "import.gap", "Row %d comes before what was imported so far, %d rows.", b.From, state.Rows).
			Do("Go on from row %d.", state.Rows)
	}
	skip := state.Rows - b.From
	if !state.Finished.IsZero() || (skip >= int64(len(b.Rows)) && !b.Last) {
		return ImportResult{State: state, Repeated: true}, nil
	}
	rows := b.Rows[min(skip, int64(len(b.Rows))):]
	results := make([]Result, len(rows))
	a.add(rows, results)
	if err := a.write(); err != nil {
		return ImportResult{}, err
	}
	result := ImportResult{}
	stored := int64(0)
	for i, r := range results {
		switch {
		case r.Err != nil:
			result.Rejected = append(result.Rejected, RowProblem{Row: b.From + skip + int64(i), Err: r.Err})
		case !r.Repeated:
			stored++
		}
	}
	if _, err := store.InsertRows(a.ctx, a.tx, "observation_import_run", []string{"import", "batch", "series", "n", "count", "low", "high"},
		runRows(b.Import, state.Rows, a.runs)); err != nil {
		return ImportResult{}, err
	}
	state.Rows += int64(len(rows))
	state.Stored += stored
	state.Rejected += int64(len(result.Rejected))
	var finished any
	if b.Last {
		state.Finished, finished = fromMicros(a.now), a.now
	}
	_, err = a.tx.ExecContext(a.ctx, `UPDATE observation_import SET rows = $2, stored = $3, rejected = $4, finished = $5 WHERE id = $1`,
		b.Import, state.Rows, state.Stored, state.Rejected, finished)
	result.State = state
	return result, err
}

func runRows(id string, batch int64, runs []importRun) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, r := range runs {
			if !yield([]any{id, batch, r.series, r.n, r.count, r.low, r.high}) {
				return
			}
		}
	}
}

// Undo removes every observation that an import stored and forgets the import;
// it returns how many. Ids are not used again. It works batch by batch, the last
// first: after a crash a second Undo, or a rerun of the import, goes on from there.
func (s *Store) Undo(ctx context.Context, id string) (int64, error) {
	state, err := s.Imported(ctx, id)
	if err != nil {
		return 0, err
	}
	if state.Started.IsZero() {
		return 0, problem.New(problem.NotFound, "import.unknown", "There is no import %s.", id).Do("See the imports with 'polder observations imports'.")
	}
	removed := int64(0)
	for {
		n, more, err := s.undoBatch(ctx, id)
		if err != nil {
			return removed, fmt.Errorf("undo import %s: %w", id, err)
		}
		removed += n
		if !more {
			bus.Publish(s.bus, Imported, ImportState{ID: id, Name: state.Name})
			return removed, nil
		}
	}
}

// undoBatch removes the last batch, or when none is left the import itself.
func (s *Store) undoBatch(ctx context.Context, id string) (removed int64, more bool, err error) {
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := s.LockTx(ctx, tx); err != nil {
			return err
		}
		var batch sql.NullInt64
		if err := tx.QueryRowContext(ctx, `SELECT max(batch) FROM observation_import_run WHERE import = $1`, id).Scan(&batch); err != nil {
			return err
		}
		if !batch.Valid {
			_, err := tx.ExecContext(ctx, `DELETE FROM observation_import WHERE id = $1`, id)
			return err
		}
		more = true
		rows, err := tx.QueryContext(ctx, `SELECT series, n, count, low, high FROM observation_import_run WHERE import = $1 AND batch = $2`, id, batch.Int64)
		if err != nil {
			return err
		}
		var runs []importRun
		if err := each(rows, func() error {
			var r importRun
			err := rows.Scan(&r.series, &r.n, &r.count, &r.low, &r.high)
			runs = append(runs, r)
			return err
		}); err != nil {
			return err
		}
		for _, r := range runs {
			n, err := removeRun(ctx, tx, r)
			if err != nil {
				return err
			}
			removed += n
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM observation_import_run WHERE import = $1 AND batch = $2`, id, batch.Int64); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE observation_import SET rows = $2, stored = stored - $3, finished = NULL WHERE id = $1`, id, batch.Int64, removed)
		return err
	})
	return removed, more, err
}

// removeRun removes count observations from n on, also those that were changed later.
func removeRun(ctx context.Context, tx *store.Tx, r importRun) (int64, error) {
	gone, err := tx.ExecContext(ctx, `DELETE FROM observation WHERE series = $1 AND time >= $2 AND time <= $3 AND n >= $4 AND n < $5`,
		r.series, r.low, r.high, r.n, r.n+r.count)
	if err != nil {
		return 0, err
	}
	removed, err := gone.RowsAffected()
	if err != nil {
		return 0, err
	}
	var changed, deleted int64
	if err := tx.QueryRowContext(ctx, `SELECT count(*), coalesce(sum(CASE WHEN deleted THEN 1 ELSE 0 END), 0) FROM observation_change WHERE series = $1 AND n >= $2 AND n < $3`,
		r.series, r.n, r.n+r.count).Scan(&changed, &deleted); err != nil {
		return 0, err
	}
	if changed > 0 {
		if _, err := tx.ExecContext(ctx, `DELETE FROM observation_change WHERE series = $1 AND n >= $2 AND n < $3`, r.series, r.n, r.n+r.count); err != nil {
			return 0, err
		}
	}
	if _, err := tx.ExecContext(ctx, `UPDATE series SET count = count - $2, changes = changes - $3 WHERE id = $1`, r.series, removed-deleted, changed); err != nil {
		return 0, err
	}
	return removed - deleted, refresh(ctx, tx, r.series)
}
