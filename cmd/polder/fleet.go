package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"polder.city/fleet"
	"polder.city/internal/problem"
)

type fleetCmd struct {
	Solve fleetSolveCmd `cmd:"" help:"Plan routes for a problem in VRPLIB or Solomon's format or Polder's JSON."`
	Check fleetCheckCmd `cmd:"" help:"Judge a solution of such a problem, and say what is wrong with it."`
}

type fleetSolveCmd struct {
	Problem string        `arg:"" help:"The problem: FILE.vrp, FILE.txt (Solomon) or FILE.json." type:"path"`
	Time    time.Duration `help:"How long to search." default:"10s"`
	Seed    uint64        `help:"Of the search." default:"1"`
	Workers int           `help:"How many search at once." default:"1"`
	Rounds  int           `help:"How long to search, in iterations, instead of --time: the result is then the same every time." placeholder:"N"`
	Warm    string        `help:"A solution to begin with." placeholder:"FILE" type:"path"`
	SVG     string        `name:"svg" help:"Where to draw the routes, where the problem says where its places lie." placeholder:"FILE" type:"path"`
	Out     string        `help:"Where to write the solution, as JSON with all times." placeholder:"FILE" type:"path"`
}

// Help shows an example.
func (fleetSolveCmd) Help() string {
	return "For instance:\n  polder fleet solve X-n101-k25.vrp --time 30s --out routes.json\n\nInterrupted, it writes the best that it has found."
}

// Run searches, tells how it goes, and writes the best solution.
func (c *fleetSolveCmd) Run(ctx context.Context, g *Globals) error {
	p, err := readFleetProblem(c.Problem)
	if err != nil {
		return err
	}
	if c.SVG != "" && len(p.Coordinates) == 0 {
		return problem.New(problem.Invalid, "fleet.svg", "The problem does not say where its places lie, so that no routes can be drawn.").
			At(c.Problem).Do("Give it coordinates, or leave --svg out.")
	}
	began := time.Now()
	options := fleet.Options{Seed: c.Seed, Workers: c.Workers, OnBest: func(s *fleet.Solution) {
		g.progress("%.0f s: %d routes, %s", time.Since(began).Seconds(), len(s.Routes), fleetCost(p, s))
	}}
	if options.Iterations = c.Rounds; c.Rounds == 0 {
		options.Time = c.Time
	}
	if c.Warm != "" {
		if options.Warm, err = readFleetSolution(p, c.Warm); err != nil {
			return err
		}
	}
	s, err := fleet.Solve(ctx, p, options)
	g.progress("")
	missing, isMissing := errors.AsType[*fleet.MissingError](err)
	if s == nil || err != nil && !isMissing && ctx.Err() == nil {
		return err
	}
	if c.Out != "" {
		text, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			return fmt.Errorf("write the solution: %w", err)
		}
		if err := writeOutput(c.Out, append(text, '\n')); err != nil {
			return err
		}
	}
	if c.SVG != "" {
		if err := writeFile(c.SVG, func(w *bufio.Writer) error { return fleet.WriteSVG(w, p, s) }); err != nil {
			return err
		}
	}
	fmt.Fprintf(g.out, "%d routes serve %d of %d stops: %s.\n", len(s.Routes), len(p.Stops)-len(s.Unserved), len(p.Stops), fleetCost(p, s))
	if isMissing {
		return problem.New(problem.Invalid, "fleet.missing", "Not everything can be served: %s.", missing.Error()).At(c.Problem)
	}
	return nil
}

// fleetCost says what a solution costs and leaves.
func fleetCost(p *fleet.Problem, s *fleet.Solution) string {
	text := fmt.Sprintf("cost %d", s.Cost)
	left := int64(0)
	for _, i := range s.Unserved {
		left += p.Stops[i].Prize
	}
	if left > 0 {
		text += fmt.Sprintf(", prizes of %d not earned", left)
	}
	return text
}

type fleetCheckCmd struct {
	Problem  string `arg:"" help:"The problem: FILE.vrp, FILE.txt (Solomon) or FILE.json." type:"path"`
	Solution string `arg:"" help:"The solution: FILE.sol in VRPLIB format, or FILE.json." type:"path"`
}

// Help shows an example.
func (fleetCheckCmd) Help() string {
	return "For instance:\n  polder fleet check X-n101-k25.vrp routes.json\n  polder fleet check X-n101-k25.vrp X-n101-k25.sol\n\nThe checker shares no code with the search."
}

// Run judges the solution by a checker that shares no code with the search.
func (c *fleetCheckCmd) Run(g *Globals) error {
	p, err := readFleetProblem(c.Problem)
	if err != nil {
		return err
	}
	s, err := readFleetSolution(p, c.Solution)
	if err != nil {
		return err
	}
	if violations, ok := errors.AsType[fleet.Violations](fleet.Check(p, s)); ok {
		for _, v := range violations {
			fmt.Fprintln(g.out, v.Text)
		}
		return problem.New(problem.Invalid, "fleet.wrong", "The solution breaks %d rules.", len(violations)).At(c.Solution)
	}
	fmt.Fprintf(g.out, "%d routes, %s: can be carried out as it stands.\n", len(s.Routes), fleetCost(p, s))
	return nil
}

// readFleetProblem reads a problem by what its name ends in.
func readFleetProblem(name string) (*fleet.Problem, error) {
	f, err := openInput(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if filepath.Ext(name) == ".json" {
		p := &fleet.Problem{}
		if err := readFleetJSON(f, p); err != nil {
			return nil, fleetInvalid(name, "problem", err)
		}
		if err := p.Validate(); err != nil {
			return nil, err
		}
		return p, nil
	}
	p, err := fleet.ReadInstance(f)
	if err != nil {
		return nil, fleetInvalid(name, "problem", err)
	}
	return p, nil
}

// readFleetSolution reads a solution by what its name ends in.
func readFleetSolution(p *fleet.Problem, name string) (*fleet.Solution, error) {
	f, err := openInput(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if strings.EqualFold(filepath.Ext(name), ".json") {
		s := &fleet.Solution{}
		if err := readFleetJSON(f, s); err != nil {
			return nil, fleetInvalid(name, "solution", err)
		}
		return s, nil
	}
	routes, _, err := fleet.ReadVRPLIBSolution(f)
	if err != nil {
		return nil, fleetInvalid(name, "solution", err)
	}
	for i := range routes { // such files count nodes, and with several depots the first stops come later
		for j := range routes[i].Visits {
			routes[i].Visits[j].Index -= len(p.Depots) - 1
		}
	}
	s, err := fleet.Schedule(p, routes)
	if err != nil {
		return nil, fleetInvalid(name, "solution", err)
	}
	return s, nil
}

func readFleetJSON(r io.Reader, into any) error {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func fleetInvalid(name, what string, err error) error {
	return problem.New(problem.Invalid, "fleet."+what, "This is no %s that can be read: %v.", what, err).At(name).Cause(err)
}
