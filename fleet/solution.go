package fleet

import "fmt"

// Solution is a plan for a [Problem].
type Solution struct {
	Routes   []Route `json:"routes"`   // at most one a vehicle, in order of vehicle
	Unserved []int   `json:"unserved"` // stops that no route serves, ascending
	// Cost is what the routes cost and what it costs that they are out of balance, Prize what the optional stops that are
	// served earn, both in cents. A search minimises Cost - Prize.
	Cost  int64 `json:"cost"`
	Prize int64 `json:"prize"`
}

// Objective returns what a search minimises, in cents.
func (s *Solution) Objective() int64 { return s.Cost - s.Prize }

// Route is one vehicle's day, from Depart to Return.
type Route struct {
	Vehicle int     `json:"vehicle"`
	Visits  []Visit `json:"visits"`
}

// Visit is a moment of a route. Index is a depot (Depart, Return), a stop (Serve), a
// facility (Unload) or one of the vehicle's breaks (Break). The vehicle comes
// at Arrive, waits until Start and is done at Leave (seconds since the start of the day).
// A break is taken where the visit before it was.
type Visit struct {
	Kind   Kind    `json:"kind"`
	Index  int     `json:"index"`
	Arrive int32   `json:"arrive"`
	Start  int32   `json:"start"`
	Leave  int32   `json:"leave"`
	Load   []int64 `json:"load"`   // on board after the visit, per dimension
	Meters int64   `json:"meters"` // driven since departure
}

// Kind says what happens in a visit.
type Kind uint8

// The kinds of visits.
const (
	Depart Kind = iota
	Serve
	Unload
	Pause // a Break
	Return
)

// String returns the kind's name, as it is written in JSON.
func (k Kind) String() string {
	switch k {
	case Depart:
		return "depart"
	case Serve:
		return "serve"
	case Unload:
		return "unload"
	case Pause:
		return "break"
	case Return:
		return "return"
	default:
		return fmt.Sprintf("kind(%d)", uint8(k))
	}
}

// MarshalText writes the kind's name.
func (k Kind) MarshalText() ([]byte, error) {
	if k > Return {
		return nil, fmt.Errorf("no kind of visit has number %d", uint8(k))
	}
	return []byte(k.String()), nil
}

// UnmarshalText reads a kind's name.
func (k *Kind) UnmarshalText(text []byte) error {
	for kind := Depart; kind <= Return; kind++ {
		if kind.String() == string(text) {
			*k = kind
			return nil
		}
	}
	return fmt.Errorf("no kind of visit is called %q: use depart, serve, unload, break or return", text)
}

// Seconds returns the time from departure to return.
func (r *Route) Seconds() int32 {
	if len(r.Visits) == 0 {
		return 0
	}
	return r.Visits[len(r.Visits)-1].Arrive - r.Visits[0].Leave
}

// Meters returns the distance from departure to return.
func (r *Route) Meters() int64 {
	if len(r.Visits) == 0 {
		return 0
	}
	return r.Visits[len(r.Visits)-1].Meters
}

// Stops returns how many stops the route serves.
func (r *Route) Stops() int {
	n := 0
	for i := range r.Visits {
		if r.Visits[i].Kind == Serve {
			n++
		}
	}
	return n
}
