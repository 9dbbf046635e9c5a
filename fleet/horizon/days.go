package horizon

import (
	"math"
	"math/bits"
)

// pathFinder finds the best days for a site: the shortest path over days, from the start by way of emptyings to the end
// (collection by complete emptyings, where Zhao, Archetti, Pham, Vidal 2025 have a lot-sizing problem).
type pathFinder struct {
	least []float64 // cost up to the visit on a day, that day's included
	from  []int     // the visit before
}

func newPathFinder(days int) pathFinder {
	return pathFinder{make([]float64, days+1), make([]int, days+1)}
}

// find returns the days of the cheapest visits and their cost; visit(from, to) is what a visit costs after another, +Inf
// where there can be none, and for the end of the days whether there may be none any more.
func (f *pathFinder) find(m *model, site int32, visit func(from, to int) float64) (days uint64, cost float64) {
	for to := range m.days + 1 {
		f.least[to] = math.Inf(1)
		if to < m.days && m.allowed[site]>>to&1 == 0 {
			continue
		}
		for from := -1; from < to; from++ {
			before := 0.0
			if from >= 0 {
				if before = f.least[from]; math.IsInf(before, 1) {
					continue
				}
			}
			if cost := before + m.leaveCost(site, from, to) + visit(from, to); cost < f.least[to] {
				f.least[to], f.from[to] = cost, from
			}
		}
	}
	for day := f.from[m.days]; day >= 0; day = f.from[day] {
		days |= 1 << day
	}
	return days, f.least[m.days]
}

// findPattern is find among the patterns of a site. Without any that can be, it returns no days and +Inf.
func (f *pathFinder) findPattern(m *model, site int32, visit func(from, to int) float64) (days uint64, cost float64) {
	cost = math.Inf(1)
	for _, pattern := range m.patterns[site] {
		if pattern&^m.allowed[site] != 0 {
			continue
		}
		sum, from := 0.0, -1
		for rest := pattern; rest != 0; rest &= rest - 1 {
			to := bits.TrailingZeros64(rest)
			sum += m.leaveCost(site, from, to) + visit(from, to)
			from = to
		}
		if sum += m.leaveCost(site, from, m.days) + visit(from, m.days); sum < cost {
			days, cost = pattern, sum
		}
	}
	return days, cost
}

// bestDays returns the best days for a site that is not in the plan, from the offers of a scan.
func (w *search) bestDays(site int32, visit func(from, to int) float64) (uint64, float64) {
	if len(w.patterns[site]) > 0 {
		return w.path.findPattern(w.model, site, visit)
	}
	return w.path.find(w.model, site, visit)
}

// offered is what visiting a site on a day costs by the best offer for the load after a day before; the end costs nothing.
func (w *search) offered(site int32, from, to int) float64 {
	if to == w.days {
		return 0
	}
	least, bait := math.Inf(1), 0.0
	if to == w.lured {
		bait = w.bait
	}
	o := &w.offers[to]
	load := w.loadAt(site, from, to)
	for i := range o.n {
		x := &o.list[i]
		if x.cost >= least {
			continue
		}
		least = min(least, x.cost+w.loadPenalty(x, site, load))
	}
	return least - bait
}

// putBack puts a site that is in no day back on the days that are best with the rest of the plan as it is.
func (w *search) putBack(site int32) {
	w.scan(site, w.allowed[site])
	days, cost := w.bestDays(site, func(from, to int) float64 { return w.offered(site, from, to) })
	if math.IsInf(cost, 1) {
		days = 0
	}
	w.setVisits(site, days)
	for rest := days; rest != 0; rest &= rest - 1 {
		day := bits.TrailingZeros64(rest)
		w.putAs(site, day, w.choose(site, day, w.before(site, day)))
	}
}
