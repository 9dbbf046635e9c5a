package study

import (
	"math"
	"testing"
	"time"
)

// What the counters' belief says of a fill it has never seen must hold: standard scores of mean 0 and deviation 1, in litres that residents bring.
func TestTheBeliefOfCountersIsAsSureAsItMayBe(t *testing.T) {
	w := village(t, 200)
	tape, err := record(t.Context(), w, 104, 60)
	if err != nil {
		t.Fatal(err)
	}
	k := newCounters(w)
	at := w.Start.AddDate(0, 0, 42).Add(6 * time.Hour)
	emptied := at.AddDate(0, 0, -4)
	for i := range w.Containers {
		k.emptied(i, w.Start, 0)
		for h := range tape.hour(at) {
			hour := w.Start.Add(time.Duration(h) * time.Hour)
			if hour.Equal(emptied) {
				k.emptied(i, emptied, 0)
			}
			k.counted(i, hour, tape.count(i, h, h+1))
		}
	}
	if _, err := k.learn(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	for _, ahead := range []int{0, 1, 3} {
		var sum, squares float64
		then := at.AddDate(0, 0, ahead)
		for i := range w.Containers {
			mean, sd := k.outlook(i, at).Onward.Fill(then)
			truth := tape.brought(i, tape.hour(emptied), tape.hour(then)) / w.Containers[i].Litres
			z := (truth - mean) / sd
			sum, squares = sum+z, squares+z*z
		}
		n := float64(len(w.Containers))
		if bias, sd := sum/n, math.Sqrt(squares/n); math.Abs(bias) > 0.25 || sd < 0.85 || sd > 1.15 {
			t.Errorf("%d days ahead: scores of mean %.2f and deviation %.2f", ahead, bias, sd)
		}
	}
}

func TestAClairvoyantsCurveIsTheTape(t *testing.T) {
	w := village(t, 20)
	tape, err := record(t.Context(), w, 105, 20)
	if err != nil {
		t.Fatal(err)
	}
	c := trueCurve{t: tape, i: 3, from: w.Start, start: 100, litres: w.Containers[3].Litres}
	at := w.Start.AddDate(0, 0, 12)
	want := (100 + tape.brought(3, 0, 12*24)) / w.Containers[3].Litres
	if got, _ := c.Fill(at); math.Abs(got-want) > 1e-9 {
		t.Errorf("fill %.4f, want %.4f", got, want)
	}
	if full := c.ChanceFull(at.Add(-3 * time.Hour)); (full == 1) != (want >= 1) {
		t.Errorf("chance %v of being full at %.2f", full, want)
	}
}
