package main

import (
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/roads"
	"polder.city/simulate"
)

// worldConfig puts a city folder in the simulator's words: its streams, events,
// sensors and things, from start on for the years that follow.
func worldConfig(c *city.City, start, end time.Time) simulate.Config {
	w := simulate.Defaults()
	s := c.Simulation
	w.Seed, w.Start, w.Location = max(s.Seed, 1), start, c.Location
	for _, stream := range c.Streams {
		w.Streams = append(w.Streams, worldStream(c, stream))
	}
	if t := s.Truth; t.SpillOver > 0 {
		w.Spill = [2]float64{max(0, t.SpillOver-0.15), min(1, t.SpillOver+0.15)}
		w.BlockedChance = t.BlockedStops
	}
	if f := s.Sensors; f.Resolution > 0 {
		w.Sensing = simulate.Sensing{
			Resolution: f.Resolution, Noise: f.Noise, Dropout: f.LostMessages, Spike: w.Sensing.Spike,
			Silent: f.Silent, Stuck: f.Stuck, Drifting: f.Drifting, At: end, DriftPerDay: f.DriftPerDay,
		}
	}
	w.Policy.Shift = simulate.Span{From: time.Duration(c.Fleet.Shift.From) * time.Second, To: time.Duration(c.Fleet.Shift.To) * time.Second}
	w.Policy.Workdays = [7]bool{}
	for _, d := range c.Fleet.Shift.Days {
		w.Policy.Workdays[d] = true
	}
	w.Periods = simulate.DutchHolidays(start, end.AddDate(0, 1, 0), c.Location)
	for year := start.Year(); year <= end.Year(); year++ {
		for _, e := range s.Events {
			w.Periods = append(w.Periods, worldPeriods(c, e, year)...)
		}
	}
	worldThings(c, &w)
	return w
}

// worldStream merges what the city says of a stream with how residents bring it in the Netherlands.
func worldStream(c *city.City, stream city.Stream) simulate.Stream {
	usual := simulate.DutchStreams()
	out := usual[0]
	if i := slices.IndexFunc(usual, func(s simulate.Stream) bool { return s.ID == stream.ID }); i >= 0 {
		out = usual[i]
	}
	out.ID, out.KgPerLitre, out.MaxDays = stream.ID, stream.KgPerM3/1000, stream.HygieneDays
	i := slices.IndexFunc(c.Simulation.Streams, func(r city.StreamRate) bool { return r.Stream == stream.ID })
	if i < 0 {
		return out
	}
	rate := c.Simulation.Streams[i]
	if len(rate.Weekdays) == 7 {
		for d, x := range rate.Weekdays { // Monday first there, Sunday first here
			out.Weekday[(d+1)%7] = x
		}
	}
	if len(rate.Hours) == 24 {
		copy(out.Hour[:], rate.Hours)
	}
	if len(rate.DepositLitres) == 3 {
		copy(out.Triangular[:], rate.DepositLitres)
	}
	if rate.SummerFactor > 0 && rate.WinterFactor > 0 {
		middle, swing := (rate.SummerFactor+rate.WinterFactor)/2, (rate.SummerFactor-rate.WinterFactor)/2
		for m := range out.Month { // January (0) is winter, July (6) summer, a cosine between
			out.Month[m] = middle - swing*math.Cos(2*math.Pi*float64(m)/12)
		}
	}
	if t := c.Simulation.Truth; t.DaySpread > 0 {
		out.DayCV, out.LitreCV, out.ResidualMax = t.DaySpread, t.PeriodSpread, t.ResidualMax
	}
	return out
}

// worldPeriods spells an event of the city out for a year.
func worldPeriods(c *city.City, e city.Event, year int) []simulate.Period {
	from, to, ok := e.In(year, c.Location)
	if !ok {
		return nil
	}
	where := e.Points
	for _, code := range e.Districts {
		if d, ok := c.District(code); ok {
			where = append(where, d.Polygon.Bound().Center())
		}
	}
	radius := e.RadiusMeters
	if len(where) == 0 {
		where, radius = []orb.Point{{}}, 0
	} else if radius == 0 {
		radius = 600
	}
	var out []simulate.Period
	for _, effect := range e.Effects {
		p := simulate.Period{Name: e.ID, From: from.AddDate(0, 0, effect.FromDay), To: to.AddDate(0, 0, effect.FromDay), RadiusMeters: radius, Traffic: effect.Traffic}
		if effect.Days > 0 {
			p.To = p.From.AddDate(0, 0, effect.Days)
		}
		streams := effect.Streams
		if len(streams) == 0 {
			for _, s := range c.Streams {
				streams = append(streams, s.ID)
			}
		}
		switch {
		case effect.Closed:
			p.Deposits = map[string]float64{}
			for _, s := range streams {
				p.Deposits[s] = 0
			}
		case effect.Factor > 0:
			p.Deposits = map[string]float64{}
			for _, s := range streams {
				p.Deposits[s] = effect.Factor
			}
		}
		if effect.NoTrucks {
			p.Suspended = streams
		}
		for _, point := range where {
			p.Point = point
			out = append(out, p)
		}
	}
	return out
}

// worldThings adds the things that measure something else than fills.
func worldThings(c *city.City, w *simulate.Config) {
	rate := map[string]city.ThingRate{}
	for _, r := range c.Simulation.Kinds {
		rate[r.Template] = r
	}
	between := func(template string, i int) float64 { // spread evenly, in an order that is not the list's
		r := rate[template]
		return r.DayMin + (r.DayMax-r.DayMin)*float64(i*7%12)/11
	}
	count := map[string]int{}
	for _, x := range c.Instances {
		i := count[x.Template]
		count[x.Template]++
		switch x.Template {
		case "traffic_counter":
			w.Counters = append(w.Counters, simulate.Counter{ID: x.ID, Point: x.Point, VehiclesPerDay: between(x.Template, i)})
		case "bridge", "lock":
			hours := rate[x.Template].Opening
			b := simulate.DrawBridge{ID: x.ID, Point: x.Point, OpeningsPerDay: float64(atoi(x.Properties["openings_per_day"], int(between(x.Template, i))))}
			for _, season := range hours {
				spans := &b.Hours
				if season.FromDay > season.ToDay { // over New Year
					spans = &b.Winter
				}
				for _, o := range season.Opening {
					for _, d := range o.Days {
						spans[d] = simulate.Span{From: time.Duration(o.From) * time.Second, To: time.Duration(o.To) * time.Second}
					}
				}
			}
			w.Bridges = append(w.Bridges, b)
		case "car_park":
			w.CarParks = append(w.CarParks, simulate.Park{ID: x.ID, Point: x.Point, Spaces: atoi(x.Properties["capacity"], 200)})
		case "soil_moisture":
			w.Sensors = append(w.Sensors, simulate.Sensor{ID: x.ID, Kind: simulate.SoilMoisture, Point: x.Point})
		case "pump":
			w.Sensors = append(w.Sensors, simulate.Sensor{ID: x.ID, Kind: simulate.Pump, Point: x.Point})
		case "greenhouse":
			w.Sensors = append(w.Sensors, simulate.Sensor{ID: x.ID, Kind: simulate.Greenhouse, Point: x.Point})
		}
	}
}

func atoi(text string, otherwise int) int {
	n := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			return otherwise
		}
		n = n*10 + int(c-'0')
	}
	if n == 0 {
		return otherwise
	}
	return n
}

// homes returns points on streets where people live: where containers may stand.
func homes(network *roads.Network, within func(orb.Point) bool) []orb.Point {
	used := make([]bool, len(network.Nodes))
	var points []orb.Point
	for i := range network.Ways {
		way := &network.Ways[i]
		if way.Class != roads.Residential && way.Class != roads.LivingStreet && way.Class != roads.Tertiary {
			continue
		}
		if way.Forward&roads.AccessTruck == 0 && way.Backward&roads.AccessTruck == 0 || way.Private&roads.AccessTruck != 0 || (way.MaxWeight > 0 && way.MaxWeight < 260) {
			continue
		}
		for _, n := range way.Nodes {
			if !used[n] {
				used[n] = true
				if p := network.Nodes[n]; within(p) {
					points = append(points, p)
				}
			}
		}
	}
	return points
}
