package sta_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/sensing/sta"
	"polder.city/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is what the clock shows in these tests.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// withKey lets those write who send the key.
type withKey struct{}

func (withKey) MayWrite(r *http.Request, what string) error {
	if r.Header.Get("Authorization") == "Bearer key" {
		return nil
	}
	return problem.New(problem.Forbidden, "test.key", "You may not do %s.", what).Do("Send the key.")
}

// service is the API over a running store.
type service struct {
	http.Handler
	store *sensing.Store
	clock *clock.Clock
}

func start(t testing.TB, db *store.DB) *service {
	t.Helper()
	s := &service{clock: clock.New(noon, 0)}
	s.store = sensing.New(db, bus.New(), s.clock, sensing.Options{})
	s.Handler = sta.New(db, s.store, withKey{}, s.clock, sta.Options{Base: "http://polder.test", MaxBody: 1 << 20})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.store.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s
}

// do sends a request with the key; path is encoded but for spaces.
func (s *service) do(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://polder.test"+strings.NewReplacer(" ", "%20", `"`, "%22").Replace(path), strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer key")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// must sends a request that must be answered with status, and returns the answer.
func (s *service) must(t testing.TB, status int, method, path, body string) map[string]any {
	t.Helper()
	w := s.do(method, path, body)
	if w.Code != status {
		t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	var answer map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return answer
}

// indented returns JSON as people read it.
func indented(t testing.TB, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return string(data)
	}
	return b.String()
}

// container is a Thing with all that belongs to it, for deep insert.
func container(n int) string {
	return fmt.Sprintf(`{
		"name": "Container %[1]d", "description": "Underground container", "properties": {"stream": "rest", "volume": %[1]d, "place": {"code": "P%[1]d"}, "active": true},
		"Locations": [{"name": "Place %[1]d", "description": "", "encodingType": "application/geo+json", "location": {"type": "Point", "coordinates": [5.2, 52.%[1]d]}}],
		"Datastreams": [{
			"name": "Fill %[1]d", "description": "How full it is", "observationType": "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
			"unitOfMeasurement": {"name": "percent", "symbol": "%%", "definition": "http://qudt.org/vocab/unit/PERCENT"},
			"Sensor": {"name": "Sonar", "description": "Ultrasonic", "encodingType": "text/html", "metadata": "https://example.org/sonar"},
			"ObservedProperty": {"name": "fill", "definition": "https://polder.city/def/fill", "description": ""}
		}]
	}`, n)
}
