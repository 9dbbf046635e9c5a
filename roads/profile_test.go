package roads_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"polder.city/internal/problem"
	"polder.city/roads"
)

func TestTheTruckIsARefuseTruck(t *testing.T) {
	p := roads.Truck()
	if p.Weight != 260 || p.Height != 400 || p.Width != 255 || p.Length != 1000 || p.Needs != roads.AccessTruck {
		t.Errorf("%+v", p)
	}
	if p.Speeds[roads.Motorway] != 80 || p.Speeds[roads.Busway] != 0 || p.Speeds[roads.Footway] != 0 || !p.NoStopping[roads.Trunk] || p.NoStopping[roads.Residential] {
		t.Errorf("%+v", p)
	}
}

func TestEachVehicleHasItsOwnWay(t *testing.T) {
	// From west to east: a path, a one-way street against the direction, and a road around.
	n := newTown()
	n.street("Pad", roads.AccessBicycle|roads.AccessFoot, roads.AccessBicycle|roads.AccessFoot, at(0, 0), at(200, 0))
	n.Ways[0].Class = roads.Cycleway
	n.street("Enkel", roads.AccessFoot, both|roads.AccessBicycle|roads.AccessFoot, at(0, 0), at(0, 50), at(200, 50), at(200, 0))
	all := both | roads.AccessBicycle | roads.AccessFoot
	n.street("Rondweg", all, all, at(0, 0), at(0, -300), at(200, -300), at(200, 0))
	n.street("West", all, all, at(-100, 0), at(0, 0))
	n.street("Oost", all, all, at(200, 0), at(300, 0))
	for _, c := range []struct {
		p               roads.Profile
		meters, seconds int32
	}{{roads.Foot(), 300, 216}, {roads.Bicycle(), 300, 65}, {roads.Car(), 900, 134}, {roads.Truck(), 900, 94}} {
		if r := ride(t, &n.Network, c.p, at(-50, 0), at(250, 0)); r.Meters != c.meters || r.Seconds != c.seconds {
			t.Errorf("%s: %d m in %d s, want %d m in %d s", c.p.Name, r.Meters, r.Seconds, c.meters, c.seconds)
		}
	}
	if foot, err := roads.Build(realNetwork(t), roads.Foot()); err != nil || foot.Stats().Meters < 1.2*realGraph(t).Stats().Meters {
		t.Errorf("people can walk no further than trucks drive: %v", err)
	}
}

func truckYAML(t testing.TB) string {
	t.Helper()
	b, err := os.ReadFile("profile/truck.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAMistakeInAProfileIsNamedWithItsLine(t *testing.T) {
	good := truckYAML(t)
	line := func(text string) int { return strings.Count(good[:strings.Index(good, text)], "\n") + 1 }
	for name, c := range map[string]struct {
		old, new, says string
	}{
		"an unknown key":        {"signed_factor", "sined_factor", `truck.yaml:LINE: unknown field "sined_factor".`},
		"a key twice":           {"signed_factor: 0.9", "name: x\nname: y", "mapping key"},
		"not a number":          {"weight_t: 26", "weight_t: heavy", "truck.yaml:LINE: "},
		"a weight of nothing":   {"weight_t: 26", "weight_t: 0", "truck.yaml:LINE: vehicle.weight_t: 0 is not possible here. Write a number from 0.1 to 100."},
		"a negative height":     {"height_m: 4.0", "height_m: -4", "truck.yaml:LINE: vehicle.height_m"},
		"an infinite factor":    {"signed_factor: 0.9", "signed_factor: .inf", "truck.yaml:LINE: signed_factor"},
		"a factor that is NaN":  {"signed_factor: 0.9", "signed_factor: .nan", "truck.yaml:LINE: signed_factor"},
		"no factor":             {"signed_factor: 0.9", "", "truck.yaml: signed_factor: 0 is not possible here."},
		"a class that is none":  {"  motorway: 80", "  highway: 80", `truck.yaml:LINE: speeds.highway: "highway" is not a class of street.`},
		"too fast":              {"  motorway: 80", "  motorway: 300", "truck.yaml:LINE: speeds.motorway: 300"},
		"an unknown need":       {"needs: truck ", "needs: boat ", `truck.yaml:LINE: needs: "boat" is not a means of travel. Write car`},
		"an unknown policy":     {"u_turn: dead_end", "u_turn: often", "turns.u_turn: \"often\" is not a policy"},
		"a stop that is none":   {"[motorway, motorway_link", "[motorway, runway", `no_stopping[1]: "runway" is not a class`},
		"a line that is broken": {"turns:", "turns: [", "truck.yaml:"},
		"no name":               {"name: truck", "name: ''", "truck.yaml:LINE: name: the profile has no name."},
	} {
		if !strings.Contains(good, c.old) {
			t.Fatalf("%s: the profile has no %q", name, c.old)
		}
		says := strings.ReplaceAll(c.says, "LINE", strconv.Itoa(line(c.old)))
		_, err := roads.ParseProfile([]byte(strings.Replace(good, c.old, c.new, 1)), "truck.yaml")
		p, ok := errors.AsType[*problem.Error](err)
		if !ok || p.Kind != problem.Invalid || p.Way == "" || !strings.Contains(p.Error(), says) {
			t.Errorf("%s: %v, want %q", name, err, says)
		}
	}
	if _, err := roads.ParseProfile(nil, "empty.yaml"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("an empty profile: %v", err)
	}
}

func FuzzParseProfile(f *testing.F) {
	f.Add([]byte(truckYAML(f)))
	f.Add([]byte("speeds: {motorway: 1e400}"))
	f.Add([]byte("no_stopping: [*x]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := roads.ParseProfile(data, "x.yaml"); err != nil && problem.KindOf(err) != problem.Invalid {
			t.Errorf("not a problem of the file: %v", err)
		}
	})
}
