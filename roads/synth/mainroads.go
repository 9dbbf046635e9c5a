package synth

import (
	"math"
	"slices"

	"polder.city/roads"
)

const (
	motor   = roads.AccessCar | roads.AccessTruck | roads.AccessBus
	anybody = motor | roads.AccessBicycle | roads.AccessFoot
)

// motorway is a main road of two carriageways, each in its own direction of travel.
type motorway struct {
	line     []vec    // the middle, in drawing order
	carriage [2][]vec // with the drawing order, and against it; in direction of travel
	street   [2]int32
}

const (
	carriageOffset = 14  // metres from the middle of a motorway to that of a carriageway
	rampReach      = 380 // metres before and after a crossing at which ramps leave and join
	rampFoot       = 90  // metres from the middle of the motorway to the foot of a ramp, along the crossing road
)

// mainRoads draws the roads that are given as data: motorways first, so that all others go over them.
func (m *mesh) mainRoads(p plane, l Landscape) {
	var ways []motorway
	for _, r := range l.Roads {
		if r.Class == roads.Motorway {
			ways = append(ways, motorway{line: p.line(r.Line)})
		}
	}
	i := 0
	for _, r := range l.Roads {
		if r.Class == roads.Motorway {
			m.motorway(ways, i, r)
			i++
		}
	}
	for _, r := range l.Roads {
		if r.Class != roads.Motorway && r.Class != roads.Busway {
			m.mainRoad(p.line(r.Line), r)
		}
	}
	for i := range ways {
		m.motorwayEnds(ways, i)
	}
	for _, at := range l.Interchanges {
		m.interchange(p.vec(at), ways)
	}
}

// motorway draws both carriageways. They meet where the motorway leaves the map,
// so that every drive has a way back; at another motorway they end apart.
func (m *mesh) motorway(all []motorway, i int, r Road) {
	w := &all[i]
	for side := range 2 {
		line := offset(w.line, carriageOffset)
		if side == 1 {
			back := slices.Clone(w.line)
			slices.Reverse(back)
			line = offset(back, carriageOffset)
		}
		w.carriage[side] = line
		w.street[side] = m.addStreet(street{
			name: r.Name, ref: r.Ref, class: roads.Motorway, forward: motor, speed: r.MaxSpeed, district: -1,
		})
	}
	begin, end := int32(-1), int32(-1)
	if !joins(all, i, w.line[0]) {
		begin = m.addNode(w.line[0])
		w.carriage[0][0] = w.line[0]
		w.carriage[1][len(w.line)-1] = w.line[0]
	}
	if last := w.line[len(w.line)-1]; !joins(all, i, last) {
		end = m.addNode(last)
		w.carriage[0][len(w.line)-1] = last
		w.carriage[1][0] = last
	}
	m.draw(w.carriage[0], begin, end, w.street[0], true)
	m.draw(w.carriage[1], end, begin, w.street[1], true)
}

// joinReach is how near to another motorway a motorway's end must lie to be joined to it.
const joinReach = 300

func joins(all []motorway, i int, v vec) bool {
	for j := range all {
		if j != i && distTo(v, all[j].line) < joinReach {
			return true
		}
	}
	return false
}

func distTo(v vec, line []vec) float64 {
	best := math.Inf(1)
	for i := 1; i < len(line); i++ {
		_, d := nearestOn(v, line[i-1], line[i])
		best = min(best, d)
	}
	return best
}

// whereOn returns how far along a line its point nearest to v lies.
func whereOn(v vec, line []vec) float64 {
	best, s := math.Inf(1), 0.0
	at := lengths(line)
	for i := 1; i < len(line); i++ {
		if t, d := nearestOn(v, line[i-1], line[i]); d < best {
			best, s = d, at[i-1]+t*(at[i]-at[i-1])
		}
	}
	return s
}

// mainRoad draws a road of one carriageway. Its points join roads that are
// there within 12 m, its ends within 40 m.
func (m *mesh) mainRoad(line []vec, r Road) {
	id := m.addStreet(street{
		name: r.Name, ref: r.Ref, class: r.Class, forward: anybody, backward: anybody, speed: r.MaxSpeed, district: -1,
	})
	if r.Class == roads.Busway {
		m.streets[id].forward, m.streets[id].backward = roads.AccessBus, roads.AccessBus
	}
	nodes := make([]int32, len(line))
	for i, v := range line {
		reach := 12.0
		if i == 0 || i == len(line)-1 {
			reach = 40
		}
		nodes[i] = m.attach(v, reach)
		if nodes[i] >= 0 {
			line[i] = m.nodes[nodes[i]]
		}
	}
	// Between joined points, so that what was joined stays joined.
	begin := 0
	for i := 1; i < len(line); i++ {
		if nodes[i] >= 0 || i == len(line)-1 {
			if nodes[begin] < 0 || nodes[begin] != nodes[i] {
				m.draw(line[begin:i+1], nodes[begin], nodes[i], id, false)
			}
			begin = i
		}
	}
}

// interchange adds four ramps where a main road crosses a motorway near v.
func (m *mesh) interchange(v vec, ways []motorway) {
	for i := range ways {
		w := &ways[i]
		if distTo(v, w.line) > 400 {
			continue
		}
		e, at := m.overpass(v, w.line)
		if e < 0 {
			continue
		}
		for side := range 2 {
			m.ramps(w, side, e, at)
		}
		return
	}
}

// overpass returns the edge of a main road that crosses a motorway's middle nearest to v, and where.
func (m *mesh) overpass(v vec, line []vec) (int32, vec) {
	best, edge, at := 400.0, int32(-1), vec{}
	for i := 1; i < len(line); i++ {
		m.near(line[i-1], line[i], 0, func(e int32) {
			if !isMain(m.class(e)) && m.class(e) != roads.Tertiary {
				return
			}
			t, _, ok := intersect(line[i-1], line[i], m.nodes[m.edges[e].a], m.nodes[m.edges[e].b])
			if c := line[i-1].mix(line[i], t); ok && c.dist(v) < best {
				best, edge, at = c.dist(v), e, c
			}
		})
	}
	return edge, at
}

// ramps draws the way off and the way on of one carriageway, at its own side of the motorway.
func (m *mesh) ramps(w *motorway, side int, over int32, at vec) {
	line := w.carriage[side]
	s := whereOn(at, line)
	_, dir := along(line, s)
	right := dir.right()
	cross := m.nodes[m.edges[over].b].sub(m.nodes[m.edges[over].a])
	cross = cross.times(1 / cross.length())
	if cross.dot(right) < 0 {
		cross = cross.times(-1)
	}
	foot := m.attach(at.add(cross.times(rampFoot)), 40)
	if foot < 0 {
		return
	}
	id := m.addStreet(street{name: m.streets[m.edges[over].street].name, ref: m.streets[w.street[side]].ref, class: roads.MotorwayLink, forward: motor, speed: 80, district: -1})
	total := lengths(line)[len(line)-1]
	leave, join := max(s-rampReach, 30), min(s+rampReach, total-30)
	if off := m.onCarriage(w, side, leave); off >= 0 {
		middle := m.nodes[off].mix(m.nodes[foot], 0.6).add(right.times(25))
		m.draw([]vec{m.nodes[off], middle, m.nodes[foot]}, off, foot, id, true)
	}
	if on := m.onCarriage(w, side, join); on >= 0 {
		middle := m.nodes[foot].mix(m.nodes[on], 0.4).add(right.times(25))
		id = m.addStreet(m.streets[id])
		m.draw([]vec{m.nodes[foot], middle, m.nodes[on]}, foot, on, id, true)
	}
}

// onCarriage puts a node on a carriageway at a distance along it.
func (m *mesh) onCarriage(w *motorway, side int, s float64) int32 {
	v, _ := along(w.carriage[side], s)
	best, edge := 5.0, int32(-1)
	m.near(v, v, 5, func(e int32) {
		if m.edges[e].street != w.street[side] {
			return
		}
		if _, d := nearestOn(v, m.nodes[m.edges[e].a], m.nodes[m.edges[e].b]); d < best {
			best, edge = d, e
		}
	})
	if edge < 0 {
		return -1
	}
	return m.split(edge, v)
}

// motorwayEnds joins a motorway that ends at another one to both of its carriageways, both ways.
func (m *mesh) motorwayEnds(all []motorway, i int) {
	w := &all[i]
	for end, v := range []vec{w.line[0], w.line[len(w.line)-1]} {
		for j := range all {
			if j == i || distTo(v, all[j].line) >= joinReach {
				continue
			}
			// Away from the joint runs the carriageway with the drawing order at its begin, against it at its end.
			out, in := end, 1-end
			leave := m.onCarriage(w, out, 2)
			arrive := m.onCarriage(w, in, lengths(w.carriage[in])[len(w.line)-1]-2)
			for side := range 2 {
				s := whereOn(v, all[j].carriage[side])
				m.link(m.onCarriage(&all[j], side, s-rampReach), leave, w)
				m.link(arrive, m.onCarriage(&all[j], side, s+rampReach), w)
			}
			break
		}
	}
}

func (m *mesh) link(from, to int32, w *motorway) {
	if from < 0 || to < 0 {
		return
	}
	id := m.addStreet(street{ref: m.streets[w.street[0]].ref, class: roads.MotorwayLink, forward: motor, speed: 80, district: -1})
	m.draw([]vec{m.nodes[from], m.nodes[to]}, from, to, id, true)
}

// busways draws the bus lanes over everything that is there; they share nodes with the streets that they cross.
func (m *mesh) busways(p plane, l Landscape) {
	for _, r := range l.Roads {
		if r.Class == roads.Busway {
			m.mainRoad(p.line(r.Line), r)
		}
	}
}
