// Package sensing_test measures how many observations a second the whole way from an
// HTTP request to a durable row takes, beside the plainest server that could do it.
package sensing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/account"
	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/store"
	"polder.city/store/storetest"
)

const (
	clients     = 32
	datastreams = 1000
	measured    = 5 * time.Second // per case
)

// keys lets importers write, as the binary's own door does.
type keys struct{ *account.Accounts }

func (k keys) MayWrite(r *http.Request, _ string) error {
	_, _, err := k.ByKey(r.Context(), r.Header.Get("Authorization")[len("Bearer "):])
	return err
}

// server is something that takes observations, and what a client must know of it.
type server struct {
	http.Handler
	path func(size int) string
	body func(client, n, size int) []byte
	key  string
	rows func(b *testing.B) int64
	// commits counts transactions since the start; nil where every request is one.
	commits func(b *testing.B) int64
}

// polder is SensorThings over the real store: key, checks, group commit, fsync.
func polder(b *testing.B, db *store.DB) server {
	b.Helper()
	c := clock.Real()
	observations := sensing.New(db, bus.New(), c, sensing.Options{})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = observations.Run(ctx) })
	b.Cleanup(func() { stop(); done.Wait() })
	accounts, err := account.New(db, c, account.Options{CheapPasswords: true})
	if err != nil {
		b.Fatal(err)
	}
	key, err := accounts.NewKey(ctx, "bench", account.Importer, "bench")
	if err != nil {
		b.Fatal(err)
	}
	ensure(b, observations)
	ids := make([]int64, datastreams)
	for i := range ids {
		d, err := observations.DatastreamByKey(ctx, fmt.Sprintf("C-%04d/fill", i))
		if err != nil {
			b.Fatal(err)
		}
		ids[i] = d.ID
	}
	now := time.Now().UTC().Add(-time.Hour)
	return server{
		Handler: sta.New(db, observations, keys{accounts}, c, sta.Options{}),
		key:     key,
		path: func(size int) string {
			if size == 1 {
				return "/v1.1/Observations"
			}
			return "/v1.1/CreateObservations"
		},
		body: func(client, n, size int) []byte {
			id := ids[(client*31+n)%datastreams]
			if size == 1 {
				return fmt.Appendf(nil, `{"phenomenonTime":%q,"result":0.%02d,"Datastream":{"@iot.id":%d}}`, now.Add(time.Duration(n)*time.Millisecond).Format(time.RFC3339Nano), n%100, id)
			}
			var rows bytes.Buffer
			for i := range size {
				if i > 0 {
					rows.WriteByte(',')
				}
				fmt.Fprintf(&rows, `[%q,0.%02d]`, now.Add(time.Duration(n*size+i)*time.Millisecond).Format(time.RFC3339Nano), i%100)
			}
			return fmt.Appendf(nil, `[{"Datastream":{"@iot.id":%d},"components":["phenomenonTime","result"],"dataArray":[%s]}]`, id, rows.Bytes())
		},
		rows: func(b *testing.B) int64 {
			totals, err := observations.Totals(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			return totals.Stored
		},
		commits: func(b *testing.B) int64 {
			totals, err := observations.Totals(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			return totals.Commits
		},
	}
}

// ensure registers the containers, each with one datastream.
func ensure(b *testing.B, s *sensing.Store) {
	b.Helper()
	specs := make([]sensing.ThingSpec, datastreams)
	for i := range specs {
		id := fmt.Sprintf("C-%04d", i)
		specs[i] = sensing.ThingSpec{
			Key: id, Kind: "container", Name: id, Description: "Container", Location: sensing.LocationSpec{Name: id, Point: orb.Point{5.2, 52.4}},
			Datastreams: []sensing.DatastreamSpec{{
				Key: id + "/fill", Kind: "fill", Name: "Fill", Unit: sensing.Unit{Name: "fraction", Symbol: "1", Definition: "http://qudt.org/vocab/unit/FRACTION"},
				ObservedProperty: sensing.PropertySpec{Name: "fill", Definition: "http://qudt.org/vocab/quantitykind/DimensionlessRatio"},
				Sensor:           sensing.SensorSpec{Name: "sensor", Description: "Sensor", Metadata: "none"},
			}},
		}
	}
	if _, err := s.EnsureThings(context.Background(), specs); err != nil {
		b.Fatal(err)
	}
}

// reading is what the naive server takes.
type reading struct {
	Datastream int64   `json:"d"`
	Time       int64   `json:"t"`
	Value      float64 `json:"v"`
}

// naive is the peer: a handler that inserts what a request brings in a transaction of
// its own, into a table with an id and an index on (datastream, time). It checks
// nothing, knows no key and speaks no standard; its commits are as durable as Polder's.
func naive(b *testing.B, db *store.DB) server {
	b.Helper()
	ctx := context.Background()
	id := "INTEGER PRIMARY KEY"
	if db.Dialect() == store.Postgres {
		id = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
	}
	err := db.Tx(ctx, func(tx *store.Tx) error {
		for _, sql := range []string{
			`CREATE TABLE naive (id ` + id + `, datastream BIGINT NOT NULL, time BIGINT NOT NULL, value DOUBLE PRECISION NOT NULL)`,
			`CREATE INDEX naive_time ON naive (datastream, time)`,
		} {
			if _, err := tx.ExecContext(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().UnixMicro()
	return server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var readings []reading
			err := json.NewDecoder(r.Body).Decode(&readings)
			if err == nil {
				err = db.Tx(r.Context(), func(tx *store.Tx) error {
					for _, x := range readings {
						if _, err := tx.ExecContext(r.Context(), `INSERT INTO naive (datastream, time, value) VALUES ($1, $2, $3)`, x.Datastream, x.Time, x.Value); err != nil {
							return err
						}
					}
					return nil
				})
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusCreated)
		}),
		path: func(int) string { return "/" },
		body: func(client, n, size int) []byte {
			readings := make([]reading, size)
			for i := range readings {
				readings[i] = reading{int64((client*31+n)%datastreams + 1), now + int64(n*size+i)*1000, float64(i%100) / 100}
			}
			body, err := json.Marshal(readings)
			if err != nil {
				b.Fatal(err)
			}
			return body
		},
		rows: func(b *testing.B) (n int64) {
			if err := db.Read().QueryRow(`SELECT count(*) FROM naive`).Scan(&n); err != nil {
				b.Fatal(err)
			}
			return n
		},
	}
}

func BenchmarkHTTP(b *testing.B) {
	databases := []struct {
		name string
		open func(b *testing.B) *store.DB
	}{
		{"sqlite", func(b *testing.B) *store.DB { return storetest.Open(b, "sqlite:"+b.TempDir()+"/polder.db") }},
		{"postgres", func(b *testing.B) *store.DB { return storetest.Open(b, storetest.DurablePostgresDSN(b)) }},
	}
	servers := []struct {
		name string
		make func(b *testing.B, db *store.DB) server
	}{{"polder", polder}, {"naive", naive}}
	for _, database := range databases {
		for _, size := range []int{1, 100} {
			for _, s := range servers {
				b.Run(fmt.Sprintf("%s/array of %d/%s", database.name, size, s.name), func(b *testing.B) {
					db := database.open(b)
					measure(b, db, s.make(b, db), size)
				})
			}
		}
	}
}

// measure lets 32 clients post as fast as they are answered, and counts what is stored.
func measure(b *testing.B, db *store.DB, s server, size int) {
	web := httptest.NewServer(s)
	defer web.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	before, bytesBefore := s.rows(b), pages(b, db)
	var failed atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	end := time.Now().Add(measured)
	for who := range clients {
		wg.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				request, err := http.NewRequest(http.MethodPost, web.URL+s.path(size), bytes.NewReader(s.body(who, n, size)))
				if err != nil {
					b.Error(err)
					return
				}
				request.Header.Set("Authorization", "Bearer "+s.key)
				answer, err := client.Do(request)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
				if answer.StatusCode != http.StatusCreated {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	stored := s.rows(b) - before
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "obs/s")
	b.ReportMetric(float64(pages(b, db)-bytesBefore)/float64(max(stored, 1)), "bytes/obs")
	if s.commits != nil {
		b.ReportMetric(float64(stored)/float64(max(s.commits(b), 1)), "obs/commit")
	}
	b.ReportMetric(0, "ns/op")
	if n := failed.Load(); n > 0 {
		b.Errorf("%d requests were refused", n)
	}
}

// pages returns the size of the database's pages in bytes.
func pages(b *testing.B, db *store.DB) (size int64) {
	query := `SELECT pg_database_size(current_database())`
	if db.Dialect() == store.SQLite {
		query = `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	}
	if err := db.Read().QueryRow(query).Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}
