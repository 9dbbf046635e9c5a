// Command fleet solves instances in VRPLIB format for a fixed time, has each solution
// judged by fleet.Check, and prints a line of JSON an instance.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"polder.city/fleet"
)

type line struct {
	Instance string `json:"instance"`
	// Objective is the cost, and the prizes of the stops that are not served.
	Objective int64   `json:"objective"`
	Routes    int     `json:"routes"`
	Unserved  int     `json:"unserved"`
	Seconds   float64 `json:"seconds"`
}

func main() {
	seconds := flag.Float64("seconds", 5, "how long to search an instance")
	seed := flag.Uint64("seed", 1, "of the search")
	workers := flag.Int("workers", 1, "how many search at once")
	processor := flag.Bool("processor", false, "count seconds of processor time, so that a busy machine matters less")
	flag.Parse()
	for _, name := range flag.Args() {
		options := fleet.Options{Seed: *seed, Time: time.Duration(*seconds * float64(time.Second)), Workers: *workers}
		if *processor {
			began := processorTime()
			options.Elapsed = func() time.Duration { return (processorTime() - began) / time.Duration(*workers) }
		}
		if err := run(name, options); err != nil {
			fmt.Fprintln(os.Stderr, "fleet:", err)
			os.Exit(1)
		}
	}
}

func run(name string, options fleet.Options) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	p, err := fleet.ReadVRPLIB(f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	began := time.Now()
	s, err := fleet.Solve(context.Background(), p, options)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := time.Since(began)
	if err := fleet.Check(p, s); err != nil {
		return fmt.Errorf("%s: the solution is not feasible: %w", name, err)
	}
	instance := strings.TrimSuffix(filepath.Base(name), ".vrp")
	objective := s.Cost
	for _, i := range s.Unserved {
		objective += p.Stops[i].Prize
	}
	return json.NewEncoder(os.Stdout).Encode(line{instance, objective, len(s.Routes), len(s.Unserved), took.Seconds()})
}

// processorTime returns how long this process has run on processors.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // it cannot fail for the process itself
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
