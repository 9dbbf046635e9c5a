package decision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"polder.city/decision/tlog"
	"polder.city/internal/problem"
)

// Summary is a decision as a list shows it.
type Summary struct {
	Number             int64
	Kind, Subject      string
	DecidedAt          time.Time
	Act                string // decided, signed or overruled
	Algorithm, Version string // that decided or advised
	Role               string // that signed; empty when the algorithm decided
	Mandate            string
	Replaces           int64 // the decision that it replaced, 0 for none
	ReplacedBy         int64 // the decision that replaced it, 0 while it holds
	Advice             int64 // that it was decided on, 0 for none
	Simulated          bool
	Outcome            json.RawMessage
	Reasons            []Reason
}

// Decision is one decision in full.
type Decision struct {
	Summary
	Record Record
	Raw    []byte // the record's bytes, canonical JSON
	Leaf   []byte // its entry in the log
}

// Filter picks decisions; its zero value picks the newest.
type Filter struct {
	Kind, Subject, Algorithm string // empty for all
	Before                   int64  // only numbers below; 0 for all
	Limit                    int    // 0 means 50; at most 500
}

const summaryColumns = `d.number, d.kind, d.subject, d.decided_at, d.act, d.algorithm, d.version, d.role, d.mandate,
	coalesce(d.replaces, 0), coalesce((SELECT r.number FROM decision r WHERE r.replaces = d.number), 0), coalesce(d.advice, 0), d.simulated, d.outcome, d.reasons`

func scanSummary(row interface{ Scan(dest ...any) error }, more ...any) (s Summary, err error) {
	var at int64
	var outcome, reasons []byte
	dest := []any{
		&s.Number, &s.Kind, &s.Subject, &at, &s.Act, &s.Algorithm, &s.Version, &s.Role, &s.Mandate,
		&s.Replaces, &s.ReplacedBy, &s.Advice, &s.Simulated, &outcome, &reasons,
	}
	if err := row.Scan(append(dest, more...)...); err != nil {
		return Summary{}, err
	}
	s.DecidedAt, s.Outcome = time.UnixMicro(at).UTC(), outcome
	return s, json.Unmarshal(reasons, &s.Reasons)
}

// List returns decisions, the newest first. For the next page, set Before to the last number.
func (g *Gate) List(ctx context.Context, f Filter) ([]Summary, error) {
	if f.Before == 0 {
		f.Before = maxNumber
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	rows, err := g.db.Read().QueryContext(ctx, `
		SELECT `+summaryColumns+` FROM decision d
		WHERE (CAST($1 AS TEXT) = '' OR d.kind = $1) AND (CAST($2 AS TEXT) = '' OR d.subject = $2)
		  AND (CAST($3 AS TEXT) = '' OR d.algorithm = $3) AND d.number < $4
		ORDER BY d.number DESC LIMIT $5`, f.Kind, f.Subject, f.Algorithm, f.Before, min(f.Limit, 500))
	if err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	defer rows.Close()
	var out []Summary
	for rows.Next() {
		s, err := scanSummary(rows)
		if err != nil {
			return nil, fmt.Errorf("decisions: %w", err)
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// Get returns a decision.
func (g *Gate) Get(ctx context.Context, number int64) (*Decision, error) {
	var d Decision
	row := g.db.Read().QueryRowContext(ctx, `SELECT `+summaryColumns+`, d.record, d.leaf FROM decision d WHERE d.number = $1`, number)
	var err error
	d.Summary, err = scanSummary(row, &d.Raw, &d.Leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "decision.none", "There is no decision %d.", number)
	}
	if err == nil {
		err = json.Unmarshal(d.Raw, &d.Record)
	}
	if err != nil {
		return nil, fmt.Errorf("decision %d: %w", number, err)
	}
	return &d, nil
}

// Part returns a part of a decision: canonical JSON with its id and salt.
func (g *Gate) Part(ctx context.Context, number int64, id string) ([]byte, error) {
	var body []byte
	err := g.db.Read().QueryRowContext(ctx, `SELECT body FROM decision_part WHERE number = $1 AND id = $2`, number, id).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "decision.part", "Decision %d has no part %q.", number, id)
	}
	if err != nil {
		return nil, fmt.Errorf("decision %d, part %s: %w", number, id, err)
	}
	return body, nil
}

// Advice is a proposal that an official has decided on or must.
type Advice struct {
	ID       int64
	State    string // open, signed or overtaken
	Decision int64  // the decision that it became, 0 while it is none
	Body     AdviceBody
	Raw      []byte // the body's bytes, canonical JSON
	Leaf     []byte // its entry in the log
}

const adviceColumns = `id, state, coalesce(decision, 0), body, leaf`

func scanAdvice(row interface{ Scan(dest ...any) error }) (a Advice, err error) {
	if err := row.Scan(&a.ID, &a.State, &a.Decision, &a.Raw, &a.Leaf); err != nil {
		return Advice{}, err
	}
	return a, json.Unmarshal(a.Raw, &a.Body)
}

// Advice returns an advice.
func (g *Gate) Advice(ctx context.Context, id int64) (*Advice, error) {
	a, err := scanAdvice(g.db.Read().QueryRowContext(ctx, `SELECT `+adviceColumns+` FROM advice WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "advice.none", "There is no advice %d.", id)
	}
	if err != nil {
		return nil, fmt.Errorf("advice %d: %w", id, err)
	}
	return &a, nil
}

// OpenAdvice returns the advice that waits for an official, the oldest first, 200 at most.
func (g *Gate) OpenAdvice(ctx context.Context) ([]Advice, error) {
	rows, err := g.db.Read().QueryContext(ctx, `SELECT `+adviceColumns+` FROM advice WHERE state = 'open' ORDER BY id LIMIT 200`)
	if err != nil {
		return nil, fmt.Errorf("open advice: %w", err)
	}
	defer rows.Close()
	var out []Advice
	for rows.Next() {
		a, err := scanAdvice(rows)
		if err != nil {
			return nil, fmt.Errorf("open advice: %w", err)
		}
		out = append(out, a)
	}
	return out, rows.Err()
}

// Refusal is what the gate refused.
type Refusal struct {
	ID   int64
	Body RefusalBody
	Raw  []byte // the body's bytes, canonical JSON
	Leaf []byte // its entry in the log
}

// Refusals returns what the gate refused, the newest first, 200 at most.
func (g *Gate) Refusals(ctx context.Context) ([]Refusal, error) {
	rows, err := g.db.Read().QueryContext(ctx, `SELECT id, body, leaf FROM refusal ORDER BY id DESC LIMIT 200`)
	if err != nil {
		return nil, fmt.Errorf("refusals: %w", err)
	}
	defer rows.Close()
	var out []Refusal
	for rows.Next() {
		var r Refusal
		if err := rows.Scan(&r.ID, &r.Raw, &r.Leaf); err != nil {
			return nil, fmt.Errorf("refusals: %w", err)
		}
		if err := json.Unmarshal(r.Raw, &r.Body); err != nil {
			return nil, fmt.Errorf("refusals: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Tally counts what became of an algorithm's proposals.
type Tally struct {
	Decided, Signed, Overruled, Refused int64
}

// Tally counts what became of an algorithm's proposals from a time up to another, that one not included.
func (g *Gate) Tally(ctx context.Context, algorithm string, from, to time.Time) (t Tally, err error) {
	err = g.db.Read().QueryRowContext(ctx, `
		SELECT coalesce(sum(CASE WHEN act = 'decided' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN act = 'signed' THEN 1 ELSE 0 END), 0),
		       coalesce(sum(CASE WHEN act = 'overruled' THEN 1 ELSE 0 END), 0),
		       (SELECT count(*) FROM refusal WHERE algorithm = $1 AND at >= $2 AND at < $3)
		FROM decision WHERE algorithm = $1 AND decided_at >= $2 AND decided_at < $3`,
		algorithm, from.UnixMicro(), to.UnixMicro()).Scan(&t.Decided, &t.Signed, &t.Overruled, &t.Refused)
	if err != nil {
		return Tally{}, fmt.Errorf("tally of %s: %w", algorithm, err)
	}
	return t, nil
}

// leafOf returns a decision's entry in the log.
func (g *Gate) leafOf(ctx context.Context, number int64) (leaf []byte, err error) {
	err = g.db.Read().QueryRowContext(ctx, `SELECT leaf FROM decision WHERE number = $1`, number).Scan(&leaf)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "decision.none", "There is no decision %d.", number)
	}
	if err != nil {
		return nil, fmt.Errorf("decision %d: %w", number, err)
	}
	return leaf, nil
}

// Published returns the place of a decision in the log, verified under the
// published checkpoint. While it has none, ok is false and the decision may not be sent to anybody.
func (g *Gate) Published(ctx context.Context, number int64) (in tlog.Inclusion, ok bool, err error) {
	leaf, err := g.leafOf(ctx, number)
	if err != nil {
		return tlog.Inclusion{}, false, err
	}
	in, err = g.log.Prove(ctx, leaf)
	if errors.Is(err, tlog.ErrNotPublished) {
		return tlog.Inclusion{}, false, nil
	}
	return in, err == nil, err
}

// AwaitPublished returns once a decision is published, or with ctx's error.
func (g *Gate) AwaitPublished(ctx context.Context, number int64) error {
	leaf, err := g.leafOf(ctx, number)
	if err != nil {
		return err
	}
	_, err = g.log.Await(ctx, leaf)
	return err
}
