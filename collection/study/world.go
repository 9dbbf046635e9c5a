package study

import (
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/fleet"
	"polder.city/simulate"
)

// World is a city as everybody may know it: where its containers stand, what drives and what that costs. What only
// the judge may know, the simulator's configuration, is not exported. Its values are not changed once it is built; many runs share it.
type World struct {
	Name       string
	Location   *time.Location
	Start      time.Time // the first midnight
	Streams    []Stream
	Containers []Container

	// Travel between locations: the depot is 0, facilities follow, then places.
	Locations       int
	Seconds, Meters []int32

	Depot      fleet.Depot
	Facilities []fleet.Facility // none: trucks have room for everything
	Trucks     []fleet.Vehicle  // as the planner may use them
	Breaks     []fleet.Break    // that a crew takes on its way where the trucks' own list none
	// Overtime is how many seconds after the trucks' shift a crew still drives: breaks that the shift is without, and a day that takes longer
	// than planned.
	Overtime int32

	Fleet   city.Fleet // prices and minutes of handling
	Works   func(midnight time.Time) bool
	Holiday func(midnight time.Time) bool
	// Counts is whether sensors count deposits; else they see fills.
	Counts bool
	// Deposit is the mean and the standard deviation of one deposit in litres, where deposits are counted.
	Deposit [2]float64
	// ReadEvery is how many hours lie between two readings that arrive.
	ReadEvery int

	config   simulate.Config // without seed
	travelCV float64         // of a truck's travel times on a day
	co2      [2]float64      // grams a kilometre and a lift
}

// Stream is a kind of waste.
type Stream struct {
	ID                          string
	KgPerLitre, PressedPerLitre float64 // as it lies in a container and in a truck, kg per litre
	HygieneDays                 int
}

// Container is a container, or a cluster that is emptied and filled as one.
type Container struct {
	ID       string
	Location int // its place
	Stream   int
	Litres   float64
	Lifts    int // how often the crane lifts for one emptying: the containers of a cluster
	Point    orb.Point
	District string
	Sensor   bool
	Found    []city.ScheduleRow // the schedule as it was found; none: practice is a fixed count
}

// handling returns the seconds of emptying a container, without those of its place.
func (w *World) handling(c *Container) int32 {
	return int32(w.Fleet.MinutesPerContainer*60*float64(c.Lifts) + 0.5)
}

func (w *World) placeSeconds() int32 { return int32(w.Fleet.MinutesPerPlace*60 + 0.5) }
