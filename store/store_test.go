package store_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"sync"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

func rows(from, to int) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		row := make([]any, 2)
		for i := from; i < to; i++ {
			row[0], row[1] = fmt.Sprint("k", i), fmt.Sprint("v", i)
			if !yield(row) {
				return
			}
		}
	}
}

func count(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRow(`SELECT count(*) FROM meta`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestATransactionThatFailsLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		boom := errors.New("boom")
		err := db.Tx(context.Background(), func(tx *store.Tx) error {
			if _, err := store.InsertRows(context.Background(), tx, "meta", []string{"name", "value"}, rows(0, 10)); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v, want boom", err)
		}
		if n := count(t, db); n != 0 {
			t.Fatalf("%d rows left behind", n)
		}
	})
}

func TestBulkInsertIsPartOfItsTransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Tx(ctx, func(tx *store.Tx) error {
			n, err := store.InsertRows(ctx, tx, "meta", []string{"name", "value"}, rows(0, 2500))
			if err == nil && n != 2500 {
				err = fmt.Errorf("%d rows", n)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := count(t, db); n != 2500 {
			t.Fatalf("%d rows, want 2500", n)
		}
	})
}

func TestALockLetsOneInAtATime(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		var inside, most int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				err := db.Tx(ctx, func(tx *store.Tx) error {
					if err := store.Lock(ctx, tx, "test"); err != nil {
						return err
					}
					mu.Lock()
					inside++
					most = max(most, inside)
					mu.Unlock()
					_, err := tx.Exec(`SELECT 1`)
					mu.Lock()
					inside--
					mu.Unlock()
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most != 1 {
			t.Fatalf("%d transactions held the lock at once", most)
		}
	})
}

func TestAReaderCannotWriteOnSQLite(t *testing.T) {
	db := storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))
	if _, err := db.Read().Exec(`INSERT INTO meta (name, value) VALUES ('a', 'b')`); err == nil {
		t.Fatal("the reader pool accepted a write")
	}
}

func TestRestoreDrill(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "polder.db")
	db, err := store.Open(ctx, path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	insert := func(from, to int) {
		t.Helper()
		if err := db.Tx(ctx, func(tx *store.Tx) error {
			_, err := store.InsertRows(ctx, tx, "meta", []string{"name", "value"}, rows(from, to))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	insert(0, 100)
	backup := filepath.Join(dir, "backup.db")
	if err := db.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(ctx, backup); err == nil {
		t.Fatal("a backup was overwritten")
	}
	insert(100, 200)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := store.Restore(ctx, backup, path)
	if err != nil {
		t.Fatal(err)
	}
	restored := storetest.Open(t, path)
	if n := count(t, restored); n != 100 {
		t.Fatalf("%d rows after the restore, want the backup's 100", n)
	}
	before := storetest.Open(t, kept)
	if n := count(t, before); n != 200 {
		t.Fatalf("%d rows in the database that was put aside, want 200", n)
	}
}
