package city_test

import (
	"fmt"
	"io/fs"
	"path"
	"testing"
	"time"

	"polder.city/city"
	"polder.city/register"
	"polder.city/roads"
	"polder.city/roads/synth"
)

func open(t testing.TB, name string) *city.City {
	t.Helper()
	c, err := city.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The table "Almere, simulated" of the demo's script.
func TestAlmereHasThePeoplePlacesAndContainersOfTheDemosTable(t *testing.T) {
	c := open(t, "almere")
	got := map[string]int{}
	for _, d := range c.Districts {
		got[d.Part+" inhabitants"] += d.Inhabitants
		got[d.Part+" flats"] += d.FlatHouseholds
	}
	part := func(code string) string {
		d, ok := c.District(code)
		if !ok {
			t.Fatalf("there is no district %q", code)
		}
		return d.Part
	}
	for _, p := range c.Places() {
		got[part(p.District)+" places"]++
	}
	for _, k := range c.Containers {
		got[part(k.District)+" "+k.Stream]++
		if k.Sensor != "" {
			got["sensors "+k.Stream]++
		}
		if stream, _ := c.Stream(k.Stream); k.ID[:4] != k.Place[:4] || k.ID[8:9] != stream.Letter {
			t.Errorf("container %s of place %s has stream %s", k.ID, k.Place, k.Stream)
		}
	}
	columns := []string{"inhabitants", "flats", "places", "rest", "papier", "glas", "gft", "textiel"}
	for part, numbers := range map[string][]int{
		"Stad":   {111_000, 14_500, 300, 330, 128, 130, 98, 76},
		"Buiten": {58_500, 4_500, 140, 115, 60, 68, 38, 42},
		"Haven":  {23_000, 2_900, 75, 70, 31, 32, 22, 19},
		"Poort":  {21_500, 3_400, 75, 85, 31, 26, 26, 15},
		"Hout":   {12_000, 700, 30, 20, 10, 14, 6, 8},
		"Pampus": {500, 0, 0, 0, 0, 0, 0, 0},
	} {
		for i, column := range columns {
			if key := part + " " + column; got[key] != numbers[i] {
				t.Errorf("%s: %d, want %d", key, got[key], numbers[i])
			}
		}
	}
	if n := got["sensors rest"] + got["sensors papier"]; n != 827 {
		t.Errorf("%d sensors on rest and papier, want 827", n)
	}
	if n := got["sensors glas"] + got["sensors textiel"]; n != 213 {
		t.Errorf("%d sensors on glas and textiel, want 213", n)
	}
	if n := got["sensors gft"]; n != 0 {
		t.Errorf("%d sensors on gft, want none", n)
	}
	for _, id := range []string{"FIL-014-R", "FIL-014-P"} {
		if _, ok := c.Container(id); !ok {
			t.Errorf("the demo's script names %s, which is not there", id)
		}
	}
	if len(c.Districts) != 71 || len(c.Containers) != 1500 {
		t.Errorf("%d districts and %d containers", len(c.Districts), len(c.Containers))
	}
}

func TestEveryContainerStandsWithinThirtyMetresOfAStreetThatTrucksUse(t *testing.T) {
	c := open(t, "almere")
	n, err := synth.Draw(*c.Landscape)
	if err != nil {
		t.Fatal(err)
	}
	g, err := roads.Build(n, roads.Truck())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Places() {
		if _, err := g.Snap(p.Point, 30); err != nil {
			t.Errorf("place %s: %v", p.ID, err)
		}
	}
	for _, d := range c.Fleet.Depots {
		if _, err := g.Snap(d.Point, 60); err != nil {
			t.Errorf("depot %s: %v", d.ID, err)
		}
	}
	for _, f := range c.Fleet.Facilities {
		if _, err := g.Snap(f.Point, 60); err != nil {
			t.Errorf("facility %s: %v", f.ID, err)
		}
	}
}

func TestTheFixedScheduleAsFoundHasAbout265LiftsAWorkingDay(t *testing.T) {
	c := open(t, "almere")
	if len(c.Schedule) != len(c.Containers) {
		t.Fatalf("%d rows for %d containers", len(c.Schedule), len(c.Containers))
	}
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, c.Location) // a Monday
	lifts := map[string]int{}
	const weeks = 6 // the cycles of two and three weeks both fit
	for day := range weeks * 7 {
		date := begin.AddDate(0, 0, day)
		n := 0
		for _, row := range c.Schedule {
			if !row.Due(date) {
				continue
			}
			k, _ := c.Container(row.Container)
			lifts[k.Stream]++
			n++
		}
		weekend := date.Weekday() == time.Saturday || date.Weekday() == time.Sunday
		if weekend && n > 0 || !weekend && (n < 235 || n > 295) {
			t.Errorf("%s %s: %d lifts", date.Weekday(), date.Format(time.DateOnly), n)
		}
	}
	// Weekly with 15 % twice; weekly; every three weeks; weekly; every two weeks.
	for stream, a6 := range map[string]int{"rest": (620 + 93) * 6, "papier": 260 * 6, "glas": 270 * 2, "gft": 190 * 6, "textiel": 160 * 3} {
		if lifts[stream] != a6 {
			t.Errorf("%s: %d lifts in six weeks, want %d", stream, lifts[stream], a6)
		}
	}
}

func TestAlmereMeasuresWhatTheDemoShows(t *testing.T) {
	c := open(t, "almere")
	count := map[string]int{}
	for _, in := range c.Instances {
		count[in.Template]++
	}
	want := map[string]int{"traffic_counter": 24, "lock": 5, "bridge": 3, "car_park": 12, "soil_moisture": 40, "pump": 12, "greenhouse": 8}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("instances %v, want %v", count, want)
	}
}

func TestTheRegistersOfBothCitiesAreSound(t *testing.T) {
	for _, name := range []string{"almere", "testdata/liechtenstein"} {
		c := open(t, name)
		entries, err := fs.Glob(c.FS, "register/*.yaml")
		if err != nil {
			t.Fatal(err)
		}
		var all []*register.Entry
		for _, file := range entries {
			data, err := fs.ReadFile(c.FS, file)
			if err != nil {
				t.Fatal(err)
			}
			e, err := register.ParseEntry(data, path.Join(name, file))
			if err != nil {
				t.Fatal(err)
			}
			if !e.Polder.Example || e.Organization != c.Organisation {
				t.Errorf("%s: %s is not marked as this city's example", name, e.Name)
			}
			all = append(all, e)
		}
		data, err := fs.ReadFile(c.FS, "rules.yaml")
		if err != nil {
			t.Fatal(err)
		}
		rules, err := register.ParseRules(data, "rules.yaml")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rules {
			if !r.Example {
				t.Errorf("%s: rule %s is not marked as an example", name, r.ID)
			}
		}
		data, err = fs.ReadFile(c.FS, "roles.yaml")
		if err != nil {
			t.Fatal(err)
		}
		roles, err := register.ParseRoles(data, "roles.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if err := register.CheckTogether(all, rules, roles); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPointIsFoundInItsDistrictAndJustOutsideTheCity(t *testing.T) {
	c := open(t, "almere")
	if d, ok := c.DistrictAt(c.Centre); !ok || d.Name != "Centrum Almere Stad" {
		t.Errorf("the centre lies in %v", d)
	}
	for _, test := range []struct {
		lon, lat, margin float64
		want             bool
	}{
		{5.2190, 52.3710, 0, true},
		{5.3800, 52.3140, 0, false},  // about 70 m east of the last corner of Hout
		{5.3800, 52.3140, 500, true}, // within the margin
		{5.3950, 52.3140, 500, false},
		{52.3710, 5.2190, 500, false}, // exchanged
	} {
		if got := c.Contains([2]float64{test.lon, test.lat}, test.margin); got != test.want {
			t.Errorf("Contains(%g, %g, %g) = %v", test.lon, test.lat, test.margin, got)
		}
	}
}

func TestTheSecondCityKnowsNothingOfTheFirst(t *testing.T) {
	c := open(t, "testdata/liechtenstein")
	if len(c.Districts) != 11 || len(c.Streams) != 2 || len(c.Fleet.Trucks) != 2 || c.Landscape != nil || c.Location.String() != "Europe/Vaduz" {
		t.Errorf("%d districts, %d streams, %d trucks, %s", len(c.Districts), len(c.Streams), len(c.Fleet.Trucks), c.Location)
	}
	assumption := time.Date(2026, 8, 15, 0, 0, 0, 0, c.Location)
	kings := time.Date(2026, 4, 27, 0, 0, 0, 0, c.Location)
	if !c.Holiday(assumption) || c.Holiday(kings) || !c.WorkingDay(kings) {
		t.Error("its free days are not its own")
	}
}

func TestEventsFallOnTheirDays(t *testing.T) {
	c := open(t, "almere")
	want := map[string]string{
		"koningsdag": "2026-04-27 00:00", "bevrijdingsfestival": "2026-05-05 12:00", "havenfestival": "2026-06-27 00:00",
		"kerst": "2026-12-24 00:00", "jaarwisseling": "2026-12-31 15:00", "sneeuw": "2026-01-12 00:00",
		"straatfeest-film": "2026-09-12 00:00", "straatfeest-molen": "2026-06-20 00:00",
	}
	for _, e := range c.Simulation.Events {
		from, to, ok := e.In(2026, c.Location)
		if got := from.Format("2006-01-02 15:04"); !ok || got != want[e.ID] {
			t.Errorf("%s begins %s, want %s", e.ID, got, want[e.ID])
		}
		if e.ID == "jaarwisseling" && to.Format("2006-01-02 15:04") != "2027-01-01 12:00" {
			t.Errorf("containers open again at %v", to)
		}
	}
	if len(c.Simulation.Events) != len(want) {
		t.Errorf("%d events", len(c.Simulation.Events))
	}
}

func ExampleOpen() {
	c, err := city.Open("almere")
	if err != nil {
		fmt.Println(err)
		return
	}
	k, _ := c.Container("FIL-014-R")
	d, _ := c.District(k.District)
	fmt.Println(c.Notice["nl"])
	fmt.Println(k.ID, k.VolumeLitres, d.Name, d.Part)
	// Output:
	// Demonstratie. Dit is geen website van de gemeente Almere.
	// FIL-014-R 5000 Filmwijk Stad
}
