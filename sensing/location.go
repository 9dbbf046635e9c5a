package sensing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/planar"

	"polder.city/internal/problem"
	"polder.city/store"
)

// GeoJSON is the encoding type of a location or feature that is GeoJSON.
const GeoJSON = "application/geo+json"

// Middle returns the point of a GeoJSON geometry or feature, or the middle of another shape than a point.
func Middle(data []byte) (orb.Point, bool) {
	var kind struct{ Type string }
	if json.Unmarshal(data, &kind) != nil {
		return orb.Point{}, false
	}
	var shape orb.Geometry
	if kind.Type == "Feature" {
		f, err := geojson.UnmarshalFeature(data)
		if err != nil || f.Geometry == nil {
			return orb.Point{}, false
		}
		shape = f.Geometry
	} else {
		g, err := geojson.UnmarshalGeometry(data)
		if err != nil || g.Coordinates == nil {
			return orb.Point{}, false
		}
		shape = g.Coordinates
	}
	if p, ok := shape.(orb.Point); ok {
		return p, true
	}
	middle, _ := planar.CentroidArea(shape)
	return middle, true
}

// MoveTx makes locations the ones where the thing stands from at on (microseconds),
// and remembers that as a historical location. Nothing happens when it stands there already.
func (s *Store) MoveTx(ctx context.Context, tx *store.Tx, thing int64, locations []int64, at int64) error {
	moved, err := s.stand(ctx, tx, thing, locations)
	if err != nil || !moved || len(locations) == 0 {
		return err
	}
	var historical int64
	if err := tx.QueryRowContext(ctx, `INSERT INTO historical_location (thing, time) VALUES ($1, $2) RETURNING id`, thing, at).Scan(&historical); err != nil {
		return fmt.Errorf("move thing %d: %w", thing, err)
	}
	for _, l := range sortedSet(locations) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO historical_location_location (historical, location) VALUES ($1, $2)`, historical, l); err != nil {
			return fmt.Errorf("move thing %d: %w", thing, err)
		}
	}
	return nil
}

// StandTx makes locations the ones where the thing stands, and leaves its history as it is.
func (s *Store) StandTx(ctx context.Context, tx *store.Tx, thing int64, locations []int64) error {
	_, err := s.stand(ctx, tx, thing, locations)
	return err
}

// stand reports whether the thing stood elsewhere.
func (s *Store) stand(ctx context.Context, tx *store.Tx, thing int64, locations []int64) (moved bool, err error) {
	var now []int64
	rows, err := tx.QueryContext(ctx, `SELECT location FROM thing_location WHERE thing = $1 ORDER BY location`, thing)
	if err != nil {
		return false, fmt.Errorf("move thing %d: %w", thing, err)
	}
	if err := each(rows, func() error {
		var id int64
		defer func() { now = append(now, id) }()
		return rows.Scan(&id)
	}); err != nil {
		return false, fmt.Errorf("move thing %d: %w", thing, err)
	}
	wanted := sortedSet(locations)
	if slices.Equal(now, wanted) {
		return false, nil
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM thing_location WHERE thing = $1`, thing); err != nil {
		return false, fmt.Errorf("move thing %d: %w", thing, err)
	}
	for _, l := range wanted {
		if _, err := tx.ExecContext(ctx, `INSERT INTO thing_location (thing, location) VALUES ($1, $2)`, thing, l); err != nil {
			return false, fmt.Errorf("move thing %d: %w", thing, err)
		}
	}
	return true, s.forgetFeature(ctx, tx, thing)
}

// ReshapeTx is to be called when the shape of a location was changed: what is
// observed there from now on is another feature of interest.
func (s *Store) ReshapeTx(ctx context.Context, tx *store.Tx, location int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE location SET feature = NULL WHERE id = $1`, location); err != nil {
		return fmt.Errorf("reshape location %d: %w", location, err)
	}
	if _, err := tx.ExecContext(ctx, `UPDATE series SET feature = NULL WHERE datastream IN
		(SELECT d.id FROM datastream d JOIN thing_location l ON l.thing = d.thing WHERE l.location = $1)`, location); err != nil {
		return fmt.Errorf("reshape location %d: %w", location, err)
	}
	return nil
}

// forgetFeature makes the thing's next observations look for their feature of interest anew.
func (s *Store) forgetFeature(ctx context.Context, tx *store.Tx, thing int64) error {
	if _, err := tx.ExecContext(ctx, `UPDATE series SET feature = NULL WHERE datastream IN (SELECT id FROM datastream WHERE thing = $1)`, thing); err != nil {
		return fmt.Errorf("move thing %d: %w", thing, err)
	}
	return nil
}

// findFeatures refuses readings of a feature of interest that does not exist, and
// finds the feature for those that name none: the place where the thing stands.
func (a *appender) findFeatures() error {
	var things set
	for i := range a.pending {
		p := &a.pending[i]
		switch {
		case p.result.Err != nil:
		case p.reading.Feature != 0:
			if !a.named[p.reading.Feature] {
				a.reject(p, problem.New(problem.Invalid, "observation.feature", "There is no feature of interest %d.", p.reading.Feature).
					At("FeatureOfInterest").Do("Make it first, or leave it out: then the place of the thing is taken."))
			}
		case !p.stream.feature.Valid:
			things.add(p.stream.thing)
		}
	}
	if len(things.values) == 0 {
		return nil
	}
	features, err := a.featuresOf(things)
	if err != nil {
		return fmt.Errorf("features of interest: %w", err)
	}
	for i := range a.pending {
		if p := &a.pending[i]; p.result.Err == nil && p.reading.Feature == 0 && !p.stream.feature.Valid {
			p.stream.feature, p.stream.newFeature = sql.NullInt64{Int64: features[p.stream.thing], Valid: true}, true
		}
	}
	return nil
}

func (a *appender) addFeature(scan func(...any) error) error {
	var id int64
	err := scan(&id)
	a.named[id] = true
	return err
}

// featuresOf returns for each thing the feature of interest that is made of its
// location; nothing for a thing that stands nowhere.
func (a *appender) featuresOf(things set) (map[int64]int64, error) {
	locations := map[int64]int64{} // of the things
	known := map[int64]int64{}     // features of the locations
	var without set                // locations of which no feature was made yet
	if err := a.tx.Ask(a.ctx, questions(`SELECT t.thing, l.id, l.feature FROM thing_location t JOIN location l ON l.id = t.location
		WHERE t.thing = $1 ORDER BY l.id LIMIT 1`, things, func(scan func(...any) error) error {
		var thing, location int64
		var feature sql.NullInt64
		if err := scan(&thing, &location, &feature); err != nil {
			return err
		}
		locations[thing] = location
		if feature.Valid {
			known[location] = feature.Int64
		} else {
			without.add(location)
		}
		return nil
	})...); err != nil {
		return nil, err
	}
	var made []int64
	if err := a.tx.Ask(a.ctx, questions(`INSERT INTO feature (name, description, encoding, feature, properties)
		SELECT name, description, encoding, location, properties FROM location WHERE id = $1 RETURNING id`, without, func(scan func(...any) error) error {
		made = append(made, 0)
		return scan(&made[len(made)-1])
	})...); err != nil {
		return nil, err
	}
	for i, location := range without.values {
		known[location.(int64)] = made[i]
		if err := a.tx.Later(a.ctx, `UPDATE location SET feature = $1 WHERE id = $2`, made[i], location); err != nil {
			return nil, err
		}
	}
	features := map[int64]int64{}
	for thing, location := range locations {
		features[thing] = known[location]
	}
	return features, nil
}
