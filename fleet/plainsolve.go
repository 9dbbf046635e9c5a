package fleet

import (
	"context"
	"fmt"
)

// solvePlain is Solve for plain problems.
func solvePlain(m *plain, e *effort) (*Solution, error) {
	lead := newHybrid(m, e, e.options.Seed, 0)
	lead.begin(e.options.Warm)
	lead.report()
	switch {
	case e.options.Iterations < 0:
	case e.options.Workers <= 1:
		lead.run(0, 1)
	case lead.genetic == nil && lead.used >= fewRoutes*e.options.Workers:
		newTeam(lead.plainAnnealer, e.options.Workers).run()
	default:
		lead = together(lead, e.options.Workers, func(stream uint64) *hybrid {
			return newHybrid(m, e, e.options.Seed, stream)
		})
	}
	s := lead.solution()
	if e.options.OnBest != nil {
		e.options.OnBest(s)
	}
	if e.ctx.Err() != nil {
		return s, fmt.Errorf("search ended early: %w", context.Cause(e.ctx))
	}
	if lead.best.missing > 0 {
		return s, missingFrom(m.problem, s)
	}
	return s, nil
}

// missingFrom explains which required stops a solution of a plain problem misses.
func missingFrom(p *Problem, s *Solution) error {
	a := newAnnealer(compile(context.Background(), p), nil, 0, 0)
	if err := a.adopt(s.Routes); err != nil {
		return err
	}
	return a.missingError()
}
