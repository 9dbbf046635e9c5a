package web

import (
	"net/http"
	"runtime/debug"

	"polder.city/internal/problem"
)

// policy allows what Polder serves itself and nothing else: no inline script or style, no other host.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// wrap puts around every answer: headers, compression, the refusal of forms from other sites, and an error page for a panic.
func (s *Site) wrap(next http.Handler) http.Handler {
	// Browsers say from which site a form comes (Sec-Fetch-Site, else Origin), so no token is needed in forms.
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problem.New(problem.Forbidden, "form.foreign", "The form was sent from another site."))
	}))
	return s.headers(compress(s.recovered(cross.Handler(next))))
}

func (s *Site) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "geolocation=(self), camera=(), microphone=(), payment=(), usb=()")
		if s.demo() {
			h.Set("X-Robots-Tag", "noindex")
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Site) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // the value that net/http compares with
				panic(v)
			}
			s.opts.Log.Error("panic", "path", r.URL.Path, "value", v, "stack", string(debug.Stack()))
			s.fail(w, r, problem.New(problem.Internal, "panic", "The page failed."))
		}()
		next.ServeHTTP(w, r)
	})
}
