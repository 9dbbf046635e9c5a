package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"polder.city/account"
	"polder.city/city"
	"polder.city/internal/problem"
	"polder.city/store"
)

type cityCmd struct {
	Check cityCheckCmd `cmd:"" help:"Report every mistake in a city folder, with file, line and what to do."`
}

type cityCheckCmd struct {
	City string `arg:"" help:"Name of an embedded city, or a folder."`
}

// Run checks the folder.
func (c *cityCheckCmd) Run(g *Globals) error {
	folder, err := city.Folder(c.City)
	if err != nil {
		return err
	}
	loaded, problems := city.Load(folder)
	for _, p := range problems {
		fmt.Fprintln(g.out, p.Error())
	}
	_, wrong := readRegister(folder)
	if wrong != nil {
		fmt.Fprintln(g.out, wrong)
	}
	if _, err := messageOverrides(folder); err != nil {
		return err
	}
	if len(problems) > 0 || wrong != nil {
		return problem.New(problem.Invalid, "city.check", "The city folder has mistakes: they stand above.").At(c.City).Do("Correct them and check again.")
	}
	fmt.Fprintf(g.out, "%s: %d districts, %d streams, %d containers, %d things. No mistakes.\n",
		loaded.Name, len(loaded.Districts), len(loaded.Streams), len(loaded.Containers), len(loaded.Instances))
	return nil
}

type accountCmd struct {
	Invite   accountInviteCmd   `cmd:"" help:"Invite an official; prints a link that works once."`
	Key      accountKeyCmd      `cmd:"" help:"Make an API key for a program; it is shown only once."`
	Withdraw accountWithdrawCmd `cmd:"" help:"Withdraw the API key of a program."`
}

type accountInviteCmd struct {
	Role string `help:"What the official, or the crew of a truck, works as." enum:"administrator,planner,medewerker,wethouder,driver" default:"medewerker"`
	Name string `arg:"" help:"The name to sign in with."`
}

// Run makes the invitation.
func (c *accountInviteCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	token, err := a.accounts.Invite(ctx, c.Name, account.Role(c.Role), "system")
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s/welkom?code=%s\n", a.folder.Address, token)
	return nil
}

type accountKeyCmd struct {
	Name string `arg:"" help:"What the key is for."`
}

// Run makes the key.
func (c *accountKeyCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	key, err := a.accounts.NewKey(ctx, c.Name, account.Importer, "system")
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Fprintln(g.out, key)
	return nil
}

type accountWithdrawCmd struct {
	Name string `arg:"" help:"What the key was for."`
}

// Help shows an example.
func (accountWithdrawCmd) Help() string {
	return "For instance:\n  polder account withdraw weegbrug\n\nA server that runs refuses the key within a second."
}

// Run withdraws the key.
func (c *accountWithdrawCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	if err := errors.Join(a.accounts.WithdrawKey(ctx, c.Name, "system"), a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "The key of %s is withdrawn.\n", c.Name)
	return nil
}

type logCmd struct {
	Check     logCheckCmd     `cmd:"" help:"Recompute the whole log and compare it with what was signed."`
	Successor logSuccessorCmd `cmd:"" help:"After a restored backup: start a new log that names the old one and what was lost."`
}

type logCheckCmd struct{}

// Run recomputes the log.
func (logCheckCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	err = errors.Join(a.tlog.Check(ctx), a.gate.Check(ctx))
	status, statusErr := a.tlog.Status(ctx)
	if err := errors.Join(err, statusErr, a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "The log of %d entries is whole: every tile and the signed root follow from the entries.\n", status.Size)
	return nil
}

type logSuccessorCmd struct {
	Origin string `arg:"" help:"The new log's name for ever."`
}

// Run starts the new log.
func (c *logSuccessorCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	key, err := a.successor(ctx, c.Origin)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "The log goes on as %s. Publish its key:\n  %s\n", c.Origin, key.VKey())
	return nil
}

type backupCmd struct {
	File string `arg:"" help:"The file to write." type:"path"`
}

// Run writes the backup.
func (c *backupCmd) Run(ctx context.Context, g *Globals) error {
	f, err := openFolder(g.Data)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, f.database(g.Database), store.Options{Log: g.log, NoMigrate: true})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Backup(ctx, c.File), db.Close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s is written and checked. The log's key and state are not in it: keep %s in a safe, and never restore %s.\n",
		c.File, f.path(f.Log.Key), f.path(f.Log.State))
	return nil
}

type restoreCmd struct {
	File string `arg:"" help:"The backup." type:"path"`
}

// Run puts the backup in place.
func (c *restoreCmd) Run(ctx context.Context, g *Globals) error {
	f, err := openFolder(g.Data)
	if err != nil {
		return err
	}
	if strings.Contains(f.database(g.Database), "://") {
		return problem.New(problem.Invalid, "restore.postgres", "A PostgreSQL database is restored by its own tools.").Do("Use pg_restore, or your provider's backups.")
	}
	kept, err := store.Restore(ctx, c.File, f.database(g.Database))
	if err != nil {
		return err
	}
	fmt.Fprintf(g.out, "Restored. What stood there is kept as %s.\n", kept)
	fmt.Fprintln(g.out, "If decisions were logged after the backup, Polder serves without signing until 'polder log successor'.")
	return nil
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(g *Globals) error {
	fmt.Fprintf(g.out, "polder %s, %s, %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// release is set by the build of a release.
var release = "0.1.0"

// version is the release, with the commit where the build knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return release + "+" + s.Value[:12]
			}
		}
	}
	return release
}
