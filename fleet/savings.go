package fleet

import (
	"cmp"
	"slices"
)

// Savings builds first trips of the required stops: every stop a trip of its own, merged end to end in
// order of what that saves (Clarke & Wright, "Scheduling of Vehicles from a Central Depot to
// a Number of Delivery Points", Operations Research 12(4), 1964), as long as a vehicle of the first kind
// can carry it. Greedy insertion alone starts large problems far from a good solution.

// savingsNear is how many neighbours of a stop are tried for a merge.
const savingsNear = 60

// saving is what driving from stop a to stop b saves against going home in between.
type saving struct {
	grains int64
	a, b   int32
}

// buildSavings inserts savings trips into empty routes: of the required stops and of the optional ones whose
// prize is more than margin times their least cost. Trips that do not fit or do not pay are left out.
func (w *search) buildSavings(margin float64) {
	chosen := make([]bool, w.stops)
	for s := range chosen {
		chosen[s] = w.routeOf[s] == none && (w.required[s] || !w.idle[s] && float64(w.prize[s]) > margin*w.leastCost(int32(s)))
	}
	trips := w.savingsTrips(chosen)
	// What must be served goes first, then what earns most.
	must := func(stops []int32) int {
		n := 0
		for _, s := range stops {
			if w.required[s] {
				n++
			}
		}
		return n
	}
	earns := func(stops []int32) int64 {
		sum := int64(0)
		for _, s := range stops {
			sum += w.prize[s]
		}
		return sum
	}
	slices.SortStableFunc(trips, func(a, b []int32) int {
		return cmp.Or(cmp.Compare(must(b), must(a)), cmp.Compare(earns(b), earns(a)), cmp.Compare(len(b), len(a)))
	})
	for _, stops := range trips {
		limit := int64(impossible)
		if must(stops) == 0 {
			limit = earns(stops)
		}
		w.insertTrip(stops, limit)
	}
}

// leastCost returns what serving a stop costs a first vehicle that passes its nearest neighbour, in grains.
func (w *search) leastCost(s int32) float64 {
	k, n := &w.kinds[0], w.locations
	seconds := w.service[s] + w.problem.PlaceService
	here := int(w.location[s])
	for _, c := range w.near[s] {
		if there := int(w.location[c]); there != here {
			return float64(k.second*int64(seconds) + k.arcs[here*n+there])
		}
	}
	return float64(k.second * int64(seconds))
}

// savingsTrips returns the trips that savings make of the chosen stops.
func (w *search) savingsTrips(chosen []bool) [][]int32 {
	k, n := &w.kinds[0], w.locations
	// home is where a trip of a group ends, as far as savings care.
	home := make([]int, w.groups)
	for g := range home {
		home[g] = int(k.end)
		if len(w.unloads[g]) > 0 {
			home[g] = int(w.location[w.unloads[g][0]])
		}
	}
	var savings []saving
	for a := range int32(w.stops) {
		if !chosen[a] {
			continue
		}
		count := 0
		from := int(w.location[a])
		for _, b := range w.near[a] {
			if count == savingsNear {
				break
			}
			if a == b || !chosen[b] || w.problem.OneGroupATrip && w.group[a] != w.group[b] {
				continue
			}
			count++
			to, end := int(w.location[b]), home[w.group[a]]
			gain := k.arcs[from*n+end] + k.arcs[int(k.start)*n+to] - k.arcs[from*n+to]
			if gain > 0 {
				savings = append(savings, saving{gain, a, b})
			}
		}
	}
	slices.SortFunc(savings, func(x, y saving) int {
		return cmp.Or(cmp.Compare(y.grains, x.grains), cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b))
	})

	tripOf := make([]int32, w.stops)
	trips := make([][]int32, w.stops)
	load := slices.Clone(w.load)
	for s := range int32(w.stops) {
		tripOf[s] = s
		if chosen[s] {
			trips[s] = []int32{s}
		}
	}
	d := w.dimensions
	for _, v := range savings {
		a, b := tripOf[v.a], tripOf[v.b]
		if a == b || !w.joins(load[int(a)*d:int(a)*d+d], load[int(b)*d:int(b)*d+d], w.group[v.a]) {
			continue
		}
		first, second := trips[a], trips[b]
		// v.a must end one of them and v.b begin the other; a trip may be turned round.
		if first[0] == v.a && len(first) > 1 {
			slices.Reverse(first)
		}
		if second[len(second)-1] == v.b && len(second) > 1 {
			slices.Reverse(second)
		}
		if first[len(first)-1] != v.a || second[0] != v.b {
			continue
		}
		trips[a] = append(first, second...)
		trips[b] = nil
		for _, s := range second {
			tripOf[s] = a
		}
		for i := range d {
			load[int(a)*d+i] += load[int(b)*d+i]
		}
	}
	return slices.DeleteFunc(trips, func(t []int32) bool { return len(t) == 0 })
}

// joins reports whether two loads fit a vehicle of the first kind together.
func (w *search) joins(a, b []int64, group int32) bool {
	for i := range a {
		if a[i]+b[i] > w.kinds[0].capacity[int(group)*w.dimensions+i] {
			return false
		}
	}
	return true
}

// insertTrip inserts stops as a trip, in that order or turned round, where it is cheapest and feasible and
// costs less than limit.
func (w *search) insertTrip(stops []int32, limit int64) {
	group := w.group[stops[0]]
	best, bestCost := route{}, limit
	seen := map[int32]bool{}
	for v := range w.routes {
		r := &w.routes[v]
		kind := w.vehicleKind[v]
		if r.empty() && seen[kind] || !w.mayServe(r.kind, stops) {
			continue
		}
		seen[kind] = seen[kind] || r.empty()
		for t := -1; t < len(r.trips); t++ {
			pos := int32(0)
			if t >= 0 {
				pos = r.trips[t].last
			}
			if r.nodes[pos] == w.home {
				break
			}
			if pos < r.kind.locked()-1 {
				continue
			}
			unloads := w.unloads[group]
			if int(pos) == len(r.nodes)-2 && !w.problem.EndEmpty {
				unloads = append(slices.Clone(unloads), w.home)
			}
			for _, unload := range unloads {
				for range 2 {
					w.spare.copyFrom(r)
					w.spare.nodes = slices.Insert(w.spare.nodes, int(pos)+1, stops...)
					w.spare.nodes = insertAt(w.spare.nodes, int(pos)+1+len(stops), unload)
					if w.measure(&w.spare) == BindNone && w.spare.cost-r.cost < bestCost {
						best.copyFrom(&w.spare)
						bestCost = w.spare.cost - r.cost
					}
					slices.Reverse(stops)
				}
			}
		}
	}
	if len(best.nodes) == 0 {
		return
	}
	r := w.touch(best.vehicle)
	r.copyFrom(&best)
	w.index(r)
	for _, s := range stops {
		w.serve(s)
	}
}

// mayServe reports whether a kind of vehicle may serve all of some stops.
func (w *search) mayServe(k *kind, stops []int32) bool {
	for _, s := range stops {
		if !k.allowed[s] {
			return false
		}
	}
	return true
}
