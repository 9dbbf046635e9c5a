package decision_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestAnOfficialSigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		p := plan("2026-11-24", 3600)
		p.Sealed = []decision.SealedField{{Name: "driver", Value: "Jan de Vries", Ground: "Woo 5.1.2e"}}
		advice := c.submit(p).Advice
		var inside decision.Ruling
		r, err := c.Sign(ctx, advice, signature("planner", "", ""), func(_ context.Context, _ *store.Tx, r decision.Ruling) error {
			inside = r
			return nil
		})
		c.must(err)
		if r.Verdict != decision.Decided || r.Number != 1 || r.Advice != advice || r.Choice != "" || inside.Number != 1 {
			t.Fatalf("%+v", r)
		}
		d, err := c.Get(ctx, r.Number)
		c.must(err)
		by := d.Record.By
		if by.Act != "signed" || by.Role != "planner" || by.Mandate != "planner-plan" || by.Algorithm != "" || by.Motive != "" || by.Advice.ID != advice || by.Advice.By.Mandate != "plan" {
			t.Errorf("%+v", by)
		}
		if len(d.Record.Exceeded) != 1 || d.Record.Exceeded[0].Value != 3600 || d.Record.Limits[0].AtMost != 1800 {
			t.Errorf("the limits are not in the record: %+v", d.Record)
		}
		if d.Algorithm != "inzamelplan" || d.Act != "signed" || d.Advice != advice {
			t.Errorf("%+v", d.Summary)
		}
		if len(d.Record.Sealed) != 2 || strings.Contains(string(d.Raw), "account:7") || strings.Contains(string(d.Raw), "Jan") {
			t.Errorf("the official or the driver is not sealed: %s", d.Raw)
		}
		part, err := c.Part(ctx, r.Number, "FIL-002-G")
		if err != nil || !strings.Contains(string(part), `"planned":false`) {
			t.Errorf("%s, %v", part, err)
		}
		a, err := c.Advice(ctx, advice)
		if err != nil || a.State != "signed" || a.Decision != 1 || len(a.Body.Options) != 2 {
			t.Errorf("%+v, %v", a, err)
		}
		if _, err := c.Sign(ctx, advice, signature("planner", "", ""), nil); problem.KindOf(err) != problem.Conflict {
			t.Errorf("signed twice: %v", err)
		}
		c.must(c.log.Sync(ctx))
		if _, err := c.log.Prove(ctx, a.Leaf); err != nil {
			t.Errorf("the advice is not in the log: %v", err)
		}
		c.must(errors.Join(c.Check(ctx), c.log.Check(ctx)))
	})
}

func TestWhoOverrulesSaysWhy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		advice := c.submit(plan("2026-11-24", 3600)).Advice
		for _, motive := range []string{"", "te kort", "1234567890 ---- !!!!", strings.Repeat(" ", 40)} {
			if _, err := c.Sign(ctx, advice, signature("planner", "no_overtime", motive), nil); problem.KindOf(err) != problem.Invalid {
				t.Errorf("the motive %q: %v", motive, err)
			}
		}
		const motive = "Niemand kan vanavond langer blijven, het is pakjesavond. Cafe\u0301 vol."
		r, err := c.Sign(ctx, advice, signature("planner", "no_overtime", motive), nil)
		c.must(err)
		d, err := c.Get(ctx, r.Number)
		c.must(err)
		if d.Act != "overruled" || d.Record.By.Motive != strings.ReplaceAll(motive, "e\u0301", "é") || d.Record.Choice != "no_overtime" || string(d.Record.Outcome) != `{"stops":1,"trucks":["K1"]}` {
			t.Errorf("%+v", d.Record)
		}
		// What was chosen is outside another limit than what was advised: both are told.
		if d.Record.Exceeded[0].Measure != "chance_full" || d.Record.By.Advice.Exceeded[0].Measure != "overtime" {
			t.Errorf("%+v", d.Record)
		}
		if _, err := c.Part(ctx, r.Number, "FIL-002-G"); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a part of the option that was not chosen: %v", err)
		}
		c.must(c.Check(ctx))
	})
}

func TestOnlyARoleWithTheMandateSigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		advice := c.submit(plan("2026-11-24", 3600)).Advice
		for _, v := range []struct{ role, code string }{
			{"medewerker", register.NoMandate}, {"wethouder", register.NoEntry},
		} {
			r, err := c.Sign(ctx, advice, signature(v.role, "", ""), func(context.Context, *store.Tx, decision.Ruling) error {
				t.Error("apply was called")
				return nil
			})
			if err != nil || r.Verdict != decision.Refused || r.Code != v.code {
				t.Errorf("%s: %+v, %v", v.role, r, err)
			}
		}
		if _, err := c.Sign(ctx, advice, decision.Signature{Role: "planner"}, nil); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("signed by nobody: %v", err)
		}
		if _, err := c.Sign(ctx, advice, signature("planner", "zomaar", "Dit alternatief bestaat niet."), nil); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a choice that does not exist: %v", err)
		}
		if _, err := c.Sign(ctx, 99, signature("planner", "", ""), nil); problem.KindOf(err) != problem.NotFound {
			t.Errorf("an advice that does not exist: %v", err)
		}
		if open, err := c.OpenAdvice(ctx); err != nil || len(open) != 1 {
			t.Fatalf("the advice is not open any more: %+v, %v", open, err)
		}
		far := c.submit(plan("2026-11-25", 7201)).Advice
		if r, err := c.Sign(ctx, far, signature("planner", "", ""), nil); err != nil || r.Code != register.RoleExceeded {
			t.Errorf("outside the role's own limit: %+v, %v", r, err)
		}
		refusals, err := c.Refusals(ctx)
		if err != nil || len(refusals) != 3 || refusals[0].Body.By.Role != "planner" {
			t.Errorf("%+v, %v", refusals, err)
		}
	})
}

func TestANewerProposalOvertakesAnAdvice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		stale := c.submit(plan("2026-11-24", 3600)).Advice
		fresh := c.submit(plan("2026-11-24", 4000)).Advice
		other := c.submit(plan("2026-11-25", 3600)).Advice
		if _, err := c.Sign(ctx, stale, signature("planner", "", ""), nil); problem.KindOf(err) != problem.Conflict {
			t.Errorf("an overtaken advice: %v", err)
		}
		c.submit(plan("2026-11-24", 0)) // a later plan fits the limits
		if _, err := c.Sign(ctx, fresh, signature("planner", "", ""), nil); problem.KindOf(err) != problem.Conflict {
			t.Errorf("an advice that a decision overtook: %v", err)
		}
		if open, err := c.OpenAdvice(ctx); err != nil || len(open) != 1 || open[0].ID != other {
			t.Errorf("%+v, %v", open, err)
		}
	})
}

func TestAnAdviceIsSignedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		advice := c.submit(plan("2026-11-24", 3600)).Advice
		var wg sync.WaitGroup
		var mu sync.Mutex
		signed := 0
		for range 8 {
			wg.Go(func() {
				_, err := c.Sign(ctx, advice, signature("planner", "", ""), nil)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					signed++
				} else if problem.KindOf(err) != problem.Conflict {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if list, err := c.List(ctx, decision.Filter{}); err != nil || len(list) != 1 || signed != 1 {
			t.Errorf("%d signatures, %+v, %v", signed, list, err)
		}
	})
}
