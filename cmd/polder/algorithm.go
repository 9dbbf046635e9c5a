package main

import (
	"context"
	"errors"
	"fmt"
)

type algorithmCmd struct {
	Stop   algorithmStopCmd   `cmd:"" help:"Stop an algorithm: from now on it decides and advises nothing."`
	Resume algorithmResumeCmd `cmd:"" help:"Let an algorithm that was stopped go on."`
}

// stopFlags say who stops an algorithm, and why: both stand in the register and in the log.
type stopFlags struct {
	Role      string `help:"In which role; it must be one of the city's." default:"planner"`
	Motive    string `help:"Why. It is published." required:""`
	Algorithm string `arg:"" help:"The algorithm's id in the register, as inzamelplan."`
}

func (f *stopFlags) set(ctx context.Context, g *Globals, stopped bool) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	err = a.register.SetStopped(ctx, f.Algorithm, stopped, f.Role, f.Motive)
	if err == nil {
		err = a.accounts.Audit(ctx, "system", map[bool]string{true: "algorithm.stop", false: "algorithm.resume"}[stopped], "algorithm:"+f.Algorithm, "ok")
	}
	return errors.Join(err, a.close())
}

type algorithmStopCmd struct{ stopFlags }

// Help shows an example.
func (algorithmStopCmd) Help() string {
	return "For instance:\n  polder algorithm stop inzamelplan --motive 'De sensoren van rest geven sinds maandag te hoge waarden.'\n\nThe stop and its motive are published in the register and stand in the log."
}

// Run stops it.
func (c *algorithmStopCmd) Run(ctx context.Context, g *Globals) error {
	if err := c.set(ctx, g, true); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s is stopped: it decides and advises nothing until 'polder algorithm resume %s'.\n", c.Algorithm, c.Algorithm)
	return nil
}

type algorithmResumeCmd struct{ stopFlags }

// Help shows an example.
func (algorithmResumeCmd) Help() string {
	return "For instance:\n  polder algorithm resume inzamelplan --motive 'De sensoren zijn gerepareerd.'"
}

// Run lets it go on.
func (c *algorithmResumeCmd) Run(ctx context.Context, g *Globals) error {
	if err := c.set(ctx, g, false); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s goes on.\n", c.Algorithm)
	return nil
}
