package roads

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"polder.city/roads/hours"
)

// condition is what must hold for a rule, all of it. Source:
// https://wiki.openstreetmap.org/wiki/Conditional_restrictions.
type condition struct {
	hours       []hours.Hours
	vehicle     []comparison
	destination bool // who has to be on the street; it is then for destination traffic
}

// comparison is a demand on a vehicle, as "weight>7.5".
type comparison struct {
	of       Limit // LimitWeight to LimitLength
	operator string
	value    uint16 // in the unit of Profile
}

// parseCondition reads a condition; "" is one that always holds.
func parseCondition(text string) (c condition, err error) {
	if text == "" {
		return c, nil
	}
	for _, part := range splitAnd(text) {
		part = strings.TrimSpace(part)
		switch part {
		case "":
			return c, errors.New("a part of a condition is empty")
		case "destination", "delivery", "customers":
			c.destination = true
			continue
		}
		if v, ok := parseComparison(part); ok {
			c.vehicle = append(c.vehicle, v)
			continue
		}
		h, err := hours.Parse(part)
		if err != nil {
			return c, err
		}
		c.hours = append(c.hours, h)
	}
	return c, nil
}

// splitAnd cuts a text at the word AND, in whatever case.
func splitAnd(text string) []string {
	var parts []string
	for {
		i := strings.Index(strings.ToUpper(text), " AND ")
		if i < 0 || len(strings.ToUpper(text)) != len(text) { // letters that change their length are no condition's
			return append(parts, text)
		}
		parts = append(parts, text[:i])
		text = text[i+len(" AND "):]
	}
}

func parseComparison(text string) (c comparison, ok bool) {
	i := strings.IndexAny(text, "<>=")
	if i < 0 {
		return c, false
	}
	key, rest := strings.TrimSpace(text[:i]), text[i:]
	for _, c.operator = range [...]string{"<=", ">=", "==", "<", ">", "="} {
		if rest, ok = strings.CutPrefix(rest, c.operator); ok {
			break
		}
	}
	read := size
	switch key {
	case "weight", "maxweight", "weightrating", "maxweightrating":
		c.of, read = LimitWeight, weight
	case "height":
		c.of = LimitHeight
	case "width":
		c.of = LimitWidth
	case "length":
		c.of = LimitLength
	default:
		return c, false
	}
	c.value, ok = read(strings.TrimSpace(rest))
	return c, ok && c.value > 0
}

// holds says whether a vehicle is as demanded.
func (c *comparison) holds(p *Profile) bool {
	v := [...]uint16{LimitWeight: p.Weight, LimitHeight: p.Height, LimitWidth: p.Width, LimitLength: p.Length}[c.of]
	switch c.operator {
	case "<":
		return v < c.value
	case "<=":
		return v <= c.value
	case ">":
		return v > c.value
	case ">=":
		return v >= c.value
	default:
		return v == c.value
	}
}

// view is when somebody looks at the rules: at a moment, or without one.
type view struct {
	at       time.Time
	timeless timeless
}

// timeless says which of the rules that hold at times count without a moment.
type timeless uint8

const (
	atMoment   timeless = iota
	unless              // all that refuse: what is left may be driven at any time
	ignoring            // none
	permitting          // all that permit: what may be driven at some time
)

// anyTime is the view of a graph that is for no moment.
func (p *Profile) anyTime() view {
	if p.AnyTime == AnyTimeIgnored {
		return view{timeless: ignoring}
	}
	return view{timeless: unless}
}

// weighs says whether a condition counts for a vehicle: surely, or (then sometimes is true) as
// one that holds at times and whose meaning without a moment is the view's.
func (c *condition) weighs(p *Profile, v view) (counts, sometimes bool) {
	for i := range c.vehicle {
		if !c.vehicle[i].holds(p) {
			return false, false
		}
	}
	if len(c.hours) == 0 {
		return true, false
	}
	if v.timeless != atMoment {
		return v.timeless != ignoring, true
	}
	for _, h := range c.hours {
		if !h.Include(v.at) {
			return false, false
		}
	}
	return true, false
}

// isTimed says whether a condition of a vehicle depends on the moment.
func (c *condition) isTimed(p *Profile) bool {
	_, sometimes := c.weighs(p, view{timeless: unless})
	return sometimes
}

// Check looks whether a condition can be read.
func checkCondition(text string) error {
	if _, err := parseCondition(text); err != nil {
		return fmt.Errorf("the condition %q: %w", text, err)
	}
	return nil
}

// ruled returns what a way says to a vehicle in a view: the way with its conditionals put
// into its other fields. The conditions were checked.
func (p *Profile) ruled(w *Way, v view) Way {
	r := *w
	r.Conditionals = nil
	for i := range w.Conditionals {
		c := &w.Conditionals[i]
		when, err := parseCondition(c.When)
		if err != nil {
			continue
		}
		counts, sometimes := when.weighs(p, v)
		if !counts {
			continue
		}
		how := atMoment
		if sometimes {
			how = v.timeless
		}
		r.Forward = admit(r.Forward, c.Forward, c.Admits, how)
		r.Backward = admit(r.Backward, c.Backward, c.Admits, how)
		if c.Limit == NoLimit {
			continue
		}
		fitted := p.fits(&r)
		r.setLimit(c.Limit, c.Max, how)
		if when.destination && !fitted && p.fits(&r) {
			r.Forward |= AccessDestination
			r.Backward |= AccessDestination
		}
	}
	return r
}

// admit changes who may drive in a direction.
func admit(now, speaksOf, admits Access, how timeless) Access {
	destination := admits & AccessDestination
	if speaksOf == 0 {
		return now
	}
	switch admits &= speaksOf; how {
	case unless:
		if admits&AccessTruck == 0 {
			destination = 0
		}
		return now&^(speaksOf&^admits) | destination
	case permitting:
		return now | admits
	default:
		if speaksOf&AccessTruck != 0 { // which is who the member is said of
			now &^= AccessDestination
		}
		return now&^speaksOf | admits | destination
	}
}

// setLimit puts a limit in the place of the way's own, or without a moment the lower or the higher.
func (w *Way) setLimit(l Limit, limit uint16, how timeless) {
	put := func(now uint16) uint16 {
		switch {
		case how == atMoment:
			return limit
		case how == unless && limit == 0 || how == permitting && now == 0:
			return now
		case how == unless && now > 0:
			return min(now, limit)
		case how == permitting && limit > 0:
			return max(now, limit)
		}
		return limit
	}
	switch l {
	case LimitWeight:
		w.MaxWeight = put(w.MaxWeight)
	case LimitHeight:
		w.MaxHeight = put(w.MaxHeight)
	case LimitWidth:
		w.MaxWidth = put(w.MaxWidth)
	case LimitLength:
		w.MaxLength = put(w.MaxLength)
	case LimitSpeed:
		w.MaxSpeed = uint8(min(255, put(uint16(w.MaxSpeed))))
	}
}

// isTimed says whether what a way says to a vehicle depends on the moment.
func (p *Profile) isTimed(w *Way) bool {
	for i := range w.Conditionals {
		if c, err := parseCondition(w.Conditionals[i].When); err == nil && c.isTimed(p) {
			return true
		}
	}
	return false
}
