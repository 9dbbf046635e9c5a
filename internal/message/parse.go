package message

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"polder.city/internal/problem"
)

// text is a message taken apart.
type text struct {
	where  string // file:line
	source string
	parts  []part
}

// part is a literal, or a parameter with its format or its plural forms.
type part struct {
	literal string
	param   string
	format  string   // empty: by the value's type
	forms   []string // one, other; or zero, one, other
}

func (t text) params() []string {
	names := map[string]bool{}
	for _, p := range t.parts {
		if p.param != "" {
			names[p.param] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// parseFile reads one YAML file of nested keys; prefix comes before each key.
func parseFile(name, prefix string, data []byte) (map[string]text, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, problem.New(problem.Invalid, "message.yaml", "The file is not YAML: %v.", err).At(name).Cause(err).Do("Correct it; quotes around a text often help.")
	}
	texts := map[string]text{}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if err := flatten(name, strings.TrimSuffix(prefix, "."), doc.Body, texts); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func flatten(file, key string, node ast.Node, into map[string]text) error {
	where := fmt.Sprintf("%s:%d", file, node.GetToken().Position.Line)
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			if err := flatten(file, key, v, into); err != nil {
				return err
			}
		}
		return nil
	case *ast.MappingValueNode:
		sub := n.Key.GetToken().Value
		if key != "" {
			sub = key + "." + sub
		}
		return flatten(file, sub, n.Value, into)
	case *ast.StringNode:
		return add(where, key, n.Value, into)
	case *ast.LiteralNode:
		return add(where, key, strings.TrimSpace(n.Value.Value), into)
	default:
		return problem.New(problem.Invalid, "message.text", "The message %q is a %s, not a text.", key, strings.ToLower(node.Type().String())).
			At(where).Do("Write it between quotes.")
	}
}

func add(where, key, source string, into map[string]text) error {
	if old, ok := into[key]; ok {
		return problem.New(problem.Invalid, "message.twice", "The message %q stands here and at %s.", key, old.where).At(where).Do("Keep one of them.")
	}
	parts, err := parse(source)
	if err != nil {
		return problem.New(problem.Invalid, "message.text", "The message %q cannot be read: %v.", key, err).At(where).Cause(err).
			Do("Write parameters as {name}, {name:format} or {name|one|other}.")
	}
	into[key] = text{where: where, source: source, parts: parts}
	return nil
}

// parse takes a message apart into literals and parameters.
func parse(source string) ([]part, error) {
	var parts []part
	for source != "" {
		open := strings.IndexByte(source, '{')
		if open < 0 {
			open = len(source)
		}
		if strings.IndexByte(source[:open], '}') >= 0 {
			return nil, fmt.Errorf("a } without a {")
		}
		if open > 0 {
			parts = append(parts, part{literal: source[:open]})
		}
		if open == len(source) {
			break
		}
		end := strings.IndexByte(source[open:], '}')
		if end < 0 {
			return nil, fmt.Errorf("a { without a }")
		}
		p, err := parseParam(source[open+1 : open+end])
		if err != nil {
			return nil, err
		}
		parts = append(parts, p)
		source = source[open+end+1:]
	}
	return parts, nil
}

func parseParam(s string) (part, error) {
	name, rest, plural := strings.Cut(s, "|")
	var p part
	if plural {
		p.forms = strings.Split(rest, "|")
		if len(p.forms) < 2 || len(p.forms) > 3 {
			return p, fmt.Errorf("{%s} has %d forms, not two or three", s, len(p.forms))
		}
		p.param = name
	} else {
		p.param, p.format, _ = strings.Cut(name, ":")
		if _, ok := formats[p.format]; p.format != "" && !ok {
			return p, fmt.Errorf("{%s} has an unknown format", s)
		}
	}
	if p.param == "" || strings.Trim(p.param, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return p, fmt.Errorf("{%s} has no name of letters and digits", s)
	}
	return p, nil
}
