package sta

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"time"

	"polder.city/sensing"
)

// conformance lists the requirements of OGC 18-088 that this service fulfils, and no other.
func conformance() []string {
	var all []string
	for _, group := range []struct {
		name  string
		parts []string
	}{
		{"datamodel", []string{"thing", "location", "historical-location", "datastream", "sensor", "observed-property", "observation", "feature-of-interest", "entity-control-information"}},
		{"resource-path", []string{"resource-path-to-entities"}},
		{"request-data", []string{
			"order", "expand", "select", "status-code", "query-status-code", "orderby", "top", "skip", "count", "filter",
			"built-in-filter-operations", "pagination",
		}},
		{"create-update-delete", []string{
			"create-entity", "link-to-existing-entities", "deep-insert", "deep-insert-status-code", "update-entity", "delete-entity", "historical-location-auto-creation",
		}},
		{"multi-datastream", []string{"properties", "relations", "constraints"}},
		{"data-array", []string{"data-array"}},
	} {
		for _, part := range group.parts {
			all = append(all, "http://www.opengis.net/spec/iot_sensing/1.1/req/"+group.name+"/"+part)
		}
	}
	return all
}

// root is the answer at the service root.
func (a *API) root(base string) []byte {
	type set struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	answer := struct {
		Value    []set `json:"value"`
		Settings struct {
			Conformance []string `json:"conformance"`
		} `json:"serverSettings"`
	}{}
	for _, e := range a.m.sets {
		answer.Value = append(answer.Value, set{e.set, base + "/" + e.set})
	}
	answer.Settings.Conformance = conformance()
	body, err := json.Marshal(answer)
	if err != nil { // texts only: cannot be
		return []byte("{}")
	}
	return body
}

// observationValues puts an observation into the order of the model's properties.
func observationValues(o sensing.Observation) []any {
	at := func(t time.Time) sql.NullInt64 { return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()} }
	asJSON := func(b []byte) sql.NullString { return sql.NullString{String: string(b), Valid: b != nil} }
	quality, parameters, resultTime := asJSON(o.Quality), asJSON(o.Parameters), at(o.ResultTime)
	return []any{
		&[2]sql.NullInt64{{Int64: o.Time.UnixMicro(), Valid: true}, at(o.End)},
		&result{number: sql.NullFloat64{Float64: o.Value, Valid: o.Result == nil}, json: asJSON(o.Result)},
		&resultTime, &quality, &[2]sql.NullInt64{at(o.ValidFrom), at(o.ValidTo)}, &parameters,
	}
}

// unquoted returns a JSON text without its quotes, and other JSON as it is.
func unquoted(data []byte) []byte {
	var text string
	if bytes.HasPrefix(data, []byte(`"`)) && json.Unmarshal(data, &text) == nil {
		return []byte(text)
	}
	return data
}
