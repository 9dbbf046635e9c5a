// Package webtest looks at pages in a real browser, for tests: screenshots, and the rules of
// WCAG 2.2 AA as far as axe-core can check them.
package webtest

import (
	"context"
	_ "embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// axe is axe-core, copied from its npm package by web/build.mjs.
//
//go:embed axe.min.js
var axe string

// Browser starts Chromium without a window and returns a context of one tab, closed at
// the end of the test. A test that needs it for longer than ten minutes fails.
func Browser(t *testing.T) context.Context {
	t.Helper()
	path, err := chromium()
	if err != nil {
		t.Fatalf("Chromium is needed to look at pages: %v. Install it: apt-get install chromium", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		// Maps need WebGL; SwiftShader draws it without a graphics card.
		chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return exec.LookPath("chromium")
}

// View is how a page is looked at: the width in CSS pixels, and light or dark.
type View struct {
	Width int64
	Dark  bool
	// Still asks pages for no motion, which screenshots want.
	Still bool
}

// Name returns "360-light" and the like.
func (v View) Name() string {
	name := "light"
	if v.Dark {
		name = "dark"
	}
	return strings.Join([]string{map[bool]string{true: "360", false: "1280"}[v.Width < 720], name}, "-")
}

// Views are the four ways in which every page must be right.
func Views() []View {
	return []View{{360, false, true}, {360, true, true}, {1280, false, true}, {1280, true, true}}
}

// Set makes the tab show pages in a view.
func Set(v View) chromedp.Action[chromedp.Void] {
	scheme, motion := "light", "no-preference"
	if v.Dark {
		scheme = "dark"
	}
	if v.Still {
		motion = "reduce"
	}
	height := int64(900)
	if v.Width < 720 {
		height = 740
	}
	return chromedp.Steps(
		chromedp.EmulateViewport(v.Width, height),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
			}})
			return err
		}),
	)
}

// Shot writes a picture of the whole page to a file, when the folder is named in POLDER_SHOTS.
func Shot(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	shot(t, ctx, name, chromedp.FullScreenshot(100))
}

// ShotOf writes a picture of the first element that a CSS selector finds, as [Shot] does.
func ShotOf(t *testing.T, ctx context.Context, name, selector string) {
	t.Helper()
	shot(t, ctx, name, chromedp.Screenshot(chromedp.CSS(selector)))
}

func shot(t *testing.T, ctx context.Context, name string, take chromedp.Action[[]byte]) {
	t.Helper()
	dir := os.Getenv("POLDER_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(ctx, take)
	if err != nil {
		t.Fatalf("picture of %s: %v", name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Axe fails the test for each rule of WCAG 2.2 AA and of good practice that the page in the tab breaks.
func Axe(t *testing.T, ctx context.Context) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[chromedp.Void](axe)); err != nil {
		t.Fatalf("axe: %v", err)
	}
	result, err := chromedp.Run(ctx, chromedp.Evaluate[string](`
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"]})
			.then((r) => JSON.stringify(r.violations.map((v) => ({id: v.id, help: v.help, nodes: v.nodes.map((n) => n.html + " " + n.failureSummary)}))))`,
		chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("axe: %v", err)
	}
	var broken []struct {
		ID, Help string
		Nodes    []string
	}
	if err := json.Unmarshal([]byte(result), &broken); err != nil {
		t.Fatalf("axe: %v", err)
	}
	for _, b := range broken {
		t.Errorf("%s: %s\n%s", b.ID, b.Help, strings.Join(b.Nodes, "\n"))
	}
}

// Overflow fails the test when the page is wider than the screen.
func Overflow(t *testing.T, ctx context.Context) {
	t.Helper()
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](`document.documentElement.scrollWidth <= innerWidth ? [] :
		[...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".utrecht-table-container, .chart__svg, pre, .map__canvas")).map((e) => e.outerHTML.slice(0, 120))`))
	if err != nil {
		t.Fatalf("overflow: %v", err)
	}
	for _, e := range wide {
		t.Errorf("wider than the screen: %s", e)
	}
}
