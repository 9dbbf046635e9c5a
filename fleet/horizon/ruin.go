package horizon

import "math/bits"

const (
	// The mean number of visits that a ruin of one day takes, and the longest string of a route (Christiaens & Vanden
	// Berghe 2020). Out of all days go 1 to mostSites sites.
	meanRuin   = 10
	mostString = 10
	mostSites  = 8
	// The share of ruins that take sites out of all days, and of those that take a whole route.
	allDays = 0.3
	routes  = 0.1
	// The share of ruins of sites after which a day draws them.
	lures    = 0.2
	maxRoute = 30 // visits of a route that are taken
)

// ruin takes near sites out of all days, or strings of visits out of one day.
func (w *search) ruin() {
	site := int32(w.random.IntN(w.sites))
	if w.visits[site] == 0 || w.random.Float64() < allDays {
		if w.allowed[site] != 0 && w.random.Float64() < routes {
			w.ruinRoute(site)
		} else {
			w.ruinSites(site)
			w.lure(site)
		}
		return
	}
	w.ruinDay(site, w.dayIn(w.visits[site]))
}

// dayIn draws one of some days.
func (w *search) dayIn(days uint64) int {
	for range w.random.IntN(bits.OnesCount64(days)) {
		days &= days - 1
	}
	return bits.TrailingZeros64(days)
}

// ruinSites takes a site and some of its neighbours out of all days: those next to it, or its companions on one of its days.
func (w *search) ruinSites(site int32) {
	number := 1 + w.random.IntN(mostSites)
	skip := 0.1 + 0.6*w.random.Float64()*w.random.Float64()
	day := -1
	if w.visits[site] != 0 && w.random.Float64() < 0.4 {
		day = w.dayIn(w.visits[site])
	}
	w.takeOutAll(site)
	for _, j := range w.near[site] {
		if len(w.pool) >= number {
			break
		}
		if w.random.Float64() < skip || day >= 0 && w.visits[j]>>day&1 == 0 {
			continue
		}
		w.takeOutAll(j)
	}
	w.sweep()
}

// lure now and then makes a day cheaper, by up to a trip for the site alone, for the sites that are put back next: so
// that a group comes to a day together, or opens a trip or a truck, where none of it would come first.
func (w *search) lure(site int32) {
	if w.random.Float64() >= lures {
		return
	}
	v := &w.slots[w.random.IntN(len(w.slots))]
	there, thereMeters := w.drive(v.start, site)
	back, backMeters := w.drive(site, v.end)
	w.lured = v.day
	w.bait = w.random.Float64() * (v.second*float64(there+back) + v.meter*float64(thereMeters+backMeters))
}

// ruinRoute takes the sites of a site's route out of all days, or of any route on a day on which it may be visited: to close a
// route, or to free it for others.
func (w *search) ruinRoute(site int32) {
	days := w.visits[site]
	if days == 0 || w.random.IntN(4) == 0 {
		days = w.allowed[site]
	}
	day := w.dayIn(days)
	slot := w.slotOf[int(site)*w.days+day]
	if slot < 0 {
		low, high := w.daySlots[day], w.daySlots[day+1]
		slot = int32(low + w.random.IntN(high-low))
	}
	w.takeOutAll(site)
	for _, node := range w.routes[slot].nodes {
		if len(w.pool) == maxRoute {
			break
		}
		if w.isSite(node) {
			w.takeOutAll(node)
		}
	}
	w.sweep()
}

// ruinDay takes strings of visits around a site out of one day (slack induction by string removals).
func (w *search) ruinDay(site int32, day int) {
	slots := 1 + w.random.IntN(3)
	w.strings = w.strings[:0]
	w.cutString(site, day)
	for _, j := range w.near[site] {
		if len(w.strings) >= slots {
			break
		}
		if w.visits[j]>>day&1 == 0 {
			continue
		}
		slot := w.slotOf[int(j)*w.days+day]
		if slot >= 0 && !w.ruined[slot] {
			w.cutString(j, day)
		}
	}
	for _, slot := range w.strings {
		w.ruined[slot] = false
	}
	w.sweep()
}

// cutString takes out a string of visits that contains a site, in the half of cases with a gap that stays.
func (w *search) cutString(site int32, day int) {
	place := int(site)*w.days + day
	slot := w.slotOf[place]
	w.ruined[slot] = true
	w.strings = append(w.strings, slot)
	r := &w.routes[slot]
	length := 1 + w.random.IntN(min(mostString, len(r.nodes)-2))
	gap := 0
	if w.random.IntN(2) == 0 {
		gap = 1 + w.random.IntN(3)
	}
	whole := min(length+gap, len(r.nodes)-2)
	gap = whole - length
	// The string covers the site's position and lies within the route.
	at := int(w.at[place])
	low := max(1, at-whole+1)
	high := min(at, len(r.nodes)-1-whole)
	from := low
	if high > low {
		from += w.random.IntN(high - low + 1)
	}
	hole := from + w.random.IntN(whole-gap+1)
	for i := from; i < from+whole && i < len(r.nodes)-1; i++ {
		if node := r.nodes[i]; w.isSite(node) && (i < hole || i >= hole+gap) {
			w.takeOutOf(node, day)
		}
	}
}
