package sta_test

import (
	"net/url"
	"strings"
	"testing"

	"polder.city/store"
	"polder.city/store/storetest"
)

// refusedOrRight fails on an answer that blames the service.
func refusedOrRight(t *testing.T, s *service, method, path, body string) {
	t.Helper()
	w := s.do(method, path, body)
	if w.Code >= 500 && w.Code != 503 {
		t.Fatalf("%s %q %q: %d %s", method, path, body, w.Code, w.Body)
	}
}

func fuzzed(f *testing.F) *service {
	return filled(f, storetest.Open(f, "sqlite:"+f.TempDir()+"/polder.db"))
}

// filled is a service with one thing and one observation.
func filled(f testing.TB, db *store.DB) *service {
	s := start(f, db)
	s.must(f, 201, "POST", "/v1.1/Things", container(1))
	s.must(f, 201, "POST", "/v1.1/Datastreams(1)/Observations", `{"result": 1, "parameters": {"a": "b"}}`)
	return s
}

func filterSeeds() []string {
	return []string{
		`result gt 5 and not (result lt 3)`, `Datastream/Thing/Locations/name eq 'a''b'`, `parameters/a/0/b ne null`, `year(phenomenonTime) add 1 eq 2.5e3`,
		`substringof('a', concat(resultQuality, 'b'))`, `phenomenonTime sub duration'P1DT2H' lt 2026-11-24T00:00:00+01:00`, `time(resultTime) eq 10:00`,
		`round(result) mod 2 eq -1`, `date(validTime) eq 2026-11-24`, `((((`, `'`, `-`, `a/`, `true or`, `id eq 99999999999999999999`, `substring('a', 1, 2) eq result`,
		`(result eq 1) eq (result eq 2)`, `length(true) eq 1`, `null eq null`, `result div 0 eq 1`, "\xff", `parameters/-1 eq 1`,
	}
}

func TestOddFiltersAreRefusedOrRightOnPostgresToo(t *testing.T) {
	s := filled(t, storetest.Open(t, storetest.PostgresDSN(t)))
	for _, filter := range filterSeeds() {
		refusedOrRight(t, s, "GET", "/v1.1/Observations?$filter="+url.QueryEscape(filter), "")
		refusedOrRight(t, s, "GET", "/v1.1/Observations?$orderby="+url.QueryEscape(filter), "")
	}
}

func FuzzFilter(f *testing.F) {
	for _, seed := range filterSeeds() {
		f.Add(seed)
	}
	s := fuzzed(f)
	f.Fuzz(func(t *testing.T, filter string) {
		refusedOrRight(t, s, "GET", "/v1.1/Observations?$filter="+url.QueryEscape(filter), "")
		refusedOrRight(t, s, "GET", "/v1.1/Things?$expand=Datastreams($filter="+url.QueryEscape(filter)+")&$orderby="+url.QueryEscape(filter), "")
	})
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{
		"", "Things", "Things(1)", "Things(1)/Datastreams(1)/Observations", "Things(1)/name/$value", "Things(1)/Locations/$ref", "Things()", "Things(-1)",
		"Things(99999999999999999999)", "Observations(9223372036854775807)", "Observations(536870912)/Datastream/Thing", "CreateObservations", "Things(1)//name", "%00", "Things(1)?$select=name&$expand=Datastreams/Observations($top=1;$orderby=id)",
		"Things?$skiptoken=WzFd", "Things?$orderby=name&$skiptoken=W251bGwsMV0",
	} {
		f.Add(seed)
	}
	s := fuzzed(f)
	f.Fuzz(func(t *testing.T, path string) {
		path, query, _ := strings.Cut(path, "?")
		u := url.URL{Path: "/v1.1/" + path, RawQuery: (&url.URL{Path: query}).EscapedPath()}
		if _, err := url.Parse(u.String()); err != nil {
			return
		}
		refusedOrRight(t, s, "GET", u.String(), "")
	})
}

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		container(2), `{"result": 1, "Datastream": {"@iot.id": 1}}`, `{"Datastream": {"@iot.id": 1}, "result": {"a": [1, 2]}, "FeatureOfInterest": {"name": "a"}}`,
		`[{"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1], []]}]`, `{"name": null}`, `{}`, `[]`, `null`, `{"Things": [{"@iot.id": 1}]}`, `{"location": {"type": "Polygon", "coordinates": [[]]}, "name": "", "description": "", "encodingType": ""}`,
	} {
		f.Add(seed, uint8(0))
		f.Add(seed, uint8(3))
	}
	s := fuzzed(f)
	doors := [][2]string{{"POST", "/v1.1/Things"}, {"POST", "/v1.1/Observations"}, {"POST", "/v1.1/CreateObservations"}, {"PATCH", "/v1.1/Locations(1)"}, {"PATCH", "/v1.1/Datastreams(1)"}, {"POST", "/v1.1/MultiDatastreams"}, {"PATCH", "/v1.1/Observations(536870912)"}, {"POST", "/v1.1/HistoricalLocations"}, {"POST", "/v1.1/Locations"}}
	f.Fuzz(func(t *testing.T, body string, door uint8) {
		d := doors[int(door)%len(doors)]
		refusedOrRight(t, s, d[0], d[1], body)
	})
}
