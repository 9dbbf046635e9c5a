package fleet

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
)

// The search works on flat slices and indexes without interface calls or
// allocation; this file compiles a Problem into them.

// grains is how many grains make a cent. In grains, the cost of a second is
// 1000 x the cents an hour, that of a metre 3600 x the cents a kilometre: no rounding within a search.
const grains = 3_600_000

// forever is later than any time of a route; validate keeps single times far below it.
const forever = 1 << 30

// none marks the absence of an index.
const none = -1

// model is a Problem compiled for searching. Nodes are stops [0, stops),
// facilities [stops, home) and home, the unloading at the depot where a route ends.
type model struct {
	ctx        context.Context // of compiling
	problem    *Problem
	stops      int
	locations  int
	dimensions int
	groups     int
	home       int32

	seconds, meters []int32

	// Per node (home excluded).
	location []int32
	service  []int32
	windows  []Window
	window   []int32 // windows[window[v]:window[v+1]] are those of node v

	// Per stop.
	place    []int32
	group    []int32
	load     []int64 // stops x dimensions
	required []bool
	prize    []int64 // grains; 0 for required stops

	optional    bool // some stop is optional
	windowed    bool // some stop has a window
	accepts     []bool
	unloads     [][]int32  // per group, the facilities that accept it
	near        [][]int32  // per stop, the stops worth serving by nearness, itself among them
	earners     [][]earner // per stop, the optional ones near it, nearest first, that may earn something on the way from it
	idle        []bool     // per stop: optional, and its prize does not even pay for its service
	remoteness  []int64    // per stop, arcs from and to the nearest depot in grains
	fill        []float64  // per stop, the largest share of a mean capacity that it takes
	vehicleKind []int32    // per vehicle
	kinds       []kind
}

// earner is an optional stop of the same group, and its prize less what the first kind pays for driving to and serving it.
type earner struct {
	stop int32
	gain int64 // grains, above 0
}

// kind is a set of vehicles that differ in name only.
type kind struct {
	start, end        int32 // locations
	earliest, lastOut int32 // departure
	shiftEnd, latest  int32 // return without and with overtime
	opens             int32 // return at the earliest
	capacity          []int64
	groups            []bool
	allowed           []bool // per stop
	breaks            []Break
	fixed             int64   // grains
	second, overtime  int64   // grains a second
	meter             int64   // grains a metre
	change            []int64 // per stop, grains for not being its usual vehicle; nil where none is
	maxMeters         int64
	maxSeconds        int32
	maxTrips          int32
	begun             *begun // by the one vehicle of the kind; nil when it is at its depot
	// arcs are the costs in grains of driving, row-major from x to; back is its transpose, so
	// that scanning all predecessors of a location reads one row.
	arcs, back []int64
}

// nearest bounds the neighbours kept for each stop.
const nearest = 300

// compile builds the model of a valid problem. When ctx ends it returns at once, and nothing may be done with the model.
func compile(ctx context.Context, p *Problem) *model {
	m := &model{
		ctx: ctx, problem: p, stops: len(p.Stops), locations: p.Locations, dimensions: p.Dimensions,
		home: int32(len(p.Stops) + len(p.Facilities)), seconds: p.Seconds, meters: p.Meters,
	}
	groupOf := groupNumbers(p)
	m.groups = len(groupOf)
	for i := range p.Stops {
		s := &p.Stops[i]
		m.location = append(m.location, int32(s.Location))
		m.service = append(m.service, s.Service)
		m.window = append(m.window, int32(len(m.windows)))
		m.windows = append(m.windows, s.Windows...)
		m.windowed = m.windowed || len(s.Windows) > 0
		m.place = append(m.place, int32(max(s.Place, none)))
		m.group = append(m.group, int32(groupOf[s.Group]))
		for d := range p.Dimensions {
			load := int64(0)
			if s.Load != nil {
				load = s.Load[d]
			}
			m.load = append(m.load, load)
		}
		m.required = append(m.required, s.Required)
		prize := int64(0)
		if !s.Required {
			prize, m.optional = s.Prize*grains, true
		}
		m.prize = append(m.prize, prize)
	}
	m.unloads = make([][]int32, m.groups)
	for i := range p.Facilities {
		f := &p.Facilities[i]
		node := int32(m.stops + i)
		m.location = append(m.location, int32(f.Location))
		m.service = append(m.service, f.Service)
		m.window = append(m.window, int32(len(m.windows)))
		m.windows = append(m.windows, f.Windows...)
		for group, number := range groupOf {
			if len(f.Groups) == 0 || slices.Contains(f.Groups, group) {
				m.unloads[number] = append(m.unloads[number], node)
			}
		}
	}
	m.window = append(m.window, int32(len(m.windows)))
	m.accepts = make([]bool, len(p.Facilities)*m.groups)
	for group, list := range m.unloads {
		for _, node := range list {
			m.accepts[(int(node)-m.stops)*m.groups+group] = true
		}
	}
	m.compileKinds(groupOf)
	m.compileNearness()
	return m
}

// groupNumbers numbers the groups of stops from 0, in order of group.
func groupNumbers(p *Problem) map[int]int {
	var groups []int
	for i := range p.Stops {
		groups = append(groups, p.Stops[i].Group)
	}
	slices.Sort(groups)
	groups = slices.Compact(groups)
	number := make(map[int]int, len(groups))
	for i, g := range groups {
		number[g] = i
	}
	return number
}

// compileKinds sorts the vehicles into kinds.
func (m *model) compileKinds(groupOf map[int]int) {
	p := m.problem
	// Stops with a list of vehicles make vehicles differ; the rest allow all.
	onlyFor, usualFor := make([][]int, len(p.Vehicles)), make([][]int, len(p.Vehicles))
	for i := range p.Stops {
		if p.Stops[i].changes() {
			for _, v := range p.Stops[i].Usual {
				usualFor[v] = append(usualFor[v], i)
			}
		}
		for _, v := range p.Stops[i].Vehicles {
			onlyFor[v] = append(onlyFor[v], i)
		}
	}
	type prices struct{ hour, kilometre int64 }
	arcs := map[prices][2][]int64{}
	seen := map[string]int32{}
	for i := range p.Vehicles {
		v := p.Vehicles[i]
		v.Name = ""
		key := fmt.Sprintf("%+v %v %v", v, onlyFor[i], usualFor[i])
		if k, ok := seen[key]; ok {
			m.vehicleKind = append(m.vehicleKind, k)
			continue
		}
		seen[key] = int32(len(m.kinds))
		m.vehicleKind = append(m.vehicleKind, int32(len(m.kinds)))
		k := m.compileKind(&v, groupOf)
		for _, s := range onlyFor[i] {
			k.allowed[s] = k.groups[m.group[s]]
		}
		k.change = m.compileChange(usualFor[i])
		cost := prices{v.HourCost, v.KilometreCost}
		if _, ok := arcs[cost]; !ok {
			arcs[cost] = m.price(k.second, k.meter)
		}
		k.arcs, k.back = arcs[cost][0], arcs[cost][1]
		m.kinds = append(m.kinds, k)
	}
}

// compileChange returns what stops cost a vehicle that is usual for some.
func (m *model) compileChange(usualFor []int) []int64 {
	var change []int64
	for s := range m.stops {
		if stop := &m.problem.Stops[s]; stop.changes() {
			if change == nil {
				change = make([]int64, m.stops)
			}
			change[s] = stop.ChangeCost * grains
		}
	}
	for _, s := range usualFor {
		change[s] = 0
	}
	return change
}

// changes reports whether it costs something when another than the usual vehicle serves the stop.
func (s *Stop) changes() bool { return len(s.Usual) > 0 && s.ChangeCost > 0 }

// changeCost returns what a stop costs the kind because another is its usual one, in grains.
func (k *kind) changeCost(s int32) int64 {
	if k.change == nil {
		return 0
	}
	return k.change[s]
}

func (m *model) compileKind(v *Vehicle, groupOf map[int]int) kind {
	p := m.problem
	start, end := p.Depots[v.Start], p.Depots[v.End]
	k := kind{
		start: int32(start.Location), end: int32(end.Location), lastOut: forever, shiftEnd: forever, latest: forever,
		breaks: v.Breaks, fixed: v.FixedCost * grains, second: v.HourCost * 1000, overtime: v.OvertimeHourCost * 1000,
		meter: v.KilometreCost * 3600, maxMeters: v.MaxMeters, maxSeconds: v.MaxSeconds, maxTrips: int32(v.MaxTrips),
		groups: make([]bool, m.groups), allowed: make([]bool, m.stops), capacity: make([]int64, m.groups*m.dimensions),
	}
	if !v.Shift.always() {
		k.earliest, k.lastOut = v.Shift.Open, v.Shift.Close
		k.shiftEnd, k.latest = v.Shift.Close, v.Shift.Close+v.Overtime
	}
	if !start.Window.always() {
		k.earliest, k.lastOut = max(k.earliest, start.Window.Open), min(k.lastOut, start.Window.Close)
	}
	if !end.Window.always() {
		k.opens, k.latest = end.Window.Open, min(k.latest, end.Window.Close)
	}
	if k.maxMeters == 0 {
		k.maxMeters = math.MaxInt64
	}
	if k.maxSeconds == 0 {
		k.maxSeconds = forever
	}
	if k.maxTrips == 0 {
		k.maxTrips = math.MaxInt32
	}
	k.begun = m.compileBegun(v)
	for group, number := range groupOf {
		k.groups[number] = len(v.Groups) == 0 || slices.Contains(v.Groups, group)
		capacity := v.Capacity
		if special, ok := v.GroupCapacity[group]; ok {
			capacity = special
		}
		copy(k.capacity[number*m.dimensions:], capacity)
	}
	for i := range p.Stops {
		k.allowed[i] = len(p.Stops[i].Vehicles) == 0 && k.groups[m.group[i]]
	}
	return k
}

// price returns the arcs in grains and their transpose.
func (m *model) price(second, meter int64) [2][]int64 {
	n := m.locations
	arcs, back := make([]int64, n*n), make([]int64, n*n)
	for from := range n {
		if m.ctx.Err() != nil {
			break
		}
		for to := range n {
			cost := second*int64(m.seconds[from*n+to]) + meter*int64(m.meters[from*n+to])
			arcs[from*n+to], back[to*n+from] = cost, cost
		}
	}
	return [2][]int64{arcs, back}
}

// compileNearness fills near, remoteness and fill, by the first kind's costs or,
// when driving is free, by distance and time.
func (m *model) compileNearness() {
	if len(m.kinds) == 0 {
		return
	}
	arcs := m.kinds[0].arcs
	if m.kinds[0].second == 0 && m.kinds[0].meter == 0 {
		arcs = m.price(1, 1)[0]
	}
	n := m.locations
	m.idle = make([]bool, m.stops)
	stopsAt := make([][]int32, n)
	for s := range m.stops {
		if !m.required[s] {
			m.idle[s] = true
			for i := range m.kinds {
				if k := &m.kinds[i]; k.allowed[s] && k.second*int64(m.service[s]) < m.prize[s] {
					m.idle[s] = false
				}
			}
			if m.idle[s] {
				continue
			}
		}
		stopsAt[m.location[s]] = append(stopsAt[m.location[s]], int32(s))
	}
	type place struct {
		cost     int64
		location int32
	}
	var order []place
	byLocation := make([][]int32, n)
	for from := range n {
		if m.ctx.Err() != nil {
			return
		}
		order = order[:0]
		for to := range n {
			if len(stopsAt[to]) > 0 && to != from {
				order = append(order, place{arcs[from*n+to] + arcs[to*n+from], int32(to)})
			}
		}
		slices.SortFunc(order, func(a, b place) int {
			return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.location, b.location))
		})
		list := slices.Clone(stopsAt[from])
		for _, o := range order {
			if len(list) > nearest {
				break
			}
			list = append(list, stopsAt[o.location]...)
		}
		byLocation[from] = list
	}
	m.near = make([][]int32, m.stops)
	for s := range m.stops {
		m.near[s] = byLocation[m.location[s]]
		best := int64(math.MaxInt64)
		for i := range m.kinds {
			depot := int(m.kinds[i].start)
			best = min(best, arcs[depot*n+int(m.location[s])]+arcs[int(m.location[s])*n+depot])
		}
		m.remoteness = append(m.remoteness, best)
		share := 0.0
		for d := range m.dimensions {
			if c := m.kinds[0].capacity[int(m.group[s])*m.dimensions+d]; c > 0 {
				share = max(share, float64(m.load[s*m.dimensions+d])/float64(c))
			}
		}
		m.fill = append(m.fill, share)
	}
	m.compileEarners()
}

// compileEarners fills earners.
func (m *model) compileEarners() {
	if !m.optional {
		return
	}
	k := &m.kinds[0]
	m.earners = make([][]earner, m.stops)
	for s := range int32(m.stops) {
		row := k.arcs[int(m.location[s])*m.locations:]
		for _, c := range m.near[s] {
			if c == s || m.required[c] || m.group[c] != m.group[s] {
				continue
			}
			if gain := m.prize[c] - row[m.location[c]] - k.second*int64(m.service[c]); gain > 0 {
				m.earners[s] = append(m.earners[s], earner{c, gain})
			}
		}
	}
}

// begin returns when service at a node starts for an arrival at t, or false when
// its windows are over.
func (m *model) begin(node, t int32) (int32, bool) {
	from, to := m.window[node], m.window[node+1]
	if from == to {
		return t, true
	}
	for _, w := range m.windows[from:to] {
		if t <= w.Close {
			return max(t, w.Open), true
		}
	}
	return 0, false
}

// latestArrival returns the last arrival at a node for which service starts at start or before, or
// false when there is none.
func (m *model) latestArrival(node, start int32) (int32, bool) {
	from, to := m.window[node], m.window[node+1]
	if from == to {
		return start, start >= 0
	}
	for i := to - 1; i >= from; i-- {
		if m.windows[i].Open <= start {
			return min(start, m.windows[i].Close), true
		}
	}
	return 0, false
}

// stopName names a stop for people: its number and its name.
func stopName(p *Problem, stop int) string {
	if stop < 0 || stop >= len(p.Stops) {
		return fmt.Sprintf("stop %d", stop)
	}
	if p.Stops[stop].Name != "" {
		return "stop " + p.Stops[stop].Name
	}
	return fmt.Sprintf("stop %d", stop)
}

// vehicleName names a vehicle for people.
func vehicleName(p *Problem, vehicle int) string {
	if vehicle >= 0 && vehicle < len(p.Vehicles) && p.Vehicles[vehicle].Name != "" {
		return "truck " + p.Vehicles[vehicle].Name
	}
	return fmt.Sprintf("truck %d", vehicle)
}

// clockTime writes a time of day as 15:52, with seconds where they matter.
func clockTime(t int32) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%02d:%02d", t/3600, t/60%60)
	if t%60 != 0 {
		fmt.Fprintf(&b, ":%02d", t%60)
	}
	return b.String()
}
