package fleet

import (
	"cmp"
	"context"
	"math"
	"slices"
)

// neighbour is a stop near another one, with the costs by the first kind from the neighbour and to it, and the least
// cost to or from this neighbour and those after it.
type neighbour struct{ stop, to, from, rest int32 }

// nearOrder numbers the stops so that those that lie near each other have near numbers, which the cache rewards: in
// the order of a walk through a minimum spanning tree (Prim). When ctx ends, not all are there.
func nearOrder(ctx context.Context, p *Problem) []int {
	n := len(p.Stops)
	apart := func(a, b int) int64 {
		from, to := p.Stops[a].Location, p.Stops[b].Location
		return int64(p.Meters[from*p.Locations+to]) + int64(p.Seconds[from*p.Locations+to])
	}
	parent, least, done := make([]int, n), make([]int64, n), make([]bool, n)
	for i := range least {
		least[i] = math.MaxInt64
	}
	children := make([][]int, n)
	for at := 0; at >= 0 && ctx.Err() == nil; {
		done[at] = true
		next := none
		for i := range n {
			if done[i] {
				continue
			}
			if d := apart(at, i); d < least[i] {
				least[i], parent[i] = d, at
			}
			if next < 0 || least[i] < least[next] {
				next = i
			}
		}
		if at = next; at >= 0 {
			children[parent[at]] = append(children[parent[at]], at)
		}
	}
	order, stack := make([]int, 0, n), []int{0}
	for len(stack) > 0 {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		order = append(order, at)
		stack = append(stack, children[at]...)
	}
	return order
}

// compileNear fills near: by the cost of driving between two stops in the better direction, with waiting and
// coming late on the way.
func (m *plain) compileNear() {
	m.nearCount = min(plainNear, m.stops-1)
	k := &m.kinds[0]
	perSecond := 0.0
	if m.windowed {
		perSecond = m.costOfTime()
	}
	type candidate struct {
		cost float64
		stop int32
	}
	compare := func(a, b candidate) int { return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.stop, b.stop)) }
	list := make([]candidate, 0, m.stops)
	m.near = make([]neighbour, 0, m.stops*m.nearCount)
	direction := func(from, to int) float64 {
		cost := float64(k.arcs[from*m.points+to])
		if m.windowed {
			drive := m.service[from] + m.seconds[from*m.points+to]
			wait := float64(m.open[to]) - float64(m.close[from]) - float64(drive)
			late := float64(m.open[from]) + float64(drive) - float64(m.close[to])
			cost += perSecond * (nearWaiting*max(wait, 0) + nearLate*max(late, 0))
		}
		return cost
	}
	for s := range m.stops {
		if m.ctx.Err() != nil {
			return
		}
		list = list[:0]
		for o := range m.stops {
			if o != s {
				list = append(list, candidate{min(direction(s, o), direction(o, s)), int32(o)})
			}
		}
		smallest(list, m.nearCount, compare)
		from := len(m.near)
		for _, o := range list[:m.nearCount] {
			m.near = append(m.near, neighbour{
				stop: o.stop, to: k.arcs[int(o.stop)*m.points+s], from: k.arcs[s*m.points+int(o.stop)],
			})
		}
		rest := int32(maxArc)
		for i := len(m.near) - 1; i >= from; i-- {
			rest = min(rest, m.near[i].to, m.near[i].from)
			m.near[i].rest = rest
		}
	}
}

// neighbours returns the stops near a stop.
func (m *plain) neighbours(s int32) []neighbour {
	return m.near[int(s)*m.nearCount : (int(s)+1)*m.nearCount]
}

// costOfTime returns what a second of driving costs on the mean, in units of cost.
func (m *plain) costOfTime() float64 {
	cost, time := 0.0, 0.0
	arcs := m.kinds[0].arcs
	for i := 0; i < len(arcs); i += 1 + len(arcs)/100_000 { // a sample will do
		cost, time = cost+float64(arcs[i]), time+float64(m.seconds[i])
	}
	if time == 0 {
		return 0
	}
	return cost / time
}

// smallest puts the n smallest of a list first and in order (Hoare's quickselect, with the middle as pivot).
func smallest[T any](list []T, n int, compare func(a, b T) int) {
	low, high := 0, len(list)
	for high-low > 16 && n < high {
		pivot := list[low+(high-low)/2]
		i, j := low, high-1
		for i <= j {
			for compare(list[i], pivot) < 0 {
				i++
			}
			for compare(list[j], pivot) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case n <= j+1:
			high = j + 1
		case n >= i:
			low = i
		default:
			high = i
		}
	}
	slices.SortFunc(list[:high], compare)
}
