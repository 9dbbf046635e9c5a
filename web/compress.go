package web

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
)

// etag returns a weak tag over a page's bytes; weak, because compression changes what travels.
func etag(page []byte) string {
	sum := sha256.Sum256(page)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// compress sends text gzipped to who accepts that. Answers that are compressed already and streams of events pass untouched.
func compress(next http.Handler) http.Handler {
	pool := &sync.Pool{New: func() any {
		zw, err := gzip.NewWriterLevel(io.Discard, 5)
		if err != nil {
			panic(err) // the level is a constant that gzip knows
		}
		return zw
	}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		zw := &gzipWriter{ResponseWriter: w, pool: pool}
		defer zw.close()
		next.ServeHTTP(zw, r)
	})
}

// gzipWriter decides at the header whether to compress. It belongs to one request.
type gzipWriter struct {
	http.ResponseWriter
	pool    *sync.Pool
	zip     *gzip.Writer // nil: not compressing
	started bool
}

// Unwrap lets http.ResponseController reach the connection.
func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader chooses compression by the type of the content.
func (w *gzipWriter) WriteHeader(status int) {
	if w.started {
		return
	}
	w.started = true
	h := w.Header()
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	text := strings.HasPrefix(kind, "text/") && kind != "text/event-stream" ||
		kind == "application/json" || kind == "application/geo+json" || kind == "image/svg+xml" || kind == "application/problem+json" ||
		kind == "application/atom+xml" || kind == "application/ld+json"
	if text && h.Get("Content-Encoding") == "" && status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified {
		h.Set("Content-Encoding", "gzip")
		h.Add("Vary", "Accept-Encoding")
		h.Del("Content-Length")
		w.zip = w.pool.Get().(*gzip.Writer)
		w.zip.Reset(w.ResponseWriter)
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write compresses when the header chose to.
func (w *gzipWriter) Write(b []byte) (int, error) {
	if !w.started {
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", http.DetectContentType(b))
		}
		w.WriteHeader(http.StatusOK)
	}
	if w.zip != nil {
		return w.zip.Write(b)
	}
	return w.ResponseWriter.Write(b)
}

// FlushError sends what was written so far.
func (w *gzipWriter) FlushError() error {
	if w.zip != nil {
		if err := w.zip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *gzipWriter) close() {
	if w.zip != nil {
		_ = w.zip.Close() // the client has gone: nobody is left to tell
		w.pool.Put(w.zip)
	}
}
