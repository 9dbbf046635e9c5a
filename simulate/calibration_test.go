package simulate

import (
	"math"
	"slices"
	"testing"
	"time"
)

// litresPer sums what residents bring between two times, by container.
func litresPer(t testing.TB, w *World, from, to time.Time) []float64 {
	t.Helper()
	out := make([]float64, len(w.m.containers))
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		for i, c := range w.m.c.Containers {
			_, litres, err := w.Deposits(c.ID, at)
			if err != nil {
				t.Fatal(err)
			}
			out[i] += litres
		}
	}
	return out
}

func TestAYearOfTheDemonstrationsCityHasTheTablesNumbers(t *testing.T) {
	c := demoCity(t, 1500)
	w := world(t, c)
	h := recorded(t, w, c.Start.AddDate(1, 0, 0))
	local := func(e Event) time.Time { return e.At.In(c.Location) }

	t.Run("each stream's inflow lies within five per cent of the table", func(t *testing.T) {
		want := map[string]float64{}
		containers := map[string]float64{}
		for _, x := range DutchMix() {
			want[x.Stream] = x.LitresPerDay
		}
		want["gft"] *= (7 + 2*1.3 + 3*1.57 + 1.1 - 1) / 12 // the summer is richer
		for _, x := range c.Containers {
			containers[x.Stream]++
		}
		for _, l := range w.Ledgers() {
			if !l.Balanced() {
				t.Errorf("%s: waste was lost: %+v", l.Stream, l)
			}
			got := float64(l.Deposited) / 1000 / 365 / containers[l.Stream]
			if math.Abs(got/want[l.Stream]-1) > 0.05 {
				t.Errorf("%s: %.1f litres a day and container, want %.1f", l.Stream, got, want[l.Stream])
			}
			if over := float64(l.OverfullHours) / float64(l.Hours); over > 0.02 {
				t.Errorf("%s: %.2f %% of the hours overfull", l.Stream, 100*over)
			}
		}
	})

	days := map[string]int{}
	var blocked int
	for _, e := range h.Emptyings() {
		if e.Kind == Blocked {
			blocked++
		} else {
			days[local(e).Format(time.DateOnly)]++
		}
	}
	t.Run("by need there are about 195 lifts a working day and about three fail", func(t *testing.T) {
		lifts := len(h.Emptyings()) - blocked
		if mean := float64(lifts) / float64(len(days)); mean < 185 || mean > 205 {
			t.Errorf("%.1f lifts a working day", mean)
		}
		if mean := float64(blocked) / float64(len(days)); mean < 2 || mean > 4 {
			t.Errorf("%.1f failed lifts a working day", mean)
		}
	})
	t.Run("lifts fall in the shift of a working day, at most 270 a day", func(t *testing.T) {
		for _, e := range h.Emptyings() {
			at := local(e)
			clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
			if wd := at.Weekday(); wd == time.Saturday || wd == time.Sunday || clock < 7*time.Hour || clock > 15*time.Hour+30*time.Minute {
				t.Fatalf("a lift at %v", at)
			}
		}
		for day, n := range days {
			if n > 270 {
				t.Errorf("%d lifts on %s", n, day)
			}
		}
	})
	t.Run("nothing is emptied at New Year, and no gft in the week of snow", func(t *testing.T) {
		snow := 0
		for _, e := range h.Emptyings() {
			at := local(e)
			if day := at.Format(time.DateOnly); day == "2026-01-01" || (day == "2025-12-31" && at.Hour() >= 15) {
				t.Fatalf("a lift at %v", at)
			}
			if day := at.Format(time.DateOnly); day >= "2026-01-12" && day < "2026-01-17" {
				snow++
				if c.Containers[e.Index].Stream == "gft" {
					t.Fatalf("gft lifted in the snow at %v", at)
				}
			}
		}
		if snow == 0 || snow > 5*270*7/10 {
			t.Errorf("%d lifts in the week of snow", snow)
		}
	})
	t.Run("some containers are over full on most days, few of them", func(t *testing.T) {
		var counts []int // on Tuesdays to Thursdays at two, when the demonstration begins
		for day := range 365 {
			over := 0
			for _, x := range c.Containers {
				if f, ok := h.Fill(x.ID, c.Start.AddDate(0, 0, day).Add(14*time.Hour)); !ok {
					t.Fatalf("%s has no fill on day %d", x.ID, day)
				} else if f > 1 {
					over++
				}
			}
			if wd := c.Start.AddDate(0, 0, day).Weekday(); wd == 2 || wd == 3 || wd == 4 {
				counts = append(counts, over)
			}
		}
		slices.Sort(counts)
		if middle, most := counts[len(counts)/2], counts[len(counts)*9/10]; middle < 2 || most > 25 {
			t.Errorf("%d over full on a day in the middle, %d on one of the worst tenth", middle, most)
		}
	})
	t.Run("at the moment of the faults twenty sensors are silent, three stuck and one drifts", func(t *testing.T) {
		from := c.Sensing.At
		readings := map[int][]float64{}
		if err := h.Observations(t.Context(), from, from.Add(48*time.Hour), func(e Event) {
			if e.Kind == Fill {
				readings[e.Index] = append(readings[e.Index], e.Value)
			}
		}); err != nil {
			t.Fatal(err)
		}
		var silent, stuck int
		for i, x := range c.Containers {
			if !x.Sensor {
				continue
			}
			got := readings[i]
			if len(got) == 0 {
				silent++
				continue
			}
			same := true
			for _, v := range got {
				same = same && v == got[0]
			}
			if same {
				stuck++
			}
		}
		if silent != 20 || stuck != 3 {
			t.Errorf("%d silent and %d stuck sensors", silent, stuck)
		}
	})
}

func TestTheWeekAndTheDaysThatAreNotLikeOthersHaveTheirShape(t *testing.T) {
	c := demoCity(t, 300)
	for i := range c.Streams {
		c.Streams[i].DayCV = 0
	}
	plain := c
	plain.Periods = nil
	w, without := world(t, c), world(t, plain)
	date := func(m time.Month, d int) time.Time {
		y := 2026
		if m >= time.November {
			y = 2025
		}
		return time.Date(y, m, d, 0, 0, 0, 0, c.Location)
	}
	byStream := func(litres []float64) map[string]float64 {
		sum := map[string]float64{}
		for i, x := range c.Containers {
			sum[x.Stream] += litres[i]
		}
		return sum
	}
	near := func(what string, got, want, within float64) {
		t.Helper()
		if math.Abs(got/want-1) > within {
			t.Errorf("%s: %.3f, want %.3f", what, got, want)
		}
	}

	feast := byStream(litresPer(t, w, date(12, 25), date(12, 29)))
	usual := byStream(litresPer(t, without, date(12, 25), date(12, 29)))
	near("paper at Christmas", feast["papier"]/usual["papier"], 1.45, 0.04)
	near("glass at Christmas", feast["glas"]/usual["glas"], 1.45, 0.04)
	near("rest at Christmas", feast["rest"]/usual["rest"], 1, 1e-9)

	king, other := litresPer(t, w, date(4, 27), date(4, 28)), litresPer(t, without, date(4, 27), date(4, 28))
	var inside, insideUsual float64
	for i, x := range c.Containers {
		switch {
		case x.Stream == "rest" && meters(x.Point, c.Containers[0].Point) <= 500:
			inside += king[i]
			insideUsual += other[i]
		case king[i] != other[i]:
			t.Errorf("%s lies outside the feast but gets %.1f, not %.1f litres", x.ID, king[i], other[i])
		}
	}
	near("rest within 500 m on King's Day", inside/insideUsual, 1.6, 0.15)

	saturday, wednesday := 0.0, 0.0
	for week := range 6 {
		day := date(2, 4).AddDate(0, 0, 7*week)
		wednesday += byStream(litresPer(t, w, day, day.AddDate(0, 0, 1)))["papier"]
		saturday += byStream(litresPer(t, w, day.AddDate(0, 0, 3), day.AddDate(0, 0, 4)))["papier"]
	}
	near("paper on Saturday against Wednesday", saturday/wednesday, 1.3/0.9, 0.05)
}

func TestWithoutSharedFactorsDepositsAreAPoissonProcessOfTriangularBags(t *testing.T) {
	c := Defaults()
	c.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Streams = []Stream{{ID: "groningen", Triangular: [3]float64{10, 30, 60}}}
	c.Containers = []Container{{ID: "a", Stream: "groningen", VolumeLitres: 5000, LitresPerDay: 1200}}
	w := world(t, c)
	const hours = 20000
	var n, n2, litres float64
	for h := range hours {
		count, l, err := w.Deposits("a", c.Start.Add(time.Duration(h)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		n += float64(count)
		n2 += float64(count * count)
		litres += l
	}
	mean := n / hours
	if want := 1200 / (100.0 / 3) / 24; math.Abs(mean/want-1) > 0.03 {
		t.Errorf("%.4f bags an hour, want %.4f", mean, want)
	}
	if variance := n2/hours - mean*mean; math.Abs(variance/mean-1) > 0.05 {
		t.Errorf("variance %.4f of a mean of %.4f: no Poisson counts", variance, mean)
	}
	if got := litres / n; math.Abs(got-100.0/3) > 0.2 {
		t.Errorf("%.2f litres a bag, want 33.3", got)
	}
}
