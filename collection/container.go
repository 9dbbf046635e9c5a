// Package collection decides which underground containers are emptied when, by
// which truck and in which order, says why for every single one, and hands the
// plan of a day to the gate as one decision.
package collection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/internal/problem"
	"polder.city/store"
)

// Container is an underground container.
type Container struct {
	ID           string
	Place        string // containers with the same place are emptied in one stop
	Stream       string // id of a stream of the city
	Point        orb.Point
	VolumeLitres int
	Address      string
	District     string // code; "" where no district lies
	Sensor       string // "" where there is none
}

// ContainerKind is the kind of thing that a container is in sensing.
const ContainerKind = "container"

// Kinds of a container's datastreams.
const (
	FillKind     = "fill"     // fraction of the volume
	EmptyingKind = "emptying" // fill that was found, as a fraction of the volume
	ReportKind   = "report"   // a resident says it is full: 1
	BlockedKind  = "blocked"  // a truck could not empty it: 1
)

// SeriesKey returns the key of a container's datastream of a kind.
func SeriesKey(container, kind string) string { return container + "/" + kind }

const containerColumns = `id, place, stream, lon, lat, volume_l, address, district, sensor`

func scanContainer(row interface{ Scan(...any) error }) (c Container, err error) {
	err = row.Scan(&c.ID, &c.Place, &c.Stream, &c.Point[0], &c.Point[1], &c.VolumeLitres, &c.Address, &c.District, &c.Sensor)
	return c, err
}

// Containers returns every container, by id.
func (s *Service) Containers(ctx context.Context) ([]Container, error) {
	return s.containers(ctx, `SELECT `+containerColumns+` FROM container ORDER BY id`)
}

// ContainersIn returns the containers of a district, by id.
func (s *Service) ContainersIn(ctx context.Context, district string) ([]Container, error) {
	return s.containers(ctx, `SELECT `+containerColumns+` FROM container WHERE district = $1 ORDER BY id`, district)
}

func (s *Service) containers(ctx context.Context, query string, args ...any) ([]Container, error) {
	rows, err := s.db.Read().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("containers: %w", err)
	}
	defer rows.Close()
	var all []Container
	for rows.Next() {
		c, err := scanContainer(rows)
		if err != nil {
			return nil, fmt.Errorf("containers: %w", err)
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Container returns one container.
func (s *Service) Container(ctx context.Context, id string) (Container, error) {
	c, err := scanContainer(s.db.Read().QueryRowContext(ctx, `SELECT `+containerColumns+` FROM container WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return c, problem.New(problem.NotFound, "container.none", "There is no container %q.", id).Do("Look at the number on the container.")
	}
	return c, err
}

// ImportResult counts what an import did.
type ImportResult struct {
	Added, Changed, Same int
}

// SaveContainers adds the containers and replaces those with the same id, all or
// none. Containers that are stored already as they are given are left alone.
func (s *Service) SaveContainers(ctx context.Context, containers []Container) (ImportResult, error) {
	var result ImportResult
	for i := range containers {
		if err := s.checkContainer(&containers[i]); err != nil {
			return result, err
		}
	}
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		known := map[string]Container{}
		rows, err := tx.QueryContext(ctx, `SELECT `+containerColumns+` FROM container`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			c, err := scanContainer(rows)
			if err != nil {
				return err
			}
			known[c.ID] = c
		}
		if err := rows.Err(); err != nil {
			return err
		}
		var fresh []Container
		for _, c := range containers {
			old, ok := known[c.ID]
			switch {
			case !ok:
				fresh = append(fresh, c)
				result.Added++
			case old == c:
				result.Same++
			default:
				if _, err := tx.ExecContext(ctx, `DELETE FROM container WHERE id = $1`, c.ID); err != nil {
					return err
				}
				fresh = append(fresh, c)
				result.Changed++
			}
		}
		_, err = store.InsertRows(ctx, tx, "container",
			[]string{"id", "place", "stream", "lon", "lat", "volume_l", "address", "district", "sensor", "updated_at"},
			containerRows(fresh, s.clock.Now()))
		return err
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("save containers: %w", err)
	}
	return result, nil
}

func containerRows(containers []Container, at time.Time) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for _, c := range containers {
			if !yield([]any{c.ID, c.Place, c.Stream, c.Point[0], c.Point[1], int64(c.VolumeLitres), c.Address, c.District, c.Sensor, at.UnixMicro()}) {
				return
			}
		}
	}
}

// checkContainer completes a container (its place, its district) and refuses one that cannot be.
func (s *Service) checkContainer(c *Container) error {
	bad := func(field, way, format string, args ...any) error {
		return problem.New(problem.Invalid, "container."+field, "container %s: "+format, append([]any{c.ID}, args...)...).At(field).Do("%s", way)
	}
	switch {
	case c.ID == "" || len(c.ID) > 64:
		return problem.New(problem.Invalid, "container.id", "A container needs an id of 1 to 64 characters.").At("id")
	case hasZero(c.ID, c.Place, c.Address, c.Sensor):
		return bad("text", "Remove the character U+0000.", "a text holds the character U+0000.")
	case c.VolumeLitres < 100 || c.VolumeLitres > 50_000:
		return bad("volume_l", "Give the volume in litres.", "a volume of %d litres is not between 100 and 50,000.", c.VolumeLitres)
	}
	if _, ok := s.city.Stream(c.Stream); !ok {
		return bad("stream", "Use one of: "+s.streamNames()+".", "the city has no stream %q.", c.Stream)
	}
	if !s.city.Contains(c.Point, OutsideMargin) {
		return bad("lon,lat", "Check that longitude stands before latitude, in degrees (WGS 84).",
			"%.5f, %.5f lies more than %d metres outside the municipality of %s.", c.Point[0], c.Point[1], OutsideMargin, s.city.Name)
	}
	if c.Place == "" {
		c.Place = c.ID
	}
	if d, ok := s.city.DistrictNear(c.Point, OutsideMargin); ok {
		c.District = d.Code
	}
	return nil
}

// OutsideMargin is how many metres outside the municipality a container may stand.
const OutsideMargin = 500

func (s *Service) streamNames() string {
	var names string
	for i, stream := range s.city.Streams {
		if i > 0 {
			names += ", "
		}
		names += stream.ID
	}
	return names
}

func hasZero(texts ...string) bool {
	for _, t := range texts {
		for i := range len(t) {
			if t[i] == 0 {
				return true
			}
		}
	}
	return false
}

// stream returns the city's stream of a container that was checked when it was saved.
func (s *Service) stream(id string) city.Stream {
	stream, ok := s.city.Stream(id)
	if !ok { // the city has dropped a stream that it still has containers of
		return city.Stream{ID: id, KgPerM3: 100, PressedKgPerM3: 100}
	}
	return *stream
}
