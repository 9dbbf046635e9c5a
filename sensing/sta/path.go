package sta

import (
	"net/url"
	"strconv"
	"strings"

	"polder.city/internal/problem"
)

// segment is one step of a resource path: a set, an entity of it, the entity that
// a relation leads to, or a property.
type segment struct {
	name string
	id   int64
	one  bool // an id was given
}

// resource is a parsed resource path: Things(1)/Datastreams(2)/Observations.
type resource struct {
	set      *entity
	id       int64
	one      bool
	steps    []step    // relations to follow
	property *property // the property of the last entity that is asked for
	value    bool      // $value
	ref      bool      // $ref
	create   bool      // CreateObservations
}

// step follows a relation, to one entity where one is set or the relation leads to one.
type step struct {
	relation *relation
	id       int64
	one      bool
}

// last returns the entity where the path ends, and whether it is one rather than a set.
func (r *resource) last() (*entity, bool) {
	if n := len(r.steps); n > 0 {
		s := r.steps[n-1]
		return s.relation.to, s.one || !s.relation.many
	}
	return r.set, r.one
}

func noPath(path, way string) error {
	return problem.New(problem.NotFound, "sta.path", "There is nothing at %q.", path).At(path).Do("%s", way)
}

// parsePath reads a resource path below the service root. It is nil for the root itself.
func (m *model) parsePath(path string) (*resource, error) {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil, nil
	}
	if path == "CreateObservations" {
		return &resource{create: true}, nil
	}
	var r *resource
	for part := range strings.SplitSeq(path, "/") {
		text, err := url.PathUnescape(part)
		if err != nil || strings.IndexByte(text, 0) >= 0 {
			return nil, noPath(part, "Check how the path is encoded.")
		}
		s, err := parseSegment(text)
		if err != nil {
			return nil, err
		}
		if r == nil {
			set := m.set(s.name)
			if set == nil {
				return nil, noPath(s.name, "The sets are "+m.names()+".")
			}
			r = &resource{set: set, id: s.id, one: s.one}
			continue
		}
		if err := r.follow(s); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// maxSteps bounds a path: each step is a query.
const maxSteps = 20

// follow adds a segment to the path.
func (r *resource) follow(s segment) error {
	at, one := r.last()
	switch {
	case len(r.steps) >= maxSteps || r.value || r.ref:
		return noPath(s.name, "The path ends before it.")
	case s.name == "$ref" && r.property == nil:
		r.ref = true
		return nil
	case s.name == "$value" && r.property != nil:
		r.value = true
		return nil
	case r.property != nil || !one:
		return noPath(s.name, "Give the id of one "+at.name+" before it, as "+at.set+"(1).")
	}
	if to := at.relation(s.name); to != nil {
		if s.one && !to.many {
			return noPath(s.name, "There is only one "+s.name+": leave the id out.")
		}
		r.steps = append(r.steps, step{relation: to, id: s.id, one: s.one})
		return nil
	}
	if p := at.property(s.name); p != nil && !s.one {
		r.property = p
		return nil
	}
	return noPath(s.name, "A "+at.name+" has the properties and relations "+at.members()+".")
}

// parseSegment reads Things, Things(1) or name.
func parseSegment(text string) (segment, error) {
	name, rest, found := strings.Cut(text, "(")
	if !found {
		return segment{name: text}, nil
	}
	number, ok := strings.CutSuffix(rest, ")")
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || id < 0 || number[0] == '+' {
		return segment{}, noPath(text, "Ids are whole numbers, as Things(1).")
	}
	return segment{name: name, id: id, one: true}, nil
}

func (m *model) names() string {
	var names []string
	for _, e := range m.sets {
		names = append(names, e.set)
	}
	return strings.Join(names, ", ")
}

// members lists the names of the entity's properties and relations.
func (e *entity) members() string {
	var names []string
	for _, p := range e.properties {
		names = append(names, p.name)
	}
	for _, r := range e.relations {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}
