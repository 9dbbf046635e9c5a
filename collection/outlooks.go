package collection

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"polder.city/forecast"
	"polder.city/store"
)

// Anomaly is something wrong with a container or its sensor, with the readings that show it. The forecast does not learn from
// what a sensor shows meanwhile.
type Anomaly struct {
	Container string
	Fault     string // stuck, offset, idle, fall or fire: see [forecast.Fault]
	From, To  time.Time
	Value     float64 // by fault
	Evidence  []forecast.Sample
	MadeAt    time.Time // of the forecast that found it
}

// stillOn is how recent the last evidence of a blocked lid, a fall or a fire is while it goes on.
const stillOn = 2 * 24 * hour

// Now reports whether it still went on when it was found. A sensor that is stuck or shows too much does so until it shows otherwise.
func (a Anomaly) Now() bool { return stays(a.Fault) || a.MadeAt.Sub(a.To) < stillOn }

func stays(fault string) bool {
	return fault == forecast.FaultStuck.String() || fault == forecast.FaultOffset.String()
}

// FillForecast is how full a container will be at the ends of the next days, if it is not emptied.
type FillForecast struct {
	Container string
	MadeAt    time.Time
	Days      []FillDay
}

// FillDay is the forecast for the end of a day.
type FillDay struct {
	Day        string   `json:"day"`
	Q          [7]int64 `json:"q"`          // quantiles of the fill at [forecast.Levels], ppm
	ChanceFull int64    `json:"chanceFull"` // ppm, that it was full by then
}

// keepOutlook keeps what the forecast of all containers says, in the place of what the one before said.
func (s *Service) keepOutlook(ctx context.Context, o *outlook) error {
	var anomalies, forecasts [][]any
	shown := o.made.AddDate(0, 0, -shownDays)
	for i := range o.prospects {
		p := &o.prospects[i]
		for _, a := range p.forecast.Anomalies {
			if a.To.Before(shown) && !stays(a.Fault.String()) {
				continue
			}
			evidence, err := json.Marshal(a.Evidence)
			if err != nil {
				return fmt.Errorf("anomaly of %s: %w", p.ID, err)
			}
			anomalies = append(anomalies, []any{p.ID, a.Fault.String(), a.From.UnixMicro(), a.To.UnixMicro(), a.Value, string(evidence), o.made.UnixMicro()})
		}
		days := make([]FillDay, len(p.forecast.Days))
		for k, d := range p.forecast.Days {
			days[k] = FillDay{Day: d.Date.Format(DayLayout), ChanceFull: ppm(d.ChanceFull)}
			for j, q := range d.Q {
				days[k].Q[j] = ppm(min(q, MaxFill))
			}
		}
		text, err := json.Marshal(days)
		if err != nil {
			return fmt.Errorf("forecast of %s: %w", p.ID, err)
		}
		forecasts = append(forecasts, []any{p.ID, o.made.UnixMicro(), string(text)})
	}
	// A fault may have been found twice from the same instant on; one is enough.
	anomalies = slices.CompactFunc(anomalies, func(a, b []any) bool { return a[0] == b[0] && a[1] == b[1] && a[2] == b[2] })
	err := s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, "outlook"); err != nil {
			return err
		}
		for _, t := range []struct {
			name, clear string
			columns     []string
			rows        [][]any
		}{
			{"container_anomaly", `DELETE FROM container_anomaly`, []string{"container", "fault", "from_at", "to_at", "value", "evidence", "made_at"}, anomalies},
			{"container_forecast", `DELETE FROM container_forecast`, []string{"container", "made_at", "days"}, forecasts},
		} {
			if _, err := tx.ExecContext(ctx, t.clear); err != nil {
				return err
			}
			if _, err := store.InsertRows(ctx, tx, t.name, t.columns, slices.Values(t.rows)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the forecast: %w", err)
	}
	return nil
}

// Anomalies returns what the latest forecast of all containers found to be wrong in the last two weeks, by container and time.
func (s *Service) Anomalies(ctx context.Context) ([]Anomaly, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT container, fault, from_at, to_at, value, evidence, made_at FROM container_anomaly`)
	if err != nil {
		return nil, fmt.Errorf("anomalies: %w", err)
	}
	defer rows.Close()
	var all []Anomaly
	for rows.Next() {
		var a Anomaly
		var from, to, made int64
		var evidence []byte
		if err := errors.Join(rows.Scan(&a.Container, &a.Fault, &from, &to, &a.Value, &evidence, &made), json.Unmarshal(evidence, &a.Evidence)); err != nil {
			return nil, fmt.Errorf("anomalies: %w", err)
		}
		a.From, a.To, a.MadeAt = time.UnixMicro(from).UTC(), time.UnixMicro(to).UTC(), time.UnixMicro(made).UTC()
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(a.Container, b.Container), a.From.Compare(b.From), cmp.Compare(a.Fault, b.Fault))
	})
	return all, rows.Err()
}

// Forecasts yields the latest forecast of every container, by id.
func (s *Service) Forecasts(ctx context.Context, yield func(FillForecast) error) error {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT container, made_at, days FROM container_forecast ORDER BY container`)
	if err != nil {
		return fmt.Errorf("forecasts: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f FillForecast
		var made int64
		var days []byte
		if err := errors.Join(rows.Scan(&f.Container, &made, &days), json.Unmarshal(days, &f.Days)); err != nil {
			return fmt.Errorf("forecasts: %w", err)
		}
		f.MadeAt = time.UnixMicro(made).UTC()
		if err := yield(f); err != nil {
			return err
		}
	}
	return rows.Err()
}
