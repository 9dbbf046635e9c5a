package roads

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// customization finds what the links of a topology cost. Its inner loops look like
// C, since they are nearly all the time that a new metric takes.
//
// First each link gets the cost of the cheapest way that leads over lower nodes
// alone (the basic customization of Dibbelt, Strasser and Wagner). Then, from the
// highest node down, links are found that are dearer than a way over a higher node
// (their perfect customization); no search needs those.
//
// Nodes below different nodes of the tree have no links with each other. So the tree
// is cut into parts that workers take, and a rest above them that is done alone:
// after the parts in the first pass, before them in the second.
type customization struct {
	t        *topology
	up, down weights
	parts    []part
	above    []int32 // nodes in no part, ascending
	workers  int
}

// weights are the costs of links.
type weights struct {
	cost []packedCost
	via  []int32
}

// part is a node of the tree and all nodes below it.
type part struct{ first, last int32 }

// customize finds the hops of a metric from its edges and turns. The result does not
// depend on the number of workers.
func (t *topology) customize(g *Graph, workers int) (up, down hops) {
	c := customization{t: t, up: newWeights(len(t.up.other)), down: newWeights(len(t.down.other)), workers: workers}
	c.turns(g)
	c.divide()
	c.pullAll()
	c.trimAll()
	up.keep(&t.up, &c.up)
	down.keep(&t.down, &c.down)
	return up, down
}

func newWeights(n int) weights {
	w := weights{make([]packedCost, n), make([]int32, n)}
	for k := range w.cost {
		w.cost[k], w.via[k] = unreached, isTurn
	}
	return w
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

// eachPart hands the parts to workers, each with a row of its own.
func (c *customization) eachPart(do func(r *row, p part)) {
	var (
		next  atomic.Int64
		group sync.WaitGroup
	)
	for range min(c.workers, len(c.parts)) {
		group.Go(func() {
			r := newRow(len(c.t.arc))
			for {
				i := int(next.Add(1)) - 1
				if i >= len(c.parts) {
					return
				}
				do(r, c.parts[i])
			}
		})
	}
	group.Wait()
}

func (c *customization) pullAll() {
	t := c.t
	pull := func(r *row, y int32) {
		r.pull(y, &t.up, &c.up, &t.down, &c.down)
		r.pull(y, &t.down, &c.down, &t.up, &c.up)
	}
	c.eachPart(func(r *row, p part) {
		for y := p.first; y <= p.last; y++ {
			pull(r, y)
		}
	})
	r := newRow(len(t.arc))
	for _, y := range c.above {
		pull(r, y)
	}
}

// row is the links of one node spread out: by their other end.
type row struct {
	cost []packedCost
	via  []int32
	back []packedCost // of the links of the other direction
}

func newRow(n int) *row {
	r := &row{make([]packedCost, n), make([]int32, n), make([]packedCost, n)}
	for x := range n {
		r.cost[x], r.back[x] = unreached, unreached
	}
	return r
}

// pull makes the links of node y the cheapest over any lower node x: from y to x by
// a link of the other direction, from there on by one of the same.
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
		r.cost[z] = unreached
	}
}

func (c *customization) trimAll() {
	t := c.t
	alone := make([]bool, len(t.arc))
	for _, x := range c.above {
		alone[x] = true
	}
	r := newRow(len(t.arc))
	var up, down []lowLink
	for _, y := range slices.Backward(c.above) {
		up, down = up[:0], down[:0]
		for _, l := range t.up.lower(y) {
			if alone[l.node] {
				up = append(up, l)
			}
		}
		for _, l := range t.down.lower(y) {
			if alone[l.node] {
				down = append(down, l)
			}
		}
		r.trim(c, y, up, down)
	}
	c.eachPart(func(r *row, p part) {
		var over []int32
		for y := t.parent[p.last]; y >= 0; y = t.parent[y] {
			over = append(over, y)
		}
		for _, y := range slices.Backward(over) {
			r.trim(c, y, within(t.up.lower(y), p), within(t.down.lower(y), p))
		}
		for y := p.last; y >= p.first; y-- {
			r.trim(c, y, t.up.lower(y), t.down.lower(y))
		}
	})
}

// within returns the links whose lower end is in a part.
func within(low []lowLink, p part) []lowLink {
	byNode := func(l lowLink, x int32) int { return cmp.Compare(l.node, x) }
	first, _ := slices.BinarySearchFunc(low, p.first, byNode)
	end, _ := slices.BinarySearchFunc(low, p.last+1, byNode)
	return low[first:end]
}

// trim looks for what is dearer than a way over y or over a higher node, among the
// links of lower nodes: up from x and down to x, for those x that have one to y.
func (r *row) trim(c *customization, y int32, up, down []lowLink) {
	if len(up)+len(down) == 0 {
		return
	}
	t := c.t
	for k := t.up.from[y]; k < t.up.from[y+1]; k++ {
		r.cost[t.up.other[k]] = c.up.cost[k]
	}
	for k := t.down.from[y]; k < t.down.from[y+1]; k++ {
		r.back[t.down.other[k]] = c.down.cost[k]
	}
	for _, l := range up {
		trimLinks(&t.up, &c.up, y, l, r.cost, r.back)
	}
	for _, l := range down {
		trimLinks(&t.down, &c.down, y, l, r.back, r.cost)
	}
	for _, z := range t.up.of(y) {
		r.cost[z] = unreached
	}
	for _, z := range t.down.of(y) {
		r.back[z] = unreached
	}
}

// trimLinks compares the links of a lower node x, all up or all down, with ways over
// y: on is the cost between y and each higher node in the direction of the links,
// back against it.
func trimLinks(same *links, w *weights, y int32, l lowLink, on, back []packedCost) {
	leg := w.cost[l.link]
	lo, hi := l.link+1, same.from[l.node+1]
	highs := same.other[lo:hi]
	costs := w.cost[lo:hi][:len(highs)]
	for i, z := range highs {
		if over := leg + on[z]; over < costs[i] {
			costs[i], w.via[lo+int32(i)] = over, useless
		}
		if over := costs[i] + back[z]; over < leg {
			leg = over
			w.cost[l.link], w.via[l.link] = over, useless
		}
	}
}
