package forecast

import (
	"math"
	"slices"
	"time"
)

// What an emptying leaves behind, in fill: stuck bags (collection.md 3.3).
const (
	residual   = 0.02
	residualSD = 0.03
)

// almanac numbers the local days of a fit, so that an instant is a position: whole days
// since the first midnight, plus the part of the day that has passed. Days have 23 to 25 hours.
type almanac struct {
	midnights []int64 // Unix seconds of the days' starts
}

// newAlmanac holds the days from the one of from through the one of to.
func newAlmanac(from, to time.Time, loc *time.Location) almanac {
	var a almanac
	y, m, d := from.In(loc).Date()
	for i := 0; ; i++ {
		t := time.Date(y, m, d+i, 0, 0, 0, 0, loc)
		a.midnights = append(a.midnights, t.Unix())
		if t.After(to) {
			return a
		}
	}
}

// instant returns when a position is.
func (a *almanac) instant(pos float64) time.Time {
	d := min(max(int(math.Floor(pos)), 0), len(a.midnights)-2)
	length := float64(a.midnights[d+1] - a.midnights[d])
	return instant(a.midnights[d] + int64((pos-float64(d))*length))
}

// days returns how many whole days the almanac holds.
func (a *almanac) days() int { return len(a.midnights) - 1 }

// day returns the day that instant t lies in; before the first and after the last it goes on in days of 24 hours.
func (a *almanac) day(t int64) int {
	d := int((t - a.midnights[0]) / 86400)
	if t < a.midnights[0] {
		return d - 1
	}
	d = min(d, len(a.midnights)-1)
	for d > 0 && a.midnights[d] > t {
		d--
	}
	for d+1 < len(a.midnights) && a.midnights[d+1] <= t {
		d++
	}
	return d
}

func (a *almanac) position(t int64) float64 {
	if t < a.midnights[0] {
		return float64(t-a.midnights[0]) / 86400
	}
	d := a.day(t)
	if d >= a.days() {
		return float64(a.days()) + float64(t-a.midnights[a.days()])/86400
	}
	return float64(d) + float64(t-a.midnights[d])/float64(a.midnights[d+1]-a.midnights[d])
}

// gain is how much a container's fill grew between two positions with no emptying between them.
type gain struct {
	p0, p1 float64 // positions
	level  float64 // the fill at p0
	grown  float64 // may be below 0 by noise
	vari   float64 // of grown, from the sensor's noise
	units  float64 // of its group's tempo, once that is known
}

// history is what the readings of one container come down to.
type history struct {
	gains     []gain      // ascending, apart from each other
	hours     [24]float64 // growth seen by hour of the day
	pairs     [24]float64 // between how many readings
	first     int64       // the first reading, Unix seconds
	emptied   int64       // the last emptying, Unix seconds; 0 when none is known
	tail      []reading   // the last readings since then, at most tailMost
	offset    float64     // what the sensor shows too much after emptyings; 0 when it seems right
	sensor    sensor
	days      int // distinct local days with a reading
	anomalies []Anomaly
	offsets   []Sample  // the first readings after the emptyings that offset comes from
	ends      []float64 // the levels last read before emptyings, where the next reading came within a day and a half
}

type reading struct {
	at   int64
	fill float64
}

// sensor is what the readings tell about their sensor.
type sensor struct {
	noise, step, every, top float64
	value                   float64 // the latest usable reading
	since                   int64   // from when on it shows that, Unix seconds
	last                    int64
	stuck, flat             bool
}

const (
	tailMost   = 48
	anchorGap  = 30 * 3600 // the level at a midnight counts when readings around it are this near each other, in seconds
	almostFull = 0.92      // above it a sensor looks at the pile's top and growth is not seen; such days are not learned from
	keptGap    = 36 * 3600
	offsetMost = 0.12 // an emptied container that shows more twice has a sensor that drifts
)

// part is a stretch of readings [lo, hi) between two emptyings.
type part struct {
	lo, hi int
	start  int64 // the emptying before it, Unix seconds; 0 when none is known
}

// follow splits the readings at emptyings (ascending, Unix seconds, all before the fit's instant), follows
// the level through each part and returns the growth.
func (t *trace) follow(a *almanac, reported []int64) *history {
	h := &history{sensor: sensor{noise: t.noise, step: t.step, every: t.every, top: t.top, last: t.last, value: t.value, since: t.since, stuck: t.stuck, flat: t.flat}}
	parts := t.parts(reported)
	t.good = append(t.good[:0], make([]bool, len(t.at))...)
	for _, p := range parts {
		t.sift(p)
		t.increments(a, p, h)
	}
	if t.flat && t.at[len(t.at)-1]-t.at[0] > 3*86400 {
		h.gains = nil // one value for days: a dead sensor or an idle container, nobody can tell
	}
	if len(t.at) > 0 {
		h.first = t.at[0]
	}
	for k := range parts[1:] {
		if p, next := parts[k], parts[k+1]; p.lo < p.hi && next.lo < next.hi && t.at[next.lo]-t.at[p.hi-1] <= keptGap {
			h.ends = append(h.ends, t.fill[p.hi-1])
		}
	}
	t.partFalls(parts, h)
	last := parts[len(parts)-1]
	h.emptied = last.start
	for i := max(last.lo, last.hi-tailMost); i < last.hi; i++ {
		h.tail = append(h.tail, reading{t.at[i], t.fill[i]})
	}
	h.offset, h.offsets = t.offset(parts)
	day := -1 << 31
	for _, at := range t.at {
		if d := a.day(at); d != day {
			h.days++
			day = d
		}
	}
	return h
}

// parts cuts the readings at the emptyings, reported and found.
func (t *trace) parts(reported []int64) []part {
	type cut struct {
		at    int64
		index int
	}
	var cuts []cut
	for _, i := range t.falls(reported) {
		cuts = append(cuts, cut{t.at[i], i})
	}
	for _, k := range reported {
		// A report's hour may be off: where a fall stands near it, that is where the readings change.
		lo, _ := slices.BinarySearch(t.at, k-knownNear)
		index, _ := slices.BinarySearch(t.at, k)
		best := math.Inf(1)
		for i := max(lo, 1); i < len(t.at) && t.at[i] <= k+knownNear; i++ {
			if fall, misfit := t.drop(0, i); fall > 0 && misfit < best {
				best, index = misfit, i
			}
		}
		cuts = append(cuts, cut{k, index})
	}
	slices.SortFunc(cuts, func(a, b cut) int {
		if a.at != b.at {
			return int(min(max(a.at-b.at, -1), 1))
		}
		return a.index - b.index
	})
	parts := []part{{hi: len(t.at)}}
	for _, c := range cuts {
		p := &parts[len(parts)-1]
		index := min(max(c.index, p.lo), len(t.at))
		p.hi = index
		parts = append(parts, part{lo: index, hi: len(t.at), start: c.at})
	}
	return parts
}

// sift follows the fill of one part (a Gaussian filter with the typical growth) to tell which readings to believe.
// One far from what is expected is left out, until as many as [trace.confirm] in a row agree; then the level may jump.
func (t *trace) sift(p part) {
	confirm := t.confirm()
	var mean, vari float64
	odd, jumped := 0, p.lo
	for i := p.lo; i < p.hi; i++ {
		z := t.fill[i]
		if i == jumped {
			mean, vari, t.good[i], odd = z, t.noise+0.02*0.02, true, 0
			continue
		}
		days := float64(t.at[i]-t.at[i-1]) / 86400
		mean, vari = mean+t.slope*days, vari+t.churn*days
		e := z - mean
		if t.good[i] = e*e <= 16*(vari+t.noise) || e > 0 && t.step >= coarse; t.good[i] {
			odd = 0
			k := vari / (vari + t.noise)
			mean, vari = mean+k*e, vari*(1-k)
			continue
		}
		odd++
		if first := i - confirm + 1; odd >= confirm && first > jumped && t.agree(first, i+1) {
			jumped, i = first, first-1
		}
	}
}

// agree reports whether readings lo to hi lie together as closely as their noise allows.
func (t *trace) agree(lo, hi int) bool {
	low, high := t.fill[lo], t.fill[lo]
	for _, z := range t.fill[lo:hi] {
		low, high = math.Min(low, z), math.Max(high, z)
	}
	return high-low <= 5*math.Sqrt(t.noise)+t.slope*float64(t.at[hi-1]-t.at[lo])/86400+0.03
}

// anchor is a level at a position, from one or more readings.
type anchor struct {
	pos, level, vari float64
}

// mean returns the anchor in the middle of the believed readings among lo to hi, false when there are none.
func (t *trace) mean(a *almanac, lo, hi int) (anchor, bool) {
	var x anchor
	n := 0.0
	for i := lo; i < hi; i++ {
		if t.good[i] {
			x.level += t.fill[i]
			x.pos += float64(t.at[i]-t.at[lo]) / 86400
			n++
		}
	}
	if n == 0 {
		return x, false
	}
	return anchor{a.position(t.at[lo]) + x.pos/n, x.level / n, t.noise / n}, true
}

// Around midnight little is thrown away: readings from two hours before to five hours after it tell its level.
const (
	nightBefore = 2 * 3600
	nightAfter  = 5 * 3600
)

// increments adds the growth of one part to h: from midnight to midnight where readings stand on
// either side, between readings where they are rare, and from the emptying when the first reading comes long after.
func (t *trace) increments(a *almanac, p part, h *history) {
	if p.lo == p.hi {
		return
	}
	few := around
	if t.confirm() == 2 {
		few = 1
	}
	before, ok := t.mean(a, p.lo, min(p.lo+few, p.hi))
	if p.start != 0 && t.at[p.lo]-p.start > 6*3600 {
		before, ok = anchor{a.position(p.start), residual, residualSD * residualSD}, true
	}
	if !ok {
		return
	}
	to := func(x anchor) {
		g := gain{p0: before.pos, p1: x.pos, level: before.level, grown: x.level - before.level, vari: before.vari + x.vari}
		if g.p1-g.p0 < 0.005 {
			return
		}
		if before.level < almostFull && g.grown > -(0.06+3*math.Sqrt(g.vari)) {
			h.gains = append(h.gains, g)
		}
		before = x
	}
	last := p.lo // the believed reading before i
	night := p.lo
	day := a.day(t.at[p.lo]) + 1
	for i := p.lo + 1; i < p.hi; i++ {
		if !t.good[i] {
			continue
		}
		gap := t.at[i] - t.at[last]
		if i == last+1 && gap <= 7200 {
			pos := a.position((t.at[last] + t.at[i]) / 2)
			hour := int(24 * (pos - math.Floor(pos)))
			h.hours[hour] += t.fill[i] - t.fill[last]
			h.pairs[hour]++
		}
		if gap > anchorGap {
			to(anchor{a.position(t.at[last]), t.fill[last], t.noise})
			to(anchor{a.position(t.at[i]), t.fill[i], t.noise})
			day = a.day(t.at[i]) + 1
		}
		for ; day < len(a.midnights) && a.midnights[day] <= t.at[i]; day++ {
			midnight := a.midnights[day]
			for night < i && t.at[night] < midnight-nightBefore {
				night++
			}
			end := i
			for end < p.hi && t.at[end] <= midnight+nightAfter {
				end++
			}
			x, ok := t.mean(a, night, end)
			if !ok && gap > 0 {
				w := float64(midnight-t.at[last]) / float64(gap)
				x.level, x.vari = t.fill[last]+w*(t.fill[i]-t.fill[last]), t.noise*(w*w+(1-w)*(1-w))
			}
			x.pos = float64(day)
			to(x)
		}
		last = i
	}
	if x, ok := t.mean(a, max(p.lo, p.hi-few), p.hi); ok {
		to(x)
	}
}

// offset returns what the sensor shows too much when the last two emptyings both left more
// than an emptying leaves; 0 when there are fewer, or when one of them shows that it is right.
func (t *trace) offset(parts []part) (offset float64, after []Sample) {
	sum, count := 0.0, 0
	for k := len(parts) - 1; k > 0 && count < 2; k-- {
		p := parts[k]
		n := min(p.hi-p.lo, around)
		if n < 3 || t.every > 2*3600 || t.at[p.lo]-p.start > 6*3600 {
			continue
		}
		left := middle(t.fill[p.lo:p.lo+n], false)
		if left < offsetMost {
			return 0, nil
		}
		sum, count = sum+left-residual, count+1
		after = append([]Sample{t.sample(p.lo)}, after...)
	}
	if count < 2 {
		return 0, nil
	}
	return sum / float64(count), after
}
