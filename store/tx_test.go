package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

func TestWhatIsRunLaterIsRunInOrderAndBeforeWhatIsAsked(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		err := db.Tx(ctx, func(tx *store.Tx) error {
			if err := store.LockLater(ctx, tx, "test"); err != nil {
				return err
			}
			if err := tx.Later(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)`, "a", "1"); err != nil {
				return err
			}
			if err := tx.Later(ctx, `UPDATE meta SET value = $2 WHERE name = $1`, "a", "2"); err != nil {
				return err
			}
			var asked []string
			question := func(name string) store.Question {
				return store.Question{SQL: `SELECT value FROM meta WHERE name = $1`, Args: []any{name}, Row: func(scan func(...any) error) error {
					asked = append(asked, "")
					return scan(&asked[len(asked)-1])
				}}
			}
			if err := tx.Ask(ctx, question("a"), question("b"), question("a")); err != nil {
				return err
			}
			if len(asked) != 2 || asked[0] != "2" || asked[1] != "2" {
				t.Errorf("asked %q", asked)
			}
			if err := tx.Later(ctx, `UPDATE meta SET value = $2 WHERE name = $1`, "a", "3"); err != nil {
				return err
			}
			var value string
			err := tx.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = $1`, "a").Scan(&value)
			if value != "3" {
				t.Errorf("then %q", value)
			}
			return errors.Join(err, tx.Later(ctx, `UPDATE meta SET value = $2 WHERE name = $1`, "a", "4"))
		})
		if err != nil {
			t.Fatal(err)
		}
		var value string
		if err := db.Read().QueryRow(`SELECT value FROM meta WHERE name = 'a'`).Scan(&value); err != nil || value != "4" {
			t.Errorf("in the end %q, %v", value, err)
		}
	})
}

func TestAStatementThatFailsLaterLeavesNothing(t *testing.T) {
	ctx := context.Background()
	insert := func(tx *store.Tx) error {
		return errors.Join(tx.Later(ctx, `INSERT INTO meta (name, value) VALUES ('a', '1')`), tx.Later(ctx, `INSERT INTO meta (name, value) VALUES ('a', '2')`))
	}
	for name, f := range map[string]func(tx *store.Tx) error{
		"with the commit": insert,
		"with a question": func(tx *store.Tx) error {
			return errors.Join(insert(tx), tx.Ask(ctx, store.Question{SQL: `SELECT 1`, Row: func(func(...any) error) error { return nil }}))
		},
		"with a query of one row": func(tx *store.Tx) error {
			var one int
			return errors.Join(insert(tx), tx.QueryRowContext(ctx, `SELECT 1`).Scan(&one))
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, db *store.DB) {
				err := db.Tx(ctx, f)
				if err == nil || !strings.Contains(err.Error(), map[store.Dialect]string{store.SQLite: "UNIQUE constraint failed: meta.name", store.Postgres: "meta_pkey"}[db.Dialect()]) {
					t.Errorf("got %v", err)
				}
				if n := count(t, db); n != 0 {
					t.Errorf("%d rows left behind", n)
				}
				if err := db.Tx(ctx, func(tx *store.Tx) error { return tx.Later(ctx, `INSERT INTO meta (name, value) VALUES ('b', '1')`) }); err != nil || count(t, db) != 1 {
					t.Errorf("the next transaction: %v", err)
				}
			})
		})
	}
}

func TestAnErrorThatIsOverlookedDoesNotCommitOnPostgreSQL(t *testing.T) {
	db := storetest.Open(t, storetest.PostgresDSN(t))
	err := db.Tx(context.Background(), func(tx *store.Tx) error {
		_, _ = tx.Exec(`INSERT INTO meta (name, value) VALUES ('a', '1')`)
		_, _ = tx.Exec(`SELECT nothing FROM nowhere`)
		return nil
	})
	if err == nil || count(t, db) != 0 {
		t.Fatalf("got %v, %d rows", err, count(t, db))
	}
}

func TestPostgreSQLWithoutRoomOrWithoutAnswerSaysWhatToDo(t *testing.T) {
	ctx := context.Background()
	db := storetest.Open(t, storetest.PostgresDSN(t))
	const full, ended = `DO $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`, `SELECT pg_terminate_backend(pg_backend_pid())`
	for _, test := range []struct {
		name, code string
		f          func(tx *store.Tx) error
	}{
		{"full within", "store.full", func(tx *store.Tx) error { _, err := tx.ExecContext(ctx, full); return err }},
		{"full at the commit", "store.full", func(tx *store.Tx) error { return tx.Later(ctx, full) }},
		{"ended at the commit", "store.unknown", func(tx *store.Tx) error { return tx.Later(ctx, ended) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := db.Tx(ctx, test.f)
			p, ok := errors.AsType[*problem.Error](err)
			if !ok || p.Kind != problem.Unavailable || p.Code != test.code || p.Way == "" {
				t.Errorf("got %v", err)
			}
			if err := db.Tx(ctx, func(tx *store.Tx) error { _, err := tx.Exec(`SELECT 1`); return err }); err != nil {
				t.Errorf("the next transaction: %v", err)
			}
		})
	}
}
