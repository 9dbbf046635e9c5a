package roads

// largestComponent returns which arcs are in the largest strongly connected part
// of the graph of turns (of equal ones the first found). An arc alone, without a
// turn from itself to itself, is no part. Tarjan's algorithm (SIAM J. Comput. 1,
// 1972) without recursion: a street network is deeper than a stack.
func largestComponent(turnFrom []int32, turns []turn) []bool {
	arcs := int32(len(turnFrom) - 1)
	const unseen, done = 0, int32(^uint32(0) >> 1)
	var (
		order = make([]int32, arcs) // when first seen, from 1; done once its part is known
		low   = make([]int32, arcs) // the earliest arc known to be reached
		at    = make([]int32, arcs) // the next turn to look at
		open  []int32               // seen, part not yet known
		path  []int32               // from the root of the search to where it is
		best  []int32
		clock int32
	)
	for root := range arcs {
		if order[root] != unseen || turnFrom[root] == turnFrom[root+1] {
			continue
		}
		path = append(path, root)
		for len(path) > 0 {
			a := path[len(path)-1]
			if order[a] == unseen {
				clock++
				order[a], low[a], at[a] = clock, clock, turnFrom[a]
				open = append(open, a)
			}
			if at[a] < turnFrom[a+1] {
				b := turns[at[a]].arc()
				at[a]++
				if order[b] == unseen {
					path = append(path, b)
				} else if order[b] != done {
					low[a] = min(low[a], order[b])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := path[len(path)-1]
				low[up] = min(low[up], low[a])
			}
			if low[a] != order[a] {
				continue
			}
			start := len(open) - 1
			for open[start] != a {
				start--
			}
			part := open[start:]
			if len(part) > len(best) && (len(part) > 1 || turnsToItself(turnFrom, turns, a)) {
				best = append(best[:0], part...)
			}
			for _, b := range part {
				order[b] = done
			}
			open = open[:start]
		}
	}
	in := make([]bool, arcs)
	for _, a := range best {
		in[a] = true
	}
	return in
}

func turnsToItself(turnFrom []int32, turns []turn, a int32) bool {
	for _, t := range turns[turnFrom[a]:turnFrom[a+1]] {
		if t.arc() == a {
			return true
		}
	}
	return false
}
