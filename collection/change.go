package collection

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"polder.city/decision"
	"polder.city/internal/problem"
	"polder.city/store"
)

// ChoiceChange names the plan that a planner's change gives, beside the one that the algorithm would make.
const ChoiceChange = "change"

// leastReason is how many letters a reason has at least, as the gate asks of a motive; mostReason how many characters at most.
const leastReason, mostReason = 10, 500

// proposed is a change that was computed and waits for its planner: the plan without it, and with it.
type proposed struct {
	Basis       int64 // the plan that held when it was computed
	Plan, Other storedProposal
}

// storedProposal is a plan with what the database keeps beside it.
type storedProposal struct {
	Plan     *Plan
	Lines    [][]string // per route the encoded polyline of each leg
	Outcomes []Outcome
}

// AskChange notes a change of a day's plan, of which the cost is worked out in the background, and returns its number.
func (s *Service) AskChange(ctx context.Context, day time.Time, by string, c Change) (int64, error) {
	c.Reason = strings.TrimSpace(c.Reason)
	if err := s.checkChange(ctx, day, &c); err != nil {
		return 0, err
	}
	return s.ask(ctx, day, by, asked{Change: &c})
}

// checkChange refuses a change that cannot be, and names the field.
func (s *Service) checkChange(ctx context.Context, day time.Time, c *Change) error {
	bad := func(field, code, way, format string, args ...any) error {
		return problem.New(problem.Invalid, "change."+code, format, args...).At(field).Do("%s", way)
	}
	if err := s.checkChangeable(day); err != nil {
		return err
	}
	plan, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil {
		return err
	}
	if plan == nil {
		return problem.New(problem.NotFound, "plan.none", "There is no plan for %s yet.", day.Format(DayLayout)).Do("Wait for its preview.")
	}
	container, err := s.Container(ctx, c.Container)
	if problem.KindOf(err) == problem.NotFound && err != nil {
		return bad("container", "container", "Look at the number on the container.", "There is no container %q.", c.Container)
	}
	if err != nil {
		return err
	}
	wishes, err := s.Wishes(ctx, plan.Day)
	if err != nil {
		return err
	}
	if c.Kind != WishMove {
		c.Truck = ""
	}
	letters := 0
	for _, r := range c.Reason {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	now, wished := wishes[c.Container]
	switch {
	case !slices.Contains(WishKinds(), c.Kind):
		return bad("kind", "kind", "Choose one of the four.", "There is no change %q.", c.Kind)
	case c.Kind == WishFree && !wished:
		return bad("kind", "free", "Choose another change.", "No planner changed anything of %s on that day.", c.Container)
	case wished && now.Kind == c.Kind && now.Truck == c.Truck:
		return bad("kind", "same", "Choose another change.", "A planner chose that for %s already.", c.Container)
	case c.Kind == WishMove && !s.collects(c.Truck, container.Stream):
		return bad("truck", "truck", "Choose a truck that does.", "Truck %q does not collect %s.", c.Truck, container.Stream)
	case c.Kind == WishMove && plan.truckOf()[c.Container] == c.Truck:
		return bad("truck", "there", "Choose another truck.", "Truck %s empties %s already.", c.Truck, c.Container)
	case letters < leastReason:
		return bad("reason", "reason", "Write why; everybody can read it.", "The reason has %d letters, fewer than %d.", letters, leastReason)
	case utf8.RuneCountInString(c.Reason) > mostReason:
		return bad("reason", "long", "Make it shorter.", "The reason is longer than %d characters.", mostReason)
	case hasZero(c.Reason) || !utf8.ValidString(c.Reason):
		return bad("reason", "text", "Remove it.", "The reason holds a character that cannot be stored.")
	}
	return nil
}

// checkChangeable refuses a day of which the trucks are out already: what was done stays done.
func (s *Service) checkChangeable(day time.Time) error {
	if err := s.checkPlannable(day); err != nil {
		return err
	}
	if !s.clock.Now().Before(s.city.Fleet.Shift.From.On(day)) {
		return problem.New(problem.Conflict, "change.late", "The trucks of %s have left.", day.Format(DayLayout)).Do("Call the crew, or change the next day's plan.")
	}
	return nil
}

// collects reports whether a crane truck may empty a stream.
func (s *Service) collects(truck, stream string) bool {
	for _, t := range s.city.Fleet.Trucks {
		if t.ID == truck {
			return t.Kind == "crane" && !t.Reserve && (len(t.Streams) == 0 || slices.Contains(t.Streams, stream))
		}
	}
	return false
}

// propose makes a day's plan without a change and with it, on the same facts, and what that costs.
func (s *Service) propose(ctx context.Context, day time.Time, c *Change) (*Answer, *proposed, error) {
	before, err := s.PlanOf(ctx, day.Format(DayLayout))
	if err != nil {
		return nil, nil, err
	}
	if before == nil {
		return nil, nil, problem.New(problem.NotFound, "plan.none", "There is no plan for %s any more.", day.Format(DayLayout))
	}
	s.working.Lock()
	defer s.working.Unlock()
	o, err := s.outlook(ctx, day)
	if err != nil {
		return nil, nil, err
	}
	overtime, err := s.overtimeWithin(ctx)
	if err != nil {
		return nil, nil, err
	}
	q := Request{Day: day, Cause: CauseAgain, Rounds: min(s.o.Rounds, whatIfRounds), Overtime: int32(overtime), before: before}
	if q.wishes, err = s.Wishes(ctx, before.Day); err != nil {
		return nil, nil, err
	}
	plan, err := s.compute(ctx, q, o)
	if err != nil {
		return nil, nil, err
	}
	q.wishes = maps.Clone(q.wishes)
	delete(q.wishes, c.Container)
	if c.Kind != WishFree {
		q.wishes[c.Container] = Wish{Change: *c}
	}
	q.Cause = CauseChange
	other, err := s.compute(ctx, q, o)
	if err != nil {
		return nil, nil, err
	}
	other.Choice, other.Change = ChoiceChange, c
	plan.changesSince(before)
	other.changesSince(before)
	a := &Answer{
		AsOf: o.made, Observations: o.inputs.Observations, Rounds: int64(q.Rounds), Seed: int64(s.o.Seed), Overtime: overtime,
		Now: s.tally(plan, o), Then: s.tally(other, o),
	}
	for i := range other.Outcomes {
		if x := &other.Outcomes[i]; x.Container == c.Container {
			a.Kept = c.keptBy(x)
		}
	}
	return a, &proposed{Basis: before.ID, Plan: pack(plan), Other: pack(other)}, nil
}

// keptBy reports whether an outcome is what the change wants.
func (c *Change) keptBy(o *Outcome) bool {
	switch c.Kind {
	case WishPin:
		return o.Planned
	case WishForbid:
		return !o.Planned
	case WishMove:
		return o.Planned && o.Truck == c.Truck
	default:
		return true
	}
}

// Confirm lets a planner decide on a change whose cost was worked out. The plan with it takes the place of the day's plan,
// and every later plan of the day keeps to it. It is refused when another plan holds by now.
func (s *Service) Confirm(ctx context.Context, question int64, signature decision.Signature) (*Result, error) {
	s.deciding.Lock()
	defer s.deciding.Unlock()
	q, err := s.Question(ctx, question)
	if err != nil {
		return nil, err
	}
	if q.Change == nil || q.Answer == nil {
		return nil, problem.New(problem.Conflict, "change.open", "Question %d is no change that was worked out.", question).Do("Wait until it is.")
	}
	day, err := s.ParseDay(q.Day)
	if err != nil {
		return nil, err
	}
	if err := s.checkChangeable(day); err != nil {
		return nil, err
	}
	if !q.Answer.Kept {
		return nil, problem.New(problem.Conflict, "change.unkept", "What is wanted of %s does not fit in the plan.", q.Change.Container).Do("Change something else first.")
	}
	proposal, err := s.candidate(ctx, question)
	if err != nil {
		return nil, err
	}
	before, err := s.PlanOf(ctx, q.Day)
	if err != nil {
		return nil, err
	}
	if before == nil || before.ID != proposal.Basis {
		return nil, problem.New(problem.Conflict, "change.overtaken", "The plan of %s has changed since the cost was worked out.", q.Day).Do("Ask for the change again.")
	}
	plan, other, err := proposal.unpack()
	if err != nil {
		return nil, err
	}
	return s.decideChange(ctx, plan, other, before, signature)
}

// decideChange hands both plans to the gate as an advice, and signs the one with the change. A crash between the two
// leaves an advice that waits at /werk like any other: the change is part of its plan, so that signing it there is the same.
func (s *Service) decideChange(ctx context.Context, plan, other, before *Plan, signature decision.Signature) (*Result, error) {
	if before.State == Decided {
		plan.Replaces, other.Replaces = before.ID, before.ID
	}
	proposal, err := s.proposal(plan, []*Plan{other}, before)
	if err != nil {
		return nil, err
	}
	proposal.Asked = true
	ruling, err := s.gate.Submit(ctx, proposal, func(ctx context.Context, tx *store.Tx, r decision.Ruling) error {
		for _, p := range []*Plan{other, plan} { // the plan itself last: it is the newest version
			p.State, p.Advice = Advised, r.Advice
			if err := insertPlan(ctx, tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("change of plan %s: %w", plan.Day, err)
	}
	if ruling.Verdict != decision.Advised {
		return nil, problem.New(problem.Forbidden, "change.refused", "The gate lets no plan through: %s.", ruling.Code).Do("Look at the algorithm's entry in the register.")
	}
	signature.Choice, signature.Motive = ChoiceChange, other.Change.Reason
	return s.sign(ctx, ruling.Advice, signature)
}

func pack(p *Plan) storedProposal {
	stored := storedProposal{Plan: p, Outcomes: p.Outcomes}
	for _, r := range p.Routes {
		legs := make([]string, len(r.Lines))
		for i, line := range r.Lines {
			legs[i] = encodeLine(line)
		}
		stored.Lines = append(stored.Lines, legs)
	}
	return stored
}

func (p storedProposal) unpack() (*Plan, error) {
	p.Plan.Outcomes = p.Outcomes
	for i, legs := range p.Lines {
		for _, leg := range legs {
			line, err := decodeLine(leg)
			if err != nil {
				return nil, fmt.Errorf("plan %s: %w", p.Plan.Day, err)
			}
			p.Plan.Routes[i].Lines = append(p.Plan.Routes[i].Lines, line)
		}
	}
	return p.Plan, nil
}

// unpack returns the plan without the change and with it.
func (p *proposed) unpack() (plan, other *Plan, err error) {
	plan, err = p.Plan.unpack()
	if err != nil {
		return nil, nil, err
	}
	other, err = p.Other.unpack()
	return plan, other, err
}

func (p *proposed) encode() ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := errors.Join(json.NewEncoder(z).Encode(p), z.Close()); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// candidate returns what was computed for a change.
func (s *Service) candidate(ctx context.Context, question int64) (*proposed, error) {
	var data []byte
	if err := s.db.Read().QueryRowContext(ctx, `SELECT candidate FROM plan_question WHERE id = $1`, question).Scan(&data); err != nil {
		return nil, fmt.Errorf("change %d: %w", question, err)
	}
	text, err := unzip(data)
	if err != nil {
		return nil, fmt.Errorf("change %d: %w", question, err)
	}
	p := &proposed{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, fmt.Errorf("change %d: %w", question, err)
	}
	return p, nil
}
