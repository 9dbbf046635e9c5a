// Command horizon measures the planning over several days. It solves periodic routing instances with intermediate facilities (GeoJSON of
// iolab-uniud/pvrpif-instances) for a fixed time each, has every plan judged by horizon.Check, and prints a table beside the
// best known costs; or it makes a city and plans that.
package main

import (
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"polder.city/fleet/horizon"
)

func main() {
	seconds := flag.Float64("seconds", 60, "how long to search an instance")
	seed := flag.Uint64("seed", 1, "of the search")
	processor := flag.Bool("processor", false, "count seconds of processor time, so that a busy machine matters less")
	containers := flag.Int("containers", 0, "make a city of so many containers instead")
	days := flag.Int("days", 14, "of the made city")
	trucks := flag.Int("trucks", 8, "of the made city")
	points := flag.String("points", "", "a GeoJSON file of points for the made city's places")
	flag.Parse()
	if *containers > 0 {
		if err := city(*points, *containers, *days, *trucks, *seconds, *seed, *processor); err != nil {
			fmt.Fprintln(os.Stderr, "horizon:", err)
			os.Exit(1)
		}
		return
	}
	dir := "../shared/data/pvrpif"
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	if err := table(dir, flag.Args(), *seconds, *seed, *processor); err != nil {
		fmt.Fprintln(os.Stderr, "horizon:", err)
		os.Exit(1)
	}
}

// known is what is known of an instance.
type known struct {
	upper, lower float64
	proven       bool
}

// table solves the instances of a folder, or those of them whose names contain one of the words behind it.
func table(dir string, args []string, seconds float64, seed uint64, processor bool) error {
	best, err := readKnown(filepath.Join(dir, "best-known.csv"))
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.geojson"))
	if err != nil {
		return err
	}
	fmt.Printf("| instance | best known | proven | lower bound | Polder | gap to best | gap to bound |\n|---|---:|---|---:|---:|---:|---:|\n")
	sum, count, optimal, proven, feasible, all := 0.0, 0, 0, 0, 0, 0
	for _, name := range names {
		instance := strings.TrimSuffix(filepath.Base(name), ".geojson")
		if len(args) > 1 && !slices.ContainsFunc(args[1:], func(word string) bool { return strings.Contains(instance, word) }) {
			continue
		}
		plan, err := solve(name, seconds, seed, processor)
		all++
		if err != nil {
			fmt.Printf("| %s | | | | no plan: %v | | |\n", instance, err)
			continue
		}
		feasible++
		k, ok := best[instance]
		if !ok {
			fmt.Printf("| %s | none | | | %d | | |\n", instance, plan.Cost)
			continue
		}
		cost := float64(plan.Cost)
		gap := cost/k.upper - 1
		sum += gap
		count++
		if k.proven {
			proven++
			if cost == k.upper {
				optimal++
			}
		}
		fmt.Printf("| %s | %.0f | %t | %.0f | %d | %.2f %% | %.2f %% |\n", instance, k.upper, k.proven, k.lower, plan.Cost, 100*gap, 100*(cost/k.lower-1))
	}
	fmt.Printf("| mean of %d | | | | | %.2f %% | |\n\n%d of %d feasible; %d of %d proven optima reached\n",
		count, 100*sum/float64(max(1, count)), feasible, all, optimal, proven)
	return nil
}

// solve solves one instance and checks the plan.
func solve(name string, seconds float64, seed uint64, processor bool) (*horizon.Plan, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := horizon.ReadPVRPIF(f)
	if err != nil {
		return nil, err
	}
	options := horizon.Options{Seed: seed, Time: time.Duration(seconds * float64(time.Second))}
	if processor {
		began := processorTime()
		options.Elapsed = func() time.Duration { return processorTime() - began }
	}
	plan, err := horizon.Solve(context.Background(), p, options)
	if err != nil {
		return nil, err
	}
	return plan, horizon.Check(p, plan)
}

func readKnown(name string) (map[string]known, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	best := map[string]known{}
	for _, row := range rows[1:] {
		var k known
		if k.upper, err = strconv.ParseFloat(row[1], 64); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if k.lower, err = strconv.ParseFloat(row[3], 64); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		k.proven = row[2] == "yes"
		best[row[0]] = k
	}
	return best, nil
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
