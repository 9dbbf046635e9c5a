// Package roads turns street data into travel times and paths.
//
// A [Network] is the map as its source drew it, with nothing left out that a
// vehicle or a map painter could ask for. [Build] makes a routing [Graph] of it
// for one [Profile]. Networks come from OpenStreetMap ([ImportPBF]) or from a
// seed (package roads/synth); both are stored in one format ([Network.WriteTo]).
package roads

import "github.com/paulmach/orb"

// A Network is a street map: streets with their rules, and the areas that a
// basemap is painted from. Coordinates are WGS 84 (longitude, latitude).
type Network struct {
	// Source says where the data is from, as it must be shown beside a map, for
	// instance "© OpenStreetMap contributors" or "gesimuleerd stratenplan".
	Source string
	// Simulated is true when the streets were drawn and do not exist.
	Simulated bool

	Nodes        []orb.Point
	Ways         []Way
	Barriers     []Barrier // at most one a node, in order of node
	Restrictions []Restriction
	Areas        []Area
}

// A Way is a street, or a part of one, along which nothing but the position changes.
type Way struct {
	// ID is the source's own number, for messages and map links.
	ID    int64
	Nodes []int32 // indexes into Network.Nodes, in drawing order, at least two
	Name  string
	Ref   string // road number, as "A6" or "N702"
	Class Class
	// Forward and Backward say who may drive in and against the drawing order.
	Forward, Backward Access
	MaxSpeed          uint8  // km/h; 0 when not signed
	MaxWeight         uint16 // in units of 100 kg; 0 when not limited
	MaxHeight         uint16 // cm; 0 when not limited
	MaxWidth          uint16 // cm; 0 when not limited
	MaxLength         uint16 // cm; 0 when not limited
	Bridge, Tunnel    bool
	Roundabout        bool
	Unpaved           bool
}

// Access says which means of travel a street admits, as a set.
type Access uint8

// The members of an [Access].
const (
	AccessCar         Access = 1 << iota // motor cars
	AccessTruck                          // goods vehicles over 3.5 t
	AccessBus                            // buses in service
	AccessBicycle                        // bicycles
	AccessFoot                           // people on foot
	AccessDestination                    // motor traffic only to or from a place on the street
)

// Class is the importance of a street, from motorway down to footpath, after
// OpenStreetMap's highway=*.
type Class uint8

// The classes of streets.
const (
	ClassUnknown Class = iota
	Motorway
	MotorwayLink
	Trunk
	TrunkLink
	Primary
	PrimaryLink
	Secondary
	SecondaryLink
	Tertiary
	TertiaryLink
	Unclassified
	Residential
	LivingStreet
	Service
	Track
	Busway
	Pedestrian
	Cycleway
	Footway
	Ferry
)

// A Restriction forbids (or, when Only is set, commands) one turn.
type Restriction struct {
	From, To int32 // indexes into Network.Ways
	Via      int32 // index into Network.Nodes
	Only     bool
	// Applies says whom it binds; 0 is all motor traffic.
	Applies Access
}

// A Barrier stands on a node and stops who may not pass it: a bollard, a locked
// gate, a beam over the road.
type Barrier struct {
	Node      int32  // index into Network.Nodes
	Passes    Access // who may go through
	MaxHeight uint16 // cm; 0 when not limited
	MaxWidth  uint16 // cm; 0 when not limited
}

// An Area is a piece of land or water that is painted under the streets.
type Area struct {
	Kind    AreaKind
	Name    string
	Polygon orb.Polygon
	// Schematic is true when the outline is a sketch and not surveyed.
	Schematic bool
}

// AreaKind says what an [Area] is.
type AreaKind uint8

// The kinds of areas.
const (
	Water AreaKind = iota + 1
	Green
	Built
	Industrial
)
