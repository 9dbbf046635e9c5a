package web

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/web/webtest"
)

var officialRoles = []account.Role{account.Planner, account.Officer, account.Alderman, account.Administrator}

const testPassword = "een lang en goed wachtwoord"

// office is the test city with its pages served, an official of each role, and one reader that keeps its cookies.
type office struct {
	*testCity
	address string
	reader  *http.Client
}

func newOffice(t *testing.T) *office {
	t.Helper()
	c := newCity(t)
	for _, role := range officialRoles {
		link, err := c.d.Accounts.Invite(t.Context(), string(role), role, "test")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.d.Accounts.Accept(t.Context(), link, testPassword); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(c.Site)
	t.Cleanup(func() {
		server.CloseClientConnections() // live pages stay open
		server.Close()
	})
	o := &office{testCity: c, address: server.URL}
	o.fresh(t)
	return o
}

// fresh forgets who was signed in.
func (o *office) fresh(t *testing.T) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	o.reader = &http.Client{Jar: jar}
}

// open follows links to a page and returns its address in the end and what it says.
func (o *office) open(t *testing.T, path string, form url.Values) (status int, at, body string) {
	t.Helper()
	r, err := o.reader.Get(o.address + path)
	if form != nil {
		r, err = o.reader.PostForm(o.address+path, form)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, r.Request.URL.Path, string(text)
}

func (o *office) signIn(t *testing.T, name string) {
	t.Helper()
	if _, at, body := o.open(t, "/inloggen", url.Values{"name": {name}, "password": {testPassword}}); at != "/werk" {
		t.Fatalf("signing in as %s ends at %s: %s", name, at, words(body))
	}
}

// advise makes an advice: tomorrow all trucks but one stand still, and the shift is too short for one.
func (o *office) advise(t *testing.T) int64 {
	t.Helper()
	shift := &o.d.City.Fleet.Shift
	shift.To = shift.From + 9_000
	var trucks []string
	for _, x := range o.d.City.Fleet.Trucks[1:] {
		trucks = append(trucks, x.ID)
	}
	result, err := o.d.Collection.Breakdown(t.Context(), o.d.Collection.NextWorkday(o.d.Collection.Today()), trucks)
	if err != nil {
		t.Fatal(err)
	}
	if result.Ruling.Verdict != decision.Advised {
		t.Fatalf("the plan is %s, not advised: %+v", result.Ruling.Verdict, result.Plan.Measures)
	}
	return result.Ruling.Advice
}

func TestThePagesOfOfficialsAreThereInBothLanguages(t *testing.T) {
	o := newOffice(t)
	advice := o.advise(t)
	for _, role := range officialRoles {
		name := string(role)
		o.fresh(t)
		for _, path := range []string{"/werk", "/beheer", fmt.Sprintf("/werk/advies/%d", advice)} {
			if _, at, _ := o.open(t, path, nil); at != "/inloggen" {
				t.Errorf("%s without signing in leads to %s", path, at)
			}
		}
		o.signIn(t, name)
		for _, path := range []string{"/werk", "/beheer", fmt.Sprintf("/werk/advies/%d", advice), "/uit"} {
			for _, prefix := range []string{"", "/en"} {
				status, at, body := o.open(t, prefix+path, nil)
				if status != http.StatusOK || at != prefix+path {
					t.Errorf("%s, %s: status %d at %s", name, prefix+path, status, at)
				}
				for _, bad := range []string{"⟦", "NaN", "%!", "<no value>", "0001"} {
					if strings.Contains(body, bad) {
						t.Errorf("%s, %s shows %q", name, prefix+path, bad)
					}
				}
			}
		}
	}
}

func TestAPlannerOverrulesAnAdviceWithAMotive(t *testing.T) {
	o := newOffice(t)
	advice := o.advise(t)
	o.signIn(t, "planner")
	path := fmt.Sprintf("/werk/advies/%d", advice)
	_, _, body := o.open(t, path, nil)
	if !strings.Contains(body, `value="`+collection.ChoiceLessOvertime+`"`) {
		t.Fatalf("no other plan to choose: %s", words(body))
	}
	choice := url.Values{"choice": {collection.ChoiceLessOvertime}}
	if _, at, body := o.open(t, path, choice); at != path || !strings.Contains(body, `href="#f-motive"`) {
		t.Errorf("without a motive it leads to %s: %s", at, words(body))
	}
	choice.Set("motive", "De ploeg werkte gisteren al langer door.")
	_, at, body := o.open(t, path, choice)
	if !strings.HasPrefix(at, "/besluiten/") || !strings.Contains(body, "De ploeg werkte gisteren al langer door.") {
		t.Errorf("overruling leads to %s: %s", at, words(body))
	}
	if _, after, _ := o.open(t, path, nil); after != at {
		t.Errorf("the advice that was signed leads to %s, not to %s", after, at)
	}
}

func TestAnAldermanSignsNothing(t *testing.T) {
	o := newOffice(t)
	advice := o.advise(t)
	o.signIn(t, string(account.Alderman))
	path := fmt.Sprintf("/werk/advies/%d", advice)
	if status, _, body := o.open(t, path, url.Values{"choice": {"advised"}}); status != http.StatusForbidden {
		t.Errorf("status %d: %s", status, words(body))
	}
	if a, err := o.d.Gate.Advice(t.Context(), advice); err != nil || a.State != "open" {
		t.Errorf("the advice is %v, %v", a, err)
	}
}

// An official who uses no mouse signs in, chooses and signs.
func TestAnAdviceIsSignedByKeyboardAlone(t *testing.T) {
	o := newOffice(t)
	advice := o.advise(t)
	ctx := webtest.Browser(t)
	press := func(keys string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(keys) }
	where := func() string {
		text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(e => e.id || e.getAttribute("value") || e.textContent.trim().slice(0, 40))(document.activeElement)`))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		for _, a := range actions {
			if _, err := chromedp.Run(ctx, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	tabTo := func(name string) {
		t.Helper()
		for range 80 {
			do(press("\t"))
			if where() == name {
				return
			}
		}
		t.Fatalf("Tab does not lead to %s; it is at %s", name, where())
	}
	arrive := func(prefix string) {
		t.Helper()
		var at string
		for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			var err error
			if at, err = chromedp.Run(ctx, chromedp.Evaluate[string]("document.readyState + location.pathname")); err == nil && strings.HasPrefix(at, "complete"+prefix) {
				return
			}
		}
		t.Fatalf("it leads to %s, not to %s", at, prefix)
	}
	do(webtest.Set(webtest.View{Width: 1280, Still: true}), chromedp.Navigate(o.address+"/inloggen"))
	tabTo("f-name")
	do(press("planner"))
	tabTo("f-password")
	do(press(testPassword), press("\r"))
	arrive("/werk")
	webtest.Axe(t, ctx)
	do(chromedp.Navigate(fmt.Sprintf("%s/werk/advies/%d", o.address, advice)))
	for _, view := range []webtest.View{{Width: 360, Dark: true, Still: true}, {Width: 1280, Still: true}} {
		do(webtest.Set(view))
		webtest.Axe(t, ctx)
		webtest.Overflow(t, ctx)
		webtest.Shot(t, ctx, "advice-"+view.Name())
	}
	tabTo("advised")
	do(press(" "))
	tabTo("f-motive")
	do(press("\t"), press("\r"))
	arrive("/besluiten/")
	webtest.Axe(t, ctx)
	webtest.Shot(t, ctx, "signed")
}
