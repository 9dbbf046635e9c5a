package collection

import (
	"time"

	"github.com/paulmach/orb"
)

// Plan is a version of one day's collection: which containers, by which truck, in
// which order, and for every container the reason why or why not. Durations are
// seconds, lengths metres, money cents, chances and fills parts per million: a
// plan is signed, and a signed document holds no floats.
type Plan struct {
	ID       int64     `json:"-"`
	Day      string    `json:"day"` // the city's day, 2006-01-02
	Version  int64     `json:"version"`
	State    State     `json:"-"`
	Cause    string    `json:"cause"` // why this version was made: one of the Cause constants
	MadeAt   time.Time `json:"madeAt"`
	Decision int64     `json:"-"`                // number of its decision, 0 while it is none
	Advice   int64     `json:"-"`                // number of the advice that it became, 0 when it is none
	Replaces int64     `json:"-"`                // the plan that this one replaces, 0 when it replaces none
	Choice   string    `json:"choice,omitempty"` // names an alternative to what was advised; "" for the plan itself

	Routes   []Route          `json:"routes"`
	Measures map[string]int64 `json:"measures"`
	// Fixed is what the fixed schedule would do on the same day with the same trucks; nil where the city has none.
	Fixed *Comparison `json:"fixed,omitempty"`
	// Changes says what differs from the version before; nil for the first.
	Changes *Changes `json:"changes,omitempty"`
	// Change is what a planner changed in this version; nil where none did.
	Change *Change `json:"change,omitempty"`
	Inputs Inputs  `json:"inputs"`

	// Outcomes has one entry per container, by id. It is stored beside the plan.
	Outcomes []Outcome `json:"-"`
}

// State says how far a plan version is.
type State string

// The states of a plan version.
const (
	Preview  State = "preview"  // follows the observations; no decision
	Decided  State = "decided"  // in force
	Advised  State = "advised"  // waits for an official
	Replaced State = "replaced" // was decided, and a later version took its place
	Declined State = "declined" // was advised, and the official chose otherwise
)

// The causes of a plan version.
const (
	CauseAfternoon = "afternoon" // the daily decision
	CausePreview   = "preview"
	CauseRepair    = "repair"    // the early-morning run on the night's fills
	CauseBreakdown = "breakdown" // a truck is out
	CauseAgain     = "again"     // somebody asked for the day to be planned again
	CauseOfficial  = "official"  // an official chose
	CauseChange    = "change"    // a planner changed something of one container
)

// Names of measures: what a mandate's limits are held against, and what is reported.
const (
	MeasureOvertime   = "overtime_max_s"              // longest overtime of a truck, seconds
	MeasureHygiene    = "hygiene_days_max"            // longest that a stream with a hygiene limit will have stood at the next working day, days
	MeasureSkipped    = "skipped_full_chance_max_ppm" // highest chance of overflow before the next working day of a container that is left
	MeasureChanged    = "changed_stops_ppm"           // share of stops that differ from the last preview
	MeasureStops      = "stops"
	MeasureTrucks     = "trucks"
	MeasureSeconds    = "seconds" // all trucks together, break included
	MeasureMeters     = "meters"
	MeasureUnserved   = "unserved" // containers that should be emptied and are not
	MeasureCost       = "cost_cents"
	MeasureContainers = "containers"
)

// Route is a truck's day.
type Route struct {
	Truck    string  `json:"truck"`
	Visits   []Visit `json:"visits"`
	Meters   int64   `json:"meters"`
	Seconds  int64   `json:"seconds"` // from leaving the depot to coming back
	Overtime int64   `json:"overtime"`
	// Lines are the legs' geometries on the road, one per visit but the first; kept out of the record.
	Lines []orb.LineString `json:"-"`
}

// VisitKind says what a truck does at a visit.
type VisitKind string

// The kinds of visits.
const (
	VisitDepart VisitKind = "depart"
	VisitEmpty  VisitKind = "empty"
	VisitUnload VisitKind = "unload"
	VisitBreak  VisitKind = "break"
	VisitReturn VisitKind = "return"
)

// Visit is a moment of a truck's day. Times are seconds since the day's midnight.
type Visit struct {
	Kind   VisitKind `json:"kind"`
	At     string    `json:"at"` // a container, a disposal facility or a depot, by id; "" for a break
	Arrive int64     `json:"arrive"`
	Start  int64     `json:"start"`
	Leave  int64     `json:"leave"`
	Kg     int64     `json:"kg"`    // load when leaving
	Right  bool      `json:"right"` // the stop is on the right-hand side when arriving
}

// Outcome is what a plan does with one container, and why.
type Outcome struct {
	Container string `json:"container"`
	Planned   bool   `json:"planned"`
	Truck     string `json:"truck,omitempty"`
	At        int64  `json:"at,omitempty"` // seconds since the day's midnight

	FillNow      int64  `json:"fillNow"`      // expected fill when the plan was made
	FillLow      int64  `json:"fillLow"`      // 5 % quantile of the same
	FillHigh     int64  `json:"fillHigh"`     // 95 % quantile of the same
	FillThen     int64  `json:"fillThen"`     // expected fill at the emptying, or at the end of the day when it is left
	ChanceFull   int64  `json:"chanceFull"`   // chance that it is full by the end of the day, if it is left
	ChanceLater  int64  `json:"chanceLater"`  // the same by the end of the next working day
	Basis        string `json:"basis"`        // what the fill rests on: sensor, silent, stuck, drifting or none
	MeasuredAt   int64  `json:"measuredAt"`   // microseconds UTC of the last good sample; 0 without one
	EmptiedAt    int64  `json:"emptiedAt"`    // microseconds UTC of the last emptying known; 0 without one
	NextDay      string `json:"nextDay"`      // the day on which it will probably be emptied
	NextFill     int64  `json:"nextFill"`     // expected fill on that day
	NextLow      int64  `json:"nextLow"`      // 5 % quantile of the same
	NextHigh     int64  `json:"nextHigh"`     // 95 % quantile of the same
	FullAt       int64  `json:"fullAt"`       // microseconds UTC at which it is expected to be full; 0 beyond the horizon
	DetourNow    int64  `json:"detourNow"`    // extra seconds of work that emptying it costs on this day
	DetourAlone  int64  `json:"detourAlone"`  // the same if a truck came for it another day
	ThresholdNow int64  `json:"thresholdNow"` // the fill now from which it would have to be emptied on this day; 0 when no fill would change it
	Elsewhere    string `json:"elsewhere,omitempty"`

	// Reasons, the weightiest first.
	Reasons []Reason `json:"reasons"`
}

// Reason is why a container is emptied or left.
type Reason struct {
	Code   string `json:"code"`
	Number int64  `json:"number,omitempty"` // what the code counts: days, seconds, parts per million
}

// The reasons for emptying a container, and for leaving it.
const (
	ReasonFull      = "full"       // it would be full too soon; Number is the chance
	ReasonHygiene   = "hygiene"    // the stream may not stand longer; Number is the limit in days
	ReasonReport    = "report"     // a resident said that it is full
	ReasonSilent    = "silent"     // its sensor is not to be trusted, and it may be full
	ReasonNoSensor  = "no_sensor"  // it has no sensor: estimated from its last emptying
	ReasonOnRoute   = "on_route"   // it could wait, but the truck is near; Number is the seconds
	ReasonDue       = "due"        // now is the cheapest moment in the days to come
	ReasonPinned    = "pinned"     // a planner put it in
	ReasonMoved     = "moved"      // a planner put it in, for this truck
	ReasonRoom      = "room"       // left: it has room
	ReasonCapacity  = "capacity"   // left: the trucks are full or the shift is over
	ReasonUnreached = "unreached"  // left: no truck can get there
	ReasonForbidden = "forbidden"  // left: a planner took it out
	ReasonNoService = "no_service" // left: nothing is collected on this day
	ReasonOut       = "out"        // left: a crew found that it cannot be emptied, and no official has said otherwise yet
)

// Comparison is a policy's day beside the plan's.
type Comparison struct {
	Trucks      int64 `json:"trucks"`
	Stops       int64 `json:"stops"`
	Unserved    int64 `json:"unserved"` // stops of the schedule that did not fit
	Seconds     int64 `json:"seconds"`
	Meters      int64 `json:"meters"`
	HorizonDays int64 `json:"horizonDays"`
	Draws       int64 `json:"draws"`
	// Container-days over full in the horizon, in thousandths of a container-day: of the
	// plan and of the schedule, as mean and as 5 and 95 % quantiles over the same draws.
	Plan     [3]int64 `json:"plan"`
	Schedule [3]int64 `json:"schedule"`
}

// Changes is what a version does otherwise than the one before.
type Changes struct {
	Version int64    `json:"version"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Moved   []string `json:"moved"` // other truck
}

// Inputs is what a plan was made of.
type Inputs struct {
	Network        string `json:"network"`        // SHA-256 of the street network
	NetworkSource  string `json:"networkSource"`  // where it is from
	Observations   int64  `json:"observations"`   // how many were read
	ObservedUntil  int64  `json:"observedUntil"`  // microseconds UTC of the newest
	Containers     int64  `json:"containers"`     // how many
	Digest         string `json:"digest"`         // SHA-256 over containers, samples and emptyings as read
	Unavailable    string `json:"unavailable"`    // trucks that could not be used, comma-separated
	SolverSeed     int64  `json:"solverSeed"`     // repeats the search
	SolverRounds   int64  `json:"solverRounds"`   // repeats the search
	ForecastDays   int64  `json:"forecastDays"`   // how far the forecast looks
	PlannerVersion string `json:"plannerVersion"` // version of the algorithm
}
