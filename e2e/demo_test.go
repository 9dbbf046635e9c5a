//go:build e2e

// Package e2e drives the real binary with a real browser through the demo's first five minutes.
package e2e

import (
	"bufio"
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"polder.city/web/webtest"
)

// demo is a running 'polder demo'.
type demo struct {
	address string
	client  *http.Client
	cmd     *exec.Cmd
	read    chan string // the last line that it printed, when it has ended
}

// startDemo starts the binary that 'make build' made, and waits until its city lives. A second start in a folder goes on from the first.
func startDemo(t *testing.T, dir string) *demo {
	t.Helper()
	_, err := os.Stat(filepath.Join(dir, "world.json"))
	kept := err == nil
	polder, err := filepath.Abs("../bin/polder")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(polder); err != nil {
		t.Fatalf("%v: run 'make build' first", err)
	}
	cmd := exec.Command(polder, "demo", "--listen", "127.0.0.1:0", "--data", dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &demo{client: &http.Client{Timeout: 30 * time.Second}, cmd: cmd, read: make(chan string, 1)}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it fails when it has ended
	lines := bufio.NewScanner(out)
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for d.address == "" && lines.Scan() {
		d.address = address.FindString(lines.Text())
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the address came after %v", took)
	}
	go func() {
		var last string
		for lines.Scan() {
			last = lines.Text()
		}
		d.read <- last
	}()
	if status, body := d.get(t, "/"); !kept && (status != http.StatusServiceUnavailable || !strings.Contains(body, "van 365")) {
		t.Errorf("the first answer is %d, and does not show the city being built", status)
	}
	d.await(t, 4*time.Minute, "/", func(status int, _ string) bool { return status == http.StatusOK })
	return d
}

// stop presses Ctrl-C and returns the last line that was printed.
func (d *demo) stop(t *testing.T) string {
	t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	last := <-d.read
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("Ctrl-C did not stop it cleanly: %v", err)
	}
	return last
}

func (d *demo) get(t *testing.T, path string) (int, string) {
	t.Helper()
	r, err := d.client.Get(d.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// await asks for a page until it is as it should be.
func (d *demo) await(t *testing.T, most time.Duration, path string, right func(status int, body string) bool) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		status, body := d.get(t, path)
		if right(status, body) {
			return body
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s was not as it should be after %v: status %d\n%.2000s", path, most, status, body)
		}
	}
}

// clock presses a button of the banner.
func (d *demo) clock(t *testing.T, form url.Values) {
	t.Helper()
	form.Set("back", "/wat-is-echt")
	r, err := d.client.PostForm(d.address+"/demo/klok", form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Fatalf("the clock answered %s", r.Status)
	}
}

func step[R any](t *testing.T, ctx context.Context, what string, action chromedp.Action[R]) R {
	t.Helper()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return result
}

// eval runs a script in the page until it gives true.
func until(t *testing.T, ctx context.Context, what, script string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+script+")"))
		if err == nil && ok {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, _ := chromedp.Run(context.WithoutCancel(ctx), chromedp.Evaluate[string]("document.body.innerText"))
			t.Fatalf("%s: it did not happen (%v)\n%.1500s", what, err, text)
		}
	}
}

// The script of the demo, step by step. The clock stands still between them, so that a slow
// machine sees every one; it runs sixty times as fast while one is waited for.
func TestTheFirstFiveMinutes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	ctx := webtest.Browser(t)
	d.clock(t, url.Values{"rate": {"0"}})
	lookAround(t, ctx, d)
	withoutScripts(t, ctx, d)
	step(t, ctx, "view", webtest.Set(webtest.View{Width: 1280, Still: true}))

	before := newest(t, d)
	d.from(t, "14:19")
	d.await(t, time.Minute, "/", shows(`FIL-014-P \(papier en karton\) loopt sneller vol dan verwacht:`))
	d.clock(t, url.Values{"rate": {"0"}})
	d.from(t, "14:59")
	d.await(t, time.Minute, "/", shows(`Brug Vaartdreef is open\. Het verkeer moet even wachten\.`))
	d.await(t, time.Minute, "/", shows(`Garage Stadhuis is 87 % vol\.`))
	changesThePlan(t, d)
	d.from(t, "15:59")
	d.await(t, 4*time.Minute, "/besluiten", func(int, string) bool { return newest(t, d) > before })
	d.clock(t, url.Values{"rate": {"0"}})
	verify(t, ctx, d, newest(t, d))

	d.from(t, "16:24")
	overrule(t, ctx, d)

	d.clock(t, url.Values{"forward": {"07:00"}})
	d.clock(t, url.Values{"rate": {"60"}})
	d.await(t, 2*time.Minute, "/", shows(`Vandaag om [789]\.\d\d uur \S+ \([a-z, ]+\) is geleegd`))
	d.clock(t, url.Values{"rate": {"0"}})
	if _, body := d.get(t, "/metrics"); !strings.Contains(body, "polder_log_signs 1") {
		t.Error("the log is not being signed")
	}

	// Ctrl-C, and on from there.
	decided := newest(t, d)
	if last := d.stop(t); last != fmt.Sprintf("Stopped. Kept in %s; go on with: polder demo --data %s", dir, dir) {
		t.Errorf("it ends with %q", last)
	}
	d = startDemo(t, dir)
	if _, shown := d.get(t, "/demo/klok?lang=en"); !strings.Contains(shown, "Thursday") {
		t.Errorf("the clock that was kept shows %q", shown)
	}
	if n := newest(t, d); n < decided {
		t.Errorf("%d decisions were made, %d were kept", decided, n)
	}
	d.stop(t)
}

// from moves the clock to a time of day, unless it is later already, and lets it run on as the demo does.
func (d *demo) from(t *testing.T, at string) {
	t.Helper()
	_, shown := d.get(t, "/demo/klok?lang=nl") // "Woensdag 18 november, 14.07 uur"
	now := regexp.MustCompile(`(\d+)\.(\d\d)`).FindStringSubmatch(shown)
	if now == nil {
		t.Fatalf("the clock shows %q", shown)
	}
	if fmt.Sprintf("%2s:%s", now[1], now[2]) < at {
		d.clock(t, url.Values{"forward": {at}})
	}
	d.clock(t, url.Values{"rate": {"60"}})
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`[\s\x{a0}]+`)
)

// shows says whether a page matches an expression, whatever tags and space are in it.
func shows(expression string) func(int, string) bool {
	wanted := regexp.MustCompile(expression)
	return func(status int, body string) bool {
		return status == http.StatusOK && wanted.MatchString(spaces.ReplaceAllString(tags.ReplaceAllString(html.UnescapeString(body), ""), " "))
	}
}

// lookAround opens the pages that lead on from the first, as people with and without good eyes meet them.
func lookAround(t *testing.T, ctx context.Context, d *demo) {
	dutch := []string{
		"/", "/wijken", "/zoeken?q=filmwijk", "/containers", "/containers/FIL-014-P", "/plannen", "/besluiten", "/besluiten/1", "/algoritmes", "/algoritmes/inzamelplan",
		"/algoritmes/regels", "/logboek", "/data", "/data/containers", "/meten", "/meten/brug-vaartdreef", "/wat-is-echt", "/uitleg", "/inloggen",
	}
	english := []string{"/en", "/en/containers/FIL-014-P", "/en/plannen", "/en/besluiten/1", "/en/algoritmes/inzamelplan", "/en/logboek", "/en/meten/brug-vaartdreef", "/en/wat-is-echt"}
	for _, walk := range []struct {
		view  webtest.View
		pages []string
	}{
		{webtest.View{Width: 360, Still: true}, dutch},
		{webtest.View{Width: 1280, Dark: true, Still: true}, dutch},
		{webtest.View{Width: 360, Dark: true, Still: true}, english},
	} {
		step(t, ctx, "view", webtest.Set(walk.view))
		for _, path := range walk.pages {
			t.Run(walk.view.Name()+path, func(t *testing.T) {
				if status, _ := d.get(t, path); status != http.StatusOK {
					t.Fatalf("status %d", status)
				}
				step(t, ctx, "open", chromedp.Navigate(d.address+path))
				webtest.Axe(t, ctx)
				webtest.Overflow(t, ctx)
				webtest.Shot(t, ctx, walk.view.Name()+strings.NewReplacer("/", "_", "?", "_").Replace(path))
			})
		}
	}
}

// withoutScripts reads and searches with JavaScript off: what is read is there, and a form is sent.
func withoutScripts(t *testing.T, ctx context.Context, d *demo) {
	scripts := func(off bool) chromedp.Action[chromedp.Void] {
		return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
			return err
		})
	}
	step(t, ctx, "scripts off", scripts(true))
	defer step(t, ctx, "scripts on", scripts(false))
	for path, text := range map[string]string{
		"/": "ondergrondse containers", "/containers/FIL-014-P": "papier", "/plannen": "Vandaag vastgesteld", "/besluiten/1": "Waarom", "/logboek": "logboek", "/inloggen": "Wachtwoord",
	} {
		step(t, ctx, "open "+path, chromedp.Navigate(d.address+path))
		if seen := step(t, ctx, "read "+path, chromedp.Evaluate[string]("document.querySelector('main').innerText")); !strings.Contains(strings.ToLower(seen), strings.ToLower(text)) {
			t.Errorf("without scripts, %s does not show %q: %.500s", path, text, seen)
		}
	}
	step(t, ctx, "open the first page", chromedp.Navigate(d.address+"/"))
	step(t, ctx, "search", chromedp.SendKeys(chromedp.CSS("#q-home"), "FIL-014-P\r"))
	until(t, ctx, "the search leads on", `location.pathname == "/containers/FIL-014-P"`)
}

// changesThePlan waits until the container that fills up faster is in the plan of tomorrow, and finds the version that added it.
func changesThePlan(t *testing.T, d *demo) {
	d.await(t, 4*time.Minute, "/containers/FIL-014-P", shows(`Waarom legen we hem morgen\?`))
	_, home := d.get(t, "/")
	plan := regexp.MustCompile(`/plannen/\d{4}-\d\d-\d\d`).FindString(home)
	if plan == "" {
		t.Fatal("the first page leads to no plan")
	}
	added := regexp.MustCompile(`(?s)<h3>Erbij.*?</section>`)
	for version := 2; ; version++ {
		status, body := d.get(t, fmt.Sprintf("%s/%d", plan, version))
		if status != http.StatusOK {
			t.Fatalf("no version of %s before %d added FIL-014-P", plan, version)
		}
		if strings.Contains(added.FindString(body), "FIL-014-P") {
			return
		}
	}
}

// verify lets the browser check a decision; one changed character turns the answer.
func verify(t *testing.T, ctx context.Context, d *demo, number int) {
	page := fmt.Sprintf("/besluiten/%d", number)
	d.await(t, time.Minute, page+"/download", func(status int, _ string) bool { return status == http.StatusOK })
	step(t, ctx, "open the decision", chromedp.Navigate(d.address+page))
	until(t, ctx, "the check is ready", `document.querySelector("[data-verify-check]:enabled")`)
	step(t, ctx, "check", chromedp.Click(chromedp.CSS("[data-verify-check]")))
	until(t, ctx, "it verifies", `document.querySelector("[data-verify-result]").innerText.startsWith("Klopt.")`)
	step(t, ctx, "change a character", chromedp.Click(chromedp.CSS("[data-verify-change]")))
	until(t, ctx, "the change is seen", `document.querySelector("[data-verify-result]").innerText.startsWith("Klopt niet")`)
}

// overrule signs in as the planner, waits for an advice, and chooses the other plan with a motive.
func overrule(t *testing.T, ctx context.Context, d *demo) {
	const motive = "De ploeg werkte gisteren al langer door."
	step(t, ctx, "open the sign-in page", chromedp.Navigate(d.address+"/inloggen"))
	step(t, ctx, "name", chromedp.SendKeys(chromedp.CSS("#f-name"), "planner"))
	step(t, ctx, "password", chromedp.SendKeys(chromedp.CSS("#f-password"), "demo planner almere"))
	step(t, ctx, "sign in", chromedp.Click(chromedp.CSS("main button[type=submit]")))
	until(t, ctx, "an advice waits", `document.querySelector("a[href^='/werk/advies/']") || (location.pathname.startsWith("/werk") && location.reload(), false)`)
	d.clock(t, url.Values{"rate": {"0"}})
	webtest.Axe(t, ctx)
	step(t, ctx, "open the advice", chromedp.Click(chromedp.CSS("a[href^='/werk/advies/']")))
	until(t, ctx, "the advice is open", `document.querySelector("input[name=choice]")`)
	webtest.Axe(t, ctx)
	webtest.Shot(t, ctx, "advice")
	choice := "advised" // without another plan the advice is followed
	if step(t, ctx, "choices", chromedp.Evaluate[bool](`document.querySelector("input[value=less_overtime]") != null`)) {
		choice = "less_overtime"
	}
	step(t, ctx, "choose", chromedp.Click(chromedp.CSS("input[name=choice][value="+choice+"]")))
	step(t, ctx, "motive", chromedp.SendKeys(chromedp.CSS("#f-motive"), motive))
	step(t, ctx, "sign", chromedp.Click(chromedp.CSS("main form button[type=submit]")))
	until(t, ctx, "it became a decision", `location.pathname.startsWith("/besluiten/")`)
	if choice != "advised" {
		until(t, ctx, "the motive is shown", `document.body.innerText.includes("`+motive+`")`)
	}
	webtest.Axe(t, ctx)
	webtest.Shot(t, ctx, "overruled")
}

// newest is the number of the newest decision.
func newest(t *testing.T, d *demo) (n int) {
	t.Helper()
	_, body := d.get(t, "/besluiten")
	found := regexp.MustCompile(`href="/besluiten/(\d+)"`).FindStringSubmatch(body)
	if found == nil {
		return 0
	}
	if _, err := fmt.Sscan(found[1], &n); err != nil {
		t.Fatal(err)
	}
	return n
}
