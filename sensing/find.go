package sensing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
)

// Thing is something that stands somewhere and on which something is observed.
type Thing struct {
	ID          int64
	Key         string // "FIL-014-R"; "" when it has none
	Kind        string // template
	District    string
	Name        string
	Description string
	Properties  json.RawMessage // nil when it has none
	Place       string          // the name of its location; "" when it stands nowhere
	Point       orb.Point       // the zero point when it stands nowhere, or its location is no GeoJSON
}

// ThingFilter says which things to list. The zero value lists all.
type ThingFilter struct {
	Text     string // words that key, name or description hold, any case
	Kind     string
	District string
	After    int64 // list things with higher ids only: where the page before ended
	Limit    int   // at most so many; 0 means 1,000
}

// Things lists things in order of id.
func (s *Store) Things(ctx context.Context, f ThingFilter) ([]Thing, error) {
	if f.Limit == 0 {
		f.Limit = 1000
	}
	where, args := []string{"t.id > $1"}, []any{f.After}
	add := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.Kind != "" {
		add("t.kind = $%d", f.Kind)
	}
	if f.District != "" {
		add("t.district = $%d", f.District)
	}
	for _, word := range strings.Fields(strings.ToLower(strings.ReplaceAll(f.Text, "\x00", ""))) {
		add(`t.search LIKE $%d ESCAPE '\'`, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word)+"%")
	}
	return s.things(ctx, strings.Join(where, " AND ")+fmt.Sprintf(" ORDER BY t.id LIMIT %d", f.Limit), args...)
}

// Thing returns a thing by its id.
func (s *Store) Thing(ctx context.Context, id int64) (Thing, error) {
	return s.oneThing(ctx, fmt.Sprint(id), "t.id = $1", id)
}

// ThingByKey returns a thing by its key.
func (s *Store) ThingByKey(ctx context.Context, key string) (Thing, error) {
	return s.oneThing(ctx, key, "t.key = $1", key)
}

func (s *Store) oneThing(ctx context.Context, name, where string, arg any) (Thing, error) {
	all, err := s.things(ctx, where, arg)
	if err != nil {
		return Thing{}, err
	}
	if len(all) == 0 {
		return Thing{}, problem.New(problem.NotFound, "thing.unknown", "There is no thing %q.", name).Do("Check the number.")
	}
	return all[0], nil
}

func (s *Store) things(ctx context.Context, where string, args ...any) ([]Thing, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT t.id, coalesce(t.key, ''), t.kind, t.district, t.name, t.description, t.properties,
			coalesce(l.name, ''), coalesce(l.lon, 0), coalesce(l.lat, 0)
		FROM thing t LEFT JOIN location l ON l.id = (SELECT min(location) FROM thing_location WHERE thing = t.id)
		WHERE `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("things: %w", err)
	}
	var all []Thing
	err = each(rows, func() error {
		var t Thing
		err := rows.Scan(&t.ID, &t.Key, &t.Kind, &t.District, &t.Name, &t.Description, (*[]byte)(&t.Properties), &t.Place, &t.Point[0], &t.Point[1])
		all = append(all, t)
		return err
	})
	return all, err
}

// Datastream is a series of observations of one property of one thing by one sensor.
type Datastream struct {
	Stream
	Multi            bool // a MultiDatastream: Unit is then an array
	Name             string
	Description      string
	Unit             Unit
	ObservationType  string // [Measurement], [Truth], ...
	ObservedProperty string // its name
	Sensor           string // its name
	Low, High        *float64
	Properties       json.RawMessage
	Count            int64        // observations there are
	First, Last      time.Time    // of their phenomenon times; zero when there are none
	Latest           *Observation // nil when there are none
}

// Datastreams returns the datastreams of a thing, with their counts and latest observations.
func (s *Store) Datastreams(ctx context.Context, thing int64) ([]Datastream, error) {
	return s.datastreams(ctx, `d.thing = $1`, thing)
}

// Datastream returns a datastream by its id.
func (s *Store) Datastream(ctx context.Context, id int64) (Datastream, error) {
	return s.oneDatastream(ctx, fmt.Sprint(id), `d.id = $1`, id)
}

// DatastreamByKey returns a datastream by its key.
func (s *Store) DatastreamByKey(ctx context.Context, key string) (Datastream, error) {
	return s.oneDatastream(ctx, key, `d.key = $1`, key)
}

// DatastreamsOf returns every datastream of an observed kind ("fill") of the things of a template kind ("" for any).
func (s *Store) DatastreamsOf(ctx context.Context, thingKind, kind string) ([]Datastream, error) {
	return s.datastreams(ctx, `d.kind = $1 AND ($2 = '' OR t.kind = $2)`, kind, thingKind)
}

func (s *Store) oneDatastream(ctx context.Context, name, where string, arg any) (Datastream, error) {
	all, err := s.datastreams(ctx, where, arg)
	if err != nil {
		return Datastream{}, err
	}
	if len(all) == 0 {
		return Datastream{}, problem.New(problem.NotFound, "datastream.unknown", "There is no datastream %q.", name).Do("Check the number.")
	}
	return all[0], nil
}

func (s *Store) datastreams(ctx context.Context, where string, args ...any) ([]Datastream, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT d.id, coalesce(d.key, ''), d.kind, d.thing, coalesce(t.key, ''), d.multi, d.name, d.description, d.unit, d.observation_type,
			coalesce(p.name, ''), n.name, d.low, d.high, d.properties,
			coalesce(s.id, 0), coalesce(s.count, 0), s.first, s.last, s.latest_n, s.latest_time, s.latest_value, s.latest_result
		FROM datastream d JOIN thing t ON t.id = d.thing JOIN sensor n ON n.id = d.sensor
		LEFT JOIN observed_property p ON p.id = d.observed_property LEFT JOIN series s ON s.datastream = d.id
		WHERE `+where+` ORDER BY d.id, s.id`, args...)
	if err != nil {
		return nil, fmt.Errorf("datastreams: %w", err)
	}
	var all []Datastream
	err = each(rows, func() error {
		var d Datastream
		var unit string
		var series, count int64
		var first, last, n, t sql.NullInt64
		var value sql.NullFloat64
		var result []byte
		if err := rows.Scan(&d.ID, &d.Key, &d.Kind, &d.Thing, &d.ThingKey, &d.Multi, &d.Name, &d.Description, &unit, &d.ObservationType,
			&d.ObservedProperty, &d.Sensor, &d.Low, &d.High, (*[]byte)(&d.Properties),
			&series, &count, &first, &last, &n, &t, &value, &result); err != nil {
			return err
		}
		if !d.Multi {
			if err := json.Unmarshal([]byte(unit), &d.Unit); err != nil {
				return fmt.Errorf("unit of datastream %d: %w", d.ID, err)
			}
		}
		if len(all) == 0 || all[len(all)-1].ID != d.ID {
			all = append(all, d)
		}
		all[len(all)-1].addSeries(series, count, first, last, n, t, value, result)
		return nil
	})
	return all, err
}

// addSeries takes into account what one of the datastream's series keeps.
func (d *Datastream) addSeries(series, count int64, first, last, n, t sql.NullInt64, value sql.NullFloat64, result []byte) {
	d.Count += count
	if first.Valid && (d.First.IsZero() || fromMicros(first.Int64).Before(d.First)) {
		d.First = fromMicros(first.Int64)
	}
	if last.Valid && fromMicros(last.Int64).After(d.Last) {
		d.Last = fromMicros(last.Int64)
	}
	if t.Valid && (d.Latest == nil || !fromMicros(t.Int64).Before(d.Latest.Time)) {
		d.Latest = &Observation{ID: ObservationID(series, n.Int64), Datastream: d.ID, Time: fromMicros(t.Int64), Value: value.Float64, Result: result}
	}
}
