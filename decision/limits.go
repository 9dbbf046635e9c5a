package decision

import (
	"context"
	"errors"

	"polder.city/register"
	"polder.city/store"
)

// Limits returns the limits of the mandate that an algorithm now has for a kind of
// decision, by measure, so that it can stay within them where it has the choice. Without a
// mandate there are none: the gate will refuse.
func (g *Gate) Limits(ctx context.Context, algorithm, version, kind string) (map[string]int64, error) {
	limits := map[string]int64{}
	err := g.db.Tx(ctx, func(tx *store.Tx) error {
		granted, err := g.register.Mandate(ctx, tx, algorithm, version, kind, g.clock.Now())
		if err != nil {
			return err
		}
		for _, l := range granted.Mandate.Limits {
			limits[l.Measure] = l.AtMost
		}
		return nil
	})
	if _, denied := errors.AsType[*register.Denied](err); denied {
		return limits, nil
	}
	return limits, err
}
