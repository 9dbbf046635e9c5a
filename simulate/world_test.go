package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestAnySequenceOfAdvancesAndEmptyingsKeepsAllWaste(t *testing.T) {
	c := demoCity(t, 40)
	c.Policy.Kind = Nobody
	for i := range c.Containers {
		c.Containers[i].LitresPerDay *= 5 // so that refusing, carrying and standing beside happen
	}
	rapid.Check(t, func(rt *rapid.T) {
		c := c
		c.Seed = rapid.Uint64().Draw(rt, "seed")
		w := world(t, c)
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			if err := w.Advance(t.Context(), w.Now().Add(time.Duration(rapid.IntRange(1, 90000).Draw(rt, "seconds"))*time.Second), nil); err != nil {
				rt.Fatal(err)
			}
			id := rapid.SampledFrom(c.Containers).Draw(rt, "container").ID
			truth, _ := w.Truth(id)
			before, kg, err := w.Empty(id, w.Now())
			after, _ := w.Truth(id)
			switch {
			case before != truth:
				rt.Fatalf("%s: emptied at %v, though %v full", id, before, truth)
			case errors.Is(err, ErrBlocked) && after == truth && kg == 0:
			case err != nil || after > 0.05 || kg < 0:
				rt.Fatalf("%s: %v full after a lift of %d kg: %v", id, after, kg, err)
			}
			for _, l := range w.Ledgers() {
				if !l.Balanced() {
					rt.Fatalf("waste was lost: %+v", l)
				}
			}
			for _, x := range c.Containers {
				if f, _ := w.Truth(x.ID); f < 0 || f > 1.2 {
					rt.Fatalf("%s is %v full", x.ID, f)
				}
			}
		}
	})
}

func TestOneAdvanceOrManyAndAStopBetweenGiveTheSame(t *testing.T) {
	c := demoCity(t, 30)
	c.Counters, c.Sensors = c.Counters[:3], c.Sensors[38:42]
	for i := range c.Containers {
		c.Containers[i].LitresPerDay *= 4
	}
	to := c.Start.AddDate(0, 0, 2)
	one := world(t, c)
	want := lived(t, one, to)
	if len(want) < 4000 {
		t.Fatalf("only %d events", len(want))
	}
	state, err := one.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		w := world(t, c)
		var got []Event
		for w.Now().Before(to) {
			step := time.Duration(rapid.IntRange(1, 200000).Draw(rt, "seconds")) * time.Second
			next := w.Now().Add(step)
			if next.After(to) {
				next = to
			}
			got = append(got, lived(t, w, next)...)
			if rapid.Bool().Draw(rt, "looked") {
				w.Ledgers() // to look changes nothing
			}
			if rapid.Bool().Draw(rt, "stopped") {
				kept, err := w.Snapshot()
				if err != nil {
					rt.Fatal(err)
				}
				if w, err = Restore(c, kept); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("%d events, not the same as the %d of one advance", len(got), len(want))
		}
		again, err := w.Snapshot()
		if err != nil || !bytes.Equal(again, state) {
			rt.Fatalf("the state differs: %v", err)
		}
	})
}

func TestTheSameSeedGivesTheSameEventsAndAnotherSeedOthers(t *testing.T) {
	c := demoCity(t, 50)
	to := c.Start.AddDate(0, 0, 3)
	a, b := lived(t, world(t, c), to), lived(t, world(t, c), to)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("two worlds of one seed differ")
	}
	c.Seed++
	if reflect.DeepEqual(a, lived(t, world(t, c), to)) {
		t.Error("two seeds give the same")
	}
}

func TestAContainersDepositsDependOnNeitherPolicyNorNeighbours(t *testing.T) {
	c := demoCity(t, 200)
	to := c.Start.AddDate(0, 0, 21)
	var first []Ledger
	for _, kind := range []PolicyKind{ByNeed, Schedule, Nobody} {
		c.Policy.Kind = kind
		w := world(t, c)
		if err := w.Advance(t.Context(), to, nil); err != nil {
			t.Fatal(err)
		}
		got := w.Ledgers()
		if first == nil {
			first = got
		}
		for s := range got {
			if got[s].Deposited != first[s].Deposited {
				t.Errorf("policy %d: %s got %d, not %d", kind, got[s].Stream, got[s].Deposited, first[s].Deposited)
			}
		}
	}
	id := c.Containers[17].ID
	count, litres, err := world(t, c).Deposits(id, to)
	if err != nil {
		t.Fatal(err)
	}
	c.Containers = c.Containers[15:20]
	c.Periods = nil
	if n, l, err := world(t, c).Deposits(id, to); n != count || l != litres || err != nil {
		t.Errorf("without the others %s gets %d bags, %v litres (%v), not %d, %v", id, n, l, err, count, litres)
	}
}

func TestAFullContainersBagsGoToTheNextOneOrBesideIt(t *testing.T) {
	c := Defaults()
	c.Seed, c.Start = 4, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c.Streams = DutchStreams()
	c.Policy.Kind = Nobody
	near, far := orb.Point{5.2, 52.3}, orb.Point{5.21, 52.3}
	c.Containers = []Container{
		{ID: "busy", Place: "one", Stream: "rest", Point: near, VolumeLitres: 5000, LitresPerDay: 2000},
		{ID: "quiet", Place: "one", Stream: "rest", Point: near, VolumeLitres: 1e5},
		{ID: "paper", Place: "one", Stream: "papier", Point: near, VolumeLitres: 5000},
		{ID: "away", Place: "two", Stream: "rest", Point: far, VolumeLitres: 5000},
	}
	w := world(t, c)
	truths := func() (out []float64) {
		for _, x := range c.Containers {
			f, err := w.Truth(x.ID)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, f)
		}
		return out
	}
	before := truths()
	if err := w.Advance(t.Context(), c.Start.AddDate(0, 0, 14), nil); err != nil {
		t.Fatal(err)
	}
	after, rest := truths(), w.Ledgers()[0]
	if after[0] < 1.05 || after[0] > 1.2 || after[2] != before[2] || after[3] != before[3] {
		t.Errorf("fills %v became %v", before, after)
	}
	if carried := (after[1] - before[1]) * 1e8; math.Abs(carried+float64(rest.OnWay)-float64(rest.Carried)) > 1 {
		t.Errorf("%v ml came to the neighbour, %d were carried", carried, rest.Carried)
	}
	if share := float64(rest.Carried) / float64(rest.Refused); share < 0.45 || share > 0.85 {
		t.Errorf("%.2f of what was refused was carried on", share)
	}
	beside, err := w.Beside("busy")
	if err != nil || int64(beside*1000+0.5) != rest.Beside || rest.Beside != rest.Refused-rest.Carried {
		t.Errorf("%v litres stand beside (%v): %+v", beside, err, rest)
	}
}

func TestResidentsReportFullContainersByDayMostly(t *testing.T) {
	c := demoCity(t, 100)
	c.Policy.Kind = Nobody
	full := map[string]int{}
	night := 0
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 40)) {
		if e.Kind != Report {
			continue
		}
		full[e.Code]++
		if h := e.At.In(c.Location).Hour(); h < 6 {
			night++
		}
	}
	if all := full[ReportFull] + full[ReportBeside]; all < 200 || night > all/10 || full[ReportBeside] == 0 || full[ReportFull] == 0 {
		t.Errorf("reports %v, %d of them by night", full, night)
	}
}

func TestAHistoryTellsInAnyOrderWhatAdvanceTells(t *testing.T) {
	c := demoCity(t, 80)
	c.SetPieces = []SetPiece{
		{At: c.Start.Add(50*time.Hour + 20*time.Minute), Kind: Fill, Thing: c.Containers[3].ID, Value: 0.9},
		{At: c.Start.Add(51 * time.Hour), Kind: Bridge, Thing: "bridge-2", Value: 6},
	}
	to := c.Start.AddDate(0, 0, 28)
	want := lived(t, world(t, c), to)
	w := world(t, c)
	var days []int
	h, err := w.Record(t.Context(), to, func(done, total int) { days = append(days, done, total) })
	if err != nil {
		t.Fatal(err)
	}
	if len(days) != 56 || days[54] != 28 || days[55] != 28 {
		t.Errorf("progress: %v", days)
	}
	var got []Event
	for week := 3; week >= 0; week-- {
		var part []Event
		if err := h.Observations(t.Context(), c.Start.AddDate(0, 0, 7*week), c.Start.AddDate(0, 0, 7*week+7), func(e Event) { part = append(part, e) }); err != nil {
			t.Fatal(err)
		}
		got = append(part, got...)
	}
	if !slices.Equal(sorted(t, got), want) {
		t.Errorf("%d events, not the same as the %d of Advance", len(got), len(want))
	}
	var part []Event
	from, until := c.Start.Add(50*time.Hour+7*time.Second), c.Start.Add(51*time.Hour+90*time.Second)
	if err := h.Observations(t.Context(), from, until, func(e Event) { part = append(part, e) }); err != nil {
		t.Fatal(err)
	}
	within := slices.DeleteFunc(slices.Clone(want), func(e Event) bool { return e.At.Before(from) || !e.At.Before(until) })
	if !slices.Equal(sorted(t, part), within) {
		t.Errorf("%d events of an hour, want %d", len(part), len(within))
	}
	if !h.From().Equal(c.Start) || !h.To().Equal(to) || !w.Now().Equal(to) {
		t.Errorf("a history from %v to %v, the world at %v", h.From(), h.To(), w.Now())
	}
	if _, ok := h.Fill("nobody", c.Start); ok {
		t.Error("an unknown container has a fill")
	}
	if _, ok := h.Fill(c.Containers[0].ID, to); ok {
		t.Error("there is a fill after the history")
	}
}

func TestAWorldStopsWhenItsContextEndsAndGoesOn(t *testing.T) {
	c := demoCity(t, 20)
	w := world(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	var got []Event
	err := w.Advance(ctx, c.Start.AddDate(0, 0, 2), func(e Event) {
		if got = append(got, e); len(got) == 1000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("it ended with %v", err)
	}
	got = append(got, lived(t, w, c.Start.AddDate(0, 0, 2))...)
	if want := lived(t, world(t, c), c.Start.AddDate(0, 0, 2)); !slices.Equal(sorted(t, got), want) {
		t.Error("what came after the stop is not what would have come")
	}
}

func TestEmptyRefusesWhatCannotBe(t *testing.T) {
	w := world(t, demoCity(t, 20))
	if _, _, err := w.Empty("nobody", w.Now()); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown container: %v", err)
	}
	if _, _, err := w.Empty(w.m.c.Containers[0].ID, w.Now().Add(time.Second)); err == nil || !strings.Contains(err.Error(), "has lived to") {
		t.Errorf("an emptying in the future: %v", err)
	}
}

func TestEveryMistakeOfAConfigIsTold(t *testing.T) {
	c := demoCity(t, 20)
	c.Start = time.Time{}
	c.Streams[1].DepositLitres = math.NaN()
	c.Streams[2].Hour[3] = -1
	c.Containers[0].Stream = "lamps"
	c.Containers[1].ID = c.Containers[2].ID
	c.Containers[3].VolumeLitres = 5
	c.Containers[4].Point = orb.Point{5, math.NaN()}
	c.Refusal = [2]float64{1.3, 1.1}
	c.Policy.Trucks = 0
	c.Sensors[0].Kind = Bridge
	c.Bridges[0].OpeningsPerDay = 9
	c.Periods[0].To = c.Periods[0].From
	c.SetPieces = []SetPiece{{Kind: Traffic, Thing: "counter-00"}, {Kind: Bridge, Thing: "tower"}}
	_, err := New(c)
	for _, want := range []string{
		"start:", `stream "papier": deposits`, `stream "glas": shape`, `no stream "lamps"`, "used twice", "a volume of 5 litres",
		"no longitude and latitude", "refusal", "policy: 0 trucks", "kind bridge is not", "9 openings", "ends before it begins",
		"kind traffic cannot be set", `bridge "tower"`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not tell %q", want)
		}
	}
	if !errors.Is(err, ErrUnknown) {
		t.Errorf("%v", err)
	}
}
