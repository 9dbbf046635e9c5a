package sta

import (
	"strings"

	"polder.city/store"
)

// The one place where JSON paths are written, for each dialect.

// as reads a JSON value as a type; NULL where it is of another.
func (c *compiler) as(e expression, want sqlType) expression {
	v := e.json
	if v == nil {
		return e
	}
	if want == intType {
		want = numberType
	}
	result := expression{typ: want}
	if want == numberType && v.number != "" {
		result.sql = v.number
		return result
	}
	if c.s.dialect == store.Postgres {
		at := c.postgresJSON(v)
		switch want {
		case numberType:
			result.sql = "(CASE WHEN jsonb_typeof(" + at + ") = 'number' THEN CAST(" + at + " #>> '{}' AS DOUBLE PRECISION) END)"
		case boolType:
			result.sql = "(CASE WHEN jsonb_typeof(" + at + ") = 'boolean' THEN CAST(" + at + " #>> '{}' AS BOOLEAN) END)"
		default:
			result.typ = textType
			result.sql = "(CASE WHEN jsonb_typeof(" + at + ") = 'string' THEN (" + at + ` #>> '{}') COLLATE "C" END)`
		}
		return result
	}
	typ, value := c.sqliteJSON(v)
	switch want {
	case numberType:
		result.sql = "(CASE WHEN " + typ + " IN ('integer', 'real') THEN CAST(" + value + " AS DOUBLE PRECISION) END)"
	case boolType:
		result.sql = "(CASE " + typ + " WHEN 'true' THEN true WHEN 'false' THEN false END)"
	default:
		result.typ = textType
		result.sql = "(CASE WHEN " + typ + " = 'text' THEN " + value + " END)"
	}
	return result
}

// jsonNull is true where there is no value, or JSON's null.
func (c *compiler) jsonNull(v *jsonValue) string {
	var sql string
	if c.s.dialect == store.Postgres {
		at := c.postgresJSON(v)
		sql = "coalesce(jsonb_typeof(" + at + "), 'null') = 'null'"
	} else {
		typ, _ := c.sqliteJSON(v)
		sql = "coalesce(" + typ + ", 'null') = 'null'"
	}
	if v.number != "" {
		sql = v.number + " IS NULL AND " + sql
	}
	return sql
}

func (c *compiler) postgresJSON(v *jsonValue) string {
	document := "CAST(" + v.document + " AS JSONB)"
	if len(v.path) == 0 {
		return document
	}
	return "(" + document + " #> " + c.s.arg("{"+`"`+strings.Join(v.path, `","`)+`"`+"}", "TEXT[]") + ")"
}

func (c *compiler) sqliteJSON(v *jsonValue) (typ, value string) {
	var path strings.Builder
	path.WriteByte('$')
	for _, part := range v.path {
		if strings.Trim(part, "0123456789") == "" {
			path.WriteString("[" + part + "]")
		} else {
			path.WriteString(`."` + part + `"`)
		}
	}
	at := c.s.arg(path.String(), "TEXT")
	return "json_type(" + v.document + ", " + at + ")", "json_extract(" + v.document + ", " + at + ")"
}
