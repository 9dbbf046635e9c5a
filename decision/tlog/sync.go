package tlog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/problem"
	"polder.city/store"
)

// batch is how many leaves get a place in one transaction.
const batch = 4096

// Sync gives all waiting leaves their places and publishes a checkpoint over
// them, in the order that the package comment argues. It does nothing when nothing waits, and
// on a node without the key. When it returns nil, every leaf that was committed before the call is
// under the published checkpoint.
func (l *Log) Sync(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.key.Load() == nil {
		return nil
	}
	if idle, err := l.idle(ctx); err != nil || idle {
		return err
	}
	unlock, err := lockFile(l.stateFile + ".lock")
	if err != nil {
		return err
	}
	return errors.Join(l.sync(ctx), unlock())
}

// idle reports whether nothing waits and the published checkpoint is young.
// A frozen log is never idle, so that it goes on as soon as its state is put right.
func (l *Log) idle(ctx context.Context) (bool, error) {
	if l.frozen.Load() != nil {
		return false, nil
	}
	h, err := newest(ctx, l.db.Read())
	if err != nil {
		return false, err
	}
	var waits bool
	err = l.db.Read().QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM log_leaf WHERE leaf_index IS NULL)`).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("log: %w", err)
	}
	return !waits && h.checkpoint != nil && h.checkpointSize == h.Size && l.clock.Now().Sub(h.checkpointAt) < republishAfter, nil
}

func (l *Log) sync(ctx context.Context) error {
	h, err := newest(ctx, l.db.Read())
	if err != nil {
		return err
	}
	last, err := l.admit(h)
	if err != nil {
		return err
	}
	if p := l.frozen.Load(); p != nil {
		return p
	}
	for more := true; more; {
		// Step 1, in the transaction that gives the places.
		if h, more, err = l.sequence(ctx); err != nil {
			return err
		}
		if err := l.step("sequenced"); err != nil {
			return err
		}
	}
	if err := l.continues(ctx, h, last); err != nil {
		return err
	}
	// Step 2: from here on this tree, and no other of its size, can be signed. The
	// file goes before the signature: were it the other way round, a crash between
	// them would leave a signature in the world that the file does not know.
	if err := writeState(l.stateFile, h.state); err != nil {
		return err
	}
	if err := l.step("recorded"); err != nil {
		return err
	}
	// Step 3.
	checkpoint, err := l.sign(ctx, h)
	if err != nil {
		return err
	}
	if err := l.step("signed"); err != nil {
		return err
	}
	if err := l.publish(ctx, h, checkpoint); err != nil {
		return err
	}
	close(*l.changed.Swap(new(make(chan struct{}))))
	return l.step("published")
}

// admit compares the database with the state file, and returns what the log
// last stood for. What forbids signing is kept in l.frozen, not returned.
func (l *Log) admit(h head) (state, error) {
	last, ok, err := readState(l.stateFile)
	if p, is := errors.AsType[*problem.Error](err); is {
		l.frozen.Store(p)
		return state{}, nil
	}
	if err != nil {
		return state{}, err
	}
	zero := state{Origin: h.Origin, Root: (&edge{}).root()}
	successor := ok && h.prev.Origin != "" && last == h.prev
	if (!ok && h.Size == 0 && h.prev.Origin == "") || successor {
		// The start of a log, or of a successor whose state was not yet written when the process ended.
		if err := writeState(l.stateFile, zero); err != nil {
			return state{}, err
		}
		last, ok = zero, true
	}
	const way = "If a backup was restored, put the newest database back, or run 'polder log successor'."
	key := l.key.Load()
	var p *problem.Error
	switch {
	case key.Origin() != h.Origin || key.VKey() != h.vkey:
		p = problem.New(problem.Unavailable, "log.key.other", "The key signs %s, and the database holds the log %s.", key.Origin(), h.Origin).Do(way)
	case !ok:
		p = problem.New(problem.Unavailable, "log.state.missing", "The log's state file %s is not there, and the log has %d leaves.", l.stateFile, h.Size).
			Do("Put it back from the newest copy, or run 'polder log successor'.")
	case last.Origin != h.Origin:
		p = problem.New(problem.Unavailable, "log.state.other", "The state file is of the log %s, and the database holds %s.", last.Origin, h.Origin).Do(way)
	case last.Size > h.Size:
		p = problem.New(problem.Unavailable, "log.restored", "The log was signed up to %d leaves, and the database has %d.", last.Size, h.Size).Do(way)
	case last.Size == h.Size && last.Root != h.Root:
		p = problem.New(problem.Unavailable, "log.split", "The database holds other leaves than were signed.").Do(way)
	}
	l.frozen.Store(p)
	return last, nil
}

// sequence gives waiting leaves the next places and writes their tiles, in one
// transaction that ends with the compare-and-swap of (size, root). more says that others still wait.
func (l *Log) sequence(ctx context.Context) (h head, more bool, err error) {
	err = l.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		if h, err = newest(ctx, tx); err != nil {
			return err
		}
		ids, hashes, err := waiting(ctx, tx)
		if err != nil || len(ids) == 0 {
			return err
		}
		more = len(ids) == batch
		if err := grow(ctx, tx, &h, ids, hashes); err != nil {
			return err
		}
		return l.step("placed")
	})
	if err != nil {
		return head{}, false, fmt.Errorf("sequence the log: %w", err)
	}
	return h, more, nil
}

// waiting returns leaves without a place in the order of their ids. The place
// itself is the mark, not the last id that was seen: ids commit in another order than they are given.
func waiting(ctx context.Context, tx *store.Tx) (ids []int64, hashes []tlog.Hash, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, entry, hash FROM log_leaf WHERE leaf_index IS NULL ORDER BY id LIMIT $1`, batch)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var entry, hash []byte
		if err := rows.Scan(&id, &entry, &hash); err != nil {
			return nil, nil, err
		}
		h := tlog.RecordHash(entry)
		if string(h[:]) != string(hash) {
			return nil, nil, damaged("log_leaf/"+fmt.Sprint(id), "A waiting leaf was changed.")
		}
		ids, hashes = append(ids, id), append(hashes, h)
	}
	return ids, hashes, rows.Err()
}

// grow appends leaves to the tree of h in tx, and sets h to what it became.
func grow(ctx context.Context, tx *store.Tx, h *head, ids []int64, hashes []tlog.Hash) error {
	e, err := loadEdge(ctx, tx, *h)
	if err != nil {
		return err
	}
	tile := func(level int, n int64, hashes []tlog.Hash) error {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO log_tile (log, level, n, hashes) VALUES ($1, $2, $3, $4)
			ON CONFLICT (log, level, n) DO UPDATE SET hashes = excluded.hashes`, h.id, level, n, pack(hashes))
		return err
	}
	place, err := tx.PrepareContext(ctx, `UPDATE log_leaf SET log = $1, leaf_index = $2 WHERE id = $3 AND leaf_index IS NULL`)
	if err != nil {
		return err
	}
	defer place.Close()
	for i, id := range ids {
		if err := one(place.ExecContext(ctx, h.id, e.size, id)); err != nil {
			return fmt.Errorf("leaf %d: %w", id, err)
		}
		if err := e.add(hashes[i], tile); err != nil {
			return err
		}
	}
	for level := range e.levels {
		if n, hashes := e.partial(level); len(hashes) > 0 {
			if err := tile(level, n, hashes); err != nil {
				return err
			}
		}
	}
	root := e.root()
	err = one(tx.ExecContext(ctx, `UPDATE log SET size = $1, root = $2 WHERE id = $3 AND size = $4 AND root = $5`,
		e.size, root[:], h.id, h.Size, h.Root[:]))
	if err != nil {
		return fmt.Errorf("compare and swap of the tree: %w", err)
	}
	h.Size, h.Root = e.size, root
	return nil
}

// one returns an error unless exactly one row was changed.
func one(r interface{ RowsAffected() (int64, error) }, err error) error {
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(fmt.Errorf("%d rows changed, not 1", n), err)
	}
	return nil
}

// loadEdge reads the tiles at the right edge, and refuses them unless they hash to the tree's root.
func loadEdge(ctx context.Context, q querier, h head) (*edge, error) {
	e := &edge{size: h.Size}
	for level := 0; h.Size>>(tileHeight*level) > 0; level++ {
		width := int(h.Size >> (tileHeight * level) % tileWidth)
		var hashes []tlog.Hash
		if width > 0 {
			t, err := readTile(ctx, q, h.id, level, h.Size>>(tileHeight*(level+1)))
			if err == nil {
				hashes, err = unpack(t, width)
			}
			if err != nil {
				return nil, err
			}
		}
		e.levels = append(e.levels, hashes)
	}
	if e.root() != h.Root {
		return nil, damaged(h.Origin, "The tiles at the log's end do not hash to its root.")
	}
	return e, nil
}

// continues returns nil when h's tree is a continuation of what the log last
// stood for: nothing was taken away or changed. The proof is checked by code that did not build the tree.
func (l *Log) continues(ctx context.Context, h head, last state) error {
	if last.Size == 0 {
		return nil
	}
	err := error(nil)
	switch {
	case last.Size > h.Size:
		err = errors.New("it is shorter")
	case last.Size == h.Size:
		if last.Root != h.Root {
			err = errors.New("it has another root")
		}
	default:
		var proof tlog.TreeProof
		if proof, err = tlog.ProveTree(h.Size, last.Size, l.hashes(ctx, h.id, h.tree())); err == nil {
			err = tlog.CheckTree(proof, h.Size, h.Root, last.Size, last.Root)
		}
	}
	if err != nil {
		p := problem.New(problem.Unavailable, "log.split", "The log in the database does not continue what was signed at %d leaves.", last.Size).
			Do("If a backup was restored, put the newest database back, or run 'polder log successor'.").Cause(err)
		l.frozen.Store(p)
		return p
	}
	return nil
}

// sign signs the checkpoint of h, after the last look at what was signed before:
// the state file must hold this very tree, and the published checkpoint must be a beginning of it.
func (l *Log) sign(ctx context.Context, h head) ([]byte, error) {
	last, ok, err := readState(l.stateFile)
	if err != nil {
		return nil, err
	}
	if !ok || last != h.state {
		return nil, fmt.Errorf("log %s: the state file changed while the tree of %d was signed", h.Origin, h.Size)
	}
	if h.checkpoint != nil {
		published, err := openCheckpoint(h.vkey, h.checkpoint)
		if err != nil {
			return nil, fmt.Errorf("the published checkpoint: %w", err)
		}
		if err := l.continues(ctx, h, state{h.Origin, published.N, published.Hash}); err != nil {
			return nil, err
		}
	}
	signed, err := note.Sign(&note.Note{Text: checkpointText(h.Origin, h.tree())}, l.key.Load().signer)
	if err != nil {
		return nil, fmt.Errorf("sign the checkpoint: %w", err)
	}
	return signed, nil
}

// publish stores the checkpoint where every node serves it. A larger one that another node published meanwhile stays.
func (l *Log) publish(ctx context.Context, h head, checkpoint []byte) error {
	return l.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE log SET checkpoint = $1, checkpoint_size = $2, checkpoint_at = $3 WHERE id = $4 AND checkpoint_size <= $2`,
			checkpoint, h.Size, l.clock.Now().UnixMicro(), h.id)
		if err != nil {
			return fmt.Errorf("publish the checkpoint: %w", err)
		}
		return nil
	})
}

func damaged(where, format string, args ...any) *problem.Error {
	return problem.New(problem.Unavailable, "log.damaged", format, args...).At(where).
		Do("Stop Polder and restore the database from a backup; 'polder log check' shows all damage.")
}
