package simulate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrBlocked says that a lift failed because something stood before the container.
// It may succeed some hours later.
var ErrBlocked = errors.New("something stands before the container")

// World is a city at a moment. It is owned by one goroutine: no method may run
// beside another, nor be called from an emit function.
type World struct {
	m       *model
	now     int64 // Unix time up to which all has happened, exclusive
	rates   rates // of the hour that holds now
	asked   rates // of the hour last asked of Deposits
	view    view
	levels  []level
	bags    []bags // per container: the first deposit of this hour that is not in yet
	lifts   []lift // rounds planned by the policy and still to be made, in order of time
	books   []Ledger
	happens []happening // what befalls this hour besides the agenda, in order of time
}

// level is the state of one container; volumes in millilitres.
type level struct {
	fill, beside int64
	arriving     int64 // carried here by residents, thrown in at the top of the next hour
	emptied      int64 // Unix time
	overfullDay  int64 // the last day that was counted as overfull
	done         int32 // second of the hour up to which deposits are in
	seen         int16 // permille at the hour's reading; a bystander sees no more
	missed       bool  // a lift of the fixed schedule fell out
}

// lift is a planned emptying.
type lift struct {
	At        int64 `json:"at"`
	Container int   `json:"container"`
}

type happening struct {
	item
	value float64
}

// blockHours is how long the way to a container stays blocked, or free.
const blockHours = 4

// New checks the Config and returns its world at Start, each container at a level
// drawn from the seed. The error names every mistake.
func New(c Config) (*World, error) {
	m, err := newModel(c)
	if err != nil {
		return nil, fmt.Errorf("simulated city: %w", err)
	}
	w := newWorld(m, hourOf(c.Start.Unix())*3600)
	for i := range w.levels {
		cont := &m.containers[i]
		r := draw(cont.key, forStart, 0)
		w.levels[i].fill = int64(0.8 * unit(r) * float64(cont.volume))
		days := 7
		if most := m.streams[cont.stream].MaxDays; most > 0 {
			days = most
		}
		w.levels[i].emptied = w.now - int64(mix(r)%uint64(days*86400))
		w.books[cont.stream].Initial += w.levels[i].fill
	}
	w.begin()
	return w, nil
}

func newWorld(m *model, now int64) *World {
	w := &World{m: m, now: now, levels: make([]level, len(m.containers)), bags: make([]bags, len(m.containers)), books: make([]Ledger, len(m.streams)), view: newView(m)}
	for i := range w.books {
		w.books[i].Stream = m.streams[i].ID
	}
	for i := range w.levels {
		w.levels[i].overfullDay = -1
	}
	return w
}

// Now returns the time up to which the world has lived.
func (w *World) Now() time.Time { return time.Unix(w.now, 0).UTC() }

// Advance lives on to a time and emits what happens from Now up to, not including,
// it, in order of time (within a second in no order that means anything). Parts of
// seconds are left for the next call. One call or many give the same. emit may be nil.
// When ctx ends it stops at the top of an hour with ctx's error; Now tells where.
func (w *World) Advance(ctx context.Context, to time.Time, emit func(Event)) error {
	return w.advance(ctx, to.Unix(), emit, nil)
}

func (w *World) advance(ctx context.Context, to int64, emit func(Event), h *History) error {
	for w.now < to {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("simulate from %v: %w", w.Now(), err)
		}
		top := (w.rates.hour + 1) * 3600
		until := min(to, top)
		w.walk(int32(w.now-w.rates.hour*3600), int32(until-w.rates.hour*3600), emit, h)
		w.now = until
		if until == top {
			w.turn()
		}
	}
	return nil
}

// walk lives the seconds from up to, not including, until of the present hour.
func (w *World) walk(from, until int32, emit func(Event), h *History) {
	top := w.rates.hour * 3600
	start, _ := slices.BinarySearchFunc(w.m.agenda, from, func(it item, s int32) int { return int(it.second - s) })
	agenda := w.m.agenda[start:]
	for {
		due := item{second: until}
		if len(agenda) > 0 {
			due = agenda[0]
		}
		if len(w.happens) > 0 && w.happens[0].second <= due.second && w.happens[0].second < until {
			w.befall(w.happens[0], emit, h)
			w.happens = w.happens[1:]
			continue
		}
		if due.second >= until {
			return
		}
		agenda = agenda[1:]
		if due.kind == Fill {
			w.read(int(due.index), top+int64(due.second), emit, h)
		} else if emit != nil {
			emit(w.view.measure(due, top+int64(due.second)))
		}
	}
}

// read brings container i to its reading, and lets bystanders look at it.
func (w *World) read(i int, at int64, emit func(Event), h *History) {
	w.live(i, int32(at-w.rates.hour*3600))
	c, s := &w.m.containers[i], &w.levels[i]
	s.seen = int16(s.fill * 1000 / c.volume)
	if h != nil {
		h.fills = append(h.fills, uint16(s.seen))
	}
	if emit != nil && c.sensor {
		if e, ok := w.view.fill(i, at, s.seen); ok {
			emit(e)
		}
	}
	if (s.seen >= 1000 || s.beside > 0) && unit(draw(c.key, forReport, uint64(w.rates.hour))) < w.m.c.ReportChance*w.m.streams[c.stream].Hour[w.rates.clock] {
		e := w.event(Report, i, at)
		e.Value, e.Code = float64(s.seen)/1000, ReportFull
		if s.beside > 0 {
			e.Code = ReportBeside
		}
		tell(e, emit, h)
	}
}

func (w *World) event(kind Kind, i int, at int64) Event {
	return Event{At: time.Unix(at, 0).UTC(), Kind: kind, Thing: w.m.c.Containers[i].ID, Index: i}
}

// tell passes on what only the world's state can tell, so a history keeps it.
func tell(e Event, emit func(Event), h *History) {
	if h != nil {
		h.told = append(h.told, e)
	}
	if emit != nil {
		emit(e)
	}
}

// live throws the deposits of the present hour before second until into container i.
func (w *World) live(i int, until int32) {
	s := &w.levels[i]
	if s.done >= until {
		return
	}
	b := &w.bags[i]
	if b.sizes == nil {
		// The first time in this hour; a restored world passes over the bags that are in.
		*b = w.rates.bags(w.m, i)
		for b.second < s.done {
			b.next()
		}
	}
	for ; b.second < until; b.next() {
		w.throw(i, b.ml, b.own)
	}
	s.done = until
}

// throw puts one bag into container i, or where it goes when that is full.
func (w *World) throw(i int, ml int64, own uint64) {
	c, s := &w.m.containers[i], &w.levels[i]
	book := &w.books[c.stream]
	book.Deposited += ml
	if s.fill+ml <= c.refusal {
		s.fill += ml
		return
	}
	book.Refused += ml
	if c.next >= 0 && unit(mix(own^forSpillBag)) < c.spill {
		w.levels[c.next].arriving += ml
		book.Carried += ml
		return
	}
	s.beside += ml
	book.Beside += ml
}

// turn ends the hour that is over and begins the next.
func (w *World) turn() {
	for i := range w.levels {
		w.live(i, 3600)
	}
	for i := range w.levels {
		c, s := &w.m.containers[i], &w.levels[i]
		book := &w.books[c.stream]
		if s.arriving > 0 {
			taken := max(0, min(s.arriving, c.refusal-s.fill))
			s.fill += taken
			s.beside += s.arriving - taken
			book.Beside += s.arriving - taken
			s.arriving = 0
		}
		book.Hours++
		if s.fill > c.volume {
			book.OverfullHours++
			if s.overfullDay != w.rates.day {
				s.overfullDay = w.rates.day
				book.OverfullDays++
			}
		}
		s.done = 0
		w.bags[i].sizes = nil
	}
	w.begin()
}

// begin begins the hour at Now, and at the planning hour the day's rounds.
func (w *World) begin() {
	w.rates.turn(w.m, hourOf(w.now))
	if w.rates.clock == planHour {
		w.plan()
	}
	w.open(w.now)
}

// open finds what befalls from a Unix time to the end of its hour.
func (w *World) open(from int64) {
	hour := hourOf(from)
	w.rates.turn(w.m, hour)
	top, befalls := hour*3600, w.happens[:0]
	add := func(at int64, kind Kind, index int, value float64) {
		if at >= from && at < top+3600 {
			befalls = append(befalls, happening{item{int32(at - top), kind, int32(index)}, value})
		}
	}
	for _, l := range w.lifts {
		add(l.At, Emptying, l.Container, 0)
	}
	for _, p := range w.m.c.SetPieces {
		if p.Kind == Fill {
			add(p.At.Unix(), Fill, w.m.named[Fill][p.Thing], p.Value)
		}
	}
	for _, b := range w.view.openings(hour) {
		add(b.from, Bridge, b.bridge, 1)
		add(b.to, Bridge, b.bridge, -float64(b.to-b.from))
	}
	slices.SortFunc(befalls, func(a, b happening) int { return compareItems(a.item, b.item) })
	w.happens = befalls
}

// befall does one thing of the hour's.
func (w *World) befall(x happening, emit func(Event), h *History) {
	at, i := w.rates.hour*3600+int64(x.second), int(x.index)
	switch x.kind {
	case Emptying:
		w.lifts = w.lifts[1:]
		before, kg, err := w.empty(i, at)
		w.levels[i].missed = err != nil
		e := w.event(Emptying, i, at)
		e.Value, e.Kg = before, kg
		if err != nil {
			e.Kind = Blocked
		}
		tell(e, emit, h)
	case Fill:
		w.live(i, x.second)
		c, s := &w.m.containers[i], &w.levels[i]
		if ml := min(int64(x.value*float64(c.volume)), c.refusal-s.fill); ml > 0 {
			s.fill += ml
			w.books[c.stream].Deposited += ml
		}
		e := w.event(Fill, i, at)
		e.Value, e.Battery = w.view.look(i, at, float64(s.fill)/float64(c.volume)), w.view.battery(i, at)
		tell(e, emit, h)
	case Bridge:
		if emit != nil {
			emit(w.view.bridge(i, at, x.value))
		}
	}
}

// Empty lifts a container: a truck of a real plan does this. It takes what is in it
// at Now (at may lie earlier, when a truck tells late, but not later) and all that
// stands beside it, and returns the fill before as a fraction and the weight lifted.
// The error is ErrBlocked (with the fill) when the lift fails, or wraps ErrUnknown.
func (w *World) Empty(container string, at time.Time) (before float64, kg int, err error) {
	i, ok := w.m.named[Fill][container]
	if !ok {
		return 0, 0, fmt.Errorf("container %q: %w", container, ErrUnknown)
	}
	if at.Unix() > w.now {
		return 0, 0, fmt.Errorf("container %q: emptied at %v, but the world has lived to %v only", container, at.UTC(), w.Now())
	}
	w.live(i, int32(w.now-w.rates.hour*3600))
	return w.empty(i, at.Unix())
}

func (w *World) empty(i int, at int64) (before float64, kg int, err error) {
	c, s := &w.m.containers[i], &w.levels[i]
	if hour := w.rates.hour * 3600; at >= hour {
		w.live(i, int32(at-hour))
	}
	before = float64(s.fill) / float64(c.volume)
	if w.m.blocked(i, at) {
		return before, 0, ErrBlocked
	}
	st := &w.m.streams[c.stream]
	left := min(s.fill, int64(unit(draw(c.key, forResidual, uint64(at)))*st.ResidualMax*float64(c.volume)))
	taken := s.fill - left
	weight := 1 + 0.08*w.m.normals.of(draw(c.key, forWeight, uint64(at)))
	kg = int(float64(taken+s.beside)/1000*st.KgPerLitre*max(0, weight) + 0.5)
	book := &w.books[c.stream]
	book.Lifts++
	book.Emptied += taken
	book.Swept += s.beside
	book.Kg += int64(kg)
	s.fill, s.beside, s.seen, s.emptied, s.missed = left, 0, 0, at, false
	return before, kg, nil
}

func (m *model) blocked(i int, at int64) bool {
	c := &m.containers[i]
	if c.staged {
		for _, p := range m.c.SetPieces {
			if p.Kind == Blocked && p.Thing == m.c.Containers[i].ID && at >= p.At.Unix() && at < p.At.Unix()+int64(p.Value*3600) {
				return true
			}
		}
	}
	return unit(draw(c.key, forBlocked, uint64(at/(blockHours*3600)))) < m.c.BlockedChance
}

// Truth returns the true fill of a container at Now, 1 is full.
func (w *World) Truth(container string) (float64, error) {
	i, ok := w.m.named[Fill][container]
	if !ok {
		return 0, fmt.Errorf("container %q: %w", container, ErrUnknown)
	}
	w.live(i, int32(w.now-w.rates.hour*3600))
	return float64(w.levels[i].fill) / float64(w.m.containers[i].volume), nil
}

// Beside returns the litres that stand beside a container at Now.
func (w *World) Beside(container string) (float64, error) {
	i, ok := w.m.named[Fill][container]
	if !ok {
		return 0, fmt.Errorf("container %q: %w", container, ErrUnknown)
	}
	w.live(i, int32(w.now-w.rates.hour*3600))
	return float64(w.levels[i].beside) / 1000, nil
}
