package simulate

import (
	"math"
	"slices"
	"time"
)

// view is what sensors see of the city: pure functions of the model, the time and
// a container's true level, with the hour's and day's parts kept. It belongs to one goroutine.
type view struct {
	m     *model
	scene scene

	epoch  int64 // of faults
	faults []fault

	opensDay int64 // opens holds this day and the next
	opens    []opening
}

func newView(m *model) view {
	return view{m: m, scene: scene{local: local{hour: math.MinInt64}}, epoch: math.MinInt64, opensDay: math.MinInt64}
}

// fault is how a fill sensor is broken, from since on.
type fault struct {
	how   uint8
	since int64
}

const (
	healthy uint8 = iota
	silent
	stuck
	drifting
)

// Every four weeks all sensors are mended. New faults come in the first twenty
// days, so that all of them are there when Sensing.At comes, on the twentieth.
const (
	epochLength = 28 * 86400
	faultsGrow  = 20 * 86400
)

func (v *view) turnFaults(at int64) {
	since := at - v.m.c.Start.Unix()
	if a := v.m.c.Sensing.At; !a.IsZero() {
		since = at - a.Unix() + faultsGrow
	}
	epoch := int64(math.Floor(float64(since) / epochLength))
	if epoch == v.epoch {
		return
	}
	v.epoch = epoch
	start := at - since + epoch*epochLength
	v.faults = append(v.faults[:0], make([]fault, len(v.m.containers))...)
	type rank struct {
		r uint64
		i int
	}
	var all []rank
	for i := range v.m.containers {
		if c := &v.m.containers[i]; c.sensor && !c.staged {
			all = append(all, rank{draw(c.key, forFault, uint64(epoch)), i})
		}
	}
	slices.SortFunc(all, func(a, b rank) int {
		if a.r < b.r {
			return -1
		}
		return 1
	})
	s := v.m.c.Sensing
	for n, x := range all {
		how := healthy
		switch {
		case n < s.Silent:
			how = silent
		case n < s.Silent+s.Stuck:
			how = stuck
		case n < s.Silent+s.Stuck+s.Drifting:
			how = drifting
		default:
			return
		}
		v.faults[x.i] = fault{how, start + int64(unit(mix(x.r))*faultsGrow)}
	}
}

// fill returns the reading of container i at a time when it holds permille, or false when its sensor is silent.
func (v *view) fill(i int, at int64, permille int16) (Event, bool) {
	v.turnFaults(at)
	s, c := &v.m.c.Sensing, &v.m.containers[i]
	r := draw(c.key, forDrift, uint64(at))
	f := v.faults[i]
	if f.how != healthy && at < f.since {
		f.how = healthy
	}
	if f.how == silent || unit(r) < s.Dropout {
		return Event{}, false
	}
	value := float64(permille) / 1000
	switch {
	case f.how == stuck:
		// Something hangs before the eye: one level, without noise.
		value = v.round(0.5 + 0.4*unit(draw(c.key, forFault, uint64(f.since))))
	case unit(mix(r)) < s.Spike:
		value = v.round(1.5 * unit(mix(r+1)))
	case f.how == drifting:
		value = v.look(i, at, value+s.DriftPerDay*float64(at-f.since)/86400)
	default:
		value = v.look(i, at, value)
	}
	return Event{
		At: time.Unix(at, 0).UTC(), Kind: Fill, Thing: v.m.c.Containers[i].ID, Index: i,
		Value: value, Battery: v.battery(i, at),
	}, true
}

// look returns what a sound sensor reads of a level.
func (v *view) look(i int, at int64, level float64) float64 {
	return v.round(level + v.m.c.Sensing.Noise*v.m.normals.of(draw(v.m.containers[i].key, forNoise, uint64(at))))
}

// round brings a reading to the sensor's resolution, between 0 and 1.5.
func (v *view) round(level float64) float64 {
	step := 1000.0
	if r := v.m.c.Sensing.Resolution; r > 0 {
		step = 1 / r
	}
	// Dividing by a whole number gives 0.29, where multiplying by 0.01 gives 0.29000000000000004.
	return math.Floor(max(0, min(1.5, level))*step+0.5) / step
}

// battery returns the charge in percent: it lasts five years, and each was put in at its own time.
func (v *view) battery(i int, at int64) float64 {
	const days = 5 * 365
	age := (at/86400 + int64(draw(v.m.containers[i].key, forBattery, 0)%days)) % days
	return float64(100 - 95*age/days)
}
