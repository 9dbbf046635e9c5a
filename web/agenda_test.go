package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"polder.city/collection"
)

// readAgenda reads a calendar as RFC 5545 asks: it returns its events, each by property name with its parameters.
func readAgenda(t *testing.T, body string) (events []map[string]string) {
	t.Helper()
	if !strings.HasSuffix(body, "\r\n") || strings.Contains(strings.ReplaceAll(body, "\r\n", ""), "\n") {
		t.Fatal("a line does not end with CR LF")
	}
	for _, line := range strings.Split(strings.TrimSuffix(body, "\r\n"), "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d octets: %s", len(line), line)
		}
	}
	var open []string
	for _, line := range strings.Split(strings.TrimSuffix(strings.ReplaceAll(body, "\r\n ", ""), "\r\n"), "\r\n") {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case !ok:
			t.Fatalf("no content line: %q", line)
		case name == "BEGIN":
			if open = append(open, value); value == "VEVENT" {
				events = append(events, map[string]string{})
			}
		case name == "END":
			if len(open) == 0 || open[len(open)-1] != value {
				t.Fatalf("END:%s closes %v", value, open)
			}
			open = open[:len(open)-1]
		case len(open) == 2:
			if _, twice := events[len(events)-1][name]; twice {
				t.Errorf("%s stands there twice", name)
			}
			events[len(events)-1][name] = value
		}
	}
	if len(open) != 0 {
		t.Errorf("%v is not closed", open)
	}
	return events
}

func TestAContainersCalendarHoldsWhatThePlansSay(t *testing.T) {
	c := newCity(t)
	st, err := c.residents.now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, k := range st.containers {
		w := get(c.Site, "/containers/"+k.ID+"/agenda.ics")
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/calendar") {
			t.Fatalf("%s: %d %s", k.ID, w.Code, w.Header().Get("Content-Type"))
		}
		uids := map[string]bool{}
		last := ""
		for _, e := range readAgenda(t, w.Body.String()) {
			for _, required := range []string{"UID", "DTSTAMP", "SUMMARY", "STATUS"} {
				if e[required] == "" {
					t.Errorf("%s: no %s in %v", k.ID, required, e)
				}
			}
			if uids[e["UID"]] {
				t.Errorf("%s: two events %s", k.ID, e["UID"])
			}
			uids[e["UID"]] = true
			day := strings.TrimPrefix(strings.Split(e["UID"], "@")[0], k.ID+"-")
			if day <= last || day < "2026-11-24" || day >= "2026-12-08" {
				t.Errorf("%s: an event on %s after %s", k.ID, day, last)
			}
			last = day
			o := st.now[k.ID]
			if confirmed := e["STATUS"] == "CONFIRMED"; confirmed != (o != nil && o.Planned && day == "2026-11-24") {
				t.Errorf("%s on %s: %v", k.ID, day, e)
			} else if confirmed {
				seen["sure"]++
				from, err1 := time.Parse(agendaTime, e["DTSTART"])
				to, err2 := time.Parse(agendaTime, e["DTEND"])
				if at := st.momentToday(o); err1 != nil || err2 != nil || at.Before(from) || at.After(to) {
					t.Errorf("%s: the truck comes %s, the calendar says %s to %s", k.ID, at, e["DTSTART"], e["DTEND"])
				}
			}
			if strings.HasPrefix(e["SUMMARY"], "Misschien") {
				seen["maybe"]++
			} else if strings.HasPrefix(e["SUMMARY"], "Waarschijnlijk") {
				seen["probably"]++
				if o := st.outcomes[k.ID]; o == nil || day != o.NextDay && day != st.day.Format(collection.DayLayout) {
					t.Errorf("%s: probably on %s, not by the plan", k.ID, day)
				}
			}
		}
	}
	if seen["sure"] == 0 || seen["probably"] == 0 || seen["maybe"] == 0 {
		t.Errorf("events seen: %v", seen)
	}
	if text := get(c.Site, "/containers/VAD-000-R/agenda.ics?lang=en").Body.String(); !strings.Contains(text, "mpty VAD-000-R") {
		t.Errorf("in English: %s", text)
	}
	if w := get(c.Site, "/containers/X/agenda.ics"); w.Code != http.StatusNotFound {
		t.Errorf("a calendar of no container: %d", w.Code)
	}
}

func TestLinesOfACalendarAreFoldedBetweenCharacters(t *testing.T) {
	text := escapeText("één, twee; drie\\vier\nvijf " + strings.Repeat("ë€𝄞", 60))
	folded := string(appendFolded(nil, "DESCRIPTION:"+text))
	for _, line := range strings.Split(strings.TrimSuffix(folded, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ToValidUTF8(line, "?") != line {
			t.Errorf("%d octets: %q", len(line), line)
		}
	}
	if back := strings.TrimSuffix(strings.ReplaceAll(folded, "\r\n ", ""), "\r\n"); back != "DESCRIPTION:"+text || !strings.HasPrefix(text, `één\, twee\; drie\\vier\nvijf`) {
		t.Errorf("unfolded: %q", back)
	}
}

func TestPlansAndForecastsHaveAddressesThatStay(t *testing.T) {
	c := newCity(t)
	for _, path := range []string{"/plannen/volgende/plan.csv", "/plannen/2026-11-25/plan.csv"} {
		held, version := get(c.Site, path), get(c.Site, "/plannen/2026-11-25/1/plan.csv")
		if held.Code != http.StatusOK || held.Body.String() != version.Body.String() {
			t.Errorf("%s: %d, not the version that holds", path, held.Code)
		}
	}
	if w := get(c.Site, "/plannen/vandaag/routes.geojson"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "FeatureCollection") {
		t.Errorf("today's routes: %d", w.Code)
	}
	for _, path := range []string{"/plannen/2026-12-20/plan.csv", "/plannen/ooit/plan.csv"} {
		if w := get(c.Site, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	rows, err := csv.NewReader(get(c.Site, "/data/voorspelling/download").Body).ReadAll()
	if err != nil || len(rows) < 1+testContainers*14 || strings.Join(rows[0], ",") != "container,made_at,day,q0.025,q0.05,q0.25,q0.5,q0.75,q0.95,q0.975,chance_full" {
		t.Fatalf("%d rows, %v: %v", len(rows), err, rows[0])
	}
	for _, row := range rows[1:] {
		if row[3] > row[6] || row[6] > row[9] {
			t.Errorf("quantiles %v", row)
		}
	}
}
