package sensing_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestAReadingIsStoredAndFoundAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 2)
		ctx := t.Context()
		heard := bus.Subscribe(ctx, c.bus, sensing.Observed, 4)
		at := noon.Add(-time.Hour)
		results := c.observe(
			t,
			sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: at, Value: 0.25},
			sensing.Reading{
				DatastreamKey: "FIL-002-R/fill", Time: at, End: at.Add(time.Minute), ResultTime: noon, ValidFrom: at, ValidTo: noon,
				Result: json.RawMessage(`"broken"`), Quality: json.RawMessage(`{"a":1}`), Parameters: json.RawMessage(`{"battery":3.6}`),
			},
			sensing.Reading{DatastreamKey: "FIL-001-R/fill", Result: json.RawMessage(`0.5`)},
		)
		for i, r := range results {
			if r.Err != nil || r.ID <= 0 || r.ID >= 1<<53 {
				t.Fatalf("reading %d: %+v", i, r)
			}
		}
		o, err := c.Observation(ctx, results[1].ID)
		if err != nil {
			t.Fatal(err)
		}
		if string(o.Result) != `"broken"` || string(o.Parameters) != `{"battery":3.6}` || !o.End.Equal(at.Add(time.Minute)) || !o.ValidTo.Equal(noon) || o.Feature == 0 {
			t.Errorf("got %+v", o)
		}
		latest, err := c.Latest(ctx, "FIL-001-R/fill", "FIL-002-R/fill", "nobody")
		if err != nil || len(latest) != 2 || latest["FIL-001-R/fill"].Value != 0.5 || !latest["FIL-001-R/fill"].Time.Equal(noon) {
			t.Errorf("latest %+v, %v", latest, err)
		}
		m, err := heard.Next(ctx)
		if err != nil || len(m.Body) != 3 || m.Body[0].Value != 0.25 {
			t.Errorf("heard %+v, %v", m, err)
		}
		d := c.datastream(t, "FIL-001-R/fill")
		if d.Count != 2 || !d.First.Equal(at) || !d.Last.Equal(noon) || d.Latest.Value != 0.5 {
			t.Errorf("datastream %+v", d)
		}
	})
}

func TestABadReadingIsRefusedWithItsReasonAndItsNeighboursAreStored(t *testing.T) {
	const fill = "FIL-001-R/fill"
	for _, test := range []struct {
		name, code string
		reading    sensing.Reading
	}{
		{"an unknown datastream", "observation.datastream", sensing.Reading{DatastreamKey: "nobody", Time: noon}},
		{"an unknown id", "observation.datastream", sensing.Reading{Datastream: 99, Time: noon}},
		{"a fill over 150 %", "observation.range", sensing.Reading{DatastreamKey: fill, Time: noon, Value: 1.51}},
		{"a fill under nothing", "observation.range", sensing.Reading{DatastreamKey: fill, Time: noon, Value: -0.01}},
		{"a time over a day ahead", "observation.time.ahead", sensing.Reading{DatastreamKey: fill, Time: noon.Add(25 * time.Hour)}},
		{"a year that cannot be written", "observation.time.range", sensing.Reading{DatastreamKey: fill, Time: noon.AddDate(-3000, 0, 0)}},
		{"an interval backwards", "observation.time.interval", sensing.Reading{DatastreamKey: fill, Time: noon, End: noon.Add(-1)}},
		{"no number", "observation.result", sensing.Reading{DatastreamKey: fill, Time: noon, Value: math.NaN()}},
		{"broken JSON", "json.invalid", sensing.Reading{DatastreamKey: fill, Time: noon, Result: json.RawMessage(`{"a"`)}},
		{"U+0000", "text.nul", sensing.Reading{DatastreamKey: fill, Time: noon, Result: json.RawMessage(`"a\u0000"`)}},
		{"parameters that are no object", "observation.parameters", sensing.Reading{DatastreamKey: fill, Time: noon, Parameters: json.RawMessage(`[1]`)}},
		{"a feature that is not there", "observation.feature", sensing.Reading{DatastreamKey: fill, Time: noon, Feature: 77}},
	} {
		t.Run(test.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				c := start(t, db)
				c.ensure(t, 1)
				good := sensing.Reading{DatastreamKey: fill, Time: noon, Value: 1.5}
				results := c.observe(t, good, test.reading, good)
				p := results[1].Err
				if p == nil || p.Code != test.code || p.Message == "" || p.Way == "" || p.Where == "" {
					t.Fatalf("got %#v", p)
				}
				if results[0].ID == 0 || results[2].ID == 0 {
					t.Fatal("a good neighbour was not stored")
				}
				totals, err := c.Totals(context.Background())
				if err != nil || totals.Received != 3 || totals.Stored != 2 || totals.Rejected[test.code] != 1 {
					t.Errorf("totals %+v, %v", totals, err)
				}
			})
		})
	}
}

func TestATimeOverTenMinutesAheadIsFlagged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 1)
		r := c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon.Add(11 * time.Minute), Value: 0.1})[0]
		if r.Err != nil || r.Flag != sensing.FlagAhead {
			t.Fatalf("got %+v", r)
		}
		o, err := c.Observation(context.Background(), r.ID)
		if err != nil || string(o.Quality) != `{"flag":"time.ahead"}` {
			t.Errorf("quality %s, %v", o.Quality, err)
		}
	})
}

func TestARedeliveryIsRecognisedByItsKeyAndNeverByItsTime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 1)
		reading := sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5, Key: "frame 17"}
		first := c.observe(t, reading, reading)
		if first[0].Repeated || !first[1].Repeated || first[0].ID != first[1].ID {
			t.Fatalf("in one call: %+v", first)
		}
		again := c.observe(t, reading)[0]
		if !again.Repeated || again.ID != first[0].ID {
			t.Fatalf("later: %+v", again)
		}
		reading.Value = 0.6
		if other := c.observe(t, reading)[0]; other.Err == nil || other.Err.Kind != problem.Conflict {
			t.Fatalf("another observation under the key: %+v", other)
		}
		reading.Key = ""
		if same := c.observe(t, reading, reading); same[0].ID == same[1].ID || same[1].Repeated {
			t.Fatalf("equal times without key: %+v", same)
		}
		untimed := sensing.Reading{DatastreamKey: "FIL-001-R/fill", Value: 0.5, Key: "no time"}
		one := c.observe(t, untimed)[0]
		c.clock.Forward(noon.Add(time.Hour))
		if two := c.observe(t, untimed)[0]; !two.Repeated || two.ID != one.ID {
			t.Fatalf("untimed redelivery: %+v", two)
		}
		b, err := c.Balances(context.Background())
		if err != nil || len(b) != 1 || b[0].Received != 8 || b[0].Stored != 4 || b[0].Rejected["observation.repeated"] != 3 || b[0].Rejected["observation.key.reused"] != 1 {
			t.Errorf("balances %+v, %v", b, err)
		}
	})
}

func TestManyCallersShareCommitsAndGetTheirOwnAnswers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 4)
		var mu sync.Mutex
		ids := map[int64]float64{}
		var wg sync.WaitGroup
		for worker := range 16 {
			wg.Go(func() {
				for i := range 40 {
					value := float64(worker*40+i) / 1000
					results, err := c.Observe(context.Background(), []sensing.Reading{{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", i%4+1), Time: noon, Value: value}})
					if err != nil || results[0].Err != nil {
						t.Errorf("%v %+v", err, results)
						return
					}
					mu.Lock()
					ids[results[0].ID] = value
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(ids) != 640 {
			t.Fatalf("%d different ids", len(ids))
		}
		for id, value := range ids {
			if o, err := c.Observation(context.Background(), id); err != nil || o.Value != value {
				t.Fatalf("observation %d: %+v, %v; want %g", id, o, err, value)
			}
		}
		totals, err := c.Totals(context.Background())
		if err != nil || totals.Commits >= 640 || totals.Waiting != 0 {
			t.Errorf("totals %+v, %v", totals, err)
		}
	})
}

func TestAFullQueueRefusesAndSaysSo(t *testing.T) {
	db := storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db")
	s := sensing.New(db, bus.New(), clock.New(noon, 0), sensing.Options{Queue: 2})
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the caller does not wait for a commit: nothing runs
	if _, err := s.Observe(ctx, make([]sensing.Reading, 2)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	_, err := s.Observe(ctx, make([]sensing.Reading, 1))
	if problem.KindOf(err) != problem.Unavailable {
		t.Fatalf("got %v", err)
	}
	if totals, err := s.Totals(context.Background()); err != nil || totals.Refused != 1 || totals.Waiting != 2 {
		t.Errorf("totals %+v, %v", totals, err)
	}
}

func TestAfterRunHasEndedNothingIsAccepted(t *testing.T) {
	db := storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db")
	s := sensing.New(db, bus.New(), clock.New(noon, 0), sensing.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 2 { // it may run again
		if err := s.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Observe(context.Background(), make([]sensing.Reading, 1)); problem.KindOf(err) != problem.Unavailable {
			t.Fatalf("got %v", err)
		}
	}
}

func TestADatastreamWhoseNumbersRunOutGoesOnInAnotherSeries(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 1)
		reading := sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon, Value: 0.5}
		first := c.observe(t, reading)[0]
		const last = 1<<29 - 1
		if err := db.Tx(context.Background(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE series SET next = $1`, last)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		results := append(c.observe(t, reading, reading, reading), c.observe(t, reading)...)
		series, n := sensing.SplitID(first.ID)
		for i, want := range [][2]int64{{series, last}, {series + 1, 0}, {series + 1, 1}, {series + 1, 2}} {
			if s, n := sensing.SplitID(results[i].ID); s != want[0] || n != want[1] || results[i].Err != nil {
				t.Errorf("reading %d: %+v, series %d, n %d", i, results[i], s, n)
			}
			if o, err := c.Observation(context.Background(), results[i].ID); err != nil || o.Value != 0.5 {
				t.Errorf("reading %d: %+v, %v", i, o, err)
			}
		}
		d := c.datastream(t, "FIL-001-R/fill")
		if all := c.read(t, d.ID, noon, noon.Add(time.Second)); n != 0 || len(all) != 5 || d.Count != 5 {
			t.Errorf("%d observations, count %d", len(all), d.Count)
		}
	})
}
