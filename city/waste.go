package city

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/paulmach/orb"
)

var (
	keyForm    = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)
	letterForm = regexp.MustCompile(`^[A-Z]$`)
	truckForm  = regexp.MustCompile(`^[A-Za-z0-9-]{1,20}$`)
)

func (l *loader) streams() {
	const file = "streams.yaml"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	var all struct {
		Streams []Stream `yaml:"streams"`
	}
	d := readYAML(&l.report, file, data, &all)
	if len(all.Streams) == 0 {
		d.wrongAt("streams", "missing", "Name at least one kind of waste.", "There are no streams.")
	}
	ids, letters := map[string]bool{}, map[string]bool{}
	for i, s := range all.Streams {
		at := fmt.Sprintf("streams[%d]", i)
		if !keyForm.MatchString(s.ID) {
			d.wrongAt(at+".id", "value", "Use small letters, digits, - and _, beginning with a letter.", "%q is no id.", s.ID)
		}
		if !letterForm.MatchString(s.Letter) {
			d.wrongAt(at+".letter", "value", "Write one capital.", "%q is no letter.", s.Letter)
		}
		d.unique(ids, at+".id", s.ID)
		d.unique(letters, at+".letter", s.Letter)
		d.needText(at+".name", s.Name, l.city.Languages)
		d.oneOf(at+".symbol", s.Symbol, "square", "circle", "triangle", "diamond", "hexagon", "pentagon")
		d.between(at+".kg_per_m3", s.KgPerM3, 5, 2000)
		d.between(at+".pressed_kg_per_m3", s.PressedKgPerM3, min(s.KgPerM3, 2000), 2000)
		d.between(at+".hygiene_days", float64(s.HygieneDays), 0, 365)
	}
	l.city.Streams = all.Streams
}

// between reports a number outside its bounds.
func (d *document) between(path string, value, low, high float64) {
	if value < low || value > high {
		d.wrongAt(path, "value", fmt.Sprintf("Write a number from %g to %g.", low, high), "%g cannot be right.", value)
	}
}

func (l *loader) fleet() {
	const file = "fleet.yaml"
	data, ok := l.read(file, false)
	if !ok {
		return
	}
	f := &l.city.Fleet
	d := readYAML(&l.report, file, data, f)
	ids := map[string]bool{}
	depots := map[string]bool{}
	for i, depot := range f.Depots {
		at := fmt.Sprintf("depots[%d]", i)
		l.site(d, at, depot.ID, depot.Name, depot.Point, depot.Opening)
		d.unique(ids, at+".id", depot.ID)
		depots[depot.ID] = true
	}
	unloaded := map[string]bool{}
	for i, facility := range f.Facilities {
		at := fmt.Sprintf("facilities[%d]", i)
		l.site(d, at, facility.ID, facility.Name, facility.Point, facility.Opening)
		l.knownStreams(d, at+".streams", facility.Streams)
		d.unique(ids, at+".id", facility.ID)
		d.between(at+".unload_minutes", facility.UnloadMinutes, 0.5, 120)
		for _, s := range facility.Streams {
			unloaded[s] = true
		}
	}
	carried := map[string]bool{}
	for i, truck := range f.Trucks {
		at := fmt.Sprintf("trucks[%d]", i)
		d.unique(ids, at+".id", truck.ID)
		l.truck(d, at, truck, depots)
		for _, s := range truck.Streams {
			carried[s] = carried[s] || truck.Kind == "crane"
		}
	}
	for _, s := range l.city.Streams {
		if !unloaded[s.ID] {
			d.wrongAt("facilities", "stream_without_facility", "Add it to the streams of a facility.", "No facility takes %s.", s.ID)
		}
		if !carried[s.ID] {
			d.wrongAt("trucks", "stream_without_truck", "Add it to the streams of a crane truck.", "No crane truck collects %s.", s.ID)
		}
	}
	l.shift(d, f.Shift)
	d.between("minutes_per_place", f.MinutesPerPlace, 0, 60)
	d.between("minutes_per_container", f.MinutesPerContainer, 0.1, 60)
	l.costs(d, f.Costs)
}

// site checks what a depot and a facility have in common.
func (l *loader) site(d *document, at, id string, name Text, point orb.Point, opening []Opening) {
	if !keyForm.MatchString(id) {
		d.wrongAt(at+".id", "value", "Use small letters, digits, - and _, beginning with a letter.", "%q is no id.", id)
	}
	d.needText(at+".name", name, l.city.Languages)
	if !l.city.Contains(point, l.city.MarginMeters) {
		d.wrongAt(at+".point", "outside", "Write [longitude, latitude] of a point in the city.",
			"%v lies more than %g metres outside %s.", point, l.city.MarginMeters, l.city.Name)
	}
	l.opening(d, at+".opening", opening, true)
}

func (l *loader) opening(d *document, at string, opening []Opening, needed bool) {
	if len(opening) == 0 && needed {
		d.wrongAt(at, "missing", `Write lines such as {days: [mon, tue], from: "06:30", to: "16:30"}.`, "There are no opening hours.")
	}
	for i, o := range opening {
		if o.From >= o.To || len(o.Days) == 0 {
			d.wrongAt(fmt.Sprintf("%s[%d]", at, i), "hours", "Let from come before to, and name the days.", "Open from %s to %s on %d days cannot be.", o.From, o.To, len(o.Days))
		}
	}
}

func (l *loader) knownStreams(d *document, at string, streams []string) {
	if len(streams) == 0 {
		d.wrongAt(at, "missing", "Name the streams by their id.", "There are no streams.")
	}
	for i, s := range streams {
		if _, ok := l.city.Stream(s); !ok {
			d.wrongAt(fmt.Sprintf("%s[%d]", at, i), "unknown_stream", "Use an id of streams.yaml, or add it there.", "%q is no stream.", s)
		}
	}
}

func (l *loader) truck(d *document, at string, truck Truck, depots map[string]bool) {
	if !truckForm.MatchString(truck.ID) {
		d.wrongAt(at+".id", "value", "Use at most 20 letters and digits, as K1.", "%q is no name of a truck.", truck.ID)
	}
	d.needText(at+".name", truck.Name, l.city.Languages)
	d.oneOf(at+".kind", truck.Kind, "crane", "open")
	if !depots[truck.Depot] {
		d.wrongAt(at+".depot", "unknown_depot", "Use an id of depots.", "%q is no depot.", truck.Depot)
	}
	l.knownStreams(d, at+".streams", truck.Streams)
	l.capacity(d, at+".capacity", truck.Capacity)
	for stream, capacity := range truck.CapacityByStream {
		if !slices.Contains(truck.Streams, stream) {
			d.wrongAt(at+".capacity_by_stream."+stream, "unknown_stream", "Name one of the truck's own streams.", "The truck does not collect %q.", stream)
		}
		l.capacity(d, at+".capacity_by_stream."+stream, capacity)
	}
	d.between(at+".range_km", truck.RangeKm, 0, 2000)
}

func (l *loader) capacity(d *document, at string, c Capacity) {
	if c.Kg < 100 || c.Kg > 40_000 {
		d.wrongAt(at+".kg", "capacity", "Write kilograms from 100 to 40000.", "A truck cannot carry %d kg.", c.Kg)
	}
	if c.Litres < 500 || c.Litres > 100_000 {
		d.wrongAt(at+".litres", "capacity", "Write litres from 500 to 100000.", "A truck cannot hold %d litres.", c.Litres)
	}
}

func (l *loader) shift(d *document, s Shift) {
	if s.From >= s.To || len(s.Days) == 0 {
		d.wrongAt("shift", "hours", "Let from come before to, and name the days.", "A shift from %s to %s on %d days cannot be.", s.From, s.To, len(s.Days))
	}
	if s.BreakMinutes < 0 || s.BreakMinutes > 180 {
		d.wrongAt("shift.break_minutes", "hours", "Write a number from 0 to 180.", "A break of %d minutes cannot be.", s.BreakMinutes)
	}
	if s.BreakMinutes > 0 && (s.BreakFrom < s.From || s.BreakTo < s.BreakFrom || s.BreakTo > s.To) {
		d.wrongAt("shift.break_from", "hours", "Let it begin within the shift.", "A break that begins from %s to %s is outside the shift.", s.BreakFrom, s.BreakTo)
	}
	d.between("shift.max_overtime_minutes", float64(s.MaxOvertimeMinutes), 0, 240)
}

func (l *loader) costs(d *document, c Costs) {
	for name, cents := range map[string]int64{
		"hour_cents": c.HourCents, "overtime_hour_cents": c.OvertimeHourCents, "km_cents": c.KmCents,
		"overflow_event_cents": c.OverflowEventCents, "overflow_day_cents": c.OverflowDayCents, "overflow_m3_cents": c.OverflowM3Cents,
		"low_hour_cents": c.LowHourCents, "high_hour_cents": c.HighHourCents,
	} {
		if cents <= 0 || cents > 100_000_00 {
			d.wrongAt("costs."+name, "value", "Write whole cents, more than 0.", "%d cents cannot be right.", cents)
		}
	}
	d.between("costs.sensor_year_cents", float64(c.SensorYearCents), 0, 100_000)
	d.between("costs.co2_grams_per_km", float64(c.CO2GramsPerKm), 0, 10_000)
	if c.LowHourCents > c.HourCents || c.HighHourCents < c.HourCents {
		d.wrongAt("costs.hour_cents", "value", "Let low_hour_cents <= hour_cents <= high_hour_cents.", "The hour does not lie between its low and high.")
	}
	d.need("costs", map[string]string{"source": c.Source})
}
