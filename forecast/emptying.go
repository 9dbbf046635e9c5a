package forecast

import (
	"math"
	"slices"
	"sort"
	"time"
)

// What an emptying looks like in the readings.
const (
	leastDrop = 0.10      // no smaller fall is taken for an emptying, in fill
	afterMost = 0.35      // an emptying is complete: what it leaves shows below this, or below half of what was there
	around    = 5         // readings compared on either side of a fall
	knownNear = 12 * 3600 // a fall this near a reported emptying, in seconds, is that emptying
	longGap   = 2 * 86400 // a silence this long, in seconds, may hide an emptying and what came after
)

// DetectEmptyings returns the emptyings that samples (ascending) show and known does not
// hold (nothing within twelve hours of it), ascending. Each is given the instant of the first
// reading after it. A fall counts only when the median of the readings after it lies below the median
// of those before by more than their noise explains, so that neither one spike nor two make an
// emptying: it shows after three readings, or after two when readings come less than four times a day.
func DetectEmptyings(samples []Sample, known []time.Time) []time.Time {
	var t trace
	t.read(samples, math.MinInt64, math.MaxInt64)
	t.dropStuck()
	t.measure()
	reported := make([]int64, 0, len(known))
	for _, k := range known {
		reported = append(reported, k.Unix())
	}
	slices.Sort(reported)
	var found []time.Time
	for _, i := range t.falls(reported) {
		found = append(found, time.Unix(t.at[i], 0).UTC())
	}
	return found
}

// falls returns the indexes of the first readings after emptyings that reported (ascending) does not hold.
func (t *trace) falls(reported []int64) []int {
	t.found = t.found[:0]
	from := 0 // readings before it belong to an earlier filling
	for i := 1; i < len(t.at); i++ {
		fall, least := t.drop(from, i)
		if fall <= 0 {
			continue
		}
		// The same emptying may pass at neighbours, when a spike stands beside it: take where the levels fit best.
		at := i
		for j := i + 1; j <= i+around && j < len(t.at); j++ {
			if fall, misfit := t.drop(from, j); fall > 0 && misfit < least {
				least, at = misfit, j
			}
		}
		from, i = at, at
		k := sort.Search(len(reported), func(k int) bool { return reported[k] >= t.at[at-1]-knownNear })
		if k == len(reported) || reported[k] > t.at[at]+knownNear {
			t.found = append(t.found, at)
		}
	}
	return t.found
}

// drop returns by how much the fill falls for good between readings i-1 and i, 0 when it
// does not, and how far the readings around lie from the levels before and after. Readings before from are not looked at.
func (t *trace) drop(from, i int) (fall, misfit float64) {
	if i <= from || t.fill[i-1]-t.fill[i] < leastDrop/2 {
		return 0, 0
	}
	window := int64(math.Max(36*3600, 2.5*t.every))
	lo, hi := i, i
	for lo > from && i-lo < around && t.at[i-1]-t.at[lo-1] <= window {
		lo--
	}
	for hi < len(t.at) && hi-i < around && t.at[hi]-t.at[i] <= window {
		hi++
	}
	if i-lo < t.confirm() || hi-i < t.confirm() {
		return 0, 0
	}
	before, after := middle(t.fill[lo:i], false), middle(t.fill[i:hi], true)
	// A median has about 0.64 of a mean's precision under normal noise.
	bar := 4.5 * math.Sqrt(t.noise*(1/(0.64*float64(i-lo))+1/(0.64*float64(hi-i))))
	fall = before - after
	if fall < math.Max(leastDrop, bar) {
		return 0, 0
	}
	if after > math.Max(afterMost, before/2) && t.at[i]-t.at[i-1] < longGap {
		return 0, 0
	}
	for _, z := range t.fill[lo:i] {
		misfit += math.Abs(z - before)
	}
	for _, z := range t.fill[i:hi] {
		misfit += math.Abs(z - after)
	}
	return fall, misfit
}

// confirm returns how many readings it takes to believe a jump.
func (t *trace) confirm() int {
	if t.every > 6*3600 {
		return 2
	}
	return 3
}

// middle returns the median of up to [around] values; of an even number the higher or the lower of the middle two.
func middle(v []float64, higher bool) float64 {
	var s [around]float64
	n := copy(s[:], v)
	slices.Sort(s[:n])
	if higher {
		return s[n/2]
	}
	return s[(n-1)/2]
}
