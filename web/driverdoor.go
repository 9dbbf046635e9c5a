package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"polder.city/collection"
	"polder.city/internal/problem"
)

// How much the door for what was done offline takes at once: a day of a truck is some hundred actions.
const (
	maxDone     = 200
	maxDoneSize = 256 << 10
)

// doneAnswer is what became of one action.
type doneAnswer struct {
	Key string `json:"key"`
	// Status is stored, repeated (it was stored before: forget it), refused (it will never be
	// taken: tell the crew) or retry (send it again, and all that follow).
	Status     string `json:"status"`
	OtherTruck string `json:"otherTruck,omitempty"` // had emptied the same container
	Code       string `json:"code,omitempty"`
	Field      string `json:"field,omitempty"`
	Text       string `json:"text,omitempty"` // for the crew, in its language
}

// driverDone takes what a crew did, in order, and answers for each. Any truck's actions are taken from any
// crew: a phone that was offline may have changed trucks since.
func (s *Site) driverDone(w http.ResponseWriter, r *http.Request) {
	d := s.opts.Domains
	w.Header().Set("Cache-Control", "no-store")
	if err := d.mustDrive(r); err != nil {
		if to, ok := errors.AsType[seeOther](err); ok {
			err = problem.New(problem.Forbidden, "crew.signin", "Nobody is signed in.").Do("Sign in at %s; what was kept can be sent after that.", string(to))
		}
		problem.WriteJSON(w, err)
		return
	}
	var raw []json.RawMessage
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxDoneSize))
	if err := decoder.Decode(&raw); err != nil || len(raw) > maxDone {
		problem.WriteJSON(w, problem.New(problem.Invalid, "crew.body", "The body is no JSON array of at most %d actions and %d kB.", maxDone, maxDoneSize>>10).
			Do("Send fewer at once.").Cause(err))
		return
	}
	p := s.printer(withLanguage(r, r.URL.Query().Get("lang")))
	answers := make([]doneAnswer, len(raw))
	waiting := false // what follows an action that must be sent again waits for it: order counts
	for i, text := range raw {
		var a collection.CrewAction
		answer := &answers[i]
		if err := json.Unmarshal(text, &a); err != nil {
			*answer = doneAnswer{Status: "refused", Code: "crew.json", Text: s.crewWrong(p, "")}
			_ = json.Unmarshal(text, &struct {
				Key *string `json:"key"`
			}{&answer.Key}) // of what cannot be read there may be no key either
			continue
		}
		answer.Key = a.Key
		if waiting {
			answer.Status = "retry"
			continue
		}
		stored, repeated, err := d.Collection.RecordCrew(r.Context(), a)
		e, known := errors.AsType[*problem.Error](err)
		switch {
		case err == nil && repeated:
			answer.Status = "repeated"
		case err == nil:
			answer.Status, answer.OtherTruck = "stored", stored.OtherTruck
		case known && (e.Kind == problem.Invalid || e.Kind == problem.Conflict):
			answer.Status, answer.Code, answer.Field, answer.Text = "refused", e.Code, e.Where, s.crewWrong(p, e.Where)
		default:
			s.opts.Log.Error("crew action not stored", "key", a.Key, "error", err)
			answer.Status, waiting = "retry", true
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answers); err != nil {
		s.opts.Log.Debug("answer not delivered", "path", r.URL.Path, "error", err)
	}
}

// driverWorker answers with the service worker, which may keep the crew's page and nothing else.
func (s *Site) driverWorker(w http.ResponseWriter, r *http.Request, scope string) {
	file := s.assets.files["driver-sw.js"]
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "no-cache")
	h.Set("Service-Worker-Allowed", scope)
	if _, err := w.Write(file.data); err != nil {
		s.opts.Log.Debug("script not delivered", "path", r.URL.Path, "error", err)
	}
}
