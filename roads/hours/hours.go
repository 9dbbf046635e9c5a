// Package hours reads times as signs and OpenStreetMap write them, such as
// "Mo-Fr 07:00-09:00,16:00-18:00; Sa off" or "2026 Jan 01+", and says whether a moment
// lies in them. Source: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification,
// of which it reads years, dates, weeks, weekdays and times by the clock; what depends on
// the sun, on Easter or on school holidays it refuses.
package hours

import "time"

// Hours are moments that come back. The zero value holds none. They are told in the local
// time of the place: give [Hours.Include] a moment in its [time.Location].
type Hours struct {
	text  string
	rules []rule
}

// A rule says of some days at which times they are in or out. Later rules of a list
// replace what earlier ones say of the same day, unless they were added with a comma.
type rule struct {
	dates    []dates
	weeks    []weeks
	weekdays uint8 // a bit for each, from Sunday as package time counts; 0 is any day
	holidays bool  // "PH": the rule holds on public holidays (also)
	times    []span
	off      bool
	added    bool
}

// dates are the days from one date to another, of every year when year is 0.
type dates struct{ first, last date }

type date struct{ year, month, day int }

// weeks are numbered as ISO 8601 does, first to last, every so many.
type weeks struct{ first, last, every int }

// span is a part of a day in minutes after midnight; a last over 24 hours is in the day after.
type span struct{ first, last int }

const (
	day   = 24 * 60
	night = 2 * day
)

// String returns the text that the hours were read from.
func (h Hours) String() string { return h.text }

// Include says whether a moment lies in the hours. Without a calendar of public holidays
// no day is one.
func (h Hours) Include(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	today := h.holds(t, minute)
	// What began yesterday and goes on after midnight, unless today's own rules say otherwise.
	noon := time.Date(t.Year(), t.Month(), t.Day()-1, 12, 0, 0, 0, t.Location())
	return today || h.holds(noon, minute+day)
}

// holds says whether the rules of a day include a minute after its midnight.
func (h Hours) holds(t time.Time, minute int) bool {
	is := false
	for i := range h.rules {
		r := &h.rules[i]
		if !r.day(t) {
			continue
		}
		in := r.minute(minute)
		switch {
		case r.off:
			is = is && !in
		case r.added:
			is = is || in
		default:
			is = in
		}
	}
	return is
}

func (r *rule) minute(minute int) bool {
	if len(r.times) == 0 {
		return minute < day
	}
	for _, s := range r.times {
		if minute >= s.first && minute < s.last {
			return true
		}
	}
	return false
}

func (r *rule) day(t time.Time) bool {
	if r.weekdays == 0 && r.holidays || r.weekdays != 0 && r.weekdays&(1<<t.Weekday()) == 0 {
		return false
	}
	if len(r.weeks) > 0 {
		_, week := t.ISOWeek()
		in := false
		for _, w := range r.weeks {
			in = in || week >= w.first && week <= w.last && (week-w.first)%w.every == 0
		}
		if !in {
			return false
		}
	}
	if len(r.dates) == 0 {
		return true
	}
	for _, d := range r.dates {
		if d.include(t) {
			return true
		}
	}
	return false
}

func (d dates) include(t time.Time) bool {
	year, month, of := t.Date()
	number := func(d date) int { return (d.year*16+d.month)*32 + d.day }
	now := date{0, int(month), of}
	if d.first.year > 0 {
		now.year = year
	}
	first, last := number(d.first), number(d.last)
	if first > last { // over New Year
		return number(now) >= first || number(now) <= last
	}
	return number(now) >= first && number(now) <= last
}
