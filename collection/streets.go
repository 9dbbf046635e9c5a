package collection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/store"
)

// snapMeters is how far a container may stand from a street that a truck may use.
const snapMeters = 150

// Streets is the street network in use, ready for routing.
type Streets struct {
	SHA256  string
	Network *roads.Network
	Graph   *roads.Graph
}

// streetCache holds what is expensive to make and follows from the database: any
// node makes the same.
type streetCache struct {
	mu      sync.Mutex
	streets *Streets // guarded by mu
	// The matrix between points, and those points. Guarded by mu.
	points []orb.Point
	snaps  []roads.Snap
	matrix *roads.Matrix
}

// SaveNetwork makes network the street network in use. It reports false when it was that already.
func (s *Service) SaveNetwork(ctx context.Context, network *roads.Network) (changed bool, err error) {
	var b bytes.Buffer
	if _, err := network.WriteTo(&b); err != nil {
		return false, fmt.Errorf("street network: %w", err)
	}
	sum := sha256.Sum256(b.Bytes())
	name := hex.EncodeToString(sum[:])
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		var before string
		err := tx.QueryRowContext(ctx, `SELECT sha256 FROM street_network WHERE id = 1`).Scan(&before)
		if err == nil && before == name {
			return nil
		}
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		changed = true
		_, err = tx.ExecContext(ctx, `
			INSERT INTO street_network (id, sha256, source, imported_at, data) VALUES (1, $1, $2, $3, $4)
			ON CONFLICT (id) DO UPDATE SET sha256 = excluded.sha256, source = excluded.source, imported_at = excluded.imported_at, data = excluded.data`,
			name, network.Source, s.clock.Now().UnixMicro(), b.Bytes())
		return err
	})
	if err != nil {
		return false, fmt.Errorf("street network: %w", err)
	}
	return changed, nil
}

// Streets returns the street network in use.
func (s *Service) Streets(ctx context.Context) (*Streets, error) {
	s.streets.mu.Lock()
	defer s.streets.mu.Unlock()
	return s.streetsLocked(ctx)
}

func (s *Service) streetsLocked(ctx context.Context) (*Streets, error) {
	var sum string
	err := s.db.Read().QueryRowContext(ctx, `SELECT sha256 FROM street_network WHERE id = 1`).Scan(&sum)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, problem.New(problem.NotFound, "streets.none", "There are no streets yet.").
			Do("Import an OpenStreetMap extract: polder roads import flevoland.osm.pbf.")
	}
	if err != nil {
		return nil, fmt.Errorf("street network: %w", err)
	}
	if s.streets.streets != nil && s.streets.streets.SHA256 == sum {
		return s.streets.streets, nil
	}
	var data []byte
	if err := s.db.Read().QueryRowContext(ctx, `SELECT sha256, data FROM street_network WHERE id = 1`).Scan(&sum, &data); err != nil {
		return nil, fmt.Errorf("street network: %w", err)
	}
	network, err := roads.ReadNetwork(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("street network: %w", err)
	}
	graph, err := s.graph(network, sum)
	if err != nil {
		return nil, fmt.Errorf("street network: %w", err)
	}
	s.streets.streets = &Streets{SHA256: sum, Network: network, Graph: graph}
	s.streets.points, s.streets.matrix = nil, nil
	return s.streets.streets, nil
}

// graph returns the graph of a network for a truck: the one that is saved in the folder of
// graphs, or, when that is not there, stale or damaged, a new one, which is saved. A graph
// that cannot be saved is used all the same, since it can always be built again.
func (s *Service) graph(network *roads.Network, sum string) (*roads.Graph, error) {
	profile := roads.Truck()
	if s.o.Graphs == "" {
		return roads.Build(network, profile)
	}
	var hash [sha256.Size]byte
	if _, err := hex.Decode(hash[:], []byte(sum)); err != nil {
		return nil, err
	}
	name := filepath.Join(s.o.Graphs, "streets-"+sum+"-truck.graph")
	graph, err := roads.OpenGraph(name, hash, profile)
	if err == nil {
		return graph, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		s.log.Info("the saved graph of the streets is built again", "file", name, "why", err)
	}
	if graph, err = roads.Build(network, profile); err != nil {
		return nil, err
	}
	if err := graph.SaveFile(name, hash); err != nil {
		s.log.Warn("the graph of the streets is not saved", "file", name, "error", err)
		return graph, nil
	}
	// Graphs of streets before these. Whoever has one mapped keeps it.
	before, err := filepath.Glob(filepath.Join(s.o.Graphs, "streets-*-truck.graph"))
	if err != nil {
		return nil, err
	}
	for _, old := range before {
		if old != name {
			if err := os.Remove(old); err != nil {
				s.log.Warn("the graph of streets before is not removed", "file", old, "error", err)
			}
		}
	}
	return graph, nil
}

// travel is the travel between the points of a plan.
type travel struct {
	*Streets
	matrix *roads.Matrix
	snaps  []roads.Snap
}

// namedPoint is a point that a truck must reach, with the name that a message gives it.
type namedPoint struct {
	name  string
	point orb.Point
}

// travel returns the travel times between points. It fails on the first point that
// no truck can reach, and names it.
func (s *Service) travel(ctx context.Context, points []namedPoint) (*travel, error) {
	s.streets.mu.Lock()
	defer s.streets.mu.Unlock()
	streets, err := s.streetsLocked(ctx)
	if err != nil {
		return nil, err
	}
	bare := make([]orb.Point, len(points))
	for i, p := range points {
		bare[i] = p.point
	}
	if s.streets.matrix == nil || !slices.Equal(bare, s.streets.points) {
		snaps := make([]roads.Snap, len(points))
		for i, p := range points {
			if snaps[i], err = streets.Graph.Snap(p.point, snapMeters); err != nil {
				return nil, problem.New(problem.Invalid, "plan.unreachable", "%s cannot be reached by a truck: %v.", p.name, err).
					Do("Correct its coordinates, or import the streets around it.").Cause(err)
			}
		}
		matrix, err := streets.Graph.Matrix(ctx, snaps)
		if err != nil {
			return nil, fmt.Errorf("travel times: %w", err)
		}
		s.streets.points, s.streets.snaps, s.streets.matrix = bare, snaps, matrix
	}
	return &travel{Streets: streets, matrix: s.streets.matrix, snaps: s.streets.snaps}, nil
}
