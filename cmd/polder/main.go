// Command polder is Polder: the open, accountable operating system of a
// data-driven city, in one binary. See 'polder --help'.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // a city has a time zone, also where the machine has no zone files

	"github.com/alecthomas/kong"

	"polder.city/internal/problem"
	"polder.city/store"
)

// Exit statuses.
const (
	exitOK      = 0
	exitFailed  = 1 // something went wrong on our side
	exitInvalid = 2 // the input is wrong: the message says where and the way out
	exitNoWork  = 3 // nothing is collected on that day
)

// commands are the subcommands, each in a file of its own.
type commands struct {
	Globals

	Serve        serveCmd        `cmd:"" help:"Serve the pages and the APIs, and make the daily plans."`
	Demo         demoCmd         `cmd:"" help:"Show a simulated Almere: sensors, plans, decisions, proofs."`
	Init         initCmd         `cmd:"" help:"Make a folder for a city: configuration, database, keys."`
	Plan         planCmd         `cmd:"" help:"Make the plan of a day, as the afternoon job does."`
	Check        checkCmd        `cmd:"" help:"Check a stored plan by rules that share no code with the planner."`
	Verify       verifyCmd       `cmd:"" help:"Check a downloaded decision against the log, without asking the city."`
	Containers   containersCmd   `cmd:"" help:"Import containers, and print the codes that stick on them."`
	Observations observationsCmd `cmd:"" help:"Import observations, or take an import back."`
	Weighings    weighingsCmd    `cmd:"" help:"Import weighings of an on-board computer or a weigh-bridge, or take an import back."`
	Roads        roadsCmd        `cmd:"" help:"Import streets, and ask for ways and times over them."`
	Forecast     forecastCmd     `cmd:"" help:"Measure how good the forecasts are."`
	Simulate     simulateCmd     `cmd:"" help:"Write a simulated city's containers and observations."`
	Algorithm    algorithmCmd    `cmd:"" help:"Stop an algorithm at once, or let it go on."`
	Collection   collectionCmd   `cmd:"" help:"Study how to collect, before a city does."`
	Fleet        fleetCmd        `cmd:"" help:"Plan or check routes of any vehicle-routing problem."`
	City         cityCmd         `cmd:"" help:"Check a city folder."`
	Account      accountCmd      `cmd:"" help:"Invite officials and make API keys."`
	Log          logCmd          `cmd:"" help:"Look after the transparency log."`
	Backup       backupCmd       `cmd:"" help:"Write a consistent copy of the database while it runs."`
	Restore      restoreCmd      `cmd:"" help:"Put a backup in the place of the database."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
}

// Globals are the flags of every subcommand.
type Globals struct {
	Data     string `help:"The city's folder, as 'polder init' made it." placeholder:"DIR" env:"POLDER_DATA" type:"path"`
	Database string `help:"Another database than the folder's own: postgres://user@host/name." placeholder:"URL" env:"POLDER_DATABASE"`
	LogLevel string `help:"How much is logged: debug, info, warn or error." enum:"debug,info,warn,error" default:"warn" env:"POLDER_LOG_LEVEL"`

	out io.Writer
	err io.Writer
	log *slog.Logger
}

// progress overwrites the terminal's last line with how far something is; a file or
// a pipe gets nothing. An empty text clears the line.
func (g *Globals) progress(format string, args ...any) {
	f, ok := g.out.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	fmt.Fprintf(f, "\r\x1b[K"+format, args...)
}

const description = `Polder: sensors in, plans and decisions out, every decision open to inspection.

Try it:
  polder demo                                    a simulated Almere on http://127.0.0.1:8080

Your own city:
  polder init --city almere ./stad               a name or a folder of your own
  polder roads import flevoland.osm.pbf          any OpenStreetMap extract
  polder containers import containers.csv        id,stream,lon,lat,volume_l[,place,address,sensor]
  polder observations import fills.csv           container,time,fill[,kind=fill|emptying|report]
  polder serve
  polder plan --date 2026-11-24
  polder verify decision.json

Exit status: 0 done, 1 our fault, 2 wrong input (the message names the place and the way out), 3 nothing to do on that day.`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main, for tests: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c, kong.Name("polder"), kong.Description(description), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(stderr, "polder:", err)
		return exitFailed
	}
	line, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "polder: %v\nSee 'polder --help'.\n", err)
		return exitInvalid
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong has checked it
	c.out, c.err = stdout, stderr
	c.log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	line.BindTo(ctx, (*context.Context)(nil))
	return status(line.Run(&c.Globals), stderr, c.log)
}

// status prints what went wrong for the person at the keyboard, logs the cause
// for the operator, and returns the exit status.
func status(err error, stderr io.Writer, log *slog.Logger) int {
	if err == nil {
		return exitOK
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "polder: stopped; nothing half-done was kept.")
		return exitFailed
	}
	if w, ok := errors.AsType[*noWorkError](err); ok {
		fmt.Fprintln(stderr, "polder:", w.Error())
		return exitNoWork
	}
	p, ok := errors.AsType[*problem.Error](err)
	if !ok && store.Damaged(err) {
		fmt.Fprintln(stderr, "polder: The database file is damaged. Stop Polder and restore a backup with 'polder restore'; keep the damaged file, it may hold what the backup does not. Cause:", err)
		return exitFailed
	}
	if !ok {
		fmt.Fprintln(stderr, "polder: something went wrong:", err)
		return exitFailed
	}
	fmt.Fprintln(stderr, "polder:", p.Error())
	log.Debug("cause", "error", err, "code", p.Code, "cause", p.Err)
	if p.Kind == problem.Internal || p.Kind == problem.Unavailable {
		return exitFailed
	}
	return exitInvalid
}
