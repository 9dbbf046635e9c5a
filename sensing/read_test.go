package sensing_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestADayIsTwoIndexDescentsAndTheDaysRows(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 20)
		var rows []sensing.Reading
		for i := range 500 {
			for k := range 20 {
				rows = append(rows, sensing.Reading{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", k+1), Time: noon.Add(-time.Duration(i) * time.Hour), Value: 0.5})
			}
		}
		if _, err := c.Import(context.Background(), sensing.Batch{Import: "a", Rows: rows, Last: true}); err != nil {
			t.Fatal(err)
		}
		if err := db.Tx(context.Background(), func(tx *store.Tx) error { _, err := tx.Exec(`ANALYZE`); return err }); err != nil {
			t.Fatal(err)
		}
		for _, query := range sensing.DayQueries() {
			plan := storetest.Explain(t, db, query.SQL, query.Args...)
			wanted, refused := "SEARCH", []string{"SCAN", "TEMP B-TREE"}
			if db.Dialect() == store.Postgres {
				wanted, refused = "Index", []string{"Seq Scan on observation", "Sort"}
			}
			if !strings.Contains(plan, wanted) {
				t.Errorf("%s\n%s: no %s", query.SQL, plan, wanted)
			}
			for _, word := range refused {
				if strings.Contains(plan, word) {
					t.Errorf("%s\n%s: %s", query.SQL, plan, word)
				}
			}
		}
	})
}

func TestHistoriesOfAllContainersComeOneAfterTheOtherInOrderOfTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 3)
		ctx := context.Background()
		if _, err := c.Import(ctx, sensing.Batch{Import: "a", Rows: file(5000), Last: true}); err != nil {
			t.Fatal(err)
		}
		changed := c.observe(t, sensing.Reading{DatastreamKey: "FIL-003-R/fill", Time: noon, Value: 0.5}, sensing.Reading{DatastreamKey: "FIL-003-R/fill", Time: noon, Result: []byte(`"broken"`)})
		if err := c.Change(ctx, changed[0].ID, func(o *sensing.Observation) error { o.Value = 0.75; return nil }); err != nil {
			t.Fatal(err)
		}
		var before sensing.Stream
		var last time.Time
		seen := map[string]int{}
		if err := c.RangeMany(ctx, "container", "fill", noon.AddDate(-1, 0, 0), noon.Add(time.Second), func(d sensing.Stream, at time.Time, value float64) error {
			if d == before && at.Before(last) {
				t.Fatalf("%v after %v", at, last)
			}
			if d != before && seen[d.Key] > 0 {
				t.Fatalf("%s comes twice", d.Key)
			}
			if want := map[bool]float64{true: 0.75, false: 0.5}[d.Key == "FIL-003-R/fill"]; value != want {
				t.Fatalf("%s %g", d.Key, value)
			}
			before, last = d, at
			seen[d.Key]++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if seen["FIL-001-R/fill"] != 5000 || seen["FIL-002-R/fill"] != 5000 || seen["FIL-003-R/fill"] != 1 {
			t.Errorf("seen %v", seen)
		}
		none := 0
		if err := c.RangeMany(ctx, "bridge", "fill", noon.AddDate(-1, 0, 0), noon, func(sensing.Stream, time.Time, float64) error { none++; return nil }); err != nil || none != 0 {
			t.Errorf("bridges: %d, %v", none, err)
		}
	})
}

func TestThingsAreRegisteredOnceAndMovedWithTheirHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		ctx := context.Background()
		specs := containers(300)
		want := func(e sensing.Ensured, err error, created, changed, same int) {
			t.Helper()
			if err != nil || e != (sensing.Ensured{Created: created, Changed: changed, Same: same}) {
				t.Fatalf("got %+v, %v", e, err)
			}
		}
		e, err := c.EnsureThings(ctx, specs)
		want(e, err, 300, 0, 0)
		e, err = c.EnsureThings(ctx, specs)
		want(e, err, 0, 0, 300)
		old := c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5})[0]
		specs[0].Location.Point[0] += 0.001
		specs[1].Datastreams[0].High = ptr(1)
		specs[2].Name = "Glas bij de Brug"
		e, err = c.EnsureThings(ctx, specs)
		want(e, err, 0, 3, 297)
		moved := c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5}, sensing.Reading{DatastreamKey: "FIL-002-R/fill", Time: noon, Value: 1.2})
		if moved[1].Err == nil {
			t.Error("the plausible range was not changed")
		}
		x, err1 := c.Observation(ctx, old.ID)
		y, err2 := c.Observation(ctx, moved[0].ID)
		if err1 != nil || err2 != nil || x.Feature == y.Feature || x.Feature == 0 || y.Feature == 0 {
			t.Errorf("features of interest %d and %d, %v %v", x.Feature, y.Feature, err1, err2)
		}
		var history int
		if err := db.Read().QueryRow(`SELECT count(*) FROM historical_location`).Scan(&history); err != nil || history != 301 {
			t.Errorf("%d historical locations, %v", history, err)
		}
		thing, err := c.ThingByKey(ctx, "FIL-001-R")
		if err != nil || thing.Point != specs[0].Location.Point || thing.Kind != "container" {
			t.Errorf("thing %+v, %v", thing, err)
		}
		found, err := c.Things(ctx, sensing.ThingFilter{Text: "brug GLAS", Kind: "container", District: "WK003401"})
		if err != nil || len(found) != 1 || found[0].Key != "FIL-003-R" {
			t.Errorf("found %+v, %v", found, err)
		}
		page, err := c.Things(ctx, sensing.ThingFilter{After: found[0].ID, Limit: 7})
		if err != nil || len(page) != 7 || page[0].Key != "FIL-004-R" {
			t.Errorf("page %+v, %v", page, err)
		}
		if none, err := c.Things(ctx, sensing.ThingFilter{Text: "100%"}); err != nil || len(none) != 0 {
			t.Errorf("%d things for a percent sign, %v", len(none), err)
		}
		specs[5].Key = specs[4].Key
		if _, err := c.EnsureThings(ctx, specs); err == nil {
			t.Error("a key was accepted twice")
		}
		specs[5].Key = "a\x00b"
		if _, err := c.EnsureThings(ctx, specs); err == nil || strings.Contains(err.Error(), "\x00") {
			t.Errorf("U+0000: %v", err)
		}
	})
}
