package decision

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"polder.city/decision/tlog"
	"polder.city/internal/problem"
)

// Check compares what is stored with what the log commits to, both ways: each
// decision, advice and refusal has the bytes that its entry commits to and that entry is in
// the log, each part is the one that its record names, numbers are consecutive, and no entry of
// the log is without its document. It returns all that is wrong, joined. The log itself is checked by [tlog.Log.Check].
func (g *Gate) Check(ctx context.Context) error {
	var found error
	report := func(where, format string, args ...any) {
		found = errors.Join(found, problem.New(problem.Unavailable, "decision.damaged", format, args...).At(where).
			Do("Stop Polder and restore the database from a backup."))
	}
	stored := map[[sha256.Size]byte]string{} // hash of an entry to the document that it is of
	for _, table := range []struct{ sort, query string }{
		{"decision", `SELECT number, record, leaf FROM decision ORDER BY number`},
		{"advice", `SELECT id, body, leaf FROM advice ORDER BY id`},
		{"refusal", `SELECT id, body, leaf FROM refusal ORDER BY id`},
	} {
		last := int64(0)
		err := g.each(ctx, table.query, func(id int64, body, leaf []byte) {
			where := fmt.Sprintf("%s/%d", table.sort, id)
			entry, err := tlog.ParseLeaf(leaf)
			if err != nil || entry.Sort != table.sort || entry.SHA256 != sha256.Sum256(body) {
				report(where, "The document is not the one that was logged.")
			}
			if table.sort == "decision" && id != last+1 {
				report(where, "The decisions before number %d are not all there.", id)
			}
			last = id
			stored[sha256.Sum256(leaf)] = where
		})
		if err != nil {
			return err
		}
	}
	err := g.log.Entries(ctx, func(entry []byte) error {
		leaf, err := tlog.ParseLeaf(entry)
		if err != nil || (leaf.Sort != "decision" && leaf.Sort != "advice" && leaf.Sort != "refusal") {
			return nil // the register's, or a successor's first
		}
		key := sha256.Sum256(entry)
		if _, ok := stored[key]; !ok {
			report("log", "The document of the entry %q is not there.", bytes.TrimSpace(entry))
		}
		delete(stored, key)
		return nil
	})
	if err != nil {
		return err
	}
	for _, where := range stored {
		report(where, "The document is not in the log.")
	}
	return errors.Join(found, g.checkParts(ctx))
}

func (g *Gate) each(ctx context.Context, query string, f func(id int64, body, leaf []byte), args ...any) error {
	rows, err := g.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body, leaf []byte
		if err := rows.Scan(&id, &body, &leaf); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		f(id, body, leaf)
	}
	return rows.Err()
}

// checkParts holds every part against its record, one decision at a time.
func (g *Gate) checkParts(ctx context.Context) (found error) {
	var highest int64
	if err := g.db.Read().QueryRowContext(ctx, `SELECT coalesce(max(number), 0) FROM decision`).Scan(&highest); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	for number := int64(1); number <= highest; number++ {
		committed := map[string]string{}
		err := g.each(ctx, `SELECT number, record, leaf FROM decision WHERE number = $1`, func(_ int64, body, _ []byte) {
			var r Record
			_ = json.Unmarshal(body, &r) // when it fails, no part is committed to, and all are reported
			for _, p := range r.Parts {
				committed[p.ID] = p.SHA256
			}
		}, number)
		if err != nil {
			return err
		}
		wrong := func(id, message string) {
			found = errors.Join(found, problem.New(problem.Unavailable, "decision.damaged", "%s", message).
				At(fmt.Sprintf("decision/%d/%s", number, id)).Do("Stop Polder and restore the database from a backup."))
		}
		err = g.eachPart(ctx, number, func(id string, body []byte) {
			if committed[id] != sha(body) {
				wrong(id, "The part is not the one that was recorded.")
			}
			delete(committed, id)
		})
		if err != nil {
			return err
		}
		for id := range committed {
			wrong(id, "The part is not there.")
		}
	}
	return found
}

func (g *Gate) eachPart(ctx context.Context, number int64, f func(id string, body []byte)) error {
	rows, err := g.db.Read().QueryContext(ctx, `SELECT id, body FROM decision_part WHERE number = $1`, number)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var body []byte
		if err := rows.Scan(&id, &body); err != nil {
			return fmt.Errorf("check: %w", err)
		}
		f(id, body)
	}
	return rows.Err()
}
