package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"polder.city/fleet"
	"polder.city/fleet/horizon"
)

// Costs and times of the made city, as in the demo's.
const (
	hourCents, kmCents                    = 11_000, 120
	eventCents, dayCents, cubicMetreCents = 6_000, 4_000, 5_000
	litres                                = 5_000
	gramsALitre                           = 80
	containerSeconds, placeSeconds        = 78, 120
	truckKilograms                        = 9_000
	quantile                              = 1.2 // a load is planned at so many times its mean
	farthest                              = 60  // days that an emptying may lie behind the horizon
)

// grid returns points, in metres, of places on a grid of a city of so many containers, one or two a place.
func grid(containers int) [][2]float64 {
	places := (containers*2 + 2) / 3
	side := int(math.Ceil(math.Sqrt(float64(places))))
	points := make([][2]float64, places)
	for i := range points {
		points[i] = [2]float64{float64(i%side) * 300, float64(i/side) * 300}
	}
	return points
}

// readPoints reads the points of a GeoJSON file, in metres around the first.
func readPoints(name string) ([][2]float64, error) {
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Features []struct {
			Geometry struct {
				Coordinates [2]float64 `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	var points [][2]float64
	first := file.Features[0].Geometry.Coordinates
	for _, f := range file.Features {
		c := f.Geometry.Coordinates
		points = append(points, [2]float64{
			(c[0] - first[0]) * 111_320 * math.Cos(first[1]*math.Pi/180), (c[1] - first[1]) * 110_540,
		})
	}
	return points, nil
}

// makeCity makes a city of containers at places, one or two a place until there are enough, with trucks for every day but each seventh.
// A container's growth is gamma, 4 to 20 days of it fill it, and it begins anywhere between empty and full.
func makeCity(points [][2]float64, containers, days, trucks int, seed uint64) *horizon.Problem {
	random := rand.New(rand.NewPCG(seed, 1))
	n := len(points) + 2
	p := &horizon.Problem{
		Days: days, Locations: n, Dimensions: 1, Units: []string{"kg"}, EndEmpty: true, PlaceService: placeSeconds,
		Seconds: make([]int32, n*n), Meters: make([]int32, n*n),
		Depots: []fleet.Depot{{Location: n - 2}}, Facilities: []fleet.Facility{{Location: n - 1, Service: 720}},
	}
	// The depot is at the edge, the facility a little out of town.
	low, high := points[0], points[0]
	for _, c := range points {
		low = [2]float64{min(low[0], c[0]), min(low[1], c[1])}
		high = [2]float64{max(high[0], c[0]), max(high[1], c[1])}
	}
	all := append(append([][2]float64{}, points...), [2]float64{low[0], (low[1] + high[1]) / 2}, [2]float64{(low[0] + high[0]) / 2, low[1] - 1500})
	for i, a := range all {
		for j, b := range all {
			if i != j {
				meters := 1.3 * math.Hypot(a[0]-b[0], a[1]-b[1])
				p.Meters[i*n+j] = int32(meters)
				p.Seconds[i*n+j] = int32(10 + meters/8)
			}
		}
	}
	for i := range containers {
		place := i % len(points)
		s := makeContainer(p, random)
		s.Location, s.Place = place, place
		p.Sites = append(p.Sites, s)
	}
	for day := range days {
		vehicles := []fleet.Vehicle{}
		for range trucks {
			if day%7 == 6 {
				break
			}
			vehicles = append(vehicles, fleet.Vehicle{
				Shift: fleet.Window{Open: 7 * 3600, Close: 15*3600 + 1800}, Capacity: []int64{truckKilograms},
				Breaks:   []fleet.Break{{Window: fleet.Window{Open: 11 * 3600, Close: 13 * 3600}, Duration: 1800}},
				HourCost: hourCents, KilometreCost: kmCents,
			})
		}
		p.Fleet = append(p.Fleet, vehicles)
	}
	return p
}

// makeContainer draws a container and works out its tables (collection by renewal: what stands in it at the end is worth what its
// next emptying will cost, less the average cost of the days until then).
func makeContainer(p *horizon.Problem, random *rand.Rand) horizon.Site {
	days := p.Days
	shape := 1 + random.IntN(5)                // of a day's growth
	mean := litres / (4 + 16*random.Float64()) // litres a day
	begin := litres * random.Float64()
	const stop = hourCents / 3600. * (containerSeconds + placeSeconds + 120)
	fresh := risks(0, mean, shape, days+farthest)
	old := risks(begin, mean, shape, days+farthest)
	average := math.Inf(1)
	for t := 1; t < farthest; t++ {
		average = min(average, (stop+fresh[t])/float64(t))
	}
	s := horizon.Site{Service: containerSeconds, Leave: make([]int64, (days+1)*(days+1))}
	kilograms := func(level float64) int64 { return int64(min(level, litres) * gramsALitre / 1000 * quantile) }
	for day := range days {
		s.First = append(s.First, kilograms(begin+mean*float64(day)))
		if day > 0 {
			s.Again = append(s.Again, kilograms(mean*float64(day)))
		}
	}
	for from := -1; from < days; from++ {
		risk, since := fresh, from
		if from < 0 {
			risk, since = old, 0
		}
		for to := from + 1; to < days; to++ {
			s.Leave[p.Cell(from, to)] = int64(math.Round(risk[to-since]))
		}
		end := math.Inf(1)
		for wait := range farthest {
			end = min(end, risk[days-since+wait]+stop-average*float64(wait))
		}
		s.Leave[p.Cell(from, days)] = int64(math.Round(end))
	}
	return s
}

// risks returns what overflow costs of leaving a container from a level for 0 to so many days, in cents: the event, the days that it is full, what
// stands beside it.
func risks(level, mean float64, shape, days int) []float64 {
	costs := make([]float64, days+1)
	room, scale := litres-level, mean/float64(shape)
	before, besideBefore := 0.0, 0.0
	for day := 1; day <= days; day++ {
		q := day * shape
		full := 1 - erlang(q, room/scale)
		beside := float64(q)*scale*(1-erlang(q+1, room/scale)) - room*full
		costs[day] = costs[day-1] + eventCents*(full-before) + dayCents*full + cubicMetreCents*(beside-besideBefore)/1000
		before, besideBefore = full, beside
	}
	return costs
}

// erlang returns the chance that a gamma variable of a whole shape and scale 1 is at most x.
func erlang(shape int, x float64) float64 {
	term, sum := math.Exp(-x), 0.0
	for k := range shape {
		sum += term
		term *= x / float64(k+1)
	}
	return max(0, 1-sum)
}

// city makes a city, plans it and prints what came of it.
func city(file string, containers, days, trucks int, seconds float64, seed uint64, processor bool) error {
	points := grid(containers)
	if file != "" {
		var err error
		if points, err = readPoints(file); err != nil {
			return err
		}
	}
	p := makeCity(points, containers, days, trucks, seed)
	clock := processorTime
	if !processor {
		start := time.Now()
		clock = func() time.Duration { return time.Since(start) }
	}
	began := clock()
	first, err := horizon.Solve(context.Background(), p, horizon.Options{Seed: seed, Iterations: -1})
	if err != nil {
		return err
	}
	fmt.Printf("%d containers at %d places, %d days, %d trucks\n", containers, len(points), days, trucks)
	report("first plan", p, first, clock()-began)
	began = clock()
	plan, err := horizon.Solve(context.Background(), p, horizon.Options{
		Seed: seed, Time: time.Duration(seconds * float64(time.Second)), Elapsed: func() time.Duration { return clock() - began },
	})
	if err != nil {
		return err
	}
	report("plan", p, plan, clock()-began)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	fmt.Printf("processor %.0f s in all, memory at most %d MB\n", processorTime().Seconds(), used.Maxrss/1024)
	return nil
}

// report prints a plan in figures.
func report(name string, p *horizon.Problem, plan *horizon.Plan, took time.Duration) {
	var meters, out int64
	stops := make([]int, p.Days)
	routes := make([]int, p.Days)
	unloads, tripLoad := 0, int64(0)
	for i := range plan.Routes {
		r := &plan.Routes[i]
		routes[r.Day]++
		last := r.Visits[len(r.Visits)-1]
		meters += last.Meters
		out += int64(last.Arrive - r.Visits[0].Leave)
		for j, v := range r.Visits {
			switch v.Kind {
			case fleet.Serve:
				stops[r.Day]++
			case fleet.Unload:
				unloads++
				tripLoad += r.Visits[j-1].Load[0]
			}
		}
	}
	fmt.Printf("%s after %.1f s: EUR %.0f = routes %.0f + leaving %.0f; %d truck-days, %.0f hours, %.0f km, %d trips of %d kg planned\n",
		name, took.Seconds(), float64(plan.Objective())/100, float64(plan.Cost)/100, float64(plan.Leave)/100,
		len(plan.Routes), float64(out)/3600, float64(meters)/1000, unloads, tripLoad/int64(max(1, unloads)))
	fmt.Printf("  stops a day %v, trucks a day %v\n", stops, routes)
}
