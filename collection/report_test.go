package collection_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestReportsThatSayTheSameShareAMessageAndEachHasItsReceipt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		tell := func(m collection.Message) collection.Message {
			t.Helper()
			told, err := p.Tell(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			return told
		}
		first := tell(collection.Message{Container: "C01", Kind: collection.MessageBroken})
		p.clock.Forward(monday.Add(time.Minute))
		second := tell(collection.Message{Container: "C01", Kind: collection.MessageBroken})
		words := tell(collection.Message{Container: "C01", Kind: collection.MessageBroken, Text: "De klep klemt."})
		other := tell(collection.Message{Container: "C01", Kind: collection.MessageDirty})
		elsewhere := tell(collection.Message{Container: "C02", Kind: collection.MessageBroken})
		if second.ID != first.ID || first.Times != 1 || second.Times != 2 || second.Receipt == first.Receipt {
			t.Errorf("the same twice: %+v, %+v", first, second)
		}
		for _, m := range []collection.Message{words, other, elsewhere} {
			if m.ID == first.ID || m.Times != 1 {
				t.Errorf("%+v shares a message with %+v", m, first)
			}
		}
		if n, err := p.Told(t.Context(), "C01", collection.MessageBroken); err != nil || n != 2 {
			t.Errorf("told %d times, %v", n, err)
		}
		if got, err := p.ByReceipt(t.Context(), first.Receipt); err != nil || got.ID != first.ID || got.Times != 1 || !got.HandledAt.IsZero() {
			t.Errorf("the first receipt: %+v, %v", got, err)
		}
		if waiting, err := p.Waiting(t.Context(), 10); err != nil || len(waiting) != 4 || waiting[0].Times != 2 {
			t.Errorf("waiting: %+v, %v", waiting, err)
		}
		if err := p.Handle(t.Context(), first.ID, "Gemaakt."); err != nil {
			t.Fatal(err)
		}
		for _, receipt := range []string{first.Receipt, second.Receipt} {
			if got, err := p.ByReceipt(t.Context(), receipt); err != nil || got.HandledAt.IsZero() || got.Answer != "Gemaakt." {
				t.Errorf("handled: %+v, %v", got, err)
			}
		}
		if again := tell(collection.Message{Container: "C01", Kind: collection.MessageBroken}); again.ID == first.ID {
			t.Error("a report joins a message that was handled")
		}
		for _, wrong := range []string{"", "x", strings.ToLower(first.Receipt)} {
			if _, err := p.ByReceipt(t.Context(), wrong); problem.KindOf(err) != problem.NotFound {
				t.Errorf("receipt %q: %v", wrong, err)
			}
		}
		if strings.Contains(fmt.Sprint(rowsOf(t, db, "SELECT * FROM message_receipt")), first.Receipt) {
			t.Error("the receipt itself is kept")
		}
	})
}

func TestMoreReportsThanSayAnythingNewAreRefusedByContainerAndKind(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		full := collection.Message{Container: "C01", Kind: collection.MessageFull}
		for range collection.ReportsAnHour {
			if _, err := p.Tell(t.Context(), full); err != nil {
				t.Fatal(err)
			}
		}
		_, err := p.Tell(t.Context(), full)
		if e, ok := errors.AsType[*problem.Error](err); !ok || e.Code != collection.TooOften {
			t.Errorf("once too often: %v", err)
		}
		key := collection.SeriesKey("C01", collection.ReportKind)
		stream, err := p.Sensing().DatastreamByKey(t.Context(), key)
		if err != nil || stream.Count != collection.ReportsAnHour {
			t.Errorf("%d reports observed, %v: the refused one may not count", stream.Count, err)
		}
		if _, err := p.Tell(t.Context(), collection.Message{Container: "C01", Kind: collection.MessageDirty}); err != nil {
			t.Errorf("another kind: %v", err)
		}
		if _, err := p.Tell(t.Context(), collection.Message{Container: "C02", Kind: collection.MessageFull}); err != nil {
			t.Errorf("another container: %v", err)
		}
		p.clock.Forward(monday.Add(61 * time.Minute))
		if m, err := p.Tell(t.Context(), full); err != nil || m.Times != collection.ReportsAnHour+1 {
			t.Errorf("an hour later: %+v, %v", m, err)
		}
		for name, m := range map[string]collection.Message{
			"message.kind":  {Container: "C01", Kind: "theft"},
			"message.empty": {Container: "C01", Kind: collection.MessageOther, Text: " "},
			"message.long":  {Container: "C01", Kind: collection.MessageDirty, Text: strings.Repeat("x", 2001)},
			"message.text":  {Container: "C01", Kind: collection.MessageDirty, Text: "a\x00"},
		} {
			_, err := p.Tell(t.Context(), m)
			if e, ok := errors.AsType[*problem.Error](err); !ok || e.Code != name || e.Kind != problem.Invalid || e.Where == "" || e.Way == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestAnEmptyingAnswersTheReportsThatItWasFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		before, err := p.Tell(t.Context(), collection.Message{Container: "C01", Kind: collection.MessageFull})
		if err != nil {
			t.Fatal(err)
		}
		words, err := p.Tell(t.Context(), collection.Message{Container: "C01", Kind: collection.MessageFull, Text: "Ook de zak ernaast."})
		if err != nil {
			t.Fatal(err)
		}
		emptied := monday.Add(time.Hour)
		p.clock.Forward(emptied.Add(time.Minute))
		batch := sensing.Batch{Import: "crew", Name: "crew", Last: true, Rows: []sensing.Reading{
			{DatastreamKey: collection.SeriesKey("C01", collection.EmptyingKind), Time: emptied, Value: 0.97},
		}}
		if _, err := p.Sensing().Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		after, err := p.Tell(t.Context(), collection.Message{Container: "C01", Kind: collection.MessageFull})
		if err != nil || after.ID == before.ID || after.Times != 1 {
			t.Errorf("a report of after the emptying: %+v, %v", after, err)
		}
		if err := p.CloseEmptied(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := p.ByReceipt(t.Context(), before.Receipt); err != nil || !got.HandledAt.Equal(emptied) {
			t.Errorf("before: %+v, %v", got, err)
		}
		for _, open := range []collection.Message{words, after} { // words are for a person; the newer one still waits
			if got, err := p.ByReceipt(t.Context(), open.Receipt); err != nil || !got.HandledAt.IsZero() {
				t.Errorf("%+v, %v", got, err)
			}
		}
	})
}

func rowsOf(t *testing.T, db *store.DB, query string) (all []string) {
	t.Helper()
	rows, err := db.Read().QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([][]byte, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%s", values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
