package collection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"polder.city/sensing"
)

// WeightKind is the kind of datastream of what a container held when a truck or a weigh-bridge weighed it, in kilograms. Who weighed is in
// the observation's parameters, as {"truck":"K1"}.
const WeightKind = "weight"

// mostKg is the most that one container is believed to hold: what a crane truck may lift and carry.
const mostKg = 20_000

// Weighed is a line of a file of weighings.
type Weighed struct {
	Container string
	At        time.Time
	Kg        float64
	Truck     string // "" where the file does not say
	Line      int
}

// ReadWeighings reads weighings from CSV with a header, as an on-board computer or a weigh-bridge exports them: container,time,kg and, if
// given, truck. Time is RFC 3339. It calls yield for each line.
func ReadWeighings(r io.Reader, name string, yield func(Weighed) error) error {
	t, err := openTable(r, name, []string{"container", "time", "kg"}, []string{"truck"})
	if err != nil {
		return err
	}
	for {
		row, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		w := Weighed{Container: row.text("container"), Truck: row.text("truck"), Line: t.line}
		at, err := time.Parse(time.RFC3339Nano, row.text("time"))
		if err != nil {
			return t.bad("time", "%q is no time.", row.text("time")).Do("Write it with its offset, as 2026-11-24T13:40:00+01:00.")
		}
		w.At, w.Kg = at.UTC(), row.number("kg", 0, mostKg)
		if row.err != nil {
			return row.err
		}
		if len(w.Truck) > 64 {
			return t.bad("truck", "the name of the truck is longer than 64 bytes.").Do("Use its short name, as K1.")
		}
		if err := yield(w); err != nil {
			return err
		}
	}
}

// ImportWeighings imports weighings from CSV, as [Service.ImportObservations] does. The containers that it names get a datastream for
// them; other containers have none.
func (s *Service) ImportWeighings(ctx context.Context, r io.ReadSeeker, name string, progress func(rows int64)) (ObservationImport, error) {
	read := func(r io.Reader, yield func(imported) error) error {
		return ReadWeighings(r, name, func(w Weighed) error {
			reading := sensing.Reading{DatastreamKey: SeriesKey(w.Container, WeightKind), Time: w.At, Value: w.Kg}
			if w.Truck != "" {
				text, err := json.Marshal(map[string]string{"truck": w.Truck})
				if err != nil {
					return fmt.Errorf("truck of a weighing: %w", err)
				}
				reading.Parameters = text
			}
			return yield(imported{w.Container, w.Line, reading})
		})
	}
	ready := func(named map[string]bool) error {
		containers, err := s.Containers(ctx)
		if err != nil {
			return err
		}
		var specs []sensing.ThingSpec
		for i := range containers {
			if named[containers[i].ID] {
				spec := s.thing(&containers[i])
				spec.Datastreams = append(spec.Datastreams, weights(containers[i].ID))
				specs = append(specs, spec)
			}
		}
		_, err = s.sensing.EnsureThings(ctx, specs)
		return err
	}
	return s.importFile(ctx, r, name, read, ready, progress)
}

// weights is the datastream of a container's weighings.
func weights(container string) sensing.DatastreamSpec {
	low, high := 0.0, float64(mostKg)
	const description = "What the container held when it was emptied, as the truck or a weigh-bridge weighed it."
	return sensing.DatastreamSpec{
		Key: SeriesKey(container, WeightKind), Kind: WeightKind, Name: "Weighings", Description: description,
		ObservedProperty: sensing.PropertySpec{Name: "mass", Definition: "http://qudt.org/vocab/quantitykind/Mass", Description: "Mass of the waste that was taken out."},
		Sensor:           sensing.SensorSpec{Name: "weighing on board or weigh-bridge", Description: description, Metadata: "none"},
		Unit:             sensing.Unit{Name: "kilogram", Symbol: "kg", Definition: "http://qudt.org/vocab/unit/KiloGM"}, Low: &low, High: &high,
	}
}
