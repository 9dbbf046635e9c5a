package simulate

import (
	"math"
	"time"
)

// weather is the city's in one hour.
type weather struct {
	celsius float64
	rain    float64 // mm in the last three hours
	wet     float64 // mm of the last weeks that the soil still holds
	sun     float64 // 0 to 1
}

// soilDays is in how many days the soil loses all but 37 % of a rain.
const soilDays = 6

func (m *model) weather(at local) weather {
	k := mix(m.c.Seed ^ forWeather)
	var w weather
	for h := at.clock - 2; h <= at.clock; h++ {
		if h >= 0 {
			w.rain += m.rain(at.day, h)
		}
	}
	for h := range at.clock {
		w.wet += m.rain(at.day, h)
	}
	for ago := int64(1); ago <= 4*soilDays; ago++ {
		mm, _, _ := m.shower(at.day - ago)
		w.wet += mm * math.Exp(-float64(ago)/soilDays)
	}
	date := time.Unix(at.day*86400, 0).UTC()
	season := 0.5 - 0.5*math.Cos(2*math.Pi*float64(date.YearDay()+10)/365) // 0 at midwinter, 1 at midsummer
	day := math.Cos(2 * math.Pi * float64(at.clock-13) / 24)               // the sun leads the warmth by two hours
	w.sun = max(0, day-0.5*(1-season)) * (0.3 + 0.7*season)
	// Half a month on lies the next month's mean.
	into := (float64(date.Day()) - 15) / 30
	other := at.month + 1
	if into < 0 {
		other = at.month - 1
	}
	w.celsius = m.c.Climate.Celsius[at.month]*(1-math.Abs(into)) + m.c.Climate.Celsius[(other+12)%12]*math.Abs(into)
	w.celsius += 2.5*m.normals.wobble(k, at.hour*3600, 3*86400) + (1.5+3*season)*math.Cos(2*math.Pi*float64(at.clock-15)/24)
	return w
}

// shower returns a day's rain in mm, the hour at which it begins and how many hours it lasts.
func (m *model) shower(day int64) (mm float64, from, hours int) {
	month := time.Unix(day*86400, 0).UTC().Month() - 1
	days := m.c.Climate.RainDays[month]
	r := draw(m.c.Seed, forWeather, uint64(day))
	if !(unit(r)*30.4 < days) {
		return 0, 0, 0
	}
	r = mix(r)
	return -math.Log(1-unit(r)) * m.c.Climate.RainMM[month] / days, int(mix(r) % 19), 1 + int(mix(r+1)%5)
}

func (m *model) rain(day int64, clock int) float64 {
	mm, from, hours := m.shower(day)
	if hours == 0 || clock < from || clock >= from+hours {
		return 0
	}
	return mm / float64(hours)
}

// simple returns what soil-moisture sensor, pump or greenhouse i tells, and for a pump the share of the time that it ran.
func (v *view) simple(i int, at int64) (value, running float64) {
	k, w := v.m.sensors[i], &v.scene.weather
	own, noise := unit(k), v.m.normals.of(draw(k, forSoil, uint64(at)))
	switch v.m.c.Sensors[i].Kind {
	case SoilMoisture:
		x := 0.17 + 0.08*own + (0.0025+0.002*own)*w.wet - 0.006*max(0, w.celsius-6) + 0.002*noise
		return math.Floor(max(0.04, min(0.48, x))*1000+0.5) / 1000, 0
	case Pump:
		load := 0.10 + 0.08*own + (0.05+0.05*own)*w.rain + 0.03*v.m.normals.wobble(k, at, 5400)
		running = max(0, min(1, load))
		x := 0.02 + 0.01*noise + 0.3*max(0, load-1)
		return math.Floor(x*100+0.5) / 100, math.Floor(running*100+0.5) / 100
	default:
		x := 16.5 + 2*own + 0.25*(w.celsius-10) + 7*w.sun + 0.5*v.m.normals.wobble(k, at, 7200)
		return math.Floor(x*10+0.5) / 10, 0
	}
}
