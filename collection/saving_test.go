package collection

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// world draws weeks of five days, of which holidays take some. The schedule takes thirty hours a day, the plan some less:
// truth in the mean, with a part that a week's days share and a part of each day.
func world(random *rand.Rand, weeks int, truth float64) [][]SavedDay {
	var all [][]SavedDay
	for range weeks {
		var week []SavedDay
		shared := 4000 * random.NormFloat64()
		for day := range 5 {
			if day > 0 && random.IntN(12) == 0 {
				continue
			}
			schedule := 108_000 + 9000*random.NormFloat64()
			saved := truth + shared + 6000*random.NormFloat64()
			week = append(week, SavedDay{Plan: Effort{Seconds: int64(schedule - saved)}, Schedule: Effort{Seconds: int64(schedule)}})
		}
		all = append(all, week)
	}
	return all
}

func seconds(e Effort) float64 { return float64(e.Seconds) }

func TestTheIntervalHoldsTheTruthAsOftenAsItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, weeks := range []int{8, 12, 26, 52} {
		const worlds, truth = 400, 9000.0
		held := 0
		for range worlds {
			if e := estimate(world(random, weeks, truth), seconds); e.Low <= truth && truth <= e.High {
				held++
			}
		}
		share := float64(held) / worlds
		t.Logf("%d weeks: %.1f %% of %d worlds", weeks, 100*share, worlds)
		if share < 0.93 || share > 0.97 {
			t.Errorf("with %d weeks the interval holds the truth in %.1f %% of %d worlds, not in 93 to 97 %%", weeks, 100*share, worlds)
		}
	}
}

func TestTwoEqualPlansSaveNothingAndItIsTooEarlyToSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	weeks := world(random, 20, 0)
	for _, week := range weeks {
		for i := range week {
			week[i].Plan = week[i].Schedule
		}
	}
	if e := estimate(weeks, seconds); e.Mean != 0 || e.Low != 0 || e.High != 0 || !e.Early {
		t.Errorf("%+v", e)
	}
	// Plans that differ without one being better: it is not said that one is, but for one world in twenty.
	said := 0
	const worlds = 400
	for range worlds {
		if e := estimate(world(random, 20, 0), seconds); !e.Early {
			said++
		}
	}
	if share := float64(said) / worlds; share > 0.07 {
		t.Errorf("in %.1f %% of %d worlds without a saving one is said", 100*share, worlds)
	}
}

func TestUnderEightWeeksItIsTooEarlyToSay(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for weeks, early := range map[int]bool{1: true, 7: true, 8: false} {
		if e := estimate(world(random, weeks, 40_000), seconds); e.Early != early || math.Abs(e.Mean-40_000) > 12_000 {
			t.Errorf("%d weeks: %+v", weeks, e)
		}
	}
}

func TestStudentsQuantile(t *testing.T) {
	for df, want := range map[float64]float64{7: 2.3646, 11: 2.2010, 25: 2.0595, 51: 2.0076} {
		if got := studentQuantile(df); math.Abs(got-want) > 0.001 {
			t.Errorf("%v degrees: %.4f, want %.4f", df, got, want)
		}
	}
}

func TestWeeksBeginOnMonday(t *testing.T) {
	var days []SavedDay
	for at := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC); at.Before(time.Date(2027, 1, 6, 0, 0, 0, 0, time.UTC)); at = at.AddDate(0, 0, 1) {
		days = append(days, SavedDay{Day: at.Format(DayLayout)})
	}
	var lengths []int
	for _, week := range weeksOf(days) {
		lengths = append(lengths, len(week))
	}
	if len(lengths) != 3 || lengths[0] != 4 || lengths[1] != 7 || lengths[2] != 2 { // across New Year
		t.Errorf("weeks of %v days", lengths)
	}
}
