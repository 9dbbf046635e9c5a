package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"polder.city/collection/study"
	"polder.city/internal/message"
	"polder.city/internal/problem"
)

type collectionCmd struct {
	Study studyCmd `cmd:"" help:"Compare ways to collect in simulated worlds, and write a report."`
}

type studyCmd struct {
	World    string        `help:"groningen (the paper's) or almere (the hard one)." enum:"groningen,almere" default:"groningen"`
	Policies []string      `help:"Only these policies, of those that the report names." placeholder:"NAME"`
	Seeds    int           `help:"At most so many replications." default:"20"`
	Tune     bool          `help:"On the seeds for tuning, not on those for reporting."`
	Weeks    int           `help:"Weeks that count; the frozen number when not given." placeholder:"N"`
	Rounds   int           `help:"Rounds of the solver for each day and each policy." default:"2000"`
	Budget   time.Duration `help:"No replication begins that would not end within it." default:"2h"`
	Quick    bool          `help:"One week, each policy at its usual level, fewer rounds: under two minutes."`
	Out      string        `help:"The folder to write report.html, report.en.html, runs.csv and comparison.csv in." placeholder:"DIR" type:"path"`
}

// Help shows an example.
func (studyCmd) Help() string {
	return "For instance:\n  polder collection study --world groningen --quick --out study\n\n" +
		"Worlds and seeds are frozen in collection/study/worlds.yaml; the same command gives the same figures, but for the budget."
}

// reference is the policy that the others are set beside: the best published one.
const reference = "isr-km"

// Run lives the worlds and writes the report.
func (c *studyCmd) Run(ctx context.Context, g *Globals) error {
	frozen, err := study.ReadFrozen()
	if err != nil {
		return err
	}
	w, err := frozen.World(c.World)
	if err != nil {
		return err
	}
	r, err := c.request(frozen, w)
	if err != nil {
		return err
	}
	r.Progress = func(seed, done, all int) { g.progress("%s: replication %d, %d of %d runs", c.World, seed, done, all) }
	s, err := study.Conduct(ctx, w, r)
	g.progress("")
	if err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s: %d policies and levels, seeds %v, %d days each, in %s.\n", c.World, len(s.Points), s.Seeds, r.Span.Counted, s.Took.Round(time.Second))
	if !s.Narrow {
		fmt.Fprintln(g.out, "The differences are not known to within 1 % yet: more seeds or a larger budget would tell.")
	}
	fmt.Fprintln(g.out, "Again:", c.command())
	if err := s.WriteTable(g.out); err != nil {
		return err
	}
	if c.Out == "" {
		return nil
	}
	return c.write(s, frozen)
}

// request puts the flags in the study's words.
func (c *studyCmd) request(frozen *study.Frozen, w *study.World) (study.Request, error) {
	r := study.Request{
		Seeds: frozen.Report, Families: study.Families(w), Options: study.Options{Span: frozen.Span(), Rounds: c.Rounds}, Budget: c.Budget, Enough: 0.01,
		Reference: reference,
	}
	if c.Tune {
		r.Seeds = frozen.Tune
	}
	if c.Weeks > 0 {
		r.Span.Counted = 7 * c.Weeks
	}
	if c.Quick {
		r.Span, r.Rounds, r.Usual = study.Span{Found: 14, WarmUp: 3, Counted: 7}, min(c.Rounds, 150), true
		c.Seeds = min(c.Seeds, 2)
	}
	if c.Seeds < 1 || c.Rounds < 1 {
		return r, problem.New(problem.Invalid, "study.seeds", "A study needs at least one replication and one round.").At("--seeds")
	}
	r.Seeds = r.Seeds[:min(c.Seeds, len(r.Seeds))]
	if len(c.Policies) > 0 {
		var names []string
		for _, f := range r.Families {
			names = append(names, f.Name)
		}
		for _, name := range c.Policies {
			if !slices.Contains(names, name) {
				return r, problem.New(problem.Invalid, "study.policy", "There is no policy %q in this world.", name).At("--policies").Do("Use one of: %s.", strings.Join(names, ", "))
			}
		}
		r.Families = slices.DeleteFunc(r.Families, func(f study.Family) bool { return !slices.Contains(c.Policies, f.Name) })
		if !slices.Contains(c.Policies, r.Reference) {
			r.Reference = c.Policies[0]
		}
	}
	return r, nil
}

// command is how the study can be made again.
func (c *studyCmd) command() string {
	parts := []string{"polder collection study --world " + c.World}
	if len(c.Policies) > 0 {
		parts = append(parts, "--policies "+strings.Join(c.Policies, ","))
	}
	parts = append(parts, fmt.Sprintf("--seeds %d --rounds %d", c.Seeds, c.Rounds))
	if c.Weeks > 0 {
		parts = append(parts, fmt.Sprintf("--weeks %d", c.Weeks))
	}
	if c.Tune {
		parts = append(parts, "--tune")
	}
	if c.Quick {
		parts = append(parts, "--quick")
	}
	return strings.Join(append(parts, "--budget "+c.Budget.String()), " ")
}

func (c *studyCmd) write(s *study.Study, frozen *study.Frozen) error {
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return problem.New(problem.Invalid, "study.out", "The folder %s cannot be made.", c.Out).At("--out").Do("Name another.").Cause(err)
	}
	catalogue, err := message.Load()
	if err != nil {
		return err
	}
	files := []struct {
		name  string
		write func(w *bufio.Writer) error
	}{
		{"runs.csv", func(w *bufio.Writer) error { return s.WriteRuns(w) }},
		{"comparison.csv", func(w *bufio.Writer) error { return s.WriteComparison(w) }},
		{"report.html", func(w *bufio.Writer) error {
			return s.WriteHTML(w, catalogue.Printer("nl", s.World.Location), frozen.Frozen, c.command())
		}},
		{"report.en.html", func(w *bufio.Writer) error {
			return s.WriteHTML(w, catalogue.Printer("en", s.World.Location), frozen.Frozen, c.command())
		}},
	}
	var errs []error
	for _, f := range files {
		errs = append(errs, writeFile(filepath.Join(c.Out, f.name), f.write))
	}
	return errors.Join(errs...)
}
