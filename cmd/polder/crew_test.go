package main

import (
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/clock"
)

func TestTheDemosCrewsLeaveATruckThatAPersonTookAndLearnWhatThatPersonDid(t *testing.T) {
	p := newPolder(t, filepath.Join(t.TempDir(), "polder.db"))
	p.populate(t)
	contains(t, p.must(t, "account", "invite", "--role", "driver", "wagen-1"), "/welkom")
	day := p.read(t, "sim/next-workday")
	p.must(t, "plan", "--date", day, "--rounds", "30", "--out", p.path("decision.json"))
	clk := clock.New(time.Now(), 0)
	g := &Globals{Data: p.path("stad"), Database: p.database, log: slog.New(slog.DiscardHandler), out: io.Discard}
	a, err := openApp(t.Context(), g, appOptions{clock: clk, cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}()
	midnight, err := a.collection.ParseDay(day)
	if err != nil {
		t.Fatal(err)
	}
	clk.Forward(midnight.Add(6 * time.Hour))
	c := newCrew(&demo{app: a, city: a.city, g: g}, nil)
	lifts := func() (containers, told []string) {
		t.Helper()
		all, err := c.lifts(t.Context(), midnight, midnight.Add(24*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range all {
			if l.told {
				told = append(told, l.container+l.at.UTC().Format(" 15.04"))
			} else {
				containers = append(containers, l.container)
			}
		}
		return containers, told
	}
	plan, err := a.collection.PlanOf(t.Context(), day)
	if err != nil || plan == nil || len(plan.Routes) == 0 {
		t.Fatalf("plan %+v, %v", plan, err)
	}
	var stops []string
	for _, v := range plan.Routes[0].Visits {
		if v.Kind == collection.VisitEmpty {
			stops = append(stops, v.At)
		}
	}
	before, _ := lifts()
	if !slices.Contains(before, stops[0]) {
		t.Fatalf("nobody drives %s: %v", stops[0], before)
	}
	truck := plan.Routes[0].Truck
	if err := a.collection.TakeTruck(t.Context(), truck); err != nil {
		t.Fatal(err)
	}
	for _, action := range []collection.CrewAction{
		{Key: "a", Day: day, Truck: truck, Kind: collection.CrewEmptied, Container: stops[0]},
		{Key: "b", Day: day, Truck: truck, Kind: collection.CrewEmptied, Container: stops[1]},
		{Key: "c", Day: day, Truck: truck, Kind: collection.CrewUndone, Of: "b"},
	} {
		if _, _, err := a.collection.RecordCrew(t.Context(), action); err != nil {
			t.Fatal(err)
		}
	}
	after, told := lifts()
	for _, id := range stops {
		if slices.Contains(after, id) {
			t.Errorf("a simulated crew empties %s of the truck that a person took", id)
		}
	}
	if len(after) != len(before)-len(stops) {
		t.Errorf("%d lifts of other trucks, want %d", len(after), len(before)-len(stops))
	}
	if want := stops[0] + clk.Now().Add(collection.UndoFor).UTC().Format(" 15.04"); !slices.Equal(told, []string{want}) {
		t.Errorf("the world is told of %v, want %s", told, want)
	}
}
