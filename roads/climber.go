package roads

import "slices"

// climber searches up the hierarchy from one place, forward or backward, and tells
// at which nodes a cheapest path from (or to) the place can have its highest.
type climber struct {
	cost     []packedCost // by node; unreached at rest
	at       []int32      // where the search is: at most one node for each arc it began at
	path     []int32      // the nodes that it passed, ascending
	deposits []deposit    // found, descending

	// For a matrix: what was found from each place of a batch, and the rows of their
	// costs, by the place that they lead to.
	departures [lanes][]deposit
	best       [][lanes]packedCost
}

// deposit is what it costs to get from a place to a node, or from the node to the place.
type deposit struct {
	node int32
	cost packedCost
}

// climber returns one at rest.
func (g *Graph) climber() *climber {
	if c, ok := g.climbers.Get().(*climber); ok {
		return c
	}
	c := &climber{cost: make([]packedCost, len(g.topology.arc))}
	for x := range c.cost {
		c.cost[x] = unreached
	}
	return c
}

// depart climbs in the direction of driving.
func (c *climber) depart(g *Graph, from Snap) {
	g.depart(from, func(x int32, cost packedCost, _ int32) { c.begin(x, cost) })
	c.climb(g.topology.parent, &g.topology.up, g.up.cost, &g.topology.down, g.down.cost)
}

// arrive climbs against the direction of driving.
func (c *climber) arrive(g *Graph, to Snap) {
	g.arrive(to, c.begin)
	c.climb(g.topology.parent, &g.topology.down, g.down.cost, &g.topology.up, g.up.cost)
}

func (c *climber) begin(x int32, cost packedCost) {
	if c.cost[x] == unreached {
		c.at = append(c.at, x)
	}
	c.cost[x] = min(c.cost[x], cost)
}

// climb goes up over links and looks back down over those of the other direction. A
// node that is reached as cheaply from a higher one is not deposited: a cheapest path
// over it has its highest there.
func (c *climber) climb(parent []int32, up *links, upCost []packedCost, back *links, backCost []packedCost) {
	c.path, c.deposits = c.path[:0], c.deposits[:0]
	for len(c.at) > 1 {
		x := slices.Min(c.at)
		c.pass(x, up, upCost)
		c.at = ascend(c.at, x, parent[x])
	}
	if len(c.at) == 1 {
		for x := c.at[0]; x >= 0; x = parent[x] {
			c.pass(x, up, upCost)
		}
		c.at = c.at[:0]
	}
	for i := len(c.path) - 1; i >= 0; i-- {
		x := c.path[i]
		own, over := c.cost[x], unreached
		lo, hi := back.from[x], back.from[x+1]
		costs := backCost[lo:hi]
		for i, z := range back.other[lo:hi][:len(costs)] {
			over = min(over, c.cost[z]+costs[i])
		}
		if own < over {
			c.deposits = append(c.deposits, deposit{x, own})
		}
		c.cost[x] = min(own, over)
	}
	for _, x := range c.path {
		c.cost[x] = unreached
	}
}

// pass lowers the costs of the nodes above x.
func (c *climber) pass(x int32, up *links, upCost []packedCost) {
	c.path = append(c.path, x)
	cost := c.cost[x]
	if cost == unreached {
		return
	}
	lo, hi := up.from[x], up.from[x+1]
	costs := upCost[lo:hi]
	for i, z := range up.other[lo:hi][:len(costs)] {
		if over := cost + costs[i]; over < c.cost[z] {
			c.cost[z] = over
		}
	}
}
