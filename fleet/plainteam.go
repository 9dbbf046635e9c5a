package fleet

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// teamEpochs is how often at least workers that share the routes of a problem put them together and share them
	// out again; in a long search once a second.
	teamEpochs = 200
	// fewRoutes is how many routes a worker should have for that.
	fewRoutes = 4
)

// team is several workers that anneal different routes of one solution at once: a change touches routes near each
// other only, so that workers on different parts of the map rarely want the same ones. Together they
// are one annealing of as many more iterations.
type team struct {
	lead    *plainAnnealer // holds the whole solution between epochs, and the best
	workers []*plainAnnealer
	order   []routePlace
	partOf  []int32 // per vehicle, the worker that has it in this epoch
	stopOf  []int32 // per stop, likewise
}

// routePlace is where a route lies: the mean number of its stops, which are near in place where they are near in number.
type routePlace struct {
	vehicle int32
	place   float64
}

func newTeam(lead *plainAnnealer, workers int) *team {
	t := &team{lead: lead, partOf: make([]int32, lead.vehicles), stopOf: make([]int32, lead.stops)}
	for i := range workers {
		w := newPlainAnnealer(lead.plain, lead.effort, lead.effort.options.Seed, uint64(i+1))
		w.hot, w.cold, w.quiet = lead.hot, lead.cold, true
		t.workers = append(t.workers, w)
	}
	return t
}

// run searches until the effort is spent.
func (t *team) run() {
	epochs := max(teamEpochs, int(t.lead.effort.options.Time/time.Second))
	for epoch := range epochs {
		until := float64(epoch+1) / float64(epochs)
		if t.lead.effort.progress(t.workers[0].iteration) >= until {
			continue
		}
		t.share()
		var wait sync.WaitGroup
		for i, w := range t.workers {
			wait.Go(func() {
				t.load(w, int32(i))
				if len(w.mine) > 0 {
					w.anneal(0, 1, until)
				}
			})
		}
		wait.Wait()
		t.gather()
	}
}

// share gives each worker about as many stops, in routes that lie together; where the parts begin is drawn, so that
// it differs between epochs.
func (t *team) share() {
	a := t.lead
	t.order = t.order[:0]
	for v := range int32(a.vehicles) {
		t.partOf[v] = v % int32(len(t.workers)) // empty vehicles
		if a.count[v] == 0 {
			continue
		}
		sum := 0.0
		for s := a.next[a.start(v)]; int(s) < a.stops; s = a.next[s] {
			sum += float64(s)
		}
		t.order = append(t.order, routePlace{v, sum / float64(a.count[v])})
	}
	slices.SortFunc(t.order, func(x, y routePlace) int {
		return cmp.Or(cmp.Compare(x.place, y.place), cmp.Compare(x.vehicle, y.vehicle))
	})
	first, stops := a.random.below(len(t.order)), 0
	for i := range t.order {
		v := t.order[(first+i)%len(t.order)].vehicle
		t.partOf[v] = int32(min(stops*len(t.workers)/max(a.served, 1), len(t.workers)-1))
		stops += int(a.count[v])
	}
	for s := range int32(a.stops) {
		t.stopOf[s] = 0
		if v := a.vehicle[s]; v != none {
			t.stopOf[s] = t.partOf[v]
			continue
		}
		for _, near := range a.neighbours(s) { // nobody serves it: whoever is nearest may
			if v := a.vehicle[near.stop]; v != none {
				t.stopOf[s] = t.partOf[v]
				break
			}
		}
	}
}

// load gives a worker its part of the lead's solution.
func (t *team) load(w *plainAnnealer, part int32) {
	a := t.lead
	w.clear()
	w.mine, w.away = w.mine[:0], 0
	for s := range int32(a.stops) {
		w.foreign[s] = t.stopOf[s] != part
		switch {
		case !w.foreign[s]:
			w.mine = append(w.mine, s)
		case w.required[s]:
			w.away++
		}
	}
	for v, of := range t.partOf {
		if of != part {
			w.reserve(int32(v))
			continue
		}
		w.copyRoute(a, int32(v), a.next)
	}
	w.settle()
	w.best.missing = math.MaxInt
	w.keep()
}

// gather makes of the workers' parts the lead's solution, and the best if their best are.
func (t *team) gather() {
	a := t.lead
	for _, best := range []bool{true, false} {
		a.clear()
		for v, part := range t.partOf {
			w := t.workers[part]
			if best {
				a.copyRoute(w, int32(v), w.best.next)
			} else {
				a.copyRoute(w, int32(v), w.next)
			}
		}
		a.settle()
		if a.keep() {
			a.report()
		}
	}
}

// copyRoute serves a vehicle's stops as another worker's list of next nodes does.
func (a *plainAnnealer) copyRoute(from *plainAnnealer, v int32, next []int32) {
	behind := a.start(v)
	for s := next[from.start(v)]; int(s) < a.stops; s = next[s] {
		a.link(s, behind)
		behind = s
	}
	if a.timed {
		a.retime(v)
	}
}

// reserve takes an empty vehicle out of those that may open a route, until the next clear.
func (t *linked) reserve(v int32) {
	list := t.idle[t.kindOf[v]]
	last := list[len(list)-1]
	list[t.idleAt[v]], t.idleAt[last] = last, t.idleAt[v]
	t.idle[t.kindOf[v]] = list[:len(list)-1]
}
