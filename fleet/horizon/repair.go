package horizon

// repairs is how often the routes that break a limit are made anew.
const repairs = 10

// What a broken limit costs where none may be broken, in cents: a full load too much, a second, a metre. More than anything else, less than
// neverCost.
const (
	dearLoad   = 1e9
	dearSecond = 1e6
	dearMeter  = 1e4
)

// repair makes routes that break a limit anew, with limits so dear that their sites rather go elsewhere, to other days or
// nowhere. It keeps the plan it comes to if that is the best.
func (w *search) repair() {
	w.dearPrices()
	blinks := w.blinks
	w.blinks = false
	for range repairs {
		if w.broken == 0 {
			break
		}
		for slot := range w.routes {
			if !w.routes[slot].breaks() {
				continue
			}
			for _, node := range w.routes[slot].nodes {
				if w.isSite(node) {
					w.takeOutAll(node)
				}
			}
			w.sweep()
			w.recreate()
			for _, slot := range w.touched {
				w.placeUnloads(slot)
			}
			w.forget()
		}
	}
	w.blinks = blinks
	w.setPrices()
	w.keep()
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
