package message

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "time/tzdata"

	"pgregory.net/rapid"

	"polder.city/internal/calendar"
	"polder.city/internal/problem"
)

// printers returns a Dutch and an English printer that stand at Tuesday 24 November 2026, 14.05 in Amsterdam.
func printers(t testing.TB, overrides ...Override) (nl, en *Printer) {
	t.Helper()
	cat, err := Load(overrides...)
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(calendar.Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 24, 14, 5, 0, 0, loc)
	return cat.Printer("nl", loc).At(now), cat.Printer("en", loc).At(now)
}

// plain writes no-break spaces as spaces, so that tables below can be read.
func plain(s string) string { return strings.ReplaceAll(s, "\u00a0", " ") }

func TestValuesArePrintedAsEachLanguageWritesThem(t *testing.T) {
	nl, en := printers(t)
	at := func(days, hours, minutes int) time.Time {
		return nl.Now().AddDate(0, 0, days).Add(time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute)
	}
	for _, c := range []struct {
		format string
		value  any
		nl, en string
	}{
		{"int", 1500, "1.500", "1,500"},
		{"int", 1234567.6, "1.234.568", "1,234,568"},
		{"int", -1500, "−1.500", "−1,500"},
		{"int", -0.2, "0", "0"},
		{"dec1", 1234.5, "1.234,5", "1,234.5"},
		{"dec2", 0.005, "0,01", "0.01"},
		{"plain", 2026, "2026", "2026"},
		{"word", 3, "drie", "three"},
		{"Word", 3, "Drie", "Three"},
		{"word", 1482, "1.482", "1,482"},
		{"pct", 0.5249, "52 %", "52%"},
		{"pct", int64(785000), "79 %", "79%"},
		{"pct", 1.02, "102 %", "102%"},
		{"euro", int64(123450), "€ 1.234,50", "€1,234.50"},
		{"euro", -5, "€ −0,05", "−€0.05"},
		{"euro0", 11000, "€ 110", "€110"},
		{"chance", 0.04, "1 op 25", "1 in 25"},
		{"chance", int64(40_000), "1 op 25", "1 in 25"},
		{"chance", 0.004, "kleiner dan 1 op 100", "less than 1 in 100"},
		{"chance", 0.2, "1 op 5", "1 in 5"},
		{"chance", 0.31, "3 op 10", "3 in 10"},
		{"chance", 0.5, "1 op 2", "1 in 2"},
		{"chance", 0.95, "19 op 20", "19 in 20"},
		{"chance", 0.999, "groter dan 99 op 100", "more than 99 in 100"},
		{"certainty", 0.96, "bijna zeker", "almost certainly"},
		{"certainty", 0.95, "waarschijnlijk", "probably"},
		{"certainty", 0.70, "waarschijnlijk", "probably"},
		{"certainty", 0.30, "misschien", "perhaps"},
		{"certainty", 0.29, "waarschijnlijk niet", "probably not"},
		{"certainty", int64(10_000), "bijna zeker niet", "almost certainly not"},
		{"meters", 347, "350 meter", "350 metres"},
		{"meters", 86, "86 meter", "86 metres"},
		{"meters", 996, "1,0 km", "1.0 km"},
		{"km", 213_800, "214 km", "214 km"},
		{"kg", 1200, "1.200 kg", "1,200 kg"},
		{"liters", 5000, "5.000 liter", "5,000 litres"},
		{"minutes", 61, "1 minuut", "1 minute"},
		{"minutes", 35 * time.Minute, "35 minuten", "35 minutes"},
		{"hours", 24 * 3600, "24 uur", "24 hours"},
		{"dur", 7500, "2 uur en 5 minuten", "2 hours and 5 minutes"},
		{"dur", 40, "40 seconden", "40 seconds"},
		{"bytes", 1_234_567, "1,2 MB", "1.2 MB"},
		{"bytes", 999, "999 bytes", "999 bytes"},
		{"date", at(0, 0, 0), "24 november 2026", "24 November 2026"},
		{"weekday", at(2, 0, 0), "donderdag 26 november", "Thursday 26 November"},
		{"weekday", at(60, 0, 0), "zaterdag 23 januari 2027", "Saturday 23 January 2027"},
		{"day", at(0, 9, 0), "vandaag", "today"},
		{"day", at(1, -14, 0), "morgen", "tomorrow"},
		{"Day", at(-1, 0, 0), "Gisteren", "Yesterday"},
		{"day", at(6, 0, 0), "maandag 30 november", "Monday 30 November"},
		{"month", at(0, 0, 0), "november 2026", "November 2026"},
		{"short", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), "1 mrt", "1 Mar"},
		{"time", at(0, 0, 0), "14.05 uur", "14:05"},
		{"clock", at(0, -5, 0), "9.05", "09:05"},
		{"moment", at(0, 0, -25), "vandaag om 13.40 uur", "today at 13:40"},
		{"rel", at(0, 0, 0), "zojuist", "just now"},
		{"rel", at(0, 0, 3), "over 3 minuten", "in 3 minutes"},
		{"rel", at(0, 0, -1), "1 minuut geleden", "1 minute ago"},
		{"rel", at(0, -5, 0), "5 uur geleden", "5 hours ago"},
		{"rel", at(3, 1, 0), "over 3 dagen", "in 3 days"},
		{"date", time.Time{}, "–", "–"},
		{"list", []string{"glas", "papier", "gft"}, "glas, papier en gft", "glas, papier and gft"},
		{"list", []string{"glas"}, "glas", "glas"},
	} {
		for _, p := range []*Printer{nl, en} {
			want := map[string]string{"nl": c.nl, "en": c.en}[p.Lang()]
			got, err := p.Format(c.format, c.value)
			if err != nil || plain(got) != want {
				t.Errorf("%s %s of %v: %q, %v; want %q", p.Lang(), c.format, c.value, got, err, want)
			}
		}
	}
}

func TestAFormatRefusesAValueThatItCannotPrint(t *testing.T) {
	nl, _ := printers(t)
	for name := range formats {
		if _, err := nl.Format(name, struct{}{}); err == nil {
			t.Errorf("%s printed a struct", name)
		}
	}
}

func TestADayIsCountedByTheCitysClockWhenTheClockGoesBack(t *testing.T) {
	nl, _ := printers(t)
	night := time.Date(2026, 10, 25, 23, 30, 0, 0, nl.Location()) // a day of 25 hours
	if got, _ := nl.At(night).Format("day", night.Add(time.Hour)); got != "morgen" {
		t.Errorf("an hour after 23.30 is %q", got)
	}
	if got, _ := nl.At(night.Add(-23*time.Hour)).Format("day", night); got != "vandaag" {
		t.Errorf("23 hours later on a day of 25 hours is %q", got)
	}
}

const cityNL = `
city:
  hello: "{n|Een container|{n} containers} in **{name}**, zie [de lijst](/plannen?wijk={name}) of [{name}]({to})"
`

// override returns a message of a city's own in both languages.
func override(text string) []Override {
	yaml := []byte("city:\n  x: " + fmt.Sprintf("%q", text) + "\n")
	return []Override{{"nl", "nl.yaml", yaml}, {"en", "en.yaml", yaml}}
}

func TestPluralsTakeTheFormThatFits(t *testing.T) {
	nl, _ := printers(t, override("{n|geen container|één container|containers} {n:int}")...)
	for n, want := range map[int]string{0: "geen container 0", 1: "één container 1", 2: "containers 2", 1500: "containers 1.500"} {
		if got := nl.T("city.x", "n", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestMarkupBecomesHTMLAndValuesStayText(t *testing.T) {
	nl, en := printers(t, override("**{a}** & [lees {a}](/uitleg/{b}) of [meer]({to})")...)
	args := []any{"a", "<i>[x](/y) **z**</i>", "b", "vul", "to", "javascript:alert(1)"}
	want := `<strong>&lt;i&gt;[x](/y) **z**&lt;/i&gt;</strong> &amp; <a href="/uitleg/vul">lees &lt;i&gt;[x](/y) **z**&lt;/i&gt;</a> of meer`
	if got := string(nl.HTML("city.x", args...)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(en.HTML("city.x", args...)); !strings.Contains(got, `href="/en/uitleg/vul"`) {
		t.Errorf("the English link has no prefix: %s", got)
	}
}

func TestNoValueCanBreakOutOfTheMarkup(t *testing.T) {
	nl, _ := printers(t, override("**{a}** [{a}]({a}) {a}")...)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune(`<>"'&*[]() /:javascript#?`+"\ue000\ue001")), rapid.Rune())).Draw(t, "a")
		html := string(nl.HTML("city.x", "a", a))
		rest := html
		for _, tag := range []string{"<strong>", "</strong>", "</a>"} {
			rest = strings.ReplaceAll(rest, tag, "")
		}
		if i := strings.Index(rest, `<a href="`); i >= 0 {
			address, after, ok := strings.Cut(rest[i+len(`<a href="`):], `">`)
			if !ok || strings.ContainsAny(address, `<>"'`) || !safeLink.MatchString(address) {
				t.Fatalf("a bad address in %s", html)
			}
			rest = rest[:i] + after
		}
		if strings.ContainsAny(rest, `<>"`) {
			t.Fatalf("markup from a value: %s", html)
		}
	})
}

func TestWhatCannotBePrintedIsMarkedAndIsAnError(t *testing.T) {
	nl, _ := printers(t, override("{fill:pct}")...)
	for _, args := range [][]any{{}, {"fill"}, {"fill", "much"}, {3, 4}} {
		if got := nl.T("city.x", args...); got != "⟦city.x⟧" {
			t.Errorf("%v printed %q", args, got)
		}
		if _, err := nl.Text("city.x", args...); err == nil {
			t.Errorf("%v is no error", args)
		}
	}
	if got := nl.T("no.such.key"); got != "⟦no.such.key⟧" {
		t.Errorf("a missing key printed %q", got)
	}
}

func TestPathsGetThePrefixOfTheLanguage(t *testing.T) {
	nl, en := printers(t)
	for path, want := range map[string]string{"/": "/en", "/plannen": "/en/plannen", "https://x.nl": "https://x.nl", "#a": "#a", "//x.nl": "//x.nl"} {
		if got := en.Path(path); got != want {
			t.Errorf("en %s: %s", path, got)
		}
		if got := nl.Path(path); got != path {
			t.Errorf("nl %s: %s", path, got)
		}
	}
}

func TestACityReplacesTextsAndIsToldWhatIsWrong(t *testing.T) {
	nl, _ := printers(t, Override{"nl", "stad.yaml", []byte("site:\n  home: Voorpagina\n")})
	if got := nl.T("site.home"); got != "Voorpagina" {
		t.Errorf("site.home is %q", got)
	}
	for _, c := range []struct{ name, lang, yaml, code, where string }{
		{"an unknown key", "nl", "site:\n  hmoe: x\n", "message.key", "f.yaml:2"},
		{"another parameter", "nl", "site:\n  home: \"{x}\"\n", "message.parameters", "f.yaml:2"},
		{"an unknown language", "de", "site: {home: x}", "message.language", "f.yaml"},
		{"no YAML", "nl", "site: [", "message.yaml", "f.yaml"},
		{"a number", "nl", "site:\n  home: 3\n", "message.text", "f.yaml:2"},
		{"an unknown format", "nl", "site:\n  home: \"{x:nope}\"\n", "message.text", "f.yaml:2"},
		{"an open brace", "nl", "site:\n  home: \"{x\"\n", "message.text", "f.yaml:2"},
		{"one language only", "nl", "city:\n  x: hallo\n", "message.translation", "f.yaml:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(Override{c.lang, "f.yaml", []byte(c.yaml)})
			p, ok := errors.AsType[*problem.Error](err)
			if !ok || p.Code != c.code || p.Where != c.where || p.Way == "" {
				t.Errorf("error %#v, want %s at %s", err, c.code, c.where)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "{a}", "{a:pct} {b|x|y} {c|0|1|2}", "}", "{", "{}", "{a|}", "{é}", cityNL} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := parse(s)
		if err != nil {
			return
		}
		for _, p := range parts {
			if p.param == "" && strings.ContainsAny(p.literal, "{}") {
				t.Errorf("%q left a brace in %q", s, p.literal)
			}
		}
	})
}

func ExamplePrinter_T() {
	cat, err := Load(Override{"nl", "stad.yaml", []byte(`city: {full: "Nog {n|één container|containers} ({n}), {fill:pct} vol, {at:day} om {at:time}."}`)},
		Override{"en", "stad.yaml", []byte(`city: {full: "{n} {n|container|containers} left, {fill:pct} full, {at:day} at {at:time}."}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 11, 24, 14, 5, 0, 0, time.UTC)
	for _, lang := range Languages() {
		p := cat.Printer(lang, time.UTC).At(now)
		fmt.Println(plain(p.T("city.full", "n", 3, "fill", 0.52, "at", now.Add(20*time.Hour))))
	}
	// Output:
	// Nog containers (3), 52 % vol, morgen om 10.05 uur.
	// 3 containers left, 52% full, tomorrow at 10:05.
}
