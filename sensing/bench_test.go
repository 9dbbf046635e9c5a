package sensing_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

var benchRows = flag.Int("rows", 200_000, "observations that the benchmarks build")

func eachBench(b *testing.B, run func(b *testing.B, db *store.DB)) {
	b.Run("sqlite", func(b *testing.B) { run(b, storetest.Open(b, "sqlite:"+b.TempDir()+"/polder.db")) })
	b.Run("postgres", func(b *testing.B) { run(b, storetest.Open(b, storetest.PostgresDSN(b))) })
}

// fill imports n hourly readings of 1,000 containers, as a CSV file in order of time has them.
func fill(b *testing.B, c *city, n int) {
	b.Helper()
	const things, batch = 1000, 20_000
	c.ensure(b, things)
	keys := make([]string, things)
	for i := range keys {
		keys[i] = fmt.Sprintf("FIL-%03d-R/fill", i+1)
	}
	start := noon.Add(-time.Duration(n/things+1) * time.Hour)
	random := rand.New(rand.NewPCG(1, 2))
	rows := make([]sensing.Reading, 0, batch)
	for i := range n {
		rows = append(rows, sensing.Reading{
			DatastreamKey: keys[i%things], Time: start.Add(time.Duration(i/things)*time.Hour + time.Duration(random.IntN(3600_000))*time.Millisecond),
			Value: float64(random.IntN(100)) / 100,
		})
		if len(rows) == batch || i == n-1 {
			if _, err := c.Import(context.Background(), sensing.Batch{Import: "file", From: int64(i + 1 - len(rows)), Rows: rows, Last: i == n-1}); err != nil {
				b.Fatal(err)
			}
			rows = rows[:0]
		}
	}
}

// pages returns the bytes of the database's pages, as they are once SQLite's write-ahead log is copied.
func pages(b *testing.B, db *store.DB) (size int64) {
	b.Helper()
	query := `SELECT pg_database_size(current_database())`
	if db.Dialect() == store.SQLite {
		query = `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	}
	if err := db.Read().QueryRow(query).Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}

func BenchmarkImport(b *testing.B) {
	eachBench(b, func(b *testing.B, db *store.DB) {
		c := start(b, db)
		c.ensure(b, 1000)
		before := pages(b, db)
		for b.Loop() {
			fill(b, c, *benchRows)
			b.StopTimer()
			b.ReportMetric(float64(pages(b, db)-before)/float64(*benchRows), "bytes/row")
			if b.N > 1 {
				if _, err := c.Undo(context.Background(), "file"); err != nil {
					b.Fatal(err)
				}
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(*benchRows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func BenchmarkObserve(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("array of %d, 32 clients", size), func(b *testing.B) {
			eachBench(b, func(b *testing.B, db *store.DB) {
				c := start(b, db)
				c.ensure(b, 1000)
				b.ResetTimer()
				n := 0
				for range b.N {
					var wg sync.WaitGroup
					for worker := range 32 {
						wg.Go(func() {
							for i := range max(1, 6400/size/32) {
								readings := make([]sensing.Reading, size)
								for k := range readings {
									readings[k] = sensing.Reading{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", (worker*31+i*7+k)%1000+1), Time: noon.Add(-time.Duration(i) * time.Second), Value: 0.5}
								}
								if _, err := c.Observe(context.Background(), readings); err != nil {
									b.Error(err)
								}
							}
						})
					}
					wg.Wait()
					n += 32 * max(1, 6400/size/32) * size
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "obs/s")
				totals, err := c.Totals(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(n)/float64(totals.Commits), "obs/commit")
			})
		})
	}
}

func BenchmarkRead(b *testing.B) {
	eachBench(b, func(b *testing.B, db *store.DB) {
		c := start(b, db)
		fill(b, c, *benchRows)
		d := c.datastream(b, "FIL-500-R/fill")
		b.Run("a day of one", func(b *testing.B) {
			for b.Loop() {
				if err := c.Range(context.Background(), d.ID, noon.AddDate(0, 0, -2), noon.AddDate(0, 0, -1), func(sensing.Observation) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("all of all", func(b *testing.B) {
			n := 0
			for b.Loop() {
				if err := c.RangeMany(context.Background(), "container", "fill", noon.AddDate(-20, 0, 0), noon, func(sensing.Stream, time.Time, float64) error { n++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
		b.Run("latest of 1,000", func(b *testing.B) {
			for b.Loop() {
				if _, err := c.LatestOf(context.Background(), "container", "fill"); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func FuzzReading(f *testing.F) {
	for _, seed := range []string{`1`, `"a"`, `{"a":[1,null]}`, `1e999`, `9007199254740993`, `-`, `"\u0000"`, `"\\u0000"`, ``, ` 5 `} {
		f.Add([]byte(seed), []byte(`{}`))
	}
	db := storetest.Open(f, "sqlite:"+f.TempDir()+"/polder.db")
	c := start(f, db)
	c.ensure(f, 1)
	f.Fuzz(func(t *testing.T, result, parameters []byte) {
		r := c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Result: append(json.RawMessage{}, result...), Parameters: append(json.RawMessage{}, parameters...)})[0]
		if r.Err != nil {
			return
		}
		o, err := c.Observation(context.Background(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		if o.Result != nil && (!json.Valid(o.Result) || sensing.HasNUL(o.Result)) {
			t.Fatalf("stored %q", o.Result)
		}
	})
}
