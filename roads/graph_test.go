package roads_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"go.uber.org/goleak"

	"polder.city/internal/problem"
	"polder.city/roads"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func near(a, b, tolerance int32) bool { return a-b <= tolerance && b-a <= tolerance }

func TestAStreetIsDrivenAtItsSpeed(t *testing.T) {
	n := newTown()
	n.street("Laan", both, both, at(0, 0), at(500, 0), at(1000, 0))
	for name, c := range map[string]struct {
		change  func(*roads.Way)
		seconds int32
	}{
		"by its class":          {func(*roads.Way) {}, 100},
		"slower when signed":    {func(w *roads.Way) { w.MaxSpeed = 18 }, 200},
		"not faster for a sign": {func(w *roads.Way) { w.MaxSpeed = 80 }, 100},
		"slower unpaved":        {func(w *roads.Way) { w.Unpaved = true }, 167},
	} {
		w := n.Ways[0]
		c.change(&n.Ways[0])
		if p := ride(t, &n.Network, plain(), at(0, 0), at(1000, 0)); p.Seconds != c.seconds || p.Meters != 1000 {
			t.Errorf("%s: %d s over %d m, want %d s", name, p.Seconds, p.Meters, c.seconds)
		}
		n.Ways[0] = w
	}
}

func TestAOneWayStreetIsOnlyDrivenForward(t *testing.T) {
	n := newTown()
	n.street("Heen", both, none, at(0, 0), at(100, 0))
	n.street("Terug", both, none, at(100, 0), at(100, 300), at(0, 300), at(0, 0))
	if p := ride(t, &n.Network, plain(), at(20, 5), at(80, 5)); p.Meters != 60 {
		t.Errorf("forward is %d m, want 60", p.Meters)
	}
	if p := ride(t, &n.Network, plain(), at(80, 5), at(20, 5)); p.Meters != 740 {
		t.Errorf("back to a place behind on the same street is %d m, want 740", p.Meters)
	}
}

func TestARoundaboutIsDrivenAround(t *testing.T) {
	n := newTown()
	n.street("Plein", both, none, at(0, -20), at(20, 0), at(0, 20), at(-20, 0), at(0, -20))
	n.street("Zuid", both, both, at(0, -20), at(0, -100))
	n.street("West", both, both, at(-20, 0), at(-100, 0))
	n.street("Oost", both, both, at(20, 0), at(100, 0))
	n.Ways[0].Roundabout = true
	if p := ride(t, &n.Network, plain(), at(0, -100), at(100, 0)); !near(p.Meters, 188, 1) {
		t.Errorf("to the first exit is %d m, want 188", p.Meters)
	}
	if p := ride(t, &n.Network, plain(), at(100, 0), at(0, -100)); !near(p.Meters, 245, 1) {
		t.Errorf("to the last exit is %d m, want 245", p.Meters)
	}
}

// cross is a crossing of four arms of 100 m, south first, and a detour of 400 m
// between east and north.
func cross() *town {
	n := newTown()
	n.street("Zuid", both, both, at(0, -100), at(0, 0))
	n.street("Oost", both, both, at(0, 0), at(100, 0))
	n.street("Noord", both, both, at(0, 0), at(0, 100))
	n.street("West", both, both, at(0, 0), at(-100, 0))
	n.street("Omweg", both, both, at(100, 0), at(200, 0), at(200, 100), at(0, 100))
	return n
}

func TestTurnRestrictionsAreKept(t *testing.T) {
	const south, east, north, west = 0, 1, 2, 3
	for name, c := range map[string]struct {
		r      []roads.Restriction
		to     orb.Point
		meters int32
	}{
		"without one, straight on":         {nil, at(0, 50), 150},
		"no straight on turns in the west": {[]roads.Restriction{{From: south, To: north}}, at(0, 50), 350},
		"no left turn leaves the others":   {[]roads.Restriction{{From: south, To: west}}, at(0, 50), 150},
		"no left turn goes by the others":  {[]roads.Restriction{{From: south, To: west}}, at(-50, 0), 750},
		"only right forces a detour":       {[]roads.Restriction{{From: south, To: east, Only: true}}, at(0, 50), 650},
		"only straight on is straight on":  {[]roads.Restriction{{From: south, To: north, Only: true}}, at(0, 50), 150},
		"only straight on forbids right":   {[]roads.Restriction{{From: south, To: north, Only: true}}, at(50, 0), 650},
		"two commands allow either":        {[]roads.Restriction{{From: south, To: north, Only: true}, {From: south, To: east, Only: true}}, at(50, 0), 150},
		"one for buses does not bind":      {[]roads.Restriction{{From: south, To: north, Applies: roads.AccessBus}}, at(0, 50), 150},
		"one for trucks binds":             {[]roads.Restriction{{From: south, To: north, Applies: roads.AccessTruck}}, at(0, 50), 350},
		"no turning back forbids only it":  {[]roads.Restriction{{From: south, To: south}}, at(0, 50), 150},
		"elsewhere it does not matter":     {[]roads.Restriction{{From: west, To: north}}, at(0, 50), 150},
	} {
		n := cross()
		for _, r := range c.r {
			r.Via = n.node(at(0, 0))
			n.Restrictions = append(n.Restrictions, r)
		}
		if p := ride(t, &n.Network, plain(), at(0, -100), c.to); !near(p.Meters, c.meters, 1) {
			t.Errorf("%s: %d m, want %d", name, p.Meters, c.meters)
		}
	}
}

func TestAStreetThatTheTruckDoesNotFitIsAvoided(t *testing.T) {
	for name, change := range map[string]func(*roads.Way){
		"a bridge for 7.5 t":        func(w *roads.Way) { w.MaxWeight, w.Bridge = 75, true },
		"a tunnel of 3.6 m":         func(w *roads.Way) { w.MaxHeight, w.Tunnel = 360, true },
		"a lane of 2.2 m":           func(w *roads.Way) { w.MaxWidth = 220 },
		"a street for short trucks": func(w *roads.Way) { w.MaxLength = 900 },
		"a bus lane":                func(w *roads.Way) { w.Class, w.Forward, w.Backward = roads.Busway, roads.AccessBus, roads.AccessBus },
		"a street without trucks":   func(w *roads.Way) { w.Forward, w.Backward = roads.AccessCar, roads.AccessCar },
		"a track":                   func(w *roads.Way) { w.Class = roads.Track },
		"a tunnel of 4.0 m fits":    func(w *roads.Way) { w.MaxHeight = 400 },
	} {
		n := newTown()
		n.street("Kade", both, both, at(0, 0), at(0, 300), at(200, 300), at(200, 0))
		n.street("Brug", both, both, at(0, 0), at(200, 0))
		n.street("Dood", both, both, at(0, 0), at(0, -9)) // where a truck can turn
		change(&n.Ways[1])
		want := int32(780)
		if strings.Contains(name, "fits") {
			want = 220
		}
		if p := ride(t, &n.Network, plain(), at(0, 10), at(200, 10)); !near(p.Meters, want, 1) {
			t.Errorf("%s: %d m, want %d", name, p.Meters, want)
		}
	}
}

func TestABarrierStopsWhoMayNotPass(t *testing.T) {
	for name, c := range map[string]struct {
		b      roads.Barrier
		meters int32
	}{
		"a bollard":            {roads.Barrier{Passes: roads.AccessBicycle | roads.AccessFoot}, 780},
		"a lift gate":          {roads.Barrier{Passes: both}, 220},
		"a beam of 2.2 m":      {roads.Barrier{Passes: both, MaxHeight: 220}, 780},
		"a gap of 2.1 m":       {roads.Barrier{Passes: both, MaxWidth: 210}, 780},
		"a beam of 4.2 metres": {roads.Barrier{Passes: both, MaxHeight: 420}, 220},
	} {
		n := newTown()
		n.street("Kade", both, both, at(0, 0), at(0, 300), at(200, 300), at(200, 0))
		n.street("Straat", both, both, at(0, 0), at(100, 0), at(200, 0))
		n.street("Dood", both, both, at(0, 0), at(0, -9)) // where a truck can turn
		c.b.Node = n.node(at(100, 0))
		n.Barriers = []roads.Barrier{c.b}
		if p := ride(t, &n.Network, plain(), at(0, 10), at(200, 10)); !near(p.Meters, c.meters, 1) {
			t.Errorf("%s: %d m, want %d", name, p.Meters, c.meters)
		}
		// Both halves of the street can still be driven to.
		if p := ride(t, &n.Network, plain(), at(90, 3), at(110, 3)); c.meters == 780 && !near(p.Meters, 980, 1) {
			t.Errorf("%s: around to the other side is %d m, want 980", name, p.Meters)
		}
	}
}

func TestATruckTurnsBackOnlyAtADeadEnd(t *testing.T) {
	n := newTown()
	n.street("Laan", both, both, at(0, 0), at(100, 0))
	n.street("Lus", both, none, at(100, 0), at(200, 0), at(200, 100), at(100, 100), at(100, 0))
	n.street("Hof", both, both, at(0, 0), at(0, -50))
	// The stops lie on different streets, so that the start does not turn the truck.
	if p := ride(t, &n.Network, plain(), at(0, -25), at(50, 0)); p.Meters != 75 {
		t.Errorf("%d m, want 75", p.Meters)
	}
	n.Restrictions = []roads.Restriction{{From: 2, To: 0, Via: n.node(at(0, 0))}}
	g, err := roads.Build(&n.Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	if s := g.Stats(); s.DroppedEdges != 1 {
		t.Errorf("a street that can only be left against a restriction is kept: %+v", s)
	}
}

func TestAOneWayStreetOutOfTheMapIsNoWayOut(t *testing.T) {
	n := newTown()
	n.street("Laan", both, both, at(0, 0), at(100, 0), at(100, 100), at(0, 100), at(0, 0))
	n.street("Rand", both, both, at(100, 0), at(300, 0))
	n.street("Snelweg uit", both, none, at(300, 0), at(900, 0))
	g, err := roads.Build(&n.Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	s := g.Stats()
	if s.Edges != 3 || s.DroppedEdges != 1 || !(s.Share > 0.49 && s.Share < 0.51) {
		t.Errorf("the street to the edge of the map must stay: %+v", s)
	}
}

func TestDestinationStreetsAreForDestinations(t *testing.T) {
	n := newTown()
	n.street("Dreef", both, both, at(0, 0), at(0, 500), at(200, 500), at(200, 0))
	zone := n.street("Woonstraat", both|roads.AccessDestination, both|roads.AccessDestination, at(0, 0), at(100, 0), at(200, 0))
	n.street("Hofje", both|roads.AccessDestination, both|roads.AccessDestination, at(100, 0), at(100, 50))
	if p := ride(t, &n.Network, plain(), at(0, 1), at(200, 1)); p.Meters != 1198 {
		t.Errorf("through traffic goes %d m, want 1198 around", p.Meters)
	}
	p := ride(t, &n.Network, plain(), at(0, 1), at(100, 40))
	if p.Meters != 141 || p.Seconds != 14 {
		t.Errorf("to a place in the zone is %d m in %d s, want 141 m in 14 s", p.Meters, p.Seconds)
	}
	if p := ride(t, &n.Network, plain(), at(100, 40), at(200, 1)); p.Meters != 141 || p.Seconds != 14 {
		t.Errorf("out of the zone is %d m in %d s, want 141 m in 14 s", p.Meters, p.Seconds)
	}
	n.Ways[zone].Forward &^= roads.AccessDestination
	n.Ways[zone].Backward &^= roads.AccessDestination
	if p := ride(t, &n.Network, plain(), at(0, 1), at(200, 1)); p.Meters != 202 {
		t.Errorf("without signs it is %d m, want 202 straight", p.Meters)
	}
}

func TestTurnsCostTime(t *testing.T) {
	p := plain()
	p.RightSeconds, p.LeftSeconds = 7, 20
	for name, c := range map[string]struct {
		to      orb.Point
		seconds int32
	}{"straight on": {at(0, 100), 20}, "right": {at(50, 0), 22}, "left": {at(-100, 0), 40}} {
		if r := ride(t, &cross().Network, p, at(0, -100), c.to); r.Seconds != c.seconds {
			t.Errorf("%s takes %d s, want %d", name, r.Seconds, c.seconds)
		}
	}
	// A bend is no turn.
	n := newTown()
	n.street("Laan", both, both, at(0, 0), at(100, 0))
	n.street("Laan", both, both, at(100, 0), at(100, 100))
	if r := ride(t, &n.Network, p, at(0, 0), at(100, 100)); r.Seconds != 20 {
		t.Errorf("a bend takes %d s, want 20", r.Seconds)
	}
}

func TestAPathHasStepsAndASideOfArrival(t *testing.T) {
	n := cross()
	p := ride(t, &n.Network, roads.Truck(), at(3, -100), at(60, 4))
	if p.RightSide {
		t.Error("a place north of a street driven eastward lies on the left hand")
	}
	if len(p.Steps) != 2 || p.Steps[0].Name != "Zuid" || p.Steps[1].Name != "Oost" || p.Steps[0].Meters != 100 || p.Steps[1].Meters != 60 {
		t.Errorf("steps are %+v", p.Steps)
	}
	if p.Steps[0].Seconds+p.Steps[1].Seconds != p.Seconds {
		t.Errorf("the steps' seconds do not add up to %d: %+v", p.Seconds, p.Steps)
	}
	if back := ride(t, &n.Network, roads.Truck(), at(200, 50), at(60, 4)); !back.RightSide {
		t.Error("a place north of a street driven westward lies on the right hand")
	}
	b, err := p.Feature().MarshalJSON()
	if err != nil || !strings.Contains(string(b), `"LineString"`) || !strings.Contains(string(b), `"meters":160`) {
		t.Errorf("GeoJSON is %s, %v", b, err)
	}
}

func TestSnapFindsTheNearestStreet(t *testing.T) {
	g, err := roads.Build(small(), plain())
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Snap(at(150, 8), 50)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(s.Meters-8) > 0.01 || math.Abs(s.Along-0.5) > 0.001 || s.Right || math.Abs(s.Point[1]-at(150, 0)[1]) > 1e-6 {
		t.Errorf("%+v", s)
	}
	if s, err := g.Snap(at(150, -8), 50); err != nil || !s.Right {
		t.Errorf("the other side: %+v, %v", s, err)
	}
	_, err = g.Snap(at(150, 500), 50)
	far, ok := errors.AsType[*roads.TooFarError](err)
	if !ok || far.Limit != 50 || math.Abs(far.Meters-403) > 1 || far.Point != at(150, 500) {
		t.Errorf("500 m away: %v", err)
	}
	if want := "lies 403 m from the nearest street that may be driven (at most 50 m is allowed)"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the message is %v", err)
	}
	if far, ok := errors.AsType[*roads.TooFarError](second(g.Snap(orb.Point{-120, -45}, 50))); !ok || far.Meters < 1e6 {
		t.Error("the other side of the earth is not too far")
	}
	for _, p := range []orb.Point{{math.NaN(), 52}, {5, math.Inf(1)}, {52.3, 181}} {
		if _, err := g.Snap(p, 50); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%v: %v", p, err)
		}
	}
}

func second[A any](_ A, err error) error { return err }

func TestPlacesAreNotSnappedToAMotorway(t *testing.T) {
	n := small()
	n.Ways[0].Class = roads.Motorway
	g, err := roads.Build(n, plain())
	if err != nil {
		t.Fatal(err)
	}
	s, err := g.Snap(at(50, 95), 500)
	if err != nil || s.Meters < 49 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestANetworkWithoutStreetsForTrucksIsRefused(t *testing.T) {
	for name, n := range map[string]*roads.Network{
		"nothing": {},
		"one one-way": func() *roads.Network {
			n := newTown()
			n.street("A", both, none, at(0, 0), at(9, 0))
			return &n.Network
		}(),
		"a point": func() *roads.Network {
			n := newTown()
			n.street("A", both, both, at(0, 0), at(0, 0))
			return &n.Network
		}(),
		"over 600 km": func() *roads.Network {
			n := newTown()
			n.street("A", both, both, at(0, 0), at(-7e5, 0))
			return &n.Network
		}(),
		"only footpaths": func() *roads.Network { n := newTown(); n.street("A", 16, 16, at(0, 0), at(9, 0)); return &n.Network }(),
	} {
		_, err := roads.Build(n, roads.Truck())
		if p, ok := errors.AsType[*problem.Error](err); !ok || p.Kind != problem.Invalid || p.Way == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMatrixStopsWithItsContext(t *testing.T) {
	g := realGraph(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Matrix(ctx, places(t, g, 50)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAForeignSnapIsRefused(t *testing.T) {
	g, err := roads.Build(small(), plain())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []roads.Snap{{Edge: 1 << 20}, {Edge: -1}, {Along: math.NaN()}, {Along: 2}} {
		if _, err := g.Path(s, roads.Snap{}); err == nil {
			t.Errorf("Path accepts %+v", s)
		}
		if _, err := g.Matrix(t.Context(), []roads.Snap{s}); err == nil {
			t.Errorf("Matrix accepts %+v", s)
		}
	}
	if m, err := g.Matrix(t.Context(), nil); err != nil || m.N != 0 {
		t.Errorf("a matrix of no places: %v, %v", m, err)
	}
}

func TestTheCheckerRefusesWhatCannotBeDriven(t *testing.T) {
	n := cross()
	n.street("Enkel", both, none, at(-100, 0), at(-100, 100))
	n.street("Dood", both, both, at(0, -100), at(0, -200))
	n.Restrictions = []roads.Restriction{{From: 0, To: 3, Via: n.node(at(0, 0))}}
	n.Barriers = []roads.Barrier{{Node: n.node(at(0, 100))}}
	slices.SortFunc(n.Barriers, func(a, b roads.Barrier) int { return int(a.Node - b.Node) })
	c, err := roads.NewChecker(&n.Network, roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		line orb.LineString
		says string
	}{
		"along streets":        {orb.LineString{at(0, -50), at(0, 0), at(50, 0)}, ""},
		"on one street":        {orb.LineString{at(0, -50), at(0, -20)}, ""},
		"one way forward":      {orb.LineString{at(-100, 10), at(-100, 50)}, ""},
		"back at a dead end":   {orb.LineString{at(0, -150), at(0, -200), at(0, -120)}, ""},
		"one way backward":     {orb.LineString{at(-100, 50), at(-100, 10)}, "point 0 (5.1985277, 52.3504497): no street may be driven"},
		"a forbidden turn":     {orb.LineString{at(0, -50), at(0, 0), at(-50, 0)}, "a turn restriction forbids this turn"},
		"through a barrier":    {orb.LineString{at(0, 50), at(0, 100), at(50, 100)}, "a barrier stops the vehicle"},
		"back on the road":     {orb.LineString{at(0, -50), at(0, 0), at(0, -60)}, "may not turn back"},
		"across the grass":     {orb.LineString{at(0, -50), at(50, 0)}, "no street may be driven"},
		"a corner left out":    {orb.LineString{at(150, 0), at(200, 100), at(100, 100)}, "no street may be driven"},
		"ends beside a street": {orb.LineString{at(0, -50), at(0, 0), at(50, 5)}, "no street may be driven"},
		"nowhere":              {orb.LineString{at(900, 900), at(901, 900)}, "no street may be driven"},
		"a point":              {orb.LineString{at(0, 0)}, "fewer than two points"},
	} {
		err := c.Check(x.line)
		if x.says == "" && err != nil || x.says != "" && (err == nil || !strings.Contains(err.Error(), x.says)) {
			t.Errorf("%s: %v, want %q", name, err, x.says)
		}
	}
}
