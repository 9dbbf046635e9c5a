package roads

import (
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"slices"

	"github.com/paulmach/orb"
)

// Straight is a straight part of a way in a direction of driving.
type Straight struct {
	Way      int64
	From, To orb.Point
}

// Component returns the straight parts that a graph drives. False are those on which trips from
// elsewhere end, and none begins: private ones that lead on nowhere.
func (g *Graph) Component() map[Straight]bool {
	parts := map[Straight]bool{}
	for e := range g.edges() {
		line := g.edgePoints(e)
		for i := 1; i < len(line); i++ {
			if g.open[2*e] || g.isReached(2*e) {
				parts[Straight{g.label[e].way, line[i-1], line[i]}] = g.open[2*e]
			}
			if g.open[2*e+1] || g.isReached(2*e+1) {
				parts[Straight{g.label[e].way, line[i], line[i-1]}] = g.open[2*e+1]
			}
		}
	}
	return parts
}

// DijkstraCosts returns the packed costs from one place to others, without a hierarchy.
func DijkstraCosts(g *Graph, from Snap, to []Snap) []packedCost {
	return newSearch(g).costsFrom(from, to)
}

// IsReached is false for the cost of a path that is not there.
func (c packedCost) IsReached() bool { return c < unreached }

// MatrixCosts returns the packed costs that a matrix is made of.
func MatrixCosts(g *Graph, at []Snap) [][]packedCost {
	left := make([][]deposit, len(at))
	c := g.climber()
	defer g.climbers.Put(c)
	for j := range at {
		c.arrive(g, at[j])
		left[j] = slices.Clone(c.deposits)
	}
	b, on := newBuckets(len(g.topology.arc), left), newStreets(at)
	costs := make([][]packedCost, len(at))
	for _, batch := range g.batches(at) {
		c.costs(g, batch, at, b, on)
		for lane, i := range batch {
			for j := range at {
				costs[i] = append(costs[i], c.best[j][lane])
			}
		}
	}
	return costs
}

// PathCost returns the packed cost of a path, and the sum of its arcs and turns.
func PathCost(g *Graph, from, to Snap) (cost, sum packedCost) {
	q := g.query()
	defer g.rest(q)
	arcs, cost, err := q.fastest(g, from, to)
	if err != nil || cost == unreached {
		return unreached, unreached
	}
	for i, a := range arcs {
		first, last := 0.0, 1.0
		if i == 0 {
			first = shareAlong(a, from)
		} else if !slices.Contains(g.turns[g.turnFrom[arcs[i-1]]:g.turnFrom[arcs[i-1]+1]], makeTurn(a, g.turnKind(arcs[i-1], a))) {
			return cost, unreached
		} else {
			sum += g.turnCost[g.turnKind(arcs[i-1], a)]
		}
		if i == len(arcs)-1 {
			last = shareAlong(a, to)
		}
		sum += g.cost[a>>1].part(first, last)
	}
	return cost, sum
}

// SameHierarchy says whether two graphs have the same order, links and weights.
func SameHierarchy(a, b *Graph) bool {
	return reflect.DeepEqual(a.topology, b.topology) && reflect.DeepEqual(a.metric, b.metric)
}

// ReadGraph opens the bytes of a saved graph.
func ReadGraph(data []byte, network [32]byte, p Profile) (*Graph, error) {
	own := aligned(len(data))
	copy(own, data)
	return readGraph(own, network, p)
}

// Summed puts the right length and checksum into the bytes of a saved graph.
func Summed(data []byte) []byte {
	data = slices.Clone(data)
	if len(data) < graphHead+graphTrailer {
		return data
	}
	body := data[:len(data)-graphTrailer]
	binary.NativeEndian.PutUint64(body[graphHead-16:], uint64(len(data)))
	binary.NativeEndian.PutUint64(data[len(body):], uint64(crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli))))
	return data
}
