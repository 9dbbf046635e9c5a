package sta_test

import (
	"strings"
	"testing"
	"time"

	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/store"
	"polder.city/store/storetest"
)

// TestNoListReadsAllHistory explains what lists of observations ask: none scans
// or sorts all of them to answer with a page.
func TestNoListReadsAllHistory(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		var readings []sensing.Reading
		for i := 1; i <= 20; i++ {
			s.must(t, 201, "POST", "/v1.1/Things", container(i))
		}
		for i := range 20_000 {
			readings = append(readings, sensing.Reading{Datastream: int64(i%20 + 1), Time: noon.Add(-time.Duration(i) * time.Minute), Value: 1})
		}
		results, err := s.store.Observe(t.Context(), readings)
		if err != nil {
			t.Fatal(err)
		}
		plans := func(when string) {
			for _, target := range []string{
				"Datastreams(3)/Observations",
				"Datastreams(3)/Observations?$orderby=phenomenonTime%20desc&$top=1",
				"Datastreams(3)/Observations?$orderby=phenomenonTime%20desc&$top=1&$skiptoken=WzE3OTU1MTQ0MDAxMjM0NTYsMF0",
				"Datastreams(3)/Observations?$filter=phenomenonTime%20ge%202026-11-23T00:00:00Z%20and%20phenomenonTime%20lt%202026-11-24T00:00:00Z",
				"Observations?$top=10",
				"Observations?$top=10&$skiptoken=WzMsMTc5NTUxNDQwMDEyMzQ1NiwwXQ",
			} {
				question, args, err := s.Handler.(*sta.API).Question(t.Context(), target)
				if err != nil {
					t.Fatal(err)
				}
				plan := storetest.Explain(t, db, question, args...)
				for _, word := range []string{"TEMP B-TREE", "SCAN es", "Seq Scan on observation e", "->  Sort", "Seq Scan on observation o"} {
					if strings.Contains(plan, word) {
						t.Errorf("%s, %s: %s in\n%s", when, target, word, plan)
					}
				}
			}
		}
		if err := db.Tx(t.Context(), func(tx *store.Tx) error { _, err := tx.Exec(`ANALYZE`); return err }); err != nil {
			t.Fatal(err)
		}
		plans("as stored")
		if err := s.store.Remove(t.Context(), results[2].ID); err != nil {
			t.Fatal(err)
		}
		if db.Dialect() == store.SQLite { // PostgreSQL weighs the overlay by its size, and may well sort a page of it
			plans("with an overlay")
		}
	})
}
