package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"polder.city/collection"
)

// postForm sends a form as a browser of the same site does.
func postForm(s *Site, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestAResidentReportsChecksAndGetsAReceipt(t *testing.T) {
	c := newCity(t)
	const path = "/containers/VAD-001-R/melden"
	if w := postForm(c.Site, path, url.Values{}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Kies wat er aan de hand is") {
		t.Errorf("without a kind: %d", w.Code)
	}
	if w := postForm(c.Site, path, url.Values{"soort": {"complaint"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a complaint without text: %d", w.Code)
	}
	w := postForm(c.Site, path, url.Values{"soort": {"full"}, "tekst": {"Er staat <b>een zak</b> naast."}})
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Klopt dit?") || strings.Contains(w.Body.String(), "<b>een zak") {
		t.Fatalf("check: %d %s", w.Code, w.Body)
	}
	send := url.Values{"soort": {"full"}, "tekst": {"Er staat een zak naast."}, "stap": {"verstuur"}}
	w = postForm(c.Site, path, send)
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/meldingen/") {
		t.Fatalf("sent: %d %q", w.Code, to)
	}
	receipt := get(c.Site, to)
	if text := words(receipt.Body.String()); receipt.Code != http.StatusOK || !strings.Contains(text, "nummer 1 .") || !strings.Contains(text, "telt direct mee") || strings.Contains(text, "zak") {
		t.Errorf("receipt: %d %s", receipt.Code, text)
	}
	reports, err := c.d.Sensing.Latest(t.Context(), collection.SeriesKey("VAD-001-R", collection.ReportKind))
	if err != nil || len(reports) != 1 {
		t.Errorf("observed reports: %v, %v", reports, err)
	}
	for range collection.ReportsAnHour - 1 {
		if w := postForm(c.Site, path, send); w.Code != http.StatusSeeOther {
			t.Fatalf("again: %d", w.Code)
		}
	}
	if w := postForm(c.Site, path, send); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "We weten het") {
		t.Errorf("once too often: %d", w.Code)
	}
	foreign := httptest.NewRequest("POST", path, strings.NewReader(send.Encode()))
	foreign.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	answer := httptest.NewRecorder()
	c.ServeHTTP(answer, foreign)
	if answer.Code != http.StatusForbidden {
		t.Errorf("a form from another site: %d", answer.Code)
	}
}
