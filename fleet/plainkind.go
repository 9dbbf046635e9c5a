package fleet

import "slices"

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
			if m.ctx.Err() != nil {
				return unit
			}
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

// compileKinds sorts the vehicles into kinds, and reports whether all arcs are there and small enough.
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
	return a.Start == b.Start && a.End == b.End && a.Shift == b.Shift && a.MaxSeconds == b.MaxSeconds &&
		a.FixedCost == b.FixedCost && a.HourCost == b.HourCost && a.KilometreCost == b.KilometreCost && slices.Equal(a.Capacity, b.Capacity) && slices.Equal(a.Groups, b.Groups)
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

// price returns the arcs of a kind and their transpose, and whether they are complete and small enough.
func (m *plain) price(hour, kilometre int64, location []int) (there, back []int32, ok bool) {
	p := m.problem
	there = make([]int32, 0, m.points*m.points)
	symmetric := true
	for x, from := range location {
		if m.ctx.Err() != nil {
			return nil, nil, false
		}
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
