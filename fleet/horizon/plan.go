package horizon

import "polder.city/fleet"

// Plan says what every truck does on every day.
type Plan struct {
	Routes []Route `json:"routes"` // at most one a vehicle and day, in order of day and vehicle; none that serves nothing
	Cost   int64   `json:"cost"`   // of the routes, each rounded to a cent
	Leave  int64   `json:"leave"`  // of leaving sites alone, from Site.Leave, in cents
}

// Route is a truck's day. The index of a visit that serves is a site. Trucks leave when their shift
// opens and never wait; breaks are not among the visits.
type Route struct {
	Day     int           `json:"day"`
	Vehicle int           `json:"vehicle"` // of that day's fleet
	Visits  []fleet.Visit `json:"visits"`
}

// Objective returns what a search minimises, in cents.
func (p *Plan) Objective() int64 { return p.Cost + p.Leave }

// Visits returns the days on which each of so many sites is emptied, ascending.
func (p *Plan) Visits(sites int) [][]int {
	days := make([][]int, sites)
	for i := range p.Routes { // in order of day
		for _, v := range p.Routes[i].Visits {
			if v.Kind == fleet.Serve {
				days[v.Index] = append(days[v.Index], p.Routes[i].Day)
			}
		}
	}
	return days
}
