package city

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readYAML fills the struct that into points to, strictly: an unknown key, a value of
// another kind and a second document are mistakes. Unlike yaml.Unmarshal it
// goes on after a mistake, so that all of them are reported at once, and it
// remembers the line of each field for the checks that follow.
func readYAML(r *report, file string, data []byte, into any) *document {
	d := &document{report: r, file: file, lines: map[string]int{"": 1}}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, message := 0, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			line, message = e.GetToken().Position.Line, e.GetMessage()
		}
		d.wrong(file, line, "", "yaml", "Mind the indentation, and put texts with a colon in quotes.", "This is not YAML: %s.", message)
		return d
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		d.wrong(file, 1, "", "yaml", "Keep one document in the file.", "The file holds %d documents.", len(tree.Docs))
		return d
	}
	d.fill(tree.Docs[0].Body, reflect.ValueOf(into).Elem(), "")
	return d
}

// fill writes a node into a value.
func (d *document) fill(n ast.Node, v reflect.Value, path string) {
	if _, seen := d.lines[path]; !seen || path == "" {
		d.lines[path] = n.GetToken().Position.Line
	}
	switch v.Kind() {
	case reflect.Struct:
		d.fillStruct(n, v, path)
	case reflect.Map:
		d.fillMap(n, v, path)
	case reflect.Slice, reflect.Array:
		d.fillList(n, v, path)
	default:
		d.fillScalar(n, v, path)
	}
}

// pairs returns the keys and values of a mapping.
func (d *document) pairs(n ast.Node, path string) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	d.wrongKind(n, path, "fields with a name (key: value)")
	return nil
}

func (d *document) fillStruct(n ast.Node, v reflect.Value, path string) {
	fields := map[string]reflect.Value{}
	var names []string
	for i := range v.NumField() {
		if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
			fields[name] = v.Field(i)
			names = append(names, name)
		}
	}
	for _, pair := range d.pairs(n, path) {
		key := pair.Key.GetToken().Value
		at := join(path, key)
		d.lines[at] = pair.Key.GetToken().Position.Line
		field, ok := fields[key]
		if !ok {
			d.wrongAt(at, "unknown_key", "Known here are: "+strings.Join(names, ", ")+".", "There is no field %q.", key)
			continue
		}
		d.fill(pair.Value, field, at)
	}
}

func (d *document) fillMap(n ast.Node, v reflect.Value, path string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range d.pairs(n, path) {
		key := pair.Key.GetToken().Value
		at := join(path, key)
		d.lines[at] = pair.Key.GetToken().Position.Line
		item := reflect.New(v.Type().Elem()).Elem()
		d.fill(pair.Value, item, at)
		v.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
	}
}

func (d *document) fillList(n ast.Node, v reflect.Value, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongKind(n, path, "a list")
		return
	}
	if v.Kind() == reflect.Array {
		if len(list.Values) != v.Len() {
			d.wrongAt(path, "value", "Write a point as [longitude, latitude].", "This should be %d numbers, and is %d.", v.Len(), len(list.Values))
			return
		}
	} else {
		v.Set(reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values)))
	}
	for i, item := range list.Values {
		d.fill(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (d *document) fillScalar(n ast.Node, v reflect.Value, path string) {
	text := n.GetToken().Value
	if literal, ok := n.(*ast.LiteralNode); ok {
		text = literal.Value.Value
	}
	_, quoted := n.(*ast.StringNode)
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
	default:
		d.wrongKind(n, path, "one value")
		return
	}
	switch into := v.Addr().Interface().(type) {
	case *time.Weekday:
		day, err := ParseWeekday(text)
		if err != nil {
			d.wrongAt(path, "value", "Write mon, tue, wed, thu, fri, sat or sun.", "%q is no day of the week.", text)
		}
		*into = day
		return
	case *TimeOfDay:
		t, err := ParseTimeOfDay(text)
		if err != nil {
			d.wrongAt(path, "value", `Write hours and minutes in quotes, as "07:00".`, "%q is no time of day.", text)
		}
		*into = t
		return
	}
	var err error
	switch v.Kind() {
	case reflect.String:
		if _, literal := n.(*ast.LiteralNode); !quoted && !literal {
			d.wrongAt(path, "value", fmt.Sprintf("Put it in quotes: %q.", text), "This should be a text, and is read as a number or a truth.")
			return
		}
		if strings.ContainsRune(text, 0) {
			d.wrongAt(path, "value", "Take it out.", "The text holds the character U+0000.")
			return
		}
		v.SetString(text)
	case reflect.Bool:
		var b bool
		if b, err = strconv.ParseBool(text); err == nil {
			v.SetBool(b)
		}
	case reflect.Int, reflect.Int64:
		var i int64
		if i, err = strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64); err == nil {
			v.SetInt(i)
		}
	case reflect.Uint64, reflect.Uint8:
		var u uint64
		if u, err = strconv.ParseUint(strings.ReplaceAll(text, "_", ""), 10, v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	case reflect.Float64:
		var f float64
		if f, err = strconv.ParseFloat(text, 64); err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = strconv.ErrRange
		}
		v.SetFloat(f)
	default:
		panic("city: no YAML for " + v.Type().String())
	}
	if err != nil {
		d.wrongAt(path, "value", "Write "+kindNames[v.Kind()]+".", "%q is not %s.", text, kindNames[v.Kind()])
	}
}

// kindNames says to a person what a field takes.
var kindNames = map[reflect.Kind]string{
	reflect.Bool:    "true or false",
	reflect.Int:     "a whole number",
	reflect.Int64:   "a whole number",
	reflect.Uint8:   "a whole number from 0 to 255",
	reflect.Uint64:  "a whole number that is not negative",
	reflect.Float64: "a number",
}

func (d *document) wrongKind(n ast.Node, path, want string) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		d.wrongAt(path, "yaml", "Write the value out.", "Anchors, aliases and tags are not read here.")
	case *ast.NullNode:
		d.wrongAt(path, "missing", "Fill it in, or leave the whole line out.", "The field is empty.")
	default:
		d.wrongAt(path, "value", "See the folder city/almere for an example.", "This should be %s.", want)
	}
}

// oneOf reports a value that is not among those allowed.
func (d *document) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		d.wrongAt(path, "value", "Write one of: "+strings.Join(allowed, ", ")+".", "%q is not known here.", value)
	}
}
