package calendar

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

func TestEasterIsWhereTheAlmanacsHaveIt(t *testing.T) {
	for _, want := range []time.Time{
		date(2000, 4, 23), date(2001, 4, 15), date(2002, 3, 31), date(2003, 4, 20), date(2004, 4, 11),
		date(2005, 3, 27), date(2008, 3, 23), date(2010, 4, 4), date(2011, 4, 24), date(2014, 4, 20),
		date(2016, 3, 27), date(2018, 4, 1), date(2019, 4, 21), date(2020, 4, 12), date(2021, 4, 4),
		date(2022, 4, 17), date(2023, 4, 9), date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5),
		date(2027, 3, 28), date(2028, 4, 16), date(2029, 4, 1), date(2030, 4, 21), date(2035, 3, 25),
		date(2038, 4, 25), date(2040, 4, 1), date(2045, 4, 9), date(2049, 4, 18), date(2050, 4, 10),
	} {
		if got := Easter(want.Year()); !got.Equal(want) {
			t.Errorf("Easter %d is %s, not %s", want.Year(), got.Format("2 January"), want.Format("2 January"))
		}
	}
}

func TestEasterIsASundayFrom22MarchTo25April(t *testing.T) {
	for year := 1600; year <= 2400; year++ {
		e := Easter(year)
		if e.Weekday() != time.Sunday || e.Before(date(year, 3, 22)) || e.After(date(year, 4, 25)) {
			t.Errorf("Easter %d falls on %s", year, e.Format("Monday 2 January"))
		}
	}
}

func TestPublicHolidays(t *testing.T) {
	for _, c := range []struct {
		day  time.Time
		name string
	}{
		{date(2025, 1, 1), "Nieuwjaarsdag"},
		{date(2025, 4, 18), ""}, // Good Friday is no public holiday
		{date(2025, 4, 20), "Eerste paasdag"},
		{date(2025, 4, 21), "Tweede paasdag"},
		{date(2025, 4, 26), "Koningsdag"}, // the 27th is a Sunday
		{date(2025, 4, 27), ""},
		{date(2026, 4, 27), "Koningsdag"},
		{date(2026, 4, 26), ""},
		{date(2025, 5, 5), "Bevrijdingsdag"},
		{date(2026, 5, 5), ""}, // one every five years
		{date(2030, 5, 5), "Bevrijdingsdag"},
		{date(2025, 5, 29), "Hemelvaartsdag"},
		{date(2025, 6, 8), "Eerste pinksterdag"},
		{date(2025, 6, 9), "Tweede pinksterdag"},
		{date(2026, 5, 14), "Hemelvaartsdag"},
		{date(2026, 5, 24), "Eerste pinksterdag"},
		{date(2026, 5, 25), "Tweede pinksterdag"},
		{date(2025, 12, 5), ""},
		{date(2025, 12, 24), ""},
		{date(2025, 12, 25), "Eerste kerstdag"},
		{date(2025, 12, 26), "Tweede kerstdag"},
		{date(2025, 12, 31), ""},
		{date(2026, 4, 4), ""}, // the day before Easter
	} {
		name, ok := Holiday(c.day)
		if name != c.name || ok != (c.name != "") {
			t.Errorf("%s: %q, %t; want %q", c.day.Format("2 January 2006"), name, ok, c.name)
		}
	}
}

func TestEachYearHasItsHolidays(t *testing.T) {
	for year := 2000; year <= 2050; year++ {
		var names []string
		for d := date(year, 1, 1); d.Year() == year; d = AddDays(d, 1) {
			if name, ok := Holiday(d); ok {
				names = append(names, name)
			}
		}
		// Two days may coincide: in 2038 Easter Monday is 26 April, and so on.
		want := 9
		if year%5 == 0 {
			want++
		}
		if n := len(names); n > want || n < want-1 {
			t.Errorf("%d has %d: %v", year, n, names)
		}
	}
}

func TestAHolidayIsOneAtAnyHourOfItsZone(t *testing.T) {
	loc, err := time.LoadLocation(Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	for _, hour := range []int{0, 12, 23} {
		if _, ok := Holiday(time.Date(2026, 4, 27, hour, 59, 0, 0, loc)); !ok {
			t.Errorf("27 April 2026 at %d.59 is no holiday", hour)
		}
	}
	// 26 April at 23.00 UTC is 27 April in Amsterdam.
	late := time.Date(2026, 4, 26, 23, 0, 0, 0, time.UTC)
	if _, ok := Holiday(late); ok {
		t.Error("26 April in UTC is a holiday")
	}
	if _, ok := Holiday(late.In(loc)); !ok {
		t.Error("27 April in Amsterdam is none")
	}
}

func TestWorkdays(t *testing.T) {
	for day, want := range map[time.Time]bool{
		date(2026, 4, 24): true,  // Friday
		date(2026, 4, 25): false, // Saturday
		date(2026, 4, 26): false, // Sunday
		date(2026, 4, 27): false, // Koningsdag, a Monday
		date(2026, 4, 28): true,
		date(2026, 5, 5):  true,
		date(2025, 5, 5):  false,
	} {
		if Workday(day) != want {
			t.Errorf("%s: workday %t", day.Format("Monday 2 January 2006"), !want)
		}
	}
}

func TestDaysOf23And25HoursStartAtMidnight(t *testing.T) {
	loc, err := time.LoadLocation(Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		noon  time.Time
		hours float64
	}{
		{time.Date(2026, 3, 28, 12, 0, 0, 0, loc), 24},
		{time.Date(2026, 3, 29, 12, 0, 0, 0, loc), 23},
		{time.Date(2026, 10, 25, 12, 0, 0, 0, loc), 25},
	} {
		start := Midnight(c.noon.UTC(), loc)
		end := AddDays(start, 1)
		if start.Hour() != 0 || end.Hour() != 0 || start.Day() != c.noon.Day() || end.Sub(start).Hours() != c.hours {
			t.Errorf("the day of %s lasts from %s to %s", c.noon, start, end)
		}
	}
	if got := AddDays(time.Date(2026, 12, 31, 18, 0, 0, 0, loc), 1); !got.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, loc)) {
		t.Errorf("the day after New Year's Eve is %s", got)
	}
	if got := AddDays(time.Date(2026, 3, 1, 18, 0, 0, 0, loc), -1); got.Day() != 28 || got.Month() != time.February {
		t.Errorf("the day before 1 March is %s", got)
	}
}
