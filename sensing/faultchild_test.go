package sensing_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"polder.city/bus"
	"polder.city/internal/clock"
	"polder.city/sensing"
	"polder.city/store"
)

// faultEnv makes the test binary the child of the tests with a bad disk: it names the database.
const faultEnv = "POLDER_SENSING_FAULT"

// faultReading is what a caller of the child sends under a key.
func faultReading(key string) []sensing.Reading {
	worker, _, _ := strings.Cut(key, "-")
	n, _ := strconv.Atoi(worker)
	return []sensing.Reading{{DatastreamKey: fmt.Sprintf("FIL-%03d-R/fill", n%3+1), Time: noon, Value: 0.5, Key: key}}
}

// faultChild observes from eight callers at once, each under a new key once the last
// was stored, and prints what each was answered: "stored KEY ID" or "failed KEY CODE HEALTH".
// It returns only where it is not the child.
func faultChild() {
	path := os.Getenv(faultEnv)
	if path == "" {
		return
	}
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	db, err := store.Open(ctx, path, store.Options{Log: log})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := sensing.New(db, bus.New(), clock.New(noon, 0), sensing.Options{Log: log})
	go func() { _ = s.Run(ctx) }()
	var mu sync.Mutex // one line at a time
	say := func(line ...any) {
		mu.Lock()
		defer mu.Unlock()
		if _, err := fmt.Println(line...); err != nil {
			os.Exit(1)
		}
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := 0; ; {
				key := fmt.Sprintf("%d-%d", worker, i)
				results, err := s.Observe(ctx, faultReading(key))
				if err != nil {
					say("failed", key, code(err), code(db.Healthy(ctx)))
					time.Sleep(time.Millisecond)
					continue
				}
				if results[0].Err != nil {
					fmt.Fprintln(os.Stderr, results[0].Err)
					os.Exit(1)
				}
				say("stored", key, results[0].ID)
				i++
			}
		})
	}
	wg.Wait()
}
