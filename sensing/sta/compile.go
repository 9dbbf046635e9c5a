package sta

import (
	"slices"
	"strings"

	"polder.city/internal/problem"
)

// sqlType says what an SQL expression yields.
type sqlType uint8

const (
	anyType  sqlType = iota // JSON: what it is shows row by row
	nullType                // the literal null
	boolType
	intType
	numberType
	textType
	momentType // microseconds UTC
	dayType    // microseconds of the midnight
	clockType  // microseconds since midnight
	durationType
)

func (t sqlType) String() string {
	return [...]string{"any", "null", "a condition", "a number", "a number", "a text", "a time", "a date", "a time of day", "a duration"}[t]
}

// expression is a compiled part.
type expression struct {
	sql  string
	end  string // of an interval: its end, NULL for an instant
	typ  sqlType
	json *jsonValue // of anyType
	text string     // of a literal, as written
}

// jsonValue is a place in a JSON column; number is where a result keeps a number.
type jsonValue struct {
	document string
	path     []string
	number   string
}

// compiler turns nodes into SQL over one entity.
type compiler struct {
	s     *statement
	where string // $filter or $orderby
	root  *entity
	alias string
	// scope is the predicate that is being compiled: relations to many that it uses are looked for within it.
	scope *scope
}

// scope is a predicate over the entities that relations to many lead to: one of them must fulfil it.
type scope struct {
	from    []string
	where   []string
	aliases map[string]string
}

func (c *compiler) fail(n *node, message, way string) error {
	p := &filterParser{where: c.where}
	return p.fail(n.at, message, way)
}

// condition compiles a node that must be true or false.
func (c *compiler) condition(n *node) (string, error) {
	switch n.op {
	case "and", "or":
		left, err := c.condition(n.args[0])
		if err != nil {
			return "", err
		}
		right, err := c.condition(n.args[1])
		return "(" + left + " " + strings.ToUpper(n.op) + " " + right + ")", err
	case "not":
		inner, err := c.condition(n.args[0])
		return "(NOT " + inner + ")", err
	}
	outer := c.scope
	c.scope = &scope{aliases: map[string]string{}}
	defer func() { c.scope = outer }()
	e, err := c.compile(n)
	if err != nil {
		return "", err
	}
	if e.typ == anyType {
		e = c.as(e, boolType)
	}
	if e.typ != boolType {
		return "", c.fail(n, "This is "+e.typ.String()+", not a condition.", "Compare it, as result gt 5.")
	}
	sql := e.sql
	if len(c.scope.from) > 0 {
		sql = "EXISTS (SELECT 1 FROM " + strings.Join(c.scope.from, ", ") + " WHERE " + strings.Join(append(c.scope.where, sql), " AND ") + ")"
	}
	return sql, nil
}

// compile compiles any node.
func (c *compiler) compile(n *node) (expression, error) {
	switch {
	case n.lit:
		return c.literal(n), nil
	case n.op == "":
		return c.path(n)
	case strings.HasSuffix(n.op, "()"):
		return c.call(n)
	}
	switch n.op {
	case "and", "or", "not":
		sql, err := c.condition(n)
		return expression{sql: sql, typ: boolType}, err
	}
	left, err := c.compile(n.args[0])
	if err != nil {
		return expression{}, err
	}
	right, err := c.compile(n.args[1])
	if err != nil {
		return expression{}, err
	}
	if slices.Contains([]string{"eq", "ne", "gt", "ge", "lt", "le"}, n.op) {
		return c.compare(n, left, right)
	}
	return c.arithmetic(n, left, right)
}

func (c *compiler) literal(n *node) expression {
	e := expression{text: n.text}
	switch v := n.value.(type) {
	case nil:
		e.typ, e.sql = nullType, "NULL"
	case bool:
		e.typ, e.sql = boolType, map[bool]string{true: "(1 = 1)", false: "(1 = 0)"}[v]
	case int64:
		e.typ, e.sql = intType, c.s.arg(v, "BIGINT")
	case float64:
		e.typ, e.sql = numberType, c.s.arg(v, "DOUBLE PRECISION")
	case string:
		e.typ, e.sql = textType, c.s.arg(v, "TEXT")
	case moment:
		e.typ, e.sql = momentType, c.s.arg(int64(v), "BIGINT")
	case day:
		e.typ, e.sql = dayType, c.s.arg(int64(v), "BIGINT")
	case clockTime:
		e.typ, e.sql = clockType, c.s.arg(int64(v), "BIGINT")
	case duration:
		e.typ, e.sql = durationType, c.s.arg(int64(v), "BIGINT")
	}
	return e
}

// path compiles a path of relations that ends in a property, an id, or a place in a JSON property.
func (c *compiler) path(n *node) (expression, error) {
	at, alias, many := c.root, c.alias, false
	walked := ""
	for i, name := range n.path {
		if r := at.relation(name); r != nil {
			walked += "/" + name
			if r.many || many {
				many = true
				alias = c.exists(walked, alias, r)
			} else {
				alias = c.s.join(walked, alias, r)
			}
			at = r.to
			continue
		}
		rest := n.path[i+1:]
		if name == "id" || name == "@iot.id" {
			if len(rest) > 0 {
				return expression{}, c.fail(n, "An id has no parts.", "End the path at the id.")
			}
			return expression{sql: at.id(alias), typ: intType}, nil
		}
		p := at.property(name)
		if p == nil {
			return expression{}, c.fail(n, "A "+at.name+" has no "+clip(name)+".", "It has id, "+at.members()+".")
		}
		return c.property(n, p, alias, rest)
	}
	return expression{}, c.fail(n, "The path ends at "+at.name+", not at a property.", "Go on to one of id, "+at.members()+".")
}

// exists reaches the entities that a relation leads to, within the predicate.
func (c *compiler) exists(walked, from string, r *relation) string {
	if c.scope == nil { // $orderby refuses such paths before it comes to this
		c.scope = &scope{aliases: map[string]string{}}
	}
	if alias, ok := c.scope.aliases[walked]; ok {
		return alias
	}
	alias := c.s.alias()
	c.scope.aliases[walked] = alias
	c.scope.from = append(c.scope.from, c.s.source(r.to, alias))
	c.scope.where = append(c.scope.where, with(with(r.on, "{a}", from), "{b}", alias))
	if condition := r.to.condition(alias); condition != "" {
		c.scope.where = append(c.scope.where, condition)
	}
	return alias
}

func (c *compiler) property(n *node, p *property, alias string, rest []string) (expression, error) {
	sql := make([]string, len(p.sql))
	for i := range sql {
		sql[i] = with(p.sql[i], "{e}", alias)
	}
	if len(rest) > 0 && p.kind != jsonKind && p.kind != resultKind {
		return expression{}, c.fail(n, p.name+" has no parts.", "End the path at "+p.name+".")
	}
	for _, part := range rest {
		if strings.ContainsAny(part, `"\{},`) || len(part) > 100 {
			return expression{}, c.fail(n, "The name "+clip(part)+" cannot be looked for.", "Use letters, digits, dots and dashes.")
		}
	}
	switch p.kind {
	case textKind:
		return expression{sql: sql[0], typ: textType}, nil
	case timeKind:
		return expression{sql: sql[0], typ: momentType}, nil
	case intervalKind:
		return expression{sql: sql[0], end: sql[1], typ: momentType}, nil
	case resultKind:
		v := &jsonValue{document: sql[1], path: rest}
		if len(rest) == 0 {
			v.number = sql[0]
		}
		return expression{sql: sql[1], typ: anyType, json: v}, nil
	default:
		return expression{sql: sql[0], typ: anyType, json: &jsonValue{document: sql[0], path: rest}}, nil
	}
}

// compare compiles a comparison of two values of one type.
func (c *compiler) compare(n *node, left, right expression) (expression, error) {
	op := map[string]string{"eq": "=", "ne": "<>", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}[n.op]
	if left.typ == nullType || right.typ == nullType {
		return c.compareNull(n, left, right)
	}
	left, right = c.alike(left, right)
	if left.typ != right.typ && (!number(left.typ) || !number(right.typ)) {
		return expression{}, c.fail(n, "This compares "+left.typ.String()+" with "+right.typ.String()+".", "Compare values of one kind; texts stand in quotes, times and numbers do not.")
	}
	if left.end != "" && right.end == "" {
		return expression{sql: compareInterval(op, left, right.sql), typ: boolType}, nil
	}
	if right.end != "" && left.end == "" {
		turned := map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
		if turned == "" {
			turned = op
		}
		return expression{sql: compareInterval(turned, right, left.sql), typ: boolType}, nil
	}
	if op == "<>" { // what has no value differs from every value
		return expression{sql: "(" + left.sql + " <> " + right.sql + " OR " + left.sql + " IS NULL)", typ: boolType}, nil
	}
	return expression{sql: "(" + left.sql + " " + op + " " + right.sql + ")", typ: boolType}, nil
}

// compareInterval compares an interval with a time: it lies before or after it
// only as a whole. The comparison of its start comes first, for the index's sake.
func compareInterval(op string, i expression, t string) string {
	switch op {
	case "=":
		return "(" + i.sql + " = " + t + " AND coalesce(" + i.end + ", " + i.sql + ") = " + t + ")"
	case "<>":
		return "(" + i.sql + " <> " + t + " OR coalesce(" + i.end + ", " + i.sql + ") <> " + t + ")"
	case "<", "<=":
		return "(" + i.sql + " " + op + " " + t + " AND coalesce(" + i.end + ", " + i.sql + ") " + op + " " + t + ")"
	default:
		return "(" + i.sql + " " + op + " " + t + ")"
	}
}

func (c *compiler) compareNull(n *node, left, right expression) (expression, error) {
	e := left
	if e.typ == nullType {
		e = right
	}
	if e.typ == nullType {
		return expression{sql: map[bool]string{true: "(1 = 1)", false: "(1 = 0)"}[n.op == "eq"], typ: boolType}, nil
	}
	sql := e.sql + " IS NULL"
	if e.typ == anyType {
		sql = c.jsonNull(e.json)
	}
	switch n.op {
	case "eq":
		return expression{sql: "(" + sql + ")", typ: boolType}, nil
	case "ne":
		return expression{sql: "(NOT (" + sql + "))", typ: boolType}, nil
	}
	return expression{}, c.fail(n, "null is neither more nor less than anything.", "Use eq null or ne null.")
}

func number(t sqlType) bool { return t == intType || t == numberType }

// alike gives a JSON value the type of what it is compared with; two of them are compared as texts.
func (c *compiler) alike(left, right expression) (expression, expression) {
	switch {
	case left.typ == anyType && right.typ == anyType:
		return c.as(left, textType), c.as(right, textType)
	case left.typ == anyType:
		right = asText(c, right)
		return c.as(left, right.typ), right
	case right.typ == anyType:
		left = asText(c, left)
		return left, c.as(right, left.typ)
	}
	return left, right
}

// asText makes a literal of time, which JSON has not, the text that was written.
func asText(c *compiler, e expression) expression {
	switch e.typ {
	case momentType, dayType, clockType, durationType:
		if e.text != "" {
			return expression{sql: c.s.arg(e.text, "TEXT"), typ: textType, text: e.text}
		}
	}
	return e
}

// want refuses an argument of the wrong type.
func (c *compiler) want(n *node, e expression, want sqlType) (expression, error) {
	if e.typ == anyType {
		e = c.as(e, want)
	}
	if e.typ == want || (want == numberType && e.typ == intType) {
		return e, nil
	}
	return e, c.fail(n, "This is "+e.typ.String()+"; "+want.String()+" was expected.", "Give "+want.String()+".")
}

// filterProblem tells a value that the database refused within a filter, as a number that runs over.
func filterProblem(err error) error {
	return problem.New(problem.Invalid, "sta.filter.value", "A value in the filter or order cannot be computed.").At("$filter").
		Do("Check its numbers: they must fit in 64 bits.").Cause(err)
}
