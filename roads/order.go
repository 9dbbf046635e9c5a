package roads

import (
	"cmp"
	"slices"
	"sync"

	"github.com/paulmach/orb"
)

// dissection orders the edges of a street network so that few of them separate
// the rest: the last ones cut the network in two halves that no other edge joins,
// before them come those that cut each half, and so on down to single junctions
// (nested dissection). The halves are found by inertial flow: of the junctions
// sorted along a direction the first quarter is the source, the last the sink, and
// the edges of the smallest cut between them separate.
//
// In the graph of arcs and turns the arcs of the edges of a cut separate the arcs
// of one half from those of the other, whatever turns are allowed; so an order of
// edges is one of arcs. Sources: Schild and Sommer, On balanced separators in road
// networks (SEA 2015); Buchhold, Wagner, Zeitz and Zündorf, Customizable
// contraction hierarchies with turn costs (ATMOS 2020).
type dissection struct {
	ends   [][2]int32  // junctions, by edge
	at     []orb.Point // by junction
	weight []uint8     // arcs that may be driven, by edge

	// Each cell owns a part of these, disjoint from the others', so that the halves
	// can be cut at the same time.
	edges  []int32             // in the end: in order of rank
	sorted [directions][]int32 // junctions, along each direction
	index  []int32             // junction: its place in the cell's part of sorted[0]
	forks  chan struct{}       // holds a token for each further goroutine
	group  sync.WaitGroup
	spare  sync.Pool // of *bisector
}

// directions is how many a cell is looked at along: east, north-east, north and
// north-west.
const directions = 4

// cell is a part of the network: edges[edgeLo:edgeHi] join the junctions
// sorted[...][lo:hi] and no others.
type cell struct{ lo, hi, edgeLo, edgeHi int32 }

// dissect returns the edges in order of rank, lowest first. It depends on its
// arguments alone, and not on the number of workers.
func dissect(ends [][2]int32, at []orb.Point, weight []uint8, workers int) []int32 {
	d := &dissection{ends: ends, at: at, weight: weight, forks: make(chan struct{}, max(0, workers-1))}
	d.edges = make([]int32, len(ends))
	for e := range d.edges {
		d.edges[e] = int32(e)
	}
	d.index = make([]int32, len(at))
	for k, way := range [directions][2]float64{{1, 0}, {1, 1}, {0, 1}, {-1, 1}} {
		key := make([]float64, len(at))
		for v, p := range at {
			key[v] = way[0]*p[0] + way[1]*p[1]
		}
		d.sorted[k] = make([]int32, len(at))
		for v := range d.sorted[k] {
			d.sorted[k][v] = int32(v)
		}
		slices.SortFunc(d.sorted[k], func(a, b int32) int { return cmp.Or(cmp.Compare(key[a], key[b]), cmp.Compare(a, b)) })
	}
	d.spare.New = func() any { return new(bisector) }
	d.split(cell{0, int32(len(at)), 0, int32(len(ends))})
	d.group.Wait()
	return d.edges
}

// split orders the edges of a cell: those of its two halves, then those between.
func (d *dissection) split(c cell) {
	for c.hi-c.lo > 1 && c.edgeHi > c.edgeLo {
		b := d.spare.Get().(*bisector)
		b.load(d, c)
		b.cut()
		left, right := b.part(d, c)
		d.spare.Put(b)
		if right.hi-right.lo >= forkJunctions {
			select {
			case d.forks <- struct{}{}:
				d.group.Go(func() {
					d.split(right)
					<-d.forks
				})
				c = left
				continue
			default:
			}
		}
		d.split(right)
		c = left
	}
}

// forkJunctions is the smallest cell that is worth a goroutine.
const forkJunctions = 1000
