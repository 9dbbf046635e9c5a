package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri"}

// schedule makes the fixed schedule as a city without forecasts keeps it: the
// city is cut into as many sectors as there are days in the cycle, each with as
// many containers of the stream, and a sector has its day. The busiest containers of some streams have two.
func (g *generator) schedule(all []*container) ([][]string, error) {
	first, err := time.Parse(time.DateOnly, g.plan.Schedule.First)
	if err != nil || first.Weekday() != time.Monday {
		return nil, fmt.Errorf("schedule.first: %q is no Monday", g.plan.Schedule.First)
	}
	var rows [][]string
	for n, stream := range g.city.Streams {
		var own []*container
		for _, c := range all {
			if c.stream == stream.ID {
				own = append(own, c)
			}
		}
		slices.SortStableFunc(own, func(a, b *container) int {
			return cmp.Or(cmp.Compare(g.sector(a), g.sector(b)), cmp.Compare(a.id, b.id))
		})
		weeks := g.plan.Schedule.EveryWeeks[stream.ID]
		slots := 5 * weeks
		day := map[*container]int{}
		for i, c := range own {
			// Each stream begins with another sector, so that no district sees every truck on one day.
			day[c] = (i*slots/len(own) + 2*n) % slots
		}
		busy := slices.Clone(own)
		slices.SortStableFunc(busy, func(a, b *container) int { return cmp.Compare(b.place.weight, a.place.weight) })
		twice := map[*container]bool{}
		for _, c := range busy[:int(math.Round(g.plan.Schedule.Twice[stream.ID]*float64(len(own))))] {
			twice[c] = true
		}
		for _, c := range own {
			weekday, week := day[c]%5, day[c]/5
			days := weekdays[weekday]
			if twice[c] {
				days = twoDays(weekday)
			}
			date := first.AddDate(0, 0, 7*week+weekday)
			rows = append(rows, []string{c.id, days, fmt.Sprint(weeks), date.Format(time.DateOnly)})
		}
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return rows, nil
}

// twoDays names a working day and the one three working days on.
func twoDays(a int) string {
	b := (a + 3) % 5
	return weekdays[min(a, b)] + "+" + weekdays[max(a, b)]
}

// sector is the direction of a container's district as seen from the city's centre.
func (g *generator) sector(c *container) float64 {
	p := c.place.district.Polygon.Bound().Center()
	return math.Atan2(p.Lat()-g.city.Centre.Lat(), (p.Lon()-g.city.Centre.Lon())*0.61)
}
