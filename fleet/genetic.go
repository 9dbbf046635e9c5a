package fleet

import (
	"cmp"
	"math"
	"slices"
)

// Hybrid genetic search (Vidal 2022) for plain problems with one kind of vehicle, one load, required stops and no
// times that bind: parents are crossed, the child is cut into routes and educated, and
// individuals survive by cost and difference.
const (
	penaltyEvery = 100 // individuals between two changes of the penalty
	feasibleGoal = 0.2 // share of individuals that should be feasible
	repairChance = 0.5 // of educating an overloaded child again with a penalty ten times as high
	restartAfter = 20_000
	// childIterations is how many ruins and recreations take about as long as a child.
	childIterations = 100
	firstSize       = 2 * survivors // Vidal: four times; seeds make up for it
	leastPenalty    = 1e-9
	mostPenalty     = 1e12
)

// genetic is a worker that searches so.
type genetic struct {
	*school
	splitter   *splitter
	population population
	effort     *effort
	until      float64 // share of the effort when it ends
	iteration  int     // ruins and children so far, each of these counting for many
	angle      []float64
	best       individual
	onBest     func()

	recent     [penaltyEvery]bool // feasible or not
	recentAt   int
	stale      int // children since the best was found
	taken      []bool
	routeAngle []routeAngle
}

type routeAngle struct {
	angle float64
	route int32
}

// isGenetic reports whether the search can represent the problem.
func (m *plain) isGenetic() bool {
	k := &m.kinds[0]
	if len(m.kinds) > 1 || k.start != k.end || k.allowed != nil || k.inert || m.timed || m.optional || m.dimensions != 1 ||
		m.stops < 2 || k.fixed > maxArc || k.capacity[0] <= 0 {
		return false
	}
	return true
}

func newGenetic(m *plain, e *effort, random *random) *genetic {
	total, most := int64(0), int64(1)
	for _, load := range m.load {
		total, most = total+load, max(most, load)
	}
	capacity := m.kinds[0].capacity[0]
	routes := min(len(m.kindOf), m.stops, int(float64(total)*1.3/float64(capacity))+4)
	l := newSchool(m, routes, random)
	g := &genetic{
		school: l, splitter: newSplitter(l), effort: e, until: 1, angle: m.angles(), taken: make([]bool, m.stops),
		best: individual{cost: math.MaxInt64},
	}
	arcs := int32(0)
	for _, arc := range m.kinds[0].arcs {
		arcs = max(arcs, arc)
	}
	g.population.penalty = min(max(float64(arcs)/float64(most), leastPenalty), mostPenalty)
	for i := range g.recent {
		g.recent[i] = i%5 == 0
	}
	return g
}

// individual returns one without a solution.
func (g *genetic) individual() *individual {
	if n := len(g.population.free); n > 0 {
		in := g.population.free[n-1]
		g.population.free = g.population.free[:n-1]
		return in
	}
	return &individual{
		tour: make([]int32, 0, g.stops), ends: make([]int32, 0, g.stops+1),
		next: make([]int32, g.stops), prev: make([]int32, g.stops),
		closest: make([]kinship, 0, survivors+generation+1),
	}
}

// ended reports whether the effort is spent.
func (g *genetic) ended() bool { return g.effort.progress(g.iteration) >= g.until }

// run searches until its share of the effort is spent.
func (g *genetic) run(until float64) {
	g.until = until
	for !g.ended() {
		if len(g.population.feasible)+len(g.population.overloaded) == 0 {
			g.populate()
			continue
		}
		g.iterate()
	}
}

// populate fills the population with educated random tours.
func (g *genetic) populate() {
	for range firstSize {
		if g.ended() {
			return
		}
		in := g.individual()
		in.tour = append(in.tour[:0], g.stopOrder...)
		g.random.shuffle(in.tour)
		g.splitter.split(in, g.population.penalty)
		g.raise(in)
	}
}

// iterate makes one child.
func (g *genetic) iterate() {
	p := &g.population
	p.rankAll(p.feasible)
	p.rankAll(p.overloaded)
	child := g.individual()
	g.cross(p.parent(g.random), p.parent(g.random), child)
	g.splitter.split(child, p.penalty)
	g.raise(child)
	if g.stale++; g.stale >= restartAfter {
		p.clear()
		g.stale = 0
	}
}

// raise educates an individual, adds it to the population, and perhaps a repaired one as well.
func (g *genetic) raise(in *individual) {
	g.iteration += childIterations
	g.set(in)
	g.educate(g.population.penalty, g.ended)
	g.export(in)
	g.recent[g.recentAt] = in.over == 0
	repair := in.over > 0 && g.random.chance(repairChance)
	g.accept(in)
	if repair {
		fixed := g.individual()
		g.educate(10*g.population.penalty, g.ended)
		g.export(fixed)
		if fixed.over == 0 {
			g.accept(fixed)
		} else {
			g.population.free = append(g.population.free, fixed)
		}
	}
	if g.recentAt++; g.recentAt == penaltyEvery {
		g.recentAt = 0
		g.adaptPenalty()
	}
}

// accept adds an individual and keeps the best.
func (g *genetic) accept(in *individual) {
	if in.over == 0 && in.cost < g.best.cost {
		g.best.cost = in.cost
		g.best.tour = append(g.best.tour[:0], in.tour...)
		g.best.ends = append(g.best.ends[:0], in.ends...)
		g.stale = 0
		if g.onBest != nil {
			g.onBest()
		}
	}
	g.population.add(in)
}

// adaptPenalty steers the share of feasible individuals to its goal.
func (g *genetic) adaptPenalty() {
	feasible := 0
	for _, is := range g.recent {
		if is {
			feasible++
		}
	}
	share := float64(feasible) / penaltyEvery
	switch penalty := g.population.penalty; {
	case share < feasibleGoal-0.05:
		g.population.setPenalty(min(penalty*1.2, mostPenalty))
	case share > feasibleGoal+0.05:
		g.population.setPenalty(max(penalty*0.85, leastPenalty))
	}
}

// cross is order crossover: the child has a piece of one parent's tour, and the rest in the order of the other's.
func (g *genetic) cross(a, b, child *individual) {
	n := g.stops
	from, to := g.random.below(n), g.random.below(n)
	for to == from {
		to = g.random.below(n)
	}
	child.tour = child.tour[:n]
	clear(g.taken)
	at := from
	for {
		child.tour[at] = a.tour[at]
		g.taken[a.tour[at]] = true
		next := at + 1
		if next == n {
			next = 0
		}
		if at == to {
			at = next
			break
		}
		at = next
	}
	read := at
	for at != from {
		if s := b.tour[read]; !g.taken[s] {
			child.tour[at] = s
			if at++; at == n {
				at = 0
			}
		}
		if read++; read == n {
			read = 0
		}
	}
}

// export writes the solution of the school into an individual, routes by the angle of their middle around the depot.
func (g *genetic) export(in *individual) {
	g.routeAngle = g.routeAngle[:0]
	for r := range int32(g.routes) {
		x, y := 0.0, 0.0
		if g.emptyAt[r] != none {
			continue
		}
		for s := g.next[g.depot(r)]; int(s) < g.stops; s = g.next[s] {
			x, y = x+math.Cos(g.angle[s]), y+math.Sin(g.angle[s])
		}
		g.routeAngle = append(g.routeAngle, routeAngle{math.Atan2(y, x), r})
	}
	slices.SortFunc(g.routeAngle, func(a, b routeAngle) int {
		return cmp.Or(cmp.Compare(a.angle, b.angle), cmp.Compare(a.route, b.route))
	})
	in.tour, in.ends, in.cost, in.over = in.tour[:0], in.ends[:0], 0, 0
	for _, ra := range g.routeAngle {
		depot := g.depot(ra.route)
		in.cost += int64(g.out[depot])
		for s := g.next[depot]; s != depot; s = g.next[s] {
			in.tour = append(in.tour, s)
			in.cost += int64(g.out[s])
		}
		in.ends = append(in.ends, int32(len(in.tour)))
		in.over += max(0, g.aboard[ra.route]-g.full)
	}
	in.link()
}

// angles returns the direction of each stop from the depot, in places made up from distances (FastMap: Faloutsos
// & Lin, SIGMOD 1995, in two dimensions).
func (m *plain) angles() []float64 {
	k := &m.kinds[0]
	n := m.stops + 1
	point := func(i int) int {
		if i == m.stops {
			return int(k.start)
		}
		return i
	}
	square := func(a, b int) float64 {
		d := float64(k.arcs[point(a)*m.points+point(b)]) + float64(k.arcs[point(b)*m.points+point(a)])
		return d * d / 4
	}
	axis := func(square func(a, b int) float64) []float64 {
		farthest := func(from int) int {
			best := 0
			for i := range n {
				if square(from, i) > square(from, best) {
					best = i
				}
			}
			return best
		}
		a := farthest(m.stops)
		b := farthest(a)
		length := math.Sqrt(max(square(a, b), 1e-9))
		out := make([]float64, n)
		for i := range n {
			out[i] = (square(a, i) + length*length - square(b, i)) / (2 * length)
		}
		return out
	}
	x := axis(square)
	y := axis(func(a, b int) float64 { return max(0, square(a, b)-(x[a]-x[b])*(x[a]-x[b])) })
	out := make([]float64, m.stops)
	for s := range out {
		out[s] = math.Atan2(y[s]-y[m.stops], x[s]-x[m.stops])
	}
	return out
}

// seed adds a complete solution of linked routes to the population, educated.
func (g *genetic) seed(t *linked, next []int32) {
	in := g.individual()
	in.tour, in.ends = in.tour[:0], in.ends[:0]
	for v := range int32(t.vehicles) {
		from := len(in.tour)
		for s := next[t.start(v)]; int(s) < t.stops; s = next[s] {
			in.tour = append(in.tour, s)
		}
		if len(in.tour) > from {
			in.ends = append(in.ends, int32(len(in.tour)))
		}
	}
	if len(in.tour) < g.stops || len(in.ends) > g.routes {
		g.population.free = append(g.population.free, in)
		return
	}
	g.raise(in)
}
