package forecast

import (
	"math"
	"slices"
	"testing"
	"time"
)

// alone fits a world in which series i was changed, and returns its forecast.
func alone(t *testing.T, w *world, i int, at time.Time, change func(s *Series)) Forecast {
	t.Helper()
	series := slices.Clone(w.series)
	s := series[i]
	s.Samples, s.Emptyings = slices.Clone(s.Samples), slices.Clone(s.Emptyings)
	change(&s)
	series[i] = s
	f := mustForecast(t, mustFit(t, series, at, Options{Location: w.loc}), s.ID)
	sane(t, f, 14)
	return f
}

func TestASensorIsFollowedThroughNoiseAndSpikes(t *testing.T) {
	w := city(5)
	at := w.day(56)
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	var square, n float64
	for i, s := range w.series {
		if s.Group == "gft" {
			continue
		}
		f := mustForecast(t, m, s.ID)
		if f.Now.Source != Sensor || f.Now.Quality != OK {
			t.Errorf("%s: %s, %s", s.ID, f.Now.Source, f.Now.Quality)
		}
		truth, _ := w.at(i, at)
		square += (f.Now.Mean - truth) * (f.Now.Mean - truth)
		n++
	}
	if rmse := math.Sqrt(square / n); rmse > 0.02 {
		t.Errorf("the belief is %.3f off, of readings that are 0.030 off", rmse)
	}
}

func TestASilentSensorWidensTheDistribution(t *testing.T) {
	w := city(5)
	at := w.day(56)
	heard := alone(t, w, 2, at, func(*Series) {})
	last := heard.Now.SD
	for _, days := range []int{2, 4} {
		f := alone(t, w, 2, at, func(s *Series) {
			n := slices.IndexFunc(s.Samples, func(x Sample) bool { return x.At.After(at.AddDate(0, 0, -days)) })
			s.Samples = s.Samples[:n]
			s.Emptyings = slices.DeleteFunc(s.Emptyings, func(e time.Time) bool { return e.After(at.AddDate(0, 0, -days)) })
		})
		if f.Now.Quality != Silent || f.Now.Source != Estimate {
			t.Errorf("%d days without a reading: %s, %s", days, f.Now.Quality, f.Now.Source)
		}
		if f.Now.SD <= last {
			t.Errorf("%d days without a reading: sd %.4f, before %.4f", days, f.Now.SD, last)
		}
		last = f.Now.SD
	}
}

func TestAStuckSensorIsNotBelieved(t *testing.T) {
	w := city(5)
	at := w.day(56)
	since := at.AddDate(0, 0, -4)
	i := 4
	f := alone(t, w, i, at, func(s *Series) {
		for k := range s.Samples {
			if s.Samples[k].At.After(since) {
				s.Samples[k].Fill = 0.31
			}
		}
	})
	if f.Now.Quality != Stuck || f.Now.Source != Estimate {
		t.Fatalf("%s, %s", f.Now.Quality, f.Now.Source)
	}
	if f.Now.LastSample.Before(at.Add(-2 * time.Hour)) {
		t.Errorf("the last reading was at %s", f.Now.LastSample)
	}
	truth, _ := w.at(i, at)
	if off := math.Abs(f.Now.Mean - truth); off > 4*f.Now.SD || f.Now.SD < 0.02 {
		t.Errorf("believed %.3f ± %.3f, it is %.3f", f.Now.Mean, f.Now.SD, truth)
	}
}

func TestASensorThatDriftsIsCorrectedAndDoubted(t *testing.T) {
	w := city(5)
	at := w.day(56)
	right := alone(t, w, 6, at, func(*Series) {})
	f := alone(t, w, 6, at, func(s *Series) {
		for k := range s.Samples {
			if d := s.Samples[k].At.Sub(w.begin).Hours()/24 - 20; d > 0 {
				s.Samples[k].Fill += math.Min(0.01*d, 0.25)
			}
		}
	})
	if f.Now.Quality != Drifting {
		t.Fatalf("quality %s", f.Now.Quality)
	}
	if f.Now.SD <= right.Now.SD || math.Abs(f.Now.Mean-right.Now.Mean) > 0.1 {
		t.Errorf("believed %.3f ± %.3f, without drift %.3f ± %.3f", f.Now.Mean, f.Now.SD, right.Now.Mean, right.Now.SD)
	}
}

func TestWithoutASensorTheGroupsRateAndTheLastEmptyingTell(t *testing.T) {
	w := city(5)
	at := w.day(56)
	with := alone(t, w, 3, at, func(*Series) {})
	f := alone(t, w, 3, at, func(s *Series) { s.Samples = nil })
	if f.Now.Quality != None || f.Now.Source != Estimate || !f.Now.LastSample.IsZero() {
		t.Errorf("%+v", f.Now)
	}
	if f.Emptied.IsZero() || f.Now.SD < 2*with.Now.SD || f.Rate < 0.03 || f.Rate > 0.25 {
		t.Errorf("emptied %s, believed %.3f ± %.3f, rate %.3f", f.Emptied, f.Now.Mean, f.Now.SD, f.Rate)
	}
	mean, _ := f.Fill(at.AddDate(0, 0, 3))
	if math.Abs(mean-f.Now.Mean-3*f.Rate) > f.Rate {
		t.Errorf("in three days it grows from %.3f to %.3f at a rate of %.3f", f.Now.Mean, mean, f.Rate)
	}
}

func TestFillsSeenByDriversTeachTheRateWithoutASensor(t *testing.T) {
	w := city(5)
	at := w.day(56)
	slow := func(level float64) Forecast {
		return alone(t, w, 3, at, func(s *Series) {
			s.Samples = nil
			for _, e := range s.Emptyings {
				s.Samples = append(s.Samples, Sample{e.Add(-5 * time.Minute), level})
			}
		})
	}
	little, much := slow(0.2), slow(0.9)
	if little.Rate > 0.05 || much.Rate < 0.1 {
		t.Errorf("20 %% each week makes %.3f a day, 90 %% makes %.3f", little.Rate, much.Rate)
	}
}

func TestAGroupWithoutReadingsGoesByItsPrior(t *testing.T) {
	w := city(5)
	at := w.day(56)
	f := mustForecast(t, mustFit(t, w.series, at, Options{Location: w.loc, Prior: map[string]float64{"gft": 0.02}}), "gft-001")
	if math.Abs(f.Rate-0.02) > 0.004 {
		t.Errorf("rate %.4f", f.Rate)
	}
}

func TestAReportOfFullRaisesTheBelief(t *testing.T) {
	w := city(5)
	at := w.day(56)
	i := slices.IndexFunc(w.series, func(s Series) bool { return s.Group == "gft" })
	none := alone(t, w, i, at, func(s *Series) { s.Emptyings = nil })
	once := alone(t, w, i, at, func(s *Series) { s.Emptyings = nil; s.Reports = []time.Time{at.Add(-2 * time.Hour)} })
	twice := alone(t, w, i, at, func(s *Series) {
		s.Emptyings = nil
		s.Reports = []time.Time{at.Add(-30 * time.Hour), at.Add(-2 * time.Hour)}
	})
	many := alone(t, w, i, at, func(s *Series) {
		s.Emptyings = nil
		for k := range 8 {
			s.Reports = append(s.Reports, at.Add(-time.Duration(k+1)*time.Hour))
		}
	})
	if !(once.Now.Mean > none.Now.Mean+0.1 && twice.Now.Mean > once.Now.Mean) {
		t.Errorf("%.3f without, %.3f with one report, %.3f with two days' reports", none.Now.Mean, once.Now.Mean, twice.Now.Mean)
	}
	if math.Abs(many.Now.Mean-once.Now.Mean) > 0.05 {
		t.Errorf("eight reports on one day make %.3f, one makes %.3f", many.Now.Mean, once.Now.Mean)
	}
	future := alone(t, w, i, at, func(s *Series) { s.Emptyings = nil; s.Reports = []time.Time{at.Add(time.Hour)} })
	if future.Now != none.Now {
		t.Error("a report from the future counts")
	}
}

func TestAReportWeighsByItsOdds(t *testing.T) {
	w := city(5)
	at := w.day(56)
	i := slices.IndexFunc(w.series, func(s Series) bool { return s.Group == "gft" })
	none := alone(t, w, i, at, func(s *Series) { s.Emptyings = nil })
	told := func(odds float64) float64 {
		return alone(t, w, i, at, func(s *Series) { s.Emptyings, s.Reports, s.ReportOdds = nil, []time.Time{at.Add(-2 * time.Hour)}, odds }).Now.Mean
	}
	if nothing, little, usual, much := told(1), told(3), told(0), told(100); !(nothing < little && little < usual && usual < much) || math.Abs(nothing-none.Now.Mean) > 0.02 {
		t.Errorf("without %.3f; with odds of 1, 3, the usual and 100: %.3f, %.3f, %.3f, %.3f", none.Now.Mean, nothing, little, usual, much)
	}
	if told(0) != told(reportOdds) {
		t.Error("unknown odds are not the usual ones")
	}
}

func TestWeekdaysAndHoursAreLearned(t *testing.T) {
	w := newWorld(worldOptions{seed: 9, containers: 40, days: 63, streams: []worldStream{paper()}, noise: 0.03, step: 0.01, reported: 1})
	at := w.day(56)
	m := mustFit(t, w.series, at, Options{Location: w.loc})
	f := mustForecast(t, m, "papier-001")
	if f.Weekday[time.Saturday] < 1.2*f.Weekday[time.Tuesday] {
		t.Errorf("Saturday %.4f, Tuesday %.4f", f.Weekday[time.Saturday], f.Weekday[time.Tuesday])
	}
	tempo := &m.groups[0].tempo
	for h := range 24 {
		truth := 0.0
		for _, q := range quiet[:h] {
			truth += q
		}
		if math.Abs(tempo.hours[h]-truth) > 0.04 {
			t.Errorf("by %d o'clock %.3f of the day's growth, it is %.3f", h, tempo.hours[h], truth)
		}
	}
}

func TestHolidaysAreLearned(t *testing.T) {
	w := newWorld(worldOptions{seed: 9, containers: 40, days: 63, streams: []worldStream{paper()}, noise: 0.03, step: 0.01, reported: 1})
	holiday := func(day time.Time) bool { return day.Weekday() == time.Wednesday && day.Day() < 15 }
	m := mustFit(t, w.series, w.day(56), Options{Location: w.loc, Holiday: holiday})
	if h := m.groups[0].tempo.holiday; h < 0.8 || h > 1.2 {
		t.Errorf("a holiday like any other day makes a factor of %.3f", h)
	}
	for i := range w.series { // nobody throws anything away on those days
		s := &w.series[i]
		taken := 0.0
		for k := 1; k < len(s.Samples); k++ {
			at := s.Samples[k].At.In(w.loc)
			if grown := w.truth[i][k] - w.truth[i][k-1]; grown < 0 {
				taken = 0
			} else if holiday(at) {
				taken += grown
			}
			s.Samples[k].Fill -= taken
		}
	}
	m = mustFit(t, w.series, w.day(56), Options{Location: w.loc, Holiday: holiday})
	if h := m.groups[0].tempo.holiday; h > 0.6 {
		t.Errorf("holidays without waste make a factor of %.3f", h)
	}
}

func TestWhatIsThrownInAtOnceIsBelievedAtTheSecondReading(t *testing.T) {
	w := city(5)
	at := w.day(56)
	before := alone(t, w, 2, at, func(*Series) {}).Now
	for readings, believed := range map[int]bool{1: false, 2: true} {
		f := alone(t, w, 2, at, func(s *Series) {
			end := slices.IndexFunc(s.Samples, func(x Sample) bool { return x.At.After(at) })
			if end < 0 {
				end = len(s.Samples)
			}
			for i := end - readings; i < end; i++ {
				s.Samples[i].Fill += 0.4
			}
		})
		if rise := f.Now.Mean - before.Mean; (math.Abs(rise-0.4) < 0.1) != believed {
			t.Errorf("after %d readings that are 0.40 higher the belief is %.2f higher", readings, rise)
		}
	}
}
