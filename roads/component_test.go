package roads

import (
	"testing"

	"pgregory.net/rapid"
)

func TestTheLargestComponentIsThatOfMutualReach(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(rt, "arcs")
		from, turns := []int32{0}, []turn{}
		reach := make([][]bool, n)
		for a := range n {
			reach[a] = make([]bool, n)
			for range rapid.IntRange(0, 2).Draw(rt, "turns") {
				b := rapid.IntRange(0, n-1).Draw(rt, "to")
				turns = append(turns, makeTurn(int32(b), 0))
				reach[a][b] = true
			}
			from = append(from, int32(len(turns)))
		}
		for k := range n { // Warshall
			for i := range n {
				for j := range n {
					reach[i][j] = reach[i][j] || reach[i][k] && reach[k][j]
				}
			}
		}
		size, largest := func(a int) (k int) {
			for b := range n {
				if reach[a][b] && reach[b][a] {
					k++
				}
			}
			return k
		}, 0
		for a := range n {
			largest = max(largest, size(a))
		}
		in, count := (&drive{turnFrom: from, turns: turns}).largest(), 0
		for a := range n {
			if !in[a] {
				continue
			}
			count++
			for b := range n {
				if in[b] && !reach[a][b] {
					rt.Fatalf("%d is in the component and does not reach %d", a, b)
				}
			}
		}
		if count != largest {
			rt.Fatalf("the component has %d arcs, the largest %d", count, largest)
		}
	})
}

func TestPackedCostsAddUpAndCompareInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		draw := func() (ms, entries, cm int64) {
			return rapid.Int64Range(0, 1<<27).Draw(rt, "ms"), rapid.Int64Range(0, 60).Draw(rt, "entries"), rapid.Int64Range(0, 1<<26).Draw(rt, "cm")
		}
		ms1, e1, cm1 := draw()
		ms2, e2, cm2 := draw()
		a, b := packCost(ms1, e1, cm1), packCost(ms2, e2, cm2)
		if a+b != packCost(ms1+ms2, e1+e2, cm1+cm2) {
			rt.Fatal("parts flow over")
		}
		if ms1 < ms2 && a >= b || ms1 == ms2 && e1 == e2 && cm1 < cm2 && a >= b {
			rt.Fatal("out of order")
		}
		if (a+b).meters() != int32((cm1+cm2+50)/100) || a.seconds(0) != int32((ms1+500)/1000) {
			rt.Fatal("parts do not come out again")
		}
	})
}
