package sensing_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// file is n hourly readings of each of two containers, the newest first.
func file(n int) []sensing.Reading {
	var rows []sensing.Reading
	for i := range n {
		for k := range 2 {
			rows = append(rows, sensing.Reading{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", k+1), Time: noon.Add(-time.Duration(i) * time.Hour), Value: 0.5})
		}
	}
	return rows
}

func TestAnImportGoesOnWhereItStoppedAndRepeatsNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 2)
		ctx := context.Background()
		rows := file(1000)
		rows[3].Value = 1.6
		batch := func(from, to int) sensing.ImportResult {
			t.Helper()
			r, err := c.Import(ctx, sensing.Batch{Import: "abc", Name: "fills.csv", From: int64(from), Rows: slices.Clone(rows[from:to]), Last: to == len(rows)})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first := batch(0, 1200)
		if first.Repeated || first.State.Rows != 1200 || len(first.Rejected) != 1 || first.Rejected[0].Row != 3 || first.Rejected[0].Err.Code != "observation.range" {
			t.Fatalf("first batch: %+v", first)
		}
		if _, err := c.Import(ctx, sensing.Batch{Import: "abc", From: 1300, Rows: rows[1300:1400]}); problem.KindOf(err) != problem.Conflict {
			t.Fatalf("a gap: %v", err)
		}
		if again := batch(0, 1200); !again.Repeated || again.State.Stored != 1199 {
			t.Fatalf("first batch again: %+v", again)
		}
		if rest := batch(1000, 2000); rest.State.Rows != 2000 || rest.State.Stored != 1999 || rest.State.Finished.IsZero() {
			t.Fatalf("overlapping rest: %+v", rest)
		}
		if again := batch(0, 2000); !again.Repeated {
			t.Fatalf("the whole file again: %+v", again)
		}
		d := c.datastream(t, "FIL-001-R/fill")
		if d.Count != 1000 || !d.Latest.Time.Equal(noon) || !d.First.Equal(noon.Add(-999*time.Hour)) {
			t.Errorf("datastream %+v", d)
		}
		if got := c.read(t, d.ID, noon.AddDate(-1, 0, 0), noon.AddDate(1, 0, 0)); len(got) != 1000 || !slices.IsSortedFunc(got, func(x, y sensing.Observation) int { return x.Time.Compare(y.Time) }) {
			t.Errorf("%d observations", len(got))
		}
	})
}

func TestUndoRemovesWhatAnImportStoredAndNothingElse(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := start(t, db)
		c.ensure(t, 2)
		ctx := context.Background()
		live := c.observe(t, sensing.Reading{DatastreamKey: "FIL-001-R/fill", Time: noon.Add(-30 * time.Minute), Value: 0.9})[0]
		rows := file(800)
		for from := 0; from < len(rows); from += 700 {
			to := min(from+700, len(rows))
			if _, err := c.Import(ctx, sensing.Batch{Import: "abc", From: int64(from), Rows: slices.Clone(rows[from:to]), Last: to == len(rows)}); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := c.Undo(ctx, "abc"); err != nil || n != 1600 {
			t.Fatalf("%d removed, %v", n, err)
		}
		d := c.datastream(t, "FIL-001-R/fill")
		if d.Count != 1 || d.Latest == nil || d.Latest.ID != live.ID || d.Latest.Value != 0.9 {
			t.Errorf("left: %+v", d)
		}
		if state, err := c.Imported(ctx, "abc"); err != nil || state.Rows != 0 {
			t.Errorf("state %+v, %v", state, err)
		}
		if _, err := c.Undo(ctx, "abc"); problem.KindOf(err) != problem.NotFound {
			t.Errorf("undo twice: %v", err)
		}
		if r, err := c.Import(ctx, sensing.Batch{Import: "abc", Rows: rows, Last: true}); err != nil || r.State.Stored != 1600 {
			t.Errorf("import after undo: %+v, %v", r, err)
		}
	})
}
