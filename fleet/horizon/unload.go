package horizon

import (
	"math"
	"slices"
)

// placer places the unloadings of a route anew, the order of its sites kept: the best cut into trips, with the
// best facility behind each, by dynamic programming over the sites (Prins 2004's split).
type placer struct {
	sites    []int32
	least    []float64
	from     []int32
	facility []int32 // node behind the trip that ends here; -1 for none
	load     []int64
}

// placeUnloads places the unloadings of a slot anew where that is cheaper.
func (w *search) placeUnloads(slot int32) {
	r, v := &w.routes[slot], &w.slots[slot]
	if w.facilities == 0 || r.empty() {
		return
	}
	p := &w.placer
	p.sites = p.sites[:0]
	for _, node := range r.nodes {
		if w.isSite(node) {
			p.sites = append(p.sites, node)
		}
	}
	n := len(p.sites)
	p.least, p.from, p.facility = p.least[:0], p.from[:0], p.facility[:0]
	for range n + 1 {
		p.least, p.from, p.facility = append(p.least, math.Inf(1)), append(p.from, 0), append(p.facility, -1)
	}
	p.least[0] = 0
	// A second costs what it is paid, and what being late costs where the route is.
	second, meter := v.second, v.meter
	if r.overSeconds > 0 {
		second += w.price.seconds
	}
	if r.overMeters > 0 {
		meter += w.price.meters
	}
	second += 1e-9
	cost := func(a, b int32) float64 {
		seconds, meters := w.drive(a, b)
		return second*float64(seconds) + meter*float64(meters)
	}
	for i := range n {
		if math.IsInf(p.least[i], 1) {
			continue
		}
		// The trips from site i on. What was paid up to i includes the way to the next site or the end.
		p.load = append(p.load[:0], w.noLoad...)
		groups, driven, over := uint64(0), 0.0, 0.0
		if i == 0 {
			driven = cost(v.start, p.sites[0])
		}
		for j := i; j < n; j++ {
			site := p.sites[j]
			if j > i {
				driven += cost(p.sites[j-1], site)
			}
			if groups != 0 && w.p.OneGroupATrip && groups != w.group[site] {
				break
			}
			groups |= w.group[site]
			capacity := w.capacityOf(v, groups)
			over = 0
			for k, l := range w.loadAt(site, w.before(site, v.day), v.day) {
				p.load[k] += l
				over += w.price.load[k] * float64(max(0, p.load[k]-capacity[k]))
			}
			sofar := p.least[i] + driven + over
			if sofar >= p.least[n] {
				break
			}
			next := v.end
			if j+1 < n {
				next = p.sites[j+1]
			}
			if j+1 == n && !w.p.EndEmpty {
				if total := sofar + cost(site, next); total < p.least[n] {
					p.least[n], p.from[n], p.facility[n] = total, int32(i), -1
				}
			}
			for f := range w.facilities {
				if w.accepts[f]&groups != groups {
					continue
				}
				node := int32(w.sites + f)
				if total := sofar + cost(site, node) + cost(node, next); total < p.least[j+1] {
					p.least[j+1], p.from[j+1], p.facility[j+1] = total, int32(i), node
				}
			}
		}
	}
	if math.IsInf(p.least[n], 1) {
		return
	}
	w.rebuild(slot)
}

// rebuild makes a slot's route of what the placer found, unless it was better before.
func (w *search) rebuild(slot int32) {
	r, v, p := &w.routes[slot], &w.slots[slot], &w.placer
	before := r.cost + r.penalty
	if !w.sound(int(slot)) {
		before = math.Inf(1)
	}
	old := append(w.undone[:0], r.nodes...)
	w.undone = old
	// From the end to the front, then turned round.
	r.nodes = append(r.nodes[:0], v.end)
	for end := int32(len(p.sites)); end > 0; end = p.from[end] {
		if p.facility[end] >= 0 {
			r.nodes = append(r.nodes, p.facility[end])
		}
		for k := end - 1; k >= p.from[end]; k-- {
			r.nodes = append(r.nodes, p.sites[k])
		}
	}
	r.nodes = append(r.nodes, v.start)
	for i, j := 0, len(r.nodes)-1; i < j; i, j = i+1, j-1 {
		r.nodes[i], r.nodes[j] = r.nodes[j], r.nodes[i]
	}
	if slices.Equal(r.nodes, old) {
		return
	}
	w.measure(int(slot))
	if r.cost+r.penalty > before {
		r.nodes = append(r.nodes[:0], old...)
		w.measure(int(slot))
	}
}
