package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/sensing"
	"polder.city/simulate"
)

// crew drives the demo's plans through the simulated world: what a plan in force
// says is emptied at the time that it says, and what was found is observed. A truck
// that a person signed in for is theirs from then on: the world learns what they did.
type crew struct {
	demo  *demo
	world *simulate.World
}

func newCrew(d *demo, w *simulate.World) *crew { return &crew{d, w} }

// lift is a container that a truck comes to.
type lift struct {
	at        time.Time
	container string
	told      bool // a person did it, and their own page observed it
}

// drive lets the world live up to a time, trucks included, and hands everything
// that was observed to sink, in order of time.
func (c *crew) drive(ctx context.Context, until time.Time, sink func(context.Context, []sensing.Reading) error) error {
	if !until.After(c.world.Now()) {
		return nil
	}
	lifts, err := c.lifts(ctx, c.world.Now(), until)
	if err != nil {
		return err
	}
	var readings []sensing.Reading
	emit := func(e simulate.Event) { readings = c.demo.appendReadings(readings, e) }
	for _, l := range lifts {
		if err := c.world.Advance(ctx, l.at, emit); err != nil {
			return err
		}
		before, _, err := c.world.Empty(l.container, l.at)
		switch {
		case l.told: // where the world has it blocked, the person knew better, and the next reading will show it
			if err != nil && !errors.Is(err, simulate.ErrBlocked) {
				return fmt.Errorf("empty %s: %w", l.container, err)
			}
		case errors.Is(err, simulate.ErrBlocked):
			c.demo.g.log.Info("a stop failed: something stands before the container", "container", l.container)
			readings = append(readings, sensing.Reading{DatastreamKey: collection.SeriesKey(l.container, collection.BlockedKind), Time: l.at, Value: 1})
		case err != nil:
			return fmt.Errorf("empty %s: %w", l.container, err)
		default:
			readings = append(readings, sensing.Reading{DatastreamKey: collection.SeriesKey(l.container, collection.EmptyingKind), Time: l.at, Value: min(before, collection.MaxFill)})
		}
	}
	if err := c.world.Advance(ctx, until, emit); err != nil {
		return err
	}
	return sink(ctx, readings)
}

// lifts returns what the plans in force empty between two times, in order of time.
func (c *crew) lifts(ctx context.Context, from, until time.Time) ([]lift, error) {
	var lifts []lift
	zone := c.demo.city.Location
	for day := calendar.Midnight(from, zone); day.Before(until); day = calendar.AddDays(day, 1) {
		plan, err := c.demo.app.collection.PlanOf(ctx, day.Format(collection.DayLayout))
		if err != nil {
			return nil, err
		}
		if plan == nil || plan.State != collection.Decided {
			continue
		}
		taken, done, err := c.people(ctx, plan.Day)
		if err != nil {
			return nil, err
		}
		for _, r := range plan.Routes {
			for _, v := range r.Visits {
				at := day.Add(time.Duration(v.Leave) * time.Second)
				since, theirs := taken[r.Truck]
				if v.Kind == collection.VisitEmpty && at.After(from) && !at.After(until) && !done[v.At] && (!theirs || at.Before(since)) {
					lifts = append(lifts, lift{at: at, container: v.At})
				}
			}
		}
	}
	// What people did counts in the world when it cannot be taken back any more, wherever they drive.
	for day := calendar.AddDays(calendar.Midnight(from, zone), -1); day.Before(until); day = calendar.AddDays(day, 1) {
		actions, err := c.demo.app.collection.CrewActions(ctx, day.Format(collection.DayLayout))
		if err != nil {
			return nil, err
		}
		for _, a := range actions {
			at := a.ReceivedAt.Add(collection.UndoFor)
			if a.Kind == collection.CrewEmptied && a.UndoneAt.IsZero() && at.After(from) && !at.After(until) {
				lifts = append(lifts, lift{at: at, container: a.Container, told: true})
			}
		}
	}
	slices.SortStableFunc(lifts, func(a, b lift) int { return a.at.Compare(b.at) })
	return lifts, nil
}

// people returns the trucks that people took on a day, and since when, and the containers that they did or that cannot be emptied.
func (c *crew) people(ctx context.Context, day string) (taken map[string]time.Time, done map[string]bool, err error) {
	trucks, err := c.demo.app.collection.CrewTrucks(ctx, day)
	if err != nil {
		return nil, nil, err
	}
	taken, done = map[string]time.Time{}, map[string]bool{}
	for _, x := range trucks {
		taken[x.Truck] = x.StartedAt
	}
	actions, err := c.demo.app.collection.CrewActions(ctx, day)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range actions {
		if a.Kind == collection.CrewEmptied && a.UndoneAt.IsZero() {
			done[a.Container] = true
		}
	}
	out, err := c.demo.app.collection.ContainersOut(ctx)
	for _, o := range out {
		done[o.Container] = true
	}
	return taken, done, err
}

// appendReadings puts what happened in the simulated city in the words of a sensor's message.
func (d *demo) appendReadings(readings []sensing.Reading, e simulate.Event) []sensing.Reading {
	add := func(kind string, value float64) {
		readings = append(readings, sensing.Reading{DatastreamKey: collection.SeriesKey(e.Thing, kind), Time: e.At, Value: value})
	}
	switch e.Kind {
	case simulate.Fill:
		add(collection.FillKind, e.Value)
	case simulate.Emptying:
		add(collection.EmptyingKind, min(e.Value, collection.MaxFill))
	case simulate.Blocked:
		add(collection.BlockedKind, 1)
	case simulate.Report:
		add(collection.ReportKind, 1)
	case simulate.Traffic:
		add("vehicles", e.Value)
	case simulate.Bridge:
		readings = append(readings, sensing.Reading{
			DatastreamKey: collection.SeriesKey(e.Thing, "open"), Time: e.At, Result: json.RawMessage(strconv.FormatBool(e.Value > 0)),
		})
	case simulate.CarPark:
		add("occupied", math.Round(e.Value*float64(d.spaces[e.Thing])))
	case simulate.SoilMoisture:
		add("moisture", 100*e.Value)
	case simulate.Pump:
		add("level", e.Value)
	case simulate.Greenhouse:
		add("temperature", e.Value)
	}
	return readings
}

// spread draws a container's own factor on the inflow of its stream: lognormal, mean 1,
// with the coefficient of variation cv; the same for the same id.
func spread(id string, cv float64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	sigma2 := math.Log(1 + cv*cv)
	return math.Exp(math.Sqrt(sigma2)*rand.New(rand.NewPCG(h.Sum64(), 1)).NormFloat64() - sigma2/2)
}

// worldContainers puts the city's containers and fixed schedule in the simulator's words.
func worldContainers(c *city.City) []simulate.Container {
	schedule := map[string]city.ScheduleRow{}
	for _, row := range c.Schedule {
		schedule[row.Container] = row
	}
	perDay := map[string]float64{}
	for _, r := range c.Simulation.Streams {
		perDay[r.Stream] = r.LitresPerDay
	}
	containers := make([]simulate.Container, len(c.Containers))
	for i, x := range c.Containers {
		row := schedule[x.ID]
		containers[i] = simulate.Container{
			ID: x.ID, Place: x.Place, Stream: x.Stream, District: x.District, Point: x.Point, VolumeLitres: float64(x.VolumeLitres),
			LitresPerDay: perDay[x.Stream] * spread(x.ID, c.Simulation.Truth.ContainerSpread), Sensor: x.Sensor != "", Days: row.Days, EveryWeeks: row.EveryWeeks,
		}
	}
	return containers
}
