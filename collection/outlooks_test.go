package collection_test

import (
	"fmt"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// faulty writes four weeks of fills, every two hours, in which the sensors of C00, C01 and C02 or what they hang over go wrong. C08, C09 and C10
// fill just as they do.
func faulty() (rows []sensing.Reading) {
	for i := range containerCount {
		id, days, fill := fmt.Sprintf("C%02d", i), float64(5+i%8), float64(i%8)/8
		from := monday.AddDate(0, 0, -28)
		for at := from; at.Before(monday); at = at.Add(2 * time.Hour) {
			day := int(at.Sub(from).Hours() / 24)
			if blocked := id == "C01" && day >= 14 && day < 20; !blocked { // nothing can be thrown in
				fill += 2. / 24 / days
			}
			if fill >= 0.95 {
				rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.EmptyingKind), Time: at, Value: fill})
				fill = 0
			}
			shown := max(0, fill+float64((i*7919+int(at.Unix()/7200)*104729)%7-3)/100)
			switch {
			case id == "C00" && day >= 20:
				shown = 0.41
			case id == "C02" && day >= 5:
				shown += 0.35
			}
			rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.FillKind), Time: at, Value: min(1.45, shown)})
		}
	}
	return rows
}

func TestWhatAFaultShowsIsToldWithItsEvidenceAndNotLearned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := bare(t, db, faulty())
		for range 2 { // a second forecast takes the place of the first
			if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := p.Anomalies(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]collection.Anomaly{}
		for _, a := range all {
			if a.Container != "C00" && a.Container != "C01" && a.Container != "C02" {
				t.Errorf("a false alarm: %+v", a)
			}
			found[a.Container+" "+a.Fault] = a
			if len(a.Evidence) < 2 || a.From.After(a.To) || a.MadeAt.IsZero() {
				t.Errorf("no evidence: %+v", a)
			}
		}
		for name, now := range map[string]bool{"C00 stuck": true, "C01 idle": false, "C02 offset": true} {
			if a, ok := found[name]; !ok || a.Now() != now {
				t.Errorf("%s: %+v, going on %v; want %v; all: %+v", name, a, a.Now(), now, all)
			}
		}
		growth := map[string]float64{}
		err = p.Forecasts(t.Context(), func(f collection.FillForecast) error {
			if len(f.Days) < 14 {
				t.Errorf("%d days of %s", len(f.Days), f.Container)
			}
			for k, d := range f.Days {
				for j := 1; j < len(d.Q); j++ {
					if d.Q[j] < d.Q[j-1] {
						t.Errorf("quantiles of %s on %s: %v", f.Container, d.Day, d.Q)
					}
				}
				if k > 0 && (d.ChanceFull < f.Days[k-1].ChanceFull || d.Day <= f.Days[k-1].Day) {
					t.Errorf("%s: %+v after %+v", f.Container, d, f.Days[k-1])
				}
			}
			growth[f.Container] = float64(f.Days[3].Q[3] - f.Days[0].Q[3])
			return nil
		})
		if err != nil || len(growth) != containerCount {
			t.Fatalf("%d forecasts, %v", len(growth), err)
		}
		for spoiled, twin := range map[string]string{"C00": "C08", "C01": "C09", "C02": "C10"} {
			if ratio := growth[spoiled] / growth[twin]; ratio < 0.85 || ratio > 1.15 {
				t.Errorf("%s grows %.2f times as fast as %s, which fills alike and is sound", spoiled, ratio, twin)
			}
		}
	})
}
