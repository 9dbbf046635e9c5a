package simulate

import (
	"time"

	"polder.city/internal/calendar"
)

// What a Dutch city may start from. It is data that a city replaces: the streams and the mix are
// those of the demonstration's table (demo.md), not measured.

var (
	// Residents bring bags on their way out and before supper.
	atHome = [24]float64{.3, .15, .1, .1, .15, .4, 1.1, 2, 2.2, 2.1, 2, 1.9, 1.8, 1.8, 1.8, 1.9, 2.2, 2.5, 2.6, 2.4, 2, 1.5, 1, .6}
	// Glass and textiles go along to the shops, by day.
	toShops = [24]float64{.1, .05, .05, .05, .05, .1, .3, .8, 1.6, 2.4, 3, 3.1, 2.8, 2.8, 3, 3, 2.9, 2.5, 1.8, 1.4, 1, .5, .3, .2}
)

// DutchStreams returns rest (with pmd), papier, glas, gft and textiel as residents bring them.
func DutchStreams() []Stream {
	return []Stream{
		{
			ID: "rest", DepositLitres: 30, DepositCV: 0.4, Hour: atHome, Weekday: [7]float64{1.05, 1.15, 1, .95, .95, .95, 1.05},
			DayCV: 0.15, LitreCV: 0.2, ResidualMax: 0.05, KgPerLitre: 0.075,
		},
		{
			ID: "papier", DepositLitres: 18, DepositCV: 0.8, Hour: atHome, Weekday: [7]float64{1.1, 1, .9, .9, .9, 1, 1.3},
			DayCV: 0.2, LitreCV: 0.2, ResidualMax: 0.05, KgPerLitre: 0.055,
		},
		{
			ID: "glas", DepositLitres: 6, DepositCV: 0.6, Hour: toShops, Weekday: [7]float64{1.1, 1.1, .85, .85, .9, 1, 1.4},
			DayCV: 0.25, LitreCV: 0.2, ResidualMax: 0.02, KgPerLitre: 0.281,
		},
		{
			ID: "gft", DepositLitres: 7, DepositCV: 0.5, Hour: atHome, Weekday: [7]float64{1.2, 1.05, .95, .9, .9, .9, 1.1},
			Month: [12]float64{1, 1, 1, 1, 1.3, 1.57, 1.57, 1.57, 1.3, 1.1, 1, 1},
			DayCV: 0.15, LitreCV: 0.2, ResidualMax: 0.05, KgPerLitre: 0.233, MaxDays: 7,
		},
		{
			ID: "textiel", DepositLitres: 20, DepositCV: 0.7, Hour: toShops, Weekday: [7]float64{1, 1, .9, .9, .9, 1, 1.3},
			DayCV: 0.25, LitreCV: 0.2, ResidualMax: 0.05, KgPerLitre: 0.121,
		},
	}
}

// DutchMix returns the containers of the demonstration's table, for [Generate] with [DutchStreams].
func DutchMix() []Mix {
	return []Mix{
		{Stream: "rest", Code: "R", Share: 620, VolumeLitres: 5000, LitresPerDay: 480, Sensor: 0.94, Days: 1},
		{Stream: "papier", Code: "P", Share: 260, VolumeLitres: 5000, LitresPerDay: 330, Sensor: 0.94, Days: 1},
		{Stream: "glas", Code: "G", Share: 270, VolumeLitres: 4000, LitresPerDay: 160, Sensor: 0.495, Days: 1, EveryWeeks: 3},
		{Stream: "gft", Code: "V", Share: 190, VolumeLitres: 1500, LitresPerDay: 70, Days: 1},
		{Stream: "textiel", Code: "T", Share: 160, VolumeLitres: 3000, LitresPerDay: 140, Sensor: 0.495, Days: 1, EveryWeeks: 2},
	}
}

// DutchHolidays returns the public holidays from one day to another as periods on which nothing is
// emptied and less is driven. What people throw away then, the city says by periods of its own.
func DutchHolidays(from, to time.Time, loc *time.Location) []Period {
	var out []Period
	for day := calendar.Midnight(from, loc); day.Before(to); day = calendar.AddDays(day, 1) {
		if name, ok := calendar.Holiday(day); ok {
			out = append(out, Period{Name: name, From: day, To: calendar.AddDays(day, 1), Closed: true, Traffic: 0.75})
		}
	}
	return out
}

// DutchClimate returns the weather of De Bilt by month, rounded from the normals of 1991 to 2020 of the KNMI.
func DutchClimate() Climate {
	return Climate{
		Celsius:  [12]float64{3.6, 3.9, 6.5, 9.9, 13.4, 16.2, 18.3, 17.9, 14.7, 10.9, 7.0, 4.2},
		RainMM:   [12]float64{71, 63, 58, 42, 59, 71, 85, 84, 78, 81, 80, 84},
		RainDays: [12]float64{17, 16, 15, 13, 14, 14, 14, 14, 15, 16, 18, 18},
	}
}
