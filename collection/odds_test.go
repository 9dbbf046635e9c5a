package collection

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// oddsOf is what reports are found to be worth in a city of forty containers, emptied each week at 120 %: full for a quarter of the time.
// when draws how long before an emptying somebody reports, as a share of the week.
func oddsOf(when func(r *rand.Rand) float64, times int) Reporting {
	r := rand.New(rand.NewPCG(1, 2))
	end := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	var containers []Container
	var reports [][]time.Time
	var lifts [][]lifted
	for i := range 40 {
		containers = append(containers, Container{ID: fmt.Sprintf("C%02d", i), District: "D"})
		var of []time.Time
		var found []lifted
		for week := 6; week >= 0; week-- {
			found = append(found, lifted{end.AddDate(0, 0, -7*week), 1.2})
			for range times {
				of = append(of, end.AddDate(0, 0, -7*week).Add(-time.Duration(when(r)*float64(7*24*time.Hour))))
			}
		}
		slices.SortFunc(of, time.Time.Compare)
		reports, lifts = append(reports, of), append(lifts, found)
	}
	return newTrust(containers, reports, lifts, end.AddDate(0, 0, -56), end).All
}

func TestReportsWeighAsMuchAsTheyWereRightNotAsTheyWereMany(t *testing.T) {
	look := func(r *rand.Rand) float64 { return 0.24 * r.Float64() }
	careless := func(r *rand.Rand) float64 { return r.Float64() }
	honest, some, many := oddsOf(look, 1), oddsOf(careless, 1), oddsOf(careless, 4)
	if honest.Wrong != 0 || honest.Odds < 50 {
		t.Errorf("who looks before reporting: %+v", honest)
	}
	if some.Odds > 2 || many.Odds > 2 || many.Reports < 2*some.Reports {
		t.Errorf("who does not look: %+v; four times as often: %+v", some, many)
	}
}

func TestADistrictsReportsWeighAsTheCitysUntilItsOwnTellMore(t *testing.T) {
	city := Reporting{Right: 90, Wrong: 10, FullDays: 100, OtherDays: 900}
	city.weigh(usualOdds, oddsSpread)
	if city.Odds < 60 || city.Odds > 90 { // counted: 0.9 a day against 1 in 90
		t.Errorf("the city's odds are %.1f", city.Odds)
	}
	quiet, odd := Reporting{FullDays: 10, OtherDays: 90}, Reporting{}
	quiet.weigh(city.Odds, districtOdds)
	odd = Reporting{Right: 5, Wrong: 50, FullDays: 10, OtherDays: 90}
	odd.weigh(city.Odds, districtOdds)
	if quiet.Odds != city.Odds || odd.Odds > city.Odds/2 || odd.Odds < 1 {
		t.Errorf("city %.1f, a district without reports %.1f, one with mostly wrong ones %.1f", city.Odds, quiet.Odds, odd.Odds)
	}
}
