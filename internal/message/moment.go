package message

import (
	"fmt"
	"math"
	"time"

	"polder.city/internal/calendar"
)

var monthsNL = [...]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}

var daysNL = [...]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"}

// moment prints a time in the city's zone. The zero time prints as a dash.
func moment(f func(p *Printer, t time.Time) string) func(*Printer, any) (string, error) {
	return func(p *Printer, v any) (string, error) {
		t, ok := v.(time.Time)
		if !ok {
			return "", fmt.Errorf("a %T is not a time", v)
		}
		if t.IsZero() {
			return "–", nil
		}
		return f(p, t.In(p.loc)), nil
	}
}

func (p *Printer) monthName(t time.Time) string {
	if p.lang == "en" {
		return t.Month().String()
	}
	return monthsNL[t.Month()-1]
}

func date(p *Printer, t time.Time) string {
	return fmt.Sprintf("%d\u00a0%s %d", t.Day(), p.monthName(t), t.Year())
}

func month(p *Printer, t time.Time) string { return fmt.Sprintf("%s %d", p.monthName(t), t.Year()) }

func short(p *Printer, t time.Time) string {
	name := p.monthName(t)[:3]
	if p.lang == "nl" && t.Month() == time.March {
		name = "mrt"
	}
	return fmt.Sprintf("%d\u00a0%s", t.Day(), name)
}

func weekday(p *Printer, t time.Time) string {
	name := daysNL[t.Weekday()]
	if p.lang == "en" {
		name = t.Weekday().String()
	}
	s := fmt.Sprintf("%s %d\u00a0%s", name, t.Day(), p.monthName(t))
	if t.Year() != p.Now().Year() {
		s += fmt.Sprintf(" %d", t.Year())
	}
	return s
}

// daysFromNow counts the city's days between now and t.
func (p *Printer) daysFromNow(t time.Time) int {
	from, to := calendar.Midnight(p.now(), p.loc), calendar.Midnight(t, p.loc)
	return int(math.Round(to.Sub(from).Hours() / 24)) // a day may have 23 or 25 hours
}

func day(p *Printer, t time.Time) string {
	words := [...]string{"gisteren", "vandaag", "morgen"}
	if p.lang == "en" {
		words = [...]string{"yesterday", "today", "tomorrow"}
	}
	if n := p.daysFromNow(t); n >= -1 && n <= 1 {
		return words[n+1]
	}
	return weekday(p, t)
}

func clock(p *Printer, t time.Time) string {
	if p.lang == "en" {
		return t.Format("15:04")
	}
	return fmt.Sprintf("%d.%02d", t.Hour(), t.Minute())
}

func hour(p *Printer, t time.Time) string {
	if p.lang == "en" {
		return clock(p, t)
	}
	return clock(p, t) + "\u00a0uur"
}

func dayTime(p *Printer, t time.Time) string {
	if p.lang == "en" {
		return day(p, t) + " at " + hour(p, t)
	}
	return day(p, t) + " om " + hour(p, t)
}

// rel prints how long ago or ahead a moment is, in its largest whole unit.
func rel(p *Printer, t time.Time) string {
	d := t.Sub(p.now())
	ahead := d > 0
	d = d.Abs()
	if d < time.Minute {
		switch {
		case p.lang == "en" && ahead:
			return "in a moment"
		case p.lang == "en":
			return "just now"
		case ahead:
			return "zo meteen"
		}
		return "zojuist"
	}
	var s string
	switch {
	case d < time.Hour:
		s = p.count(int(d.Minutes()), "minuut", "minuten", "minute", "minutes")
	case d < 24*time.Hour:
		s = p.count(int(d.Hours()), "uur", "uur", "hour", "hours")
	default:
		s = p.count(int(d.Hours()/24), "dag", "dagen", "day", "days")
	}
	switch {
	case p.lang == "en" && ahead:
		return "in " + s
	case p.lang == "en":
		return s + " ago"
	case ahead:
		return "over " + s
	}
	return s + " geleden"
}

func (p *Printer) count(n int, one, many, oneEN, manyEN string) string {
	if p.lang == "en" {
		one, many = oneEN, manyEN
	}
	if n != 1 {
		one = many
	}
	return p.decimal(float64(n), 0) + "\u00a0" + one
}

func durationMinutes(p *Printer, v any) (string, error) {
	d, err := asDuration(v)
	return p.count(int(math.Round(d.Minutes())), "minuut", "minuten", "minute", "minutes"), err
}

func durationHours(p *Printer, v any) (string, error) {
	d, err := asDuration(v)
	return p.count(int(math.Round(d.Hours())), "uur", "uur", "hour", "hours"), err
}

func duration(p *Printer, v any) (string, error) {
	d, err := asDuration(v)
	if d < time.Minute {
		return p.count(int(math.Round(d.Seconds())), "seconde", "seconden", "second", "seconds"), err
	}
	total := int(math.Round(d.Minutes()))
	hours, minutes := total/60, total%60
	h := p.count(hours, "uur", "uur", "hour", "hours")
	m := p.count(minutes, "minuut", "minuten", "minute", "minutes")
	switch {
	case hours == 0:
		return m, err
	case minutes == 0:
		return h, err
	case p.lang == "en":
		return h + " and " + m, err
	}
	return h + " en " + m, err
}
