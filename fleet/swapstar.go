package fleet

// SWAP* exchanges two stops of two routes, each inserted where it is cheapest rather than in the other's place
// (Vidal 2022, section 4). Only pairs of routes are tried of which some stops are near; Vidal compares
// sectors around the depot, which need coordinates.

// bestPlaces are the three cheapest insertions of a stop into a route, found after a number of moves.
type bestPlaces struct {
	when   int32
	behind [3]int32
	cost   [3]int64
}

func (b *bestPlaces) clear() {
	b.behind = [3]int32{none, none, none}
	b.cost = [3]int64{impossible, impossible, impossible}
}

func (b *bestPlaces) add(behind int32, cost int64) {
	switch {
	case cost >= b.cost[2]:
	case cost >= b.cost[1]:
		b.cost[2], b.behind[2] = cost, behind
	case cost >= b.cost[0]:
		b.cost[2], b.behind[2] = b.cost[1], b.behind[1]
		b.cost[1], b.behind[1] = cost, behind
	default:
		b.cost[2], b.behind[2] = b.cost[1], b.behind[1]
		b.cost[1], b.behind[1] = b.cost[0], b.behind[0]
		b.cost[0], b.behind[0] = cost, behind
	}
}

// swapStars tries all pairs of near routes that have changed, and reports whether any move was made.
func (l *school) swapStars() bool {
	made := false
	for _, r := range l.routeOrder {
		last := l.swapped[r]
		l.swapped[r] = l.moves
		if l.emptyAt[r] != none {
			continue
		}
		l.besideList = l.besideList[:0]
		for s := l.next[l.depot(r)]; int(s) < l.stops; s = l.next[s] {
			for _, c := range l.neighbours(s)[:min(pairNear, l.nearCount)] {
				if o := l.route[c.stop]; o > r && !l.beside[o] {
					l.beside[o] = true
					l.besideList = append(l.besideList, o)
				}
			}
		}
		for _, o := range l.besideList {
			l.beside[o] = false
			if max(l.modified[r], l.modified[o]) > last && l.emptyAt[r] == none && l.emptyAt[o] == none {
				made = l.swapStar(r, o) || made
			}
		}
	}
	return made
}

// swapStar makes the best move between two routes, if one improves.
func (l *school) swapStar(ru, rv int32) bool {
	l.prepare(ru, rv)
	l.prepare(rv, ru)
	l.ru, l.rv = ru, rv
	least := int64(0)
	bestU, bestV, behindU, behindV := int32(none), int32(none), int32(none), int32(none)
	depotU, depotV := l.depot(ru), l.depot(rv)
	for u := l.next[depotU]; u != depotU; u = l.next[u] {
		for v := l.next[depotV]; v != depotV; v = l.next[v] {
			shift := l.shift(l.load[u] - l.load[v])
			if shift+l.removal[u]+l.removal[v] > 0 {
				continue
			}
			costU, placeU := l.place(u, v)
			costV, placeV := l.place(v, u)
			if cost := shift + l.removal[u] + l.removal[v] + costU + costV; cost < least {
				least, bestU, bestV, behindU, behindV = cost, u, v, placeU, placeV
			}
		}
	}
	for u := l.next[depotU]; u != depotU; u = l.next[u] {
		b := &l.best[int(rv)*l.stops+int(u)]
		if cost := l.removal[u] + b.cost[0] + l.shift(l.load[u]); cost < least {
			least, bestU, bestV, behindU, behindV = cost, u, none, b.behind[0], none
		}
	}
	for v := l.next[depotV]; v != depotV; v = l.next[v] {
		b := &l.best[int(ru)*l.stops+int(v)]
		if cost := l.removal[v] + b.cost[0] + l.shift(-l.load[v]); cost < least {
			least, bestU, bestV, behindU, behindV = cost, none, v, none, b.behind[0]
		}
	}
	if least == 0 {
		return false
	}
	if bestU != none {
		l.insert(bestU, behindU)
	}
	if bestV != none {
		l.insert(bestV, behindV)
	}
	return l.made()
}

// prepare fills removal and best for the stops of one route in another.
func (l *school) prepare(from, into int32) {
	depot := l.depot(from)
	for u := l.next[depot]; u != depot; u = l.next[u] {
		up, x := l.prev[u], l.next[u]
		l.removal[u] = l.arc(up, x) - int64(l.out[up]) - int64(l.out[u])
		b := &l.best[int(into)*l.stops+int(u)]
		if l.modified[into] <= b.when {
			continue
		}
		b.when = l.moves
		b.clear()
		row := l.arcs[int(u)*l.points : (int(u)+1)*l.points]
		other := l.depot(into)
		for v := other; ; {
			next := l.next[v]
			b.add(v, int64(l.arcs[int(l.at[v])*l.points+int(u)])+int64(row[l.at[next]])-int64(l.out[v]))
			if v = next; v == other {
				break
			}
		}
	}
}

// place returns the cheapest place of u in v's route without v: what it costs and the node before it.
func (l *school) place(u, v int32) (cost int64, behind int32) {
	b := &l.best[int(l.route[v])*l.stops+int(u)]
	cost, behind = impossible, none
	for i, at := range b.behind {
		if at != none && at != v && l.next[at] != v {
			cost, behind = b.cost[i], at
			break
		}
	}
	vp, y := l.prev[v], l.next[v]
	if in := l.arc(vp, u) + l.arc(u, y) - l.arc(vp, y); in < cost {
		cost, behind = in, vp
	}
	return cost, behind
}
