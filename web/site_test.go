package web

import (
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	_ "time/tzdata"

	"polder.city/internal/calendar"
	"polder.city/internal/clock"
	"polder.city/internal/message"
)

// newSite returns a demo site whose clock stands still at dinsdag 24 november 2026, 14.05 uur.
func newSite(t testing.TB, change func(*Options)) *Site {
	t.Helper()
	cat, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	loc, err := time.LoadLocation(calendar.Amsterdam)
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{
		Messages: cat, Clock: clock.New(time.Date(2026, 11, 24, 14, 5, 0, 0, loc), 0), Location: loc,
		City: "Almere", Version: "0.1.0", Drawn: true, Source: "https://polder.city/source", Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&opts)
	}
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// get returns the answer to a request of a path.
func get(s *Site, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}
