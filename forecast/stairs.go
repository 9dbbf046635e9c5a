package forecast

import "math"

// A sensor that knows a few levels only (full, half, empty) does not show how a fill grows, but how
// it climbs from step to step; what a step means differs by sensor and level. For such a container the
// forecast is a chain over the steps: how often it went from one to another in an average day, by itself
// and in its group.

const (
	coarse    = 0.09 // a resolution from which on a sensor shows steps
	mostSteps = 17   // levels that a chain holds: up to 1.5 by coarse
	stairHold = 50
	// stairTrust is how far a chain follows the group's tempo and the container's recent rate, against its own mean pace:
	// steps tell little of them. Chosen on the real bins' year before 1 July 2020 (bins_test.go), flat from 0.3 to 0.7.
	stairTrust = 0.5
	shapeHold  = 3 // days seen in the group at a level that weigh as much as the gamma's guess
)

// stairs is the chain of one container.
type stairs struct {
	step float64
	n    int                           // levels: 0, step, ... (n-1) step
	p    [mostSteps][mostSteps]float64 // from a level to a level in one average day
	pace float64                       // days of the chain in a unit of the group's tempo: growth of late against its past
}

// climbs counts how often a group's or a container's sensors went from step to step in a day.
type climbs [mostSteps][mostSteps]float64

// stepOf returns the level that a fill shows as.
func stepOf(fill, step float64, n int) int {
	return min(max(int(math.Round(fill/step)), 0), n-1)
}

// count adds a history's days.
func (k *climbs) count(h *history, n int) {
	for i := range h.gains {
		g := &h.gains[i]
		if math.Abs(g.p1-g.p0-1) > 0.1 {
			continue
		}
		from := stepOf(g.level, h.sensor.step, n)
		to := stepOf(g.level+g.grown, h.sensor.step, n)
		k[from][max(to, from)]++
	}
}

// learnStairs gives each container of the group whose sensor shows steps its chain.
func (g *group) learnStairs(of []*history, containers []container) {
	byStep := make(map[int]*climbs) // by levels in a volume
	levels := func(h *history) int {
		return min(int(math.Round(math.Max(h.sensor.top, 1)/h.sensor.step))+1, mostSteps)
	}
	for _, h := range of {
		if h.sensor.step < coarse {
			continue
		}
		key := int(math.Round(1 / h.sensor.step))
		if byStep[key] == nil {
			byStep[key] = new(climbs)
		}
		byStep[key].count(h, levels(h))
	}
	for i, h := range of {
		if h.sensor.step < coarse {
			continue
		}
		c := &containers[g.members[i]]
		c.stairs = newStairs(c, h, byStep[int(math.Round(1/h.sensor.step))], levels(h))
	}
}

// newStairs mixes a container's own climbs with its group's, and those with what the gamma makes of its rate.
func newStairs(c *container, h *history, group *climbs, n int) *stairs {
	s := &stairs{step: h.sensor.step, n: n}
	var own climbs
	own.count(h, n)
	day := growth{mean: c.rate, vari: c.phi * c.rate, third: 2 * c.phi * c.phi * c.rate}
	var grown, seen float64
	for from := range n {
		var guess [mostSteps]float64
		below := 0.0
		o := newOutcome(float64(from)*s.step, s.step*s.step/12, day, c.phi)
		for to := from; to < n; to++ {
			p := 1.0
			if to < n-1 {
				p = o.below((float64(to) + 0.5) * s.step)
			}
			guess[to] = math.Max(p-below, 0)
			below = math.Max(below, p)
		}
		ownDays, groupDays := 0.0, 0.0
		for to := from; to < n; to++ {
			ownDays += own[from][to]
			groupDays += group[from][to]
		}
		mean := 0.0
		for to := from; to < n; to++ {
			p := (group[from][to] + shapeHold*guess[to]) / (groupDays + shapeHold)
			s.p[from][to] = (own[from][to] + stairHold*p) / (ownDays + stairHold)
			mean += s.p[from][to] * float64(to-from) * s.step
		}
		grown += (ownDays + 0.01*groupDays) * mean
		seen += ownDays + 0.01*groupDays
	}
	s.pace = 1
	if grown > 0 {
		s.pace = math.Min(math.Max(c.rate*seen/grown, 0.25), 4)
	}
	return s
}

// climb moves a distribution over the levels on by days, in which units of the group's tempo pass.
func (s *stairs) climb(level *[mostSteps]float64, days, units float64) {
	for left := (1-stairTrust)*days + stairTrust*s.pace*units; left > 0; left-- {
		part := math.Min(left, 1)
		var next [mostSteps]float64
		for from := range s.n {
			q := level[from]
			if q == 0 {
				continue
			}
			next[from] += (1 - part) * q
			for to := from; to < s.n; to++ {
				next[to] += part * q * s.p[from][to]
			}
		}
		*level = next
	}
}

// place spreads a belief over the levels.
func (s *stairs) place(mean, vari float64) (level [mostSteps]float64) {
	if vari <= s.step*s.step/12+1e-9 {
		level[stepOf(mean, s.step, s.n)] = 1
		return level
	}
	b := match(mean, vari, 0)
	below := 0.0
	for k := range s.n {
		p := 1.0
		if k < s.n-1 {
			p = b.below((float64(k) + 0.5) * s.step)
		}
		level[k] = math.Max(p-below, 0)
		below = math.Max(below, p)
	}
	return level
}
