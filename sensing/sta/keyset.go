package sta

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"polder.city/sensing"
)

// sortKey is one column of the order of a set.
type sortKey struct {
	sql      string
	desc     bool
	nullable bool
}

// sortKeys compiles $orderby, and adds what makes the order unique.
func (c *compiler) sortKeys(by []order, tie []string) ([]sortKey, error) {
	c.where = "$orderby"
	var keys []sortKey
	seen := map[string]bool{}
	desc := false
	for _, o := range by {
		at := c.root
		for _, name := range o.node.path {
			if r := at.relation(name); r == nil {
				break
			} else if at = r.to; r.many {
				return nil, c.fail(o.node, "There are many "+name+" to order by.", "Order by what there is one of.")
			}
		}
		e, err := c.compile(o.node)
		if err != nil {
			return nil, err
		}
		desc = o.desc
		if e.typ == anyType {
			// Numbers first, then texts: each where the other is NULL.
			number, text := c.as(e, numberType), c.as(e, textType)
			keys = append(keys, sortKey{number.sql, desc, true}, sortKey{text.sql, desc, true})
			continue
		}
		seen[e.sql] = true
		keys = append(keys, sortKey{e.sql, desc, c.nullable(o.node)})
	}
	for _, k := range tie {
		if k = with(k, "{e}", c.alias); !seen[k] {
			keys = append(keys, sortKey{k, desc, false})
		}
	}
	return keys, nil
}

// nullable reports whether the property that is ordered by may be missing.
func (c *compiler) nullable(n *node) bool {
	if len(n.path) > 1 {
		return true
	}
	p := c.root.property(n.path[0])
	return p != nil && !p.required && p.name != "phenomenonTime" || p != nil && !c.root.isObservation() && p.kind == intervalKind
}

func orderBy(keys []sortKey) string {
	var parts []string
	for _, k := range keys {
		part := k.sql
		if k.desc {
			part += " DESC"
		}
		if k.nullable {
			part += " NULLS LAST"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// token writes the sort keys of the last entity of a page.
func token(keys []any) (string, error) {
	for i, k := range keys {
		if b, ok := k.([]byte); ok {
			keys[i] = string(b)
		}
	}
	data, err := json.Marshal(keys)
	return base64.RawURLEncoding.EncodeToString(data), err
}

// afterKeys is true of what comes after the entity with the token's sort keys. A
// page thus begins right after the last entity of the one before, whatever was
// added or removed meanwhile.
func (s *statement) afterKeys(keys []sortKey, text string) (string, error) {
	wrong := optionProblem("$skiptoken", "The token is not one of ours.", "Follow @iot.nextLink as it is.")
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || sensing.HasNUL(data) {
		return "", wrong
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var values []any
	if err := decoder.Decode(&values); err != nil || len(values) != len(keys) {
		return "", wrong
	}
	marks := make([]string, len(values))
	simple := true
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			marks[i] = ""
		case string:
			marks[i] = s.arg(v, "TEXT")
		case json.Number:
			if n, err := v.Int64(); err == nil {
				marks[i] = s.arg(n, "BIGINT")
			} else if f, err := v.Float64(); err == nil {
				marks[i] = s.arg(f, "DOUBLE PRECISION")
			} else {
				return "", wrong
			}
		default:
			return "", wrong
		}
		if marks[i] == "" && !keys[i].nullable {
			return "", wrong
		}
		simple = simple && !keys[i].nullable && keys[i].desc == keys[0].desc
	}
	if simple { // one comparison of rows, which an index answers
		var columns []string
		for _, k := range keys {
			columns = append(columns, k.sql)
		}
		op := map[bool]string{false: " > ", true: " < "}[keys[0].desc]
		return "(" + strings.Join(columns, ", ") + ")" + op + "(" + strings.Join(marks, ", ") + ")", nil
	}
	condition := ""
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		var beyond, same string
		if marks[i] == "" { // nothing comes after NULL
			beyond, same = "1 = 0", k.sql+" IS NULL"
		} else {
			op := map[bool]string{false: " > ", true: " < "}[k.desc]
			beyond, same = k.sql+op+marks[i], k.sql+" = "+marks[i]
			if k.nullable {
				beyond += " OR " + k.sql + " IS NULL"
			}
		}
		if condition == "" {
			condition = "(" + beyond + ")"
		} else {
			condition = "(" + beyond + " OR (" + same + " AND " + condition + "))"
		}
	}
	return condition, nil
}
