// Package city reads a city folder: everything that makes Polder the Polder of one
// city, as data. [Open] takes a name that is embedded ("almere") or a folder;
// [Load] reads any fs.FS and reports all mistakes it finds, each with its file,
// line, field and way out. No code of Polder knows a city.
//
// Units: litres, kilograms, metres, seconds, euro cents; coordinates are WGS 84
// (longitude, latitude); times of day are in the city's own zone.
package city

import (
	"io/fs"
	"time"

	"github.com/paulmach/orb"

	"polder.city/roads/synth"
)

// A City is a city folder, read and checked.
type City struct {
	Code         string // of the municipality: "GM0034"
	Name         string
	Organisation string   // as it signs: "Gemeente Almere (voorbeeld)"
	Languages    []string // the first is the one that binds
	Location     *time.Location
	Simulated    bool   // nothing here happens; every page and record says so
	Notice       Text   // the sentence on every page of a simulated city
	Origin       string // of the transparency log: "demo.polder.example/almere"
	Centre       orb.Point
	MarginMeters float64 // how far outside its districts a coordinate may lie
	Contact      Contact
	Attribution  []string // sources that must be named beside maps and downloads
	Holidays     []string // the rules of its free days: "nl" for the Dutch public holidays, or a yearly day "08-15"

	Districts  []District
	Landscape  *synth.Landscape // nil when the city brings its own streets
	Streams    []Stream
	Fleet      Fleet
	Containers []Container // in order of ID
	Schedule   []ScheduleRow
	Things     []ThingTemplate
	Instances  []Instance
	Simulation Simulation

	// FS is the folder itself: register/*.yaml, rules.yaml and messages/*.yaml are parsed by the packages whose words they are.
	FS fs.FS

	find finder
}

// Text is a text by language: {"nl": "Glas", "en": "Glass"}.
type Text map[string]string

// Contact is whom a page names. In a simulated city nothing of it exists.
type Contact struct {
	Name    string `yaml:"name"`
	Email   string `yaml:"email"`
	Website string `yaml:"website"`
	Phone   string `yaml:"phone"`
}

// A District is a part of the city with borders (a CBS wijk).
type District struct {
	Code    string // "WK003418"
	Name    string
	Abbr    string // three letters, unique: "FIL"; begins the ids of its containers
	Part    string // the part of the city it belongs to: "Stad"
	Polygon orb.MultiPolygon
	// Pattern of the streets, when they are drawn: sparse, residential, centre, estate, countryside.
	Pattern        string
	Households     int
	FlatHouseholds int // of Households: those in flats, who use underground containers
	Inhabitants    int
}

// A Stream is a kind of waste that is collected by itself.
type Stream struct {
	ID     string `yaml:"id"`     // "papier"
	Letter string `yaml:"letter"` // one capital, unique: ends the ids of its containers
	Name   Text   `yaml:"name"`
	Symbol string `yaml:"symbol"` // its shape on maps: square, circle, triangle, diamond, hexagon
	// KgPerM3 is the density as it lies in a container; PressedKgPerM3 as it lies in a
	// truck that presses it (the same when it is not pressed).
	KgPerM3        float64 `yaml:"kg_per_m3"`
	PressedKgPerM3 float64 `yaml:"pressed_kg_per_m3"`
	// HygieneDays is the longest that a container may stand without being emptied; 0: no limit.
	HygieneDays int `yaml:"hygiene_days"`
}

// A Fleet is what collects, and what that costs.
type Fleet struct {
	Trucks     []Truck    `yaml:"trucks"`
	Depots     []Depot    `yaml:"depots"`
	Facilities []Facility `yaml:"facilities"`
	Shift      Shift      `yaml:"shift"`
	// Handling of one stop: per place once, per container for each.
	MinutesPerPlace     float64 `yaml:"minutes_per_place"`
	MinutesPerContainer float64 `yaml:"minutes_per_container"`
	Costs               Costs   `yaml:"costs"`
}

// A Truck collects one stream at a time.
type Truck struct {
	ID       string   `yaml:"id"` // "K1"
	Name     Text     `yaml:"name"`
	Kind     string   `yaml:"kind"` // crane (lifts containers) or open (side waste; not in the plan)
	Depot    string   `yaml:"depot"`
	Streams  []string `yaml:"streams"`
	Capacity Capacity `yaml:"capacity"`
	// CapacityByStream holds the streams for which the truck carries another body.
	CapacityByStream map[string]Capacity `yaml:"capacity_by_stream"`
	RangeKm          float64             `yaml:"range_km"` // on one charge; 0: no limit
	Reserve          bool                `yaml:"reserve"`  // only when another fails
}

// Capacity is what fits in a truck.
type Capacity struct {
	Kg     int64 `yaml:"kg"`
	Litres int64 `yaml:"litres"`
	// Pressed is true when the truck presses the load: a litre then holds the stream's PressedKgPerM3.
	Pressed bool `yaml:"pressed"`
}

// A Depot is where trucks start and end.
type Depot struct {
	ID      string    `yaml:"id"`
	Name    Text      `yaml:"name"`
	Point   orb.Point `yaml:"point"`
	Opening []Opening `yaml:"opening"`
}

// A Facility is a disposal facility: where trucks empty themselves.
type Facility struct {
	ID            string    `yaml:"id"`
	Name          Text      `yaml:"name"`
	Point         orb.Point `yaml:"point"`
	Streams       []string  `yaml:"streams"`
	Opening       []Opening `yaml:"opening"`
	UnloadMinutes float64   `yaml:"unload_minutes"`
}

// Opening is when a place is open, on some weekdays.
type Opening struct {
	Days []time.Weekday `yaml:"days"`
	From TimeOfDay      `yaml:"from"`
	To   TimeOfDay      `yaml:"to"`
}

// A Shift is a truck's working day.
type Shift struct {
	Days         []time.Weekday `yaml:"days"`
	From         TimeOfDay      `yaml:"from"`
	To           TimeOfDay      `yaml:"to"`
	BreakMinutes int            `yaml:"break_minutes"`
	// The break begins within this window.
	BreakFrom TimeOfDay `yaml:"break_from"`
	BreakTo   TimeOfDay `yaml:"break_to"`
	// MaxOvertimeMinutes is the longest that anybody may be asked to stay.
	MaxOvertimeMinutes int `yaml:"max_overtime_minutes"`
}

// Costs are the prices that plans are weighed by, in euro cents.
type Costs struct {
	HourCents         int64 `yaml:"hour_cents"`          // a truck with its crew
	OvertimeHourCents int64 `yaml:"overtime_hour_cents"` // on top of HourCents, after the shift's end
	KmCents           int64 `yaml:"km_cents"`
	// LowHourCents and HighHourCents bound the range that pages show results for.
	LowHourCents  int64 `yaml:"low_hour_cents"`
	HighHourCents int64 `yaml:"high_hour_cents"`
	// What an overfull container costs: once, and for each day that it stays so, and for each m3 beside it.
	OverflowEventCents int64 `yaml:"overflow_event_cents"`
	OverflowDayCents   int64 `yaml:"overflow_day_cents"`
	OverflowM3Cents    int64 `yaml:"overflow_m3_cents"`
	// SensorYearCents is what a fill sensor costs a year, with its subscription and care; 0: not given.
	SensorYearCents int64 `yaml:"sensor_year_cents"`
	// CO2GramsPerKm is what a truck gives off a kilometre, in grams; 0: not given.
	CO2GramsPerKm int64 `yaml:"co2_grams_per_km"`
	// Source says where the prices are from, or that they are assumed.
	Source string `yaml:"source"`
}

// A Container is one underground container.
type Container struct {
	ID           string // "FIL-014-R"
	Stream       string // a Stream's ID
	Point        orb.Point
	VolumeLitres int64
	Place        string // "FIL-014": containers side by side share one
	Address      string
	Sensor       string // the sensor's ID; empty when it has none
	District     string // code of the district that it stands in or, within the margin, is nearest to
}

// A ScheduleRow is when the fixed schedule, as it was found, empties a container.
type ScheduleRow struct {
	Container  string
	Days       []time.Weekday
	EveryWeeks int       // 1: weekly
	First      time.Time // the first day that it applies to, at midnight in the city's zone
}

// A ThingTemplate is a kind of thing that measures: what its sensors see and what they do not.
type ThingTemplate struct {
	ID          string `yaml:"id"` // "traffic_counter"
	Name        Text   `yaml:"name"`
	Description Text   `yaml:"description"`
	Why         Text   `yaml:"why"`          // what the city uses it for
	NotRecorded Text   `yaml:"not_recorded"` // what it does not see or keep
	Symbol      string `yaml:"symbol"`
	Owner       string `yaml:"owner"`
	// Properties are the names of the numbers or texts that each instance states, as "capacity".
	Properties  []string             `yaml:"properties"`
	Datastreams []DatastreamTemplate `yaml:"datastreams"`
}

// A DatastreamTemplate is one series of a thing, in the words of SensorThings.
type DatastreamTemplate struct {
	ID               string           `yaml:"id"` // "fill"
	Name             Text             `yaml:"name"`
	ObservationType  string           `yaml:"observation_type"` // measurement, count, category, truth
	Unit             Unit             `yaml:"unit"`
	ObservedProperty ObservedProperty `yaml:"observed_property"`
	Sensor           SensorKind       `yaml:"sensor"`
	IntervalSeconds  int64            `yaml:"interval_seconds"` // 0: only when something happens
	Min              float64          `yaml:"min"`
	Max              float64          `yaml:"max"`
	Resolution       float64          `yaml:"resolution"`
	// Tell says what the first page tells of it: "opening" (a truth: a bridge that opens) or "crowding" (a
	// count of what the property capacity holds). Empty: nothing.
	Tell string `yaml:"tell"`
}

// Unit is a unit of measurement with its definition (a UCUM or QUDT address).
type Unit struct {
	Name       string `yaml:"name"`
	Symbol     string `yaml:"symbol"`
	Definition string `yaml:"definition"`
}

// ObservedProperty is what is measured.
type ObservedProperty struct {
	Name        string `yaml:"name"`
	Definition  string `yaml:"definition"`
	Description string `yaml:"description"`
}

// SensorKind is the instrument.
type SensorKind struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Metadata    string `yaml:"metadata"`
}

// An Instance is one thing, made after a template.
type Instance struct {
	ID         string
	Template   string
	Name       string
	Point      orb.Point
	Properties map[string]string
}
