package horizon

import (
	"testing"

	"polder.city/fleet"
)

func TestTheFirstDayCanBeDrivenWhenFleetHasPolishedIt(t *testing.T) {
	p := town(60, 5, 2)
	for v := range p.Fleet[0] {
		p.Fleet[0][v].Breaks = []fleet.Break{{Window: fleet.Window{Open: 9 * 3600, Close: 10 * 3600}, Duration: 900}}
	}
	for i := range p.Sites {
		if i%4 == 0 {
			p.Sites[i].Windows = []fleet.Window{{Open: 9 * 3600, Close: 12 * 3600}}
		}
	}
	plan := solve(t, p, Options{Seed: 1, Iterations: 1000})
	worths, err := Appraise(p, plan)
	if err != nil {
		t.Fatal(err)
	}
	day, warm, err := Day0(p, plan, worths)
	if err != nil {
		t.Fatal(err)
	}
	planned := 0
	for i := range warm.Routes {
		planned += warm.Routes[i].Stops()
	}
	s, err := fleet.Solve(t.Context(), day, fleet.Options{Seed: 1, Iterations: 500, Warm: warm})
	if err != nil {
		t.Fatal(err)
	}
	if err := fleet.Check(day, s); err != nil {
		t.Error(err)
	}
	served := len(day.Stops) - len(s.Unserved)
	if planned == 0 || served < planned*2/3 || served > planned*3/2 {
		t.Errorf("the plan serves %d on the first day, the day's plan %d", planned, served)
	}
}

func TestWhatMayNotBeLeftIsRequiredOnTheFirstDay(t *testing.T) {
	p := town(10, 4, 1)
	for to := 1; to <= p.Days; to++ {
		p.Sites[2].Leave[p.Cell(-1, to)] = Never
	}
	p.Sites[3].Leave[p.Cell(-1, 0)] = Never
	plan := solve(t, p, Options{Seed: 1, Iterations: 500})
	worths, err := Appraise(p, plan)
	if err != nil {
		t.Fatal(err)
	}
	day, _, err := Day0(p, plan, worths)
	if err != nil {
		t.Fatal(err)
	}
	for i := range day.Stops {
		if day.Stops[i].Required != (i == 2) {
			t.Errorf("site %d is required: %t", i, day.Stops[i].Required)
		}
	}
	if day.Stops[3].Prize != 0 || worths[3].Reason() != CannotToday || worths[2].Reason() != MustToday {
		t.Errorf("a site that cannot be emptied today has the prize %d and the reason %s", day.Stops[3].Prize, worths[3].Reason())
	}
	if _, _, err := Day0(p, plan, worths[1:]); err == nil {
		t.Error("worths of other sites are taken")
	}
}

func TestAppraisingLeavesThePlanAlone(t *testing.T) {
	p := town(40, 5, 2)
	plan := solve(t, p, Options{Seed: 1, Iterations: 1000})
	w := newSearch(compile(p), &Options{})
	w.adoptRoutes(plan)
	w.dearPrices()
	before := w.state.total
	for i := range p.Sites {
		if x := w.worth(int32(i)); x.Today == Never && x.Later == Never {
			t.Errorf("site %d can neither be emptied today nor later", i)
		}
	}
	if diff := w.state.total - before; diff > 1e-6 || diff < -1e-6 {
		t.Errorf("the plan cost %v before and %v after", before, w.state.total)
	}
	if after := w.plan(); after.Objective() != plan.Objective() {
		t.Errorf("the plan cost %d before and %d after", plan.Objective(), after.Objective())
	}
}

// The plan's own choice is the better one for nearly all sites, since each was put back by the same sums.
func TestThePlanFollowsItsWorths(t *testing.T) {
	p := town(60, 7, 2)
	plan := solve(t, p, Options{Seed: 1, Iterations: 4000})
	worths, err := Appraise(p, plan)
	if err != nil {
		t.Fatal(err)
	}
	despite := 0
	for i := range worths {
		if worths[i].Reason() == DespiteSavings {
			despite++
		}
	}
	if despite > len(worths)/10 {
		t.Errorf("%d of %d sites are emptied or left against the plan's own sums", despite, len(worths))
	}
}

func TestReasonsReadAsSentences(t *testing.T) {
	day := func(d int) string { return []string{"on Monday", "on Tuesday", "on Wednesday"}[d] }
	for _, c := range []struct {
		worth Worth
		want  string
	}{
		{Worth{Emptied: true, Today: 500, Later: Never, Next: 3}, "emptied: it may not be left any longer"},
		{Worth{Today: Never, Later: 500, Next: 1}, "left: it cannot be emptied on Monday"},
		{
			Worth{Emptied: true, Today: 500, Later: 1730, Next: 1, Wait: 1200, TodayDetour: Detour{Seconds: 200, Cents: 470}, NextDetour: Detour{Seconds: 230, Cents: 500}},
			"emptied, which saves EUR 12.30: until it can be emptied on Tuesday, leaving it would cost EUR 12.00",
		},
		{
			Worth{Emptied: true, Today: 500, Later: 1000, Next: 2, TodayDetour: Detour{Seconds: 120, Cents: 500}, NextDetour: Detour{Seconds: 420, Cents: 1000}},
			"emptied, which saves EUR 5.00: on Monday the way is 5 minutes shorter than on Wednesday",
		},
		{
			Worth{Today: 1100, Later: 700, Next: 2, Wait: 150, TodayDetour: Detour{Seconds: 380, Cents: 1100}, NextDetour: Detour{Seconds: 200, Cents: 550}},
			"left, which saves EUR 4.00: on Wednesday the way is 3 minutes shorter, and until then leaving it costs EUR 1.50",
		},
		{
			Worth{Today: 1100, Later: 0, Next: 3, TodayDetour: Detour{Seconds: 380, Cents: 1100}},
			"left, which saves EUR 11.00: there is little in it, and it is not emptied within the days that are planned",
		},
		{Worth{Today: 100, Later: 150, Next: 1}, "left, though emptying it would save EUR 0.50 by itself"},
		{Worth{Emptied: true, Today: 150, Later: 100, Next: 1}, "emptied, though leaving it would save EUR 0.50 by itself"},
	} {
		if got := c.worth.Text(day); got != c.want {
			t.Errorf("%s reads\n%q instead of\n%q", c.worth.Reason(), got, c.want)
		}
	}
}
