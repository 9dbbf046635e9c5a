package collection

import (
	"testing"
	"time"

	"polder.city/city"
)

// fullFrom is a container that is known to be full from a moment on, and to take nothing more from then.
type fullFrom struct{ from, full time.Time }

func (f fullFrom) From() time.Time { return f.from }

func (f fullFrom) ChanceFull(t time.Time) float64 {
	if t.Before(f.full) {
		return 0
	}
	return 1
}

func (f fullFrom) Overflow(time.Time) float64 { return 0 }

func TestAContainerThatIsFullBeforeTheNextTruckComesMustBeEmptiedNow(t *testing.T) {
	thursday := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	works := func(day time.Time) bool { return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday }
	terms := Terms{Costs: city.Costs{OverflowEventCents: 2500, OverflowDayCents: 3500}, StopCents: 900, VolumeLitres: 5000}
	for _, c := range []struct {
		name    string
		day     time.Time
		full    time.Time
		tooFull bool
		next    int
	}{
		{"at eight tomorrow, before a truck is there", thursday, thursday.Add(32 * time.Hour), true, 1},
		{"tomorrow evening, after it", thursday, thursday.Add(44 * time.Hour), false, 1},
		{"on the third day", thursday, thursday.Add(60 * time.Hour), false, 1},
		{"on Sunday, and it is Friday", thursday.AddDate(0, 0, 1), thursday.AddDate(0, 0, 3).Add(time.Hour), true, 3},
		{"on Monday evening, and it is Friday", thursday.AddDate(0, 0, 1), thursday.AddDate(0, 0, 4).Add(20 * time.Hour), false, 3},
		{"in a fortnight", thursday, thursday.AddDate(0, 0, 14), false, 13},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := NewDays(c.day, works)
			w := terms.Appraise(d, fullFrom{c.day, c.full}, 100, time.Time{})
			if w.TooFull != c.tooFull || w.TooFull != (w.Prize >= mustPrize) {
				t.Errorf("too full to leave: %v, prize %d", w.TooFull, w.Prize)
			}
			if !c.tooFull && c.next == 13 && w.Prize != 0 {
				t.Errorf("a prize of %d for what may wait", w.Prize)
			}
			if !c.tooFull && w.Next < c.next {
				t.Errorf("the cheapest later day is %d, want %d or later", w.Next, c.next)
			}
		})
	}
}

func TestTheDearerOverflowIsTheMoreAnEmptyingIsWorth(t *testing.T) {
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	d := NewDays(monday, func(time.Time) bool { return true })
	last := int64(-1)
	for _, cents := range []int64{0, 1000, 10_000, 100_000} {
		terms := Terms{Costs: city.Costs{OverflowEventCents: cents}, StopCents: 900, VolumeLitres: 5000}
		w := terms.Appraise(d, fullFrom{monday, monday.Add(30 * time.Hour)}, 100, time.Time{})
		if w.Prize < last {
			t.Errorf("at %d cents an event it is worth %d, less than %d before", cents, w.Prize, last)
		}
		last = w.Prize
	}
}
