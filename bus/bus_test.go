package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"polder.city/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const numbers bus.Topic[int] = "numbers"

func Example() {
	b := bus.New()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	heard := bus.Subscribe(ctx, b, numbers, 2)
	for i := 1; i <= 4; i++ {
		bus.Publish(b, numbers, i)
	}
	for m := range heard.All() {
		fmt.Println(m.Body, "missed", m.Missed)
		if m.Body == 4 {
			break
		}
	}
	// Output:
	// 3 missed 2
	// 4 missed 0
}

func TestEverySubscriberOfTheTopicHearsAndOthersDoNot(t *testing.T) {
	b := bus.New()
	ctx := t.Context()
	one, two := bus.Subscribe(ctx, b, numbers, 1), bus.Subscribe(ctx, b, numbers, 1)
	other := bus.Subscribe(ctx, b, bus.Topic[string]("words"), 1)
	bus.Publish(b, numbers, 7)
	bus.Publish(b, bus.Topic[string]("words"), "seven")
	for _, s := range []*bus.Subscription[int]{one, two} {
		if m, err := s.Next(ctx); err != nil || m.Body != 7 || m.Missed != 0 {
			t.Errorf("got %+v, %v", m, err)
		}
	}
	if m, err := other.Next(ctx); err != nil || m.Body != "seven" {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestASubscriptionEndsWithItsContextAndAWaitWithItsOwn(t *testing.T) {
	b := bus.New()
	ctx, cancel := context.WithCancel(context.Background())
	s := bus.Subscribe(ctx, b, numbers, 1)
	short, stop := context.WithCancel(context.Background())
	stop()
	if _, err := s.Next(short); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	bus.Publish(b, numbers, 1)
	cancel()
	for range s.All() {
		t.Error("a message after the end")
	}
	bus.Publish(b, numbers, 2) // to nobody
}

func TestPublishersAndSubscribersMayComeAndGoAtOnce(t *testing.T) {
	b := bus.New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				bus.Publish(b, numbers, i)
			}
		})
		wg.Go(func() {
			for range 50 {
				ctx, cancel := context.WithCancel(context.Background())
				s := bus.Subscribe(ctx, b, numbers, 3)
				bus.Publish(b, numbers, -1)
				if _, err := s.Next(ctx); err != nil {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	wg.Wait()
}
