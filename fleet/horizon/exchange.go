package horizon

// exchanges is the share of changes that exchange the routes of two vehicles.
const exchanges = 0.02

// exchange exchanges the routes of two unlike vehicles of a day. It reports whether there were any that may.
func (w *search) exchange() bool {
	day := w.random.IntN(w.days)
	low, high := w.daySlots[day], w.daySlots[day+1]
	if high-low < 2 {
		return false
	}
	a, b := low+w.random.IntN(high-low), low+w.random.IntN(high-low)
	if w.slots[a].alike == w.slots[b].alike || !w.mayDrive(a, b) || !w.mayDrive(b, a) {
		return false
	}
	w.touch(int32(a))
	w.touch(int32(b))
	x, y := &w.routes[a], &w.routes[b]
	x.nodes, y.nodes = y.nodes, x.nodes
	for _, slot := range []int{a, b} {
		nodes := w.routes[slot].nodes
		nodes[0], nodes[len(nodes)-1] = w.slots[slot].start, w.slots[slot].end
		w.measure(slot)
	}
	return true
}

// mayDrive reports whether a slot's vehicle may collect what is on another's route.
func (w *search) mayDrive(slot, route int) bool {
	for _, groups := range w.routes[route].groups {
		if groups&^w.slots[slot].groups != 0 {
			return false
		}
	}
	return true
}
