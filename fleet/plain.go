package fleet

import (
	"cmp"
	"math"
	"slices"
)

// Many problems ask less than a [Problem] can say: every vehicle makes one trip from a depot to a depot, without
// facilities, breaks or overtime, each stop has one window at most, and nobody is paid for
// waiting. Those are compiled into a plain, which is searched some twenty times faster than a model.

// plain is such a Problem, compiled. Points are stops [0, stops), in an order
// of their own, and then the depots. Costs are exact integers
// in units of as many grains as divide them all; loops over them look like C.
type plain struct {
	problem    *Problem
	order      []int   // the problem's stop that each stop is
	numberOf   []int32 // the other way round
	stops      int
	points     int // width of the matrices
	dimensions int
	unit       int64 // grains

	seconds []int32 // points x points, driving; nil in problems that are not timed

	// Per stop.
	load        []int64 // stops x dimensions
	open, close []int32
	service     []int32
	required    []bool
	prize       []int64   // units; 0 for required stops
	fill        []float64 // the largest share of a capacity that it takes
	far         []int64   // cost of a trip of its own by the cheapest kind that may make it
	depotNear   []int32   // least cost to or from a depot

	kinds  []plainKind
	kindOf []int32     // per vehicle
	near   []neighbour // stops x nearCount: who is worth driving to or from, nearest first
	// nearCount is how many neighbours each stop has.
	nearCount int

	timed    bool // some window, shift, depot or limit on being out may bind
	limited  bool // some kind has a limit on being out
	windowed bool // some stop has a window
	optional bool // some stop is optional
	uniform  bool // all kinds share arcs
}

// neighbour is a stop near another one, with the costs by the first kind from the neighbour and to it, and the least
// cost to or from this neighbour and those after it.
type neighbour struct{ stop, to, from, rest int32 }

// plainKind is a set of vehicles that differ in name only.
type plainKind struct {
	start, end        int32 // points
	earliest, lastOut int32 // departure
	latest            int32 // return
	out               int32 // the longest from departure to return
	capacity          []int64
	fixed             int64  // units
	allowed           []bool // per stop; nil means all
	// arcs are the costs in units of driving from x to y and serving y, row-major; back is its transpose, and the same
	// slice where it is symmetric. inert marks a kind that cannot leave its depot.
	arcs, back []int32
	inert      bool
}

const (
	// maxArc keeps sums of a few arcs within an int32.
	maxArc = 1 << 29
	// plainNear is how many neighbours are kept for each stop.
	plainNear = 100
	// Weights of waiting and of coming late in nearness (Vidal, Crainic, Gendreau & Prins, "A hybrid genetic algorithm
	// with adaptive diversity management for a large class of vehicle routing problems with time-windows",
	// Computers & Operations Research 40(1), 2013, section 4.3).
	nearWaiting, nearLate = 0.2, 1.0
)

// isPlain reports whether a valid problem is plain.
func (p *Problem) isPlain() bool {
	if len(p.Facilities) > 0 || p.EndEmpty || p.PlaceService > 0 || len(p.Stops) == 0 || len(p.Vehicles) == 0 {
		return false
	}
	groups, windows := len(groupNumbers(p)), false
	for i := range p.Stops {
		windows = windows || len(p.Stops[i].Windows) > 0
		if len(p.Stops[i].Windows) > 1 {
			return false
		}
	}
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		if len(v.Breaks) > 0 || v.Overtime > 0 || v.MaxMeters > 0 || v.HourCost > 0 && windows ||
			p.Depots[v.End].Window.Open > max(v.Shift.Open, p.Depots[v.Start].Window.Open) || // it could be back too early
			p.OneGroupATrip && (groups > 1 || len(v.GroupCapacity) > 0) {
			return false
		}
	}
	return true
}

// compilePlain builds the plain of a valid problem, or returns nil when it is none or its costs have no common unit
// in which they are small enough.
func compilePlain(p *Problem) *plain {
	if !p.isPlain() {
		return nil
	}
	m := &plain{
		problem: p, order: nearOrder(p), stops: len(p.Stops), points: len(p.Stops) + len(p.Depots), dimensions: p.Dimensions, uniform: true,
	}
	location := make([]int, 0, m.points)
	for _, i := range m.order {
		s := &p.Stops[i]
		location = append(location, s.Location)
		m.service = append(m.service, s.Service)
		window := Window{0, forever}
		if len(s.Windows) > 0 {
			window = s.Windows[0]
			m.windowed, m.timed = true, true
		}
		m.open, m.close = append(m.open, window.Open), append(m.close, window.Close)
		for d := range p.Dimensions {
			load := int64(0)
			if s.Load != nil {
				load = s.Load[d]
			}
			m.load = append(m.load, load)
		}
		m.required = append(m.required, s.Required)
		m.optional = m.optional || !s.Required
	}
	for i := range p.Depots {
		location = append(location, p.Depots[i].Location)
	}
	m.numberOf = make([]int32, m.stops)
	for at, i := range m.order {
		m.numberOf[i] = int32(at)
	}
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		m.limited = m.limited || v.MaxSeconds > 0
		m.timed = m.timed || m.limited || !v.Shift.always() || !p.Depots[v.End].Window.always()
	}
	if m.timed {
		m.seconds = m.gather(p.Seconds, location)
	}
	m.unit = m.commonUnit(location)
	for _, i := range m.order {
		prize := int64(0)
		if !p.Stops[i].Required {
			prize = p.Stops[i].Prize * (grains / m.unit)
		}
		m.prize = append(m.prize, prize)
	}
	if !m.compileKinds(location) {
		return nil
	}
	m.compileFill()
	m.compileNear()
	return m
}

// nearOrder numbers the stops so that those that lie near each other have near numbers, which the cache rewards: in
// the order of a walk through a minimum spanning tree (Prim).
func nearOrder(p *Problem) []int {
	n := len(p.Stops)
	apart := func(a, b int) int64 {
		from, to := p.Stops[a].Location, p.Stops[b].Location
		return int64(p.Meters[from*p.Locations+to]) + int64(p.Seconds[from*p.Locations+to])
	}
	parent, least, done := make([]int, n), make([]int64, n), make([]bool, n)
	for i := range least {
		least[i] = math.MaxInt64
	}
	children := make([][]int, n)
	for at := 0; at >= 0; {
		done[at] = true
		next := none
		for i := range n {
			if done[i] {
				continue
			}
			if d := apart(at, i); d < least[i] {
				least[i], parent[i] = d, at
			}
			if next < 0 || least[i] < least[next] {
				next = i
			}
		}
		if at = next; at >= 0 {
			children[parent[at]] = append(children[parent[at]], at)
		}
	}
	order, stack := make([]int, 0, n), []int{0}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		order = append(order, at)
		stack = append(stack, children[at]...)
	}
	return order
}

// gather picks the rows and columns of the points' locations.
func (m *plain) gather(matrix []int32, location []int) []int32 {
	out := make([]int32, 0, m.points*m.points)
	for _, from := range location {
		row := matrix[from*m.problem.Locations : (from+1)*m.problem.Locations]
		for _, to := range location {
			out = append(out, row[to])
		}
	}
	return out
}

// commonUnit returns the greatest number of grains that divides a cent and every cost.
func (m *plain) commonUnit(location []int) int64 {
	unit := int64(grains)
	type prices struct{ hour, kilometre int64 }
	seen := map[prices]bool{}
	for i := range m.problem.Vehicles {
		v := &m.problem.Vehicles[i]
		price := prices{v.HourCost, v.KilometreCost}
		if seen[price] {
			continue
		}
		seen[price] = true
		for _, service := range m.service {
			unit = divisor(unit, 1000*price.hour*int64(service))
		}
		for _, from := range location {
			at := from * m.problem.Locations
			for _, to := range location {
				unit = divisor(unit, m.problem.drive(at+to, price.hour, price.kilometre))
			}
		}
	}
	return unit
}

// drive returns what driving an arc of the matrices costs, in grains.
func (p *Problem) drive(arc int, hour, kilometre int64) int64 {
	return 1000*hour*int64(p.Seconds[arc]) + 3600*kilometre*int64(p.Meters[arc])
}

// divisor returns the greatest common divisor of a and b; a is positive.
func divisor(a, b int64) int64 {
	if b%a == 0 {
		return a // nearly always
	}
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// compileKinds sorts the vehicles into kinds, and reports whether all arcs are small enough.
func (m *plain) compileKinds(location []int) bool {
	p := m.problem
	onlyFor := make([][]int, len(p.Vehicles))
	for i := range p.Stops {
		for _, v := range p.Stops[i].Vehicles {
			onlyFor[v] = append(onlyFor[v], i)
		}
	}
	type prices struct{ hour, kilometre int64 }
	arcs := map[prices][2][]int32{}
	var names []Vehicle
	var only [][]int
	for i := range p.Vehicles {
		v := p.Vehicles[i]
		v.Name = ""
		found := none
		for k := range names {
			if sameVehicle(&names[k], &v) && slices.Equal(only[k], onlyFor[i]) {
				found = k
				break
			}
		}
		if found >= 0 {
			m.kindOf = append(m.kindOf, int32(found))
			continue
		}
		names, only = append(names, v), append(only, onlyFor[i])
		m.kindOf = append(m.kindOf, int32(len(m.kinds)))
		price := prices{v.HourCost, v.KilometreCost}
		if _, ok := arcs[price]; !ok {
			there, back, ok := m.price(price.hour, price.kilometre, location)
			if !ok {
				return false
			}
			arcs[price] = [2][]int32{there, back}
		}
		k := m.compileKind(&v, onlyFor[i])
		k.arcs, k.back = arcs[price][0], arcs[price][1]
		m.kinds = append(m.kinds, k)
	}
	m.uniform = len(arcs) == 1
	return true
}

// sameVehicle reports whether two vehicles of a plain problem differ in name only.
func sameVehicle(a, b *Vehicle) bool {
	return a.Start == b.Start && a.End == b.End && a.Shift == b.Shift && a.MaxSeconds == b.MaxSeconds && a.FixedCost == b.FixedCost && a.HourCost == b.HourCost &&
		a.KilometreCost == b.KilometreCost && slices.Equal(a.Capacity, b.Capacity) && slices.Equal(a.Groups, b.Groups)
}

func (m *plain) compileKind(v *Vehicle, onlyFor []int) plainKind {
	p := m.problem
	k := plainKind{
		start: int32(m.stops + v.Start), end: int32(m.stops + v.End), lastOut: forever, latest: forever,
		out: forever, capacity: v.Capacity, fixed: v.FixedCost * (grains / m.unit),
	}
	if !v.Shift.always() {
		k.earliest, k.lastOut, k.latest = v.Shift.Open, v.Shift.Close, v.Shift.Close
	}
	if w := p.Depots[v.Start].Window; !w.always() {
		k.earliest, k.lastOut = max(k.earliest, w.Open), min(k.lastOut, w.Close)
	}
	if w := p.Depots[v.End].Window; !w.always() {
		k.latest = min(k.latest, w.Close)
	}
	if v.MaxSeconds > 0 {
		k.out = v.MaxSeconds
	}
	k.inert = k.earliest > k.lastOut
	mine := map[int]bool{}
	for _, s := range onlyFor {
		mine[s] = true
	}
	for at, i := range m.order {
		s := &p.Stops[i]
		if len(s.Vehicles) > 0 && !mine[i] || len(v.Groups) > 0 && !slices.Contains(v.Groups, s.Group) {
			if k.allowed == nil {
				k.allowed = slices.Repeat([]bool{true}, m.stops)
			}
			k.allowed[at] = false
		}
	}
	return k
}

// price returns the arcs of a kind and their transpose, and whether they are small enough.
func (m *plain) price(hour, kilometre int64, location []int) (there, back []int32, ok bool) {
	p := m.problem
	there = make([]int32, 0, m.points*m.points)
	symmetric := true
	for x, from := range location {
		for y, to := range location {
			cost := p.drive(from*p.Locations+to, hour, kilometre)
			if y < m.stops {
				cost += 1000 * hour * int64(m.service[y])
			}
			if cost /= m.unit; cost > maxArc {
				return nil, nil, false
			}
			there = append(there, int32(cost))
			if y < x {
				symmetric = symmetric && there[x*m.points+y] == there[y*m.points+x]
			}
		}
	}
	if m.timed && slices.Equal(there, m.seconds) {
		there = m.seconds // the cache holds one matrix rather than two
	}
	if symmetric {
		return there, there, true
	}
	back = make([]int32, len(there))
	for x := range m.points {
		for y := range m.points {
			back[y*m.points+x] = there[x*m.points+y]
		}
	}
	return there, back, true
}

// mayServe reports whether a kind may serve a stop.
func (k *plainKind) mayServe(s int32) bool { return !k.inert && (k.allowed == nil || k.allowed[s]) }

// compileFill fills fill and far.
func (m *plain) compileFill() {
	for s := range m.stops {
		share := 0.0
		for d := range m.dimensions {
			if c := m.kinds[0].capacity[d]; c > 0 {
				share = max(share, float64(m.load[s*m.dimensions+d])/float64(c))
			}
		}
		m.fill = append(m.fill, share)
		far := int64(math.MaxInt64)
		for i := range m.kinds {
			if k := &m.kinds[i]; k.mayServe(int32(s)) {
				far = min(far, int64(k.arcs[int(k.start)*m.points+s])+int64(k.arcs[s*m.points+int(k.end)]))
			}
		}
		m.far = append(m.far, far)
		depot := int32(maxArc)
		for i := range m.kinds {
			k := &m.kinds[i]
			depot = min(depot, k.arcs[int(k.start)*m.points+s], k.arcs[s*m.points+int(k.end)])
		}
		m.depotNear = append(m.depotNear, depot)
	}
}

// compileNear fills near: by the cost of driving between two stops in the better direction, with waiting and
// coming late on the way.
func (m *plain) compileNear() {
	m.nearCount = min(plainNear, m.stops-1)
	k := &m.kinds[0]
	perSecond := 0.0
	if m.windowed {
		perSecond = m.costOfTime()
	}
	type candidate struct {
		cost float64
		stop int32
	}
	compare := func(a, b candidate) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.stop, b.stop)) }
	list := make([]candidate, 0, m.stops)
	m.near = make([]neighbour, 0, m.stops*m.nearCount)
	direction := func(from, to int) float64 {
		cost := float64(k.arcs[from*m.points+to])
		if m.windowed {
			drive := m.service[from] + m.seconds[from*m.points+to]
			wait := float64(m.open[to]) - float64(m.close[from]) - float64(drive)
			late := float64(m.open[from]) + float64(drive) - float64(m.close[to])
			cost += perSecond * (nearWaiting*max(wait, 0) + nearLate*max(late, 0))
		}
		return cost
	}
	for s := range m.stops {
		list = list[:0]
		for o := range m.stops {
			if o != s {
				list = append(list, candidate{min(direction(s, o), direction(o, s)), int32(o)})
			}
		}
		smallest(list, m.nearCount, compare)
		from := len(m.near)
		for _, o := range list[:m.nearCount] {
			m.near = append(m.near, neighbour{
				stop: o.stop, to: k.arcs[int(o.stop)*m.points+s], from: k.arcs[s*m.points+int(o.stop)],
			})
		}
		rest := int32(maxArc)
		for i := len(m.near) - 1; i >= from; i-- {
			rest = min(rest, m.near[i].to, m.near[i].from)
			m.near[i].rest = rest
		}
	}
}

// neighbours returns the stops near a stop.
func (m *plain) neighbours(s int32) []neighbour {
	return m.near[int(s)*m.nearCount : (int(s)+1)*m.nearCount]
}

// costOfTime returns what a second of driving costs on the mean, in units of cost.
func (m *plain) costOfTime() float64 {
	cost, time := 0.0, 0.0
	arcs := m.kinds[0].arcs
	for i := 0; i < len(arcs); i += 1 + len(arcs)/100_000 { // a sample will do
		cost, time = cost+float64(arcs[i]), time+float64(m.seconds[i])
	}
	if time == 0 {
		return 0
	}
	return cost / time
}

// smallest puts the n smallest of a list first and in order (Hoare's quickselect, with the middle as pivot).
func smallest[T any](list []T, n int, compare func(a, b T) int) {
	low, high := 0, len(list)
	for high-low > 16 && n < high {
		pivot := list[low+(high-low)/2]
		i, j := low, high-1
		for i <= j {
			for compare(list[i], pivot) < 0 {
				i++
			}
			for compare(list[j], pivot) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j+1:
			high = j + 1
		case n >= i:
			low = i
		default:
			high = i
		}
	}
	slices.SortFunc(list[:high], compare)
}
