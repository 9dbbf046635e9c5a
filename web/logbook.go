package web

import (
	"net/http"
	"strings"
	"time"

	"polder.city/decision"
	"polder.city/decision/tlog"
)

// logPages registers the page on the transparency log. The log itself is served under /log.
func (s *Site) logPages(d *Domains) {
	s.page("GET /logboek", "logbook.html", func(r *http.Request) (any, error) { return s.logbook(r, d) })
}

type logPage struct {
	tlog.Status
	Age        time.Duration
	Witnesses  int
	Newest     *decisionLine
	Verify     Verify
	Checkpoint string
}

func (s *Site) logbook(r *http.Request, d *Domains) (any, error) {
	p := s.printer(r)
	status, err := d.Log.Status(r.Context())
	if err != nil {
		return nil, err
	}
	page := &logPage{Status: status, Checkpoint: string(status.Checkpoint), Verify: Verify{Key: status.VKey}}
	// A signature line of a note begins with an em dash; the first is the log's own.
	page.Witnesses = max(0, strings.Count(page.Checkpoint, "\n— ")-1)
	if !status.CheckpointAt.IsZero() {
		page.Age = p.Now().Sub(status.CheckpointAt)
	}
	list, err := d.Gate.List(r.Context(), decision.Filter{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		l := line(p, &list[0])
		page.Newest = &l
	}
	return page, nil
}
