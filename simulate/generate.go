package simulate

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Mix is the part that one stream has in the containers that [Generate] lays out.
type Mix struct {
	Stream       string
	Code         string  // the last part of a container's id: "R"
	Share        float64 // of all containers; the shares need not add up to 1
	VolumeLitres float64
	LitresPerDay float64 // mean of the stream's containers
	Sensor       float64 // share that has a sensor
	Days         int     // days of the week in the fixed schedule, 1 to 5
	EveryWeeks   int
}

const (
	perPlace      = 2.4 // containers at a place: 1,500 at 620 in the demonstration's table
	clusterPlaces = 8   // places in the neighbourhood of one centre of flats or shops
	clusterMeters = 190
	placeMeters   = 45 // between two places
	scattered     = 0.2
)

// Generate lays out n containers at places drawn from at (nodes of the road network, for
// example), which gather about centres as flats and shops do, with one or more containers at
// a place. Places are called prefix001 and on, containers by place and code: P001-R. The inflow of
// containers differs (coefficient of variation about 0.4, shared in part by a place) about
// the mean of the mix. District is left empty.
func Generate(seed uint64, n int, prefix string, mix []Mix, at []orb.Point) ([]Container, error) {
	total := 0.0
	for _, x := range mix {
		if !(x.Share >= 0 && x.VolumeLitres > 0 && x.LitresPerDay >= 0 && x.Sensor >= 0 && x.Sensor <= 1) {
			return nil, fmt.Errorf("generate containers: mix of %q: %+v", x.Stream, x)
		}
		total += x.Share
	}
	switch {
	case n < 1:
		return nil, fmt.Errorf("generate containers: %d is no number of containers", n)
	case total == 0:
		return nil, errors.New("generate containers: the mix has no shares")
	case len(at) == 0:
		return nil, errors.New("generate containers: there is no point to put one")
	}
	k := key(seed, "place "+prefix)
	places := choosePlaces(k, max(1, int(float64(n)/perPlace+0.5)), at)
	counts := apportion(n, total, mix)
	normals := newNormals()
	var out []Container
	for s, x := range mix {
		first := len(out)
		sum := 0.0
		for i, p := range sharePlaces(k, s, counts[s], len(places)) {
			id := fmt.Sprintf("%s%03d", prefix, p+1)
			own := key(k, fmt.Sprint(id, x.Code, len(out)))
			busy := normals.lognormal(draw(k, forInflow, uint64(p)), 0.25) * normals.lognormal(draw(own, forInflow, 1), 0.3)
			sum += busy
			c := Container{
				ID: id + "-" + x.Code, Place: id, Stream: x.Stream, Point: places[p],
				VolumeLitres: x.VolumeLitres, LitresPerDay: busy, EveryWeeks: x.EveryWeeks,
				Sensor: int(float64(i+1)*x.Sensor) > int(float64(i)*x.Sensor),
			}
			for d := range x.Days {
				// Twice a week is Monday and Thursday, or Tuesday and Friday: not two days on end.
				day := (int(draw(own, forPlan, 0)%5) + d*5/x.Days) % 5
				c.Days = append(c.Days, time.Weekday(day+1))
			}
			out = append(out, c)
		}
		for i := first; i < len(out); i++ {
			out[i].LitresPerDay *= x.LitresPerDay * float64(len(out)-first) / sum
		}
	}
	number(out)
	return out, nil
}

// choosePlaces draws n points, most of them about centres, at least placeMeters apart as
// long as there are such points.
func choosePlaces(k uint64, n int, at []orb.Point) []orb.Point {
	centres := make([]orb.Point, n/clusterPlaces+1)
	for i := range centres {
		centres[i] = at[draw(k, forPlace, uint64(i))%uint64(len(at))]
	}
	type candidate struct {
		point orb.Point
		score float64
	}
	all := make([]candidate, len(at))
	for i, p := range at {
		near := math.Inf(1)
		for _, c := range centres {
			near = min(near, meters(p, c))
		}
		likely := scattered/10 + math.Exp(-near*near/(2*clusterMeters*clusterMeters))
		// The largest of weighted exponential draws: a sample without return (Efraimidis, Spirakis 2006).
		all[i] = candidate{p, math.Log(1-unit(draw(k, forPlace, 1<<32+uint64(i)))) / likely}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.point[0], b.point[0]), cmp.Compare(a.point[1], b.point[1]))
	})
	var places []orb.Point
	taken := map[orb.Point]bool{}
	for apart := float64(placeMeters); len(places) < n && apart > 1; apart /= 2 {
		for _, c := range all {
			if len(places) == n {
				break
			}
			if !taken[c.point] && !slices.ContainsFunc(places, func(p orb.Point) bool { return meters(p, c.point) < apart }) {
				taken[c.point] = true
				places = append(places, c.point)
			}
		}
	}
	return places
}

// apportion divides n by the shares, the largest remainders first.
func apportion(n int, total float64, mix []Mix) []int {
	counts, left := make([]int, len(mix)), n
	order := make([]int, len(mix))
	rest := make([]float64, len(mix))
	for i, x := range mix {
		exact := float64(n) * x.Share / total
		counts[i] = int(exact)
		rest[i] = exact - float64(counts[i])
		left -= counts[i]
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rest[b], rest[a]) })
	for i := range left {
		counts[order[i]]++
	}
	return counts
}

// sharePlaces gives count containers of stream s each a place. A place gets a second of the
// same stream only when all have one. Every stream starts with the first places, drawn with
// some chance, since where there is paper there is glass.
func sharePlaces(k uint64, s, count, places int) []int {
	order := make([]int, places)
	score := make([]float64, places)
	for p := range order {
		order[p] = p
		score[p] = unit(draw(k, forInflow, uint64(p))) + 0.5*unit(draw(k, forInflow, uint64(s+1)<<32+uint64(p)))
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(score[a], score[b]) })
	out := make([]int, count)
	for i := range out {
		out[i] = order[i%places]
	}
	return out
}

// number sorts containers by place and tells those of one stream at a place apart: P001-R, P001-R2.
func number(all []Container) {
	slices.SortStableFunc(all, func(a, b Container) int { return cmp.Compare(a.Place, b.Place) })
	seen := map[string]int{}
	for i := range all {
		id := all[i].ID
		if seen[id]++; seen[id] > 1 {
			all[i].ID = fmt.Sprint(id, seen[id])
		}
	}
}
