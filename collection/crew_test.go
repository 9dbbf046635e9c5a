package collection_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// crew is the truck T1 on the Tuesday that the fixture plans, at 08.00 hours.
type crew struct {
	*planner
	day  string
	plan *collection.Plan
	n    int
}

const truck1, truck2 = "T1", "T2"

func newCrew(t *testing.T, db *store.DB) *crew {
	t.Helper()
	p := newPlanner(t, db, nil)
	result := p.decide(t, collection.CauseAfternoon)
	if result.Plan.State != collection.Decided {
		t.Fatalf("the plan is %s", result.Plan.State)
	}
	c := &crew{planner: p, day: result.Plan.Day, plan: result.Plan}
	p.clock.Forward(p.tuesday().Add(8 * time.Hour))
	for _, truck := range []string{truck1, truck2} {
		if err := p.TakeTruck(t.Context(), truck); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// act is an action of T1, now, under a new key.
func (c *crew) act(kind collection.CrewKind, container string) collection.CrewAction {
	c.n++
	return collection.CrewAction{Key: fmt.Sprintf("k%d", c.n), Day: c.day, Truck: truck1, Kind: kind, Container: container, At: c.clock.Now()}
}

func (c *crew) record(t *testing.T, a collection.CrewAction) collection.CrewAction {
	t.Helper()
	stored, repeated, err := c.RecordCrew(t.Context(), a)
	if err != nil || repeated {
		t.Fatalf("%s %s: repeated %v, %v", a.Kind, a.Container, repeated, err)
	}
	return stored
}

// list returns the containers that a truck still has to empty, in order.
func (c *crew) list(t *testing.T, truck string) (ids []string) {
	t.Helper()
	d, err := c.CrewDay(t.Context(), c.day, truck)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range d.Stops {
		if x.Kind == collection.VisitEmpty {
			ids = append(ids, x.At)
		}
	}
	return ids
}

// busy returns the list of T1, which these tests need to have some stops.
func (c *crew) busy(t *testing.T) []string {
	t.Helper()
	list := c.list(t, truck1)
	if len(list) < 3 {
		t.Fatalf("the fixture gives %s %d stops; the test needs three", truck1, len(list))
	}
	return list
}

func (c *crew) emptyings(t *testing.T, container string) (values []float64) {
	t.Helper()
	d, err := c.Sensing().DatastreamByKey(t.Context(), collection.SeriesKey(container, collection.EmptyingKind))
	if err != nil {
		t.Fatal(err)
	}
	from := c.clock.Now().Add(-12 * time.Hour)
	if err := c.Sensing().Range(t.Context(), d.ID, from, from.Add(24*time.Hour), func(o sensing.Observation) error {
		values = append(values, o.Value)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return values
}

func TestAnEmptyingBecomesAnObservationOnceHoweverOftenItIsSent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		id := c.busy(t)[0]
		a := c.act(collection.CrewEmptied, id)
		a.Kg = 200
		first := c.record(t, a)
		for range 2 {
			again, repeated, err := c.RecordCrew(t.Context(), a)
			if err != nil || !repeated || again.ID != first.ID {
				t.Fatalf("sent again: %+v, repeated %v, %v", again, repeated, err)
			}
		}
		values := c.emptyings(t, id)
		if len(values) != 1 {
			t.Fatalf("emptyings %v, want one", values)
		}
		container, err := c.Container(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		stream, _ := c.city.Stream(container.Stream)
		if want := 200 / (stream.KgPerM3 * float64(container.VolumeLitres) / 1000); values[0] < want-0.001 || values[0] > want+0.001 {
			t.Errorf("200 kg is a fill of %v, want %v", values[0], want)
		}
		if slices.Contains(c.list(t, truck1), id) {
			t.Error("what was emptied is still to do")
		}
		a.Container = c.list(t, truck1)[0]
		if _, _, err := c.RecordCrew(t.Context(), a); problem.KindOf(err) != problem.Conflict {
			t.Errorf("the key of another action: %v", err)
		}
	})
}

func TestTheCrewsOrderHoldsAlsoUnderANewerPlan(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		list := c.busy(t)
		first, later := c.act(collection.CrewFirst, list[2]), c.act(collection.CrewLater, list[0])
		first.Reason, later.Reason = collection.RoadClosed, collection.SchoolTime
		c.record(t, first)
		c.record(t, later)
		c.record(t, c.act(collection.CrewEmptied, list[1]))
		check := func() {
			t.Helper()
			got := c.list(t, truck1)
			if got[0] != list[2] || got[len(got)-1] != list[0] || slices.Contains(got, list[1]) {
				t.Errorf("the list is %v; want %s first, %s last, and %s done", got, list[2], list[0], list[1])
			}
		}
		check()
		// The plan is made again: T2 is out, and T1 gets more.
		result, err := c.Breakdown(t.Context(), c.Today(), []string{truck2})
		if err != nil || result.Plan.State != collection.Decided {
			t.Fatalf("plan again: %+v, %v", result, err)
		}
		now := result.Plan
		kept := func(id string) bool {
			return slices.ContainsFunc(now.Routes, func(r collection.Route) bool {
				return r.Truck == truck1 && slices.ContainsFunc(r.Visits, func(v collection.Visit) bool { return v.At == id })
			})
		}
		if !kept(list[0]) || !kept(list[2]) {
			t.Fatalf("the newer plan left out %s or %s", list[0], list[2])
		}
		check()
		d, err := c.CrewDay(t.Context(), c.day, truck1)
		if err != nil {
			t.Fatal(err)
		}
		if d.Version != now.Version || d.Confirmed != c.plan.Version {
			t.Errorf("version %d, confirmed %d; want %d and %d", d.Version, d.Confirmed, now.Version, c.plan.Version)
		}
		confirm := c.act(collection.CrewConfirmed, "")
		confirm.Version = d.Version
		c.record(t, confirm)
		if d, err = c.CrewDay(t.Context(), c.day, truck1); err != nil || d.Confirmed != now.Version || d.Added != nil {
			t.Errorf("after confirming: %+v, %v", d, err)
		}
	})
}

func TestWhatSomebodyElseEmptiedIsBehindTheCrewUnlessItSeesItFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		list := c.busy(t)
		for i, at := range []time.Time{c.Today().Add(time.Minute), c.Today().Add(-time.Minute)} {
			reading := sensing.Reading{DatastreamKey: collection.SeriesKey(list[i], collection.EmptyingKind), Time: at, Value: 0.8}
			if _, err := c.Sensing().Import(t.Context(), sensing.Batch{Import: list[i], Name: "truck", Rows: []sensing.Reading{reading}, Last: true}); err != nil {
				t.Fatal(err)
			}
		}
		c.record(t, c.act(collection.CrewEmptied, list[2]))
		d, err := c.CrewDay(t.Context(), c.day, truck1)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.list(t, truck1); d.Finished != 2 || got[0] != list[1] || slices.Contains(got, list[0]) {
			t.Errorf("%d behind it, the list is %v; want 2, and %s first", d.Finished, got, list[1])
		}
		// It is full again, the crew sees.
		c.record(t, c.act(collection.CrewSeen, list[0]))
		if got := c.list(t, truck1); got[0] != list[0] {
			t.Errorf("seen full, the list is %v", got)
		}
		reports, err := c.Sensing().Latest(t.Context(), collection.SeriesKey(list[0], collection.ReportKind))
		if err != nil || len(reports) != 1 {
			t.Errorf("reports %v, %v", reports, err)
		}
		// One that the plan does not have comes next, too.
		var other string
		for i := range containerCount {
			if other = fmt.Sprintf("C%02d", i); !slices.Contains(list, other) && !slices.Contains(c.list(t, truck2), other) {
				break
			}
		}
		c.record(t, c.act(collection.CrewSeen, other))
		if got := c.list(t, truck1); got[0] != other || got[1] != list[0] {
			t.Errorf("another one seen full, the list is %v", got)
		}
	})
}

func TestTwoTrucksOnOneStopAreBothKeptAndThePlannerIsTold(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		id := c.busy(t)[0]
		c.record(t, c.act(collection.CrewEmptied, id))
		c.clock.Forward(c.clock.Now().Add(time.Minute))
		other := c.act(collection.CrewEmptied, id)
		other.Truck, other.Beside = truck2, collection.Bags
		if stored := c.record(t, other); stored.OtherTruck != truck1 {
			t.Errorf("the other truck is %q", stored.OtherTruck)
		}
		if values := c.emptyings(t, id); len(values) != 2 || values[1] < 1 {
			t.Errorf("emptyings %v; want two, the second over full since bags stood beside it", values)
		}
		notices, err := c.CrewNotices(t.Context(), 10)
		if err != nil || len(notices) != 1 || notices[0].Truck != truck2 || notices[0].OtherTruck != truck1 {
			t.Fatalf("notices %+v, %v", notices, err)
		}
		if err := c.ReadCrewNotice(t.Context(), notices[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := c.ReadCrewNotice(t.Context(), notices[0].ID); problem.KindOf(err) != problem.Conflict {
			t.Errorf("read twice: %v", err)
		}
	})
}

func TestTenMinutesLongAnActionCanBeTakenBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		list := c.busy(t)
		early, late := c.act(collection.CrewEmptied, list[0]), c.act(collection.CrewEmptied, list[1])
		c.record(t, early)
		c.record(t, late)
		undo := func(of string, after time.Duration, truck string) error {
			a := c.act(collection.CrewUndone, "")
			a.Of, a.Truck, a.At = of, truck, early.At.Add(after)
			_, _, err := c.RecordCrew(t.Context(), a)
			return err
		}
		c.clock.Forward(c.clock.Now().Add(11 * time.Minute))
		if err := undo(early.Key, 10*time.Minute, truck2); problem.KindOf(err) != problem.Invalid {
			t.Errorf("another truck takes it back: %v", err)
		}
		if err := undo("nothing", time.Minute, truck1); problem.KindOf(err) != problem.Invalid {
			t.Errorf("what was never done is taken back: %v", err)
		}
		if err := undo(early.Key, 10*time.Minute, truck1); err != nil {
			t.Fatal(err)
		}
		if values := c.emptyings(t, list[0]); len(values) != 0 {
			t.Errorf("the observation stands: %v", values)
		}
		if got := c.list(t, truck1); got[0] != list[0] {
			t.Errorf("the list is %v; %s should be back in its place", got, list[0])
		}
		if err := undo(late.Key, 10*time.Minute+time.Second, truck1); problem.KindOf(err) != problem.Invalid {
			t.Errorf("after ten minutes: %v", err)
		}
		if values := c.emptyings(t, list[1]); len(values) != 1 {
			t.Errorf("what could not be taken back is gone: %v", values)
		}
	})
}

func TestADamagedContainerIsInNoPlanUntilAnOfficialSaysThatItIsRepaired(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		id := c.busy(t)[0]
		fail := c.act(collection.CrewFailed, id)
		fail.Reason = collection.Damaged
		c.record(t, fail)
		if slices.Contains(c.list(t, truck1), id) {
			t.Error("it is still to do")
		}
		plan := func() (planned bool, reason string) {
			t.Helper()
			p, err := c.Preview(t.Context(), collection.Request{Day: c.NextWorkday(c.Today())})
			if err != nil {
				t.Fatal(err)
			}
			o, err := c.OutcomeOf(t.Context(), p.ID, id)
			if err != nil {
				t.Fatal(err)
			}
			if wrong, err := c.Check(t.Context(), p); err != nil || len(wrong) > 0 {
				t.Errorf("the plan is wrong: %v, %v", wrong, err)
			}
			// No plan can do anything about it, so it takes no plan over its limits; nor is anybody sent to it.
			var skipped int64
			for _, x := range p.Outcomes {
				if !x.Planned && x.Reasons[0].Code != collection.ReasonOut {
					skipped = max(skipped, x.ChanceFull)
				}
				if x.Elsewhere == id && o.Reasons[0].Code == collection.ReasonOut {
					t.Errorf("%s sends people to %s", x.Container, id)
				}
			}
			if p.Measures[collection.MeasureSkipped] != skipped {
				t.Errorf("the highest chance of what is left is %d, want %d", p.Measures[collection.MeasureSkipped], skipped)
			}
			return o.Planned, o.Reasons[0].Code
		}
		if planned, reason := plan(); planned || reason != collection.ReasonOut {
			t.Errorf("the next plan: planned %v because of %s", planned, reason)
		}
		// Somebody empties it all the same: broken it stays.
		emptied := c.act(collection.CrewEmptied, id)
		emptied.Truck = truck2
		c.record(t, emptied)
		out, err := c.ContainersOut(t.Context())
		if err != nil || len(out) != 1 || out[0].Container != id || out[0].Truck != truck1 || out[0].Reason != collection.Damaged {
			t.Fatalf("out of use: %+v, %v", out, err)
		}
		if err := c.Repaired(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := c.Repaired(t.Context(), id); problem.KindOf(err) != problem.Conflict {
			t.Errorf("repaired twice: %v", err)
		}
		if _, reason := plan(); reason == collection.ReasonOut {
			t.Error("after the repair it is still out of use")
		}
	})
}

func TestEachReasonWhyAContainerWasNotEmptiedHasItsEffect(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		id := c.busy(t)[0]
		for _, reason := range collection.FailReasons() {
			fail := c.act(collection.CrewFailed, id)
			fail.Reason = reason
			c.record(t, fail)
			list := c.list(t, truck1)
			out, err := c.ContainersOut(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var effect collection.Effect
			switch {
			case len(list) > 0 && list[len(list)-1] == id:
				effect = collection.Again
			case slices.Contains(list, id):
				t.Errorf("%s: the list is %v", reason, list)
			case len(out) == 0:
				effect = collection.Next
			default:
				emptied := c.act(collection.CrewEmptied, id)
				emptied.Truck = truck2
				c.record(t, emptied)
				if out, err = c.ContainersOut(t.Context()); err != nil {
					t.Fatal(err)
				}
				effect = collection.Out
				if len(out) == 0 { // the other truck fetched it
					effect = collection.Other
				}
				undo := c.act(collection.CrewUndone, "")
				undo.Of, undo.Truck = emptied.Key, truck2
				c.record(t, undo)
				if out, err = c.ContainersOut(t.Context()); err != nil || len(out) != 1 {
					t.Errorf("%s: taken back, out of use are %v, %v", reason, out, err)
				}
			}
			if effect != reason.Effect() {
				t.Errorf("%s has the effect %s, want %s", reason, effect, reason.Effect())
			}
			undo := c.act(collection.CrewUndone, "")
			undo.Of = fail.Key
			c.record(t, undo)
			if list := c.list(t, truck1); list[0] != id {
				t.Errorf("%s: taken back, the list is %v", reason, list)
			}
		}
		if notices, err := c.CrewNotices(t.Context(), 10); err != nil || len(notices) != 0 {
			t.Errorf("what was taken back is told: %+v, %v", notices, err)
		}
	})
}

func TestTheBreakClockGoesByThePlanUntilTheBreakBegins(t *testing.T) {
	c := newCrew(t, storetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "polder.db")))
	c.busy(t)
	before, err := c.CrewDay(t.Context(), c.day, truck1)
	if err != nil {
		t.Fatal(err)
	}
	from, to := c.city.Fleet.Shift.BreakFrom.On(c.Today()), c.city.Fleet.Shift.BreakTo.On(c.Today())
	if before.BreakAt.Before(from) || before.BreakAt.After(to) || !before.BreakEnds.IsZero() {
		t.Errorf("break at %v", before.BreakAt)
	}
	a := c.act(collection.CrewBreak, "")
	c.record(t, a)
	c.record(t, c.act(collection.CrewUnloaded, ""))
	after, err := c.CrewDay(t.Context(), c.day, truck1)
	if err != nil {
		t.Fatal(err)
	}
	if !after.BreakAt.IsZero() || !after.BreakEnds.Equal(a.At.Add(30*time.Minute)) {
		t.Errorf("the break goes on until %v", after.BreakEnds)
	}
	if n := len(before.Stops) - len(after.Stops); n != 2 && n != 1 { // a short day may have no break in it
		t.Errorf("%d stops fewer after a break and an unloading", n)
	}
}

func TestABadActionNamesItsField(t *testing.T) {
	c := newCrew(t, storetest.Open(t, "sqlite:"+filepath.Join(t.TempDir(), "polder.db")))
	id := c.busy(t)[0]
	for field, spoil := range map[string]func(*collection.CrewAction){
		"key":       func(a *collection.CrewAction) { a.Key = "" },
		"day":       func(a *collection.CrewAction) { a.Day = "gisteren" },
		"truck":     func(a *collection.CrewAction) { a.Truck = "T9" },
		"kind":      func(a *collection.CrewAction) { a.Kind = "danced" },
		"container": func(a *collection.CrewAction) { a.Container = "C99" },
		"reason":    func(a *collection.CrewAction) { a.Kind, a.Reason = collection.CrewFailed, "lazy" },
		"kg":        func(a *collection.CrewAction) { a.Kg = -1 },
		"beside":    func(a *collection.CrewAction) { a.Beside = "a cow" },
		"at":        func(a *collection.CrewAction) { a.At = a.At.AddDate(0, 0, -1) },
		"of":        func(a *collection.CrewAction) { a.Kind, a.Of = collection.CrewUndone, "nothing" },
	} {
		a := c.act(collection.CrewEmptied, id)
		spoil(&a)
		_, _, err := c.RecordCrew(t.Context(), a)
		p, ok := err.(*problem.Error)
		if !ok || p.Kind != problem.Invalid || p.Where != field || p.Way == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if actions, err := c.CrewActions(t.Context(), c.day); err != nil || len(actions) != 0 {
		t.Errorf("kept %v, %v", actions, err)
	}
	ahead := c.act(collection.CrewEmptied, id)
	ahead.At = ahead.At.Add(3 * time.Hour)
	if stored := c.record(t, ahead); !stored.At.Equal(c.clock.Now()) {
		t.Errorf("a phone that is ahead is taken at its word: %v", stored.At)
	}
}

func TestWhatNobodySawScoresNoForecast(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCrew(t, db)
		list := c.busy(t)
		c.clock.Forward(c.clock.Now().Add(2 * time.Hour)) // the last readings are of before this day
		for i, id := range list[:2] {
			a := c.act(collection.CrewEmptied, id)
			a.Kg = int64(i) * 300
			stored := c.record(t, a)
			if want := []collection.FillFrom{collection.FillFromPlan, collection.FillFromWeight}[i]; stored.FillFrom != want {
				t.Errorf("%s: the fill is from %s, want %s", id, stored.FillFrom, want)
			}
		}
		if err := c.Evaluate(t.Context(), c.Today()); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Read().QueryContext(t.Context(), `SELECT measure, value FROM register_performance WHERE group_name = '' AND day = $1`, c.day)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		got := map[string]int64{}
		for rows.Next() {
			var measure string
			var value int64
			if err := rows.Scan(&measure, &value); err != nil {
				t.Fatal(err)
			}
			got[measure] = value
		}
		actions, err := c.CrewActions(t.Context(), c.day)
		if err != nil {
			t.Fatal(err)
		}
		if got[collection.MeasureDone] != 2 || got[collection.MeasureFoundFill] != actions[1].Fill {
			t.Errorf("measured %v; two were emptied, and only the second was weighed: %d", got, actions[1].Fill)
		}
	})
}
