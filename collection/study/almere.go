package study

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/fleet"
	"polder.city/internal/calendar"
	"polder.city/roads"
	"polder.city/roads/synth"
	"polder.city/simulate"
)

// almere is what makes the hard world hard; the rest is in city/almere.
type almere struct {
	LayoutSeed         uint64     `yaml:"layout_seed"`
	InflowCV           float64    `yaml:"inflow_cv"`
	LitreCV            float64    `yaml:"litre_cv"`
	DayCV              float64    `yaml:"day_cv"`
	ResidualMax        float64    `yaml:"residual_max"`
	Spill              [2]float64 `yaml:"spill"`
	Refusal            [2]float64 `yaml:"refusal"`
	BlockedChance      float64    `yaml:"blocked_chance"`
	ReportChance       float64    `yaml:"report_chance"`
	ReadingsEveryHours int        `yaml:"readings_every_hours"`
	Noise              float64    `yaml:"noise"`
	Resolution         float64    `yaml:"resolution"`
	Dropout            float64    `yaml:"dropout"`
	Spike              float64    `yaml:"spike"`
	DeadShare          float64    `yaml:"dead_share"`
	StuckShare         float64    `yaml:"stuck_share"`
	DriftingShare      float64    `yaml:"drifting_share"`
	DriftPerDay        float64    `yaml:"drift_per_day"`
	TravelCV           float64    `yaml:"travel_cv"`
	HolidayDeposits    float64    `yaml:"holiday_deposits"`
}

func (f *Frozen) almereWorld() (*World, error) {
	a := &f.Almere
	c, err := city.Open("almere")
	if err != nil {
		return nil, err
	}
	start, err := f.start(c.Location)
	if err != nil {
		return nil, err
	}
	w := &World{
		Name: "almere", Location: c.Location, Start: start, Works: c.WorkingDay, Holiday: c.Holiday, Fleet: c.Fleet,
		ReadEvery: a.ReadingsEveryHours, travelCV: a.TravelCV, co2: [2]float64{f.CO2GramsPerKm, f.CO2GramsPerLift},
		Overtime: int32(60 * c.Fleet.Shift.MaxOvertimeMinutes),
	}
	for _, s := range c.Streams {
		w.Streams = append(w.Streams, Stream{s.ID, s.KgPerM3 / 1000, s.PressedKgPerM3 / 1000, s.HygieneDays})
	}
	if err := w.layCity(c); err != nil {
		return nil, err
	}
	if err := w.layFleet(c); err != nil {
		return nil, err
	}
	w.live(c, a, f.Span())
	return w, nil
}

// layCity places the containers, and takes the travel between their places from the drawn streets.
func (w *World) layCity(c *city.City) error {
	points := []orb.Point{c.Fleet.Depots[0].Point}
	for _, f := range c.Fleet.Facilities {
		points = append(points, f.Point)
	}
	places := map[string]int{}
	found := map[string][]city.ScheduleRow{}
	for _, row := range c.Schedule {
		found[row.Container] = append(found[row.Container], row)
	}
	for _, x := range c.Containers {
		at, ok := places[x.Place]
		if !ok {
			at = len(points)
			places[x.Place] = at
			points = append(points, x.Point)
		}
		w.Containers = append(w.Containers, Container{
			ID: x.ID, Location: at, Stream: w.stream(x.Stream), Litres: float64(x.VolumeLitres), Lifts: 1, Point: x.Point, District: x.District,
			Sensor: x.Sensor != "", Found: found[x.ID],
		})
	}
	if c.Landscape == nil {
		return errors.New("the city brings no landscape to draw streets in")
	}
	network, err := synth.Draw(*c.Landscape)
	if err != nil {
		return err
	}
	graph, err := roads.Build(network, roads.Truck())
	if err != nil {
		return err
	}
	snaps := make([]roads.Snap, len(points))
	for i, p := range points {
		if snaps[i], err = graph.Snap(p, 250); err != nil {
			return fmt.Errorf("point %d of the world: %w", i, err)
		}
	}
	matrix, err := graph.Matrix(context.Background(), snaps)
	if err != nil {
		return err
	}
	w.Locations, w.Seconds, w.Meters = matrix.N, matrix.Seconds, matrix.Meters
	return nil
}

func (w *World) stream(id string) int {
	return slices.IndexFunc(w.Streams, func(s Stream) bool { return s.ID == id })
}

func (w *World) groups(ids []string) (groups []int) {
	for _, id := range ids {
		groups = append(groups, w.stream(id))
	}
	return groups
}

// layFleet puts the city's crane trucks, without the reserve, in the solver's words.
func (w *World) layFleet(c *city.City) error {
	open := func(hours []city.Opening) []fleet.Window {
		if len(hours) == 0 {
			return nil
		}
		return []fleet.Window{{Open: int32(hours[0].From), Close: int32(hours[0].To)}}
	}
	f := &c.Fleet
	w.Depot = fleet.Depot{Name: f.Depots[0].ID}
	for i, x := range f.Facilities {
		w.Facilities = append(w.Facilities, fleet.Facility{
			Name: x.ID, Location: 1 + i, Service: int32(60 * x.UnloadMinutes), Groups: w.groups(x.Streams), Windows: open(x.Opening),
		})
	}
	for _, t := range f.Trucks {
		if t.Kind != "crane" || t.Reserve {
			continue
		}
		v := fleet.Vehicle{
			Name: t.ID, Shift: fleet.Window{Open: int32(f.Shift.From), Close: int32(f.Shift.To)}, Capacity: []int64{t.Capacity.Kg, t.Capacity.Litres},
			GroupCapacity: map[int][]int64{}, Groups: w.groups(t.Streams), MaxMeters: int64(1000 * t.RangeKm),
			FixedCost: f.Costs.HourCents, HourCost: f.Costs.HourCents, OvertimeHourCost: f.Costs.OvertimeHourCents, KilometreCost: f.Costs.KmCents,
			Breaks: []fleet.Break{{
				Window: fleet.Window{Open: int32(f.Shift.BreakFrom), Close: int32(f.Shift.BreakTo)}, Duration: int32(60 * f.Shift.BreakMinutes),
			}},
		}
		for id, x := range t.CapacityByStream {
			v.GroupCapacity[w.stream(id)] = []int64{x.Kg, x.Litres}
		}
		w.Trucks = append(w.Trucks, v)
	}
	if len(w.Trucks) == 0 {
		return errors.New("the city has no crane trucks")
	}
	return nil
}

// live writes the simulator's configuration: residents as the city folder has them, and what is hard.
func (w *World) live(c *city.City, a *almere, span Span) {
	s := simulate.Defaults()
	s.Location, s.Start = w.Location, w.Start
	s.Refusal, s.Spill, s.BlockedChance, s.ReportChance = a.Refusal, a.Spill, a.BlockedChance, a.ReportChance
	perDay := map[string]float64{}
	for _, x := range c.Simulation.Streams {
		perDay[x.Stream] = x.LitresPerDay
		stream := simulate.Stream{ID: x.Stream, DayCV: a.DayCV, LitreCV: a.LitreCV, ResidualMax: a.ResidualMax}
		copy(stream.Hour[:], x.Hours)
		for d, share := range x.Weekdays { // Monday first there, Sunday first here
			stream.Weekday[(d+1)%7] = share
		}
		copy(stream.Triangular[:], x.DepositLitres)
		middle, swing := (x.SummerFactor+x.WinterFactor)/2, (x.SummerFactor-x.WinterFactor)/2
		for m := range stream.Month { // January (0) is winter, July (6) summer, a cosine between
			stream.Month[m] = middle - swing*math.Cos(2*math.Pi*float64(m)/12)
		}
		k := w.stream(x.Stream)
		stream.KgPerLitre, stream.MaxDays = w.Streams[k].KgPerLitre, w.Streams[k].HygieneDays
		s.Streams = append(s.Streams, stream)
	}
	sensors := 0
	for i := range w.Containers {
		x := &w.Containers[i]
		y := simulate.Container{
			ID: x.ID, Place: fmt.Sprint(x.Location), Stream: w.Streams[x.Stream].ID, District: x.District, Point: x.Point, VolumeLitres: x.Litres,
			LitresPerDay: perDay[w.Streams[x.Stream].ID] * spread(a.LayoutSeed, x.ID, a.InflowCV), Sensor: x.Sensor,
		}
		if len(x.Found) > 0 {
			y.Days, y.EveryWeeks = x.Found[0].Days, x.Found[0].EveryWeeks
		}
		if x.Sensor {
			sensors++
		}
		s.Containers = append(s.Containers, y)
	}
	share := func(of float64) int { return int(of*float64(sensors) + 0.5) }
	s.Sensing = simulate.Sensing{
		Resolution: a.Resolution, Noise: a.Noise, Dropout: a.Dropout, Spike: a.Spike, DriftPerDay: a.DriftPerDay,
		Silent: share(a.DeadShare), Stuck: share(a.StuckShare), Drifting: share(a.DriftingShare),
	}
	end := w.Start.AddDate(0, 0, span.Found+span.WarmUp+span.Counted)
	s.Periods = simulate.DutchHolidays(w.Start, end, w.Location)
	for _, p := range s.Periods { // people are at home before and after
		deposits := map[string]float64{}
		for _, x := range s.Streams {
			deposits[x.ID] = a.HolidayDeposits
		}
		s.Periods = append(s.Periods, simulate.Period{
			Name: "about " + p.Name, From: calendar.AddDays(p.From, -1), To: calendar.AddDays(p.From, 2), Deposits: deposits,
		})
	}
	s.Policy.Shift = simulate.Span{From: time.Duration(c.Fleet.Shift.From) * time.Second, To: time.Duration(c.Fleet.Shift.To) * time.Second}
	w.config = s
}

// spread draws a container's own factor on the inflow of its stream: lognormal, mean 1, the same for the same id.
func spread(seed uint64, id string, cv float64) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	sigma2 := math.Log1p(cv * cv)
	return math.Exp(math.Sqrt(sigma2)*rand.New(rand.NewPCG(h.Sum64(), seed)).NormFloat64() - sigma2/2)
}
