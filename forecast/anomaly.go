package forecast

import (
	"math"
	"slices"
	"time"
)

// Fault is a kind of anomaly.
type Fault uint8

// The faults that are told apart from demand. What a sensor shows during one is not learned from.
const (
	FaultStuck  Fault = iota // the sensor repeats one value; Value is it
	FaultOffset              // emptied, it does not show empty; Value is what it shows too much
	FaultIdle                // nothing comes while the others of the stream fill: the lid may be blocked; Value is the growth expected
	FaultFall                // the level fell and stayed there, yet nobody emptied it and it is not empty; Value is by how much
	FaultFire                // it is too hot; Value is the highest temperature, degrees Celsius
)

// String returns the fault's code: stuck, offset, idle, fall or fire.
func (f Fault) String() string {
	return [...]string{"stuck", "offset", "idle", "fall", "fire"}[f]
}

// Anomaly is something wrong with a container or its sensor that the readings show.
type Anomaly struct {
	Fault    Fault
	From, To time.Time // To is the last evidence; one that goes on ends with the latest reading
	Value    float64   // by fault
	// Evidence are readings that show it, ascending: fills, for a fire degrees Celsius. The first and the last of a stretch,
	// those before and after a fall, the first after each emptying for an offset.
	Evidence []Sample
}

// Temperature is what a sensor says of the heat in a container at an instant.
type Temperature struct {
	At      time.Time
	Celsius float64
}

// A fire is a reading no sun explains, or one that the sun could just reach after a rise that it could not make.
const (
	fireSure  = 70.0
	fireLeast = 50.0
	fireRise  = 15.0 // within two hours
	fireSpan  = 2 * time.Hour
)

// fire returns the last fire that temperatures (ascending) tell of until an instant, false when there was none. It takes
// two readings within a day: one may be noise.
func fire(temperatures []Temperature, until time.Time) (last Anomaly, ok bool) {
	var now Anomaly
	for i, x := range temperatures {
		if x.At.After(until) {
			break
		}
		hot := x.Celsius >= fireSure
		for j := i - 1; j >= 0 && !hot && x.Celsius >= fireLeast && x.At.Sub(temperatures[j].At) <= fireSpan; j-- {
			hot = x.Celsius-temperatures[j].Celsius >= fireRise
		}
		if !hot {
			continue
		}
		if now.Evidence == nil || x.At.Sub(now.To) > 24*time.Hour {
			now = Anomaly{Fault: FaultFire, From: x.At, Value: x.Celsius}
		}
		now.To, now.Value = x.At, math.Max(now.Value, x.Celsius)
		now.Evidence = append(now.Evidence, Sample{At: x.At, Fill: x.Celsius})
		if len(now.Evidence) >= 2 {
			last, ok = now, true
		}
	}
	return last, ok
}

// setFireAside takes what was seen from a fire until the next emptying out of what is learned from.
func (h *history) setFireAside(a *almanac, f Anomaly, emptied []int64) {
	from, to := f.From.Unix(), int64(math.MaxInt64)
	if k, _ := slices.BinarySearch(emptied, from); k < len(emptied) {
		to = emptied[k]
	}
	h.gains = slices.DeleteFunc(h.gains, func(x gain) bool {
		return a.instant(x.p1).Unix() > from && a.instant(x.p0).Unix() < to
	})
	h.note(f)
}

const (
	partialDrop = 0.15 // a lesser fall may be waste that settles
	mostNoted   = 8    // anomalies kept of one container, the latest
	// idleLeast is the growth that must have been missed: at the usual size of deposits, so much is missed by chance once in a million times.
	idleLeast = 14 * usualPhi
)

// partFalls notes falls for good that are no emptyings, because too much is left: a shift of the sensor, or waste taken out.
func (t *trace) partFalls(parts []part, h *history) {
	for _, p := range parts {
		for i := p.lo + t.confirm(); i+t.confirm() <= p.hi; i++ {
			if t.fill[i-1]-t.fill[i] < partialDrop/2 {
				continue
			}
			lo, hi := max(p.lo, i-around), min(p.hi, i+around)
			before, after := middle(t.fill[lo:i], false), middle(t.fill[i:hi], true)
			if fall := before - after; fall >= math.Max(partialDrop, 6*math.Sqrt(t.noise)) && after > residual+3*residualSD {
				h.note(Anomaly{Fault: FaultFall, From: instant(t.at[i-1]), To: instant(t.at[i]), Value: fall, Evidence: []Sample{t.sample(i - 1), t.sample(i)}})
				i += around
			}
		}
	}
}

func instant(at int64) time.Time { return time.Unix(at, 0).UTC() }

func (t *trace) sample(i int) Sample { return Sample{At: instant(t.at[i]), Fill: t.fill[i]} }

// note keeps an anomaly.
func (h *history) note(a Anomaly) {
	if h.anomalies = append(h.anomalies, a); len(h.anomalies) > mostNoted {
		h.anomalies = h.anomalies[1:]
	}
}

// setIdleAside finds stretches in which nothing came although, by the container's own rate and the stream's tempo, much should have, and
// takes them out of what is learned from. Sensors that show steps stand still anyway: they are left alone.
func (g *group) setIdleAside(a *almanac, of []*history) {
	rates := make([]float64, len(of))
	g.plainRates(of, rates)
	for i, h := range of {
		if h.sensor.step >= coarse {
			continue
		}
		for lo := 0; lo < len(h.gains); lo++ {
			hi, missed := h.idle(lo, rates[i])
			if missed < idleLeast {
				continue
			}
			first, last := &h.gains[lo], &h.gains[hi-1]
			h.note(Anomaly{Fault: FaultIdle, From: a.instant(first.p0), To: a.instant(last.p1), Value: missed, Evidence: []Sample{
				{a.instant(first.p0), first.level}, {a.instant(last.p1), last.level + last.grown},
			}})
			h.gains = slices.Delete(h.gains, lo, hi)
			lo--
		}
	}
}

// idle returns how far from a gain on the level stands still, and what should have grown meanwhile.
func (h *history) idle(lo int, rate float64) (hi int, missed float64) {
	start := h.gains[lo].level
	expected := 0.0
	for k := lo; k < len(h.gains); k++ {
		x := &h.gains[k]
		if k > lo && math.Abs(x.p0-h.gains[k-1].p1) > 1e-6 {
			break
		}
		expected += rate * x.units
		slack := 2.5 * math.Sqrt(x.vari)
		if x.level+x.grown-start > 0.05*expected+slack {
			break
		}
		hi, missed = k+1, expected
	}
	return hi, missed
}

// faults returns what is wrong with a container, in order of time.
func (m *Model) faults(h *history, q Quality) []Anomaly {
	all := slices.Clone(h.anomalies)
	if q == Stuck {
		since := h.sensor.since
		all = append(all, Anomaly{Fault: FaultStuck, From: instant(since), To: instant(h.sensor.last), Value: h.sensor.value, Evidence: []Sample{
			{instant(since), h.sensor.value}, {instant(h.sensor.last), h.sensor.value},
		}})
	}
	if h.offset > 0 && len(h.offsets) > 0 {
		all = append(all, Anomaly{Fault: FaultOffset, From: h.offsets[0].At, To: h.offsets[len(h.offsets)-1].At, Value: h.offset, Evidence: h.offsets})
	}
	slices.SortStableFunc(all, func(a, b Anomaly) int { return a.From.Compare(b.From) })
	return all
}
