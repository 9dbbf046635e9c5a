package roads

import (
	"slices"
	"testing"

	"github.com/paulmach/orb"
)

// lattice returns the edges and junctions of a grid, from east of x0.
func lattice(columns, rows int32, x0 float64, first int32) (ends [][2]int32, at []orb.Point) {
	for y := range rows {
		for x := range columns {
			v := first + y*columns + x
			at = append(at, orb.Point{x0 + float64(x), float64(y)})
			if x > 0 {
				ends = append(ends, [2]int32{v - 1, v})
			}
			if y > 0 {
				ends = append(ends, [2]int32{v - columns, v})
			}
		}
	}
	return ends, at
}

func weights2(n int) []uint8 { return slices.Repeat([]uint8{2}, n) }

// parts counts the junctions that are joined without the last edges of an order.
func parts(ends [][2]int32, junctions int, order []int32, without int) (sizes []int) {
	root := make([]int, junctions)
	for v := range root {
		root[v] = v
	}
	find := func(v int) int {
		for root[v] != v {
			v = root[v]
		}
		return v
	}
	for _, e := range order[:len(order)-without] {
		root[find(int(ends[e][0]))] = find(int(ends[e][1]))
	}
	count := map[int]int{}
	for v := range root {
		count[find(v)]++
	}
	for _, n := range count {
		sizes = append(sizes, n)
	}
	slices.Sort(sizes)
	return sizes
}

func TestTheLastEdgesOfAnOrderSeparateTheNetwork(t *testing.T) {
	ends, at := lattice(32, 20, 0, 0)
	order := dissect(ends, at, weights2(len(ends)), 1)
	if sorted := slices.Sorted(slices.Values(order)); len(order) != len(ends) || sorted[0] != 0 || sorted[len(sorted)-1] != int32(len(ends)-1) ||
		len(slices.Compact(sorted)) != len(ends) {
		t.Fatalf("%d of %d edges have a rank", len(order), len(ends))
	}
	if whole := parts(ends, len(at), order, 19); len(whole) != 1 {
		t.Errorf("19 edges cut a grid of 20 rows: %v", whole)
	}
	cut := 20
	for len(parts(ends, len(at), order, cut)) == 1 {
		cut++
	}
	// The smallest cut is 20; one across may halve better.
	if halves := parts(ends, len(at), order, cut); cut > 26 || len(halves) != 2 || halves[0] < len(at)/4 {
		t.Errorf("without its last %d edges the grid is in parts of %v", cut, halves)
	}
}

func TestABridgeIsTheLastOfAnOrder(t *testing.T) {
	west, atWest := lattice(10, 10, 0, 0)
	east, atEast := lattice(12, 10, 20, 100)
	ends := append(append(west, [2]int32{99, 100}), east...)
	order := dissect(ends, append(atWest, atEast...), weights2(len(ends)), 1)
	if last := ends[order[len(order)-1]]; last != [2]int32{99, 100} {
		t.Errorf("the last edge is %v", last)
	}
}

func TestAnOrderKnowsLoopsDoublesAndIslands(t *testing.T) {
	ends := [][2]int32{{0, 0}, {0, 1}, {1, 0}, {2, 3}, {3, 3}, {2, 3}}
	at := []orb.Point{{0, 0}, {0, 0}, {0, 0}, {0, 0}}
	if order := dissect(ends, at, weights2(len(ends)), 4); len(slices.Compact(slices.Sorted(slices.Values(order)))) != len(ends) {
		t.Errorf("%v", order)
	}
	if order := dissect(nil, nil, nil, 4); len(order) != 0 {
		t.Errorf("%v", order)
	}
}
