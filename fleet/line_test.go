package fleet

import "testing"

// lineProblem is a truck on a line: depot at 0, stops A, B, C and D at 1 to 4 km and a
// facility at 5 km, 10 minutes apart each; the day ends at 10:00, with a break around 8:30.
func lineProblem() *Problem {
	p := &Problem{
		Locations: 6, Dimensions: 1, Units: []string{"kg"}, OneGroupATrip: true, EndEmpty: true, PlaceService: 60,
		Depots:     []Depot{{Name: "werf", Location: 0}},
		Facilities: []Facility{{Name: "tip", Location: 5, Service: 600, Windows: []Window{{6 * 3600, 10 * 3600}}}},
		Vehicles: []Vehicle{{
			Name: "K1", Shift: Window{7 * 3600, 10 * 3600}, Capacity: []int64{1000}, FixedCost: 1000, HourCost: 6000, KilometreCost: 100,
			Breaks: []Break{{Window{8*3600 + 600, 9 * 3600}, 900}},
		}},
	}
	for a := range 6 {
		for b := range 6 {
			apart := int32(max(a-b, b-a))
			p.Seconds, p.Meters = append(p.Seconds, 600*apart), append(p.Meters, 1000*apart)
		}
	}
	for i, name := range []string{"A", "B", "C", "D"} {
		p.Stops = append(p.Stops, Stop{Name: name, Location: i + 1, Service: 240, Load: []int64{300}, Place: i, Prize: 10_000})
	}
	p.Stops[0].Required = true
	return p
}

// lineSolution serves A, B and C on the way out, takes the break and unloads.
func lineSolution(t *testing.T, p *Problem) *Solution {
	t.Helper()
	s, err := Schedule(p, []Route{{Visits: []Visit{
		{Kind: Serve, Index: 0}, {Kind: Serve, Index: 1}, {Kind: Serve, Index: 2}, {Kind: Unload},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
