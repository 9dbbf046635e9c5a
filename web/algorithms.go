package web

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"polder.city/collection"
	"polder.city/decision"
	"polder.city/internal/message"
	"polder.city/register"
)

// registerPages registers the register of algorithms and the council's rules.
func (s *Site) registerPages(d *Domains) {
	s.page("GET /algoritmes", "algorithms.html", func(r *http.Request) (any, error) { return s.algorithms(r, d) })
	s.page("GET /algoritmes/regels", "rules.html", func(r *http.Request) (any, error) { return d.Register.Rules(r.Context()) })
	s.page("GET /algoritmes/{id}", "algorithm.html", func(r *http.Request) (any, error) { return s.algorithm(r, d) })
	s.handle("GET /algoritmes/{id}/standaard.json", func(w http.ResponseWriter, r *http.Request) { s.standard(w, r, d) })
}

type algorithmLine struct {
	*register.Entry
	May     string
	State   string // of the sign beside it
	Stopped bool
}

func (s *Site) algorithms(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	entries, err := d.Register.Entries(r.Context(), p.Lang())
	if err != nil {
		return nil, err
	}
	var lines []algorithmLine
	for _, e := range entries {
		power := strongest(e.Entry.Polder.Mandates)
		lines = append(lines, algorithmLine{
			Entry: e.Entry, May: p.T("register.power." + string(power)), Stopped: e.Stopped(),
			State: map[register.Power]string{register.Decide: "good", register.Advise: "attention", register.Forbidden: "act"}[power],
		})
	}
	return lines, nil
}

// strongest is the most that an algorithm may.
func strongest(mandates []register.Mandate) register.Power {
	for _, power := range []register.Power{register.Decide, register.Advise} {
		if slices.ContainsFunc(mandates, func(m register.Mandate) bool { return m.Power == power }) {
			return power
		}
	}
	return register.Forbidden
}

type algorithmPage struct {
	register.Published
	Mandates    []mandateLine
	Tally       decision.Tally
	Measured    Table
	Reporting   *reportingPart // of the algorithm that residents' reports reach
	Decisions   []decisionLine
	Versions    []register.Published
	Standard    Table
	AnyDecision bool
}

type mandateLine struct {
	register.Mandate
	Text   string
	State  string
	Limits []string
	Rules  []register.Rule
}

func (s *Site) algorithm(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	ctx := r.Context()
	entry, err := d.Register.Entry(ctx, r.PathValue("id"), p.Lang())
	if err != nil {
		return nil, err
	}
	page := &algorithmPage{Published: entry}
	id := entry.Entry.Polder.ID
	for _, m := range entry.Entry.Polder.Mandates {
		l := mandateLine{
			Mandate: m, Text: p.T("register.may."+string(m.Power), "kind", p.T("register.kind."+code(p, "register.kind.", m.Kind))),
			State: map[register.Power]string{register.Decide: "good", register.Advise: "attention", register.Forbidden: "act"}[m.Power],
		}
		for _, limit := range m.Limits {
			l.Limits = append(l.Limits, p.T("register.limit."+code(p, "register.limit.", limit.Measure), "limit", measureValue(p, limit.Measure, limit.AtMost), "measure", limit.Measure))
		}
		if l.Rules, err = s.rulesOf(r, d, m.Rules); err != nil {
			return nil, err
		}
		page.Mandates = append(page.Mandates, l)
	}
	now := p.Now()
	if page.Tally, err = d.Gate.Tally(ctx, id, now.AddDate(0, 0, -30), now.Add(time.Hour)); err != nil {
		return nil, err
	}
	measured, err := d.Register.Performance(ctx, id, now.AddDate(0, 0, -30), now)
	if err != nil {
		return nil, err
	}
	page.Measured = performance(p, measured)
	if id == collection.PlannerID {
		if page.Reporting, err = s.reporting(ctx, p, d); err != nil {
			return nil, err
		}
	}
	list, err := d.Gate.List(ctx, decision.Filter{Algorithm: id, Limit: 5})
	if err != nil {
		return nil, err
	}
	for i := range list {
		page.Decisions = append(page.Decisions, line(p, &list[i]))
	}
	if page.Versions, err = d.Register.History(ctx, id, p.Lang()); err != nil {
		return nil, err
	}
	page.Standard = standardTable(p, entry.Entry)
	return page, nil
}

// performance shows what was measured in use, newest day first, at most 60 lines.
func performance(p *message.Printer, measured []register.Measured) Table {
	t := Table{
		Caption: p.T("register.measured.caption"), Numeric: []bool{false, false, false, true},
		Head: []string{p.T("register.measured.day"), p.T("register.measured.group"), p.T("register.measured.what"), p.T("register.measured.value")},
	}
	for i := len(measured) - 1; i >= 0 && len(t.Rows) < 60; i-- {
		m := measured[i]
		day, err := p.Format("short", m.Day)
		if err != nil {
			day = m.Day.Format(time.DateOnly)
		}
		t.Rows = append(t.Rows, []any{day, orText(m.Group, p.T("register.measured.all")), p.T("measure.name." + code(p, "measure.name.", m.Measure)), measureValue(p, m.Measure, m.Value)})
	}
	return t
}

// standardTable shows the entry by the publication standard, in its order.
func standardTable(p *message.Printer, e *register.Entry) Table {
	t := Table{Caption: p.T("register.standard.caption"), Head: []string{p.T("register.standard.field"), p.T("register.standard.text")}}
	for _, f := range []struct{ key, text string }{
		{"name", e.Name},
		{"description_short", e.DescriptionShort},
		{"organization", e.Organization},
		{"status", e.Status},
		{"publication_category", e.PublicationCategory},
		{"begin_date", e.BeginDate},
		{"contact_email", e.ContactEmail},
		{"goal", e.Goal},
		{"proportionality", e.Proportionality},
		{"human_intervention", e.HumanIntervention},
		{"risks", e.Risks},
		{"lawful_basis", e.LawfulBasis},
		{"impacttoetsen", e.Impacttoetsen},
		{"source_data", e.SourceData},
		{"methods_and_models", e.MethodsAndModels},
		{"provider", e.Provider},
	} {
		if f.text != "" {
			t.Rows = append(t.Rows, []any{p.T("register.standard." + f.key), f.text})
		}
	}
	return t
}

// standard answers with the entry as the national register takes it.
func (s *Site) standard(w http.ResponseWriter, r *http.Request, d *Domains) {
	entry, err := d.Register.Entry(r.Context(), r.PathValue("id"), "nl")
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data, err := register.ExportJSON(entry.Entry)
	if err != nil {
		s.fail(w, r, fmt.Errorf("export %s: %w", r.PathValue("id"), err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(data) // the client has gone: nobody is left to tell
}
