package study

import (
	"context"
	"time"

	"polder.city/collection"
)

// Policy decides each working morning which containers are emptied by which route. One value serves one run, so it may keep what it saw.
type Policy interface {
	Plan(ctx context.Context, m *Morning) (*Plan, error)
}

// Curve is how a fill goes on unless its container is emptied.
type Curve interface {
	collection.Growth
	Fill(t time.Time) (mean, sd float64)
	Quantile(t time.Time, p float64) float64
}

// Outlook is what the shared forecaster thinks of a container.
type Outlook struct {
	Onward  Curve     // from now on
	Fresh   Curve     // from an emptying now on
	Emptied time.Time // the last emptying; zero when none is known
}

// Morning is all that a policy sees of a day: what everybody may know of the world, and what was observed.
type Morning struct {
	World    *World
	Midnight time.Time
	Now      time.Time // when the plan is made
	Days     collection.Days
	Round    int // working days since the world began; the first is 0
	// Learned numbers the forecaster's fits: what is the same for a whole fit may be kept.
	Learned int

	outlook func(i int) Outlook
	kept    []Outlook
	rounds  int // of the solver
	seed    uint64
}

// Outlook returns what is expected of a container.
func (m *Morning) Outlook(i int) Outlook {
	if m.kept == nil {
		m.kept = make([]Outlook, len(m.World.Containers))
	}
	if m.kept[i].Onward == nil {
		m.kept[i] = m.outlook(i)
	}
	return m.kept[i]
}

// NextRound is when the trucks leave on the next working day: what is full before has waited for them.
func (m *Morning) NextRound() time.Time {
	return m.Days.End(m.Days.NextWork() - 1).Add(time.Duration(m.World.Trucks[0].Shift.Open) * time.Second)
}

// Plan is what trucks shall do on a day.
type Plan struct{ Tours []Tour }

// Tour is one truck's day: it leaves its depot, makes its visits and comes back empty.
type Tour struct {
	Truck  int
	Leave  int32 // seconds after midnight
	Visits []Visit
}

// Visit is an emptying, or an unloading where Container is -1.
type Visit struct {
	Container, Facility int
	Kg                  float64 // expected; by it a crew knows whether the next one still fits
}
