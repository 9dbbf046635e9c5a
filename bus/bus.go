// Package bus carries messages between the parts of one process. It only says
// "look": what must not be missed is a row in the database with a cursor.
package bus

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// Topic names a stream of messages of type T.
type Topic[T any] string

// Bus hands each message of a topic to those who listen. The zero value is ready for use.
type Bus struct {
	mu sync.RWMutex
	// listeners holds the subscriptions of each topic. A slice is replaced, never changed. Guarded by mu.
	listeners map[string][]listener
}

// listener is a [Subscription] of any type.
type listener interface{ put(message any) }

// New returns an empty bus.
func New() *Bus { return &Bus{} }

// Publish hands the message to every subscriber of the topic. It never waits for
// one: whose queue is full loses its oldest message and is told so.
func Publish[T any](b *Bus, topic Topic[T], message T) {
	b.mu.RLock()
	listeners := b.listeners[string(topic)]
	b.mu.RUnlock()
	for _, l := range listeners {
		l.put(message)
	}
}

// Subscription is one listener's queue.
type Subscription[T any] struct {
	ctx   context.Context
	ready chan struct{} // holds one token when there may be messages

	mu     sync.Mutex
	queue  []T // a ring of fixed size; guarded by mu
	head   int // index of the oldest; guarded by mu
	length int // guarded by mu
	missed int // messages lost since the last one taken; guarded by mu
}

// Message is a message with what was lost before it.
type Message[T any] struct {
	Body   T
	Missed int // how many messages were dropped since the previous one, for want of room
}

// Subscribe listens to a topic from now on until ctx ends, with room for size messages (at least one).
func Subscribe[T any](ctx context.Context, b *Bus, topic Topic[T], size int) *Subscription[T] {
	s := &Subscription[T]{ctx: ctx, ready: make(chan struct{}, 1), queue: make([]T, max(size, 1))}
	name := string(topic)
	b.mu.Lock()
	if b.listeners == nil {
		b.listeners = map[string][]listener{}
	}
	b.listeners[name] = append(slices.Clip(b.listeners[name]), s)
	b.mu.Unlock()
	context.AfterFunc(ctx, func() { b.remove(name, s) })
	return s
}

func (b *Bus) remove(topic string, gone listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var left []listener
	for _, l := range b.listeners[topic] {
		if l != gone {
			left = append(left, l)
		}
	}
	if left == nil {
		delete(b.listeners, topic)
		return
	}
	b.listeners[topic] = left
}

// put adds a message, and drops the oldest when there is no room. The topic's
// type parameter guards that the message is a T, unless two topics share a name.
func (s *Subscription[T]) put(message any) {
	body, ok := message.(T)
	if !ok {
		return
	}
	s.mu.Lock()
	if s.length == len(s.queue) {
		s.head = (s.head + 1) % len(s.queue)
		s.length--
		s.missed++
	}
	s.queue[(s.head+s.length)%len(s.queue)] = body
	s.length++
	s.mu.Unlock()
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Next waits for the next message. It returns the error of the context that
// ended first: the given one (which may be shorter, for a heartbeat), or the subscription's.
func (s *Subscription[T]) Next(ctx context.Context) (Message[T], error) {
	for {
		if m, ok := s.take(); ok {
			return m, nil
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return Message[T]{}, ctx.Err()
		case <-s.ctx.Done():
			return Message[T]{}, s.ctx.Err()
		}
	}
}

// All yields messages until the subscription's context ends.
func (s *Subscription[T]) All() iter.Seq[Message[T]] {
	return func(yield func(Message[T]) bool) {
		for {
			m, err := s.Next(s.ctx)
			if err != nil || !yield(m) {
				return
			}
		}
	}
}

func (s *Subscription[T]) take() (Message[T], bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.length == 0 || s.ctx.Err() != nil {
		return Message[T]{}, false
	}
	var none T
	m := Message[T]{Body: s.queue[s.head], Missed: s.missed}
	s.queue[s.head] = none // lets go of what it points to
	s.head = (s.head + 1) % len(s.queue)
	s.length--
	s.missed = 0
	return m, true
}
