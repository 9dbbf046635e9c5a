package main

import (
	"bufio"
	"context"
	"errors"
)

type forecastCmd struct {
	Backtest backtestCmd `cmd:"" help:"Forecast the past, day by day, and score it against what happened."`
}

type backtestCmd struct {
	Days int    `help:"How many days back to test." default:"14"`
	SVG  string `help:"Draw it in this file too." name:"svg" placeholder:"FILE" type:"path"`
}

// Help shows an example.
func (backtestCmd) Help() string {
	return "For instance:\n  polder forecast backtest --days 14 --svg backtest.svg"
}

// Run prints the scores.
func (c *backtestCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	report, err := a.collection.Backtest(ctx, c.Days)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	if c.SVG != "" {
		if err := writeFile(c.SVG, func(w *bufio.Writer) error { return report.WriteSVG(w) }); err != nil {
			return err
		}
	}
	return report.WriteTable(g.out)
}
