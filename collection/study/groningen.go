package study

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/fleet"
	"polder.city/simulate"
)

// groningen is the world of the paper.
type groningen struct {
	LayoutSeed           uint64     `yaml:"layout_seed"`
	Clusters             int        `yaml:"clusters"`
	Containers           int        `yaml:"containers"`
	ContainerLitres      float64    `yaml:"container_litres"`
	ClusterVolumesPerDay float64    `yaml:"cluster_volumes_per_day"`
	InflowCV             float64    `yaml:"inflow_cv"`
	InflowMax            float64    `yaml:"inflow_max"`
	DepositLitres        [3]float64 `yaml:"deposit_litres"`
	WidthKm              float64    `yaml:"width_km"`
	RoadFactor           float64    `yaml:"road_factor"`
	SpeedKmh             float64    `yaml:"speed_kmh"`
	Trucks               int        `yaml:"trucks"`
	ShiftFrom            string     `yaml:"shift_from"`
	ShiftHours           float64    `yaml:"shift_hours"`
	OvertimeHours        float64    `yaml:"overtime_hours"`
	Breaks               []string   `yaml:"breaks"`
	BreakMinutes         int        `yaml:"break_minutes"`
	MinutesPerCluster    float64    `yaml:"minutes_per_cluster"`
	MinutesPerContainer  float64    `yaml:"minutes_per_container"`
	HourCents            int64      `yaml:"hour_cents"`
	KmCents              int64      `yaml:"km_cents"`
	OverflowEventCents   int64      `yaml:"overflow_event_cents"`
	OverflowDayCents     int64      `yaml:"overflow_day_cents"`
	OverflowM3Cents      int64      `yaml:"overflow_m3_cents"`
}

// groningenWorld lays the clusters out: a city of a core and quarters about it, and a few villages. Breaks have no
// place, so they only make a route longer: the planner's problem leaves them out of the shift's six hours, and the judge adds them.
func (f *Frozen) groningenWorld() (*World, error) {
	g := &f.Groningen
	from, err := city.ParseTimeOfDay(g.ShiftFrom)
	if err != nil {
		return nil, fmt.Errorf("worlds.yaml: groningen: %w", err)
	}
	start, err := f.start(time.UTC)
	if err != nil {
		return nil, err
	}
	w := &World{
		Name: "groningen", Location: time.UTC, Start: start, Streams: []Stream{{ID: "rest", KgPerLitre: 0.075, PressedPerLitre: 0.4}},
		Works: func(time.Time) bool { return true }, Holiday: func(time.Time) bool { return false },
		Counts: true, ReadEvery: 1, co2: [2]float64{f.CO2GramsPerKm, f.CO2GramsPerLift},
		Overtime: int32(60 * g.BreakMinutes * len(g.Breaks)),
	}
	lo, top, hi := g.DepositLitres[0], g.DepositLitres[1], g.DepositLitres[2]
	w.Deposit = [2]float64{(lo + top + hi) / 3, math.Sqrt((lo*lo + top*top + hi*hi - lo*top - lo*hi - top*hi) / 18)}
	w.Fleet.MinutesPerPlace, w.Fleet.MinutesPerContainer = g.MinutesPerCluster, g.MinutesPerContainer
	w.Fleet.Costs = city.Costs{
		HourCents: g.HourCents, KmCents: g.KmCents, OverflowEventCents: g.OverflowEventCents, OverflowDayCents: g.OverflowDayCents,
		OverflowM3Cents: g.OverflowM3Cents,
	}
	shift := fleet.Window{Open: int32(from), Close: int32(from) + int32(3600*(g.ShiftHours+g.OvertimeHours))}
	for i := range g.Trucks {
		w.Trucks = append(w.Trucks, fleet.Vehicle{
			Name: fmt.Sprintf("W%d", i+1), Shift: shift, Capacity: []int64{}, HourCost: g.HourCents, KilometreCost: g.KmCents,
		})
	}
	for _, b := range g.Breaks {
		at, err := city.ParseTimeOfDay(b)
		if err != nil {
			return nil, fmt.Errorf("worlds.yaml: groningen: %w", err)
		}
		w.Breaks = append(w.Breaks, fleet.Break{Window: fleet.Window{Open: int32(at), Close: int32(at) + 1800}, Duration: int32(60 * g.BreakMinutes)})
	}
	w.layClusters(g)
	return w, nil
}

// layClusters draws the clusters, their travel and the simulator's configuration.
func (w *World) layClusters(g *groningen) {
	r := rand.New(rand.NewPCG(g.LayoutSeed, 1))
	type quarter struct{ x, y, sd, share float64 } // kilometres for a width of 1
	quarters := []quarter{{0, 0, 0.40, 0.50}}
	for i := range 8 {
		angle, far := 2*math.Pi*(float64(i)+0.5*r.Float64())/8, 0.8+0.4*r.Float64()
		quarters = append(quarters, quarter{far * math.Cos(angle), far * math.Sin(angle), 0.14, 0.05})
	}
	for i := range 4 {
		angle := 2 * math.Pi * (float64(i) + 0.4 + 0.3*r.Float64()) / 4
		quarters = append(quarters, quarter{2 * math.Cos(angle), 2 * math.Sin(angle), 0.12, 0.025})
	}
	xy := [][2]float64{{1.0 * g.WidthKm, -0.35 * g.WidthKm}} // the depot lies in the east
	for range g.Clusters {
		u := r.Float64()
		q := quarters[0]
		for _, q = range quarters {
			if u -= q.share; u < 0 {
				break
			}
		}
		xy = append(xy, [2]float64{g.WidthKm * (q.x + q.sd*r.NormFloat64()), g.WidthKm * (q.y + q.sd*r.NormFloat64())})
	}
	w.Locations = len(xy)
	w.Seconds, w.Meters = make([]int32, len(xy)*len(xy)), make([]int32, len(xy)*len(xy))
	for i, a := range xy {
		for j, b := range xy {
			km := g.RoadFactor * math.Hypot(a[0]-b[0], a[1]-b[1])
			w.Meters[i*len(xy)+j] = int32(km * 1000)
			w.Seconds[i*len(xy)+j] = int32(km / g.SpeedKmh * 3600)
		}
	}
	inflow, sum := make([]float64, g.Clusters), 0.0
	sd := math.Sqrt(math.Log1p(g.InflowCV * g.InflowCV))
	for i := range inflow {
		inflow[i] = math.Min(math.Exp(sd*r.NormFloat64()-sd*sd/2), g.InflowMax)
		sum += inflow[i]
	}
	c := simulate.Defaults()
	stream := simulate.DutchStreams()[0]
	stream.Triangular, stream.Weekday, stream.DayCV, stream.LitreCV, stream.ResidualMax = g.DepositLitres, [7]float64{}, 0, 0, 0
	c.Streams, c.Location, c.Start = []simulate.Stream{stream}, w.Location, w.Start
	c.Refusal, c.Spill, c.BlockedChance, c.ReportChance = [2]float64{1, 1}, [2]float64{}, 0, 0
	c.Sensing, c.Periods = simulate.Sensing{}, nil
	c.Policy.Workdays = [7]bool{true, true, true, true, true, true, true}
	more := g.Containers - g.Clusters
	for i := range g.Clusters {
		const earth = 111.2 // kilometres a degree
		x := Container{
			ID: fmt.Sprintf("C%03d", i+1), Location: i + 1, Lifts: 1, Sensor: true,
			Point: orb.Point{6.56 + xy[i+1][0]/earth/math.Cos(53.2*math.Pi/180), 53.2 + xy[i+1][1]/earth},
		}
		if (i*more)/g.Clusters != ((i+1)*more)/g.Clusters { // spread evenly: the places have no order
			x.Lifts = 2
		}
		x.Litres = float64(x.Lifts) * g.ContainerLitres
		w.Containers = append(w.Containers, x)
		c.Containers = append(c.Containers, simulate.Container{
			ID: x.ID, Place: x.ID, Stream: stream.ID, Point: x.Point, VolumeLitres: x.Litres,
			LitresPerDay: x.Litres * inflow[i] / sum * g.ClusterVolumesPerDay,
		})
	}
	w.config = c
}
