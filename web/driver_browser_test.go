package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"polder.city/collection"
	"polder.city/sensing"
	"polder.city/web/webtest"
)

// phone is a browser that shows the crew's page.
type phone struct {
	*depot
	t    *testing.T
	ctx  context.Context
	dead atomic.Bool  // the network: connections break off
	deaf atomic.Bool  // the same for the page alone: what is sent arrives
	door atomic.Int64 // how often something was sent
	look atomic.Int64 // how often the page was asked for
}

func newPhone(t *testing.T) *phone {
	t.Helper()
	p := &phone{depot: newDepot(t), t: t}
	// The browser's emulation does not reach a service worker, so the network itself fails as well.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.dead.Load() || p.deaf.Load() && r.URL.Path == "/chauffeur" {
			panic(http.ErrAbortHandler)
		}
		if r.URL.Path == "/chauffeur/gedaan" {
			p.door.Add(1)
		}
		p.Site.ServeHTTP(w, r)
		if r.URL.Path == "/chauffeur" && r.Method == http.MethodGet {
			p.look.Add(1)
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	p.address = server.URL
	p.ctx = webtest.Browser(t)
	return p
}

func (p *phone) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for _, a := range actions {
		if _, err := chromedp.Run(p.ctx, a); err != nil {
			p.t.Fatal(err)
		}
	}
}

func (p *phone) ask(script string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s: %v", script, err)
	}
	return text
}

// until waits until a script says what it should; the page may be loading.
func (p *phone) until(script, want string) {
	p.t.Helper()
	var got string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var err error
		if got, err = chromedp.Run(p.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise)); err == nil && got == want {
			return
		}
	}
	p.t.Fatalf("%s is %q, not %q", script, got, want)
}

// offline cuts the phone off, or connects it again.
func (p *phone) offline(off bool) {
	p.t.Helper()
	p.dead.Store(off)
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		rules := []*network.Conditions{{Offline: off, DownloadThroughput: -1, UploadThroughput: -1}}
		if _, err := cdp.Call(ctx, target, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: rules}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: off, DownloadThroughput: -1, UploadThroughput: -1})
		return err
	}))
}

// signInOnPhone does so by the forms, as a crew would.
func (p *phone) signInOnPhone() {
	p.t.Helper()
	p.do(chromedp.Navigate(p.address+"/inloggen"),
		chromedp.SendKeys(chromedp.CSS("#f-name"), "wagen"), chromedp.SendKeys(chromedp.CSS("#f-password"), testPassword+"\r"),
		chromedp.WaitReady(chromedp.CSS(".crew__trucks")), chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[value=%q]`, p.truck))),
		chromedp.WaitReady(chromedp.CSS("[data-driver]")))
}

// nextStop is a script that returns the container that the big button is about.
const nextStop = `document.querySelector('[data-for="empty"]:not([hidden]) input[name="container"]')?.value ?? ""`

const syncLine = `document.querySelector("[data-sync]").textContent`

// kept is a script that returns "yes" once the service worker has the page and its script.
const kept = `(async () => { const names = (await (await caches.open("polder-driver-1")).keys()).map((r) => new URL(r.url).pathname);
	return names.includes("/chauffeur") && names.some((n) => n.endsWith("driver.js")) && names.some((n) => n.endsWith("app.css")) && navigator.serviceWorker.controller ? "yes" : names.join(" "); })()`

func TestThreeStopsWithoutAConnectionAreStoredOnceWhenItIsBack(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 360, Still: true}))
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	p.until(kept, "yes")
	sent := p.door.Load()
	p.offline(true)

	p.do(chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)))
	p.until(nextStop, p.stops[1])
	p.do(chromedp.Click(chromedp.CSS(".crew__cannot")), chromedp.Click(chromedp.CSS(`[name="reason"][value="blocked"][data-effect]`)))
	p.until(nextStop, p.stops[2])
	// The phone is locked in between: the page is opened anew, still without a connection.
	p.do(chromedp.Reload())
	p.until(nextStop, p.stops[2])
	p.until(syncLine, "Geen verbinding. 2 bewaard op deze telefoon.")
	webtest.Axe(t, p.ctx)
	webtest.Shot(t, p.ctx, "driver-offline-360")
	p.do(chromedp.Click(chromedp.CSS(`[data-for="empty"] details summary`)), chromedp.SendKeys(chromedp.CSS("#f-kg"), "310"), chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)))
	p.until(nextStop, p.stops[3])
	if actions, err := p.d.Collection.CrewActions(t.Context(), testDay); err != nil || len(actions) != 0 || p.door.Load() != sent {
		t.Fatalf("something was stored without a connection: %v, %v", actions, err)
	}
	// What was done a moment ago is taken back and done again, still without a connection.
	p.do(chromedp.Click(chromedp.CSS("[data-undo] button")))
	p.until(nextStop, p.stops[2])
	p.do(chromedp.Click(chromedp.CSS(`[data-for="empty"] details summary`)), chromedp.SendKeys(chromedp.CSS("#f-kg"), "320"), chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)))
	p.until(nextStop, p.stops[3])

	p.offline(false)
	p.until(syncLine, "Alles is verstuurd.")
	p.until(nextStop, p.stops[3])
	check := func() {
		t.Helper()
		actions, err := p.d.Collection.CrewActions(t.Context(), testDay)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range actions {
			if a.UndoneAt.IsZero() && a.Kind != collection.CrewUndone {
				got = append(got, fmt.Sprintf("%s %s %s %d", a.Kind, a.Container, a.Reason, a.Kg))
			}
		}
		want := []string{"emptied " + p.stops[0] + "  0", "failed " + p.stops[1] + " blocked 0", "emptied " + p.stops[2] + "  320"}
		if strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
	check()
	for _, id := range []string{p.stops[0], p.stops[2]} {
		stream, err := p.d.Sensing.DatastreamByKey(t.Context(), collection.SeriesKey(id, collection.EmptyingKind))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = p.d.Sensing.Range(t.Context(), stream.ID, noon.Add(-time.Hour), noon.Add(time.Hour), func(sensing.Observation) error { n++; return nil })
		if err != nil || n != 1 {
			t.Errorf("%s: %d emptyings observed, want one: %v", id, n, err)
		}
	}
	// The queue is empty, and nothing is sent again.
	p.do(chromedp.Reload())
	p.until(syncLine, "Alles is verstuurd.")
	check()

	// What was sent stays done also when the connection fails before the new list has come, and the page is opened anew.
	p.deaf.Store(true)
	p.do(chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)))
	p.until(nextStop, p.stops[4])
	const none = "Geen verbinding. Wat je doet, bewaart deze telefoon."
	p.until(syncLine, none)
	p.offline(true)
	p.do(chromedp.Reload())
	p.until(nextStop, p.stops[4])
	p.until(syncLine, none)
	if actions, err := p.d.Collection.CrewActions(t.Context(), testDay); err != nil || actions[len(actions)-1].Container != p.stops[3] {
		t.Errorf("stored %+v, %v", actions, err)
	}
}

func TestTheCrewsPageKeepsTheRulesOfAccessibilityInEveryView(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 360, Still: true}), chromedp.Navigate(p.address+"/inloggen"),
		chromedp.SendKeys(chromedp.CSS("#f-name"), "wagen"), chromedp.SendKeys(chromedp.CSS("#f-password"), testPassword+"\r"),
		chromedp.WaitReady(chromedp.CSS(".crew__trucks")))
	for _, v := range webtest.Views()[1:3] {
		p.do(webtest.Set(v), chromedp.Reload(), chromedp.WaitReady(chromedp.CSS(".crew__trucks")))
		webtest.Axe(t, p.ctx)
		webtest.Overflow(t, p.ctx)
		webtest.Shot(t, p.ctx, "drivertruck-"+v.Name())
	}
	p.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`button[value=%q]`, p.truck))), chromedp.WaitReady(chromedp.CSS("[data-driver]")))
	for _, v := range webtest.Views()[1:3] {
		p.do(webtest.Set(v), chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("[data-driver]")))
		webtest.Axe(t, p.ctx)
		webtest.Overflow(t, p.ctx)
		webtest.Shot(t, p.ctx, "driver-"+v.Name())
		p.ask(`for (const d of document.querySelectorAll("details")) d.open = true; ""`)
		webtest.Axe(t, p.ctx)
		webtest.Overflow(t, p.ctx)
		webtest.Shot(t, p.ctx, "driver-open-"+v.Name())
	}
	// What a thumb in a glove must hit is at least 48 CSS pixels high.
	if small := p.ask(`[...document.querySelectorAll("[data-driver] button, [data-driver] summary, [data-driver] .crew__big, [data-driver] select, [data-driver] input[type=radio]")]
		.filter((e) => e.getClientRects().length && (e.closest("label") ?? e).getBoundingClientRect().height < 48).map((e) => e.outerHTML.slice(0, 90)).join("\n")`); small != "" {
		t.Errorf("too small for a glove:\n%s", small)
	}

	// What the trucks tell an official.
	for i, a := range []collection.CrewAction{
		{Kind: collection.CrewFailed, Container: p.stops[0], Reason: collection.Damaged}, {Kind: collection.CrewEmptied, Container: p.stops[1], Beside: collection.Bulky},
	} {
		a.Key, a.Day, a.Truck = fmt.Sprint(i), testDay, p.truck
		if _, _, err := p.d.Collection.RecordCrew(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	p.do(webtest.Set(webtest.Views()[1]), chromedp.Navigate(p.address+"/inloggen"), chromedp.SendKeys(chromedp.CSS("#f-name"), "planner"),
		chromedp.SendKeys(chromedp.CSS("#f-password"), testPassword+"\r"), chromedp.WaitReady(chromedp.CSS(`form[action="/werk/container/`+p.stops[0]+`"]`)))
	webtest.Axe(t, p.ctx)
	webtest.Overflow(t, p.ctx)
	webtest.Shot(t, p.ctx, "werk-crew-360-dark")
}

// A crew without a mouse, and one whose browser runs no script.
func TestACrewGoesOnByKeyboardAloneAndWithoutAScript(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 1280, Still: true}))
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	focused := `(e => e.classList.contains("crew__done") ? "done" : e.tagName)(document.activeElement)`
	for range 60 {
		p.do(chromedp.KeyEvent("\t"))
		if p.ask(focused) == "done" {
			break
		}
	}
	p.do(chromedp.KeyEvent("\r"))
	p.until(nextStop, p.stops[1])
	p.until(focused, "done") // so that one key goes on
	p.do(chromedp.KeyEvent("\r"))
	p.until(nextStop, p.stops[2])
	p.until(syncLine, "Alles is verstuurd.")

	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}), chromedp.Reload(), chromedp.WaitReady(chromedp.CSS("[data-driver]")), chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)), chromedp.WaitReady(chromedp.CSS(".crew__did li:nth-child(3)")))
	actions, err := p.d.Collection.CrewActions(t.Context(), testDay)
	if err != nil || len(actions) != 3 || actions[2].Container != p.stops[2] {
		t.Errorf("stored %+v, %v", actions, err)
	}
}

// The page is open while the plan is made again: the crew is told at the next look.
func TestAnOpenPageIsToldOfANewerPlan(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 360, Still: true}))
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	other := "T1"
	if p.truck == other {
		other = "T2"
	}
	if _, err := p.d.Collection.Breakdown(t.Context(), p.d.Collection.Today(), []string{other}); err != nil {
		t.Fatal(err)
	}
	// The phone is taken out of the pocket; while it lies open the page looks every twenty seconds by itself.
	p.ask(`document.dispatchEvent(new Event("visibilitychange")); ""`)
	p.do(chromedp.WaitReady(chromedp.CSS("[data-changed] button")))
	webtest.Axe(t, p.ctx)
	webtest.Shot(t, p.ctx, "driver-changed-360")
	p.do(chromedp.Click(chromedp.CSS("[data-changed] button")))
	p.until(`document.querySelector("[data-changed]") ? "told" : "confirmed"`, "confirmed")
	p.until(syncLine, "Alles is verstuurd.")
	if trucks, err := p.d.Collection.CrewTrucks(t.Context(), testDay); err != nil || len(trucks) != 1 || trucks[0].Version != 2 {
		t.Errorf("confirmed %+v, %v", trucks, err)
	}
}

// What the crew has opened stays open while the page looks at the city, also when another truck did something.
func TestTheCrewIsNotDisturbedByWhatOthersDo(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 360, Still: true}))
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	open := `[document.querySelector(".crew__cannot").parentElement.open, document.querySelector("[data-stops] li:nth-child(2) details").open].join(" ")`
	p.do(chromedp.Click(chromedp.CSS(".crew__cannot")), chromedp.Click(chromedp.CSS("[data-stops] li:nth-child(2) summary")))
	p.until(open, "true true")
	other := "T1"
	if p.truck == other {
		other = "T2"
	}
	lookAgain := func() {
		t.Helper()
		before := p.look.Load()
		p.ask(`document.dispatchEvent(new Event("visibilitychange")); ""`)
		for end := time.Now().Add(20 * time.Second); p.look.Load() == before; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the page does not look at the city")
			}
		}
		p.ask(`new Promise((done) => setTimeout(() => done(""), 300))`)
	}
	away := collection.CrewAction{Key: "o1", Day: testDay, Truck: other, Kind: collection.CrewUnloaded}
	if _, _, err := p.d.Collection.RecordCrew(t.Context(), away); err != nil {
		t.Fatal(err)
	}
	lookAgain()
	p.until(open, "true true")
	// What concerns the list is taken over, and the reasons that the crew looks at stay where they are.
	last := p.stops[len(p.stops)-1]
	near := collection.CrewAction{Key: "o2", Day: testDay, Truck: other, Kind: collection.CrewEmptied, Container: last}
	if _, _, err := p.d.Collection.RecordCrew(t.Context(), near); err != nil {
		t.Fatal(err)
	}
	lookAgain()
	p.until(`document.querySelector('[data-stops] li[data-at="`+last+`"]') ? "there" : "gone"`, "gone")
	p.until(`String(document.querySelector(".crew__cannot").parentElement.open)`, "true")
}

// The session ends while the crew is out: what it did waits until it is signed in again, as another truck's crew even.
func TestWhatWaitsOutlivesTheSession(t *testing.T) {
	p := newPhone(t)
	p.do(webtest.Set(webtest.View{Width: 360, Still: true}))
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	p.until(kept, "yes")
	p.offline(true)
	p.do(chromedp.Click(chromedp.CSS(`[data-for="empty"] .crew__done`)))
	p.until(nextStop, p.stops[1])
	p.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		u, err := url.Parse(p.address)
		if err != nil {
			return err
		}
		name, domain := "polder_session", u.Hostname()
		_, err = cdp.Call(ctx, target, network.DeleteCookies, network.DeleteCookiesParams{Name: name, Domain: domain})
		return err
	}))
	p.offline(false)
	p.until(syncLine, "Log opnieuw in. 1 bewaard op deze telefoon, niets is kwijt.")
	p.signInOnPhone()
	p.until(syncLine, "Alles is verstuurd.")
	if actions, err := p.d.Collection.CrewActions(t.Context(), testDay); err != nil || len(actions) != 1 || actions[0].Container != p.stops[0] {
		t.Errorf("stored %+v, %v", actions, err)
	}
}
