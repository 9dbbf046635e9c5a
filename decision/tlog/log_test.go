package tlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"go.uber.org/goleak"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

const testOrigin = "polder.example/log"

// noon is where the tests' clock stands still.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func newKey(t testing.TB, origin string) *Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.key")
	if err := GenerateKey(path, origin); err != nil {
		t.Fatal(err)
	}
	key, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func openLog(t testing.TB, db *store.DB, key *Key, state string) *Log {
	t.Helper()
	l, err := Open(context.Background(), db, clock.New(noon, 0), Options{Key: key, State: state})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// entry returns the i-th entry of a test.
func entry(t testing.TB, name string, i int) []byte {
	t.Helper()
	e, err := Leaf{Sort: "decision", Kind: "collection.plan", Mandate: "plan", Day: "2026-11-23", SHA256: sha256.Sum256(fmt.Append(nil, name, i))}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func appendEntries(t testing.TB, db *store.DB, l *Log, name string, from, to int) {
	t.Helper()
	ctx := context.Background()
	err := db.Tx(ctx, func(tx *store.Tx) error {
		for i := from; i < to; i++ {
			if err := l.Append(ctx, tx, entry(t, name, i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func mustSync(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func status(t testing.TB, l *Log) Status {
	t.Helper()
	s, err := l.Status(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func code(err error) string {
	if p, ok := errors.AsType[*problem.Error](err); ok {
		return p.Code
	}
	return fmt.Sprint(err)
}

func TestForeignToolsReadAndVerifyTheLog(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		key := newKey(t, testOrigin)
		l := openLog(t, db, key, filepath.Join(t.TempDir(), "log.state"))
		verifier, err := note.NewVerifier(key.VKey())
		if err != nil {
			t.Fatal(err)
		}
		policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(testOrigin), torchwood.SingleVerifierPolicy(verifier))
		server := httptest.NewServer(http.StripPrefix("/log", l.Handler()))
		defer server.Close()
		last := 0
		for _, size := range []int{1, 2, 255, 256, 257, 600} {
			appendEntries(t, db, l, "a", last, size)
			mustSync(t, l)
			last = size
			checkpoint, _, err := torchwood.VerifyCheckpoint(status(t, l).Checkpoint, policy)
			if err != nil || checkpoint.N != int64(size) {
				t.Fatalf("checkpoint of %d: %v, size %d", size, err, checkpoint.N)
			}
			for _, i := range []int{0, size / 2, size - 1} {
				in, err := l.Prove(ctx, entry(t, "a", i))
				if err != nil {
					t.Fatal(err)
				}
				if err := torchwood.VerifyProof(policy, tlog.RecordHash(entry(t, "a", i)), in.Proof); err != nil {
					t.Fatalf("size %d, entry %d: %v", size, i, err)
				}
			}
			fetcher, err := torchwood.NewTileFetcher(server.URL + "/log")
			if err != nil {
				t.Fatal(err)
			}
			client, err := torchwood.NewClient(fetcher)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for i, e := range client.AllEntries(ctx, checkpoint.Tree, 0) {
				if string(e) != string(entry(t, "a", int(i))) {
					t.Fatalf("entry %d is another", i)
				}
				n++
			}
			if err := client.Err(); err != nil || n != size {
				t.Fatalf("%d entries of %d: %v", n, size, err)
			}
		}
		if err := l.Check(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnEntryIsPublishedOnlyUnderASignedCheckpoint(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		if _, err := l.Prove(ctx, entry(t, "a", 0)); !errors.Is(err, ErrNotPublished) {
			t.Fatalf("an entry that does not exist: %v", err)
		}
		appendEntries(t, db, l, "a", 0, 3)
		if _, err := l.Prove(ctx, entry(t, "a", 0)); !errors.Is(err, ErrNotPublished) {
			t.Fatalf("an entry without a place: %v", err)
		}
		l.step = stopAt("sequenced")
		if err := l.Sync(ctx); !errors.Is(err, errStopped) {
			t.Fatal(err)
		}
		if s := status(t, l); s.Size != 3 || s.Published != 0 || s.Waiting != 0 {
			t.Fatalf("%+v", s)
		}
		if _, err := l.Prove(ctx, entry(t, "a", 0)); !errors.Is(err, ErrNotPublished) {
			t.Fatalf("an entry with a place and no checkpoint: %v", err)
		}
		// The order in which a crash is harmless: the database, then the state file, then the signature.
		order := ""
		l.step = func(name string) error {
			last, _, err := readState(l.stateFile)
			order += fmt.Sprintf("%s %d, ", name, last.Size)
			return err
		}
		mustSync(t, l)
		if order != "sequenced 0, recorded 3, signed 3, published 3, " {
			t.Fatalf("the state file knew: %s", order)
		}
		in, err := l.Prove(ctx, entry(t, "a", 2))
		if err != nil || in.Index != 2 || in.Size != 3 || !in.At.Equal(noon) {
			t.Fatalf("%+v, %v", in, err)
		}
	})
}

var errStopped = errors.New("stopped by the test")

func stopAt(step string) func(string) error {
	return func(name string) error {
		if name == step {
			return errStopped
		}
		return nil
	}
}

func TestAnEntryOfARolledBackTransactionLeavesNoTrace(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		err := db.Tx(ctx, func(tx *store.Tx) error {
			return errors.Join(l.Append(ctx, tx, entry(t, "a", 0)), errStopped)
		})
		if !errors.Is(err, errStopped) {
			t.Fatal(err)
		}
		appendEntries(t, db, l, "a", 1, 2)
		mustSync(t, l)
		if in, err := l.Prove(ctx, entry(t, "a", 1)); err != nil || in.Index != 0 {
			t.Fatalf("%+v, %v", in, err)
		}
	})
}

func TestRunPublishesByItself(t *testing.T) {
	defer goleak.VerifyNone(t)
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "polder.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	run, stop := context.WithCancel(ctx)
	done := make(chan error)
	go func() { done <- l.Run(run) }()
	var worst time.Duration
	for i := range 10 {
		appendEntries(t, db, l, "a", i, i+1)
		start := time.Now()
		if _, err := l.Await(ctx, entry(t, "a", i)); err != nil {
			t.Fatal(err)
		}
		worst = max(worst, time.Since(start))
	}
	t.Logf("worst time from commit to verified publication: %v", worst)
	stop()
	if err := errors.Join(<-done, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestTheCheckpointIsRepublishedWhenItIsOld(t *testing.T) {
	db := storetest.Open(t, filepath.Join(t.TempDir(), "polder.db"))
	clk := clock.New(noon, 0)
	l, err := Open(context.Background(), db, clk, Options{Key: newKey(t, testOrigin), State: filepath.Join(t.TempDir(), "log.state")})
	if err != nil {
		t.Fatal(err)
	}
	mustSync(t, l) // an empty log has a checkpoint too
	clk.Forward(noon.Add(9 * time.Minute))
	mustSync(t, l)
	if s := status(t, l); !s.CheckpointAt.Equal(noon) || s.Published != 0 || s.Checkpoint == nil {
		t.Fatalf("published too soon: %v", s.CheckpointAt)
	}
	clk.Forward(noon.Add(11 * time.Minute))
	mustSync(t, l)
	if s := status(t, l); !s.CheckpointAt.Equal(noon.Add(11 * time.Minute)) {
		t.Fatalf("not published again: %v", s.CheckpointAt)
	}
}

func TestANodeWithoutTheKeyServesAndDoesNotSign(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		reader := openLog(t, db, nil, "")
		appendEntries(t, db, reader, "a", 0, 3)
		mustSync(t, reader)
		if s := status(t, reader); s.Signs || s.Size != 0 || s.Waiting != 3 {
			t.Fatalf("%+v", s)
		}
		signer := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		mustSync(t, signer)
		if _, err := reader.Prove(ctx, entry(t, "a", 1)); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOnlyWhatIsSignedIsServed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := openLog(t, db, newKey(t, testOrigin), filepath.Join(t.TempDir(), "log.state"))
		get := func(path string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			l.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
			return w
		}
		if w := get("/checkpoint"); w.Code != http.StatusNotFound {
			t.Fatalf("a checkpoint before the first: %d", w.Code)
		}
		appendEntries(t, db, l, "a", 0, 300)
		mustSync(t, l)
		appendEntries(t, db, l, "a", 300, 310)
		l.step = stopAt("recorded") // 310 leaves have a place, 300 are published
		if err := l.Sync(context.Background()); !errors.Is(err, errStopped) {
			t.Fatal(err)
		}
		for path, want := range map[string]struct {
			status, bytes int
		}{
			"/tile/0/000":              {200, 8192},
			"/tile/0/000.p/17":         {200, 17 * 32},
			"/tile/0/001.p/44":         {200, 44 * 32},
			"/tile/0/001.p/45":         {404, 0},
			"/tile/0/001":              {404, 0},
			"/tile/0/002.p/1":          {404, 0},
			"/tile/1/000.p/1":          {200, 32},
			"/tile/1/000.p/2":          {404, 0},
			"/tile/2/000.p/1":          {404, 0},
			"/tile/entries/000":        {200, 256 * (2 + len(entry(t, "a", 0)))},
			"/tile/entries/001.p/44":   {200, 44 * (2 + len(entry(t, "a", 0)))},
			"/tile/entries/001.p/45":   {404, 0},
			"/tile/0/000.p/256":        {404, 0},
			"/tile/0/000.p/0":          {404, 0},
			"/tile/0/0":                {404, 0},
			"/tile/0/x000/000":         {404, 0},
			"/tile/64/000":             {404, 0},
			"/tile/63/000.p/1":         {404, 0},
			"/tile/0/x999/x999/999":    {404, 0},
			"/tile/entries/../../etc":  {404, 0},
			"/earlier/1/checkpoint":    {200, len(status(t, l).Checkpoint)},
			"/earlier/01/checkpoint":   {404, 0},
			"/earlier/9/checkpoint":    {404, 0},
			"/tile/data/000":           {404, 0},
			"/":                        {404, 0},
			"/tile/-1/000":             {404, 0},
			"/tile/entries/000.p/0256": {404, 0},
		} {
			w := get(path)
			if w.Code != want.status || (want.status == 200 && w.Body.Len() != want.bytes) {
				t.Errorf("%s: status %d with %d bytes, want %d with %d", path, w.Code, w.Body.Len(), want.status, want.bytes)
			}
		}
		w := get("/checkpoint")
		if w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("headers of the checkpoint: %v", w.Header())
		}
		w = get("/tile/0/000")
		if !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Type") != "application/octet-stream" {
			t.Errorf("headers of a tile: %v", w.Header())
		}
		post := httptest.NewRecorder()
		l.Handler().ServeHTTP(post, httptest.NewRequest(http.MethodPost, "/checkpoint", nil))
		if post.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", post.Code)
		}
	})
}
