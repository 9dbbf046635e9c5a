package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"polder.city/internal/problem"
)

// Tx is a write transaction.
//
// A round trip to PostgreSQL costs more than most statements do. So what needs no
// answer at once (BEGIN, what [Tx.Later] is given, COMMIT) waits for the next
// statement and goes with it: a transaction that asks once and then writes takes
// two round trips. The server runs the statements in their order, each
// with a snapshot of its own, and none after one that failed.
type Tx struct {
	db   *DB
	conn *sql.Conn

	waiting  *pgx.Batch           // PostgreSQL: what goes with the next statement
	begun    bool                 // PostgreSQL: BEGIN was sent
	failed   error                // PostgreSQL: why the transaction can no longer commit
	prepared map[string]*sql.Stmt // SQLite: what Later and Ask have prepared
}

// Question is a query whose rows are read one by one.
type Question struct {
	SQL  string
	Args []any
	Row  func(scan func(to ...any) error) error // is called for each row
}

// Tx runs f in a write transaction and commits when f returns nil. When Tx
// returns nil, what f wrote is on disk. f must not keep tx, and must not wait
// for another write: SQLite has one writer.
func (db *DB) Tx(ctx context.Context, f func(tx *Tx) error) error {
	if p := db.broken.Load(); p != nil {
		return *p
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return db.noConnection(ctx, err)
	}
	defer conn.Close()
	tx := &Tx{db: db, conn: conn}
	// The transaction outlives a cancelled caller: it is short, and an
	// interrupted COMMIT would leave its outcome unknown.
	whole := context.WithoutCancel(ctx)
	committed := false
	defer func() {
		if !committed {
			tx.rollback(whole)
		}
	}()
	if err := tx.begin(whole); err != nil {
		return db.commitProblem(err)
	}
	if err := f(tx); err != nil {
		if tx.failed != nil && !errors.Is(err, tx.failed) {
			err = errors.Join(err, tx.failed) // err only says that the transaction was aborted
		}
		return db.writeProblem(err)
	}
	if err := tx.commit(whole); err != nil {
		return db.commitProblem(err)
	}
	committed = true
	return nil
}

// noConnection tells why there is no connection to write through.
func (db *DB) noConnection(ctx context.Context, err error) error {
	if db.dialect == Postgres && ctx.Err() == nil {
		return problem.New(problem.Unavailable, "store.connect", "The PostgreSQL server does not answer.").
			Do("Try again in a minute; the operator finds out why it is not there.").Cause(err)
	}
	return fmt.Errorf("write transaction: %w", err)
}

func (tx *Tx) begin(ctx context.Context) error {
	if tx.db.dialect == Postgres {
		tx.waiting = &pgx.Batch{}
		tx.waiting.Queue("BEGIN")
		return nil
	}
	tx.prepared = map[string]*sql.Stmt{}
	_, err := tx.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	return err
}

func (tx *Tx) commit(ctx context.Context) error {
	if tx.db.dialect == Postgres {
		if !tx.begun && tx.waiting.Len() == 1 { // nothing was asked
			return nil
		}
		tx.waiting.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
			if tag.String() != "COMMIT" { // f went on after a statement that failed
				return pgx.ErrTxCommitRollback
			}
			return nil
		})
		return tx.send(ctx)
	}
	tx.close()
	_, err := tx.conn.ExecContext(ctx, "COMMIT")
	return err
}

// rollback ends the transaction. A connection on which that fails is not used again,
// unless SQLite had rolled back by itself, as it does where the disk fails or is full:
// to close its last connection would write to that disk.
func (tx *Tx) rollback(ctx context.Context) {
	if tx.db.dialect == Postgres && !tx.begun {
		return
	}
	tx.close()
	if _, err := tx.conn.ExecContext(ctx, "ROLLBACK"); err != nil && !isCode(err, sqliteError) {
		_ = tx.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

// close lets go of what was prepared.
func (tx *Tx) close() {
	for _, s := range tx.prepared {
		_ = s.Close()
	}
	tx.prepared = nil
}

// send gives PostgreSQL what waits, in one round trip.
func (tx *Tx) send(ctx context.Context) error {
	if tx.failed != nil {
		return tx.failed
	}
	if tx.waiting.Len() == 0 {
		return nil
	}
	batch := tx.waiting
	tx.waiting, tx.begun = &pgx.Batch{}, true
	err := tx.conn.Raw(func(driver any) error { return driver.(*stdlib.Conn).Conn().SendBatch(ctx, batch).Close() })
	if err != nil {
		tx.failed = err
	}
	return err
}

// Later runs a statement whose result nobody needs: on PostgreSQL with the next
// statement that asks for something or with COMMIT, which then return its error; on SQLite at once.
func (tx *Tx) Later(ctx context.Context, query string, args ...any) error {
	if tx.db.dialect == Postgres {
		tx.waiting.Queue(query, args...)
		return tx.failed
	}
	s, err := tx.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}

// Ask answers questions, on PostgreSQL all in one round trip.
func (tx *Tx) Ask(ctx context.Context, questions ...Question) error {
	if tx.db.dialect == Postgres {
		for _, q := range questions {
			tx.waiting.Queue(q.SQL, q.Args...).Query(func(rows pgx.Rows) error {
				for rows.Next() {
					if err := q.Row(rows.Scan); err != nil {
						return err
					}
				}
				return rows.Err()
			})
		}
		return tx.send(ctx)
	}
	for _, q := range questions {
		s, err := tx.prepare(ctx, q.SQL)
		if err != nil {
			return err
		}
		rows, err := s.QueryContext(ctx, q.Args...)
		if err != nil {
			return err
		}
		for err == nil && rows.Next() {
			err = q.Row(rows.Scan)
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return nil
}

// prepare prepares a statement for SQLite, once a transaction.
func (tx *Tx) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	s, ok := tx.prepared[query]
	if !ok {
		var err error
		if s, err = tx.conn.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		tx.prepared[query] = s
	}
	return s, nil
}

// ExecContext runs a statement, after those that wait.
func (tx *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	return tx.conn.ExecContext(ctx, query, args...)
}

// Exec runs a statement, after those that wait.
func (tx *Tx) Exec(query string, args ...any) (sql.Result, error) {
	return tx.ExecContext(context.Background(), query, args...)
}

// QueryContext runs a query, after what waits. Its rows are to be closed before the next statement.
func (tx *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	return tx.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a query for one row, after what waits.
func (tx *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	// When what waits fails, PostgreSQL refuses the query too; Tx tells the first error.
	_ = tx.flush(ctx)
	return tx.conn.QueryRowContext(ctx, query, args...)
}

// PrepareContext prepares a statement, after what waits.
func (tx *Tx) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := tx.flush(ctx); err != nil {
		return nil, err
	}
	return tx.conn.PrepareContext(ctx, query)
}

func (tx *Tx) flush(ctx context.Context) error {
	if tx.db.dialect == SQLite {
		return nil
	}
	return tx.send(ctx)
}

const lockQuery = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`

// Lock makes every other transaction that asks for the same key wait until tx
// ends. On SQLite the one writer is the lock.
func Lock(ctx context.Context, tx *Tx, key string) error {
	if tx.db.dialect == SQLite {
		return nil
	}
	err := tx.Later(ctx, lockQuery, key)
	if err == nil {
		err = tx.send(ctx)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", key, err)
	}
	return nil
}

// LockLater locks as [Lock] does, but with the next statement that asks for
// something: what tx reads from then on is read under the lock, what is known before is not.
func LockLater(ctx context.Context, tx *Tx, key string) error {
	if tx.db.dialect == SQLite {
		return nil
	}
	return tx.Later(ctx, lockQuery, key)
}
