package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"polder.city/collection"
	"polder.city/sensing"
	"polder.city/web/webtest"
)

// sendQuick taps "send" on a container's short page, and returns the path of the receipt.
func sendQuick(t *testing.T, c *testCity, container string, form url.Values) string {
	t.Helper()
	w := postForm(c.Site, "/c/"+container, form)
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/meldingen/") {
		t.Fatalf("sent: %d %q %s", w.Code, to, words(w.Body.String()))
	}
	return to
}

func TestTwoTapsReportAFullContainerAndAreAnsweredAtOnce(t *testing.T) {
	c := newCity(t)
	first := get(c.Site, "/c/vad-002-r") // typed over in small letters
	if text := words(first.Body.String()); first.Code != http.StatusOK || !strings.Contains(text, "Wat is er met deze container?") || !strings.Contains(first.Body.String(), `href="/c/VAD-002-R?wat=full"`) {
		t.Fatalf("first tap: %d %s", first.Code, text)
	}
	if w := get(c.Site, "/c/VAD-999-R"); w.Code != http.StatusNotFound {
		t.Errorf("a code of no container: %d", w.Code)
	}
	second := words(get(c.Site, "/c/VAD-002-R?wat=full").Body.String())
	if !strings.Contains(second, "De container is vol") || !strings.Contains(second, "Verstuur je melding") || strings.Contains(second, "kregen hier al") {
		t.Errorf("second tap: %s", second)
	}
	full := url.Values{"wat": {"full"}}
	sendQuick(t, c, "VAD-002-R", full)
	sendQuick(t, c, "VAD-002-R", full)
	if text := words(get(c.Site, "/c/VAD-002-R?wat=full").Body.String()); !strings.Contains(text, "We kregen hier al 2 meldingen over.") {
		t.Errorf("third, before sending: %s", text)
	}
	to := sendQuick(t, c, "VAD-002-R", full)
	text := words(get(c.Site, to).Body.String())
	for _, want := range []string{"We hadden al 2 meldingen hierover.", "We komen", "lopen", "Bewaar het adres van deze pagina"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if english := words(get(c.Site, "/en"+to).Body.String()); !strings.Contains(english, "We already had 2 reports about this.") {
		t.Errorf("in English: %s", english)
	}
	for range collection.ReportsAnHour - 3 {
		sendQuick(t, c, "VAD-002-R", full)
	}
	if w := postForm(c.Site, "/c/VAD-002-R", full); w.Code != http.StatusUnprocessableEntity || !strings.Contains(words(w.Body.String()), "We weten het.") {
		t.Errorf("once too often: %d %s", w.Code, words(w.Body.String()))
	}
	if w := get(c.Site, "/meldingen/niets"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown receipt: %d", w.Code)
	}

	// What the crew finds answers all of them.
	emptied := noon.Add(time.Minute)
	c.clock.Forward(noon.Add(2 * time.Minute))
	if _, err := c.d.Sensing.Observe(t.Context(), []sensing.Reading{{DatastreamKey: collection.SeriesKey("VAD-002-R", collection.EmptyingKind), Time: emptied, Value: 0.93}}); err != nil {
		t.Fatal(err)
	}
	if text := words(get(c.Site, to).Body.String()); !strings.Contains(text, "We hebben de container geleegd") || !strings.Contains(text, "93 % vol") {
		t.Errorf("after the emptying: %s", text)
	}
}

func TestTheAnswerToAReportIsThePlansOwn(t *testing.T) {
	c := newCity(t)
	st, err := c.residents.now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := c.printerIn("nl")
	for id, o := range st.outcomes {
		if st.now[id] != nil && st.now[id].Planned {
			continue // today's plan may still be to come
		}
		text := c.residents.coming(p, st, id)
		next, err := time.ParseInLocation(collection.DayLayout, o.NextDay, p.Location())
		if err != nil {
			t.Fatal(err)
		}
		if want := p.T("quick.come.preview", "day", st.day); o.Planned && text != want {
			t.Errorf("%s is in the preview: %q, want %q", id, text, want)
		}
		if want := p.T("quick.come.later", "day", next); !o.Planned && text != want {
			t.Errorf("%s is left: %q, want %q", id, text, want)
		}
	}
	// Once decided, the time that was said is one that the truck keeps by plan.
	if _, err := c.d.Collection.Decide(t.Context(), collection.Request{Day: st.day, Cause: collection.CauseAfternoon}); err != nil {
		t.Fatal(err)
	}
	if st, err = c.residents.now(t.Context()); err != nil {
		t.Fatal(err)
	}
	planned := 0
	for id, o := range st.outcomes {
		if !o.Planned || st.now[id] != nil && st.now[id].Planned {
			continue
		}
		planned++
		_, before := visitWindow(st.day, o.At, int64(c.d.City.Fleet.Shift.From))
		if want := p.T("quick.come.sure", "day", st.day, "before", before); c.residents.coming(p, st, id) != want || momentOf(st.day, o.At).After(before) {
			t.Errorf("%s: %q, want %q; by plan %s", id, c.residents.coming(p, st, id), want, momentOf(st.day, o.At))
		}
	}
	if planned == 0 {
		t.Fatal("the decided plan empties nothing")
	}
}

func TestAQuickReportThatSaysNothingNamesTheFieldAndTheWayOut(t *testing.T) {
	c := newCity(t)
	for _, tt := range []struct {
		form         url.Values
		field, wants string
	}{
		{url.Values{}, "f-wat", "Kies wat er aan de hand is"},
		{url.Values{"wat": {"complaint"}}, "f-wat", "Kies wat er aan de hand is"},
		{url.Values{"wat": {"other"}}, "f-tekst", "Schrijf op waar het over gaat"},
		{url.Values{"wat": {"other"}, "tekst": {strings.Repeat("x", 2001)}}, "f-tekst", "Maak je tekst korter dan 2.000 tekens"},
	} {
		w := postForm(c.Site, "/c/VAD-001-R", tt.form)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `href="#`+tt.field) || !strings.Contains(words(w.Body.String()), tt.wants) {
			t.Errorf("%v: %d %s", tt.form, w.Code, words(w.Body.String()))
		}
	}
	to := sendQuick(t, c, "VAD-001-R", url.Values{"wat": {"other"}, "tekst": {"De stoep ligt open."}})
	if text := words(get(c.Site, to).Body.String()); !strings.Contains(text, "Een medewerker leest het") || strings.Contains(text, "stoep") {
		t.Errorf("receipt: %s", text)
	}
}

func TestTheShortPagesKeepTheRulesOfAccessibility(t *testing.T) {
	ctx := webtest.Browser(t)
	c := newCity(t)
	receipt := sendQuick(t, c, "VAD-002-R", url.Values{"wat": {"full"}})
	look(t, ctx, c.Site, "/c/VAD-002-R", "/c/VAD-002-R?wat=full", "/c/VAD-002-R?wat=other", receipt)
}

func TestTwoTapsOfTheKeyboardReportWithoutScripts(t *testing.T) {
	ctx := webtest.Browser(t)
	c := newCity(t)
	server := httptest.NewServer(c.Site)
	defer server.Close()
	defer server.CloseClientConnections()
	scripts := chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	})
	if err := chromedp.Do(ctx, webtest.Set(webtest.View{Width: 360, Still: true}), scripts, chromedp.Navigate(server.URL+"/c/VAD-002-R")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{".tap[href$=full]", ".tap--send"} {
		reached := false
		for range 60 {
			if err := chromedp.Do(ctx, chromedp.KeyEvent("\t")); err != nil {
				t.Fatal(err)
			}
			var err error
			if reached, err = chromedp.Run(ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", want))); err != nil {
				t.Fatal(err)
			} else if reached {
				break
			}
		}
		if !reached {
			t.Fatalf("Tab does not lead to %s", want)
		}
		if err := chromedp.Do(ctx, chromedp.KeyEvent("\r")); err != nil {
			t.Fatal(err)
		}
		waitFor(t, ctx, fmt.Sprintf("document.readyState == 'complete' && !document.querySelector(%q)", want))
	}
	if text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.querySelector('h1').innerText")); err != nil || text != "We hebben je bericht" {
		t.Errorf("after two taps: %q, %v", text, err)
	}
}

// waitFor waits until an expression is true on a page that may be on its way.
func waitFor(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && ok {
			return
		}
	}
	t.Fatalf("never true: %s", expression)
}

func TestThePlannersPageSaysWhatReportsAreWorthAndWhoReportsThem(t *testing.T) {
	c := newCity(t)
	text := words(get(c.Site, "/algoritmes/inzamelplan").Body.String())
	if !strings.Contains(text, "meldden bewoners 0 keer") || !strings.Contains(text, "Wie het vaakst meldt, wint dus niet.") {
		t.Errorf("without reports: %s", text)
	}
	at := noon.AddDate(0, 0, -10)
	var rows []sensing.Reading
	for _, x := range []struct {
		kind   string
		before time.Duration
		value  float64
	}{{collection.EmptyingKind, 5 * 24 * time.Hour, 0.9}, {collection.ReportKind, 4 * 24 * time.Hour, 1}, {collection.ReportKind, time.Hour, 1}, {collection.EmptyingKind, 0, 1.1}} {
		rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey("VAD-002-R", x.kind), Time: at.Add(-x.before), Value: x.value})
	}
	if _, err := c.d.Sensing.Import(t.Context(), sensing.Batch{Import: "reports", Name: "reports", Rows: rows, Last: true}); err != nil {
		t.Fatal(err)
	}
	w := get(c.Site, "/algoritmes/inzamelplan")
	if text = words(w.Body.String()); !strings.Contains(text, "meldden bewoners 2 keer") || !strings.Contains(text, "klopte er 1 niet") || !strings.Contains(text, "Vaduz 2 6,7 1 van 2") {
		t.Errorf("with reports: %s", text)
	}
	csv := get(c.Site, "/data/meldingen/download")
	lines := strings.Split(strings.TrimSpace(csv.Body.String()), "\n")
	if csv.Code != http.StatusOK || len(lines) < 3 || !strings.HasPrefix(lines[1], "all,30,2,1,1,") {
		t.Errorf("CSV: %d %s", csv.Code, csv.Body)
	}
}
