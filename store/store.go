// Package store is the database: SQLite in one file by default, PostgreSQL when
// a city outgrows one machine. One SQL text serves both; what cannot be shared
// (opening, migrations, bulk insert, locks, backup) is here and nowhere else.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
	"modernc.org/sqlite"

	"polder.city/internal/problem"
)

// Dialect says which of the two databases one has.
type Dialect string

// The two databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// DB is an open, migrated database.
type DB struct {
	dialect Dialect
	path    string  // the file, on SQLite
	write   *sql.DB // one connection on SQLite, a pool on PostgreSQL
	read    *sql.DB // on SQLite a pool of connections that refuse to write
	log     *slog.Logger

	// broken holds the first error of a commit whose outcome is unknown. From
	// then on no write is accepted: after a failed fsync the kernel may have
	// dropped the pages, and only a restart shows what is on disk.
	broken atomic.Pointer[error]

	stop func()         // ends the checkpointer
	done sync.WaitGroup // the checkpointer
}

// Options are the choices of [Open]. The zero value is usable.
type Options struct {
	Log       *slog.Logger
	ReadConns int // size of the reader pool; 0 means one more than the number of processors
	// NoMigrate leaves the schema as it is; for tests that build an old one.
	NoMigrate bool
	// UnsafeSync turns the fsync of a commit off on SQLite; only the power-cut test uses it, as the control that must fail.
	UnsafeSync bool
}

// sqliteOnce sets the driver's process-wide switches before the first file is opened.
var sqliteOnce sync.Once

// Open opens the database at dsn, and brings its schema up to date.
// dsn is a file path or "sqlite:PATH" for SQLite, or a "postgres://" URL.
func Open(ctx context.Context, dsn string, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ReadConns == 0 {
		o.ReadConns = runtime.GOMAXPROCS(0) + 1
	}
	var db *DB
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		db, err = openPostgres(ctx, dsn, o)
	} else {
		db, err = openSQLite(ctx, strings.TrimPrefix(dsn, "sqlite:"), o)
	}
	if err != nil {
		return nil, err
	}
	if !o.NoMigrate {
		if err := db.Migrate(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

func openPostgres(ctx context.Context, dsn string, o Options) (*DB, error) {
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		return nil, problem.New(problem.Invalid, "store.dsn", "The database address cannot be read.").
			Do("Write it as postgres://user:password@host:5432/name.").Cause(err)
	}
	pool.SetMaxOpenConns(4*runtime.GOMAXPROCS(0) + o.ReadConns)
	pool.SetMaxIdleConns(4*runtime.GOMAXPROCS(0) + o.ReadConns) // a new connection prepares every statement anew
	pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(problem.New(problem.Unavailable, "store.connect", "The PostgreSQL server does not answer.").
			Do("Check that it runs, and the host, name and password in the configuration.").Cause(err), pool.Close())
	}
	return &DB{dialect: Postgres, write: pool, read: pool, log: o.Log, stop: func() {}}, nil
}

func openSQLite(ctx context.Context, path string, o Options) (*DB, error) {
	sqliteOnce.Do(func() {
		// Any open and close of the file elsewhere in the process would strip POSIX locks.
		sqlite.OFDLocking(true)
		sqlite.Fdatasync(true)
	})
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("database path: %w", err)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, problem.New(problem.NotFound, "store.folder", "The folder %s does not exist.", filepath.Dir(path)).
			Do("Make it with 'polder init', or give another --data.").Cause(err)
	}
	sync := "FULL"
	if o.UnsafeSync {
		sync = "NORMAL"
	}
	common := "_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_pragma=cache_size(-65536)&_pragma=mmap_size(268435456)&_pragma=temp_store(MEMORY)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	write, err := sql.Open("sqlite", file+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)&_pragma=synchronous("+sync+")&"+common)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := write.PingContext(ctx); err != nil {
		return nil, errors.Join(openProblem(path, err), write.Close())
	}
	read, err := sql.Open("sqlite", file+"?_query_only=1&"+common)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), write.Close())
	}
	read.SetMaxOpenConns(o.ReadConns)
	read.SetMaxIdleConns(o.ReadConns)
	db := &DB{dialect: SQLite, path: path, write: write, read: read, log: o.Log}
	run, stop := context.WithCancel(context.Background())
	db.stop = stop
	db.done.Go(func() { db.checkpointer(run) })
	return db, nil
}

func openProblem(path string, err error) error {
	p := problem.New(problem.Unavailable, "store.open", "The database %s cannot be opened.", path).Cause(err)
	if Damaged(err) {
		return p.Do("The file is damaged or is no database: restore it with 'polder restore'.")
	}
	return p.Do("Check that the file may be written and that the disk is not full.")
}

// isCode reports whether err is an SQLite error with the primary result code.
// Damaged tells whether an error says that the database file itself is broken: only a backup helps.
func Damaged(err error) bool { return isCode(err, sqliteNotADB) || isCode(err, sqliteCorrupt) }

func isCode(err error, primary int) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == primary
}

// Close ends the background work and closes the database.
func (db *DB) Close() error {
	db.stop()
	db.done.Wait()
	if db.dialect == Postgres {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// Dialect says which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Path returns the database file on SQLite, "" on PostgreSQL.
func (db *DB) Path() string { return db.path }

// Read returns the pool to query from. On SQLite its connections refuse to write.
func (db *DB) Read() *sql.DB { return db.read }

// Healthy returns nil while writes are accepted.
func (db *DB) Healthy(ctx context.Context) error {
	if p := db.broken.Load(); p != nil {
		return *p
	}
	return db.read.PingContext(ctx)
}

// writeProblem tells what ended a transaction: a full disk, or a failing one, after
// which the door is closed. Any other error it returns as it is.
func (db *DB) writeProblem(err error) error {
	if isFull(err) {
		return problem.New(problem.Unavailable, "store.full", "The disk of the database is full; nothing was stored.").
			Do("Make room: delete what is not needed, or move the database to a larger disk. Then send it again.").Cause(err)
	}
	if isCode(err, sqliteIOErr) {
		broken := error(problem.New(problem.Unavailable, "store.broken", "The disk reported an error while writing; Polder accepts no more writes.").
			Do("Check the disk, then restart Polder: it finds out what was stored.").Cause(err))
		if db.broken.CompareAndSwap(nil, &broken) {
			db.log.Error("database write failed, refusing writes until restart", "error", err)
		}
		return broken
	}
	return err
}

// commitProblem is writeProblem after a COMMIT. Where PostgreSQL did not say no
// but the connection broke, the transaction may have been stored.
func (db *DB) commitProblem(err error) error {
	answer, ok := errors.AsType[*pgconn.PgError](err)
	refused := ok && answer.SeverityUnlocalized == "ERROR" // FATAL ends the connection, not the transaction
	if db.dialect == Postgres && !refused && !errors.Is(err, pgx.ErrTxCommitRollback) {
		return problem.New(problem.Unavailable, "store.unknown", "The connection to the database broke; perhaps it was stored, perhaps not.").
			Do("Send it again with the same Idempotency-Key, or look whether it is there.").Cause(err)
	}
	if p := db.writeProblem(err); problem.KindOf(p) != problem.Internal {
		return p
	}
	return fmt.Errorf("write transaction: %w", err)
}

// Primary result codes of SQLite.
const (
	sqliteError   = 1 // ROLLBACK: there is no transaction
	sqliteIOErr   = 10
	sqliteCorrupt = 11
	sqliteFull    = 13
	sqliteNotADB  = 26
)

// isFull reports whether a write failed for want of room.
func isFull(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		const shmSize = sqliteIOErr | 19<<8 // SQLITE_IOERR_SHMSIZE: no room for the index of the write-ahead log
		return e.Code()&0xff == sqliteFull || e.Code() == shmSize
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "53100" // disk_full
}

// checkpointer copies the write-ahead log into the database off the write path.
func (db *DB) checkpointer(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if db.WALSize() < 4<<20 || db.broken.Load() != nil {
			continue
		}
		// TRUNCATE needs all readers gone; when one holds on, PASSIVE still does what can be done.
		mode := "PASSIVE"
		if db.WALSize() > 256<<20 {
			mode = "TRUNCATE"
		}
		if _, err := db.write.ExecContext(ctx, "PRAGMA wal_checkpoint("+mode+")"); err != nil && ctx.Err() == nil {
			db.log.Warn("write-ahead log checkpoint failed", "error", db.writeProblem(err))
		}
	}
}

// WALSize returns the bytes of SQLite's write-ahead log, 0 on PostgreSQL.
func (db *DB) WALSize() int64 {
	if db.dialect != SQLite {
		return 0
	}
	info, err := os.Stat(db.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// Size returns the bytes that the database takes on disk.
func (db *DB) Size(ctx context.Context) (int64, error) {
	var size int64
	if db.dialect == Postgres {
		err := db.read.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&size)
		return size, err
	}
	info, err := os.Stat(db.path)
	if err != nil {
		return 0, err
	}
	return info.Size() + db.WALSize(), nil
}
