package fleet

// Education is the local search of hybrid genetic search: Vidal, "Hybrid genetic search for the CVRP: Open-source
// implementation and SWAP* neighborhood", Computers & Operations Research 140, 2022. Moves between near stops
// may overload vehicles at a penalty, which is what carries it over where capacity is tight.
//
// Loops look like C. Nodes are the stops, then per route its depot, from which its circle of stops leaves and to which
// it returns.

// school is the state of a local search: one solution.
type school struct {
	*plain
	random  *random
	routes  int
	arcs    []int32 // the kind's, with its fixed cost on every arc that leaves the depot
	even    bool    // arcs between stops are symmetric
	full    int64   // capacity
	penalty float64 // units of cost a unit of load over capacity

	// Per node.
	next, prev, route, at []int32
	pos                   []int32
	out                   []int32 // arc to next
	carried               []int64 // load from the depot up to and with the node
	turned                []int64 // what turning round the route up to the node adds to its cost
	tested                []int32 // moves that had been made when the node was last tried

	// Per route.
	aboard   []int64
	fine     []int64 // penalty, units of cost
	modified []int32 // number of the last move that changed it
	swapped  []int32 // moves that had been made when SWAP* last tried it
	empty    []int32 // routes without stops; emptyAt is where a route stands there, none if it has stops
	emptyAt  []int32
	moves    int32

	stopOrder, routeOrder []int32
	best                  []bestPlaces // routes x stops
	removal               []int64      // per stop, what leaving it out saves, negative
	beside                []bool       // per route, for one pass of SWAP*
	besideList            []int32

	// The move that is tried: around u and v, with x and y behind them and up and vp before.
	u, up, x, xx, v, vp, y, yy int32
	ru, rv                     int32
	loadU, loadX, loadV, loadY int64
}

// educationNear is how many neighbours of a stop are tried for moves, pairNear for pairs of routes for SWAP*.
const (
	educationNear = 20
	pairNear      = 8
)

func newSchool(m *plain, routes int, random *random) *school {
	k := &m.kinds[0]
	nodes := m.stops + routes
	l := &school{
		plain: m, random: random, routes: routes, arcs: k.arcs, even: true, full: k.capacity[0],
		next: make([]int32, nodes), prev: make([]int32, nodes), route: make([]int32, nodes), at: make([]int32, nodes),
		pos: make([]int32, nodes), out: make([]int32, nodes), carried: make([]int64, nodes), turned: make([]int64, nodes),
		tested: make([]int32, nodes), aboard: make([]int64, routes), fine: make([]int64, routes),
		modified: make([]int32, routes), swapped: make([]int32, routes), empty: make([]int32, 0, routes), emptyAt: make([]int32, routes),
		best: make([]bestPlaces, routes*m.stops), removal: make([]int64, m.stops),
		beside: make([]bool, routes), besideList: make([]int32, 0, routes),
	}
	if k.fixed > 0 {
		l.arcs = append([]int32(nil), k.arcs...)
		for s := range m.stops {
			l.arcs[int(k.start)*m.points+s] += int32(k.fixed)
		}
	}
	for a := range m.stops {
		for b := range a {
			l.even = l.even && k.arcs[a*m.points+b] == k.arcs[b*m.points+a]
		}
	}
	for s := range int32(m.stops) {
		l.at[s] = s
		l.stopOrder = append(l.stopOrder, s)
	}
	for r := range int32(routes) {
		l.at[l.depot(r)], l.route[l.depot(r)] = k.start, r
		l.routeOrder = append(l.routeOrder, r)
	}
	return l
}

func (l *school) depot(r int32) int32 { return int32(l.stops) + r }

// arc returns the cost of driving between two nodes.
func (l *school) arc(a, b int32) int64 { return int64(l.arcs[int(l.at[a])*l.points+int(l.at[b])]) }

// over returns the penalty of a load.
func (l *school) over(load int64) int64 {
	if load <= l.full {
		return 0
	}
	return int64(l.penalty * float64(load-l.full))
}

// set makes an individual's routes the solution.
func (l *school) set(in *individual) {
	if l.moves++; l.moves > 1<<30 {
		l.moves = 1
		clear(l.best)
	}
	l.empty = l.empty[:0]
	for r := range int32(l.routes) {
		depot := l.depot(r)
		last := depot
		if int(r) < len(in.ends) {
			for _, s := range in.route(int(r)) {
				l.next[last], l.prev[s], l.route[s] = s, last, r
				last = s
			}
		}
		l.next[last], l.prev[depot] = depot, last
		l.emptyAt[r], l.swapped[r] = none, 0
		l.update(r)
	}
	clear(l.tested)
}

// update derives what depends on a route's order.
func (l *school) update(r int32) {
	depot := l.depot(r)
	load, turned, pos := int64(0), int64(0), int32(0)
	l.pos[depot], l.carried[depot], l.turned[depot] = 0, 0, 0
	for node := depot; ; {
		next := l.next[node]
		l.out[node] = int32(l.arc(node, next))
		if next == depot {
			break
		}
		if !l.even && node != depot {
			turned += l.arc(next, node) - int64(l.out[node])
		}
		pos++
		load += l.load[next]
		l.pos[next], l.carried[next], l.turned[next], l.route[next] = pos, load, turned, r
		node = next
	}
	l.aboard[r], l.fine[r], l.modified[r] = load, l.over(load), l.moves
	switch isEmpty := pos == 0; {
	case isEmpty && l.emptyAt[r] == none:
		l.emptyAt[r] = int32(len(l.empty))
		l.empty = append(l.empty, r)
	case !isEmpty && l.emptyAt[r] != none:
		last := l.empty[len(l.empty)-1]
		l.empty[l.emptyAt[r]], l.emptyAt[last] = last, l.emptyAt[r]
		l.empty, l.emptyAt[r] = l.empty[:len(l.empty)-1], none
	}
}

// educate improves the solution until no move does, with a penalty of overload. It ends early when ended says so.
func (l *school) educate(penalty float64, ended func() bool) {
	l.penalty = penalty
	for r := range l.routes {
		l.fine[r] = l.over(l.aboard[r])
	}
	l.random.shuffle(l.stopOrder)
	l.random.shuffle(l.routeOrder)
	for loop, done := 0, false; !done && !ended(); loop++ {
		done = loop > 0 // empty routes are offered from the second loop on
		before := l.moves
		for _, u := range l.stopOrder {
			l.tryStop(u, loop, l.neighbours(u)[:min(educationNear, l.nearCount)])
		}
		done = done && l.moves == before
		if l.swapStars() {
			done = false
		}
	}
}

// tryStop tries all moves around a stop.
func (l *school) tryStop(u int32, loop int, near []neighbour) {
	last := l.tested[u]
	l.tested[u] = l.moves
	l.setU(u)
	for i := range near {
		v := near[i].stop
		if loop > 0 && max(l.modified[l.route[u]], l.modified[l.route[v]]) <= last {
			continue
		}
		l.setV(v)
		if l.tryNeighbours() {
			l.setU(u)
			continue
		}
		if int(l.vp) >= l.stops { // also put u at the beginning of v's route
			l.setV(l.vp)
			if l.relocate() || l.relocatePair() || l.relocateTurned() || l.ru != l.rv && (l.exchangeTurned() || l.exchangeTails()) {
				l.setU(u)
			}
		}
	}
	if loop > 0 && len(l.empty) > 0 {
		l.setV(l.depot(l.empty[0]))
		if l.relocate() || l.relocatePair() || l.relocateTurned() || l.exchangeTails() {
			l.setU(u)
		}
	}
}

// tryNeighbours tries the moves for u and v, and makes the first that improves.
func (l *school) tryNeighbours() bool {
	if l.relocate() || l.relocatePair() || l.relocateTurned() {
		return true
	}
	if l.u <= l.v && l.swap() || l.swapPair() || l.u <= l.v && l.swapPairs() {
		return true
	}
	if l.ru == l.rv {
		return l.turn()
	}
	return l.exchangeTurned() || l.exchangeTails()
}

func (l *school) setU(u int32) {
	l.u, l.up, l.x = u, l.prev[u], l.next[u]
	l.xx, l.ru = l.next[l.x], l.route[u]
	l.loadU, l.loadX = l.loadOf(u), l.loadOf(l.x)
}

func (l *school) setV(v int32) {
	l.v, l.vp, l.y = v, l.prev[v], l.next[v]
	l.yy, l.rv = l.next[l.y], l.route[v]
	l.loadV, l.loadY = l.loadOf(v), l.loadOf(l.y)
}

func (l *school) loadOf(node int32) int64 {
	if int(node) >= l.stops {
		return 0
	}
	return l.load[node]
}

// shift returns what moving a load from u's route to v's adds in penalties.
func (l *school) shift(load int64) int64 {
	if l.ru == l.rv {
		return 0
	}
	return l.over(l.aboard[l.ru]-load) + l.over(l.aboard[l.rv]+load) - l.fine[l.ru] - l.fine[l.rv]
}

// hopeless reports whether a move that adds to the cost what it does cannot win it back in penalties.
func (l *school) hopeless(cost int64) bool {
	if l.ru == l.rv {
		return cost >= 0
	}
	return cost >= l.fine[l.ru]+l.fine[l.rv]
}

// relocate puts u behind v.
func (l *school) relocate() bool {
	cost := l.arc(l.up, l.x) - int64(l.out[l.up]) - int64(l.out[l.u]) + l.arc(l.v, l.u) + l.arc(l.u, l.y) - int64(l.out[l.v])
	if l.hopeless(cost) || l.u == l.y || cost+l.shift(l.loadU) >= 0 {
		return false
	}
	l.insert(l.u, l.v)
	return l.made()
}

// relocatePair puts u and x behind v.
func (l *school) relocatePair() bool {
	if int(l.x) >= l.stops || l.u == l.y || l.v == l.x {
		return false
	}
	cost := l.arc(l.up, l.xx) - int64(l.out[l.up]) - int64(l.out[l.x]) + l.arc(l.v, l.u) + l.arc(l.x, l.y) - int64(l.out[l.v])
	if l.hopeless(cost) || cost+l.shift(l.loadU+l.loadX) >= 0 {
		return false
	}
	l.insert(l.u, l.v)
	l.insert(l.x, l.u)
	return l.made()
}

// relocateTurned puts x and then u behind v.
func (l *school) relocateTurned() bool {
	if int(l.x) >= l.stops || l.u == l.y || l.v == l.x {
		return false
	}
	cost := l.arc(l.up, l.xx) - int64(l.out[l.up]) - int64(l.out[l.u]) - int64(l.out[l.x]) +
		l.arc(l.v, l.x) + l.arc(l.x, l.u) + l.arc(l.u, l.y) - int64(l.out[l.v])
	if l.hopeless(cost) || cost+l.shift(l.loadU+l.loadX) >= 0 {
		return false
	}
	l.insert(l.x, l.v)
	l.insert(l.u, l.x)
	return l.made()
}

// swap exchanges u and v.
func (l *school) swap() bool {
	if l.u == l.vp || l.u == l.y {
		return false
	}
	cost := l.arc(l.up, l.v) + l.arc(l.v, l.x) - int64(l.out[l.up]) - int64(l.out[l.u]) +
		l.arc(l.vp, l.u) + l.arc(l.u, l.y) - int64(l.out[l.vp]) - int64(l.out[l.v])
	if l.hopeless(cost) || cost+l.shift(l.loadU-l.loadV) >= 0 {
		return false
	}
	l.exchange(l.u, l.v)
	return l.made()
}

// swapPair exchanges u and x with v.
func (l *school) swapPair() bool {
	if l.u == l.vp || l.x == l.vp || l.u == l.y || int(l.x) >= l.stops {
		return false
	}
	cost := l.arc(l.up, l.v) + l.arc(l.v, l.xx) - int64(l.out[l.up]) - int64(l.out[l.x]) +
		l.arc(l.vp, l.u) + l.arc(l.x, l.y) - int64(l.out[l.vp]) - int64(l.out[l.v])
	if l.hopeless(cost) || cost+l.shift(l.loadU+l.loadX-l.loadV) >= 0 {
		return false
	}
	l.exchange(l.u, l.v)
	l.insert(l.x, l.u)
	return l.made()
}

// swapPairs exchanges u and x with v and y.
func (l *school) swapPairs() bool {
	if int(l.x) >= l.stops || int(l.y) >= l.stops || l.y == l.up || l.u == l.y || l.x == l.v || l.v == l.xx {
		return false
	}
	cost := l.arc(l.up, l.v) + l.arc(l.y, l.xx) - int64(l.out[l.up]) - int64(l.out[l.x]) +
		l.arc(l.vp, l.u) + l.arc(l.x, l.yy) - int64(l.out[l.vp]) - int64(l.out[l.y])
	if l.hopeless(cost) || cost+l.shift(l.loadU+l.loadX-l.loadV-l.loadY) >= 0 {
		return false
	}
	l.exchange(l.u, l.v)
	l.exchange(l.x, l.y)
	return l.made()
}

// turn turns round what lies between u and v in one route (2-opt).
func (l *school) turn() bool {
	if l.pos[l.u] >= l.pos[l.v] || l.x == l.v {
		return false
	}
	cost := l.arc(l.u, l.v) + l.arc(l.x, l.y) - int64(l.out[l.u]) - int64(l.out[l.v]) + l.turned[l.v] - l.turned[l.x]
	if cost >= 0 {
		return false
	}
	behind := l.y
	for node := l.x; ; {
		next := l.next[node]
		l.next[node] = behind
		l.prev[behind] = node
		if node == l.v {
			l.next[l.u], l.prev[l.v] = l.v, l.u
			break
		}
		behind, node = node, next
	}
	return l.made()
}

// exchangeTurned joins the heads of two routes, the second turned round, and their tails likewise (2-opt*).
func (l *school) exchangeTurned() bool {
	cost := l.arc(l.u, l.v) + l.arc(l.x, l.y) - int64(l.out[l.u]) - int64(l.out[l.v])
	if !l.even {
		cost += l.turned[l.v] + l.turnedTail(l.x)
	}
	if l.hopeless(cost) {
		return false
	}
	heads := l.carried[l.u] + l.carried[l.v]
	cost += l.over(heads) + l.over(l.aboard[l.ru]+l.aboard[l.rv]-heads) - l.fine[l.ru] - l.fine[l.rv]
	if cost += l.leaving(); cost >= 0 {
		return false
	}
	depotU, depotV := l.depot(l.ru), l.depot(l.rv)
	lastU := l.prev[depotU]
	// u's route: head of u, then v back to the first of its route.
	for node, before := l.v, l.u; ; {
		if node == depotV {
			l.next[before], l.prev[depotU] = depotU, before
			break
		}
		back := l.prev[node]
		l.next[before], l.prev[node] = node, before
		before, node = node, back
	}
	// v's route: the last of u's route back to x, then y on.
	before := depotV
	for node := lastU; node != l.u && int(l.x) < l.stops; {
		back := l.prev[node]
		l.next[before], l.prev[node] = node, before
		before = node
		if node == l.x {
			break
		}
		node = back
	}
	l.next[before], l.prev[l.y] = l.y, before
	return l.made()
}

// turnedTail returns what turning round the route from x to its last stop adds to its cost.
func (l *school) turnedTail(x int32) int64 {
	if int(x) >= l.stops {
		return 0
	}
	return l.turned[l.prev[l.depot(l.route[x])]] - l.turned[x]
}

// leaving corrects exchangeTurned for arcs that meet a depot the other way round: d(depot, stop) and
// d(stop, depot) differ with a fixed cost and in asymmetric problems.
func (l *school) leaving() int64 {
	sum := int64(0)
	depotU, depotV := l.depot(l.ru), l.depot(l.rv)
	if int(l.v) < l.stops { // the first of v's route comes to be the last of u's
		first := l.next[depotV]
		sum += l.arc(first, depotU) - int64(l.out[depotV])
	}
	if int(l.x) < l.stops { // the last of u's route comes to be the first of v's
		last := l.prev[depotU]
		sum += l.arc(depotV, last) - int64(l.out[last])
	}
	return sum
}

// exchangeTails gives u's route the tail of v's and the other way round (2-opt*).
func (l *school) exchangeTails() bool {
	cost := l.arc(l.u, l.y) + l.arc(l.v, l.x) - int64(l.out[l.u]) - int64(l.out[l.v])
	if l.hopeless(cost) {
		return false
	}
	loadU := l.carried[l.u] + l.aboard[l.rv] - l.carried[l.v]
	cost += l.over(loadU) + l.over(l.aboard[l.ru]+l.aboard[l.rv]-loadU) - l.fine[l.ru] - l.fine[l.rv]
	if cost >= 0 {
		return false
	}
	depotU, depotV := l.depot(l.ru), l.depot(l.rv)
	lastU, lastV := l.prev[depotU], l.prev[depotV]
	if l.y != depotV {
		l.next[l.u], l.prev[l.y] = l.y, l.u
		l.next[lastV], l.prev[depotU] = depotU, lastV
	} else {
		l.next[l.u], l.prev[depotU] = depotU, l.u
	}
	if l.x != depotU {
		l.next[l.v], l.prev[l.x] = l.x, l.v
		l.next[lastU], l.prev[depotV] = depotV, lastU
	} else {
		l.next[l.v], l.prev[depotV] = depotV, l.v
	}
	return l.made()
}

// insert moves a stop behind a node.
func (l *school) insert(s, behind int32) {
	prev, next := l.prev[s], l.next[s]
	l.next[prev], l.prev[next] = next, prev
	after := l.next[behind]
	l.next[behind], l.prev[s], l.next[s], l.prev[after] = s, behind, after, s
}

// exchange swaps two stops that are not neighbours.
func (l *school) exchange(a, b int32) {
	pa, na, pb, nb := l.prev[a], l.next[a], l.prev[b], l.next[b]
	l.next[pa], l.prev[na], l.prev[b], l.next[b] = b, b, pa, na
	l.next[pb], l.prev[nb], l.prev[a], l.next[a] = a, a, pb, nb
}

// made counts a move between the routes of u and v.
func (l *school) made() bool {
	l.moves++
	l.update(l.ru)
	if l.ru != l.rv {
		l.update(l.rv)
	}
	return true
}
