package decision_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
	"polder.city/store/storetest"
)

var (
	ctx  = context.Background()
	noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

// city is a register, a log and a gate over a database.
type city struct {
	*decision.Gate
	t        testing.TB
	db       *store.DB
	log      *tlog.Log
	register *register.Register
	clock    *clock.Clock
	entries  []*register.Entry
	rules    []register.Rule
	roles    []register.Role
	key      *tlog.Key
}

func newCity(t testing.TB, db *store.DB) *city {
	t.Helper()
	c := &city{t: t, db: db, clock: clock.New(noon, 0)}
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "log.key")
	c.must(tlog.GenerateKey(keyFile, "polder.example/log"))
	var err error
	c.key, err = tlog.LoadKey(keyFile)
	c.must(err)
	c.log, err = tlog.Open(ctx, db, c.clock, tlog.Options{Key: c.key, State: filepath.Join(dir, "log.state")})
	c.must(err)
	zone, err := time.LoadLocation("Europe/Amsterdam")
	c.must(err)
	c.register = register.New(db, c.log, c.clock, zone)
	for _, name := range []string{"inzamelplan.yaml", "terras.yaml"} {
		e, err := register.ParseEntry(c.read(name), name)
		c.must(err)
		c.entries = append(c.entries, e)
	}
	c.rules, err = register.ParseRules(c.read("rules.yaml"), "rules.yaml")
	c.must(err)
	c.roles, err = register.ParseRoles(c.read("roles.yaml"), "roles.yaml")
	c.must(err)
	c.Gate = decision.New(db, c.register, c.log, c.clock, decision.Options{City: "GM0000"})
	return c
}

func (c *city) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *city) read(name string) []byte {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "register", "testdata", name))
	c.must(err)
	return text
}

func (c *city) publish() *city {
	c.t.Helper()
	_, err := c.register.Publish(ctx, c.entries, c.rules, c.roles)
	c.must(err)
	return c
}

// submit hands in a proposal, without the domain's side.
func (c *city) submit(p decision.Proposal) decision.Ruling {
	c.t.Helper()
	r, err := c.Submit(ctx, p, nil)
	c.must(err)
	return r
}

// plan is a proposal inside the limits; overtime in seconds.
func plan(subject string, overtime int64) decision.Proposal {
	return decision.Proposal{
		Kind: "collection.plan", Subject: subject, Algorithm: "inzamelplan", Version: "1.0.0",
		Inputs:     []decision.Input{{Name: "observations", SHA256: strings.Repeat("ab", 32), Count: 1234, AsOf: noon}},
		Measures:   map[string]int64{"overtime": overtime, "chance_full": 100_000, "stops": 2},
		Outcome:    json.RawMessage(`{"stops":2,"trucks":["K1"]}`),
		Reasons:    []decision.Reason{{Code: "cause.afternoon", Params: decision.Params{"stops": 2, "day": "dinsdag"}}},
		LegalBasis: []string{"Wet milieubeheer 10.21"},
		Remedies:   []string{"melding", "mens", "klacht"},
		Parts: []decision.Part{
			{ID: "FIL-011-R", Body: json.RawMessage(`{"planned":true,"fill":780000}`)},
			{ID: "FIL-002-G", Body: json.RawMessage(`{"planned":false,"fill":310000,"why":"nog plaats genoeg · café"}`)},
		},
		Alternatives: []decision.Alternative{{
			ID: "no_overtime", Outcome: json.RawMessage(`{"stops":1,"trucks":["K1"]}`), Measures: map[string]int64{"overtime": 0, "chance_full": 300_000, "stops": 1},
			Reasons: []decision.Reason{{Code: "choice.no_overtime"}},
			Parts:   []decision.Part{{ID: "FIL-011-R", Body: json.RawMessage(`{"planned":true,"fill":780000}`)}},
		}},
		Simulated: true, Origin: "demo",
	}
}

func signature(role, choice, motive string) decision.Signature {
	return decision.Signature{Account: "account:7", Role: role, Choice: choice, Motive: motive, OpenedAt: noon.Add(-time.Minute)}
}

func TestTheMandateDecidesWhoDecides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		for name, v := range map[string]struct {
			change  func(p *decision.Proposal)
			verdict decision.Verdict
			code    string
			over    []decision.Exceeded
		}{
			"inside the limits":      {func(*decision.Proposal) {}, decision.Decided, "", nil},
			"on the limit":           {func(p *decision.Proposal) { p.Measures["overtime"] = 1800 }, decision.Decided, "", nil},
			"over one limit":         {func(p *decision.Proposal) { p.Measures["overtime"] = 1801 }, decision.Advised, "", []decision.Exceeded{{Measure: "overtime", Limit: 1800, Value: 1801}}},
			"a measure is missing":   {func(p *decision.Proposal) { delete(p.Measures, "chance_full") }, decision.Advised, "", []decision.Exceeded{{Measure: "chance_full", Limit: 200_000, Missing: true}}},
			"another version":        {func(p *decision.Proposal) { p.Version = "1.0.1" }, decision.Refused, register.OtherVersion, nil},
			"not in the register":    {func(p *decision.Proposal) { p.Algorithm = "stiekem" }, decision.Refused, register.NoEntry, nil},
			"a kind without mandate": {func(p *decision.Proposal) { p.Kind = "collection.price" }, decision.Refused, register.NoMandate, nil},
			"a forbidden kind":       {func(p *decision.Proposal) { p.Kind = "fine" }, decision.Refused, register.IsForbidden, nil},
			"another's kind":         {func(p *decision.Proposal) { p.Kind = "permit.terrace" }, decision.Refused, register.NoMandate, nil},
		} {
			p := plan("dag "+name, 600)
			v.change(&p)
			called := false
			r, err := c.Submit(ctx, p, func(_ context.Context, _ *store.Tx, r decision.Ruling) error {
				called = true
				return nil
			})
			if err != nil || r.Verdict != v.verdict || r.Code != v.code || !reflect.DeepEqual(r.Exceeded, v.over) {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
			if called == (r.Verdict == decision.Refused) {
				t.Errorf("%s: apply called: %v", name, called)
			}
			if (r.Number != 0) != (r.Verdict == decision.Decided) || (r.Advice != 0) != (r.Verdict == decision.Advised) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		refusals, err := c.Refusals(ctx)
		c.must(err)
		if len(refusals) != 5 {
			t.Errorf("%d refusals are kept, want 5", len(refusals))
		}
		c.must(c.log.Sync(ctx))
		for _, r := range refusals {
			if _, err := c.log.Prove(ctx, r.Leaf); err != nil {
				t.Errorf("the refusal %+v is not in the log: %v", r.Body, err)
			}
		}
		tally, err := c.Tally(ctx, "inzamelplan", noon, noon.Add(time.Hour))
		if err != nil || tally != (decision.Tally{Decided: 2, Refused: 4}) {
			t.Errorf("%+v, %v", tally, err)
		}
		c.must(errors.Join(c.Check(ctx), c.log.Check(ctx)))
	})
}

func TestAnAlgorithmThatAdvisesNeverDecides(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		p := plan("terras 12", 0)
		p.Algorithm, p.Version, p.Kind, p.Remedies = "terras", "2", "permit.terrace", []string{"bezwaar", "mens"}
		if r := c.submit(p); r.Verdict != decision.Advised || len(r.Exceeded) != 0 {
			t.Fatalf("%+v", r)
		}
		open, err := c.OpenAdvice(ctx)
		if err != nil || len(open) != 1 || open[0].Body.Role != "medewerker" {
			t.Fatalf("%+v, %v", open, err)
		}
	})
}

func TestWhatAnOfficialAskedForWaitsForASignatureWithinTheLimitsToo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		p := plan("2026-11-24", 0)
		p.Asked = true
		r := c.submit(p)
		if r.Verdict != decision.Advised || len(r.Exceeded) != 0 {
			t.Fatalf("%+v", r)
		}
		signed, err := c.Sign(ctx, r.Advice, signature("planner", "", ""), nil)
		if err != nil || signed.Verdict != decision.Decided {
			t.Errorf("%+v, %v", signed, err)
		}
		p = plan("2026-11-25", 0)
		if r := c.submit(p); r.Verdict != decision.Decided {
			t.Errorf("what nobody asked for: %+v", r)
		}
	})
}

func TestACityThatSetsTheLimitsToZeroAlwaysSigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db)
		c.entries[0].Polder.Mandates[0].Limits = []register.Limit{{Measure: "stops", AtMost: 0}}
		c.publish()
		if r := c.submit(plan("2026-11-24", 0)); r.Verdict != decision.Advised {
			t.Fatalf("%+v", r)
		}
	})
}

func TestAProposalThatCannotBeRecordedIsSentBack(t *testing.T) {
	c := newCity(t, storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))).publish()
	for name, v := range map[string]struct {
		change func(p *decision.Proposal)
		code   string
	}{
		"objection to factual conduct":  {func(p *decision.Proposal) { p.Remedies = []string{"bezwaar"} }, "proposal.remedies"},
		"a view on factual conduct":     {func(p *decision.Proposal) { p.Remedies = []string{"melding", "zienswijze"} }, "proposal.remedies"},
		"nothing one can do":            {func(p *decision.Proposal) { p.Remedies = nil }, "proposal.remedies"},
		"no reason":                     {func(p *decision.Proposal) { p.Reasons = nil }, "proposal.reasons"},
		"no law":                        {func(p *decision.Proposal) { p.LegalBasis = nil }, "proposal.legalBasis"},
		"no outcome":                    {func(p *decision.Proposal) { p.Outcome = nil }, "proposal.outcome"},
		"a float":                       {func(p *decision.Proposal) { p.Outcome = json.RawMessage(`{"fill":0.5}`) }, "proposal.outcome"},
		"a number past 2^53":            {func(p *decision.Proposal) { p.Outcome = json.RawMessage(`{"id":9007199254740993}`) }, "proposal.outcome"},
		"a name twice":                  {func(p *decision.Proposal) { p.Outcome = json.RawMessage(`{"a":1,"a":2}`) }, "proposal.outcome"},
		"a float in a reason":           {func(p *decision.Proposal) { p.Reasons[0].Params = decision.Params{"fill": 0.5} }, "proposal.outcome"},
		"U+0000 in a part":              {func(p *decision.Proposal) { p.Parts[0].Body = json.RawMessage(`{"x":"\u0000"}`) }, "proposal.parts"},
		"a part that is no object":      {func(p *decision.Proposal) { p.Parts[0].Body = json.RawMessage(`[1]`) }, "proposal.parts"},
		"a part of nothing":             {func(p *decision.Proposal) { p.Parts[0].Body = json.RawMessage(`null`) }, "proposal.parts"},
		"a part with its own salt":      {func(p *decision.Proposal) { p.Parts[0].Body = json.RawMessage(`{"salt":"1"}`) }, "proposal.parts"},
		"a part with another id":        {func(p *decision.Proposal) { p.Parts[0].Body = json.RawMessage(`{"id":"X"}`) }, "proposal.parts"},
		"a part twice":                  {func(p *decision.Proposal) { p.Parts[1].ID = p.Parts[0].ID }, "proposal.parts"},
		"a hash that is none":           {func(p *decision.Proposal) { p.Inputs[0].SHA256 = "abc" }, "proposal.inputs"},
		"an alternative without name":   {func(p *decision.Proposal) { p.Alternatives[0].ID = "" }, "proposal.alternatives"},
		"a sealed field without ground": {func(p *decision.Proposal) { p.Sealed = []decision.SealedField{{Name: "bsn", Value: "1"}} }, "proposal.sealed"},
		"a sealed field of the gate's": {func(p *decision.Proposal) {
			p.Sealed = []decision.SealedField{{Name: "official", Value: "1", Ground: "x"}}
		}, "proposal.sealed"},
		"a kind that no log can hold": {func(p *decision.Proposal) { p.Kind = "a b" }, "proposal.kind"},
	} {
		p := plan("2026-11-24", 0)
		v.change(&p)
		_, err := c.Submit(ctx, p, func(context.Context, *store.Tx, decision.Ruling) error {
			t.Errorf("%s: apply was called", name)
			return nil
		})
		e, ok := errors.AsType[*problem.Error](err)
		if !ok || e.Code != v.code || e.Kind != problem.Invalid {
			t.Errorf("%s: got %v, want %s", name, err, v.code)
		}
	}
	if all, err := c.List(ctx, decision.Filter{}); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestWhenTheDomainFailsNothingHappened(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		before := waiting(c)
		boom := errors.New("boom")
		for _, overtime := range []int64{0, 9999} {
			if _, err := c.Submit(ctx, plan("2026-11-24", overtime), func(context.Context, *store.Tx, decision.Ruling) error { return boom }); !errors.Is(err, boom) {
				t.Fatal(err)
			}
		}
		open, err := c.OpenAdvice(ctx)
		c.must(err)
		all, err := c.List(ctx, decision.Filter{})
		c.must(err)
		if len(open) != 0 || len(all) != 0 || waiting(c) != before {
			t.Fatalf("%d advice, %d decisions, %d leaves left behind", len(open), len(all), waiting(c)-before)
		}
		if r := c.submit(plan("2026-11-24", 0)); r.Number != 1 {
			t.Fatalf("the first decision has number %d", r.Number)
		}
	})
}

func waiting(c *city) int64 {
	c.t.Helper()
	s, err := c.log.Status(ctx)
	c.must(err)
	return s.Waiting
}

func TestADecisionIsReplacedOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		first := c.submit(plan("2026-11-24", 0)).Number
		conflict := func(replaces int64) {
			t.Helper()
			p := plan("2026-11-24", 0)
			p.Replaces = replaces
			if _, err := c.Submit(ctx, p, nil); problem.KindOf(err) != problem.Conflict {
				t.Errorf("replacing %d: %v", replaces, err)
			}
		}
		conflict(0)
		conflict(99)
		p := plan("2026-11-24", 60)
		p.Replaces = first
		second := c.submit(p).Number
		conflict(first)
		a, err := c.Get(ctx, first)
		c.must(err)
		b, err := c.Get(ctx, second)
		c.must(err)
		if a.ReplacedBy != second || a.Replaces != 0 || b.Replaces != first || b.ReplacedBy != 0 || b.Record.Replaces != first {
			t.Errorf("%+v and %+v", a.Summary, b.Summary)
		}
		if _, err := c.Get(ctx, 3); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a decision that does not exist: %v", err)
		}
		// Two nodes that decide on one day at once: one does.
		var wg sync.WaitGroup
		var mu sync.Mutex
		decided := 0
		for range 8 {
			wg.Go(func() {
				r, err := c.Submit(ctx, plan("2026-11-25", 0), nil)
				mu.Lock()
				defer mu.Unlock()
				if err == nil && r.Verdict == decision.Decided {
					decided++
				} else if problem.KindOf(err) != problem.Conflict {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
		wg.Wait()
		if decided != 1 {
			t.Errorf("%d plans for one day", decided)
		}
		list, err := c.List(ctx, decision.Filter{Kind: "collection.plan", Subject: "2026-11-24"})
		if err != nil || len(list) != 2 || list[0].Number != second || list[0].Reasons[0].Params["stops"] != int64(2) {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := c.List(ctx, decision.Filter{Before: second, Limit: 1}); err != nil || len(list) != 1 || list[0].Number != first {
			t.Errorf("%+v, %v", list, err)
		}
	})
}

func TestAfterAStopNothingIsDecided(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCity(t, db).publish()
		// Many proposals race with the stop: those that the stop comes before are refused.
		var wg sync.WaitGroup
		stopped := make(chan struct{})
		for i := range 12 {
			wg.Go(func() {
				if i == 6 {
					if err := c.register.SetStopped(ctx, "inzamelplan", true, "planner", "De sensoren liggen eruit."); err != nil {
						t.Error(err)
					}
					close(stopped)
					return
				}
				if i > 6 {
					<-stopped
				}
				r, err := c.Submit(ctx, plan(fmt.Sprint("race ", i), 0), nil)
				if err != nil || (i > 6 && r.Code != register.IsStopped) {
					t.Errorf("%d: %+v, %v", i, r, err)
				}
			})
		}
		wg.Wait()
		advice := int64(0)
		c.must(c.register.SetStopped(ctx, "inzamelplan", false, "planner", "De sensoren werken weer."))
		advice = c.submit(plan("2026-11-24", 3600)).Advice
		c.must(c.register.SetStopped(ctx, "inzamelplan", true, "planner", "Toch weer kapot, helaas."))
		r, err := c.Sign(ctx, advice, signature("planner", "", ""), nil)
		if err != nil || r.Verdict != decision.Refused || r.Code != register.IsStopped {
			t.Errorf("an advice of a stopped algorithm was signed: %+v, %v", r, err)
		}
		c.must(c.Check(ctx))
	})
}
