package roads

import (
	"fmt"
	"strings"
	"time"

	"polder.city/roads/pbf"
)

// zone reads an area that only clean vehicles may drive in; nil when it is none. What
// OpenStreetMap has agreed on is boundary=low_emission_zone; whom it binds and since when is
// said in tags of access and dates, and how clean in several ways. Without a class a zone
// asks for Euro 6, as the Dutch ones for trucks do, and one with zero in its tags for none.
func (im *importer) zone(element string, id int64, tags pbf.Tags) *Zone {
	boundary := tags.Get("boundary")
	zero := boundary == "zero_emission_zone" || tags.Get("zero_emission_zone") == "yes" ||
		tags.Get("low_emission_zone") == "zero"
	if boundary != "low_emission_zone" && !zero {
		return nil
	}
	z := &Zone{Least: euro6}
	if zero {
		z.Least = ZeroEmission
	}
	for _, key := range [...]string{"emission_class", "emissions", "min_emission_class"} {
		if class, ok := emission(tags.Get(key)); ok {
			z.Least = class
		}
	}
	z.Applies, z.When = motorTraffic, dated(tags)
	r := im.reader(element, id, tags)
	bound := Access(0)
	for _, m := range modes() {
		if m.access&motorTraffic == 0 {
			continue
		}
		if r.said(m, "") == refused {
			bound |= m.access
		}
		for _, key := range m.keys {
			r.clauses(key, func(value string, c condition) bool {
				if permissionOf(value) != refused || c.destination {
					return false
				}
				bound |= m.access
				z.When = r.when
				return true
			})
		}
	}
	if bound != 0 {
		z.Applies = bound
	}
	text := tags.Get("opening_hours")
	if z.When == "" && text != "" && len(text) <= maxCondition && checkCondition(text) == nil {
		z.When = text
	}
	return z
}

const euro6 Emission = 6

// dated returns start_date and end_date as a condition.
func dated(tags pbf.Tags) string {
	date := func(key string) string {
		for _, layout := range [...]string{time.DateOnly, "2006-01", "2006"} {
			if t, err := time.Parse(layout, strings.TrimSpace(tags.Get(key))); err == nil && t.Year() >= 1900 {
				return t.Format("2006 Jan 02")
			}
		}
		return ""
	}
	start, end := date("start_date"), date("end_date")
	switch {
	case start != "" && end != "":
		return fmt.Sprintf("%s-%s", start, end)
	case start != "":
		return start + "+"
	case end != "":
		return "1900 Jan 01-" + end
	}
	return ""
}
