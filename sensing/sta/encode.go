package sta

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"slices"
	"strconv"

	"polder.city/internal/problem"
)

// maxEntities bounds an answer with all that is expanded in it.
const maxEntities = 20_000

// encoder writes one answer.
type encoder struct {
	a    *API
	ctx  context.Context
	q    queryer
	base string // the address of the service root
	buf  bytes.Buffer
	left int // entities that may still be written
	// ones keeps entities that relations to one led to, for they recur: by relation's target and id.
	ones map[*entity]map[int64]*record
}

func (w *encoder) string(text string) { w.buf.Write(quote(text)) }

// quote writes a text as JSON, and leaves & and < readable.
func quote(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil { // a text always can
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// key begins a member of an object.
func (w *encoder) key(name string, first *bool) {
	if !*first {
		w.buf.WriteByte(',')
	}
	*first = false
	w.buf.WriteByte('"')
	w.buf.WriteString(name)
	w.buf.WriteString(`":`)
}

// self returns the address of an entity.
func (w *encoder) self(e *entity, id int64) string {
	return w.base + "/" + e.set + "(" + strconv.FormatInt(id, 10) + ")"
}

// set writes a page of a set as an object with value. link is the set's own address.
func (w *encoder) set(e *entity, p *page, o *options, link string) error {
	w.buf.WriteByte('{')
	first := true
	if p.count >= 0 {
		w.key("@iot.count", &first)
		w.buf.WriteString(strconv.FormatInt(p.count, 10))
	}
	if p.next != "" {
		w.key("@iot.nextLink", &first)
		w.string(link + "?" + o.next(p.next))
	}
	w.key("value", &first)
	var err error
	if o.arrays {
		err = w.arrays(e, p, o)
	} else {
		err = w.array(e, p, o)
	}
	w.buf.WriteByte('}')
	return err
}

func (w *encoder) array(e *entity, p *page, o *options) error {
	w.buf.WriteByte('[')
	for i, r := range p.records {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if err := w.entity(e, r, o); err != nil {
			return err
		}
	}
	w.buf.WriteByte(']')
	return nil
}

// entity writes an entity with its links and what is expanded.
func (w *encoder) entity(e *entity, r *record, o *options) error {
	if w.left--; w.left < 0 {
		return problem.New(problem.Invalid, "sta.large", "The answer has more than %d entities.", maxEntities).At("$expand").
			Do("Ask for smaller pages with $top, also within $expand.")
	}
	wanted := func(name string) bool { return o.fields == nil || slices.Contains(o.fields, name) }
	w.buf.WriteByte('{')
	first := true
	if wanted("id") {
		w.key("@iot.id", &first)
		w.buf.WriteString(strconv.FormatInt(r.id, 10))
	}
	if wanted("id") || wanted("@iot.selfLink") {
		w.key("@iot.selfLink", &first)
		w.string(w.self(e, r.id))
	}
	for i, p := range e.properties {
		if wanted(p.name) {
			w.property(p, r.values[i], &first)
		}
	}
	one := 0
	for _, relation := range e.relations {
		target := int64(-1)
		if !relation.many {
			target = r.foreign[one]
			one++
		}
		if i := slices.IndexFunc(o.expand, func(x *expansion) bool { return x.relation == relation }); i >= 0 {
			if err := w.expand(e, r.id, target, o.expand[i], &first); err != nil {
				return err
			}
		} else if wanted(relation.name) && target != 0 {
			w.key(relation.name+"@iot.navigationLink", &first)
			w.string(w.self(e, r.id) + "/" + relation.name)
		}
	}
	w.buf.WriteByte('}')
	return nil
}

// property writes a member, unless it has no value.
func (w *encoder) property(p *property, value any, first *bool) {
	var shown bytes.Buffer
	if !writeValue(&shown, value, p.kind) {
		if !p.null {
			return
		}
		shown.WriteString("null")
	}
	w.key(p.name, first)
	w.buf.Write(shown.Bytes())
}

// writeValue writes a value as JSON, and reports whether there is one.
func writeValue(b *bytes.Buffer, value any, k kind) bool {
	switch v := value.(type) {
	case *sql.NullString:
		if !v.Valid {
			return false
		}
		if k == jsonKind {
			b.WriteString(v.String)
			return true
		}
		b.Write(quote(v.String))
	case *sql.NullInt64:
		if !v.Valid {
			return false
		}
		b.WriteString(`"` + formatTime(v.Int64) + `"`)
	case *[2]sql.NullInt64:
		if !v[0].Valid {
			return false
		}
		b.WriteString(`"` + formatTime(v[0].Int64))
		if v[1].Valid {
			b.WriteString("/" + formatTime(v[1].Int64))
		}
		b.WriteByte('"')
	case *result:
		if v.json.Valid {
			b.WriteString(v.json.String)
			return true
		}
		if !v.number.Valid {
			return false
		}
		b.Write(appendNumber(nil, v.number.Float64))
	}
	return true
}

// appendNumber writes a number in the shortest way that reads back the same.
func appendNumber(b []byte, v float64) []byte {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

// expand writes what a relation leads to in its place.
func (w *encoder) expand(e *entity, id, target int64, x *expansion, first *bool) error {
	r := x.relation
	if !r.many {
		if target == 0 {
			return nil
		}
		record, err := w.one(r.to, target)
		if err != nil {
			return err
		}
		w.key(r.name, first)
		return w.entity(r.to, record, x.o)
	}
	p, err := w.a.list(w.ctx, w.q, r.to, &within{r, id}, x.o)
	if err != nil {
		return err
	}
	if p.count >= 0 {
		w.key(r.name+"@iot.count", first)
		w.buf.WriteString(strconv.FormatInt(p.count, 10))
	}
	if p.next != "" {
		w.key(r.name+"@iot.nextLink", first)
		w.string(w.self(e, id) + "/" + r.name + "?" + x.o.next(p.next))
	}
	w.key(r.name, first)
	return w.array(r.to, p, x.o)
}

// one reads an entity that a relation to one leads to, once an answer.
func (w *encoder) one(e *entity, id int64) (*record, error) {
	if r, ok := w.ones[e][id]; ok {
		return r, nil
	}
	r, err := w.a.get(w.ctx, w.q, e, id)
	if err != nil {
		return nil, err
	}
	if w.ones[e] == nil {
		w.ones[e] = map[int64]*record{}
	}
	w.ones[e][id] = r
	return r, nil
}

// arrays writes observations as data arrays, one a datastream.
func (w *encoder) arrays(e *entity, p *page, o *options) error {
	components := o.fields
	if components == nil {
		components = []string{"id", "phenomenonTime", "result", "resultTime"}
	}
	components = slices.DeleteFunc(slices.Clone(components), func(name string) bool { return name != "id" && e.property(name) == nil })
	type group struct {
		link    string
		records []*record
	}
	var groups []*group
	at := map[[2]int64]*group{}
	for _, r := range p.records {
		of := [2]int64{r.foreign[0], r.foreign[1]} // Datastream, MultiDatastream
		g := at[of]
		if g == nil {
			g = &group{}
			for i, name := range []string{"Datastream", "MultiDatastream"} {
				if of[i] != 0 {
					g.link = `"` + name + `@iot.navigationLink":"` + w.base + "/" + name + "s(" + strconv.FormatInt(of[i], 10) + `)"`
				}
			}
			at[of] = g
			groups = append(groups, g)
		}
		g.records = append(g.records, r)
	}
	names, err := json.Marshal(components)
	if err != nil {
		return err
	}
	w.buf.WriteByte('[')
	for i, g := range groups {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		w.buf.WriteString("{" + g.link + `,"components":` + string(names) + `,"dataArray@iot.count":` + strconv.Itoa(len(g.records)) + `,"dataArray":[`)
		for k, r := range g.records {
			if k > 0 {
				w.buf.WriteByte(',')
			}
			w.row(e, r, components)
		}
		w.buf.WriteString("]}")
	}
	w.buf.WriteByte(']')
	return nil
}

func (w *encoder) row(e *entity, r *record, components []string) {
	w.buf.WriteByte('[')
	for i, name := range components {
		if i > 0 {
			w.buf.WriteByte(',')
		}
		if name == "id" {
			w.buf.WriteString(strconv.FormatInt(r.id, 10))
			continue
		}
		at := slices.IndexFunc(e.properties, func(p *property) bool { return p.name == name })
		if !writeValue(&w.buf, r.values[at], e.properties[at].kind) {
			w.buf.WriteString("null")
		}
	}
	w.buf.WriteByte(']')
}
