package collection_test

import (
	"slices"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
	"polder.city/store/storetest"
)

const why = "Er is dinsdag markt op het plein."

// change asks for a change of Tuesday's plan, and has its cost worked out.
func (p *planner) change(t *testing.T, c collection.Change) *collection.Question {
	t.Helper()
	if c.Reason == "" {
		c.Reason = why
	}
	id, err := p.AskChange(t.Context(), p.tuesday(), "account:1", c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.AnswerNext(t.Context()); err != nil {
		t.Fatal(err)
	}
	q, err := p.Question(t.Context(), id)
	if err != nil || !q.Done || q.Answer == nil {
		t.Fatalf("%+v, %v", q, err)
	}
	return q
}

func (p *planner) signature() decision.Signature {
	return decision.Signature{Account: "account:1", Role: "planner", OpenedAt: p.clock.Now()}
}

// confirm asks, works out and decides.
func (p *planner) confirm(t *testing.T, c collection.Change) *collection.Result {
	t.Helper()
	q := p.change(t, c)
	if !q.Answer.Kept {
		t.Fatalf("%+v cannot be done: %+v", c, q.Answer)
	}
	result, err := p.Confirm(t.Context(), q.ID, p.signature())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// outcomeOf is what Tuesday's plan does with a container now.
func (p *planner) outcomeOf(t *testing.T, container string) collection.Outcome {
	t.Helper()
	plan, err := p.PlanOf(t.Context(), "2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	o, err := p.OutcomeOf(t.Context(), plan.ID, container)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// one returns a container that Tuesday's plan empties, or leaves.
func (p *planner) one(t *testing.T, planned bool, not ...string) string {
	t.Helper()
	plan, err := p.PlanOf(t.Context(), "2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := p.Outcomes(t.Context(), plan.ID)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(outcomes, func(o collection.Outcome) bool { return o.Planned == planned && !slices.Contains(not, o.Container) })
	if i < 0 {
		t.Fatalf("no container of which planned is %v", planned)
	}
	return outcomes[i].Container
}

func TestAPlannersChangeIsADecisionThatEveryLaterPlanKeepsTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
			t.Fatal(err)
		}
		out, in := p.one(t, true), p.one(t, false)
		moved := p.one(t, true, out)
		from := p.outcomeOf(t, moved).Truck
		to := map[string]string{"T1": "T2", "T2": "T1"}[from]

		q := p.change(t, collection.Change{Container: out, Kind: collection.WishForbid})
		if wishes, err := p.Wishes(t.Context(), "2026-11-24"); err != nil || len(wishes) != 0 {
			t.Fatalf("a change that nobody confirmed holds: %v, %v", wishes, err)
		}
		if q.Answer.Now.Stops == 0 || q.Answer.Then.Stops >= q.Answer.Now.Stops {
			t.Errorf("leaving one: %+v, %+v", q.Answer.Now, q.Answer.Then)
		}
		result, err := p.Confirm(t.Context(), q.ID, p.signature())
		if err != nil || result.Ruling.Verdict != decision.Decided {
			t.Fatalf("%+v, %v", result, err)
		}
		found, err := p.gate.Get(t.Context(), result.Ruling.Number)
		if err != nil || found.Act != "overruled" || found.Record.By.Role != "planner" || found.Record.By.Motive != why || found.Record.Choice != collection.ChoiceChange {
			t.Fatalf("the record: %+v, %v", found, err)
		}
		second := p.confirm(t, collection.Change{Container: in, Kind: collection.WishPin})
		if second.Plan.Replaces != result.Plan.ID {
			t.Errorf("the second change replaces plan %d, not %d", second.Plan.Replaces, result.Plan.ID)
		}
		p.confirm(t, collection.Change{Container: moved, Kind: collection.WishMove, Truck: to})

		holds := func() {
			t.Helper()
			for container, want := range map[string]collection.Outcome{
				out:   {Planned: false, Reasons: []collection.Reason{{Code: collection.ReasonForbidden}}},
				in:    {Planned: true, Reasons: []collection.Reason{{Code: collection.ReasonPinned}}},
				moved: {Planned: true, Reasons: []collection.Reason{{Code: collection.ReasonMoved}}},
			} {
				if o := p.outcomeOf(t, container); o.Planned != want.Planned || o.Reasons[0] != want.Reasons[0] {
					t.Errorf("%s: planned %v, %v; want %v, %v", container, o.Planned, o.Reasons, want.Planned, want.Reasons)
				}
			}
			if truck := p.outcomeOf(t, moved).Truck; truck != to {
				t.Errorf("%s is emptied by %s, not %s", moved, truck, to)
			}
			plan, err := p.PlanOf(t.Context(), "2026-11-24")
			if err != nil || plan.State != collection.Decided {
				t.Fatalf("%+v, %v", plan, err)
			}
			if wrong, err := p.Check(t.Context(), plan); err != nil || len(wrong) > 0 {
				t.Errorf("check: %v, %v", wrong, err)
			}
			if err := p.log.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			bundle, err := p.gate.Bundle(t.Context(), plan.Decision, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decision.Verify(bundle, decision.VerifyOptions{}); err != nil {
				t.Errorf("verify: %v", err)
			}
		}
		holds()
		p.decide(t, collection.CauseAgain)
		holds()
		if _, err := p.Breakdown(t.Context(), p.tuesday(), []string{from}); err != nil {
			t.Fatal(err)
		}
		holds()

		p.confirm(t, collection.Change{Container: out, Kind: collection.WishFree})
		if wishes, err := p.Wishes(t.Context(), "2026-11-24"); err != nil || len(wishes) != 2 || wishes[in].Reason != why || wishes[in].Decision != second.Ruling.Number {
			t.Errorf("wishes %+v, %v", wishes, err)
		}
		if o := p.outcomeOf(t, out); o.Reasons[0].Code == collection.ReasonForbidden {
			t.Errorf("what the planner took back still holds: %+v", o)
		}
	})
}

func TestTheAfternoonsRunLeavesAPlanThatAPlannerChanged(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
		t.Fatal(err)
	}
	result := p.confirm(t, collection.Change{Container: p.one(t, true), Kind: collection.WishForbid})
	p.clock.Forward(monday.Add(time.Hour + time.Minute)) // 16.01 hours
	if err := p.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if plan, err := p.PlanOf(t.Context(), "2026-11-24"); err != nil || plan.Decision != result.Ruling.Number {
		t.Errorf("the plan is %+v, %v", plan, err)
	}
}

func TestAChangeThatMayNotBeChangesNothing(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	p.decide(t, collection.CauseAfternoon)
	out := p.one(t, true)
	q := p.change(t, collection.Change{Container: out, Kind: collection.WishForbid})
	unchanged := func(what string) {
		t.Helper()
		wishes, err := p.Wishes(t.Context(), "2026-11-24")
		if o := p.outcomeOf(t, out); err != nil || len(wishes) != 0 || !o.Planned {
			t.Errorf("%s: %v, %+v, %v", what, wishes, o, err)
		}
	}
	alderman := p.signature()
	alderman.Role = "wethouder"
	if _, err := p.Confirm(t.Context(), q.ID, alderman); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a role without a mandate: %v", err)
	}
	unchanged("a role without a mandate")
	p.decide(t, collection.CauseAgain)
	if _, err := p.Confirm(t.Context(), q.ID, p.signature()); problem.KindOf(err) != problem.Conflict {
		t.Errorf("another plan holds by now: %v", err)
	}
	unchanged("another plan")
	for field, c := range map[string]collection.Change{
		"container": {Container: "C99", Kind: collection.WishPin, Reason: why},
		"kind":      {Container: out, Kind: collection.WishFree, Reason: why},
		"truck":     {Container: out, Kind: collection.WishMove, Truck: "T9", Reason: why},
		"reason":    {Container: out, Kind: collection.WishForbid, Reason: "1234567890 !"},
	} {
		_, err := p.AskChange(t.Context(), p.tuesday(), "account:1", c)
		if e, ok := err.(*problem.Error); !ok || e.Where != field || e.Way == "" {
			t.Errorf("%+v: %v, want a refusal of %s", c, err, field)
		}
	}
	q = p.change(t, collection.Change{Container: out, Kind: collection.WishForbid})
	p.clock.Forward(monday.Add(17 * time.Hour)) // Tuesday 08.00 hours: the trucks are out
	if _, err := p.Confirm(t.Context(), q.ID, p.signature()); problem.KindOf(err) != problem.Conflict {
		t.Errorf("the trucks are out: %v", err)
	}
	day := p.Today()
	if _, err := p.AskChange(t.Context(), day, "account:1", collection.Change{Container: out, Kind: collection.WishForbid, Reason: why}); problem.KindOf(err) != problem.Conflict {
		t.Errorf("the trucks are out: %v", err)
	}
	if _, err := p.AskChange(t.Context(), day.AddDate(0, 0, -1), "account:1", collection.Change{Container: out, Kind: collection.WishForbid, Reason: why}); problem.KindOf(err) != problem.Conflict {
		t.Errorf("a day that is past: %v", err)
	}
	unchanged("a day that has begun")
}

func TestTheCheckerFindsAPlanThatForgetsAPlanner(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	first := p.decide(t, collection.CauseAfternoon)
	out := p.one(t, true)
	p.confirm(t, collection.Change{Container: out, Kind: collection.WishForbid})
	old, err := p.PlanVersion(t.Context(), "2026-11-24", first.Plan.Version)
	if err != nil {
		t.Fatal(err)
	}
	if wrong, err := p.Check(t.Context(), old); err != nil || len(wrong) > 0 {
		t.Fatalf("a plan from before the change: %v, %v", wrong, err)
	}
	old.MadeAt = p.clock.Now().Add(time.Minute)
	if wrong, err := p.Check(t.Context(), old); err != nil || len(wrong) == 0 {
		t.Errorf("a plan that empties what a planner wants left passes: %v", err)
	}
}

func TestAChangeOfAPlanThatWaitsAsAnAdviceOvertakesIt(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), func(e *register.Entry) {
		for i := range e.Polder.Mandates[0].Limits {
			e.Polder.Mandates[0].Limits[i].AtMost = 0
		}
	})
	advised := p.decide(t, collection.CauseAfternoon)
	if advised.Ruling.Verdict != decision.Advised {
		t.Fatalf("%+v", advised.Ruling)
	}
	out := p.one(t, true)
	result := p.confirm(t, collection.Change{Container: out, Kind: collection.WishForbid})
	if a, err := p.gate.Advice(t.Context(), advised.Ruling.Advice); err != nil || a.State != "overtaken" {
		t.Errorf("the advice before is %+v, %v", a, err)
	}
	if open, err := p.gate.OpenAdvice(t.Context()); err != nil || len(open) != 0 {
		t.Errorf("%d advices wait, %v", len(open), err)
	}
	if plan, err := p.PlanOf(t.Context(), "2026-11-24"); err != nil || plan.Decision != result.Ruling.Number || p.outcomeOf(t, out).Planned {
		t.Errorf("the plan is %+v, %v", plan, err)
	}
}
