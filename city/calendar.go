package city

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"polder.city/internal/calendar"
)

// TimeOfDay is a time in the city's own zone, in seconds since midnight by the clock on the wall.
type TimeOfDay int32

// ParseTimeOfDay reads "07:00"; "24:00" is the end of the day.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	h, m, ok := strings.Cut(s, ":")
	hours, err1 := strconv.Atoi(h)
	minutes, err2 := strconv.Atoi(m)
	if !ok || len(h) != 2 || len(m) != 2 || err1 != nil || err2 != nil ||
		hours < 0 || hours > 24 || minutes < 0 || minutes > 59 || (hours == 24 && minutes > 0) {
		return 0, fmt.Errorf("%q is no time of day", s)
	}
	return TimeOfDay(hours*3600 + minutes*60), nil
}

// String returns the time as "07:00".
func (t TimeOfDay) String() string { return fmt.Sprintf("%02d:%02d", t/3600, t/60%60) }

// On returns the moment on day's date at which the wall clock in day's zone shows t.
func (t TimeOfDay) On(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, int(t)/3600, int(t)/60%60, int(t)%60, 0, day.Location())
}

var weekdayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWeekday reads "mon" to "sun".
func ParseWeekday(s string) (time.Weekday, error) {
	if i := slices.Index(weekdayNames[:], s); i >= 0 {
		return time.Weekday(i), nil
	}
	return 0, fmt.Errorf("%q is no day of the week", s)
}

// Holiday reports whether the day's date is one of the city's free days.
func (c *City) Holiday(day time.Time) bool {
	for _, rule := range c.Holidays {
		if rule == "nl" {
			if _, ok := calendar.Holiday(day); ok {
				return true
			}
		} else if rule == day.Format("01-02") {
			return true
		}
	}
	return false
}

// WorkingDay reports whether trucks go out on the day's date (in the city's zone).
func (c *City) WorkingDay(day time.Time) bool {
	return slices.Contains(c.Fleet.Shift.Days, day.Weekday()) && !c.Holiday(day)
}

// Due reports whether the fixed schedule empties the row's container on the day's
// date. It knows no holidays: what happens then is the planner's to say.
func (r ScheduleRow) Due(day time.Time) bool {
	if !slices.Contains(r.Days, day.Weekday()) {
		return false
	}
	weeks := weekNumber(day) - weekNumber(r.First)
	return weeks >= 0 && weeks%max(r.EveryWeeks, 1) == 0
}

// weekNumber counts weeks that begin on Monday, without a break at New Year.
func weekNumber(day time.Time) int {
	y, m, d := day.Date()
	days := int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	return (days + 3) / 7 // 1 January 1970 was a Thursday
}

// In returns the first moment of the event in a year and the moment after its
// last, in loc; ok is false when it does not happen that year.
func (e Event) In(year int, loc *time.Location) (from, to time.Time, ok bool) {
	day, ok := e.firstDay(year, loc)
	if !ok {
		return time.Time{}, time.Time{}, false
	}
	last := day.AddDate(0, 0, max(e.Days, 1)-1)
	if e.To == 0 {
		return e.From.On(day), last.AddDate(0, 0, 1), true
	}
	return e.From.On(day), e.To.On(last), true
}

func (e Event) firstDay(year int, loc *time.Location) (time.Time, bool) {
	date := func(month time.Month, day int) time.Time { return time.Date(year, month, day, 0, 0, 0, 0, loc) }
	switch {
	case e.Date != "":
		day, err := time.ParseInLocation(time.DateOnly, e.Date, loc)
		return day, err == nil && day.Year() == year
	case e.Yearly != "":
		day, err := time.Parse("2006-01-02", "2000-"+e.Yearly)
		return date(day.Month(), day.Day()), err == nil
	}
	switch words := strings.Fields(e.Rule); {
	case e.Rule == "kings_day":
		day := calendar.KingsDay(year)
		return date(day.Month(), day.Day()), true
	case e.Rule == "easter":
		day := calendar.Easter(year)
		return date(day.Month(), day.Day()), true
	case len(words) == 4 && words[2] == "of":
		return nthWeekday(words, date)
	}
	return time.Time{}, false
}

// nthWeekday reads "first sat of jul" to "fifth …" and "last …".
func nthWeekday(words []string, date func(time.Month, int) time.Time) (time.Time, bool) {
	weekday, err := ParseWeekday(words[1])
	month := slices.Index([]string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, words[3]) + 1
	n := slices.Index([]string{"first", "second", "third", "fourth", "last"}, words[0])
	if err != nil || month == 0 || n < 0 {
		return time.Time{}, false
	}
	if words[0] == "last" {
		end := date(time.Month(month)+1, 0)
		return end.AddDate(0, 0, -(int(end.Weekday())-int(weekday)+7)%7), true
	}
	begin := date(time.Month(month), 1)
	return begin.AddDate(0, 0, (int(weekday)-int(begin.Weekday())+7)%7+7*n), true
}
