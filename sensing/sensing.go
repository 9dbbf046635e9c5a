// Package sensing holds what the city's sensors say: things and where they
// stand, their datastreams, and every observation, as OGC SensorThings 1.1
// (OGC 18-088) models them. Readings are stored by group commit and acknowledged
// after the fsync; counts and latest values are kept, never counted.
package sensing

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/store"
)

// The bounds of what is stored.
const (
	// idBits is the room for n in an observation's id: series * 2^29 + n.
	idBits = 29
	maxN   = 1 << idBits
	// maxSeries keeps ids below 2^53, which JavaScript reads exactly.
	maxSeries = 1 << (53 - idBits)
	// blockSize is how many n share one row of observation_block.
	blockSize = 512

	// Readings further ahead of the clock than refuseAhead are refused, than flagAhead flagged.
	refuseAhead = 24 * time.Hour
	flagAhead   = 10 * time.Minute
	// keepKeys is how long an idempotency key is remembered.
	keepKeys = 7 * 24 * time.Hour
)

// FlagAhead marks an observation whose time lay more than ten minutes ahead when it came.
const FlagAhead = "time.ahead"

// lock is the database lock under which observations are written: it makes n
// count in commit order, and two nodes never wait for each other in a circle.
const lock = "sensing.observations"

// Authorizer says who may write. It returns nil, or the problem to answer with.
// what names the act: "observations.create", "things.delete", ...
type Authorizer interface {
	MayWrite(r *http.Request, what string) error
}

// Observed tells of observations that were stored, per commit, in the order of storing.
const Observed bus.Topic[[]Observation] = "sensing.observed"

// Changed tells that things or datastreams were made, changed or removed; it carries no detail.
const Changed bus.Topic[struct{}] = "sensing.changed"

// Imported tells how far an import is, after each of its batches and after an undo.
const Imported bus.Topic[ImportState] = "sensing.imported"

// Options are the choices of [New]. The zero value is usable.
type Options struct {
	Log *slog.Logger
	// Queue is how many readings may wait for a commit before more are refused; 0 means 50,000.
	Queue int
	// Group is how many readings one transaction holds at most; 0 means 10,000.
	Group int
}

// Store is the city's things and observations.
type Store struct {
	db    *store.DB
	bus   *bus.Bus
	clock *clock.Clock
	log   *slog.Logger
	o     Options

	queue   chan *request
	waiting atomic.Int64 // readings in queue
	refused atomic.Int64 // readings refused since the start because the queue was full
	commits atomic.Int64 // group commits since the start
	failing bool         // the last group was not stored. Only Run touches it.

	mu      sync.Mutex
	stopped chan struct{} // closed when Run has ended; replaced when it runs again. Guarded by mu.
}

// New returns the store of things and observations in db. Run must run for Observe to answer.
func New(db *store.DB, b *bus.Bus, c *clock.Clock, o Options) *Store {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Queue == 0 {
		o.Queue = 50_000
	}
	if o.Group == 0 {
		o.Group = 10_000
	}
	return &Store{db: db, bus: b, clock: c, log: o.Log, o: o, queue: make(chan *request, 4096), stopped: make(chan struct{})}
}

// LockTx makes other writers of things and observations wait until tx ends. A
// transaction takes it first, so that two never wait for each other in a circle.
func (s *Store) LockTx(ctx context.Context, tx *store.Tx) error { return store.Lock(ctx, tx, lock) }

// Observation is a stored observation.
type Observation struct {
	ID         int64
	Datastream int64
	Time       time.Time // when it happened, or began; UTC, to the microsecond
	End        time.Time // zero for an instant
	ResultTime time.Time // zero when not given
	ValidFrom  time.Time // zero when not given
	ValidTo    time.Time
	Value      float64 // the result where Result is nil
	Result     []byte  // the result as JSON where it is no number
	Quality    []byte  // JSON, nil when not given
	Parameters []byte  // JSON object, nil when not given
	Feature    int64   // feature of interest, 0 for none
}

// Holds reports whether a truth was observed: true, or from senders that have numbers only, more than 0.
func (o Observation) Holds() bool {
	if o.Result != nil {
		return string(o.Result) == "true"
	}
	return o.Value > 0
}

// ObservationID returns the id of the n-th observation of a series.
func ObservationID(series, n int64) int64 { return series<<idBits | n }

// SplitID returns the series and n of an observation's id.
func SplitID(id int64) (series, n int64) { return id >> idBits, id & (maxN - 1) }

// micros is how times are stored.
func micros(t time.Time) int64 { return t.UnixMicro() }

func fromMicros(v int64) time.Time { return time.UnixMicro(v).UTC() }
