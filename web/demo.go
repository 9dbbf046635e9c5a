package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"polder.city/internal/calendar"
	"polder.city/internal/problem"
)

// Building is how far a demo city is while it is made.
type Building struct {
	Ready     bool          // the pages can be read; history may still be filling in behind
	Day, Days int           // days of history that stand, of how many
	Left      time.Duration // about how long it takes yet; 0: unknown
	Phase     string        // key below "building.phase." of what is being made now
}

// Done reports whether all history stands.
func (b Building) Done() bool { return b.Ready && b.Day >= b.Days }

// Percent returns how far it is, 0 to 100.
func (b Building) Percent() int { return 100 * b.Day / max(b.Days, 1) }

// standsWhileBuilding are the pages that need no city.
var standsWhileBuilding = map[string]bool{
	"/wat-is-echt": true, "/uitleg": true, "/uitleg/{begrip}": true, "/toegankelijkheid": true, "/privacy": true, "/opbouw": true,
}

// rates are the speeds that the banner's buttons set.
var rates = []int{0, 1, 60}

func (s *Site) demo() bool { return !s.opts.Clock.Real() }

func (s *Site) building() bool { return s.opts.Building != nil && !s.opts.Building().Ready }

func (s *Site) demoPages() {
	if s.opts.Building != nil {
		s.page("GET /opbouw", "building.html", func(r *http.Request) (any, error) {
			b := s.opts.Building()
			if b.Ready {
				return nil, seeOther("/")
			}
			return b, nil
		})
	}
	if s.demo() {
		s.page("POST /demo/klok", "error.html", s.setClock)
		s.handle("GET /demo/klok", s.readClock)
	}
}

func (s *Site) showBuilding(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "5")
	w.Header().Set("Cache-Control", "no-store")
	s.show(w, r, http.StatusServiceUnavailable, "building.html", s.opts.Building())
}

// setClock handles the banner's buttons: rate=0, 1 or 60, or forward=07:00 for the next time that the clock shows that.
func (s *Site) setClock(r *http.Request) (any, error) {
	if hour, minute, ok := strings.Cut(r.FormValue("forward"), ":"); ok {
		h, errH := strconv.Atoi(hour)
		m, errM := strconv.Atoi(minute)
		if errH != nil || errM != nil || h < 0 || h > 23 || m < 0 || m > 59 {
			return nil, problem.New(problem.Invalid, "demo.clock", "%q is not a time.", r.FormValue("forward"))
		}
		now := s.opts.Clock.Now().In(s.opts.Location)
		day := calendar.Midnight(now, s.opts.Location)
		next := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, s.opts.Location)
		if !next.After(now) {
			next = time.Date(day.Year(), day.Month(), day.Day()+1, h, m, 0, 0, s.opts.Location)
		}
		s.opts.Clock.Forward(next)
	} else {
		rate, err := strconv.Atoi(r.FormValue("rate"))
		if err != nil || rate < 0 || rate > 600 {
			return nil, problem.New(problem.Invalid, "demo.clock", "%q is not a speed.", r.FormValue("rate"))
		}
		s.opts.Clock.SetRate(float64(rate))
	}
	back := r.FormValue("back")
	if !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n") {
		back = "/"
	}
	return nil, seeOther(back)
}

// readClock tells scripts what the clock shows, so that the banner keeps time between pages.
func (s *Site) readClock(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	p := s.printer(withLanguage(r, r.URL.Query().Get("lang")))
	_, _ = w.Write([]byte(p.T("demo.clock", "time", s.opts.Clock.Now()))) // the client has gone: nobody is left to tell
}

// Clock returns what the demo's clock shows.
func (v view) Clock() time.Time { return v.site.opts.Clock.Now() }

// Rate returns how many times as fast as real the demo's clock runs.
func (v view) Rate() int { return int(v.site.opts.Clock.Rate()) }

// Rates returns the speeds that can be chosen.
func (v view) Rates() []int { return rates }

// Filling returns how far the history is while it fills in behind a city that stands, or nil.
func (v view) Filling() *Building {
	if v.site.opts.Building == nil {
		return nil
	}
	b := v.site.opts.Building()
	if !b.Ready || b.Done() {
		return nil
	}
	return &b
}
