package city

import "github.com/paulmach/orb"

// A Simulation says how the simulated city lives (simulate.yaml).
type Simulation struct {
	Seed    uint64       `yaml:"seed"`
	Streams []StreamRate `yaml:"streams"`
	Sensors SensorFaults `yaml:"sensors"`
	Truth   Truth        `yaml:"truth"`
	Events  []Event      `yaml:"events"`
	Kinds   []ThingRate  `yaml:"things"`
	Moments []Moment     `yaml:"moments"`
}

// A StreamRate is how one stream's containers fill.
type StreamRate struct {
	Stream       string  `yaml:"stream"`
	LitresPerDay float64 `yaml:"litres_per_day"` // the mean container on the mean day
	// SummerFactor multiplies the mean in July and WinterFactor in January; between them a cosine.
	SummerFactor float64 `yaml:"summer_factor"`
	WinterFactor float64 `yaml:"winter_factor"`
	// Weekdays (Monday first) and Hours (0 to 23) are relative; the simulator scales them to mean 1.
	Weekdays []float64 `yaml:"weekdays"`
	Hours    []float64 `yaml:"hours"`
	// DepositLitres are the smallest, usual and largest single deposit (triangular).
	DepositLitres []float64 `yaml:"deposit_litres"`
}

// Truth holds what no sensor sees: how uneven the city is.
type Truth struct {
	ContainerSpread float64 `yaml:"container_spread"` // coefficient of variation of mean inflow among containers of a stream
	PeriodSpread    float64 `yaml:"period_spread"`    // of litres a deposit, by container and period between emptyings
	DaySpread       float64 `yaml:"day_spread"`       // of the whole city's day
	SpillOver       float64 `yaml:"spill_over"`       // share of refused deposits that goes to the next container of the stream
	ResidualMax     float64 `yaml:"residual_max"`     // fraction at most left after an emptying
	BlockedStops    float64 `yaml:"blocked_stops"`    // chance that a truck cannot reach a container
}

// SensorFaults is how fill sensors measure and fail.
type SensorFaults struct {
	Resolution   float64 `yaml:"resolution"` // fraction of the volume
	Noise        float64 `yaml:"noise"`      // standard deviation, fraction of the volume
	Silent       int     `yaml:"silent"`     // sensors that send nothing at present
	Stuck        int     `yaml:"stuck"`      // that repeat one value
	Drifting     int     `yaml:"drifting"`
	DriftPerDay  float64 `yaml:"drift_per_day"` // fraction of the volume
	LostMessages float64 `yaml:"lost_messages"` // share of messages that never arrives
}

// An Event changes the city for some days of each year, or once.
type Event struct {
	ID   string `yaml:"id"`
	Name Text   `yaml:"name"`
	// Exactly one of these says when it begins: a day of each year ("05-05"), a
	// rule ("kings_day", "easter", "first sat of jul", "last sun of aug") or one date ("2026-01-12").
	Yearly string `yaml:"yearly"`
	Rule   string `yaml:"rule"`
	Date   string `yaml:"date"`
	// Days it lasts, at least one. From and To narrow each (or the first and last) day.
	Days int       `yaml:"days"`
	From TimeOfDay `yaml:"from"`
	To   TimeOfDay `yaml:"to"`
	// Where: around Points within RadiusMeters, in Districts (codes), or everywhere when both are empty.
	Points       []orb.Point `yaml:"points"`
	RadiusMeters float64     `yaml:"radius_meters"`
	Districts    []string    `yaml:"districts"`
	Effects      []Effect    `yaml:"effects"`
}

// An Effect is what an event does to a stream or to a kind of thing.
type Effect struct {
	Streams  []string `yaml:"streams"`   // empty: all streams
	Factor   float64  `yaml:"factor"`    // of the inflow; 1.6 is 60 % more
	FromDay  int      `yaml:"from_day"`  // counted from the event's first day
	Days     int      `yaml:"days"`      // 0: as long as the event
	Closed   bool     `yaml:"closed"`    // containers take nothing
	NoTrucks bool     `yaml:"no_trucks"` // the stream is not collected
	Traffic  float64  `yaml:"traffic"`   // factor of traffic counts; 0: unchanged
}

// A ThingRate is how the instances of a template behave.
type ThingRate struct {
	Template string `yaml:"template"`
	// DayMin and DayMax bound what happens on a day: vehicles, openings, litres.
	DayMin  float64  `yaml:"day_min"`
	DayMax  float64  `yaml:"day_max"`
	Opening []Season `yaml:"opening"`
}

// A Season is the opening hours between two days of the year, both as "MM-DD" and included.
type Season struct {
	FromDay string    `yaml:"from_day"`
	ToDay   string    `yaml:"to_day"`
	Opening []Opening `yaml:"opening"`
}

// A Moment is an event of the demo that always comes, at a time of its first day.
type Moment struct {
	At      TimeOfDay `yaml:"at"`
	Kind    string    `yaml:"kind"`    // container_faster, bridge_opens
	Subject string    `yaml:"subject"` // a container's or an instance's ID
	Minutes int       `yaml:"minutes"` // how long
	Value   float64   `yaml:"value"`   // for a container: how much of its volume comes in at once; for the car parks in Also: their use
	Also    []string  `yaml:"also"`    // other instances that feel it
}
