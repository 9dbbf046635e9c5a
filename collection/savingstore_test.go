package collection_test

import (
	"math"
	"testing"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestTheSavingIsThatOfThePlansThatWereInForce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		if v, err := p.Saving(t.Context()); err != nil || len(v.Days) != 0 || !v.Seconds.Early || !v.Grams.Early {
			t.Fatalf("without a plan: %+v, %v", v, err)
		}
		for _, c := range containers() { // each container is emptied on every day
			p.city.Schedule = append(p.city.Schedule, city.ScheduleRow{Container: c.ID, EveryWeeks: 1, First: monday.AddDate(0, 0, -28), Days: []time.Weekday{1, 2, 3, 4, 5}})
		}
		p.decide(t, collection.CauseAfternoon)
		last := p.decide(t, collection.CauseAgain).Plan
		if v, err := p.Saving(t.Context()); err != nil || len(v.Days) != 0 {
			t.Fatalf("a day that is not over: %+v, %v", v, err)
		}
		p.clock.Forward(monday.AddDate(0, 0, 2))
		for range 2 { // the second time from what was kept
			v, err := p.Saving(t.Context())
			if err != nil || len(v.Days) != 1 || len(v.Weeks) != 1 || v.From != "2026-11-24" || v.To != "2026-11-24" {
				t.Fatalf("%+v, %v", v, err)
			}
			d := v.Days[0]
			if d.Version != last.Version || d.Plan.Seconds != last.Measures[collection.MeasureSeconds] || d.Schedule.Meters != last.Fixed.Meters {
				t.Errorf("the day is %+v, the plan %+v beside %+v", d, last.Measures, last.Fixed)
			}
			if v.Seconds.Mean != float64(last.Fixed.Seconds-last.Measures[collection.MeasureSeconds]) || v.Seconds.Mean <= 0 || !v.Seconds.Early {
				t.Errorf("hours: %+v", v.Seconds)
			}
			if math.Abs(v.Grams.Mean-v.Meters.Mean/1000*float64(p.city.Fleet.Costs.CO2GramsPerKm)) > 1e-6 {
				t.Errorf("CO2: %+v of %+v", v.Grams, v.Meters)
			}
			if v.LowCents >= v.Cents.Mean || v.HighCents <= v.Cents.Mean || v.Sensors != containerCount || v.SensorCents != float64(containerCount*9000)/260 {
				t.Errorf("money: %+v", v)
			}
		}
	})
}

func TestOverfullByDistrictCountsWhatTheDaysDo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		from, to := p.Today().AddDate(0, 0, -14), p.Today()
		var over int64
		measured := 0
		for at := from; at.Before(to); at = at.AddDate(0, 0, 1) {
			thousandths, containers, err := p.Overfull(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			over, measured = over+thousandths, measured+containers
		}
		found, err := p.OverfullByDistrict(t.Context(), from, to)
		if err != nil || len(found) != 1 || found[0].Containers != containerCount || found[0].Measured != int64(measured) || over == 0 {
			t.Fatalf("%+v, %v; the days have %d of %d", found, err, over, measured)
		}
		if d := over - found[0].Over; d < 0 || d > int64(measured) { // a day's share is cut off at a thousandth
			t.Errorf("%d thousandths, the days have %d", found[0].Over, over)
		}
		// A district of which too few containers stand is not compared with others.
		few := containers()[:collection.LeastContainers-1]
		err = db.Tx(t.Context(), func(tx *store.Tx) error {
			_, err := tx.ExecContext(t.Context(), `DELETE FROM container WHERE id > $1`, few[len(few)-1].ID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if found, err := p.OverfullByDistrict(t.Context(), from, to); err != nil || len(found) != 0 {
			t.Errorf("a district of %d containers: %+v, %v", len(few), found, err)
		}
	})
}
