package roads_test

import (
	"context"
	"fmt"

	"github.com/paulmach/orb"

	"polder.city/roads"
)

// Two streets meet at a corner; the second is one-way towards it, so that the way
// back is longer.
func Example() {
	n := &roads.Network{
		Nodes: []orb.Point{{5.200, 52.350}, {5.203, 52.350}, {5.203, 52.352}, {5.200, 52.352}, {5.199, 52.350}},
		Ways: []roads.Way{
			{ID: 1, Name: "Stedendreef", Nodes: []int32{4, 0, 1}, Class: roads.Tertiary, Forward: roads.AccessTruck, Backward: roads.AccessTruck},
			{ID: 2, Name: "Spoordreef", Nodes: []int32{1, 2, 3, 0}, Class: roads.Residential, Forward: roads.AccessTruck, MaxSpeed: 15},
		},
	}
	g, err := roads.Build(n, roads.Truck())
	if err != nil {
		fmt.Println(err)
		return
	}
	depot, err := g.Snap(orb.Point{5.201, 52.3501}, 50)
	if err != nil {
		fmt.Println(err)
		return
	}
	container, err := g.Snap(orb.Point{5.2031, 52.351}, 50)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := g.Matrix(context.Background(), []roads.Snap{depot, container})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("there %d s, %d m; back %d s, %d m\n", m.Seconds[1], m.Meters[1], m.Seconds[2], m.Meters[2])
	p, err := g.Path(depot, container)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range p.Steps {
		fmt.Printf("%s %d m\n", s.Name, s.Meters)
	}
	fmt.Println("on the right hand:", p.RightSide)
	// Output:
	// there 41 s, 247 m; back 153 s, 605 m
	// Stedendreef 136 m
	// Spoordreef 111 m
	// on the right hand: true
}
