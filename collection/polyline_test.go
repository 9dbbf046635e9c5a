package collection

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestALineComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		degrees := func(name string, most int) float64 {
			return float64(rapid.IntRange(-most*1e7, most*1e7).Draw(t, name)) / 1e7
		}
		var line orb.LineString
		for range rapid.IntRange(0, 20).Draw(t, "points") {
			line = append(line, orb.Point{degrees("lon", 180), degrees("lat", 90)})
		}
		back, err := decodeLine(encodeLine(line))
		if err != nil || len(back) != len(line) {
			t.Fatalf("%v became %v: %v", line, back, err)
		}
		for i := range line {
			if line[i] != back[i] {
				t.Fatalf("point %d: %v became %v", i, line[i], back[i])
			}
		}
	})
}

func FuzzDecodeLine(f *testing.F) {
	f.Add(encodeLine(orb.LineString{{5.2, 52.3}, {5.21, 52.31}}))
	f.Add("~~~~~~~~~~~~~~~~~")
	f.Fuzz(func(t *testing.T, text string) {
		line, err := decodeLine(text)
		for _, p := range line {
			if err == nil && (math.IsNaN(p[0]) || math.IsInf(p[1], 0)) {
				t.Fatalf("%q became %v", text, p)
			}
		}
	})
}
