package web

import (
	"time"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/message"
	"polder.city/sensing"
)

// Where what is said of a fill comes from.
const (
	fromSensor   = "sensor"   // the latest reading
	fromEmptying = "emptying" // it was emptied after the latest reading
	fromEstimate = "estimate" // the forecast of the plan: no sensor, or one that is not to be trusted
)

// oldAfter is the age from which a reading is shown as old.
const oldAfter = 6 * time.Hour

// fill is how full a container is, as far as is known.
type fill struct {
	known      bool
	value      float64 // fraction of the volume
	low, high  float64 // 5 and 95 % quantiles of an estimate
	from       string
	at         time.Time // of the reading, the emptying or the estimate
	quality    string    // of the sensor, as the plan judged it: ok, silent, stuck, drifting or none
	measured   float64   // the latest reading, also where an estimate is shown
	measuredAt time.Time // zero without a sensor
	silent     bool      // it has a sensor that said nothing for six hours
}

// full reports whether a container counts as full.
func (f fill) full() bool { return f.known && f.value >= collection.FullFrom }

// fillOf says how full a container is now: by its latest reading, unless it was emptied since or its sensor
// is silent or not to be trusted; then by the plan's forecast, taken on to now.
func (st *state) fillOf(k collection.Container, sample sensing.Observation) fill {
	f := fill{quality: "none"}
	if !sample.Time.IsZero() {
		f.measured, f.measuredAt = sample.Value, sample.Time
	}
	f.silent = k.Sensor != "" && st.at.Sub(sample.Time) > oldAfter
	plan, o := st.next, st.outcomes[k.ID]
	if o == nil {
		plan, o = st.today, st.now[k.ID]
	}
	if o != nil {
		f.quality = o.Basis
	}
	emptied := st.emptied[k.ID].Time
	trusted := !f.measuredAt.IsZero() && !f.silent && (o == nil || o.Basis == "ok" || o.Basis == "none")
	switch {
	case trusted && !emptied.After(f.measuredAt):
		f.known, f.value, f.from, f.at = true, f.measured, fromSensor, f.measuredAt
	case o != nil && emptied.After(plan.MadeAt) || o == nil && !emptied.IsZero() && st.at.Sub(emptied) < oldAfter:
		f.known, f.value, f.from, f.at, f.low, f.high = true, 0.02, fromEmptying, emptied, 0, 0.1
	case o != nil:
		grown := st.expectedAt(plan, o, st.at) - fraction(o.FillNow)
		f.known, f.from, f.at = true, fromEstimate, plan.MadeAt
		f.value, f.low, f.high = min(1, fraction(o.FillNow)+grown), min(1, fraction(o.FillLow)+grown), min(1, fraction(o.FillHigh)+grown)
	case !f.measuredAt.IsZero():
		f.known, f.value, f.from, f.at = true, f.measured, fromSensor, f.measuredAt
	}
	return f
}

// expectedAt is the fill that the plan of the next working day, or today's, expected at t: on the line between what
// it said of its own moment and of the emptying or, where the container is left, of the next day with trucks.
func (st *state) expectedAt(plan *collection.Plan, o *collection.Outcome, t time.Time) float64 {
	day, then := st.day, st.nextEnds
	if plan == st.today {
		day, then = calendar.Midnight(st.at, st.day.Location()), st.day
	}
	if o.Planned {
		then = day.Add(time.Duration(o.At) * time.Second)
	}
	span := then.Sub(plan.MadeAt)
	if span <= 0 {
		return fraction(o.FillNow)
	}
	share := float64(t.Sub(plan.MadeAt)) / float64(span)
	return fraction(o.FillNow) + min(max(share, 0), 1)*fraction(o.FillThen-o.FillNow)
}

// fraction turns parts per million into a fraction.
func fraction(ppm int64) float64 { return float64(ppm) / 1e6 }

// level names how full something is: the last part of a message's key.
func (f fill) level() string {
	switch {
	case !f.known:
		return "unknown"
	case f.value >= collection.FullFrom:
		return "full"
	case f.value >= 0.85:
		return "nearly"
	case f.value >= 0.6:
		return "most"
	case f.value >= 0.4:
		return "half"
	case f.value >= 0.1:
		return "room"
	default:
		return "empty"
	}
}

// short says it in a few words, for lists and the map.
func (f fill) short(p *message.Printer) string {
	switch {
	case !f.known:
		return p.T("fill.short.unknown")
	case f.full() && f.from == fromEstimate:
		return p.T("fill.short.probably_full")
	case f.full():
		return p.T("fill.short.full", "fill", f.value)
	case f.from == fromEmptying:
		return p.T("fill.short.emptied", "time", f.at)
	case f.from == fromEstimate:
		return p.T("fill.short.estimate", "fill", f.value)
	default:
		return p.T("fill.short.measured", "fill", f.value)
	}
}

// long says it with its time or its interval.
func (f fill) long(p *message.Printer) string {
	switch {
	case !f.known:
		return p.T("fill.long.unknown")
	case f.from == fromEmptying:
		return p.T("fill.long.emptied", "time", f.at)
	case f.from == fromEstimate:
		return p.T("fill.long.estimate", "low", f.low, "high", f.high)
	default:
		return p.T("fill.long.measured", "fill", f.value, "time", f.at)
	}
}

// mapState is the state of a symbol: "act" when full, "old" when nothing certain is known.
func (f fill) mapState() string {
	switch {
	case f.full():
		return "act"
	case !f.known:
		return "old"
	}
	return ""
}

// listState is the class of a symbol in a list.
func (f fill) listState() string {
	if s := f.mapState(); s != "" {
		return s
	}
	return []string{"v1", "v2", "v3", "v4", "v5"}[min(4, max(0, int(f.value*5)))]
}
