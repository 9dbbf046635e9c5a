package roads

import "slices"

// climber searches up the hierarchy from one place, forward or backward, and tells
// at which nodes a cheapest path from (or to) the place can have its highest.
type climber struct {
	cost     []packedCost // by node; unreached at rest
	at       []int32      // where the search is: at most one node for each arc it began at
	path     []int32      // the nodes that it passed, ascending
	deposits []deposit    // found, descending
	best     []packedCost // a row of a matrix
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
	c.climb(g, &g.up, &g.down)
}

// arrive climbs against the direction of driving.
func (c *climber) arrive(g *Graph, to Snap) {
	g.arrive(to, c.begin)
	c.climb(g, &g.down, &g.up)
}

func (c *climber) begin(x int32, cost packedCost) {
	if c.cost[x] == unreached {
		c.at = append(c.at, x)
	}
	c.cost[x] = min(c.cost[x], cost)
}

// climb goes up over hops and looks back down over those of the other direction. A
// node that is reached as cheaply from a higher one is not deposited: a cheapest path
// over it has its highest there.
func (c *climber) climb(g *Graph, up, back *hops) {
	c.path, c.deposits = c.path[:0], c.deposits[:0]
	parent := g.topology.parent
	for len(c.at) > 1 {
		x := slices.Min(c.at)
		c.pass(up, x)
		c.at = ascend(c.at, x, parent[x])
	}
	if len(c.at) == 1 {
		for x := c.at[0]; x >= 0; x = parent[x] {
			c.pass(up, x)
		}
		c.at = c.at[:0]
	}
	for _, x := range slices.Backward(c.path) {
		own, over := c.cost[x], unreached
		for _, h := range back.of(x) {
			over = min(over, c.cost[h.other]+h.cost)
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
func (c *climber) pass(up *hops, x int32) {
	c.path = append(c.path, x)
	cost := c.cost[x]
	if cost == unreached {
		return
	}
	for _, h := range up.of(x) {
		c.cost[h.other] = min(c.cost[h.other], cost+h.cost)
	}
}
