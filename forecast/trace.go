package forecast

import (
	"math"
	"slices"
	"sort"
)

// trace is one container's usable readings as flat slices, with what they tell about
// their sensor. A worker reuses one for all its containers, so that reading a
// sample allocates nothing.
type trace struct {
	at   []int64   // Unix seconds, ascending
	fill []float64 // as read

	last  int64   // the latest reading, usable or not; 0 without any
	value float64 // the latest usable reading
	since int64   // from when on it shows that
	every float64 // typical seconds between readings
	step  float64 // the sensor's resolution in fill, 0 when none shows
	top   float64 // the highest reading
	noise float64 // variance of a reading around the fill
	churn float64 // variance of the fill's own change, per day
	slope float64 // typical growth a day
	stuck bool    // the latest readings repeat one value more often than this sensor does
	flat  bool    // all readings are one value

	good    []bool // which readings are believed
	scratch []float64
	found   []int
}

// read takes the samples from begin until end, in Unix seconds.
func (t *trace) read(samples []Sample, begin, end int64) {
	t.at, t.fill, t.last, t.top = t.at[:0], t.fill[:0], 0, 0
	first := sort.Search(len(samples), func(i int) bool { return samples[i].At.Unix() >= begin })
	for i := first; i < len(samples); i++ {
		s := &samples[i]
		at := s.At.Unix()
		if at > end {
			break
		}
		t.last = at
		if !(s.Fill >= -0.3 && s.Fill <= 2) { // NaN too
			continue
		}
		if len(t.at) == 0 || s.Fill != t.value {
			t.value, t.since = s.Fill, at
		}
		t.at = append(t.at, at)
		t.fill = append(t.fill, s.Fill)
		t.top = math.Max(t.top, s.Fill)
	}
}

// improbable is the chance under which a run of equal readings is taken for a stuck sensor.
const improbable = 1e-7

// dropStuck removes all but the first reading of runs of equal values that are too long for
// this sensor, so that standing still is not learned as no growth. How readily a healthy sensor repeats
// itself shows in its shorter runs.
func (t *trace) dropStuck() {
	t.stuck, t.flat = false, false
	n := len(t.at)
	t.measureStep()
	if n < 8 {
		return
	}
	t.scratch = t.scratch[:0]
	run := 0.0
	for i := 1; i < n; i++ {
		if t.fill[i] == t.fill[i-1] {
			run++
			continue
		}
		t.scratch = append(t.scratch, run)
		run = 0
	}
	if len(t.scratch) == 0 {
		t.flat = n >= 24
		return
	}
	slices.Sort(t.scratch)
	most := math.Max(12, 6*t.scratch[len(t.scratch)/2])
	same := 0.5
	for _, r := range t.scratch {
		same += math.Min(r, most)
	}
	longest := math.Log(improbable) / math.Log(same/(same+float64(len(t.scratch))+0.5))
	if t.scratch[len(t.scratch)-1] <= longest && run <= longest {
		return
	}
	keep := 0
	for i := 0; i < n; {
		j := i + 1
		for j < n && t.fill[j] == t.fill[i] {
			j++
		}
		end := j
		// At the bottom of a step sensor's stairs standing still is no more than an idle container.
		if float64(j-i-1) > longest && (t.step < coarse || t.fill[i] >= t.step) {
			end = i + 1
			t.stuck = j == n
		}
		for ; i < end; i++ {
			t.at[keep], t.fill[keep] = t.at[i], t.fill[i]
			keep++
		}
		i = j
	}
	t.at, t.fill = t.at[:keep], t.fill[:keep]
}

// measure estimates the sensor's rhythm, resolution and noise. Noise and the fill's own
// change are told apart by the variogram (collection.md 3.1): the variance of a change over a time d is
// d times churn plus twice the noise.
func (t *trace) measure() {
	t.every, t.noise, t.churn, t.slope = 86400, 0.03*0.03, 0.004, 0
	n := len(t.at)
	if n < 3 {
		return
	}
	t.every = t.median(n-1, func(i int) (float64, bool) { return float64(t.at[i+1] - t.at[i]), true })
	t.every = math.Max(t.every, 60)
	if n < 12 {
		t.noise = math.Max(t.noise, t.step*t.step/12)
		return
	}
	lag := min(max(int(math.Round(86400/t.every)), 3), n/3)
	v1, _, d1 := t.changes(1)
	v2, s2, d2 := t.changes(lag)
	if d1 <= 0 || d2 <= d1 {
		return
	}
	t.slope = math.Min(math.Max(s2/d2, 0), 0.5)
	t.churn = math.Min(math.Max((v2-v1)/(d2-d1), 1e-5), 0.05)
	floor := math.Max(t.step*t.step/12, 0.002*0.002)
	t.noise = math.Min(math.Max((v1-t.churn*d1)/2, floor), 0.15*0.15)
	if t.step >= coarse {
		// Steps hide the noise, and leaving out the falls bends the variogram (collection.md 3.5).
		t.noise = floor
		t.churn = math.Max(v1/d1, t.churn)
	}
}

// measureStep finds the resolution: the least change of which nearly all others are multiples.
func (t *trace) measureStep() {
	// Of a few readings, weights of lifts for instance, the differences are multiples of the least by mere chance.
	const few = 8
	t.step = 0
	least := math.Inf(1)
	for i := 1; i < len(t.fill); i++ {
		if d := math.Abs(t.fill[i] - t.fill[i-1]); d > 1e-4 && d < least {
			least = d
		}
	}
	if math.IsInf(least, 1) || least > 0.5 || len(t.fill) < few {
		return
	}
	multiples := 0
	for i := 1; i < len(t.fill); i++ {
		q := math.Abs(t.fill[i]-t.fill[i-1]) / least
		if math.Abs(q-math.Round(q)) < 0.02 {
			multiples++
		}
	}
	if float64(multiples) >= 0.95*float64(len(t.fill)-1) {
		t.step = least
	}
}

// changes returns the variance, the middle and the typical duration in days of the fill's changes over
// lag readings, without the great falls. The variance is a robust one where readings
// vary, so that spikes do not count; where most changes are none, it is the plain one.
func (t *trace) changes(lag int) (variance, middle, days float64) {
	change := func(i int) (float64, bool) {
		d := t.fill[i+lag] - t.fill[i]
		return d, d > -0.2
	}
	n := len(t.at) - lag
	if n < 1 {
		return 0, 0, 0
	}
	days = t.median(n, func(i int) (float64, bool) { return float64(t.at[i+lag] - t.at[i]), true }) / 86400
	middle = t.median(n, change)
	mad := t.median(n, func(i int) (float64, bool) {
		d, ok := change(i)
		return math.Abs(d - middle), ok
	})
	if mad > 1.01*t.step && mad > 1e-4 {
		return 1.4826 * 1.4826 * mad * mad, middle, days
	}
	var sum, sq, count float64
	for i := range n {
		if d, ok := change(i); ok {
			sum, sq, count = sum+d, sq+d*d, count+1
		}
	}
	if count == 0 {
		return 0, 0, days
	}
	mean := sum / count
	return math.Max(sq/count-mean*mean, 0), mean, days
}

// median returns the median of value(0) to value(n-1) where ok, from at most about 400 of them evenly spread.
func (t *trace) median(n int, value func(int) (v float64, ok bool)) float64 {
	t.scratch = t.scratch[:0]
	for i := 0; i < n; i += n/400 + 1 {
		if v, ok := value(i); ok {
			t.scratch = append(t.scratch, v)
		}
	}
	if len(t.scratch) == 0 {
		return 0
	}
	slices.Sort(t.scratch)
	return t.scratch[len(t.scratch)/2]
}
