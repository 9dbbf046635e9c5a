package collection

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"polder.city/internal/problem"
	"polder.city/store"
)

// Question is a what-if or a change that a planner asked about. It is answered in the background, by whichever node comes first, and
// kept for a day.
type Question struct {
	ID      int64
	Day     string // the city's day, 2006-01-02
	AskedBy string // the account, as the audit names it
	AskedAt time.Time
	WhatIf  WhatIf
	Change  *Change // a change of the plan, of which the cost is asked; nil for a what-if
	Begun   bool
	Done    bool
	Answer  *Answer // nil until it is done, and when it failed
	Failed  string  // why there is no answer; "" when there is, or may be
}

const (
	// openQuestions is how many may wait for their answer at a time: each takes a core or two for half a minute.
	openQuestions = 4
	// keepQuestions is how long, by the machine's clock, a question is kept.
	keepQuestions = 24 * hour
	// questionTries is how often a question is begun: one that takes the process down is not asked for ever.
	questionTries = 3
	// questionPoll is how often, by the machine's clock, a node looks for questions that another one took.
	questionPoll = 5 * time.Second
)

// Ask notes a what-if about a day, to be answered in the background, and returns its number.
func (s *Service) Ask(ctx context.Context, day time.Time, by string, w WhatIf) (int64, error) {
	if err := s.checkWhatIf(day, w); err != nil {
		return 0, err
	}
	return s.ask(ctx, day, by, asked{WhatIf: w})
}

// asked is a question as it is stored.
type asked struct {
	WhatIf
	Change *Change `json:"change,omitempty"`
}

func (s *Service) ask(ctx context.Context, day time.Time, by string, what asked) (int64, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return 0, fmt.Errorf("what if on %s: %w", day.Format(DayLayout), err)
	}
	var id int64
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		now := time.Now()
		if err := store.Lock(ctx, tx, "plan_question"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM plan_question WHERE asked_at < $1`, now.Add(-keepQuestions).UnixMicro()); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM plan_question WHERE done_at IS NULL`).Scan(&open); err != nil {
			return err
		}
		if open >= openQuestions {
			return problem.New(problem.Unavailable, "whatif.busy", "%d questions wait for their answer already.", open).Do("Try again in a minute.")
		}
		return tx.QueryRowContext(ctx, `INSERT INTO plan_question (day, asked_by, asked_at, question, tries) VALUES ($1, $2, $3, $4, 0) RETURNING id`,
			day.Format(DayLayout), by, now.UnixMicro(), text).Scan(&id)
	})
	if err != nil {
		return 0, fmt.Errorf("what if on %s: %w", day.Format(DayLayout), err)
	}
	select {
	case s.asked <- struct{}{}:
	default: // it is awake already
	}
	return id, nil
}

// Question returns a question by its number.
func (s *Service) Question(ctx context.Context, id int64) (*Question, error) {
	q := &Question{ID: id}
	var askedAt int64
	var begun, done sql.NullInt64
	var text, answer []byte
	err := s.db.Read().QueryRowContext(ctx, `SELECT day, asked_by, asked_at, question, started_at, done_at, answer, failed FROM plan_question WHERE id = $1`, id).
		Scan(&q.Day, &q.AskedBy, &askedAt, &text, &begun, &done, &answer, &q.Failed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "whatif.none", "There is no question %d any more: an answer is kept for a day.", id).Do("Ask it again.")
	}
	if err != nil {
		return nil, fmt.Errorf("question %d: %w", id, err)
	}
	q.AskedAt, q.Begun, q.Done = time.UnixMicro(askedAt).UTC(), begun.Valid, done.Valid
	var what asked
	if err := json.Unmarshal(text, &what); err != nil {
		return nil, fmt.Errorf("question %d: %w", id, err)
	}
	q.WhatIf, q.Change = what.WhatIf, what.Change
	if len(answer) > 0 {
		q.Answer = &Answer{}
		if err := json.Unmarshal(answer, q.Answer); err != nil {
			return nil, fmt.Errorf("answer to question %d: %w", id, err)
		}
	}
	return q, nil
}

// RunQuestions answers questions as they come, until ctx ends. Any number of nodes may run it on one database.
func (s *Service) RunQuestions(ctx context.Context) error {
	poll := time.NewTicker(questionPoll)
	defer poll.Stop()
	for {
		for more := true; more; {
			var err error
			if more, err = s.AnswerNext(ctx); err != nil {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				s.log.Error("a question was not answered", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.asked:
		case <-poll.C:
		}
	}
}

// AnswerNext answers the question that waits longest. It reports false when none waits. A question that a node took and
// did not answer, since it died, is taken over.
func (s *Service) AnswerNext(ctx context.Context) (bool, error) {
	var id, tries int64
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		now := time.Now()
		err := tx.QueryRowContext(ctx, `
			UPDATE plan_question SET started_at = $1, tries = tries + 1 WHERE id = (
				SELECT MIN(id) FROM plan_question WHERE done_at IS NULL AND (started_at IS NULL OR started_at < $2))
			AND done_at IS NULL AND (started_at IS NULL OR started_at < $2) RETURNING id, tries`,
			now.UnixMicro(), now.Add(-takeOver).UnixMicro()).Scan(&id, &tries)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil || id == 0 {
		return false, err
	}
	q, err := s.Question(ctx, id)
	if err != nil {
		return true, err
	}
	var answer, candidate []byte
	failed := error(problem.New(problem.Internal, "whatif.tries", "It was begun %d times and never ended.", tries-1))
	if tries <= questionTries {
		answer, candidate, failed = s.answer(ctx, q)
	}
	if ctx.Err() != nil { // the node stops: the question waits for the next one
		err := s.db.Tx(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			_, err := tx.ExecContext(context.WithoutCancel(ctx), `UPDATE plan_question SET started_at = NULL, tries = tries - 1 WHERE id = $1 AND done_at IS NULL`, id)
			return err
		})
		return false, errors.Join(ctx.Err(), err)
	}
	why := ""
	if failed != nil {
		why = failed.Error()
		s.log.Error("a question has no answer", "question", id, "day", q.Day, "error", failed)
	}
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE plan_question SET done_at = $2, answer = $3, candidate = $4, failed = $5 WHERE id = $1 AND done_at IS NULL`,
			id, time.Now().UnixMicro(), answer, candidate, why)
		return err
	})
	if err != nil {
		return true, fmt.Errorf("answer question %d: %w", id, err)
	}
	return true, nil
}

// answer works a question out: what is kept of it, and of a change the plans that wait for their planner.
func (s *Service) answer(ctx context.Context, q *Question) (answer, candidate []byte, err error) {
	day, err := s.ParseDay(q.Day)
	if err != nil {
		return nil, nil, err
	}
	var a *Answer
	if q.Change == nil {
		a, err = s.Suppose(ctx, day, q.WhatIf)
	} else {
		var p *proposed
		if a, p, err = s.propose(ctx, day, q.Change); err == nil {
			candidate, err = p.encode()
		}
	}
	if err != nil {
		return nil, nil, err
	}
	answer, err = json.Marshal(a)
	return answer, candidate, err
}
