package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"time"

	"polder.city/city"
	"polder.city/collection"
	"polder.city/internal/message"
)

// driverStop is a stop of the list, in words.
type driverStop struct {
	Kind, At  string
	Title     string // the address, the facility's name or the word for break
	Name      string // "Container VAD-001-R"; empty for a break
	Facts     []string
	Why       string
	Marks     []string
	Geo       template.URL // of the place: a navigation app takes it over
	Planned   time.Time    // zero where the plan does not have it
	WithOrder bool         // it can be moved
}

// doneLine is something that the crew did.
type doneLine struct {
	Key, Text, Other string
	CanUndo          bool
	UndoUntil        int64 // Unix milliseconds
}

// driverStop puts a stop in words.
func (s *Site) driverStop(p *message.Printer, x *collection.CrewStop, containers map[string]collection.Container) driverStop {
	v := collection.Visit{Kind: x.Kind, At: x.At}
	stop := driverStop{Kind: string(x.Kind), At: x.At, Planned: x.Planned}
	switch x.Kind {
	case collection.VisitBreak:
		stop.Title = p.T("driver.stop.break")
		return stop
	case collection.VisitUnload:
		stop.Title, stop.Name = s.residents.visitName(p, v), p.T("driver.stop.unload")
		if i := slices.IndexFunc(s.opts.Domains.City.Fleet.Facilities, func(f city.Facility) bool { return f.ID == x.At }); i >= 0 {
			stop.Geo = geoURI(s.opts.Domains.City.Fleet.Facilities[i].Point, stop.Title)
		}
		return stop
	default:
	}
	k := containers[x.At]
	stream, _ := s.residents.stream(p, k.Stream)
	stop.Title, stop.Name, stop.WithOrder = k.Address, p.T("driver.stop.empty", "id", x.At), true
	if stop.Title == "" {
		stop.Title = k.Place
	}
	stop.Facts = append(stop.Facts, stream)
	if !x.Planned.IsZero() {
		side := "left"
		if x.Right {
			side = "right"
		}
		stop.Facts = append(stop.Facts, p.T("driver.stop.side."+side))
	}
	stop.Facts = append(stop.Facts, p.T("driver.stop.place", "place", k.Place))
	if o := x.Outcome; o != nil {
		stop.Facts = append(stop.Facts, p.T("driver.stop.fill", "fill", upToFull(o.FillThen)))
		if len(o.Reasons) > 0 {
			stop.Why = reasonText(p, o.Reasons[0], o, stream, x.Planned)
		}
	} else {
		stop.Facts = append(stop.Facts, p.T("driver.stop.unknown"))
	}
	if x.SeenFull {
		stop.Marks = append(stop.Marks, p.T("driver.stop.seen"))
	}
	if x.Failed != "" {
		stop.Marks = append(stop.Marks, p.T("driver.stop.failed", "reason", p.T("driver.reason."+string(x.Failed))))
	}
	if x.Moved != "" {
		stop.Marks = append(stop.Marks, p.T("driver.stop.moved", "reason", p.T("driver.reason."+string(x.Moved))))
	}
	stop.Geo = geoURI(k.Point, x.At)
	return stop
}

// geoURI is a place as RFC 5870 writes it, with the q that Android's navigation apps want; a point is lon, lat.
func geoURI(point [2]float64, name string) template.URL {
	at := fmt.Sprintf("%.6f,%.6f", point[1], point[0])
	return template.URL("geo:" + at + "?q=" + url.QueryEscape(at+"("+name+")")) //nolint:gosec // numbers and an escaped name
}

// doneLine puts an action in words.
func (s *Site) doneLine(p *message.Printer, a *collection.CrewAction, now time.Time) doneLine {
	text := p.T("driver.did."+string(a.Kind), "id", a.Container)
	done := doneLine{Key: a.Key, Text: p.T("driver.did_at", "text", text, "time", a.At), UndoUntil: a.At.Add(collection.UndoFor).UnixMilli()}
	done.CanUndo = now.Sub(a.At) <= collection.UndoFor
	if a.OtherTruck != "" {
		done.Other = p.T("driver.other_truck", "truck", s.residents.truckName(p, a.OtherTruck))
	}
	return done
}

// tellBreak writes the break clock as it stands now; the script lets it go on.
func (page *driverPage) tellBreak(p *message.Printer, list *collection.CrewDay, now time.Time) {
	switch {
	case !list.BreakEnds.IsZero():
		page.BreakEnds = list.BreakEnds.UnixMilli()
		if now.Before(list.BreakEnds) {
			page.Break = p.T("driver.break.until", "time", list.BreakEnds)
		}
	case list.BreakAt.IsZero():
	default:
		page.BreakAt = list.BreakAt.UnixMilli()
		left := list.BreakAt.Sub(now)
		switch page.BreakSoon = left <= breakWarning; {
		case left <= 0:
			page.Break = p.T("driver.break.now")
		case page.BreakSoon:
			page.Break = p.T("driver.break.soon", "n", int(left.Minutes()+0.99))
		default:
			page.Break = p.T("driver.break.at", "time", list.BreakAt)
		}
	}
}

// driverWords are the texts of the script, with {n}, {id} and the like left for it to fill in.
func driverWords(p *message.Printer) string {
	words := map[string]string{
		"online": p.T("driver.online"), "offline": p.T("driver.offline", "n", "{n}"), "offlineNone": p.T("driver.offline_none"), "sending": p.T("driver.sending", "n", "{n}"),
		"signin": p.T("driver.signin", "n", "{n}"), "refused": p.T("driver.refused", "id", "{id}", "text", "{text}"), "close": p.T("driver.close"),
		"soon": p.T("driver.break.soon", "n", 2), "soonOne": p.T("driver.break.soon", "n", 1), "now": p.T("driver.break.now"), "over": p.T("driver.break.over"),
		"kg": p.T("driver.wrong.kg"), "container": p.T("driver.wrong.container"), "undo": p.T("driver.undo"),
		"name": p.T("driver.stop.empty", "id", "{id}"), "seen": p.T("driver.stop.seen"), "progress": p.T("driver.progress", "done", "{done}", "left", "{left}"),
	}
	for _, kind := range collection.CrewKinds() {
		words["did."+string(kind)] = p.T("driver.did."+string(kind), "id", "{id}")
	}
	text, err := json.Marshal(words)
	if err != nil {
		panic(err) // a map of texts: it cannot fail
	}
	return string(text)
}
