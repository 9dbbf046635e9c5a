package register

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"golang.org/x/text/unicode/norm"

	"polder.city/internal/problem"
)

// ParseEntry reads an algorithm's entry from YAML and checks it. file names the
// source in messages. It returns all mistakes, joined, each a [problem.Error] with file:line.
func ParseEntry(data []byte, file string) (*Entry, error) {
	var e Entry
	p, err := decode(data, file, &e)
	if err != nil {
		return nil, err
	}
	e.check(p)
	if p.found != nil {
		return nil, p.found
	}
	return &e, nil
}

// ParseRules reads the council's rules, a YAML list, and checks them.
func ParseRules(data []byte, file string) ([]Rule, error) {
	var rules []Rule
	p, err := decode(data, file, &rules)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, r := range rules {
		at := fmt.Sprintf("$[%d]", i)
		p.id(at+".id", r.ID, seen)
		p.filled(at+".nl", r.NL)
		p.filled(at+".en", r.EN)
		p.day(at+".adopted", r.Adopted, true)
	}
	return rules, p.found
}

// ParseRoles reads the roles and their mandates, a YAML list, and checks them.
func ParseRoles(data []byte, file string) ([]Role, error) {
	var roles []Role
	p, err := decode(data, file, &roles)
	if err != nil {
		return nil, err
	}
	seen, mandates := map[string]bool{}, map[string]bool{}
	for i, r := range roles {
		at := fmt.Sprintf("$[%d]", i)
		p.id(at+".id", r.ID, seen)
		p.filled(at+".nl", r.NL)
		p.filled(at+".en", r.EN)
		for j, m := range r.Mandates {
			where := fmt.Sprintf("%s.mandates[%d]", at, j)
			p.mandate(where, m, mandates)
			if m.Power == Advise || m.Role != "" {
				p.mistake(where+".power", "mandate.role", "A role decides or may not; it does not advise, and no other role signs for it.", "Write 'power: decide' or 'power: forbidden', without 'role'.")
			}
		}
	}
	return roles, p.found
}

// document is a YAML file under check.
type document struct {
	file  string
	tree  *ast.File
	found error // all mistakes, joined
}

// decode reads YAML strictly into v: an unknown or repeated field is a mistake.
func decode(data []byte, file string, v any) (*document, error) {
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line := 1 + bytes.Count(data[:i], []byte("\n"))
		return nil, problem.New(problem.Invalid, "yaml.nul", "The file holds a character that no text has (U+0000).").
			At(fmt.Sprintf("%s:%d", file, line)).Do("Remove it.")
	}
	data = norm.NFC.Bytes(data) // what looks the same is to be the same, and have the same hash
	tree, err := parser.ParseBytes(data, 0)
	if err == nil {
		err = yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(v)
	}
	if err != nil {
		return nil, yamlProblem(err, file)
	}
	return &document{file: file, tree: tree}, nil
}

func yamlProblem(err error, file string) error {
	p := problem.New(problem.Invalid, "yaml", "The file cannot be read.").At(file).Do("Mend the YAML.").Cause(err)
	if y, ok := errors.AsType[yaml.Error](err); ok {
		p.Message = "This is not right: " + y.GetMessage() + "."
		if t := y.GetToken(); t != nil {
			p.Where = fmt.Sprintf("%s:%d", file, t.Position.Line)
		}
	}
	return p
}

// mistake notes a mistake at a path of the document.
func (d *document) mistake(path, code, message, way string) {
	d.found = errors.Join(d.found, problem.New(problem.Invalid, code, "%s", message).At(fmt.Sprintf("%s:%d", d.file, d.line(path))).Do("%s", way))
}

// line returns the line of the value at path, or of the nearest thing around it.
func (d *document) line(path string) int {
	for path != "$" && path != "" {
		if p, err := yaml.PathString(path); err == nil {
			if n, err := p.FilterFile(d.tree); err == nil && n != nil && n.GetToken() != nil {
				return n.GetToken().Position.Line
			}
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 1
}

func (d *document) filled(path, text string) {
	if strings.TrimSpace(text) == "" {
		name := path[strings.LastIndexByte(path, '.')+1:]
		d.mistake(path, "field.empty", fmt.Sprintf("The field %s is not filled in.", name), fmt.Sprintf("Fill in '%s:'.", name))
	}
}

// id checks that an id can stand in the log and was not seen before.
func (d *document) id(path, id string, seen map[string]bool) {
	switch {
	case !isID(id):
		d.mistake(path, "id.form", fmt.Sprintf("The id %q is empty, too long or has other characters than letters, digits, dots and dashes.", id), "Use at most 40 of those, such as 'inzamelplan'.")
	case seen[id]:
		d.mistake(path, "id.twice", fmt.Sprintf("The id %s is used twice.", id), "Give each its own.")
	}
	seen[id] = true
}

func (d *document) day(path, day string, optional bool) {
	if day == "" && optional {
		return
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		d.mistake(path, "date.form", fmt.Sprintf("%q is no date.", day), "Write it as 2026-11-24.")
	}
}

// isID reports whether s can name something for ever: at most 40 letters, digits, dots and dashes.
func isID(s string) bool {
	if len(s) == 0 || len(s) > 40 || s[0] == '.' || s[0] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
