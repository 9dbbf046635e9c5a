package sta_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/store"
	"polder.city/store/storetest"
)

func decode(t testing.TB, data []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

func TestNobodyWritesWithoutLeaveAndEverybodyReads(t *testing.T) {
	db := storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db")
	s := start(t, db)
	s.must(t, 201, "POST", "/v1.1/Things", container(1))
	closed := sta.New(db, s.store, nil, s.clock, sta.Options{})
	for _, request := range [][2]string{{"POST", "/v1.1/Things"}, {"PATCH", "/v1.1/Things(1)"}, {"DELETE", "/v1.1/Things(1)"}, {"POST", "/v1.1/CreateObservations"}, {"POST", "/v1.1/Datastreams(1)/Observations"}} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(request[0], request[1], strings.NewReader(`{"result": 1}`)))
		if w.Code != 403 {
			t.Errorf("%v without key: %d", request, w.Code)
		}
		w = httptest.NewRecorder()
		closed.ServeHTTP(w, httptest.NewRequest(request[0], request[1], strings.NewReader(`{"result": 1}`)))
		if w.Code != 403 {
			t.Errorf("%v with no authorizer: %d", request, w.Code)
		}
	}
	w := httptest.NewRecorder()
	closed.ServeHTTP(w, httptest.NewRequest("GET", "/v1.1/Things(1)", nil))
	if w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("reading: %d %v", w.Code, w.Header())
	}
}

func TestTheRootListsTheSetsAndWhatItConformsTo(t *testing.T) {
	s := start(t, storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db"))
	root := s.must(t, 200, "GET", "/v1.1", "")
	for _, v := range root["value"].([]any) {
		set := v.(map[string]any)
		s.must(t, 200, "GET", strings.TrimPrefix(set["url"].(string), "http://polder.test"), "")
	}
	list := fmt.Sprint(root["serverSettings"])
	if len(root["value"].([]any)) != 9 || !strings.Contains(list, "req/datamodel/thing") || strings.Contains(list, "mqtt") || strings.Contains(list, "batch") {
		t.Errorf("root %v", root)
	}
}

func TestARepeatedRequestWithItsKeyIsStoredOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.must(t, 201, "POST", "/v1.1/Things", container(1))
		post := func(path, body, key string) string {
			w := s.do("POST", path, body, "Idempotency-Key", key)
			if w.Code != 201 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			return w.Body.String()
		}
		one := post("/v1.1/Datastreams(1)/Observations", `{"result": 1}`, "a")
		if again := post("/v1.1/Datastreams(1)/Observations", `{"result": 1}`, "a"); again != one {
			t.Errorf("first %s, then %s", one, again)
		}
		arrays := `[{"Datastream": {"@iot.id": 1}, "components": ["phenomenonTime", "result"], "dataArray": [["2026-11-24T11:00:00Z", 1], ["2026-11-24T11:00:00Z", 1]]}]`
		two := post("/v1.1/CreateObservations", arrays, "b")
		if again := post("/v1.1/CreateObservations", arrays, "b"); again != two {
			t.Errorf("first %s, then %s", two, again)
		}
		if w := s.do("POST", "/v1.1/Datastreams(1)/Observations", `{"result": 2}`, "Idempotency-Key", "a"); w.Code != 409 {
			t.Errorf("another body under the key: %d %s", w.Code, w.Body)
		}
		if n := s.must(t, 200, "GET", "/v1.1/Observations?$count=true&$top=0", "")["@iot.count"]; n != 3.0 {
			t.Errorf("%v observations", n)
		}
	})
}

// TestFollowingNextLinksNeitherSkipsNorRepeats also adds and removes while it
// goes: what was there from beginning to end comes exactly once.
func TestFollowingNextLinksNeitherSkipsNorRepeats(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.must(t, 201, "POST", "/v1.1/Things", container(1))
		s.must(t, 201, "POST", "/v1.1/Things", container(2))
		random := rand.New(rand.NewPCG(1, 2))
		var readings []sensing.Reading
		for range 300 {
			r := sensing.Reading{Datastream: int64(random.IntN(2) + 1), Time: noon.Add(-1e9 * 60), Value: float64(random.IntN(5)) / 3}
			if random.IntN(2) == 0 {
				r.ResultTime = noon.Add(-1e9 * 3600)
			}
			if random.IntN(4) == 0 {
				r.Result = json.RawMessage(`"text"`)
			}
			readings = append(readings, r)
		}
		results, err := s.store.Observe(t.Context(), readings)
		if err != nil {
			t.Fatal(err)
		}
		var all []int64
		for _, r := range results {
			all = append(all, r.ID)
		}
		slices.Sort(all)
		removed := 0
		for _, path := range []string{
			"/v1.1/Observations?$top=17",
			"/v1.1/Observations?$top=17&$orderby=result",
			"/v1.1/Observations?$top=17&$orderby=result desc,resultTime",
			"/v1.1/Observations?$top=17&$orderby=resultTime desc,phenomenonTime",
			"/v1.1/Observations?$top=17&$orderby=Datastream/name desc,resultTime desc,id",
			"/v1.1/Observations?$top=17&$orderby=phenomenonTime desc",
			"/v1.1/Datastreams(1)/Observations?$top=17&$orderby=phenomenonTime desc",
			"/v1.1/Datastreams(1)/Observations?$top=17&$orderby=validTime,result desc",
			"/v1.1/FeaturesOfInterest(1)/Observations?$top=17",
			"/v1.1/Datastreams?$top=1&$expand=Observations($top=17)",
		} {
			want := all
			if !strings.HasPrefix(path, "/v1.1/Observations") {
				want = slices.DeleteFunc(slices.Clone(all), func(id int64) bool { series, _ := sensing.SplitID(id); return series != 1 })
			}
			var got []int64
			next := path
			if strings.Contains(path, "$expand") {
				first := s.must(t, 200, "GET", path, "")["value"].([]any)[0].(map[string]any)
				got = append(got, idsOf(first["Observations"])...)
				next = strings.TrimPrefix(first["Observations@iot.nextLink"].(string), "http://polder.test")
			}
			var extra []int64 // made and removed while the pages are read
			for next != "" {
				page := s.must(t, 200, "GET", next, "")
				got = append(got, idsOf(page["value"])...)
				link, _ := page["@iot.nextLink"].(string)
				next = strings.TrimPrefix(link, "http://polder.test")
				more, err := s.store.Observe(t.Context(), []sensing.Reading{{Datastream: 1, Time: noon.Add(-1e9 * 60), Value: float64(random.IntN(5)) / 3}})
				if err != nil {
					t.Fatal(err)
				}
				extra = append(extra, more[0].ID)
				if len(extra) > 1 {
					if err := s.store.Remove(t.Context(), extra[0]); err != nil {
						t.Fatal(err)
					}
					removed++
					extra = extra[1:]
				}
			}
			got = slices.DeleteFunc(got, func(id int64) bool { return !slices.Contains(all, id) })
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %d, want %d", path, len(got), len(want))
			}
			for _, id := range extra {
				if err := s.store.Remove(t.Context(), id); err == nil {
					removed++
				}
			}
		}
		if removed == 0 {
			t.Error("nothing was removed meanwhile")
		}
	})
}

func idsOf(value any) []int64 {
	var all []int64
	for _, v := range value.([]any) {
		all = append(all, int64(v.(map[string]any)["@iot.id"].(float64)))
	}
	return all
}

func TestAnAnswerIsBounded(t *testing.T) {
	s := start(t, storetest.Open(t, "sqlite:"+t.TempDir()+"/polder.db"))
	s.must(t, 201, "POST", "/v1.1/Things", container(1))
	readings := make([]sensing.Reading, 1500)
	for i := range readings {
		readings[i] = sensing.Reading{Datastream: 1, Time: noon.Add(-1), Value: 1}
	}
	if _, err := s.store.Observe(t.Context(), readings); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/v1.1/Observations": 100, "/v1.1/Observations?$top=5000": 1000} {
		page := s.must(t, 200, "GET", path, "")
		if n := len(page["value"].([]any)); n != want || page["@iot.nextLink"] == nil {
			t.Errorf("%s: %d, next %v", path, n, page["@iot.nextLink"])
		}
	}
	if w := s.do("GET", "/v1.1/Observations?$top=1000&$expand=Datastream($expand=Observations($top=1000))", ""); w.Code != 400 {
		t.Errorf("a million entities: %d", w.Code)
	}
}
