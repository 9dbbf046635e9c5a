package horizon_test

import (
	"context"
	"fmt"
	"log"

	"polder.city/fleet"
	"polder.city/fleet/horizon"
)

// Two containers at the end of a road of 6 km: the first would be full on Wednesday, the second on Thursday. One truck that comes on
// Tuesday and one on Wednesday would cost twice the road; so both are emptied on the same day.
func ExampleSolve() {
	const days = 4
	p := &horizon.Problem{
		Days: days, Locations: 2, Dimensions: 1, Units: []string{"kg"},
		Seconds: []int32{0, 600, 600, 0}, Meters: []int32{0, 6000, 6000, 0},
		Depots: []fleet.Depot{{Name: "depot", Location: 0}},
	}
	for i, full := range []int{2, 3} { // the day on which it is full if it is not emptied before
		s := horizon.Site{Name: fmt.Sprintf("container %d", i+1), Location: 1, Service: 180, Place: -1, Leave: make([]int64, (days+1)*(days+1))}
		for range days {
			s.First = append(s.First, 300)
		}
		s.Again = s.First[1:]
		for to := range days + 1 {
			s.Leave[p.Cell(-1, to)] = int64(max(0, to-full)) * 9000 // 90 euros for a day that it is full
		}
		p.Sites = append(p.Sites, s)
	}
	for range days {
		p.Fleet = append(p.Fleet, []fleet.Vehicle{{
			Name: "K1", Shift: fleet.Window{Open: 7 * 3600, Close: 15 * 3600}, Capacity: []int64{900}, HourCost: 11000, KilometreCost: 90,
		}})
	}
	plan, err := horizon.Solve(context.Background(), p, horizon.Options{Seed: 1, Iterations: 200})
	if err != nil {
		log.Fatal(err)
	}
	if err := horizon.Check(p, plan); err != nil {
		log.Fatal(err)
	}
	visits := plan.Visits(len(p.Sites))
	fmt.Printf("%d routes, %d cents, %d of them for leaving; on one day: %t\n", len(plan.Routes), plan.Objective(), plan.Leave, visits[0][0] == visits[1][0])
	// Output:
	// 1 routes, 5847 cents, 0 of them for leaving; on one day: true
}
