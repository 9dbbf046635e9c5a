// Package decision is the gate that every decision passes.
//
// An algorithm hands in a [Proposal]. In one transaction the gate looks up its
// mandate in the register, holds the measures against the limits, and then
// either records the decision, or keeps it as an advice for an official, or
// refuses it; and whichever it is, a commitment to it goes into the
// transparency log. What is not registered cannot decide, and what is decided is logged, by construction.
//
// [Verify] checks a downloaded decision without the database and without asking the city.
package decision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"polder.city/decision/tlog"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
)

// Verdict is what the gate does with a proposal.
type Verdict string

// The verdicts.
const (
	Decided Verdict = "decided" // recorded as a decision
	Advised Verdict = "advised" // kept for an official to sign or overrule
	Refused Verdict = "refused" // no mandate; the refusal is kept
)

// Ruling is what became of a proposal or a signature.
type Ruling struct {
	Verdict  Verdict
	Number   int64      // of the decision, when decided
	Advice   int64      // the advice that it became, or that was signed
	Choice   string     // the alternative that the official chose; empty for what was advised
	Exceeded []Exceeded // the limits that kept the algorithm from deciding
	Code     string     // why it was refused, one of register's codes
}

// Options are what a [Gate] needs to know.
type Options struct {
	City string // CBS code of the municipality, "GM0034"
}

// Gate judges and records decisions.
type Gate struct {
	db       *store.DB
	register *register.Register
	log      *tlog.Log
	clock    *clock.Clock
	city     string
}

// New returns the gate over db.
func New(db *store.DB, reg *register.Register, log *tlog.Log, clk *clock.Clock, o Options) *Gate {
	return &Gate{db: db, register: reg, log: log, clock: clk, city: o.City}
}

// lockKey orders decisions: numbers are consecutive and a subject has one decision at a time.
const lockKey = "decision"

// draft is a proposal with everything computed that needs no transaction.
type draft struct {
	Proposal
	options     []Option
	parts       [][]partBody // of each option
	sealed      []SealedHash
	disclosures map[string]string
}

func prepare(p Proposal) (*draft, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	d := &draft{Proposal: p, disclosures: map[string]string{}}
	for _, a := range append([]Alternative{{"", p.Outcome, p.Measures, p.Reasons, p.Parts}}, p.Alternatives...) {
		o, parts, err := makeOption(a.ID, a.Outcome, a.Measures, a.Reasons, a.Parts)
		if err != nil {
			return nil, err
		}
		d.options, d.parts = append(d.options, o), append(d.parts, parts)
	}
	for _, f := range p.Sealed {
		hash, disclosure, err := seal(f)
		if err != nil {
			return nil, err
		}
		d.sealed = append(d.sealed, hash)
		d.disclosures[f.Name] = disclosure
	}
	for i, in := range d.Inputs {
		d.Inputs[i].AsOf = in.AsOf.UTC()
	}
	return d, nil
}

// Submit judges a proposal and records what becomes of it, in one transaction. When
// it is decided or advised, apply is called in that transaction with the ruling, so
// that the domain stores its side of it; when apply fails, nothing happened. apply may be nil.
func (g *Gate) Submit(ctx context.Context, p Proposal, apply func(ctx context.Context, tx *store.Tx, r Ruling) error) (Ruling, error) {
	d, err := prepare(p)
	if err != nil {
		return Ruling{}, err
	}
	var r Ruling
	err = g.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		r, err = g.judge(ctx, tx, d)
		if err != nil || r.Verdict == Refused || apply == nil {
			return err
		}
		return apply(ctx, tx, r)
	})
	if err != nil {
		return Ruling{}, fmt.Errorf("%s %s: %w", p.Kind, p.Subject, err)
	}
	g.log.Wake()
	return r, nil
}

func (g *Gate) judge(ctx context.Context, tx *store.Tx, d *draft) (Ruling, error) {
	now := g.clock.Now().Truncate(time.Second)
	by := By{Algorithm: d.Algorithm, Version: d.Version}
	granted, err := g.register.Mandate(ctx, tx, d.Algorithm, d.Version, d.Kind, now)
	if denied, ok := errors.AsType[*register.Denied](err); ok {
		return g.refuse(ctx, tx, RefusalBody{
			Kind: d.Kind, Subject: d.Subject, At: now, By: by, Code: denied.Code, Simulated: d.Simulated, Origin: d.Origin,
		})
	}
	if err != nil {
		return Ruling{}, err
	}
	if err := checkRemedies(d.Kind, d.Remedies); err != nil {
		return Ruling{}, err
	}
	if err := holds(ctx, tx, d.Kind, d.Subject, d.Replaces); err != nil {
		return Ruling{}, err
	}
	// What comes now overtakes an advice on the same subject that nobody has signed yet.
	if _, err := tx.ExecContext(ctx, `UPDATE advice SET state = 'overtaken' WHERE kind = $1 AND subject = $2 AND state = 'open'`, d.Kind, d.Subject); err != nil {
		return Ruling{}, err
	}
	by.Mandate, by.EntryHash = granted.Mandate.ID, granted.EntryHash
	over := exceeded(granted.Mandate.Limits, d.Measures)
	if granted.Mandate.Power != register.Decide || len(over) > 0 || d.Asked {
		return g.advise(ctx, tx, d, granted.Mandate, by, over, now)
	}
	rec := Record{
		Kind: d.Kind, Subject: d.Subject, DecidedAt: now, By: by, Option: d.options[0], Inputs: d.Inputs,
		Rules: granted.Mandate.Rules, Limits: granted.Mandate.Limits, LegalBasis: d.LegalBasis, Remedies: d.Remedies,
		Replaces: d.Replaces, Sealed: d.sealed, Simulated: d.Simulated, Origin: d.Origin,
	}
	number, err := g.record(ctx, tx, rec, d.parts[0], d.disclosures, time.Time{})
	return Ruling{Verdict: Decided, Number: number}, err
}

// holds returns a conflict unless the decision that holds on a subject is the one to be replaced.
func holds(ctx context.Context, tx *store.Tx, kind, subject string, replaces int64) error {
	var current int64
	err := tx.QueryRowContext(ctx, `SELECT number FROM decision WHERE kind = $1 AND subject = $2 ORDER BY number DESC LIMIT 1`, kind, subject).Scan(&current)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if current != replaces {
		return problem.New(problem.Conflict, "decision.replaced", "On %s %s decision %d holds, not %d.", kind, subject, current, replaces).
			Do("Look at it, and make the proposal again.")
	}
	return nil
}

// record gives a decision its number, and stores record, parts, sealed fields and leaf.
func (g *Gate) record(ctx context.Context, tx *store.Tx, rec Record, parts []partBody, disclosures map[string]string, opened time.Time) (int64, error) {
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(number), 0) + 1 FROM decision`).Scan(&rec.Number); err != nil {
		return 0, err
	}
	rec.Format, rec.City, rec.Salt = recordFormat, g.city, newSalt()
	body, err := canonical(rec)
	if err != nil {
		return 0, err
	}
	leaf, err := logEntry("decision", rec.Kind, rec.By.Mandate, rec.DecidedAt, body)
	if err != nil {
		return 0, err
	}
	if err := g.log.Append(ctx, tx, leaf); err != nil {
		return 0, err
	}
	reasons, err := canonical(rec.Reasons)
	if err != nil {
		return 0, err
	}
	algorithm, act, advice := rec.By, string(Decided), sql.NullInt64{}
	if a := rec.By.Advice; a != nil {
		algorithm, act, advice = a.By, rec.By.Act, sql.NullInt64{Int64: a.ID, Valid: true}
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO decision (number, kind, subject, decided_at, act, algorithm, version, role, mandate, replaces, advice, opened_at, simulated, outcome, reasons, record, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		rec.Number, rec.Kind, rec.Subject, rec.DecidedAt.UnixMicro(), act, algorithm.Algorithm, algorithm.Version, rec.By.Role, rec.By.Mandate,
		sql.NullInt64{Int64: rec.Replaces, Valid: rec.Replaces != 0}, advice, sql.NullInt64{Int64: opened.UnixMicro(), Valid: !opened.IsZero()},
		rec.Simulated, []byte(rec.Outcome), reasons, body, leaf)
	if err != nil {
		return 0, err
	}
	if _, err := store.InsertRows(ctx, tx, "decision_part", []string{"number", "id", "body"}, partRows([]any{rec.Number}, parts)); err != nil {
		return 0, err
	}
	for name, disclosure := range disclosures {
		if _, err := tx.ExecContext(ctx, `INSERT INTO decision_sealed (number, name, disclosure) VALUES ($1, $2, $3)`, rec.Number, name, disclosure); err != nil {
			return 0, err
		}
	}
	return rec.Number, nil
}

// partRows yields rows of key, id and body.
func partRows(key []any, parts []partBody) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, p := range parts {
			if !yield(append(slices.Clone(key), p.id, p.body)) {
				return
			}
		}
	}
}

// advise keeps a proposal for an official.
func (g *Gate) advise(ctx context.Context, tx *store.Tx, d *draft, m register.Mandate, by By, over []Exceeded, now time.Time) (Ruling, error) {
	body, err := canonical(AdviceBody{
		Format: adviceFormat, Kind: d.Kind, Subject: d.Subject, At: now, City: g.city, By: by, Role: m.Role, Options: d.options, Inputs: d.Inputs,
		Rules: m.Rules, Limits: m.Limits, Exceeded: over, LegalBasis: d.LegalBasis, Remedies: d.Remedies,
		Replaces: d.Replaces, Sealed: d.sealed, Simulated: d.Simulated, Origin: d.Origin, Salt: newSalt(),
	})
	if err != nil {
		return Ruling{}, err
	}
	leaf, err := logEntry("advice", d.Kind, m.ID, now, body)
	if err != nil {
		return Ruling{}, err
	}
	if err := g.log.Append(ctx, tx, leaf); err != nil {
		return Ruling{}, err
	}
	disclosures, err := json.Marshal(d.disclosures)
	if err != nil {
		return Ruling{}, err
	}
	r := Ruling{Verdict: Advised, Exceeded: over}
	err = tx.QueryRowContext(ctx, `
		INSERT INTO advice (kind, subject, algorithm, version, role, at, state, body, sealed, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9) RETURNING id`,
		d.Kind, d.Subject, d.Algorithm, d.Version, m.Role, now.UnixMicro(), body, disclosures, leaf).Scan(&r.Advice)
	if err != nil {
		return Ruling{}, err
	}
	for i, o := range d.options {
		rows := partRows([]any{r.Advice, o.Choice}, d.parts[i])
		if _, err := store.InsertRows(ctx, tx, "advice_part", []string{"advice", "choice", "id", "body"}, rows); err != nil {
			return Ruling{}, err
		}
	}
	return r, nil
}

// refuse keeps a refusal.
func (g *Gate) refuse(ctx context.Context, tx *store.Tx, b RefusalBody) (Ruling, error) {
	b.Format, b.City, b.Salt = refusalFormat, g.city, newSalt()
	body, err := canonical(b)
	if err != nil {
		return Ruling{}, err
	}
	leaf, err := logEntry("refusal", b.Kind, "", b.At, body)
	if err != nil {
		return Ruling{}, problem.New(problem.Invalid, "proposal.kind", "The kind %q cannot stand in the log.", b.Kind).At("kind").Cause(err)
	}
	if err := g.log.Append(ctx, tx, leaf); err != nil {
		return Ruling{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO refusal (at, kind, subject, algorithm, version, role, code, body, leaf) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		b.At.UnixMicro(), b.Kind, b.Subject, b.By.Algorithm, b.By.Version, b.By.Role, b.Code, body, leaf)
	return Ruling{Verdict: Refused, Code: b.Code}, err
}

// RecordPerformance hands the register how an algorithm did on a day (see [register.Register.RecordPerformance]).
func (g *Gate) RecordPerformance(ctx context.Context, tx *store.Tx, algorithm string, day time.Time, group string, measures map[string]int64) error {
	return g.register.RecordPerformance(ctx, tx, algorithm, day, group, measures)
}
