package sta

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"polder.city/internal/problem"
)

// Bounds of a list.
const (
	defaultTop = 100
	maxTop     = 1000
	maxSkip    = 10_000_000
	maxNesting = 6
)

// options are the query options of a set or an entity, at the top or within $expand.
type options struct {
	top     int // entities of a page
	skip    int
	count   bool
	order   []order
	filter  *node
	fields  []string // of $select; nil for all
	expand  []*expansion
	after   string // $skiptoken: the page begins after these sort keys
	arrays  bool   // $resultFormat=dataArray
	written []pair // as written, for the link to the next page
}

type pair struct{ name, value string }

type order struct {
	node *node
	desc bool
}

// expansion is one relation of $expand.
type expansion struct {
	relation *relation
	o        *options
}

func optionProblem(where, message, way string, args ...any) error {
	return problem.New(problem.Invalid, "sta.option", message, args...).At(where).Do("%s", way)
}

// parseQuery reads the query string of a request for e.
func parseQuery(e *entity, raw string) (*options, error) {
	var pairs []pair
	for part := range strings.SplitSeq(raw, "&") { // not url.ParseQuery, which refuses the semicolons of $expand
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return nil, optionProblem("query", "The query string cannot be read.", "Write special characters as %XX.")
		}
		if !strings.HasPrefix(name, "$") {
			continue
		}
		if slices.ContainsFunc(pairs, func(p pair) bool { return p.name == name }) {
			return nil, optionProblem(name, "The option stands there twice.", "Write it once.")
		}
		pairs = append(pairs, pair{name, value})
	}
	return parseOptions(e, pairs, 0)
}

func parseOptions(e *entity, pairs []pair, nesting int) (*options, error) {
	o := &options{top: defaultTop}
	if nesting > maxNesting {
		return nil, optionProblem("$expand", "The expansion is nested too deeply.", "Ask in several requests.")
	}
	for _, p := range pairs {
		if err := o.set(e, p, nesting); err != nil {
			return nil, err
		}
		if p.name != "$skip" && p.name != "$skiptoken" {
			o.written = append(o.written, p)
		}
	}
	return o, nil
}

func (o *options) set(e *entity, p pair, nesting int) (err error) {
	switch p.name {
	case "$top":
		if o.top, err = strconv.Atoi(p.value); err != nil || o.top < 0 || p.value[0] == '+' {
			return optionProblem(p.name, "%q is no number of entities.", "Give a number from 0 to 1000.", p.value)
		}
		o.top = min(o.top, maxTop)
	case "$skip":
		if o.skip, err = strconv.Atoi(p.value); err != nil || o.skip < 0 || o.skip > maxSkip {
			return optionProblem(p.name, "%q is no number of entities to skip.", "Follow @iot.nextLink for the pages after the first.", p.value)
		}
	case "$count":
		if p.value != "true" && p.value != "false" {
			return optionProblem(p.name, "%q is not true or false.", "Write $count=true.", p.value)
		}
		o.count = p.value == "true"
	case "$filter":
		o.filter, err = parseFilter(p.name, p.value)
	case "$orderby":
		o.order, err = parseOrder(p.value)
	case "$select":
		o.fields, err = parseSelect(e, p.value)
	case "$expand":
		o.expand, err = parseExpand(e, p.value, nesting)
	case "$skiptoken":
		o.after = p.value
	case "$resultFormat":
		if p.value != "dataArray" || !e.isObservation() || nesting > 0 {
			return optionProblem(p.name, "The format %q is not known here.", "Use dataArray, for Observations.", p.value)
		}
		o.arrays = true
	default:
		return optionProblem(p.name, "There is no option of this name.", "The options are $filter, $orderby, $top, $skip, $count, $select, $expand and $resultFormat.")
	}
	return err
}

func parseOrder(text string) ([]order, error) {
	var all []order
	for _, part := range splitOutside(text, ',') {
		part = strings.TrimSpace(part)
		o := order{}
		if rest, ok := strings.CutSuffix(part, " desc"); ok {
			part, o.desc = rest, true
		} else {
			part = strings.TrimSuffix(part, " asc")
		}
		n, err := parseFilter("$orderby", part)
		if err != nil {
			return nil, err
		}
		if n.op != "" || n.lit {
			return nil, optionProblem("$orderby", "%q is no property.", "Order by properties, as phenomenonTime desc.", clip(part))
		}
		o.node = n
		all = append(all, o)
	}
	if len(all) > 8 {
		return nil, optionProblem("$orderby", "These are too many properties to order by.", "Use at most 8.")
	}
	return all, nil
}

func parseSelect(e *entity, text string) ([]string, error) {
	fields := []string{}
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == "@iot.id":
			name = "id"
		case name == "id" || name == "@iot.selfLink":
		case e.property(name) != nil || e.relation(name) != nil:
		default:
			return nil, optionProblem("$select", "A "+e.name+" has no %s.", "It has id, "+e.members()+".", clip(name))
		}
		fields = append(fields, name)
	}
	return fields, nil
}

// parseExpand reads Thing,Datastreams($top=1;$expand=Sensor)/Observations.
func parseExpand(e *entity, text string, nesting int) ([]*expansion, error) {
	var all []*expansion
	for _, item := range splitOutside(text, ',') {
		name, rest := strings.TrimSpace(item), ""
		if i := strings.IndexAny(name, "(/"); i >= 0 {
			name, rest = name[:i], name[i:]
		}
		r := e.relation(name)
		if r == nil {
			return nil, optionProblem("$expand", "A "+e.name+" has no relation %s.", "It has "+e.members()+".", clip(name))
		}
		var inner string
		if strings.HasPrefix(rest, "(") {
			end := closingBracket(rest)
			if end < 0 {
				return nil, optionProblem("$expand", "A closing bracket is missing after %s.", "Write Datastreams($top=1).", name)
			}
			inner, rest = rest[1:end], rest[end+1:]
		}
		var pairs []pair
		for _, option := range splitOutside(inner, ';') {
			if option = strings.TrimSpace(option); option != "" {
				key, value, _ := strings.Cut(option, "=")
				pairs = append(pairs, pair{strings.TrimSpace(key), value})
			}
		}
		if deeper, ok := strings.CutPrefix(rest, "/"); ok {
			pairs = append(pairs, pair{"$expand", deeper})
		} else if rest != "" {
			return nil, optionProblem("$expand", "%q cannot be read.", "Separate relations by commas.", clip(rest))
		}
		o, err := parseOptions(r.to, pairs, nesting+1)
		if err != nil {
			return nil, err
		}
		all = append(all, &expansion{relation: r, o: o})
	}
	return all, nil
}

// splitOutside cuts at a separator where it stands outside brackets and quotes.
func splitOutside(text string, separator byte) []string {
	var parts []string
	depth, quoted, from := 0, false, 0
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == separator && depth == 0:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// closingBracket returns where the bracket that text begins with is closed; -1 when it is not.
func closingBracket(text string) int {
	depth, quoted := 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '\'':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// next returns the query string of the page after the sort keys.
func (o *options) next(token string) string {
	var b strings.Builder
	for _, p := range o.written {
		b.WriteString(p.name + "=" + strings.ReplaceAll(url.QueryEscape(p.value), "+", "%20") + "&")
	}
	return b.String() + "$skiptoken=" + token
}
