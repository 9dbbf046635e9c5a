package simulate

// Ledger counts the waste of one stream since the world began, in millilitres where
// nothing else is said. What came in is what is somewhere:
//
//	Initial + Deposited = Emptied + Swept + what is in, beside or on its way to the containers
type Ledger struct {
	Stream                       string
	Initial, Deposited           int64
	Refused                      int64 // thrown at a container that was too full, a part of Deposited
	Carried, Beside              int64 // where that went: to another container, or beside one (some after being carried)
	Emptied, Swept               int64 // by lifts, and from beside by the vehicle that follows
	Kg                           int64 // kilograms lifted and swept
	Lifts                        int64
	Hours, OverfullHours         int64 // container-hours, and those that ended above full
	OverfullDays                 int64 // container-days with such an hour
	InContainers, Besides, OnWay int64 // where the rest is at Now
}

// Ledgers returns a Ledger per stream, in the Config's order, at Now.
func (w *World) Ledgers() []Ledger {
	for i := range w.levels {
		w.live(i, int32(w.now-w.rates.hour*3600))
	}
	out := append([]Ledger(nil), w.books...)
	for i := range w.levels {
		b, s := &out[w.m.containers[i].stream], &w.levels[i]
		b.InContainers += s.fill
		b.Besides += s.beside
		b.OnWay += s.arriving
	}
	return out
}

// Balanced reports whether no waste was lost or made.
func (l Ledger) Balanced() bool {
	return l.Initial+l.Deposited == l.Emptied+l.Swept+l.InContainers+l.Besides+l.OnWay
}
