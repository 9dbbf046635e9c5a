package roads

// search is Dijkstra's algorithm over arcs, for comparison: the label of an arc is
// the cost to reach its beginning, with the turn into it.
type search struct {
	g      *Graph
	cost   []packedCost // by arc: the label; unreached at rest
	place  []int32      // by arc: place in heap + 1; 0 not seen; settled when done
	heap   []heapItem   // four children each: fewer levels, one cache line
	seen   []int32      // arcs to put back at rest
	parent []int32      // by arc: the arc before; ^arc when the path begins on that arc
}

type heapItem struct {
	key packedCost
	arc int32
}

const settled = -1

func newSearch(g *Graph) *search {
	arcs := len(g.open)
	s := &search{g: g, cost: make([]packedCost, arcs), place: make([]int32, arcs), parent: make([]int32, arcs)}
	for a := range s.cost {
		s.cost[a] = unreached
	}
	return s
}

func (s *search) clear() {
	for _, a := range s.seen {
		s.cost[a], s.place[a] = unreached, 0
	}
	s.seen, s.heap = s.seen[:0], s.heap[:0]
}

// begin labels the arcs that can be turned into after leaving a place, in either direction.
func (s *search) begin(from Snap) {
	g := s.g
	for direction, is := range g.served(from) {
		if a := 2*from.Edge + int32(direction); is && g.open[a] {
			s.relax(a, ^a, g.cost[from.Edge].part(shareAlong(a, from), 1))
		}
	}
}

// next settles the arc with the lowest label and returns it; ok is false when
// nothing is left.
func (s *search) next() (arc int32, key packedCost, ok bool) {
	if len(s.heap) == 0 {
		return 0, 0, false
	}
	top := s.pop()
	s.place[top.arc] = settled
	s.relax(top.arc, top.arc, top.key+s.g.cost[top.arc>>1])
	return top.arc, top.key, true
}

// relax labels the arcs after a, whose end is reached at a cost.
func (s *search) relax(a, parent int32, end packedCost) {
	g := s.g
	for _, t := range g.turns[g.turnFrom[a]:g.turnFrom[a+1]] {
		b := t.arc()
		if !g.open[b] || t.isShut() {
			continue
		}
		key := end + g.turnCost[t.kind()]
		if key >= s.cost[b] || s.place[b] == settled {
			continue
		}
		if s.place[b] == 0 {
			s.seen = append(s.seen, b)
			s.heap = append(s.heap, heapItem{})
			s.place[b] = int32(len(s.heap))
		}
		s.cost[b], s.parent[b] = key, parent
		s.up(int(s.place[b])-1, heapItem{key, b})
	}
}

// up puts an item at a place or nearer to the top.
func (s *search) up(i int, item heapItem) {
	for i > 0 {
		above := (i - 1) / 4
		if s.heap[above].key <= item.key {
			break
		}
		s.heap[i] = s.heap[above]
		s.place[s.heap[i].arc] = int32(i + 1)
		i = above
	}
	s.heap[i] = item
	s.place[item.arc] = int32(i + 1)
}

// pop takes the item with the lowest key.
func (s *search) pop() heapItem {
	top := s.heap[0]
	last := len(s.heap) - 1
	item := s.heap[last]
	s.heap = s.heap[:last]
	if last == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= last {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, last); c++ {
			if s.heap[c].key < s.heap[least].key {
				least = c
			}
		}
		if s.heap[least].key >= item.key {
			break
		}
		s.heap[i] = s.heap[least]
		s.place[s.heap[i].arc] = int32(i + 1)
		i = least
	}
	s.heap[i] = item
	s.place[item.arc] = int32(i + 1)
	return top
}

// costsFrom returns the costs of the fastest paths from one place to others.
func (s *search) costsFrom(from Snap, to []Snap) []packedCost {
	s.clear()
	s.begin(from)
	for {
		if _, _, ok := s.next(); !ok {
			break
		}
	}
	best := make([]packedCost, len(to))
	for j, t := range to {
		best[j] = unreached
		for direction, is := range s.g.served(t) {
			arc := 2*t.Edge + int32(direction)
			if !is {
				continue
			}
			s.g.states(arc, func(a int32) bool {
				share := shareAlong(a, t)
				if ahead := shareAlong(a, from); t.Edge == from.Edge && share >= ahead && a == arc && s.g.served(from)[direction] {
					best[j] = min(best[j], s.g.cost[t.Edge].part(ahead, share))
				}
				if s.cost[a] < unreached {
					best[j] = min(best[j], s.cost[a]+s.g.cost[t.Edge].part(0, share))
				}
				return false
			})
		}
	}
	return best
}
