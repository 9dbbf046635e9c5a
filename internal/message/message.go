// Package message holds every sentence that a person reads on a page, in Dutch
// and in English, and prints numbers, dates and chances as each language writes them.
//
// A sentence stands in nl/<group>.yaml and en/<group>.yaml under nested keys; the
// group is the first part of its key: `now: {half: …}` in nl/container.yaml is
// "container.now.half". A text may hold
//
//	{name}            a parameter: text as it is, a whole number grouped (1.234)
//	{name:format}     a parameter in one of the formats of format.go
//	{name|one|other}  the form that fits a whole number; {name|zero|one|other} has a form for none
//	**strong**        and [text](/path) or [text]({name}): only through [Printer.HTML]
//
// [Load] refuses a catalogue whose languages differ in keys or parameters.
package message

import (
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"polder.city/internal/problem"
)

//go:embed nl/*.yaml en/*.yaml
var files embed.FS

// Languages are the languages of the catalogue; the first is the one without a prefix in paths.
func Languages() []string { return []string{"nl", "en"} }

// Override is a city's own file of messages: keys that replace those of the
// catalogue, and keys of its own below "city.".
type Override struct {
	Lang string // "nl" or "en"
	Name string // the file's name, for error messages
	YAML []byte // whole keys, nested: container: {now: {half: …}}
}

// Catalogue holds the messages of all languages. It does not change after [Load].
type Catalogue struct {
	texts map[string]map[string]text // by language, by key
}

// Load reads the embedded catalogue and lays the overrides over it. An error is a
// *problem.Error that names file and line.
func Load(overrides ...Override) (*Catalogue, error) {
	c := &Catalogue{texts: map[string]map[string]text{}}
	for _, lang := range Languages() {
		c.texts[lang] = map[string]text{}
		names, err := fs.Glob(files, lang+"/*.yaml")
		if err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
		for _, name := range names {
			data, err := files.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("messages: %w", err)
			}
			group := strings.TrimSuffix(path.Base(name), ".yaml")
			read, err := parseFile(name, group+".", data)
			if err != nil {
				return nil, err
			}
			maps.Copy(c.texts[lang], read)
		}
	}
	for _, o := range overrides {
		if err := c.override(o); err != nil {
			return nil, err
		}
	}
	return c, c.check()
}

func (c *Catalogue) override(o Override) error {
	base, ok := c.texts[o.Lang]
	if !ok {
		return problem.New(problem.Invalid, "message.language", "There is no language %q.", o.Lang).
			At(o.Name).Do("Use one of %s.", strings.Join(Languages(), ", "))
	}
	read, err := parseFile(o.Name, "", o.YAML)
	if err != nil {
		return err
	}
	for key, t := range read {
		old, known := base[key]
		switch {
		case !known && !strings.HasPrefix(key, "city."):
			return problem.New(problem.Invalid, "message.key", "The catalogue has no message %q.", key).
				At(t.where).Do("Correct the key, or put a message of the city's own below \"city.\".")
		case known && !slices.Equal(old.params(), t.params()):
			return problem.New(problem.Invalid, "message.parameters", "The message %q has the parameters %v, not %v.", key, t.params(), old.params()).
				At(t.where).Do("Use each of %v at least once, and no others.", old.params())
		}
		base[key] = t
	}
	return nil
}

// check compares the languages: the same keys, each with the same parameters.
func (c *Catalogue) check() error {
	first := Languages()[0]
	for _, lang := range Languages()[1:] {
		for _, pair := range [][2]string{{first, lang}, {lang, first}} {
			have, other := c.texts[pair[0]], c.texts[pair[1]]
			for _, key := range slices.Sorted(maps.Keys(have)) {
				t, ok := other[key]
				if !ok {
					return problem.New(problem.Invalid, "message.translation", "The message %q stands in %s but not in %s.", key, pair[0], pair[1]).
						At(have[key].where).Do("Add it to the other language.")
				}
				if !slices.Equal(t.params(), have[key].params()) {
					return problem.New(problem.Invalid, "message.parameters", "The message %q has the parameters %v in %s and %v in %s.",
						key, have[key].params(), pair[0], t.params(), pair[1]).At(t.where).Do("Give both the same parameters.")
				}
			}
		}
	}
	return nil
}

// Keys returns the keys of the catalogue in order.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.texts[Languages()[0]])) }

// Params returns the names of the parameters of a message in order, and whether it exists.
func (c *Catalogue) Params(key string) ([]string, bool) {
	t, ok := c.texts[Languages()[0]][key]
	return t.params(), ok
}

// Source returns a message as it was written, and whether it exists.
func (c *Catalogue) Source(lang, key string) (string, bool) {
	t, ok := c.texts[lang][key]
	return t.source, ok
}

// Printer prints messages in one language. The zero value is not usable.
type Printer struct {
	cat  *Catalogue
	lang string
	loc  *time.Location
	now  func() time.Time
}

// Printer returns a printer for a language ("nl" or "en"; any other gives "nl") with times in the city's zone.
func (c *Catalogue) Printer(lang string, loc *time.Location) *Printer {
	if _, ok := c.texts[lang]; !ok {
		lang = Languages()[0]
	}
	return &Printer{cat: c, lang: lang, loc: loc, now: time.Now}
}

// Clock returns a copy of the printer whose "vandaag", "morgen" and "3 minuten geleden" are counted from now().
func (p *Printer) Clock(now func() time.Time) *Printer {
	q := *p
	q.now = now
	return &q
}

// At returns a copy of the printer that stands at one moment.
func (p *Printer) At(now time.Time) *Printer { return p.Clock(func() time.Time { return now }) }

// Lang returns the language of the printer.
func (p *Printer) Lang() string { return p.lang }

// Location returns the city's time zone.
func (p *Printer) Location() *time.Location { return p.loc }

// Now returns the time from which relative moments are counted.
func (p *Printer) Now() time.Time { return p.now().In(p.loc) }

// Path returns a path of the site in the printer's language: "/plannen" is "/en/plannen" in English.
// Addresses of other sites, fragments, queries and assets stay as they are.
func (p *Printer) Path(to string) string {
	if p.lang == Languages()[0] || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		return to
	}
	if to == "/" {
		return "/" + p.lang
	}
	return "/" + p.lang + to
}

// Has reports whether the catalogue has a message.
func (p *Printer) Has(key string) bool {
	_, ok := p.cat.texts[p.lang][key]
	return ok
}

// T prints a message; args are pairs of a parameter's name and its value. A message
// that cannot be printed gives its key between ⟦ ⟧, which no page may show (a test looks), and a line in the log.
func (p *Printer) T(key string, args ...any) string {
	s, err := p.Text(key, args...)
	if err != nil {
		slog.Error("message", "key", key, "lang", p.lang, "error", err)
		return "⟦" + key + "⟧"
	}
	return s
}

// Text prints a message like [Printer.T], with an error where the key or a parameter is missing or has the wrong type.
func (p *Printer) Text(key string, args ...any) (string, error) {
	return p.print(key, args, func(_ string, value string) string { return value })
}

// HTML prints a message with its **strong** words and [links](/path) as HTML. Values are escaped.
// Paths of the site get the prefix of the language.
func (p *Printer) HTML(key string, args ...any) template.HTML {
	s, err := p.print(key, args, func(_ string, value string) string { return guard(value) })
	if err != nil {
		slog.Error("message", "key", key, "lang", p.lang, "error", err)
		return template.HTML("⟦" + template.HTMLEscapeString(key) + "⟧")
	}
	return p.markup(s)
}

func (p *Printer) print(key string, args []any, value func(name, value string) string) (string, error) {
	t, ok := p.cat.texts[p.lang][key]
	if !ok {
		return "", problem.New(problem.Internal, "message.key", "There is no message %q.", key)
	}
	if len(args)%2 != 0 {
		return "", problem.New(problem.Internal, "message.arguments", "The message %q has a name without a value.", key)
	}
	values := make(map[string]any, len(args)/2)
	for i := 0; i < len(args); i += 2 {
		name, ok := args[i].(string)
		if !ok {
			return "", problem.New(problem.Internal, "message.arguments", "Argument %d of the message %q is a %T, not a name.", i, key, args[i])
		}
		values[name] = args[i+1]
	}
	var b strings.Builder
	for _, part := range t.parts {
		if part.param == "" {
			b.WriteString(part.literal)
			continue
		}
		v, ok := values[part.param]
		if !ok {
			return "", problem.New(problem.Internal, "message.parameters", "The message %q needs the parameter %q.", key, part.param)
		}
		s, err := p.part(part, v)
		if err != nil {
			return "", fmt.Errorf("message %s: %s: %w", key, part.param, err)
		}
		b.WriteString(value(part.param, s))
	}
	return b.String(), nil
}
