// Package roads turns street data into travel times and paths.
//
// A [Network] is the map as its source drew it, with nothing left out that a
// vehicle or a map painter could ask for. [Build] makes a routing [Graph] of it
// for one [Profile]. Networks come from OpenStreetMap ([ImportPBF]) or from a
// seed (package roads/synth); both are stored in one format ([Network.WriteTo]).
package roads

import (
	"slices"

	"github.com/paulmach/orb"
)

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
	Zones        []Zone
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

	Private      Access        // of those whom Forward and Backward name: who may drive here only where a trip begins or ends
	Seconds      uint32        // that the whole way takes, as a ferry's timetable says; 0 when not said
	Conditionals []Conditional // what differs at times, or for some vehicles; of several that hold the last one counts
}

// A Conditional says what else holds on a way while a condition does.
type Conditional struct {
	When string // see [Network.Check]; as "Mo-Fr 07:00-09:00 AND weight>7.5"

	Forward, Backward Access // whom it speaks of, in and against the drawing order
	Admits            Access // of these, who may drive (for destination traffic only, with that member); the others may not

	Limit Limit  // what it sets instead
	Max   uint16 // in the unit of the way's own; 0: not limited
}

// Limit is a limit of a [Way].
type Limit uint8

// The limits that a [Conditional] can set.
const (
	NoLimit Limit = iota
	LimitWeight
	LimitHeight
	LimitWidth
	LimitLength
	LimitSpeed
)

// A Zone is an area that vehicles may drive in only when they are clean enough.
type Zone struct {
	Name    string
	Polygon orb.Polygon
	Applies Access   // whom it binds
	Least   Emission // the class that is admitted and every cleaner one
	When    string   // a condition, as of a [Conditional]; "" is always
}

// Emission is the emission class of a vehicle: that of the European standards, 1 to 7;
// ZeroEmission is cleaner than all. 0 is not known.
type Emission uint8

// ZeroEmission is the class of vehicles without an exhaust.
const ZeroEmission Emission = 100

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

// A Restriction forbids (or, when Only is set, commands) one turn: from one way to
// another where they meet, or with Over from one over several whole ways to another.
type Restriction struct {
	From, To int32   // indexes into Network.Ways
	Via      int32   // index into Network.Nodes: where From is left
	Over     []int32 // ways in between, in the order of driving; often none
	Only     bool
	// Applies says whom it binds; 0 is all motor traffic.
	Applies Access
	When    string // a condition, as of a [Conditional]; "" is always
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

// joints returns the nodes at which a restriction over ways goes from one way to the next:
// first via, or any where its first two meet when via is -1.
func (n *Network) joints(r *Restriction, via int32) (nodes []int32, ok bool) {
	before := r.From
	for i, over := range r.Over {
		from, to := n.Ways[over].Nodes, n.Ways[before].Nodes
		if i > 0 {
			via = -1
		}
		v := meeting(from, to, via, nodes)
		if v < 0 {
			return nil, false
		}
		nodes, before = append(nodes, v), over
	}
	v := meeting(n.Ways[before].Nodes, n.Ways[r.To].Nodes, -1, nodes)
	return append(nodes, v), v >= 0
}

// meeting returns a node that two ways share, if possible an end of the first and not the
// last of those before; only one node is looked at unless that is -1. It returns -1 when
// there is none.
func meeting(a, b []int32, only int32, before []int32) int32 {
	found := int32(-1)
	look := func(v int32) bool {
		if only >= 0 && v != only || !slices.Contains(b, v) {
			return false
		}
		found = v
		return len(before) == 0 || before[len(before)-1] != v
	}
	if look(a[0]) || look(a[len(a)-1]) || slices.ContainsFunc(a, look) {
		return found
	}
	return found // the one before, if they share no other
}
