package sta_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"polder.city/bus"
	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/store"
	"polder.city/store/storetest"
)

// A server that stops ends the contexts of its requests. Who then still waits for a
// commit must not read an empty 200 as "stored".
func TestWhoStillWaitsWhenTheServerStopsIsTold503(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := start(t, db)
		s.must(t, 201, "POST", "/v1.1/Things", container(1))
		never := sensing.New(db, bus.New(), s.clock, sensing.Options{}) // does not run: its callers wait for ever
		api := sta.New(db, never, withKey{}, s.clock, sta.Options{})
		for i, request := range []struct{ path, body string }{
			{"/v1.1/Datastreams(1)/Observations", `{"result": 1}`},
			{"/v1.1/Observations", `{"result": 1, "Datastream": {"@iot.id": 1}}`},
			{"/v1.1/CreateObservations", `[{"Datastream": {"@iot.id": 1}, "components": ["result"], "dataArray": [[1]]}]`},
		} {
			ctx, stop := context.WithCancel(t.Context())
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, request.path, strings.NewReader(request.body))
			r.Header.Set("Authorization", "Bearer key")
			w := httptest.NewRecorder()
			answered := make(chan struct{})
			go func() { defer close(answered); api.ServeHTTP(w, r) }()
			for waiting := 0; waiting <= i; time.Sleep(time.Millisecond) { // those before were given up, and wait still
				totals, err := never.Totals(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				waiting = int(totals.Waiting)
			}
			stop()
			<-answered
			if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: %d %v %s", request.path, w.Code, w.Header(), w.Body)
			}
			if p := decode(t, w.Body.Bytes()); p["code"] != "request.ended" || p["way"] == nil {
				t.Errorf("%s: %s", request.path, w.Body)
			}
		}
		if n := s.must(t, 200, "GET", "/v1.1/Observations?$count=true&$top=0", "")["@iot.count"]; n != 0.0 {
			t.Errorf("%v observations", n)
		}
	})
}
