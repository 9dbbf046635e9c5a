package account_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"polder.city/account"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/store"
	"polder.city/store/storetest"
)

const password = "vier losse woorden samen"

func accounts(t *testing.T, db *store.DB) (*account.Accounts, *clock.Clock) {
	t.Helper()
	c := clock.New(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 0)
	a, err := account.New(db, c, account.Options{CheapPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func TestALinkWorksOnceAndThenThePasswordDoes(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		a, _ := accounts(t, db)
		token := invite(t, a)
		if _, err := a.Accept(ctx, token, "kort"); problem.KindOf(err) != problem.Invalid {
			t.Fatalf("a short password: %v", err)
		}
		if _, err := a.Accept(ctx, token, password); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Accept(ctx, token, password); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("the link worked twice: %v", err)
		}
		who, err := a.SignIn(ctx, "planner", password)
		if err != nil || who.Role != account.Planner {
			t.Fatalf("sign in: %v, %v", who, err)
		}
		if _, err := a.SignIn(ctx, "nobody", password); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("an unknown name: %v", err)
		}
	})
}

// invite makes the link of a planner, who has not answered it yet.
func invite(t *testing.T, a *account.Accounts) string {
	t.Helper()
	token, err := a.Invite(context.Background(), "planner", account.Planner, "system")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestALinkEndsAfterThreeDays(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		a, c := accounts(t, db)
		token := invite(t, a)
		c.Forward(c.Now().Add(73 * time.Hour))
		if _, err := a.Accept(ctx, token, password); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("an old link: %v", err)
		}
	})
}

func TestGuessingIsSlowedDown(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		a, c := accounts(t, db)
		token := invite(t, a)
		if _, err := a.Accept(ctx, token, password); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := a.SignIn(ctx, "planner", "fout"); problem.KindOf(err) != problem.Forbidden {
				t.Fatalf("a wrong password: %v", err)
			}
		}
		if _, err := a.SignIn(ctx, "planner", password); problem.KindOf(err) != problem.Unavailable {
			t.Fatalf("the sixth attempt was not refused: %v", err)
		}
		c.Forward(c.Now().Add(2 * time.Second))
		if _, err := a.SignIn(ctx, "planner", password); err != nil {
			t.Fatalf("after the wait: %v", err)
		}
	})
}

func TestAKeyIsKnownAndKeptOnlyAsItsHash(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		a, _ := accounts(t, db)
		key, err := a.NewKey(ctx, "invoer", account.Importer, "system")
		if err != nil {
			t.Fatal(err)
		}
		if name, role, err := a.ByKey(ctx, key); err != nil || name != "invoer" || role != account.Importer {
			t.Fatalf("by key: %q %q %v", name, role, err)
		}
		if _, _, err := a.ByKey(ctx, key+"x"); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("another key: %v", err)
		}
		entries, err := a.Recent(ctx, 10)
		if err != nil || len(entries) != 1 || entries[0].Action != "key.new" {
			t.Fatalf("audit: %v, %v", entries, err)
		}
		other, _ := accounts(t, db) // another node, which knows the key
		if _, _, err := other.ByKey(ctx, key); err != nil {
			t.Fatal(err)
		}
		if err := a.WithdrawKey(ctx, "weegbrug", "system"); problem.KindOf(err) != problem.NotFound {
			t.Fatalf("a key that is not there: %v", err)
		}
		if err := a.WithdrawKey(ctx, "invoer", "system"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.ByKey(ctx, key); problem.KindOf(err) != problem.Forbidden {
			t.Fatalf("the withdrawn key: %v", err)
		}
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			if _, _, err := other.ByKey(ctx, key); problem.KindOf(err) == problem.Forbidden {
				break
			}
			if time.Now().After(end) {
				t.Fatal("another node takes the withdrawn key after five seconds")
			}
		}
	})
}

func TestASessionLastsInTheDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		a, _ := accounts(t, db)
		m := a.Sessions(false)
		h := m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/in" {
				m.Put(r.Context(), "account", int64(7))
			}
			if m.GetInt64(r.Context(), "account") != 7 {
				w.WriteHeader(http.StatusForbidden)
			}
		}))
		in := httptest.NewRecorder()
		h.ServeHTTP(in, httptest.NewRequest(http.MethodGet, "/in", nil))
		cookie := in.Result().Cookies()[0]
		if !cookie.HttpOnly || !strings.HasPrefix(cookie.Name, "polder") {
			t.Fatalf("cookie %v", cookie)
		}
		again := httptest.NewRequest(http.MethodGet, "/", nil)
		again.AddCookie(cookie)
		out := httptest.NewRecorder()
		h.ServeHTTP(out, again)
		if out.Code != http.StatusOK {
			t.Fatalf("the session was not found: %d", out.Code)
		}
	})
}
