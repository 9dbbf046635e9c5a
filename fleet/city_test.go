package fleet

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// drawCity draws a day of waste collection: containers of four streams at places in a town of some
// 12 by 9 km, trucks from one depot, two facilities, an eight-and-a-half-hour shift with a break at noon.
func drawCity(seed uint64, containers, places, trucks int) *Problem {
	random := rand.New(rand.NewPCG(seed, 7))
	type point struct{ x, y float64 }
	var at []point
	add := func(x, y float64) int {
		at = append(at, point{x, y})
		return len(at) - 1
	}
	depot := add(6000, 4500)
	rest, glass := add(11500, 8000), add(1000, 500)
	p := &Problem{
		Dimensions: 2, Units: []string{"kg", "l"}, OneGroupATrip: true, EndEmpty: true, PlaceService: 120,
		Depots: []Depot{{Name: "werf", Location: depot, Window: Window{6 * 3600, 20 * 3600}}},
		Facilities: []Facility{
			{Name: "rest and paper", Location: rest, Service: 900, Groups: []int{0, 1, 2}, Windows: []Window{{7 * 3600, 16 * 3600}}},
			{Name: "glass", Location: glass, Service: 900, Groups: []int{3}, Windows: []Window{{7 * 3600, 16 * 3600}}},
		},
	}
	var where []int
	for range places {
		where = append(where, add(random.Float64()*12000, random.Float64()*9000))
	}
	p.Locations = len(at)
	for _, a := range at {
		for _, b := range at {
			meters := 1.3 * math.Hypot(a.x-b.x, a.y-b.y)
			p.Meters = append(p.Meters, int32(meters))
			p.Seconds = append(p.Seconds, int32(meters/7.5))
		}
	}
	for i := range containers {
		place := random.IntN(places)
		fill := random.Float64()
		s := Stop{
			Name: fmt.Sprintf("C%04d", i), Location: where[place], Place: place, Service: 78, Group: random.IntN(4),
			Load: []int64{int64(400 * fill), int64(1200 * fill)},
		}
		if fill > 0.95 {
			s.Required = true
		} else {
			s.Prize = int64(5000 * math.Pow(fill, 6))
		}
		p.Stops = append(p.Stops, s)
	}
	for i := range trucks {
		v := Vehicle{
			Name: fmt.Sprintf("K%d", i+1), Shift: Window{7 * 3600, 15*3600 + 1800}, Overtime: 1800,
			Capacity: []int64{9000, 22000}, GroupCapacity: map[int][]int64{3: {10000, 15000}},
			Breaks:    []Break{{Window{11*3600 + 1800, 13 * 3600}, 1800}},
			FixedCost: 5000, HourCost: 11000, OvertimeHourCost: 5000, KilometreCost: 90,
		}
		if i == 3 {
			v.MaxMeters = 100_000
		}
		p.Vehicles = append(p.Vehicles, v)
	}
	return p
}

// BenchmarkCity tells how cheap a day of the city is after a number of iterations, which is the same on every machine, and what
// processor time an iteration takes:
//
//	go test ./fleet -run '^$' -bench City -benchtime 1x
func BenchmarkCity(b *testing.B) {
	const seeds = 4
	for _, containers := range []int{360, 1500} {
		for _, iterations := range []int{5_000, 20_000} {
			b.Run(fmt.Sprintf("%d/%d", containers, iterations), func(b *testing.B) {
				sum, runs, began := int64(0), 0, processorTime(b)
				for b.Loop() {
					for seed := range uint64(seeds) {
						p := drawCity(seed, containers, containers*2/5, 4)
						s, err := Solve(context.Background(), p, Options{Seed: seed, Iterations: iterations})
						if err != nil {
							b.Fatal(err)
						}
						if err := Check(p, s); err != nil {
							b.Fatal(err)
						}
						sum += s.Objective()
						runs++
					}
				}
				b.ReportMetric(float64(sum)/float64(runs), "cents")
				b.ReportMetric((processorTime(b)-began).Seconds()/float64(runs), "processor-s/day")
			})
		}
	}
}

// processorTime returns how long this process has run on processors.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
