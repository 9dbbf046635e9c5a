package collection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// Message is what a resident tells or asks about a container.
type Message struct {
	ID        int64
	Container string
	Kind      MessageKind
	Text      string
	Decision  int64 // the decision that it is about, 0 when none
	SentAt    time.Time
	HandledAt time.Time // zero while it waits
	Answer    string
}

// MessageKind says what a resident wants.
type MessageKind string

// The kinds of messages: reports, a request that a person looks (GDPR 22), a complaint (Awb 9:1).
const (
	MessageFull      MessageKind = "full"
	MessageBroken    MessageKind = "broken"
	MessageDirty     MessageKind = "dirty"
	MessageHuman     MessageKind = "human"
	MessageComplaint MessageKind = "complaint"
)

// MessageKinds lists the kinds.
func MessageKinds() []MessageKind {
	return []MessageKind{MessageFull, MessageBroken, MessageDirty, MessageHuman, MessageComplaint}
}

// Tell stores a resident's message and returns it with its number. That a container
// is full is an observation too: the forecast weighs it.
func (s *Service) Tell(ctx context.Context, m Message) (Message, error) {
	if _, err := s.Container(ctx, m.Container); err != nil {
		return m, err
	}
	m.Text = strings.TrimSpace(m.Text)
	switch {
	case !slices.Contains(MessageKinds(), m.Kind):
		return m, problem.New(problem.Invalid, "message.kind", "There is no kind of message %q.", m.Kind).At("kind").Do("Choose one of %v.", MessageKinds())
	case utf8.RuneCountInString(m.Text) > 2000:
		return m, problem.New(problem.Invalid, "message.long", "The text is longer than 2,000 characters.").At("text").Do("Make it shorter.")
	case hasZero(m.Text) || !utf8.ValidString(m.Text):
		return m, problem.New(problem.Invalid, "message.text", "The text holds a character that cannot be stored.").At("text").Do("Remove it.")
	case m.Text == "" && (m.Kind == MessageHuman || m.Kind == MessageComplaint):
		return m, problem.New(problem.Invalid, "message.empty", "There is no text.").At("text").Do("Write what it is about.")
	}
	m.SentAt = s.clock.Now()
	if m.Kind == MessageFull {
		results, err := s.sensing.Observe(ctx, []sensing.Reading{{DatastreamKey: SeriesKey(m.Container, ReportKind), Time: m.SentAt, Value: 1}})
		if err != nil {
			return m, fmt.Errorf("report on %s: %w", m.Container, err)
		}
		if results[0].Err != nil {
			return m, results[0].Err
		}
	}
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO message (container, kind, text, decision, sent_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
			m.Container, string(m.Kind), m.Text, null(m.Decision), m.SentAt.UnixMicro()).Scan(&m.ID)
	})
	if err != nil {
		return m, fmt.Errorf("message on %s: %w", m.Container, err)
	}
	return m, nil
}

// Waiting returns the messages that nobody has handled, the oldest first.
func (s *Service) Waiting(ctx context.Context, limit int) ([]Message, error) {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT id, container, kind, text, COALESCE(decision, 0), sent_at FROM message WHERE handled_at IS NULL ORDER BY sent_at LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		var m Message
		var sent int64
		if err := rows.Scan(&m.ID, &m.Container, &m.Kind, &m.Text, &m.Decision, &sent); err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
		m.SentAt = time.UnixMicro(sent).UTC()
		all = append(all, m)
	}
	return all, rows.Err()
}

// Handle closes a message with an answer.
func (s *Service) Handle(ctx context.Context, id int64, answer string) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE message SET handled_at = $2, answer = $3 WHERE id = $1 AND handled_at IS NULL`,
			id, s.clock.Now().UnixMicro(), answer)
		if err != nil {
			return fmt.Errorf("message %d: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return problem.New(problem.Conflict, "message.handled", "Message %d does not wait any more.", id).Do("Load the list again.")
		}
		return nil
	})
}
