package horizon

import (
	"fmt"

	"polder.city/fleet"
)

// Day0 makes the first day of a plan a problem of package fleet, with the plan's first day to begin with
// ([fleet.Options.Warm]). Stops are all the sites in order. Each is optional, with the prize that emptying it today is
// worth before its detour ([Worth.Prize]); one that may not be left any longer is required, and one that may not be emptied yet has no prize.
//
// The first day's windows and breaks are in the problem, which the plan did not look at; what of the warm start they forbid,
// [fleet.Solve] leaves out and plans anew. The warm start holds the order of visits only: it is no solution by itself.
func Day0(p *Problem, plan *Plan, worths []Worth) (*fleet.Problem, *fleet.Solution, error) {
	if len(worths) != len(p.Sites) {
		return nil, nil, fmt.Errorf("there are %d worths for %d sites: use those of Appraise", len(worths), len(p.Sites))
	}
	day := &fleet.Problem{
		Locations: p.Locations, Seconds: p.Seconds, Meters: p.Meters, Dimensions: p.Dimensions, Units: p.Units,
		Depots: p.Depots, Facilities: p.Facilities, Vehicles: p.Fleet[0],
		OneGroupATrip: p.OneGroupATrip, EndEmpty: p.EndEmpty, PlaceService: p.PlaceService,
	}
	for i := range p.Sites {
		s := &p.Sites[i]
		stop := fleet.Stop{
			Name: s.Name, Location: s.Location, Service: s.Service, Load: p.load(i, -1, 0), Group: s.Group, Windows: s.Windows, Place: s.Place,
		}
		if worths[i].Later == Never && worths[i].Today != Never {
			stop.Required = true
		} else {
			stop.Prize = worths[i].Prize()
		}
		day.Stops = append(day.Stops, stop)
	}
	if err := day.Validate(); err != nil {
		return nil, nil, err
	}
	warm := &fleet.Solution{}
	for i := range plan.Routes {
		if r := &plan.Routes[i]; r.Day == 0 {
			warm.Routes = append(warm.Routes, fleet.Route{Vehicle: r.Vehicle, Visits: r.Visits})
		}
	}
	return day, warm, nil
}
