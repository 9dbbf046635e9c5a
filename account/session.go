package account

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"polder.city/store"
)

// Sessions returns the session manager: a cookie that scripts cannot read and
// other sites cannot send, its content in the database, at most twelve hours
// and two hours without use. secure is set where the server speaks HTTPS.
func (a *Accounts) Sessions(secure bool) *scs.SessionManager {
	m := scs.New()
	m.Store = sessionStore{a.db}
	m.HashTokenInStore = false // sessionStore hashes
	m.Lifetime, m.IdleTimeout = 12*time.Hour, 2*time.Hour
	m.Cookie.Name = "polder_session"
	m.Cookie.HttpOnly, m.Cookie.Secure, m.Cookie.SameSite = true, secure, http.SameSiteLaxMode
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() == nil { // else the reader has gone, and there is nobody to answer
			slog.Error("session", "error", err)
		}
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
	if secure {
		m.Cookie.Name = "__Host-polder_session"
	}
	return m
}

// sessionStore keeps sessions under the hash of their token, so that a copy of
// the database lets nobody in.
type sessionStore struct{ db *store.DB }

var _ scs.CtxStore = sessionStore{}

func (s sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := s.db.Read().QueryRowContext(ctx, `SELECT data FROM session WHERE token_hash = $1 AND expires_at > $2`,
		hash(token), time.Now().UnixMicro()).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return data, err == nil, err
}

func (s sessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		// Old sessions go here, so that no job is needed: a few at a time.
		if _, err := tx.ExecContext(ctx, `DELETE FROM session WHERE expires_at < $1`, time.Now().UnixMicro()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO session (token_hash, data, expires_at) VALUES ($1, $2, $3)
			ON CONFLICT (token_hash) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			hash(token), data, expiry.UnixMicro())
		return err
	})
}

func (s sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM session WHERE token_hash = $1`, hash(token))
		return err
	})
}

// The methods without a context are part of scs.Store; scs calls the others.

func (s sessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s sessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

func (s sessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
