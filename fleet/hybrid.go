package fleet

import (
	"math"
	"time"
)

// Small plain problems are annealed a few times, and hybrid genetic search goes on from what came of that. Larger
// ones are left to genetic search where there is much time, and are annealed once where there is little. Annealing is
// better in a short time, but may end far from the best where capacity is tight, which crossover and overload repair.
// Measured on X-n303-k21: 2.4 s a hundred stops leave annealing at 1.00 % and HGS-CVRP at 1.29 % above the best known;
// 24 s annealing at 0.59 %, genetic search that begins with annealed solutions at 0.57 %, with random ones at 0.46 %, and
// HGS-CVRP itself at 0.12 %, one seed each.
const (
	geneticStops = 250 // the most for genetic search in a short time, patientStops in a long one
	patientStops = 600
	// A time is long from patientTime or patientIterations a stop on.
	patientTime       = 100 * time.Millisecond
	patientIterations = 10_000
	heats             = 3   // of annealing before it
	heatedShare       = 0.3 // of the effort, for all heats
)

// hybrid is a worker on a plain problem.
type hybrid struct {
	*plainAnnealer // with the best solution of all
	heat           *plainAnnealer
	share          float64  // of the effort, for the heats
	heated         int      // heats begun
	genetic        *genetic // nil for problems that are only annealed
}

func newHybrid(m *plain, e *effort, seed, stream uint64) *hybrid {
	h := &hybrid{plainAnnealer: newPlainAnnealer(m, e, seed, stream)}
	if m.isGenetic() && (m.stops <= geneticStops || m.stops <= patientStops && e.options.isPatient(m.stops)) {
		if m.stops <= geneticStops {
			h.share = heatedShare
		}
		h.heat = newPlainAnnealer(m, e, seed, stream+1<<32)
		h.genetic = newGenetic(m, e, newRandom(seed, stream+1<<33))
		h.genetic.onBest = h.takeBest
	}
	return h
}

// isPatient reports whether there is a long time for a number of stops.
func (o *Options) isPatient(stops int) bool {
	return (o.Time == 0 || o.Time >= time.Duration(stops)*patientTime) &&
		(o.Iterations == 0 || o.Iterations >= stops*patientIterations)
}

// run searches between two shares of the effort.
func (h *hybrid) run(from, to float64) {
	if h.genetic == nil {
		h.plainAnnealer.run(from, to)
		return
	}
	if h.share == 0 && h.heated == 0 && h.effort.options.Warm != nil && h.best.missing == 0 {
		h.heated = heats
		h.genetic.seed(h.linked, h.best.next)
	}
	length := h.share / heats
	for done := h.effort.progress(h.iteration); done < min(to, h.share); done = h.effort.progress(h.iteration) {
		number := min(int(done/length), heats-1)
		if number+1 > h.heated {
			h.heated = number + 1
			h.beginHeat()
		}
		first := float64(number) * length
		end := min(to, first+length)
		h.heat.iteration = h.iteration
		h.heat.anneal(first, first+length, end)
		h.iteration = h.heat.iteration
		if h.heat.best.missing < h.best.missing || h.heat.best.missing == h.best.missing && h.heat.best.cost < h.best.cost {
			h.best.missing, h.best.cost = h.heat.best.missing, h.heat.best.cost
			copy(h.best.next, h.heat.best.next)
		}
		if end == first+length && h.heat.best.missing == 0 {
			h.genetic.seed(h.heat.linked, h.heat.best.next)
		}
	}
	h.genetic.iteration = h.iteration
	h.genetic.run(to)
	h.iteration = h.genetic.iteration
}

// beginHeat starts annealing anew; the first heat goes on from the first solution.
func (h *hybrid) beginHeat() {
	h.heat.best.missing = math.MaxInt
	if h.heated == 1 {
		h.heat.takeOver(h.plainAnnealer)
		return
	}
	h.heat.clear()
	h.heat.begin(nil)
}

// takeBest makes the genetic search's best solution the worker's, if it is better.
func (h *hybrid) takeBest() {
	in := &h.genetic.best
	if h.best.missing == 0 && h.best.cost <= in.cost {
		return
	}
	h.best.missing, h.best.cost = 0, in.cost
	for v := range int32(h.vehicles) {
		last := h.start(v)
		if int(v) < len(in.ends) {
			for _, s := range in.route(int(v)) {
				h.best.next[last] = s
				last = s
			}
		}
		h.best.next[last] = h.end(v)
	}
	h.report()
}

// isBetter reports whether the best solution is better than another worker's.
func (h *hybrid) isBetter(than *hybrid) bool { return h.plainAnnealer.isBetter(than.plainAnnealer) }

// takeOver continues from another worker's best solution.
func (h *hybrid) takeOver(other *hybrid) {
	if h.genetic == nil {
		h.plainAnnealer.takeOver(other.plainAnnealer)
		return
	}
	h.best.missing, h.best.cost = other.best.missing, other.best.cost
	h.best.next = append(h.best.next[:0], other.best.next...)
	h.hot, h.cold = other.hot, other.cold
	if h.best.missing == 0 {
		h.genetic.seed(h.linked, h.best.next)
	}
}
