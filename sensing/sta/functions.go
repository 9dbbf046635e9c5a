package sta

import (
	"strconv"
	"strings"

	"polder.city/store"
)

const dayMicros = "86400000000"

// sinceMidnight returns the microseconds since midnight of a time, also before 1970.
func sinceMidnight(t string) string {
	return "(((" + t + ") % " + dayMicros + " + " + dayMicros + ") % " + dayMicros + ")"
}

// function is a function of $filter: the types of its arguments, and its SQL.
type function struct {
	args     []sqlType
	optional int // how many of the last may be left out
	typ      sqlType
	sql      func(d store.Dialect, a []string) string
}

// part is a date's part: named alike in strftime and EXTRACT.
func part(format, field string) function {
	return function{args: []sqlType{momentType}, typ: intType, sql: func(d store.Dialect, a []string) string {
		if d == store.Postgres {
			return "CAST(EXTRACT(" + field + " FROM (TIMESTAMP '1970-01-01' + (" + a[0] + ") * INTERVAL '1 microsecond')) AS BIGINT)"
		}
		return "CAST(strftime('" + format + "', (" + a[0] + " - " + sinceMidnight(a[0]) + ") / 1000000, 'unixepoch') AS BIGINT)"
	}}
}

// clockPart is a part of the time of day, by plain arithmetic.
func clockPart(unit, size string) function {
	return function{args: []sqlType{momentType}, typ: intType, sql: func(_ store.Dialect, a []string) string {
		return "(" + sinceMidnight(a[0]) + " / " + unit + " % " + size + ")"
	}}
}

func plain(typ sqlType, args []sqlType, sql string) function {
	return function{args: args, typ: typ, sql: func(_ store.Dialect, a []string) string {
		for i, v := range a {
			sql = strings.ReplaceAll(sql, "{"+strconv.Itoa(i)+"}", v)
		}
		return sql
	}}
}

// functionNamed returns the function of that name.
func functionNamed(name string) (function, bool) {
	text, two := []sqlType{textType}, []sqlType{textType, textType}
	switch name {
	case "substringof":
		return plain(boolType, two, "({0} = '' OR replace({1}, {0}, '') <> {1})"), true
	case "contains":
		return plain(boolType, two, "({1} = '' OR replace({0}, {1}, '') <> {0})"), true
	case "startswith":
		return plain(boolType, two, "(substr({0}, 1, length({1})) = {1})"), true
	case "endswith":
		return plain(boolType, two, "(length({0}) >= length({1}) AND substr({0}, length({0}) - length({1}) + 1) = {1})"), true
	case "length":
		return plain(intType, text, "length({0})"), true
	case "indexof":
		return function{args: two, typ: intType, sql: func(d store.Dialect, a []string) string {
			if d == store.Postgres {
				return "(strpos(" + a[0] + ", " + a[1] + ") - 1)"
			}
			return "(instr(" + a[0] + ", " + a[1] + ") - 1)"
		}}, true
	case "substring":
		return function{args: []sqlType{textType, intType, intType}, optional: 1, typ: textType, sql: func(_ store.Dialect, a []string) string {
			start := "(CASE WHEN " + a[1] + " < 0 THEN 0 WHEN " + a[1] + " > 1000000 THEN 1000000 ELSE " + a[1] + " END + 1)"
			if len(a) == 2 {
				return "substr(" + a[0] + ", CAST(" + start + " AS INTEGER))"
			}
			return "substr(" + a[0] + ", CAST(" + start + " AS INTEGER), CAST(CASE WHEN " + a[2] + " < 0 THEN 0 WHEN " + a[2] + " > 1000000 THEN 1000000 ELSE " + a[2] + " END AS INTEGER))"
		}}, true
	case "tolower":
		return plain(textType, text, "lower({0})"), true
	case "toupper":
		return plain(textType, text, "upper({0})"), true
	case "trim":
		return plain(textType, text, "trim({0})"), true
	case "concat":
		return plain(textType, two, "({0} || {1})"), true
	case "year":
		return part("%Y", "YEAR"), true
	case "month":
		return part("%m", "MONTH"), true
	case "day":
		return part("%d", "DAY"), true
	case "hour":
		return clockPart("3600000000", "24"), true
	case "minute":
		return clockPart("60000000", "60"), true
	case "second":
		return clockPart("1000000", "60"), true
	case "fractionalseconds":
		return plain(numberType, []sqlType{momentType}, "("+sinceMidnight("{0}")+" % 1000000 / CAST(1000000 AS DOUBLE PRECISION))"), true
	case "date":
		return plain(dayType, []sqlType{momentType}, "({0} - "+sinceMidnight("{0}")+")"), true
	case "time":
		return plain(clockType, []sqlType{momentType}, sinceMidnight("{0}")), true
	case "totaloffsetminutes": // every time is kept and returned in UTC
		return plain(intType, []sqlType{momentType}, "({0} * 0)"), true
	case "mindatetime":
		return plain(momentType, nil, "-62135596800000000"), true
	case "maxdatetime":
		return plain(momentType, nil, "253402300799000000"), true
	case "round":
		return plain(numberType, []sqlType{numberType}, "(CASE WHEN {0} < 0 THEN -floor(0.5 - {0}) ELSE floor({0} + 0.5) END)"), true
	case "floor":
		return plain(numberType, []sqlType{numberType}, "floor({0})"), true
	case "ceiling":
		return plain(numberType, []sqlType{numberType}, "ceil({0})"), true
	}
	return function{}, false
}

const knownFunctions = "substringof, contains, startswith, endswith, length, indexof, substring, tolower, toupper, trim, concat, " +
	"year, month, day, hour, minute, second, fractionalseconds, date, time, totaloffsetminutes, now, mindatetime, maxdatetime, round, floor and ceiling"

// call compiles a function.
func (c *compiler) call(n *node) (expression, error) {
	name := strings.TrimSuffix(n.op, "()")
	if name == "now" && len(n.args) == 0 {
		return expression{sql: c.s.arg(c.s.now, "BIGINT"), typ: momentType}, nil
	}
	if strings.HasPrefix(name, "geo.") || strings.HasPrefix(name, "st_") {
		return expression{}, c.fail(n, "Geospatial functions do not work yet.", "Filter by district or name, or ask for all and select yourself.")
	}
	f, ok := functionNamed(name)
	if !ok {
		return expression{}, c.fail(n, "There is no function "+clip(name)+".", "The functions are "+knownFunctions+".")
	}
	if len(n.args) > len(f.args) || len(n.args) < len(f.args)-f.optional {
		return expression{}, c.fail(n, "The function "+name+" takes "+strconv.Itoa(len(f.args))+" values, not "+strconv.Itoa(len(n.args))+".", "Separate values by commas.")
	}
	args := make([]string, len(n.args))
	for i, arg := range n.args {
		e, err := c.compile(arg)
		if err != nil {
			return expression{}, err
		}
		if e, err = c.want(arg, e, f.args[i]); err != nil {
			return expression{}, err
		}
		if args[i] = e.sql; f.args[i] == numberType {
			args[i] = "CAST(" + e.sql + " AS DOUBLE PRECISION)"
		}
	}
	return expression{sql: f.sql(c.s.dialect, args), typ: f.typ}, nil
}

// arithmetic compiles add, sub, mul, div and mod, of numbers and of times with durations.
func (c *compiler) arithmetic(n *node, left, right expression) (expression, error) {
	if left.typ == momentType || left.typ == durationType || right.typ == durationType || right.typ == momentType {
		return c.timeArithmetic(n, left, right)
	}
	var err error
	if left, err = c.want(n.args[0], left, numberType); err != nil {
		return left, err
	}
	if right, err = c.want(n.args[1], right, numberType); err != nil {
		return right, err
	}
	result := expression{typ: numberType}
	whole := left.typ == intType && right.typ == intType
	l, r := left.sql, right.sql
	if whole {
		result.typ = intType
	} else {
		l, r = "CAST("+l+" AS DOUBLE PRECISION)", "CAST("+r+" AS DOUBLE PRECISION)"
	}
	switch n.op {
	case "add":
		result.sql = "(" + l + " + " + r + ")"
	case "sub":
		result.sql = "(" + l + " - " + r + ")"
	case "mul":
		result.sql = "(" + l + " * " + r + ")"
	case "div":
		result.sql = "(" + l + " / NULLIF(" + r + ", 0))"
	default:
		result.sql = "(" + l + " % NULLIF(" + r + ", 0))"
		if !whole { // neither database has % for both kinds
			result.sql = "(" + l + " - trunc(" + l + " / NULLIF(" + r + ", 0)) * " + r + ")"
		}
	}
	return result, nil
}

func (c *compiler) timeArithmetic(n *node, left, right expression) (expression, error) {
	sign := map[string]string{"add": " + ", "sub": " - "}[n.op]
	typ := anyType
	switch {
	case sign == "":
	case left.typ == momentType && right.typ == durationType, left.typ == durationType && right.typ == momentType && n.op == "add":
		typ = momentType
	case left.typ == momentType && right.typ == momentType && n.op == "sub", left.typ == durationType && right.typ == durationType:
		typ = durationType
	}
	if typ == anyType {
		return expression{}, c.fail(n, "This cannot be computed: "+left.typ.String()+" "+n.op+" "+right.typ.String()+".", "Add a duration to a time, or take one from it.")
	}
	return expression{sql: "(" + left.sql + sign + right.sql + ")", typ: typ}, nil
}
