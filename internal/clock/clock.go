// Package clock tells the time to everything that decides by it, so that a demo
// can run sixty times as fast and a test can stand still.
package clock

import (
	"context"
	"sync"
	"time"
)

// Clock tells the time. The zero value is not usable: see [Real] and [New].
type Clock struct {
	mu   sync.Mutex
	real bool
	// The clock showed shown when the machine's clock showed at, and runs rate times as fast since. Guarded by mu.
	at, shown time.Time
	rate      float64
	holds     int // how much work keeps it from running ahead; guarded by mu
	// changed is closed and replaced when the rate or the time is set, so that waiters look again. Guarded by mu.
	changed chan struct{}
}

// Real returns the machine's clock. It cannot be set.
func Real() *Clock { return &Clock{real: true, rate: 1, changed: make(chan struct{})} }

// New returns a clock that shows start now and runs rate times as fast as the machine's; rate 0 stands still.
func New(start time.Time, rate float64) *Clock {
	return &Clock{at: time.Now(), shown: start, rate: rate, changed: make(chan struct{})}
}

// Now returns the time that the clock shows, in UTC.
func (c *Clock) Now() time.Time {
	if c.real {
		return time.Now().UTC()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	return c.shown.Add(time.Duration(float64(time.Since(c.at)) * c.speed())).UTC()
}

func (c *Clock) speed() float64 {
	if c.holds > 0 {
		return min(c.rate, 1)
	}
	return c.rate
}

// Real reports whether this is the machine's clock.
func (c *Clock) Real() bool { return c.real }

// Rate returns how many times as fast as the machine's clock it runs.
func (c *Clock) Rate() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rate
}

// SetRate changes the speed from now on; 0 pauses. The machine's clock ignores it.
func (c *Clock) SetRate(rate float64) {
	if c.real {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(func() { c.rate = rate })
}

// turn changes the speed from now on.
func (c *Clock) turn(change func()) {
	c.shown, c.at = c.now(), time.Now()
	change()
	c.wake()
}

// Hold keeps a fast clock at the speed of the machine's until release is called, so that work which
// takes seconds does not take hours of a demo's day. Any number may hold it.
func (c *Clock) Hold() (release func()) {
	if c.real {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn(func() { c.holds++ })
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.turn(func() { c.holds-- })
	})
}

// Forward moves the clock to t; it never goes back, and the machine's clock ignores it.
func (c *Clock) Forward(t time.Time) {
	if c.real {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now()) {
		c.shown, c.at = t, time.Now()
		c.wake()
	}
}

func (c *Clock) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Wait returns when the clock shows t or later, or with ctx's error when ctx ends first.
func (c *Clock) Wait(ctx context.Context, t time.Time) error {
	for {
		c.mu.Lock()
		now, rate, changed := time.Now().UTC(), c.speed(), c.changed
		if !c.real {
			now = c.now()
		}
		c.mu.Unlock()
		left := t.Sub(now)
		if left <= 0 {
			return nil
		}
		var ring <-chan time.Time
		var timer *time.Timer
		if rate > 0 {
			timer = time.NewTimer(time.Duration(float64(left)/rate) + time.Millisecond)
			ring = timer.C
		}
		select {
		case <-ring:
		case <-changed:
		case <-ctx.Done():
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
