package sensing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/internal/problem"
	"polder.city/store"
)

// ThingSpec says that a thing is there, where it stands and what is observed on it.
type ThingSpec struct {
	Key         string // "FIL-014-R"; required
	Kind        string // template: container, bridge, counter, ...
	District    string // code; "" where no district lies
	Name        string // "" for the key
	Description string
	Properties  map[string]any // key, kind and district are added
	Location    LocationSpec
	Datastreams []DatastreamSpec
}

// LocationSpec says where things stand.
type LocationSpec struct {
	Key         string // shared by the things of one place; "" for the thing's own
	Name        string // "" for the key
	Description string
	Point       orb.Point // the zero point: nowhere
}

// DatastreamSpec says what is observed.
type DatastreamSpec struct {
	Key              string // "FIL-014-R/fill"; required
	Kind             string // what is observed: fill, emptying, ...
	Name             string // "" for the key
	Description      string
	ObservedProperty PropertySpec
	Sensor           SensorSpec
	Unit             Unit
	ObservationType  string   // "" for a measurement (a number)
	Low, High        *float64 // plausible results, both included; nil is no limit
	Properties       map[string]any
}

// PropertySpec names what is observed, the same for many datastreams.
type PropertySpec struct{ Name, Definition, Description string }

// SensorSpec names the kind of sensor or procedure, the same for many datastreams.
type SensorSpec struct {
	Name, Description string
	Metadata          string // a URL or text
}

// Unit is a unit of measurement: {"fraction", "1", "http://..."}.
type Unit struct {
	Name       string `json:"name"`
	Symbol     string `json:"symbol"`
	Definition string `json:"definition"`
}

// The observation types (OGC 18-088, 8.2.4): what a datastream's results are.
const (
	Measurement = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"         // a number with a unit
	Count       = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation"    // a whole number
	Category    = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CategoryObservation" // one of some words
	Truth       = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_TruthObservation"    // true or false
)

// Ensured says what EnsureThings did.
type Ensured struct{ Created, Changed, Same int } // things

// EnsureThings makes the things, locations, sensors, observed properties and
// datastreams that are not there yet, and brings the others up to date, by their
// keys, in one transaction. A thing whose point differs has moved: that makes a historical
// location. Things and datastreams that are not mentioned stay.
func (s *Store) EnsureThings(ctx context.Context, specs []ThingSpec) (Ensured, error) {
	if err := checkSpecs(specs); err != nil {
		return Ensured{}, err
	}
	var e ensurer
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := s.LockTx(ctx, tx); err != nil {
			return err
		}
		e = ensurer{s: s, ctx: ctx, tx: tx, touched: map[string]bool{}}
		return e.ensure(specs)
	})
	if err != nil {
		return Ensured{}, fmt.Errorf("register things: %w", err)
	}
	result := Ensured{Created: e.created}
	for _, t := range specs {
		if e.touched[t.Key] {
			result.Changed++
		}
	}
	result.Changed -= e.created
	result.Same = len(specs) - result.Created - result.Changed
	if result.Created+result.Changed > 0 {
		s.Announce()
	}
	return result, nil
}

func checkSpecs(specs []ThingSpec) error {
	seen := map[string]bool{}
	key := func(k, what string) error {
		p := problem.New(problem.Invalid, "thing.key", "The key %q of a %s is missing, twice there, or longer than 200 bytes.", k, what).At(k)
		if k == "" || len(k) > 200 || seen[what+k] || !utf8.ValidString(k) {
			return p.Do("Give each %s its own key.", what)
		}
		seen[what+k] = true
		return nil
	}
	for _, t := range specs {
		if err := key(t.Key, "thing"); err != nil {
			return err
		}
		texts := []string{t.Key, t.Kind, t.District, t.Name, t.Description, t.Location.Key, t.Location.Name, t.Location.Description}
		for _, d := range t.Datastreams {
			if err := key(d.Key, "datastream"); err != nil {
				return err
			}
			texts = append(texts, d.Key, d.Kind, d.Name, d.Description, d.Sensor.Name, d.Sensor.Description, d.Sensor.Metadata,
				d.ObservedProperty.Name, d.ObservedProperty.Definition, d.ObservedProperty.Description, d.Unit.Name)
		}
		for _, text := range texts {
			if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
				return problem.New(problem.Invalid, "text.nul", "A text of thing %q holds the character U+0000 or is no UTF-8.", strings.ReplaceAll(t.Key, "\x00", "?")).
					At(strings.ReplaceAll(t.Key, "\x00", "?")).Do("Remove it.")
			}
		}
		if p := t.Location.Point; p.Lon() < -180 || p.Lon() > 180 || p.Lat() < -90 || p.Lat() > 90 {
			return problem.New(problem.Invalid, "thing.point", "The point %g, %g of thing %s is not on earth.", p.Lon(), p.Lat(), t.Key).At(t.Key).
				Do("Give longitude first, then latitude, in degrees.")
		}
	}
	return nil
}

// ensurer upserts in bulk within one transaction, under the lock.
type ensurer struct {
	s       *Store
	ctx     context.Context
	tx      *store.Tx
	touched map[string]bool // keys of things of which something was made or changed
	created int
}

func (e *ensurer) ensure(specs []ThingSpec) error {
	sensors, properties, things, datastreams := table{}, table{}, table{}, table{}
	for _, t := range specs {
		name := orElse(t.Name, t.Key)
		all := map[string]any{"key": t.Key, "kind": t.Kind, "district": t.District}
		for k, v := range t.Properties {
			all[k] = v
		}
		about, err := json.Marshal(all)
		if err != nil {
			return fmt.Errorf("properties of %s: %w", t.Key, err)
		}
		things.put(t.Key, t.Kind, t.District, name, t.Description, string(about), SearchText(t.Key, name, t.Description))
		for _, d := range t.Datastreams {
			metadata, err := json.Marshal(d.Sensor.Metadata)
			if err != nil {
				return err
			}
			sensors.put(sensorKey(d.Sensor), d.Sensor.Name, d.Sensor.Description, "text/html", string(metadata))
			properties.put(propertyKey(d.ObservedProperty), d.ObservedProperty.Name, orElse(d.ObservedProperty.Definition, d.ObservedProperty.Name), d.ObservedProperty.Description)
		}
	}
	sensorIDs, _, err := e.upsert("sensor", []string{"name", "description", "encoding", "metadata"}, sensors)
	if err != nil {
		return err
	}
	propertyIDs, _, err := e.upsert("observed_property", []string{"name", "definition", "description"}, properties)
	if err != nil {
		return err
	}
	thingIDs, changed, err := e.upsert("thing", []string{"kind", "district", "name", "description", "properties", "search"}, things)
	if err != nil {
		return err
	}
	e.touch(changed)
	e.created = len(changed) - countTrue(changed)
	if err := e.place(specs, thingIDs); err != nil {
		return err
	}
	owner := map[string]string{}
	for _, t := range specs {
		for _, d := range t.Datastreams {
			owner[d.Key] = t.Key
			about := map[string]any{"key": d.Key, "kind": d.Kind}
			for k, v := range d.Properties {
				about[k] = v
			}
			properties, err := json.Marshal(about)
			if err != nil {
				return fmt.Errorf("properties of %s: %w", d.Key, err)
			}
			unit, err := json.Marshal(d.Unit)
			if err != nil {
				return err
			}
			datastreams.put(d.Key, false, d.Kind, thingIDs[t.Key], sensorIDs[sensorKey(d.Sensor)], propertyIDs[propertyKey(d.ObservedProperty)],
				orElse(d.Name, d.Key), d.Description, string(unit), orElse(d.ObservationType, Measurement), string(properties), number(d.Low), number(d.High))
		}
	}
	_, changed, err = e.upsert("datastream", []string{
		"multi", "kind", "thing", "sensor", "observed_property", "name", "description", "unit", "observation_type", "properties", "low", "high",
	}, datastreams)
	for key := range changed {
		e.touched[owner[key]] = true
	}
	return err
}

func (e *ensurer) touch(changed map[string]bool) {
	for key := range changed {
		e.touched[key] = true
	}
}

// place puts the things where their specs say.
func (e *ensurer) place(specs []ThingSpec, things map[string]int64) error {
	locations := table{}
	at := map[string]string{} // location key by thing key
	for _, t := range specs {
		if t.Location.Point == (orb.Point{}) {
			continue
		}
		key := orElse(t.Location.Key, t.Key)
		at[t.Key] = key
		shape, err := json.Marshal(geojson.NewGeometry(t.Location.Point))
		if err != nil {
			return err
		}
		locations.put(key, orElse(t.Location.Name, key), t.Location.Description, GeoJSON, string(shape), t.Location.Point.Lon(), t.Location.Point.Lat())
	}
	if err := e.retire(locations); err != nil {
		return err
	}
	ids, _, err := e.upsert("location", []string{"name", "description", "encoding", "location", "lon", "lat"}, locations)
	if err != nil {
		return err
	}
	stands, err := e.standing(things)
	if err != nil {
		return err
	}
	now := micros(e.s.clock.Now())
	for _, t := range specs {
		key, ok := at[t.Key]
		thing := things[t.Key]
		if !ok || slices.Equal(stands[thing], []int64{ids[key]}) {
			continue
		}
		if err := e.s.MoveTx(e.ctx, e.tx, thing, []int64{ids[key]}, now); err != nil {
			return err
		}
		e.touched[t.Key] = true
	}
	return nil
}

// retire takes the key from locations whose point is another one now: history still points to them.
func (e *ensurer) retire(wanted table) error {
	for part := range inLists(wanted.keys()) {
		rows, err := e.tx.QueryContext(e.ctx, `SELECT id, key, location FROM location WHERE key IN `+part.marks, part.values...)
		if err != nil {
			return fmt.Errorf("locations: %w", err)
		}
		var moved []int64
		if err := each(rows, func() error {
			var id int64
			var key, shape string
			err := rows.Scan(&id, &key, &shape)
			if err == nil && wanted.rows[key][3] != shape {
				moved = append(moved, id)
			}
			return err
		}); err != nil {
			return fmt.Errorf("locations: %w", err)
		}
		for _, id := range moved {
			if _, err := e.tx.ExecContext(e.ctx, `UPDATE location SET key = NULL WHERE id = $1`, id); err != nil {
				return fmt.Errorf("locations: %w", err)
			}
		}
	}
	return nil
}

// standing returns the locations of the things, in order.
func (e *ensurer) standing(things map[string]int64) (map[int64][]int64, error) {
	values := make([]any, 0, len(things))
	for _, id := range things {
		values = append(values, id)
	}
	at := map[int64][]int64{}
	for part := range inLists(values) {
		rows, err := e.tx.QueryContext(e.ctx, `SELECT thing, location FROM thing_location WHERE thing IN `+part.marks+` ORDER BY thing, location`, part.values...)
		if err != nil {
			return nil, fmt.Errorf("locations of things: %w", err)
		}
		if err := each(rows, func() error {
			var thing, location int64
			err := rows.Scan(&thing, &location)
			at[thing] = append(at[thing], location)
			return err
		}); err != nil {
			return nil, fmt.Errorf("locations of things: %w", err)
		}
	}
	return at, nil
}

// SearchText is what a search for a thing looks through.
func SearchText(parts ...string) string { return strings.ToLower(strings.Join(parts, " ")) }

func sensorKey(s SensorSpec) string     { return s.Name + "\n" + s.Metadata }
func propertyKey(p PropertySpec) string { return orElse(p.Definition, p.Name) }

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func number(v *float64) any {
	if v == nil {
		return sql.NullFloat64{}
	}
	return *v
}

func countTrue(m map[string]bool) (n int) {
	for _, v := range m {
		if v {
			n++
		}
	}
	return n
}

func sortedSet(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}
