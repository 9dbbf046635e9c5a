package collection

import (
	"time"

	"polder.city/internal/calendar"
	"polder.city/internal/problem"
)

// DayLayout is how a city's day is written.
const DayLayout = time.DateOnly

// Today returns the start of the city's day by its clock.
func (s *Service) Today() time.Time { return calendar.Midnight(s.clock.Now(), s.city.Location) }

// NextWorkday returns the start of the first working day after the day that begins at midnight.
func (s *Service) NextWorkday(midnight time.Time) time.Time {
	next := calendar.AddDays(midnight, 1)
	for range 60 { // no city rests longer
		if s.city.WorkingDay(next) {
			break
		}
		next = calendar.AddDays(next, 1)
	}
	return next
}

// ParseDay reads a day of the city.
func (s *Service) ParseDay(text string) (time.Time, error) {
	day, err := time.ParseInLocation(DayLayout, text, s.city.Location)
	if err != nil {
		return day, problem.New(problem.Invalid, "day", "%q is no date.", text).At("date").Do("Write it as 2026-11-24.")
	}
	return day, nil
}

// NoWorkError says that nothing is collected on a day, and when the next time is.
type NoWorkError struct{ Day, Next time.Time }

// Error returns the sentence.
func (e *NoWorkError) Error() string {
	return "Nothing is collected on " + e.Day.Format("Monday 2 January 2006") + "; the next working day is " + e.Next.Format(DayLayout) + "."
}
