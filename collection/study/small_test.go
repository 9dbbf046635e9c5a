package study

import (
	"context"
	"testing"

	"polder.city/fleet"
	"polder.city/simulate"
)

// frozen returns the frozen worlds.
func frozen(t testing.TB) *Frozen {
	t.Helper()
	f, err := ReadFrozen()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// village is Groningen with few clusters and one truck: days of milliseconds.
func village(t testing.TB, clusters int) *World {
	t.Helper()
	f := frozen(t)
	g := &f.Groningen
	g.ClusterVolumesPerDay *= float64(clusters) / float64(g.Clusters)
	g.Containers = g.Containers * clusters / g.Clusters
	g.Clusters, g.Trucks, g.WidthKm = clusters, 1, 1.5
	w, err := f.World("groningen")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// quarter is the hard world with the containers of its first places and one truck.
func quarter(t testing.TB, containers int) *World {
	t.Helper()
	w, err := frozen(t).World("almere")
	if err != nil {
		t.Fatal(err)
	}
	w.Containers, w.config.Containers = w.Containers[:containers], w.config.Containers[:containers]
	s := &w.config.Sensing
	s.Silent, s.Stuck, s.Drifting = 2, 1, 1
	w.Trucks = w.Trucks[:1]
	return w
}

// short is a span of days that a test can wait for.
func short() Options { return Options{Span: Span{Found: 14, WarmUp: 3, Counted: 7}, Rounds: 50} }

// family returns a family by name.
func family(t testing.TB, w *World, name string) Family {
	t.Helper()
	for _, f := range Families(w) {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("there is no policy %q", name)
	return Family{}
}

// spy keeps the plans of a policy.
type spy struct {
	Policy
	plans *[]Plan
}

func (s spy) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	p, err := s.Policy.Plan(ctx, m)
	if err == nil {
		*s.plans = append(*s.plans, *p)
	}
	return p, err
}

// line is a world of containers along a road of which each kilometre takes two minutes; residents bring nothing but what the test says.
func line(containers int) *World {
	w := &World{
		Name: "line", Streams: []Stream{{ID: "rest", KgPerLitre: 0.1, PressedPerLitre: 0.5}}, Locations: containers + 2, ReadEvery: 1,
		Facilities: []fleet.Facility{{Name: "facility", Location: 1, Service: 600, Groups: []int{0}}},
		Trucks:     []fleet.Vehicle{{Name: "K1", Shift: fleet.Window{Open: 7 * 3600, Close: 12 * 3600}, Capacity: []int64{1000, 2000}, FixedCost: 100}},
	}
	w.Fleet.MinutesPerPlace, w.Fleet.MinutesPerContainer = 2, 1
	w.Fleet.Costs.HourCents, w.Fleet.Costs.KmCents = 6000, 100
	for from := range w.Locations {
		for to := range w.Locations {
			km := int32(max(from-to, to-from))
			w.Meters, w.Seconds = append(w.Meters, 1000*km), append(w.Seconds, 120*km)
		}
	}
	c := simulate.Defaults()
	c.BlockedChance = 0
	stream := simulate.DutchStreams()[0]
	stream.KgPerLitre, stream.ResidualMax = 0.1, 0
	c.Streams = []simulate.Stream{stream}
	w.config = c
	return w
}
