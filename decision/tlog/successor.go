package tlog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/problem"
	"polder.city/store"
)

// Successor ends the log and starts another, named and signed by key, whose
// first leaf names the last checkpoint of the old one and from which index on its leaves were lost.
// Leaves that the old log's published checkpoint covers keep their proofs;
// all others that the database still has get a place in the new log.
// It is the way on after a backup was restored, or when the key may be known to others.
func (l *Log) Successor(ctx context.Context, key *Key) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	unlock, err := lockFile(l.stateFile + ".lock")
	if err != nil {
		return err
	}
	return errors.Join(l.succeed(ctx, key), unlock())
}

func (l *Log) succeed(ctx context.Context, key *Key) error {
	last, ok, err := readState(l.stateFile)
	if _, is := errors.AsType[*problem.Error](err); err != nil && !is {
		return err
	}
	known := ok && err == nil
	err = l.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		old, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if key.Origin() == old.Origin || (known && key.Origin() == last.Origin) {
			return problem.New(problem.Conflict, "log.successor.name", "The log %s exists already.", key.Origin()).
				Do("Give the successor another name, such as %s/2.", old.Origin)
		}
		if !known { // no state file: the published checkpoint is the last that is known
			last = state{Origin: old.Origin, Root: (&edge{}).root()}
			if old.checkpoint != nil {
				tree, err := openCheckpoint(old.vkey, old.checkpoint)
				if err != nil {
					return err
				}
				last.Size, last.Root = tree.N, tree.Hash
			}
		}
		kept := int64(0)
		if last.Origin == old.Origin {
			kept = old.checkpointSize
		}
		entry := successorLeaf(last, kept)
		return startSuccessor(ctx, tx, key, old, last, entry)
	})
	if err != nil {
		return fmt.Errorf("successor: %w", err)
	}
	// A crash before this line is mended by admit: the file then still holds what the new log names as the old one's last state.
	if err := writeState(l.stateFile, state{Origin: key.Origin(), Root: (&edge{}).root()}); err != nil {
		return err
	}
	l.key.Store(key)
	l.frozen.Store(nil)
	l.Wake()
	return nil
}

func startSuccessor(ctx context.Context, tx *store.Tx, key *Key, old head, last state, entry []byte) error {
	if _, err := insertLog(ctx, tx, key, last); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE log_leaf SET log = NULL, leaf_index = NULL WHERE log = $1 AND leaf_index >= $2`, old.id, old.checkpointSize)
	if err != nil {
		return err
	}
	hash := tlog.RecordHash(entry)
	var id int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO log_leaf (entry, hash) VALUES ($1, $2) RETURNING id`, entry, hash[:]).Scan(&id); err != nil {
		return err
	}
	h, err := newest(ctx, tx)
	if err != nil {
		return err
	}
	return grow(ctx, tx, &h, []int64{id}, []tlog.Hash{hash})
}

// successorLeaf is the first entry of a successor: the last checkpoint of the
// log before it, and how many of its leaves, from the first on, are still there.
func successorLeaf(last state, kept int64) []byte {
	return fmt.Appendf(nil, "%s successor %s %d %s kept %d\n", leafFormat, last.Origin, last.Size, last.Root, min(kept, last.Size))
}
