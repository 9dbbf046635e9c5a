package collection

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// distance is the distance in metres as the crow flies.
func distance(a, b orb.Point) float64 { return geo.Distance(a, b) }

// length is the length of a line in metres.
func length(line orb.LineString) float64 { return geo.Length(line) }
