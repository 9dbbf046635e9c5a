package horizon

import (
	"math/rand/v2"

	"polder.city/fleet"
)

// town is a made town: sites on a square of 5 km with the depot in a corner and the facility in the middle, which fill up
// in 2 to 9 days and cost 15 euros, growing, for each day that they are full; trucks with shifts of five hours.
func town(sites, days, trucks int) *Problem {
	random := rand.New(rand.NewPCG(uint64(sites), 7))
	p := &Problem{
		Days: days, Locations: sites + 2, Dimensions: 1, EndEmpty: true, PlaceService: 60,
		Depots: []fleet.Depot{{Location: 0}}, Facilities: []fleet.Facility{{Location: 1, Service: 600}},
	}
	points := [][2]float64{{0, 0}, {2500, 2500}}
	for i := range sites {
		points = append(points, [2]float64{random.Float64() * 5000, random.Float64() * 5000})
		full := 2 + 7*random.Float64() // days
		age := random.Float64() * full // at the start
		s := Site{Location: i + 2, Service: 120, Place: i / 2, Leave: make([]int64, (days+1)*(days+1))}
		for day := range days {
			s.First = append(s.First, int64(min(1, (age+float64(day))/full)*500))
			if day > 0 {
				s.Again = append(s.Again, int64(min(1, float64(day)/full)*500))
			}
		}
		for from := -1; from < days; from++ {
			level, cost := age/full, 0.0
			if from >= 0 {
				level = 0
			}
			for to := from + 1; to <= days; to++ {
				if from >= 0 || to > 0 {
					level += 1 / full
				}
				if to > 0 && level > 1 {
					cost += 1500 * level
				}
				s.Leave[p.Cell(from, to)] = int64(cost)
				if to == days { // what is in it must be emptied some day
					s.Leave[p.Cell(from, to)] += int64(400 * level)
				}
			}
		}
		p.Sites = append(p.Sites, s)
	}
	for _, a := range points {
		for _, b := range points {
			meters := int32(max(a[0]-b[0], b[0]-a[0]) + max(a[1]-b[1], b[1]-a[1]))
			p.Meters, p.Seconds = append(p.Meters, meters), append(p.Seconds, meters/7)
		}
	}
	for range days {
		vehicles := make([]fleet.Vehicle, trucks)
		for v := range vehicles {
			vehicles[v] = fleet.Vehicle{
				Shift: fleet.Window{Open: 7 * 3600, Close: 12 * 3600}, Capacity: []int64{6000}, HourCost: 11000, KilometreCost: 90,
			}
		}
		p.Fleet = append(p.Fleet, vehicles)
	}
	return p
}
