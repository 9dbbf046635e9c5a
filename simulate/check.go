package simulate

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"
)

// ErrUnknown is wrapped by the errors about an id that the Config does not hold.
var ErrUnknown = errors.New("no such thing in this simulated city")

// index checks the Config and numbers its things. It reports every mistake, each with its place.
func (m *model) index() error {
	var found []error
	wrong := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	streams := map[string]int{}
	for i, s := range m.c.Streams {
		if _, twice := streams[s.ID]; twice || s.ID == "" {
			wrong("stream %d: id %q is empty or used twice", i, s.ID)
		}
		streams[s.ID] = i
		if err := s.check(); err != nil {
			wrong("stream %q: %w", s.ID, err)
		}
	}
	add := func(kind Kind, what string, i int, id string, at orb.Point) {
		if m.named[kind] == nil {
			m.named[kind] = map[string]int{}
		}
		if _, twice := m.named[kind][id]; twice || id == "" {
			wrong("%s %d: id %q is empty or used twice", what, i, id)
		}
		if !(math.Abs(at[0]) <= 180 && math.Abs(at[1]) <= 90) {
			wrong("%s %q: %v is no longitude and latitude", what, id, at)
		}
		m.named[kind][id] = i
	}
	for i, c := range m.c.Containers {
		add(Fill, "container", i, c.ID, c.Point)
		s, known := streams[c.Stream]
		switch {
		case !known:
			wrong("container %q: there is no stream %q", c.ID, c.Stream)
		case !(c.VolumeLitres >= 2*m.c.Streams[s].DepositLitres && c.VolumeLitres < 1e6):
			wrong("container %q: a volume of %v litres is not between two deposits and a million litres", c.ID, c.VolumeLitres)
		case !(c.LitresPerDay >= 0 && c.LitresPerDay <= 100*c.VolumeLitres):
			wrong("container %q: an inflow of %v litres a day is not between none and a hundred times its volume", c.ID, c.LitresPerDay)
		}
	}
	for i, c := range m.c.Counters {
		add(Traffic, "counter", i, c.ID, c.Point)
		if !(c.VehiclesPerDay >= 0 && c.VehiclesPerDay < 1e6) {
			wrong("counter %q: %v vehicles a day", c.ID, c.VehiclesPerDay)
		}
	}
	for i, b := range m.c.Bridges {
		add(Bridge, "bridge", i, b.ID, b.Point)
		if !(b.OpeningsPerDay >= 0 && b.OpeningsPerDay <= mostOpenings) {
			wrong("bridge %q: %v openings a day are not between 0 and %d", b.ID, b.OpeningsPerDay, mostOpenings)
		}
	}
	for i, p := range m.c.CarParks {
		add(CarPark, "car park", i, p.ID, p.Point)
		if p.Spaces < 1 {
			wrong("car park %q: %d spaces", p.ID, p.Spaces)
		}
	}
	seen := map[string]bool{}
	for i, s := range m.c.Sensors {
		if s.ID == "" || seen[s.ID] {
			wrong("sensor %d: id %q is empty or used twice", i, s.ID)
		}
		seen[s.ID] = true
		if s.Kind != SoilMoisture && s.Kind != Pump && s.Kind != Greenhouse {
			wrong("sensor %q: kind %v is not soilmoisture, pump or greenhouse", s.ID, s.Kind)
		}
	}
	for _, p := range m.c.Periods {
		if !p.To.After(p.From) {
			wrong("period %q: it ends before it begins", p.Name)
		}
		for id, f := range p.Deposits {
			if _, known := streams[id]; !known || !(f >= 0 && f <= 20) {
				wrong("period %q: factor %v for stream %q: no such stream, or not between 0 and 20", p.Name, f, id)
			}
		}
		for _, id := range p.Suspended {
			if _, known := streams[id]; !known {
				wrong("period %q: there is no stream %q to suspend", p.Name, id)
			}
		}
	}
	for _, p := range m.c.SetPieces {
		kind := p.Kind
		if kind == Blocked || kind == Emptying {
			kind = Fill
		}
		if int(kind) >= len(m.named) || kind == Traffic || kind == Report {
			wrong("set piece at %v: kind %v cannot be set", p.At, p.Kind)
		} else if _, known := m.named[kind][p.Thing]; !known {
			wrong("set piece at %v: %v %q: %w", p.At, p.Kind, p.Thing, ErrUnknown)
		}
	}
	return errors.Join(append(found, m.c.check()...)...)
}

func (s Stream) check() error {
	t := s.Triangular
	switch {
	case t[2] == 0 && !(s.DepositLitres > 0 && s.DepositCV >= 0 && s.DepositCV <= 3):
		return fmt.Errorf("deposits of %v litres with variation %v: give a mean above 0 and a variation of 0 to 3", s.DepositLitres, s.DepositCV)
	case t[2] != 0 && !(0 <= t[0] && t[0] <= t[1] && t[1] <= t[2] && t[0] < t[2]):
		return fmt.Errorf("triangular %v: give least, most likely and largest litres in that order", t)
	case !(s.DayCV >= 0 && s.DayCV <= 2 && s.LitreCV >= 0 && s.LitreCV <= 2):
		return fmt.Errorf("variation of days %v and litres %v: each between 0 and 2", s.DayCV, s.LitreCV)
	case !(s.ResidualMax >= 0 && s.ResidualMax < 0.5):
		return fmt.Errorf("residual %v: between 0 and 0.5", s.ResidualMax)
	}
	for _, shape := range [][]float64{s.Hour[:], s.Weekday[:], s.Month[:]} {
		for _, x := range shape {
			if !(x >= 0 && x < 1e6) {
				return fmt.Errorf("shape %v: no negative or endless shares", shape)
			}
		}
	}
	return nil
}

func (c *Config) check() []error {
	var found []error
	within := func(name string, b [2]float64, lo, hi float64) {
		if !(lo <= b[0] && b[0] <= b[1] && b[1] <= hi) {
			found = append(found, fmt.Errorf("%s %v: two fractions in order, between %v and %v", name, b, lo, hi))
		}
	}
	share := func(name string, x float64) { within(name, [2]float64{x, x}, 0, 1) }
	if u := c.Start.Unix(); u < 0 || u > latest {
		found = append(found, errors.New("start: give the time at which the world begins, from 1970 on"))
	}
	// A sensor reads to 1.5 at most, so the truth must stay below it.
	within("refusal", c.Refusal, 1, 1.4)
	within("spill", c.Spill, 0, 1)
	share("blocked chance", c.BlockedChance)
	share("report chance", c.ReportChance)
	share("noise", c.Sensing.Noise)
	share("resolution", c.Sensing.Resolution)
	share("dropout", c.Sensing.Dropout)
	share("spike", c.Sensing.Spike)
	if p := c.Policy; p.Kind != Nobody {
		if p.Trucks < 1 || p.Shift.From < planHour*time.Hour || p.Shift.To <= p.Shift.From {
			found = append(found, fmt.Errorf("policy: %d trucks in a shift from %v to %v cannot lift: at least one, after the planning at %d.00", p.Trucks, p.Shift.From, p.Shift.To, planHour))
		}
		if p.Kind == ByNeed && !(p.Level > 0) {
			found = append(found, errors.New("policy: by need takes a level above 0"))
		}
	}
	return found
}
