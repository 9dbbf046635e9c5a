package fleet

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Options steer a search. The zero value searches for 20,000 iterations.
type Options struct {
	Seed uint64
	// Iterations ends the search after as many ruins and recreations a worker (a child of genetic search
	// counts for a hundred); below 0 only a first solution is built. Time ends it after a while. With both, the first ends it; with
	// Iterations alone the result is the same every time for a seed and a number of workers.
	Iterations int
	Time       time.Duration
	// Workers is how many search at once, on parts of the map or for themselves, and share what they find now and then; 0
	// means 1.
	Workers int
	// Elapsed tells how much of Time is spent, where that is not the time since the search began: a benchmark on a busy
	// machine may count processor time.
	Elapsed func() time.Duration
	// OnBest is called, one call at a time, with each better solution that is found, at most ten times a second
	// and for the first and the last always. It must not change the solution.
	OnBest func(*Solution)
	// Warm is a solution to begin with; what of it cannot be driven is left out.
	Warm *Solution
}

const (
	defaultIterations = 20_000
	epochs            = 16 // times that several workers share the best
	reportEvery       = 100 * time.Millisecond
)

// MissingError says which required stops a search could not serve. Solve returns
// it together with the best solution that leaves them out.
type MissingError struct {
	Stops []int
	// Binds says per stop what forbids serving it even alone or, when nothing does, its cheapest insertion.
	Binds []Bind
	text  string
}

// Error names the stops and what binds.
func (e *MissingError) Error() string { return e.text }

// Solve searches a cheap solution of a problem. It returns the best it has found when its time or iterations
// are over. When ctx ends first it returns the best so far, which before the search began serves nothing, together with
// the cause.
// A problem that makes no sense is refused by [Problem.Validate]; when required stops
// cannot be served the error is a [*MissingError].
//
// How it searches depends on what is asked. Where every vehicle makes one trip from depot to
// depot, without facilities, breaks and overtime, and stops have one window at most, a fast
// ruin and recreation offers each stop the positions beside its neighbours; the smallest of these with one kind of
// vehicle and one load go on with hybrid genetic search. All else is annealed on a richer and slower model.
func Solve(ctx context.Context, p *Problem, o Options) (*Solution, error) {
	began := time.Now()
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Iterations == 0 && o.Time == 0 {
		o.Iterations = defaultIterations
	}
	if o.Elapsed == nil {
		o.Elapsed = func() time.Duration { return time.Since(began) }
	}
	e := &effort{ctx: ctx, options: o}
	if m := compilePlain(ctx, p); m != nil {
		return solvePlain(m, e)
	}
	m := compile(ctx, p)
	if ctx.Err() != nil {
		return nothing(p), fmt.Errorf("search ended before it began: %w", context.Cause(ctx))
	}
	if err := m.checkBegun(); err != nil {
		return nil, err
	}
	workers := max(1, o.Workers)
	lead := newAnnealer(m, e, o.Seed, 0)
	lead.start(o.Warm)
	lead.report()
	if o.Iterations >= 0 && len(p.Stops) > 0 {
		if workers == 1 {
			lead.run(0, 1)
		} else {
			lead = together(lead, workers, func(stream uint64) *annealer { return newAnnealer(m, e, o.Seed, stream) })
		}
	}
	lead.restore()
	lead.polish()
	s := lead.solution()
	if o.OnBest != nil {
		o.OnBest(s)
	}
	if ctx.Err() != nil {
		return s, fmt.Errorf("search ended early: %w", context.Cause(ctx))
	}
	if lead.missing > 0 {
		return s, lead.missingError()
	}
	return s, nil
}

// nothing serves no stop.
func nothing(p *Problem) *Solution {
	s := &Solution{Routes: []Route{}, Unserved: make([]int, len(p.Stops))}
	for i := range s.Unserved {
		s.Unserved[i] = i
	}
	return s
}

// worker is one of several that search at once: W is its own type.
type worker[W any] interface {
	run(from, to float64) // between two shares of the effort
	takeOver(other W)     // continues from another's best solution
	isBetter(than W) bool
}

// together lets several workers search in epochs; after each, all go on from the best.
func together[W worker[W]](lead W, workers int, hire func(stream uint64) W) W {
	team := []W{lead}
	for i := 1; i < workers; i++ {
		w := hire(uint64(i))
		w.takeOver(lead)
		team = append(team, w)
	}
	for epoch := range epochs {
		var wait sync.WaitGroup
		for _, w := range team {
			wait.Go(func() { w.run(float64(epoch)/epochs, float64(epoch+1)/epochs) })
		}
		wait.Wait()
		best := 0
		for i, w := range team {
			if w.isBetter(team[best]) {
				best = i
			}
		}
		lead = team[best]
		for i, w := range team {
			if i != best {
				w.takeOver(lead)
			}
		}
	}
	return lead
}

// effort is what a whole Solve may spend.
type effort struct {
	ctx     context.Context
	options Options

	mu       sync.Mutex
	reported struct {
		any     bool
		missing int
		cost    int64
		at      time.Time
	} // guarded by mu
}

// progress returns the share of the effort that is spent, at least 1 when it is over.
func (e *effort) progress(iteration int) float64 {
	if e.ctx.Err() != nil {
		return 1
	}
	share := 0.0
	if e.options.Iterations > 0 {
		share = float64(iteration) / float64(e.options.Iterations)
	}
	if e.options.Time > 0 {
		share = max(share, float64(e.options.Elapsed())/float64(e.options.Time))
	}
	return share
}

// report tells the caller of a solution that is better than the last one, the first always.
func (e *effort) report(missing int, cost int64, solution func() *Solution) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	r := &e.reported
	if r.any && (now.Sub(r.at) < reportEvery || missing > r.missing || missing == r.missing && cost >= r.cost) {
		return
	}
	r.any, r.missing, r.cost, r.at = true, missing, cost, now
	e.options.OnBest(solution())
}

// missingError explains which required stops are missing.
func (a *annealer) missingError() *MissingError {
	e := &MissingError{}
	var parts []string
	empty := newSearch(a.model, 0, 0)
	for s, required := range a.required {
		if !required || a.routeOf[s] != none {
			continue
		}
		binds := a.price(int32(s), none).Binds
		if alone := empty.price(int32(s), none); !alone.Feasible {
			binds = alone.Binds
		}
		e.Stops, e.Binds = append(e.Stops, s), append(e.Binds, binds)
		if len(parts) < 5 {
			parts = append(parts, fmt.Sprintf("%s (%s)", stopName(a.problem, s), bindText(binds)))
		}
	}
	e.text = fmt.Sprintf("%d required stops cannot be served: %s", len(e.Stops), strings.Join(parts, ", "))
	if more := len(e.Stops) - len(parts); more > 0 {
		e.text += fmt.Sprintf(" and %d more", more)
	}
	return e
}
