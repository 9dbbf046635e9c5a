package sensing

import (
	"context"
	"fmt"
)

// Balance is the account of a datastream: what was received was stored, refused for a reason, or had been stored before.
type Balance struct {
	Datastream int64 // 0: readings for datastreams that nobody knows
	Key        string
	Received   int64
	Stored     int64            // ever; what was removed later counts
	Rejected   map[string]int64 // by reason; "observation.repeated" are redeliveries
}

// Balances returns the account of every datastream that ever received something, and of the unknown ones.
func (s *Store) Balances(ctx context.Context) ([]Balance, error) {
	var all []Balance
	at := map[int64]int{}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT s.datastream, coalesce(d.key, ''), sum(s.received), sum(s.next)
		FROM series s JOIN datastream d ON d.id = s.datastream GROUP BY s.datastream, d.key ORDER BY s.datastream`)
	if err != nil {
		return nil, fmt.Errorf("balances: %w", err)
	}
	if err := each(rows, func() error {
		b := Balance{Rejected: map[string]int64{}}
		err := rows.Scan(&b.Datastream, &b.Key, &b.Received, &b.Stored)
		at[b.Datastream] = len(all)
		all = append(all, b)
		return err
	}); err != nil {
		return nil, fmt.Errorf("balances: %w", err)
	}
	rows, err = s.db.Read().QueryContext(ctx, `SELECT datastream, reason, count FROM rejection ORDER BY datastream, reason`)
	if err != nil {
		return nil, fmt.Errorf("balances: %w", err)
	}
	err = each(rows, func() error {
		var id, n int64
		var reason string
		if err := rows.Scan(&id, &reason, &n); err != nil {
			return err
		}
		i, ok := at[id]
		if !ok {
			i = len(all)
			at[id] = i
			all = append(all, Balance{Datastream: id, Rejected: map[string]int64{}})
		}
		if id == 0 {
			all[i].Received += n // nobody else counts what is for no datastream
		}
		all[i].Rejected[reason] = n
		return nil
	})
	return all, err
}

// Totals are the counts over all datastreams, for metrics.
type Totals struct {
	Things, Datastreams int64
	Received, Stored    int64
	Observations        int64            // there now
	Rejected            map[string]int64 // by reason
	Waiting             int64            // readings in the queue now
	Refused             int64            // readings refused since the start because the queue was full
	Commits             int64            // group commits since the start
}

// Totals returns the counts over all datastreams.
func (s *Store) Totals(ctx context.Context) (Totals, error) {
	t := Totals{Rejected: map[string]int64{}, Waiting: s.waiting.Load(), Refused: s.refused.Load(), Commits: s.commits.Load()}
	err := s.db.Read().QueryRowContext(ctx, `SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM datastream),
		coalesce(sum(received), 0), coalesce(sum(next), 0), coalesce(sum(count), 0) FROM series`).
		Scan(&t.Things, &t.Datastreams, &t.Received, &t.Stored, &t.Observations)
	if err != nil {
		return t, fmt.Errorf("totals: %w", err)
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT reason, sum(count), sum(CASE WHEN datastream = 0 THEN count ELSE 0 END) FROM rejection GROUP BY reason`)
	if err != nil {
		return t, fmt.Errorf("totals: %w", err)
	}
	err = each(rows, func() error {
		var reason string
		var n, unknown int64
		if err := rows.Scan(&reason, &n, &unknown); err != nil {
			return err
		}
		t.Rejected[reason] = n
		t.Received += unknown
		return nil
	})
	return t, err
}
