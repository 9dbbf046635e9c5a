package fleet

import "math"

const (
	// Simulated annealing runs from one share of the mean cost of driving per stop down to another. With
	// optional stops whole trips come and go, which costs more. Found by trial on two drawn towns (city_test.go, seeds 1 and 2) and, without
	// optional stops, on the five X instances at 3 s each: the results on these are not those of unseen problems.
	hotShare, coldShare                 = 1.0, 0.02
	hotShareOptional, coldShareOptional = 8.0, 0.1
)

// annealer is a worker that ruins, recreates and accepts by simulated annealing.
type annealer struct {
	*search
	effort    *effort
	iteration int
	current   int64 // cost
	best      incumbent
	hot, cold float64 // temperatures in grains

	absent               []int64 // per required stop, how often it was missing after an iteration
	lacking, lackingNext []int32 // the required stops that the current and the changed solution miss
}

// incumbent is the best solution so far: nodes per vehicle.
type incumbent struct {
	nodes   [][]int32
	missing int
	cost    int64
}

// copyFrom makes b equal to another incumbent.
func (b *incumbent) copyFrom(o *incumbent) {
	b.missing, b.cost = o.missing, o.cost
	for v := range b.nodes {
		b.nodes[v] = append(b.nodes[v][:0], o.nodes[v]...)
	}
}

// better reports whether the incumbent is better than a solution with the given values.
func (b *incumbent) better(missing int, cost int64) bool {
	return b.missing < missing || b.missing == missing && b.cost < cost
}

func newAnnealer(m *model, e *effort, seed, stream uint64) *annealer {
	return &annealer{
		search: newSearch(m, seed, stream), effort: e, absent: make([]int64, m.stops),
		best: incumbent{nodes: make([][]int32, len(m.vehicleKind)), missing: math.MaxInt},
	}
}

// keep stores the current solution as the best if it is.
func (a *annealer) keep() bool {
	cost := a.cost()
	if a.best.missing < a.missing || a.best.missing == a.missing && a.best.cost <= cost {
		return false
	}
	a.best.missing, a.best.cost = a.missing, cost
	for v := range a.routes {
		a.best.nodes[v] = append(a.best.nodes[v][:0], a.routes[v].nodes...)
	}
	return true
}

// restore makes the best solution the current one.
func (a *annealer) restore() {
	a.reset()
	for v := range a.routes {
		r := &a.routes[v]
		r.nodes = append(r.nodes[:0], a.best.nodes[v]...)
		a.measure(r)
		a.serveRest(r)
		a.index(r)
	}
	a.forget()
	a.current = a.cost()
	a.lacking = a.lacking[:0]
	for s, required := range a.required {
		if required && a.routeOf[s] == none {
			a.lacking = append(a.lacking, int32(s))
		}
	}
}

// isBetter reports whether the best solution is better than another worker's.
func (a *annealer) isBetter(than *annealer) bool {
	return a.best.better(than.best.missing, than.best.cost)
}

// takeOver continues from another worker's best solution.
func (a *annealer) takeOver(other *annealer) {
	a.best.copyFrom(&other.best)
	a.hot, a.cold = other.hot, other.cold
	a.setBlink(blinkChance)
	a.restore()
}

// setTemperatures takes them from the mean cost of driving per stop of the current solution.
func (a *annealer) setTemperatures() {
	driving, served := 0.0, 0
	for v := range a.routes {
		r := &a.routes[v]
		if r.empty() {
			continue
		}
		for _, link := range r.link {
			driving += float64(link)
		}
		served += len(r.nodes) - 2 - len(r.trips)
	}
	perStop := float64(grains)
	if served > 0 && driving > 0 {
		perStop = driving / float64(served)
	}
	a.hot, a.cold = hotShare*perStop, coldShare*perStop
	if a.optional {
		a.hot, a.cold = hotShareOptional*perStop, coldShareOptional*perStop
	}
}

// run anneals between two shares of the effort.
func (a *annealer) run(from, to float64) {
	temperature := a.hot
	for {
		if a.iteration%32 == 0 {
			done := a.effort.progress(a.iteration)
			if done >= to {
				return
			}
			temperature = a.hot * math.Pow(a.cold/a.hot, max(done, from))
		}
		a.iteration++
		a.iterate(temperature)
	}
}

// report tells the caller of a better solution.
func (a *annealer) report() {
	if a.effort.options.OnBest != nil {
		a.effort.report(a.best.missing, a.best.cost, a.solution)
	}
}

// iterate tries one change.
func (a *annealer) iterate(temperature float64) {
	if a.optional && a.random.chance(relieveChance) && a.relieve() {
		a.recreate(byProfit, a.random.chance(relieveHope))
	} else {
		hope := a.optional && a.random.chance(hopeChance)
		seed := a.drawSeed(hope)
		if seed == none {
			return
		}
		a.ruin(seed, hope)
		a.offerUnserved(seed, hope)
		a.recreate(a.drawOrder(), hope)
	}
	cost := a.cost()
	if !a.accepts(cost, temperature) {
		a.undo()
		return
	}
	a.forget()
	a.current = cost
	a.lacking, a.lackingNext = a.lackingNext, a.lacking
	if a.keep() {
		a.report()
	}
}

// accepts decides on the changed solution. Fewer required stops missing is always better; with
// as many missing, ones that were missing less often are too (Christiaens & Vanden Berghe's sum of absences).
func (a *annealer) accepts(cost int64, temperature float64) bool {
	a.lackingNext = a.lackingNext[:0]
	if a.missing > 0 {
		for s, required := range a.required {
			if required && a.routeOf[s] == none {
				a.absent[s]++
				a.lackingNext = append(a.lackingNext, int32(s))
			}
		}
	}
	if a.missing != a.before.missing {
		return a.missing < a.before.missing
	}
	if a.missing > 0 && a.absences(a.lackingNext) < a.absences(a.lacking) {
		return true
	}
	return float64(cost) < float64(a.current)-temperature*math.Log(1-a.random.float())
}

// absences returns how often the given stops were missing, together.
func (a *annealer) absences(stops []int32) int64 {
	sum := int64(0)
	for _, s := range stops {
		sum += a.absent[s]
	}
	return sum
}

// drawSeed draws the stop around which to change things: an unserved optional one where there is hope of a
// new trip, one that is missing where there are, else any that is served.
func (a *annealer) drawSeed(hope bool) int32 {
	const tries = 64
	if !hope && a.missing > 0 && a.random.chance(0.5) {
		for range tries {
			if s := a.random.below(a.stops); a.required[s] && a.routeOf[s] == none {
				return int32(s)
			}
		}
	}
	for range tries {
		s := a.random.below(a.stops)
		if (a.routeOf[s] == none) == hope && !(hope && a.required[s]) && !a.idle[s] {
			return int32(s)
		}
	}
	return int32(a.random.below(a.stops))
}

// polish takes out what does not pay and moves unloadings, exactly.
func (a *annealer) polish() {
	cost := a.cost()
	for v := range a.routes {
		if !a.routes[v].empty() {
			a.prune(int32(v))
			a.improveUnloads(int32(v))
		}
	}
	a.pool = a.pool[:0]
	if a.cost() > cost { // out of balance
		a.undo()
	}
	a.forget()
}
