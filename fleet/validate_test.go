package fleet

import (
	"context"
	"math"
	"strings"
	"testing"

	"polder.city/internal/problem"
)

func TestAProblemThatMakesNoSenseIsRefusedWithTheReason(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(p *Problem)
		want   string
	}{
		{"no locations", func(p *Problem) { p.Locations = 0 }, "there are no locations"},
		{"a matrix of another size", func(p *Problem) { p.Seconds = p.Seconds[1:] }, "the matrix of seconds has 35 values, 6 locations need 36"},
		{"a hole in a matrix", func(p *Problem) { p.Meters[8] = -1 }, "from location 1 to 2 takes -1 meters: a hole in the matrix"},
		{"a diagonal that is not zero", func(p *Problem) { p.Meters[7] = 3 }, "from location 1 to itself takes 3 meters"},
		{"a stop too heavy", func(p *Problem) { p.Stops[0].Load[0] = 1200 }, "stop A needs 1,200 kg, no vehicle carries over 1,000 kg"},
		{"too many loads", func(p *Problem) { p.Stops[0].Load = []int64{1, 2} }, "load has 2 values, the problem has 1 dimensions"},
		{"a negative load", func(p *Problem) { p.Stops[0].Load[0] = -1 }, "load -1 lies outside"},
		{"no vehicle for a stop", func(p *Problem) { p.Vehicles[0].Groups = []int{7} }, "no vehicle may serve stop A"},
		{"no facility for a stop", func(p *Problem) { p.Facilities[0].Groups = []int{7} }, "no facility accepts group 0 of stop A"},
		{
			"a window that closes before it opens", func(p *Problem) { p.Stops[0].Windows = []Window{{3600, 1800}} },
			"stops[0]: a window closes at 00:30, before it opens at 01:00",
		},
		{"windows that overlap", func(p *Problem) { p.Stops[0].Windows = []Window{{0, 60}, {60, 90}} }, "overlap or are out of order"},
		{"a negative window", func(p *Problem) { p.Vehicles[0].Breaks[0].Window.Open = -1 }, "lies outside 0"},
		{"a prize that overflows", func(p *Problem) { p.Stops[1].Prize = 1 << 62 }, "the prize of stop B"},
		{
			"prizes that overflow together", func(p *Problem) { p.Stops[1].Prize, p.Stops[2].Prize = maxTotal, 1 },
			"the prizes together",
		},
		{"costs that overflow", func(p *Problem) {
			p.Vehicles[0].KilometreCost = maxCents
			p.Meters[1] = maxMeters
		}, "too large to add up"},
		{"a location that does not exist", func(p *Problem) { p.Stops[1].Location = 6 }, "stops[1]: location 6 does not exist: there are 6"},
		{"a depot that does not exist", func(p *Problem) { p.Vehicles[0].End = 1 }, "truck K1 has depot 1, which does not exist"},
		{"a vehicle that does not exist", func(p *Problem) { p.Stops[1].Vehicles = []int{1} }, "stop B allows vehicle 1"},
		{"a group's capacity with mixed trips", func(p *Problem) {
			p.OneGroupATrip = false
			p.Vehicles[0].GroupCapacity = map[int][]int64{0: {1}}
		}, "means nothing while a trip may mix groups"},
		{"a negative service", func(p *Problem) { p.Stops[1].Service = -1 }, "a duration of -1 seconds"},
		{"a negative cost", func(p *Problem) { p.Vehicles[0].HourCost = -1 }, "costs of truck K1"},
		{"coordinates of some", func(p *Problem) { p.Coordinates = [][2]float64{{1, 2}} }, "1 locations have coordinates, there are 6"},
		{"coordinates that are no number", func(p *Problem) {
			p.Coordinates = make([][2]float64, 6)
			p.Coordinates[3][1] = math.NaN()
		}, "location 3 lies at [0 NaN], which is no place"},
		{"a usual vehicle that does not exist", func(p *Problem) { p.Stops[1].Usual = []int{1} }, "stop B is usual for vehicle 1"},
		{"a negative cost of change", func(p *Problem) { p.Stops[1].ChangeCost = -1 }, "another vehicle for stop B"},
		{"a price of balance that overflows", func(p *Problem) { p.BalanceHourCost = maxCents + 1 }, "the cost of balance"},
		{"a beginning without a departure", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Serve}}
		}, "has begun with a serve of 0 as visit 0"},
		{"a beginning back in time", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Depart, Leave: 60}, {Kind: Serve, Arrive: 30}}
		}, "goes back in time"},
		{"a beginning that serves nothing", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Depart}}
		}, "name the stop that it is on its way to"},
		{"a beginning that serves twice", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Depart}, {Kind: Serve}, {Kind: Serve}}
		}, "stop A has been served twice"},
		{"a beginning that unloads nothing", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Depart}, {Kind: Unload}}
		}, "has unloaded nothing"},
		{"a beginning that cannot be finished", func(p *Problem) {
			p.Vehicles[0].Begun = []Visit{{Kind: Depart}, {Kind: Serve, Leave: 20 * 3600, Start: 20 * 3600, Arrive: 20 * 3600}}
		}, "truck K1 cannot finish what it has begun: a window would be missed"},
		{"units that do not fit", func(p *Problem) { p.Units = []string{"kg", "l"} }, "2 units are named for 1 dimensions"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := lineProblem()
			test.change(p)
			_, err := Solve(context.Background(), p, Options{})
			if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want an invalid problem with %q", err, test.want)
			}
		})
	}
}
