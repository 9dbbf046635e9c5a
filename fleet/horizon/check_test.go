package horizon

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"polder.city/fleet"
	"polder.city/internal/problem"
)

// clone copies a value by way of JSON.
func clone[T any](t *testing.T, x *T) *T {
	t.Helper()
	raw, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	y := new(T)
	if err := json.Unmarshal(raw, y); err != nil {
		t.Fatal(err)
	}
	return y
}

func TestTheCheckerFindsWhatIsWrong(t *testing.T) {
	p := town(30, 5, 2)
	p.Sites[3].Patterns = [][]int{{0, 2}, {1, 3}}
	plan := solve(t, p, Options{Seed: 1, Iterations: 500})
	r := func(q *Plan) *Route { return &q.Routes[0] }
	day := plan.Routes[0].Day
	for name, c := range map[string]struct {
		change func(p *Problem, q *Plan)
		want   fleet.Code
	}{
		"a vehicle that does not exist": {func(_ *Problem, q *Plan) { r(q).Vehicle = 9 }, fleet.WrongShape},
		"a day that does not exist":     {func(_ *Problem, q *Plan) { r(q).Day = -1 }, fleet.WrongShape},
		"a vehicle twice":               {func(_ *Problem, q *Plan) { q.Routes = append(q.Routes, q.Routes[0]) }, fleet.ServedTwice},
		"no return":                     {func(_ *Problem, q *Plan) { r(q).Visits = r(q).Visits[:2] }, fleet.WrongShape},
		"a site that does not exist":    {func(_ *Problem, q *Plan) { r(q).Visits[1].Index = 99 }, fleet.WrongShape},
		"a break":                       {func(_ *Problem, q *Plan) { r(q).Visits[1].Kind = fleet.Pause }, fleet.WrongShape},
		"a site twice on a day": {func(_ *Problem, q *Plan) {
			r(q).Visits = slices.Insert(r(q).Visits, 1, r(q).Visits[1])
		}, fleet.ServedTwice},
		"a wrong time":              {func(_ *Problem, q *Plan) { r(q).Visits[1].Arrive++ }, fleet.WrongTime},
		"waiting":                   {func(_ *Problem, q *Plan) { r(q).Visits[1].Start++ }, fleet.WrongTime},
		"a wrong load":              {func(_ *Problem, q *Plan) { r(q).Visits[1].Load[0]++ }, fleet.WrongLoad},
		"a wrong distance":          {func(_ *Problem, q *Plan) { r(q).Visits[1].Meters++ }, fleet.WrongMeters},
		"a wrong cost":              {func(_ *Problem, q *Plan) { q.Cost++ }, fleet.WrongCost},
		"a wrong cost of leaving":   {func(_ *Problem, q *Plan) { q.Leave++ }, fleet.WrongCost},
		"too little room":           {func(p *Problem, _ *Plan) { p.Fleet[day][0].Capacity[0], p.Fleet[day][1].Capacity[0] = 100, 100 }, fleet.OverCapacity},
		"a shift that is too short": {func(p *Problem, _ *Plan) { p.Fleet[day][0].Shift.Close, p.Fleet[day][1].Shift.Close = 25300, 25300 }, fleet.OutsideShift},
		"breaks that do not fit": {func(p *Problem, _ *Plan) {
			for v := range p.Fleet[day] {
				p.Fleet[day][v].Breaks = []fleet.Break{{Window: fleet.Window{Open: 1, Close: 2}, Duration: 5*3600 - 60}}
			}
		}, fleet.OutsideShift},
		"out too long":     {func(p *Problem, _ *Plan) { p.Fleet[day][0].MaxSeconds, p.Fleet[day][1].MaxSeconds = 60, 60 }, fleet.TooLong},
		"too far":          {func(p *Problem, _ *Plan) { p.Fleet[day][0].MaxMeters, p.Fleet[day][1].MaxMeters = 60, 60 }, fleet.TooFar},
		"another's stream": {func(p *Problem, _ *Plan) { p.Fleet[day][0].Groups, p.Fleet[day][1].Groups = []int{7}, []int{7} }, fleet.NotAllowed},
		"mixed streams": {func(p *Problem, q *Plan) {
			p.OneGroupATrip = true
			p.Sites[r(q).Visits[1].Index].Group = 7
		}, fleet.MixedGroups},
		"a facility of others": {func(p *Problem, _ *Plan) { p.Facilities[0].Groups = []int{7} }, fleet.WrongFacility},
		"not emptied": {func(_ *Problem, q *Plan) {
			r(q).Visits = slices.DeleteFunc(r(q).Visits, func(v fleet.Visit) bool { return v.Kind == fleet.Unload })
		}, fleet.NotEmpty},
		"no pattern": {func(p *Problem, _ *Plan) { p.Sites[3].Patterns = [][]int{{4}} }, WrongPattern},
		"left too long": {func(p *Problem, _ *Plan) {
			for i := range p.Sites[5].Leave {
				p.Sites[5].Leave[i] = Never
			}
		}, LeftTooLong},
	} {
		changed, q := clone(t, p), clone(t, plan)
		c.change(changed, q)
		var found Violations
		if err := Check(changed, q); !errors.As(err, &found) {
			t.Errorf("%s: %v", name, err)
		} else if !slices.ContainsFunc(found, func(v Violation) bool { return v.Code == c.want && v.Text != "" }) {
			t.Errorf("%s: found %v instead of %s", name, found, c.want)
		}
	}
}

func TestAProblemThatMakesNoSenseIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Problem){
		"no days":             func(p *Problem) { p.Days = 0 },
		"a day without fleet": func(p *Problem) { p.Days++ },
		"a hole":              func(p *Problem) { p.Seconds[1] = -1 },
		"a number of trips":   func(p *Problem) { p.Fleet[1][0].MaxTrips = 2 },
		"a short table":       func(p *Problem) { p.Sites[1].Leave = p.Sites[1].Leave[1:] },
		"a short load":        func(p *Problem) { p.Sites[1].First = p.Sites[1].First[1:] },
		"a negative load":     func(p *Problem) { p.Sites[1].Again[0] = -1 },
		"a pattern of no day": func(p *Problem) { p.Sites[1].Patterns = [][]int{{1, 1}} },
		"a huge cost":         func(p *Problem) { p.Sites[1].Leave[0] = 1 << 60 },
		"a location":          func(p *Problem) { p.Sites[1].Location = 99 },
		"too many streams": func(p *Problem) {
			for range 65 {
				s := p.Sites[0]
				s.Group = len(p.Sites)
				p.Sites = append(p.Sites, s)
			}
		},
	} {
		p := town(5, 3, 1)
		change(p)
		_, err := Solve(t.Context(), p, Options{})
		var invalid *problem.Error
		if !errors.As(err, &invalid) || invalid.Kind != problem.Invalid || strings.TrimSpace(invalid.Message) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
