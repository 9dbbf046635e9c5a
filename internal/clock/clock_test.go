package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"polder.city/internal/clock"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestAClockThatStandsStillStandsStill(t *testing.T) {
	c := clock.New(noon, 0)
	if !c.Now().Equal(noon) || c.Rate() != 0 || c.Real() {
		t.Fatalf("it shows %v", c.Now())
	}
}

func TestItNeverGoesBack(t *testing.T) {
	c := clock.New(noon, 0)
	c.Forward(noon.Add(-time.Hour))
	if !c.Now().Equal(noon) {
		t.Fatalf("it went back to %v", c.Now())
	}
	c.Forward(noon.Add(time.Hour))
	if !c.Now().Equal(noon.Add(time.Hour)) {
		t.Fatalf("it shows %v", c.Now())
	}
}

func TestTheMachinesClockCannotBeSet(t *testing.T) {
	c := clock.Real()
	c.SetRate(0)
	c.Forward(time.Now().Add(time.Hour))
	if d := time.Since(c.Now()); d < -time.Second || d > time.Second {
		t.Fatalf("it is %v off", d)
	}
}

func TestWhoWaitsIsWokenByTheRateAndByAJump(t *testing.T) {
	defer goleak.VerifyNone(t)
	for name, wake := range map[string]func(*clock.Clock){
		"a rate": func(c *clock.Clock) { c.SetRate(1e6) },
		"a jump": func(c *clock.Clock) { c.Forward(noon.Add(2 * time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			c := clock.New(noon, 0)
			done := make(chan error, 1)
			go func() { done <- c.Wait(t.Context(), noon.Add(time.Hour)) }()
			wake(c)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if c.Now().Before(noon.Add(time.Hour)) {
				t.Fatalf("woken at %v", c.Now())
			}
		})
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := clock.New(noon, 0).Wait(ctx, noon.Add(time.Hour)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestAHeldClockRunsNoFasterThanTheMachines(t *testing.T) {
	c := clock.New(noon, 1e6) // a second is eleven days
	first, second := c.Hold(), c.Hold()
	held := c.Now()
	if rate := c.Rate(); rate != 1e6 {
		t.Errorf("the rate that was set reads as %v", rate)
	}
	first()
	first() // a second release of the same hold is none
	if d := c.Now().Sub(held); d > time.Minute {
		t.Errorf("while it was held it ran on by %v", d)
	}
	second()
	if err := c.Wait(t.Context(), held.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	slow := clock.New(noon, 0)
	defer slow.Hold()()
	if !slow.Now().Equal(noon) {
		t.Error("a clock that stands still was started by a hold")
	}
}
