// Package sta serves the city's things and observations as OGC SensorThings API
// 1.1 (OGC 18-088) over HTTP. Tables of entities, properties and relations drive
// routing, encoding, $expand, $filter, creation and deletion alike.
package sta

import (
	"net/http"
	"strings"
)

// kind says how a property is stored and written.
type kind uint8

const (
	textKind     kind = iota // a TEXT column
	jsonKind                 // a TEXT column with JSON
	timeKind                 // a column of microseconds
	intervalKind             // two columns of microseconds; one time where the second is NULL
	resultKind               // a number, or a TEXT column with JSON
)

// property of an entity. In SQL {e} stands for the entity's alias.
type property struct {
	name     string
	kind     kind
	sql      []string // what is read: one expression, or two for an interval or result
	column   string   // what is written; "" for what the service itself keeps
	required bool
	null     bool   // null is shown, as resultTime's must be
	starts   string // what the JSON must begin with: '{' or '['; "" for anything
	filled   string // the value where none is given, as JSON
}

// relation from one entity to another. In SQL {a} stands for the one, {b} for the other.
type relation struct {
	name     string
	to       *entity
	many     bool
	on       string // when the other belongs to the one
	fk       string // the other's id, read from the one ({e}); of a relation to one
	column   string // the column that holds it; "" where a link table does
	required bool
	cascade  bool   // the others are deleted with the one
	inverse  string // the relation back
	link     link
}

// link is a table of pairs. rank numbers the other's within the one, where it has a name.
type link struct{ table, one, other, rank string }

// entity is a set of SensorThings.
type entity struct {
	name, set  string
	table      string
	where      string // which rows of the table, with {e}
	fixed      string // the column and value that where asks for, for a new row: "multi = true"
	properties []*property
	relations  []*relation
	tie        []string // a unique order, in which a plain list comes
}

func (e *entity) property(name string) *property {
	for _, p := range e.properties {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (e *entity) relation(name string) *relation {
	for _, r := range e.relations {
		if r.name == name {
			return r
		}
	}
	return nil
}

// isObservation tells the one entity that lives in series.
func (e *entity) isObservation() bool { return e.name == "Observation" }

// model is the SensorThings entity model over sensing's tables.
type model struct {
	sets []*entity // in the order of the service root
}

func (m *model) set(name string) *entity {
	for _, e := range m.sets {
		if e.set == name {
			return e
		}
	}
	return nil
}

// named returns name, description and the other properties with the entity's own between them.
func named(own ...*property) []*property {
	all := []*property{
		{name: "name", kind: textKind, sql: []string{"{e}.name"}, column: "name", required: true},
		{name: "description", kind: textKind, sql: []string{"{e}.description"}, column: "description", required: true},
	}
	all = append(all, own...)
	return append(all, &property{name: "properties", kind: jsonKind, sql: []string{"{e}.properties"}, column: "properties", starts: "{"})
}

func textProperty(name, column string) *property {
	return &property{name: name, kind: textKind, sql: []string{"{e}." + column}, column: column, required: true}
}

func jsonProperty(name, column, starts string) *property {
	return &property{name: name, kind: jsonKind, sql: []string{"{e}." + column}, column: column, required: true, starts: starts}
}

// ofSeries are the properties that a datastream's series keep.
func ofSeries(name, from, to string) *property {
	return &property{name: name, kind: intervalKind, sql: []string{
		"(SELECT min(" + from + ") FROM series WHERE datastream = {e}.id)",
		"(SELECT max(" + to + ") FROM series WHERE datastream = {e}.id)",
	}}
}

func newModel() *model {
	thing := &entity{name: "Thing", set: "Things", table: "thing", properties: named()}
	location := &entity{name: "Location", set: "Locations", table: "location", properties: named(
		textProperty("encodingType", "encoding"), jsonProperty("location", "location", ""),
	)}
	historical := &entity{name: "HistoricalLocation", set: "HistoricalLocations", table: "historical_location", properties: []*property{
		{name: "time", kind: timeKind, sql: []string{"{e}.time"}, column: "time", required: true},
	}}
	sensor := &entity{name: "Sensor", set: "Sensors", table: "sensor", properties: named(
		textProperty("encodingType", "encoding"), jsonProperty("metadata", "metadata", ""),
	)}
	observed := &entity{name: "ObservedProperty", set: "ObservedProperties", table: "observed_property", properties: named(textProperty("definition", "definition"))}
	feature := &entity{name: "FeatureOfInterest", set: "FeaturesOfInterest", table: "feature", properties: named(
		textProperty("encodingType", "encoding"), jsonProperty("feature", "feature", ""),
	)}
	area := &property{name: "observedArea", kind: jsonKind, sql: []string{"{e}.area"}, column: "area", starts: "{"}
	datastream := &entity{
		name: "Datastream", set: "Datastreams", table: "datastream", where: "{e}.multi = false", fixed: "false",
		properties: named(jsonProperty("unitOfMeasurement", "unit", "{"), textProperty("observationType", "observation_type"),
			area, ofSeries("phenomenonTime", "first", "last"), ofSeries("resultTime", "result_first", "result_last")),
	}
	multi := &entity{
		name: "MultiDatastream", set: "MultiDatastreams", table: "datastream", where: "{e}.multi = true", fixed: "true",
		properties: named(
			&property{name: "observationType", kind: textKind, sql: []string{"{e}.observation_type"}, column: "observation_type", filled: `"` + complexObservation + `"`},
			jsonProperty("multiObservationDataTypes", "data_types", "["), jsonProperty("unitOfMeasurements", "unit", "["),
			area, ofSeries("phenomenonTime", "first", "last"), ofSeries("resultTime", "result_first", "result_last"),
		),
	}
	observation := &entity{
		name: "Observation", set: "Observations", table: "observation", tie: []string{"{e}.series", "{e}.time", "{e}.n"},
		properties: []*property{
			{name: "phenomenonTime", kind: intervalKind, sql: []string{"{e}.time", "{e}.time_end"}, column: "time"},
			{name: "result", kind: resultKind, sql: []string{"{e}.value", "{e}.result"}, column: "value", required: true},
			{name: "resultTime", kind: timeKind, sql: []string{"{e}.result_time"}, column: "result_time", null: true},
			{name: "resultQuality", kind: jsonKind, sql: []string{"{e}.quality"}, column: "quality"},
			{name: "validTime", kind: intervalKind, sql: []string{"{e}.valid_from", "{e}.valid_to"}, column: "valid_from"},
			{name: "parameters", kind: jsonKind, sql: []string{"{e}.parameters"}, column: "parameters", starts: "{"},
		},
	}
	m := &model{sets: []*entity{thing, location, historical, datastream, multi, sensor, observed, observation, feature}}
	for _, e := range m.sets {
		if e.tie == nil {
			e.tie = []string{"{e}.id"}
		}
	}
	relate(thing, location, historical, datastream, multi, sensor, observed, feature, observation)
	return m
}

const complexObservation = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_ComplexObservation"

// relate draws the arrows of the standard's figure 2, and of its table of deletions.
func relate(thing, location, historical, datastream, multi, sensor, observed, feature, observation *entity) {
	linked := func(one *entity, name string, to *entity, back string, l link, cascade bool) {
		one.relations = append(one.relations, &relation{
			name: name, to: to, many: true, inverse: back, link: l, cascade: cascade,
			on: "{b}.id IN (SELECT " + l.other + " FROM " + l.table + " WHERE " + l.one + " = {a}.id)",
		})
	}
	owned := func(one *entity, name string, to *entity, back, column string, cascade bool) {
		one.relations = append(one.relations, &relation{name: name, to: to, many: true, inverse: back, on: "{b}." + column + " = {a}.id", cascade: cascade})
	}
	belongs := func(one *entity, to *entity, back, column string) {
		one.relations = append(one.relations, &relation{
			name: to.name, to: to, inverse: back, column: column, required: true,
			on: "{b}.id = {a}." + column, fk: "{e}." + column,
		})
	}
	linked(thing, "Locations", location, "Things", link{table: "thing_location", one: "thing", other: "location"}, false)
	owned(thing, "HistoricalLocations", historical, "Thing", "thing", true)
	owned(thing, "Datastreams", datastream, "Thing", "thing", true)
	owned(thing, "MultiDatastreams", multi, "Thing", "thing", true)

	linked(location, "Things", thing, "Locations", link{table: "thing_location", one: "location", other: "thing"}, false)
	linked(location, "HistoricalLocations", historical, "Locations", link{table: "historical_location_location", one: "location", other: "historical"}, true)

	belongs(historical, thing, "HistoricalLocations", "thing")
	linked(historical, "Locations", location, "HistoricalLocations", link{table: "historical_location_location", one: "historical", other: "location"}, false)

	for _, stream := range []*entity{datastream, multi} {
		belongs(stream, thing, stream.set, "thing")
		belongs(stream, sensor, stream.set, "sensor")
		owned(sensor, stream.set, stream, "Sensor", "sensor", true)
		stream.relations = append(stream.relations, &relation{
			name: "Observations", to: observation, many: true, inverse: stream.name, on: "{b}s.datastream = {a}.id", cascade: true,
		})
		observation.relations = append(observation.relations, &relation{
			name: stream.name, to: stream, inverse: "Observations",
			on: "{b}.id = {a}s.datastream",
			fk: "(SELECT id FROM datastream WHERE id = {e}s.datastream AND multi = " + stream.fixed + ")",
		})
	}
	belongs(datastream, observed, "Datastreams", "observed_property")
	owned(observed, "Datastreams", datastream, "ObservedProperty", "observed_property", true)
	properties := link{table: "datastream_property", one: "datastream", other: "observed_property", rank: "rank"}
	linked(multi, "ObservedProperties", observed, "MultiDatastreams", properties, false)
	linked(observed, "MultiDatastreams", multi, "ObservedProperties", link{table: properties.table, one: properties.other, other: properties.one}, true)

	feature.relations = append(feature.relations, &relation{
		name: "Observations", to: observation, many: true, inverse: "FeatureOfInterest", cascade: true,
		on: "{b}.feature = {a}.id AND {b}.series IN (SELECT series FROM series_feature WHERE feature = {a}.id)",
	})
	observation.relations = append(observation.relations, &relation{
		name: "FeatureOfInterest", to: feature, inverse: "Observations", column: "feature",
		on: "{b}.id = {a}.feature", fk: "{e}.feature",
	})
}

// with puts an alias into SQL.
func with(sql, mark, alias string) string { return strings.ReplaceAll(sql, mark, alias) }

// methods that every resource answers, for Allow.
var readMethods = []string{http.MethodGet, http.MethodHead, http.MethodOptions}
