package sta

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"polder.city/internal/problem"
)

// node is a part of a $filter or $orderby expression.
type node struct {
	op    string  // an operator or function; "" for a literal or a path
	args  []*node // of op
	path  []string
	value any    // of a literal: nil, bool, int64, float64, string, moment, day, clockTime, duration
	at    int    // where it begins in the text
	lit   bool   // a literal
	text  string // of a literal, as written
}

// The literals of time, in microseconds.
type (
	moment    int64 // since 1970, UTC
	day       int64 // the midnight that it begins with
	clockTime int64 // since midnight
	duration  int64
)

// Bounds of an expression.
const (
	maxExpression = 8 << 10
	maxNodes      = 400
	maxDepth      = 40
)

// filterParser reads an expression of OData 4 as SensorThings uses it.
type filterParser struct {
	where string // $filter or $orderby, for messages
	text  string
	pos   int
	nodes int
	depth int
}

func (p *filterParser) fail(at int, message, way string) error {
	return problem.New(problem.Invalid, "sta.filter", "%s", message).At(p.where+", character "+strconv.Itoa(at+1)).Do("%s", way)
}

// parseFilter reads a whole expression.
func parseFilter(where, text string) (*node, error) {
	p := &filterParser{where: where, text: text}
	if len(text) > maxExpression {
		return nil, p.fail(maxExpression, "The expression is too long.", "Use at most 8,192 characters.")
	}
	if strings.IndexByte(text, 0) >= 0 {
		return nil, p.fail(strings.IndexByte(text, 0), "The expression holds the character U+0000.", "Remove it.")
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.text) {
		return nil, p.fail(p.pos, "An operator was expected before "+strconv.Quote(clip(p.text[p.pos:]))+".", "Write and, or, eq, gt, ... between two values.")
	}
	return n, nil
}

func clip(text string) string {
	if len(text) > 20 {
		return strings.ToValidUTF8(text[:20], "") + "…"
	}
	return text
}

func (p *filterParser) space() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t' || p.text[p.pos] == '\n' || p.text[p.pos] == '\r') {
		p.pos++
	}
}

// word returns the identifier that begins here, without taking it.
func (p *filterParser) word() string {
	end := p.pos
	for end < len(p.text) {
		c := p.text[end]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c == '@' || c >= 0x80
		inner := c >= '0' && c <= '9' || c == '.' || c == '-'
		if !letter && (!inner || end == p.pos) {
			break
		}
		end++
	}
	return p.text[p.pos:end]
}

// operator takes one of the words, if it stands here.
func (p *filterParser) operator(words ...string) (string, bool) {
	p.space()
	w := p.word()
	for _, o := range words {
		if w == o {
			p.pos += len(w)
			return w, true
		}
	}
	return "", false
}

func (p *filterParser) make(n *node) (*node, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.fail(p.pos, "The expression has too many parts.", "Ask in several requests.")
	}
	return n, nil
}

// chain reads operands between left-associative operators.
func (p *filterParser) chain(operand func() (*node, error), words ...string) (*node, error) {
	left, err := operand()
	for err == nil {
		at := p.pos
		op, ok := p.operator(words...)
		if !ok {
			return left, nil
		}
		var right *node
		if right, err = operand(); err == nil {
			left, err = p.make(&node{op: op, args: []*node{left, right}, at: at})
		}
	}
	return nil, err
}

func (p *filterParser) or() (*node, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.pos, "The expression is nested too deeply.", "Use fewer brackets.")
	}
	defer func() { p.depth-- }()
	return p.chain(p.and, "or")
}

func (p *filterParser) and() (*node, error) { return p.chain(p.not, "and") }

func (p *filterParser) not() (*node, error) {
	p.space()
	at := p.pos
	if _, ok := p.operator("not"); ok {
		if p.depth++; p.depth > maxDepth {
			return nil, p.fail(p.pos, "The expression is nested too deeply.", "Use fewer brackets.")
		}
		defer func() { p.depth-- }()
		n, err := p.not()
		if err != nil {
			return nil, err
		}
		return p.make(&node{op: "not", args: []*node{n}, at: at})
	}
	return p.chain(p.sum, "eq", "ne", "gt", "ge", "lt", "le")
}

func (p *filterParser) sum() (*node, error) { return p.chain(p.product, "add", "sub") }

func (p *filterParser) product() (*node, error) { return p.chain(p.primary, "mul", "div", "mod") }

func (p *filterParser) primary() (*node, error) {
	p.space()
	at := p.pos
	if at == len(p.text) {
		return nil, p.fail(at, "The expression ends too early.", "Write a property or a value here.")
	}
	if p.text[at] == '(' {
		p.pos++
		n, err := p.or()
		if err != nil {
			return nil, err
		}
		return n, p.closing(at)
	}
	if n, err := p.literal(); n != nil || err != nil {
		return n, err
	}
	word := p.word()
	if word == "" {
		return nil, p.fail(at, "Something unknown stands here: "+strconv.Quote(clip(p.text[at:]))+".", "Write a property or a value; texts stand in single quotes.")
	}
	p.pos += len(word)
	if p.pos < len(p.text) && p.text[p.pos] == '(' {
		return p.call(word, at)
	}
	path := []string{word}
	for p.pos < len(p.text) && p.text[p.pos] == '/' {
		p.pos++
		next := p.word()
		if next == "" { // an index of an array
			for end := p.pos; end < len(p.text) && p.text[end] >= '0' && p.text[end] <= '9'; end++ {
				next = p.text[p.pos : end+1]
			}
		}
		if next == "" {
			return nil, p.fail(p.pos, "A name was expected after the slash.", "Write a path as Datastream/name.")
		}
		p.pos += len(next)
		path = append(path, next)
	}
	return p.make(&node{path: path, at: at})
}

func (p *filterParser) closing(opened int) error {
	p.space()
	if p.pos >= len(p.text) || p.text[p.pos] != ')' {
		return p.fail(p.pos, "A closing bracket is missing.", "The bracket was opened at character "+strconv.Itoa(opened+1)+".")
	}
	p.pos++
	return nil
}

func (p *filterParser) call(name string, at int) (*node, error) {
	opened := p.pos
	p.pos++
	n := &node{op: name + "()", at: at}
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == ')' {
		p.pos++
		return p.make(n)
	}
	for {
		arg, err := p.or()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, arg)
		p.space()
		if p.pos < len(p.text) && p.text[p.pos] == ',' {
			p.pos++
			continue
		}
		if err := p.closing(opened); err != nil {
			return nil, err
		}
		return p.make(n)
	}
}

// The shapes of literals. A plus sign in an address means a space, so an offset may begin with one.
var (
	momentShape   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[ +-]\d\d:\d\d)`)
	dayShape      = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
	clockShape    = regexp.MustCompile(`^\d\d:\d\d(:\d\d(\.\d+)?)?`)
	numberShape   = regexp.MustCompile(`^-?\d+(\.\d+)?([eE][+-]?\d+)?`)
	durationShape = regexp.MustCompile(`^duration'(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?'`)
)

// literal takes the literal that stands here; nil when none does.
func (p *filterParser) literal() (*node, error) {
	at, rest := p.pos, p.text[p.pos:]
	take := func(length int, value any) (*node, error) {
		p.pos += length
		return p.make(&node{lit: true, value: value, at: at, text: rest[:length]})
	}
	switch c := rest[0]; {
	case c == '\'':
		return p.quoted()
	case c == '-' || c >= '0' && c <= '9':
		if text := momentShape.FindString(rest); text != "" {
			return p.moment(text, take)
		}
		if text := dayShape.FindString(rest); text != "" {
			t, err := time.Parse(time.DateOnly, text)
			if err != nil {
				return nil, p.fail(at, text+" is no date.", "Write it as 2026-11-24.")
			}
			return take(len(text), day(t.UnixMicro()))
		}
		if text := clockShape.FindString(rest); text != "" {
			full := text
			if len(full) == len("15:04") {
				full += ":00"
			}
			t, err := time.Parse("15:04:05", full)
			if err != nil {
				return nil, p.fail(at, text+" is no time of day.", "Write it as 13:40:00.")
			}
			return take(len(text), clockTime(t.Sub(t.Truncate(24*time.Hour)).Microseconds()))
		}
		text := numberShape.FindString(rest)
		if text == "" {
			return nil, p.fail(at, "A number was expected after the minus sign.", "Write a number, as -1.5.")
		}
		if v, err := strconv.ParseInt(text, 10, 64); err == nil {
			return take(len(text), v)
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, p.fail(at, text+" is too large a number.", "Use numbers of 64 bits.")
		}
		return take(len(text), v)
	case strings.HasPrefix(rest, "duration'"):
		return p.duration(take)
	case strings.HasPrefix(rest, "geography'") || strings.HasPrefix(rest, "geometry'"):
		return nil, p.fail(at, "Geospatial functions do not work yet.", "Filter by district or name, or ask for all and select yourself.")
	}
	switch word := p.word(); word {
	case "null":
		return take(len(word), nil)
	case "true", "false":
		return take(len(word), word == "true")
	}
	return nil, nil
}

func (p *filterParser) moment(text string, take func(int, any) (*node, error)) (*node, error) {
	full := strings.Replace(text, " ", "+", 1)
	t, err := time.Parse(time.RFC3339Nano, full)
	if err != nil {
		if t, err = time.Parse("2006-01-02T15:04Z07:00", full); err != nil {
			return nil, p.fail(p.pos, text+" is no time.", "Write it as 2026-11-24T13:40:00Z.")
		}
	}
	return take(len(text), moment(t.UnixMicro()))
}

func (p *filterParser) duration(take func(int, any) (*node, error)) (*node, error) {
	m := durationShape.FindStringSubmatch(p.text[p.pos:])
	if m == nil {
		return nil, p.fail(p.pos, "This is no duration.", "Write it as duration'P1DT6H30M'.")
	}
	var total float64
	for i, unit := range []float64{86400, 3600, 60, 1} {
		if m[i+2] != "" {
			v, err := strconv.ParseFloat(m[i+2], 64)
			if err != nil || v > 1e9 {
				return nil, p.fail(p.pos, "This duration is too long.", "Use at most a century.")
			}
			total += v * unit
		}
	}
	if m[1] == "-" {
		total = -total
	}
	return take(len(m[0]), duration(total*1e6))
}

// quoted takes a text in single quotes; a quote within is written twice.
func (p *filterParser) quoted() (*node, error) {
	at := p.pos
	var b strings.Builder
	for i := at + 1; i < len(p.text); i++ {
		if p.text[i] != '\'' {
			b.WriteByte(p.text[i])
			continue
		}
		if i+1 < len(p.text) && p.text[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		p.pos = i + 1
		return p.make(&node{lit: true, value: strings.ToValidUTF8(b.String(), "\uFFFD"), at: at, text: p.text[at:p.pos]})
	}
	return nil, p.fail(at, "The text that begins here has no closing quote.", "Close it with a single quote; write a quote within as two.")
}
