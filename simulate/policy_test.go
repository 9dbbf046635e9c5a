package simulate

import (
	"testing"
	"time"
)

func TestTheFixedScheduleEmptiesOnItsDaysAndMakesUpForHolidays(t *testing.T) {
	c := quiet(t, 60)
	c.BlockedChance = 0
	c.Policy.Kind, c.Policy.Most = Schedule, 0
	c.Start = time.Date(2026, 3, 23, 0, 0, 0, 0, c.Location)
	c.Periods = DutchHolidays(c.Start, c.Start.AddDate(0, 0, 70), c.Location) // Easter Monday is 6 April, the clock changes on 29 March
	lifts := map[string][]time.Time{}
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 7*6)) {
		if e.Kind == Emptying {
			lifts[e.Thing] = append(lifts[e.Thing], e.At.In(c.Location))
		}
	}
	for _, x := range c.Containers {
		want := 6
		if x.EveryWeeks > 1 {
			want = 6 / x.EveryWeeks
		}
		got := lifts[x.ID]
		if len(got) != want {
			t.Errorf("%s (every %d weeks): %d lifts in six weeks: %v", x.ID, x.EveryWeeks, len(got), got)
		}
		for _, at := range got {
			day := x.Days[0]
			switch d := at.Format(time.DateOnly); {
			case d == "2026-04-06" || d == "2026-04-27":
				t.Errorf("%s is emptied on a holiday", x.ID)
			case day == time.Monday && (d == "2026-04-07" || d == "2026-04-28"):
			case at.Weekday() != day:
				t.Errorf("%s is emptied on %v, want %v", x.ID, at, day)
			}
			if at.Hour() < 7 || at.Hour() > 15 {
				t.Errorf("%s is emptied at %v", x.ID, at)
			}
		}
	}
}

func TestAPolicyPlansNothingFromItsEndOnButFinishesTheDay(t *testing.T) {
	c := quiet(t, 200)
	end := c.Start.AddDate(0, 0, 8).Add(14 * time.Hour)
	c.Policy.Until = end
	last := time.Time{}
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 12)) {
		if e.Kind == Emptying {
			last = e.At
		}
	}
	if last.Before(end) || last.After(c.Start.AddDate(0, 0, 8).Add(15*time.Hour+30*time.Minute)) {
		t.Errorf("the last lift is at %v", last)
	}
}

func TestAFailedLiftIsTriedAgain(t *testing.T) {
	c := quiet(t, 200)
	c.Policy.Usual, c.Policy.Most = 0, 0
	c.BlockedChance = 0.2
	waits := map[string]time.Time{}
	n := 0
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 28)) {
		if e.Kind == Blocked {
			n++
			if _, already := waits[e.Thing]; !already {
				waits[e.Thing] = e.At
			}
		}
		if since, failed := waits[e.Thing]; failed && e.Kind == Emptying {
			if e.At.Sub(since) > 12*24*time.Hour {
				t.Errorf("%s waited %v after a failed lift", e.Thing, e.At.Sub(since))
			}
			delete(waits, e.Thing)
		}
	}
	if n < 20 {
		t.Errorf("only %d lifts failed", n)
	}
}
