package horizon

import (
	"fmt"
	"strings"

	"polder.city/fleet"
)

// Violation is one way in which a plan is wrong. It has the codes of package fleet, and the two below.
type Violation struct {
	Code    fleet.Code `json:"code"`
	Day     int        `json:"day"`     // -1 when not about one day
	Vehicle int        `json:"vehicle"` // of the day's fleet; -1 when not about one vehicle
	Site    int        `json:"site"`    // -1 when not about one site
	Text    string     `json:"text"`    // in English, with names
}

// What can be wrong over several days.
const (
	LeftTooLong  fleet.Code = "left"    // left alone from one day to another although Leave says Never
	WrongPattern fleet.Code = "pattern" // visited on days that are none of its patterns
)

// Violations is all that is wrong with a plan. As an error it reads as the first few.
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
