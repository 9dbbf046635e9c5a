package fleet

// start builds first solutions, by several orders of greedy insertion, and keeps the best. One of
// them serves required stops only, so that the search never ends above it.
func (a *annealer) start(warm *Solution) {
	if warm != nil {
		a.reset()
		for i := range warm.Routes {
			_ = a.adoptRoute(&warm.Routes[i]) // what cannot be driven is inserted anew
		}
		a.forget()
		a.keep()
		a.build(byProfit, true, false)
	}
	a.reset()
	a.build(farthest, false, true)
	for _, margin := range []float64{0.5, 1, 2, 4} {
		a.reset()
		a.buildSavings(margin)
		a.build(byProfit, a.optional, false)
		if !a.optional {
			break
		}
	}
	for _, o := range []order{byCluster, farthest, byProfit, byWindow, byLoad, closest, byChance} {
		if o == byProfit && !a.optional || o == byWindow && !a.windowed || a.effort.progress(0) >= 1 {
			continue
		}
		a.reset()
		a.build(o, a.optional, false)
	}
	a.restore()
	a.setTemperatures()
	a.setBlink(blinkChance)
}

// build inserts all stops that are not served yet, or the required ones only.
func (a *annealer) build(o order, hope, requiredOnly bool) {
	for s := range a.stops {
		if a.routeOf[s] == none && !a.idle[s] && (a.required[s] || !requiredOnly) {
			a.pool = append(a.pool, candidate{stop: int32(s)})
		}
	}
	a.recreate(o, hope)
	a.forget()
	a.keep()
}
