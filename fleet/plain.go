package fleet

import (
	"context"
	"math"
)

// Many problems ask less than a [Problem] can say: every vehicle makes one trip from a depot to a depot, without
// facilities, breaks or overtime, each stop has one window at most, and nobody is paid for
// waiting. Those are compiled into a plain, which is searched four to seven times faster than a model (at 300 and 1,000 stops).

// plain is such a Problem, compiled. Points are stops [0, stops), in an order
// of their own, and then the depots. Costs are exact integers
// in units of as many grains as divide them all; loops over them look like C.
type plain struct {
	ctx        context.Context // of compiling
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

const (
	// manyPoints is how many points may have a matrix of their own where locations are fewer.
	manyPoints = 5000
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
	if len(p.Facilities) > 0 || p.BalanceHourCost > 0 || p.EndEmpty || p.PlaceService > 0 || len(p.Stops) == 0 || len(p.Vehicles) == 0 {
		return false
	}
	points := len(p.Stops) + len(p.Depots)
	if points > 2*p.Locations && points > manyPoints {
		return false // many stops at few locations: their own matrix would be far larger than the problem
	}
	groups, windows := len(groupNumbers(p)), false
	for i := range p.Stops {
		windows = windows || len(p.Stops[i].Windows) > 0
		if len(p.Stops[i].Windows) > 1 || p.Stops[i].changes() {
			return false
		}
	}
	for i := range p.Vehicles {
		v := &p.Vehicles[i]
		if len(v.Begun) > 0 || len(v.Breaks) > 0 || v.Overtime > 0 || v.MaxMeters > 0 || v.HourCost > 0 && windows ||
			p.Depots[v.End].Window.Open > max(v.Shift.Open, p.Depots[v.Start].Window.Open) || // it could be back too early
			p.OneGroupATrip && (groups > 1 || len(v.GroupCapacity) > 0) {
			return false
		}
	}
	return true
}

// compilePlain builds the plain of a valid problem, or returns nil when it is none or its costs have no common unit
// in which they are small enough, or ctx ends.
func compilePlain(ctx context.Context, p *Problem) *plain {
	if !p.isPlain() {
		return nil
	}
	m := &plain{
		ctx: ctx, problem: p, order: nearOrder(ctx, p), stops: len(p.Stops), points: len(p.Stops) + len(p.Depots), dimensions: p.Dimensions, uniform: true,
	}
	if ctx.Err() != nil {
		return nil // the order is not complete
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
	if m.unit = m.commonUnit(location); ctx.Err() != nil {
		return nil
	}
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
	if m.compileNear(); ctx.Err() != nil {
		return nil
	}
	return m
}

// gather picks the rows and columns of the points' locations.
func (m *plain) gather(matrix []int32, location []int) []int32 {
	out := make([]int32, 0, m.points*m.points)
	for _, from := range location {
		if m.ctx.Err() != nil {
			break
		}
		row := matrix[from*m.problem.Locations : (from+1)*m.problem.Locations]
		for _, to := range location {
			out = append(out, row[to])
		}
	}
	return out
}

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
