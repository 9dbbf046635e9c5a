package messagetest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"polder.city/internal/message"
)

func TestTemplatesAndGoFilesAreReadForMessages(t *testing.T) {
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{{t "site.home"}}`:                                         "",
		`{{if t "site.nope"}}x{{end}}`:                              `there is no message "site.nope"`,
		`{{template "x" dict "a" (t "site.nope")}}`:                 `there is no message "site.nope"`,
		`{{range .X}}{{th "form.errors"}}{{end}}`:                   `the message "form.errors" needs "n"`,
		`{{t "form.errors" "n" 3 "m" .Y}}`:                          `the message "form.errors" has no parameter "m"`,
		`{{t (printf "error.%s.title" .K)}}`:                        "",
		`{{t (printf "nothing.%s" .K)}}`:                            `no message fits "nothing\\.[^.]+"`,
		`{{with .A}}{{else}}{{t "site.foot.version" "v" .}}{{end}}`: `the message "site.foot.version" needs "version"; the message "site.foot.version" has no parameter "v"`,
	} {
		calls, err := templateCalls(fstest.MapFS{"x/a.html": {Data: []byte(text)}}, "x")
		if err != nil || len(calls) != 1 {
			t.Errorf("%s: %d calls, %v", text, len(calls), err)
			continue
		}
		if got := strings.Join(calls[0].check(cat), "; "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	dir := t.TempDir()
	source := `package x
func f(p P, k string, a []any) {
	p.T("site.home"); p.T("site.nope"); p.HTML("form.errors", "n", 1); p.T("form.errors"); p.T("error."+k+".title"); p.T("nope."+k)
	p.T("form.errors", a...); p.T(k); t.Text("A sentence")
}`
	if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	calls, err := goCalls(dir)
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for _, c := range calls {
		wrong = append(wrong, c.check(cat)...)
	}
	want := []string{`there is no message "site.nope"`, `the message "form.errors" needs "n"`, `no message fits "nope\\.[^.]+"`}
	if !slices.Equal(wrong, want) {
		t.Errorf("%q, want %q", wrong, want)
	}
}
