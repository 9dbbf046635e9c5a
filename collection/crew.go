package collection

import (
	"slices"
	"time"
	"unicode/utf8"

	"polder.city/internal/problem"
)

// CrewAction is one thing that the crew of a truck did or found on a day. The truck
// is named, its crew never. What the crew did wins over the plan.
type CrewAction struct {
	Key       string     `json:"key"` // the phone's own, unique: what is sent again changes nothing
	Day       string     `json:"day"` // the city's day, 2006-01-02
	Truck     string     `json:"truck"`
	Kind      CrewKind   `json:"kind"`
	Container string     `json:"container,omitempty"`
	Reason    CrewReason `json:"reason,omitempty"`
	Kg        int64      `json:"kg,omitempty"`      // lifted or unloaded; 0: not weighed
	Beside    Beside     `json:"beside,omitempty"`  // odd waste beside the container
	Of        string     `json:"of,omitempty"`      // key of the action that this one takes back
	Version   int64      `json:"version,omitempty"` // of the plan that this one confirms
	At        time.Time  `json:"at"`                // by the phone's clock; zero: now

	// What the city made of it.
	ID         int64     `json:"-"`
	Fill       int64     `json:"-"` // found when it was emptied, ppm of the volume
	FillFrom   FillFrom  `json:"-"`
	OtherTruck string    `json:"-"` // had emptied the same container on the same day; "" for none
	ReceivedAt time.Time `json:"-"`
	UndoneAt   time.Time `json:"-"` // zero while it holds

	observation int64
}

// CrewKind says what a crew did.
type CrewKind string

// The kinds of actions.
const (
	CrewEmptied   CrewKind = "emptied"
	CrewFailed    CrewKind = "failed"    // could not empty it; the reason says why and what follows
	CrewLater     CrewKind = "later"     // goes to the end of the truck's list
	CrewFirst     CrewKind = "first"     // goes to the front of the truck's list
	CrewSeen      CrewKind = "seen"      // a full container seen on the way: it comes next
	CrewUnloaded  CrewKind = "unloaded"  // the truck emptied itself
	CrewBreak     CrewKind = "break"     // the break began
	CrewConfirmed CrewKind = "confirmed" // the crew read that a newer plan replaced theirs
	CrewUndone    CrewKind = "undone"    // takes an earlier action back
)

// CrewKinds lists the kinds.
func CrewKinds() []CrewKind {
	return []CrewKind{CrewEmptied, CrewFailed, CrewLater, CrewFirst, CrewSeen, CrewUnloaded, CrewBreak, CrewConfirmed, CrewUndone}
}

// CrewReason says why a crew could not empty a container, or went another way than the plan.
type CrewReason string

// Why a container could not be emptied.
const (
	Blocked      CrewReason = "blocked"      // something stands before it
	TruckFull    CrewReason = "truck_full"   // the truck must unload first
	Damaged      CrewReason = "damaged"      // hook, lid or platform
	Unsafe       CrewReason = "unsafe"       // fire, needles, threats
	Contaminated CrewReason = "contaminated" // other waste in it than its stream
	TooHeavy     CrewReason = "heavy"        // more than the crane may lift
	NoTime       CrewReason = "no_time"      // the shift ends
)

// Why a crew goes another way than the plan.
const (
	Traffic    CrewReason = "traffic"
	RoadClosed CrewReason = "closed"
	SchoolTime CrewReason = "school"
	MarketDay  CrewReason = "market"
	OnTheWay   CrewReason = "near"
	OtherCause CrewReason = "other"
)

// FailReasons lists why a container could not be emptied, the commonest first.
func FailReasons() []CrewReason {
	return []CrewReason{Blocked, Damaged, Contaminated, TooHeavy, Unsafe, TruckFull, NoTime}
}

// OrderReasons lists why a crew goes another way than the plan.
func OrderReasons() []CrewReason {
	return []CrewReason{Traffic, RoadClosed, SchoolTime, MarketDay, OnTheWay, OtherCause}
}

// Effect is what follows when a container could not be emptied (collection.md 4.1).
type Effect string

// The effects.
const (
	Again Effect = "again" // the same truck tries once more on the same day
	Out   Effect = "out"   // no plan empties it until an official says that it can be
	Other Effect = "other" // another truck must come; no plan empties it until one did, or an official says that it can be
	Next  Effect = "next"  // a later day's plan finds it full
)

// Effect returns what follows when a container could not be emptied for this reason.
func (r CrewReason) Effect() Effect {
	switch r {
	case Blocked, TruckFull:
		return Again
	case Damaged, Unsafe:
		return Out
	case Contaminated, TooHeavy:
		return Other
	default:
		return Next
	}
}

// ofContainer reports whether a failed stop was the container's or its place's doing: then residents see it.
func (r CrewReason) ofContainer() bool { return r != TruckFull && r != NoTime }

// Beside is odd waste beside a container, which a second vehicle fetches.
type Beside string

// What stands beside a container. Bags are evidence that it was full, the others are not.
const (
	Bags   Beside = "bags"
	Bulky  Beside = "bulky"
	Hazard Beside = "hazard"
)

// BesideKinds lists what may stand beside a container.
func BesideKinds() []Beside { return []Beside{Bags, Bulky, Hazard} }

// FillFrom says what the fill rests on that an emptying is recorded with.
type FillFrom string

// What a found fill rests on. From a plan, or from nothing, nobody saw it: such a fill scores no forecast.
const (
	FillFromWeight FillFrom = "weight" // kilograms over the stream's density
	FillFromBeside FillFrom = "beside" // bags stood beside it, so it was full
	FillFromSensor FillFrom = "sensor" // the last reading of the six hours before
	FillFromPlan   FillFrom = "plan"   // what the plan expected
	FillFromNone   FillFrom = "none"   // taken for full
)

// UndoFor is how long after an action its crew may take it back, by the phone's clock.
const UndoFor = 10 * time.Minute

// maxKg is the most that one lift or one unloading can weigh.
const maxKg = 30_000

// checkCrew refuses an action that cannot be, and names the field.
func (s *Service) checkCrew(a *CrewAction, now time.Time) error {
	bad := func(field, way, format string, args ...any) error {
		return problem.New(problem.Invalid, "crew."+field, format, args...).At(field).Do("%s", way)
	}
	if a.Key == "" || len(a.Key) > 200 || hasZero(a.Key) || !utf8.ValidString(a.Key) {
		return bad("key", "Give each action a key of its own, for instance a UUID.", "The key has %d bytes; it must have 1 to 200, and be text.", len(a.Key))
	}
	midnight, err := s.ParseDay(a.Day)
	if err != nil {
		return bad("day", "Write it as 2026-11-24.", "%q is no day.", a.Day)
	}
	if !slices.Contains(s.truckIDs(), a.Truck) {
		return bad("truck", "Sign in for one of the city's trucks.", "There is no truck %q.", a.Truck)
	}
	if !slices.Contains(CrewKinds(), a.Kind) {
		return bad("kind", "Send one of the kinds that the documentation lists.", "There is no action %q.", a.Kind)
	}
	// A phone's clock that runs ahead must not put an action after what follows it.
	if a.At.IsZero() || a.At.After(now) {
		a.At = now
	}
	a.At = a.At.Truncate(time.Microsecond).UTC()
	if a.At.Before(midnight) {
		return bad("at", "Set the phone's clock.", "The time %s lies before %s.", a.At.Format(time.RFC3339), a.Day)
	}
	if a.Kg < 0 || a.Kg > maxKg {
		return bad("kg", "Give whole kilograms, or leave it empty.", "A weight of %d kg cannot be.", a.Kg)
	}
	if a.Beside != "" && !slices.Contains(BesideKinds(), a.Beside) {
		return bad("beside", "Choose bags, bulky or hazard, or leave it empty.", "There is no kind of waste %q.", a.Beside)
	}
	switch a.Kind {
	case CrewFailed:
		if !slices.Contains(FailReasons(), a.Reason) {
			return bad("reason", "Choose why it could not be emptied.", "There is no reason %q.", a.Reason)
		}
	case CrewLater, CrewFirst:
		if !slices.Contains(OrderReasons(), a.Reason) {
			return bad("reason", "Choose why you go another way.", "There is no reason %q.", a.Reason)
		}
	default:
		a.Reason = ""
	}
	return nil
}

// truckIDs returns the ids of every truck of the city.
func (s *Service) truckIDs() []string {
	ids := make([]string, len(s.city.Fleet.Trucks))
	for i, t := range s.city.Fleet.Trucks {
		ids[i] = t.ID
	}
	return ids
}

// aboutContainer reports whether an action of this kind is about a container.
func (k CrewKind) aboutContainer() bool {
	return slices.Contains([]CrewKind{CrewEmptied, CrewFailed, CrewLater, CrewFirst, CrewSeen}, k)
}
