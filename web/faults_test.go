package web

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/sensing"
	"polder.city/web/webtest"
)

// stick makes the sensor of VAD-001-R stand still for five days, and somebody report VAD-004-R, after which the next plan's preview looks at it.
func stick(t *testing.T, c *testCity) {
	t.Helper()
	var rows []sensing.Reading
	later := noon.AddDate(0, 0, 5)
	for at := noon.Add(2 * time.Hour); at.Before(later); at = at.Add(2 * time.Hour) {
		rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey("VAD-001-R", collection.FillKind), Time: at, Value: 0.44})
	}
	rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey("VAD-004-R", collection.ReportKind), Time: noon.AddDate(0, 0, 1), Value: 1})
	c.clock.Forward(later)
	if _, err := c.d.Sensing.Import(t.Context(), sensing.Batch{Import: "stuck", Name: "stuck", Rows: rows, Last: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.d.Collection.Preview(t.Context(), collection.Request{Day: c.d.Collection.NextWorkday(c.d.Collection.Today())}); err != nil {
		t.Fatal(err)
	}
}

func TestASensorThatStandsStillIsToldOfWithItsReadings(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/containers/VAD-001-R", "/meten/VAD-001-R"} {
		if text := words(get(o.Site, path).Body.String()); strings.Contains(text, "staat stil") {
			t.Errorf("%s, before: %s", path, text)
		}
	}
	stick(t, o.testCity)
	for _, path := range []string{"/containers/VAD-001-R", "/meten/VAD-001-R"} {
		text := words(get(o.Site, path).Body.String())
		for _, want := range []string{"De sensor staat stil", "steeds 44 %", "De voorspelling leert niet van deze metingen.", "Welke metingen laten dat zien?"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in %s", path, want, text)
			}
		}
	}
	if text := words(get(o.Site, "/en/meten/VAD-001-R").Body.String()); !strings.Contains(text, "The sensor stands still") {
		t.Errorf("in English: %s", text)
	}
	if text := words(get(o.Site, "/").Body.String()); !strings.Contains(text, "Van 1 container kloppen de metingen niet.") {
		t.Errorf("home: %s", text)
	}
	o.signIn(t, string(account.Planner))
	if _, _, body := o.open(t, "/beheer", nil); !strings.Contains(words(body), "VAD-001-R: De sensor staat stil") {
		t.Errorf("/beheer: %s", words(body))
	}
	ctx := webtest.Browser(t)
	lookIn(t, ctx, o.Site, webtest.Views()[1:3], "/meten/VAD-001-R", "/algoritmes/inzamelplan")
	err := chromedp.Do(ctx, chromedp.Navigate(o.address+"/inloggen"), chromedp.SendKeys(chromedp.CSS("#f-name"), string(account.Planner)),
		chromedp.SendKeys(chromedp.CSS("#f-password"), testPassword+"\r"))
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, ctx, "document.readyState == 'complete' && location.pathname == '/werk'")
	for _, view := range webtest.Views()[1:3] {
		if err := chromedp.Do(ctx, webtest.Set(view), chromedp.Navigate(o.address+"/beheer")); err != nil {
			t.Fatal(err)
		}
		webtest.Axe(t, ctx)
		webtest.Overflow(t, ctx)
		webtest.Shot(t, ctx, "beheer-"+view.Name())
	}
}
