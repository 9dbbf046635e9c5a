package forecast

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestBacktestBeatsTheSimpleForecastersInASimulatedCity(t *testing.T) {
	o := worldOptions{
		seed: 7, containers: 90, days: 98, streams: []worldStream{rest(), paper(), textile()},
		noise: 0.03, step: 0.01, spikes: 0.01, reported: 0.5,
	}
	w := newWorld(o)
	index := make(map[string]int)
	for i := range w.series {
		index[w.series[i].ID] = i
	}
	from := w.begin.AddDate(0, 0, 50).Add(15 * time.Hour)
	r, err := Backtest(t.Context(), w.series, BacktestOptions{
		Options: Options{Location: w.loc}, From: from, To: w.begin.AddDate(0, 0, 92), Every: 71 * time.Hour, Horizons: []int{1, 2, 3, 5},
		Truth: func(id string, at time.Time) (float64, bool) { return w.at(index[id], at) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + table.String())
	checkDrawing(t, r)
	for _, days := range []int{1, 2, 3, 5} {
		ours, ok := r.Row(ByModel, "all", days)
		if !ok || ours.N < 500 {
			t.Fatalf("%d days ahead: only %d forecasts were judged", days, ours.N)
		}
		for _, method := range methods()[1:] {
			theirs, _ := r.Row(method, "all", days)
			if ours.CRPS >= theirs.CRPS {
				t.Errorf("%d days ahead: CRPS %.4f, %s has %.4f", days, ours.CRPS, method, theirs.CRPS)
			}
		}
		sum := 0.0
		for k, p := range ours.PIT {
			if sum += p; math.Abs(p-0.1) > 0.06 {
				t.Errorf("%d days ahead: tenth %d of the forecast held %.3f of what came", days, k+1, p)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%d days ahead: the tenths add up to %g", days, sum)
		}
		for i, want := range []float64{0.5, 0.8, 0.95} {
			if got := ours.Coverage[i]; math.Abs(got-want) > 0.05 {
				t.Errorf("%d days ahead: %.3f of what came lies in the %g interval", days, got, want)
			}
		}
	}
}

func TestBacktestJudgesBySensorsWhenTheTruthIsUnknown(t *testing.T) {
	o := worldOptions{seed: 3, containers: 12, days: 60, streams: []worldStream{rest()}, noise: 0.03, step: 0.01, reported: 1}
	w := newWorld(o)
	r, err := Backtest(t.Context(), w.series, BacktestOptions{
		Options: Options{Location: w.loc}, From: w.begin.AddDate(0, 0, 35), To: w.begin.AddDate(0, 0, 55),
	})
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := r.Row(ByModel, "rest", 1); !ok || s.N < 20 || s.CRPS > 0.05 || math.IsNaN(s.CRPS) {
		t.Errorf("one day ahead: %+v", s)
	}
}

func TestBacktestRefusesWhatItCannotDo(t *testing.T) {
	w := newWorld(worldOptions{seed: 3, containers: 1, days: 10, streams: []worldStream{rest()}})
	for name, o := range map[string]BacktestOptions{
		"a horizon of 0 days":        {From: w.begin, To: w.begin.AddDate(0, 0, 9), Horizons: []int{0}},
		"a horizon of 100 days":      {From: w.begin, To: w.begin.AddDate(0, 0, 9), Horizons: []int{100}},
		"no origin before the end":   {From: w.begin, To: w.begin},
		"origins before any reading": {From: w.begin.AddDate(-1, 0, 0), To: w.begin.AddDate(-1, 0, 2)},
	} {
		if _, err := Backtest(t.Context(), w.series, o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// checkDrawing reads the drawing back: well-formed, a line a method in two panels, and the model's figures in its description.
func checkDrawing(t *testing.T, r *Report) {
	t.Helper()
	var b strings.Builder
	if err := r.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	count := make(map[string]int)
	for d := xml.NewDecoder(strings.NewReader(b.String())); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the drawing is no XML: %v", err)
		}
		if e, ok := token.(xml.StartElement); ok {
			count[e.Name.Local]++
			for _, a := range e.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("a %s has %s %q", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
	if count["polyline"] != 2*len(methods()) || count["circle"] != 3*len(r.horizons) || count["rect"] != 11 {
		t.Errorf("the drawing holds %v", count)
	}
	s, _ := r.Row(ByModel, "all", 1)
	if want := fmt.Sprintf("%d forecasts: CRPS %.2f %%", s.N, 100*s.CRPS); !strings.Contains(b.String(), want) {
		t.Errorf("the drawing does not say %q", want)
	}
}
