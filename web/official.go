package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

// Keys of a session.
const (
	sessionAccount = "account"
	sessionOpened  = "opened" // with the advice's number: when its page was first read, Unix seconds
)

// officialPages registers signing in, the worklist and the page on how it all runs.
func (s *Site) officialPages(d *Domains) {
	if s.opts.Official == nil {
		s.opts.Official = func(r *http.Request) string {
			who, _ := d.official(r)
			return who.Name
		}
	}
	s.page("GET /inloggen", "signin.html", func(r *http.Request) (any, error) { return signInPage{Demo: d.DemoSignIn}, nil })
	s.page("POST /inloggen", "signin.html", func(r *http.Request) (any, error) { return s.signIn(r, d) })
	s.page("GET /welkom", "welcome.html", func(r *http.Request) (any, error) { return welcomePage{Code: r.FormValue("code")}, nil })
	s.page("POST /welkom", "welcome.html", func(r *http.Request) (any, error) { return s.welcome(r, d) })
	s.page("GET /uit", "signout.html", func(*http.Request) (any, error) { return nil, nil })
	s.page("POST /uit", "signout.html", func(r *http.Request) (any, error) {
		if err := d.Sessions.Destroy(r.Context()); err != nil {
			return nil, err
		}
		return nil, seeOther("/")
	})
	s.page("GET /werk", "work.html", func(r *http.Request) (any, error) { return s.work(r, d) })
	s.page("GET /werk/advies/{id}", "advice.html", func(r *http.Request) (any, error) { return s.advice(r, d) })
	s.page("POST /werk/advies/{id}", "advice.html", func(r *http.Request) (any, error) { return s.sign(r, d) })
	s.page("POST /werk/bericht/{id}", "work.html", func(r *http.Request) (any, error) { return s.handleMessage(r, d) })
	s.page("POST /werk/wagen/{id}", "work.html", func(r *http.Request) (any, error) { return s.readCrewNotice(r, d) })
	s.page("POST /werk/container/{id}", "work.html", func(r *http.Request) (any, error) { return s.repaired(r, d) })
	s.page("GET /beheer", "admin.html", func(r *http.Request) (any, error) { return s.admin(r, d) })
}

// official returns who is signed in.
func (d *Domains) official(r *http.Request) (account.Account, bool) {
	id := d.Sessions.GetInt64(r.Context(), sessionAccount)
	if id == 0 {
		return account.Account{}, false
	}
	who, err := d.Accounts.ByID(r.Context(), id)
	return who, err == nil
}

// must returns which official is signed in, or sends the reader to sign in; a crew is sent to its own page.
func (d *Domains) must(r *http.Request) (account.Account, error) {
	who, ok := d.official(r)
	if !ok {
		return who, seeOther("/inloggen")
	}
	if who.Role == account.Driver { // the office's pages are not the crews'
		return who, seeOther("/chauffeur")
	}
	return who, nil
}

type signInPage struct {
	Form
	Demo []string
}

func (s *Site) signIn(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	page := signInPage{Form: readForm(r, "name"), Demo: d.DemoSignIn}
	if page.Value("name") == "" {
		page.Wrong("name", p.T("signin.wrong.name"))
		return page, nil
	}
	who, err := d.Accounts.SignIn(r.Context(), page.Value("name"), r.FormValue("password"))
	switch problem.KindOf(err) {
	case problem.Forbidden:
		page.Wrong("password", p.T("signin.wrong.password"))
		return page, nil
	case problem.Unavailable:
		page.Wrong("password", p.T("signin.wrong.wait"))
		return page, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, d.begin(r, who)
}

// begin starts a session under a new token, so that a token planted before is worth nothing.
func (d *Domains) begin(r *http.Request, who account.Account) error {
	if err := d.Sessions.RenewToken(r.Context()); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	d.Sessions.Put(r.Context(), sessionAccount, who.ID)
	if who.Role == account.Driver {
		return seeOther("/chauffeur")
	}
	return seeOther("/werk")
}

type welcomePage struct {
	Form
	Code string
}

func (s *Site) welcome(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	page := welcomePage{Form: readForm(r, "code"), Code: r.FormValue("code")}
	who, err := d.Accounts.Accept(r.Context(), page.Code, r.FormValue("password"))
	switch problem.KindOf(err) {
	case problem.Invalid:
		page.Wrong("password", p.T("welcome.wrong.password"))
		return page, nil
	case problem.Forbidden:
		page.Wrong("password", p.T("welcome.wrong.code"))
		return page, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, d.begin(r, who)
}

type workPage struct {
	Who      account.Account
	Advice   []adviceLine
	Messages []messageLine
	Recent   []decisionLine
	Crew     crewWork
}

type adviceLine struct {
	ID  int64
	Day time.Time
	At  time.Time
	Why []string
}

type messageLine struct {
	collection.Message
	What string
}

func (s *Site) work(r *http.Request, d *Domains) (any, error) {
	who, err := d.must(r)
	if err != nil {
		return nil, err
	}
	p := s.printer(r)
	page := &workPage{Who: who}
	open, err := d.Gate.OpenAdvice(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range open {
		b := &open[i].Body
		l := adviceLine{ID: open[i].ID, At: b.At}
		if l.Day, err = time.ParseInLocation(collection.DayLayout, b.Subject, p.Location()); err != nil {
			l.Day = b.At
		}
		for _, x := range b.Exceeded {
			l.Why = append(l.Why, exceeded(p, x))
		}
		page.Advice = append(page.Advice, l)
	}
	messages, err := d.Collection.Waiting(r.Context(), 100)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		page.Messages = append(page.Messages, messageLine{m, p.T("work.message." + string(m.Kind))})
	}
	if page.Crew, err = s.crewWork(r, d); err != nil {
		return nil, err
	}
	list, err := d.Gate.List(r.Context(), decision.Filter{Limit: 5})
	if err != nil {
		return nil, err
	}
	for i := range list {
		page.Recent = append(page.Recent, line(p, &list[i]))
	}
	return page, nil
}

type advicePage struct {
	Form
	ID       int64
	Day      time.Time
	Exceeded []string
	Options  []adviceOption
	Replaces int64
	Signed   bool
}

type adviceOption struct {
	Choice, Name string
	Facts        []string
	Waiting      []collection.Outcome // containers that this option leaves
	Path         string               // of the plan
	Measures     Table
}

func (s *Site) advice(r *http.Request, d *Domains) (any, error) {
	if _, err := d.must(r); err != nil {
		return nil, err
	}
	page, err := s.advicePage(r, d)
	if err != nil {
		return nil, err
	}
	// How long an official looks before signing is measured from here.
	if key := fmt.Sprintf("%s%d", sessionOpened, page.ID); d.Sessions.GetInt64(r.Context(), key) == 0 {
		d.Sessions.Put(r.Context(), key, s.opts.Clock.Now().Unix())
	}
	return page, nil
}

func (s *Site) advicePage(r *http.Request, d *Domains) (*advicePage, error) {
	p := s.printer(r)
	id, err := number(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	a, err := d.Gate.Advice(r.Context(), id)
	if err != nil {
		return nil, err
	}
	if a.State != "open" && a.Decision != 0 {
		return nil, seeOther(fmt.Sprintf("/besluiten/%d", a.Decision))
	}
	page := &advicePage{ID: id, Replaces: a.Body.Replaces, Signed: a.State != "open", Form: readForm(r, "choice", "motive")}
	if page.Day, err = time.ParseInLocation(collection.DayLayout, a.Body.Subject, p.Location()); err != nil {
		page.Day = a.Body.At
	}
	for _, x := range a.Body.Exceeded {
		page.Exceeded = append(page.Exceeded, exceeded(p, x))
	}
	plans, err := d.Collection.AdvisedPlans(r.Context(), id)
	if err != nil {
		return nil, err
	}
	for _, plan := range plans {
		o := adviceOption{
			Choice: plan.Choice, Name: p.T("work.option." + code(p, "work.option.", orText(plan.Choice, "advised"))),
			Facts: planFacts(p, plan.Measures), Path: fmt.Sprintf("/plannen/%s/%d", plan.Day, plan.Version),
			Measures: s.measures(p, plan.Measures, a.Body.Limits),
		}
		outcomes, err := d.Collection.Outcomes(r.Context(), plan.ID)
		if err != nil {
			return nil, err
		}
		for _, x := range outcomes {
			if len(x.Reasons) > 0 && x.Reasons[0].Code == collection.ReasonCapacity && len(o.Waiting) < 20 {
				o.Waiting = append(o.Waiting, x)
			}
		}
		page.Options = append(page.Options, o)
	}
	return page, nil
}

func (s *Site) sign(r *http.Request, d *Domains) (any, error) {
	who, err := d.must(r)
	if err != nil {
		return nil, err
	}
	p := s.printer(r)
	page, err := s.advicePage(r, d)
	if err != nil {
		return nil, err
	}
	choice := page.Value("choice")
	if choice == "advised" {
		choice = ""
	} else if choice == "" {
		page.Wrong("choice", p.T("work.wrong.choice"))
		return page, nil
	}
	opened := s.opts.Clock.Now()
	if at := d.Sessions.GetInt64(r.Context(), fmt.Sprintf("%s%d", sessionOpened, page.ID)); at != 0 {
		opened = time.Unix(at, 0).UTC()
	}
	result, err := d.Collection.Sign(r.Context(), page.ID, decision.Signature{
		Account: who.Actor(), Role: string(who.Role), Choice: choice, Motive: page.Value("motive"), OpenedAt: opened,
	})
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Kind == problem.Invalid {
		page.Wrong("motive", p.T("work.wrong.motive"))
		return page, nil
	}
	if err != nil {
		return nil, err
	}
	if err := d.Accounts.Audit(r.Context(), who.Actor(), "advice.sign", fmt.Sprintf("advice:%d", page.ID), "ok"); err != nil {
		return nil, err
	}
	return nil, seeOther(fmt.Sprintf("/besluiten/%d", result.Ruling.Number))
}

func (s *Site) handleMessage(r *http.Request, d *Domains) (any, error) {
	who, err := d.must(r)
	if err != nil {
		return nil, err
	}
	id, err := number(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	if who.Role == account.Alderman {
		return nil, problem.New(problem.Forbidden, "message.role", "This role reads messages and does not handle them.")
	}
	if err := d.Collection.Handle(r.Context(), id, readForm(r, "answer").Value("answer")); err != nil {
		return nil, err
	}
	if err := d.Accounts.Audit(r.Context(), who.Actor(), "message.handle", fmt.Sprintf("message:%d", id), "ok"); err != nil {
		return nil, err
	}
	return nil, seeOther("/werk")
}

type adminPage struct {
	Totals   sensing.Totals
	Rejected Table
	Log      tlog.Status
	Silent   []string // containers whose sensor is silent
	Silence  int
	Odd      []oddLine // containers whose readings cannot be right
	Imports  []sensing.ImportState
	Accounts []account.Account
	Audit    []account.Entry
}

func (s *Site) admin(r *http.Request, d *Domains) (any, error) {
	if _, err := d.must(r); err != nil {
		return nil, err
	}
	p := s.printer(r)
	ctx := r.Context()
	page := &adminPage{Rejected: Table{Caption: p.T("admin.rejected"), Head: []string{p.T("admin.reason"), p.T("admin.count")}, Numeric: []bool{false, true}}}
	var err error
	if page.Totals, err = d.Sensing.Totals(ctx); err != nil {
		return nil, err
	}
	for reason, n := range page.Totals.Rejected {
		page.Rejected.Rows = append(page.Rejected.Rows, []any{reason, n})
	}
	if page.Log, err = d.Log.Status(ctx); err != nil {
		return nil, err
	}
	latest, err := d.Sensing.LatestOf(ctx, collection.ContainerKind, collection.FillKind)
	if err != nil {
		return nil, err
	}
	containers, err := d.Collection.Containers(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		o, ok := latest[collection.SeriesKey(c.ID, collection.FillKind)]
		if c.Sensor != "" && (!ok || p.Now().Sub(o.Time) > oldAfter) {
			if page.Silence++; len(page.Silent) < 50 {
				page.Silent = append(page.Silent, c.ID)
			}
		}
	}
	found, err := d.Collection.Anomalies(ctx)
	if err != nil {
		return nil, err
	}
	page.Odd = oddLines(p, found)
	if page.Imports, err = d.Sensing.Imports(ctx); err != nil {
		return nil, err
	}
	page.Imports = page.Imports[:min(len(page.Imports), 10)]
	if page.Accounts, err = d.Accounts.All(ctx); err != nil {
		return nil, err
	}
	page.Audit, err = d.Accounts.Recent(ctx, 20)
	return page, err
}
