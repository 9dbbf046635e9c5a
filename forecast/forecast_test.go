package forecast

import (
	"context"
	"math"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

// city is a small world with everything: two streams with sensors, one without.
func city(seed uint64) *world {
	gft := worldStream{"gft", 0.047, 0.01, [7]float64{1, 1, 1, 1, 1, 1, 1}, 7, true}
	return newWorld(worldOptions{
		seed: seed, containers: 60, days: 63, streams: []worldStream{rest(), textile(), gft},
		noise: 0.03, step: 0.01, spikes: 0.01, reported: 1,
	})
}

func (w *world) day(n int) time.Time { return w.begin.AddDate(0, 0, n).Add(15 * time.Hour) }

func mustFit(t testing.TB, series []Series, at time.Time, o Options) *Model {
	t.Helper()
	m, err := Fit(context.Background(), series, at, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func mustForecast(t testing.TB, m *Model, id string) Forecast {
	t.Helper()
	f, ok := m.Forecast(id)
	if !ok {
		t.Fatalf("no forecast of %s", id)
	}
	return f
}

// sane fails on anything that a forecast must never be.
func sane(t interface{ Fatalf(string, ...any) }, f Forecast, days int) {
	finite := func(what string, x, lo, hi float64) {
		if !(x >= lo && x <= hi) {
			t.Fatalf("%s: %s is %g, not from %g to %g", f.ID, what, x, lo, hi)
		}
	}
	finite("now", f.Now.Mean, 0, 3)
	finite("now's sd", f.Now.SD, 0, 3)
	finite("rate", f.Rate, 0, 20)
	if len(f.Days) != days {
		t.Fatalf("%s: %d days", f.ID, len(f.Days))
	}
	last := Day{}
	for i, d := range f.Days {
		finite("mean", d.Mean, 0, 1000)
		finite("sd", d.SD, 0, 1000)
		finite("chance", d.ChanceFull, last.ChanceFull, 1)
		finite("overflow", d.Overflow, last.Overflow, 1000)
		if d.Mean < last.Mean-1e-9 {
			t.Fatalf("%s: the mean falls on day %d: %g after %g", f.ID, i, d.Mean, last.Mean)
		}
		for k, q := range d.Q {
			finite("quantile", q, 0, 1000)
			if k > 0 && q < d.Q[k-1] {
				t.Fatalf("%s: quantiles out of order: %v", f.ID, d.Q)
			}
		}
		if i > 0 && !d.Date.After(last.Date) {
			t.Fatalf("%s: day %s after %s", f.ID, d.Date, last.Date)
		}
		last = d
	}
	for _, p := range []float64{0, 0.2, 0.5, 1, math.NaN(), -1, 2} {
		finite("level for", f.LevelFor(f.At.AddDate(0, 0, 1), p), 0, 1)
		finite("quantile", f.Quantile(f.At.AddDate(0, 0, 2), p), 0, 1e6)
	}
	a := f.AfterEmptying(f.At.AddDate(0, 0, 1))
	risks := a.Risks(days)
	for i, r := range risks {
		finite("risk", r.ChanceFull, 0, 1)
		if i > 0 && (r.ChanceFull < risks[i-1].ChanceFull || r.Overflow < risks[i-1].Overflow) {
			t.Fatalf("%s: risks fall: %v", f.ID, risks)
		}
	}
}

func TestEveryForecastIsSane(t *testing.T) {
	defer goleak.VerifyNone(t)
	w := city(1)
	m := mustFit(t, w.series, w.day(56), Options{Location: w.loc})
	for _, s := range w.series {
		sane(t, mustForecast(t, m, s.ID), 14)
	}
	if _, ok := m.Forecast("nobody"); ok {
		t.Error("a forecast of a container that nobody knows")
	}
}

func TestDaysAreLocalAndTheirFiguresHoldAtTheirEnd(t *testing.T) {
	w := city(1)
	at := time.Date(2026, 2, 20, 15, 0, 0, 0, w.loc)
	f := mustForecast(t, mustFit(t, w.series, at, Options{Location: w.loc, Days: 40}), "rest-003")
	if want := time.Date(2026, 2, 20, 0, 0, 0, 0, w.loc); !f.Days[0].Date.Equal(want) {
		t.Errorf("the first day is %s", f.Days[0].Date)
	}
	// 29 March has 23 hours.
	k := slices.IndexFunc(f.Days, func(d Day) bool { return d.Date.Day() == 29 && d.Date.Month() == time.March })
	if got := f.Days[k+1].Date.Sub(f.Days[k].Date); got != 23*time.Hour {
		t.Errorf("29 March lasts %s", got)
	}
	for i, d := range f.Days[:len(f.Days)-1] {
		end := f.Days[i+1].Date
		mean, sd := f.Fill(end)
		if math.Abs(mean-d.Mean) > 1e-9 || math.Abs(sd-d.SD) > 1e-9 || math.Abs(f.ChanceFull(end)-d.ChanceFull) > 1e-9 ||
			math.Abs(f.Overflow(end)-d.Overflow) > 1e-9 || math.Abs(f.Quantile(end, 0.95)-d.Q[5]) > 1e-6 {
			t.Errorf("day %d differs from the curve at its end", i)
		}
	}
}

func TestTheSameInputGivesTheSameForecastOnAnyNumberOfProcessors(t *testing.T) {
	w := city(2)
	fit := func(processors int) []Forecast {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		m := mustFit(t, w.series, w.day(50), Options{Location: w.loc})
		var all []Forecast
		for _, s := range w.series {
			f := mustForecast(t, m, s.ID)
			f.Curve = Curve{}
			all = append(all, f)
		}
		return all
	}
	if one, many := fit(1), fit(4); !reflect.DeepEqual(one, many) {
		t.Error("one and four processors differ")
	}
}

func TestNothingLaterThanTheInstantIsLookedAt(t *testing.T) {
	w := city(3)
	at := w.day(40)
	cut := make([]Series, len(w.series))
	for i, s := range w.series {
		cut[i] = s
		n := slices.IndexFunc(s.Samples, func(x Sample) bool { return x.At.After(at) })
		if n >= 0 {
			cut[i].Samples = s.Samples[:n]
		}
		cut[i].Emptyings = nil
		for _, e := range s.Emptyings {
			if !e.After(at) {
				cut[i].Emptyings = append(cut[i].Emptyings, e)
			}
		}
	}
	all, known := mustFit(t, w.series, at, Options{Location: w.loc}), mustFit(t, cut, at, Options{Location: w.loc})
	for _, s := range w.series {
		a, b := mustForecast(t, all, s.ID), mustForecast(t, known, s.ID)
		if a.Days[9] != b.Days[9] || a.Now != b.Now {
			t.Fatalf("%s knows the future", s.ID)
		}
	}
}

func TestAFullerContainerIsForecastFuller(t *testing.T) {
	w := city(4)
	at := w.day(56)
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	rapid.Check(t, func(t *rapid.T) {
		f, _ := m.Forecast(rapid.SampledFrom(w.series).Draw(t, "series").ID)
		low := rapid.Float64Range(0, 1).Draw(t, "low")
		high := rapid.Float64Range(low, 1.3).Draw(t, "high")
		to := at.Add(time.Duration(rapid.IntRange(0, 14*24).Draw(t, "hours")) * time.Hour)
		p := rapid.Float64Range(0.01, 0.99).Draw(t, "p")
		a, b := f.Curve, f.Curve
		a.anchor.mean, b.anchor.mean = low, high
		if a.Quantile(to, p) > b.Quantile(to, p)+1e-9 || a.ChanceFull(to) > b.ChanceFull(to)+1e-9 || a.Overflow(to) > b.Overflow(to)+1e-9 {
			t.Fatalf("from %g it is fuller than from %g", low, high)
		}
	})
}

func TestLevelForIsTheFillAtWhichTheChanceTips(t *testing.T) {
	w := city(4)
	at := w.day(56)
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	evening := time.Date(2026, 3, 4, 0, 0, 0, 0, w.loc)
	for _, s := range w.series {
		f := mustForecast(t, m, s.ID)
		level := f.LevelFor(evening, 0.2)
		if level <= 0 || level >= 1 {
			continue
		}
		c := f.Curve
		c.anchor.mean += level - f.in(f.start).mean
		o := c.at(evening)
		if got := 1 - o.below(1); math.Abs(got-0.2) > 1e-4 {
			t.Errorf("%s: from %.3f the chance is %.4f", s.ID, level, got)
		}
		if tips := f.ChanceFull(evening) > 0.2; tips != (f.in(f.start).mean > level) && math.Abs(f.ChanceFull(evening)-0.2) > 0.01 {
			t.Errorf("%s: %.3f full with a chance of %.3f, level %.3f", s.ID, f.Now.Mean, f.ChanceFull(evening), level)
		}
	}
}

func TestDaysUntilIsWhereTheChanceCrosses(t *testing.T) {
	w := city(4)
	m := mustFit(t, w.series, w.day(56), Options{Location: w.loc})
	within := 0
	for _, s := range w.series {
		f := mustForecast(t, m, s.ID)
		days, ok := f.DaysUntil(0.5)
		if !ok || days == 0 {
			continue
		}
		within++
		to := f.At.Add(time.Duration(days * 24 * float64(time.Hour)))
		if f.ChanceFull(to) <= 0.5 || f.ChanceFull(to.Add(-16*time.Minute)) > 0.5 {
			t.Errorf("%s: after %.2f days the chance is %.3f", s.ID, days, f.ChanceFull(to))
		}
	}
	if within < 10 {
		t.Errorf("only %d containers fill within the days", within)
	}
}

func TestAfterAnEmptyingItStartsNearlyEmptyAndGrowsAtTheSamePace(t *testing.T) {
	w := city(4)
	f := mustForecast(t, mustFit(t, w.series, w.day(56), Options{Location: w.loc}), "rest-005")
	at := f.At.AddDate(0, 0, 2)
	c := f.AfterEmptying(at)
	if mean, _ := c.Fill(at); mean > 0.05 || !c.From().Equal(at) {
		t.Errorf("just emptied it is %.3f full", mean)
	}
	m0, _ := f.Fill(at)
	m1, _ := f.Fill(at.AddDate(0, 0, 5))
	e1, _ := c.Fill(at.AddDate(0, 0, 5))
	if math.Abs((m1-m0)-(e1-residual)) > 1e-9 {
		t.Errorf("it grows by %.4f, and by %.4f after an emptying", m1-m0, e1-residual)
	}
}

func FuzzFitNeverAnswersNonsense(f *testing.F) {
	f.Add([]byte{10, 20, 30, 40, 50, 60, 70, 0, 1, 2, 3})
	f.Add([]byte{200, 0, 200, 0, 200, 0, 255, 255, 254, 254, 128})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		at := begin
		series := []Series{{ID: "a", Group: "g"}, {ID: "b", Group: "g", District: "d"}, {ID: "c"}}
		for i, b := range data {
			s := &series[i%3]
			switch {
			case b == 255:
				s.Samples = append(s.Samples, Sample{at, math.NaN()})
			case b == 254:
				s.Samples = append(s.Samples, Sample{at, math.Inf(1)})
			case b >= 240:
				at = at.Add(time.Duration(b-239) * 40 * time.Hour)
			case b >= 230:
				s.Emptyings = append(s.Emptyings, at)
			case b >= 220:
				s.Reports = append(s.Reports, at)
			default:
				s.Samples = append(s.Samples, Sample{at, float64(b)/100 - 0.5})
				if b%2 == 0 {
					at = at.Add(time.Duration(b) * 5 * time.Minute)
				}
			}
		}
		m, err := Fit(context.Background(), series, at, Options{Prior: map[string]float64{"g": float64(len(data)) - 5}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range series {
			f, _ := m.Forecast(s.ID)
			sane(t, f, 14)
		}
	})
}

func TestFitRefusesWhatCannotBe(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx    context.Context
		series []Series
		o      Options
	}{
		"samples out of order": {series: []Series{{ID: "a", Samples: []Sample{{at, 0.1}, {at.Add(-time.Hour), 0.1}}}}},
		"an id twice":          {series: []Series{{ID: "a"}, {ID: "a"}}},
		"no days":              {series: []Series{{ID: "a"}}, o: Options{Days: -1}},
		"too many days":        {series: []Series{{ID: "a"}}, o: Options{Days: MaxDays + 1}},
		"an ended context":     {ctx: ended, series: []Series{{ID: "a"}}},
	} {
		ctx := c.ctx
		if ctx == nil {
			ctx = context.Background()
		}
		if _, err := Fit(ctx, c.series, at, c.o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Fit(context.Background(), nil, at, Options{}); err != nil {
		t.Errorf("no series at all: %v", err)
	}
}

func BenchmarkFitEightWeeksOf1500Containers(b *testing.B) {
	w := newWorld(worldOptions{
		seed: 1, containers: 1500, days: 56, streams: []worldStream{rest(), paper(), textile()},
		noise: 0.03, step: 0.01, spikes: 0.01, reported: 0.5,
	})
	b.ReportAllocs()
	for b.Loop() {
		mustFit(b, w.series, w.day(55), Options{Location: w.loc})
	}
}

func BenchmarkForecast(b *testing.B) {
	w := city(1)
	m := mustFit(b, w.series, w.day(56), Options{Location: w.loc})
	for b.Loop() {
		m.Forecast("rest-001")
	}
}

// A container without a sensor is weighed at each lift. Three such readings that happen to lie at equal distances are no steps: the chance of
// being full must follow the fill.
func TestAFewReadingsAreNoSteps(t *testing.T) {
	var s Series
	s.ID, s.Group = "weighed", "rest"
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for k, fill := range []float64{0.53, 0.8, 1.07} {
		lift := at.AddDate(0, 0, 8*k)
		s.Samples = append(s.Samples, Sample{At: lift.Add(-time.Second), Fill: fill})
		s.Emptyings = append(s.Emptyings, lift)
	}
	m, err := Fit(t.Context(), []Series{s}, at.AddDate(0, 0, 26), Options{})
	if err != nil {
		t.Fatal(err)
	}
	f, _ := m.Forecast("weighed")
	then := f.At.AddDate(0, 0, 12)
	mean, sd := f.Fill(then)
	if chance := f.ChanceFull(then); mean < 1 || chance < 0.9 {
		t.Errorf("fill %.2f ± %.2f and a chance of %.4f of being full", mean, sd, chance)
	}
}
