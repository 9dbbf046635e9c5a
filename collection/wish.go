package collection

import (
	"context"
	"fmt"
	"time"

	"polder.city/store"
)

// Change is what a planner wants of one container on one day, against what the algorithm would do.
type Change struct {
	Container string   `json:"container"`
	Kind      WishKind `json:"kind"`
	Truck     string   `json:"truck,omitempty"` // of a move
	Reason    string   `json:"reason"`          // everybody can read it
}

// WishKind says which way a planner overrules.
type WishKind string

// The kinds of wishes.
const (
	WishPin    WishKind = "pin"    // it must be emptied
	WishForbid WishKind = "forbid" // it is not emptied
	WishMove   WishKind = "move"   // it must be emptied, by one truck
	WishFree   WishKind = "free"   // the planner takes an earlier wish back
)

// WishKinds lists the kinds.
func WishKinds() []WishKind { return []WishKind{WishPin, WishForbid, WishMove, WishFree} }

// Wish is a change that was decided. Every plan of its day keeps to the newest of each container.
type Wish struct {
	Change
	Day      string
	Role     string // of who decided
	At       time.Time
	Decision int64
}

// Wishes returns the wishes that hold on a day, by container.
func (s *Service) Wishes(ctx context.Context, day string) (map[string]Wish, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT container, kind, truck, reason, role, at, decision FROM plan_wish WHERE day = $1 ORDER BY id`, day)
	if err != nil {
		return nil, fmt.Errorf("wishes on %s: %w", day, err)
	}
	defer rows.Close()
	wishes := map[string]Wish{}
	for rows.Next() {
		w := Wish{Day: day}
		var at int64
		if err := rows.Scan(&w.Container, &w.Kind, &w.Truck, &w.Reason, &w.Role, &at, &w.Decision); err != nil {
			return nil, fmt.Errorf("wishes on %s: %w", day, err)
		}
		w.At = time.UnixMicro(at).UTC()
		if w.Kind == WishFree {
			delete(wishes, w.Container)
		} else {
			wishes[w.Container] = w
		}
	}
	return wishes, rows.Err()
}

func (s *Service) insertWish(ctx context.Context, tx *store.Tx, day string, c *Change, role string, decision int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO plan_wish (day, container, kind, truck, reason, role, at, decision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		day, c.Container, string(c.Kind), c.Truck, c.Reason, role, s.clock.Now().UnixMicro(), decision)
	return err
}

// pinPrize is what a container that a planner wants emptied is worth to the solver, in cents: more than any that must.
const pinPrize = 4 * mustPrize

// grant makes the prospects of a day what planners want of them. It comes after all that the algorithm weighs.
func (r *routing) grant(prospects []prospect, wishes map[string]Wish) {
	for i := range prospects {
		p := &prospects[i]
		wish, ok := wishes[p.ID]
		if !ok || p.out() {
			continue
		}
		code := ReasonPinned
		switch wish.Kind {
		case WishForbid:
			p.bar = ReasonForbidden
			continue
		case WishMove:
			// A truck that is out today moves nothing: the container is emptied by another.
			for v := range r.trucks {
				if r.trucks[v].ID == wish.Truck {
					p.only, code = []int{v}, ReasonMoved
				}
			}
		}
		p.must, p.prize = true, pinPrize
		p.why = append([]Reason{{Code: code}}, p.why...)
	}
}
