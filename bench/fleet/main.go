// Command fleet solves capacitated instances in VRPLIB format for a fixed time on one
// thread, has each solution judged by fleet.Check, and prints a line of JSON an instance.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"polder.city/fleet"
)

type line struct {
	Instance string  `json:"instance"`
	Cost     int64   `json:"cost"`
	Routes   int     `json:"routes"`
	Seconds  float64 `json:"seconds"`
}

func main() {
	seconds := flag.Float64("seconds", 5, "how long to search an instance")
	seed := flag.Uint64("seed", 1, "of the search")
	flag.Parse()
	for _, name := range flag.Args() {
		if err := run(name, *seconds, *seed); err != nil {
			fmt.Fprintln(os.Stderr, "fleet:", err)
			os.Exit(1)
		}
	}
}

func run(name string, seconds float64, seed uint64) error {
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
	s, err := fleet.Solve(context.Background(), p, fleet.Options{Seed: seed, Time: time.Duration(seconds * float64(time.Second))})
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := time.Since(began)
	if err := fleet.Check(p, s); err != nil {
		return fmt.Errorf("%s: the solution is not feasible: %w", name, err)
	}
	instance := strings.TrimSuffix(filepath.Base(name), ".vrp")
	return json.NewEncoder(os.Stdout).Encode(line{instance, s.Cost, len(s.Routes), took.Seconds()})
}
