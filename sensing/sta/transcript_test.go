package sta_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// exchange is a request of the transcript; those after it see what it did.
type exchange struct{ title, method, path, body string }

func get(title, path string) exchange { return exchange{title, "GET", path, ""} }

// transcript walks through the standard's clauses, on data that it makes itself.
func transcript() []exchange {
	point := func(lon float64) string {
		return fmt.Sprintf(`{"name": "New place", "description": "moved", "encodingType": "application/geo+json", "location": {"type": "Point", "coordinates": [%g, 52]}}`, lon)
	}
	return []exchange{
		get("an empty set", "/v1.1/Things"),
		{"deep insert", "POST", "/v1.1/Things", container(1)},
		{"deep insert of another", "POST", "/v1.1/Things", container(2)},
		get("one entity with links", "/v1.1/Things(1)"),
		get("a set", "/v1.1/Datastreams"),
		get("along relations", "/v1.1/Things(1)/Datastreams(1)/ObservedProperty"),
		get("a history was begun", "/v1.1/Things(1)/HistoricalLocations?$expand=Locations($select=name)"),
		{"an observation by path", "POST", "/v1.1/Datastreams(1)/Observations", `{"phenomenonTime": "2026-11-24T11:00:00.123456+01:00", "result": 52, "resultTime": "2026-11-24T10:00:01Z"}`},
		{"an observation by link", "POST", "/v1.1/Observations", `{"phenomenonTime": "2026-11-24T10:30:00Z/2026-11-24T10:40:00Z", "result": 55.5, "parameters": {"battery": 3.6}, "Datastream": {"@iot.id": 1}}`},
		{"an observation of now", "POST", "/v1.1/Observations", `{"result": "open", "Datastream": {"@iot.id": 2}}`},
		{"an observation with its own feature", "POST", "/v1.1/Observations", `{"phenomenonTime": "2026-11-24T09:00:00Z", "result": [1, null], "validTime": "2026-11-24T09:00:00Z/2026-11-24T10:00:00Z", "Datastream": {"@iot.id": 2}, "FeatureOfInterest": {"name": "A tree", "description": "", "encodingType": "application/geo+json", "feature": {"type": "Point", "coordinates": [5, 52]}}}`},
		get("observations of a datastream", "/v1.1/Datastreams(1)/Observations"),
		get("the place became the feature of interest", "/v1.1/Observations(536870912)/FeatureOfInterest"),
		get("observations of a feature", "/v1.1/FeaturesOfInterest(2)/Observations?$select=result"),
		get("a property", "/v1.1/Things(1)/name"),
		get("a value", "/v1.1/Things(1)/name/$value"),
		get("a value of JSON", "/v1.1/Things(1)/properties/$value"),
		get("a property without value", "/v1.1/Observations(536870913)/resultTime"),
		get("references", "/v1.1/Things(1)/Datastreams/$ref"),
		get("count, order, top", "/v1.1/Things?$count=true&$orderby=name desc&$top=1&$select=id,name"),
		get("the next page", "/v1.1/Things?$count=true&$orderby=name desc&$top=1&$select=id,name&$skiptoken=WyJDb250YWluZXIgMiIsMl0"),
		get("expand with options", "/v1.1/Things?$select=name&$expand=Datastreams($select=name;$expand=Observations($top=1;$orderby=phenomenonTime desc;$select=result,phenomenonTime;$count=true),Sensor($select=name))"),
		get("expand by path", "/v1.1/Observations?$select=result&$expand=Datastream/Thing&$top=1"),
		get("filter over relations", "/v1.1/Things?$select=name&$filter=Datastreams/Observations/result gt 55"),
		get("filter into properties", "/v1.1/Things?$select=name&$filter=properties/place/code eq 'P2' and properties/volume ge 2 and properties/active"),
		get("filter by time", "/v1.1/Observations?$select=result&$filter=phenomenonTime ge 2026-11-24T10:30:00Z and phenomenonTime lt 2026-11-24T12:00:00Z"),
		get("data arrays", "/v1.1/Observations?$resultFormat=dataArray"),
		{"create by data arrays", "POST", "/v1.1/CreateObservations", `[{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result", "FeatureOfInterest/id"], "dataArray@iot.count": 3, "dataArray": [["2026-11-24T11:00:00Z", 60, 1], ["yesterday", 61, 1], ["2026-11-24T11:20:00Z", 62, 99]]}, {"Datastream": {"@iot.id": 77}, "components": ["result"], "dataArray": [[1]]}]`},
		{"a change", "PATCH", "/v1.1/Things(1)", `{"description": "Changed"}`},
		{"a change of an observation", "PATCH", "/v1.1/Observations(536870912)", `{"result": 53, "resultTime": null}`},
		get("the changed observation, in its place", "/v1.1/Datastreams(1)/Observations?$select=id,result,resultTime&$filter=result lt 60"),
		{"another location", "POST", "/v1.1/Things(1)/Locations", point(4)},
		get("made a history", "/v1.1/Things(1)?$select=name&$expand=Locations($select=name),HistoricalLocations($orderby=id;$expand=Locations($select=name))"),
		{"the location by link", "PATCH", "/v1.1/Things(1)", `{"Locations": [{"@iot.id": 1}]}`},
		get("back where it was", "/v1.1/Things(1)/Locations?$select=name"),
		{"a multidatastream", "POST", "/v1.1/Things(1)/MultiDatastreams", `{"name": "Weather", "description": "", "unitOfMeasurements": [{"name": "degree Celsius", "symbol": "°C", "definition": ""}, {"name": "percent", "symbol": "%", "definition": ""}], "multiObservationDataTypes": ["http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement", "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement"], "Sensor": {"@iot.id": 1}, "ObservedProperties": [{"name": "temperature", "definition": "https://example.org/t", "description": ""}, {"@iot.id": 1}]}`},
		{"its observation", "POST", "/v1.1/MultiDatastreams(3)/Observations", `{"phenomenonTime": "2026-11-24T10:00:00Z", "result": [7.5, 80]}`},
		{"its observation with too few values", "POST", "/v1.1/MultiDatastreams(3)/Observations", `{"phenomenonTime": "2026-11-24T10:00:00Z", "result": [7.5]}`},
		get("the multidatastream whole", "/v1.1/MultiDatastreams(3)?$expand=Observations,ObservedProperties($select=name)"),
		get("no Datastream of that number", "/v1.1/Datastreams(3)"),
		{"an observation goes", "DELETE", "/v1.1/Observations(536870913)", ""},
		get("and is gone", "/v1.1/Observations(536870913)"),
		get("also from its datastream", "/v1.1/Datastreams(1)/Observations?$count=true&$select=id"),
		{"a thing goes", "DELETE", "/v1.1/Things(2)", ""},
		get("with its datastreams", "/v1.1/Datastreams?$select=id"),
		get("with their observations", "/v1.1/FeaturesOfInterest(3)/Observations"),
		get("not with its location", "/v1.1/Locations?$select=id,name&$count=true"),
		{"a sensor goes", "DELETE", "/v1.1/Sensors(1)", ""},
		get("with the datastreams that used it", "/v1.1/Datastreams"),
		get("of both kinds", "/v1.1/MultiDatastreams"),
	}
}

func TestTheAnswersAreThoseOfTheTranscript(t *testing.T) {
	const file = "testdata/transcript.golden"
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		var got strings.Builder
		for _, x := range transcript() {
			w := s.do(x.method, x.path, x.body)
			fmt.Fprintf(&got, "# %s\n%s %s\n", x.title, x.method, x.path)
			if x.body != "" && len(x.body) < 800 {
				fmt.Fprintln(&got, x.body)
			}
			fmt.Fprintf(&got, "-> %d %s\n%s\n\n", w.Code, w.Header().Get("Location"), strings.TrimSpace(indented(t, w.Body.Bytes())))
		}
		if *update {
			if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Error(firstDifference(got.String(), string(want)))
		}
	})
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot:\n%s\nwant:\n%s", i+1, strings.Join(g[max(0, i-12):min(len(g), i+12)], "\n"), strings.Join(w[max(0, i-12):min(len(w), i+12)], "\n"))
		}
	}
	return "the answer ends too early"
}
