package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/message"
	"polder.city/internal/problem"
	"polder.city/register"
)

// decisionPages registers the decisions and what the gate refused.
func (s *Site) decisionPages(d *Domains) {
	s.page("GET /besluiten", "decisions.html", func(r *http.Request) (any, error) { return s.decisionList(r, d) })
	s.page("GET /besluiten/{nr}", "decision.html", func(r *http.Request) (any, error) { return s.decision(r, d) })
	s.handle("GET /besluiten/{file}/download", func(w http.ResponseWriter, r *http.Request) { s.bundle(w, r, d, "") })
	s.handle("GET /besluiten/{file}/deel/{part}", func(w http.ResponseWriter, r *http.Request) {
		s.bundle(w, r, d, strings.TrimSuffix(r.PathValue("part"), ".json"))
	})
}

// decisionLine is a decision in a list.
type decisionLine struct {
	Number    int64
	Text      string
	At        time.Time
	By        string
	Replaced  bool
	Simulated bool
}

type decisionListPage struct {
	Decisions []decisionLine
	Refusals  []refusalLine
	Waiting   int
	Next      int64 // the number to go on from, 0 at the end
}

type refusalLine struct {
	At             time.Time
	Algorithm, Why string
}

func (s *Site) decisionList(r *http.Request, d *Domains) (any, error) {
	const perPage = 30
	p := s.printer(r)
	before, err := number(r.FormValue("voor"))
	if err != nil {
		return nil, err
	}
	list, err := d.Gate.List(r.Context(), decision.Filter{Before: before, Limit: perPage})
	if err != nil {
		return nil, err
	}
	page := decisionListPage{}
	for i := range list {
		page.Decisions = append(page.Decisions, line(p, &list[i]))
	}
	if len(list) == perPage {
		page.Next = list[perPage-1].Number
	}
	refusals, err := d.Gate.Refusals(r.Context())
	if err != nil {
		return nil, err
	}
	for _, x := range refusals[:min(len(refusals), 20)] {
		page.Refusals = append(page.Refusals, refusalLine{x.Body.At, nameOf(x.Body.By), p.T("decision.refused." + code(p, "decision.refused.", x.Body.Code))})
	}
	open, err := d.Gate.OpenAdvice(r.Context())
	page.Waiting = len(open)
	return page, err
}

// line puts a decision in one sentence.
func line(p *message.Printer, d *decision.Summary) decisionLine {
	return decisionLine{
		Number: d.Number, Text: sentence(p, d), At: d.DecidedAt, By: who(p, d), Replaced: d.ReplacedBy != 0, Simulated: d.Simulated,
	}
}

// sentence says what was decided.
func sentence(p *message.Printer, d *decision.Summary) string {
	if d.Kind != collection.PlanKind {
		return p.T("decision.line.other", "kind", d.Kind, "subject", d.Subject)
	}
	day, err := time.ParseInLocation(collection.DayLayout, d.Subject, p.Location())
	if err != nil {
		return p.T("decision.line.other", "kind", d.Kind, "subject", d.Subject)
	}
	return p.T("decision.line.plan."+d.Act, "day", day)
}

// who says who decided.
func who(p *message.Printer, d *decision.Summary) string {
	if d.Role != "" {
		return p.T("decision.by.role", "role", d.Role)
	}
	return p.T("decision.by.algorithm", "name", d.Algorithm, "version", d.Version)
}

func nameOf(by decision.By) string {
	if by.Algorithm != "" {
		return by.Algorithm + " " + by.Version
	}
	return by.Role
}

// code returns the last part of a code when the catalogue has words for it, else "other".
func code(p *message.Printer, prefix, code string) string {
	code = strings.ReplaceAll(code, ".", "_")
	if p.Has(prefix + code) {
		return code
	}
	return "other"
}

// decisionPage is one decision.
type decisionPage struct {
	*decision.Decision
	Sentence, By string
	Algorithm    string // its name
	Reasons      []string
	Facts        Table
	Measures     Table
	Option       []optionLine // what could have been chosen, for a signed advice
	Plan         *collection.Plan
	Day          time.Time
	Remedies     []string
	Mandate      string
	Rules        []register.Rule
	Inclusion    tlog.Inclusion
	Published    bool
	Verify       Verify
	Exceeded     []string
	Source       Source
}

type optionLine struct {
	Name   string
	Chosen bool
	Facts  []string
}

func (s *Site) decision(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	nr, err := number(r.PathValue("nr"))
	if err != nil {
		return nil, err
	}
	found, err := d.Gate.Get(r.Context(), nr)
	if err != nil {
		return nil, err
	}
	page := &decisionPage{Decision: found, Sentence: sentence(p, &found.Summary), By: who(p, &found.Summary), Mandate: found.Summary.Mandate}
	for _, x := range found.Record.Reasons {
		page.Reasons = append(page.Reasons, p.T("decision.reason."+code(p, "decision.reason.", x.Code)))
	}
	page.Remedies = found.Record.Remedies
	page.Measures = s.measures(p, found.Record.Measures, found.Record.Limits)
	if page.Plan, err = d.Collection.PlanByDecision(r.Context(), nr); err != nil {
		return nil, err
	}
	if page.Day, err = time.ParseInLocation(collection.DayLayout, found.Subject, p.Location()); err != nil {
		page.Day = found.DecidedAt
	}
	if entry, err := d.Register.Entry(r.Context(), found.Summary.Algorithm, p.Lang()); err == nil {
		page.Algorithm = entry.Entry.Name
	}
	if page.Rules, err = s.rulesOf(r, d, found.Record.Rules); err != nil {
		return nil, err
	}
	if a := found.Record.By.Advice; a != nil {
		for _, x := range a.Exceeded {
			page.Exceeded = append(page.Exceeded, exceeded(p, x))
		}
		if page.Option, err = s.options(r, d, a.ID, found); err != nil {
			return nil, err
		}
	}
	if page.Inclusion, page.Published, err = d.Gate.Published(r.Context(), nr); err != nil {
		return nil, err
	}
	status, err := d.Log.Status(r.Context())
	if err != nil {
		return nil, err
	}
	page.Verify = Verify{Bundle: fmt.Sprintf("/besluiten/%d/download", nr), Key: status.VKey, Name: fmt.Sprintf("besluit-%d", nr)}
	page.Source = Source{From: p.T("decision.source", "time", found.DecidedAt), CheckPath: fmt.Sprintf("/besluiten/%d#controleer", nr), Simulated: found.Simulated}
	return page, nil
}

// options lists what an official could choose, and what he or she chose.
func (s *Site) options(r *http.Request, d *Domains, advice int64, found *decision.Decision) ([]optionLine, error) {
	p := s.printer(r)
	a, err := d.Gate.Advice(r.Context(), advice)
	if err != nil {
		return nil, err
	}
	var lines []optionLine
	for _, o := range a.Body.Options {
		lines = append(lines, optionLine{
			Name: p.T("work.option." + code(p, "work.option.", orText(o.Choice, "advised"))), Facts: planFacts(p, o.Measures),
			Chosen: (found.Act == "overruled") == (o.Choice != ""),
		})
	}
	return lines, nil
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// planFacts says what a plan means, in a few short lines.
func planFacts(p *message.Printer, m map[string]int64) []string {
	return []string{
		p.T("measure.line.stops", "n", m[collection.MeasureStops]),
		p.T("measure.line.unserved", "n", m[collection.MeasureUnserved]),
		p.T("measure.line.overtime", "over", m[collection.MeasureOvertime]),
		p.T("measure.line.hours", "hours", m[collection.MeasureSeconds], "trucks", m[collection.MeasureTrucks]),
		p.T("measure.line.cost", "cost", m[collection.MeasureCost]),
	}
}

// exceeded says which limit a proposal goes over.
func exceeded(p *message.Printer, x decision.Exceeded) string {
	if !p.Has("measure.over." + x.Measure) {
		return p.T("measure.over.other", "measure", x.Measure, "value", x.Value, "limit", x.Limit)
	}
	return p.T("measure.over."+x.Measure, "measure", x.Measure, "value", measureValue(p, x.Measure, x.Value), "limit", measureValue(p, x.Measure, x.Limit))
}

// measureValue writes a measure in its unit.
func measureValue(p *message.Printer, name string, value int64) string {
	format := "int"
	switch {
	case strings.HasSuffix(name, "_ppm"):
		format = "pct"
	case strings.HasSuffix(name, "_s"):
		format = "minutes"
	case name == collection.MeasureSeconds:
		format = "hours"
	case name == collection.MeasureMeters:
		format = "km"
	case name == collection.MeasureCost:
		format = "euro0"
	case strings.Contains(name, "days"):
		return p.T("measure.days", "n", value)
	}
	text, err := p.Format(format, value)
	if err != nil {
		return strconv.FormatInt(value, 10)
	}
	return text
}

// measures shows what was measured beside the limits of the mandate.
func (s *Site) measures(p *message.Printer, measured map[string]int64, limits []register.Limit) Table {
	t := Table{
		Caption: p.T("measure.caption"), Head: []string{p.T("measure.head.what"), p.T("measure.head.value"), p.T("measure.head.limit")},
		Numeric: []bool{false, true, true},
	}
	shown := map[string]bool{}
	add := func(name, limit, state string) {
		shown[name] = true
		t.Rows = append(t.Rows, []any{p.T("measure.name." + code(p, "measure.name.", name)), Cell{Text: measureValue(p, name, measured[name]), State: state}, limit})
	}
	for _, l := range limits {
		state := "good"
		if measured[l.Measure] > l.AtMost {
			state = "attention"
		}
		add(l.Measure, measureValue(p, l.Measure, l.AtMost), state)
	}
	for _, name := range []string{
		collection.MeasureStops, collection.MeasureTrucks, collection.MeasureSeconds, collection.MeasureMeters,
		collection.MeasureUnserved, collection.MeasureCost, collection.MeasureContainers,
	} {
		if _, ok := measured[name]; ok && !shown[name] {
			add(name, "", "")
		}
	}
	return t
}

// rulesOf returns the council's rules with these ids.
func (s *Site) rulesOf(r *http.Request, d *Domains, ids []string) ([]register.Rule, error) {
	all, err := d.Register.Rules(r.Context())
	if err != nil {
		return nil, err
	}
	var rules []register.Rule
	for _, rule := range all {
		for _, id := range ids {
			if rule.ID == id {
				rules = append(rules, rule)
			}
		}
	}
	return rules, nil
}

// bundle answers with a decision that proves itself.
func (s *Site) bundle(w http.ResponseWriter, r *http.Request, d *Domains, part string) {
	nr, err := number(r.PathValue("file"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data, err := d.Gate.Bundle(r.Context(), nr, part)
	if err != nil {
		if problem.KindOf(err) == problem.Unavailable {
			w.Header().Set("Retry-After", "1")
		}
		problem.WriteJSON(w, err)
		return
	}
	name := fmt.Sprintf("besluit-%d", nr)
	if part != "" {
		name += "-" + part
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name+".json"))
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(data) // the client has gone: nobody is left to tell
}

// number reads a number of a path or query; an empty text is 0.
func number(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, problem.New(problem.NotFound, "number", "%q is no number.", text).Cause(errors.Join(err))
	}
	return n, nil
}
