package horizon

// repairs is how often all routes that break a limit are gone through.
const repairs = 10

// What a broken limit costs where none may be broken, in cents: a full load too much, a second, a metre. More than anything else, less than
// neverCost.
const (
	dearLoad   = 1e9
	dearSecond = 1e6
	dearMeter  = 1e4
)

// repair takes sites out of routes that break a limit, one by one, until they do not, and puts them where limits are so dear that they
// rather go elsewhere, to other days or nowhere. It keeps the plan it comes to if that is the best.
func (w *search) repair() {
	w.dearPrices()
	blinks := w.blinks
	w.blinks = false
	for range repairs {
		if w.broken == 0 {
			break
		}
		for slot := range w.routes {
			w.relieve(int32(slot))
		}
	}
	w.blinks = blinks
	w.setPrices()
	w.keep()
}

// relieve takes sites out of a slot's route until it breaks no limit, or each had its turn.
func (w *search) relieve(slot int32) {
	r := &w.routes[slot]
	if !r.breaks() {
		return
	}
	w.touch(slot)
	w.placeUnloads(slot)
	for turns := len(r.nodes); turns > 0 && r.breaks() && !r.empty(); turns-- {
		node := r.nodes[1+w.random.IntN(len(r.nodes)-2)]
		if !w.isSite(node) {
			continue
		}
		w.takeOutAll(node)
		w.sweep()
		w.recreate()
		for _, touched := range w.touched {
			w.placeUnloads(touched)
		}
		w.forget()
		w.touch(slot)
	}
	w.forget()
}

// dearPrices makes a broken limit cost more than breaking it saves.
func (w *search) dearPrices() {
	w.price.seconds, w.price.meters = dearSecond, dearMeter
	for k := range w.price.load {
		w.price.load[k] = min(dearLoad/float64(w.roomiest(k)), 1e6)
	}
	w.reprice()
	w.forget()
}
