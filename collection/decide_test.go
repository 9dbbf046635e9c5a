package collection_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestAPlanIsDecidedExplainedAndHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		result := p.decide(t, collection.CauseAfternoon)
		if result.Ruling.Verdict != decision.Decided {
			t.Fatalf("verdict %s, exceeded %v", result.Ruling.Verdict, result.Ruling.Exceeded)
		}
		plan, err := p.PlanOf(t.Context(), "2026-11-24")
		if err != nil || plan == nil || plan.State != collection.Decided || plan.Decision != result.Ruling.Number {
			t.Fatalf("stored plan %+v, %v", plan, err)
		}
		if plan.Measures[collection.MeasureStops] == 0 {
			t.Fatal("a plan without stops proves nothing")
		}
		wrong, err := p.Check(t.Context(), plan)
		if err != nil || len(wrong) > 0 {
			t.Fatalf("check: %v, %v", wrong, err)
		}
		outcomes, err := p.Outcomes(t.Context(), plan.ID)
		if err != nil || len(outcomes) != containerCount {
			t.Fatalf("%d outcomes, %v", len(outcomes), err)
		}
		for _, o := range outcomes {
			if len(o.Reasons) == 0 || o.NextDay == "" {
				t.Errorf("%s: no reason or no next day: %+v", o.Container, o)
			}
			if o.Planned != (o.Truck != "") {
				t.Errorf("%s is planned: %v, with truck %q", o.Container, o.Planned, o.Truck)
			}
		}
	})
}

func TestTheCheckerFindsWhatIsWrong(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	p.decide(t, collection.CauseAfternoon)
	plan, err := p.PlanOf(t.Context(), "2026-11-24")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	first := func(kind collection.VisitKind) func(*collection.Plan) *collection.Visit {
		return func(p *collection.Plan) *collection.Visit {
			r := &p.Routes[0]
			return &r.Visits[slices.IndexFunc(r.Visits, func(v collection.Visit) bool { return v.Kind == kind })]
		}
	}
	empty, unload := first(collection.VisitEmpty), first(collection.VisitUnload)
	for name, spoil := range map[string]func(*collection.Plan){
		"a stop that takes no time":          func(p *collection.Plan) { v := empty(p); v.Leave = v.Start },
		"a truck that goes back in time":     func(p *collection.Plan) { empty(p).Arrive -= 7200 },
		"a container that is not there":      func(p *collection.Plan) { empty(p).At = "nowhere" },
		"a load over the limit":              func(p *collection.Plan) { empty(p).Kg = 90_000 },
		"an unloading that leaves something": func(p *collection.Plan) { unload(p).Kg = 10 },
		"a leg that is missing":              func(p *collection.Plan) { p.Routes[0].Lines = p.Routes[0].Lines[1:] },
		"a leg across the fields":            func(p *collection.Plan) { p.Routes[0].Lines[0][1][0] += 0.001 },
		"a truck of another city":            func(p *collection.Plan) { p.Routes[0].Truck = "K9" },
		"overtime that is not said":          func(p *collection.Plan) { r := p.Routes[0]; r.Visits[len(r.Visits)-1].Arrive += 7200 },
		"an emptying that no reason speaks of": func(p *collection.Plan) {
			v := empty(p)
			p.Routes[0].Visits = append(p.Routes[0].Visits[:1:1], p.Routes[0].Visits[2:]...)
			_ = v
		},
	} {
		t.Run(name, func(t *testing.T) {
			var spoiled collection.Plan
			if err := json.Unmarshal(text, &spoiled); err != nil {
				t.Fatal(err)
			}
			spoiled.ID = plan.ID
			for i, r := range plan.Routes {
				for _, line := range r.Lines {
					spoiled.Routes[i].Lines = append(spoiled.Routes[i].Lines, slices.Clone(line))
				}
			}
			spoil(&spoiled)
			if wrong, err := p.Check(t.Context(), &spoiled); err != nil || len(wrong) == 0 {
				t.Errorf("the checker saw nothing: %v", err)
			}
		})
	}
}

func TestPlanningAgainReplacesThePlanAndLinksTheOld(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		first := p.decide(t, collection.CauseAfternoon)
		second := p.decide(t, collection.CauseAgain)
		if second.Plan.Replaces != first.Plan.ID {
			t.Fatalf("the second plan replaces %d, not %d", second.Plan.Replaces, first.Plan.ID)
		}
		versions, err := p.Versions(t.Context(), "2026-11-24")
		if err != nil || len(versions) != 2 || versions[0].State != collection.Replaced || versions[1].State != collection.Decided {
			t.Fatalf("versions %+v, %v", versions, err)
		}
		old, err := p.gate.Get(t.Context(), first.Ruling.Number)
		if err != nil || old.ReplacedBy != second.Ruling.Number {
			t.Fatalf("the old decision is replaced by %d, %v", old.ReplacedBy, err)
		}
	})
}

func TestACityThatSetsTheLimitsToZeroAlwaysSigns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, func(e *register.Entry) {
			for i := range e.Polder.Mandates[0].Limits {
				e.Polder.Mandates[0].Limits[i].AtMost = 0
			}
		})
		result := p.decide(t, collection.CauseAfternoon)
		if result.Ruling.Verdict != decision.Advised || len(result.Ruling.Exceeded) == 0 {
			t.Fatalf("ruling %+v", result.Ruling)
		}
		signature := decision.Signature{Account: "account:1", Role: "planner", OpenedAt: p.clock.Now()}
		if _, err := p.Sign(t.Context(), result.Ruling.Advice, decision.Signature{Account: "account:2", Role: "wethouder", OpenedAt: p.clock.Now()}); err == nil {
			t.Fatal("a role without a mandate signed")
		}
		signed, err := p.Sign(t.Context(), result.Ruling.Advice, signature)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.PlanOf(t.Context(), "2026-11-24")
		if err != nil || plan.State != collection.Decided || plan.Decision != signed.Ruling.Number {
			t.Fatalf("plan %+v, %v", plan, err)
		}
		if _, err := p.Sign(t.Context(), result.Ruling.Advice, signature); problem.KindOf(err) != problem.Conflict {
			t.Fatalf("signed twice: %v", err)
		}
	})
}

func TestWithoutAPublishedEntryNothingIsPlanned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, func(e *register.Entry) { e.Polder.Version = "0.9.0" })
		result := p.decide(t, collection.CauseAfternoon)
		if result.Ruling.Verdict != decision.Refused {
			t.Fatalf("verdict %s", result.Ruling.Verdict)
		}
		if plan, err := p.PlanOf(t.Context(), "2026-11-24"); err != nil || plan != nil {
			t.Fatalf("a refused plan was stored: %+v, %v", plan, err)
		}
		refusals, err := p.gate.Refusals(t.Context())
		if err != nil || len(refusals) != 1 {
			t.Fatalf("refusals %v, %v", refusals, err)
		}
	})
}

func TestADayWithoutWorkNamesTheNext(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	saturday := p.Today().AddDate(0, 0, 5)
	_, err := p.Decide(t.Context(), collection.Request{Day: saturday})
	noWork, ok := errors.AsType[*collection.NoWorkError](err)
	if !ok || noWork.Next.Weekday() != time.Monday {
		t.Fatalf("got %v", err)
	}
}

func TestTwoNodesMakeOnePlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		p.clock.Forward(time.Date(2026, 11, 23, 15, 1, 0, 0, time.UTC)) // 16.01 hours in the city
		other := collection.New(db, p.city, p.Sensing(), p.gate, p.clock, collection.Options{Rounds: 300, Node: "other"})
		var wg sync.WaitGroup
		for _, s := range []*collection.Service{p.Service, other} {
			wg.Go(func() {
				if err := s.RunDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		versions, err := p.Versions(t.Context(), "2026-11-24")
		if err != nil || len(versions) != 1 || versions[0].State != collection.Decided {
			t.Fatalf("versions %+v, %v", versions, err)
		}
	})
}

func TestAPlanThatWasMissedIsMadeInTheMorning(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		p.clock.Forward(p.tuesday().Add(6 * time.Hour)) // no node ran on Monday afternoon
		for range 2 {
			if err := p.RunDue(t.Context()); err != nil {
				t.Fatal(err)
			}
			versions, err := p.Versions(t.Context(), "2026-11-24")
			if err != nil || len(versions) != 1 || versions[0].State != collection.Decided {
				t.Fatalf("versions %+v, %v", versions, err)
			}
		}
	})
}

func TestAPlanMadeAgainSendsNoOtherTruckWithoutAReason(t *testing.T) {
	p := newPlanner(t, storetest.Open(t, t.TempDir()+"/polder.db"), nil)
	shift := &p.city.Fleet.Shift
	shift.To, shift.MaxOvertimeMinutes = shift.From+7_200, 0 // too short for one truck
	stopsOf := func(plan *collection.Plan) map[string]map[string]bool {
		byTruck := map[string]map[string]bool{}
		for _, r := range plan.Routes {
			byTruck[r.Truck] = map[string]bool{}
			for _, v := range r.Visits {
				byTruck[r.Truck][v.At] = v.Kind == collection.VisitEmpty
			}
		}
		return byTruck
	}
	before := stopsOf(p.decide(t, collection.CauseAfternoon).Plan)
	if len(before) != 2 {
		t.Fatalf("%d trucks drive", len(before))
	}
	// The search numbers the trucks in the order of the list: with the list turned round it would exchange them.
	slices.Reverse(p.city.Fleet.Trucks)
	again, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()})
	if err != nil {
		t.Fatal(err)
	}
	shared := func(truck, was string) (n int) {
		for id, empty := range stopsOf(again)[truck] {
			if empty && before[was][id] {
				n++
			}
		}
		return n
	}
	if kept, swapped := shared("T1", "T1")+shared("T2", "T2"), shared("T1", "T2")+shared("T2", "T1"); kept < swapped {
		t.Errorf("%d stops keep their truck, and %d would if the trucks were exchanged", kept, swapped)
	}
}

func TestPreviewsFollowTheObservationsAndAreNoDecisions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		for range 10 {
			if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
				t.Fatal(err)
			}
		}
		versions, err := p.Versions(t.Context(), "2026-11-24")
		if err != nil || len(versions) != 8 || versions[0].Version != 3 {
			t.Fatalf("%d previews are kept, %v", len(versions), err)
		}
		decisions, err := p.gate.List(t.Context(), decision.Filter{})
		if err != nil || len(decisions) != 0 {
			t.Fatalf("decisions %v, %v", decisions, err)
		}
	})
}

func TestWhatCrewsFindComesBackToTheRegister(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		plan := p.decide(t, collection.CauseAfternoon).Plan
		tuesday := p.tuesday()
		var rows []sensing.Reading
		skipped := false
		for i := range plan.Outcomes {
			o := &plan.Outcomes[i]
			if !o.Planned {
				continue
			}
			if !skipped { // one stop fails
				skipped = true
				continue
			}
			rows = append(rows, sensing.Reading{
				DatastreamKey: collection.SeriesKey(o.Container, collection.EmptyingKind), Time: tuesday.Add(time.Duration(o.At) * time.Second),
				Value: min(float64(o.FillThen)/1e6+0.05, collection.MaxFill),
			})
		}
		p.clock.Forward(tuesday.Add(18 * time.Hour))
		if _, err := p.Sensing().Import(t.Context(), sensing.Batch{Import: "crews", Name: "crews", Rows: rows, Last: true}); err != nil {
			t.Fatal(err)
		}
		if err := p.Evaluate(t.Context(), tuesday); err != nil {
			t.Fatal(err)
		}
		measured, err := p.register.Performance(t.Context(), collection.PlannerID, tuesday, tuesday)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, m := range measured {
			if m.Group == "" {
				got[m.Measure] = m.Value
			}
		}
		if got[collection.MeasureDone] != int64(len(rows)) || got[collection.MeasureMissed] != 1 || got[collection.MeasureFillError] < 40_000 || got[collection.MeasureFillError] > 51_000 {
			t.Fatalf("measured %v", got)
		}
	})
}

// While today's trucks still drive, what they will empty is not planned for tomorrow again.
func TestAPreviewKnowsWhatTodaysTrucksStillEmpty(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		today := p.decide(t, collection.CauseAfternoon).Plan
		wednesday, err := p.Preview(t.Context(), collection.Request{Day: p.NextWorkday(p.tuesday())})
		if err != nil {
			t.Fatal(err)
		}
		emptied := map[string]bool{}
		for _, r := range today.Routes {
			for _, v := range r.Visits {
				emptied[v.At] = emptied[v.At] || v.Kind == collection.VisitEmpty
			}
		}
		outcomes, err := p.Outcomes(t.Context(), wednesday.ID)
		if err != nil {
			t.Fatal(err)
		}
		left := 0
		for _, o := range outcomes {
			if o.Planned && emptied[o.Container] {
				t.Errorf("%s is emptied on Tuesday and planned for Wednesday again: %+v", o.Container, o)
			}
			if !o.Planned && emptied[o.Container] {
				left++
			}
		}
		if left == 0 {
			t.Fatal("nothing was emptied on Tuesday: this test proves nothing")
		}
	})
}
