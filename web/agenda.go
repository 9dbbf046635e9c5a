package web

import (
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

// agendaDays is how far ahead a container's calendar looks.
const agendaDays = 14

// collectionEvent is a collection in a container's calendar.
type collectionEvent struct {
	Day       time.Time // midnight in the city
	From, To  time.Time // zero: some time on the day
	Certain   string    // the certainty word: sure, probably or maybe
	Confirmed bool      // by a decided plan
	Made      time.Time
}

// agenda answers with when a container is collected in the next two weeks, as iCalendar (RFC 5545) to subscribe to.
func (r *residents) agenda(w http.ResponseWriter, q *http.Request) {
	st, err := r.now(q.Context())
	if err != nil {
		r.fail(w, q, err)
		return
	}
	i, ok := st.index[q.PathValue("id")]
	if !ok {
		r.fail(w, q, problem.New(problem.NotFound, "container.none", "There is no container %q.", q.PathValue("id")))
		return
	}
	k := st.containers[i]
	lifts, err := r.d.Collection.Lifts(q.Context(), k.ID, 7)
	if err != nil {
		r.fail(w, q, err)
		return
	}
	p := r.printer(withLanguage(q, q.URL.Query().Get("lang")))
	stream, _ := r.stream(p, k.Stream)
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8; method=PUBLISH")
	h.Set("Content-Disposition", `inline; filename="agenda.ics"`)
	h.Set("Cache-Control", "public, max-age=1800")
	h.Set("Access-Control-Allow-Origin", "*")
	_, _ = w.Write(r.writeAgenda(p, siteOf(q), k, stream, st.collections(r.d.Collection, k.ID, lifts, int64(r.d.City.Fleet.Shift.From)))) // the client has gone: nobody is left to tell
}

// collections are the collections of a container that are planned, probable and possible: what today's and the next plan say, then as
// often as in the last weeks.
func (st *state) collections(c *collection.Service, id string, lifts []collection.Lift, shift int64) []collectionEvent {
	var events []collectionEvent
	today := calendar.Midnight(st.at, st.day.Location())
	end := calendar.AddDays(today, agendaDays)
	add := func(plan *collection.Plan, o *collection.Outcome, day time.Time) {
		e := collectionEvent{Day: day, Made: plan.MadeAt, Certain: "probably"}
		if e.Confirmed = plan.State == collection.Decided; e.Confirmed {
			e.Certain = "sure"
		}
		e.From, e.To = visitWindow(day, o.At, shift)
		events = append(events, e)
	}
	if o := st.now[id]; o != nil && o.Planned && st.today.State == collection.Decided {
		add(st.today, o, today)
	}
	if o := st.outcomes[id]; o != nil && o.Planned {
		add(st.next, o, st.day)
	} else if o != nil {
		if day, err := c.ParseDay(o.NextDay); err == nil && day.Before(end) && (len(events) == 0 || day.After(today)) {
			events = append(events, collectionEvent{Day: day, Made: st.next.MadeAt, Certain: "probably"})
		}
	}
	if len(events) == 0 || len(lifts) < 3 {
		return events
	}
	last := events[len(events)-1]
	every := lifts[0].At.Sub(lifts[len(lifts)-1].At) / time.Duration(len(lifts)-1) // the newest lift is the first
	for at := last.Day.Add(12 * time.Hour).Add(max(every, 24*time.Hour)); ; at = at.Add(max(every, 24*time.Hour)) {
		day := calendar.Midnight(at, st.day.Location())
		if !c.City().WorkingDay(day) {
			day = c.NextWorkday(day)
		}
		if !day.Before(end) {
			return events
		}
		if day.After(events[len(events)-1].Day) {
			events = append(events, collectionEvent{Day: day, Made: last.Made, Certain: "maybe"})
		}
	}
}

const (
	agendaTime = "20060102T150405Z"
	agendaDate = "20060102"
)

// writeAgenda writes a calendar. An event's UID is that of the container and the day, so that a plan that only shifts the hour changes it.
func (r *residents) writeAgenda(p *message.Printer, site string, k collection.Container, stream string, events []collectionEvent) []byte {
	var out []byte
	line := func(name, value string) { out = appendFolded(out, name+":"+value) }
	text := func(name, value string) { line(name, escapeText(value)) }
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	text("PRODID", "-//Polder//"+r.opts.City+"//NL")
	line("CALSCALE", "GREGORIAN")
	line("METHOD", "PUBLISH")
	text("X-WR-CALNAME", p.T("agenda.name", "id", k.ID, "stream", stream))
	line("REFRESH-INTERVAL;VALUE=DURATION", "PT6H") // RFC 7986, 5.7
	for _, e := range events {
		line("BEGIN", "VEVENT")
		text("UID", k.ID+"-"+e.Day.Format(collection.DayLayout)+"@"+strings.TrimPrefix(strings.TrimPrefix(site, "https://"), "http://"))
		line("DTSTAMP", e.Made.UTC().Format(agendaTime))
		if e.From.IsZero() {
			line("DTSTART;VALUE=DATE", e.Day.Format(agendaDate))
			line("DTEND;VALUE=DATE", calendar.AddDays(e.Day, 1).Format(agendaDate))
		} else {
			line("DTSTART", e.From.UTC().Format(agendaTime))
			line("DTEND", e.To.UTC().Format(agendaTime))
		}
		status := "TENTATIVE"
		if e.Confirmed {
			status = "CONFIRMED"
		}
		line("STATUS", status)
		line("TRANSP", "TRANSPARENT") // nobody need be free for it
		text("SUMMARY", p.T("agenda.summary."+e.Certain, "id", k.ID, "stream", stream))
		text("DESCRIPTION", p.T("agenda.why."+e.Certain))
		if k.Address != "" {
			text("LOCATION", k.Address)
		}
		line("URL", site+p.Path("/containers/"+k.ID))
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return out
}

// escapeText writes a text as a value (RFC 5545, 3.3.11).
func escapeText(s string) string {
	return strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
}

// appendFolded adds a content line, folded after at most 75 octets and never within a character (RFC 5545, 3.1).
func appendFolded(out []byte, s string) []byte {
	const most = 75
	for room := most; len(s) > room; room = most - 1 { // a space begins what is folded
		n := room
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		out = append(append(out, s[:n]...), "\r\n "...)
		s = s[n:]
	}
	return append(append(out, s...), "\r\n"...)
}

// siteOf is the address of the site as the reader reached it.
func siteOf(q *http.Request) string {
	if q.TLS != nil || q.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + q.Host
	}
	return "http://" + q.Host
}
