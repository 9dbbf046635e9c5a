package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options steer a search. The zero value searches for 20,000 iterations.
type Options struct {
	Seed uint64
	// Iterations ends the search after as many ruins and recreations a worker; below 0
	// only a first solution is built. Time ends it after a while. With both, the first ends it; with
	// Iterations alone the result is the same every time for a seed and a number of workers.
	Iterations int
	Time       time.Duration
	// Workers is how many search at once and share the best now and then; 0 means 1.
	Workers int
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
// are over. When ctx ends first it returns the best so far together with the cause.
// A problem that makes no sense is refused by [Problem.Validate]; when required stops
// cannot be served the error is a [*MissingError].
func Solve(ctx context.Context, p *Problem, o Options) (*Solution, error) {
	began := time.Now()
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if o.Iterations == 0 && o.Time == 0 {
		o.Iterations = defaultIterations
	}
	e := &effort{ctx: ctx, elapsed: func() time.Duration { return time.Since(began) }, options: o}
	if m := compilePlain(p); m != nil {
		return solvePlain(m, e)
	}
	m := compile(p)
	workers := max(1, o.Workers)
	lead := newAnnealer(m, e, o.Seed, 0)
	lead.start(o.Warm)
	lead.report()
	if o.Iterations >= 0 && len(p.Stops) > 0 {
		if workers == 1 {
			lead.run(0, 1)
		} else {
			lead = together(m, e, lead, workers)
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

// together lets several workers search in epochs; after each, all go on from the best.
func together(m *model, e *effort, lead *annealer, workers int) *annealer {
	team := []*annealer{lead}
	for i := 1; i < workers; i++ {
		a := newAnnealer(m, e, e.options.Seed, uint64(i))
		a.takeOver(lead)
		team = append(team, a)
	}
	for epoch := range epochs {
		var wait sync.WaitGroup
		for _, a := range team {
			wait.Go(func() { a.run(float64(epoch)/epochs, float64(epoch+1)/epochs) })
		}
		wait.Wait()
		lead = slices.MinFunc(team, func(a, b *annealer) int {
			if a.best.better(b.best.missing, b.best.cost) {
				return -1
			}
			if b.best.better(a.best.missing, a.best.cost) {
				return 1
			}
			return 0
		})
		for _, a := range team {
			if a != lead {
				a.takeOver(lead)
			}
		}
	}
	return lead
}

// effort is what a whole Solve may spend.
type effort struct {
	ctx     context.Context
	elapsed func() time.Duration // since the search began
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
		share = max(share, float64(e.elapsed())/float64(e.options.Time))
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
		binds := a.price(int32(s)).Binds
		if alone := empty.price(int32(s)); !alone.Feasible {
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
