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
	up, down weights
	parts    []part
	above    []int32 // nodes in no part, ascending
}

// part is a node of the tree and all nodes below it.
type part struct{ first, last int32 }

// customize finds the weights of the links from the graph's edges and turns. They do
// not depend on the number of workers.
func (t *topology) customize(g *Graph, workers int) (up, down weights) {
	c := customization{t: t, up: newWeights(len(t.up.other)), down: newWeights(len(t.down.other))}
	c.turns(g)
	c.divide()
	c.pullParts(workers)
	r := newRow(len(t.arc))
	for _, y := range c.above {
		c.pull(r, y)
	}
	return c.up, c.down
}

// turns gives the links that are turns their own cost.
func (c *customization) turns(g *Graph) {
	for _, a := range c.t.arc {
		if !g.open[a] {
			continue
		}
		for i := g.turnFrom[a]; i < g.turnFrom[a+1]; i++ {
			u, k := g.turns[i], c.t.turnLink[i]
			if !g.open[u.arc()] || k == noLink {
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
			c.parts = append(c.parts, part{x - size[x] + 1, x})
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
				for y := c.parts[i].first; y <= c.parts[i].last; y++ {
					c.pull(r, y)
				}
			}
		})
	}
	group.Wait()
}

// row is the links of one node spread out by their other end.
type row struct {
	cost []packedCost
	via  []int32
}

func newRow(n int) *row { return &row{make([]packedCost, n), make([]int32, n)} }

func (c *customization) pull(r *row, y int32) {
	r.pull(y, &c.t.up, &c.up, &c.t.down, &c.down)
	r.pull(y, &c.t.down, &c.down, &c.t.up, &c.up)
}

// pull makes the links of node y the cheapest over any lower node x: from y to x by
// a link of the other direction, from there on by one of the same (for links down:
// the same against the direction of driving).
func (r *row) pull(y int32, same *links, sameW *weights, other *links, otherW *weights) {
	first, end := same.from[y], same.from[y+1]
	if first == end {
		return
	}
	for k := first; k < end; k++ {
		z := same.other[k]
		r.cost[z], r.via[z] = sameW.cost[k], isTurn
	}
	for _, l := range other.lower(y) {
		leg := otherW.cost[l.link]
		if leg == unreached {
			continue
		}
		lo, hi := same.from[l.node], same.from[l.node+1]
		highs := same.other[lo:hi]
		costs := sameW.cost[lo:hi][:len(highs)]
		for i := len(highs) - 1; i >= 0; i-- {
			z := highs[i]
			if z <= y {
				break
			}
			if over := leg + costs[i]; over < r.cost[z] {
				r.cost[z], r.via[z] = over, l.node
			}
		}
	}
	for k := first; k < end; k++ {
		z := same.other[k]
		sameW.cost[k], sameW.via[k] = r.cost[z], r.via[z]
	}
}
