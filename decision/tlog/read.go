package tlog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrNotPublished says that an entry is not yet under a published checkpoint.
var ErrNotPublished = errors.New("log: not yet published")

// Inclusion is an entry's place in the log, proved.
type Inclusion struct {
	Origin string // of the log that it stands in
	VKey   string // the key that checks the proof
	Index  int64
	Size   int64     // of the tree under the checkpoint
	At     time.Time // of the checkpoint, by the city's clock
	Proof  []byte    // C2SP tlog-proof, version 1
}

// Prove returns the proof that entry stands in the log, under the published
// checkpoint and already verified, or [ErrNotPublished]. Nothing may be sent
// to anybody as decided before this succeeded.
func (l *Log) Prove(ctx context.Context, entry []byte) (Inclusion, error) {
	hash := tlog.RecordHash(entry)
	var logID, index sql.NullInt64
	err := l.db.Read().QueryRowContext(ctx, `SELECT log, leaf_index FROM log_leaf WHERE hash = $1`, hash[:]).Scan(&logID, &index)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !index.Valid) {
		return Inclusion{}, ErrNotPublished
	}
	if err != nil {
		return Inclusion{}, fmt.Errorf("log proof: %w", err)
	}
	h, err := scanHead(l.db.Read().QueryRowContext(ctx, `SELECT `+headColumns+` FROM log WHERE id = $1`, logID.Int64))
	if err != nil {
		return Inclusion{}, err
	}
	if index.Int64 >= h.checkpointSize {
		return Inclusion{}, ErrNotPublished
	}
	tree, err := openCheckpoint(h.vkey, h.checkpoint)
	if err != nil {
		return Inclusion{}, err
	}
	p := Proof{Index: index.Int64, Checkpoint: h.checkpoint}
	if p.Path, err = tlog.ProveRecord(tree.N, p.Index, l.hashes(ctx, h.id, tree)); err != nil {
		return Inclusion{}, fmt.Errorf("log proof: %w", err)
	}
	if err := p.Check(entry, tree); err != nil {
		return Inclusion{}, err
	}
	return Inclusion{h.Origin, h.vkey, p.Index, tree.N, h.checkpointAt, FormatProof(p)}, nil
}

// Await returns once entry is published and verified, or with ctx's error.
func (l *Log) Await(ctx context.Context, entry []byte) (Inclusion, error) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		changed := *l.changed.Load()
		in, err := l.Prove(ctx, entry)
		if !errors.Is(err, ErrNotPublished) {
			return in, err
		}
		l.Wake()
		select {
		case <-ctx.Done():
			return Inclusion{}, ctx.Err()
		case <-changed:
		case <-poll.C: // another node may sign
		}
	}
}

// readTile returns a tile as far as it is filled.
func readTile(ctx context.Context, q querier, logID int64, level int, n int64) ([]byte, error) {
	var hashes []byte
	err := q.QueryRowContext(ctx, `SELECT hashes FROM log_tile WHERE log = $1 AND level = $2 AND n = $3`, logID, level, n).Scan(&hashes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, damaged(fmt.Sprintf("tile/%d/%03d", level, n), "A tile of the log is not there.")
	}
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d: %w", level, n, err)
	}
	return hashes, nil
}

// hashes reads hashes of a tree from the tiles, each checked against the tree's root.
func (l *Log) hashes(ctx context.Context, logID int64, tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, &tiles{ctx, l.db.Read(), logID})
}

// tiles reads tiles for [tlog.TileHashReader].
type tiles struct {
	ctx   context.Context
	q     querier
	logID int64
}

func (t *tiles) Height() int { return tileHeight }

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(wanted))
	for i, w := range wanted {
		hashes, err := readTile(t.ctx, t.q, t.logID, w.L, w.N)
		if err != nil {
			return nil, err
		}
		if len(hashes) < w.W*tlog.HashSize {
			return nil, damaged(fmt.Sprintf("tile/%d/%03d", w.L, w.N), "A tile of the log is too short.")
		}
		out[i] = hashes[:w.W*tlog.HashSize]
	}
	return out, nil
}

// Entries calls f with every entry of the log that this database has, in no
// particular order, those that wait for a place included.
func (l *Log) Entries(ctx context.Context, f func(entry []byte) error) error {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT entry FROM log_leaf`)
	if err != nil {
		return fmt.Errorf("log entries: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var entry []byte
		if err := rows.Scan(&entry); err != nil {
			return fmt.Errorf("log entries: %w", err)
		}
		if err := f(entry); err != nil {
			return err
		}
	}
	return rows.Err()
}
