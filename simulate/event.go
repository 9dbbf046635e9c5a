package simulate

import "time"

// Kind says what an [Event] is about, and what a [SetPiece] does.
type Kind uint8

// The kinds of events, with what [Event.Value] means.
const (
	Fill         Kind = iota // a sensor's reading of a container: fraction, 0 to 1.5, 1 is full
	Emptying                 // a container was emptied: the true fill before, a fraction; Kg is set
	Blocked                  // a lift failed, because something stood before the container: the true fill
	Report                   // a resident reports: the fill as a bystander sees it; Code says what
	Traffic                  // vehicles counted in the five minutes before
	Bridge                   // 1: the bridge opens to ships; 0: it closes, Seconds after it opened
	CarPark                  // occupied spaces, a fraction of all
	SoilMoisture             // water in the soil, a fraction of its volume
	Pump                     // water level above the pump's set level, metres; Running is set
	Greenhouse               // temperature inside, degrees Celsius
)

var kindNames = [...]string{"fill", "emptying", "blocked", "report", "traffic", "bridge", "carpark", "soilmoisture", "pump", "greenhouse"}

// String returns the kind's name in lower case.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// What residents report, in [Event.Code].
const (
	ReportFull   = "full"   // it is full
	ReportBeside = "beside" // bags stand beside it
)

// Event is one thing that happened or was measured.
type Event struct {
	At    time.Time // UTC, whole seconds
	Kind  Kind
	Thing string // the container's, counter's, bridge's ... id
	Index int    // the thing's place in its list of the Config (Sensors for the last three kinds)
	Value float64

	Kg      int     // Emptying: kilograms lifted
	Battery float64 // Fill: the sensor's battery, percent
	Seconds int     // Bridge, on closing: how long it stood open
	Running float64 // Pump: share of the last 15 minutes that it ran
	Code    string  // Report: ReportFull or ReportBeside
}
