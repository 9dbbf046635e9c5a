package sta

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/store"
)

// Prefix is the path of the service root.
const Prefix = "/v1.1"

// Options are the choices of [New]. The zero value is usable.
type Options struct {
	Log *slog.Logger
	// Base is the address before [Prefix] in links, "https://polder.example"; "" takes the request's.
	Base string
	// MaxBody is the largest request body in bytes; 0 means 8 MiB.
	MaxBody int64
	// Deadline is how long a question may take; 0 means 15 s.
	Deadline time.Duration
}

// API is the SensorThings service. It serves everything under [Prefix].
type API struct {
	db    *store.DB
	store *sensing.Store
	auth  sensing.Authorizer
	clock *clock.Clock
	m     *model
	o     Options
}

// New returns the service over s, which is kept in db. Without auth nobody may write.
func New(db *store.DB, s *sensing.Store, auth sensing.Authorizer, c *clock.Clock, o Options) *API {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	if o.Deadline == 0 {
		o.Deadline = 15 * time.Second
	}
	return &API{db: db, store: s, auth: auth, clock: c, m: newModel(), o: o}
}

// ServeHTTP answers a request below [Prefix].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*") // what is read here is open
	w.Header().Set("Access-Control-Expose-Headers", "Location")
	if err := a.serve(w, r); err != nil {
		a.fail(w, r, err)
	}
}

func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		// The client is gone, or the server stops while it waits: silence would be a 200 for what was not stored.
		err = problem.New(problem.Unavailable, "request.ended", "The server stopped before it answered.").Do("Send it again in a minute.").Cause(err)
	}
	if problem.KindOf(err) == problem.Internal {
		a.o.Log.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if problem.KindOf(err) == problem.Unavailable {
		w.Header().Set("Retry-After", "5")
	}
	problem.WriteJSON(w, err)
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), Prefix)
	if !ok || (path != "" && path[0] != '/') {
		return noPath(r.URL.Path, "The service root is "+Prefix+".")
	}
	at, err := a.m.parsePath(path)
	if err != nil {
		return err
	}
	allowed := at.methods()
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	switch {
	case r.Method == http.MethodOptions:
		w.Header().Set("Access-Control-Allow-Methods", strings.Join(readMethods, ", "))
		w.WriteHeader(http.StatusNoContent)
		return nil
	case !contains(allowed, r.Method):
		p := problem.New(problem.Invalid, "sta.method", "%s is not possible here.", r.Method).At(r.URL.Path).Do("Use %s.", strings.Join(allowed, ", "))
		return writeStatus(w, http.StatusMethodNotAllowed, p)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		ctx, cancel := context.WithTimeout(r.Context(), a.o.Deadline)
		defer cancel()
		return a.read(ctx, w, r, at)
	}
	return a.write(w, r, at)
}

func contains(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}

// methods returns what one may do at a resource; nil is the service root.
func (r *resource) methods() []string {
	all := append([]string(nil), readMethods...)
	if r == nil {
		return all
	}
	if r.create {
		return []string{http.MethodPost, http.MethodOptions}
	}
	if r.property != nil || r.ref {
		return all
	}
	if _, one := r.last(); one {
		return append(all, http.MethodPatch, http.MethodDelete)
	}
	return append(all, http.MethodPost)
}

// statusWriter answers with another status than the problem's kind has.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }

func writeStatus(w http.ResponseWriter, status int, err error) error {
	problem.WriteJSON(statusWriter{w, status}, err)
	return nil
}

func writeJSON(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
	return nil
}

// base returns the address of the service root for links.
func (a *API) base(r *http.Request) string {
	if a.o.Base != "" {
		return strings.TrimSuffix(a.o.Base, "/") + Prefix
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + Prefix
}

func (a *API) read(ctx context.Context, w http.ResponseWriter, r *http.Request, at *resource) error {
	if at == nil {
		return writeJSON(w, http.StatusOK, a.root(a.base(r)))
	}
	e, _ := at.last()
	o, err := parseQuery(e, r.URL.RawQuery)
	if err != nil {
		return err
	}
	in, id, one, err := a.resolve(ctx, at)
	if err != nil {
		return err
	}
	out := &encoder{a: a, ctx: ctx, q: a.db.Read(), base: a.base(r), left: maxEntities, ones: map[*entity]map[int64]*record{}}
	if !one {
		p, err := a.list(ctx, out.q, e, in, o)
		if err != nil {
			return err
		}
		link := out.base + strings.TrimPrefix(r.URL.EscapedPath(), Prefix)
		if at.ref {
			o.fields, o.expand, o.arrays = []string{"@iot.selfLink"}, nil, false
		}
		if err := out.set(e, p, o, link); err != nil {
			return err
		}
		return writeJSON(w, http.StatusOK, out.buf.Bytes())
	}
	record, err := a.get(ctx, out.q, e, id)
	if err != nil {
		return err
	}
	if at.property != nil {
		return a.readProperty(w, e, at, record)
	}
	if at.ref {
		o.fields, o.expand = []string{"@iot.selfLink"}, nil
	}
	if err := out.entity(e, record, o); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, out.buf.Bytes())
}

func (a *API) readProperty(w http.ResponseWriter, e *entity, at *resource, r *record) error {
	var b bytes.Buffer
	for i, p := range e.properties {
		if p == at.property && !writeValue(&b, r.values[i], p.kind) {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
	}
	if !at.value {
		return writeJSON(w, http.StatusOK, []byte(`{"`+at.property.name+`":`+b.String()+`}`))
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(unquoted(b.Bytes())) // the client has gone: nobody is left to tell
	return nil
}

// resolve follows a path to what it ends at: a set within an entity, or one entity.
func (a *API) resolve(ctx context.Context, at *resource) (in *within, id int64, one bool, err error) {
	e, id, one := at.set, at.id, at.one
	for _, s := range at.steps {
		r, err := a.get(ctx, a.db.Read(), e, id)
		if err != nil {
			return nil, 0, false, err
		}
		in = &within{s.relation, id}
		switch {
		case !s.relation.many:
			id = r.leadsTo(e, s.relation)
			if id == 0 {
				return nil, 0, false, problem.New(problem.NotFound, "sta.relation", "%s(%d) has no %s.", e.set, in.id, s.relation.name).
					At(s.relation.name).Do("Look at its links for what it has.")
			}
			one = true
		case s.one:
			if err := a.belongs(ctx, in, s.id); err != nil {
				return nil, 0, false, err
			}
			id, one = s.id, true
		default:
			one = false
		}
		e = s.relation.to
	}
	if one {
		_, err = a.get(ctx, a.db.Read(), e, id)
	}
	return in, id, one, err
}

// leadsTo returns the id that a relation to one leads to, 0 for none.
func (r *record) leadsTo(e *entity, to *relation) int64 {
	i := 0
	for _, relation := range e.relations {
		if relation == to {
			return r.foreign[i]
		}
		if !relation.many {
			i++
		}
	}
	return 0
}

// belongs returns a problem unless the entity is among those that the relation leads to.
func (a *API) belongs(ctx context.Context, in *within, id int64) error {
	to := in.relation.to
	if to.isObservation() {
		r, err := a.get(ctx, a.db.Read(), to, id)
		if err != nil {
			return err
		}
		if r.leadsTo(to, to.relation(in.relation.inverse)) != in.id {
			return missing(to, id)
		}
		return nil
	}
	found, err := ids(ctx, a.db.Read(), "SELECT b.id FROM "+to.table+" b WHERE b.id = $1 AND "+with(with(in.relation.on, "{a}.id", "$2"), "{b}", "b"), id, in.id)
	if err == nil && len(found) == 0 {
		return missing(to, id)
	}
	return err
}

func missing(e *entity, id int64) error {
	return problem.New(problem.NotFound, "sta.missing", "There is no %s(%d) here.", e.set, id).At(e.set).Do("Check the number, or list %s.", e.set)
}

// get reads one entity.
func (a *API) get(ctx context.Context, q queryer, e *entity, id int64) (*record, error) {
	if e.isObservation() {
		return a.getObservation(ctx, q, id)
	}
	query := "SELECT " + strings.Join(e.columns("e"), ", ") + " FROM " + e.table + " e WHERE e.id = $1"
	if c := e.condition("e"); c != "" {
		query += " AND " + c
	}
	rows, err := q.QueryContext(ctx, query, id)
	if err != nil {
		return nil, readProblem(ctx, err)
	}
	defer rows.Close()
	if rows.Next() {
		return e.scan(rows, 0)
	}
	if err := rows.Err(); err != nil {
		return nil, readProblem(ctx, err)
	}
	return nil, missing(e, id)
}

// getObservation reads one observation, which sensing finds by its id.
func (a *API) getObservation(ctx context.Context, q queryer, id int64) (*record, error) {
	o, err := a.store.Observation(ctx, id)
	if err != nil {
		return nil, err
	}
	r := &record{id: id, values: observationValues(o), foreign: []int64{o.Datastream, 0, o.Feature}}
	var multi bool
	if err := q.QueryRowContext(ctx, `SELECT multi FROM datastream WHERE id = $1`, o.Datastream).Scan(&multi); err != nil {
		return nil, errors.Join(missing(a.m.set("Observations"), id), err)
	}
	if multi {
		r.foreign[0], r.foreign[1] = 0, o.Datastream
	}
	return r, nil
}
