// Package account knows the people and programs that work for the city: who they
// are, which role they have, and what they did. Residents need no account.
package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/store"
)

// Role says what somebody works as. What a role may decide stands in the register.
type Role string

// The roles.
const (
	Administrator Role = "administrator" // accounts, devices, settings
	Planner       Role = "planner"       // collection plans
	Officer       Role = "medewerker"    // cases and reports
	Alderman      Role = "wethouder"     // reads everything, decides nothing
	Driver        Role = "driver"        // the crew of a truck: an account is a truck's or a depot's, not a person's
	Importer      Role = "importer"      // a program: containers, roads, observations
)

// Roles lists the roles.
func Roles() []Role { return []Role{Administrator, Planner, Officer, Alderman, Driver, Importer} }

// Account is somebody who can sign in.
type Account struct {
	ID   int64
	Name string
	Role Role
}

// Actor returns how the audit names the account.
func (a Account) Actor() string { return fmt.Sprintf("account:%d", a.ID) }

// Accounts keeps the accounts, keys, sessions and the audit.
type Accounts struct {
	db    *store.DB
	clock *clock.Clock
	cost  argon2id.Params
	// nobody is the hash that is checked when there is no such account, so that both answers take as long.
	nobody string

	mu   sync.Mutex
	keys map[string]knownKey // by hash, the keys that were found lately; guarded by mu
}

// knownKey is what a key was found to be, and until when that is believed.
type knownKey struct {
	name  string
	role  Role
	until time.Time
}

// believeKey is how long a key that was found is not looked up again: a sensor's
// every reading brings it. A key that is withdrawn works on for as long.
const believeKey = time.Second

// Options are the choices of [New].
type Options struct {
	// CheapPasswords makes hashing quick, for tests and the demo's roles.
	CheapPasswords bool
}

// New returns the accounts in db.
func New(db *store.DB, c *clock.Clock, o Options) (*Accounts, error) {
	// OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two passes, one lane.
	cost := argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	if o.CheapPasswords {
		cost.Memory, cost.Iterations = 1024, 1
	}
	nobody, err := argon2id.CreateHash(rand.Text(), &cost)
	if err != nil {
		return nil, fmt.Errorf("password hash: %w", err)
	}
	return &Accounts{db: db, clock: c, cost: cost, nobody: nobody, keys: map[string]knownKey{}}, nil
}

// Invite makes an account without a password and returns the token of a link
// that works once, for 72 hours.
func (a *Accounts) Invite(ctx context.Context, name string, role Role, by string) (token string, err error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > 100 || strings.ContainsRune(name, 0) {
		return "", problem.New(problem.Invalid, "account.name", "The name must have 1 to 100 characters.").At("name")
	}
	if !slices.Contains(Roles(), role) {
		return "", problem.New(problem.Invalid, "account.role", "There is no role %q.", role).At("role").
			Do("Choose one of %v.", Roles())
	}
	token = rand.Text()
	now := a.clock.Now()
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `
			INSERT INTO account (name, role, created_at) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO NOTHING RETURNING id`, name, role, now.UnixMicro()).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return problem.New(problem.Conflict, "account.exists", "There is an account named %q already.", name).At("name").Do("Choose another name.")
		}
		if err != nil {
			return fmt.Errorf("invite: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO account_link (token_hash, account, expires_at) VALUES ($1, $2, $3)`,
			hash(token), id, now.Add(72*time.Hour).UnixMicro()); err != nil {
			return fmt.Errorf("invite: %w", err)
		}
		return a.audit(ctx, tx, by, "account.invite", fmt.Sprintf("account:%d", id), "ok")
	})
	return token, err
}

// Accept sets the first password of the account that the link's token belongs to.
func (a *Accounts) Accept(ctx context.Context, token, password string) (Account, error) {
	if err := checkPassword(password); err != nil {
		return Account{}, err
	}
	hashed, err := argon2id.CreateHash(password, &a.cost)
	if err != nil {
		return Account{}, fmt.Errorf("password hash: %w", err)
	}
	now := a.clock.Now().UnixMicro()
	var account Account
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		err := tx.QueryRowContext(ctx, `
			UPDATE account_link SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING account`,
			hash(token), now).Scan(&account.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return problem.New(problem.Forbidden, "account.link", "This link was used already, or is too old.").
				Do("Ask for a new one: polder account invite.")
		}
		if err != nil {
			return fmt.Errorf("accept link: %w", err)
		}
		if err := tx.QueryRowContext(ctx, `UPDATE account SET password_hash = $2 WHERE id = $1 RETURNING name, role`,
			account.ID, hashed).Scan(&account.Name, &account.Role); err != nil {
			return fmt.Errorf("accept link: %w", err)
		}
		return a.audit(ctx, tx, account.Actor(), "account.accept", account.Actor(), "ok")
	})
	return account, err
}

// checkPassword follows NIST SP 800-63B: length counts, composition does not.
func checkPassword(password string) error {
	if n := len([]rune(password)); n < 12 || n > 200 {
		return problem.New(problem.Invalid, "account.password", "The password has %d characters.", n).At("password").
			Do("Use 12 to 200, for instance four words.")
	}
	return nil
}

// SignIn returns the account whose name and password these are. After five
// failures in a row a name waits, longer each time, up to fifteen minutes.
func (a *Accounts) SignIn(ctx context.Context, name, password string) (Account, error) {
	wrong := problem.New(problem.Forbidden, "account.sign_in", "Name and password do not belong together.").Do("Try again.")
	now := a.clock.Now()
	var failures, last int64
	err := a.db.Read().QueryRowContext(ctx, `SELECT failures, last_at FROM sign_in_failure WHERE name = $1`, name).Scan(&failures, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	if failures >= 5 {
		wait := min(time.Second<<min(failures-5, 10), 15*time.Minute)
		if left := time.UnixMicro(last).Add(wait).Sub(now); left > 0 {
			return Account{}, problem.New(problem.Unavailable, "account.wait", "Too many failed attempts.").
				Do("Wait %d seconds and try again.", int(left.Seconds())+1)
		}
	}
	var account Account
	hashed := a.nobody
	err = a.db.Read().QueryRowContext(ctx, `
		SELECT id, name, role, password_hash FROM account WHERE name = $1 AND disabled_at IS NULL AND password_hash <> ''`, name).
		Scan(&account.ID, &account.Name, &account.Role, &hashed)
	known := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	match, err := argon2id.ComparePasswordAndHash(password, hashed)
	if err != nil {
		return Account{}, fmt.Errorf("sign in: %w", err)
	}
	if !match || !known {
		err := a.db.Tx(ctx, func(tx *store.Tx) error {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO sign_in_failure (name, failures, last_at) VALUES ($1, 1, $2)
				ON CONFLICT (name) DO UPDATE SET failures = sign_in_failure.failures + 1, last_at = excluded.last_at`, name, now.UnixMicro())
			return err
		})
		return Account{}, errors.Join(wrong, err)
	}
	err = a.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_in_failure WHERE name = $1`, name); err != nil {
			return err
		}
		return a.audit(ctx, tx, account.Actor(), "account.sign_in", account.Actor(), "ok")
	})
	return account, err
}

// ByID returns the account, if it may still sign in.
func (a *Accounts) ByID(ctx context.Context, id int64) (Account, error) {
	account := Account{ID: id}
	err := a.db.Read().QueryRowContext(ctx, `SELECT name, role FROM account WHERE id = $1 AND disabled_at IS NULL`, id).
		Scan(&account.Name, &account.Role)
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, problem.New(problem.NotFound, "account.none", "There is no such account.")
	}
	return account, err
}

// All returns every account that may sign in, by name.
func (a *Accounts) All(ctx context.Context) ([]Account, error) {
	rows, err := a.db.Read().QueryContext(ctx, `SELECT id, name, role FROM account WHERE disabled_at IS NULL ORDER BY name LIMIT 1000`)
	if err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	defer rows.Close()
	var all []Account
	for rows.Next() {
		var account Account
		if err := rows.Scan(&account.ID, &account.Name, &account.Role); err != nil {
			return nil, fmt.Errorf("accounts: %w", err)
		}
		all = append(all, account)
	}
	return all, rows.Err()
}

func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// keyPrefix marks a Polder key where somebody pastes it in the wrong place.
const keyPrefix = "polder_"

// NewKey makes a key for a program with a role, and returns it; it is not kept.
func (a *Accounts) NewKey(ctx context.Context, name string, role Role, by string) (string, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails: it ends the program instead
	key := keyPrefix + base64.RawURLEncoding.EncodeToString(secret)
	err := a.db.Tx(ctx, func(tx *store.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO api_key (key_hash, name, role, created_at) VALUES ($1, $2, $3, $4)`,
			hash(key), name, role, a.clock.Now().UnixMicro()); err != nil {
			return fmt.Errorf("new key: %w", err)
		}
		return a.audit(ctx, tx, by, "key.new", "key:"+name, "ok")
	})
	return key, err
}

// ByKey returns the name and role of the program that key belongs to. What it
// found is believed for a second.
func (a *Accounts) ByKey(ctx context.Context, key string) (name string, role Role, err error) {
	sum := hash(key)
	now := time.Now() // a withdrawal counts in real time, whatever the city's clock shows
	a.mu.Lock()
	known, ok := a.keys[string(sum)]
	a.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.name, known.role, nil
	}
	err = a.db.Read().QueryRowContext(ctx, `SELECT name, role FROM api_key WHERE key_hash = $1 AND revoked_at IS NULL`, sum).Scan(&name, &role)
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		delete(a.keys, string(sum))
	} else {
		a.keys[string(sum)] = knownKey{name, role, now.Add(believeKey)}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", "", problem.New(problem.Forbidden, "key.unknown", "This API key is not known, or was withdrawn.").
			Do("Make one with 'polder account key'.")
	}
	return name, role, err
}

// WithdrawKey makes a program's keys worth nothing, within a second on every node; there must be one of that name.
func (a *Accounts) WithdrawKey(ctx context.Context, name, by string) error {
	err := a.db.Tx(ctx, func(tx *store.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE api_key SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL`, name, a.clock.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("withdraw key: %w", err)
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, problem.New(problem.NotFound, "key.none", "There is no API key named %s that works.", name).
				Do("Look up its name in the audit, on the page /beheer."))
		}
		return a.audit(ctx, tx, by, "key.withdraw", "key:"+name, "ok")
	})
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.keys)
	return nil
}

// Entry is a line of the audit.
type Entry struct {
	At                              time.Time
	Actor, Action, Subject, Outcome string
}

// Audit records what an actor did; it is for what happens outside a transaction of this package.
func (a *Accounts) Audit(ctx context.Context, actor, action, subject, outcome string) error {
	return a.db.Tx(ctx, func(tx *store.Tx) error { return a.audit(ctx, tx, actor, action, subject, outcome) })
}

func (a *Accounts) audit(ctx context.Context, tx *store.Tx, actor, action, subject, outcome string) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO audit (at, actor, action, subject, outcome) VALUES ($1, $2, $3, $4, $5)`,
		a.clock.Now().UnixMicro(), actor, action, subject, outcome); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Recent returns the newest lines of the audit, newest first.
func (a *Accounts) Recent(ctx context.Context, limit int) ([]Entry, error) {
	rows, err := a.db.Read().QueryContext(ctx, `SELECT at, actor, action, subject, outcome FROM audit ORDER BY id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	defer rows.Close()
	var entries []Entry
	for rows.Next() {
		var e Entry
		var at int64
		if err := rows.Scan(&at, &e.Actor, &e.Action, &e.Subject, &e.Outcome); err != nil {
			return nil, fmt.Errorf("audit: %w", err)
		}
		e.At = time.UnixMicro(at).UTC()
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
