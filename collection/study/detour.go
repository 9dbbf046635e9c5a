package study

import (
	"cmp"
	"slices"
)

// detours estimates for each container what fetching it on a coming day adds in seconds of driving, when on each day a container is on the road
// with the chance of its rate (collection.md 2.2 (7)): the nearest neighbours in order, each with the chance
// that it is the nearest that is visited.
func (w *World) detours(chance []float64) []float64 {
	const neighbours = 24
	type near struct {
		i       int
		seconds int32
	}
	out := make([]float64, len(w.Containers))
	all := make([]near, 0, len(w.Containers))
	for i := range w.Containers {
		all = all[:0]
		at := w.Containers[i].Location
		for j := range w.Containers {
			if j == i || w.Containers[j].Stream != w.Containers[i].Stream {
				continue
			}
			to := w.Containers[j].Location
			all = append(all, near{j, w.Seconds[at*w.Locations+to] + w.Seconds[to*w.Locations+at]})
		}
		slices.SortFunc(all, func(a, b near) int { return cmp.Or(cmp.Compare(a.seconds, b.seconds), cmp.Compare(a.i, b.i)) })
		nobody := 1.0
		for _, n := range all[:min(neighbours, len(all))] {
			out[i] += nobody * chance[n.i] * float64(n.seconds)
			nobody *= 1 - chance[n.i]
		}
		if len(all) > 0 {
			out[i] += nobody * float64(all[min(neighbours, len(all))-1].seconds)
		}
	}
	return out
}
