package city

import (
	"fmt"
	"strings"

	"polder.city/internal/problem"
)

// report gathers all mistakes of one folder.
type report struct{ problems []*problem.Error }

// wrong adds a mistake. Line 0 is left out, and so is an empty field.
func (r *report) wrong(file string, line int, field, code, way, format string, args ...any) {
	where := file
	if line > 0 {
		where = fmt.Sprintf("%s:%d", file, line)
	}
	if field != "" {
		where += " " + field
	}
	r.problems = append(r.problems, problem.New(problem.Invalid, "city."+code, format, args...).At(where).Do("%s", way))
}

// document is a YAML file that was read: it knows on which line each field stands.
type document struct {
	*report
	file  string
	lines map[string]int // by path, as "trucks[2].depot"
}

// wrongAt adds a mistake in the field at a path. A field that is not there is
// reported on the line of what should hold it.
func (d *document) wrongAt(path, code, way, format string, args ...any) {
	d.wrong(d.file, d.line(path), path, code, way, format, args...)
}

func (d *document) line(path string) int {
	for {
		if line, ok := d.lines[path]; ok {
			return line
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return d.lines[""]
		}
		path = path[:cut]
	}
}

// need reports each of the named texts that is empty.
func (d *document) need(path string, fields map[string]string) {
	for name, value := range fields {
		if strings.TrimSpace(value) == "" {
			d.wrongAt(join(path, name), "missing", "Write it down; it may not be empty.", "%s is missing.", name)
		}
	}
}

// needText reports a text that lacks one of the city's languages.
func (d *document) needText(path string, text Text, languages []string) {
	for _, lang := range languages {
		if strings.TrimSpace(text[lang]) == "" {
			d.wrongAt(path, "language", fmt.Sprintf("Add a line %q with the text in that language.", lang+": …"),
				"The text has no %q, one of the city's languages.", lang)
		}
	}
}

// unique reports a key that was seen before, and remembers it.
func (d *document) unique(seen map[string]bool, path, key string) {
	if key != "" && seen[key] {
		d.wrongAt(path, "duplicate", "Give each its own.", "%q is used twice.", key)
	}
	seen[key] = true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
