package register_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"polder.city/internal/problem"
	"polder.city/register"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parse(t testing.TB, name string) *register.Entry {
	t.Helper()
	e, err := register.ParseEntry(read(t, name), name)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// problems returns the codes and places of all problems in a joined error.
func problems(err error) []string {
	var out []string
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				walk(e)
			}
			return
		}
		if p, ok := errors.AsType[*problem.Error](err); ok {
			out = append(out, p.Where+" "+p.Code)
		} else if err != nil {
			out = append(out, err.Error())
		}
	}
	walk(err)
	return out
}

func TestEveryMistakeIsNamedWithItsLine(t *testing.T) {
	good := string(read(t, "inzamelplan.yaml"))
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown field":                 {"lang: nld", "lang: nld\nlanguage: nld", "e.yaml:22 yaml"},
		"a field that is there twice":      {"lang: nld", "lang: nld\nlang: nld", "e.yaml:22 yaml"},
		"an unknown field of ours":         {"  owner: planner", "  owner: planner\n  boss: planner", "e.yaml:26 yaml"},
		"a text where a number belongs":    {"at_most: 1800", "at_most: half an hour", "e.yaml:34 yaml"},
		"bad YAML":                         {"  owner: planner", "  owner: [planner", "e.yaml:26 yaml"},
		"U+0000":                           {"lang: nld", "lang: nld\x00", "e.yaml:21 yaml.nul"},
		"a name that is too long":          {"name: Inzamelplan maken", "name: " + strings.Repeat("é", 101), "e.yaml:1 field.long"},
		"a status that does not exist":     {"status: In gebruik", "status: Klaar", "e.yaml:5 field.value"},
		"a theme that does not exist":      {"[Natuur en milieu]", "[Natuur]", "e.yaml:4 field.value"},
		"four themes":                      {"[Natuur en milieu]", "[Natuur en milieu, Verkeer, Werk, Recht]", "e.yaml:4 field.long"},
		"a month that is none":             {"begin_date: 2026-01", "begin_date: 2026-13", "e.yaml:6 date.form"},
		"no contact":                       {"algoritmes@voorbeeld.example", "het loket", "e.yaml:7 field.contact"},
		"a link without https":             {"link: https://wetten", "link: http://wetten", "e.yaml:16 field.url"},
		"no law, though it decides":        {"lawful_basis: Wet milieubeheer, artikel 10.21.\n", "", "e.yaml:1 field.empty"},
		"no human, though it decides":      {"human_intervention: Een planner beslist als het plan buiten de grenzen valt.", "human_intervention: ' '", "e.yaml:11 field.empty"},
		"a required field that is empty":   {"organization: gemeente Voorbeeldstad", "organization: ''", "e.yaml:3 field.empty"},
		"no model card":                    {"  model_card: Op de proef gesteld met een jaar aan gesimuleerde metingen.\n", "", "e.yaml:23 field.empty"},
		"an id that cannot be":             {"id: inzamelplan", "id: inzamel plan", "e.yaml:23 id.form"},
		"a power that does not exist":      {"power: decide", "power: rule", "e.yaml:31 mandate.power"},
		"nobody who signs":                 {"      role: planner\n", "", "e.yaml:29 mandate.role"},
		"no rule of the council":           {"      rules: [R1]\n", "", "e.yaml:29 mandate.rules"},
		"a date that is none":              {"until: 2026-12-31", "until: 2026-02-30", "e.yaml:38 date.form"},
		"an end before the beginning":      {"until: 2026-12-31", "until: 2025-12-31", "e.yaml:38 date.order"},
		"a measure with two limits":        {"measure: chance_full", "measure: overtime", "e.yaml:35 limit.twice"},
		"a limit past what JSON can carry": {"at_most: 1800", "at_most: 9007199254740992", "e.yaml:34 limit.size"},
		"two mandates with one id":         {"id: boete", "id: plan", "e.yaml:40 id.twice"},
		"a translation of nothing":         {"name: Making", "title: Making", "e.yaml:47 translation.field"},
		"no part of ours":                  {good[strings.Index(good, "polder:"):], "", "e.yaml:1 polder.missing"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatal("the test changes nothing")
			}
			_, err := register.ParseEntry([]byte(bad), "e.yaml")
			if got := problems(err); !slices.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := register.ParseEntry([]byte("name: x\nstatus: Klaar\npolder: {id: x}\n"), "e.yaml")
	if got := problems(err); len(got) < 6 {
		t.Fatalf("only %q", got)
	}
}

func TestAnAlgorithmThatIsForbiddenEverythingNeedsOnlyWhatTheStandardNeeds(t *testing.T) {
	_, err := register.ParseEntry([]byte(`name: Fraudescore
description_short: Wordt niet gebruikt.
organization: gemeente Voorbeeldstad
status: Buiten gebruik
contact_email: a@b.example
publication_category: Hoog-risico AI-systeem
lang: nld
polder:
  id: fraude
  version: "0"
  owner: raad
  mandates:
    - {id: geen-fraude, kind: person.score, power: forbidden, reason: De raad wil het niet., from: 2026-01-01}
`), "fraude.yaml")
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheExportIsValidInTheNationalRegister(t *testing.T) {
	var standard struct {
		Required  []string
		MaxLength map[string]int `json:"max_length"`
		Permitted map[string][]string
		Arrays    []string
	}
	if err := json.Unmarshal(read(t, "standard-1.0.json"), &standard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"inzamelplan.yaml", "terras.yaml"} {
		text, err := register.ExportJSON(parse(t, name))
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, f := range standard.Required {
			if s, _ := fields[f].(string); s == "" {
				t.Errorf("%s: %s is not there", name, f)
			}
		}
		for f, value := range fields {
			s, isText := value.(string)
			limit, limited := standard.MaxLength[f]
			allowed, closed := standard.Permitted[f]
			switch {
			case slices.Contains(standard.Arrays, f):
				if _, ok := value.([]any); !ok {
					t.Errorf("%s: %s is no list", name, f)
				}
			case !isText || (!limited && !closed):
				t.Errorf("%s: the standard has no text %s", name, f)
			case limited && utf8.RuneCountInString(s) > limit:
				t.Errorf("%s: %s is too long", name, f)
			case closed && !slices.Contains(allowed, s):
				t.Errorf("%s: %s is %q", name, f, s)
			}
		}
	}
}

func TestDocumentsAreCheckedTogether(t *testing.T) {
	entry := parse(t, "inzamelplan.yaml")
	rules, err := register.ParseRules(read(t, "rules.yaml"), "rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	roles, err := register.ParseRoles(read(t, "roles.yaml"), "roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := register.CheckTogether([]*register.Entry{entry}, rules, roles); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		entries []*register.Entry
		rules   []register.Rule
		roles   []register.Role
		want    string
	}{
		"the same algorithm twice":      {[]*register.Entry{entry, entry}, rules, roles, "algorithm inzamelplan id.twice"},
		"a rule that does not exist":    {[]*register.Entry{entry}, rules[1:], roles, "algorithm inzamelplan rule.unknown"},
		"a role that does not exist":    {[]*register.Entry{entry}, rules, roles[1:], "algorithm inzamelplan role.mandate"},
		"a role's rule that is nowhere": {nil, nil, roles[:1], "role planner rule.unknown"},
	} {
		if got := problems(register.CheckTogether(c.entries, c.rules, c.roles)); !slices.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestTextsComeInTheReadersLanguage(t *testing.T) {
	e := parse(t, "inzamelplan.yaml")
	if en := e.In("en"); en.Name != "Making the collection plan" || en.Polder.Mandates[0].Reason != "A day's plan is work planning." || en.Goal != e.Goal {
		t.Errorf("%+v", en)
	}
	if e.In("fy") != e || e.Name != "Inzamelplan maken" || e.Polder.Mandates[0].Reason != "Een dagplan is werkplanning." {
		t.Error("the entry itself was changed")
	}
}

func FuzzParseEntry(f *testing.F) {
	for _, name := range []string{"inzamelplan.yaml", "terras.yaml"} {
		f.Add(read(f, name))
	}
	f.Add([]byte("polder: {mandates: [{}]}"))
	f.Add([]byte("name: &a [*a]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := register.ParseEntry(text, "e.yaml")
		if err != nil {
			return
		}
		if _, err := register.ExportJSON(e); err != nil {
			t.Fatalf("an entry that was accepted cannot be exported: %v", err)
		}
	})
}

func ExampleParseEntry() {
	_, err := register.ParseEntry([]byte("name: Inzamelplan\nstatus: Klaar\n"), "algoritmes/inzamelplan.yaml")
	fmt.Println(err)
	// Output: algoritmes/inzamelplan.yaml:1: The part 'polder:' is not there. Add it with id, version, owner and mandates.
}
