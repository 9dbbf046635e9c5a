// Command forecast writes what bench/forecast/compare.py judges: the daily levels of a world's containers, and
// for every origin, container and horizon the fill that came and a hundred quantiles of what this package forecast.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"polder.city/forecast"
)

// world is a set of containers with what came of them.
type world struct {
	series   []forecast.Series
	location *time.Location
	holiday  func(time.Time) bool
	origins  []time.Time
	// level is what the sensor shows at a time of day; peers learn from its changes. ok is false where nothing was read.
	level func(i int, at time.Time) (fill float64, ok bool)
	// came returns the fill that was reached, false where it is unknown or an emptying came between.
	came func(i int, from, to time.Time) (fill float64, ok bool)
	// exact: the belief of the fill at the origin is the level that the sensor shows; else it is the model's.
	exact bool
	// all: those that were emptied in between are judged too.
	all bool
	// round returns the level as which a fill shows; nil when any is.
	round func(fill float64) float64
}

// horizons are those that are judged, in days of 24 hours.
var horizons = [4]int{1, 2, 3, 7}

const quantiles = 100

func main() {
	name := flag.String("world", "bins", "bins or city")
	bins := flag.String("bins", "../shared/data/bins/fills.csv", "the street bins' file")
	from := flag.String("from", "2020-07-01", "bins: the first origin")
	to := flag.String("to", "2021-05-04", "bins: no origin from here on")
	every := flag.Int("every", 5, "days between origins; not a multiple of 7, so that every weekday has its turn")
	containers := flag.Int("containers", 120, "city: how many")
	days := flag.Int("days", 180, "city: how many in all; the last third is judged")
	seed := flag.Uint64("seed", 1, "city: the same seed gives the same city")
	whole := flag.Bool("whole", false, "city: no broken sensors")
	all := flag.Bool("all", false, "city: judge also where it was emptied in between, as if it had not been")
	out := flag.String("out", ".", "the folder to write levels.csv and cases.csv in")
	flag.Parse()
	err := func() error {
		var w *world
		var err error
		if *name == "city" {
			w, err = drawCity(*containers, *days, *every, *seed, *whole, *all)
		} else {
			w, err = readBins(*bins, *from, *to, *every)
		}
		if err != nil {
			return err
		}
		return w.write(*out)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "forecast:", err)
		os.Exit(1)
	}
}

// write runs the forecasts and writes both files.
func (w *world) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	err := writeFile(filepath.Join(folder, "levels.csv"), w.writeLevels)
	return errors.Join(err, writeFile(filepath.Join(folder, "cases.csv"), w.writeCases))
}

// writeLevels writes each container's level at the origins' time of day, day by day.
func (w *world) writeLevels(out *bufio.Writer) error {
	fmt.Fprintln(out, "id,group,day,level,emptied")
	first := w.origins[0]
	for i := range w.series {
		s := &w.series[i]
		if len(s.Samples) == 0 {
			continue
		}
		before := s.Samples[0].At
		back := int(first.Sub(before)/(24*time.Hour)) + 1
		for d := -back; ; d++ {
			at := first.AddDate(0, 0, d)
			if at.After(s.Samples[len(s.Samples)-1].At) {
				break
			}
			level, ok := w.level(i, at)
			if !ok {
				continue
			}
			fmt.Fprintf(out, "%s,%s,%d,%.4f,%d\n", s.ID, s.Group, d, level, w.emptied(i, before, at))
			before = at
		}
	}
	return nil
}

// emptied counts the emptyings of a container in (from, to].
func (w *world) emptied(i int, from, to time.Time) (n int) {
	for _, e := range w.series[i].Emptyings {
		if e.After(from) && !e.After(to) {
			n++
		}
	}
	return n
}

// writeCases writes what came and what was forecast.
func (w *world) writeCases(out *bufio.Writer) error {
	fmt.Fprint(out, "id,group,day,horizon,now,came")
	for k := range quantiles {
		fmt.Fprintf(out, ",q%d", k)
	}
	fmt.Fprintln(out)
	var row []byte
	for _, at := range w.origins {
		m, err := forecast.Fit(context.Background(), w.series, at, forecast.Options{Location: w.location, Holiday: w.holiday})
		if err != nil {
			return err
		}
		day := int(math.Round(at.Sub(w.origins[0]).Hours() / 24))
		for i := range w.series {
			f, _ := m.Forecast(w.series[i].ID)
			now := f.Now.Mean
			if w.exact {
				level, ok := w.level(i, at)
				if !ok {
					continue
				}
				now = level
			}
			curve := f.Curve
			if !w.all {
				curve = f.Kept()
			}
			for _, h := range horizons {
				to := at.AddDate(0, 0, h)
				came, ok := w.came(i, at, to)
				if !ok {
					continue
				}
				row = fmt.Appendf(row[:0], "%s,%s,%d,%d,%.4f,%.4f", f.ID, f.Group, day, h, now, came)
				for k := range quantiles {
					q := curve.Quantile(to, (float64(k)+0.5)/quantiles)
					if w.round != nil {
						q = w.round(q)
					}
					row = strconv.AppendFloat(append(row, ','), q, 'f', 4, 64)
				}
				if _, err := out.Write(append(row, '\n')); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func writeFile(name string, write func(*bufio.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(w), w.Flush(), f.Close())
}
