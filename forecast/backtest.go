package forecast

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// BacktestOptions say from when to when forecasts are made anew and judged by what came.
type BacktestOptions struct {
	Options            // of every fit
	From, To time.Time // the first origin, and the end that origins stay before
	Every    time.Duration
	Horizons []int // whole days of 24 hours ahead; 1, 2, 3 and 7 when empty
	// Truth tells what came, where it is known (a simulation); nil judges by what the sensors showed.
	Truth func(id string, at time.Time) (fill float64, ok bool)
}

// The forecasters that a backtest compares. All start from the same belief of the fill now.
const (
	ByModel    = "model"     // this package
	ByLastRate = "last rate" // the mean growth of the last seven days seen goes on, with its daily scatter
	ByPooled   = "pooled"    // growth over so many days as it was in the whole group
	ByOwn      = "own"       // growth over so many days as it was in this container
	ByTSB      = "tsb"       // Teunter, Syntetos and Babai (2011): chance and size of a day's growth smoothed apart
	allGroups  = "all"       // the name of the row over all groups
	smoothing  = 0.1         // of TSB's chance and size
	mostPooled = 400         // quantiles that stand for a group's growths
)

func methods() []string { return []string{ByModel, ByLastRate, ByPooled, ByOwn, ByTSB} }

// law is a forecast distribution of a fill.
type law interface {
	below(y float64) float64
	quantile(p float64) float64
	crps(y float64) float64
	center() float64
	rank(y, part float64) float64
}

// rank returns P(fill <= y), or where y stands for a step, the part of that step's chance above what lies under it.
func (o *outcome) rank(y, part float64) float64 {
	if o.steps == nil {
		return o.below(y)
	}
	lo, hi := o.edges(stepOf(y, o.step, mostSteps))
	before := o.below(lo)
	return before + part*(o.below(hi)-before)
}

func (s spread) rank(y, _ float64) float64 { return s.below(y) }

func (e empirical) rank(y, part float64) float64 {
	before := e.below(y - 1e-9)
	return before + part*(e.below(y+1e-9)-before)
}

func (o *outcome) center() float64 { return o.mean }
func (s spread) center() float64   { return s.mean }

// empirical is the distribution of a start plus growths that were seen, sorted.
type empirical struct {
	start   float64
	growths []float64
}

func (e empirical) below(y float64) float64 {
	k, _ := slices.BinarySearchFunc(e.growths, y-e.start, func(g, y float64) int {
		if g <= y {
			return -1
		}
		return 1
	})
	return float64(k) / float64(len(e.growths))
}

func (e empirical) quantile(p float64) float64 {
	k := int(math.Ceil(p*float64(len(e.growths)))) - 1
	return e.start + e.growths[min(max(k, 0), len(e.growths)-1)]
}

func (e empirical) crps(y float64) float64 { return CRPSSample(e.growths, y-e.start) }

func (e empirical) center() float64 {
	sum := 0.0
	for _, g := range e.growths {
		sum += g
	}
	return e.start + sum/float64(len(e.growths))
}

// came is what the readings of one series tell afterwards.
type came struct {
	at      []int64
	fill    []float64
	emptied []int64
	noise   float64
}

// Backtest forecasts again and again from what was known then, and scores what came, for this package's model and for simple
// ones. A forecast counts only where no emptying came between, reported or detected.
// Errors: a bad option, whatever [Fit] refuses, nothing to score, or ctx ended.
func Backtest(ctx context.Context, series []Series, o BacktestOptions) (*Report, error) {
	if len(o.Horizons) == 0 {
		o.Horizons = []int{1, 2, 3, 7}
	}
	if o.Every <= 0 {
		o.Every = 7 * 24 * time.Hour
	}
	if slices.Min(o.Horizons) < 1 || slices.Max(o.Horizons) > MaxDays {
		return nil, fmt.Errorf("forecast: horizons of %v days asked, they can be 1 to %d", o.Horizons, MaxDays)
	}
	o.Days = max(o.Days, slices.Max(o.Horizons))
	after := make([]came, len(series))
	err := inParallel(ctx, len(series), func() func(i int) error {
		var t trace
		return func(i int) error {
			after[i] = t.came(&series[i])
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	r := newReport(o.Horizons)
	for at := o.From; at.Before(o.To); at = at.Add(o.Every) {
		m, histories, err := fit(ctx, series, at, o.Options)
		if err != nil {
			return nil, err
		}
		r.Origins++
		m.compare(series, histories, after, &o, r)
	}
	if r.finish(); len(r.Rows) == 0 {
		return nil, errors.New("forecast: nothing to score: no reading without an emptying before it follows any origin")
	}
	return r, nil
}

// came keeps the usable readings and the emptyings of a whole series.
func (t *trace) came(s *Series) came {
	var reported []int64
	for _, e := range s.Emptyings {
		reported = append(reported, e.Unix())
	}
	slices.Sort(reported)
	t.read(s.Samples, math.MinInt64, math.MaxInt64)
	t.dropStuck()
	t.measure()
	c := came{emptied: reported, noise: t.noise}
	for _, i := range t.falls(reported) {
		c.emptied = append(c.emptied, t.at[i])
	}
	slices.Sort(c.emptied)
	c.at, c.fill = slices.Clone(t.at), slices.Clone(t.fill)
	return c
}

// emptiedIn tells whether an emptying lies in (from, to].
func (c *came) emptiedIn(from, to int64) bool {
	k, found := slices.BinarySearch(c.emptied, from+1)
	return found || k < len(c.emptied) && c.emptied[k] <= to
}

// shown returns the median of the readings within three hours of an instant, or the one nearest to it within twelve, and
// the variance of its noise; false when there is none after from.
func (c *came) shown(at, from int64) (fill, noise float64, ok bool) {
	within := func(span int64) (lo, hi int) {
		lo, _ = slices.BinarySearch(c.at, max(at-span, from+1))
		hi, _ = slices.BinarySearch(c.at, at+span+1)
		return lo, max(hi, lo)
	}
	if lo, hi := within(3 * 3600); hi > lo {
		near := slices.Clone(c.fill[lo:hi])
		slices.Sort(near)
		n := float64(len(near))
		if len(near) > 2 {
			n *= 0.64 // a median's efficiency
		}
		return near[len(near)/2], c.noise / n, true
	}
	lo, hi := within(12 * 3600)
	best := -1
	for i := lo; i < hi; i++ {
		if best < 0 || max(c.at[i]-at, at-c.at[i]) < max(c.at[best]-at, at-c.at[best]) {
			best = i
		}
	}
	if best < 0 {
		return 0, 0, false
	}
	return c.fill[best], c.noise, true
}

// compare scores all methods on what came after one origin.
func (m *Model) compare(series []Series, histories []*history, after []came, o *BacktestOptions, r *Report) {
	today := m.almanac.day(m.at.Unix())
	days := make([][]float64, len(series)) // growth by whole day, NaN where unseen
	noise := make([]float64, today)
	for i, h := range histories {
		days[i] = make([]float64, today)
		m.containers[i].group.daily(h, days[i], noise)
	}
	for hi, h := range o.Horizons {
		pooled := make(map[*group][]float64)
		own := make([][]float64, len(series))
		for i := range series {
			own[i] = windows(days[i], h)
			g := m.containers[i].group
			pooled[g] = append(pooled[g], own[i]...)
			slices.Sort(own[i])
		}
		for g, all := range pooled {
			slices.Sort(all)
			pooled[g] = thin(all, mostPooled)
		}
		to := m.at.Add(time.Duration(h) * 24 * time.Hour)
		for i := range series {
			c := &m.containers[i]
			if after[i].emptiedIn(m.at.Unix(), to.Unix()) {
				continue
			}
			var y, blur float64
			var ok bool
			if o.Truth != nil {
				y, ok = o.Truth(c.id, to)
			} else {
				y, blur, ok = after[i].shown(to.Unix(), m.at.Unix())
			}
			if !ok || math.IsNaN(y) || len(own[i]) == 0 {
				continue
			}
			f := m.curve(c, m.at, c.belief).Kept()
			if c.stairs == nil { // a step is scored as the step that it is
				f.anchor.vari += blur
			}
			model := f.at(to)
			now := f.in(f.start).mean
			r.see(hi, c.group.name, y, [...]law{
				&model,
				lastRate(now, days[i], h),
				empirical{now, pooled[c.group]},
				empirical{now, own[i]},
				tsb(now, days[i], h),
			})
		}
	}
}

// windows returns the growth over every n days that were all seen.
func windows(days []float64, n int) []float64 {
	var sums []float64
	sum, known := 0.0, 0
	for d, x := range days {
		if math.IsNaN(x) {
			sum, known = 0, 0
			continue
		}
		sum += x
		if known++; known > n {
			sum -= days[d-n]
		}
		if known >= n {
			sums = append(sums, math.Max(sum, 0))
		}
	}
	return sums
}

// thin returns at most n quantiles of sorted values.
func thin(sorted []float64, n int) []float64 {
	if len(sorted) <= n {
		return sorted
	}
	few := make([]float64, n)
	for i := range few {
		few[i] = sorted[(2*i+1)*len(sorted)/(2*n)]
	}
	return few
}

// lastRate lets the mean growth of the last seven days seen go on.
func lastRate(now float64, days []float64, h int) law {
	var sum, square, all, recent, count float64
	for d := len(days) - 1; d >= 0; d-- {
		x := days[d]
		if math.IsNaN(x) {
			continue
		}
		if count < 7 {
			recent += x
			count++
		}
		sum, square, all = sum+x, square+x*x, all+1
	}
	rate := math.Max(recent/count, 0)
	vari := square/all - sum/all*(sum/all)
	return match(now+float64(h)*rate, float64(h)*vari, 0)
}

// tsb smooths the chance that anything grows on a day and how much then, and adds h such days up to a gamma.
func tsb(now float64, days []float64, h int) law {
	chance, size, square := 0.5, 0.0, 0.0
	for _, x := range days {
		switch {
		case math.IsNaN(x):
		case x > 0.01:
			chance += smoothing * (1 - chance)
			if size == 0 {
				size, square = x, x*x
			}
			size += smoothing * (x - size)
			square += smoothing * (x*x - square)
		default:
			chance -= smoothing * chance
		}
	}
	n := float64(h)
	mean := n * chance * size
	vari := n * (chance*square - chance*chance*size*size)
	if mean <= 0 || vari <= 0 {
		return match(now+math.Max(mean, 0), 0, 0)
	}
	return match(now+mean, vari, 2*vari*vari/mean)
}
