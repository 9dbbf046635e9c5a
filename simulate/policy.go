package simulate

import (
	"cmp"
	"slices"
	"time"
)

// planHour is the local hour at whose top the policy plans the day's rounds.
const planHour = 5

// due is a container that asks for a lift.
type due struct {
	container int
	urgency   float64
}

// plan adds the lifts of the day that has begun: those of the policy, and those that are staged.
func (w *World) plan() {
	w.lifts = append(w.lifts, w.chosen()...)
	for _, p := range w.m.c.SetPieces {
		if at := p.At.Unix(); p.Kind == Emptying && at >= w.now && at < w.now+86400 {
			w.lifts = append(w.lifts, lift{At: at, Container: w.m.named[Fill][p.Thing]})
		}
	}
	slices.SortStableFunc(w.lifts, func(a, b lift) int { return cmp.Compare(a.At, b.At) })
}

// chosen returns the lifts that the policy wants on the day that has begun.
func (w *World) chosen() []lift {
	p := &w.m.c.Policy
	if p.Kind == Nobody || (!p.Until.IsZero() && w.now >= p.Until.Unix()) {
		return nil
	}
	open, capacity, suspended := w.m.working(w.rates.day)
	var all []due
	if p.Kind == Schedule {
		all = w.fallDue(open, suspended)
	} else if open {
		all = w.inNeed(suspended, int(float64(p.Usual)*capacity))
	}
	n := len(all)
	if p.Most > 0 {
		n = min(n, int(float64(p.Most)*capacity))
	}
	for _, d := range all[n:] {
		w.levels[d.container].missed = true
	}
	return w.rounds(all[:n])
}

// fallDue returns the containers that the fixed schedule empties today, the longest unserved first.
func (w *World) fallDue(open bool, suspended []bool) (all []due) {
	for i := range w.levels {
		s := &w.levels[i]
		if !s.missed && !w.m.scheduled(i, w.rates.local) {
			continue
		}
		if !open || suspended[w.m.containers[i].stream] {
			s.missed = true
			continue
		}
		all = append(all, due{i, float64(w.now - s.emptied)})
	}
	sortDue(all)
	return all
}

// inNeed returns the containers that press before the next round, the most pressing first, and
// after them up to usual of those that press in Policy.Ahead rounds more.
func (w *World) inNeed(suspended []bool, usual int) (all []due) {
	next := w.m.nextWorkday(w.rates.day)
	later := next
	for range w.m.c.Policy.Ahead {
		later = w.m.nextWorkday(later)
	}
	var soon []due
	for i := range w.levels {
		if suspended[w.m.containers[i].stream] {
			continue
		}
		if urgency := w.need(i, next); urgency > 0 {
			all = append(all, due{i, urgency})
		} else if urgency = w.need(i, later); urgency > 0 {
			soon = append(soon, due{i, urgency})
		}
	}
	sortDue(all)
	sortDue(soon)
	return append(all, soon[:max(0, min(len(soon), usual-len(all)))]...)
}

func sortDue(all []due) {
	slices.SortFunc(all, func(a, b due) int {
		return cmp.Or(cmp.Compare(b.urgency, a.urgency), cmp.Compare(a.container, b.container))
	})
}

// working reports whether lifts start on a day, the share of them that is made, and which streams wait.
func (m *model) working(day int64) (open bool, capacity float64, suspended []bool) {
	start := m.at(day, m.c.Policy.Shift.From)
	open, capacity = m.c.Policy.Workdays[time.Unix(day*86400, 0).UTC().Weekday()], 1
	suspended = make([]bool, len(m.streams))
	for i := range m.c.Periods {
		p := &m.c.Periods[i]
		if !p.during(start) {
			continue
		}
		if p.Closed {
			open = false
		}
		if p.Capacity > 0 {
			capacity *= p.Capacity
		}
		for s := range m.streams {
			suspended[s] = suspended[s] || slices.Contains(p.Suspended, m.streams[s].ID)
		}
	}
	return open, capacity, suspended
}

// scheduled reports whether the fixed schedule empties container i on a day.
func (m *model) scheduled(i int, at local) bool {
	c := &m.c.Containers[i]
	every := int64(max(1, c.EveryWeeks))
	return slices.Contains(c.Days, at.weekday) && (weekOf(at.day)+int64(m.containers[i].key%uint64(every)))%every == 0
}

// nextWorkday returns the first day after day on which lifts start, at most two weeks on.
func (m *model) nextWorkday(day int64) int64 {
	for next := day + 1; next < day+14; next++ {
		if open, _, _ := m.working(next); open {
			return next
		}
	}
	return day + 14
}

// need returns above 0 when container i presses before noon of the day next: the
// planner thinks, from an estimate of the level and the mean inflow of the month, that
// it passes Policy.Level by then, or its stream's days are over.
func (w *World) need(i int, next int64) float64 {
	c, s := &w.m.containers[i], &w.levels[i]
	st, p := &w.m.streams[c.stream], &w.m.c.Policy
	days := float64(w.m.at(next, 12*time.Hour)-w.now) / 86400
	guess := float64(s.fill)/float64(c.volume) + p.Error*w.m.normals.of(draw(c.key, forPlan, uint64(w.rates.day)))
	guess += days * c.bagsPerSecond * st.DepositLitres * 86400 * 1000 * st.Month[w.rates.month] / float64(c.volume)
	urgency := guess - p.Level
	if st.MaxDays > 0 {
		since := w.rates.day - w.m.local(hourOf(s.emptied)).day
		urgency = max(urgency, float64(since+next-w.rates.day-int64(st.MaxDays))/float64(st.MaxDays))
	}
	return urgency
}

// rounds gives each lift its time: a truck takes one stream after another, district
// by district. A lift that falls in a closed time is left for another day.
func (w *World) rounds(all []due) []lift {
	p := &w.m.c.Policy
	slices.SortFunc(all, func(a, b due) int {
		x, y := w.m.c.Containers[a.container], w.m.c.Containers[b.container]
		return cmp.Or(cmp.Compare(w.m.containers[a.container].stream, w.m.containers[b.container].stream),
			cmp.Compare(x.District, y.District), cmp.Compare(x.Place, y.Place), cmp.Compare(a.container, b.container))
	})
	const drive = 20 * 60 // seconds from the depot to the first stop, and back
	from := w.m.at(w.rates.day, p.Shift.From) + drive
	length := float64(int64((p.Shift.To-p.Shift.From)/time.Second) - 2*drive)
	var out []lift
	per := (len(all) + p.Trucks - 1) / p.Trucks
	for k, d := range all {
		truck := k / per
		n := min(per, len(all)-truck*per)
		u := unit(draw(w.m.containers[d.container].key, forRound, uint64(w.rates.day)))
		at := from + int64(length*(float64(k%per)+u)/float64(n))
		if w.m.closed(at) {
			w.levels[d.container].missed = true
			continue
		}
		out = append(out, lift{at, d.container})
	}
	return out
}

func (m *model) closed(at int64) bool {
	for i := range m.c.Periods {
		if m.c.Periods[i].Closed && m.c.Periods[i].during(at) {
			return true
		}
	}
	return false
}
