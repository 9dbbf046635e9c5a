package register

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/unicode/norm"

	"polder.city/internal/problem"
	"polder.city/store"
)

// Stop is an official's act that stops an algorithm, or lets it go on.
type Stop struct {
	Algorithm string    `json:"algorithm"`
	Stopped   bool      `json:"stopped"`
	At        time.Time `json:"at"`
	Role      string    `json:"role"` // of the official; who it was stands in the audit, not here
	Motive    string    `json:"motive"`
	Salt      string    `json:"salt"` // 128 random bits in hexadecimal
	Leaf      []byte    `json:"-"`    // its entry in the log
	Body      []byte    `json:"-"`    // canonical JSON, the bytes that the leaf commits to
}

// SetStopped stops an algorithm at once, or lets it go on: from the commit on, the gate
// refuses (or admits) its decisions and advice. The motive is public. Doing what is already so is a conflict.
func (r *Register) SetStopped(ctx context.Context, algorithm string, stopped bool, role, motive string) error {
	motive = norm.NFC.String(motive)
	if role == "" || len(motive) < 10 {
		return problem.New(problem.Invalid, "stop.motive", "A stop needs a role and a motive of at least ten letters.").At("motive").Do("Write why.")
	}
	err := r.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		if _, ok, err := one(ctx, tx, sortAlgorithm, algorithm, new(Entry)); err != nil || !ok {
			return errors.Join(err, problem.New(problem.NotFound, "register.entry", "The register has no algorithm %s.", algorithm))
		}
		before, err := newestStop(ctx, tx, algorithm)
		if err != nil {
			return err
		}
		if before.Stopped == stopped {
			return problem.New(problem.Conflict, "stop.same", "The algorithm %s is already so.", algorithm).Do("Nothing needs to be done.")
		}
		s := Stop{Algorithm: algorithm, Stopped: stopped, At: r.clock.Now(), Role: role, Motive: motive, Salt: salt()}
		return r.storeStop(ctx, tx, s)
	})
	if err != nil {
		return fmt.Errorf("stop of %s: %w", algorithm, err)
	}
	return nil
}

func (r *Register) storeStop(ctx context.Context, tx *store.Tx, s Stop) error {
	body, err := canonical(s)
	if err != nil {
		return err
	}
	sort := "resume"
	if s.Stopped {
		sort = "stop"
	}
	leaf := logLeaf(sort, sortAlgorithm, s.Algorithm, s.At, sha256.Sum256(body))
	if err := r.log.Append(ctx, tx, leaf); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO register_stop (algorithm, stopped, at, body, leaf) VALUES ($1, $2, $3, $4, $5)`,
		s.Algorithm, s.Stopped, s.At.UnixMicro(), body, leaf)
	return err
}

// salt returns 128 random bits in hexadecimal.
func salt() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return hex.EncodeToString(b[:])
}

// newestStop returns the newest act on an algorithm, a zero one when it was never stopped.
func newestStop(ctx context.Context, q querier, algorithm string) (Stop, error) {
	var body, leaf []byte
	err := q.QueryRowContext(ctx, `SELECT body, leaf FROM register_stop WHERE algorithm = $1 ORDER BY id DESC LIMIT 1`, algorithm).Scan(&body, &leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return Stop{}, nil
	}
	if err != nil {
		return Stop{}, fmt.Errorf("stop of %s: %w", algorithm, err)
	}
	s := Stop{Body: body, Leaf: leaf}
	if err := json.Unmarshal(body, &s); err != nil {
		return Stop{}, fmt.Errorf("stop of %s: %w", algorithm, err)
	}
	return s, nil
}

// newestStops returns the newest act on each algorithm that was ever stopped.
func newestStops(ctx context.Context, q querier) (map[string]Stop, error) {
	rows, err := q.QueryContext(ctx, `SELECT body, leaf FROM register_stop WHERE id IN (SELECT max(id) FROM register_stop GROUP BY algorithm)`)
	if err != nil {
		return nil, fmt.Errorf("stops: %w", err)
	}
	defer rows.Close()
	out := map[string]Stop{}
	for rows.Next() {
		var s Stop
		if err := rows.Scan(&s.Body, &s.Leaf); err != nil {
			return nil, fmt.Errorf("stops: %w", err)
		}
		if err := json.Unmarshal(s.Body, &s); err != nil {
			return nil, fmt.Errorf("stops: %w", err)
		}
		out[s.Algorithm] = s
	}
	return out, rows.Err()
}
