package collection_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestWhatIfAnswersBothSidesOnTheSameFacts(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/polder.db")
	p := newPlanner(t, db, nil)
	suppose := func(w collection.WhatIf) *collection.Answer {
		t.Helper()
		a, err := p.Suppose(t.Context(), p.tuesday(), w)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	truck := suppose(collection.WhatIf{Trucks: []string{"T2"}})
	now := truck.Now
	if now.Stops == 0 || now.Tips == 0 || now.Cents == 0 || len(now.Risks) == 0 || now.Seconds == 0 {
		t.Fatalf("a day on which nothing happens proves nothing: %+v", now)
	}
	if truck.Then.Trucks > 1 {
		t.Errorf("%d trucks without one of two", truck.Then.Trucks)
	}
	if truck.Rounds == 0 || truck.Observations == 0 || !truck.AsOf.Equal(monday) {
		t.Errorf("it does not say what was kept equal: %+v", truck)
	}
	for name, test := range map[string]struct {
		w     collection.WhatIf
		holds func(then collection.Tally) bool
	}{
		"a facility that is closed takes nothing":               {collection.WhatIf{Facilities: []string{"losplek"}}, func(c collection.Tally) bool { return c.Stops == 0 && c.Unserved > now.Unserved }},
		"a stream that is left is not emptied":                  {collection.WhatIf{Streams: []string{"rest", "papier"}}, func(c collection.Tally) bool { return c.Stops == 0 && c.Risks[0].Reason == collection.ReasonNoService }},
		"a day off on the morrow makes more go today":           {collection.WhatIf{DayOff: "wed"}, func(c collection.Tally) bool { return c.Stops > now.Stops }},
		"two holidays make more go than a day off does not":     {collection.WhatIf{Holidays: true}, func(c collection.Tally) bool { return c.Stops > now.Stops }},
		"an overflow that costs ten times as much is rarer":     {collection.WhatIf{OverflowPercent: 1000}, func(c collection.Tally) bool { return c.Stops >= now.Stops && c.Overfull[0] <= now.Overfull[0] }},
		"an hour that costs ten times as much is spent less":    {collection.WhatIf{HourPercent: 1000}, func(c collection.Tally) bool { return c.Stops <= now.Stops && c.Seconds <= now.Seconds }},
		"prices that are as they are change nothing by a truck": {collection.WhatIf{Trucks: []string{"T2"}, HourPercent: 100}, func(c collection.Tally) bool { return reflect.DeepEqual(c, truck.Then) }},
	} {
		t.Run(name, func(t *testing.T) {
			a := suppose(test.w)
			if !reflect.DeepEqual(a.Now, now) {
				t.Errorf("the day as it is depends on the question: %+v, then %+v", now, a.Now)
			}
			if !test.holds(a.Then) {
				t.Errorf("now %+v\nthen %+v", a.Now, a.Then)
			}
			var stops, containers int64
			for _, d := range a.Then.Districts {
				stops, containers = stops+d.Stops, containers+d.Containers
			}
			if stops != a.Then.Stops || containers != containerCount {
				t.Errorf("the districts have %d stops of %d, %d containers", stops, a.Then.Stops, containers)
			}
		})
	}
	if versions, err := p.Versions(t.Context(), "2026-11-24"); err != nil || len(versions) != 0 {
		t.Errorf("a supposition was stored as %d plans: %v", len(versions), err)
	}
}

func TestWhatCannotBeSupposedIsRefusedByField(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	for field, w := range map[string]collection.WhatIf{
		"trucks":     {},
		"facilities": {Facilities: []string{"nowhere"}},
		"streams":    {Streams: []string{"glas?"}},
		"dayOff":     {DayOff: "tue"}, // the plan's own
		"overflow":   {OverflowPercent: 5},
		"hour":       {HourPercent: 1001},
	} {
		_, err := p.Suppose(t.Context(), p.tuesday(), w)
		if e, ok := err.(*problem.Error); !ok || e.Where != field || e.Way == "" {
			t.Errorf("%+v: %v, want a refusal of %s", w, err, field)
		}
	}
	for _, w := range []collection.WhatIf{{Trucks: []string{"T9"}}, {Trucks: []string{"T1", "T2"}}, {DayOff: "sun"}, {DayOff: "friday"}} {
		if _, err := p.Suppose(t.Context(), p.tuesday(), w); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%+v: %v", w, err)
		}
	}
	one := collection.WhatIf{Trucks: []string{"T2"}}
	for day, kind := range map[int]problem.Kind{-3: problem.Conflict, 14: problem.Invalid} {
		if _, err := p.Suppose(t.Context(), p.Today().AddDate(0, 0, day), one); problem.KindOf(err) != kind {
			t.Errorf("%d days ahead: %v", day, err)
		}
	}
}

func TestAQuestionSurvivesItsNodeAndIsKeptForADay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		one := collection.WhatIf{Trucks: []string{"T2"}, DayOff: "fri"}
		id, err := p.Ask(t.Context(), p.tuesday(), "account:1", one)
		if err != nil {
			t.Fatal(err)
		}
		q, err := p.Question(t.Context(), id)
		if err != nil || q.Done || q.Begun || q.Day != "2026-11-24" || q.AskedBy != "account:1" || !reflect.DeepEqual(q.WhatIf, one) {
			t.Fatalf("%+v, %v", q, err)
		}
		set := func(column string, at time.Time) {
			t.Helper()
			err := db.Tx(t.Context(), func(tx *store.Tx) error {
				_, err := tx.ExecContext(t.Context(), `UPDATE plan_question SET `+column+` = $1 WHERE id = $2`, at.UnixMicro(), id)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		// Another node has begun it: it is left to that one, until that one is dead.
		set("started_at", time.Now())
		if more, err := p.AnswerNext(t.Context()); more || err != nil {
			t.Fatalf("a question that another node answers: %v, %v", more, err)
		}
		set("started_at", time.Now().Add(-time.Hour))
		if more, err := p.AnswerNext(t.Context()); !more || err != nil {
			t.Fatalf("a question whose node died: %v, %v", more, err)
		}
		if q, err = p.Question(t.Context(), id); err != nil || !q.Done || q.Answer == nil || q.Failed != "" || q.Answer.Now.Stops == 0 {
			t.Fatalf("%+v, %v", q, err)
		}
		again, err := p.Suppose(t.Context(), p.tuesday(), one)
		if err != nil || !reflect.DeepEqual(q.Answer.Then, again.Then) {
			t.Errorf("the answer that was kept differs: %+v, %+v, %v", q.Answer.Then, again, err)
		}

		for range 4 {
			if _, err := p.Ask(t.Context(), p.tuesday(), "account:1", one); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Ask(t.Context(), p.tuesday(), "account:1", one); problem.KindOf(err) != problem.Unavailable {
			t.Errorf("a fifth question at a time: %v", err)
		}
		for range 4 {
			if _, err := p.AnswerNext(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		set("asked_at", time.Now().Add(-25*time.Hour))
		if _, err := p.Ask(t.Context(), p.tuesday(), "account:1", one); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Question(t.Context(), id); problem.KindOf(err) != problem.NotFound {
			t.Errorf("an answer of yesterday: %v", err)
		}
	})
}

func TestAQuestionThatAlwaysDiesIsGivenUp(t *testing.T) {
	db := storetest.Open(t, t.TempDir()+"/polder.db")
	p := newPlanner(t, db, nil)
	id, err := p.Ask(t.Context(), p.tuesday(), "account:1", collection.WhatIf{Trucks: []string{"T2"}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Tx(t.Context(), func(tx *store.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE plan_question SET tries = 3 WHERE id = $1`, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.AnswerNext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if q, err := p.Question(t.Context(), id); err != nil || !q.Done || q.Failed == "" {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestANodeThatStopsLeavesItsQuestionToTheNext(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	slow := collection.New(p.db, p.city, p.Sensing(), p.gate, p.clock, collection.Options{Rounds: 1 << 30})
	id, err := slow.AskChange(t.Context(), p.tuesday(), "account:1", p.aChange(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- slow.RunQuestions(ctx) }()
	begun := func() bool {
		q, err := p.Question(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return q.Begun
	}
	for !begun() {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if q, err := p.Question(t.Context(), id); err != nil || q.Done || q.Begun {
		t.Fatalf("the question is %+v, %v", q, err)
	}
	ctx, stop = context.WithCancel(t.Context())
	go func() { ended <- p.RunQuestions(ctx) }()
	for {
		q, err := p.Question(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if q.Done {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

// aChange is a change of a preview that a test makes.
func (p *planner) aChange(t *testing.T) collection.Change {
	t.Helper()
	if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
		t.Fatal(err)
	}
	return collection.Change{Container: p.one(t, true), Kind: collection.WishForbid, Reason: why}
}
