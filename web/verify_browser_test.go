package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"polder.city/web/webtest"
)

// The moment that people remember: the browser says that it is right, and one changed sign makes it wrong.
func TestTheBrowserVerifiesADecisionAndRefusesOneChangedSign(t *testing.T) {
	s := styleguide(t)
	file := vector(t)
	asked := make(chan string, 100)
	s.handle("GET /besluit.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(file)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/live") && !strings.HasPrefix(r.URL.Path, "/tiles") {
			asked <- r.URL.Path
		}
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer server.CloseClientConnections()
	ctx := webtest.Browser(t)
	const result = chromedp.CSS("[data-verify-result]")
	click := func(button, state, next string) string {
		t.Helper()
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("[data-verify-"+button+"]")), chromedp.WaitVisible(chromedp.CSS(".verify__result--"+state)),
			chromedp.WaitVisible(chromedp.CSS("[data-verify-"+next+"]")))
		if err != nil {
			t.Fatal(err)
		}
		text, err := chromedp.Run(ctx, chromedp.TextContent(result))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := chromedp.Do(ctx, webtest.Set(webtest.View{Width: 360, Still: true}), chromedp.Navigate(server.URL+"/stijlboek"),
		chromedp.Clear(chromedp.CSS("[data-verify-key]")), chromedp.ScrollIntoView(chromedp.CSS(".verify"))); err != nil {
		t.Fatal(err)
	}
	if got := click("check", "yes", "change"); !strings.HasPrefix(got, "Klopt. Dit document staat in het logboek van example.com/log") {
		t.Errorf("the browser says %q", got)
	}
	webtest.Axe(t, ctx)
	webtest.ShotOf(t, ctx, "verify-yes", ".verify")
	for len(asked) > 0 {
		<-asked
	}
	if got := click("change", "no", "undo"); got != "Klopt niet: dit is niet het document dat is vastgelegd." {
		t.Errorf("after one changed sign the browser says %q", got)
	}
	webtest.Axe(t, ctx)
	webtest.ShotOf(t, ctx, "verify-no", ".verify")
	click("undo", "yes", "change")
	if err := chromedp.Do(ctx, chromedp.SetValue(chromedp.CSS("[data-verify-key]"), "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")); err != nil {
		t.Fatal(err)
	}
	if got := click("check", "no", "change"); !strings.HasPrefix(got, "Klopt niet") {
		t.Errorf("with another key the browser says %q", got)
	}
	if len(asked) > 0 {
		t.Errorf("verifying asked the server for %s", <-asked)
	}
}
