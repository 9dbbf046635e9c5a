package roads_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

func TestAnIsochroneEndsWhereTheTimeDoes(t *testing.T) {
	g, err := roads.Build(small(), plain())
	if err != nil {
		t.Fatal(err)
	}
	lines, err := g.Isochrone(snapAll(t, g, at(40, 100))[0], 10*time.Second) // 100 m
	if err != nil {
		t.Fatal(err)
	}
	want := []orb.LineString{{at(0, 100), at(100, 100)}, {at(100, 100), at(100, 60)}, {at(0, 40), at(0, 100)}}
	if len(lines) != len(want) {
		t.Fatalf("%v", lines)
	}
	for i := range want {
		if len(lines[i]) != 2 || distance(lines[i][0], want[i][0]) > 0.1 || distance(lines[i][1], want[i][1]) > 0.1 {
			t.Errorf("stretch %d is %v, want %v", i, lines[i], want[i])
		}
	}
	way, err := g.With(closed(g.EdgesOf(2))...)
	if err != nil {
		t.Fatal(err)
	}
	if lines, err := way.Isochrone(snapAll(t, g, at(40, 100))[0], 10*time.Second); err != nil || len(lines) != 2 {
		t.Errorf("with a street closed: %v, %v", lines, err)
	}
	if none, err := g.Isochrone(roads.Snap{}, -time.Second); err != nil || len(none) != 0 {
		t.Errorf("before the start: %v, %v", none, err)
	}
	if _, err := g.Isochrone(roads.Snap{Edge: 99}, time.Minute); err == nil {
		t.Error("a foreign place is accepted")
	}
}

// What lies on an isochrone is reached in time and what lies off it is not.
func TestAnIsochroneAgreesWithPaths(t *testing.T) {
	g := realGraph(t)
	r := rand.New(rand.NewPCG(5, 6))
	in, out := 0, 0
	for _, from := range somewhere(g, r, 3) {
		lines, err := g.Isochrone(from, 6*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range places(t, g, 150) {
			p, err := g.Path(from, to)
			if err != nil {
				t.Fatal(err)
			}
			near := 1e9
			for _, l := range lines {
				near = min(near, beside(to.Point, l))
			}
			switch {
			case near < 0.1 && p.Seconds > 361:
				t.Errorf("%v is on the isochrone of 360 s and %d s away", to.Point, p.Seconds)
			case near > 1 && p.Seconds < 359:
				t.Errorf("%v is %.1f m off the isochrone of 360 s and %d s away", to.Point, near, p.Seconds)
			case near < 0.1:
				in++
			default:
				out++
			}
		}
	}
	if in < 30 || out < 30 {
		t.Errorf("%d places in and %d out tell little", in, out)
	}
}

// beside returns the metres from a point to a line.
func beside(p orb.Point, line orb.LineString) float64 {
	near := distance(p, line[0])
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		x, y := b[0]-a[0], b[1]-a[1]
		if f := ((p[0]-a[0])*x + (p[1]-a[1])*y) / (x*x + y*y); f > 0 && f < 1 {
			near = min(near, distance(p, orb.Point{a[0] + f*x, a[1] + f*y}))
		}
		near = min(near, distance(p, b))
	}
	return near
}
