package city

import (
	"fmt"
	"slices"
	"time"
)

// simulation reads simulate.yaml, which only a simulated city has.
func (l *loader) simulation() {
	const file = "simulate.yaml"
	data, ok := l.read(file, !l.city.Simulated)
	if !ok {
		return
	}
	s := &l.city.Simulation
	d := readYAML(&l.report, file, data, s)
	seen := map[string]bool{}
	for i, r := range s.Streams {
		l.rate(d, fmt.Sprintf("streams[%d]", i), r, seen)
	}
	for _, stream := range l.city.Streams {
		if !seen[stream.ID] {
			d.wrongAt("streams", "missing", "Add its rates.", "There are no rates for %s.", stream.ID)
		}
	}
	d.between("sensors.resolution", s.Sensors.Resolution, 0, 0.5)
	d.between("sensors.noise", s.Sensors.Noise, 0, 0.5)
	d.between("sensors.lost_messages", s.Sensors.LostMessages, 0, 1)
	for name, share := range map[string]float64{
		"container_spread": s.Truth.ContainerSpread, "period_spread": s.Truth.PeriodSpread, "day_spread": s.Truth.DaySpread,
		"spill_over": s.Truth.SpillOver, "residual_max": s.Truth.ResidualMax, "blocked_stops": s.Truth.BlockedStops,
	} {
		d.between("truth."+name, share, 0, 2)
	}
	ids := map[string]bool{}
	for i, e := range s.Events {
		d.unique(ids, fmt.Sprintf("events[%d].id", i), e.ID)
		l.event(d, fmt.Sprintf("events[%d]", i), e)
	}
	for i, k := range s.Kinds {
		at := fmt.Sprintf("things[%d]", i)
		if _, ok := l.city.Thing(k.Template); !ok {
			d.wrongAt(at+".template", "unknown_template", "Use an id of things.yaml.", "%q is no kind of thing.", k.Template)
		}
		if k.DayMin > k.DayMax {
			d.wrongAt(at+".day_max", "value", "Let day_min be at most day_max.", "From %g to %g leaves nothing.", k.DayMin, k.DayMax)
		}
		for j, season := range k.Opening {
			l.opening(d, fmt.Sprintf("%s.opening[%d].opening", at, j), season.Opening, false)
		}
	}
	for i, m := range s.Moments {
		l.moment(d, fmt.Sprintf("moments[%d]", i), m)
	}
}

func (l *loader) rate(d *document, at string, r StreamRate, seen map[string]bool) {
	d.unique(seen, at+".stream", r.Stream)
	if _, ok := l.city.Stream(r.Stream); !ok {
		d.wrongAt(at+".stream", "unknown_stream", "Use an id of streams.yaml.", "%q is no stream.", r.Stream)
	}
	d.between(at+".litres_per_day", r.LitresPerDay, 0.1, 20_000)
	d.between(at+".summer_factor", r.SummerFactor, 0.1, 10)
	d.between(at+".winter_factor", r.WinterFactor, 0.1, 10)
	if len(r.Weekdays) != 7 {
		d.wrongAt(at+".weekdays", "value", "Write seven numbers, Monday first.", "There are %d weekdays.", len(r.Weekdays))
	}
	if len(r.Hours) != 24 {
		d.wrongAt(at+".hours", "value", "Write 24 numbers, from midnight.", "There are %d hours.", len(r.Hours))
	}
	if len(r.DepositLitres) != 3 || !slices.IsSorted(r.DepositLitres) || r.DepositLitres[0] <= 0 {
		d.wrongAt(at+".deposit_litres", "value", "Write smallest, usual and largest, as [10, 30, 60].", "%v are no three sizes in order.", r.DepositLitres)
	}
}

func (l *loader) event(d *document, at string, e Event) {
	d.needText(at+".name", e.Name, l.city.Languages)
	given := 0
	for _, s := range []string{e.Yearly, e.Rule, e.Date} {
		if s != "" {
			given++
		}
	}
	year := 2024 // any leap year reads 02-29
	if day, err := time.Parse(time.DateOnly, e.Date); err == nil {
		year = day.Year()
	}
	if _, _, ok := e.In(year, time.UTC); !ok || given != 1 {
		d.wrongAt(at, "value", `Write one of yearly: "05-05", rule: kings_day, rule: first sat of jul, or date: "2026-01-12".`, "The event has no day that can be read.")
	}
	for i, code := range e.Districts {
		if _, ok := l.city.District(code); !ok {
			d.wrongAt(fmt.Sprintf("%s.districts[%d]", at, i), "unknown_district", "Use a code of districts.geojson.", "%q is no district.", code)
		}
	}
	for i, effect := range e.Effects {
		for j, s := range effect.Streams {
			if _, ok := l.city.Stream(s); !ok {
				d.wrongAt(fmt.Sprintf("%s.effects[%d].streams[%d]", at, i, j), "unknown_stream", "Use an id of streams.yaml.", "%q is no stream.", s)
			}
		}
		if effect.Factor < 0 || effect.Factor > 20 {
			d.wrongAt(fmt.Sprintf("%s.effects[%d].factor", at, i), "value", "Write a number from 0 to 20; 1 changes nothing.", "%g cannot be right.", effect.Factor)
		}
	}
}

func (l *loader) moment(d *document, at string, m Moment) {
	d.oneOf(at+".kind", m.Kind, "container_faster", "bridge_opens")
	known := func(id string) bool {
		_, container := l.city.Container(id)
		return container || slices.ContainsFunc(l.city.Instances, func(in Instance) bool { return in.ID == id })
	}
	for _, id := range append([]string{m.Subject}, m.Also...) {
		if !known(id) {
			d.wrongAt(at+".subject", "unknown_subject", "Use an id of containers.csv or instances.csv.", "%q is no container and no thing.", id)
		}
	}
}
