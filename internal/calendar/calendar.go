// Package calendar knows the days on which the Netherlands does not work.
package calendar

import "time"

// Amsterdam is the IANA name of the Dutch time zone.
const Amsterdam = "Europe/Amsterdam"

// Midnight returns the start of t's day in loc. A day is 23 or 25 hours long twice a year.
func Midnight(t time.Time, loc *time.Location) time.Time {
	y, m, d := t.In(loc).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, loc)
}

// AddDays returns the start of the day n days after t's day, both in t's zone.
func AddDays(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, t.Location())
}

// Holiday returns the Dutch name of the public holiday on day's date (in day's
// own zone). Bevrijdingsdag is one every five years only, as in most collective agreements.
func Holiday(day time.Time) (name string, ok bool) {
	y, m, d := day.Date()
	easter := Easter(y)
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	switch int(date.Sub(easter).Hours() / 24) {
	case 0:
		return "Eerste paasdag", date.Equal(easter)
	case 1:
		return "Tweede paasdag", true
	case 39:
		return "Hemelvaartsdag", true
	case 49:
		return "Eerste pinksterdag", true
	case 50:
		return "Tweede pinksterdag", true
	}
	switch {
	case m == time.January && d == 1:
		return "Nieuwjaarsdag", true
	case date.Equal(KingsDay(y)):
		return "Koningsdag", true
	case m == time.May && d == 5 && y%5 == 0:
		return "Bevrijdingsdag", true
	case m == time.December && d == 25:
		return "Eerste kerstdag", true
	case m == time.December && d == 26:
		return "Tweede kerstdag", true
	}
	return "", false
}

// KingsDay returns 27 April of the year, or the 26th when the 27th is a Sunday.
func KingsDay(year int) time.Time {
	d := time.Date(year, time.April, 27, 0, 0, 0, 0, time.UTC)
	if d.Weekday() == time.Sunday {
		d = d.AddDate(0, 0, -1)
	}
	return d
}

// Easter returns Easter Sunday of a year in the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8).
func Easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	month := (h + l - 7*m + 114) / 31
	day := (h+l-7*m+114)%31 + 1
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

// Workday reports whether day is a Monday to Friday that is no public holiday.
func Workday(day time.Time) bool {
	if w := day.Weekday(); w == time.Saturday || w == time.Sunday {
		return false
	}
	_, holiday := Holiday(day)
	return !holiday
}
