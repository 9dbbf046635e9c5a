package web

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"polder.city/web/webtest"
)

// browser is a reader without a mouse.
type browser struct {
	t       *testing.T
	ctx     context.Context
	address string
}

func newBrowser(t *testing.T, o *office) *browser {
	t.Helper()
	b := &browser{t, webtest.Browser(t), o.address}
	b.do(webtest.Set(webtest.View{Width: 1280, Still: true}))
	return b
}

func (b *browser) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		if _, err := chromedp.Run(b.ctx, a); err != nil {
			b.t.Fatal(err)
		}
	}
}

// press types keys.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.do(chromedp.KeyEvent(k))
	}
}

// focus is what the keyboard is at: its id, else its value, else the first of its words.
func (b *browser) focus() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(e => e.id || e.getAttribute("value") || e.textContent.trim().slice(0, 40))(document.activeElement)`))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}

func (b *browser) tabTo(name string) {
	b.t.Helper()
	for range 120 {
		b.press("\t")
		if b.focus() == name {
			return
		}
	}
	b.t.Fatalf("Tab does not lead to %s; it is at %s", name, b.focus())
}

// until waits until an expression in the page is true.
func (b *browser) until(expression, what string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === "complete" && (`+expression+`)`)); err == nil && yes {
			return
		}
	}
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("location.pathname + ': ' + document.body.innerText.slice(0, 2000)"))
	b.t.Fatalf("%s never comes; the page is %s, %v", what, text, err)
}

func (b *browser) arrive(path string) {
	b.t.Helper()
	b.until(`location.pathname.startsWith("`+path+`")`, path)
}

func (b *browser) reads(text string) {
	b.t.Helper()
	b.until(`document.body.textContent.includes("`+text+`")`, text)
}

func (b *browser) signIn(name string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.address + "/inloggen"))
	b.tabTo("f-name")
	b.press(name, "\t", testPassword, "\r")
	b.arrive("/werk")
}

// looks checks the page by axe-core, small and dark, and large and light.
func (b *browser) looks(name string) {
	b.t.Helper()
	for _, view := range []webtest.View{{Width: 360, Dark: true, Still: true}, {Width: 1280, Still: true}} {
		b.do(webtest.Set(view))
		webtest.Axe(b.t, b.ctx)
		webtest.Overflow(b.t, b.ctx)
		webtest.Shot(b.t, b.ctx, strings.Join([]string{name, view.Name()}, "-"))
	}
}
