package collection

import (
	"fmt"
	"log/slog"
	"sync"

	"polder.city/city"
	"polder.city/decision"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/store"
)

// Service is the city's collection.
type Service struct {
	db      *store.DB
	city    *city.City
	sensing *sensing.Store
	gate    *decision.Gate
	clock   *clock.Clock
	log     *slog.Logger
	o       Options

	streets   streetCache
	reporting trustCache
	// working lets one plan be computed at a time: it uses every core anyway.
	working sync.Mutex
	// deciding lets one version of a plan be made at a time, from reading the one before to storing it.
	deciding sync.Mutex
	saved    savedDays
	// asked wakes RunQuestions.
	asked chan struct{}
}

// Options are the choices of [New]. The zero value is usable.
type Options struct {
	Log *slog.Logger
	// Node names this process among those that share the database.
	Node string
	// Graphs is the folder in which graphs of the streets are kept between runs, beside the
	// database; "" keeps none.
	Graphs string
	// Rounds is how long the solver searches, in iterations; 0 means DefaultRounds. The
	// same inputs and rounds give the same plan.
	Rounds int
	// Seed of the search and of the salts' absence: only the search is seeded.
	Seed uint64
}

// DefaultRounds is how many iterations the solver searches for a plan that is decided.
const DefaultRounds = 20_000

// New returns the collection of a city.
func New(db *store.DB, c *city.City, observations *sensing.Store, gate *decision.Gate, clk *clock.Clock, o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Rounds == 0 {
		o.Rounds = DefaultRounds
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Node == "" {
		o.Node = fmt.Sprintf("node-%p", db)
	}
	return &Service{db: db, city: c, sensing: observations, gate: gate, clock: clk, log: o.Log, o: o, asked: make(chan struct{}, 1), saved: savedDays{days: map[int64]SavedDay{}}}
}

// Sensing returns the store of observations that plans are made of.
func (s *Service) Sensing() *sensing.Store { return s.sensing }

// City returns the city whose containers these are.
func (s *Service) City() *city.City { return s.city }
