package study

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"polder.city/collection"
)

// duePrize is what an emptying is worth that a policy wants for certain, in cents: more than any detour.
const duePrize = 200_000

// found is the fixed schedule as it was found, its routes planned anew each day. What a closed day or a blocked way left is made up on the next.
type found struct {
	w     *World
	left  []bool
	asked []time.Time // when a container that is still due became so
}

func newFound(w *World) Policy {
	return &found{w: w, left: make([]bool, len(w.Containers)), asked: make([]time.Time, len(w.Containers))}
}

func (p *found) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	var wants []Want
	for i := range p.w.Containers {
		due := p.left[i] && m.Outlook(i).Emptied.Before(p.asked[i])
		for back := range m.sinceWork() { // with the days on which nobody worked
			for _, row := range p.w.Containers[i].Found {
				due = due || row.Due(m.Midnight.AddDate(0, 0, -back))
			}
		}
		if p.left[i] = due; due {
			p.asked[i] = m.Now
			wants = append(wants, Want{i, duePrize})
		}
	}
	return m.Route(ctx, wants, Prices{})
}

// sinceWork returns how many days the planned one and those without work before it are.
func (m *Morning) sinceWork() int {
	n := 1
	for n < collection.Horizon && !m.World.Works(m.Midnight.AddDate(0, 0, -n)) {
		n++
	}
	return n
}

// fixedCount is the practice of Groningen: each day the same number, those that are expected to be full soonest.
type fixedCount struct{ count int }

func (p *fixedCount) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	type rank struct {
		i    int
		fill float64
	}
	var all []rank
	next := m.NextRound()
	for i := range m.World.Containers {
		fill, _ := m.Outlook(i).Onward.Fill(next)
		all = append(all, rank{i, fill})
	}
	slices.SortFunc(all, func(a, b rank) int { return cmp.Or(cmp.Compare(b.fill, a.fill), cmp.Compare(a.i, b.i)) })
	var wants []Want
	for _, r := range all[:min(p.count, len(all))] {
		wants = append(wants, Want{r.i, duePrize})
	}
	return m.Route(ctx, wants, Prices{})
}

// cycle is a fixed schedule that was optimised: each container has the longest interval, in working days, at which it is full before the
// next round with a chance of at most risk, and containers that lie in one direction share their days. Routes are planned anew each day.
// The intervals are set once, from what is known when the policy starts, and set again every four weeks, as a city may.
type cycle struct {
	risk   float64
	every  []int
	offset []int
	set    int
}

// cycleDays is what offsets are drawn from: intervals that divide it fall together in a sector.
const cycleDays = 60

func (p *cycle) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	if p.every == nil || m.Round >= p.set+20 {
		p.lay(m)
		p.set = m.Round
	}
	var wants []Want
	for i := range m.World.Containers {
		if (m.Round-p.offset[i])%p.every[i] == 0 {
			wants = append(wants, Want{i, duePrize})
		}
	}
	return m.Route(ctx, wants, Prices{})
}

// intervals that a schedule may have, in working days.
func intervals() []int { return []int{1, 2, 3, 4, 5, 6, 10, 12, 15, 20} }

func (p *cycle) lay(m *Morning) {
	w := m.World
	n := len(w.Containers)
	p.every, p.offset = make([]int, n), make([]int, n)
	sector := w.sectors()
	for i := range n {
		fresh := m.Outlook(i).Fresh
		p.every[i] = 1
		for _, t := range intervals() {
			days := m.workdays(t)
			if fresh.ChanceFull(fresh.From().Add(time.Duration(days*24)*time.Hour)) > p.risk {
				break
			}
			if h := w.Streams[w.Containers[i].Stream].HygieneDays; h > 0 && days > float64(h) {
				break
			}
			p.every[i] = t
		}
		p.offset[i] = int(sector[i]*cycleDays) % p.every[i]
	}
}

// workdays returns how many days lie between n rounds, at the longest: over weekends where there are.
func (m *Morning) workdays(n int) float64 {
	works := 0
	for d := range 7 {
		if m.World.Works(m.Midnight.AddDate(0, 0, -d)) {
			works++
		}
	}
	if works == 7 {
		return float64(n)
	}
	// Five days a week: n rounds pass (n+4)/5 weekends at most.
	return float64(n + 2*((n+4)/5))
}

// sectors returns for each container where it lies around the depot, from 0 up to 1, such that each part holds as many places.
func (w *World) sectors() []float64 {
	order := make([]int, len(w.Containers))
	angle := make([]float64, len(order))
	middle := [2]float64{}
	for i := range order {
		middle[0] += w.Containers[i].Point[0] / float64(len(order))
		middle[1] += w.Containers[i].Point[1] / float64(len(order))
	}
	for i := range order {
		order[i] = i
		p := w.Containers[i].Point
		angle[i] = math.Atan2(p[1]-middle[1], (p[0]-middle[0])*math.Cos(middle[1]*math.Pi/180))
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(angle[a], angle[b]), cmp.Compare(a, b)) })
	out := make([]float64, len(order))
	for rank, i := range order {
		out[i] = float64(rank) / float64(len(order))
	}
	return out
}
