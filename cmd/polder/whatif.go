package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
)

// whatIf prints what the plan of a day would be, beside the plan as things are.
func (c *planCmd) whatIf(ctx context.Context, g *Globals, a *app, day time.Time) error {
	w, err := parseWhatIf(c.WhatIf)
	if err != nil {
		return err
	}
	began := time.Now()
	answer, err := a.collection.Suppose(ctx, day, w)
	if err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s as things are, and with %s:\n", day.Format(collection.DayLayout), strings.Join(c.WhatIf, ", "))
	t := tabwriter.NewWriter(g.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name, layout string, x, y float64) {
		fmt.Fprintf(t, "  %s\t"+layout+"\t"+layout+"\t%+.1f\t\n", name, x, y, y-x)
	}
	x, y := &answer.Now, &answer.Then
	row("hours", "%.1f", float64(x.Seconds)/3600, float64(y.Seconds)/3600)
	row("km", "%.1f", float64(x.Meters)/1000, float64(y.Meters)/1000)
	row("stops", "%.0f", float64(x.Stops), float64(y.Stops))
	row("tips", "%.0f", float64(x.Tips), float64(y.Tips))
	row("trucks", "%.0f", float64(x.Trucks), float64(y.Trucks))
	row("overtime, minutes", "%.0f", float64(x.Overtime)/60, float64(y.Overtime)/60)
	row("cost, euro", "%.0f", float64(x.Cents)/100, float64(y.Cents)/100)
	row("should be emptied, do not fit", "%.0f", float64(x.Unserved), float64(y.Unserved))
	row("container-days over full", "%.1f", float64(x.Overfull[0])/1000, float64(y.Overfull[0])/1000)
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "Kept equal: %d readings until %s, streets, seed %d, %d rounds of search, %d minutes of overtime. Nothing was decided (%.0f s).\n",
		answer.Observations, answer.AsOf.In(a.city.Location).Format("2 January 15.04"), answer.Seed, answer.Rounds, answer.Overtime/60, time.Since(began).Seconds())
	return nil
}

// parseWhatIf reads suppositions such as truck=K2.
func parseWhatIf(texts []string) (w collection.WhatIf, err error) {
	bad := func(text string) error {
		return problem.New(problem.Invalid, "whatif.form", "%q supposes nothing.", text).At("--what-if").
			Do("Write truck=ID, facility=ID, stream=ID, day=fri, holidays=yes, overflow=200 or hour=150 (per cent).")
	}
	for _, text := range texts {
		name, value, _ := strings.Cut(text, "=")
		switch name {
		case "truck":
			w.Trucks = append(w.Trucks, value)
		case "facility":
			w.Facilities = append(w.Facilities, value)
		case "stream":
			w.Streams = append(w.Streams, value)
		case "day":
			w.DayOff = value
		case "overflow":
			w.OverflowPercent, err = strconv.ParseInt(value, 10, 64)
		case "hour":
			w.HourPercent, err = strconv.ParseInt(value, 10, 64)
		case "holidays":
			if w.Holidays = value == "yes"; !w.Holidays {
				return w, bad(text)
			}
		default:
			return w, bad(text)
		}
		if err != nil || value == "" {
			return w, bad(text)
		}
	}
	return w, nil
}
