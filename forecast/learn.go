package forecast

import "math"

// Before anything is known of any container: growth per day in fill, its variance per unit of growth, and
// the squared coefficient of variation of rates between containers of a group.
const (
	usualRate    = 0.07
	usualPhi     = 0.03
	usualBetween = 0.35
)

// Memories, in days: how fast what was seen loses weight (half-lives).
const (
	longMemory  = 120
	trendMemory = 14
)

// recents are the candidate half-lives of a container's recent rate, in days; holds
// how many days of the long-run rate it is mixed with. Each group picks the pair that forecast best.
var (
	recents = [3]float64{7, 14, 28}
	holds   = [4]float64{8, 24, 72, math.Inf(1)}
)

const pairsTried = len(recents) * len(holds)

// horizons at which the spread of errors is measured, in days.
var horizons = [5]int{1, 2, 4, 7, 14}

// group is a stream: what its containers share.
type group struct {
	name    string
	members []int // indexes of containers
	tempo   tempo
	rate    float64            // mean fill per unit
	between float64            // squared coefficient of variation of its containers' rates
	phi     float64            // variance of a container's growth per unit of mean growth
	common  float64            // squared coefficient of variation of the days' common effect
	wander  byHorizon          // squared relative error of growth over the horizons that deposits do not explain
	widen   byHorizon          // by how much the standard deviation of growth over the horizons is corrected
	recent  float64            // half-life, days
	hold    float64            // days
	spared  [spareBins]float64 // chance that nobody empties a container in a day, by tenths of its fill
	prior   float64            // what the caller expects of rate, fill per day; 0 when unknown
}

// byHorizon is a figure at each of the horizons.
type byHorizon [len(horizons)]float64

// over returns the figure over days from now, between the horizons in a straight line.
func (f *byHorizon) over(days float64) float64 {
	if days <= float64(horizons[0]) {
		return f[0]
	}
	for i := 1; i < len(horizons); i++ {
		if lo, hi := float64(horizons[i-1]), float64(horizons[i]); days <= hi {
			return f[i-1] + (f[i]-f[i-1])*(days-lo)/(hi-lo)
		}
	}
	return f[len(horizons)-1]
}

// single returns the day that a gain lies in, if it is one.
func (g *gain) single() (day int, ok bool) {
	day = int(math.Floor(g.p0 + 1e-9))
	return day, g.p1 <= float64(day+1)+1e-9
}

// learnTempo finds the speeds of weekdays, holidays and the trend of one group from the days until today. base is the
// tempo of all groups together, to which little data clings; nil when the group is all.
func (g *group) learnTempo(of []*history, all []date, today int, base *tempo) {
	t := &g.tempo
	var hours [24]float64
	noise := 0.0
	for _, h := range of {
		for i := range hours {
			hours[i] += h.hours[i]
			noise += h.pairs[i] * 2 * h.sensor.noise / 24
		}
	}
	t.shape(hours, noise*3/8) // 3/8: the variance that the smoothing over three hours leaves
	if base != nil {
		t.weekday, t.holiday, t.after = base.weekday, base.holiday, base.after
	}
	t.past = make([]float64, today+1)
	for d := range t.past {
		t.past[d] = 1
	}
	t.set(all)
	rates := make([]float64, len(of))
	days := make([]dayTotal, today+1)
	for range 3 {
		g.measure(of)
		clear(days)
		var square, mean float64
		g.plainRates(of, rates)
		for i, h := range of {
			for k := range h.gains {
				x := &h.gains[k]
				d, ok := x.single()
				if !ok || d < 0 || d > today {
					continue
				}
				mu := rates[i] * x.units
				days[d].grown += x.grown
				days[d].expected += mu
				days[d].count++
				square += (x.grown-mu)*(x.grown-mu) - x.vari
				mean += mu
			}
		}
		phi := usualPhi
		if mean > 0 {
			phi = math.Max(square/mean, 0.001)
		}
		// In this order: the trend's expectation still holds the speeds that days was counted with.
		t.follow(days, phi)
		t.weigh(days, all, base)
		t.set(all)
	}
	g.measure(of)
}

// measure sets how many units passed during each gain.
func (g *group) measure(of []*history) {
	for _, h := range of {
		for k := range h.gains {
			x := &h.gains[k]
			x.units = g.tempo.between(x.p0, x.p1)
		}
	}
}

// dayTotal is a group's growth on one day, against what its containers' rates let expect.
type dayTotal struct{ grown, expected, count float64 }

// follow sets the trend of each day from the days before it, and the tempo's trend from all.
func (t *tempo) follow(days []dayTotal, phi float64) {
	// The trend holds back by as much as a few containers' deposits could fake: its prior sd is a fifth.
	hold := phi / 0.04
	keep := math.Exp2(-1.0 / trendMemory)
	now := func(grown, expected float64) float64 {
		return math.Min(math.Max((grown+hold)/(expected+hold), 0.3), 3)
	}
	grown, expected := 0.0, 0.0
	for d, s := range days {
		was := t.past[d]
		t.past[d] = now(grown, expected)
		grown, expected = grown*keep+s.grown, expected*keep+s.expected/was
	}
	t.trend = now(grown, expected)
}

// weigh sets the factors of weekdays and holidays from what grew on them, as far as enough days
// and containers tell. Containers share a day's whims, so that days count apart from containers.
func (t *tempo) weigh(days []dayTotal, all []date, base *tempo) {
	var grown, expected, count, distinct [9]float64
	for d, s := range days {
		if s.count == 0 {
			continue
		}
		k, f := int(all[d].weekday), t.weekday[all[d].weekday]
		switch all[d].sort {
		case onHoliday:
			k, f = 7, t.holiday
		case afterHoliday:
			k, f = 8, t.after
		}
		grown[k] += s.grown
		expected[k] += s.expected / f
		count[k] += s.count
		distinct[k]++
	}
	factor := func(k int, prior, least float64) float64 {
		if expected[k] <= 0 {
			return prior
		}
		w := count[k] / (count[k] + 30) * distinct[k] / (distinct[k] + least)
		return math.Min(math.Max(prior+w*(grown[k]/expected[k]-prior), 0.1), 5)
	}
	sum := 0.0
	for k := range t.weekday {
		prior := 1.0
		if base != nil {
			prior = base.weekday[k]
		}
		t.weekday[k] = factor(k, prior, 1)
		sum += t.weekday[k]
	}
	for k := range t.weekday {
		t.weekday[k] *= 7 / sum
	}
	holiday, after := 1.0, 1.0
	if base != nil {
		holiday, after = base.holiday, base.after
	}
	t.holiday, t.after = factor(7, holiday, 3), factor(8, after, 3)
}

// plainRates sets each history's rate over all its past, held to the group's mean by two days.
func (g *group) plainRates(of []*history, rates []float64) {
	var grown, units float64
	sums := make([][2]float64, len(of))
	for i, h := range of {
		for k := range h.gains {
			sums[i][0] += h.gains[k].grown
			sums[i][1] += h.gains[k].units
		}
		grown += sums[i][0]
		units += sums[i][1]
	}
	mean := (grown + usualRate) / (units + 1)
	for i, s := range sums {
		rates[i] = math.Max((s[0]+2*mean)/(s[1]+2), 1e-5)
	}
}
