package register

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/internal/problem"
)

// maxNumber is the largest whole number that JSON readers agree on.
const maxNumber = 1<<53 - 1

// check notes every mistake in the entry.
func (e *Entry) check(d *document) {
	if e.Polder == nil {
		d.mistake("$", "polder.missing", "The part 'polder:' is not there.", "Add it with id, version, owner and mandates.")
		return
	}
	acts := slices.ContainsFunc(e.Polder.Mandates, func(m Mandate) bool { return m.Power == Decide || m.Power == Advise })
	for _, f := range standard() {
		e.checkField(d, f, acts)
	}
	e.checkLists(d)
	d.id("$.polder.id", e.Polder.ID, map[string]bool{})
	d.filled("$.polder.version", e.Polder.Version)
	d.filled("$.polder.owner", e.Polder.Owner)
	if acts {
		d.filled("$.polder.model_card", e.Polder.ModelCard)
	}
	if len(e.Polder.Mandates) == 0 {
		d.mistake("$.polder", "mandate.missing", "The algorithm has no mandate.", "Say of each kind of decision whether it may decide, advise or neither ('power: forbidden').")
	}
	seen := map[string]bool{}
	for i, m := range e.Polder.Mandates {
		at := fmt.Sprintf("$.polder.mandates[%d]", i)
		d.mandate(at, m, seen)
		if m.Power != Forbidden && m.Role == "" {
			d.mistake(at+".role", "mandate.role", "Nobody is named who signs what the algorithm may not decide.", "Fill in 'role:'.")
		}
		if m.Power != Forbidden && len(m.Rules) == 0 {
			d.mistake(at+".rules", "mandate.rules", "The mandate rests on no rule of the council.", "Name at least one in 'rules:'.")
		}
	}
	for lang, texts := range e.Polder.Translations {
		for name := range texts {
			if !e.translatable(name) {
				d.mistake("$.polder.translations."+lang, "translation.field", fmt.Sprintf("There is no text %q to translate.", name), "Use a field's name, or mandate. and a mandate's id.")
			}
		}
	}
}

func (e *Entry) translatable(name string) bool {
	id, isMandate := strings.CutPrefix(name, "mandate.")
	return name == "model_card" ||
		slices.ContainsFunc(standard(), func(f field) bool { return f.name == name && f.limit > 7 && permitted(name) == nil }) ||
		(isMandate && slices.ContainsFunc(e.Polder.Mandates, func(m Mandate) bool { return m.ID == id }))
}

func (e *Entry) checkField(d *document, f field, acts bool) {
	path, text := "$."+f.name, *f.text(e)
	if strings.TrimSpace(text) == "" {
		if f.required {
			d.filled(path, text)
		} else if acts && f.decides && (f.name != "impacttoetsen" || !e.impactKnown()) {
			d.mistake(path, "field.empty", fmt.Sprintf("The field %s is not filled in; an algorithm that decides or advises needs it.", f.name), fmt.Sprintf("Fill in '%s:'.", f.name))
		}
		return
	}
	if n := utf8.RuneCountInString(text); f.limit > 0 && n > f.limit {
		d.mistake(path, "field.long", fmt.Sprintf("The field %s has %d characters; the standard allows %d.", f.name, n, f.limit), "Shorten it.")
	}
	if allowed := permitted(f.name); allowed != nil && !slices.Contains(allowed, text) {
		d.mistake(path, "field.value", fmt.Sprintf("%q is no %s of the standard.", text, f.name), "Use one of: "+strings.Join(allowed, ", ")+".")
	}
	if f.url && !isURL(text) {
		d.mistake(path, "field.url", fmt.Sprintf("%q is no web address.", text), "Begin it with https://.")
	}
	if f.name == "contact_email" && !isContact(text) {
		d.mistake(path, "field.contact", fmt.Sprintf("%q is neither a mail address nor a web address.", text), "Write name@example.org or https://example.org.")
	}
	if f.limit == 7 { // the two dates
		if _, err := time.Parse("2006-01", text); err != nil {
			d.mistake(path, "date.form", fmt.Sprintf("%q is no month.", text), "Write it as 2026-11.")
		}
	}
}

func (e *Entry) checkLists(d *document) {
	if len(e.Category) > maxCategories {
		d.mistake("$.category", "field.long", fmt.Sprintf("The entry has %d themes; the standard allows %d.", len(e.Category), maxCategories), "Leave the least fitting out.")
	}
	for i, c := range e.Category {
		if allowed := permitted("category"); !slices.Contains(allowed, c) {
			d.mistake(fmt.Sprintf("$.category[%d]", i), "field.value", fmt.Sprintf("%q is no theme of the standard.", c), "Use one of: "+strings.Join(allowed, ", ")+".")
		}
	}
	for _, g := range e.groupings() {
		for i, l := range g.links {
			at := fmt.Sprintf("$.%s[%d]", g.name, i)
			d.filled(at+".title", l.Title)
			if n := utf8.RuneCountInString(l.Title); n > g.titleLimit {
				d.mistake(at+".title", "field.long", fmt.Sprintf("The title has %d characters; the standard allows %d.", n, g.titleLimit), "Shorten it.")
			}
			if (l.Link != "" || g.linkRequired) && (!isURL(l.Link) || len(l.Link) > 500) {
				d.mistake(at+".link", "field.url", fmt.Sprintf("%q is no web address of at most 500 characters.", l.Link), "Begin it with https://.")
			}
		}
	}
}

// mandate notes every mistake in a mandate.
func (d *document) mandate(at string, m Mandate, seen map[string]bool) {
	d.id(at+".id", m.ID, seen)
	if !isID(m.Kind) {
		d.mistake(at+".kind", "id.form", fmt.Sprintf("The kind %q is empty, too long or has other characters than letters, digits, dots and dashes.", m.Kind), "Use a kind of decision, such as 'collection.plan'.")
	}
	if m.Power != Decide && m.Power != Advise && m.Power != Forbidden {
		d.mistake(at+".power", "mandate.power", fmt.Sprintf("%q is no power.", m.Power), "Use decide, advise or forbidden.")
	}
	d.filled(at+".reason", m.Reason)
	d.day(at+".from", m.From, false)
	d.day(at+".until", m.Until, true)
	if m.Until != "" && m.Until < m.From {
		d.mistake(at+".until", "date.order", "The mandate ends before it begins.", "Mend 'from:' or 'until:'.")
	}
	limits := map[string]bool{}
	for i, l := range m.Limits {
		where := fmt.Sprintf("%s.limits[%d]", at, i)
		d.filled(where+".measure", l.Measure)
		if limits[l.Measure] {
			d.mistake(where, "limit.twice", fmt.Sprintf("The measure %s has two limits.", l.Measure), "Keep the stricter one.")
		}
		limits[l.Measure] = true
		if l.AtMost < -maxNumber || l.AtMost > maxNumber {
			d.mistake(where+".at_most", "limit.size", "The limit is too large.", "Use a number below 2^53.")
		}
	}
}

// CheckTogether returns what is wrong between documents that are right by
// themselves: an id used twice, a rule or role that does not exist, a role that may not sign what it is asked to.
func CheckTogether(entries []*Entry, rules []Rule, roles []Role) error {
	var found error
	mistake := func(where, code, message, way string) {
		found = errors.Join(found, problem.New(problem.Invalid, code, "%s", message).At(where).Do("%s", way))
	}
	mandates, algorithms := map[string]bool{}, map[string]bool{}
	once := func(where, id string, seen map[string]bool) {
		if seen[id] {
			mistake(where, "id.twice", fmt.Sprintf("The id %s is used twice.", id), "Give each its own.")
		}
		seen[id] = true
	}
	rest := func(where string, m Mandate) {
		once(where, m.ID, mandates)
		for _, id := range m.Rules {
			if !slices.ContainsFunc(rules, func(r Rule) bool { return r.ID == id }) {
				mistake(where, "rule.unknown", fmt.Sprintf("The mandate %s rests on rule %s, which does not exist.", m.ID, id), "Add the rule or name another.")
			}
		}
	}
	for _, r := range roles {
		for _, m := range r.Mandates {
			rest("role "+r.ID, m)
		}
	}
	for _, e := range entries {
		where := "algorithm " + e.Polder.ID
		once(where, e.Polder.ID, algorithms)
		for _, m := range e.Polder.Mandates {
			rest(where, m)
			if m.Power != Forbidden && !signs(roles, m.Role, m.Kind) {
				mistake(where, "role.mandate", fmt.Sprintf("The role %s has no mandate to sign %s.", m.Role, m.Kind), "Give the role that mandate, or name another role.")
			}
		}
	}
	return found
}

func signs(roles []Role, role, kind string) bool {
	return slices.ContainsFunc(roles, func(r Role) bool {
		return r.ID == role && slices.ContainsFunc(r.Mandates, func(m Mandate) bool { return m.Kind == kind && m.Power == Decide })
	})
}
