package web

import (
	"context"
	"net/http"
	"strings"
)

// Form is a form as it was sent, with what is wrong in it. A page's data embeds it;
// the templates "errors" and "field" show it.
type Form struct {
	Values map[string]string
	Errors []FieldError // in the order of the fields
}

// FieldError is what is wrong with one field: a sentence that says what to do.
type FieldError struct{ Field, Text string }

// readForm reads the named fields of a request, without white space around them.
func readForm(r *http.Request, fields ...string) Form {
	f := Form{Values: map[string]string{}}
	for _, name := range fields {
		f.Values[name] = strings.ToValidUTF8(strings.ReplaceAll(strings.TrimSpace(r.FormValue(name)), "\x00", ""), "")
	}
	return f
}

// Wrong notes that a field is wrong.
func (f *Form) Wrong(field, text string) { f.Errors = append(f.Errors, FieldError{field, text}) }

// OK reports whether nothing is wrong.
func (f Form) OK() bool { return len(f.Errors) == 0 }

// Value returns what was filled in.
func (f Form) Value(field string) string { return f.Values[field] }

// Error returns what is wrong with a field, or "".
func (f Form) Error(field string) string {
	for _, e := range f.Errors {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// HTTPStatus returns 422 for a form that is wrong.
func (f Form) HTTPStatus() int {
	if f.OK() {
		return http.StatusOK
	}
	return http.StatusUnprocessableEntity
}

// Field is an input with its label, shown by the template "field".
type Field struct {
	Form              Form
	Name, Label, Hint string
	Type              string // of the input; default "text"; "textarea" for several lines
	Autocomplete      string // token of WCAG 1.3.5, such as "email"
	Required          bool
}

// withLanguage returns the request as one in a language.
func withLanguage(r *http.Request, lang string) *http.Request {
	if lang == "" {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), langKey{}, lang))
}
