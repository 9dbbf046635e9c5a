package register

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"polder.city/store"
)

// Measured is one measure of how an algorithm did on a day.
type Measured struct {
	Day     time.Time // the city's midnight
	Group   string    // a stream or district; empty for all together
	Measure string
	Value   int64 // in the measure's own unit
}

// RecordPerformance stores how an algorithm did on the city's day of day, in a group
// (empty for all together). A measure that was stored before is replaced: outcomes come in late.
func (r *Register) RecordPerformance(ctx context.Context, tx *store.Tx, algorithm string, day time.Time, group string, measures map[string]int64) error {
	date := day.In(r.zone).Format(time.DateOnly)
	for _, measure := range slices.Sorted(maps.Keys(measures)) {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO register_performance (algorithm, day, group_name, measure, value) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (algorithm, day, group_name, measure) DO UPDATE SET value = excluded.value`,
			algorithm, date, group, measure, measures[measure])
		if err != nil {
			return fmt.Errorf("performance of %s on %s: %w", algorithm, date, err)
		}
	}
	return nil
}

// Performance returns how an algorithm did on the city's days from from to to, both included, in order of day, group and measure.
func (r *Register) Performance(ctx context.Context, algorithm string, from, to time.Time) ([]Measured, error) {
	rows, err := r.db.Read().QueryContext(ctx, `
		SELECT day, group_name, measure, value FROM register_performance
		WHERE algorithm = $1 AND day >= $2 AND day <= $3 ORDER BY day, group_name, measure`,
		algorithm, from.In(r.zone).Format(time.DateOnly), to.In(r.zone).Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("performance of %s: %w", algorithm, err)
	}
	defer rows.Close()
	var out []Measured
	for rows.Next() {
		var m Measured
		var day string
		if err := rows.Scan(&day, &m.Group, &m.Measure, &m.Value); err != nil {
			return nil, fmt.Errorf("performance of %s: %w", algorithm, err)
		}
		if m.Day, err = time.ParseInLocation(time.DateOnly, day, r.zone); err != nil {
			return nil, fmt.Errorf("performance of %s: %w", algorithm, err)
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
