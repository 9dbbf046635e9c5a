package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/orb/planar"

	"polder.city/city"
	"polder.city/roads"
)

type generator struct {
	city    *city.City
	network *roads.Network
	plan    placement
	curbs   map[string][]curb // by code of the district
}

// curb is a spot beside a street where a container may stand.
type curb struct {
	point  orb.Point
	street string
	number int
}

// place is a curb that was chosen.
type place struct {
	curb
	district *city.District
	weight   float64 // how many use it, relative
	number   int
	streams  []string // of its containers; a stream may stand there twice
}

func (g *generator) rng(key string) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // a hash does not fail
	return rand.New(rand.NewPCG(g.plan.Seed, h.Sum64()))
}

// findCurbs walks along the streets that trucks may use and that people live on,
// and notes a spot every 25 m, 7 m beside the middle, on alternating sides.
func (g *generator) findCurbs() {
	const step, beside = 25, 7
	g.curbs = map[string][]curb{}
	for _, w := range g.network.Ways {
		if (w.Class != roads.Residential && w.Class != roads.Tertiary && w.Class != roads.Unclassified) || (w.Forward|w.Backward)&roads.AccessTruck == 0 || w.Bridge || w.Name == "" {
			continue
		}
		done, n := 0.0, 0
		for i := 1; i < len(w.Nodes); i++ {
			a, b := g.network.Nodes[w.Nodes[i-1]], g.network.Nodes[w.Nodes[i]]
			length := geo.Distance(a, b)
			for at := 12.0; at < length-8; at += step {
				n++
				side := float64(1 - 2*(n%2))
				p := move(a, b, at, side*beside)
				if d, ok := g.city.DistrictAt(p); ok && g.dry(p) {
					// House numbers: even on the right, odd on the left, one every six metres.
					number := 2*int((done+at)/12) + 1 + (n+1)%2
					g.curbs[d.Code] = append(g.curbs[d.Code], curb{p, w.Name, number})
				}
			}
			done += length
		}
	}
}

// move returns the point at metres along the way from a to b, and beside it to the right.
func move(a, b orb.Point, along, right float64) orb.Point {
	const perDegree = 111_195
	kx := perDegree * math.Cos(a.Lat()*math.Pi/180)
	dx, dy := (b.Lon()-a.Lon())*kx, (b.Lat()-a.Lat())*perDegree
	l := math.Hypot(dx, dy)
	x, y := (dx*along+dy*right)/l, (dy*along-dx*right)/l
	return orb.Point{round(a.Lon()+x/kx, 6), round(a.Lat()+y/perDegree, 6)}
}

func round(f float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(f*p) / p
}

func (g *generator) dry(p orb.Point) bool {
	for _, a := range g.network.Areas {
		if a.Kind == roads.Water && a.Polygon.Bound().Contains(p) && planar.PolygonContains(a.Polygon, p) {
			return false
		}
	}
	return true
}

// places chooses the places of all parts: as many in each district as its flats
// ask for, close together near its middle and further apart elsewhere.
func (g *generator) places() ([]*place, error) {
	var all []*place
	for _, name := range sorted(g.plan.Parts) {
		var districts []*city.District
		var weights []float64
		for i := range g.city.Districts {
			d := &g.city.Districts[i]
			if d.Part == name && d.FlatHouseholds > 0 && len(g.curbs[d.Code]) > 0 {
				districts = append(districts, d)
				weights = append(weights, math.Pow(float64(d.FlatHouseholds), 0.75))
			}
		}
		counts := share(g.plan.Parts[name].Places, weights)
		for i, d := range districts {
			chosen := g.choose(d, counts[i])
			if len(chosen) < counts[i] {
				return nil, fmt.Errorf("district %s has room for %d places, not %d", d.Name, len(chosen), counts[i])
			}
			all = append(all, chosen...)
		}
	}
	return all, nil
}

// choose takes n curbs of a district, likelier near its middle, at least 45 m apart.
func (g *generator) choose(d *city.District, n int) []*place {
	const apart = 45
	rng := g.rng(d.Code)
	curbs := g.curbs[d.Code]
	middle, _ := planar.CentroidArea(d.Polygon)
	far := 0.0
	for _, c := range curbs {
		far = max(far, geo.Distance(c.point, middle))
	}
	// Weighted sampling without replacement: the smallest of exponential keys first.
	keys := make([]float64, len(curbs))
	order := make([]int, len(curbs))
	for i, c := range curbs {
		keys[i] = rng.ExpFloat64() / math.Exp(-2.2*geo.Distance(c.point, middle)/far)
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	var chosen []*place
	for _, i := range order {
		if len(chosen) == n {
			break
		}
		if slices.ContainsFunc(chosen, func(p *place) bool { return geo.Distance(p.point, curbs[i].point) < apart }) {
			continue
		}
		weight := math.Exp(-1.5*geo.Distance(curbs[i].point, middle)/far) * (0.6 + 0.8*rng.Float64())
		chosen = append(chosen, &place{curb: curbs[i], district: d, weight: weight})
	}
	// Numbers run from north to south in strips, as a person would give them out.
	slices.SortFunc(chosen, func(a, b *place) int {
		strip := func(p *place) int { return -int(p.point.Lat() * 300) }
		return cmp.Or(cmp.Compare(strip(a), strip(b)), cmp.Compare(a.point.Lon(), b.point.Lon()), cmp.Compare(a.point.Lat(), b.point.Lat()))
	})
	for i, p := range chosen {
		p.number = i + 1
	}
	return chosen
}

// container is a row of containers.csv before it is written.
type container struct {
	id, stream, sensor string
	volume             int64
	place              *place
}

// containers gives each place its streams. Every place gets at least one; the
// busiest get rest twice where there are more containers than places.
func (g *generator) containers(places []*place) ([]*container, error) {
	for _, name := range sorted(g.plan.Parts) {
		var here []*place
		for _, p := range places {
			if p.district.Part == name {
				here = append(here, p)
			}
		}
		g.give(name, here)
		for _, p := range here {
			if len(p.streams) == 0 {
				return nil, fmt.Errorf("a place in %s got no container", p.district.Name)
			}
		}
	}
	if err := g.swapRequired(places); err != nil {
		return nil, err
	}
	var all []*container
	for _, p := range places {
		seen := map[string]int{}
		for _, s := range p.streams {
			stream, _ := g.city.Stream(s)
			id := fmt.Sprintf("%s-%03d-%s", p.district.Abbr, p.number, stream.Letter)
			if seen[s]++; seen[s] > 1 {
				id += fmt.Sprint(seen[s])
			}
			all = append(all, &container{id: id, stream: s, volume: g.plan.Volume[s], place: p})
		}
	}
	slices.SortFunc(all, func(a, b *container) int { return strings.Compare(a.id, b.id) })
	g.hangSensors(all)
	return all, nil
}

func (g *generator) give(part string, here []*place) {
	rng := g.rng("streams " + part)
	byWeight := slices.Clone(here)
	slices.SortStableFunc(byWeight, func(a, b *place) int { return cmp.Compare(b.weight, a.weight) })
	for i, s := range g.city.Streams {
		count := g.plan.Parts[part].Containers[s.ID]
		if i == 0 {
			for j := range count {
				byWeight[j%len(byWeight)].streams = append(byWeight[j%len(byWeight)].streams, s.ID)
			}
			continue
		}
		// First the places that have nothing yet, then by weight and chance.
		key := map[*place]float64{}
		for _, p := range here {
			key[p] = p.weight * (0.3 + rng.Float64())
			if len(p.streams) == 0 {
				key[p] += 100
			}
			key[p] -= 0.12 * float64(len(p.streams))
		}
		order := slices.Clone(here)
		slices.SortStableFunc(order, func(a, b *place) int { return cmp.Compare(key[b], key[a]) })
		for _, p := range order[:min(count, len(order))] {
			p.streams = append(p.streams, s.ID)
		}
	}
}

// swapRequired exchanges numbers within a district until the containers exist that placement.yaml requires.
func (g *generator) swapRequired(places []*place) error {
	want := map[string][]string{}
	for _, id := range g.plan.Require {
		at := strings.LastIndex(id, "-")
		for _, s := range g.city.Streams {
			if s.Letter == id[at+1:] {
				want[id[:at]] = append(want[id[:at]], s.ID)
			}
		}
	}
	for _, key := range sorted(want) {
		name := func(p *place) string { return fmt.Sprintf("%s-%03d", p.district.Abbr, p.number) }
		fits := func(p *place) bool {
			for _, s := range want[key] {
				if !slices.Contains(p.streams, s) {
					return false
				}
			}
			return true
		}
		i := slices.IndexFunc(places, func(p *place) bool { return name(p) == key })
		if i < 0 {
			return fmt.Errorf("there is no place %s", key)
		}
		if fits(places[i]) {
			continue
		}
		j := slices.IndexFunc(places, func(p *place) bool { return p.district == places[i].district && fits(p) })
		if j < 0 {
			return fmt.Errorf("no place in %s has %v together", places[i].district.Name, want[key])
		}
		places[i].number, places[j].number = places[j].number, places[i].number
	}
	return nil
}

func (g *generator) hangSensors(all []*container) {
	n := 0
	for i, group := range g.plan.Sensors {
		var fit []*container
		for _, c := range all {
			if slices.Contains(group.Streams, c.stream) {
				fit = append(fit, c)
			}
		}
		rng := g.rng(fmt.Sprintf("sensors %d", i))
		rng.Shuffle(len(fit), func(a, b int) { fit[a], fit[b] = fit[b], fit[a] })
		fit = fit[:min(group.Count, len(fit))]
		slices.SortFunc(fit, func(a, b *container) int { return strings.Compare(a.id, b.id) })
		for _, c := range fit {
			n++
			c.sensor = fmt.Sprintf("VG-%04d", n)
		}
	}
}

func containerRows(all []*container) [][]string {
	rows := make([][]string, len(all))
	for i, c := range all {
		placeID := fmt.Sprintf("%s-%03d", c.place.district.Abbr, c.place.number)
		rows[i] = []string{
			c.id, c.stream, coordinate(c.place.point.Lon()), coordinate(c.place.point.Lat()), fmt.Sprint(c.volume),
			placeID, fmt.Sprintf("%s %d", c.place.street, c.place.curb.number), c.sensor,
		}
	}
	return rows
}

func coordinate(f float64) string { return fmt.Sprintf("%.6f", f) }

// share divides a whole number by weights (largest remainders).
func share(total int, weights []float64) []int {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	out := make([]int, len(weights))
	rest := make([]float64, len(weights))
	left := total
	for i, w := range weights {
		exact := float64(total) * w / sum
		out[i] = int(exact)
		rest[i] = exact - float64(out[i])
		left -= out[i]
	}
	for range left {
		best := 0
		for i := range rest {
			if rest[i] > rest[best] {
				best = i
			}
		}
		out[best]++
		rest[best] = -1
	}
	return out
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
