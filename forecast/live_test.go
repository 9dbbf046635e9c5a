package forecast

import (
	"math"
	"testing"
	"time"
)

// The fit's filter over a tail, and the filter of the fit before that tail which then takes its readings one by one, must end alike. Both go
// by what the first fit learned: the second one's rates differ, and are no matter of the filter.
func TestReadingsTakenOneByOneEndWhereTheBatchFilterDoes(t *testing.T) {
	w := city(4)
	at, later := w.day(50), w.day(50).Add(20*time.Hour)
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	l := m.Live()
	_, histories, err := fit(t.Context(), w.series, later, Options{Location: w.loc})
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, s := range w.series {
		if w.emptiedWithin(i, at.AddDate(0, 0, -3), later) || len(s.Samples) == 0 {
			continue
		}
		var tail []reading
		for _, x := range s.Samples {
			if !x.At.After(at) || x.At.After(later) {
				continue
			}
			if err := l.Observe(s.ID, x); err != nil {
				t.Fatal(err)
			}
			tail = append(tail, reading{x.At.Unix(), x.Fill})
		}
		c := m.containers[m.index[s.ID]]
		f := c.filter
		batch := m.filter(&c, tail, f.state, nil)
		got := l.m.containers[i].filter
		if batch.odds != got.odds || f.odds == 0 && (got.state != batch.state || got.heard != batch.heard) {
			t.Errorf("%s: one by one %+v, at once %+v", s.ID, got, batch)
		}
		compared++
		// From scratch over what a later fit would take for the last readings, the filter has forgotten where it started.
		h := histories[i]
		whole := m.filter(&c, h.tail, m.start(h, h.tail, nil), nil)
		if c.quality == OK && math.Abs(whole.state.mean-got.state.mean) > 0.003 {
			t.Errorf("%s: one by one %.4f, a fit's filter from scratch %.4f", s.ID, got.state.mean, whole.state.mean)
		}
		// And near the truth, as a fit at the later instant is.
		y, _ := w.at(i, later)
		o, _ := l.Forecast(s.ID)
		if e := o.Now.Mean - y; o.Now.Source == Sensor && math.Abs(e) > 5*o.Now.SD+0.05 {
			t.Errorf("%s: believed %.3f, is %.3f", s.ID, o.Now.Mean, y)
		}
		sane(t, o, 14)
	}
	if compared < 10 {
		t.Fatalf("only %d compared", compared)
	}
	if f, _ := m.Forecast(w.series[0].ID); !f.At.Equal(at) {
		t.Error("the model moved along")
	}
}

func TestAnEmptyingIsTakenAtOnce(t *testing.T) {
	w := city(5)
	at := w.day(50)
	l := mustFit(t, w.series, at, Options{Location: w.loc}).Live()
	id := w.series[0].ID
	if err := l.Emptied(id, at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	f, _ := l.Forecast(id)
	if f.Now.Mean > 0.05 || !f.Emptied.Equal(at.Add(time.Hour)) {
		t.Errorf("after an emptying: %+v, emptied %s", f.Now, f.Emptied)
	}
	// One that nobody reports shows after three readings.
	id = w.series[1].ID
	for k := range 6 {
		if err := l.Observe(id, Sample{At: at.Add(time.Duration(k+1) * time.Hour), Fill: 0.9}); err != nil {
			t.Fatal(err)
		}
	}
	for k := range 3 {
		if err := l.Observe(id, Sample{At: at.Add(time.Duration(k+7) * time.Hour), Fill: 0.01}); err != nil {
			t.Fatal(err)
		}
	}
	f, _ = l.Forecast(id)
	if f.Now.Mean > 0.1 || !f.Emptied.Equal(at.Add(9*time.Hour)) {
		t.Errorf("after a fall: %+v, emptied %s", f.Now, f.Emptied)
	}
}

func TestLiveRefusesWhatItCannotFollow(t *testing.T) {
	w := city(5)
	at := w.day(50)
	l := mustFit(t, w.series, at, Options{Location: w.loc}).Live()
	if l.Observe("nobody", Sample{At: at, Fill: 0.5}) == nil {
		t.Error("a container that the fit did not know")
	}
	if l.Observe(w.series[0].ID, Sample{At: at.AddDate(0, 0, -1), Fill: 0.5}) == nil {
		t.Error("a reading before the latest")
	}
	if err := l.Observe(w.series[0].ID, Sample{At: at, Fill: math.NaN()}); err != nil {
		t.Error("a reading that is no number is ignored, as by a fit")
	}
}

func BenchmarkObserve(b *testing.B) {
	w := city(1)
	l := mustFit(b, w.series, w.day(56), Options{Location: w.loc}).Live()
	at := w.day(56)
	b.ReportAllocs()
	for b.Loop() {
		at = at.Add(time.Second)
		if err := l.Observe("rest-001", Sample{At: at, Fill: 0.5}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCurvesAreThoseOfTheForecast(t *testing.T) {
	w := city(4)
	m := mustFit(t, w.series, w.day(50), Options{Location: w.loc})
	l := m.Live()
	for _, s := range w.series {
		f, ok := l.Forecast(s.ID)
		onward, fresh, emptied, known := l.Curves(s.ID)
		if !ok || !known || !emptied.Equal(f.Emptied) {
			t.Fatalf("%s: known %v and %v, emptied %v and %v", s.ID, ok, known, f.Emptied, emptied)
		}
		at := w.day(54)
		for name, pair := range map[string][2]Curve{"onward": {f.Curve, onward}, "fresh": {f.AfterEmptying(f.At), fresh}} {
			a, asd := pair[0].Fill(at)
			b, bsd := pair[1].Fill(at)
			if a != b || asd != bsd || pair[0].ChanceFull(at) != pair[1].ChanceFull(at) || !pair[0].From().Equal(pair[1].From()) {
				t.Errorf("%s, %s: %v ± %v and %v ± %v", s.ID, name, a, asd, b, bsd)
			}
		}
	}
	if _, _, _, ok := l.Curves("nobody"); ok {
		t.Error("a series that the fit did not have has curves")
	}
}
