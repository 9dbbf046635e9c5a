package roads

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Matrix holds the fastest paths between N places: time in seconds and length in
// metres of the path from place i to place j at index i*N+j. It is asymmetric:
// there are one-way streets.
type Matrix struct {
	N               int
	Seconds, Meters []int32
}

// Matrix computes the fastest paths between places that this graph snapped. A
// path may leave and arrive in either permitted direction of its street: a truck
// that stops may turn there. Places are spread over all processors; the result does
// not depend on how. It stops with the context's error soon after ctx ends, and returns
// an [*UnreachableError] when closures leave no way from one place to another.
//
// From each place a search goes up against the direction of driving, and leaves at
// each node of the hierarchy that it reached what it costs to get from there to the
// place. Then for each row a search goes up in the direction of driving and gathers
// what was left. Source: Knopp, Sanders, Schultes, Schulz and Wagner, Computing
// many-to-many shortest paths using highway hierarchies (ALENEX 2007).
func (g *Graph) Matrix(ctx context.Context, at []Snap) (*Matrix, error) {
	n := len(at)
	for i := range at {
		if err := g.checkSnap(at[i]); err != nil {
			return nil, fmt.Errorf("matrix: place %d: %w", i, err)
		}
	}
	m := &Matrix{N: n, Seconds: make([]int32, n*n), Meters: make([]int32, n*n)}
	left := make([][]deposit, n)
	err := g.each(ctx, n, func(c *climber, j int) error {
		c.arrive(g, at[j])
		left[j] = slices.Clone(c.deposits)
		return nil
	})
	if err == nil {
		b, on, batches := newBuckets(len(g.topology.arc), left), newStreets(at), g.batches(at)
		err = g.each(ctx, len(batches), func(c *climber, i int) error {
			c.costs(g, batches[i], at, b, on)
			return c.rows(g, m, batches[i], at)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("matrix of %d places: %w", n, err)
	}
	return m, nil
}

// checkSnap refuses a place that this graph cannot have snapped.
func (g *Graph) checkSnap(s Snap) error {
	if s.Edge < 0 || s.Edge >= g.edges() || !(s.Along >= 0 && s.Along <= 1) {
		return fmt.Errorf("edge %d, share %v: this graph did not snap that place", s.Edge, s.Along)
	}
	return nil
}

// each does something for the numbers up to n, on all processors, until one fails or
// ctx ends. Of several errors it returns that of the lowest number.
func (g *Graph) each(ctx context.Context, n int, do func(c *climber, i int) error) error {
	var (
		next   atomic.Int64
		failed atomic.Bool
		group  sync.WaitGroup
	)
	errs := make([]error, n)
	for range min(runtime.GOMAXPROCS(0), n) {
		group.Go(func() {
			c := g.climber()
			defer g.climbers.Put(c)
			for !failed.Load() && ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if errs[i] = do(c, i); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return cmp.Or(errs...)
}

// lanes is how many rows are filled at once: what a bucket holds is then read once for
// all of them. gather is written out for four.
const lanes = 4

// batches puts places together that are near each other in the hierarchy, and so look
// into the same buckets; in a batch they ascend.
func (g *Graph) batches(at []Snap) [][]int32 {
	order := make([]int32, len(at))
	for i := range order {
		order[i] = int32(i)
	}
	node := func(i int32) int32 { return max(g.topology.rank[2*at[i].Edge], g.topology.rank[2*at[i].Edge+1]) }
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(node(a), node(b)), cmp.Compare(a, b)) })
	batches := slices.Collect(slices.Chunk(order, lanes))
	for _, batch := range batches {
		slices.Sort(batch)
	}
	return batches
}

// costs fills c.best with what it costs to get from each place of a batch to each place.
func (c *climber) costs(g *Graph, batch []int32, at []Snap, b *buckets, on streets) {
	c.best = resize(c.best, len(at))
	for j := range c.best {
		for lane := range c.best[j] {
			c.best[j][lane] = unreached
		}
	}
	for lane := range c.departures {
		c.departures[lane] = c.departures[lane][:0]
	}
	for lane, i := range batch {
		for _, o := range on.places(at[i].Edge) {
			c.best[o.place][lane], _ = g.direct(at[i], at[o.place])
		}
		c.depart(g, at[i])
		c.departures[lane] = append(c.departures[lane], c.deposits...)
	}
	// The deposits descend: take the highest node of any lane until there is none.
	var next [lanes]int
	for {
		highest := int32(-1)
		for lane, deposits := range c.departures {
			if next[lane] < len(deposits) {
				highest = max(highest, deposits[next[lane]].node)
			}
		}
		if highest < 0 {
			return
		}
		var costs [lanes]packedCost
		for lane, deposits := range c.departures {
			costs[lane] = unreached
			if next[lane] < len(deposits) && deposits[next[lane]].node == highest {
				costs[lane] = deposits[next[lane]].cost
				next[lane]++
			}
		}
		b.gather(highest, &costs, c.best)
	}
}

// rows fills the rows of a batch.
func (c *climber) rows(g *Graph, m *Matrix, batch []int32, at []Snap) error {
	entry := g.profile.entryMillis()
	for lane, i := range batch {
		seconds, meters := m.Seconds[int(i)*m.N:][:m.N], m.Meters[int(i)*m.N:][:m.N]
		for j := range c.best {
			cost := c.best[j][lane]
			if cost == unreached {
				return fmt.Errorf("place %d to place %d: %w", i, j, g.unreachable(at[i], at[j]))
			}
			seconds[j], meters[j] = cost.seconds(entry), cost.meters()
		}
	}
	return nil
}

// buckets hold what the places left at each node: node x has those from from[x] to
// from[x+1].
type buckets struct {
	from  []int32
	place []int32
	cost  []packedCost
}

// newBuckets sorts what each place left by node.
func newBuckets(nodes int, left [][]deposit) *buckets {
	b := &buckets{from: make([]int32, nodes+1)}
	for _, deposits := range left {
		for _, d := range deposits {
			b.from[d.node+1]++
		}
	}
	for x := range nodes {
		b.from[x+1] += b.from[x]
	}
	b.place, b.cost = make([]int32, b.from[nodes]), make([]packedCost, b.from[nodes])
	fill := slices.Clone(b.from)
	for j, deposits := range left {
		for _, d := range deposits {
			b.place[fill[d.node]], b.cost[fill[d.node]] = int32(j), d.cost
			fill[d.node]++
		}
	}
	return b
}

// gather lowers the costs of rows to what they are over one node.
func (b *buckets) gather(node int32, to *[lanes]packedCost, best [][lanes]packedCost) {
	lo, hi := b.from[node], b.from[node+1]
	places := b.place[lo:hi]
	costs := b.cost[lo:hi][:len(places)]
	to0, to1, to2, to3 := to[0], to[1], to[2], to[3] // kept in registers
	for k, j := range places {
		cost, row := costs[k], &best[j]
		row[0] = min(row[0], to0+cost)
		row[1] = min(row[1], to1+cost)
		row[2] = min(row[2], to2+cost)
		row[3] = min(row[3], to3+cost)
	}
}

// streets lists places by their edge.
type streets []onStreet

type onStreet struct{ edge, place int32 }

func newStreets(at []Snap) streets {
	s := make(streets, len(at))
	for i := range at {
		s[i] = onStreet{at[i].Edge, int32(i)}
	}
	slices.SortFunc(s, func(a, b onStreet) int { return cmp.Or(cmp.Compare(a.edge, b.edge), cmp.Compare(a.place, b.place)) })
	return s
}

// places returns those on an edge.
func (s streets) places(edge int32) []onStreet {
	byEdge := func(o onStreet, e int32) int { return cmp.Compare(o.edge, e) }
	first, _ := slices.BinarySearchFunc(s, edge, byEdge)
	end, _ := slices.BinarySearchFunc(s, edge+1, byEdge)
	return s[first:end]
}
