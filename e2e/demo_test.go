//go:build e2e

// Package e2e drives the real binary with a real browser through the demo's first five minutes.
package e2e

import (
	"bufio"
	"context"
	"fmt"
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

	"github.com/chromedp/chromedp"

	"polder.city/web/webtest"
)

// demo is a running 'polder demo'.
type demo struct {
	address string
	client  *http.Client
}

// startDemo starts the binary that 'make build' made, and waits until its city lives.
func startDemo(t *testing.T) *demo {
	t.Helper()
	polder, err := filepath.Abs("../bin/polder")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(polder); err != nil {
		t.Fatalf("%v: run 'make build' first", err)
	}
	cmd := exec.Command(polder, "demo", "--listen", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("Ctrl-C did not stop it cleanly: %v", err)
		}
	})
	d := &demo{client: &http.Client{Timeout: 30 * time.Second}}
	lines := bufio.NewScanner(out)
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for d.address == "" && lines.Scan() {
		d.address = address.FindString(lines.Text())
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the address came after %v", took)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	status, body := d.get(t, "/")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "van 365") {
		t.Errorf("the first answer is %d, and does not show the city being built", status)
	}
	d.await(t, 4*time.Minute, "/", func(status int, _ string) bool { return status == http.StatusOK })
	return d
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
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
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

func TestTheFirstFiveMinutes(t *testing.T) {
	d := startDemo(t)
	ctx := webtest.Browser(t)
	open := func(path string) {
		t.Helper()
		step(t, ctx, "open "+path, chromedp.Navigate(d.address+path))
	}

	// The pages that lead on from the first, as people with and without good eyes meet them.
	pages := []string{
		"/", "/wijken", "/zoeken?q=filmwijk", "/containers", "/containers/FIL-014-P", "/plannen", "/besluiten", "/besluiten/1", "/algoritmes", "/algoritmes/inzamelplan",
		"/algoritmes/regels", "/logboek", "/data", "/data/containers", "/meten", "/wat-is-echt", "/uitleg", "/inloggen", "/en", "/en/besluiten/1",
	}
	d.clock(t, url.Values{"rate": {"0"}})
	for _, view := range []webtest.View{{Width: 360, Still: true}, {Width: 1280, Dark: true, Still: true}} {
		step(t, ctx, "view", webtest.Set(view))
		for _, path := range pages {
			t.Run(view.Name()+path, func(t *testing.T) {
				if status, _ := d.get(t, path); status != http.StatusOK {
					t.Fatalf("status %d", status)
				}
				open(path)
				webtest.Axe(t, ctx)
				webtest.Overflow(t, ctx)
				webtest.Shot(t, ctx, view.Name()+strings.NewReplacer("/", "_", "?", "_").Replace(path))
			})
		}
	}
	step(t, ctx, "view", webtest.Set(webtest.View{Width: 1280, Still: true}))

	// 16.00: the plan for tomorrow is decided, and the log grows.
	before := number(t, d, "/besluiten")
	d.clock(t, url.Values{"rate": {"300"}})
	d.await(t, 2*time.Minute, "/besluiten", func(int, string) bool { return number(t, d, "/besluiten") > before })
	d.clock(t, url.Values{"rate": {"60"}})
	open(fmt.Sprintf("/besluiten/%d", before+1))
	d.await(t, 10*time.Second, fmt.Sprintf("/besluiten/%d/download", before+1), func(status int, _ string) bool { return status == http.StatusOK })
	open(fmt.Sprintf("/besluiten/%d", before+1))
	until(t, ctx, "the check is ready", `document.querySelector("[data-verify-check]:enabled")`)

	// 16.20: the browser verifies; one changed character turns it.
	step(t, ctx, "check", chromedp.Click(chromedp.CSS("[data-verify-check]")))
	until(t, ctx, "it verifies", `document.querySelector("[data-verify-result]").innerText.startsWith("Klopt.")`)
	step(t, ctx, "change a character", chromedp.Click(chromedp.CSS("[data-verify-change]")))
	until(t, ctx, "the change is seen", `document.querySelector("[data-verify-result]").innerText.startsWith("Klopt niet")`)

	// 16.40: an advice waits; the planner signs it.
	open("/inloggen")
	step(t, ctx, "name", chromedp.SendKeys(chromedp.CSS("#f-name"), "planner"))
	step(t, ctx, "password", chromedp.SendKeys(chromedp.CSS("#f-password"), "demo planner almere"))
	step(t, ctx, "sign in", chromedp.Click(chromedp.CSS("main button[type=submit]")))
	until(t, ctx, "an advice waits", `document.querySelector("a[href^='/werk/advies/']") || (location.pathname.startsWith("/werk") && location.reload(), false)`)
	webtest.Axe(t, ctx)
	step(t, ctx, "open the advice", chromedp.Click(chromedp.CSS("a[href^='/werk/advies/']")))
	until(t, ctx, "the advice is open", `document.querySelector("input[name=choice]")`)
	webtest.Axe(t, ctx)
	webtest.Shot(t, ctx, "advice")
	step(t, ctx, "choose", chromedp.Click(chromedp.CSS("input[name=choice][value=advised]")))
	step(t, ctx, "sign", chromedp.Click(chromedp.CSS("main form button[type=submit]")))
	until(t, ctx, "it became a decision", `location.pathname.startsWith("/besluiten/")`)

	// 07.00: trucks leave, and what they find is observed.
	d.clock(t, url.Values{"forward": {"07:00"}})
	if _, body := d.get(t, "/metrics"); !strings.Contains(body, "polder_log_signs 1") {
		t.Error("the log is not being signed")
	}
}

// number is the number of the newest decision.
func number(t *testing.T, d *demo, path string) (n int) {
	t.Helper()
	_, body := d.get(t, path)
	found := regexp.MustCompile(`href="/besluiten/(\d+)"`).FindStringSubmatch(body)
	if found == nil {
		return 0
	}
	if _, err := fmt.Sscan(found[1], &n); err != nil {
		t.Fatal(err)
	}
	return n
}
