package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"polder.city/roads"
)

// instances makes the things that measure: on main roads, over water, in parks and districts.
func (g *generator) instances() ([][]string, error) {
	var rows [][]string
	add := func(id, template, name string, p orb.Point, properties string) {
		rows = append(rows, []string{id, template, name, coordinate(p.Lon()), coordinate(p.Lat()), properties})
	}
	rng := g.rng("instances")
	for i, b := range g.plan.Bridges {
		add(b.ID, b.Template, b.Name, g.bridgeNear(b.Near), fmt.Sprintf("water=%s;openings_per_day=%d", b.Water, 2+i%5))
	}
	for _, c := range g.plan.CarParks {
		add(c.ID, "car_park", c.Name, c.Near, fmt.Sprintf("capacity=%d", c.Capacity))
	}
	counters, err := g.counters()
	if err != nil {
		return nil, err
	}
	for i, c := range counters {
		vehicles := 9000 + 29000*(len(counters)-1-i)/max(len(counters)-1, 1) // the biggest road first
		add(c.id, "traffic_counter", "Teller "+c.road, c.point, fmt.Sprintf("road=%s;vehicles_per_day=%d", c.road, vehicles/100*100))
	}
	uses := []string{"boom", "park", "moestuin", "sportveld"}
	for i := range g.plan.Soil {
		p := g.pointInGreen(i, rng.Float64)
		add(fmt.Sprintf("bodem-%02d", i+1), "soil_moisture", fmt.Sprintf("Bodemvocht %d", i+1), p, "use="+uses[i%len(uses)])
	}
	canals := 0
	for i := 0; canals < g.plan.Pumps; i++ {
		w := g.city.Landscape.Water[i%len(g.city.Landscape.Water)]
		if len(w.Line) < 2 {
			continue
		}
		canals++
		k := (canals * 7) % (len(w.Line) - 1)
		p := move(w.Line[k], w.Line[k+1], geo.Distance(w.Line[k], w.Line[k+1])*(0.25+0.5*rng.Float64()), w.Width/2+6)
		add(fmt.Sprintf("pomp-%02d", canals), "pump", fmt.Sprintf("Pomp %d, %s", canals, w.Name), p, fmt.Sprintf("capacity_m3_h=%d", 120+60*(canals%6)))
	}
	d, ok := g.city.District(g.plan.GreenhouseDistrict)
	if !ok {
		return nil, fmt.Errorf("greenhouse_district %q is no district", g.plan.GreenhouseDistrict)
	}
	for i := range g.plan.Greenhouses {
		p := inside(orb.MultiPolygon(d.Polygon), rng.Float64)
		add(fmt.Sprintf("kas-%02d", i+1), "greenhouse", fmt.Sprintf("Kas %d", i+1), p, "crop="+g.plan.Crops[i%len(g.plan.Crops)])
	}
	slices.SortFunc(rows, func(a, b []string) int { return cmp.Or(cmp.Compare(a[1], b[1]), cmp.Compare(a[0], b[0])) })
	return rows, nil
}

// bridgeNear returns the middle of the bridge nearest to a point, or the point when none is within 400 m.
func (g *generator) bridgeNear(p orb.Point) orb.Point {
	best, at := 400.0, p
	for _, w := range g.network.Ways {
		if !w.Bridge || w.Forward&roads.AccessTruck == 0 {
			continue
		}
		a, b := g.network.Nodes[w.Nodes[0]], g.network.Nodes[w.Nodes[len(w.Nodes)-1]]
		middle := orb.Point{round((a[0]+b[0])/2, 6), round((a[1]+b[1])/2, 6)}
		if d := geo.Distance(middle, p); d < best {
			best, at = d, middle
		}
	}
	return at
}

type counter struct {
	id, road string
	point    orb.Point
	class    roads.Class
}

// counters chooses spots on main roads, the biggest classes first, 900 m apart.
// A bridge with a counter of its own has it on the road beside it.
func (g *generator) counters() ([]counter, error) {
	var all, out []counter
	for _, b := range g.plan.Bridges {
		if b.Counter != "" {
			at := g.bridgeNear(b.Near)
			out = append(out, counter{id: b.Counter, road: strings.TrimPrefix(b.Name, "Brug "), point: orb.Point{round(at[0]-0.0006, 6), round(at[1]-0.0022, 6)}, class: roads.Secondary})
		}
	}
	for _, w := range g.network.Ways {
		if w.Name == "" || w.Bridge || (w.Class != roads.Motorway && w.Class != roads.Trunk && w.Class != roads.Primary && w.Class != roads.Secondary) {
			continue
		}
		i := len(w.Nodes) / 2
		a, b := g.network.Nodes[w.Nodes[i-1]], g.network.Nodes[w.Nodes[i]]
		if l := geo.Distance(a, b); l > 120 {
			all = append(all, counter{road: w.Name, point: move(a, b, l/2, 0), class: w.Class})
		}
	}
	slices.SortStableFunc(all, func(a, b counter) int { return cmp.Compare(a.class, b.class) })
	perRoad := map[string]int{}
	for _, c := range all {
		if len(out) == g.plan.Counters {
			break
		}
		near := slices.ContainsFunc(out, func(o counter) bool { return geo.Distance(o.point, c.point) < 900 })
		if near || perRoad[c.road] >= 3 {
			continue
		}
		perRoad[c.road]++
		c.id = fmt.Sprintf("teller-%s-%d", strings.ToLower(strings.ReplaceAll(c.road, " ", "-")), perRoad[c.road])
		out = append(out, c)
	}
	if len(out) < g.plan.Counters {
		return nil, fmt.Errorf("there is room for %d traffic counters, not %d", len(out), g.plan.Counters)
	}
	slices.SortStableFunc(out, func(a, b counter) int { return cmp.Compare(a.class, b.class) })
	return out, nil
}

// pointInGreen returns a point in the i-th park within the city, in turn.
func (g *generator) pointInGreen(i int, random func() float64) orb.Point {
	greens := g.city.Landscape.Green
	for {
		p := inside(orb.MultiPolygon{greens[i%len(greens)].Polygon}, random)
		if g.city.Contains(p, 0) && g.dry(p) {
			return p
		}
		i++
	}
}

// inside draws a point in polygons, by trial.
func inside(polygons orb.MultiPolygon, random func() float64) orb.Point {
	b := polygons.Bound()
	for {
		p := orb.Point{
			round(b.Min[0]+(b.Max[0]-b.Min[0])*random(), 6),
			round(b.Min[1]+(b.Max[1]-b.Min[1])*random(), 6),
		}
		if planar.MultiPolygonContains(polygons, p) {
			return p
		}
	}
}
