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
	facility []int32   // node behind the trip that ends here; -1 for none
	driven   []float64 // from the first site to each, unloadings apart
	direct   []float64 // from each to the next, or to the end
	around   []float64 // the same by the best facility for its group
	taker    []int32   // that facility, a node; -1 when none accepts it
	load     []int64
	second   float64 // what a second and a metre cost, in cents
	meter    float64
}

// tooMuch is how many times its capacity a trip may hold while cuts are weighed.
const tooMuch = 1.5

// placeUnloads places the unloadings of a slot anew where that is cheaper.
func (w *search) placeUnloads(slot int32) {
	r, v := &w.routes[slot], &w.slots[slot]
	if w.facilities == 0 || r.empty() {
		return
	}
	p := &w.placer
	w.layOut(slot)
	n := len(p.sites)
	// Where trips mix groups and not every facility takes all, the best facility depends on the trip.
	mixed := !w.p.OneGroupATrip && w.selective
	for i := range n {
		if math.IsInf(p.least[i], 1) {
			continue
		}
		// The trips from site i on. What was paid up to i includes the way to it.
		p.load = append(p.load[:0], w.noLoad...)
		groups, base := uint64(0), p.least[i]-p.driven[i]
		for j := i; j < n; j++ {
			site := p.sites[j]
			if groups != 0 && w.p.OneGroupATrip && groups != w.group[site] {
				break
			}
			groups |= w.group[site]
			capacity := w.capacityOf(v, groups)
			over, most := 0.0, false
			for k, l := range w.loadAt(site, w.before(site, v.day), v.day) {
				p.load[k] += l
				if p.load[k] > capacity[k] {
					over += w.price.load[k] * float64(p.load[k]-capacity[k])
					most = most || float64(p.load[k]) > tooMuch*float64(capacity[k])
				}
			}
			if most && j > i {
				break
			}
			sofar := base + p.driven[j] + over
			if sofar >= p.least[n] {
				break
			}
			if j+1 == n && !w.p.EndEmpty {
				if total := sofar + p.direct[j]; total < p.least[n] {
					p.least[n], p.from[n], p.facility[n] = total, int32(i), -1
				}
			}
			way, facility := p.around[j], p.taker[j]
			if mixed {
				way, facility = w.goAround(v, j, groups)
			}
			if total := sofar + way; facility >= 0 && total < p.least[j+1] {
				p.least[j+1], p.from[j+1], p.facility[j+1] = total, int32(i), facility
			}
		}
	}
	if !math.IsInf(p.least[n], 1) {
		w.rebuild(slot)
	}
}

// layOut works out what does not depend on the cuts of a route.
func (w *search) layOut(slot int32) {
	r, v, p := &w.routes[slot], &w.slots[slot], &w.placer
	// A second costs what it is paid, and what being late costs where the route is.
	p.second, p.meter = v.second+1e-9, v.meter
	if r.overSeconds > 0 {
		p.second += w.price.seconds
	}
	if r.overMeters > 0 {
		p.meter += w.price.meters
	}
	p.sites = p.sites[:0]
	for _, node := range r.nodes {
		if w.isSite(node) {
			p.sites = append(p.sites, node)
		}
	}
	n := len(p.sites)
	p.least, p.from, p.facility = p.least[:0], p.from[:0], p.facility[:0]
	p.driven, p.direct, p.around, p.taker = p.driven[:0], p.direct[:0], p.around[:0], p.taker[:0]
	for range n + 1 {
		p.least, p.from, p.facility = append(p.least, math.Inf(1)), append(p.from, 0), append(p.facility, -1)
	}
	p.least[0] = w.driveCost(v.start, p.sites[0])
	driven := 0.0
	for j, site := range p.sites {
		p.driven = append(p.driven, driven)
		next := v.end
		if j+1 < n {
			next = p.sites[j+1]
		}
		direct := w.driveCost(site, next)
		p.direct = append(p.direct, direct)
		driven += direct
		way, facility := w.goAround(v, j, w.group[site])
		p.around, p.taker = append(p.around, way), append(p.taker, facility)
	}
}

// driveCost is what a drive costs the placer.
func (w *search) driveCost(a, b int32) float64 {
	seconds, meters := w.drive(a, b)
	return w.placer.second*float64(seconds) + w.placer.meter*float64(meters)
}

// goAround returns the cheapest way from a site of the placer to the next, or the end, by a facility that accepts some groups.
func (w *search) goAround(v *slot, j int, groups uint64) (cost float64, facility int32) {
	p := &w.placer
	next := v.end
	if j+1 < len(p.sites) {
		next = p.sites[j+1]
	}
	cost, facility = math.Inf(1), -1
	for f := range w.facilities {
		if w.accepts[f]&groups != groups {
			continue
		}
		node := int32(w.sites + f)
		if way := w.driveCost(p.sites[j], node) + w.driveCost(node, next); way < cost {
			cost, facility = way, node
		}
	}
	return cost, facility
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
