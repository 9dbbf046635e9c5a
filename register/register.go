package register

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/store"
)

// Appender adds a leaf to the transparency log in the transaction of what it commits to.
type Appender interface {
	Append(ctx context.Context, tx *store.Tx, leaf []byte) error
}

// Register is the published register in the database.
type Register struct {
	db    *store.DB
	log   Appender
	clock *clock.Clock
	zone  *time.Location // of the city: a mandate's days are its days
}

// New returns the register in db. zone is the city's time zone.
func New(db *store.DB, log Appender, clk *clock.Clock, zone *time.Location) *Register {
	return &Register{db: db, log: log, clock: clk, zone: zone}
}

// The sorts of documents in the register.
const (
	sortAlgorithm = "algorithm"
	sortRole      = "role"
	sortRule      = "rule"
)

// publication is what the log commits to when a document is published.
type publication struct {
	Format    string          `json:"format"` // polder.city/register@v1
	Sort      string          `json:"sort"`
	Name      string          `json:"name"`
	ValidFrom time.Time       `json:"validFrom"`
	Previous  string          `json:"previous"` // SHA-256 of the publication before it, empty for the first: a chain
	Document  json.RawMessage `json:"document"` // null when it was withdrawn
}

const publicationFormat = "polder.city/register@v1"

// withdrawn is the document of a publication that takes one back.
const withdrawn = "null"

// Version is one published version of a document.
type Version struct {
	ValidFrom time.Time
	Hash      string // SHA-256 of the publication, in hexadecimal
	Body      []byte // the publication, canonical JSON
	Leaf      []byte // its entry in the log
	Document  []byte // canonical JSON; nil when it was withdrawn
}

// Published is a published version of an algorithm's entry.
type Published struct {
	Version
	Entry *Entry // nil when it was withdrawn
	Stop  *Stop  // the newest stop or resumption of the algorithm, nil when it was never stopped; only of the version in force
}

// Stopped reports whether an official has stopped the algorithm.
func (p Published) Stopped() bool { return p.Stop != nil && p.Stop.Stopped }

// Publish makes these documents the register: what is new or changed is stored
// as a next version, valid from now and with its own leaf in the log; what is
// not among them any more is withdrawn; what is the same is left alone. It returns how many changed.
func (r *Register) Publish(ctx context.Context, entries []*Entry, rules []Rule, roles []Role) (changed int, err error) {
	if err := CheckTogether(entries, rules, roles); err != nil {
		return 0, err
	}
	wanted := map[string]map[string]any{sortAlgorithm: {}, sortRole: {}, sortRule: {}}
	for _, e := range entries {
		wanted[sortAlgorithm][e.Polder.ID] = e
	}
	for _, d := range rules {
		wanted[sortRule][d.ID] = d
	}
	for _, d := range roles {
		wanted[sortRole][d.ID] = d
	}
	err = r.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		changed = 0
		for _, sort := range slices.Sorted(maps.Keys(wanted)) {
			n, err := r.publishSort(ctx, tx, sort, wanted[sort])
			if err != nil {
				return err
			}
			changed += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("publish the register: %w", err)
	}
	return changed, nil
}

func (r *Register) publishSort(ctx context.Context, tx *store.Tx, sort string, wanted map[string]any) (changed int, err error) {
	current, err := newest(ctx, tx, sort)
	if err != nil {
		return 0, err
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		document, err := canonical(wanted[name])
		if err != nil {
			return 0, err
		}
		before := current[name]
		if string(before.Document) == string(document) {
			continue
		}
		if err := r.store(ctx, tx, sort, name, before.Hash, document); err != nil {
			return 0, err
		}
		changed++
	}
	for _, name := range slices.Sorted(maps.Keys(current)) {
		if _, ok := wanted[name]; ok || current[name].Document == nil {
			continue
		}
		if err := r.store(ctx, tx, sort, name, current[name].Hash, []byte(withdrawn)); err != nil {
			return 0, err
		}
		changed++
	}
	return changed, nil
}

// store adds a version and its leaf.
func (r *Register) store(ctx context.Context, tx *store.Tx, sort, name, previous string, document []byte) error {
	now := r.clock.Now()
	body, err := canonical(publication{publicationFormat, sort, name, now, previous, document})
	if err != nil {
		return err
	}
	hash := sha256.Sum256(body)
	leaf := logLeaf("register", sort, name, now, hash)
	if err := r.log.Append(ctx, tx, leaf); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO register_version (sort, name, valid_from, body, hash, leaf) VALUES ($1, $2, $3, $4, $5, $6)`,
		sort, name, now.UnixMicro(), body, hash[:], leaf)
	if err != nil {
		return fmt.Errorf("%s %s: %w", sort, name, err)
	}
	return nil
}

// logLeaf writes an entry of the log as decision/tlog reads it.
func logLeaf(sort, kind, name string, at time.Time, hash [sha256.Size]byte) []byte {
	return fmt.Appendf(nil, "polder.city/leaf@v1 %s %s %s %s %x\n", sort, kind, name, at.UTC().Format(time.DateOnly), hash)
}

// querier is a transaction or the reader pool.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// newest returns the newest version of every document of a sort, by name.
func newest(ctx context.Context, q querier, sort string) (map[string]Version, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT name, valid_from, body, hash, leaf FROM register_version
		WHERE id IN (SELECT max(id) FROM register_version WHERE sort = $1 GROUP BY name)`, sort)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	defer rows.Close()
	out := map[string]Version{}
	for rows.Next() {
		name, v, err := scanVersion(rows)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	return out, rows.Err()
}

func scanVersion(row interface{ Scan(dest ...any) error }) (name string, v Version, err error) {
	var from int64
	var hash []byte
	if err := row.Scan(&name, &from, &v.Body, &hash, &v.Leaf); err != nil {
		return "", Version{}, fmt.Errorf("register: %w", err)
	}
	v.ValidFrom, v.Hash = time.UnixMicro(from).UTC(), hex.EncodeToString(hash)
	var p publication
	if err := json.Unmarshal(v.Body, &p); err != nil {
		return "", Version{}, fmt.Errorf("register %s: %w", name, err)
	}
	if string(p.Document) != withdrawn {
		v.Document = p.Document
	}
	return name, v, nil
}

// Entries returns the entries in force by id, with texts in lang ("nl", "en").
func (r *Register) Entries(ctx context.Context, lang string) ([]Published, error) {
	versions, err := newest(ctx, r.db.Read(), sortAlgorithm)
	if err != nil {
		return nil, err
	}
	stops, err := newestStops(ctx, r.db.Read())
	if err != nil {
		return nil, err
	}
	var out []Published
	for _, id := range slices.Sorted(maps.Keys(versions)) {
		p, err := published(versions[id], lang)
		if err != nil {
			return nil, err
		}
		if p.Entry == nil {
			continue
		}
		if s, ok := stops[id]; ok {
			p.Stop = &s
		}
		out = append(out, p)
	}
	return out, nil
}

func published(v Version, lang string) (Published, error) {
	p := Published{Version: v}
	if v.Document == nil {
		return p, nil
	}
	p.Entry = new(Entry)
	if err := json.Unmarshal(v.Document, p.Entry); err != nil {
		return Published{}, fmt.Errorf("register: %w", err)
	}
	p.Entry = p.Entry.In(lang)
	return p, nil
}

// Entry returns an algorithm's entry in force, with texts in lang.
func (r *Register) Entry(ctx context.Context, id, lang string) (Published, error) {
	all, err := r.Entries(ctx, lang)
	if err != nil {
		return Published{}, err
	}
	for _, p := range all {
		if p.Entry.Polder.ID == id {
			return p, nil
		}
	}
	return Published{}, problem.New(problem.NotFound, "register.entry", "The register has no algorithm %s.", id)
}

// History returns all versions of an algorithm's entry, the newest first.
func (r *Register) History(ctx context.Context, id, lang string) ([]Published, error) {
	rows, err := r.db.Read().QueryContext(ctx, `
		SELECT name, valid_from, body, hash, leaf FROM register_version WHERE sort = $1 AND name = $2 ORDER BY id DESC`, sortAlgorithm, id)
	if err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	defer rows.Close()
	var out []Published
	for rows.Next() {
		_, v, err := scanVersion(rows)
		if err != nil {
			return nil, err
		}
		p, err := published(v, lang)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// Rules returns the council's rules in force, by id.
func (r *Register) Rules(ctx context.Context) ([]Rule, error) {
	return documents[Rule](ctx, r.db.Read(), sortRule)
}

// Roles returns the roles in force, by id.
func (r *Register) Roles(ctx context.Context) ([]Role, error) {
	return documents[Role](ctx, r.db.Read(), sortRole)
}

func documents[T any](ctx context.Context, q querier, sort string) ([]T, error) {
	versions, err := newest(ctx, q, sort)
	if err != nil {
		return nil, err
	}
	var out []T
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		if versions[name].Document == nil {
			continue
		}
		var d T
		if err := json.Unmarshal(versions[name].Document, &d); err != nil {
			return nil, fmt.Errorf("register %s %s: %w", sort, name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// one reads the newest version of one document into d. ok is false when there is none or it was withdrawn.
func one(ctx context.Context, q querier, sort, name string, d any) (v Version, ok bool, err error) {
	_, v, err = scanVersion(q.QueryRowContext(ctx, `
		SELECT name, valid_from, body, hash, leaf FROM register_version WHERE sort = $1 AND name = $2 ORDER BY id DESC LIMIT 1`, sort, name))
	if errors.Is(err, sql.ErrNoRows) {
		return Version{}, false, nil
	}
	if err != nil || v.Document == nil {
		return Version{}, false, err
	}
	if err := json.Unmarshal(v.Document, d); err != nil {
		return Version{}, false, fmt.Errorf("register %s %s: %w", sort, name, err)
	}
	return v, true, nil
}
