package collection

import (
	"context"
	"fmt"
	"time"

	"polder.city/internal/problem"
	"polder.city/store"
)

// ContainerOut is a container that no plan empties until an official says that it can be.
type ContainerOut struct {
	Container string
	Reason    CrewReason
	Truck     string // whose crew said so
	At        time.Time
}

// ContainersOut returns the containers that are out of use now, those that are so the longest first.
func (s *Service) ContainersOut(ctx context.Context) ([]ContainerOut, error) {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT o.container, o.reason, COALESCE(a.truck, ''), o.out_at FROM container_out o LEFT JOIN crew_action a ON a.key = o.action
		WHERE o.back_at IS NULL ORDER BY o.out_at, o.container`)
	if err != nil {
		return nil, fmt.Errorf("containers out of use: %w", err)
	}
	defer rows.Close()
	var all []ContainerOut
	for rows.Next() {
		var o ContainerOut
		var at int64
		if err := rows.Scan(&o.Container, &o.Reason, &o.Truck, &at); err != nil {
			return nil, fmt.Errorf("containers out of use: %w", err)
		}
		o.At = time.UnixMicro(at).UTC()
		all = append(all, o)
	}
	return all, rows.Err()
}

// outNow returns the containers that are out of use now, by id.
func (s *Service) outNow(ctx context.Context) (map[string]ContainerOut, error) {
	list, err := s.ContainersOut(ctx)
	out := make(map[string]ContainerOut, len(list))
	for _, o := range list {
		out[o.Container] = o
	}
	return out, err
}

// Repaired notes that a container can be emptied again: the next plan has it.
func (s *Service) Repaired(ctx context.Context, container string) error {
	return s.db.Tx(ctx, func(tx *store.Tx) error {
		done, err := tx.ExecContext(ctx, `UPDATE container_out SET back_at = $2 WHERE container = $1 AND back_at IS NULL`, container, s.clock.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("container %s repaired: %w", container, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return problem.New(problem.Conflict, "container.not_out", "Container %s is not out of use.", container).Do("Load the list again.")
		}
		return nil
	})
}
