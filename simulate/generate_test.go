package simulate

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestGeneratedContainersAreAsManyAndAsBusyAsTheMixSays(t *testing.T) {
	all, err := Generate(7, 1500, "P", DutchMix(), points())
	if err != nil {
		t.Fatal(err)
	}
	count, litres, sensors, places, ids := map[string]int{}, map[string]float64{}, 0, map[string]orb.Point{}, map[string]bool{}
	for _, c := range all {
		count[c.Stream]++
		litres[c.Stream] += c.LitresPerDay
		if c.Sensor {
			sensors++
		}
		if p, known := places[c.Place]; known && p != c.Point {
			t.Errorf("place %s lies at %v and %v", c.Place, p, c.Point)
		}
		places[c.Place] = c.Point
		if ids[c.ID] || !strings.HasPrefix(c.ID, c.Place+"-") {
			t.Errorf("id %q at place %s", c.ID, c.Place)
		}
		ids[c.ID] = true
	}
	for _, x := range DutchMix() {
		if count[x.Stream] != int(x.Share) {
			t.Errorf("%s: %d containers, want %v", x.Stream, count[x.Stream], x.Share)
		}
		if mean := litres[x.Stream] / x.Share; math.Abs(mean/x.LitresPerDay-1) > 1e-9 {
			t.Errorf("%s: %v litres a day, want %v", x.Stream, mean, x.LitresPerDay)
		}
	}
	if len(places) < 600 || len(places) > 625 || sensors < 1030 || sensors > 1050 {
		t.Errorf("%d places, %d sensors", len(places), sensors)
	}
	pairs := 0
	for a, p := range places {
		for b, q := range places {
			switch d := meters(p, q); {
			case a == b:
			case d < placeMeters:
				t.Errorf("places %.0f m apart", d)
			case d < 300:
				pairs++
			}
		}
	}
	// Spread evenly over 100 km2, a place would have 1.7 others within 300 m.
	if mean := float64(pairs) / float64(len(places)); mean < 3 {
		t.Errorf("%.2f other places within 300 m", mean)
	}
	again, err := Generate(7, 1500, "P", DutchMix(), points())
	if err != nil || !reflect.DeepEqual(all, again) {
		t.Errorf("the same seed lays out others: %v", err)
	}
}

func TestAnyNumberOfContainersIsLaidOutOnAnyPoints(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 80).Draw(rt, "containers")
		at := points()[:rapid.IntRange(1, 60).Draw(rt, "points")]
		all, err := Generate(rapid.Uint64().Draw(rt, "seed"), n, "X", DutchMix(), at)
		if err != nil || len(all) != n {
			rt.Fatalf("%d containers: %v", len(all), err)
		}
		c := Defaults()
		c.Start, c.Streams, c.Containers = demoStart, DutchStreams(), all
		if _, err := New(c); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestGenerateRefusesWhatCannotBeLaidOut(t *testing.T) {
	for name, x := range map[string]struct {
		n   int
		mix []Mix
		at  []orb.Point
	}{
		"no containers":         {0, DutchMix(), points()},
		"no points":             {10, DutchMix(), nil},
		"no mix":                {10, nil, points()},
		"a negative share":      {10, []Mix{{Stream: "a", Share: -1, VolumeLitres: 1}}, points()},
		"a stream of no volume": {10, []Mix{{Stream: "a", Share: 1}}, points()},
	} {
		if _, err := Generate(1, x.n, "P", x.mix, x.at); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
