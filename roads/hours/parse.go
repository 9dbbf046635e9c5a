package hours

import (
	"fmt"
	"strconv"
	"strings"
)

// maxText is above the 255 characters that OpenStreetMap allows in a value.
const maxText = 1024

// Parse reads hours. It refuses what it does not know, and says where that begins.
func Parse(text string) (Hours, error) {
	h := Hours{text: text}
	if len(text) > maxText {
		return Hours{}, fmt.Errorf("hours of %d bytes are no sign's", len(text))
	}
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		p := parser{rest: part}
		added := false
		for {
			r, ok := p.rule()
			if !ok {
				return Hours{}, fmt.Errorf("hours %q cannot be read from %q", text, p.rest)
			}
			r.added = added
			h.rules = append(h.rules, r)
			if p.rest == "" {
				break
			}
			if added = p.take(","); !added {
				return Hours{}, fmt.Errorf("hours %q cannot be read from %q", text, p.rest)
			}
		}
	}
	if len(h.rules) == 0 {
		return Hours{}, fmt.Errorf("hours %q say nothing", text)
	}
	return h, nil
}

// parser reads from the front of what is left.
type parser struct{ rest string }

// take takes a text off the front, and the blanks around it, if it stands there.
func (p *parser) take(text string) bool {
	rest, ok := strings.CutPrefix(p.rest, text)
	if ok {
		p.rest = strings.TrimLeft(rest, " ")
	}
	return ok
}

// name takes one of some names, whatever their case, and returns which.
func (p *parser) name(names string, length int) (int, bool) {
	if len(p.rest) < length || len(p.rest) > length && isLetter(p.rest[length]) {
		return 0, false
	}
	for i := 0; i < len(names); i += length {
		if strings.EqualFold(p.rest[:length], names[i:i+length]) {
			p.rest = strings.TrimLeft(strings.TrimPrefix(p.rest[length:], "."), " ")
			return i / length, true
		}
	}
	return 0, false
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }

// number takes a number of some digits that is within bounds.
func (p *parser) number(digits, low, high int) (int, bool) {
	n := 0
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		n++
	}
	if n == 0 || n > digits {
		return 0, false
	}
	v, err := strconv.Atoi(p.rest[:n])
	if err != nil || v < low || v > high {
		return 0, false
	}
	p.rest = strings.TrimLeft(p.rest[n:], " ")
	return v, true
}

func (p *parser) rule() (r rule, ok bool) {
	if p.take("24/7") {
		return r, p.modifier(&r)
	}
	begin := p.rest
	if !p.dates(&r) || !p.weeks(&r) {
		return r, false
	}
	p.take(":")
	if !p.weekdays(&r) {
		return r, false
	}
	p.take(":")
	if !p.times(&r) || !p.modifier(&r) {
		return r, false
	}
	return r, p.rest != begin
}

// modifier takes what says whether the times are in or out.
func (p *parser) modifier(r *rule) bool {
	for _, word := range [...]string{"off", "closed"} {
		if p.take(word) {
			r.off = true
			return true
		}
	}
	_ = p.take("open") // which is what times without a word are
	return true
}

const (
	monthNames   = "JanFebMarAprMayJunJulAugSepOctNovDec"
	weekdayNames = "SuMoTuWeThFrSa"
	lastYear     = 9999
)

// dates takes "2026", "2026-2028", "2026+", "Nov-Mar", "Dec 24-26", "2026 Jan 01-2026 Mar 31" and
// "2026 Jan 01-", several with commas between.
func (p *parser) dates(r *rule) bool {
	for {
		before := p.rest
		first, parts := p.date()
		if parts == 0 {
			p.rest = before
			return len(r.dates) == 0
		}
		d := dates{first, first}
		switch {
		case p.take("+"):
			if first.year == 0 {
				return false
			}
			d.last = date{lastYear, 12, 31}
		case p.take("-") || p.take("–"):
			before := p.rest
			last, lastParts := p.date()
			if lastParts == 0 {
				p.rest = before
				if of, ok := p.number(2, 1, 31); ok && parts >= 2 && first.day > 0 { // "Dec 24-26"
					last = date{first.year, first.month, of}
				} else if first.year > 0 {
					last = date{lastYear, 12, 31}
				} else {
					return false
				}
			} else if last.year == 0 {
				last.year = first.year
			} else if first.year == 0 {
				return false
			}
			d.last = last
		}
		whole(&d)
		r.dates = append(r.dates, d)
		before = p.rest
		if !p.take(",") {
			return true
		}
		if _, more := p.date(); more == 0 {
			p.rest = before // the comma is another rule's
			return true
		}
		p.rest = strings.TrimLeft(strings.TrimPrefix(before, ","), " ")
	}
}

// whole puts the first and last day of what names only years or months.
func whole(d *dates) {
	if d.first.month == 0 {
		d.first.month = 1
	}
	if d.first.day == 0 {
		d.first.day = 1
	}
	if d.last.month == 0 {
		d.last.month = 12
	}
	if d.last.day == 0 {
		d.last.day = 31
	}
}

// date takes a year, a month, a day of it, as far as they stand there, and returns how many of them.
func (p *parser) date() (d date, parts int) {
	before := p.rest
	if v, ok := p.number(4, 1900, lastYear); ok {
		d.year, parts = v, 1
		if p.isTime() {
			p.rest = before
			return date{}, 0
		}
	}
	if v, ok := p.name(monthNames, 3); ok {
		d.month, parts = v+1, parts+1
		before := p.rest
		if v, ok := p.number(2, 1, 31); ok {
			if p.isTime() { // "Jan 07:00-09:00"
				p.rest = before
			} else {
				d.day, parts = v, parts+1
			}
		}
	}
	return d, parts
}

// isTime says whether the number just taken was an hour.
func (p *parser) isTime() bool {
	return len(p.rest) > 1 && p.rest[0] == ':' && p.rest[1] >= '0' && p.rest[1] <= '9'
}

// weeks takes "week 01-26/2".
func (p *parser) weeks(r *rule) bool {
	if !p.take("week") {
		return true
	}
	for {
		first, ok := p.number(2, 1, 53)
		if !ok {
			return false
		}
		w := weeks{first, first, 1}
		if p.take("-") {
			if w.last, ok = p.number(2, first, 53); !ok {
				return false
			}
		}
		if p.take("/") {
			if w.every, ok = p.number(2, 1, 53); !ok {
				return false
			}
		}
		r.weeks = append(r.weeks, w)
		if !p.take(",") {
			return true
		}
	}
}

// weekdays takes "Mo-Fr,Su" and "PH".
func (p *parser) weekdays(r *rule) bool {
	for {
		before := p.rest
		if p.take("PH") {
			r.holidays = true
		} else {
			first, ok := p.name(weekdayNames, 2)
			if !ok {
				p.rest = before
				return r.weekdays == 0 && !r.holidays
			}
			last := first
			if p.take("-") || p.take("–") {
				if last, ok = p.name(weekdayNames, 2); !ok {
					return false
				}
			}
			for d := first; ; d = (d + 1) % 7 {
				r.weekdays |= 1 << d
				if d == last {
					break
				}
			}
		}
		if strings.HasPrefix(p.rest, "[") { // the first Monday of a month
			return false
		}
		before = p.rest
		if !p.take(",") {
			return true
		}
		if _, day := p.name(weekdayNames, 2); !day && !p.take("PH") {
			p.rest = before
			return true
		}
		p.rest = strings.TrimLeft(strings.TrimPrefix(before, ","), " ")
	}
}

// times takes "07:00-09:00,16:00-18:00", "22:00-06:00" and "18:00+".
func (p *parser) times(r *rule) bool {
	for {
		before := p.rest
		first, ok := p.time()
		if !ok {
			p.rest = before
			return len(r.times) == 0
		}
		s := span{first, day}
		if p.take("-") || p.take("–") {
			if s.last, ok = p.time(); !ok {
				return false
			}
			if s.last <= s.first {
				s.last += day
			}
		} else if !p.take("+") {
			return false
		}
		p.take("+")
		s.last = min(s.last, night)
		r.times = append(r.times, s)
		before = p.rest
		if !p.take(",") {
			return true
		}
		if _, ok := p.time(); !ok {
			p.rest = before
			return true
		}
		p.rest = strings.TrimLeft(strings.TrimPrefix(before, ","), " ")
	}
}

// time takes minutes after midnight, up to "48:00".
func (p *parser) time() (int, bool) {
	hour, ok := p.number(2, 0, 48)
	if !ok || !p.take(":") {
		return 0, false
	}
	minute, ok := p.number(2, 0, 59)
	return min(hour*60+minute, night), ok
}
