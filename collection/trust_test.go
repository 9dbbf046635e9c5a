package collection_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// crewRows are emptyings every seven days at eight hours that find a fill, the last one at monday.
func crewRows(id string, weeks int, found float64) (rows []sensing.Reading) {
	for week := range weeks {
		rows = append(rows, sensing.Reading{
			DatastreamKey: collection.SeriesKey(id, collection.EmptyingKind), Time: monday.AddDate(0, 0, -7*week).Add(-time.Hour), Value: found,
		})
	}
	return rows
}

func reportRow(id string, at time.Time) sensing.Reading {
	return sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.ReportKind), Time: at, Value: 1}
}

// bare is a planner whose containers were observed by nothing but rows.
func bare(t *testing.T, db *store.DB, rows []sensing.Reading) *planner {
	t.Helper()
	p := newPlanner(t, db, nil)
	if _, err := p.Sensing().Undo(t.Context(), "fixture"); err != nil {
		t.Fatal(err)
	}
	done, err := p.Sensing().Import(t.Context(), sensing.Batch{Import: "crew", Name: "crew", Rows: rows, Last: true})
	if err != nil || len(done.Rejected) > 0 {
		t.Fatal(done, err)
	}
	return p
}

func TestAReportIsRightWhenTheNextEmptyingSaysThatItWasFull(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rows := append(crewRows("C01", 4, 1.2), crewRows("C02", 4, 0.5)...)
		last := monday.Add(-time.Hour)
		rows = append(rows,
			reportRow("C01", last.AddDate(0, 0, -1)),                     // at 6/7 of the way to 120 %: over 100 %
			reportRow("C01", last.AddDate(0, 0, -1).Add(2*time.Hour)),    // a neighbour sees the same
			reportRow("C01", last.AddDate(0, 0, -5)),                     // at 2/7: 34 %
			reportRow("C02", last.Add(-time.Hour)),                       // at 50 %
			reportRow("C02", last.Add(time.Minute)),                      // nothing has answered it yet
			reportRow("C03", last.AddDate(0, 0, -3)),                     // never emptied
			reportRow("C01", monday.AddDate(0, 0, -7*8).Add(-time.Hour)), // too long ago
		)
		p := bare(t, db, rows)
		trust, err := p.Trust(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := trust.All
		if all.Containers != containerCount || all.Reports != 5 || all.Right != 1 || all.Wrong != 2 {
			t.Errorf("%+v, want 5 reports, 1 right, 2 wrong", all)
		}
		// 120 % after seven days: a quarter of the time over 90 %.
		if math.Abs(all.FullDays-3*7*0.25) > 1e-6 || math.Abs(all.OtherDays-(3*7*0.75+3*7)) > 1e-6 {
			t.Errorf("%.3f full and %.3f other container-days", all.FullDays, all.OtherDays)
		}
		rate, low, high := all.ErrorRate()
		if !(low < rate && rate < high) || math.Abs(rate-2.5/4) > 1e-9 {
			t.Errorf("error rate %.3f, from %.3f to %.3f", rate, low, high)
		}
		sum := collection.Reporting{}
		for _, d := range trust.Districts {
			sum.Reports, sum.Right, sum.Wrong = sum.Reports+d.Reports, sum.Right+d.Right, sum.Wrong+d.Wrong
		}
		if sum.Reports != all.Reports || sum.Right != all.Right || sum.Wrong != all.Wrong {
			t.Errorf("the districts' counts %+v are not the city's %+v", sum, all)
		}
	})
}

// The same report on the same container, in a city whose reports were right and in one whose reports were not.
func TestThePlansForecastBelievesReportsAsMuchAsTheyWereRight(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rows := func(before time.Duration) (rows []sensing.Reading) {
			for i := range containerCount {
				id := fmt.Sprintf("C%02d", i)
				for week := range 7 {
					emptied := monday.AddDate(0, 0, -10-7*week)
					rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.EmptyingKind), Time: emptied, Value: 1.1})
					if week < 6 {
						rows = append(rows, reportRow(id, emptied.Add(-before)))
					}
				}
			}
			return append(rows, reportRow("C05", monday.Add(-2*time.Hour)))
		}
		expected := func(p *planner) (reported, other int64) {
			t.Helper()
			if _, err := p.Preview(t.Context(), collection.Request{Day: p.tuesday()}); err != nil {
				t.Fatal(err)
			}
			err := p.Forecasts(t.Context(), func(f collection.FillForecast) error {
				switch f.Container {
				case "C05":
					reported = f.Days[0].Q[3]
				case "C13": // fills as C05 does
					other = f.Days[0].Q[3]
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return reported, other
		}
		p := bare(t, db, rows(12*time.Hour))
		right, silent := expected(p)
		if _, err := p.Sensing().Undo(t.Context(), "crew"); err != nil {
			t.Fatal(err)
		}
		done, err := p.Sensing().Import(t.Context(), sensing.Batch{Import: "careless", Name: "careless", Rows: rows(4 * 24 * time.Hour), Last: true})
		if err != nil || len(done.Rejected) > 0 {
			t.Fatal(done, err)
		}
		wrong, _ := expected(p)
		if right < silent+50_000 || wrong > right-50_000 {
			t.Errorf("a report is expected to mean %d ppm where reports were right, %d where they were wrong; without one %d", right, wrong, silent)
		}
	})
}
