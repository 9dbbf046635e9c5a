package collection

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"polder.city/internal/problem"
	"polder.city/store"
)

// storedPlan is what the document of a plan version holds beside the plan itself.
type storedPlan struct {
	*Plan
	Lines [][]string `json:"lines"` // per route the encoded polyline of each leg
}

// insertPlan stores a plan version with its outcomes, and gives it its id and version.
func insertPlan(ctx context.Context, tx *store.Tx, p *Plan) error {
	if err := store.Lock(ctx, tx, "plan/"+p.Day); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) + 1 FROM plan WHERE day = $1`, p.Day).Scan(&p.Version); err != nil {
		return fmt.Errorf("plan %s: %w", p.Day, err)
	}
	document, err := encodePlan(p)
	if err != nil {
		return fmt.Errorf("plan %s: %w", p.Day, err)
	}
	if err := tx.QueryRowContext(ctx, `
		INSERT INTO plan (day, version, state, cause, made_at, decision, advice, replaces, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
		p.Day, p.Version, string(p.State), p.Cause, p.MadeAt.UnixMicro(), null(p.Decision), null(p.Advice), null(p.Replaces), document).
		Scan(&p.ID); err != nil {
		return fmt.Errorf("plan %s: %w", p.Day, err)
	}
	if _, err := store.InsertRows(ctx, tx, "plan_outcome", []string{"plan", "container", "planned", "outcome"}, outcomeRows(p)); err != nil {
		return fmt.Errorf("plan %s: %w", p.Day, err)
	}
	return nil
}

func outcomeRows(p *Plan) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i := range p.Outcomes {
			o := &p.Outcomes[i]
			text, err := json.Marshal(o)
			if err != nil {
				panic(err) // integers and texts: it cannot fail
			}
			if !yield([]any{p.ID, o.Container, o.Planned, text}) {
				return
			}
		}
	}
}

// null turns the zero of an optional reference into NULL.
func null(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

func encodePlan(p *Plan) ([]byte, error) {
	stored := storedPlan{Plan: p}
	for _, r := range p.Routes {
		legs := make([]string, len(r.Lines))
		for i, line := range r.Lines {
			legs[i] = encodeLine(line)
		}
		stored.Lines = append(stored.Lines, legs)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(z).Encode(stored), z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// unzip returns the text of a document that was gzipped.
func unzip(document []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func decodePlan(document []byte, p *Plan) error {
	text, err := unzip(document)
	if err != nil {
		return err
	}
	stored := storedPlan{Plan: p}
	if err := json.Unmarshal(text, &stored); err != nil {
		return err
	}
	for i, legs := range stored.Lines {
		for _, leg := range legs {
			line, err := decodeLine(leg)
			if err != nil {
				return err
			}
			p.Routes[i].Lines = append(p.Routes[i].Lines, line)
		}
	}
	return nil
}

const planColumns = `id, day, version, state, cause, made_at, decision, advice, replaces`

func scanPlan(row interface{ Scan(...any) error }, more ...any) (*Plan, error) {
	p := &Plan{}
	var state string
	var made int64
	var decision, advice, replaces sql.NullInt64
	err := row.Scan(append([]any{&p.ID, &p.Day, &p.Version, &state, &p.Cause, &made, &decision, &advice, &replaces}, more...)...)
	p.State, p.MadeAt = State(state), time.UnixMicro(made).UTC()
	p.Decision, p.Advice, p.Replaces = decision.Int64, advice.Int64, replaces.Int64
	return p, err
}

// loadPlan returns the plan that query finds, with its routes and without its outcomes; nil when there is none.
func (s *Service) loadPlan(ctx context.Context, query string, args ...any) (*Plan, error) {
	var document []byte
	p, err := scanPlan(s.db.Read().QueryRowContext(ctx, query, args...), &document)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	// What the columns hold is newer than the document: a plan is replaced after it was written.
	columns := *p
	if err := decodePlan(document, p); err != nil {
		return nil, fmt.Errorf("plan %s, version %d: %w", columns.Day, columns.Version, err)
	}
	p.Version = columns.Version
	return p, nil
}

// PlanOf returns the plan that holds for a day: the decided one, else the newest
// preview or advice. It is nil when there is none yet.
func (s *Service) PlanOf(ctx context.Context, day string) (*Plan, error) {
	return s.loadPlan(ctx, `
		SELECT `+planColumns+`, document FROM plan WHERE day = $1 AND state IN ('decided', 'advised', 'preview')
		ORDER BY CASE state WHEN 'decided' THEN 0 ELSE 1 END, version DESC LIMIT 1`, day)
}

// PlanVersion returns one version of a day's plan.
func (s *Service) PlanVersion(ctx context.Context, day string, version int64) (*Plan, error) {
	p, err := s.loadPlan(ctx, `SELECT `+planColumns+`, document FROM plan WHERE day = $1 AND version = $2`, day, version)
	if err == nil && p == nil {
		err = problem.New(problem.NotFound, "plan.none", "There is no version %d of the plan for %s.", version, day)
	}
	return p, err
}

// PlanByAdvice returns the plan that waits as an advice, nil when there is none.
func (s *Service) PlanByAdvice(ctx context.Context, advice int64) (*Plan, error) {
	return s.loadPlan(ctx, `SELECT `+planColumns+`, document FROM plan WHERE advice = $1 ORDER BY id DESC LIMIT 1`, advice)
}

// PlanByDecision returns the plan that a decision established, nil when there is none.
func (s *Service) PlanByDecision(ctx context.Context, number int64) (*Plan, error) {
	return s.loadPlan(ctx, `SELECT `+planColumns+`, document FROM plan WHERE decision = $1`, number)
}

// Versions returns the versions of a day's plan without their routes, the oldest first.
func (s *Service) Versions(ctx context.Context, day string) ([]*Plan, error) {
	return s.plans(ctx, `SELECT `+planColumns+` FROM plan WHERE day = $1 ORDER BY version`, day)
}

// Plans returns the newest version in force of each day up to a day, without routes, the newest day first.
func (s *Service) Plans(ctx context.Context, upTo string, limit int) ([]*Plan, error) {
	return s.plans(ctx, `
		SELECT `+planColumns+` FROM plan p WHERE day <= $1 AND state IN ('decided', 'advised', 'preview')
		AND NOT EXISTS (SELECT 1 FROM plan q WHERE q.day = p.day AND (
			(q.state = 'decided' AND p.state <> 'decided') OR
			((q.state = 'decided') = (p.state = 'decided') AND q.state IN ('decided', 'advised', 'preview') AND q.version > p.version)))
		ORDER BY day DESC LIMIT $2`, upTo, limit)
}

func (s *Service) plans(ctx context.Context, query string, args ...any) ([]*Plan, error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	defer rows.Close()
	var all []*Plan
	for rows.Next() {
		p, err := scanPlan(rows)
		if err != nil {
			return nil, fmt.Errorf("plans: %w", err)
		}
		all = append(all, p)
	}
	return all, rows.Err()
}

// Outcomes returns what a plan does with each container, by id.
func (s *Service) Outcomes(ctx context.Context, plan int64) ([]Outcome, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT outcome FROM plan_outcome WHERE plan = $1 ORDER BY container`, plan)
	if err != nil {
		return nil, fmt.Errorf("outcomes of plan %d: %w", plan, err)
	}
	defer rows.Close()
	var all []Outcome
	for rows.Next() {
		var text []byte
		var o Outcome
		if err := errors.Join(rows.Scan(&text), json.Unmarshal(text, &o)); err != nil {
			return nil, fmt.Errorf("outcomes of plan %d: %w", plan, err)
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// OutcomeOf returns what a plan does with one container.
func (s *Service) OutcomeOf(ctx context.Context, plan int64, container string) (Outcome, error) {
	var text []byte
	var o Outcome
	err := s.db.Read().QueryRowContext(ctx, `SELECT outcome FROM plan_outcome WHERE plan = $1 AND container = $2`, plan, container).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return o, problem.New(problem.NotFound, "plan.outcome", "The plan does not know container %q: it is newer than the plan.", container)
	}
	if err != nil {
		return o, fmt.Errorf("outcome of %s: %w", container, err)
	}
	return o, json.Unmarshal(text, &o)
}
