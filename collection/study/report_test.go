package study

import (
	"encoding/csv"
	"strings"
	"testing"

	"polder.city/internal/message"
)

func TestAStudyWritesAReportInBothLanguagesAndEveryFigureAsCSV(t *testing.T) {
	w := village(t, 40)
	isr := family(t, w, "isr-km")
	isr.Levels = []float64{1e3, 64e3, 1024e3}
	families := []Family{isr, family(t, w, "present"), family(t, w, "clairvoyant")}
	s, err := Conduct(t.Context(), w, Request{Seeds: []uint64{101, 102}, Families: families, Options: Options{Span: Span{7, 1, 7}, Rounds: 20}, Reference: "isr-km"})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	const command = "polder collection study --world groningen"
	for _, lang := range message.Languages() {
		var b strings.Builder
		if err := s.WriteHTML(&b, catalogue.Printer(lang, w.Location), "2026-11-25", command); err != nil {
			t.Fatal(err)
		}
		page := b.String()
		for _, want := range []string{command, "101, 102", "<svg", "251", "2026-11-25"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the report lacks %q", lang, want)
			}
		}
		for _, bad := range []string{"NaN", "study.", "http://", "https://", "<script"} {
			if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), bad) {
				t.Errorf("%s: the report holds %q", lang, bad)
			}
		}
	}
	var b strings.Builder
	if err := s.WriteRuns(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := 1 + 2*len(s.Points); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	b.Reset()
	if err := s.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "clairvoyant") {
		t.Error("the table lacks the clairvoyant")
	}
}
