package horizon

import (
	"cmp"
	"slices"

	"polder.city/fleet"
)

// The search's own form of a problem: flat slices, indexes, days as bits. Nodes are the sites, then the
// facilities, then the depots. Costs are cents as float64.

const (
	// nearest is how many near sites each site knows: a day has a visit to one in ten or so of them.
	nearest = 120
	// neverCost stands for Never, in cents, so that a plan can always be compared with another.
	neverCost = 1e12
)

// slot is a vehicle on a day.
type slot struct {
	day, vehicle  int
	start, end    int32   // nodes
	fixed         float64 // cents
	second, meter float64 // cents
	seconds       int64   // the longest that it may be out, breaks taken off
	meters        int64   // the farthest that it may drive
	capacity      []int64 // a row of dimensions a group
	groups        uint64  // that it may collect
	alike         int     // the first slot of the day that is no different
}

type model struct {
	p                       *Problem
	days, sites, facilities int
	locations, dimensions   int
	location, place         []int32  // per node; places of others than sites are no site's
	service                 []int64  // per node, seconds; with PlaceService
	group                   []uint64 // per site, one bit
	accepts                 []uint64 // per facility, bits of groups
	selective               bool     // some facility does not accept all
	slots                   []slot
	daySlots                []int // the first slot of each day, and behind the last
	near                    [][]int32
	patterns                [][]uint64 // per site, bits of days
	allowed                 []uint64   // per site, bits of days on which it may be visited at all
	noLoad                  []int64
	meanSeconds, meanMeters float64 // of a drive from a site to one of its nearest
}

const noLimit = int64(1) << 60

func compile(p *Problem) *model {
	m := &model{
		p: p, days: p.Days, sites: len(p.Sites), facilities: len(p.Facilities), locations: p.Locations, dimensions: p.Dimensions,
		noLoad: make([]int64, p.Dimensions),
	}
	groups := m.numberGroups()
	place := int32(-1)
	node := func(location int, service int64) {
		m.location = append(m.location, int32(location))
		m.service = append(m.service, service)
		m.place = append(m.place, place)
		place--
	}
	for i := range p.Sites {
		s := &p.Sites[i]
		node(s.Location, int64(s.Service)+int64(p.PlaceService))
		if s.Place >= 0 {
			m.place[i] = int32(s.Place)
		}
		m.group = append(m.group, 1<<groups[s.Group])
	}
	for i := range p.Facilities {
		node(p.Facilities[i].Location, int64(p.Facilities[i].Service))
		accepts := bitsOf(p.Facilities[i].Groups, groups)
		m.accepts, m.selective = append(m.accepts, accepts), m.selective || accepts != ^uint64(0)
	}
	for i := range p.Depots {
		node(p.Depots[i].Location, 0)
	}
	for day := range p.Fleet {
		m.daySlots = append(m.daySlots, len(m.slots))
		for v := range p.Fleet[day] {
			m.addSlot(day, v, groups)
		}
	}
	m.daySlots = append(m.daySlots, len(m.slots))
	m.allowDays()
	m.findNear()
	return m
}

// numberGroups gives the groups of sites numbers from 0.
func (m *model) numberGroups() map[int]int {
	groups := map[int]int{}
	for i := range m.p.Sites {
		if _, known := groups[m.p.Sites[i].Group]; !known {
			groups[m.p.Sites[i].Group] = len(groups)
		}
	}
	return groups
}

// bitsOf are the bits of a list of groups, all of them for an empty list.
func bitsOf(list []int, groups map[int]int) uint64 {
	if len(list) == 0 {
		return ^uint64(0)
	}
	bits := uint64(0)
	for _, g := range list {
		if number, known := groups[g]; known {
			bits |= 1 << number
		}
	}
	return bits
}

func (m *model) addSlot(day, vehicle int, groups map[int]int) {
	v := &m.p.Fleet[day][vehicle]
	depot := int32(m.sites + m.facilities)
	s := slot{
		day: day, vehicle: vehicle, start: depot + int32(v.Start), end: depot + int32(v.End),
		fixed: float64(v.FixedCost), second: float64(v.HourCost) / 3600, meter: float64(v.KilometreCost) / 1000,
		seconds: noLimit, meters: noLimit, groups: bitsOf(v.Groups, groups), alike: len(m.slots),
		capacity: make([]int64, len(groups)*m.dimensions),
	}
	for group, number := range groups {
		capacity := v.Capacity
		if special, ok := v.GroupCapacity[group]; ok {
			capacity = special
		}
		copy(s.capacity[number*m.dimensions:], capacity)
	}
	if v.Shift != (fleet.Window{}) {
		s.seconds = int64(v.Shift.Close - v.Shift.Open)
	}
	if v.MaxSeconds > 0 {
		s.seconds = min(s.seconds, int64(v.MaxSeconds))
	}
	for _, b := range v.Breaks {
		s.seconds -= int64(b.Duration)
	}
	if v.MaxMeters > 0 {
		s.meters = v.MaxMeters
	}
	for i := m.daySlots[day]; i < len(m.slots); i++ {
		o := &m.slots[i]
		if o.start == s.start && o.end == s.end && o.fixed == s.fixed && o.second == s.second && o.meter == s.meter &&
			o.seconds == s.seconds && o.meters == s.meters && o.groups == s.groups && slices.Equal(o.capacity, s.capacity) {
			s.alike = i
			break
		}
	}
	m.slots = append(m.slots, s)
}

// allowDays works out on which days each site may be visited.
func (m *model) allowDays() {
	m.patterns = make([][]uint64, m.sites)
	m.allowed = make([]uint64, m.sites)
	for i := range m.p.Sites {
		var some uint64
		for _, s := range m.slots {
			if s.groups&m.group[i] != 0 {
				some |= 1 << s.day
			}
		}
		if patterns := m.p.Sites[i].Patterns; len(patterns) > 0 {
			any := uint64(0)
			for _, pattern := range patterns {
				bits := uint64(0)
				for _, day := range pattern {
					bits |= 1 << day
				}
				m.patterns[i] = append(m.patterns[i], bits)
				any |= bits
			}
			some &= any
		}
		m.allowed[i] = some
	}
}

// findNear lists the nearest sites of each site, by the time there and back; where a trip may not mix groups, those of its group.
func (m *model) findNear() {
	type candidate struct {
		site   int32
		around int64
	}
	byDistance := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.around, b.around), cmp.Compare(a.site, b.site))
	}
	m.near = make([][]int32, m.sites)
	list := make([]candidate, 0, 4*nearest)
	drives := 0
	for i := range m.near {
		list = list[:0]
		bound := int64(1) << 62
		for j := range m.sites {
			if j == i || m.p.OneGroupATrip && m.group[i] != m.group[j] {
				continue
			}
			there, back := int(m.location[i])*m.locations+int(m.location[j]), int(m.location[j])*m.locations+int(m.location[i])
			around := int64(m.p.Seconds[there]) + int64(m.p.Seconds[back])
			around = around<<32 + int64(m.p.Meters[there]) + int64(m.p.Meters[back])
			if around >= bound {
				continue
			}
			list = append(list, candidate{int32(j), around})
			if len(list) == cap(list) {
				slices.SortFunc(list, byDistance)
				list = list[:nearest]
				bound = list[nearest-1].around
			}
		}
		slices.SortFunc(list, byDistance)
		list = list[:min(nearest, len(list))]
		m.near[i] = make([]int32, len(list))
		for k, c := range list {
			m.near[i][k] = c.site
			if k < 8 {
				arc := int(m.location[i])*m.locations + int(m.location[c.site])
				m.meanSeconds += float64(m.p.Seconds[arc])
				m.meanMeters += float64(m.p.Meters[arc])
				drives++
			}
		}
	}
	m.meanSeconds /= float64(max(1, drives))
	m.meanMeters /= float64(max(1, drives))
}

// drive returns the time and distance from a node to the next, with the service there.
func (m *model) drive(from, to int32) (seconds, meters int64) {
	arc := int(m.location[from])*m.locations + int(m.location[to])
	seconds = int64(m.p.Seconds[arc]) + m.service[to]
	if m.place[from] == m.place[to] {
		seconds -= int64(m.p.PlaceService)
	}
	return seconds, int64(m.p.Meters[arc])
}

// loadAt returns what an emptying on a day picks up after the one before, -1 for none.
func (m *model) loadAt(site int32, from, to int) []int64 {
	if load := m.p.load(int(site), from, to); load != nil {
		return load
	}
	return m.noLoad
}

// leaveCost is what leaving a site between two emptyings costs.
func (m *model) leaveCost(site int32, from, to int) float64 {
	cost := m.p.leave(int(site), from, to)
	if cost == Never {
		return neverCost
	}
	return float64(cost)
}

// unloads reports whether a node is a facility.
func (m *model) unloads(node int32) bool {
	return int(node) >= m.sites && int(node) < m.sites+m.facilities
}

// isSite reports whether a node is a site.
func (m *model) isSite(node int32) bool { return int(node) < m.sites }
