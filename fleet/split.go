package fleet

import "math"

// splitter cuts a giant tour into routes at the least cost (Prins, "A simple and effective evolutionary algorithm for the
// vehicle routing problem", Computers & Operations Research 31(12), 2004), overload allowed at a penalty up to
// half a vehicle (Vidal 2022).
type splitter struct {
	*school
	least []int64 // of the first i stops; with limited routes, one row a number of routes
	from  []int32 // where the last route of the first i stops begins
}

func newSplitter(l *school) *splitter {
	return &splitter{school: l, least: make([]int64, 2*(l.stops+1)), from: make([]int32, (l.routes+1)*(l.stops+1))}
}

// split cuts the individual's tour into routes of at most the number there may be.
func (p *splitter) split(in *individual, penalty float64) {
	p.penalty = penalty
	n := p.stops
	least, from := p.least[:n+1], p.from[:n+1]
	for i := range least {
		least[i] = math.MaxInt64
	}
	least[0] = 0
	for i := range n {
		p.reach(in.tour, i, least[i], least, from)
	}
	in.ends = in.ends[:0]
	for end := int32(n); end > 0; end = from[end] {
		in.ends = append(in.ends, end)
	}
	if len(in.ends) > p.routes {
		p.splitLimited(in)
		return
	}
	reverse(in.ends)
}

// reach offers routes from stop i of the tour on, on top of a cost.
func (p *splitter) reach(tour []int32, i int, cost int64, least []int64, from []int32) {
	depot := p.depot(0)
	load, driven := int64(0), p.arc(depot, tour[i])
	for j := i; j < len(tour); j++ {
		s := tour[j]
		if j > i {
			driven += p.arc(tour[j-1], s)
		}
		if load += p.load[s]; j > i && load > p.full+p.full/2 {
			return
		}
		if total := cost + driven + p.arc(s, depot) + p.over(load); total < least[j+1] {
			least[j+1], from[j+1] = total, int32(i)
		}
	}
}

// splitLimited is split with a row for each number of routes. Where no cut respects even the half vehicle, the last
// route takes the rest.
func (p *splitter) splitLimited(in *individual) {
	n := p.stops
	before, now := p.least[:n+1], p.least[n+1:]
	for i := range before {
		before[i] = math.MaxInt64
	}
	before[0] = 0
	routes := 0
	for routes < p.routes {
		for i := range now {
			now[i] = math.MaxInt64
		}
		from := p.from[routes*(n+1) : (routes+1)*(n+1)]
		for i := range n {
			if before[i] < math.MaxInt64 {
				p.reach(in.tour, i, before[i], now, from)
			}
		}
		before, now = now, before
		routes++
	}
	in.ends = in.ends[:0]
	end := int32(n)
	if before[n] == math.MaxInt64 { // the farthest that all routes reach, then the rest on top
		for end > 0 && before[end] == math.MaxInt64 {
			end--
		}
	}
	in.ends = append(in.ends, int32(n))
	for routes--; routes >= 0 && end > 0; routes-- {
		end = p.from[routes*(n+1)+int(end)]
		if end > 0 {
			in.ends = append(in.ends, end)
		}
	}
	reverse(in.ends)
}

// reverse turns a list round.
func reverse(list []int32) {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
}
