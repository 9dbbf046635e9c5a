package simulate

import (
	"math"
	"testing"
	"time"
)

// street is a city without containers.
func street(t *testing.T) Config {
	t.Helper()
	c := demoCity(t, 10)
	c.Containers, c.Periods = nil, nil
	return c
}

func TestCountersCountTheirVehiclesWithRushHoursOnWorkingDays(t *testing.T) {
	c := street(t)
	c.Bridges = nil
	c.Start = time.Date(2026, 6, 1, 0, 0, 0, 0, c.Location) // a Monday
	const weeks = 4
	working, weekend := map[int]float64{}, map[int]float64{}
	var rush, noon float64
	n := 0
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 7*weeks)) {
		if e.Kind != Traffic {
			continue
		}
		n++
		if e.Value < 0 || e.Value != math.Floor(e.Value) || e.At.Unix()%300 != 0 {
			t.Fatalf("a count %+v", e)
		}
		// A count is about the five minutes before.
		at := e.At.Add(-time.Second).In(c.Location)
		if wd := at.Weekday(); wd == time.Saturday || wd == time.Sunday {
			weekend[e.Index] += e.Value
			continue
		}
		working[e.Index] += e.Value
		switch clock := at.Hour()*60 + at.Minute(); {
		case clock >= 7*60+30 && clock < 8*60+45:
			rush += e.Value / 75
		case clock >= 12*60 && clock < 14*60:
			noon += e.Value / 120
		}
	}
	if want := 24 * 288 * 7 * weeks; n != want {
		t.Errorf("%d counts, want %d", n, want)
	}
	for i, x := range c.Counters {
		mean := working[i] / (5 * weeks)
		if math.Abs(mean/x.VehiclesPerDay-1) > 0.03 {
			t.Errorf("%s: %.0f vehicles a working day, want %.0f", x.ID, mean, x.VehiclesPerDay)
		}
		if weekend[i]/(2*weeks) > 0.85*mean {
			t.Errorf("%s: a weekend day is as busy as a working day", x.ID)
		}
	}
	if rush < 1.25*noon {
		t.Errorf("the rush has %.2f times the traffic of noon", rush/noon)
	}
}

func TestBridgesOpenAtMostSixTimesInServiceAndNotInTheRush(t *testing.T) {
	c := street(t)
	c.Counters, c.CarParks, c.Sensors = nil, nil, nil
	c.Bridges[7].OpeningsPerDay = 6
	open := map[string]time.Time{}
	perDay := map[string]int{}
	total := make([]int, len(c.Bridges))
	const days = 200
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, days)) {
		if e.Kind != Bridge {
			t.Fatalf("%+v", e)
		}
		at := e.At.In(c.Location)
		since, isOpen := open[e.Thing]
		switch {
		case e.Value == 1 && !isOpen:
			open[e.Thing] = e.At
			total[e.Index]++
			if perDay[e.Thing+at.Format(time.DateOnly)]++; perDay[e.Thing+at.Format(time.DateOnly)] > 6 {
				t.Fatalf("%s opens for the seventh time on %v", e.Thing, at)
			}
			clock, wd := at.Hour()*60+at.Minute(), at.Weekday()
			winter := at.Month() >= time.November || at.Month() <= time.March
			if clock < 6*60 || clock >= 22*60 || (winter && (wd == time.Sunday || (wd == time.Saturday && (clock < 7*60 || clock >= 12*60)))) {
				t.Fatalf("%s opens outside its hours at %v", e.Thing, at)
			}
			if wd >= time.Monday && wd <= time.Friday && ((clock >= 7*60+30 && clock < 8*60+45) || (clock >= 16*60+15 && clock < 18*60)) {
				t.Fatalf("%s opens in the rush at %v", e.Thing, at)
			}
		case e.Value == 0 && isOpen && e.Seconds == int(e.At.Sub(since).Seconds()) && e.Seconds >= 240 && e.Seconds < 540:
			delete(open, e.Thing)
		default:
			t.Fatalf("%+v while open is %v since %v", e, isOpen, since)
		}
	}
	if len(open) > 0 {
		t.Errorf("still open: %v", open)
	}
	if mean := float64(total[1]) / days; mean < 0.6 || mean > 1 {
		t.Errorf("%s opens %.2f times a day, want 0.9 without winter Sundays", c.Bridges[1].ID, mean)
	}
}

func TestAnOpenBridgeStopsTheTrafficOfTheCountersNearIt(t *testing.T) {
	c := street(t)
	for i := range c.Bridges {
		c.Bridges[i].OpeningsPerDay = 0
	}
	c.Start = time.Date(2026, 6, 2, 0, 0, 0, 0, c.Location)
	at := c.Start.Add(15 * time.Hour)
	count := func(c Config) map[string]map[time.Time]float64 {
		out := map[string]map[time.Time]float64{}
		for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 1)) {
			if e.Kind == Traffic {
				if out[e.Thing] == nil {
					out[e.Thing] = map[time.Time]float64{}
				}
				out[e.Thing][e.At] = e.Value
			}
		}
		return out
	}
	usual := count(c)
	c.SetPieces = []SetPiece{{At: at, Kind: Bridge, Thing: "bridge-3", Value: 5}}
	dip := count(c)
	during, after := at.Add(5*time.Minute).UTC(), at.Add(10*time.Minute).UTC()
	if a, b := dip["counter-03"][during], usual["counter-03"][during]; a > 0.4*b {
		t.Errorf("%v vehicles while the bridge is open, %v else", a, b)
	}
	if a, b := dip["counter-03"][after], usual["counter-03"][after]; a < 1.1*b {
		t.Errorf("%v vehicles when the queue drives on, %v else", a, b)
	}
	if a, b := dip["counter-20"][during], usual["counter-20"][during]; a != b {
		t.Errorf("a counter far away counts %v, not %v", a, b)
	}
}

func TestCarParksAreFullInTheAfternoonAndASetPieceHolds(t *testing.T) {
	c := street(t)
	c.Start = time.Date(2026, 6, 2, 0, 0, 0, 0, c.Location)
	c.CarParks[1].Workday[3] = 1 // its own shape: full from three to four at night, else empty
	c.SetPieces = []SetPiece{{At: c.Start.Add(15 * time.Hour), Kind: CarPark, Thing: "park-00", Value: 0.87}}
	var night, day float64
	for _, e := range lived(t, world(t, c), c.Start.AddDate(0, 0, 1)) {
		if e.Kind != CarPark {
			continue
		}
		cars := e.Value * float64(c.CarParks[e.Index].Spaces)
		if e.Value < 0 || e.Value > 1 || math.Abs(cars-math.Round(cars)) > 1e-6 {
			t.Fatalf("%+v", e)
		}
		hour := e.At.In(c.Location).Hour()
		switch {
		case e.Index == 0 && hour == 15 && e.At.Minute() < 30 && math.Abs(e.Value-0.87) > 0.004:
			t.Errorf("at %v %s is %.3f full", e.At, e.Thing, e.Value)
		case e.Index == 1 && hour >= 6 && e.Value > 0.1:
			t.Errorf("at %v %s is %.3f full", e.At, e.Thing, e.Value)
		case e.Index > 1 && hour == 3:
			night += e.Value
		case e.Index > 1 && hour == 14:
			day += e.Value
		}
	}
	if day < 8*night {
		t.Errorf("by day %.1f times the cars of the night", day/night)
	}
}

func TestSoilPumpsAndGreenhousesFollowTheWeather(t *testing.T) {
	c := street(t)
	c.Counters, c.Bridges, c.CarParks = nil, nil, nil
	sum, n := map[string]float64{}, map[string]float64{}
	count := map[Kind]int{}
	var running, most float64
	for _, e := range lived(t, world(t, c), c.Start.AddDate(1, 0, 0)) {
		count[e.Kind]++
		k := e.Kind.String() + e.At.In(c.Location).Format(" January")
		sum[k] += e.Value
		n[k]++
		if e.Kind == Pump {
			running += e.Running
			most = max(most, e.Running)
		}
		low, high := 0.04, 0.48
		switch e.Kind {
		case Greenhouse:
			low, high = 5, 40
		case Pump:
			low, high = -0.05, 2
		}
		if e.Value < low || e.Value > high || e.Running < 0 || e.Running > 1 {
			t.Fatalf("%+v", e)
		}
	}
	if count[SoilMoisture] != 40*8760 || count[Pump] != 12*8760*4 || count[Greenhouse] != 8*8760*4 {
		t.Errorf("counts %v", count)
	}
	mean := func(k string) float64 { return sum[k] / n[k] }
	if winter, summer := mean("soilmoisture January"), mean("soilmoisture July"); winter < summer+0.01 {
		t.Errorf("soil holds %.3f in winter and %.3f in summer", winter, summer)
	}
	if winter, summer := mean("greenhouse January"), mean("greenhouse July"); summer < winter+3 {
		t.Errorf("greenhouses have %.1f in winter and %.1f in summer", winter, summer)
	}
	if r := running / float64(count[Pump]); r < 0.1 || r > 0.4 || most < 0.6 {
		t.Errorf("pumps run %.2f of the time, %.2f at most", r, most)
	}
}
