package sta_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

// names asks for the names of what a filter selects.
func (s *service) names(t *testing.T, path, filter string) []string {
	t.Helper()
	answer := s.must(t, 200, "GET", path+"?$orderby=id&$filter="+url.QueryEscape(filter), "")
	names := []string{}
	for _, v := range answer["value"].([]any) {
		e := v.(map[string]any)
		if name, ok := e["name"]; ok {
			names = append(names, strings.TrimPrefix(name.(string), "Container "))
		} else {
			names = append(names, fmt.Sprint(e["result"]))
		}
	}
	return names
}

func TestFiltersSelectTheSameOnBothDatabases(t *testing.T) {
	things := []struct{ filter, want string }{
		{`name eq 'Container 2'`, "2"},
		{`name ne 'Container 2'`, "1 3"},
		{`'Container 2' lt name`, "3"},
		{`not (name eq 'Container 2' or id eq 1)`, "3"},
		{`id add 1 mul 2 eq 4 and true`, "2"},
		{`id mod 2 eq 1`, "1 3"},
		{`id div 2 eq 1`, "2 3"},
		{`id div 2.0 eq 1.5`, "3"},
		{`7.5 mod id eq 0.5 and id div 0 eq null`, "1"},
		{`id div 0 eq null`, "1 2 3"},
		{`properties/volume gt 1`, "2 3"},
		{`properties/volume add 1 eq 3`, "2"},
		{`properties/place/code eq 'P3'`, "3"},
		{`properties/place/code gt 1`, ""},
		{`properties/active`, "1 2 3"},
		{`properties/active eq false`, ""},
		{`properties/nothing eq null and properties/volume ne null`, "1 2 3"},
		{`properties/volume ne 2`, "1 3"},
		{`substringof('iner 2', name)`, "2"},
		{`substringof('', name) and contains(name, 'ain')`, "1 2 3"},
		{`startswith(name, 'Con') and endswith(name, '3')`, "3"},
		{`endswith('3', name)`, ""},
		{`length(name) eq 11 and indexof(name, '2') eq 10`, "2"},
		{`substring(name, 10) eq '1'`, "1"},
		{`substring(name, 0, 3) eq 'Con' and substring(name, -5) eq name`, "1 2 3"},
		{`toupper(name) eq 'CONTAINER 1' and tolower(name) eq 'container 1'`, "1"},
		{`trim(concat(' ', name)) eq 'Container 3'`, "3"},
		{`round(-2.5) eq -3 and round(2.4) eq 2 and floor(-0.5) eq -1 and ceiling(0.2) eq 1`, "1 2 3"},
		{`Datastreams/name eq 'Fill 2'`, "2"},
		{`Datastreams/Observations/result gt 25`, "3"},
		{`Datastreams/unitOfMeasurement/symbol eq '%' and Datastreams/Sensor/name eq 'Sonar'`, "1 2 3"},
		{`not Datastreams/Observations/result gt 25`, "1 2"},
		{`Locations/name eq 'Place 1' or HistoricalLocations/Locations/id eq 2`, "1 2"},
		{`Locations/location/coordinates/1 eq 52.3`, "3"},
		{`description eq 'It''s'`, ""},
		{`description eq null`, ""},
	}
	observations := []struct{ filter, want string }{
		{`result gt 11 and result le 30`, "11.5 20 20.5 21 21.5 30"},
		{`result eq 'open'`, "open"},
		{`result ne 'open' and result ne null and result lt 10.6`, "10 10.5"},
		{`phenomenonTime eq 2026-11-24T10:00:00Z`, "10 20 30"},
		{`phenomenonTime lt 2026-11-24T10:30:00Z and phenomenonTime ge 2026-11-24T11:00:00+01:00`, "10 20 30"},
		{`phenomenonTime gt 2026-11-24T12:59:00 01:00`, "open"},
		{`phenomenonTime gt now() sub duration'PT1M'`, "open"},
		{`now() sub phenomenonTime ge duration'PT2H'`, "10 20 30"},
		{`year(phenomenonTime) eq 2026 and month(phenomenonTime) eq 11 and day(phenomenonTime) eq 24 and hour(phenomenonTime) eq 11 and minute(phenomenonTime) eq 30 and Datastream/id eq 1`, "11.5"},
		{`second(phenomenonTime) eq 0 and fractionalseconds(phenomenonTime) eq 0 and result lt 11`, "10 10.5"},
		{`date(phenomenonTime) eq 2026-11-24 and time(phenomenonTime) eq 10:00:00`, "10 20 30"},
		{`totaloffsetminutes(phenomenonTime) eq 0 and phenomenonTime gt mindatetime() and phenomenonTime lt maxdatetime() and result eq 10`, "10"},
		{`resultTime eq null and result gt 31`, "31.5"},
		{`resultTime ne null`, "31"},
		{`validTime gt 2026-11-24T09:00:00Z`, "31"},
		{`validTime lt 2026-11-24T11:00:00Z`, ""},
		{`parameters/battery lt 3.7`, "31"},
		{`Datastream/Thing/name eq 'Container 1' and result gt 11`, "11.5"},
		{`FeatureOfInterest/name eq 'Place 2' and Datastream/ObservedProperty/name eq 'fill' and result gt 21`, "21.5"},
		{`MultiDatastream/id eq 1`, ""},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		for i := 1; i <= 3; i++ {
			s.must(t, 201, "POST", "/v1.1/Things", container(i))
			for k := range 4 {
				extra := ""
				if i == 3 && k == 2 {
					extra = `, "resultTime": "2026-11-24T11:00:01Z", "validTime": "2026-11-24T10:00:00Z/2026-11-24T12:00:00Z", "parameters": {"battery": 3.6}`
				}
				s.must(t, 201, "POST", fmt.Sprintf("/v1.1/Datastreams(%d)/Observations", i),
					fmt.Sprintf(`{"phenomenonTime": "2026-11-24T1%d:%d0:00Z", "result": %g%s}`, k/2, k%2*3, float64(i)*10+float64(k)/2, extra))
			}
		}
		s.must(t, 201, "POST", "/v1.1/Datastreams(3)/Observations", `{"result": "open"}`)
		for _, test := range things {
			if got := s.names(t, "/v1.1/Things", test.filter); strings.Join(got, " ") != test.want {
				t.Errorf("%s: got %v, want %s", test.filter, got, test.want)
			}
		}
		check := func(when string) {
			for _, test := range observations {
				got := s.names(t, "/v1.1/Observations", test.filter)
				slices.Sort(got)
				if strings.Join(got, " ") != test.want {
					t.Errorf("%s, %s: got %v, want %s", when, test.filter, got, test.want)
				}
			}
		}
		check("as stored")
		// The same must be true once an overlay is looked through.
		gone := s.must(t, 201, "POST", "/v1.1/Datastreams(1)/Observations", `{"phenomenonTime": "2026-11-24T10:00:00Z", "result": 20}`)["@iot.id"].(float64)
		s.must(t, 204, "DELETE", fmt.Sprintf("/v1.1/Observations(%.0f)", gone), "")
		changed := s.must(t, 200, "GET", "/v1.1/Observations?$filter=result eq 31&$select=id", "")["value"].([]any)[0].(map[string]any)["@iot.id"].(float64)
		s.must(t, 200, "PATCH", fmt.Sprintf("/v1.1/Observations(%.0f)", changed), `{"result": 31}`)
		check("after changes")
	})
}

func TestAWrongRequestIsToldWhereAndTheWayOut(t *testing.T) {
	s := start(t, storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db"))
	s.must(t, 201, "POST", "/v1.1/Things", container(1))
	deep := strings.Repeat("(", 60) + "true" + strings.Repeat(")", 60)
	for _, test := range []struct {
		method, path, body string
		status             int
		where              string
	}{
		{"GET", "/v1.1/Nothing", "", 404, "Nothing"},
		{"GET", "/v1.1/Things(99)", "", 404, "Things"},
		{"GET", "/v1.1/Things(99)/Datastreams", "", 404, "Things"},
		{"GET", "/v1.1/Things(x)", "", 404, "Things(x)"},
		{"GET", "/v1.1/Things(1)/Sensor", "", 404, "Sensor"},
		{"GET", "/v1.1/Things/name", "", 404, "name"},
		{"GET", "/v1.1/Things(1)/Datastreams(1)/Thing(1)", "", 404, "Thing"},
		{"GET", "/v1.1/Things(1)/Datastreams(2)", "", 404, "Datastreams"},
		{"GET", "/v1.1/Things(1)/name/$value/more", "", 404, "more"},
		{"GET", "/v1.1/Things?$top=-1", "", 400, "$top"},
		{"GET", "/v1.1/Things?$top=1&$top=2", "", 400, "$top"},
		{"GET", "/v1.1/Things?$skip=x", "", 400, "$skip"},
		{"GET", "/v1.1/Things?$limit=1", "", 400, "$limit"},
		{"GET", "/v1.1/Things?$count=yes", "", 400, "$count"},
		{"GET", "/v1.1/Things?$select=colour", "", 400, "$select"},
		{"GET", "/v1.1/Things?$expand=Colours", "", 400, "$expand"},
		{"GET", "/v1.1/Things?$expand=Datastreams($top=1", "", 400, "$expand"},
		{"GET", "/v1.1/Things?$expand=Datastreams($top=x)", "", 400, "$top"},
		{"GET", "/v1.1/Things?$orderby=length(name)", "", 400, "$orderby"},
		{"GET", "/v1.1/Things?$orderby=Datastreams/name", "", 400, "$orderby, character 1"},
		{"GET", "/v1.1/Things?$skiptoken=abc", "", 400, "$skiptoken"},
		{"GET", "/v1.1/Things?$resultFormat=dataArray", "", 400, "$resultFormat"},
		{"GET", "/v1.1/Things?$filter=", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=name", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=colour eq 1", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=name eq 1", "", 400, "$filter, character 6"},
		{"GET", "/v1.1/Things?$filter=name eq 'a", "", 400, "$filter, character 9"},
		{"GET", "/v1.1/Things?$filter=(name eq 'a'", "", 400, "$filter, character 13"},
		{"GET", "/v1.1/Things?$filter=name eq 'a' name", "", 400, "$filter, character 13"},
		{"GET", "/v1.1/Things?$filter=length(name, 1) eq 1", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=nonsense(name)", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=geo.distance(name, name) lt 1", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=Datastreams eq 1", "", 400, "$filter, character 1"},
		{"GET", "/v1.1/Things?$filter=" + deep, "", 400, "$filter, character 41"},
		{"GET", "/v1.1/Things?$filter=name eq 'a%00'", "", 400, "$filter, character 11"},
		{"POST", "/v1.1/Things", `{"name": "a"`, 400, "body"},
		{"POST", "/v1.1/Things", `[]`, 400, ""},
		{"POST", "/v1.1/Things", `{"name": "a"}`, 400, "description"},
		{"POST", "/v1.1/Things", `{"name": 1, "description": ""}`, 400, "name"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "colour": 1}`, 400, "colour"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "properties": []}`, 400, "properties"},
		{"POST", "/v1.1/Things", `{"name": "a\u0000", "description": ""}`, 400, "body"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "properties": {"a": "\ud800"}}`, 400, "body"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "properties": {"a": 1e999}}`, 400, "body"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "Datastreams": [{"name": "b"}]}`, 400, "Datastreams/0/description"},
		{"POST", "/v1.1/Things", `{"name": "a", "description": "", "Locations": [{"@iot.id": 99}]}`, 400, "Locations/0"},
		{"POST", "/v1.1/Things", `{"name": "` + strings.Repeat("a", 1<<20) + `", "description": ""}`, 413, "body"},
		{"POST", "/v1.1/Things(1)/Datastreams", `{"name": "a", "description": "", "unitOfMeasurement": {}, "observationType": ""}`, 400, "Sensor"},
		{"POST", "/v1.1/Observations", `{"result": 1}`, 400, "Datastream"},
		{"POST", "/v1.1/Observations", `{"result": 1, "Datastream": {"@iot.id": 99}}`, 400, "Datastream"},
		{"POST", "/v1.1/Datastreams(1)/Observations", `{"phenomenonTime": "2026-11-24T12:00:00Z"}`, 400, "result"},
		{"POST", "/v1.1/Datastreams(1)/Observations", `{"result": 1, "phenomenonTime": "noon"}`, 400, "phenomenonTime"},
		{"POST", "/v1.1/Datastreams(1)/Observations", `{"result": 1, "phenomenonTime": "2026-11-26T12:00:00Z"}`, 400, "phenomenonTime"},
		{"POST", "/v1.1/CreateObservations", `{}`, 400, "body"},
		{"PATCH", "/v1.1/Things(1)", `{"name": null}`, 400, "name"},
		{"PATCH", "/v1.1/Things(99)", `{}`, 404, "Things"},
		{"DELETE", "/v1.1/Things(99)", ``, 404, "Things"},
		{"DELETE", "/v1.1/Things", ``, 405, "/v1.1/Things"},
		{"PUT", "/v1.1/Things(1)", `{}`, 405, "/v1.1/Things(1)"},
		{"POST", "/v1.1/Things(1)", `{}`, 405, "/v1.1/Things(1)"},
	} {
		w := s.do(test.method, test.path, test.body)
		name := test.method + " " + test.path
		if len(name) > 100 {
			name = name[:100]
		}
		if w.Code != test.status || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %.80s: %d %s", name, test.body, w.Code, w.Body)
			continue
		}
		p := decode(t, w.Body.Bytes())
		where, _ := p["where"].(string)
		if where != test.where || p["detail"] == nil || p["way"] == nil || p["code"] == nil {
			t.Errorf("%s %.80s: %s", name, test.body, w.Body)
		}
	}
}
