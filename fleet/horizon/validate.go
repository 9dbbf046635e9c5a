package horizon

import (
	"fmt"

	"polder.city/fleet"
	"polder.city/internal/problem"
)

const (
	maxGroups = 64                // streams on board are kept in the bits of a word
	maxDays   = 62                // days of visits are kept in the bits of a word
	maxLoad   = 1 << 50           // as in package fleet
	maxLeave  = 1_000_000_000_000 // ten thousand million euros in cents, all sites together
)

// Validate returns nil for a problem that a search can be asked, else a [*problem.Error] of kind Invalid that says what is
// wrong where: what [fleet.Problem.Validate] refuses, a table of another size, a pattern out of order, a limit that is not planned with.
func (p *Problem) Validate() error {
	if p.Days < 1 || p.Days > maxDays || len(p.Fleet) != p.Days {
		return invalid("days", "days", "there are vehicles for %d days and %d days to plan; 1 to %d can be planned", len(p.Fleet), p.Days, maxDays)
	}
	if err := p.allDays().Validate(); err != nil {
		return err
	}
	for day := range p.Fleet {
		for i := range p.Fleet[day] {
			if p.Fleet[day][i].MaxTrips > 0 {
				return invalid(fmt.Sprintf("fleet[%d][%d]", day, i), "vehicle.trips", "a number of trips is not planned with over several days")
			}
		}
	}
	groups := map[int]bool{}
	for i := range p.Sites {
		groups[p.Sites[i].Group] = true
	}
	if len(groups) > maxGroups {
		return invalid("sites", "groups", "%d groups are more than the %d that can be planned", len(groups), maxGroups)
	}
	total := 0.0
	for i := range p.Sites {
		if err := p.validateSite(fmt.Sprintf("sites[%d]", i), &p.Sites[i], &total); err != nil {
			return err
		}
	}
	return nil
}

// allDays is the work of all days as one day's problem, to be validated.
func (p *Problem) allDays() *fleet.Problem {
	all := &fleet.Problem{
		Locations: p.Locations, Seconds: p.Seconds, Meters: p.Meters, Dimensions: p.Dimensions, Units: p.Units,
		Depots: p.Depots, Facilities: p.Facilities, OneGroupATrip: p.OneGroupATrip, EndEmpty: p.EndEmpty, PlaceService: p.PlaceService,
	}
	for _, vehicles := range p.Fleet {
		all.Vehicles = append(all.Vehicles, vehicles...)
	}
	for i := range p.Sites {
		s := &p.Sites[i]
		all.Stops = append(all.Stops, fleet.Stop{
			Name: s.Name, Location: s.Location, Service: s.Service, Group: s.Group, Place: s.Place, Windows: s.Windows,
		})
	}
	return all
}

func (p *Problem) validateSite(where string, s *Site, total *float64) error {
	for _, table := range []struct {
		name string
		load []int64
		rows int
	}{{"first", s.First, p.Days}, {"again", s.Again, p.Days - 1}} {
		if table.load != nil && len(table.load) != table.rows*p.Dimensions {
			return invalid(where, "site."+table.name, "%q has %d loads, %d rows of %d dimensions need %d",
				table.name, len(table.load), table.rows, p.Dimensions, table.rows*p.Dimensions)
		}
		for _, load := range table.load {
			if load < 0 || load > maxLoad {
				return invalid(where, "site.load", "load %d lies outside 0 to %d", load, int64(maxLoad))
			}
		}
	}
	if cells := (p.Days + 1) * (p.Days + 1); s.Leave != nil && len(s.Leave) != cells {
		return invalid(where, "site.leave", "leaving the site has %d cells, %d days need %d", len(s.Leave), p.Days, cells)
	}
	most := int64(0)
	for _, cost := range s.Leave {
		if cost != Never {
			if cost < -maxLeave || cost > maxLeave {
				return invalid(where, "site.leave", "leaving the site costs %d cents, outside %d to %d", cost, int64(-maxLeave), int64(maxLeave))
			}
			most = max(most, cost, -cost)
		}
	}
	if *total += float64(most) * float64(p.Days+1); *total > maxLeave {
		return invalid(where, "site.leave", "leaving the sites may cost more than %d cents together", int64(maxLeave))
	}
	for _, pattern := range s.Patterns {
		for i, day := range pattern {
			if day < 0 || day >= p.Days || i > 0 && day <= pattern[i-1] {
				return invalid(where, "site.pattern", "pattern %v is not an ascending list of days from 0 to %d", pattern, p.Days-1)
			}
		}
	}
	return nil
}

// invalid is a problem of kind Invalid at a place.
func invalid(where, code, format string, args ...any) error {
	return problem.New(problem.Invalid, "horizon."+code, format, args...).At(where)
}
