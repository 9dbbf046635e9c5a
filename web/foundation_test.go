package web

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"polder.city/internal/message"
	"polder.city/internal/problem"
)

func TestEveryPageIsThereInBothLanguagesAndShowsNoMissingText(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/wat-is-echt", "/uitleg", "/uitleg/vulgraad", "/toegankelijkheid", "/privacy"} {
		for prefix, lang := range map[string]string{"": "nl", "/en": "en"} {
			w := get(s, prefix+path)
			body := w.Body.String()
			if w.Code != 200 || !strings.Contains(body, `<html lang="`+lang+`"`) || strings.ContainsAny(body, "⟦") {
				t.Errorf("%s%s: %d\n%s", prefix, path, w.Code, body)
			}
			if lang == "nl" && !strings.Contains(body, `href="/en`+path+`" lang="en"`) || lang == "en" && !strings.Contains(body, `href="`+path+`" lang="nl"`) {
				t.Errorf("%s%s has no way to the other language", prefix, path)
			}
			if lang == "en" && regexp.MustCompile(`href="/(uitleg|privacy|wat-is-echt)`).MatchString(strings.ReplaceAll(body, `href="`+path+`"`, "")) {
				t.Errorf("%s%s links to a Dutch page", prefix, path)
			}
		}
	}
}

func TestADemoSaysOnEveryPageThatItIsNotTheMunicipality(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/privacy", "/en/privacy", "/nergens"} {
		w := get(s, path)
		if !regexp.MustCompile(`Dit is geen website van de gemeente Almere|This is not a website of the municipality of Almere`).MatchString(w.Body.String()) {
			t.Errorf("%s does not say it", path)
		}
		if !strings.Contains(w.Body.String(), `content="noindex"`) || w.Header().Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s may be indexed", path)
		}
	}
	if body := get(s, "/robots.txt").Body.String(); !strings.Contains(body, "Disallow: /\n") {
		t.Errorf("robots.txt is %q", body)
	}
}

func TestAnswersCarryAPolicyThatAllowsNothingFromOutside(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/privacy", "/nergens", "/assets/x/app.css", "/robots.txt"} {
		h := get(s, path).Header()
		csp := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "blob:") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
	body := get(s, "/wat-is-echt").Body.String()
	if m := regexp.MustCompile(`(?:src|href|action)="(?:https?:)?//[^"]*"`).FindString(strings.ReplaceAll(body, "https://polder.city/source", "")); m != "" {
		t.Errorf("the page asks something outside: %s", m)
	}
	if m := regexp.MustCompile(` style="|<style|<script>| on[a-z]+="`).FindString(body); m != "" {
		t.Errorf("the page holds what the policy refuses: %s", m)
	}
}

func TestAPageOfTextWeighsUnderAHundredKilobytes(t *testing.T) {
	s := newSite(t, nil)
	weigh := func(path string) int { return get(s, path, "Accept-Encoding", "gzip").Body.Len() }
	body := get(s, "/wat-is-echt").Body.String()
	total := weigh("/wat-is-echt")
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`).FindAllStringSubmatch(body, -1) {
		total += weigh(m[1])
	}
	css := get(s, strings.Trim(regexp.MustCompile(`href="(/assets/[^"]+\.css)"`).FindStringSubmatch(body)[1], `"`)).Body.String()
	for _, m := range regexp.MustCompile(`url\("?\./([^)"]+\.svg)"?\)`).FindAllStringSubmatch(css, -1) {
		path, err := s.assets.path(m[1])
		if err != nil {
			t.Fatal(err)
		}
		total += weigh(path)
	}
	if total > 100_000 {
		t.Errorf("the page weighs %d bytes", total)
	}
	t.Logf("%d bytes", total)
}

func TestAssetsAreKeptForEverUnderTheAddressOfTheirContent(t *testing.T) {
	s := newSite(t, nil)
	path, err := s.assets.path("app.css")
	if err != nil {
		t.Fatal(err)
	}
	w := get(s, path, "Accept-Encoding", "gzip")
	if w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("headers %v", w.Header())
	}
	zr, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := io.ReadAll(zr)
	if err != nil || string(unzipped) != get(s, path).Body.String() {
		t.Errorf("gzip gives something else: %v", err)
	}
	if w := get(s, "/assets/0123456789ab/app.css"); w.Code != 200 || w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("an old address: %d %v", w.Code, w.Header())
	}
	if w := get(s, "/assets/x/nope.js"); w.Code != 404 {
		t.Errorf("a missing asset: %d", w.Code)
	}
}

func TestAPageThatDidNotChangeIsNotSentTwice(t *testing.T) {
	s := newSite(t, nil)
	first := get(s, "/privacy")
	if w := get(s, "/privacy", "If-None-Match", first.Header().Get("ETag")); w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("%d with %d bytes", w.Code, w.Body.Len())
	}
	if w := get(s, "/privacy", "Accept-Encoding", "gzip"); w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > first.Body.Len()/2 {
		t.Errorf("not compressed: %v", w.Header())
	}
}

func TestErrorsSayWhatHappenedAndWhatToDo(t *testing.T) {
	var log strings.Builder
	s := newSite(t, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.page("GET /kapot", "error.html", func(*http.Request) (any, error) { return nil, errors.New("disk gone") })
	s.page("GET /paniek", "error.html", func(*http.Request) (any, error) { panic("oh") })
	s.page("GET /dicht", "error.html", func(*http.Request) (any, error) { return nil, problem.New(problem.Forbidden, "x", "No.") })
	s.page("GET /straks", "error.html", func(*http.Request) (any, error) { return nil, problem.New(problem.Unavailable, "x", "Later.") })
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/nergens":                  {404, "Deze pagina is er niet"},
		"/uitleg/kaas":              {404, "Deze pagina is er niet"},
		"/en/nowhere":               {404, "This page does not exist"},
		"/kapot":                    {500, "Er ging iets mis bij ons"},
		"/en/paniek":                {500, "Something went wrong on our side"},
		"/dicht":                    {403, "Dit mag je hier niet doen"},
		"/straks":                   {503, "Dit kan nu even niet"},
		"/tiles/1/0/0.mvt":          {404, ""},
		"/assets/../../etc/passwd":  {404, ""},
		"/uitleg/%00":               {404, ""},
		"/uitleg/" + "%3Cscript%3E": {404, ""},
	} {
		w := get(s, path)
		if w.Code == http.StatusTemporaryRedirect || w.Code == http.StatusMovedPermanently {
			continue // the mux cleaned the path
		}
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.text) || strings.Contains(w.Body.String(), "<script>") {
			t.Errorf("%s: %d, want %d with %q\n%s", path, w.Code, want.status, want.text, w.Body)
		}
		if strings.Contains(w.Body.String(), "disk gone") {
			t.Errorf("%s tells what is inside", path)
		}
	}
	reference := regexp.MustCompile(`Noem nummer <strong>([0-9A-F]{4})</strong>`).FindStringSubmatch(get(s, "/kapot").Body.String())
	if reference == nil || !strings.Contains(log.String(), "reference="+reference[1]) || !strings.Contains(log.String(), "disk gone") {
		t.Errorf("reference %v is not in the log:\n%s", reference, log.String())
	}
}

func TestADoorThatLeadsNowhereIsNotShown(t *testing.T) {
	s := newSite(t, nil)
	if body := get(s, "/privacy").Body.String(); strings.Contains(body, "<nav class=\"nav\"") || strings.Contains(body, "/zoeken") || strings.Contains(body, "/melden") {
		t.Error("a door to a page that is not there")
	}
	s.page("GET /plannen", "real.html", func(*http.Request) (any, error) { return nil, nil })
	if body := get(s, "/en/plannen").Body.String(); !strings.Contains(body, `<a href="/en/plannen" aria-current="page">`) {
		t.Errorf("the door to the plans is not shown as the one we are at:\n%s", body)
	}
}

// post sends a form as a browser does, from the site itself or from another.
func post(s *Site, path, site string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", site)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestTheBannersButtonsSetTheDemosClock(t *testing.T) {
	s := newSite(t, nil)
	w := post(s, "/en/demo/klok", "same-origin", url.Values{"forward": {"07:00"}, "back": {"/privacy?x=1"}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/en/privacy?x=1" {
		t.Errorf("%d to %s", w.Code, w.Header().Get("Location"))
	}
	if now := s.opts.Clock.Now().In(s.opts.Location); now.Format("2006-01-02 15:04") != "2026-11-25 07:00" {
		t.Errorf("the clock shows %v", now)
	}
	if post(s, "/demo/klok", "same-origin", url.Values{"rate": {"60"}}); s.opts.Clock.Rate() != 60 {
		t.Errorf("rate %v", s.opts.Clock.Rate())
	}
	for name, form := range map[string]url.Values{"a rate": {"rate": {"fast"}}, "a time": {"forward": {"25:00"}}, "nothing": {}} {
		if w := post(s, "/demo/klok", "same-origin", form); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	for _, back := range []string{"//elders.nl", "https://elders.nl", "/\\elders.nl"} {
		if w := post(s, "/demo/klok", "same-origin", url.Values{"rate": {"0"}, "back": {back}}); w.Header().Get("Location") != "/" {
			t.Errorf("back to %q leads to %q", back, w.Header().Get("Location"))
		}
	}
}

func TestAFormFromAnotherSiteIsRefused(t *testing.T) {
	s := newSite(t, nil)
	if w := post(s, "/demo/klok", "cross-site", url.Values{"rate": {"60"}}); w.Code != http.StatusForbidden || s.opts.Clock.Rate() != 0 {
		t.Errorf("%d, rate %v", w.Code, s.opts.Clock.Rate())
	}
}

func TestACityThatIsBeingBuiltSaysHowFarItIs(t *testing.T) {
	state := Building{Day: 212, Days: 365, Left: 40 * time.Second, Phase: "history"}
	s := newSite(t, func(o *Options) { o.Building = func() Building { return state } })
	s.page("GET /", "real.html", func(*http.Request) (any, error) { return nil, nil })
	for _, path := range []string{"/", "/en", "/containers/FIL-014-R"} {
		w := get(s, path)
		if w.Code != http.StatusServiceUnavailable || !regexp.MustCompile(`dag 212 van 365|day 212 of 365`).MatchString(w.Body.String()) {
			t.Errorf("%s: %d\n%s", path, w.Code, w.Body)
		}
	}
	if w := get(s, "/wat-is-echt"); w.Code != 200 {
		t.Errorf("what is real cannot be read: %d", w.Code)
	}
	state.Ready = true
	if body := get(s, "/").Body.String(); !strings.Contains(body, "dag 212 van 365") {
		t.Error("the banner does not say that history is filling in")
	}
	if w := get(s, "/opbouw", "HX-Request", "true"); w.Header().Get("HX-Redirect") != "/" {
		t.Errorf("the progress page does not lead on: %d %v", w.Code, w.Header())
	}
	state.Day = 365
	if body := get(s, "/").Body.String(); strings.Contains(body, "365 van 365") {
		t.Error("the banner speaks of history that is complete")
	}
}

func TestRealStreetsAreNotCalledDrawn(t *testing.T) {
	for _, drawn := range []bool{true, false} {
		s := newSite(t, func(o *Options) {
			o.Drawn, o.OSM = drawn, !drawn
			o.Building = func() Building { return Building{Day: 1, Days: 365, Phase: "streets"} }
		})
		for _, path := range []string{"/wat-is-echt", "/"} {
			body := get(s, path).Body.String()
			if says := regexp.MustCompile(`We tekenen de straten|straten tekenden we zelf|stratenplan`).MatchString(body); says != drawn {
				t.Errorf("%s, drawn %t: says so %t\n%s", path, drawn, says, words(body))
			}
		}
	}
}

func TestLiveValuesReachThePagesThatShowThemInTheirLanguage(t *testing.T) {
	s := newSite(t, nil)
	server := httptest.NewServer(s)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	open := func(query string) *bufio.Scanner {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/live?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		lines := bufio.NewScanner(answer.Body)
		for lines.Scan() && lines.Text() != "" { // the retry line says that we are listening
		}
		return lines
	}
	dutch, english := open("lang=nl&key=a&key=b"), open("lang=en&prefix=fill:")
	for _, key := range []string{"c", "a", "fill:1"} {
		s.Live().Send(Value{Key: key, Text: func(p *message.Printer) string { return p.T("site.live.now") }, Data: map[string]any{"value": 0.5}})
	}
	for want, lines := range map[string]*bufio.Scanner{
		`data: {"data":{"value":0.5},"key":"a","text":"zojuist"}`:       dutch,
		`data: {"data":{"value":0.5},"key":"fill:1","text":"just now"}`: english,
	} {
		if lines.Scan(); lines.Text() != want {
			t.Errorf("got %q, want %q", lines.Text(), want)
		}
	}
	cancel()
}

func TestASlowReaderKeepsOnlyTheNewestValueOfAKey(t *testing.T) {
	l := NewLive()
	c := &listener{prefix: "x", waiting: map[string]Value{}, wake: make(chan struct{}, 1)}
	l.add(c)
	for range 3 * maxWaiting {
		l.Send(Value{Key: "x1"})
	}
	if got := c.take(); len(got) != 1 {
		t.Errorf("%d values wait", len(got))
	}
	for i := range 2 * maxWaiting {
		l.Send(Value{Key: "x" + strings.Repeat("y", i%(maxWaiting+50))})
	}
	if got := c.take(); len(got) != maxWaiting {
		t.Errorf("%d values wait, at most %d may", len(got), maxWaiting)
	}
}

func TestTilesAreServedAsTheMapAsks(t *testing.T) {
	s := newSite(t, func(o *Options) {
		o.Tile = func(z, x, y int) ([]byte, error) {
			switch z {
			case 3:
				return nil, nil
			case 4:
				return nil, errors.New("no")
			}
			return []byte{0x1f, 0x8b, byte(x), byte(y)}, nil
		}
	})
	for path, want := range map[string]int{
		"/tiles/14/8430/5380.mvt": 200, "/tiles/3/1/1.mvt": 204, "/tiles/4/1/1.mvt": 500, "/tiles/14/8430/5380": 404,
		"/tiles/2/4/0.mvt": 404, "/tiles/-1/0/0.mvt": 404, "/tiles/60/0/0.mvt": 404, "/tiles/a/0/0.mvt": 404,
	} {
		if w := get(s, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	if h := get(s, "/tiles/14/8430/5380.mvt").Header(); h.Get("Content-Encoding") != "gzip" || h.Get("Content-Type") != "application/vnd.mapbox-vector-tile" {
		t.Errorf("headers %v", h)
	}
}

func TestAFormSaysWhatIsWrongAtTheFieldAndOnTop(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader("name=+Jan%00+&why="))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	f := readForm(r, "name", "why")
	if f.Value("name") != "Jan" || !f.OK() || f.HTTPStatus() != 200 {
		t.Errorf("form %+v", f)
	}
	f.Wrong("why", "Zeg waarom.")
	if f.OK() || f.Error("why") != "Zeg waarom." || f.Error("name") != "" || f.HTTPStatus() != 422 {
		t.Errorf("form %+v", f)
	}
}
