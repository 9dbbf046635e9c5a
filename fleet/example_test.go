package fleet_test

import (
	"context"
	"fmt"
	"log"

	"polder.city/fleet"
)

// Four containers along a road of 5 km, with the depot at its beginning and the facility at its
// end; the truck must empty A and may empty the others where that is worth it.
func ExampleSolve() {
	p := &fleet.Problem{
		Locations: 6, Dimensions: 1, Units: []string{"kg"}, EndEmpty: true,
		Depots:     []fleet.Depot{{Name: "depot", Location: 0}},
		Facilities: []fleet.Facility{{Name: "facility", Location: 5, Service: 600}},
		Vehicles: []fleet.Vehicle{{
			Name: "K1", Shift: fleet.Window{Open: 7 * 3600, Close: 10 * 3600}, Capacity: []int64{900},
			HourCost: 11000, KilometreCost: 90,
		}},
	}
	for from := range 6 {
		for to := range 6 {
			meters := int32(1000 * max(from-to, to-from))
			p.Meters, p.Seconds = append(p.Meters, meters), append(p.Seconds, meters/10)
		}
	}
	for i, name := range []string{"A", "B", "C", "D"} {
		p.Stops = append(p.Stops, fleet.Stop{
			Name: name, Location: i + 1, Service: 180, Load: []int64{300}, Required: i == 0, Prize: int64(i) * 500,
		})
	}
	s, err := fleet.Solve(context.Background(), p, fleet.Options{Seed: 1, Iterations: 200})
	if err != nil {
		log.Fatal(err)
	}
	if err := fleet.Check(p, s); err != nil {
		log.Fatal(err)
	}
	for _, v := range s.Routes[0].Visits {
		fmt.Printf("%02d:%02d %s %d, %d kg\n", v.Start/3600, v.Start/60%60, v.Kind, v.Index, v.Load[0])
	}
	fmt.Printf("%d cents, prizes of %d cents, unserved %v\n", s.Cost, s.Prize, s.Unserved)
	// Output:
	// 07:00 depart 0, 0 kg
	// 07:01 serve 0, 300 kg
	// 07:08 serve 2, 600 kg
	// 07:12 serve 3, 900 kg
	// 07:17 unload 0, 0 kg
	// 07:35 return 0, 0 kg
	// 7439 cents, prizes of 2500 cents, unserved [1]
}
