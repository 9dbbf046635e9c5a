package fleet

import (
	"fmt"
	"strings"
)

// Violation is one way in which a solution is wrong.
type Violation struct {
	Code    Code   `json:"code"`
	Vehicle int    `json:"vehicle"` // -1 when it is not about one vehicle
	Visit   int    `json:"visit"`   // position in the vehicle's route; -1 when not about one
	Stop    int    `json:"stop"`    // -1 when not about one stop
	Text    string `json:"text"`    // in English, with names
}

// Code sorts violations.
type Code string

// The codes of violations.
const (
	WrongShape     Code = "shape"      // a route that is no route: no departure, an index that does not exist
	ServedTwice    Code = "twice"      // a stop or vehicle twice
	WrongUnserved  Code = "unserved"   // the list of unserved stops is not what the routes leave
	RequiredMissed Code = "required"   // a required stop is not served
	BegunChanged   Code = "begun"      // a route does not begin with what its vehicle has begun
	NotAllowed     Code = "allowed"    // this vehicle may not serve the stop or its group
	MixedGroups    Code = "groups"     // stops of two groups in one trip
	WrongFacility  Code = "facility"   // a facility that does not accept what is unloaded
	OverCapacity   Code = "capacity"   // more on board than the vehicle carries
	NotEmpty       Code = "not-empty"  // returned without unloading
	WrongTime      Code = "time"       // a time that does not follow from the one before
	OutsideWindow  Code = "window"     // service outside the windows of a stop, facility or depot
	OutsideShift   Code = "shift"      // departure or return outside the shift
	BreakMissed    Code = "break"      // a break that was due and not taken
	BreakWrong     Code = "break-time" // a break outside its window, or twice
	TooFar         Code = "range"      // farther than the vehicle can drive
	TooLong        Code = "duration"   // out longer than the vehicle may be
	TooManyTrips   Code = "trips"      // more trips than allowed
	WrongLoad      Code = "load"       // a stated load that is not what is on board
	WrongMeters    Code = "meters"     // a stated distance that was not driven
	WrongCost      Code = "cost"       // a stated cost or prize that does not add up
)

// Violations is all that is wrong with a solution. As an error it reads as the first few.
type Violations []Violation

// Error returns the first five violations and how many more there are.
func (v Violations) Error() string {
	var b strings.Builder
	for i := range v {
		if i == 5 {
			fmt.Fprintf(&b, "; and %d more", len(v)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(v[i].Text)
	}
	return b.String()
}
