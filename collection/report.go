package collection

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// Message is what residents tell or ask about a container. Who they are is not kept.
type Message struct {
	ID        int64
	Container string
	Kind      MessageKind
	Text      string
	Decision  int64     // the decision that it is about, 0 when none
	SentAt    time.Time // first told
	HandledAt time.Time // zero while it waits
	Answer    string
	Times     int // how often it was told: reports that say the same share a message
	// Receipt is the word in the address at which the sender reads on what becomes of it. Only [Service.Tell] gives it: what is
	// kept is its hash.
	Receipt string
}

// MessageKind says what a resident wants.
type MessageKind string

// The kinds of messages: reports, a request that a person looks (GDPR 22), a complaint (Awb 9:1).
const (
	MessageFull      MessageKind = "full"
	MessageBroken    MessageKind = "broken"
	MessageDirty     MessageKind = "dirty"
	MessageOther     MessageKind = "other"
	MessageHuman     MessageKind = "human"
	MessageComplaint MessageKind = "complaint"
)

// MessageKinds lists the kinds.
func MessageKinds() []MessageKind {
	return append(ReportKinds(), MessageHuman, MessageComplaint)
}

// ReportKinds lists the kinds that report something.
func ReportKinds() []MessageKind {
	return []MessageKind{MessageFull, MessageBroken, MessageDirty, MessageOther}
}

// NeedsText reports whether a message of a kind says nothing without a text.
func (k MessageKind) NeedsText() bool {
	return k == MessageOther || k == MessageHuman || k == MessageComplaint
}

// ReportsAnHour is how many messages of a kind are taken about a container in an hour: more say nothing new. It is counted by
// container and kind, since who sends them is not known.
const ReportsAnHour = 6

// TooOften is the code of the problem that [Service.Tell] answers with beyond [ReportsAnHour].
const TooOften = "message.often"

// Tell stores what a resident tells, and returns it with its number and its receipt. A report without words joins the one that
// waits and says the same; one of before the last emptying does not speak of the container as it is full now. That a container is
// full is an observation too: the forecast weighs it. All of it is stored, or nothing.
func (s *Service) Tell(ctx context.Context, m Message) (Message, error) {
	if _, err := s.Container(ctx, m.Container); err != nil {
		return m, err
	}
	m.Text = strings.TrimSpace(m.Text)
	if err := checkMessage(m); err != nil {
		return m, err
	}
	since, err := s.saidSince(ctx, m.Container, m.Kind)
	if err != nil {
		return m, err
	}
	m.SentAt, m.Receipt = s.clock.Now(), rand.Text()
	publish := func() {}
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := s.sensing.LockTx(ctx, tx); err != nil { // also keeps two first reports from making two messages
			return err
		}
		sent := m.SentAt.UnixMicro()
		var often int
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM message_receipt r JOIN message m ON m.id = r.message
			WHERE m.container = $1 AND m.kind = $2 AND r.sent_at > $3`, m.Container, string(m.Kind), m.SentAt.Add(-hour).UnixMicro()).Scan(&often)
		if err != nil {
			return err
		}
		if often >= ReportsAnHour {
			return problem.New(problem.Conflict, TooOften, "In the last hour there were %d messages of this kind about %s.", often, m.Container).Do("Try again in an hour.")
		}
		if m.ID, m.Times, err = waiting(ctx, tx, m, since); err != nil {
			return err
		}
		if m.ID == 0 {
			err = tx.QueryRowContext(ctx, `INSERT INTO message (container, kind, text, decision, sent_at) VALUES ($1, $2, $3, $4, $5) RETURNING id`,
				m.Container, string(m.Kind), m.Text, null(m.Decision), sent).Scan(&m.ID)
			if err != nil {
				return err
			}
		}
		m.Times++
		if _, err := tx.ExecContext(ctx, `INSERT INTO message_receipt (token_hash, message, sent_at) VALUES ($1, $2, $3)`, receiptHash(m.Receipt), m.ID, sent); err != nil {
			return err
		}
		if m.Kind != MessageFull {
			return nil
		}
		var results []sensing.Result
		results, publish, err = s.sensing.ObserveTx(ctx, tx, []sensing.Reading{{DatastreamKey: SeriesKey(m.Container, ReportKind), Time: m.SentAt, Value: 1}})
		if err == nil && results[0].Err != nil {
			return results[0].Err
		}
		return err
	})
	if e, ok := errors.AsType[*problem.Error](err); ok {
		return m, e
	}
	if err != nil {
		return m, fmt.Errorf("message on %s: %w", m.Container, err)
	}
	publish()
	return m, nil
}

// checkMessage refuses a message that cannot be kept or says nothing.
func checkMessage(m Message) error {
	switch {
	case !slices.Contains(MessageKinds(), m.Kind):
		return problem.New(problem.Invalid, "message.kind", "There is no kind of message %q.", m.Kind).At("kind").Do("Choose one of %v.", MessageKinds())
	case utf8.RuneCountInString(m.Text) > 2000:
		return problem.New(problem.Invalid, "message.long", "The text is longer than 2,000 characters.").At("text").Do("Make it shorter.")
	case hasZero(m.Text) || !utf8.ValidString(m.Text):
		return problem.New(problem.Invalid, "message.text", "The text holds a character that cannot be stored.").At("text").Do("Remove it.")
	case m.Text == "" && m.Kind.NeedsText():
		return problem.New(problem.Invalid, "message.empty", "There is no text.").At("text").Do("Write what it is about.")
	}
	return nil
}

// saidSince is from when on reports of a kind speak of what is the matter now: for a full container, since the last emptying.
func (s *Service) saidSince(ctx context.Context, container string, kind MessageKind) (time.Time, error) {
	if kind != MessageFull {
		return time.Time{}, nil
	}
	key := SeriesKey(container, EmptyingKind)
	emptied, err := s.sensing.Latest(ctx, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("emptyings of %s: %w", container, err)
	}
	return emptied[key].Time, nil
}

// querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// waiting returns the message that a report without words says once more, and how often it was told; 0 where there is none.
func waiting(ctx context.Context, q querier, m Message, since time.Time) (id int64, times int, err error) {
	if m.Text != "" || m.Kind.NeedsText() {
		return 0, 0, nil
	}
	err = q.QueryRowContext(ctx, `SELECT m.id, (SELECT COUNT(*) FROM message_receipt r WHERE r.message = m.id) FROM message m
		WHERE m.container = $1 AND m.kind = $2 AND m.text = '' AND m.handled_at IS NULL AND m.sent_at > $3 ORDER BY m.sent_at DESC LIMIT 1`,
		m.Container, string(m.Kind), since.UnixMicro()).Scan(&id, &times)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return id, times, err
}

// Told returns how often what a report of a kind would say was told already and still waits.
func (s *Service) Told(ctx context.Context, container string, kind MessageKind) (int, error) {
	since, err := s.saidSince(ctx, container, kind)
	if err != nil {
		return 0, err
	}
	_, times, err := waiting(ctx, s.db.Read(), Message{Container: container, Kind: kind}, since)
	if err != nil {
		return 0, fmt.Errorf("messages on %s: %w", container, err)
	}
	return times, nil
}

// receiptHash is what is kept of a receipt: who reads the database cannot follow the address.
func receiptHash(receipt string) []byte {
	sum := sha256.Sum256([]byte(receipt))
	return sum[:]
}

// ByReceipt returns the message of a receipt.
func (s *Service) ByReceipt(ctx context.Context, receipt string) (Message, error) {
	var m Message
	var sent int64
	var handled sql.NullInt64
	err := s.db.Read().QueryRowContext(ctx, `SELECT m.id, m.container, m.kind, m.text, COALESCE(m.decision, 0), r.sent_at, m.handled_at, m.answer,
			(SELECT COUNT(*) FROM message_receipt o WHERE o.message = m.id AND o.sent_at <= r.sent_at)
		FROM message_receipt r JOIN message m ON m.id = r.message WHERE r.token_hash = $1`, receiptHash(receipt)).
		Scan(&m.ID, &m.Container, &m.Kind, &m.Text, &m.Decision, &sent, &handled, &m.Answer, &m.Times)
	if errors.Is(err, sql.ErrNoRows) {
		return m, problem.New(problem.NotFound, "message.none", "There is no message with this receipt.").Do("Check the address: every letter counts.")
	}
	if err != nil {
		return m, fmt.Errorf("message of a receipt: %w", err)
	}
	m.SentAt = time.UnixMicro(sent).UTC()
	if handled.Valid {
		m.HandledAt = time.UnixMicro(handled.Int64).UTC()
	}
	return m, nil
}

// Waiting returns the messages that nobody has handled, the oldest first. That a container was full is no work any more once it was
// emptied: see [Service.CloseEmptied].
func (s *Service) Waiting(ctx context.Context, limit int) ([]Message, error) {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT id, container, kind, text, COALESCE(decision, 0), sent_at, (SELECT COUNT(*) FROM message_receipt r WHERE r.message = message.id)
		FROM message WHERE handled_at IS NULL ORDER BY sent_at LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	defer rows.Close()
	var all []Message
	for rows.Next() {
		var m Message
		var sent int64
		if err := rows.Scan(&m.ID, &m.Container, &m.Kind, &m.Text, &m.Decision, &sent, &m.Times); err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
		m.SentAt = time.UnixMicro(sent).UTC()
		all = append(all, m)
	}
	return all, rows.Err()
}

// CloseEmptied closes the reports without words that a container is full once it was emptied after the last of them.
func (s *Service) CloseEmptied(ctx context.Context) error {
	emptied, err := s.sensing.LatestOf(ctx, ContainerKind, EmptyingKind)
	if err != nil {
		return fmt.Errorf("emptyings: %w", err)
	}
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT m.id, m.container, COALESCE((SELECT MAX(r.sent_at) FROM message_receipt r WHERE r.message = m.id), m.sent_at)
			FROM message m WHERE m.kind = $1 AND m.text = '' AND m.handled_at IS NULL`, string(MessageFull))
		if err != nil {
			return fmt.Errorf("messages: %w", err)
		}
		defer rows.Close()
		emptiedAt := map[int64]int64{}
		for rows.Next() {
			var id, told int64
			var container string
			if err := rows.Scan(&id, &container, &told); err != nil {
				return fmt.Errorf("messages: %w", err)
			}
			if at := emptied[SeriesKey(container, EmptyingKind)].Time; at.UnixMicro() > told {
				emptiedAt[id] = at.UnixMicro()
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("messages: %w", err)
		}
		for id, at := range emptiedAt {
			if _, err := tx.ExecContext(ctx, `UPDATE message SET handled_at = $2 WHERE id = $1 AND handled_at IS NULL`, id, at); err != nil {
				return fmt.Errorf("message %d: %w", id, err)
			}
		}
		return nil
	})
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
