package main

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"polder.city/forecast"
)

const day = 24 * time.Hour

// readBins reads the street bins of Wyndham as forecast/bins_test.go does: an alarm at level 0 is a sensor fault, a fall to a fifth
// or less is a collection. Judged are starts below 80 % without any fall on the way (collection.md 3.5).
func readBins(name, from, to string, every int) (*world, error) {
	first, err := time.Parse(time.DateOnly, from)
	if err != nil {
		return nil, err
	}
	end, err := time.Parse(time.DateOnly, to)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	index := make(map[string]int)
	var ids []string
	var days []map[time.Time]float64
	for _, row := range rows[1:] {
		step, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		at, err := time.Parse("02-01-2006", row[3])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if row[4] == "ALERT" && step == 0 {
			continue
		}
		i, ok := index[row[0]]
		if !ok {
			i = len(ids)
			index[row[0]] = i
			ids, days = append(ids, row[0]), append(days, make(map[time.Time]float64))
		}
		days[i][at] = float64(step) / 10
	}
	w := &world{location: time.UTC, exact: true, round: func(fill float64) float64 { return math.Min(math.Round(fill*5)/5, 1) }}
	for i, id := range ids {
		w.series = append(w.series, binSeries(id, days[i]))
	}
	for at := first; at.Before(end); at = at.AddDate(0, 0, every) {
		w.origins = append(w.origins, at)
	}
	w.level = func(i int, at time.Time) (float64, bool) {
		level, ok := days[i][at]
		return level, ok
	}
	w.came = func(i int, from, to time.Time) (float64, bool) {
		level, ok := days[i][from]
		if !ok || level > 0.8-1e-9 {
			return 0, false
		}
		for at := from.Add(day); !at.After(to); at = at.Add(day) {
			next, ok := days[i][at]
			if !ok || next < level-1e-9 {
				return 0, false
			}
			level = next
		}
		return level, true
	}
	return w, nil
}

func binSeries(id string, days map[time.Time]float64) forecast.Series {
	s := forecast.Series{ID: id, Group: "street"}
	var first, last time.Time
	for at := range days {
		if first.IsZero() || at.Before(first) {
			first = at
		}
		if at.After(last) {
			last = at
		}
	}
	before := math.NaN()
	for at := first; !at.After(last); at = at.Add(day) {
		level, ok := days[at]
		if !ok {
			continue
		}
		s.Samples = append(s.Samples, forecast.Sample{At: at, Fill: level})
		if level < before-1e-9 && level <= 0.2 {
			s.Emptyings = append(s.Emptyings, at.Add(-time.Hour))
		}
		before = level
	}
	return s
}
