package sta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"polder.city/internal/problem"
	"polder.city/sensing"
)

// object is a JSON object as it was sent, and where it stands in the body.
type object struct {
	members map[string]json.RawMessage
	where   string // "" at the top, else "Datastreams/0"
}

func (o object) at(name string) string {
	if o.where == "" {
		return name
	}
	return o.where + "/" + name
}

func bodyProblem(where, message, way string, args ...any) error {
	return problem.New(problem.Invalid, "sta.body", message, args...).At(where).Do("%s", way)
}

// readBody reads a request's JSON.
func (a *API) readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, a.o.MaxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, tooLarge(a.o.MaxBody)
		}
		return nil, fmt.Errorf("read body: %w", err)
	}
	if p := sensing.CheckJSON("body", body); p != nil {
		return nil, p
	}
	return body, nil
}

// errTooLarge marks the problem that is answered with 413.
var errTooLarge = errors.New("body too large")

func tooLarge(limit int64) error {
	return problem.New(problem.Invalid, "sta.body.large", "The request is larger than %d bytes.", limit).At("body").
		Do("Send it in parts.").Cause(errTooLarge)
}

// parseObject reads an object and refuses members that the entity does not have.
func parseObject(e *entity, data []byte, where string) (object, error) {
	o := object{where: where}
	if err := json.Unmarshal(data, &o.members); err != nil || o.members == nil {
		return o, bodyProblem(o.at(""), "This is no JSON object.", `Write a `+e.name+` as {"name": ...}.`)
	}
	for name := range o.members {
		if e.property(name) == nil && e.relation(name) == nil && !strings.Contains(name, "@iot.") && name != "id" {
			return o, bodyProblem(o.at(name), "A %s has no %s.", "It has "+e.members()+".", e.name, clip(name))
		}
	}
	return o, nil
}

// linked returns the id of {"@iot.id": 1}; found is false for anything else.
func linked(data json.RawMessage) (id int64, found bool) {
	var o map[string]json.RawMessage
	if json.Unmarshal(data, &o) != nil || len(o) != 1 {
		return 0, false
	}
	raw, ok := o["@iot.id"]
	return id, ok && json.Unmarshal(raw, &id) == nil
}

// given returns a member that is there and not null.
func (o object) given(name string) (json.RawMessage, bool) {
	raw, ok := o.members[name]
	return raw, ok && string(raw) != "null"
}

// column turns a property as it was sent into what is stored in its column.
func (p *property) stored(raw json.RawMessage, where string) (any, error) {
	switch p.kind {
	case textKind:
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return nil, bodyProblem(where, "%s is no text.", "Write it in quotes.", p.name)
		}
		return text, nil
	case timeKind:
		t, err := timeMember(raw, where)
		return t.UnixMicro(), err
	default:
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return nil, bodyProblem(where, "%s is no JSON.", "Check its quotes and brackets.", p.name)
		}
		if p.starts != "" && !strings.HasPrefix(compact.String(), p.starts) {
			return nil, bodyProblem(where, "%s has the wrong form.", "Write it as JSON that begins with "+p.starts+".", p.name)
		}
		return compact.String(), nil
	}
}

func textMember(raw json.RawMessage, where string) (string, error) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return "", bodyProblem(where, "This is no time.", `Write it in quotes, as "2026-11-24T13:40:00Z".`)
	}
	return text, nil
}

func timeMember(raw json.RawMessage, where string) (time.Time, error) {
	text, err := textMember(raw, where)
	if err != nil {
		return time.Time{}, err
	}
	return parseTime(text, where)
}

// observe applies the members of an Observation to a reading; what is not there stays.
func (o object) observe(r *sensing.Reading) error {
	var err error
	if raw, ok := o.given("phenomenonTime"); ok {
		text, err := textMember(raw, o.at("phenomenonTime"))
		if err != nil {
			return err
		}
		if r.Time, r.End, err = parseInterval(text, o.at("phenomenonTime")); err != nil {
			return err
		}
	}
	if raw, ok := o.members["result"]; ok {
		r.Value, r.Result = 0, raw
	}
	if raw, ok := o.members["resultTime"]; ok {
		if r.ResultTime = (time.Time{}); string(raw) != "null" {
			if r.ResultTime, err = timeMember(raw, o.at("resultTime")); err != nil {
				return err
			}
		}
	}
	if raw, ok := o.members["validTime"]; ok {
		if r.ValidFrom, r.ValidTo = (time.Time{}), (time.Time{}); string(raw) != "null" {
			text, err := textMember(raw, o.at("validTime"))
			if err != nil {
				return err
			}
			if r.ValidFrom, r.ValidTo, err = parseInterval(text, o.at("validTime")); err != nil {
				return err
			}
		}
	}
	for name, to := range map[string]*json.RawMessage{"resultQuality": &r.Quality, "parameters": &r.Parameters} {
		if raw, ok := o.members[name]; ok {
			if *to = raw; string(raw) == "null" {
				*to = nil
			}
		}
	}
	return nil
}
