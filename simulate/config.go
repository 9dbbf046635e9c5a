package simulate

import (
	"time"

	"github.com/paulmach/orb"
)

// Config is a city to play. [Defaults] returns one that lacks only the city; a
// zero field means none of it. New checks it and keeps a copy.
type Config struct {
	Seed     uint64
	Start    time.Time      // when the world begins; its hour's start counts
	Location *time.Location // the city's time zone; nil is UTC

	Streams    []Stream
	Containers []Container
	Periods    []Period

	// A container refuses at a level drawn between these fractions of its volume.
	Refusal [2]float64
	// The share of refused bags that residents carry to the next container of
	// the stream, drawn per container between these; the rest stays beside it.
	Spill       [2]float64
	SpillMeters float64 // how far they carry a bag to another place

	Policy        Policy
	BlockedChance float64 // chance that a lift fails, drawn anew per container and four hours
	ReportChance  float64 // chance per hour that someone reports a container that is full or has bags beside it

	Sensing Sensing

	Counters          []Counter
	Rush              []Span // rush hours of working days: traffic is densest, bridges stay closed
	Bridges           []DrawBridge
	BridgeReachMeters float64 // counters within it feel an open bridge
	CarParks          []Park
	Sensors           []Sensor
	Climate           Climate

	SetPieces []SetPiece
}

// Stream is a kind of waste and how residents bring it.
type Stream struct {
	ID string

	DepositLitres float64    // mean volume of one deposit
	DepositCV     float64    // its coefficient of variation, lognormal
	Triangular    [3]float64 // when set, instead of both: least, most likely and largest litres

	// Hour (local) and Weekday (Sunday first) say when residents come; each is
	// scaled to mean 1, all zero means evenly. Month multiplies as it is, so
	// 1 means Container.LitresPerDay; all zero means 1.
	Hour    [24]float64
	Weekday [7]float64
	Month   [12]float64

	DayCV   float64 // of the factor of a day that all containers share, lognormal
	LitreCV float64 // of the factor on the litres of a deposit per container and week, lognormal

	ResidualMax float64 // a lift leaves between 0 and this fraction of the volume
	KgPerLitre  float64 // weight as it lies in the container
	MaxDays     int     // hygiene: emptied at least this often under ByNeed; 0 is no limit
}

// Container is an underground container.
type Container struct {
	ID, Place, Stream, District string
	Point                       orb.Point // longitude, latitude
	VolumeLitres                float64
	LitresPerDay                float64 // mean inflow over a week in a month of factor 1
	Sensor                      bool

	// The fixed schedule: emptied on these days of every EveryWeeks-th week (0 and 1: each week).
	Days       []time.Weekday
	EveryWeeks int
}

// Period is a stretch of time that is not like others: a holiday, an event, a week of snow.
type Period struct {
	Name         string
	From, To     time.Time          // To is the first moment after it
	Point        orb.Point          // with RadiusMeters: where it is felt
	RadiusMeters float64            // 0: in the whole city
	Deposits     map[string]float64 // factor on the deposits by stream; a stream that is not named keeps 1
	Traffic      float64            // factor on traffic and on full car parks in the whole city; 0 means 1
	Closed       bool               // nothing is emptied
	Suspended    []string           // streams that are not emptied
	Capacity     float64            // share of the lifts that is still made; 0 means all
}

// Span is a stretch of a day, since local midnight.
type Span struct{ From, To time.Duration }

// PolicyKind says who empties containers without being asked by [World.Empty].
type PolicyKind uint8

// The policies that make a history.
const (
	Nobody   PolicyKind = iota
	Schedule            // Container.Days and EveryWeeks; a day that falls out is made up on the next
	ByNeed              // those that would pass Policy.Level before the next round
)

// Policy is how a history's containers were emptied.
type Policy struct {
	Kind     PolicyKind
	Until    time.Time // no rounds are planned from then on; zero: for ever
	Workdays [7]bool   // Sunday first
	Shift    Span      // lifts happen within it
	Trucks   int       // they lift side by side; at least 1
	Most     int       // lifts in a day, the most pressing first; 0 is no limit
	Level    float64   // ByNeed: the fill that may not be passed before the next round
	// ByNeed: a day with fewer lifts than Usual takes some that would press in the
	// Ahead rounds after the next, so that Fridays are not twice as long as Thursdays.
	Usual, Ahead int
	Error        float64 // ByNeed: standard deviation of what the planner thinks the fill is
}

// Sensing is how fill sensors see the truth: hourly, each at its own second of the hour.
type Sensing struct {
	Resolution float64 // readings are multiples of it; 0 means exact to a thousandth
	Noise      float64 // standard deviation, fraction of the volume
	Dropout    float64 // chance that a reading is lost
	Spike      float64 // chance that a reading is far off, once
	// So many sensors are broken at the moment At, in the way that it says; at other
	// times fewer: every four weeks all are mended and others break one by one.
	Silent, Stuck, Drifting int
	At                      time.Time
	DriftPerDay             float64 // a drifting sensor is this much further off each day
}

// Counter counts vehicles, every five minutes.
type Counter struct {
	ID             string
	Point          orb.Point
	VehiclesPerDay float64 // mean of a working day
}

// DrawBridge is a bridge or lock that opens for ships and stops the traffic over it.
type DrawBridge struct {
	ID             string
	Point          orb.Point
	OpeningsPerDay float64 // mean; never more than six a day
	Hours          [7]Span // when it is served, Sunday first; an empty span is a day without service
	Winter         [7]Span // the same from November to March; all empty means Hours
}

// Park is a car park that tells every 15 minutes how full it is.
type Park struct {
	ID     string
	Point  orb.Point
	Spaces int
	// Occupied fraction at each local hour. All zero means a car park beside shops.
	Workday, Weekend [24]float64
}

// Sensor is one of the simple ones: SoilMoisture (hourly), Pump or Greenhouse (every 15 minutes).
type Sensor struct {
	ID    string
	Kind  Kind
	Point orb.Point
}

// Climate is the weather by month, January first.
type Climate struct {
	Celsius  [12]float64 // mean temperature
	RainMM   [12]float64 // rain in the month, millimetres
	RainDays [12]float64 // days with rain in the month
}

// SetPiece makes something happen at a time, whatever the seed:
//
//	Fill     Value of its volume is thrown into container Thing at once, as far as it
//	         goes in, and its sensor reads at that moment
//	Emptying container Thing is lifted, whatever the policy
//	Blocked  container Thing cannot be emptied for Value hours
//	Bridge   bridge Thing opens for Value minutes
//	CarPark  car park Thing is Value full at that time, and near it for an hour and a half around
//
// A sensor of a container in a set piece is never broken.
type SetPiece struct {
	At    time.Time
	Kind  Kind
	Thing string
	Value float64
}

// Defaults returns a Config without a city: how residents, lifts and sensors behave.
// The figures of the waste are those of the hard world in collection.md, section 5.
func Defaults() Config {
	return Config{
		Refusal:     [2]float64{1.1, 1.2},
		Spill:       [2]float64{0.5, 0.8},
		SpillMeters: 400,
		Policy: Policy{
			Kind:     ByNeed,
			Workdays: [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true},
			Shift:    Span{7 * time.Hour, 15*time.Hour + 30*time.Minute},
			Trucks:   3,
			Level:    1.0,
			Error:    0.05,
		},
		BlockedChance: 0.015,
		ReportChance:  0.04,
		Sensing: Sensing{
			Resolution: 0.01, Noise: 0.03, Dropout: 0.005, Spike: 0.0005, DriftPerDay: 0.012,
		},
		Rush: []Span{
			{7*time.Hour + 30*time.Minute, 8*time.Hour + 45*time.Minute},
			{16*time.Hour + 15*time.Minute, 18 * time.Hour},
		},
		BridgeReachMeters: 1000,
		Climate:           DutchClimate(),
	}
}
