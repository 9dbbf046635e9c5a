package sensing_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// model is what the store should hold: the observations of one datastream in order of storing.
type model []sensing.Observation

func (m model) between(from, to time.Time) []sensing.Observation {
	var all []sensing.Observation
	for _, o := range m {
		if !o.Time.Before(from) && o.Time.Before(to) {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(x, y sensing.Observation) int {
		if c := x.Time.Compare(y.Time); c != 0 {
			return c
		}
		return int(x.ID - y.ID)
	})
	return all
}

// TestWhatIsKeptAlwaysAgreesWithWhatIsThere observes, imports, changes, removes
// and undoes at random, and compares the store with a list.
func TestWhatIsKeptAlwaysAgreesWithWhatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		ctx := context.Background()
		run := 0
		rapid.Check(t, func(t *rapid.T) {
			run++
			key := fmt.Sprintf("T-%d", run)
			specs := containers(1)
			specs[0].Key, specs[0].Datastreams[0].Key = key, key+"/fill"
			if _, err := c.EnsureThings(ctx, specs); err != nil {
				t.Fatal(err)
			}
			d, err := c.DatastreamByKey(ctx, key+"/fill")
			if err != nil {
				t.Fatal(err)
			}
			var m model
			files := 0
			imported := map[string][]int64{}
			times := rapid.IntRange(-5000, 5000)
			reading := func(t *rapid.T) sensing.Reading {
				r := sensing.Reading{Datastream: d.ID, Time: noon.Add(time.Duration(times.Draw(t, "minute")/100) * time.Minute), Value: float64(rapid.IntRange(0, 15).Draw(t, "fill")) / 10}
				if rapid.IntRange(0, 9).Draw(t, "spans") == 0 {
					r.End = r.Time.Add(time.Hour)
				}
				return r
			}
			t.Repeat(map[string]func(*rapid.T){
				"observe": func(t *rapid.T) {
					readings := rapid.SliceOfN(rapid.Custom(reading), 1, 4).Draw(t, "readings")
					results, err := c.Observe(ctx, readings)
					if err != nil {
						t.Fatal(err)
					}
					for i, r := range readings {
						m = append(m, sensing.Observation{ID: results[i].ID, Time: r.Time, End: r.End, Value: r.Value})
					}
				},
				"import": func(t *rapid.T) {
					files++
					id := fmt.Sprintf("%d-%d", run, files)
					readings := rapid.SliceOfN(rapid.Custom(reading), 1, 4).Draw(t, "readings")
					if _, err := c.Import(ctx, sensing.Batch{Import: id, Rows: readings, Last: true}); err != nil {
						t.Fatal(err)
					}
					imported[id] = nil
					for i, r := range readings { // n goes on where it was, also after deletions
						o := sensing.Observation{Time: r.Time, End: r.End, Value: r.Value}
						o.ID = c.newest(t, d.ID, len(readings)-1-i)
						imported[id] = append(imported[id], o.ID)
						m = append(m, o)
					}
				},
				"undo": func(t *rapid.T) {
					for id, ids := range imported {
						if _, err := c.Undo(ctx, id); err != nil {
							t.Fatal(err)
						}
						m = slices.DeleteFunc(m, func(o sensing.Observation) bool { return slices.Contains(ids, o.ID) })
						delete(imported, id)
						return
					}
				},
				"change": func(t *rapid.T) {
					if len(m) == 0 {
						return
					}
					i := rapid.IntRange(0, len(m)-1).Draw(t, "which")
					r := reading(t)
					if err := c.Change(ctx, m[i].ID, func(o *sensing.Observation) error {
						o.Time, o.End, o.Value = r.Time, r.End, r.Value
						return nil
					}); err != nil {
						t.Fatal(err)
					}
					m[i].Time, m[i].End, m[i].Value = r.Time, r.End, r.Value
				},
				"remove": func(t *rapid.T) {
					if len(m) == 0 {
						return
					}
					i := rapid.IntRange(0, len(m)-1).Draw(t, "which")
					if err := c.Remove(ctx, m[i].ID); err != nil {
						t.Fatal(err)
					}
					if _, err := c.Observation(ctx, m[i].ID); err == nil {
						t.Fatalf("%d is there after it was removed", m[i].ID)
					}
					m = slices.Delete(slices.Clone(m), i, i+1)
				},
				"": func(t *rapid.T) { c.agrees(t, d.ID, m) },
			})
		})
	})
}

// newest returns the id of the observation that was stored back observations before the last one.
func (c *city) newest(t *rapid.T, datastream int64, back int) int64 {
	var series, next int64
	if err := c.db.Read().QueryRow(`SELECT id, next FROM series WHERE datastream = $1`, datastream).Scan(&series, &next); err != nil {
		t.Fatal(err)
	}
	return sensing.ObservationID(series, next-1-int64(back))
}

func (c *city) agrees(t *rapid.T, datastream int64, m model) {
	ctx := context.Background()
	for _, span := range [][2]time.Time{{noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)}, {noon.Add(-10 * time.Minute), noon.Add(10 * time.Minute)}} {
		want := m.between(span[0], span[1])
		var got []sensing.Observation
		if err := c.Range(ctx, datastream, span[0], span[1], func(o sensing.Observation) error {
			got = append(got, sensing.Observation{ID: o.ID, Time: o.Time, End: o.End, Value: o.Value})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(got, want, func(x, y sensing.Observation) bool {
			return x.ID == y.ID && x.Time.Equal(y.Time) && x.End.Equal(y.End) && x.Value == y.Value
		}) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	}
	d, err := c.Store.Datastream(ctx, datastream)
	if err != nil {
		t.Fatal(err)
	}
	if d.Count != int64(len(m)) {
		t.Fatalf("count %d, want %d", d.Count, len(m))
	}
	if len(m) == 0 {
		if d.Latest != nil || !d.First.IsZero() || !d.Last.IsZero() {
			t.Fatalf("of an empty datastream: %+v", d)
		}
		return
	}
	all := m.between(noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0))
	last := all[0].Time
	for _, o := range all {
		for _, at := range []time.Time{o.Time, o.End} {
			if at.After(last) {
				last = at
			}
		}
	}
	newest := all[len(all)-1]
	if !d.First.Equal(all[0].Time) || !d.Last.Equal(last) || !d.Latest.Time.Equal(newest.Time) || d.Latest.ID != newest.ID || d.Latest.Value != newest.Value {
		t.Fatalf("kept %v %v %+v, want %v %v %+v", d.First, d.Last, d.Latest, all[0].Time, last, newest)
	}
	for _, o := range m {
		if one, err := c.Observation(ctx, o.ID); err != nil || one.Value != o.Value || !one.Time.Equal(o.Time) {
			t.Fatalf("by id: %+v, %v; want %+v", one, err, o)
		}
	}
}
