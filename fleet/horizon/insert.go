package horizon

import (
	"math"
	"math/bits"
	"slices"
)

// How a site is put into a route, with an unloading or without.
const (
	plain        = iota
	unloadAfter  // unload behind the site
	unloadBefore // unload before it
)

// option is a way to visit a site on a day.
type option struct {
	slot, behind  int32 // behind which position of the slot's nodes
	way           int8
	facility      int32 // node
	seconds       int64 // that it adds, as meters
	meters        int64
	cost          float64 // that it adds without penalties for load, which depend on the day before
	withReference float64 // with those of the reference load
}

// choices is how many options of a day are kept: the best may not be so for another load.
const choices = 3

// offers are the best options for one day, in different trips.
type offers struct {
	list [choices]option
	n    int
}

// offer keeps an option if it is one of the best.
func (o *offers) offer(s *state, x *option) {
	if o.n == choices && x.withReference >= o.list[choices-1].withReference {
		return
	}
	at := o.n
	for i := range o.n {
		y := &o.list[i]
		if y.slot == x.slot && s.routes[y.slot].trip[y.behind] == s.routes[x.slot].trip[x.behind] && y.way == x.way {
			if x.withReference >= y.withReference {
				return
			}
			at = i
			break
		}
	}
	if at == o.n {
		if o.n == choices {
			at--
		} else {
			o.n++
		}
	}
	for at > 0 && o.list[at-1].withReference > x.withReference {
		o.list[at] = o.list[at-1]
		at--
	}
	o.list[at] = *x
}

// overload is what a change of a trip's load by more costs, in cents.
func (s *state) overload(capacity, old, more []int64) float64 {
	sum := 0.0
	for k, c := range capacity {
		if over := old[k] + more[k] - c; over > 0 && more[k] > 0 {
			sum += s.price.load[k] * float64(over-max(0, old[k]-c))
		}
	}
	return sum
}

// loadPenalty is what an option costs by overload, for a load.
func (s *state) loadPenalty(x *option, site int32, load []int64) float64 {
	r, v := &s.routes[x.slot], &s.slots[x.slot]
	d := s.dimensions
	t := int(r.trip[x.behind])
	whole := r.load[t*d : (t+1)*d]
	if x.way == plain {
		return s.overload(s.capacityOf(v, s.group[site]|r.groups[t]), whole, load)
	}
	aboard := r.aboard[int(x.behind)*d : (int(x.behind)+1)*d]
	mine := s.capacityOf(v, s.group[site])
	others := mine
	if r.groups[t] != 0 {
		others = s.capacityOf(v, r.groups[t])
	}
	sum := 0.0
	for k := range d {
		before, after := aboard[k], whole[k]-aboard[k]
		old := max(0, whole[k]-others[k])
		var now int64
		if x.way == unloadAfter {
			now = max(0, before+load[k]-mine[k]) + max(0, after-others[k])
		} else {
			now = max(0, before-others[k]) + max(0, after+load[k]-mine[k])
		}
		sum += s.price.load[k] * float64(now-old)
	}
	return sum
}

// timed adds what the time and distance of an option cost.
func (s *state) timed(x *option) {
	r, v := &s.routes[x.slot], &s.slots[x.slot]
	x.cost = v.second*float64(x.seconds) + v.meter*float64(x.meters)
	old := r.overSeconds
	if now := r.seconds + x.seconds - v.seconds; now > 0 || old > 0 {
		x.cost += s.price.seconds * float64(max(0, now)-old)
	}
	old = r.overMeters
	if now := r.meters + x.meters - v.meters; now > 0 || old > 0 {
		x.cost += s.price.meters * float64(max(0, now)-old)
	}
	if r.empty() {
		x.cost += v.fixed
	}
}

// try offers the ways to put a site behind a position of a slot.
func (s *state) try(o *offers, site, slot, behind int32, reference []int64) {
	r, v := &s.routes[slot], &s.slots[slot]
	a, b := r.nodes[behind], r.nodes[behind+1]
	t := r.trip[behind]
	groups, mine := r.groups[t], s.group[site]
	x := option{slot: slot, behind: behind}
	toSite, toSiteMeters := s.drive(a, site)
	// What a and b now cost; an empty route costs nothing yet.
	var direct, directMeters int64
	if !r.empty() {
		direct, directMeters = s.drive(a, b)
	}
	seconds, meters := s.drive(site, b)
	x.seconds, x.meters = toSite+seconds-direct, toSiteMeters+meters-directMeters
	s.timed(&x)
	// An unloading on the way, or too much load, makes none of these cheaper.
	if o.n == choices && x.cost >= o.list[choices-1].withReference {
		return
	}
	fits := groups == 0 && !s.p.EndEmpty || groups != 0 && (!s.p.OneGroupATrip || groups == mine)
	if fits {
		if taker := r.taker[t]; taker >= 0 && s.accepts[int(taker)-s.sites]&mine == 0 {
			fits = false
		}
	}
	if fits {
		over := s.overload(s.capacityOf(v, mine|groups), r.load[int(t)*s.dimensions:(int(t)+1)*s.dimensions], reference)
		x.withReference = x.cost + over
		o.offer(s, &x)
		if over == 0 {
			return
		}
	}
	own := !s.p.OneGroupATrip || groups == mine
	// Unload behind the site: it ends the trip so far, or is one of its own where none has begun.
	begun := s.isSite(a)
	if (s.isSite(b) || groups == 0) && (own || !begun) {
		need := mine
		if begun {
			need |= groups
		}
		x.way = unloadAfter
		s.tryUnloads(o, &x, site, a, b, toSite-direct, toSiteMeters-directMeters, need, reference)
	}
	// Unload before it: the rest of the trip is its own, or it is the rest.
	if begun && (own || !s.isSite(b)) {
		if taker := r.taker[t]; taker >= 0 && s.accepts[int(taker)-s.sites]&mine == 0 {
			return
		}
		x.way = unloadBefore
		s.tryUnloads(o, &x, site, a, b, -direct, -directMeters, groups, reference)
	}
}

// tryUnloads offers the cheapest facility behind or before a site that is put between two nodes.
func (s *state) tryUnloads(o *offers, x *option, site, a, b int32, seconds, meters int64, need uint64, reference []int64) {
	from, to := site, b
	if x.way == unloadBefore {
		from, to = a, site
		more, moreMeters := s.drive(site, b)
		seconds += more
		meters += moreMeters
	}
	v := &s.slots[x.slot]
	best := math.Inf(1)
	for f := range s.facilities {
		if s.accepts[f]&need != need {
			continue
		}
		node := int32(s.sites + f)
		in, inMeters := s.drive(from, node)
		out, outMeters := s.drive(node, to)
		cost := v.second*float64(in+out) + v.meter*float64(inMeters+outMeters) + 1e-9*float64(in+out)
		if cost < best {
			best = cost
			x.facility, x.seconds, x.meters = node, seconds+in+out, meters+inMeters+outMeters
		}
	}
	if math.IsInf(best, 1) {
		return
	}
	s.timed(x)
	x.withReference = x.cost + s.loadPenalty(x, site, reference)
	o.offer(s, x)
}

// scan fills the offers of the given days for a site: beside near sites that are visited, as a trip of its own in some
// routes, and with a vehicle that stays in.
func (w *search) scan(site int32, days uint64) {
	s := w.state
	for rest := days; rest != 0; rest &= rest - 1 {
		day := bits.TrailingZeros64(rest)
		w.offers[day].n = 0
		w.reference[day] = s.loadAt(site, w.lastBefore(site, day), day)
	}
	for _, j := range s.near[site] {
		for rest := s.visits[j] & days; rest != 0; rest &= rest - 1 {
			day := bits.TrailingZeros64(rest)
			place := int(j)*s.days + day
			slot := s.slotOf[place]
			if slot < 0 || s.slots[slot].groups&s.group[site] == 0 || w.blink() {
				continue
			}
			at := s.at[place]
			s.try(&w.offers[day], site, slot, at, w.reference[day])
			if !s.isSite(s.routes[slot].nodes[at-1]) {
				s.try(&w.offers[day], site, slot, at-1, w.reference[day])
			}
		}
	}
	for rest := days; rest != 0; rest &= rest - 1 {
		w.scanBoundaries(site, bits.TrailingZeros64(rest))
	}
}

// boundaries is on how many routes a day a trip of its own is tried for a site.
const boundaries = 3

// scanBoundaries offers trips of its own: in an idle vehicle of each kind, and behind or between the trips of a few routes.
func (w *search) scanBoundaries(site int32, day int) {
	s := w.state
	low, high := s.daySlots[day], s.daySlots[day+1]
	if low == high {
		return
	}
	tried := 0
	w.idle = w.idle[:0]
	begin := low + w.random.IntN(high-low)
	for k := range high - low {
		slot := begin + k
		if slot >= high {
			slot -= high - low
		}
		if s.slots[slot].groups&s.group[site] == 0 {
			continue
		}
		r := &s.routes[slot]
		if r.empty() {
			if !slices.Contains(w.idle, s.slots[slot].alike) {
				w.idle = append(w.idle, s.slots[slot].alike)
				s.try(&w.offers[day], site, int32(slot), 0, w.reference[day])
			}
			continue
		}
		if tried == boundaries && w.blinks {
			continue
		}
		tried++
		last := len(r.nodes) - 2
		for i := range last {
			// A trip of another group may go between any two.
			if s.p.OneGroupATrip && !s.isSite(r.nodes[i]) {
				s.try(&w.offers[day], site, int32(slot), int32(i), w.reference[day])
			}
		}
		s.try(&w.offers[day], site, int32(slot), int32(last), w.reference[day])
	}
}
