package horizon

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// search is a state with what is needed to change it and to take changes back.
type search struct {
	*state
	options *Options
	random  *rand.Rand
	blinks  bool // overlook an option now and then

	offers    []offers // per day
	reference [][]int64
	idle      []int

	// pool is what is taken out: sites out of all days, or out of one.
	pool   []task
	pooled []bool   // per site
	memory []uint64 // per site, its visits before it was taken out

	// What the current change has touched, as it was.
	touched []int32 // slots
	marked  []bool
	saved   [][]int32
	altered []int32 // sites with other days
	changed []bool
	visited []uint64
	total   float64 // of the state before

	lured int     // the day that draws sites now, -1 for none
	bait  float64 // by how much, in cents

	path   pathFinder
	placer placer
	undone []int32 // nodes of a route before a trial

	best      incumbent
	mean      float64 // cost of a drive to a near site, in cents
	scale     float64 // of the prices, against those at first
	strings   []int32 // slots ruined now
	ruined    []bool
	iteration int
	done      float64 // of the effort, a while ago
}

// task is a site to be put back: on one day, or on all days that are best when day is -1.
type task struct {
	site  int32
	day   int
	order float64
}

func newSearch(m *model, o *Options) *search {
	w := &search{
		state: newState(m), options: o, random: rand.New(rand.NewPCG(o.Seed, 0)),
		offers: make([]offers, m.days), reference: make([][]int64, m.days),
		pooled: make([]bool, m.sites), memory: make([]uint64, m.sites),
		lured: -1, marked: make([]bool, len(m.slots)), saved: make([][]int32, len(m.slots)),
		changed: make([]bool, m.sites), visited: make([]uint64, m.sites), ruined: make([]bool, len(m.slots)),
	}
	w.path = newPathFinder(m.days)
	w.best = newIncumbent(len(m.slots))
	second, meter := w.dearest()
	w.mean = max(1e-3, second*m.meanSeconds+meter*m.meanMeters)
	w.scale = 1
	w.setPrices()
	return w
}

// blink is true now and then, so that not always the same option is the best (Christiaens & Vanden Berghe 2020).
func (w *search) blink() bool { return w.blinks && w.random.Uint32() < 1<<32/100 }

// lastBefore returns the day of a site's visit before a day when it was last in the plan.
func (w *search) lastBefore(site int32, day int) int {
	return 63 - bits.LeadingZeros64(w.memory[site]&(1<<day-1))
}

// touch saves a slot's route before its first change.
func (w *search) touch(slot int32) {
	if !w.marked[slot] {
		w.marked[slot] = true
		w.touched = append(w.touched, slot)
		w.saved[slot] = append(w.saved[slot][:0], w.routes[slot].nodes...)
	}
}

// alter saves a site's days before their first change.
func (w *search) alter(site int32) {
	if !w.changed[site] {
		w.changed[site] = true
		w.altered = append(w.altered, site)
		w.visited[site] = w.visits[site]
	}
}

// forget makes the current change final.
func (w *search) forget() {
	for _, slot := range w.touched {
		w.marked[slot] = false
		w.best.stale(slot)
	}
	for _, site := range w.altered {
		w.changed[site] = false
	}
	w.touched, w.altered = w.touched[:0], w.altered[:0]
	w.total = w.state.total
}

// undo takes the current change back.
func (w *search) undo() {
	for _, slot := range w.touched {
		for _, node := range w.routes[slot].nodes {
			if w.isSite(node) {
				w.slotOf[int(node)*w.days+w.slots[slot].day] = -1
			}
		}
	}
	for _, site := range w.altered {
		w.setVisits(site, w.visited[site])
		w.changed[site] = false
	}
	for _, slot := range w.touched {
		r := &w.routes[slot]
		r.nodes = append(r.nodes[:0], w.saved[slot]...)
		w.measure(int(slot))
		w.marked[slot] = false
	}
	w.touched, w.altered = w.touched[:0], w.altered[:0]
	w.state.total = w.total // free of what adding and taking off leaves
}

// takeOut marks a visit as taken out; sweep removes it from its route.
func (w *search) takeOut(site int32, day int) {
	place := int(site)*w.days + day
	slot := w.slotOf[place]
	w.touch(slot)
	w.slotOf[place] = -1
}

// takeOutAll takes a site out of all days, to be put back.
func (w *search) takeOutAll(site int32) {
	if w.pooled[site] {
		return
	}
	w.pooled[site] = true
	w.alter(site)
	w.memory[site] = w.visits[site]
	for days := w.visits[site]; days != 0; days &= days - 1 {
		w.takeOut(site, bits.TrailingZeros64(days))
	}
	w.setVisits(site, 0)
	w.pool = append(w.pool, task{site: site, day: -1})
}

// takeOutOf takes a site out of one day, to be put back there.
func (w *search) takeOutOf(site int32, day int) {
	if w.pooled[site] {
		return
	}
	w.pooled[site] = true
	w.memory[site] = w.visits[site]
	w.takeOut(site, day)
	w.pool = append(w.pool, task{site: site, day: day})
}

// sweep removes what was taken out from the nodes of the touched routes, with unloadings of nothing.
func (w *search) sweep() {
	for _, slot := range w.touched {
		r, day := &w.routes[slot], w.slots[slot].day
		kept := r.nodes[:1]
		for _, node := range r.nodes[1:] {
			if w.isSite(node) && w.slotOf[int(node)*w.days+day] != slot || w.unloads(node) && !w.isSite(kept[len(kept)-1]) {
				continue
			}
			kept = append(kept, node)
		}
		r.nodes = kept
		w.measure(int(slot))
	}
}

// recreate puts back what was taken out, in the order of the pool.
func (w *search) recreate() {
	w.sortPool()
	for i := range w.pool {
		t := &w.pool[i]
		w.pooled[t.site] = false
		if t.day >= 0 {
			w.putOn(t.site, t.day)
		} else {
			w.putBack(t.site)
		}
	}
	w.pool = w.pool[:0]
	w.lured = -1
}

// sortPool orders what is to be put back: at random, by load, far first or near first.
func (w *search) sortPool() {
	if len(w.slots) == 0 {
		return
	}
	kind := w.random.IntN(10)
	for i := range w.pool {
		t := &w.pool[i]
		switch {
		case kind < 5:
			t.order = w.random.Float64()
		case kind < 8:
			t.order = 0
			if w.dimensions > 0 {
				t.order = -float64(w.loadAt(t.site, -1, max(t.day, 0))[0])
			}
		default:
			seconds, _ := w.drive(w.slots[0].start, t.site)
			t.order = float64(seconds)
			if kind == 8 {
				t.order = -t.order
			}
		}
	}
	slices.SortFunc(w.pool, func(a, b task) int {
		switch {
		case a.order < b.order:
			return -1
		case a.order > b.order:
			return 1
		default:
			return int(a.site - b.site)
		}
	})
}

// putOn puts a site back on one day.
func (w *search) putOn(site int32, day int) {
	w.scan(site, 1<<day)
	w.putAs(site, day, w.choose(site, day, w.before(site, day)))
}

// choose returns the cheapest of a day's offers for the load after a day before, nil when there are none.
func (w *search) choose(site int32, day, before int) *option {
	o := &w.offers[day]
	load := w.loadAt(site, before, day)
	var best *option
	least := 0.0
	for i := range o.n {
		x := &o.list[i]
		if cost := x.cost + w.loadPenalty(x, site, load); best == nil || cost < least {
			best, least = x, cost
		}
	}
	return best
}

// putAs carries out an option; nil is none.
func (w *search) putAs(site int32, day int, x *option) {
	if x == nil {
		// Every option was overlooked: look again.
		blinks := w.blinks
		w.blinks = false
		w.scan(site, 1<<day)
		x = w.choose(site, day, w.before(site, day))
		w.blinks = blinks
	}
	if x == nil { // others have taken the only vehicles that can
		w.drop(site, day)
		return
	}
	w.touch(x.slot)
	r := &w.routes[x.slot]
	at := int(x.behind) + 1
	switch x.way {
	case plain:
		r.nodes = slices.Insert(r.nodes, at, site)
	case unloadAfter:
		r.nodes = slices.Insert(r.nodes, at, site, x.facility)
	default:
		r.nodes = slices.Insert(r.nodes, at, x.facility, site)
	}
	w.measure(int(x.slot))
}

// drop takes a day off a site's visits.
func (w *search) drop(site int32, day int) {
	w.alter(site)
	w.setVisits(site, w.visits[site]&^(1<<day))
	if later := w.visits[site] >> day; later != 0 { // whose load has changed
		if slot := w.slotOf[int(site)*w.days+day+bits.TrailingZeros64(later)]; slot >= 0 {
			w.touch(slot)
			w.measure(int(slot))
		}
	}
}
