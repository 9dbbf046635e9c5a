package register_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
	"polder.city/store/storetest"
)

// leaves is a log that only remembers.
type leaves []string

func (l *leaves) Append(_ context.Context, _ *store.Tx, leaf []byte) error {
	*l = append(*l, string(leaf))
	return nil
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*register.Register
	t       testing.TB
	db      *store.DB
	log     *leaves
	clock   *clock.Clock
	entries []*register.Entry
	rules   []register.Rule
	roles   []register.Role
}

func newFixture(t testing.TB, db *store.DB) *fixture {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, db: db, log: new(leaves), clock: clock.New(noon, 0)}
	f.Register = register.New(db, f.log, f.clock, zone)
	f.entries = []*register.Entry{parse(t, "inzamelplan.yaml"), parse(t, "terras.yaml")}
	if f.rules, err = register.ParseRules(read(t, "rules.yaml"), "rules.yaml"); err != nil {
		t.Fatal(err)
	}
	if f.roles, err = register.ParseRoles(read(t, "roles.yaml"), "roles.yaml"); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) publish(want int) {
	f.t.Helper()
	changed, err := f.Publish(context.Background(), f.entries, f.rules, f.roles)
	if err != nil || changed != want {
		f.t.Fatalf("%d changed, want %d; %v", changed, want, err)
	}
}

// mandate returns the id of the mandate that holds, or the code of why none does.
func (f *fixture) mandate(algorithm, version, kind string, at time.Time) string {
	f.t.Helper()
	var out string
	err := f.db.Tx(context.Background(), func(tx *store.Tx) error {
		granted, err := f.Mandate(context.Background(), tx, algorithm, version, kind, at)
		if denied, ok := errors.AsType[*register.Denied](err); ok {
			out = denied.Code
			return nil
		}
		out = granted.Mandate.ID
		return err
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

func TestWhatDoesNotChangeIsNotPublishedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		f.publish(6)
		f.publish(0)
		if len(*f.log) != 6 {
			t.Fatalf("%d leaves for 6 documents", len(*f.log))
		}
		first := f.entries[0].Goal
		f.clock.Forward(noon.Add(time.Hour))
		f.entries[0].Goal = "Een ander doel."
		f.publish(1)
		f.entries[0].Goal = first // and back, within the same second: a version and a leaf of its own
		f.publish(1)
		history, err := f.History(ctx, "inzamelplan", "nl")
		if err != nil || len(history) != 3 {
			t.Fatalf("%d versions, %v", len(history), err)
		}
		if history[0].Entry.Goal != first || history[1].Entry.Goal != "Een ander doel." || !history[2].ValidFrom.Equal(noon) {
			t.Errorf("the history is not what was published: %+v", history)
		}
		seen := map[string]bool{}
		for _, leaf := range *f.log {
			if seen[leaf] {
				t.Errorf("the leaf %q is there twice", leaf)
			}
			seen[leaf] = true
		}
		f.entries = f.entries[:1]
		f.rules = f.rules[:1]
		f.roles = f.roles[:1]
		f.publish(3)
		f.publish(0)
		entries, err := f.Entries(ctx, "en")
		if err != nil || len(entries) != 1 || entries[0].Entry.Name != "Making the collection plan" {
			t.Fatalf("%+v, %v", entries, err)
		}
		if history, err := f.History(ctx, "terras", "nl"); err != nil || len(history) != 2 || history[0].Entry != nil {
			t.Errorf("a withdrawal is not in the history: %+v, %v", history, err)
		}
		if _, err := f.Entry(ctx, "terras", "nl"); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a withdrawn entry: %v", err)
		}
		if rules, err := f.Rules(ctx); err != nil || len(rules) != 1 || rules[0].ID != "R1" {
			t.Errorf("%+v, %v", rules, err)
		}
		if roles, err := f.Roles(ctx); err != nil || len(roles) != 1 || roles[0].ID != "planner" {
			t.Errorf("%+v, %v", roles, err)
		}
	})
}

func TestAMandateHoldsForAVersionAKindAndATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon); got != register.NoEntry {
			t.Fatalf("before anything is published: %s", got)
		}
		f.publish(6)
		year := func(y int, m time.Month, d, h, min int) time.Time { return time.Date(y, m, d, h, min, 0, 0, time.UTC) }
		for _, c := range []struct {
			algorithm, version, kind string
			at                       time.Time
			want                     string
		}{
			{"inzamelplan", "1.0.0", "collection.plan", noon, "plan"},
			{"inzamelplan", "1.0.1", "collection.plan", noon, register.OtherVersion},
			{"inzamelplan", "1.0.0", "permit.terrace", noon, register.NoMandate},
			{"inzamelplan", "1.0.0", "fine", noon, register.IsForbidden},
			{"onbekend", "1.0.0", "collection.plan", noon, register.NoEntry},
			{"terras", "2", "permit.terrace", noon, "terras-advies"},
			{"inzamelplan", "1.0.0", "collection.plan", noon.Add(-time.Second), register.NoEntry}, // not yet published then
			// The last day ends at the city's midnight, 23.00 UTC in winter.
			{"inzamelplan", "1.0.0", "collection.plan", year(2026, 12, 31, 22, 59), "plan"},
			{"inzamelplan", "1.0.0", "collection.plan", year(2026, 12, 31, 23, 0), register.Expired},
		} {
			if got := f.mandate(c.algorithm, c.version, c.kind, c.at); got != c.want {
				t.Errorf("%s %s, %s at %s: %s, want %s", c.algorithm, c.version, c.kind, c.at, got, c.want)
			}
		}
		f.entries[0].Polder.Mandates[0].From = "2026-11-24"
		f.publish(1)
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon); got != register.TooEarly {
			t.Errorf("a day too early: %s", got)
		}
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", year(2026, 11, 23, 23, 0)); got != "plan" {
			t.Errorf("at the first day's midnight: %s", got)
		}
		f.entries[0].Status = "In ontwikkeling"
		f.publish(1)
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon.AddDate(0, 0, 2)); got != register.NotInUse {
			t.Errorf("an algorithm in development: %s", got)
		}
	})
}

func TestWhatIsForbiddenStaysForbidden(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		m := f.entries[0].Polder.Mandates
		f.entries[0].Polder.Mandates = append(m, register.Mandate{ID: "stil", Kind: "collection.plan", Power: register.Forbidden, Reason: "x", From: "2026-11-01"})
		f.publish(6)
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon); got != register.IsForbidden {
			t.Errorf("got %s", got)
		}
	})
}

func TestAnOfficialStopsAnAlgorithm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		f.publish(6)
		for _, c := range []struct {
			algorithm, role, motive string
			want                    problem.Kind
		}{
			{"inzamelplan", "planner", "te kort", problem.Invalid},
			{"inzamelplan", "", "De sensoren liggen eruit.", problem.Invalid},
			{"onbekend", "planner", "De sensoren liggen eruit.", problem.NotFound},
		} {
			if err := f.SetStopped(ctx, c.algorithm, true, c.role, c.motive); problem.KindOf(err) != c.want {
				t.Errorf("%+v: %v", c, err)
			}
		}
		if err := f.SetStopped(ctx, "inzamelplan", true, "planner", "De sensoren liggen eruit."); err != nil {
			t.Fatal(err)
		}
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon); got != register.IsStopped {
			t.Errorf("stopped: %s", got)
		}
		p, err := f.Entry(ctx, "inzamelplan", "nl")
		if err != nil || !p.Stopped() || p.Stop.Motive != "De sensoren liggen eruit." {
			t.Errorf("%+v, %v", p.Stop, err)
		}
		if err := f.SetStopped(ctx, "inzamelplan", true, "planner", "Nog een keer stoppen."); problem.KindOf(err) != problem.Conflict {
			t.Errorf("stopped twice: %v", err)
		}
		if err := f.SetStopped(ctx, "inzamelplan", false, "planner", "De sensoren werken weer."); err != nil {
			t.Fatal(err)
		}
		if got := f.mandate("inzamelplan", "1.0.0", "collection.plan", noon); got != "plan" {
			t.Errorf("resumed: %s", got)
		}
		if n := len(*f.log); n != 8 {
			t.Errorf("%d leaves, want 6 publications, a stop and a resumption", n)
		}
	})
}

func TestPerformanceIsKeptByDayAndGroup(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		f := newFixture(t, db)
		record := func(day time.Time, group string, measures map[string]int64) {
			t.Helper()
			if err := db.Tx(ctx, func(tx *store.Tx) error { return f.RecordPerformance(ctx, tx, "inzamelplan", day, group, measures) }); err != nil {
				t.Fatal(err)
			}
		}
		record(noon, "", map[string]int64{"overflow": 3, "error": 41_000})
		record(noon, "glas", map[string]int64{"overflow": 1})
		record(noon, "", map[string]int64{"overflow": 4})                   // came in late
		record(noon.Add(12*time.Hour), "", map[string]int64{"overflow": 9}) // 1.00 in the city: the next day
		got, err := f.Performance(ctx, "inzamelplan", noon, noon)
		if err != nil {
			t.Fatal(err)
		}
		want := "2026-11-23//error=41000 2026-11-23//overflow=4 2026-11-23/glas/overflow=1 "
		var text string
		for _, m := range got {
			text += fmt.Sprintf("%s/%s/%s=%d ", m.Day.Format(time.DateOnly), m.Group, m.Measure, m.Value)
		}
		if text != want {
			t.Errorf("got %s, want %s", text, want)
		}
		if got, err := f.Performance(ctx, "inzamelplan", noon, noon.AddDate(0, 0, 1)); err != nil || len(got) != 4 {
			t.Errorf("two days: %v, %v", got, err)
		}
	})
}
