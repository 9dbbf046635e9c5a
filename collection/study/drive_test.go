package study

import (
	"context"
	"fmt"
	"testing"
	"time"

	"polder.city/city"
	"polder.city/simulate"
)

// ready makes a line world whose containers hold so many litres of 10,000 as the day begins, and its judge.
func ready(t *testing.T, blocked bool, litres ...float64) *judge {
	t.Helper()
	w := line(len(litres))
	w.Location, w.Start = time.UTC, time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	w.config.Start, w.config.Location = w.Start, time.UTC
	for i := range litres {
		id := fmt.Sprintf("C%d", i)
		w.Containers = append(w.Containers, Container{ID: id, Location: 2 + i, Litres: 10_000, Lifts: 1})
		w.config.Containers = append(w.config.Containers, simulate.Container{ID: id, Place: id, Stream: "rest", VolumeLitres: 10_000})
	}
	w.config.Policy.Kind = simulate.Nobody
	if blocked {
		w.config.SetPieces = []simulate.SetPiece{{At: w.Start, Kind: simulate.Blocked, Thing: "C0", Value: 24}}
	}
	sim, err := simulate.New(w.config)
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.Containers {
		if _, _, err := sim.Empty(w.Containers[i].ID, w.Start); err != nil && !blocked {
			t.Fatal(err)
		}
	}
	j := &judge{w: w, sim: sim, know: newSensors(w), seed: 1, now: w.Start, meter: newMeter(w)}
	for i, l := range litres {
		w.config.SetPieces = append(w.config.SetPieces, simulate.SetPiece{At: w.Start.Add(time.Hour), Kind: simulate.Fill, Thing: w.Containers[i].ID, Value: l / 10_000})
	}
	state, err := sim.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if j.sim, err = simulate.Restore(w.config, state); err != nil {
		t.Fatal(err)
	}
	j.meter.begin(j.sim)
	return j
}

func (j *judge) day(t *testing.T, visits ...Visit) *Measures {
	t.Helper()
	plan := &Plan{Tours: []Tour{{Leave: 7 * 3600, Visits: visits}}}
	if err := j.drive(context.Background(), j.w.Start, plan); err != nil {
		t.Fatal(err)
	}
	m, err := j.meter.end(j.sim, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func empty(i int, kg float64) Visit { return Visit{Container: i, Kg: kg} }

func TestARouteTakesWhatDrivingHandlingAndUnloadingTake(t *testing.T) {
	j := ready(t, false, 1000, 1000)
	m := j.day(t, empty(0, 100), empty(1, 100), Visit{Container: -1})
	// Depot 0 to 2 to 3, back to the facility at 1, home: 6 km of 2 minutes, two stops of 3, unloading of 10.
	if want := (12 + 6 + 10) / 60.0; m.Km != 6 || m.Hours < want-0.001 || m.Hours > want+0.001 {
		t.Errorf("%.1f km and %.4f hours, want 6 and %.4f", m.Km, m.Hours, want)
	}
	if m.Emptyings != 2 || m.Tips != 1 || m.UnplannedTips != 0 || m.Routes != 1 {
		t.Errorf("%+v", m)
	}
	if want := 1 + m.Hours*60 + m.Km; m.Euro < want-0.01 || m.Euro > want+0.01 {
		t.Errorf("%.2f euro, want %.2f", m.Euro, want)
	}
}

func TestACrewThatFindsMoreThanPlannedUnloadsBeforeTheNextWouldNotFit(t *testing.T) {
	j := ready(t, false, 7000, 7000) // 700 kg each, of 1,000
	m := j.day(t, empty(0, 400), empty(1, 400), Visit{Container: -1})
	if m.UnplannedTips != 1 || m.Tips != 2 || m.Emptyings != 2 {
		t.Errorf("%d unplanned of %d tips, %d emptyings", m.UnplannedTips, m.Tips, m.Emptyings)
	}
}

func TestACrewThatWouldBeLateLeavesOutWhatIsLeft(t *testing.T) {
	j := ready(t, false, 100, 100, 100)
	j.w.Trucks[0].Shift.Close = 7*3600 + 33*60
	m := j.day(t, empty(0, 10), empty(1, 10), empty(2, 10), Visit{Container: -1})
	if m.Skipped == 0 || m.Emptyings+m.Skipped != 3 {
		t.Errorf("%d emptied, %d left out", m.Emptyings, m.Skipped)
	}
	if m.Hours > 33/60.0 || m.Tips != 1 {
		t.Errorf("back after %.2f hours, %d tips", m.Hours, m.Tips)
	}
}

func TestWhatIsBlockedIsNotEmptied(t *testing.T) {
	j := ready(t, true, 100, 100)
	m := j.day(t, empty(0, 10), empty(1, 10), Visit{Container: -1})
	if m.Blocked != 1 || m.Emptyings != 1 {
		t.Errorf("%d blocked, %d emptied", m.Blocked, m.Emptyings)
	}
}

func TestAContainerThatIsNeverVisitedCountsAsResidentsMeetIt(t *testing.T) {
	j := ready(t, false, 9000, 12_500)
	if err := j.advance(t.Context(), j.w.Start.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	m, err := j.meter.end(j.sim, 1)
	if err != nil {
		t.Fatal(err)
	}
	if m.OverfullDays != 1 || m.Events != 1 || m.Never != 2 || m.Service != 1 {
		t.Errorf("%d overfull days, %d events, %d never emptied, service %v", m.OverfullDays, m.Events, m.Never, m.Service)
	}
	if m.Spell95 < 22 || m.Spell95 > 24 {
		t.Errorf("overfull for %v hours from one o'clock on", m.Spell95)
	}
}

func TestTheScheduleThatWasFoundIsMadeUpAfterAFreeDay(t *testing.T) {
	w := line(1)
	w.Location, w.Start = time.UTC, time.Date(2027, 1, 4, 0, 0, 0, 0, time.UTC)
	w.Containers = []Container{{ID: "C0", Location: 2, Litres: 1000, Lifts: 1, Found: []city.ScheduleRow{{Container: "C0", Days: []time.Weekday{time.Monday}, EveryWeeks: 1, First: w.Start}}}}
	free := w.Start.AddDate(0, 0, 7)
	w.Works = func(day time.Time) bool {
		return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday && !day.Equal(free)
	}
	p := newFound(w)
	know := newSensors(w)
	due := map[string]bool{}
	for d := range 14 {
		day := w.Start.AddDate(0, 0, d)
		if !w.Works(day) {
			continue
		}
		if _, err := know.learn(t.Context(), day); err != nil {
			t.Fatal(err)
		}
		m := &Morning{World: w, Midnight: day, Now: day.Add(6 * time.Hour), outlook: func(i int) Outlook { return know.outlook(i, day) }, rounds: 10}
		plan, err := p.Plan(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for range plan.Tours {
			due[day.Format("Mon 2")] = true
			know.emptied(0, day.Add(8*time.Hour), 10)
		}
	}
	if len(due) != 2 || !due["Mon 4"] || !due["Tue 12"] {
		t.Errorf("emptied on %v, want Monday 4 and, after the free Monday, Tuesday 12", due)
	}
}
