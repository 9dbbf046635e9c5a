package tlog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"polder.city/store"
	"polder.city/store/storetest"
)

// change changes the database behind the log's back.
func change(t testing.TB, db *store.DB, queries ...string) {
	t.Helper()
	err := db.Tx(context.Background(), func(tx *store.Tx) error {
		for _, q := range queries {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// keep copies the log as it is now; putBack restores it, as restoring a backup of the database does.
func keep(t testing.TB, db *store.DB) {
	t.Helper()
	change(t, db, `CREATE TABLE kept_log AS SELECT * FROM log`, `CREATE TABLE kept_leaf AS SELECT * FROM log_leaf`, `CREATE TABLE kept_tile AS SELECT * FROM log_tile`)
}

func putBack(t testing.TB, db *store.DB) {
	t.Helper()
	change(t, db,
		`DELETE FROM log_tile`, `INSERT INTO log_tile SELECT * FROM kept_tile`,
		`DELETE FROM log_leaf WHERE id NOT IN (SELECT id FROM kept_leaf)`,
		`UPDATE log SET size = (SELECT k.size FROM kept_log k WHERE k.id = log.id), root = (SELECT k.root FROM kept_log k WHERE k.id = log.id),
			checkpoint = (SELECT k.checkpoint FROM kept_log k WHERE k.id = log.id), checkpoint_size = (SELECT k.checkpoint_size FROM kept_log k WHERE k.id = log.id)`)
}

// signedTree opens a checkpoint as a foreign reader does.
func signedTree(t testing.TB, key *Key, checkpoint []byte) tlog.Tree {
	t.Helper()
	verifier, err := note.NewVerifier(key.VKey())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	_, tree, err := parseCheckpoint(n.Text)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// continued reports whether the log in the database continues a tree, by x/mod's proof alone.
func continued(t testing.TB, l *Log, older tlog.Tree) bool {
	t.Helper()
	h, err := newest(context.Background(), l.db.Read())
	if err != nil {
		t.Fatal(err)
	}
	if older.N == 0 || older.N > h.Size {
		return older.N == 0 // everything continues the empty log
	}
	proof, err := tlog.ProveTree(h.Size, older.N, l.hashes(context.Background(), h.id, h.tree()))
	if err != nil {
		t.Fatal(err)
	}
	return tlog.CheckTree(proof, h.Size, h.Root, older.N, older.Hash) == nil
}

func TestARestoredBackupIsServedAndNotSigned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		key, file := newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state")
		l := openLog(t, db, key, file)
		appendEntries(t, db, l, "a", 0, 5)
		mustSync(t, l)
		keep(t, db)
		old := status(t, l).Checkpoint
		oldState, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		appendEntries(t, db, l, "a", 5, 10)
		mustSync(t, l)
		seen := signedTree(t, key, status(t, l).Checkpoint)

		putBack(t, db)
		for _, l := range []*Log{l, openLog(t, db, key, file)} { // the running server and a new start
			appendEntries(t, db, l, "b", status(t, l).size(), status(t, l).size()+4)
			if err := l.Sync(ctx); code(err) != "log.restored" {
				t.Fatalf("got %v, want the refusal log.restored", err)
			}
			s := status(t, l)
			if s.Signs || s.Frozen == nil || s.Size != 5 || string(s.Checkpoint) != string(old) {
				t.Fatalf("something was signed or sequenced: %+v", s)
			}
			if _, err := l.Prove(ctx, entry(t, "a", 3)); err != nil {
				t.Fatalf("what was signed is no longer served: %v", err)
			}
		}

		// The control: with the guard taken out (the state file goes back too) the same attack makes a split view.
		if err := os.WriteFile(file, oldState, 0o600); err != nil {
			t.Fatal(err)
		}
		mustSync(t, l)
		if continued(t, l, seen) {
			t.Fatal("the attack does no harm without the guard: this test proves nothing")
		}
	})
}

// size counts all entries that the database has, so that a test adds other ones.
func (s Status) size() int { return int(s.Size + s.Waiting) }

func TestASplitViewIsNotSigned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		key, file := newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state")
		l := openLog(t, db, key, file)
		appendEntries(t, db, l, "a", 0, 5)
		mustSync(t, l)
		keep(t, db)
		oldState, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		appendEntries(t, db, l, "a", 5, 10)
		mustSync(t, l)
		putBack(t, db)
		// Another server, whose state file was restored with the database, grows the log with other leaves, past the ten.
		elsewhere := filepath.Join(t.TempDir(), "log.state")
		if err := os.WriteFile(elsewhere, oldState, 0o600); err != nil {
			t.Fatal(err)
		}
		other := openLog(t, db, key, elsewhere)
		appendEntries(t, db, other, "b", 0, 5)
		mustSync(t, other)
		if err := openLog(t, db, key, file).Sync(context.Background()); code(err) != "log.split" {
			t.Fatalf("ten other leaves: got %v, want the refusal log.split", err)
		}
		appendEntries(t, db, other, "b", 5, 9)
		mustSync(t, other)
		appendEntries(t, db, other, "b", 9, 10)
		before := status(t, l).Checkpoint
		if err := openLog(t, db, key, file).Sync(context.Background()); code(err) != "log.split" {
			t.Fatalf("fifteen leaves: got %v, want the refusal log.split", err)
		}
		if string(status(t, l).Checkpoint) != string(before) {
			t.Fatal("a checkpoint was published")
		}
	})
}

func TestALogWithoutItsStateFileIsNotSigned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		key, file := newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state")
		l := openLog(t, db, key, file)
		appendEntries(t, db, l, "a", 0, 5)
		mustSync(t, l)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		appendEntries(t, db, l, "a", 5, 6)
		for _, c := range []struct{ state, want string }{
			{"{", "log.state.damaged"},
			{`{"origin":""}`, "log.state.damaged"},
			{strings.Replace(string(text), testOrigin, "other.example", 1), "log.state.other"},
		} {
			if err := os.WriteFile(file, []byte(c.state), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := l.Sync(context.Background()); code(err) != c.want {
				t.Fatalf("state %q: got %v, want %s", c.state, err, c.want)
			}
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := l.Sync(context.Background()); code(err) != "log.state.missing" {
			t.Fatalf("got %v, want log.state.missing", err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := openLog(t, db, newKey(t, testOrigin), file).Sync(context.Background()); code(err) != "log.key.other" {
			t.Fatalf("another key of the same name: %v", err)
		}
		mustSync(t, l) // put right, it goes on
	})
}

func TestTwoServersGiveEachLeafOnePlace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		key := newKey(t, testOrigin)
		a := openLog(t, db, key, filepath.Join(t.TempDir(), "log.state"))
		b := openLog(t, db, key, filepath.Join(t.TempDir(), "log.state"))
		const writers, each = 4, 25
		errs := make(chan error)
		for w := range writers {
			go func() {
				var err error
				for i := range each {
					err = errors.Join(err, db.Tx(ctx, func(tx *store.Tx) error {
						return a.Append(ctx, tx, entry(t, "w", w*each+i))
					}))
				}
				errs <- err
			}()
		}
		signed := make(chan []byte, 1000)
		stop := make(chan struct{})
		for _, l := range []*Log{a, b} {
			go func() {
				for {
					select {
					case <-stop:
						errs <- nil
						return
					default:
					}
					if err := l.Sync(ctx); err != nil {
						errs <- err
						return
					}
					s, err := l.Status(ctx)
					if err != nil {
						errs <- err
						return
					}
					select {
					case signed <- s.Checkpoint:
					default:
					}
				}
			}()
		}
		for range writers {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		close(stop)
		if err := errors.Join(<-errs, <-errs); err != nil {
			t.Fatal(err)
		}
		mustSync(t, a)
		if s := status(t, b); s.Published != writers*each {
			t.Fatalf("%d leaves published, want %d", s.Published, writers*each)
		}
		places := map[int64]bool{}
		for i := range writers * each {
			in, err := b.Prove(ctx, entry(t, "w", i))
			if err != nil {
				t.Fatal(err)
			}
			places[in.Index] = true
		}
		if len(places) != writers*each || !places[0] || !places[writers*each-1] {
			t.Fatalf("%d places, not consecutive", len(places))
		}
		close(signed)
		for checkpoint := range signed {
			if checkpoint != nil && !continued(t, a, signedTree(t, key, checkpoint)) {
				t.Fatal("a checkpoint was published that the log does not continue")
			}
		}
		if err := a.Check(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOneChangedBitIsFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		appendEntries(t, db, l, "a", 0, 300)
		mustSync(t, l)
		if err := l.Check(ctx); err != nil {
			t.Fatal(err)
		}
		for name, at := range map[string]struct{ column, table string }{
			"a leaf":            {"entry", "log_leaf WHERE leaf_index = 77"},
			"a leaf's hash":     {"hash", "log_leaf WHERE leaf_index = 77"},
			"a full tile":       {"hashes", "log_tile WHERE level = 0 AND n = 0"},
			"a tile at the end": {"hashes", "log_tile WHERE level = 0 AND n = 1"},
			"a tile above":      {"hashes", "log_tile WHERE level = 1 AND n = 0"},
			"the root":          {"root", "log WHERE id = 1"},
			"the signed note":   {"checkpoint", "log WHERE id = 1"},
		} {
			table, where, _ := strings.Cut(at.table, " ")
			var good []byte
			if err := db.Read().QueryRow(`SELECT ` + at.column + ` FROM ` + at.table).Scan(&good); err != nil {
				t.Fatal(err)
			}
			set := func(value []byte) {
				err := db.Tx(ctx, func(tx *store.Tx) error {
					_, err := tx.Exec(`UPDATE `+table+` SET `+at.column+` = $1 `+where, value)
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			bad := append([]byte(nil), good...)
			bad[len(bad)/2] ^= 0x10
			set(bad)
			if err := l.Check(ctx); code(err) != "log.damaged" {
				t.Errorf("%s: got %v, want log.damaged", name, err)
			}
			set(good)
		}
		if err := l.Check(ctx); err != nil {
			t.Fatal(err)
		}
		change(t, db, `DELETE FROM log_leaf WHERE leaf_index = 123`)
		if err := l.Check(ctx); code(err) != "log.damaged" {
			t.Errorf("a leaf that is gone: %v", err)
		}
	})
}

func TestADamagedEndIsNotBuiltUpon(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		appendEntries(t, db, l, "a", 0, 300)
		mustSync(t, l)
		appendEntries(t, db, l, "a", 300, 301)
		change(t, db, `UPDATE log_tile SET hashes = (SELECT t.hashes FROM log_tile t WHERE t.level = 0 AND t.n = 0) WHERE level = 0 AND n = 1`)
		if err := l.Sync(context.Background()); code(err) != "log.damaged" {
			t.Fatalf("got %v, want log.damaged", err)
		}
		if s := status(t, l); s.Size != 300 || s.Waiting != 1 {
			t.Fatalf("%+v", s)
		}
	})
}
