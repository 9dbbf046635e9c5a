package chart

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "time/tzdata"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"polder.city/internal/calendar"
	"polder.city/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

func printer(t testing.TB) *message.Printer {
	t.Helper()
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(calendar.Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	return cat.Printer("nl", loc).At(time.Date(2026, 11, 24, 14, 5, 0, 0, loc))
}

// Samples of each chart; the site's tests look at them in a browser too.
func samples(p *message.Printer) map[string]template.HTML {
	now := p.Now()
	fan := Fan{Head: Head{"fan", "Hoe vol, in procenten", "De container is nu 52 % vol."}, Format: "pct", Capacity: 1, CapacityText: "vol", Gap: 6 * time.Hour}
	for h := -96; h <= 0; h += 4 {
		v := 0.52 + float64(h)*0.006
		if h < -60 {
			v = 0.9 + float64(h+60)*0.006
		}
		fan.History = append(fan.History, Point{now.Add(time.Duration(h) * time.Hour), v})
	}
	for d := range 8 {
		m := 0.52 + float64(d)*0.07
		w := 0.03 * math.Sqrt(float64(d))
		fan.Forecast = append(fan.Forecast, Band{now.AddDate(0, 0, d), m - 2*w, m - w*0.8, m, m + w*0.8, m + 2*w})
	}
	fan.Events = []Event{{now.Add(-60 * time.Hour), "geleegd"}}

	bars := Bars{
		Head: Head{"bars", "Uren op weg", "Het plan kost 24 uur."}, Format: "int", ValueText: "volgens plan", CompareText: "met het vaste rooster",
		Items: []Bar{{"Uren op weg", 24, 32, 30, 35}, {"Te volle dagen", 3, 9, 7, 11}, {"Ritten", 8, math.NaN(), 0, 0}},
	}
	start := time.Date(2026, 11, 25, 7, 0, 0, 0, p.Location())
	lane := Lane{Name: "K1", Text: "4 stops"}
	at := start
	lane.Blocks = []Block{
		{Drive, at, at.Add(20 * time.Minute), "rijden"},
		{Serve, at.Add(20 * time.Minute), at.Add(3 * time.Hour), "legen"},
		{Unload, at.Add(3 * time.Hour), at.Add(200 * time.Minute), "lossen"},
		{Break, at.Add(5 * time.Hour), at.Add(330 * time.Minute), "pauze"},
	}
	line := Timeline{
		Head: Head{"day", "Wagens op woensdag", "Eén wagen."}, From: start, To: start.Add(510 * time.Minute), Now: start.Add(4 * time.Hour),
		Lanes: []Lane{lane, {Name: "K2 & K3", Text: "rust"}}, Words: [4]string{"rijden", "legen", "lossen", "pauze"},
	}
	square := func(x, y float64) orb.Polygon {
		return orb.Polygon{{{x, y}, {x + 0.01, y}, {x + 0.01, y + 0.01}, {x, y + 0.01}, {x, y}}}
	}
	districts := Districts{
		Head: Head{"map", "Hoe vol per wijk", "Twee wijken."}, Low: "leeg", High: "vol",
		Areas: []Area{
			{Name: "Filmwijk <1>", Path: "/wijken/FIL", Shape: square(5.2, 52.3), Value: 0.71, Text: "71 %"},
			{Name: "Haven", Shape: orb.MultiPolygon{square(5.21, 52.3)}, Value: math.NaN(), Text: "onbekend"},
		},
	}
	curves := Curves{
		Head: Head{"curves", "Uren tegen overloop", "Twee regels."}, XText: "te volle containerdagen", YText: "uren per dag", Format: "dec1",
		Curves: []Curve{
			{Name: "polder", Main: true, Points: [][2]float64{{0.0002, 16.2}, {0.001, 15.5}, {0.004, 15.1}}},
			{Name: "isr <1>", Points: [][2]float64{{0.0003, 16.9}, {0.0011, 15.9}, {0, 20}, {0.01, 15}}},
		},
	}
	return map[string]template.HTML{
		"curves": curves.SVG(p), "fan": fan.SVG(p), "bars": bars.SVG(p), "timeline": line.SVG(p), "districts": districts.SVG(p),
		"spark": Spark([]float64{1, 3, 2, math.NaN(), 4, 6}, "van 1 naar 6"),
	}
}

func TestChartsAreDrawnAsBefore(t *testing.T) {
	for name, svg := range samples(printer(t)) {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(file, []byte(svg), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(want) != string(svg) {
				t.Errorf("%s differs; look at it, then run with -update\n%s", file, svg)
			}
			wellFormed(t, string(svg))
		})
	}
}

func wellFormed(t interface{ Fatalf(string, ...any) }, svg string) {
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
}

func TestAnyValuesGiveAWellFormedChartWithoutNaN(t *testing.T) {
	p := printer(t)
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.Float64Range(-1, 1e6), rapid.Just(math.NaN()))
		n := rapid.IntRange(0, 12).Draw(t, "n")
		f := Fan{Head: Head{"x", rapid.String().Draw(t, "title"), "d"}, Format: "int", Gap: time.Hour}
		b := Bars{Head: f.Head, Format: "int"}
		var values []float64
		for i := range n {
			v := value.Draw(t, "v")
			f.History = append(f.History, Point{p.Now().Add(time.Duration(i) * 40 * time.Minute), v})
			b.Items = append(b.Items, Bar{Label: "<&>", Value: math.Abs(v), Compare: v})
			values = append(values, v)
		}
		for _, svg := range []template.HTML{f.SVG(p), Spark(values, "x")} {
			if strings.Contains(strings.ReplaceAll(string(svg), f.Title, ""), "NaN") {
				t.Fatalf("NaN in %s", svg)
			}
			if strings.ToValidUTF8(f.Title, "") == f.Title && !strings.ContainsFunc(f.Title, func(r rune) bool { return r < ' ' || r >= 0xfffe }) {
				wellFormed(t, string(svg))
			}
		}
	})
}

func TestTicksReachTheLimitInRoundSteps(t *testing.T) {
	for limit, want := range map[float64][]float64{1: {0, 0.25, 0.5, 0.75, 1}, 0: {0, 1}, 37: {0, 10, 20, 30, 40}, 1.2: {0, 0.5, 1, 1.5}} {
		got := ticks(limit, 4)
		if len(got) != len(want) || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("ticks(%v) = %v, want %v", limit, got, want)
		}
	}
}

func ExampleSpark() {
	os.Stdout.WriteString(string(Spark([]float64{0, 1}, "van 0 naar 1")))
	// Output:
	// <svg class="pc spark" viewBox="0 0 96 22" role="img" aria-label="van 0 naar 1" xmlns="http://www.w3.org/2000/svg">
	// <path class="line" d="M2 19L92 3"/>
	// </svg>
}
