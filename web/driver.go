package web

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// Keys of a driver's session: the truck, and the day on which it was chosen.
const (
	sessionTruck    = "truck"
	sessionTruckDay = "truckDay"
)

// breakWarning is how long before the break the page warns.
const breakWarning = 15 * time.Minute

// driverPages registers the page of a truck's crew, its door for what was done offline, and the script that keeps it.
func (s *Site) driverPages() {
	s.page("GET /chauffeur", "driver.html", func(r *http.Request) (any, error) { return s.driver(r, Form{}) })
	s.page("POST /chauffeur", "driver.html", s.driverForm)
	s.page("GET /chauffeur/wagen", "drivertruck.html", s.chooseTruck)
	s.page("POST /chauffeur/wagen", "drivertruck.html", s.takeTruck)
	s.handle("POST /chauffeur/gedaan", s.driverDone)
	for _, lang := range message.Languages() {
		path := s.printerIn(lang).Path("/chauffeur")
		s.handle("GET "+path+"/sw.js", func(w http.ResponseWriter, r *http.Request) { s.driverWorker(w, r, path) })
	}
}

// mustDrive returns the account of a crew, or sends the reader to sign in; nobody else drives.
func (d *Domains) mustDrive(r *http.Request) error {
	who, ok := d.official(r)
	if !ok {
		return seeOther("/inloggen")
	}
	if who.Role != account.Driver {
		return problem.New(problem.Forbidden, "crew.role", "This page is for the crews of trucks.").Do("Sign in as a crew.")
	}
	return nil
}

// truckToday returns the truck that the session's crew drives today, or sends it to choose one.
func (d *Domains) truckToday(r *http.Request) (truck, day string, err error) {
	if err := d.mustDrive(r); err != nil {
		return "", "", err
	}
	day = d.Collection.Today().Format(collection.DayLayout)
	truck = d.Sessions.GetString(r.Context(), sessionTruck)
	if truck == "" || d.Sessions.GetString(r.Context(), sessionTruckDay) != day {
		return "", day, seeOther("/chauffeur/wagen")
	}
	return truck, day, nil
}

// truckPage lets a crew choose its truck.
type truckPage struct {
	Form
	HasPlan bool
	Trucks  []truckChoice
}

type truckChoice struct {
	ID, Name string
	Stops    int       // by today's plan
	Taken    time.Time // since when a crew has it; zero for nobody
}

func (s *Site) chooseTruck(r *http.Request) (any, error) {
	d := s.opts.Domains
	if err := d.mustDrive(r); err != nil {
		return nil, err
	}
	p := s.printer(r)
	day := d.Collection.Today().Format(collection.DayLayout)
	plan, err := d.Collection.PlanOf(r.Context(), day)
	if err != nil {
		return nil, err
	}
	taken, err := d.Collection.CrewTrucks(r.Context(), day)
	if err != nil {
		return nil, err
	}
	page := truckPage{HasPlan: plan != nil && plan.State == collection.Decided, Form: readForm(r, "truck")}
	for _, t := range d.City.Fleet.Trucks {
		c := truckChoice{ID: t.ID, Name: s.residents.truckName(p, t.ID)}
		if page.HasPlan {
			for _, route := range plan.Routes {
				for _, v := range route.Visits {
					if route.Truck == t.ID && v.Kind == collection.VisitEmpty {
						c.Stops++
					}
				}
			}
		}
		if i := slices.IndexFunc(taken, func(x collection.CrewTruck) bool { return x.Truck == t.ID }); i >= 0 {
			c.Taken = taken[i].StartedAt
		}
		page.Trucks = append(page.Trucks, c)
	}
	// Trucks of the plan first, in the order of the fleet.
	slices.SortStableFunc(page.Trucks, func(a, b truckChoice) int { return min(b.Stops, 1) - min(a.Stops, 1) })
	return page, nil
}

func (s *Site) takeTruck(r *http.Request) (any, error) {
	d := s.opts.Domains
	data, err := s.chooseTruck(r)
	if err != nil {
		return nil, err
	}
	page, _ := data.(truckPage)
	truck := page.Value("truck")
	if err := d.Collection.TakeTruck(r.Context(), truck); problem.KindOf(err) == problem.Invalid && err != nil {
		page.Wrong("truck", s.printer(r).T("driver.wrong.truck"))
		return page, nil
	} else if err != nil {
		return nil, err
	}
	d.Sessions.Put(r.Context(), sessionTruck, truck)
	d.Sessions.Put(r.Context(), sessionTruckDay, d.Collection.Today().Format(collection.DayLayout))
	return nil, seeOther("/chauffeur")
}

// driverPage is what a truck's crew sees.
type driverPage struct {
	Form
	Day          string // 2006-01-02
	Truck, Name  string
	Version      int64
	Added, Gone  int // by which a newer plan changes the list; both 0 where nothing is to confirm
	Changed      bool
	Done         []doneLine
	Finished     int // stops that are behind it
	Stops        []driverStop
	Next         driverStop // the first of Stops; without a Kind when there is none
	Break        string     // the break clock in words; empty when there is none to tell
	BreakSoon    bool
	BreakAt      int64 // Unix milliseconds; 0 for none
	BreakEnds    int64
	Now          int64  // the city's clock, Unix milliseconds
	Rate         int    // how many times as fast as real it runs
	State        string // changes with the list
	Known        string // keys of the actions that are in it
	PlanPath     string
	Path         string // of the page in the reader's language
	Words        string // what the script says, as JSON
	FailReasons  []driverReason
	OrderReasons []driverReason
	Beside       []collection.Beside
	keys         string
}

// driverReason is a button with a reason on it.
type driverReason struct{ Code, Text, Effect, EffectText string }

// Key returns the idempotency key of a form of this page: the same until something was done, so that a form that is
// sent twice counts once.
func (p driverPage) Key(kind, at string) string {
	return p.keys + "/" + kind + "/" + at
}

// HTTPStatus returns 422 for a form that is wrong.
func (p driverPage) HTTPStatus() int { return p.Form.HTTPStatus() }

// driver shows the list of the session's truck.
func (s *Site) driver(r *http.Request, form Form) (any, error) {
	d := s.opts.Domains
	truck, day, err := d.truckToday(r)
	if err != nil {
		return nil, err
	}
	list, err := d.Collection.CrewDay(r.Context(), day, truck)
	if err != nil {
		return nil, err
	}
	containers, err := s.residents.containersByID(r.Context())
	if err != nil {
		return nil, err
	}
	p := s.printer(r)
	now := s.opts.Clock.Now()
	page := driverPage{
		Form: form, Day: day, Truck: truck, Name: s.residents.truckName(p, truck), Version: list.Version,
		Changed: list.Confirmed < list.Version, Finished: list.Finished, Added: len(list.Added), Gone: len(list.Removed), Now: now.UnixMilli(), Rate: int(s.opts.Clock.Rate()),
		Path: p.Path("/chauffeur"), Beside: collection.BesideKinds(), keys: fmt.Sprintf("%s/%s/%d", day, truck, list.Actions),
	}
	if list.Version > 0 {
		page.PlanPath = fmt.Sprintf("/plannen/%s/%d/ritlijst/%s", day, list.Version, truck)
	}
	for _, x := range list.Stops {
		page.Stops = append(page.Stops, s.driverStop(p, &x, containers))
	}
	if len(page.Stops) > 0 {
		page.Next = page.Stops[0]
	}
	for _, a := range list.Done {
		page.Done = append(page.Done, s.doneLine(p, &a, now))
	}
	page.tellBreak(p, list, now)
	for _, reason := range collection.FailReasons() {
		effect := string(reason.Effect())
		page.FailReasons = append(page.FailReasons, driverReason{string(reason), p.T("driver.reason." + string(reason)), effect, p.T("driver.effect." + effect)})
	}
	for _, reason := range collection.OrderReasons() {
		page.OrderReasons = append(page.OrderReasons, driverReason{Code: string(reason), Text: p.T("driver.reason." + string(reason))})
	}
	page.Words, page.Known = driverWords(p), strings.Join(list.Keys, " ")
	sum := fnv.New64a()
	// What other trucks do changes the list only by what is in it: the crew must not be disturbed for less.
	fmt.Fprint(sum, day, truck, len(list.Keys), list.Version, list.Confirmed, page.Rate)
	for _, x := range page.Stops {
		fmt.Fprint(sum, x.Kind, x.At, ";")
	}
	page.State = strconv.FormatUint(sum.Sum64(), 36)
	return page, nil
}

// driverForm takes one action from a form of the page, as it is without JavaScript.
func (s *Site) driverForm(r *http.Request) (any, error) {
	d := s.opts.Domains
	truck, day, err := d.truckToday(r)
	if err != nil {
		return nil, err
	}
	f := readForm(r, "key", "kind", "container", "reason", "kg", "beside", "of", "version")
	a := collection.CrewAction{
		Key: f.Value("key"), Day: day, Truck: truck, Kind: collection.CrewKind(f.Value("kind")), Container: f.Value("container"),
		Reason: collection.CrewReason(f.Value("reason")), Beside: collection.Beside(f.Value("beside")), Of: f.Value("of"),
	}
	for field, to := range map[string]*int64{"kg": &a.Kg, "version": &a.Version} {
		if f.Value(field) == "" {
			continue
		}
		if *to, err = strconv.ParseInt(f.Value(field), 10, 64); err != nil {
			f.Wrong(field, s.crewWrong(s.printer(r), field))
			return s.driver(r, f)
		}
	}
	_, _, err = d.Collection.RecordCrew(r.Context(), a)
	if e, ok := errors.AsType[*problem.Error](err); ok && (e.Kind == problem.Invalid || e.Kind == problem.Conflict) {
		f.Wrong(e.Where, s.crewWrong(s.printer(r), e.Where))
		return s.driver(r, f)
	}
	if err != nil {
		return nil, err
	}
	return nil, seeOther("/chauffeur")
}

// crewWrong says what is wrong with a field of an action.
func (s *Site) crewWrong(p *message.Printer, field string) string {
	return p.T("driver.wrong." + code(p, "driver.wrong.", field))
}
