package forecast

import "math"

// A sensor that knows a few levels only (full, half, empty) does not show how a fill grows, but how
// it climbs from step to step; what a step means differs by sensor and level. For such a container the
// forecast is a chain over the steps: how often it went from one to another in an average day, by itself
// and in its group.

const (
	coarse    = 0.09 // a resolution from which on a sensor shows steps
	mostSteps = 17   // levels that a chain holds: up to 1.5 by coarse
)

// Chosen on the real bins' half year before 1 July 2020 (bins_test.go), all of them flat around these values. Weekdays and holidays of the
// group's tempo made it worse there in any share: steps tell too little of them.
const (
	stairHold  = 15  // days at a level of the container's own that weigh as much as the group's
	shapeHold  = 3   // days at a level in the group that weigh as much as the gamma's guess
	keptHold   = 20  // days at a level of the container's own that weigh as much as the group's in how often it is emptied
	ageHold    = 20  // expected climbs that weigh as much as days on a level making no difference
	paceMemory = 20  // half-life of a container's own pace, days
	paceHold   = 0.6 // expected growth that weighs as much as a pace of 1, in fill
	allMemory  = 5   // half-life of the group's pace, days
	allHold    = 20  // expected growth of the group that weighs as much as a pace of 1, in fill
	paceTrust  = 0.8 // the power to which a pace is taken for the days to come
)

// stairs is the chain of one container.
type stairs struct {
	step float64
	n    int                           // levels: 0, step, ... (n-1) step
	p    [mostSteps][mostSteps]float64 // from a level to a level in one average day
	pace float64                       // of late against its past: its own times the group's
	kept [mostSteps]float64            // chance that nobody empties it in a day, by level
	ages *[2][stays]float64            // the group's: how much likelier a level is left after so many days on it; the lowest, the others
}

// stays are the classes of days on a level: 0, 1 and 2, 3 to 5, more.
const stays = 4

func stayClass(days int) int {
	switch {
	case days == 0:
		return 0
	case days <= 2:
		return 1
	case days <= 5:
		return 2
	default:
		return 3
	}
}

// climbs counts how often a group's or a container's sensors went from step to step in a day.
type climbs [mostSteps][mostSteps]float64

// stepOf returns the level that a fill shows as.
func stepOf(fill, step float64, n int) int {
	return min(max(int(math.Round(fill/step)), 0), n-1)
}

// eachDay calls see with every day's step of a history: where it stood, for how many days, where to.
func (h *history) eachDay(n int, see func(day, from, stay, to int)) {
	stay, at, end := 0, -1, math.Inf(-1)
	for i := range h.gains {
		g := &h.gains[i]
		if math.Abs(g.p1-g.p0-1) > 0.1 {
			continue
		}
		from := stepOf(g.level, h.sensor.step, n)
		to := max(stepOf(g.level+g.grown, h.sensor.step, n), from)
		if from != at || math.Abs(g.p0-end) > 0.1 {
			stay = 0
		}
		see(int(math.Floor(g.p0+1e-6)), from, stay, to)
		if at, end = to, g.p1; to == from {
			stay++
		} else {
			stay = 0
		}
	}
}

// count adds a history's days.
func (k *climbs) count(h *history, n int) {
	h.eachDay(n, func(_, from, _, to int) { k[from][to]++ })
}

// family is what the step sensors of one resolution in a group have in common.
type family struct {
	climbs  climbs
	members []int // indexes in the group
	emptied [mostSteps]float64
	ages    [2][stays]float64
}

func levelsOf(h *history) int {
	return min(int(math.Round(math.Max(h.sensor.top, 1)/h.sensor.step))+1, mostSteps)
}

// learnStairs gives each container of the group whose sensor shows steps its chain.
func (g *group) learnStairs(of []*history, containers []container, today int, now float64) {
	byStep := make(map[int]*family) // by levels in a volume
	var families []*family
	for i, h := range of {
		if h.sensor.step < coarse {
			continue
		}
		key := int(math.Round(1 / h.sensor.step))
		f := byStep[key]
		if f == nil {
			f = new(family)
			byStep[key] = f
			families = append(families, f)
		}
		f.members = append(f.members, i)
		f.climbs.count(h, levelsOf(h))
		for _, z := range h.ends {
			f.emptied[stepOf(z, h.sensor.step, levelsOf(h))]++
		}
	}
	for _, f := range families {
		for _, i := range f.members {
			c := &containers[g.members[i]]
			c.stairs = newStairs(c, of[i], f, levelsOf(of[i]))
		}
		f.learnAges(g, of, containers)
		f.learnPaces(g, of, containers, today, now)
	}
}

// learnAges finds how the days on a level change the chance that it is left.
func (f *family) learnAges(g *group, of []*history, containers []container) {
	var left, expected [2][stays]float64
	for _, i := range f.members {
		c := &containers[g.members[i]]
		c.stay = 0
		of[i].eachDay(c.stairs.n, func(day, from, stay, to int) {
			k, a := min(from, 1), stayClass(stay)
			expected[k][a] += 1 - c.stairs.p[from][from]
			if to > from {
				left[k][a]++
			}
			c.stay = 0
			if to == from {
				c.stay = stay + 1
			}
		})
	}
	for k := range f.ages {
		for a := range f.ages[k] {
			f.ages[k][a] = (left[k][a] + ageHold) / (expected[k][a] + ageHold)
		}
	}
}

// meanClimb returns the expected growth of an average day from a level.
func (s *stairs) meanClimb(from, stay int) float64 {
	sum := 0.0
	for to := from + 1; to < s.n; to++ {
		sum += s.p[from][to] * float64(to-from)
	}
	return sum * s.step * s.ages[min(from, 1)][stayClass(stay)]
}

// learnPaces finds how fast the sensors climb of late, all together and each.
func (f *family) learnPaces(g *group, of []*history, containers []container, today int, now float64) {
	type sums struct{ grown, expected float64 }
	days := make([]sums, today+2)
	for _, i := range f.members {
		c := &containers[g.members[i]]
		of[i].eachDay(c.stairs.n, func(day, from, stay, to int) {
			if day >= 0 && day < len(days) {
				days[day].grown += float64(to-from) * c.stairs.step
				days[day].expected += c.stairs.meanClimb(from, stay)
			}
		})
	}
	past := make([]float64, len(days))
	keep, k := math.Exp2(-1.0/allMemory), sums{}
	for d := range days {
		past[d] = (k.grown + allHold) / (k.expected + allHold)
		k.grown, k.expected = keep*k.grown+days[d].grown, keep*k.expected+days[d].expected
	}
	all := past[len(past)-1]
	own := newMemory(paceMemory)
	for _, i := range f.members {
		c := &containers[g.members[i]]
		var e ewma
		of[i].eachDay(c.stairs.n, func(day, from, stay, to int) {
			if day >= 0 && day < len(days) {
				e.fade(float64(day), own)
				e.add(float64(to-from)*c.stairs.step, c.stairs.meanClimb(from, stay)*past[day])
			}
		})
		e.fade(now, own)
		c.stairs.pace = math.Pow((e.grown+paceHold)/(e.units+paceHold)*all, paceTrust)
	}
}

// newStairs mixes a container's own climbs with its group's, and those with what the gamma makes of its rate.
func newStairs(c *container, h *history, f *family, n int) *stairs {
	s := &stairs{step: h.sensor.step, n: n, pace: 1, ages: &f.ages}
	for k := range s.ages {
		for a := range s.ages[k] {
			s.ages[k][a] = 1
		}
	}
	group := &f.climbs
	var own climbs
	own.count(h, n)
	var ended [mostSteps]float64
	for _, z := range h.ends {
		ended[stepOf(z, s.step, n)]++
	}
	day := growth{mean: c.rate, vari: c.phi * c.rate, third: 2 * c.phi * c.phi * c.rate}
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
		for to := from; to < n; to++ {
			p := (group[from][to] + shapeHold*guess[to]) / (groupDays + shapeHold)
			s.p[from][to] = (own[from][to] + stairHold*p) / (ownDays + stairHold)
		}
		// One in ten days is the prior of an emptying.
		often := (f.emptied[from] + 1) / (f.emptied[from] + groupDays + 10)
		s.kept[from] = 1 - (ended[from]+keptHold*often)/(ended[from]+ownDays+keptHold)
	}
	return s
}

// climb moves a distribution over the levels on by days. stay is for how many days the
// level has stood; if kept, it is given that nobody empties the container.
func (s *stairs) climb(level *[mostSteps]float64, stay int, days float64, kept bool) {
	still := *level // what has not moved since
	n := int(math.Ceil(days - 1e-9))
	for k := range n {
		part := s.pace * math.Min(days-float64(k), 1)
		if kept && k > 0 {
			sum := 0.0
			for from := range s.n {
				level[from] *= s.kept[from]
				still[from] *= s.kept[from]
				sum += level[from]
			}
			for from := range s.n {
				level[from] /= sum
				still[from] /= sum
			}
		}
		var next [mostSteps]float64
		for from := range s.n {
			q := level[from]
			if q == 0 {
				continue
			}
			leave := 1 - s.p[from][from]
			ages := &s.ages[min(from, 1)]
			a := part * (ages[stayClass(stay+k)]*still[from] + ages[0]*(q-still[from])) / q
			out := math.Min(leave*a, 1-(1-leave)*0.1) // never so sure that it is left
			if leave > 0 {
				for to := from + 1; to < s.n; to++ {
					next[to] += q * out * s.p[from][to] / leave
				}
			}
			if leave == 0 {
				out = 0
			}
			next[from] += q * (1 - out)
			still[from] *= 1 - math.Min(leave*part*ages[stayClass(stay+k)], 1)
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
