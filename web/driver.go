package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"polder.city/account"
	"polder.city/city"
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
func (s *Site) driverPages(d *Domains) {
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
	Day          time.Time
	DayKey       string
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
	Now          int64 // the city's clock, Unix milliseconds
	Rate         int   // how many times as fast as real it runs
	State        string
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

// driverStop is a stop of the list, in words.
type driverStop struct {
	Kind, At  string
	Title     string // the address, the facility's name or the word for break
	Name      string // "Container VAD-001-R"; empty for a break
	Facts     []string
	Why       string
	Marks     []string
	Geo       template.URL // of the place: a navigation app takes it over
	Planned   time.Time    // zero where the plan does not have it
	WithOrder bool         // it can be moved
}

// doneLine is something that the crew did.
type doneLine struct {
	Key, Text, Other string
	CanUndo          bool
	UndoUntil        int64 // Unix milliseconds
}

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
		Form: form, Day: d.Collection.Today(), DayKey: day, Truck: truck, Name: s.residents.truckName(p, truck), Version: list.Version,
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
	page.Words = driverWords(p)
	sum := fnv.New64a()
	fmt.Fprint(sum, page.keys, list.Version, list.Confirmed, len(page.Stops), page.Rate)
	for _, x := range page.Stops {
		fmt.Fprint(sum, x.Kind, x.At, ";")
	}
	page.State = strconv.FormatUint(sum.Sum64(), 36)
	return page, nil
}

// driverStop puts a stop in words.
func (s *Site) driverStop(p *message.Printer, x *collection.CrewStop, containers map[string]collection.Container) driverStop {
	v := collection.Visit{Kind: x.Kind, At: x.At}
	stop := driverStop{Kind: string(x.Kind), At: x.At, Planned: x.Planned}
	switch x.Kind {
	case collection.VisitBreak:
		stop.Title = p.T("driver.stop.break")
		return stop
	case collection.VisitUnload:
		stop.Title, stop.Name = s.residents.visitName(p, v), p.T("driver.stop.unload")
		if i := slices.IndexFunc(s.opts.Domains.City.Fleet.Facilities, func(f city.Facility) bool { return f.ID == x.At }); i >= 0 {
			stop.Geo = geoURI(s.opts.Domains.City.Fleet.Facilities[i].Point, stop.Title)
		}
		return stop
	default:
	}
	k := containers[x.At]
	stream, _ := s.residents.stream(p, k.Stream)
	stop.Title, stop.Name, stop.WithOrder = k.Address, p.T("driver.stop.empty", "id", x.At), true
	if stop.Title == "" {
		stop.Title = k.Place
	}
	stop.Facts = append(stop.Facts, stream)
	if !x.Planned.IsZero() {
		side := "left"
		if x.Right {
			side = "right"
		}
		stop.Facts = append(stop.Facts, p.T("driver.stop.side."+side))
	}
	stop.Facts = append(stop.Facts, p.T("driver.stop.place", "place", k.Place))
	if o := x.Outcome; o != nil {
		stop.Facts = append(stop.Facts, p.T("driver.stop.fill", "fill", upToFull(o.FillThen)))
		if len(o.Reasons) > 0 {
			stop.Why = reasonText(p, o.Reasons[0], o, stream, x.Planned)
		}
	} else {
		stop.Facts = append(stop.Facts, p.T("driver.stop.unknown"))
	}
	if x.SeenFull {
		stop.Marks = append(stop.Marks, p.T("driver.stop.seen"))
	}
	if x.Failed != "" {
		stop.Marks = append(stop.Marks, p.T("driver.stop.failed", "reason", p.T("driver.reason."+string(x.Failed))))
	}
	if x.Moved != "" {
		stop.Marks = append(stop.Marks, p.T("driver.stop.moved", "reason", p.T("driver.reason."+string(x.Moved))))
	}
	stop.Geo = geoURI(k.Point, x.At)
	return stop
}

// geoURI is a place as RFC 5870 writes it, with the q that Android's navigation apps want; a point is lon, lat.
func geoURI(point [2]float64, name string) template.URL {
	at := fmt.Sprintf("%.6f,%.6f", point[1], point[0])
	return template.URL("geo:" + at + "?q=" + url.QueryEscape(at+"("+name+")")) //nolint:gosec // numbers and an escaped name
}

// doneLine puts an action in words.
func (s *Site) doneLine(p *message.Printer, a *collection.CrewAction, now time.Time) doneLine {
	text := p.T("driver.did."+string(a.Kind), "id", a.Container)
	done := doneLine{Key: a.Key, Text: p.T("driver.did_at", "text", text, "time", a.At), UndoUntil: a.At.Add(collection.UndoFor).UnixMilli()}
	done.CanUndo = now.Sub(a.At) <= collection.UndoFor
	if a.OtherTruck != "" {
		done.Other = p.T("driver.other_truck", "truck", s.residents.truckName(p, a.OtherTruck))
	}
	return done
}

// tellBreak writes the break clock as it stands now; the script lets it go on.
func (page *driverPage) tellBreak(p *message.Printer, list *collection.CrewDay, now time.Time) {
	switch {
	case !list.BreakEnds.IsZero():
		page.BreakEnds = list.BreakEnds.UnixMilli()
		if now.Before(list.BreakEnds) {
			page.Break = p.T("driver.break.until", "time", list.BreakEnds)
		}
	case list.BreakAt.IsZero():
	default:
		page.BreakAt = list.BreakAt.UnixMilli()
		left := list.BreakAt.Sub(now)
		switch page.BreakSoon = left <= breakWarning; {
		case left <= 0:
			page.Break = p.T("driver.break.now")
		case page.BreakSoon:
			page.Break = p.T("driver.break.soon", "n", int(left.Minutes()+0.99))
		default:
			page.Break = p.T("driver.break.at", "time", list.BreakAt)
		}
	}
}

// driverWords are the texts of the script, with {n}, {id} and the like left for it to fill in.
func driverWords(p *message.Printer) string {
	words := map[string]string{
		"online": p.T("driver.online"), "offline": p.T("driver.offline", "n", "{n}"), "sending": p.T("driver.sending", "n", "{n}"),
		"signin": p.T("driver.signin", "n", "{n}"), "refused": p.T("driver.refused", "id", "{id}", "text", "{text}"), "close": p.T("driver.close"),
		"soon": p.T("driver.break.soon", "n", 2), "soonOne": p.T("driver.break.soon", "n", 1), "now": p.T("driver.break.now"), "over": p.T("driver.break.over"),
		"kg": p.T("driver.wrong.kg"), "container": p.T("driver.wrong.container"), "undo": p.T("driver.undo"),
		"name": p.T("driver.stop.empty", "id", "{id}"), "seen": p.T("driver.stop.seen"), "progress": p.T("driver.progress", "done", "{done}", "left", "{left}"),
	}
	for _, kind := range collection.CrewKinds() {
		words["did."+string(kind)] = p.T("driver.did."+string(kind), "id", "{id}")
	}
	text, err := json.Marshal(words)
	if err != nil {
		panic(err) // a map of texts: it cannot fail
	}
	return string(text)
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

// How much the door for what was done offline takes at once: a day of a truck is some hundred actions.
const (
	maxDone     = 200
	maxDoneSize = 256 << 10
)

// doneAnswer is what became of one action.
type doneAnswer struct {
	Key string `json:"key"`
	// Status is stored, repeated (it was stored before: forget it), refused (it will never be
	// taken: tell the crew) or retry (send it again, and all that follow).
	Status     string `json:"status"`
	OtherTruck string `json:"otherTruck,omitempty"` // had emptied the same container
	Code       string `json:"code,omitempty"`
	Field      string `json:"field,omitempty"`
	Text       string `json:"text,omitempty"` // for the crew, in its language
}

// driverDone takes what a crew did, in order, and answers for each. Any truck's actions are taken from any
// crew: a phone that was offline may have changed trucks since.
func (s *Site) driverDone(w http.ResponseWriter, r *http.Request) {
	d := s.opts.Domains
	w.Header().Set("Cache-Control", "no-store")
	if err := d.mustDrive(r); err != nil {
		if to, ok := errors.AsType[seeOther](err); ok {
			err = problem.New(problem.Forbidden, "crew.signin", "Nobody is signed in.").Do("Sign in at %s; what was kept can be sent after that.", string(to))
		}
		problem.WriteJSON(w, err)
		return
	}
	var raw []json.RawMessage
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDoneSize))
	if err := decoder.Decode(&raw); err != nil || len(raw) > maxDone {
		problem.WriteJSON(w, problem.New(problem.Invalid, "crew.body", "The body is no JSON array of at most %d actions and %d kB.", maxDone, maxDoneSize>>10).
			Do("Send fewer at once.").Cause(err))
		return
	}
	p := s.printer(withLanguage(r, r.URL.Query().Get("lang")))
	answers := make([]doneAnswer, len(raw))
	waiting := false // what follows an action that must be sent again waits for it: order counts
	for i, text := range raw {
		var a collection.CrewAction
		answer := &answers[i]
		if err := json.Unmarshal(text, &a); err != nil {
			*answer = doneAnswer{Status: "refused", Code: "crew.json", Text: s.crewWrong(p, "")}
			_ = json.Unmarshal(text, &struct {
				Key *string `json:"key"`
			}{&answer.Key}) // of what cannot be read there may be no key either
			continue
		}
		answer.Key = a.Key
		if waiting {
			answer.Status = "retry"
			continue
		}
		stored, repeated, err := d.Collection.RecordCrew(r.Context(), a)
		e, known := errors.AsType[*problem.Error](err)
		switch {
		case err == nil && repeated:
			answer.Status = "repeated"
		case err == nil:
			answer.Status, answer.OtherTruck = "stored", stored.OtherTruck
		case known && (e.Kind == problem.Invalid || e.Kind == problem.Conflict):
			answer.Status, answer.Code, answer.Field, answer.Text = "refused", e.Code, e.Where, s.crewWrong(p, e.Where)
		default:
			s.opts.Log.Error("crew action not stored", "key", a.Key, "error", err)
			answer.Status, waiting = "retry", true
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answers); err != nil {
		s.opts.Log.Debug("answer not delivered", "path", r.URL.Path, "error", err)
	}
}

// driverWorker answers with the service worker, which may keep the crew's page and nothing else.
func (s *Site) driverWorker(w http.ResponseWriter, r *http.Request, scope string) {
	file := s.assets.files["driver-sw.js"]
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Service-Worker-Allowed", scope)
	if _, err := w.Write(file.data); err != nil {
		s.opts.Log.Debug("script not delivered", "path", r.URL.Path, "error", err)
	}
}
