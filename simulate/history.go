package simulate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// History is what happened in a world between two times: two bytes for each hour and
// container, and the emptyings. It does not change, so several goroutines may read it.
type History struct {
	m          *model
	from, to   int64    // hours
	fills      []uint16 // permille, hour by hour, in each in order of the containers' readings
	column     []int32  // where a container stands in an hour
	containers []int32  // and back
	told       []Event  // emptyings, blocked lifts, reports and set pieces, in order of time
}

// Record lives from Now to the top of to's hour and returns what happened. Now must be the top of
// an hour. progress, which may be nil, is told after each day how many of how many are done.
func (w *World) Record(ctx context.Context, to time.Time, progress func(done, total int)) (*History, error) {
	if w.now%3600 != 0 {
		return nil, fmt.Errorf("record from %v: a record begins at the top of an hour", w.Now())
	}
	h := &History{m: w.m, from: hourOf(w.now), to: max(hourOf(w.now), hourOf(to.Unix())), column: make([]int32, len(w.levels))}
	for _, it := range w.m.agenda {
		if it.kind == Fill {
			h.column[it.index] = int32(len(h.containers))
			h.containers = append(h.containers, it.index)
		}
	}
	h.fills = make([]uint16, 0, int(h.to-h.from)*len(w.levels))
	total := int(h.to-h.from+23) / 24
	for day := range total {
		if err := w.advance(ctx, min(h.to, h.from+int64(day+1)*24)*3600, nil, h); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(day+1, total)
		}
	}
	return h, nil
}

// From and To return the times between which the history runs.
func (h *History) From() time.Time { return time.Unix(h.from*3600, 0).UTC() }

// To returns the first moment after the history.
func (h *History) To() time.Time { return time.Unix(h.to*3600, 0).UTC() }

// Fill returns the true fill of a container at its reading in the hour that holds at, to a
// thousandth; false when the container is unknown or the hour lies outside the history.
func (h *History) Fill(container string, at time.Time) (float64, bool) {
	i, ok := h.m.named[Fill][container]
	hour := hourOf(at.Unix())
	if !ok || hour < h.from || hour >= h.to {
		return 0, false
	}
	return float64(h.fills[int(hour-h.from)*len(h.column)+int(h.column[i])]) / 1000, true
}

// Emptyings returns the lifts and the failed lifts (Blocked) in order of time.
func (h *History) Emptyings() []Event {
	var out []Event
	for _, e := range h.told {
		if e.Kind == Emptying || e.Kind == Blocked {
			out = append(out, e)
		}
	}
	return out
}

// Observations emits what Advance would have emitted from a time up to, not including, another, in
// order of time. It may be asked for any part, in any order: newest week first, for example.
func (h *History) Observations(ctx context.Context, from, to time.Time, emit func(Event)) error {
	first, last := max(from.Unix(), h.from*3600), min(to.Unix(), h.to*3600)
	if from.Nanosecond() > 0 {
		first++
	}
	v := newView(h.m)
	told := since(h.told, first)
	var others []Event // of the hour: what bridges do and what only the world could tell
	for hour := hourOf(first); hour*3600 < last; hour++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("tell the history of %v: %w", time.Unix(hour*3600, 0).UTC(), err)
		}
		others = append(others[:0], v.bridgeEvents(hour)...)
		for len(told) > 0 && told[0].At.Unix() < (hour+1)*3600 {
			others = append(others, told[0])
			told = told[1:]
		}
		slices.SortStableFunc(others, func(a, b Event) int { return a.At.Compare(b.At) })
		left := since(others, first)
		for _, it := range h.m.agenda {
			at := hour*3600 + int64(it.second)
			if at < first {
				continue
			}
			if at >= last {
				break
			}
			left = emitUntil(left, at, emit)
			if it.kind != Fill {
				emit(v.measure(it, at))
			} else if i := int(it.index); h.m.containers[i].sensor {
				permille := h.fills[int(hour-h.from)*len(h.column)+int(h.column[i])]
				if e, ok := v.fill(i, at, int16(permille)); ok {
					emit(e)
				}
			}
		}
		emitUntil(left, last-1, emit)
	}
	return nil
}

// since returns the events from a Unix time on.
func since(events []Event, at int64) []Event {
	n, _ := slices.BinarySearchFunc(events, at, func(e Event, at int64) int { return cmp.Compare(e.At.Unix(), at) })
	return events[n:]
}

// emitUntil emits the events up to and at a Unix time and returns the others.
func emitUntil(events []Event, at int64, emit func(Event)) []Event {
	for len(events) > 0 && events[0].At.Unix() <= at {
		emit(events[0])
		events = events[1:]
	}
	return events
}
