// Package synth draws a street network that does not exist but could: from
// district outlines, main roads, water and a seed. The same landscape gives the
// same network on every machine. It stands in for OpenStreetMap where no extract
// of a city may be shipped, and every network says so (Simulated).
//
// Distances are metres, coordinates WGS 84 (longitude, latitude).
package synth

import (
	"github.com/paulmach/orb"

	"polder.city/roads"
)

// A Landscape is what streets are drawn on.
type Landscape struct {
	// Source is shown beside every map of the result, as "gesimuleerd stratenplan".
	Source string
	// Seed chooses among the networks that fit the landscape.
	Seed      uint64
	Districts []District
	Roads     []Road  // main roads; earlier ones are drawn first
	Water     []Water // streets cross it by bridges only
	Green     []Green
	// Interchanges are places where a motorway's ramps meet the main road that crosses it there.
	Interchanges []orb.Point
}

// A District is filled with streets of its own.
type District struct {
	Code, Name string
	Polygon    orb.MultiPolygon
	Pattern    Pattern
	// Streets are the names to give out, in this order; a district that needs more
	// uses them again with a Roman numeral. Without any, streets are called after the district.
	Streets []string
}

// Pattern says how dense and how regular a district's streets are.
type Pattern uint8

// The patterns of streets.
const (
	Sparse      Pattern = iota // land with few roads
	Neighbour                  // residential, with woonerven and dead ends
	Centre                     // small blocks, pedestrian streets, one-way streets
	Estate                     // business estate: large blocks, all streets open to trucks
	Countryside                // lanes a few hundred metres apart
)

// A Road is a main road as a line.
type Road struct {
	Name, Ref string
	Class     roads.Class // Motorway is drawn as two carriageways; Busway admits buses only
	MaxSpeed  uint8       // km/h; 0 when not signed
	Line      orb.LineString
}

// Water is a lake (Polygon) or a canal (Line and Width).
type Water struct {
	Name      string
	Polygon   orb.Polygon
	Line      orb.LineString
	Width     float64 // metres; of a canal
	Schematic bool
}

// Green is a park, wood or field; streets may run through it unless Closed.
type Green struct {
	Name    string
	Polygon orb.Polygon
	Closed  bool
}
