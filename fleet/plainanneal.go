package fleet

import (
	"math"
	"slices"
)

// Temperatures of plain problems, as shares of the mean cost of an arc.
const (
	plainHot, plainCold = 1.0, 0.01
	// plainOptional is how much hotter it is with optional stops: whole routes come and go, which costs more.
	plainOptional = 3
	// plainWarm is the share of the heat where there is a solution to begin with.
	plainWarm = 0.2
)

// plainAnnealer is a worker that ruins, recreates and accepts by simulated annealing.
type plainAnnealer struct {
	*ruiner
	effort    *effort
	iteration int
	current   int64
	best      plainBest
	hot, cold float64
	quiet     bool // does not report

	absent               []int64 // per required stop, how often it was missing after an iteration
	lacking, lackingNext []int32 // the required stops that the current and the changed solution miss
}

// plainBest is the best solution so far.
type plainBest struct {
	next    []int32 // of every node
	missing int
	cost    int64
}

func newPlainAnnealer(m *plain, e *effort, seed, stream uint64) *plainAnnealer {
	t := newLinked(m)
	return &plainAnnealer{
		ruiner: newRuiner(t, newRandom(seed, stream)), effort: e, absent: make([]int64, m.stops),
		best: plainBest{next: slices.Clone(t.next), missing: math.MaxInt},
	}
}

// begin builds a first solution, from a warm one where there is one; what of that cannot be driven is left out.
func (a *plainAnnealer) begin(warm *Solution) {
	if warm != nil {
		for i := range warm.Routes {
			a.adoptRoute(&warm.Routes[i])
		}
		a.forget()
		a.keep()
	}
	for s := range int32(a.stops) {
		a.offer(s)
	}
	a.sortPool(plainFar) // the best first solutions of all orders
	a.insertPool(a.optional)
	a.forget()
	a.keep()
	a.restore()
	driving := 0.0
	for s := range a.stops {
		if a.vehicle[s] != none {
			driving += float64(a.out[s])
		}
	}
	mean := max(driving/float64(max(a.served, 1)), 1)
	a.hot, a.cold = plainHot*mean, plainCold*mean
	if a.optional {
		a.hot, a.cold = plainOptional*a.hot, plainOptional*a.cold
	}
	if warm != nil {
		a.hot *= plainWarm
	}
}

// adoptRoute takes over the order of stops of a route, unless that vehicle cannot drive it.
func (a *plainAnnealer) adoptRoute(from *Route) {
	v := int32(from.Vehicle)
	if from.Vehicle < 0 || from.Vehicle >= a.vehicles || a.count[v] > 0 {
		return
	}
	k := &a.kinds[a.kindOf[v]]
	behind := a.start(v)
	fits := true
	for i := range from.Visits {
		visit := &from.Visits[i]
		if visit.Kind != Serve || visit.Index < 0 || visit.Index >= a.stops {
			continue
		}
		s := a.numberOf[visit.Index]
		if a.vehicle[s] != none || !k.mayServe(s) || !a.carries(v, s) {
			fits = false
			break
		}
		a.link(s, behind)
		behind = s
	}
	if a.timed {
		a.retime(v)
		fits = fits && a.inTime(v)
	}
	if !fits {
		a.undo()
		return
	}
	a.forget()
}

// restore makes the best solution the current one.
func (a *plainAnnealer) restore() {
	a.clear()
	for v := range int32(a.vehicles) {
		a.copyRoute(a, v, a.best.next)
	}
	a.settle()
}

// settle accepts the current solution as it is.
func (a *plainAnnealer) settle() {
	a.forget()
	a.current = a.cost
	a.lacking = a.lacking[:0]
	if a.missing > a.away {
		for _, s := range a.mine {
			if a.required[s] && a.vehicle[s] == none {
				a.lacking = append(a.lacking, s)
			}
		}
	}
}

// isBetter reports whether the best solution is better than another worker's.
func (a *plainAnnealer) isBetter(than *plainAnnealer) bool {
	return a.best.missing < than.best.missing || a.best.missing == than.best.missing && a.best.cost < than.best.cost
}

// takeOver continues from another worker's best solution.
func (a *plainAnnealer) takeOver(other *plainAnnealer) {
	a.best.missing, a.best.cost = other.best.missing, other.best.cost
	copy(a.best.next, other.best.next)
	a.hot, a.cold = other.hot, other.cold
	a.restore()
}

// keep stores the current solution as the best if it is.
func (a *plainAnnealer) keep() bool {
	if a.best.missing < a.missing || a.best.missing == a.missing && a.best.cost <= a.cost {
		return false
	}
	a.best.missing, a.best.cost = a.missing, a.cost
	copy(a.best.next, a.next)
	return true
}

// run anneals between two shares of the effort.
func (a *plainAnnealer) run(_, to float64) { a.anneal(0, 1, to) }

// anneal cools down from one share of the effort to another, and ends at until.
func (a *plainAnnealer) anneal(from, to, until float64) {
	temperature := a.hot
	for {
		if a.iteration%64 == 0 {
			done := a.effort.progress(a.iteration)
			if done >= until {
				return
			}
			temperature = a.hot * math.Pow(a.cold/a.hot, (max(done, from)-from)/(to-from))
		}
		a.iteration++
		a.iterate(temperature)
	}
}

// report tells the caller of a better solution.
func (a *plainAnnealer) report() {
	if a.effort.options.OnBest != nil && !a.quiet {
		a.effort.report(a.best.missing, a.best.cost, a.solution)
	}
}

// iterate tries one change.
func (a *plainAnnealer) iterate(temperature float64) {
	missing := a.missing
	seed := a.mine[a.random.below(len(a.mine))]
	hope := a.optional && a.random.chance(hopeChance)
	if hope {
		seed = a.drawUnserved(seed)
	}
	if !hope || !a.random.chance(hopeOnly) {
		a.ruin(seed)
	}
	a.offerMissing(seed, missing, hope)
	a.recreate(hope)
	if !a.accepts(missing, temperature) {
		a.undo()
		return
	}
	a.forget()
	a.lacking, a.lackingNext = a.lackingNext, a.lacking
	a.current = a.cost
	if a.keep() {
		a.report()
	}
}

// drawUnserved draws an optional stop that nobody serves; other when it does not find one.
func (a *plainAnnealer) drawUnserved(other int32) int32 {
	const tries = 64
	for range tries {
		if s := a.mine[a.random.below(len(a.mine))]; a.vehicle[s] == none && !a.required[s] {
			return s
		}
	}
	return other
}

// offerMissing puts unserved stops into the pool: required ones, and optional ones near the seed; missing
// is how many of them there were before the ruin.
func (a *plainAnnealer) offerMissing(seed int32, missing int, hope bool) {
	if missing > a.away {
		for _, s := range a.mine {
			if a.required[s] {
				a.offer(s)
			}
		}
	}
	if a.optional {
		a.offer(seed)
		most := len(a.pool) + extras
		if hope {
			most = len(a.pool) + hopeExtras
		}
		for _, near := range a.neighbours(seed) {
			if len(a.pool) >= most {
				break
			}
			if hope || a.random.chance(0.5) {
				a.offer(near.stop)
			}
		}
	}
}

func (a *plainAnnealer) accepts(missing int, temperature float64) bool {
	a.lackingNext = a.lackingNext[:0]
	if a.missing > a.away {
		for _, s := range a.mine {
			if a.required[s] && a.vehicle[s] == none {
				a.absent[s]++
				a.lackingNext = append(a.lackingNext, s)
			}
		}
	}
	if a.missing != missing {
		return a.missing < missing
	}
	if a.missing > a.away && a.absences(a.lackingNext) < a.absences(a.lacking) {
		return true
	}
	return float64(a.cost) < float64(a.current)-temperature*math.Log(1-a.random.float())
}

// absences returns how often the given stops were missing, together.
func (a *plainAnnealer) absences(stops []int32) int64 {
	sum := int64(0)
	for _, s := range stops {
		sum += a.absent[s]
	}
	return sum
}
