// Package problem holds the one kind of error that people see: what is wrong,
// where, and the way out. Everything else is wrapped with context and logged.
package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind sorts problems by who can mend them; the edges map it to an HTTP status or an exit status.
type Kind uint8

// The kinds of problems.
const (
	Internal    Kind = iota // our fault: the operator mends it
	Invalid                 // the input is wrong: the sender mends it
	NotFound                // there is no such thing
	Conflict                // it clashes with what is stored
	Forbidden               // the sender may not do this
	Unavailable             // not now: try again later
)

// Error is a problem as a person reads it.
type Error struct {
	Kind    Kind
	Code    string // stable, for programs: "observation.fill.range"
	Where   string // file:line, field or JSON pointer; may be empty
	Message string // what is wrong, one sentence
	Way     string // what to do about it, one sentence; may be empty
	Err     error  // the cause, for the log only
}

// Error returns the place, the message and the way out on one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Where != "" {
		b.WriteString(e.Where)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Way != "" {
		b.WriteString(" ")
		b.WriteString(e.Way)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns a problem of a kind; args format the message.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns the problem with its place set.
func (e *Error) At(where string) *Error { e.Where = where; return e }

// Do returns the problem with its way out set.
func (e *Error) Do(format string, args ...any) *Error {
	e.Way = fmt.Sprintf(format, args...)
	return e
}

// Cause returns the problem with its cause set.
func (e *Error) Cause(err error) *Error { e.Err = err; return e }

// KindOf returns the kind of the problem in err's chain, Internal when there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Status returns the HTTP status that fits the kind.
func (k Kind) Status() int {
	switch k {
	case Invalid:
		return http.StatusBadRequest
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Forbidden:
		return http.StatusForbidden
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// WriteJSON answers a request with the problem in err as application/problem+json
// (RFC 9457). An error that holds no problem is answered without detail, so
// that nothing leaks; the caller logs it.
func WriteJSON(w http.ResponseWriter, err error) {
	body := struct {
		Type     string `json:"type"`
		Title    string `json:"title"`
		Status   int    `json:"status"`
		Detail   string `json:"detail,omitempty"`
		Code     string `json:"code,omitempty"`
		Instance string `json:"where,omitempty"`
		Way      string `json:"way,omitempty"`
	}{Type: "about:blank", Status: KindOf(err).Status()}
	body.Title = http.StatusText(body.Status)
	if e, ok := errors.AsType[*Error](err); ok {
		body.Detail, body.Code, body.Instance, body.Way = e.Message, e.Code, e.Where, e.Way
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(body.Status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody is left to tell
}
