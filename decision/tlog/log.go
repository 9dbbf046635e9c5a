// Package tlog is the transparency log: an append-only list of commitments, kept
// in the same database as what they commit to, that anyone can read and verify
// with tools that we did not write (C2SP tlog-tiles, tlog-checkpoint, tlog-proof).
//
// A leaf is inserted in the transaction of its document, without a place. One
// sequencer then gives the waiting leaves consecutive places and writes the
// tiles, and the order of what follows makes a crash harmless:
//
//  1. the new (size, root) is compared-and-swapped in the database, in the same transaction;
//  2. the same is written and fsynced in a state file outside the database;
//  3. the checkpoint is signed and published, after a proof that it continues what was signed before;
//  4. a document counts as published once its own leaf verifies under the published checkpoint.
//
// A kill between any two leaves the state file at or behind the database, and
// the next start goes on. Only a database that was restored from a backup lies
// behind the state file: then the log is served and not signed, until
// [Log.Successor] starts a log under another name that says what was lost.
package tlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/store"
)

// The rhythm of the log, in the machine's time: a checkpoint comes at most
// every 100 ms and within 300 ms of a leaf of any node.
const (
	pollEvery       = 200 * time.Millisecond
	checkpointEvery = 100 * time.Millisecond
	retryAfter      = time.Second
	// republishAfter is in the city's time: a checkpoint is never older, so that silence is seen.
	republishAfter = 10 * time.Minute
)

// lockKey is the database lock under which leaves get their places.
const lockKey = "log"

// Options are what [Open] needs. Without a key the log is only served: another node signs.
type Options struct {
	Key   *Key
	State string       // the state file, outside the database and its backups; required with a key
	Log   *slog.Logger // nil is silent
}

// Log is the transparency log in a database.
type Log struct {
	db        *store.DB
	stateFile string
	clock     *clock.Clock
	log       *slog.Logger

	mu  sync.Mutex          // held by one Sync or Successor at a time
	key atomic.Pointer[Key] // nil on a node that does not sign; changed under mu

	frozen  atomic.Pointer[problem.Error] // why this node does not sign though it has the key
	wake    chan struct{}                 // holds one token when a leaf may wait
	changed atomic.Pointer[chan struct{}] // closed and replaced at each checkpoint of this node

	// step is called between the steps of Sync with the name of the one just done; a test stops there.
	step func(name string) error
}

// Open returns the log in db, and begins it when there is none and a key is
// given. clk stamps the checkpoints. A log that may not be signed opens too: [Log.Status] says why.
func Open(ctx context.Context, db *store.DB, clk *clock.Clock, o Options) (*Log, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	l := &Log{
		db: db, stateFile: o.State, clock: clk, log: o.Log,
		wake: make(chan struct{}, 1), step: func(string) error { return nil },
	}
	l.changed.Store(new(make(chan struct{})))
	if o.Key == nil {
		return l, nil
	}
	l.key.Store(o.Key)
	if o.State == "" {
		return nil, errors.New("log: a key needs a state file")
	}
	if err := l.begin(ctx); err != nil {
		return nil, err
	}
	unlock, err := lockFile(l.stateFile + ".lock")
	if err != nil {
		return nil, err
	}
	head, err := newest(ctx, db.Read())
	if err == nil {
		_, err = l.admit(head)
	}
	return l, errors.Join(err, unlock())
}

// begin makes the row of the first log. Of two nodes that start at once, one does.
func (l *Log) begin(ctx context.Context) error {
	return l.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		_, err := newest(ctx, tx)
		if !errors.Is(err, errNoLog) {
			return err
		}
		_, err = insertLog(ctx, tx, l.key.Load(), state{})
		return err
	})
}

// head is a log as the database has it.
type head struct {
	id   int64
	vkey string
	state
	checkpoint     []byte // nil before the first
	checkpointSize int64
	checkpointAt   time.Time
	prev           state // the log before it as it was last signed; zero for the first
}

func (h head) tree() tlog.Tree { return tlog.Tree{N: h.Size, Hash: h.Root} }

// querier is a transaction or the reader pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

var errNoLog = errors.New("log: not begun")

const headColumns = `id, origin, vkey, size, root, checkpoint, checkpoint_size, checkpoint_at, prev_origin, prev_size, prev_root`

// newest returns the log that grows.
func newest(ctx context.Context, q querier) (head, error) {
	return scanHead(q.QueryRowContext(ctx, `SELECT `+headColumns+` FROM log ORDER BY id DESC LIMIT 1`))
}

func scanHead(row interface{ Scan(dest ...any) error }) (h head, err error) {
	var root, prevRoot []byte
	var at int64
	err = row.Scan(&h.id, &h.Origin, &h.vkey, &h.Size, &root, &h.checkpoint, &h.checkpointSize, &at,
		&h.prev.Origin, &h.prev.Size, &prevRoot)
	if errors.Is(err, sql.ErrNoRows) {
		return head{}, errNoLog
	}
	if err != nil {
		return head{}, fmt.Errorf("log: %w", err)
	}
	if copy(h.Root[:], root) != tlog.HashSize || copy(h.prev.Root[:], prevRoot) != tlog.HashSize {
		return head{}, fmt.Errorf("log %s: a root hash is not of 32 bytes", h.Origin)
	}
	h.checkpointAt = time.UnixMicro(at).UTC()
	return h, nil
}

// insertLog adds an empty log after prev.
func insertLog(ctx context.Context, tx *store.Tx, key *Key, prev state) (id int64, err error) {
	empty := (&edge{}).root()
	err = tx.QueryRowContext(ctx, `
		INSERT INTO log (origin, vkey, size, root, checkpoint_size, checkpoint_at, prev_origin, prev_size, prev_root)
		VALUES ($1, $2, 0, $3, 0, 0, $4, $5, $6) RETURNING id`,
		key.Origin(), key.VKey(), empty[:], prev.Origin, prev.Size, prev.Root[:]).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("begin log %s: %w", key.Origin(), err)
	}
	return id, nil
}

// PublicKey returns the key that checks what this node signs, "" when it does not sign.
func (l *Log) PublicKey() string {
	if key := l.key.Load(); key != nil {
		return key.VKey()
	}
	return ""
}

// Append adds an entry of 1 to 200 bytes to the log in tx: when tx commits, it
// will get a place. Every entry is different, since it commits to a salted document.
// Call [Log.Wake] after the commit, or the sequencer finds the entry within 200 ms.
func (l *Log) Append(ctx context.Context, tx *store.Tx, entry []byte) error {
	if len(entry) == 0 || len(entry) > maxLeaf {
		return fmt.Errorf("log: an entry of %d bytes, not 1 to %d", len(entry), maxLeaf)
	}
	hash := tlog.RecordHash(entry)
	if _, err := tx.ExecContext(ctx, `INSERT INTO log_leaf (entry, hash) VALUES ($1, $2)`, entry, hash[:]); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

// Wake tells the sequencer that a leaf waits.
func (l *Log) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run sequences, signs and publishes until ctx ends. On a node without the key it only waits.
func (l *Log) Run(ctx context.Context) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	failing := false
	for {
		pause := checkpointEvery
		err := l.Sync(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			pause = retryAfter
			if !failing {
				l.log.Error("the log is not signed", "error", err)
			}
		case failing:
			l.log.Info("the log is signed again")
		}
		failing = err != nil
		if !sleep(ctx, pause) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-l.wake:
		case <-poll.C:
		}
	}
}

// sleep waits for d, and reports whether ctx still runs.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Status is how the log stands.
type Status struct {
	Origin       string
	VKey         string    // the public key that checks it
	Size         int64     // leaves that have a place
	Waiting      int64     // leaves that wait for one
	Published    int64     // leaves under the published checkpoint
	Checkpoint   []byte    // the published checkpoint, a signed note; nil before the first
	CheckpointAt time.Time // by the city's clock; zero before the first
	Signs        bool      // this node holds the key and may use it
	Frozen       *problem.Error
	// Earlier are the logs before this one, the oldest first; they ended when a successor took over.
	Earlier []Earlier
}

// Earlier is a log that ended. Its checkpoint and tiles are served under "earlier/ID/".
type Earlier struct {
	ID                 int64
	Origin, VKey       string
	Published          int64 // leaves under the last checkpoint that this database has
	SuccessorFoundSize int64 // leaves under the last checkpoint that was ever signed; the difference was lost
}

// Status returns how the log stands. Before it has begun, everything is zero.
func (l *Log) Status(ctx context.Context) (Status, error) {
	s := Status{Frozen: l.frozen.Load()}
	s.Signs = l.key.Load() != nil && s.Frozen == nil
	rows, err := l.db.Read().QueryContext(ctx, `SELECT `+headColumns+` FROM log ORDER BY id`)
	if err != nil {
		return Status{}, fmt.Errorf("log status: %w", err)
	}
	defer rows.Close()
	var heads []head
	for rows.Next() {
		h, err := scanHead(rows)
		if err != nil {
			return Status{}, err
		}
		heads = append(heads, h)
	}
	if err := rows.Err(); err != nil {
		return Status{}, fmt.Errorf("log status: %w", err)
	}
	for i, h := range heads[:max(0, len(heads)-1)] {
		s.Earlier = append(s.Earlier, Earlier{h.id, h.Origin, h.vkey, h.checkpointSize, heads[i+1].prev.Size})
	}
	if len(heads) > 0 {
		h := heads[len(heads)-1]
		s.Origin, s.VKey, s.Size, s.Published, s.Checkpoint = h.Origin, h.vkey, h.Size, h.checkpointSize, h.checkpoint
		if h.checkpoint != nil {
			s.CheckpointAt = h.checkpointAt
		}
	}
	err = l.db.Read().QueryRowContext(ctx, `SELECT count(*) FROM log_leaf WHERE leaf_index IS NULL`).Scan(&s.Waiting)
	if err != nil {
		return Status{}, fmt.Errorf("log status: %w", err)
	}
	return s, nil
}
