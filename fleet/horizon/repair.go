package horizon

const (
	// dearer is what the prices of broken limits are multiplied by where none may be broken.
	dearer = 1000
	// repairs is how often the routes that break a limit are made anew.
	repairs = 10
)

// repair makes routes that break a limit anew, with limits so dear that their sites rather go elsewhere, to other days or
// nowhere. It keeps the plan it comes to if that is the best.
func (w *search) repair() {
	w.multiplyPrices(dearer)
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
			for i := 0; i < len(w.touched); i++ {
				w.placeUnloads(w.touched[i])
			}
			w.forget()
		}
	}
	w.blinks = blinks
	w.multiplyPrices(1. / dearer)
	w.keep()
}

// multiplyPrices changes what broken limits cost.
func (w *search) multiplyPrices(factor float64) {
	w.price.seconds *= factor
	w.price.meters *= factor
	for k := range w.price.load {
		w.price.load[k] *= factor
	}
	w.reprice()
	w.forget()
}
