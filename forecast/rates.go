package forecast

import (
	"math"
	"slices"
)

// tally is what one container's past says of how well its group's candidates for recent rates forecast it.
type tally struct {
	grown, units float64             // weighted by the long memory
	errors       [pairsTried]float64 // squared one-step errors of each (recent, hold) pair, in units of expected variance
	square, mean float64             // sums of squared errors less noise, and of means, with the group's pair
}

// ewma is a sum of growth and of units whose past fades.
type ewma struct {
	grown, units, at float64
}

func (e *ewma) fade(to float64, m memory) {
	if to <= e.at {
		return
	}
	k := m.aDay
	if to-e.at != 1 {
		k = math.Exp2((e.at - to) / m.days)
	}
	e.grown, e.units, e.at = e.grown*k, e.units*k, to
}

// memory is a half-life in days, and what it leaves after a day: nearly all growth is seen from midnight to midnight.
type memory struct{ days, aDay float64 }

func newMemory(days float64) memory { return memory{days, math.Exp2(-1 / days)} }

func (e *ewma) add(grown, units float64) { e.grown, e.units = e.grown+grown, e.units+units }

// pull returns the rate of e held to another by hold units.
func (e *ewma) pull(to, hold float64) float64 {
	if math.IsInf(hold, 1) {
		return to
	}
	return (e.grown + hold*to) / (e.units + hold)
}

// Fills per day between which every container's rate lies: it is there to be used, and emptied less than three times a day.
const (
	leastRate = 1e-4
	mostRate  = 3
)

// parentHold returns how many units of its own a container needs to weigh as much as its parents: the
// variance of what it shows over the variance between containers.
func (g *group) parentHold(parent float64) float64 {
	return math.Min(math.Max(g.phi/(g.between*parent), 0.3), 200)
}

// try walks through a container's past and lets every pair of recent memory and hold forecast each next gain.
func (g *group) try(h *history, parent float64, y *tally) {
	var long ewma
	var recent [len(recents)]ewma
	var memories [len(recents)]memory
	for r := range recents {
		memories[r] = newMemory(recents[r])
	}
	hold, forever := g.parentHold(parent), newMemory(longMemory)
	for k := range h.gains {
		x := &h.gains[k]
		units := x.units
		long.fade(x.p0, forever)
		base := math.Max(long.pull(parent, hold), leastRate)
		for r := range recents {
			recent[r].fade(x.p0, memories[r])
			for s := range holds {
				e := x.grown - recent[r].pull(base, holds[s])*units
				y.errors[r*len(holds)+s] += e * e / base
			}
			recent[r].add(x.grown, units)
		}
		long.add(x.grown, units)
	}
}

// rateOf returns a container's rate from what it showed in long and in recent memory.
func (g *group) rateOf(long, recent *ewma, parent float64) float64 {
	base := long.pull(parent, g.parentHold(parent))
	return math.Min(math.Max(recent.pull(base, g.hold), leastRate), mostRate)
}

// uncertain returns the squared coefficient of variation that is left of a long-run rate after its units.
func (g *group) uncertain(long *ewma, parent, phi float64) float64 {
	rate := math.Max(long.pull(parent, g.parentHold(parent)), leastRate)
	return phi / (rate * (long.units + g.phi/(g.between*parent)))
}

// walk goes through a container's past with the group's pair, and calls see before each gain is learned,
// with the rate that was known then.
func (g *group) walk(h *history, parent float64, see func(k int, rate float64, long *ewma)) (long, recent ewma) {
	slow, fast := newMemory(longMemory), newMemory(g.recent)
	for k := range h.gains {
		x := &h.gains[k]
		long.fade(x.p0, slow)
		recent.fade(x.p0, fast)
		see(k, g.rateOf(&long, &recent, parent), &long)
		long.add(x.grown, x.units)
		recent.add(x.grown, x.units)
	}
	return long, recent
}

// daily puts the growth of each whole day until today into grown, NaN where less than
// three quarters of a day's growth was seen; noise is its variance by the sensor.
func (g *group) daily(h *history, grown, noise []float64) {
	for d := range grown {
		grown[d], noise[d] = 0, 0
	}
	seen := make([]float64, len(grown))
	for k := range h.gains {
		x := &h.gains[k]
		if d, ok := x.single(); ok && d >= 0 && d < len(grown) {
			grown[d] += x.grown
			noise[d] += x.vari
			seen[d] += g.tempo.share(math.Min(x.p1-float64(d), 1)) - g.tempo.share(math.Max(x.p0-float64(d), 0))
		}
	}
	for d := range grown {
		if seen[d] < 0.75 {
			grown[d] = math.NaN()
			continue
		}
		grown[d] /= seen[d]
	}
}

// miss is one error of the growth forecast over a horizon, and what its variance is made of.
type miss struct {
	horizon                              int // index in horizons
	error, mean, square, noise, doubtful float64
}

// misses forecasts at every midnight of the last weeks the growth over the horizons from what was known
// then, and shows see how far off that was.
func (g *group) misses(h *history, parent, phi float64, today int, see func(x *miss)) {
	grown, noise := make([]float64, today+1), make([]float64, today+1)
	g.daily(h, grown, noise)
	from := func(d int, rate, doubtful float64) {
		x := miss{doubtful: doubtful}
		for n := 1; d+n-1 < today && !math.IsNaN(grown[d+n-1]); n++ {
			mu := rate * g.tempo.speed[d+n-1] / g.tempo.known(d+n-1) * g.tempo.known(d)
			x.error += grown[d+n-1] - mu
			x.mean += mu
			x.square += mu * mu
			if n == horizons[x.horizon] {
				x.noise = (noise[d] + noise[d+n-1]) / 2
				see(&x)
				if x.horizon++; x.horizon == len(horizons) {
					return
				}
			}
		}
	}
	next := max(0, today-84)
	g.walk(h, parent, func(k int, rate float64, long *ewma) {
		d := int(math.Ceil(h.gains[k].p0 - 1e-9))
		if d >= next && d < today {
			from(d, rate, g.uncertain(long, parent, phi))
			next = d + 1
		}
	})
}

// learnWander measures how far growth strays over the horizons beyond deposits, common days and the rate's own uncertainty.
func (g *group) learnWander(of []*history, containers []container, parents []float64, today int) {
	var excess, squares [len(horizons)]float64
	for i, h := range of {
		c := &containers[g.members[i]]
		g.misses(h, parents[i], c.phi, today, func(x *miss) {
			excess[x.horizon] += x.error*x.error - x.noise - c.phi*x.mean - g.common*x.square - x.doubtful*x.mean*x.mean
			squares[x.horizon] += x.mean * x.mean
		})
	}
	for i := range g.wander {
		const hold = 0.5 // squared fill forecast that weighs as much as the usual
		g.wander[i] = math.Min(math.Max((excess[i]+hold*0.02)/(squares[i]+hold), 0.001), 2)
	}
}

// calibrated is the share of what comes that the central intervals are made to hold, at the normal's two-sided quantile.
const (
	calibrated     = 0.8
	calibratedZ    = 1.2815515655446004
	calibratedHold = 150 // forecasts that weigh as much as the model being right
)

// learnWiden corrects the spread of growth over the horizons by how the model ranked what came in the last weeks: so much wider that the
// central interval of four in five holds four in five (split conformal prediction of normalised errors; Lei et al. 2018). Forecasts made
// on consecutive days share most of what comes, so that each container is asked once in as many days as the horizon lasts.
func (g *group) learnWiden(of []*history, containers []container, parents []float64, today int) {
	var ranks [len(horizons)][]float64
	for i, h := range of {
		c := &containers[g.members[i]]
		turn := i
		g.misses(h, parents[i], c.phi, today, func(x *miss) {
			if turn++; turn%horizons[x.horizon] != 0 || x.mean <= 0 {
				return
			}
			v := c.phi*x.mean + g.common*x.square + (g.wander[x.horizon]+x.doubtful)*x.mean*x.mean
			o := newOutcome(0, x.noise, growth{mean: x.mean, vari: v, third: 2 * v * v / x.mean}, c.phi)
			ranks[x.horizon] = append(ranks[x.horizon], math.Abs(normQuantile(o.below(x.mean+x.error))))
		})
	}
	for k, z := range ranks {
		g.widen[k] = 1
		if len(z) == 0 {
			continue
		}
		slices.Sort(z)
		n := float64(len(z))
		at := z[min(int(math.Ceil(calibrated*(n+1)))-1, len(z)-1)] / calibratedZ
		g.widen[k] = math.Min(math.Max((n*at+calibratedHold)/(n+calibratedHold), 0.5), 2)
	}
}

// defaults sets what a group is taken to be before its readings are looked at.
func (g *group) defaults() {
	g.rate, g.between, g.phi, g.common = usualRate, usualBetween, usualPhi, 0.01
	g.recent, g.hold = recents[1], holds[1]
	for i := range g.wander {
		g.wander[i], g.widen[i] = 0.02, 1
	}
}

// total returns the mean rate of all histories, held to the usual by three units.
func (g *group) total(of []*history) float64 {
	var grown, units float64
	for _, h := range of {
		for k := range h.gains {
			grown += h.gains[k].grown
			units += h.gains[k].units
		}
	}
	return math.Max((grown+3*usualRate)/(units+3), leastRate)
}

// learnRates finds the group's hyperparameters and its containers' rates. pooled is the mean rate of all groups.
func (g *group) learnRates(of []*history, containers []container, today int, now, pooled float64) {
	g.defaults()
	slow := newMemory(longMemory)
	tallies := make([]tally, len(of))
	for i, h := range of {
		var long ewma
		for k := range h.gains {
			x := &h.gains[k]
			long.fade(x.p0, slow)
			long.add(x.grown, x.units)
		}
		long.fade(now, slow)
		tallies[i].grown, tallies[i].units = long.grown, long.units
	}
	parents := make([]float64, len(of))
	g.learnLevels(tallies, parents, containers, pooled)
	for i, h := range of {
		g.try(h, parents[i], &tallies[i])
	}
	g.choose(tallies)
	g.learnSpread(of, tallies, parents, today)
	// Once more, now that the variance of growth is known.
	g.learnLevels(tallies, parents, containers, pooled)
	g.learnSpread(of, tallies, parents, today)
	for i, h := range of {
		c := &containers[g.members[i]]
		c.phi = g.phiOf(&tallies[i])
		long, recent := g.walk(h, parents[i], func(int, float64, *ewma) {})
		long.fade(now, slow)
		recent.fade(now, newMemory(g.recent))
		c.rate = g.rateOf(&long, &recent, parents[i])
		c.uncertain = g.uncertain(&long, parents[i], c.phi)
	}
	g.learnWander(of, containers, parents, today)
	g.learnWiden(of, containers, parents, today)
	g.learnSpared(of)
	g.learnStairs(of, containers, today, now)
}

// phiOf returns a container's own variance of growth per unit of mean, held to the group's by forty days.
func (g *group) phiOf(y *tally) float64 {
	hold := 40 * g.rate
	return math.Max((y.square+hold*g.phi)/(y.mean+hold), g.phi/10)
}

// learnLevels finds the group's mean rate, how much its containers differ, and for each the mean of its district
// held to the group's.
func (g *group) learnLevels(tallies []tally, parents []float64, containers []container, pooled float64) {
	var grown, units, square float64
	count := 0.0
	for i := range tallies {
		y := &tallies[i]
		grown, units, square = grown+y.grown, units+y.units, square+y.units*y.units
		if y.units > 0 {
			count++
		}
	}
	prior, hold := pooled, 5.0
	if g.prior > 0 {
		prior, hold = math.Min(g.prior, mostRate), 10
	}
	g.rate = math.Min(math.Max((grown+hold*prior)/(units+hold), leastRate), mostRate)
	if count >= 2 {
		// DerSimonian and Laird's moment estimator, weights by units.
		mean, q := grown/units, 0.0
		for i := range tallies {
			if y := &tallies[i]; y.units > 0 {
				d := y.grown/y.units - mean
				q += y.units * d * d
			}
		}
		between := (q - (count-1)*g.phi*g.rate) / (units - square/units)
		between = math.Max(between, 0) / (g.rate * g.rate)
		g.between = (between*count + usualBetween*3) / (count + 3)
	}
	g.between = math.Min(math.Max(g.between, 0.01), 2)
	g.learnDistricts(tallies, parents, containers)
}

// learnDistricts sets the parent rate of each container: its district's mean, held to
// the group's by as many containers as make the district's own difference show.
func (g *group) learnDistricts(tallies []tally, parents []float64, containers []container) {
	type district struct{ sum, count float64 }
	means := make(map[string]*district)
	var names []string
	for i := range tallies {
		name := containers[g.members[i]].district
		d := means[name]
		if d == nil {
			d = new(district)
			means[name] = d
			names = append(names, name)
		}
		if y := &tallies[i]; y.units > 0 {
			hold := g.parentHold(g.rate)
			d.sum += (y.grown + hold*g.rate) / (y.units + hold)
			d.count++
		}
	}
	within := g.between * g.rate * g.rate
	var spread, chance, n float64
	for _, name := range names {
		if d := means[name]; d.count > 0 {
			e := d.sum/d.count - g.rate
			spread, chance, n = spread+e*e, chance+within/d.count, n+1
		}
	}
	hold := 50.0
	if n >= 3 && spread > chance {
		hold = math.Min(math.Max(within*n/(spread-chance), 2), 50)
	}
	for i := range parents {
		d := means[containers[g.members[i]].district]
		parents[i] = math.Max((d.sum+hold*g.rate)/(d.count+hold), leastRate)
	}
}

// choose takes the pair of recent memory and hold that forecast best over all containers.
func (g *group) choose(tallies []tally) {
	var errors [pairsTried]float64
	for i := range tallies {
		for k, e := range tallies[i].errors {
			errors[k] += e
		}
	}
	best := len(holds) - 1 // no recent rate at all, when nothing tells them apart
	for k, e := range errors {
		if e < errors[best] {
			best = k
		}
	}
	g.recent, g.hold = recents[best/len(holds)], holds[best%len(holds)]
}

// learnSpread finds the variance of growth: what all containers share on a day, and what deposits make.
func (g *group) learnSpread(of []*history, tallies []tally, parents []float64, today int) {
	type sums struct{ e, e2, mu, mu2 float64 }
	days := make([]sums, today+1)
	for i, h := range of {
		g.walk(h, parents[i], func(k int, rate float64, _ *ewma) {
			x := &h.gains[k]
			d, ok := x.single()
			if !ok || d < 0 || d > today {
				return
			}
			mu := rate * x.units
			e := x.grown - mu
			s := &days[d]
			s.e, s.e2, s.mu, s.mu2 = s.e+e, s.e2+e*e, s.mu+mu, s.mu2+mu*mu
		})
	}
	var cross, pairs float64
	for _, s := range days {
		// Only the products of different containers' errors: their own variance is not shared.
		cross += s.e*s.e - s.e2
		pairs += s.mu*s.mu - s.mu2
	}
	if pairs > 0 {
		g.common = math.Min(math.Max(cross/pairs, 0), 0.5)
	}
	var square, mean float64
	for i, h := range of {
		y := &tallies[i]
		y.square, y.mean = 0, 0
		g.walk(h, parents[i], func(k int, rate float64, _ *ewma) {
			x := &h.gains[k]
			mu := rate * x.units
			e := x.grown - mu
			y.square += e*e - x.vari - g.common*mu*mu
			y.mean += mu
		})
		square, mean = square+y.square, mean+y.mean
	}
	hold := 2.0 // fill that must have grown to weigh as much as the usual
	g.phi = math.Min(math.Max((square+hold*usualPhi)/(mean+hold), 0.001), 1)
}
