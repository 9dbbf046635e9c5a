package web

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/store"
	"polder.city/web/webtest"
)

// past gives the city plans in force on the working days of some weeks before this one, each beside the schedule.
func (c *testCity) past(t *testing.T, weeks int, seconds func(day int) (plan, schedule int64)) {
	t.Helper()
	err := c.db.Tx(t.Context(), func(tx *store.Tx) error {
		monday := c.d.Collection.Today().AddDate(0, 0, -1-7*weeks)
		for day := range 7 * weeks {
			if day%7 > 4 {
				continue
			}
			p, s := seconds(day)
			var document bytes.Buffer
			z := gzip.NewWriter(&document)
			err := json.NewEncoder(z).Encode(collection.Plan{
				Measures: map[string]int64{collection.MeasureSeconds: p, collection.MeasureMeters: p * 3, collection.MeasureStops: 200, collection.MeasureTrucks: 3},
				Fixed:    &collection.Comparison{Trucks: 4, Stops: 265, Seconds: s, Meters: s * 3},
			})
			if err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			_, err = tx.ExecContext(t.Context(), `INSERT INTO plan (day, version, state, cause, made_at, document) VALUES ($1, 1, 'decided', 'afternoon', 0, $2)`,
				monday.AddDate(0, 0, day).Format(time.DateOnly), document.Bytes())
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fromTo is a saving of about five hours, more on some days than on others.
func fromTo(day int) (plan, schedule int64) { return 90_000 + int64(day*7919%3600), 108_000 }

func TestTheSavingIsSaidFromEightWeeksOnAndOnlyWhenItIsSure(t *testing.T) {
	for name, test := range map[string]struct {
		weeks   int
		seconds func(int) (int64, int64)
		nl, en  []string
		not     string
	}{
		"no plans":    {0, nil, []string{"Het is te vroeg om te zeggen", "Er is nog geen dag voorbij"}, []string{"It is too early to say"}, "besparen ongeveer"},
		"seven weeks": {7, fromTo, []string{"Het is te vroeg om te zeggen", "Er zijn pas 7 weken", "Of de plannen dat terugverdienen, is te vroeg om te zeggen"}, []string{"only 7 weeks"}, "besparen ongeveer"},
		"nine weeks": {
			9, fromTo,
			[]string{"De plannen besparen ongeveer 4,4 uur per werkdag", "Waarschijnlijk tussen", "Kost een uur € 80", "minder CO2 per werkdag", "Dan blijft er", "4.000 keer hele weken", "half zo lang"},
			[]string{"The plans save about 4.4 hours per working day"},
			"te vroeg om te zeggen wat",
		},
		"two equal plans": {9, func(int) (int64, int64) { return 108_000, 108_000 }, []string{"Het is te vroeg om te zeggen", "ook nul zijn"}, []string{"may be zero"}, "besparen ongeveer"},
		"dearer plans":    {9, func(day int) (int64, int64) { s, p := fromTo(day); return p, s }, []string{"De plannen kosten ongeveer 4,4 uur per werkdag meer"}, []string{"more than the fixed schedule"}, "besparen ongeveer"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCity(t)
			if test.seconds != nil {
				c.past(t, test.weeks, test.seconds)
			}
			for path, need := range map[string][]string{"/besparing": test.nl, "/en/besparing": test.en} {
				w := get(c.Site, path)
				text := words(w.Body.String())
				if w.Code != http.StatusOK {
					t.Fatalf("%s: status %d", path, w.Code)
				}
				for _, s := range need {
					if !strings.Contains(text, s) {
						t.Errorf("%s: without %q: %s", path, s, text)
					}
				}
				for _, bad := range []string{"⟦", "NaN", "Inf", "%!", "<no value>", "0001"} {
					if strings.Contains(w.Body.String(), bad) {
						t.Errorf("%s shows %q", path, bad)
					}
				}
				if path == "/besparing" && strings.Contains(text, test.not) {
					t.Errorf("it says %q: %s", test.not, text)
				}
			}
			rows, err := csv.NewReader(get(c.Site, "/besparing/dagen.csv").Body).ReadAll()
			if err != nil || len(rows) != 1+5*test.weeks {
				t.Errorf("%d rows of days, %v", len(rows), err)
			}
		})
	}
}

func TestTheSavingCanBeFoundAndItsFiguresOpened(t *testing.T) {
	c := newCity(t)
	c.past(t, 9, fromTo)
	for _, path := range []string{"/", "/plannen", "/plannen/2026-11-25"} {
		if !strings.Contains(get(c.Site, path).Body.String(), `href="/besparing"`) {
			t.Errorf("%s has no door to the saving", path)
		}
	}
	body := get(c.Site, "/besparing").Body.String()
	if n := strings.Count(body, `href="/besparing/dagen.csv" download`); n != 5 { // of four figures, and in the list
		t.Errorf("the data can be had in %d places", n)
	}
	if !strings.Contains(words(body), "Te volle containerdagen per wijk") {
		t.Error("no districts")
	}
	rows, err := csv.NewReader(get(c.Site, "/besparing/wijken.csv").Body).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][4] != "30" || rows[1][2] != "2026-09-29" || rows[1][3] != "2026-11-23" {
		t.Errorf("districts %v, %v", rows, err)
	}
}

func TestThePageOfTheSavingKeepsTheRulesOfAccessibility(t *testing.T) {
	c := newCity(t)
	ctx := webtest.Browser(t)
	lookIn(t, ctx, c.Site, webtest.Views()[1:3], "/besparing")
	c.past(t, 12, fromTo)
	lookIn(t, ctx, c.Site, webtest.Views(), "/besparing")
}
