package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// faultsOf returns a container's anomalies of one kind.
func faultsOf(f Forecast, kind Fault) (found []Anomaly) {
	for _, a := range f.Anomalies {
		if a.Fault == kind {
			found = append(found, a)
		}
	}
	return found
}

// spoil changes the readings of one series from a day on for some days.
func spoil(w *world, i, day, days int, change func(s *Sample)) (from, to time.Time) {
	from, to = w.day(day), w.day(day+days)
	for k := range w.series[i].Samples {
		if s := &w.series[i].Samples[k]; !s.At.Before(from) && s.At.Before(to) {
			change(s)
		}
	}
	return from, to
}

func TestSoundContainersRarelyShowAnomalies(t *testing.T) {
	found := make(map[Fault]int)
	containers := 0
	for seed := range uint64(4) {
		w := city(10 + seed)
		m := mustFit(t, w.series, w.day(56), Options{Location: w.loc})
		for _, s := range w.series {
			containers++
			for _, a := range mustForecast(t, m, s.ID).Anomalies {
				found[a.Fault]++
				if len(a.Evidence) == 0 || a.To.Before(a.From) || a.Evidence[0].At.After(a.To) {
					t.Errorf("%s: %+v", s.ID, a)
				}
			}
		}
	}
	t.Logf("%d containers, eight weeks: %v", containers, found)
	// Collection.md M8: at most one false alarm in 1,000 sensor-days.
	days := containers * 56
	for fault, n := range found {
		if n*1000 > days {
			t.Errorf("%s: %d false alarms in %d container-days", fault, n, days)
		}
	}
}

func TestABlockedLidIsToldFromAQuietContainer(t *testing.T) {
	w := city(4)
	id := w.series[2].ID
	at := w.day(56)
	before := mustForecast(t, mustFit(t, w.series, at, Options{Location: w.loc}), id)
	r := rand.New(rand.NewPCG(1, 2))
	w.series[2].Emptyings = nil
	from, _ := spoil(w, 2, 42, 20, func(s *Sample) { s.Fill = math.Round(100*(0.3+0.02*r.NormFloat64())) / 100 })
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	f := mustForecast(t, m, id)
	idle := faultsOf(f, FaultIdle)
	if len(idle) == 0 {
		t.Fatalf("nothing came for two weeks, and only %+v is seen", f.Anomalies)
	}
	a := idle[len(idle)-1]
	if a.From.Sub(from).Abs() > 3*24*time.Hour || at.Sub(a.To) > 2*24*time.Hour || a.Value < 0.4 || math.Abs(a.Evidence[0].Fill-a.Evidence[1].Fill) > 0.1 {
		t.Errorf("blocked from %s on, seen %+v", from, a)
	}
	if f.Rate < 0.75*before.Rate {
		t.Errorf("the rate fell from %.3f to %.3f: what the lid kept out was learned", before.Rate, f.Rate)
	}
	// When all stand still, it is no lid.
	w = city(4)
	for i := range w.series {
		level := -1.0
		spoil(w, i, 42, 20, func(s *Sample) {
			if level < 0 {
				level = s.Fill
			}
			s.Fill = math.Round(100*(level+0.02*r.NormFloat64())) / 100
		})
	}
	m = mustFit(t, w.series, at, Options{Location: w.loc})
	alarms := 0
	for _, s := range w.series {
		alarms += min(len(faultsOf(mustForecast(t, m, s.ID), FaultIdle)), 1)
	}
	if alarms*2 > len(w.series) {
		t.Errorf("all stand still, and %d of %d are called blocked", alarms, len(w.series))
	}
}

func TestAStuckSensorsValueAndBeginningAreEvidence(t *testing.T) {
	w := city(4)
	value := 0.0
	from, _ := spoil(w, 1, 48, 20, func(s *Sample) {
		if value == 0 {
			value = s.Fill
		}
		s.Fill = value
	})
	f := mustForecast(t, mustFit(t, w.series, w.day(56), Options{Location: w.loc}), w.series[1].ID)
	stuck := faultsOf(f, FaultStuck)
	if len(stuck) != 1 || math.Abs(stuck[0].Value-value) > 1e-9 || stuck[0].From.Sub(from).Abs() > 3*time.Hour || f.Now.Quality != Stuck {
		t.Errorf("stuck at %.2f from %s, seen %+v, quality %s", value, from, f.Anomalies, f.Now.Quality)
	}
}

func TestAFallThatLeavesMuchIsNoEmptying(t *testing.T) {
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(3, 4))
	s := Series{ID: "a", Group: "rest"}
	for h := range 10 * 24 {
		fill := 0.3 + 0.06*float64(h)/24
		if h >= 8*24 {
			fill -= 0.25
		}
		s.Samples = append(s.Samples, Sample{At: begin.Add(time.Duration(h) * time.Hour), Fill: math.Round(100*(fill+0.01*r.NormFloat64())) / 100})
	}
	f := mustForecast(t, mustFit(t, []Series{s}, begin.AddDate(0, 0, 10), Options{}), "a")
	falls := faultsOf(f, FaultFall)
	if len(falls) != 1 || math.Abs(falls[0].Value-0.25) > 0.05 || falls[0].To.Sub(begin.AddDate(0, 0, 8)).Abs() > time.Hour || len(falls[0].Evidence) != 2 {
		t.Errorf("a quarter fell after eight days, seen %+v", f.Anomalies)
	}
	if !f.Emptied.IsZero() || math.Abs(f.Rate-0.06) > 0.02 {
		t.Errorf("emptied %s, rate %.3f", f.Emptied, f.Rate)
	}
}

func TestAFireIsSeenInTheHeatAndNotInTheSun(t *testing.T) {
	w := city(4)
	at := w.day(56)
	s := &w.series[3]
	before := mustForecast(t, mustFit(t, w.series, at, Options{Location: w.loc}), s.ID)
	began := w.day(54)
	for h := range 56 * 24 {
		now := w.begin.Add(time.Duration(h) * time.Hour)
		degrees := 20 + 28*math.Max(math.Sin(float64(h%24-6)/12*math.Pi), 0) // a steel lid in June
		if !now.Before(began) && now.Before(began.Add(3*time.Hour)) {
			degrees = 85
		}
		s.Temperatures = append(s.Temperatures, Temperature{now, degrees})
	}
	s.Samples = slices.Clone(s.Samples)
	for k := range s.Samples { // what burns shrinks, and smoke confuses the sensor
		if x := &s.Samples[k]; x.At.After(began) {
			x.Fill = math.Mod(float64(k)*0.37, 1)
		}
	}
	f := mustForecast(t, mustFit(t, w.series, at, Options{Location: w.loc}), s.ID)
	fires := faultsOf(f, FaultFire)
	if len(fires) != 1 || fires[0].Value != 85 || fires[0].From.Sub(began).Abs() > time.Hour || len(fires[0].Evidence) != 3 {
		t.Fatalf("it burned at %s: %+v", began, f.Anomalies)
	}
	if math.Abs(f.Rate-before.Rate) > 0.25*before.Rate {
		t.Errorf("the rate went from %.3f to %.3f by the fire", before.Rate, f.Rate)
	}
	if _, ok := fire(s.Temperatures[:50*24], at); ok {
		t.Error("the sun is taken for a fire")
	}
}
