package web

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"polder.city/account"
	"polder.city/collection"
)

// depot is the office with a crew's account, and the truck that has the most stops today.
type depot struct {
	*office
	truck string
	stops []string // its containers by today's plan, in order
}

const testDay = "2026-11-24"

func newDepot(t *testing.T) *depot {
	t.Helper()
	o := newOffice(t)
	link, err := o.d.Accounts.Invite(t.Context(), "wagen", account.Driver, "test")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.d.Accounts.Accept(t.Context(), link, testPassword); err != nil {
		t.Fatal(err)
	}
	d := &depot{office: o}
	plan, err := o.d.Collection.PlanOf(t.Context(), testDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range plan.Routes {
		var stops []string
		for _, v := range r.Visits {
			if v.Kind == collection.VisitEmpty {
				stops = append(stops, v.At)
			}
		}
		if len(stops) > len(d.stops) {
			d.truck, d.stops = r.Truck, stops
		}
	}
	if len(d.stops) < 5 {
		t.Fatalf("today's plan gives a truck %d stops; the tests need five", len(d.stops))
	}
	return d
}

// drive signs the crew in for its truck.
func (d *depot) drive(t *testing.T) {
	t.Helper()
	d.fresh(t)
	if _, at, body := d.open(t, "/inloggen", url.Values{"name": {"wagen"}, "password": {testPassword}}); at != "/chauffeur/wagen" {
		t.Fatalf("signing in as a crew ends at %s: %s", at, words(body))
	}
	if _, at, body := d.open(t, "/chauffeur/wagen", url.Values{"truck": {d.truck}}); at != "/chauffeur" {
		t.Fatalf("choosing a truck ends at %s: %s", at, words(body))
	}
}

// field is the value of an input in the page's form of a kind of action.
func field(t *testing.T, body, kind, name string) string {
	t.Helper()
	at := strings.Index(body, `name="kind" value="`+kind+`"`)
	if at < 0 {
		t.Fatalf("no form to say %s: %s", kind, words(body))
	}
	form := body[strings.LastIndex(body[:at], "<form"):]
	form = form[:strings.Index(form, "</form>")]
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(form)
	if m == nil {
		t.Fatalf("the form to say %s has no %s", kind, name)
	}
	return m[1]
}

func TestACrewSeesItsNextStopInBothLanguages(t *testing.T) {
	d := newDepot(t)
	for _, path := range []string{"/chauffeur", "/chauffeur/wagen"} {
		if _, at, _ := d.open(t, path, nil); at != "/inloggen" {
			t.Errorf("%s without signing in leads to %s", path, at)
		}
	}
	d.drive(t)
	for _, path := range []string{"/chauffeur", "/chauffeur/wagen", "/en/chauffeur", "/en/chauffeur/wagen"} {
		status, at, body := d.open(t, path, nil)
		if status != http.StatusOK || at != path {
			t.Errorf("%s: status %d at %s", path, status, at)
		}
		for _, bad := range []string{"⟦", "NaN", "%!", "<no value>", "0001", "ZgotmplZ"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s shows %q", path, bad)
			}
		}
	}
	_, _, body := d.open(t, "/chauffeur", nil)
	k, err := d.d.Collection.Container(t.Context(), d.stops[0])
	if err != nil {
		t.Fatal(err)
	}
	text := words(body)
	next := text[strings.Index(text, "Volgende stop"):]
	for _, want := range []string{k.Address, "Container " + k.ID, k.Place, "van de weg", "naar verwachting", "Waarom deze?", "Navigeer", "Geleegd", "Kan niet"} {
		if !strings.Contains(next, want) {
			t.Errorf("the next stop does not say %q: %s", want, next[:400])
		}
	}
	if geo := fmt.Sprintf("geo:%.6f,%.6f?q=", k.Point[1], k.Point[0]); !strings.Contains(body, geo) {
		t.Errorf("no link to %s", geo)
	}
	if got := field(t, body, "emptied", "container"); got != d.stops[0] {
		t.Errorf("the button empties %s, not %s", got, d.stops[0])
	}
}

func TestACrewsFormsWorkWithoutAScript(t *testing.T) {
	d := newDepot(t)
	d.drive(t)
	_, _, body := d.open(t, "/chauffeur", nil)
	send := url.Values{"kind": {"emptied"}, "container": {d.stops[0]}, "key": {field(t, body, "emptied", "key")}, "kg": {"veel"}}
	status, _, body := d.open(t, "/chauffeur", send)
	if status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-kg"`) || !strings.Contains(body, `value="veel"`) {
		t.Errorf("a weight that is no number: %d %s", status, words(body))
	}
	send.Set("kg", "180")
	for range 2 { // a form that is sent twice counts once
		if status, at, body := d.open(t, "/chauffeur", send); status != http.StatusOK || at != "/chauffeur" {
			t.Fatalf("emptied: %d at %s: %s", status, at, words(body))
		}
	}
	_, _, body = d.open(t, "/chauffeur", nil)
	if got := field(t, body, "emptied", "container"); got != d.stops[1] {
		t.Errorf("next comes %s, not %s", got, d.stops[1])
	}
	fail := url.Values{"kind": {"failed"}, "container": {d.stops[1]}, "key": {field(t, body, "failed", "key")}}
	if status, _, body := d.open(t, "/chauffeur", fail); status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-reason"`) {
		t.Errorf("without a reason: %d %s", status, words(body))
	}
	fail.Set("reason", "blocked")
	_, _, body = d.open(t, "/chauffeur", fail)
	if text := words(body); !strings.Contains(text, d.stops[1]+" niet geleegd om 12.00 uur") || !strings.Contains(text, "Lukte eerder vandaag niet: Er staat iets voor") {
		t.Errorf("a blocked container does not come again: %s", text)
	}
	undo := url.Values{"kind": {"undone"}, "of": {field(t, body, "undone", "of")}, "key": {field(t, body, "undone", "key")}}
	_, _, body = d.open(t, "/chauffeur", undo)
	if got := field(t, body, "emptied", "container"); got != d.stops[1] {
		t.Errorf("taken back, next comes %s, not %s", got, d.stops[1])
	}
	if status, _, body := d.open(t, "/chauffeur", url.Values{"kind": {"seen"}, "container": {"XYZ"}, "key": {"k"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-container"`) {
		t.Errorf("a container that is not there: %d %s", status, words(body))
	}
	_, _, body = d.open(t, "/chauffeur", url.Values{"kind": {"seen"}, "container": {strings.ToLower(d.stops[3])}, "key": {"k2"}})
	if got := field(t, body, "emptied", "container"); got != d.stops[3] {
		t.Errorf("after seeing %s full, next comes %s", d.stops[3], got)
	}
	latest, err := d.d.Sensing.Latest(t.Context(), collection.SeriesKey(d.stops[0], collection.EmptyingKind))
	if err != nil || !latest[collection.SeriesKey(d.stops[0], collection.EmptyingKind)].Time.Equal(noon) {
		t.Errorf("the emptying is not observed: %+v, %v", latest, err)
	}
}

func TestTheBreakClockWarnsAQuarterBefore(t *testing.T) {
	d := newDepot(t)
	list, err := d.d.Collection.CrewDay(t.Context(), testDay, d.truck)
	if err != nil {
		t.Fatal(err)
	}
	if list.BreakAt.Before(noon.Add(20 * time.Minute)) {
		t.Fatalf("by the plan the break begins at %v; the test needs it later", list.BreakAt)
	}
	d.clock.Forward(list.BreakAt.Add(-16 * time.Minute))
	d.drive(t)
	if _, _, body := d.open(t, "/chauffeur", nil); strings.Contains(body, "crew__break--soon") || !strings.Contains(words(body), "Pauze om") {
		t.Errorf("sixteen minutes before: %s", words(body)[:300])
	}
	d.clock.Forward(list.BreakAt.Add(-15 * time.Minute))
	if _, _, body := d.open(t, "/chauffeur", nil); !strings.Contains(body, "crew__break--soon") || !strings.Contains(words(body), "Over 15 minuten pauze") {
		t.Errorf("fifteen minutes before: %s", words(body)[:300])
	}
	d.clock.Forward(list.BreakAt)
	if _, _, body := d.open(t, "/chauffeur", nil); !strings.Contains(words(body), "Nu pauze") {
		t.Errorf("at its time: %s", words(body)[:300])
	}
	if _, _, body := d.open(t, "/chauffeur", url.Values{"kind": {"break"}, "key": {"b"}}); strings.Contains(body, "crew__break--soon") || !strings.Contains(words(body), "Pauze tot") {
		t.Errorf("in the break: %s", words(body)[:300])
	}
}

// post sends actions to the door for what was done offline.
func (d *depot) post(t *testing.T, body string) (int, []doneAnswer) {
	t.Helper()
	r, err := d.reader.Post(d.address+"/chauffeur/gedaan", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answers []doneAnswer
	if r.StatusCode == http.StatusOK {
		if err := json.Unmarshal(text, &answers); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	return r.StatusCode, answers
}

func (d *depot) action(key, kind, container, more string) string {
	return fmt.Sprintf(`{"key":%q,"day":%q,"truck":%q,"kind":%q,"container":%q,"at":"2026-11-24T10:30:00Z"%s}`, key, testDay, d.truck, kind, container, more)
}

func TestTheDoorAnswersForEachActionInItsOrder(t *testing.T) {
	d := newDepot(t)
	if status, _ := d.post(t, `[]`); status != http.StatusForbidden {
		t.Errorf("without signing in: %d", status)
	}
	d.drive(t)
	batch := "[" + strings.Join([]string{
		d.action("a", "emptied", d.stops[0], `,"kg":240`), d.action("b", "failed", d.stops[1], ""), d.action("a", "emptied", d.stops[0], ""),
		`{"key":"c","kg":"many"}`, d.action("d", "failed", d.stops[2], `,"reason":"damaged"`),
	}, ",") + "]"
	status, answers := d.post(t, batch)
	var got []string
	for _, a := range answers {
		got = append(got, a.Key+" "+a.Status+" "+a.Field)
	}
	if want := []string{"a stored ", "b refused reason", "a repeated ", "c refused ", "d stored "}; status != http.StatusOK || !slices.Equal(got, want) {
		t.Errorf("%d %q, want %q", status, got, want)
	}
	if answers[1].Text != "Kies een reden." {
		t.Errorf("the crew reads %q", answers[1].Text)
	}
	for range 2 { // the answer was lost on the way: all is sent again
		if _, answers = d.post(t, batch); answers[0].Status != "repeated" || answers[4].Status != "repeated" {
			t.Errorf("sent again: %+v", answers)
		}
	}
	actions, err := d.d.Collection.CrewActions(t.Context(), testDay)
	if err != nil || len(actions) != 2 {
		t.Errorf("%d actions stored, want 2: %v", len(actions), err)
	}
	for name, body := range map[string]string{"no array": `{}`, "too many": "[" + strings.Repeat("1,", maxDone) + "1]", "too large": `["` + strings.Repeat("x", maxDoneSize) + `"]`} {
		if status, _ := d.post(t, body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
}

func TestOnlyCrewsDriveAndTheyDoNothingElse(t *testing.T) {
	d := newDepot(t)
	d.signIn(t, "planner")
	for _, path := range []string{"/chauffeur", "/chauffeur/wagen"} {
		if status, _, _ := d.open(t, path, nil); status != http.StatusForbidden {
			t.Errorf("a planner opens %s: %d", path, status)
		}
		if status, _, _ := d.open(t, path, url.Values{"truck": {d.truck}, "kind": {"break"}, "key": {"k"}}); status != http.StatusForbidden {
			t.Errorf("a planner sends %s: %d", path, status)
		}
	}
	if status, _ := d.post(t, "["+d.action("a", "emptied", d.stops[0], "")+"]"); status != http.StatusForbidden {
		t.Errorf("a planner at the door: %d", status)
	}
	d.drive(t)
	if status, _ := d.post(t, "["+d.action("a", "failed", d.stops[0], `,"reason":"damaged"`)+"]"); status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	_, _, body := d.open(t, "/chauffeur", nil)
	if strings.Contains(body, `href="/werk"`) || strings.Contains(body, `href="/beheer"`) || !strings.Contains(body, `href="/chauffeur"`) {
		t.Error("a crew is shown the office's doors, or not its own")
	}
	for _, path := range []string{"/werk", "/beheer"} {
		if _, at, _ := d.open(t, path, nil); at != "/chauffeur" {
			t.Errorf("a crew that opens %s comes to %s", path, at)
		}
	}
	repair := "/werk/container/" + d.stops[0]
	d.open(t, repair, url.Values{})
	d.fresh(t)
	d.open(t, repair, url.Values{})
	d.signIn(t, "wethouder")
	if status, _, _ := d.open(t, repair, url.Values{}); status != http.StatusForbidden {
		t.Errorf("an alderman repairs: %d", status)
	}
	if out, err := d.d.Collection.ContainersOut(t.Context()); err != nil || len(out) != 1 {
		t.Errorf("repaired by who may not: %v, %v", out, err)
	}
	if status, _, body := d.open(t, "/chauffeur/wagen", nil); status != http.StatusForbidden {
		t.Errorf("an alderman at the trucks: %d %s", status, words(body))
	}
}

func TestAPlannerReadsWhatCrewsMetAndResidentsToo(t *testing.T) {
	d := newDepot(t)
	other := "T1"
	if d.truck == other {
		other = "T2"
	}
	d.drive(t)
	twice := strings.Replace(d.action("b", "emptied", d.stops[1], `,"beside":"bulky"`), `"`+d.truck+`"`, `"`+other+`"`, 1)
	if _, answers := d.post(t, "["+d.action("a", "emptied", d.stops[1], "")+","+twice+","+d.action("c", "failed", d.stops[0], `,"reason":"damaged"`)+"]"); answers[1].OtherTruck != d.truck {
		t.Fatalf("the second truck is not told: %+v", answers)
	}
	if text := words(get(d.Site, "/containers/"+d.stops[0]).Body.String()); !strings.Contains(text, "We kunnen deze container nu niet legen") {
		t.Errorf("residents do not read it: %s", text)
	}
	d.signIn(t, "planner")
	_, _, body := d.open(t, "/werk", nil)
	text := words(body)
	for _, want := range []string{
		"heeft plan versie 1 gezien", d.stops[1] + " is vandaag twee keer geleegd", "Grof afval", d.stops[0] + " Niet te legen: Kapot",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the worklist does not say %q: %s", want, text)
		}
	}
	_, _, body = d.open(t, "/werk/container/"+d.stops[0], url.Values{})
	notice := regexp.MustCompile(`action="(/werk/wagen/\d+)"`).FindStringSubmatch(body)
	if notice == nil {
		t.Fatalf("nothing to close: %s", words(body))
	}
	if _, _, body = d.open(t, notice[1], url.Values{}); !strings.Contains(words(body), "De wagens melden niets") {
		t.Errorf("after all was handled: %s", words(body))
	}
	entries, err := d.d.Accounts.Recent(t.Context(), 2)
	if err != nil || entries[0].Action != "crew.read" || entries[1].Action != "container.repaired" {
		t.Errorf("audit: %+v, %v", entries, err)
	}
}

func TestACrewIsToldOfANewerPlanAndConfirmsIt(t *testing.T) {
	d := newDepot(t)
	d.drive(t)
	other := "T1"
	if d.truck == other {
		other = "T2"
	}
	if _, _, body := d.open(t, "/chauffeur", nil); strings.Contains(body, "nieuwer plan") {
		t.Error("told of a newer plan before there is one")
	}
	d.open(t, "/chauffeur", url.Values{"kind": {"emptied"}, "container": {d.stops[0]}, "key": {"first"}})
	if _, err := d.d.Collection.Breakdown(t.Context(), d.d.Collection.Today(), []string{other}); err != nil {
		t.Fatal(err)
	}
	_, _, body := d.open(t, "/chauffeur", nil)
	text := words(body)
	if !strings.Contains(text, "veranderd door een nieuwer plan (versie 2)") || !strings.Contains(text, "1 gedaan") {
		t.Errorf("not told, or what was done is forgotten: %s", text[:500])
	}
	d2 := field(t, body, "confirmed", "version")
	if _, _, body = d.open(t, "/chauffeur", url.Values{"kind": {"confirmed"}, "version": {d2}, "key": {field(t, body, "confirmed", "key")}}); strings.Contains(body, "nieuwer plan") {
		t.Error("told again after confirming")
	}
}

func TestTheServiceWorkerKeepsToTheCrewsPage(t *testing.T) {
	d := newDepot(t)
	for path, scope := range map[string]string{"/chauffeur/sw.js": "/chauffeur", "/en/chauffeur/sw.js": "/en/chauffeur"} {
		w := get(d.Site, path)
		h := w.Header()
		if w.Code != http.StatusOK || h.Get("Service-Worker-Allowed") != scope || h.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: %d %v", path, w.Code, h)
		}
		if csp := h.Get("Content-Security-Policy"); csp != policy {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
}
