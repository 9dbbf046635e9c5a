package tlog

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Check recomputes everything that the database holds of the log, from the
// entries on: leaf hashes, each tile, the root, and the signature of the published
// checkpoint and that it is a beginning of the tree. It returns all damage found, joined, each a [problem.Error] with its place.
func (l *Log) Check(ctx context.Context) error {
	rows, err := l.db.Read().QueryContext(ctx, `SELECT `+headColumns+` FROM log ORDER BY id`)
	if err != nil {
		return fmt.Errorf("check the log: %w", err)
	}
	defer rows.Close()
	var heads []head
	for rows.Next() {
		h, err := scanHead(rows)
		if err != nil {
			return err
		}
		heads = append(heads, h)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("check the log: %w", err)
	}
	var found error
	for i, h := range heads {
		found = errors.Join(found, l.checkLog(ctx, h, i == len(heads)-1))
	}
	return found
}

// checkLog checks one log. Of a log that ended only what its published checkpoint covers is there in full.
func (l *Log) checkLog(ctx context.Context, h head, grows bool) (found error) {
	report := func(where, format string, args ...any) {
		found = errors.Join(found, damaged(h.Origin+"/"+where, format, args...))
	}
	published := tlog.Tree{}
	if h.checkpoint != nil {
		var err error
		if published, err = openCheckpoint(h.vkey, h.checkpoint); err != nil || published.N != h.checkpointSize {
			report("checkpoint", "The published checkpoint is not signed by the log's key for %d leaves.", h.checkpointSize)
			return found
		}
	}
	upTo := published.N
	if grows {
		upTo = h.Size
	}
	var e edge
	compare := func(level int, n int64, hashes []tlog.Hash) error {
		where := fmt.Sprintf("tile/%d/%03d", level, n)
		stored, err := readTile(ctx, l.db.Read(), h.id, level, n)
		if err != nil {
			report(where, "The tile cannot be read: %v.", err)
			return nil
		}
		want := pack(hashes)
		if len(stored) < len(want) || string(stored[:len(want)]) != string(want) {
			report(where, "The tile does not hold the hashes of the entries.")
		}
		return nil
	}
	err := l.eachEntry(ctx, h.id, upTo, func(index int64, entry, stored []byte) error {
		hash := tlog.RecordHash(entry)
		if index != e.size {
			report(fmt.Sprintf("entry/%d", e.size), "The entry is not there; the next one is %d.", index)
			return errIncomplete
		}
		if string(stored) != string(hash[:]) {
			report(fmt.Sprintf("entry/%d", index), "The entry was changed.")
		}
		if err := e.add(hash, compare); err != nil {
			return err
		}
		if e.size == published.N && e.root() != published.Hash {
			report("checkpoint", "The entries do not hash to the published checkpoint.")
		}
		return nil
	})
	if err != nil && !errors.Is(err, errIncomplete) {
		return errors.Join(found, err)
	}
	if e.size != upTo {
		report("entry/"+fmt.Sprint(e.size), "Entries are not there: %d of %d.", e.size, upTo)
		return found
	}
	for level := range e.levels {
		if n, hashes := e.partial(level); len(hashes) > 0 {
			_ = compare(level, n, hashes) // reports, never fails
		}
	}
	if grows && e.root() != h.Root {
		report("root", "The entries do not hash to the log's root.")
	}
	return found
}

var errIncomplete = errors.New("log: an entry is not there")

// eachEntry calls f with the entries of a log below index upTo, in order. It
// reads them by pages, so that no reader stays open while a large log is hashed.
func (l *Log) eachEntry(ctx context.Context, logID, upTo int64, f func(index int64, entry, hash []byte) error) error {
	const page = 4096
	for from := int64(0); from < upTo; from += page {
		err := func() error {
			rows, err := l.db.Read().QueryContext(ctx, `
				SELECT leaf_index, entry, hash FROM log_leaf
				WHERE log = $1 AND leaf_index >= $2 AND leaf_index < $3 ORDER BY leaf_index`, logID, from, min(from+page, upTo))
			if err != nil {
				return fmt.Errorf("log entries: %w", err)
			}
			defer rows.Close()
			for rows.Next() {
				var index int64
				var entry, hash []byte
				if err := rows.Scan(&index, &entry, &hash); err != nil {
					return fmt.Errorf("log entries: %w", err)
				}
				if err := f(index, entry, hash); err != nil {
					return err
				}
			}
			return rows.Err()
		}()
		if err != nil {
			return err
		}
	}
	return nil
}
