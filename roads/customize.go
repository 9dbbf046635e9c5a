package roads

import (
	"sync"
	"sync/atomic"
)

// customization finds what the links of a topology cost: each the cost of the
// cheapest way that leads over lower nodes alone (the basic customization of Dibbelt,
// Strasser and Wagner; their perfect one would find few links of ours to be useless,
// since those without a way over lower nodes are not there in the first place). Its
// inner loops look like C, since they are all the time that a new metric takes.
//
// Nodes below different nodes of the tree have no links with each other. So the tree
// is cut into parts that workers take, and a rest above them that is done after.
type customization struct {
	t        *topology
	up, down side
	parts    []part
	above    []int32 // nodes in no part, ascending
}

// side is the links of one direction with their weights, and for each node y a queue
// of the lower nodes that have a link to y which y has not looked at: a node whose own
// links are done stands in the queue of the lowest node that it is linked to, and then
// in that of the next, so that no list of the links by their higher end is needed.
type side struct {
	*links
	weights
	first []int32 // by node y: the first in its queue + 1
	next  []int32 // by node x: the one behind it in the queue it stands in + 1
	at    []int32 // by node x: the link to the node whose queue it stands in
}

// part is a node of the tree and all nodes below it.
type part struct {
	first, last int32
	up, down    []int32 // nodes of the part whose next link leads out of it
}

// customize finds the weights of the links from the graph's edges and turns. They do
// not depend on the number of workers.
func (t *topology) customize(g *Graph, workers int) (up, down weights) {
	c := customization{t: t, up: newSide(&t.up), down: newSide(&t.down)}
	c.turns(g)
	c.divide()
	c.pullParts(workers)
	r := newRow(len(t.arc))
	rest := part{last: int32(len(t.arc))}
	for _, y := range c.above {
		c.pull(r, y, &rest)
	}
	return c.up.weights, c.down.weights
}

func newSide(l *links) side {
	n := len(l.from) - 1
	return side{l, newWeights(len(l.other)), make([]int32, n), make([]int32, n), make([]int32, n)}
}

// stand puts a node in the queue of the other end of a link, if the link is its own.
// It returns false when that lies behind last, in whose queues nobody may stand yet.
func (s *side) stand(x, link, last int32) bool {
	s.at[x] = link
	if link == s.from[x+1] {
		return true
	}
	y := s.other[link]
	if y > last {
		return false
	}
	s.next[x], s.first[y] = s.first[y], x+1
	return true
}

// turns gives the links that are turns their own cost.
func (c *customization) turns(g *Graph) {
	for _, a := range c.t.arc {
		if !g.open[a] {
			continue
		}
		for i := g.turnFrom[a]; i < g.turnFrom[a+1]; i++ {
			u, k := g.turns[i], c.t.turnLink[i]
			if !g.open[u.arc()] || u.isShut() || k == noLink {
				continue
			}
			if cost := g.cost[a>>1] + g.turnCost[u.kind()]; k >= 0 {
				c.up.cost[k] = cost
			} else {
				c.down.cost[^k] = cost
			}
		}
	}
}

// divide cuts the tree into parts.
func (c *customization) divide() {
	n := int32(len(c.t.arc))
	size := make([]int32, n)
	for x := range n {
		size[x]++
		if p := c.t.parent[x]; p >= 0 {
			size[p] += size[x]
		}
	}
	limit := max(256, n/16)
	for x := range n {
		p := c.t.parent[x]
		switch {
		case size[x] > limit:
			c.above = append(c.above, x)
		case p < 0 || size[p] > limit:
			c.parts = append(c.parts, part{first: x - size[x] + 1, last: x})
		}
	}
}

func (c *customization) pullParts(workers int) {
	var (
		next  atomic.Int64
		group sync.WaitGroup
	)
	for range min(workers, len(c.parts)) {
		group.Go(func() {
			r := newRow(len(c.t.arc))
			for {
				i := int(next.Add(1)) - 1
				if i >= len(c.parts) {
					return
				}
				for p, y := &c.parts[i], c.parts[i].first; y <= p.last; y++ {
					c.pull(r, y, p)
				}
			}
		})
	}
	group.Wait()
	// In order of part, whoever did it.
	n := int32(len(c.t.arc))
	for i := range c.parts {
		for _, x := range c.parts[i].up {
			c.up.stand(x, c.up.at[x], n)
		}
		for _, x := range c.parts[i].down {
			c.down.stand(x, c.down.at[x], n)
		}
	}
}

// row is the links of one node spread out by their other end.
type row struct {
	cost []packedCost
	via  []int32
}

func newRow(n int) *row { return &row{make([]packedCost, n), make([]int32, n)} }

// pull finishes the links of node y, which is in a part.
func (c *customization) pull(r *row, y int32, p *part) {
	p.down = r.pull(y, &c.up, &c.down, p.last, p.down)
	p.up = r.pull(y, &c.down, &c.up, p.last, p.up)
	if !c.up.stand(y, c.up.from[y], p.last) {
		p.up = append(p.up, y)
	}
	if !c.down.stand(y, c.down.from[y], p.last) {
		p.down = append(p.down, y)
	}
}

// pull makes the links of node y the cheapest over any lower node x: from y to x by
// a link of the other direction, from there on by one of the same (for links down:
// the same against the direction of driving). The lower nodes go on to their next
// queue; those whose next lies behind last are added to out.
func (r *row) pull(y int32, same, other *side, last int32, out []int32) []int32 {
	first, end := same.from[y], same.from[y+1]
	for k := first; k < end; k++ {
		z := same.other[k]
		r.cost[z], r.via[z] = same.cost[k], isTurn
	}
	for next := other.first[y]; next != 0; {
		x := next - 1
		next = other.next[x]
		leg := other.cost[other.at[x]]
		if !other.stand(x, other.at[x]+1, last) {
			out = append(out, x)
		}
		if leg == unreached || first == end {
			continue
		}
		lo, hi := same.from[x], same.from[x+1]
		highs := same.other[lo:hi]
		costs := same.cost[lo:hi][:len(highs)]
		for i := len(highs) - 1; i >= 0; i-- {
			z := highs[i]
			if z <= y {
				break
			}
			if over := leg + costs[i]; over < r.cost[z] {
				r.cost[z], r.via[z] = over, x
			}
		}
	}
	for k := first; k < end; k++ {
		z := same.other[k]
		same.cost[k], same.via[k] = r.cost[z], r.via[z]
	}
	return out
}
