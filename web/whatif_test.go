package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"polder.city/account"
)

const whatIfPath = "/plannen/2026-11-25/wat-als"

// answer lets the questions that wait be answered, as a node does in the background.
func (o *office) answer(t *testing.T) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = o.d.Collection.AnswerNext(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPlannerAsksWhatIfAndReadsBothSides(t *testing.T) {
	o := newOffice(t)
	o.signIn(t, "planner")
	if _, _, body := o.open(t, "/plannen/2026-11-25", nil); !strings.Contains(body, `href="`+whatIfPath+`"`) {
		t.Error("the plan's page does not lead a planner to the question")
	}
	status, _, body := o.open(t, whatIfPath, url.Values{"wagen": {"T2"}, "vrij": {"thu"}, "feest": {"ja"}, "uur": {"150 %"}})
	if status != http.StatusOK || !strings.Contains(words(body), "We rekenen het uit") || !strings.Contains(body, "vraag=1") {
		t.Fatalf("after asking: status %d: %s", status, words(body))
	}
	r, err := o.reader.Get(o.address + whatIfPath + "?vraag=1")
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.Header.Get("Refresh") == "" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("a page that waits has the headers %v", r.Header)
	}
	o.answer(t)
	for prefix, need := range map[string][]string{
		"":    {"Je vroeg: T2 rijdt niet op donderdag werken we niet meer", "een uur kost 150 % van nu", "Uren op weg", "Wat hielden we gelijk?", "200 rondes", "Er is niets beslist"},
		"/en": {"T2 does not go out", "an hour costs 150 % of now", "What did we keep equal?"},
	} {
		status, _, body := o.open(t, prefix+whatIfPath+"?vraag=1", nil)
		text := words(body)
		for _, s := range need {
			if !strings.Contains(text, s) {
				t.Errorf("%s: status %d, without %q: %s", prefix, status, s, text)
			}
		}
		for _, bad := range []string{"⟦", "NaN", "%!", "<no value>", "0001"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s shows %q", prefix, bad)
			}
		}
	}
	if r, err = o.reader.Get(o.address + whatIfPath + "?vraag=1"); err != nil {
		t.Fatal(err)
	}
	_ = r.Body.Close()
	if r.Header.Get("Refresh") != "" {
		t.Error("an answer goes on asking for itself")
	}
	for path, want := range map[string]int{whatIfPath + "?vraag=9": http.StatusNotFound, whatIfPath + "?vraag=x": http.StatusNotFound, "/plannen/2026-11-26/wat-als?vraag=1": http.StatusNotFound} {
		if status, _, _ := o.open(t, path, nil); status != want {
			t.Errorf("%s: status %d", path, status)
		}
	}
}

func TestAWrongWhatIfNamesItsFieldAndKeepsWhatWasFilledIn(t *testing.T) {
	o := newOffice(t)
	o.signIn(t, "planner")
	for field, form := range map[string]url.Values{
		"wagen": {"vrij": {""}}, "vrij": {"wagen": {"T2"}, "vrij": {"wed"}}, "losplek": {"wagen": {"T2"}, "losplek": {"x"}}, "soort": {"wagen": {"T2"}, "soort": {"x"}},
		"overloop": {"wagen": {"T2"}, "overloop": {"veel"}}, "uur": {"wagen": {"T2"}, "uur": {"0"}},
	} {
		status, _, body := o.open(t, whatIfPath, form)
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#f-`+field+`"`) || !strings.Contains(body, `id="e-`+field+`"`) {
			t.Errorf("%s: status %d: %s", field, status, words(body))
		}
		if field != "wagen" && !strings.Contains(body, `value="T2" checked`) {
			t.Errorf("%s: the truck that was chosen is forgotten", field)
		}
	}
	if status, _, _ := o.open(t, "/plannen/2026-11-20/wat-als", url.Values{"wagen": {"T2"}}); status != http.StatusConflict {
		t.Errorf("a day that is past: status %d", status)
	}
	if _, at, _ := o.open(t, "/plannen/2026-11-28/wat-als", url.Values{"wagen": {"T2"}}); at != "/plannen/2026-11-28" {
		t.Errorf("a Saturday leads to %s", at)
	}
}

func TestOnlyAPlannerAsksWhatIf(t *testing.T) {
	o := newOffice(t)
	if _, at, _ := o.open(t, whatIfPath, nil); at != "/inloggen" {
		t.Errorf("a resident gets to %s", at)
	}
	for _, role := range officialRoles {
		o.fresh(t)
		o.signIn(t, string(role))
		want := http.StatusForbidden
		if role == account.Planner {
			want = http.StatusOK
		}
		for _, form := range []url.Values{nil, {"wagen": {"T2"}}} {
			if status, _, body := o.open(t, whatIfPath, form); status != want {
				t.Errorf("%s, %v: status %d: %s", role, form, status, words(body))
			}
		}
		_, _, body := o.open(t, "/plannen/2026-11-25", nil)
		if strings.Contains(body, whatIfPath) != (role == account.Planner) {
			t.Errorf("%s: the door to the question", role)
		}
	}
}

// A planner who uses no mouse asks, waits and reads; that none of it needs a script, the tests above show.
func TestWhatIfWorksByKeyboardAlone(t *testing.T) {
	o := newOffice(t)
	b := newBrowser(t, o)
	b.signIn("planner")
	b.do(chromedp.Navigate(o.address + whatIfPath))
	b.looks("whatif-ask")
	b.tabTo("T2")
	b.press(" ")
	b.tabTo("f-uur")
	b.press("\t", "\r")
	b.arrive(whatIfPath)
	b.reads("We rekenen het uit")
	still := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.ServeHTTP(still{w}, r) }))
	defer still.Close()
	defer still.CloseClientConnections()
	b.do(chromedp.Navigate(still.URL + whatIfPath + "?vraag=1"))
	b.looks("whatif-wait")
	b.do(chromedp.Navigate(o.address + whatIfPath + "?vraag=1"))
	o.answer(t)
	b.reads("Wat hielden we gelijk?") // the page comes back by itself
	b.looks("whatif-answer")
}

// still answers with pages that do not come again by themselves while they are looked at.
type still struct{ http.ResponseWriter }

func (w still) WriteHeader(status int) {
	w.Header().Del("Refresh")
	w.ResponseWriter.WriteHeader(status)
}
