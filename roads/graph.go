package roads

import (
	"math"
	"sync"
	"time"

	"github.com/paulmach/orb"
)

// Graph is a network made ready for one vehicle: only streets that it may drive
// and from which it can reach every other one and come back. It is immutable and
// safe for use by many goroutines.
//
// An edge is a piece of one street between two junctions. Edge e has two arcs:
// 2e in its drawing order and 2e+1 against it, of which one may be forbidden. A
// search labels arcs, not junctions, so that a turn can be forbidden or cost time.
// The arrays are flat and their elements small, since a search runs through them
// at random.
//
// The last edges are copies of others, for arcs that differ by what was driven before (see
// histories.go). Places are never on them; paths and costs are over arcs, copies or not.
type Graph struct {
	profile Profile
	stats   Stats
	names   []string // by number; names[0] is ""

	metric

	// By edge.
	shape  []int32 // edge e has points[shape[e]:shape[e+1]], at least two
	label  []label
	class  []Class
	traits []trait
	copyOf []int32 // by copy, from edge edges() on: the edge that it is of, ascending
	// points are the corners of all edges in drawing order.
	points []orb.Point

	// By arc.
	turnFrom []int32 // arc a may be followed by turns[turnFrom[a]:turnFrom[a+1]]
	turns    []turn
	turnCost [turnKinds]packedCost

	topology *topology
	cells    grid
	queries  *sync.Pool // of *query
	climbers *sync.Pool // of *climber

	timed   timed     // what depends on the moment
	moment  time.Time // made by At for it; zero for what Build makes
	changed bool      // made by With: it is not what Build makes of the network
	mapping *mapping  // of the file that the arrays lie in; nil when Build made them
}

// label is what a person is told about an edge.
type label struct {
	way       int64 // the source's own number
	name, ref int32 // in Graph.names
}

// Stats says what a graph was made of and what was left out.
type Stats struct {
	Nodes, Edges, Arcs, Turns int // in the graph; Arcs counts the directions that are permitted at any time

	Meters        float64 // length of the edges in the graph
	DrivableEdges int     // edges that the vehicle may drive at all
	DroppedEdges  int     // of these, cut off from the largest component
	DroppedMeters float64
	Share         float64 // of the drivable length that is in the graph, 0 to 1
	Barriers      int     // that stop the vehicle on a drivable street
	Restrictions  int     // turn restrictions that bind the vehicle
}

// Stats returns the counts of the graph.
func (g *Graph) Stats() Stats { return g.stats }

// Profile returns the profile that the graph was built for.
func (g *Graph) Profile() Profile { return g.profile }

// edgePoints returns the corners of an edge in drawing order.
func (g *Graph) edgePoints(e int32) []orb.Point {
	return g.points[g.shape[e]:g.shape[e+1]]
}

// earthRadius is the mean radius in metres (IUGG).
const earthRadius = 6371008.8

// metersPerDegree is the length of a degree of latitude.
const metersPerDegree = earthRadius * math.Pi / 180

// meters returns the distance between two points that are near each other, by
// the equirectangular projection: within 1 mm over 1 km at the latitude of the
// Netherlands.
func meters(a, b orb.Point) float64 {
	x := (b[0] - a[0]) * math.Cos((a[1]+b[1])/2*math.Pi/180)
	y := b[1] - a[1]
	return math.Sqrt(x*x+y*y) * metersPerDegree
}

// Meters returns the length of a line, as the graph measures its edges.
func Meters(line orb.LineString) float64 { return length(line) }

// length returns the length of a line in metres.
func length(line []orb.Point) float64 {
	var sum float64
	for i := 1; i < len(line); i++ {
		sum += meters(line[i-1], line[i])
	}
	return sum
}
