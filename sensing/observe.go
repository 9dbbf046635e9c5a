package sensing

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"polder.city/bus"
	"polder.city/internal/problem"
	"polder.city/store"
)

// request is one call of Observe that waits for its commit.
type request struct {
	readings []Reading
	results  []Result
	err      error
	done     chan struct{} // closed when results or err are set
}

// Observe stores readings and returns, in their order, what became of each.
// It answers after the fsync of the commit that it shares with other callers.
// An error means that nothing of the call is known to be stored: Unavailable when too many
// wait (try again), or ctx's when the caller stopped waiting.
func (s *Store) Observe(ctx context.Context, readings []Reading) ([]Result, error) {
	if len(readings) == 0 {
		return nil, nil
	}
	if len(readings) > s.o.Queue {
		return nil, problem.New(problem.Invalid, "observation.many", "%d observations at once are too many.", len(readings)).
			Do("Send at most %d in one request.", s.o.Queue)
	}
	n := int64(len(readings))
	if s.waiting.Add(n) > int64(s.o.Queue) {
		s.waiting.Add(-n)
		return nil, s.refuse(n)
	}
	// A copy, for a caller that gives up may use its slice again while the commit goes on.
	r := &request{readings: slices.Clone(readings), results: make([]Result, len(readings)), done: make(chan struct{})}
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	select {
	case <-stopped:
		s.waiting.Add(-n)
		return nil, stopping()
	default:
	}
	select {
	case s.queue <- r:
	default:
		s.waiting.Add(-n)
		return nil, s.refuse(n)
	}
	select {
	case <-r.done:
		return r.results, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-stopped:
	}
	// Run has ended: what it took is answered, what it left never will be.
	select {
	case <-r.done:
		return r.results, r.err
	default:
		return nil, stopping()
	}
}

func stopping() error {
	return problem.New(problem.Unavailable, "observation.stopping", "The server is stopping; the observation was not stored.").
		Do("Send it again in a minute.")
}

func (s *Store) refuse(n int64) error {
	s.refused.Add(n)
	return problem.New(problem.Unavailable, "observation.queue", "Too many observations wait to be stored.").Do("Send them again in a few seconds.")
}

// Run stores what Observe is given, until ctx ends; then it stores what waits and returns nil.
func (s *Store) Run(ctx context.Context) error {
	s.begin()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(s.stopped)
	}()
	prune := time.NewTicker(time.Hour)
	defer prune.Stop()
	var group []*request
	for {
		group = group[:0]
		select {
		case r := <-s.queue:
			group = append(group, r)
			runtime.Gosched() // callers that were just answered come with their next: a third more a commit
		case <-prune.C:
			if err := s.forgetKeys(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("old idempotency keys were not removed", "error", err)
			}
			continue
		case <-ctx.Done():
			s.commit(context.WithoutCancel(ctx), s.drain(group, 1<<62))
			return nil
		}
		s.commit(context.WithoutCancel(ctx), s.drain(group, s.o.Group))
	}
}

// begin opens the door again after an earlier Run, whose left-over callers were told that nothing was stored.
func (s *Store) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.stopped:
	default:
		return
	}
	for _, r := range s.drain(nil, 1<<62) {
		s.waiting.Add(-int64(len(r.readings)))
	}
	s.stopped = make(chan struct{})
}

// drain adds to group what waits, up to about limit readings.
func (s *Store) drain(group []*request, limit int) []*request {
	n := 0
	for _, r := range group {
		n += len(r.readings)
	}
	for n < limit {
		select {
		case r := <-s.queue:
			group = append(group, r)
			n += len(r.readings)
		default:
			return group
		}
	}
	return group
}

// commit stores a group in one transaction and answers its callers. When the
// transaction fails, each is tried alone, so that one cannot spoil it for others.
func (s *Store) commit(ctx context.Context, group []*request) {
	if len(group) == 0 {
		return
	}
	err := s.commitOne(ctx, group)
	if err != nil && len(group) > 1 && problem.KindOf(err) != problem.Unavailable {
		for _, r := range group {
			s.commit(ctx, []*request{r})
		}
		return
	}
	for _, r := range group {
		s.waiting.Add(-int64(len(r.readings)))
		r.err = err
		close(r.done)
	}
}

func (s *Store) commitOne(ctx context.Context, group []*request) error {
	var a *appender
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		var err error
		if a, err = s.newAppender(ctx, tx); err != nil {
			return err
		}
		for _, r := range group {
			clear(r.results)
			a.add(r.readings, r.results)
		}
		return a.write()
	})
	if err != nil {
		if !s.failing { // a full disk fails a thousand groups a second, and the log is on a disk too
			s.log.Error("observations are not stored", "callers", len(group), "error", err)
		}
		s.failing = true
		return fmt.Errorf("store observations: %w", err)
	}
	if s.failing {
		s.log.Info("observations are stored again")
	}
	s.failing = false
	s.commits.Add(1)
	if len(a.stored) > 0 {
		bus.Publish(s.bus, Observed, a.stored)
	}
	return nil
}

// ObserveTx stores readings within a transaction of the caller's, which must not
// have taken another lock that Observe's callers wait for. Publish is to be called after the commit.
func (s *Store) ObserveTx(ctx context.Context, tx *store.Tx, readings []Reading) (results []Result, publish func(), err error) {
	a, err := s.newAppender(ctx, tx)
	if err != nil {
		return nil, nil, err
	}
	results = make([]Result, len(readings))
	a.add(readings, results)
	if err := a.write(); err != nil {
		return nil, nil, fmt.Errorf("store observations: %w", err)
	}
	return results, func() { bus.Publish(s.bus, Observed, a.stored) }, nil
}

func (s *Store) forgetKeys(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM observation_key WHERE made < $1`, micros(s.clock.Now().Add(-keepKeys)))
		return err
	})
}
