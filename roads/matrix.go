package roads

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Matrix holds the fastest paths between N places: time in seconds and length in
// metres of the path from place i to place j at index i*N+j. It is asymmetric:
// there are one-way streets.
type Matrix struct {
	N               int
	Seconds, Meters []int32
}

// target is a place at which a search may arrive by one arc.
type target struct {
	arc   int32
	place int32
	share float64 // of the arc before the place
	part  packedCost
}

// targets are sorted by arc; arc a has list[first[a]:first[a+1]].
type targets struct {
	first []int32
	list  []target
	arcs  int // with at least one target
}

// Matrix computes the fastest paths between places that this graph snapped. A
// path may leave and arrive in either permitted direction of its street: a truck
// that stops may turn there. Rows are spread over all processors; the result does
// not depend on how. It stops with the context's error soon after ctx ends.
func (g *Graph) Matrix(ctx context.Context, at []Snap) (*Matrix, error) {
	n := len(at)
	for i := range at {
		if err := g.checkSnap(at[i]); err != nil {
			return nil, fmt.Errorf("matrix: place %d: %w", i, err)
		}
	}
	m := &Matrix{N: n, Seconds: make([]int32, n*n), Meters: make([]int32, n*n)}
	to := g.targets(at)
	var (
		row   atomic.Int64
		group sync.WaitGroup
	)
	workers := min(runtime.GOMAXPROCS(0), n)
	errs := make([]error, workers)
	for w := range workers {
		group.Go(func() {
			s := g.search()
			defer s.rest()
			for errs[w] == nil {
				i := int(row.Add(1)) - 1
				if i >= n {
					return
				}
				errs[w] = s.row(ctx, m, i, at[i], to)
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, fmt.Errorf("matrix of %d places: %w", n, err)
		}
	}
	return m, ctx.Err()
}

// checkSnap refuses a place that this graph cannot have snapped.
func (g *Graph) checkSnap(s Snap) error {
	if s.Edge < 0 || int(s.Edge) >= len(g.cost) || !(s.Along >= 0 && s.Along <= 1) {
		return fmt.Errorf("edge %d, share %v: this graph did not snap that place", s.Edge, s.Along)
	}
	return nil
}

func (g *Graph) targets(at []Snap) *targets {
	to := &targets{first: make([]int32, len(g.open)+1)}
	for i, s := range at {
		for a := 2 * s.Edge; a <= 2*s.Edge+1; a++ {
			if g.open[a] {
				share := shareAlong(a, s)
				to.list = append(to.list, target{a, int32(i), share, g.cost[s.Edge].part(0, share)})
			}
		}
	}
	slices.SortStableFunc(to.list, func(x, y target) int { return cmp.Compare(x.arc, y.arc) })
	for _, t := range to.list {
		if to.first[t.arc+1] == 0 {
			to.arcs++
		}
		to.first[t.arc+1]++
	}
	for a := range g.open {
		to.first[a+1] += to.first[a]
	}
	return to
}

func (to *targets) on(arc int32) []target { return to.list[to.first[arc]:to.first[arc+1]] }

// row fills one row of a matrix.
func (s *search) row(ctx context.Context, m *Matrix, i int, from Snap, to *targets) error {
	s.best = slices.Grow(s.best[:0], m.N)[:m.N]
	if err := s.run(ctx, from, to); err != nil {
		return err
	}
	entry := s.g.profile.entryMillis()
	for j, cost := range s.best {
		if cost == unreached {
			return fmt.Errorf("no path from place %d to place %d", i, j)
		}
		m.Seconds[i*m.N+j], m.Meters[i*m.N+j] = cost.seconds(entry), cost.meters()
	}
	return nil
}

// run fills s.best for all targets; s.cost and s.parent tell of the paths until
// the search is cleared.
func (s *search) run(ctx context.Context, from Snap, to *targets) error {
	g := s.g
	s.clear()
	for j := range s.best {
		s.best[j] = unreached
	}
	// Targets ahead on the street itself need no turn.
	for a := 2 * from.Edge; a <= 2*from.Edge+1; a++ {
		if !g.open[a] {
			continue
		}
		share := shareAlong(a, from)
		for _, t := range to.on(a) {
			if t.share >= share {
				s.best[t.place] = min(s.best[t.place], g.cost[from.Edge].part(share, t.share))
			}
		}
	}
	s.begin(from)
	for left, count := to.arcs, 0; left > 0; count++ {
		if count&0x3fff == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		a, key, ok := s.next()
		if !ok {
			return nil
		}
		if to.first[a] == to.first[a+1] {
			continue
		}
		for _, t := range to.on(a) {
			s.best[t.place] = min(s.best[t.place], key+t.part)
		}
		left--
	}
	return nil
}
