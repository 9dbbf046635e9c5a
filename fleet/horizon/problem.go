// Package horizon plans visits over several days: which container is emptied on which days, by
// which truck, in which trip and order, all at once.
//
// A [Problem] holds a fleet of trucks for each day and sites that fill up. Since an emptying is complete,
// what a site costs over the days is a sum over the pairs of days between which it is left alone: a
// table that the caller works out once (overflow by day since emptying). [Solve] searches a cheap [Plan]; [Check] judges any
// plan by itself; [Appraise] tells what an emptying on the first day is worth against the best later one, and why;
// [Day0] makes the first day a problem of package fleet, with the plan as its warm start.
//
// Periodic problems, where a site has a frequency and the days of its visits must be one of a few patterns, are a special case:
// see [Site.Patterns] and [ReadPVRPIF].
//
// The search keeps to trips, unloading, capacity, groups, places, the length of shifts and the range of trucks. It sets the time of
// breaks aside in each shift, and leaves windows and the moments of breaks to package fleet, on the first day.
//
// The package is pure. Units throughout: seconds, metres, cents; loads in any unit; days count from 0.
package horizon

import (
	"math"

	"polder.city/fleet"
)

// Never marks a cell of [Site.Leave] that is not allowed.
const Never = math.MaxInt64

// Problem is the work of a fleet over several days.
//
// Locations, matrices, dimensions, depots, facilities and what the flags mean are as in [fleet.Problem].
type Problem struct {
	Days      int     `json:"days"`
	Locations int     `json:"locations"`
	Seconds   []int32 `json:"seconds"`
	Meters    []int32 `json:"meters"`

	Dimensions int      `json:"dimensions"`
	Units      []string `json:"units,omitempty"`

	Sites      []Site           `json:"sites"`
	Depots     []fleet.Depot    `json:"depots"`
	Facilities []fleet.Facility `json:"facilities,omitempty"`
	// Fleet holds the vehicles of each day; a day without any may be empty. MaxTrips must be 0, and
	// overtime is not planned.
	Fleet [][]fleet.Vehicle `json:"fleet"`

	OneGroupATrip bool  `json:"oneGroupATrip,omitempty"`
	EndEmpty      bool  `json:"endEmpty,omitempty"`
	PlaceService  int32 `json:"placeService,omitempty"`
}

// Site is something that fills up and is emptied completely: a container.
type Site struct {
	Name     string `json:"name,omitempty"`
	Location int    `json:"location"`
	Service  int32  `json:"service"` // seconds
	Group    int    `json:"group,omitempty"`
	Place    int    `json:"place"` // negative: shared with no other site
	// Windows are for [Day0] only; the search does not look at them.
	Windows []fleet.Window `json:"windows,omitempty"`

	// First is what the first emptying picks up, a row of Dimensions loads for each day on which it may be; Again
	// what a later one does, a row for each number of days since the emptying before, from 1 to Days-1. Expected loads or, to
	// plan with room to spare, a quantile of them.
	First []int64 `json:"first,omitempty"`
	Again []int64 `json:"again,omitempty"`

	// Leave is what leaving the site alone costs in cents, in (Days+1) rows of (Days+1): the row for the day of an emptying
	// plus 1, row 0 for the state in which the first day begins; the column for the day of the next emptying, column Days for the end, with
	// what the state left behind is worth. Only cells with the column no less than the row count; [Never] forbids one. nil
	// costs nothing. [Problem.Cell] finds a cell.
	Leave []int64 `json:"leave,omitempty"`

	// Patterns, if there are any, are the sets of days (ascending) of which one must be the days of the visits.
	Patterns [][]int `json:"patterns,omitempty"`
}

// Cell returns the index in [Site.Leave] of leaving a site from the emptying on one day, -1 for the start, to the emptying on
// another, Days for the end.
func (p *Problem) Cell(from, to int) int { return (from+1)*(p.Days+1) + to }

// leave returns what leaving a site between two emptyings costs, or Never.
func (p *Problem) leave(site, from, to int) int64 {
	table := p.Sites[site].Leave
	if table == nil {
		return 0
	}
	return table[p.Cell(from, to)]
}

// load returns what an emptying on a day picks up after the one before, -1 for none; nil is nothing.
func (p *Problem) load(site, from, to int) []int64 {
	s := &p.Sites[site]
	row, table := to, s.First
	if from >= 0 {
		row, table = to-from-1, s.Again
	}
	if table == nil {
		return nil
	}
	return table[row*p.Dimensions : (row+1)*p.Dimensions]
}
