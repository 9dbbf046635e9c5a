package web

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
)

// TestMain fails when any page asked for a text in a way that the catalogue cannot answer: such a mistake is only
// logged, and shows as an odd word to somebody who looks.
func TestMain(m *testing.M) {
	watch := &messageWatch{Handler: slog.DiscardHandler}
	slog.SetDefault(slog.New(watch))
	code := m.Run()
	if n := watch.mistakes.Load(); n > 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "%d texts could not be made; see above\n", n)
		code = 1
	}
	os.Exit(code)
}

// messageWatch counts what package message complains of.
type messageWatch struct {
	slog.Handler
	mistakes atomic.Int64
}

func (w *messageWatch) Enabled(context.Context, slog.Level) bool { return true }

func (w *messageWatch) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "message" || r.Level < slog.LevelError {
		return nil
	}
	w.mistakes.Add(1)
	fmt.Fprint(os.Stderr, "a text could not be made:")
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(os.Stderr, " %s", a)
		return true
	})
	fmt.Fprintln(os.Stderr)
	return nil
}
