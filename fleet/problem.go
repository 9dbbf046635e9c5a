// Package fleet plans which vehicle serves which stops in which order.
//
// A [Problem] holds travel times and distances, stops, depots, facilities where
// vehicles unload, and vehicles. [Solve] searches a cheap [Solution]; [Check]
// judges any solution by itself and says in words what is wrong with it; a
// [Pricer] tells what one stop costs or would cost.
//
// A vehicle leaves its depot empty and makes trips: it serves stops, then unloads at
// a facility. It may go on with another trip, takes the breaks that are due, and
// returns to its depot. Stops may be optional: they are served when their prize is
// worth more than what serving them costs. A day may be planned anew while vehicles drive: what they have begun stands.
//
// The package is pure: values in, values out. Units throughout: seconds (times
// of day count from midnight at the start of the day and may pass 86,400), metres, cents; loads in
// any unit, the same for stops and capacities.
package fleet

// Problem is one day's work for a fleet.
//
// Locations are numbered from 0; Seconds and Meters are row-major Locations x
// Locations matrices of the time and the distance from the row to the column;
// they need not be symmetric, and are 0 on the diagonal. Everything refers to a location by its number.
type Problem struct {
	Locations int     `json:"locations"`
	Seconds   []int32 `json:"seconds"`
	Meters    []int32 `json:"meters"`
	// Coordinates say where each location lies, x to the east and y to the north, in any unit. They are for
	// drawing only, and may be left out.
	Coordinates [][2]float64 `json:"coordinates,omitempty"`

	// Dimensions is the number of loads counted at once (weight, volume); each
	// Load and Capacity has that length. Units names them, for messages ("kg", "l"); it may be empty.
	Dimensions int      `json:"dimensions"`
	Units      []string `json:"units,omitempty"`

	Stops      []Stop     `json:"stops"`
	Depots     []Depot    `json:"depots"`
	Facilities []Facility `json:"facilities,omitempty"`
	Vehicles   []Vehicle  `json:"vehicles"`

	// OneGroupATrip forbids stops of different groups between two unloadings.
	OneGroupATrip bool `json:"oneGroupATrip,omitempty"`
	// EndEmpty makes every vehicle unload before it returns. Without it, the
	// depot takes what is left on board.
	EndEmpty bool `json:"endEmpty,omitempty"`
	// BalanceHourCost is paid, in cents, per hour that vehicles are out longer than the mean of those that are out, summed
	// over vehicles exactly and rounded once, half up, to a cent: crews have days that are alike.
	BalanceHourCost int64 `json:"balanceHourCost,omitempty"`
	// PlaceService is paid, in seconds, at the first of consecutive stops of one place.
	PlaceService int32 `json:"placeService,omitempty"`
}

// Window is a span of time in seconds since the start of the day, both ends
// included. Where a window stands alone (a depot, a shift), its zero value means always.
type Window struct {
	Open  int32 `json:"open"`
	Close int32 `json:"close"`
}

// Stop is something to pick up: a container.
type Stop struct {
	Name     string `json:"name,omitempty"`
	Location int    `json:"location"`
	Service  int32  `json:"service"` // seconds
	// Load is picked up here, per dimension; nil means nothing.
	Load []int64 `json:"load,omitempty"`
	// Group is the stream; facilities and vehicles may accept only some groups.
	Group int `json:"group,omitempty"`
	// Windows say when service may start, in order and apart; empty means at any time.
	Windows []Window `json:"windows,omitempty"`
	// Required stops must be served. Others earn their Prize, in cents, when served.
	Required bool  `json:"required,omitempty"`
	Prize    int64 `json:"prize,omitempty"`
	// Place joins stops: one that follows a stop of the same place, in the same trip, does not
	// pay Problem.PlaceService again. A negative place is shared with no other stop.
	Place int `json:"place"`
	// Usual lists who serves the stop as a rule, or did in the plan that stood; ChangeCost, in cents, is paid when another
	// does.
	Usual      []int `json:"usual,omitempty"`
	ChangeCost int64 `json:"changeCost,omitempty"`
	// Vehicles lists who may serve the stop; empty means every vehicle.
	Vehicles []int `json:"vehicles,omitempty"`
}

// Depot is where vehicles start and end.
type Depot struct {
	Name     string `json:"name,omitempty"`
	Location int    `json:"location"`
	Window   Window `json:"window"` // departures and returns lie within; zero means always
}

// Facility is where vehicles unload everything they carry.
type Facility struct {
	Name     string   `json:"name,omitempty"`
	Location int      `json:"location"`
	Service  int32    `json:"service"`           // seconds of one unloading
	Groups   []int    `json:"groups,omitempty"`  // accepted; empty means all
	Windows  []Window `json:"windows,omitempty"` // when unloading may start, in order and apart; empty means at any time
}

// Vehicle is a truck with its crew for the day.
type Vehicle struct {
	Name  string `json:"name,omitempty"`
	Start int    `json:"start"` // depot
	End   int    `json:"end"`   // depot
	// Shift bounds departure and return; zero means no bounds. Overtime is how many seconds the
	// return may come after Shift.Close.
	Shift    Window `json:"shift"`
	Overtime int32  `json:"overtime,omitempty"`
	// Capacity per dimension; GroupCapacity replaces it for trips of a group
	// (glass is not compacted), and needs Problem.OneGroupATrip.
	Capacity      []int64         `json:"capacity"`
	GroupCapacity map[int][]int64 `json:"groupCapacity,omitempty"`
	Groups        []int           `json:"groups,omitempty"` // may collect; empty means all
	Breaks        []Break         `json:"breaks,omitempty"` // in order of time
	// FixedCost is paid when the vehicle leaves, HourCost per hour from departure to return,
	// OvertimeHourCost on top of it per hour after Shift.Close, KilometreCost per 1,000 m. Cents.
	// What a route costs is summed exactly and rounded once, half up, to a cent.
	FixedCost        int64 `json:"fixedCost,omitempty"`
	HourCost         int64 `json:"hourCost,omitempty"`
	OvertimeHourCost int64 `json:"overtimeHourCost,omitempty"`
	KilometreCost    int64 `json:"kilometreCost,omitempty"`
	MaxMeters        int64 `json:"maxMeters,omitempty"` // range of a charge; 0 means no limit
	// MaxSeconds is the longest that the vehicle may be out, from departure to return; 0 means no limit.
	MaxSeconds int32 `json:"maxSeconds,omitempty"`
	MaxTrips   int   `json:"maxTrips,omitempty"` // 0 means any number
	// Begun is the part of a route under way that stands: its departure, the visits made, and the one that the vehicle is
	// on its way to, with their times as they are or will be. A solution's route begins with exactly these; what else it
	// does is planned anew, from the last one's Leave on. At least one of them is a Serve; none is a Return. Their Load
	// and Meters are not read. Limits that have been broken by then by the clock are not held against the route.
	Begun []Visit `json:"begun,omitempty"`
}

// Break is a pause that starts within Window and lasts Duration seconds, where
// the vehicle stands after a visit. It is due when the vehicle leaves its depot no later than
// Window.Open and returns after Window.Close; otherwise it is had at the depot.
type Break struct {
	Window   Window `json:"window"`
	Duration int32  `json:"duration"`
}

// always reports whether a lone window sets no bounds.
func (w Window) always() bool { return w == Window{} }
