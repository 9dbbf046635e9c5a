package register

import (
	"context"
	"fmt"
	"time"

	"polder.city/store"
)

// lockKey is the database lock that orders looking up a mandate and changing
// the register: a decision is made wholly before or wholly after a stop.
const lockKey = "register"

// Granted is a mandate that was found in force.
type Granted struct {
	Mandate   Mandate
	EntryHash string // SHA-256 of the publication that gives it, in hexadecimal
}

// Denied says why there is no mandate, as a code for the message catalogue.
type Denied struct{ Code string }

// The reasons why there is no mandate.
const (
	NoEntry      = "register.entry"     // nothing is published about the algorithm or role
	OtherVersion = "register.version"   // another version is published
	NotInUse     = "register.status"    // the entry's status is not "In gebruik"
	IsStopped    = "register.stopped"   // an official stopped it
	NoMandate    = "mandate.none"       // none for this kind of decision
	IsForbidden  = "mandate.forbidden"  // this kind of decision is forbidden to it
	TooEarly     = "mandate.early"      // not yet in force
	Expired      = "mandate.expired"    // no longer in force
	RoleExceeded = "mandate.role.limit" // a limit of the role's own mandate is exceeded
)

// Error returns the code.
func (d *Denied) Error() string { return "no mandate: " + d.Code }

// Mandate returns what a version of an algorithm may do with a kind of
// decision at a time, or a [*Denied]. Until tx ends nobody can change the register.
func (r *Register) Mandate(ctx context.Context, tx *store.Tx, algorithm, version, kind string, at time.Time) (Granted, error) {
	if err := store.Lock(ctx, tx, lockKey); err != nil {
		return Granted{}, err
	}
	var e Entry
	v, ok, err := one(ctx, tx, sortAlgorithm, algorithm, &e)
	if err != nil {
		return Granted{}, fmt.Errorf("mandate of %s: %w", algorithm, err)
	}
	if !ok || !v.validAt(at) {
		return Granted{}, &Denied{NoEntry}
	}
	if e.Polder.Version != version {
		return Granted{}, &Denied{OtherVersion}
	}
	if e.Status != InUse {
		return Granted{}, &Denied{NotInUse}
	}
	stop, err := newestStop(ctx, tx, algorithm)
	if err != nil {
		return Granted{}, err
	}
	if stop.Stopped {
		return Granted{}, &Denied{IsStopped}
	}
	return r.inForce(e.Polder.Mandates, v, kind, at)
}

// validAt reports whether the version was published by a time. Decisions are dated to the second, so a version counts
// from the second in which it came: what is decided right after it was published is decided under it.
func (v Version) validAt(at time.Time) bool { return !v.ValidFrom.Truncate(time.Second).After(at) }

// RoleMandate returns what a role may sign of a kind of decision at a time, or
// a [*Denied]. Until tx ends nobody can change the register.
func (r *Register) RoleMandate(ctx context.Context, tx *store.Tx, role, kind string, at time.Time) (Granted, error) {
	if err := store.Lock(ctx, tx, lockKey); err != nil {
		return Granted{}, err
	}
	var d Role
	v, ok, err := one(ctx, tx, sortRole, role, &d)
	if err != nil {
		return Granted{}, fmt.Errorf("mandate of role %s: %w", role, err)
	}
	if !ok || !v.validAt(at) {
		return Granted{}, &Denied{NoEntry}
	}
	return r.inForce(d.Mandates, v, kind, at)
}

// inForce picks the mandate for a kind that holds on the city's day of at.
// What is forbidden on that day is forbidden, whatever another mandate says.
func (r *Register) inForce(mandates []Mandate, v Version, kind string, at time.Time) (Granted, error) {
	day := at.In(r.zone).Format(time.DateOnly)
	code := NoMandate
	var found *Mandate
	for i, m := range mandates {
		switch {
		case m.Kind != kind:
		case day < m.From:
			code = TooEarly
		case m.Until != "" && day > m.Until:
			if code == NoMandate {
				code = Expired
			}
		case m.Power == Forbidden:
			return Granted{}, &Denied{IsForbidden}
		default:
			found = &mandates[i]
		}
	}
	if found == nil {
		return Granted{}, &Denied{code}
	}
	return Granted{*found, v.Hash}, nil
}
