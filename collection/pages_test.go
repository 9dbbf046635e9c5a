package collection_test

import (
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestAContainersOutlookGoesOnFromWhatWasObserved(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		next := monday.Add(30 * time.Hour)
		look, err := p.Outlook(t.Context(), "C03", next)
		if err != nil {
			t.Fatal(err)
		}
		if len(look.Samples) < 80 || len(look.Bands) < 56 || look.Quality != "ok" || look.FillDay <= 0 {
			t.Fatalf("%d samples, %d bands, quality %s, %.3f a day", len(look.Samples), len(look.Bands), look.Quality, look.FillDay)
		}
		var before, after float64
		for i, b := range look.Bands {
			if b.Q5 > b.Q25 || b.Q25 > b.Q50 || b.Q50 > b.Q75 || b.Q75 > b.Q95 {
				t.Errorf("quantiles do not ascend: %+v", b)
			}
			if i > 0 && b.At.Before(look.Bands[i-1].At) {
				t.Errorf("%s comes after %s", b.At, look.Bands[i-1].At)
			}
			switch {
			case b.At.Equal(next):
				before = b.Q50
			case before > 0 && after == 0:
				after = b.Q50
			}
		}
		if before < 0.1 || after > 0.1 {
			t.Errorf("median before the emptying %.2f, after it %.2f", before, after)
		}
		if _, err := p.Outlook(t.Context(), "none", next); problem.KindOf(err) != problem.NotFound {
			t.Errorf("an unknown container: %v", err)
		}
	})
}

func TestLiftsStandBesideWhatThePlanExpected(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		lifts, err := p.Lifts(t.Context(), "C00", 3)
		if err != nil || len(lifts) == 0 || len(lifts) > 3 {
			t.Fatalf("%d lifts, %v", len(lifts), err)
		}
		for i, l := range lifts {
			if l.Found < 0.9 || l.Version != 0 || i > 0 && l.At.After(lifts[i-1].At) {
				t.Errorf("lift %+v", l)
			}
		}
		if lifts, err := p.Lifts(t.Context(), "none", 3); err != nil || lifts != nil {
			t.Errorf("an unknown container: %v, %v", lifts, err)
		}
	})
}

func TestADistrictKnowsItsPlansAndItsFullContainers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := newPlanner(t, db, nil)
		p.decide(t, collection.CauseAfternoon)
		c, err := p.Container(t.Context(), "C00")
		if err != nil {
			t.Fatal(err)
		}
		plans, err := p.DistrictPlans(t.Context(), c.District, 7)
		if err != nil || len(plans) != 1 || plans[0].Day != "2026-11-24" || len(plans[0].Containers) == 0 || plans[0].Decision == 0 {
			t.Errorf("plans %+v, %v", plans, err)
		}
		full, read, err := p.FullAt(t.Context(), monday)
		if err != nil || read < containerCount-5 || full == 0 || full == read {
			t.Errorf("%d full of %d, %v", full, read, err)
		}
		over, containers, err := p.Overfull(t.Context(), p.Today().AddDate(0, 0, -1))
		if err != nil || containers < containerCount-5 || over == 0 || over >= int64(containers)*1000 {
			t.Errorf("%d thousandths of a container-day over %d containers, %v", over, containers, err)
		}
	})
}
