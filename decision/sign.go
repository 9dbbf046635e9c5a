package decision

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/store"
)

// Signature is an official's decision on an advice.
type Signature struct {
	Account  string    // who; goes into the record only as a sealed commitment
	Role     string    // the role that he or she signs in
	Choice   string    // "" as advised, else the alternative's id
	Motive   string    // public; obligatory, at least ten letters, when an alternative is chosen
	OpenedAt time.Time // when the advice was opened
}

// officialField is the name of the sealed field that says who signed; officialGround is why it is sealed: Woo 5.1, second paragraph under e.
const (
	officialField  = "official"
	officialGround = "Woo 5.1.2e"
)

// minMotive is how many letters a motive has at least.
const minMotive = 10

// Sign decides on an advice, once. When the role has the mandate, the decision is
// recorded and apply is called in the same transaction; when it has not, the refusal is kept and
// apply is not called. An advice that was signed or overtaken meanwhile is a conflict.
func (g *Gate) Sign(ctx context.Context, advice int64, s Signature, apply func(ctx context.Context, tx *store.Tx, r Ruling) error) (Ruling, error) {
	s.Motive = norm.NFC.String(s.Motive)
	if s.Account == "" || s.Role == "" {
		return Ruling{}, problem.New(problem.Forbidden, "sign.who", "Nobody is named who signs.").Do("Sign in first.")
	}
	if s.Choice != "" && letters(s.Motive) < minMotive {
		return Ruling{}, problem.New(problem.Invalid, "sign.motive", "Who decides otherwise than advised says why, in at least %d letters.", minMotive).
			At("motive").Do("Write your motive; everybody can read it.")
	}
	var r Ruling
	err := g.db.Tx(ctx, func(tx *store.Tx) error {
		if err := store.Lock(ctx, tx, lockKey); err != nil {
			return err
		}
		var err error
		r, err = g.sign(ctx, tx, advice, s)
		if err != nil || r.Verdict == Refused || apply == nil {
			return err
		}
		return apply(ctx, tx, r)
	})
	if err != nil {
		return Ruling{}, fmt.Errorf("sign advice %d: %w", advice, err)
	}
	g.log.Wake()
	return r, nil
}

func letters(s string) (n int) {
	for _, c := range s {
		if unicode.IsLetter(c) {
			n++
		}
	}
	return n
}

func (g *Gate) sign(ctx context.Context, tx *store.Tx, id int64, s Signature) (Ruling, error) {
	now := g.clock.Now().Truncate(time.Second)
	// The one conditional change that lets one signature through.
	var body, sealedText []byte
	err := tx.QueryRowContext(ctx, `UPDATE advice SET state = 'signed' WHERE id = $1 AND state = 'open' RETURNING body, sealed`, id).Scan(&body, &sealedText)
	if errors.Is(err, sql.ErrNoRows) {
		return Ruling{}, g.notOpen(ctx, tx, id)
	}
	if err != nil {
		return Ruling{}, err
	}
	var a AdviceBody
	disclosures := map[string]string{}
	if err := errors.Join(json.Unmarshal(body, &a), json.Unmarshal(sealedText, &disclosures)); err != nil {
		return Ruling{}, err
	}
	i := slices.IndexFunc(a.Options, func(o Option) bool { return o.Choice == s.Choice })
	if i < 0 {
		return Ruling{}, problem.New(problem.Invalid, "sign.choice", "The advice has no alternative %q.", s.Choice).At("choice").Do("Choose one that it has.")
	}
	granted, code, err := g.mayStillBeSigned(ctx, tx, a, s.Role, a.Options[i], now)
	if err != nil {
		return Ruling{}, err
	}
	if code != "" {
		// The advice stays open: somebody else may sign it.
		if _, err := tx.ExecContext(ctx, `UPDATE advice SET state = 'open' WHERE id = $1`, id); err != nil {
			return Ruling{}, err
		}
		r, err := g.refuse(ctx, tx, RefusalBody{
			Kind: a.Kind, Subject: a.Subject, At: now, By: By{Role: s.Role}, Code: code, Simulated: a.Simulated, Origin: a.Origin,
		})
		r.Advice = id
		return r, err
	}
	if err := holds(ctx, tx, a.Kind, a.Subject, a.Replaces); err != nil {
		return Ruling{}, err
	}
	official, disclosure, err := seal(SealedField{officialField, s.Account, officialGround})
	if err != nil {
		return Ruling{}, err
	}
	disclosures[officialField] = disclosure
	act := "signed"
	if s.Choice != "" {
		act = "overruled"
	}
	rec := Record{
		Kind: a.Kind, Subject: a.Subject, DecidedAt: now, Option: a.Options[i], Inputs: a.Inputs,
		By: By{
			Role: s.Role, Mandate: granted.Mandate.ID, EntryHash: granted.EntryHash, Act: act, Motive: s.Motive,
			Advice: &AdviceRef{ID: id, SHA256: sha(body), By: a.By, Exceeded: a.Exceeded},
		},
		Rules: a.Rules, Limits: a.Limits, Exceeded: exceeded(a.Limits, a.Options[i].Measures),
		LegalBasis: a.LegalBasis, Remedies: a.Remedies, Replaces: a.Replaces, Sealed: append(a.Sealed, official), Simulated: a.Simulated, Origin: a.Origin,
	}
	parts, err := adviceParts(ctx, tx, id, s.Choice)
	if err != nil {
		return Ruling{}, err
	}
	number, err := g.record(ctx, tx, rec, parts, maps.Clone(disclosures), s.OpenedAt)
	if err != nil {
		return Ruling{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE advice SET decision = $1 WHERE id = $2`, number, id)
	return Ruling{Verdict: Decided, Number: number, Advice: id, Choice: s.Choice, Exceeded: a.Exceeded}, err
}

// mayStillBeSigned looks up the role's mandate, and returns the code of what
// forbids signing, "" when nothing does. The algorithm's own mandate must hold too: an advice of an algorithm that
// was stopped since is no basis for a decision.
func (g *Gate) mayStillBeSigned(ctx context.Context, tx *store.Tx, a AdviceBody, role string, chosen Option, now time.Time) (register.Granted, string, error) {
	_, err := g.register.Mandate(ctx, tx, a.By.Algorithm, a.By.Version, a.Kind, now)
	var granted register.Granted
	if err == nil {
		granted, err = g.register.RoleMandate(ctx, tx, role, a.Kind, now)
	}
	if denied, ok := errors.AsType[*register.Denied](err); ok {
		return register.Granted{}, denied.Code, nil
	}
	if err == nil && len(exceeded(granted.Mandate.Limits, chosen.Measures)) > 0 {
		return register.Granted{}, register.RoleExceeded, nil
	}
	return granted, "", err
}

// notOpen says why an advice cannot be signed.
func (g *Gate) notOpen(ctx context.Context, tx *store.Tx, id int64) error {
	var state string
	var number sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT state, decision FROM advice WHERE id = $1`, id).Scan(&state, &number)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return problem.New(problem.NotFound, "advice.none", "There is no advice %d.", id)
	case err != nil:
		return err
	case state == "overtaken":
		return problem.New(problem.Conflict, "advice.overtaken", "A newer proposal has overtaken advice %d.", id).Do("Look at the newer one.")
	default:
		return problem.New(problem.Conflict, "advice.signed", "Advice %d is signed already: it became decision %d.", id, number.Int64).Do("Read that decision.")
	}
}

// adviceParts returns the parts of one option of an advice.
func adviceParts(ctx context.Context, tx *store.Tx, id int64, choice string) ([]partBody, error) {
	rows, err := tx.QueryContext(ctx, `SELECT id, body FROM advice_part WHERE advice = $1 AND choice = $2 ORDER BY id`, id, choice)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []partBody
	for rows.Next() {
		var p partBody
		if err := rows.Scan(&p.id, &p.body); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}
