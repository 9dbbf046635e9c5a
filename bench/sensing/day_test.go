package sensing_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"modernc.org/sqlite"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

var most = flag.Int("rows", 10_000_000, "observations that BenchmarkDay fills")

const (
	every   = 15 * time.Minute // between two readings of a datastream
	perDay  = int(24 * time.Hour / every)
	batch   = 50_000
	reads   = 2000 // measured at each size
	dayKey  = "C-%04d/fill"
	warming = 200 // reads before what is measured
)

// began is when the first reading was taken.
var began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BenchmarkDay fills the database by the bulk door, as the sensors' clocks would (all
// datastreams side by side), and reads days of single datastreams at a hundredth,
// a tenth and all of it. What a day costs may not grow with what else is there.
func BenchmarkDay(b *testing.B) {
	for _, database := range []struct {
		name string
		dsn  func(b *testing.B) string
	}{
		{"sqlite", func(b *testing.B) string { return "sqlite:" + b.TempDir() + "/polder.db" }},
		{"postgres", func(b *testing.B) string { return storetest.DurablePostgresDSN(b) }},
	} {
		b.Run(database.name, func(b *testing.B) {
			dsn := database.dsn(b)
			filled := 0
			for _, size := range []int{*most / 100, *most / 10, *most} {
				fill(b, dsn, filled, size)
				filled = size
				b.Run(fmt.Sprintf("%d rows", size), func(b *testing.B) { readDays(b, dsn, size) })
			}
		})
	}
}

// fill imports the rows from (included) to to (not) of one long file. It leaves a closed
// database: SQLite has then copied its write-ahead log, and PostgreSQL knows its tables.
func fill(b *testing.B, dsn string, from, to int) {
	b.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, dsn, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	s := sensing.New(db, bus.New(), clock.New(began.AddDate(1, 0, 0), 0), sensing.Options{})
	if from == 0 {
		ensure(b, s)
	}
	start := time.Now()
	rows := make([]sensing.Reading, 0, batch)
	for i := from; i < to; i++ {
		rows = append(rows, sensing.Reading{
			DatastreamKey: fmt.Sprintf(dayKey, i%datastreams), Time: began.Add(time.Duration(i/datastreams) * every), Value: float64(i%100) / 100,
		})
		if len(rows) == batch || i == to-1 {
			if _, err := s.Import(ctx, sensing.Batch{Import: "file", From: int64(i + 1 - len(rows)), Rows: rows}); err != nil {
				b.Fatal(err)
			}
			rows = rows[:0]
		}
	}
	b.Logf("%d rows filled, %.0f a second", to-from, float64(to-from)/time.Since(start).Seconds())
	if err := db.Tx(ctx, func(tx *store.Tx) error { _, err := tx.Exec(`ANALYZE`); return err }); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
}

// readDays reads days of datastreams at random through a connection of its own, and tells what one costs.
func readDays(b *testing.B, dsn string, size int) {
	ctx := context.Background()
	own, err := store.Open(ctx, dsn, store.Options{ReadConns: 1})
	if err != nil {
		b.Fatal(err)
	}
	s := sensing.New(own, bus.New(), clock.New(began, 0), sensing.Options{})
	ids := make([]int64, datastreams)
	for i := range ids {
		d, err := s.DatastreamByKey(ctx, fmt.Sprintf(dayKey, i))
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = d.ID
	}
	days := max(1, size/datastreams/perDay)
	random := rand.New(rand.NewPCG(1, 2))
	rows := 0
	read := func() {
		day := began.AddDate(0, 0, random.IntN(days))
		if err := s.Range(ctx, ids[random.IntN(datastreams)], day, day.AddDate(0, 0, 1), func(sensing.Observation) error { rows++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	for range warming {
		read()
	}
	rows = 0
	b.ResetTimer()
	start := time.Now()
	for range reads {
		read()
	}
	took := time.Since(start)
	b.StopTimer()
	counters := buffersOfPostgres
	if own.Dialect() == store.SQLite {
		counters = pagesOfSQLite
		if _, err := own.Read().Exec(`PRAGMA mmap_size = 0`); err != nil { // SQLite counts no pages that it has mapped
			b.Fatal(err)
		}
	}
	before := counters(b, own)
	for range reads {
		read()
	}
	after := counters(b, own)
	rows /= 2
	dialect := own.Dialect()
	if err := own.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took.Microseconds())/reads, "µs/day")
	b.ReportMetric(float64(rows)/reads, "rows/day")
	b.ReportMetric(float64(after.pages-before.pages)/reads, "pages/day")
	if dialect == store.Postgres {
		b.ReportMetric(float64(after.descents-before.descents)/reads, "descents/day")
		if n := after.scans - before.scans; n > 0 {
			b.Errorf("%d whole tables were read", n)
		}
	}
}

// cost is what was asked of the database so far.
type cost struct {
	pages    int64 // of tables and indexes, from memory or disk
	descents int64 // of indexes
	scans    int64 // of whole tables
}

// pagesOfSQLite asks the one reader's connection, which has every page from its cache or the file.
func pagesOfSQLite(b *testing.B, db *store.DB) (c cost) {
	b.Helper()
	conn, err := db.Read().Conn(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if err := conn.Raw(func(driver any) error {
		for _, op := range []sqlite.DBStatusOp{sqlite.DBStatusCacheHit, sqlite.DBStatusCacheMiss} {
			n, _, err := driver.(sqlite.DBStatus).Status(op, false)
			if err != nil {
				return err
			}
			c.pages += int64(n)
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	return c
}

// buffersOfPostgres sums the statistics of the two tables that a day is read from.
func buffersOfPostgres(b *testing.B, db *store.DB) (c cost) {
	b.Helper()
	if _, err := db.Read().Exec(`SELECT pg_stat_force_next_flush()`); err != nil {
		b.Fatal(err)
	}
	err := db.Read().QueryRow(`SELECT sum(i.heap_blks_hit + i.heap_blks_read + i.idx_blks_hit + i.idx_blks_read), sum(t.idx_scan), sum(t.seq_scan)
		FROM pg_statio_user_tables i JOIN pg_stat_user_tables t USING (relid) WHERE i.relname IN ('observation', 'series')`).Scan(&c.pages, &c.descents, &c.scans)
	if err != nil {
		b.Fatal(err)
	}
	return c
}
