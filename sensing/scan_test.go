package sensing_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// PostgreSQL counts the scans of each table. A group that reads the table of series
// whole costs more with every sensor that the city gets.
func TestAGroupReadsNoTableWhole(t *testing.T) {
	const streams, groups, readings = 1000, 20, 16
	ctx := context.Background()
	dsn := storetest.PostgresDSN(t)
	db := storetest.Open(t, dsn)
	scans := func() (whole, index int64) {
		t.Helper()
		if err := db.Read().QueryRow(`SELECT sum(seq_scan), sum(idx_scan) FROM pg_stat_user_tables WHERE relname IN ('series', 'datastream', 'observation')`).
			Scan(&whole, &index); err != nil {
			t.Fatal(err)
		}
		return whole, index
	}
	// with lets f use a store through connections of its own: as they end, PostgreSQL counts what they did.
	with := func(f func(db *store.DB, c *city)) {
		t.Helper()
		own, err := store.Open(ctx, dsn, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c := &city{Store: sensing.New(own, bus.New(), clock.New(noon, 0), sensing.Options{})}
		run, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- c.Run(run) }()
		f(own, c)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := own.Close(); err != nil {
			t.Error(err)
		}
		_, before := scans()
		for same := 0; same < 10; time.Sleep(20 * time.Millisecond) {
			if _, now := scans(); now == before {
				same++
			} else {
				before, same = now, 0
			}
		}
	}
	group := func(from, n int) []sensing.Reading {
		all := make([]sensing.Reading, n)
		for i := range all {
			all[i] = sensing.Reading{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", (from+i*7)%streams+1), Time: noon, Value: 0.5}
		}
		return all
	}
	with(func(db *store.DB, c *city) {
		c.ensure(t, streams)
		c.observe(t, group(0, streams)...)
		if err := db.Tx(ctx, func(tx *store.Tx) error { _, err := tx.Exec(`ANALYZE`); return err }); err != nil {
			t.Fatal(err)
		}
	})
	whole, index := scans()
	with(func(_ *store.DB, c *city) {
		for i := range groups {
			c.observe(t, group(i*31, readings)...)
		}
	})
	wholeNow, indexNow := scans()
	if wholeNow != whole {
		t.Errorf("%d groups read a table whole %d times", groups, wholeNow-whole)
	}
	if indexNow-index < groups*readings {
		t.Errorf("only %d index scans were counted: the test sees nothing", indexNow-index)
	}
}
