package study

import "fmt"

// Family is a policy with the levels that trace its curve.
type Family struct {
	Name   string // as it is asked for and printed
	Levels []float64
	// Usual is the level at which the policy is known: the published one, or the planner's own.
	Usual float64
	New   func(w *World, level float64) Policy

	foresees bool
	effort   int
}

// Families returns the policies that a world's study compares. Their levels were chosen on the seeds of 'tune'.
func Families(w *World) []Family {
	all := []Family{
		{Name: "cycle", Levels: []float64{0.3, 0.15, 0.08, 0.04, 0.02, 0.01, 0.003}, Usual: 0.04, New: func(_ *World, x float64) Policy { return &cycle{risk: x} }},
		{Name: "threshold", Levels: []float64{1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7}, Usual: 0.8, New: func(_ *World, x float64) Policy { return &threshold{x} }},
		{Name: "fullest", Levels: []float64{0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5}, Usual: 0.7, New: func(_ *World, x float64) Policy { return &fullestFirst{x} }},
		{Name: "mustmay", Levels: []float64{1, 1.25, 1.5, 1.75, 2, 2.5}, Usual: 1.5, New: func(w *World, x float64) Policy { return &mustMay{w, x, x + 1.5} }},
		{Name: "isr", Levels: []float64{100e3, 300e3, 1e6, 3e6, 10e6}, Usual: 1e6, New: func(_ *World, x float64) Policy { return &isr{x, Prices{}} }},
		{Name: "isr-km", Levels: []float64{16e3, 64e3, 256e3, 1024e3, 4096e3}, Usual: 1024e3, New: func(_ *World, x float64) Policy { return &isr{x, metres()} }},
		{Name: "present", Levels: []float64{0.1, 0.3, 1, 3, 10, 30}, Usual: 1, New: func(w *World, x float64) Policy { return &present{w: w, price: x} }},
		{Name: "detour", Levels: []float64{0.1, 0.3, 1, 3, 10, 30}, Usual: 1, New: func(w *World, x float64) Policy { return &present{w: w, price: x, near: 0.25} }},
		{
			// A round of the engine that plans days looks at all of them, and it takes some ten thousand to settle; another policy gains 3 % of
			// its kilometres from as many, which bench/collection says beside the figures.
			Name: "rolling", Levels: []float64{0.1, 0.3, 1, 3}, Usual: 1, New: func(w *World, x float64) Policy { return &rolling{w: w, price: x, days: 4} },
			effort: 5,
		},
		{
			Name: "clairvoyant", Levels: []float64{1, 10}, Usual: 10, New: func(w *World, x float64) Policy { return &present{w: w, price: x} },
			foresees: true, effort: 4,
		},
	}
	if w.Counts {
		return append([]Family{
			{Name: "count", Levels: []float64{150, 175, 200, 225, 250}, Usual: 250, New: func(_ *World, x float64) Policy { return &fixedCount{int(x)} }},
		}, all...)
	}
	return append([]Family{
		{Name: "found", Levels: []float64{0}, New: func(w *World, _ float64) Policy { return newFound(w) }},
	}, all...)
}

// Contender returns the family's policy at a level.
func (f *Family) Contender(w *World, level float64) Contender {
	c := Contender{Name: fmt.Sprintf("%s %g", f.Name, level), New: func(w *World) Policy { return f.New(w, level) }, effort: f.effort}
	if f.foresees {
		c.foresees = foresight(w)
	}
	return c
}
