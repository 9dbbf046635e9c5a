package simulate

import (
	"math"
	"testing"
	"time"
)

// quiet is a city of n containers whose sensors tell the truth.
func quiet(t *testing.T, n int) Config {
	t.Helper()
	c := demoCity(t, n)
	c.Counters, c.Bridges, c.CarParks, c.Sensors, c.Periods = nil, nil, nil, nil, nil
	c.Sensing = Sensing{Resolution: 0.01}
	c.ReportChance = 0
	for i := range c.Containers {
		c.Containers[i].Sensor = true
	}
	return c
}

func TestASoundSensorReadsOnceAnHourAtItsOwnSecondInStepsOfAHundredth(t *testing.T) {
	c := quiet(t, 200)
	c.Sensing.Noise = 0.03
	c.Policy.Kind = Nobody
	to := c.Start.AddDate(0, 0, 4)
	w := world(t, c)
	events := lived(t, w, to)
	if len(events) != 200*96 {
		t.Fatalf("%d readings of 200 sensors in 96 hours", len(events))
	}
	h := recorded(t, world(t, c), to)
	second := map[string]int64{}
	perMinute := map[int]int{}
	var sum, squares float64
	for _, e := range events {
		if s, ok := second[e.Thing]; ok && s != e.At.Unix()%3600 {
			t.Fatalf("%s reads at second %d, before at %d", e.Thing, e.At.Unix()%3600, s)
		} else if !ok {
			perMinute[e.At.Minute()]++
		}
		second[e.Thing] = e.At.Unix() % 3600
		if math.Abs(e.Value*100-math.Round(e.Value*100)) > 1e-9 || e.Value < 0 || e.Value > 1.5 || e.Battery < 5 || e.Battery > 100 {
			t.Fatalf("a reading %+v", e)
		}
		truth, _ := h.Fill(e.Thing, e.At)
		if truth > 0.15 {
			sum += e.Value - truth
			squares += (e.Value - truth) * (e.Value - truth)
		}
	}
	n := float64(len(events))
	if mean, sd := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.002 || sd < 0.025 || sd > 0.033 {
		t.Errorf("noise of mean %.4f and deviation %.4f", mean, sd)
	}
	if len(perMinute) < 50 {
		t.Errorf("the readings gather in %d minutes", len(perMinute))
	}
}

func TestReadingsAreLostAndSpikeAsOftenAsTold(t *testing.T) {
	c := quiet(t, 100)
	c.Sensing.Dropout, c.Sensing.Spike = 0.05, 0.01
	c.Policy.Kind = Nobody
	to := c.Start.AddDate(0, 0, 20)
	h := recorded(t, world(t, c), to)
	n, far := 0, 0
	if err := h.Observations(t.Context(), c.Start, to, func(e Event) {
		n++
		if truth, _ := h.Fill(e.Thing, e.At); math.Abs(e.Value-truth) > 0.01 {
			far++
		}
	}); err != nil {
		t.Fatal(err)
	}
	if share := float64(n) / (100 * 480); share < 0.945 || share > 0.955 {
		t.Errorf("%.3f of the readings came", share)
	}
	if share := float64(far) / float64(n); share < 0.007 || share > 0.012 {
		t.Errorf("%.4f of the readings are far off", share)
	}
}

func TestBrokenSensorsAreSilentStuckOrDriftUntilTheyAreMended(t *testing.T) {
	c := quiet(t, 60)
	c.Sensing.Silent, c.Sensing.Stuck, c.Sensing.Drifting, c.Sensing.DriftPerDay = 5, 4, 3, 0.02
	c.Sensing.At = c.Start.AddDate(0, 0, 30)
	to := c.Start.AddDate(0, 0, 50)
	h := recorded(t, world(t, c), to)
	state := func(from time.Time) (silent, stuck, drifting int) {
		readings := map[string][]Event{}
		if err := h.Observations(t.Context(), from, from.Add(24*time.Hour), func(e Event) {
			if e.Kind == Fill {
				readings[e.Thing] = append(readings[e.Thing], e)
			}
		}); err != nil {
			t.Fatal(err)
		}
		for _, x := range c.Containers {
			got := readings[x.ID]
			if len(got) == 0 {
				silent++
				continue
			}
			far, same := 0, 0
			for _, e := range got {
				if truth, _ := h.Fill(e.Thing, e.At); math.Abs(truth-e.Value) > 0.0051 {
					far++
				}
				if e.Value == got[0].Value {
					same++
				}
			}
			switch {
			case far > 20 && same == len(got):
				stuck++
			case far > 20:
				drifting++
			}
		}
		return silent, stuck, drifting
	}
	if a, b, d := state(c.Sensing.At); a != 5 || b != 4 || d != 3 {
		t.Errorf("at the moment told: %d silent, %d stuck, %d drifting", a, b, d)
	}
	if a, b, d := state(c.Sensing.At.AddDate(0, 0, 8)); a > 2 || b > 2 || d > 2 {
		t.Errorf("just after mending: %d silent, %d stuck, %d drifting", a, b, d)
	}
}

func TestASetPieceFillsAContainerWhoseSensorIsSound(t *testing.T) {
	c := quiet(t, 30)
	c.Policy.Kind = Nobody
	c.Sensing.Silent, c.Sensing.At = 29, c.Start.AddDate(0, 0, 1)
	at := c.Start.AddDate(0, 0, 1).Add(14*time.Hour + 20*time.Minute)
	var id string
	w := world(t, c)
	for _, x := range c.Containers {
		if f, _ := w.Truth(x.ID); x.Stream == "papier" && f < 0.5 {
			id = x.ID
		}
	}
	c.SetPieces = []SetPiece{{At: at, Kind: Fill, Thing: id, Value: 0.3}}
	w = world(t, c)
	lived(t, w, at)
	before, _ := w.Truth(id)
	if before > 0.65 {
		t.Fatalf("%s is %.2f full before", id, before)
	}
	events := lived(t, w, at.Add(time.Minute))
	if len(events) == 0 || events[0].Thing != id || math.Abs(events[0].Value-before-0.3) > 0.006 || !events[0].At.Equal(at) {
		t.Errorf("at 14.20 came %+v", events)
	}
	for _, l := range w.Ledgers() {
		if !l.Balanced() {
			t.Errorf("waste was lost: %+v", l)
		}
	}
}

func TestASetPieceBlocksALiftForItsHours(t *testing.T) {
	c := quiet(t, 10)
	c.BlockedChance = 0
	c.Policy.Kind = Nobody
	id := c.Containers[4].ID
	c.SetPieces = []SetPiece{{At: c.Start.Add(7 * time.Hour), Kind: Blocked, Thing: id, Value: 3}}
	w := world(t, c)
	for _, x := range []struct {
		after   time.Duration
		blocked bool
	}{{6 * time.Hour, false}, {7 * time.Hour, true}, {9 * time.Hour, true}, {10 * time.Hour, false}} {
		at := c.Start.Add(x.after)
		lived(t, w, at)
		if _, _, err := w.Empty(id, at); (err != nil) != x.blocked {
			t.Errorf("after %v: %v", x.after, err)
		}
	}
}

func TestASetPieceEmptiesAContainerWhateverThePolicy(t *testing.T) {
	c := quiet(t, 30)
	c.Policy.Kind = Nobody
	at := c.Start.AddDate(0, 0, 3).Add(10 * time.Hour)
	id := c.Containers[5].ID
	c.SetPieces = []SetPiece{{At: at, Kind: Emptying, Thing: id}}
	w := world(t, c)
	lifted := 0
	for _, e := range lived(t, w, at.Add(48*time.Hour)) {
		if e.Kind == Emptying || e.Kind == Blocked {
			lifted++
			if e.Thing != id || !e.At.Equal(at) {
				t.Errorf("lifted: %+v", e)
			}
		}
	}
	if lifted != 1 {
		t.Errorf("%d lifts", lifted)
	}
}
