package collection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/store"
)

// What the register knows the planner by. A city's register entry has this id and version, or nothing is decided.
const (
	PlannerID      = "inzamelplan"
	PlannerVersion = "1.0.0"
	// PlanKind is the kind of decision that a day's plan is.
	PlanKind = "collection.plan"
)

// Preview makes the plan of a day as it would be now, and keeps it as a preview. It is no decision.
func (s *Service) Preview(ctx context.Context, q Request) (*Plan, error) {
	if !s.city.WorkingDay(q.Day) {
		return nil, &NoWorkError{q.Day, s.NextWorkday(q.Day)}
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	defer s.clock.Hold()()
	before, err := s.PlanOf(ctx, q.Day.Format(DayLayout))
	if err != nil {
		return nil, err
	}
	q.Cause, q.before = CausePreview, before
	plan, _, err := s.computeWithin(ctx, q)
	if err != nil {
		return nil, err
	}
	plan.State = Preview
	plan.changesSince(before)
	err = s.db.Tx(ctx, func(tx *store.Tx) error {
		if err := insertPlan(ctx, tx, plan); err != nil {
			return err
		}
		// The last previews are kept so that one can see what changed; older ones go.
		_, err := tx.ExecContext(ctx, `DELETE FROM plan WHERE day = $1 AND state = 'preview' AND version <= $2`, plan.Day, plan.Version-keepPreviews)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("preview of %s: %w", plan.Day, err)
	}
	return plan, nil
}

const keepPreviews = 8

// Result is what became of a plan at the gate.
type Result struct {
	Plan   *Plan
	Ruling decision.Ruling
	// Alternatives are the other plans that an official may choose; only with an advice.
	Alternatives []*Plan
}

// Decide makes the plan of a day and hands it to the gate. Inside the limits of the
// planner's mandate it is decided and takes the place of the day's plan, if
// there is one; outside them it becomes an advice, with an alternative.
func (s *Service) Decide(ctx context.Context, q Request) (*Result, error) {
	if !s.city.WorkingDay(q.Day) {
		return nil, &NoWorkError{q.Day, s.NextWorkday(q.Day)}
	}
	s.deciding.Lock()
	defer s.deciding.Unlock()
	before, err := s.PlanOf(ctx, q.Day.Format(DayLayout))
	if err != nil {
		return nil, err
	}
	q.before = before
	plan, other, err := s.computeWithin(ctx, q)
	if err != nil {
		return nil, err
	}
	plan.changesSince(before)
	if before != nil && before.State == Decided {
		plan.Replaces = before.ID
	}
	result := &Result{Plan: plan}
	if other != nil {
		other.changesSince(before)
		other.Choice, other.Replaces = ChoiceLessOvertime, plan.Replaces
		result.Alternatives = []*Plan{other}
	}
	proposal, err := s.proposal(plan, result.Alternatives, before)
	if err != nil {
		return nil, err
	}
	result.Ruling, err = s.gate.Submit(ctx, proposal, func(ctx context.Context, tx *store.Tx, r decision.Ruling) error {
		switch r.Verdict {
		case decision.Decided:
			plan.State, plan.Decision = Decided, r.Number
			if err := replace(ctx, tx, plan.Replaces); err != nil {
				return err
			}
			result.Alternatives = nil
			return insertPlan(ctx, tx, plan)
		case decision.Advised:
			for _, p := range append(slices.Clone(result.Alternatives), plan) { // the plan itself last: it is the newest version
				p.State, p.Advice = Advised, r.Advice
				if err := insertPlan(ctx, tx, p); err != nil {
					return err
				}
			}
			return nil
		default: // refused: nothing is planned, and the gate keeps the refusal
			return nil
		}
	})
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	s.log.Info("plan handed to the gate", "day", plan.Day, "cause", plan.Cause, "verdict", string(result.Ruling.Verdict),
		"stops", plan.Measures[MeasureStops], "unserved", plan.Measures[MeasureUnserved], "overtime", plan.Measures[MeasureOvertime])
	return result, nil
}

// ChoiceLessOvertime names the alternative in which nobody stays longer than the
// algorithm may decide, and some containers wait.
const ChoiceLessOvertime = "less_overtime"

// computeWithin makes the plan with no more overtime than the algorithm may decide.
// Only when that leaves a container that should be emptied, it looks whether more overtime serves
// it: then that is the plan, which becomes an advice, and the first one the alternative.
func (s *Service) computeWithin(ctx context.Context, q Request) (plan, alternative *Plan, err error) {
	most := int64(s.city.Fleet.Shift.MaxOvertimeMinutes) * 60
	within, err := s.overtimeWithin(ctx)
	if err != nil {
		return nil, nil, err
	}
	if q.wishes, err = s.Wishes(ctx, q.Day.Format(DayLayout)); err != nil {
		return nil, nil, err
	}
	s.working.Lock()
	defer s.working.Unlock()
	o, err := s.outlook(ctx, q.Day)
	if err != nil {
		return nil, nil, err
	}
	if err := s.keepOutlook(ctx, o); err != nil {
		return nil, nil, err
	}
	q.Overtime = int32(within)
	plan, err = s.compute(ctx, q, o)
	if err != nil || plan.Measures[MeasureUnserved] == 0 || within == most {
		return plan, nil, err
	}
	q.Overtime = int32(most)
	longer, err := s.compute(ctx, q, o)
	if err != nil || longer.Measures[MeasureUnserved] >= plan.Measures[MeasureUnserved] {
		return plan, nil, err
	}
	return longer, plan, nil
}

// overtimeWithin returns how much overtime the algorithm may decide on by itself, in seconds.
func (s *Service) overtimeWithin(ctx context.Context) (int64, error) {
	within := int64(s.city.Fleet.Shift.MaxOvertimeMinutes) * 60
	limits, err := s.gate.Limits(ctx, PlannerID, PlannerVersion, PlanKind)
	if err != nil {
		return 0, err
	}
	if limit, ok := limits[MeasureOvertime]; ok {
		within = min(within, max(limit, 0))
	}
	return within, nil
}

// Sign lets an official decide on an advised plan: as advised (choice ""), or an
// alternative, with a motive. The chosen plan is then in force.
func (s *Service) Sign(ctx context.Context, advice int64, signature decision.Signature) (*Result, error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	return s.sign(ctx, advice, signature)
}

func (s *Service) sign(ctx context.Context, advice int64, signature decision.Signature) (*Result, error) {
	plans, err := s.AdvisedPlans(ctx, advice)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(plans, func(p *Plan) bool { return p.Choice == signature.Choice })
	result := &Result{}
	if i >= 0 { // the gate refuses a choice that does not exist
		result.Plan = plans[i]
	}
	result.Ruling, err = s.gate.Sign(ctx, advice, signature, func(ctx context.Context, tx *store.Tx, r decision.Ruling) error {
		if result.Plan == nil {
			return errors.New("the gate accepted a choice that no plan stands for")
		}
		if err := replace(ctx, tx, result.Plan.Replaces); err != nil {
			return err
		}
		if c := result.Plan.Change; c != nil {
			if err := s.insertWish(ctx, tx, result.Plan.Day, c, signature.Role, r.Number); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE plan SET state = 'declined' WHERE advice = $1 AND id <> $2`, advice, result.Plan.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE plan SET state = 'decided', decision = $2 WHERE id = $1`, result.Plan.ID, r.Number)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("sign advice %d: %w", advice, err)
	}
	if result.Ruling.Verdict != decision.Decided {
		return nil, problem.New(problem.Forbidden, "sign.refused", "The role %s has no mandate to sign this: %s.", signature.Role, result.Ruling.Code).
			Do("Let somebody sign who may; the register says who.")
	}
	result.Plan.State, result.Plan.Decision = Decided, result.Ruling.Number
	return result, nil
}

// AdvisedPlans returns the plans of an advice: what was advised first, then the alternatives.
func (s *Service) AdvisedPlans(ctx context.Context, advice int64) ([]*Plan, error) {
	plans, err := s.plans(ctx, `SELECT `+planColumns+` FROM plan WHERE advice = $1 ORDER BY id DESC`, advice)
	if err != nil {
		return nil, err
	}
	for i, p := range plans {
		if plans[i], err = s.PlanVersion(ctx, p.Day, p.Version); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// replace marks the plan that a decided one takes the place of.
func replace(ctx context.Context, tx *store.Tx, id int64) error {
	if id == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE plan SET state = 'replaced' WHERE id = $1`, id)
	return err
}

// proposal puts a plan in the form that the gate judges and records.
func (s *Service) proposal(plan *Plan, alternatives []*Plan, before *Plan) (decision.Proposal, error) {
	p := decision.Proposal{
		Kind: PlanKind, Subject: plan.Day, Algorithm: PlannerID, Version: PlannerVersion, Measures: plan.Measures,
		LegalBasis: []string{"Wet milieubeheer 10.21", "Wet milieubeheer 10.26"},
		Remedies:   []string{"melding", "mens", "klacht"},
		Simulated:  s.city.Simulated,
		Inputs: []decision.Input{
			{Name: "observations", SHA256: plan.Inputs.Digest, Count: plan.Inputs.Observations, AsOf: time.UnixMicro(plan.Inputs.ObservedUntil).UTC()},
			{Name: "streets", SHA256: plan.Inputs.Network, Count: 1, AsOf: plan.MadeAt},
		},
		Reasons: []decision.Reason{{Code: "cause." + plan.Cause}},
	}
	if s.city.Simulated {
		p.Origin = s.city.Origin
	}
	if before != nil && before.State == Decided {
		p.Replaces = before.Decision
	}
	var err error
	if p.Outcome, p.Parts, err = outcome(plan); err != nil {
		return p, err
	}
	for _, a := range alternatives {
		alternative := decision.Alternative{ID: a.Choice, Measures: a.Measures, Reasons: []decision.Reason{{Code: "choice." + a.Choice}}}
		if c := a.Change; c != nil {
			alternative.Reasons = append(alternative.Reasons, decision.Reason{
				Code: "wish." + string(c.Kind), Params: decision.Params{"container": c.Container, "truck": c.Truck},
			})
		}
		if alternative.Outcome, alternative.Parts, err = outcome(a); err != nil {
			return p, err
		}
		p.Alternatives = append(p.Alternatives, alternative)
	}
	return p, nil
}

// outcome returns what the record says of the plan as a whole, and the part of each container.
func outcome(plan *Plan) (json.RawMessage, []decision.Part, error) {
	whole, err := json.Marshal(plan)
	if err != nil {
		return nil, nil, fmt.Errorf("plan %s: %w", plan.Day, err)
	}
	parts := make([]decision.Part, len(plan.Outcomes))
	for i := range plan.Outcomes {
		body, err := json.Marshal(&plan.Outcomes[i])
		if err != nil {
			return nil, nil, fmt.Errorf("plan %s: %w", plan.Day, err)
		}
		parts[i] = decision.Part{ID: plan.Outcomes[i].Container, Body: body}
	}
	return whole, parts, nil
}

// changesSince notes what the plan does otherwise than the version before, and measures it.
func (p *Plan) changesSince(before *Plan) {
	if before == nil {
		return
	}
	was, is := before.truckOf(), p.truckOf()
	c := &Changes{Version: before.Version, Added: []string{}, Removed: []string{}, Moved: []string{}}
	for id, truck := range is {
		switch old, ok := was[id]; {
		case !ok:
			c.Added = append(c.Added, id)
		case old != truck:
			c.Moved = append(c.Moved, id)
		}
	}
	for id := range was {
		if _, ok := is[id]; !ok {
			c.Removed = append(c.Removed, id)
		}
	}
	for _, list := range [][]string{c.Added, c.Removed, c.Moved} {
		slices.Sort(list)
	}
	p.Changes = c
	// Which truck comes is the crews' concern; whether somebody comes is the residents'.
	p.Measures[MeasureChanged] = int64(len(c.Added)+len(c.Removed)) * 1_000_000 / int64(max(len(was), 1))
}

// truckOf returns the truck that empties each container of the plan.
func (p *Plan) truckOf() map[string]string {
	trucks := map[string]string{}
	for _, r := range p.Routes {
		for _, v := range r.Visits {
			if v.Kind == VisitEmpty {
				trucks[v.At] = r.Truck
			}
		}
	}
	return trucks
}
