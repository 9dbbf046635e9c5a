package fleet

import "testing"

func TestMarginalCostIsWhatLeavingAStopOutSaves(t *testing.T) {
	p := lineProblem()
	s := lineSolution(t, p)
	for stop, want := range []Cost{{300, 0, 500}, {300, 0, 500}, {300, 0, 500}, {}} {
		got, err := MarginalCost(p, s, stop)
		if err != nil || got != want {
			t.Errorf("%s: %+v and %v, want %+v", stopName(p, stop), got, err, want)
		}
	}
}

func TestInsertionCostTellsTheCheapestPlaceAndWhatBinds(t *testing.T) {
	onTheWay := Cost{300, 0, 500}
	for _, test := range []struct {
		name   string
		change func(p *Problem)
		want   Insertion
	}{
		{"room", func(p *Problem) { p.Stops[3].Load[0] = 100 }, Insertion{Feasible: true, Cost: onTheWay}},
		{
			"full: a new trip", func(*Problem) {},
			Insertion{Feasible: true, Cost: Cost{2100, 2000, 3700}, NewTrip: true, Binds: BindCapacity, Blocked: onTheWay},
		},
		{
			"full and no time for a new trip", func(p *Problem) { p.Vehicles[0].Shift.Close = 9*3600 + 1800 },
			Insertion{Cost: onTheWay, Binds: BindCapacity, Blocked: onTheWay},
		},
		{"no time", func(p *Problem) {
			p.Stops[3].Load[0] = 100
			p.Vehicles[0].Shift.Close = 9*3600 + 1200
		}, Insertion{Cost: onTheWay, Binds: BindShift, Blocked: onTheWay}},
		{"closed", func(p *Problem) {
			p.Stops[3].Load[0] = 100
			p.Stops[3].Windows = []Window{{0, 3600}}
		}, Insertion{Cost: onTheWay, Binds: BindWindow, Blocked: onTheWay}},
		{"no vehicle", func(p *Problem) {
			p.Vehicles[0].Groups = []int{0}
			p.Stops[3].Group = 5
		}, Insertion{Vehicle: -1, Binds: BindVehicle}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := lineProblem()
			test.change(p)
			got, err := InsertionCost(p, lineSolution(t, p), 3)
			if err != nil || got != test.want {
				t.Errorf("%+v and %v, want %+v", got, err, test.want)
			}
		})
	}
}
