package roads

import (
	"fmt"
	"slices"
	"strings"

	"polder.city/roads/pbf"
)

// conditionals reads the tags of a way that hold under a condition only, the most general
// first, so that of several that hold the most special counts.
func (r *tagReader) conditionals(w *Way) {
	if !slices.ContainsFunc(r.tags, func(t pbf.Tag) bool { return strings.HasSuffix(t.Key, ":conditional") }) {
		return
	}
	base := r.usual(w.Class)
	for _, key := range [...]string{"access", "vehicle", "motor_vehicle", "motorcar", "hgv", "psv", "bus", "bicycle", "foot"} {
		for _, direction := range [...]string{"", ":forward", ":backward"} {
			r.clauses(key+direction, func(value string, c condition) bool {
				return r.conditionalAccess(w, key, direction, value, c)
			})
		}
	}
	r.clauses("oneway", func(value string, c condition) bool { return r.conditionalOneWay(w, base, value, c) })
	for _, l := range [...]struct {
		limit Limit
		read  func(string) (uint16, bool)
		keys  []string
	}{
		{LimitWeight, weight, []string{"maxweight", "maxweight:hgv", "maxweightrating", "maxweightrating:hgv"}},
		{LimitHeight, size, []string{"maxheight"}},
		{LimitWidth, size, []string{"maxwidth"}},
		{LimitLength, size, []string{"maxlength", "maxlength:hgv"}},
		{LimitSpeed, speed, []string{"maxspeed"}},
	} {
		for _, key := range l.keys {
			r.clauses(key, func(value string, c condition) bool {
				limit, ok := l.read(value)
				if ok {
					r.add(w, Conditional{When: r.when, Limit: l.limit, Max: limit})
				}
				return ok
			})
		}
	}
}

// clauses visits what a tag says under conditions, as "no @ (Mo-Fr 07:00-09:00); destination @
// (weight>7.5)". What cannot be read, or not be used, is reported.
func (r *tagReader) clauses(key string, use func(value string, c condition) bool) {
	text := r.tags.Get(key + ":conditional")
	for _, clause := range outside(text, ';') {
		if clause = strings.TrimSpace(clause); clause == "" {
			continue
		}
		value, when, found := strings.Cut(clause, "@")
		value, when = strings.TrimSpace(value), strings.TrimSpace(when)
		if inner, ok := strings.CutPrefix(when, "("); ok {
			when = strings.TrimSpace(strings.TrimSuffix(inner, ")"))
		}
		c, err := parseCondition(when)
		switch {
		case !found || when == "":
			err = fmt.Errorf("%q has no condition", clause)
		case err == nil && len(when) > maxCondition:
			err = fmt.Errorf("the condition is longer than %d bytes", maxCondition)
		case err == nil:
			if r.when = when; !use(value, c) {
				err = fmt.Errorf("%q means nothing here", value)
			}
		}
		if err == nil {
			r.counts.Conditional++
			continue
		}
		r.counts.Unread++
		if r.unread != nil {
			r.unread(key+":conditional="+text, err)
		}
	}
}

// maxCondition is as long as importer.keep keeps texts.
const maxCondition = 255

// outside cuts a text at a separator that stands in no brackets.
func outside(text string, separator byte) []string {
	var parts []string
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			depth--
		case separator:
			if depth <= 0 {
				parts, from = append(parts, text[from:i]), i+1
			}
		}
	}
	return append(parts, text[from:])
}

// conditionalAccess reads what a tag of access says under a condition.
func (r *tagReader) conditionalAccess(w *Way, key, direction, value string, when condition) bool {
	says := permissionOf(value)
	if says == unsaid || when.destination && says != granted && says != toDestination {
		return false
	}
	c := Conditional{When: r.when}
	for _, m := range modes() {
		forward, backward := r.directions(m, w)
		if forward && r.decides(m, key, direction, ":forward") {
			c.Forward |= m.access
		}
		if backward && r.decides(m, key, direction, ":backward") {
			c.Backward |= m.access
		}
	}
	if says == granted || says == toDestination {
		c.Admits = c.Forward | c.Backward
	}
	if c.Admits&AccessTruck != 0 && (says == toDestination || when.destination) {
		c.Admits |= AccessDestination
	}
	r.add(w, c)
	return true
}

// decides says whether a tag is the most special that speaks of a means of travel in a direction.
func (r *tagReader) decides(m mode, key, said, direction string) bool {
	for _, k := range m.keys {
		if k == key && (said == direction || said == "" && permissionOf(r.tags.Get(k+direction)) == unsaid) {
			return true
		}
		if permissionOf(r.tags.Get(k+direction)) != unsaid || permissionOf(r.tags.Get(k)) != unsaid {
			return false
		}
	}
	return false
}

// conditionalOneWay reads what oneway=* says under a condition.
func (r *tagReader) conditionalOneWay(w *Way, base Access, value string, when condition) bool {
	switch value {
	case "yes", "no", "-1", "reverse", "reversible":
	default:
		return false
	}
	if when.destination {
		return false
	}
	forward, backward := oneWay(value)
	ahead, against := Conditional{When: r.when}, Conditional{When: r.when}
	for _, m := range modes() {
		special := m.access == AccessFoot
		for _, key := range m.keys {
			special = special || r.tags.Get("oneway:"+key) != ""
		}
		if special {
			continue
		}
		ahead.Forward |= m.access
		against.Backward |= m.access
		if forward {
			ahead.Admits |= r.admitted(m, base, ":forward")
		}
		if backward {
			against.Admits |= r.admitted(m, base, ":backward")
		}
	}
	r.add(w, ahead)
	r.add(w, against)
	return true
}

// add adds a conditional to a way unless it speaks of nobody.
func (r *tagReader) add(w *Way, c Conditional) {
	if c.Forward|c.Backward != 0 || c.Limit != NoLimit {
		w.Conditionals = append(w.Conditionals, c)
	}
}
