package roads_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/pbf"
)

// monday is 2 November 2026 at an hour.
func monday(hour int) time.Time { return time.Date(2026, 11, 2, hour, 0, 0, 0, time.UTC) }

// driveAt is a path at a moment, or at any time when it is zero; ok is false when there is none.
func driveAt(t *testing.T, n *roads.Network, p roads.Profile, moment time.Time, from, to orb.Point) (path roads.Path, ok bool) {
	t.Helper()
	g, err := roads.Build(n, p)
	if err != nil {
		t.Fatal(err)
	}
	if !moment.IsZero() {
		if g, err = g.At(moment); err != nil {
			t.Fatal(err)
		}
	}
	a, errA := g.Snap(from, 5)
	b, errB := g.Snap(to, 5)
	if errA != nil || errB != nil {
		return path, false
	}
	if path, err = g.Path(a, b); err != nil {
		return path, false
	}
	c, err := roads.NewCheckerAt(n, p, moment)
	if moment.IsZero() {
		c, err = roads.NewChecker(n, p)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(path.Line); err != nil {
		t.Errorf("the path cannot be driven: %v", err)
	}
	return path, true
}

// dual is a road with separate ways west and east that two streets cross, 20 m apart:
//
//	      North
//	W1 <--- a --- W2   (westward, y = 20)
//	        | Middle
//	E1 ---> b ---> E2  (eastward, y = 0)
//	      South
//
// and streets around to come back.
func dual() (n *town, middle, north, west, eastIn int32) {
	n = newTown()
	n.street("West in", both, none, at(200, 20), at(0, 20))
	west = n.street("West out", both, none, at(0, 20), at(-200, 20))
	eastIn = n.street("East in", both, none, at(-200, 0), at(0, 0))
	n.street("East out", both, none, at(0, 0), at(200, 0))
	middle = n.street("Middle", both, both, at(0, 0), at(0, 20))
	north = n.street("North", both, both, at(0, 20), at(0, 220))
	n.street("South", both, both, at(0, 0), at(0, -200))
	n.street("Ends", both, both, at(200, 0), at(200, 20))
	n.street("Ends", both, both, at(-200, 0), at(-200, 20))
	n.street("Around", both, both, at(0, 220), at(-200, 220), at(-200, 20))
	n.street("Around", both, both, at(0, -200), at(200, -200), at(200, 0))
	n.street("Around", both, both, at(0, 220), at(200, 220), at(200, 20))
	return n, middle, north, west, eastIn
}

func TestARestrictionOverAWayBindsOnlyWhoCameThatWay(t *testing.T) {
	turnBack := func(n *town, only bool, over []int32, from, to int32) {
		n.Restrictions = []roads.Restriction{{From: from, Over: over, To: to, Via: n.node(at(0, 0)), Only: only}}
	}
	n, middle, north, west, eastIn := dual()
	for _, c := range []struct {
		name     string
		draw     func()
		from, to orb.Point
		meters   int32
	}{
		{"without one, back between the carriageways", func() { n.Restrictions = nil }, at(-100, 0), at(-100, 20), 220},
		{"no turning back goes around", func() { turnBack(n, false, []int32{middle}, eastIn, west) }, at(-100, 0), at(-100, 20), 620},
		{"the same for who comes from the south", func() { turnBack(n, false, []int32{middle}, eastIn, west) }, at(0, -100), at(-100, 20), 220},
		{"and for who goes on to the north", func() { turnBack(n, false, []int32{middle}, eastIn, west) }, at(-100, 0), at(0, 100), 200},
		{"a trip that begins between has no past", func() { turnBack(n, false, []int32{middle}, eastIn, west) }, at(0, 10), at(-100, 20), 110},
		{"a command leads on to the north", func() { turnBack(n, true, []int32{middle}, eastIn, north) }, at(-100, 0), at(0, 100), 200},
		{"and nowhere else from the middle", func() { turnBack(n, true, []int32{middle}, eastIn, north) }, at(-100, 0), at(-100, 20), 1020},
		{"nor from where it begins", func() { turnBack(n, true, []int32{middle}, eastIn, north) }, at(-100, 0), at(100, 0), 1040},
		{"one for buses does not bind", func() {
			turnBack(n, false, []int32{middle}, eastIn, west)
			n.Restrictions[0].Applies = roads.AccessBus
		}, at(-100, 0), at(-100, 20), 220},
	} {
		c.draw()
		p, ok := driveAt(t, &n.Network, plain(), time.Time{}, c.from, c.to)
		if !ok || !near(p.Meters, c.meters, 2) {
			t.Errorf("%s: %d m, %v, want %d m; %v", c.name, p.Meters, ok, c.meters, p.Line)
		}
	}
}

func TestARestrictionOverSeveralWaysIsKept(t *testing.T) {
	// A square of four streets with a street to and from it.
	n := newTown()
	to := n.street("To", both, both, at(-100, 0), at(0, 0))
	a := n.street("A", both, both, at(0, 0), at(100, 0))
	b := n.street("B", both, both, at(100, 0), at(100, 100))
	c := n.street("C", both, both, at(100, 100), at(0, 100))
	n.street("D", both, both, at(0, 100), at(0, 0))
	away := n.street("Away", both, both, at(0, 100), at(-100, 100))
	n.street("Long", both, both, at(-100, 100), at(-100, 300), at(-300, 300), at(-300, 0), at(-100, 0))
	n.Restrictions = []roads.Restriction{{From: to, Via: n.node(at(0, 0)), Over: []int32{a, b, c}, To: away}}
	closeD := roads.Restriction{From: to, Via: n.node(at(0, 0)), To: 4}
	n.Restrictions = append(n.Restrictions, closeD)
	p, ok := driveAt(t, &n.Network, plain(), time.Time{}, at(-50, 0), at(-50, 100))
	if !ok || p.Meters < 500 {
		t.Errorf("over three streets and away is %d m, %v: %v", p.Meters, ok, p.Line)
	}
	if p, ok = driveAt(t, &n.Network, plain(), time.Time{}, at(50, 0), at(-50, 100)); !ok || !near(p.Meters, 200, 1) {
		t.Errorf("from the square it is %d m, %v: %v", p.Meters, ok, p.Line)
	}
}

func TestRulesHoldAtTheirHours(t *testing.T) {
	gate := func(c ...roads.Conditional) *town {
		n := newTown()
		n.street("Gate", both, both, at(0, 0), at(100, 0))
		n.street("Round", both, both, at(0, 0), at(0, 100), at(100, 100), at(100, 0))
		n.Ways[0].Conditionals = c
		return n
	}
	closed := roads.Conditional{When: "Mo-Fr 07:00-09:00", Forward: both, Backward: both}
	night := gate(roads.Conditional{When: "22:00-06:00", Forward: both, Backward: both, Admits: both})
	night.Ways[0].Forward, night.Ways[0].Backward = none, none
	ignoring := plain()
	ignoring.AnyTime = roads.AnyTimeIgnored
	for _, c := range []struct {
		name   string
		n      *town
		p      roads.Profile
		moment time.Time
		meters int32
	}{
		{"closed in the morning", gate(closed), plain(), monday(8), 300},
		{"open at noon", gate(closed), plain(), monday(12), 100},
		{"open on Sunday morning", gate(closed), plain(), monday(8).AddDate(0, 0, -1), 100},
		{"at any time it is closed", gate(closed), plain(), time.Time{}, 300},
		{"unless the profile ignores hours", gate(closed), ignoring, time.Time{}, 100},
		{"what a truck is too light for", gate(roads.Conditional{When: "weight>30", Forward: both, Backward: both}), plain(), time.Time{}, 100},
		{"what it is too heavy for", gate(roads.Conditional{When: "weight>7.5", Forward: both, Backward: both}), plain(), monday(8), 300},
		{"both demands", gate(roads.Conditional{When: "Mo-Fr 07:00-09:00 AND weight>7.5", Forward: both, Backward: both}), plain(), monday(12), 100},
		{"a limit of weight in the morning", gate(roads.Conditional{When: "07:00-09:00", Limit: roads.LimitWeight, Max: 75}), plain(), monday(8), 300},
		{"and none at noon", gate(roads.Conditional{When: "07:00-09:00", Limit: roads.LimitWeight, Max: 75}), plain(), monday(12), 100},
		{"open at night only, by day", night, plain(), monday(12), 300},
		{"at night", night, plain(), monday(23), 100},
		{"and at any time", night, plain(), time.Time{}, 300},
	} {
		p, ok := driveAt(t, &c.n.Network, c.p, c.moment, at(0, 1), at(100, 1))
		if !ok || !near(p.Meters, c.meters, 3) {
			t.Errorf("%s: %d m, %v, want %d m", c.name, p.Meters, ok, c.meters)
		}
	}
	n := gate()
	n.street("West", both, both, at(0, 0), at(-100, 0))
	n.Restrictions = []roads.Restriction{{From: 2, To: 0, Via: n.node(at(0, 0)), When: "07:00-09:00"}}
	for hour, meters := range map[int]int32{8: 350, 12: 150} {
		if p, ok := driveAt(t, &n.Network, plain(), monday(hour), at(-50, 0), at(100, 1)); !ok || !near(p.Meters, meters, 3) {
			t.Errorf("a turn forbidden in the morning, at %d: %d m, %v", hour, p.Meters, ok)
		}
	}
}

func TestAZoneIsForCleanVehiclesFromItsDate(t *testing.T) {
	n := newTown()
	n.street("Inside", both, both, at(0, 0), at(100, 0))
	n.street("Round", both, both, at(0, 0), at(0, 100), at(100, 100), at(100, 0))
	n.Zones = []roads.Zone{{
		Name: "Centrum", Applies: roads.AccessTruck, Least: roads.ZeroEmission, When: "2026 Jan 01+",
		Polygon: orb.Polygon{{at(10, -20), at(90, -20), at(90, 20), at(10, 20), at(10, -20)}},
	}}
	diesel, electric, unknown := plain(), plain(), plain()
	electric.Emission, unknown.Emission = roads.ZeroEmission, 0
	for _, c := range []struct {
		name   string
		p      roads.Profile
		moment time.Time
		meters int32
	}{
		{"a diesel after its beginning", diesel, monday(8), 300},
		{"a diesel before", diesel, monday(8).AddDate(-1, 0, 0), 100},
		{"a diesel at any time", diesel, time.Time{}, 300},
		{"an electric truck", electric, monday(8), 100},
		{"one of which nothing is known", unknown, monday(8), 100},
	} {
		if p, ok := driveAt(t, &n.Network, c.p, c.moment, at(0, 1), at(100, 1)); !ok || !near(p.Meters, c.meters, 3) {
			t.Errorf("%s: %d m, %v, want %d m", c.name, p.Meters, ok, c.meters)
		}
	}
}

func TestPrivateGroundIsForTheEndsOfATrip(t *testing.T) {
	n := newTown()
	n.street("West", both, both, at(-100, 0), at(0, 0))
	private := n.street("Depot", both, both, at(0, 0), at(100, 0))
	n.street("East", both, both, at(100, 0), at(200, 0))
	n.street("Round", both, both, at(0, 0), at(0, 200), at(100, 200), at(100, 0))
	n.Ways[private].Private = both
	p := plain()
	for _, c := range []struct {
		name     string
		from, to orb.Point
		meters   int32
	}{
		{"through it is refused", at(-50, 0), at(150, 0), 600},
		{"a trip ends there", at(-50, 0), at(50, 0), 100},
		{"one begins there", at(50, 0), at(150, 0), 100},
		{"one stays there", at(20, 0), at(80, 0), 60},
	} {
		if r := ride(t, &n.Network, p, c.from, c.to); !near(r.Meters, c.meters, 1) {
			t.Errorf("%s: %d m, want %d m", c.name, r.Meters, c.meters)
		}
	}
	p.Private = roads.PrivateNever
	g, err := roads.Build(&n.Network, p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Snap(at(50, 0), 20); err == nil {
		t.Error("a place is snapped to a private street that the profile does not drive")
	}
	n.Ways[private].Private = none
	n.Ways[private].Forward |= roads.AccessDestination
	n.Ways[private].Backward |= roads.AccessDestination
	if r := ride(t, &n.Network, plain(), at(-50, 0), at(150, 0)); !near(r.Meters, 600, 1) {
		t.Errorf("through destination traffic's street: %d m", r.Meters)
	}
	if r := ride(t, &n.Network, plain(), at(-50, 0), at(50, 0)); !near(r.Meters, 100, 1) {
		t.Errorf("to destination traffic's street: %d m", r.Meters)
	}
}

func TestAPlaceAtTheCurbIsServedWithItOnTheRight(t *testing.T) {
	n := newTown() // a street of 200 m with a loop at each end
	street := n.street("Street", both, both, at(0, 0), at(200, 0))
	n.street("Loop", both, none, at(200, 0), at(250, 50), at(250, -50), at(200, 0))
	n.street("Loop", both, none, at(0, 0), at(-50, 50), at(-50, -50), at(0, 0))
	p := plain()
	p.Approach = roads.ApproachCurb
	south, north := at(100, -5), at(100, 5)
	if r := ride(t, &n.Network, p, at(10, -5), south); !near(r.Meters, 90, 1) || !r.RightSide {
		t.Errorf("to the near side: %d m, right %v", r.Meters, r.RightSide)
	}
	const loop = 241 // twice 70.7 and 100
	if r := ride(t, &n.Network, p, at(10, -5), north); !near(r.Meters, 190+loop+100, 2) || !r.RightSide {
		t.Errorf("to the far side: %d m, right %v", r.Meters, r.RightSide)
	}
	if r := ride(t, &n.Network, p, north, south); !near(r.Meters, 100+loop+100, 2) {
		t.Errorf("across the street: %d m", r.Meters)
	}
	if r := ride(t, &n.Network, p, at(10, -5), at(100, 0)); !near(r.Meters, 90, 1) {
		t.Errorf("to a place on the line itself: %d m", r.Meters)
	}
	n.Ways[street].Backward = none
	n.street("Back", both, none, at(200, 0), at(200, -100), at(0, -100), at(0, 0))
	if r := ride(t, &n.Network, p, at(10, -5), north); !near(r.Meters, 90, 1) {
		t.Errorf("on a one-way street both sides are served: %d m", r.Meters)
	}
}

func TestAFerryTakesWhatItsTimetableSays(t *testing.T) {
	n := newTown()
	n.street("West", both, both, at(-100, 0), at(0, 0))
	ferry := n.street("Ferry", both, both, at(0, 0), at(500, 0), at(1000, 0))
	n.street("East", both, both, at(1000, 0), at(1100, 0))
	n.Ways[ferry].Class, n.Ways[ferry].Seconds = roads.Ferry, 600
	if r := ride(t, &n.Network, plain(), at(-100, 0), at(1100, 0)); r.Seconds != 620 {
		t.Errorf("%d s, want 620", r.Seconds)
	}
	n.Ways[ferry].Seconds = 0
	if r := ride(t, &n.Network, plain(), at(-100, 0), at(1100, 0)); r.Seconds != 320 {
		t.Errorf("without a timetable %d s, want 320 at 12 km/h", r.Seconds)
	}
}

func TestAGraphOfAMomentIsNeitherSavedNorMadeOfChanges(t *testing.T) {
	n := newTown()
	n.street("A", both, both, at(0, 0), at(100, 0))
	n.street("B", both, both, at(0, 0), at(0, 100), at(100, 100), at(100, 0))
	n.Ways[0].Conditionals = []roads.Conditional{{When: "07:00-09:00", Forward: both, Backward: both}}
	g, err := roads.Build(&n.Network, plain())
	if err != nil {
		t.Fatal(err)
	}
	now, err := g.At(monday(12))
	if err != nil || !now.Moment().Equal(monday(12)) {
		t.Fatalf("%v", err)
	}
	if err := now.Save(&bytes.Buffer{}, [32]byte{}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("saved: %v", err)
	}
	shut, err := now.With(roads.Change{Edge: 1, Closed: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := shut.At(monday(8)); problem.KindOf(err) != problem.Invalid {
		t.Errorf("a graph with changes goes to another time: %v", err)
	}
	name, network := savedGraph(t, g, &n.Network)
	opened, err := openGraph(t, name, network, plain()).At(monday(12))
	if err != nil {
		t.Fatal(err)
	}
	a, errA := opened.Snap(at(5, 1), 5)
	b, errB := opened.Snap(at(95, 1), 5)
	if p, err := opened.Path(a, b); errors.Join(err, errA, errB) != nil || !near(p.Meters, 90, 1) {
		t.Errorf("an opened graph at noon: %d m, %v", p.Meters, errors.Join(err, errA, errB))
	}
}

func TestConditionalTagsAreImported(t *testing.T) {
	nodes := []osmNode{{1, 5.000, 52, nil}, {2, 5.001, 52, nil}, {3, 5.002, 52, nil}, {4, 5.003, 52, nil}, {5, 5.003, 52.001, nil}, {6, 5.002, 52.001, nil}}
	ways := []osmWay{
		{100, []int64{1, 2}, []string{
			"highway", "residential", "hgv:conditional", "no @ (Mo-Fr 07:00-09:00; Sa 08:00-10:00); destination @ (weight>7.5)",
			"access:conditional", "no @ wet", "maxweight:conditional", "7.5 @ (22:00-06:00)", "oneway:conditional", "yes @ Mo-Fr",
		}},
		{101, []int64{2, 3}, []string{"highway", "residential"}},
		{102, []int64{3, 4}, []string{"highway", "residential", "motor_vehicle", "private"}},
		{103, []int64{4, 5}, []string{"route", "ferry", "motor_vehicle", "yes", "duration", "00:20"}},
		{104, []int64{1, 2, 6, 1}, []string{"boundary", "low_emission_zone", "name", "Milieuzone", "hgv", "no", "start_date", "2022-01-01"}},
	}
	via := []pbf.Member{{Kind: pbf.Ways, ID: 100, Role: "from"}, {Kind: pbf.Ways, ID: 101, Role: "via"}, {Kind: pbf.Ways, ID: 102, Role: "to"}}
	relations := []osmRelation{{1, via, []string{"type", "restriction", "restriction:conditional", "no_u_turn @ (07:00-09:00)"}}}
	var c roads.ImportCounts
	var unread []string
	n, err := roads.ImportPBF(t.Context(), bytes.NewReader(extract(t, nodes, ways, relations)), roads.ImportOptions{
		Counts: &c, Unread: func(u roads.Unread) { unread = append(unread, u.Element+" "+u.Tag) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(unread, "\n"), "way 100 access:conditional=no @ wet"; got != want || c.Unread != 1 || c.Conditional != 5 || c.ViaWays != 1 || c.Zones != 1 {
		t.Errorf("unread %q, %+v", got, c)
	}
	got := ""
	for _, k := range n.Ways[0].Conditionals {
		got += fmt.Sprintf("%s|%d %d %d|%d %d\n", k.When, k.Forward, k.Backward, k.Admits, k.Limit, k.Max)
	}
	if want := "Mo-Fr 07:00-09:00; Sa 08:00-10:00|2 2 0|0 0\nweight>7.5|2 2 34|0 0\nMo-Fr|15 0 15|0 0\nMo-Fr|0 15 0|0 0\n22:00-06:00|0 0 0|1 75\n"; got != want {
		t.Errorf("the conditionals are\n%s, want\n%s", got, want)
	}
	if w := n.Ways[2]; w.Private != both || n.Ways[3].Seconds != 1200 {
		t.Errorf("private %d, ferry %d s", w.Private, n.Ways[3].Seconds)
	}
	if r := n.Restrictions[0]; len(r.Over) != 1 || r.Over[0] != 1 || r.When != "07:00-09:00" || n.Nodes[r.Via][0] != 5.001 {
		t.Errorf("%+v", r)
	}
	if z := n.Zones[0]; z.Name != "Milieuzone" || z.Applies != roads.AccessTruck || z.Least != 6 || z.When != "2022 Jan 01+" || math.Abs(z.Polygon[0][0][1]-52) > 0.01 {
		t.Errorf("%+v", z)
	}
	again, err := roads.ReadNetwork(bytes.NewReader(stored(t, n)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprintf("%+v", again), fmt.Sprintf("%+v", n); got != want {
		t.Errorf("stored it comes back as\n%s, want\n%s", got, want)
	}
}
