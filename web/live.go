package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"polder.city/internal/message"
)

// Live sends values that change to the pages that show them, as server-sent events.
// An element with data-live="KEY" shows the newest text of KEY, fades it in and says "zojuist".
// It is safe for concurrent use; the zero value is not usable.
type Live struct {
	mu        sync.Mutex
	listeners map[*listener]bool // guarded by mu
}

// Value is a new value of a key, such as "container:FIL-014-R:fill".
type Value struct {
	Key  string
	Text func(p *message.Printer) string // the text in the reader's language
	// Data goes to scripts, such as the map's symbol: {"value": 0.71}. May be nil.
	Data map[string]any
}

// listener is one open page. What it has not read yet is kept by key, the newest
// only, so that a slow reader costs no more than the keys that it asked for.
type listener struct {
	keys    map[string]bool // nil: the keys with the prefix
	prefix  string
	mu      sync.Mutex
	waiting map[string]Value // guarded by mu
	wake    chan struct{}    // holds one
}

// MaxListeners is how many pages may listen at once; more are asked to come back later.
const MaxListeners = 2000

// maxKeys is how many keys a page may listen to, maxWaiting how many values may wait for one page.
const (
	maxKeys    = 200
	maxWaiting = 2000
)

// NewLive returns a Live without listeners.
func NewLive() *Live { return &Live{listeners: map[*listener]bool{}} }

// Send hands a value to every page that shows its key. It does not block.
func (l *Live) Send(v Value) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.listeners {
		if !c.wants(v.Key) {
			continue
		}
		c.mu.Lock()
		if _, known := c.waiting[v.Key]; known || len(c.waiting) < maxWaiting {
			c.waiting[v.Key] = v
		}
		c.mu.Unlock()
		select {
		case c.wake <- struct{}{}:
		default: // it will wake already
		}
	}
}

func (c *listener) wants(key string) bool {
	return c.keys[key] || c.prefix != "" && strings.HasPrefix(key, c.prefix)
}

func (c *listener) take() []Value {
	c.mu.Lock()
	defer c.mu.Unlock()
	values := make([]Value, 0, len(c.waiting))
	for _, v := range c.waiting {
		values = append(values, v)
	}
	clear(c.waiting)
	return values
}

// Listeners returns how many pages listen now.
func (l *Live) Listeners() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.listeners)
}

func (l *Live) add(c *listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.listeners) >= MaxListeners {
		return false
	}
	l.listeners[c] = true
	return true
}

func (l *Live) remove(c *listener) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.listeners, c)
}

// handler streams the values of ?key=…&key=… or ?prefix=…, in the language of ?lang=.
func (l *Live) handler(printer func(*http.Request) *message.Printer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		c := &listener{prefix: q.Get("prefix"), keys: map[string]bool{}, waiting: map[string]Value{}, wake: make(chan struct{}, 1)}
		for i, key := range q["key"] {
			if i == maxKeys {
				break
			}
			c.keys[key] = true
		}
		if !l.add(c) {
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer l.remove(c)
		p := printer(withLanguage(r, q.Get("lang")))
		h := w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Accel-Buffering", "no")
		stream := http.NewResponseController(w)
		_ = stream.SetWriteDeadline(time.Time{}) // a server without deadlines has none to lift
		if _, err := w.Write([]byte("retry: 3000\n\n")); err != nil || stream.Flush() != nil {
			return
		}
		beat := time.NewTicker(25 * time.Second) // keeps proxies from closing an idle stream
		defer beat.Stop()
		for {
			select {
			case <-r.Context().Done():
				return
			case <-beat.C:
				if _, err := w.Write([]byte(":\n\n")); err != nil {
					return
				}
			case <-c.wake:
				for _, v := range c.take() {
					if err := writeValue(w, p, v); err != nil {
						return
					}
				}
			}
			if stream.Flush() != nil {
				return
			}
		}
	})
}

func writeValue(w http.ResponseWriter, p *message.Printer, v Value) error {
	event := map[string]any{"key": v.Key}
	if v.Text != nil {
		event["text"] = v.Text(p)
	}
	if v.Data != nil {
		event["data"] = v.Data
	}
	line, err := json.Marshal(event)
	if err != nil {
		return err
	}
	_, err = w.Write(append(append([]byte("data: "), line...), '\n', '\n'))
	return err
}
