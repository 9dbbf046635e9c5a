package horizon

import (
	"context"
	"time"
)

// Options steer a search. The zero value searches for 20,000 iterations.
type Options struct {
	Seed uint64
	// Iterations ends the search after as many ruins and recreations; below 0 only a first plan is built. Time
	// ends it after a while. With both, the first ends it; with Iterations alone the result is the same every time for a seed.
	Iterations int
	Time       time.Duration
	// Elapsed tells how much of Time is spent, where that is not the time since the search began: a benchmark on a busy machine
	// may count processor time.
	Elapsed func() time.Duration
	// Warm is a plan to begin with: its days and its order of visits.
	Warm *Plan
}

const defaultIterations = 20_000

// InfeasibleError is what a search returns with the best plan that it found when that plan breaks a limit.
type InfeasibleError struct {
	Violations Violations // as from [Check]
}

// Error says what is wrong with the plan.
func (e *InfeasibleError) Error() string {
	return "no plan keeps to all limits, or the search was too short: " + e.Violations.Error()
}

// Solve searches a cheap plan. It returns the best it has found when its time or iterations are over; when ctx ends first,
// the best so far together with the cause. A problem that makes no sense is refused by [Problem.Validate]. When no plan
// was found that keeps to all limits, the error is an [*InfeasibleError] and the plan the one that breaks them least.
//
// It ruins and recreates (Shaw 1998; Christiaens & Vanden Berghe 2020) over days, trucks and trips: sites near each other are taken out of all days and put back,
// one by one, on the days that are best for each by a shortest path over days, exact for the rest of the plan (Zhao, Archetti, Pham, Vidal
// 2025, arXiv 2506.03172). Unloadings are placed by dynamic programming. Changes are accepted by simulated annealing, limits being
// broken at a price that follows how often they are.
func Solve(ctx context.Context, p *Problem, o Options) (*Plan, error) {
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
	s := newSearch(compile(p), &o)
	s.start(o.Warm)
	s.run(ctx)
	plan := s.plan()
	if violations, ok := Check(p, plan).(Violations); ok {
		return plan, &InfeasibleError{violations}
	}
	return plan, context.Cause(ctx)
}
