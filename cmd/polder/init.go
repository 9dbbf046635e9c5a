package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"polder.city/account"
	"polder.city/city"
	"polder.city/decision/tlog"
	"polder.city/internal/problem"
)

type initCmd struct {
	City    string `help:"Name of an embedded city, or a city folder." required:"" placeholder:"NAME|DIR"`
	Origin  string `help:"The transparency log's name for ever, as a host and path; the city's own when not given." placeholder:"NAME"`
	Address string `help:"How people will reach the pages." default:"http://127.0.0.1:8080"`
	Dir     string `arg:"" help:"The folder to make." type:"path"`
}

// Help shows an example.
func (initCmd) Help() string {
	return "For instance:\n  polder init --city almere ./stad\n  polder init --city ./mijn-stad ./stad --database postgres://polder@db/polder"
}

// Run makes the folder: all of it, or nothing.
func (c *initCmd) Run(ctx context.Context, g *Globals) error {
	loaded, err := city.Open(c.City)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(c.Dir, configName)); err == nil {
		return problem.New(problem.Conflict, "init.exists", "The folder %s holds a Polder already.", c.Dir).Do("Choose another folder.")
	}
	f, err := newFolder(c.Dir, c.City, loaded, c.Address, c.Origin, g.Database)
	if err != nil {
		return err
	}
	key, err := tlog.LoadKey(f.path(f.Log.Key))
	if err != nil {
		return err
	}
	g.Data = c.Dir
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return errors.Join(err, os.Remove(f.path(configName)))
	}
	token, secret, err := firstAccess(ctx, a)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s is ready for %s.\n\n", c.Dir, loaded.Name)
	fmt.Fprintf(g.out, "The first official chooses a password here, once, within 72 hours (start 'polder serve' first):\n  %s/welkom?code=%s\n\n", c.Address, token)
	fmt.Fprintf(g.out, "API key for importers; it is shown only now:\n  %s\n\n", secret)
	fmt.Fprintf(g.out, "The log's public key, for everybody who checks a decision:\n  %s\n\n", key.VKey())
	fmt.Fprintf(g.out, "Next: polder roads import FILE.osm.pbf\n")
	return nil
}

// newFolder writes the configuration and the log's key. Without a database the folder gets one of its own.
func newFolder(dir, name string, c *city.City, address, origin, database string) (folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return folder{}, problem.New(problem.Invalid, "init.folder", "The folder %s cannot be made.", dir).Do("Check that you may write there.").Cause(err)
	}
	if !slices.Contains(city.Names(), name) {
		absolute, err := filepath.Abs(name)
		if err != nil {
			return folder{}, err
		}
		name = absolute
	}
	if origin == "" {
		origin = c.Origin
	}
	switch {
	case database == "":
		database = "polder.db"
	case !strings.Contains(database, "://"): // a file, as seen from where the command runs
		absolute, err := filepath.Abs(strings.TrimPrefix(database, "sqlite:"))
		if err != nil {
			return folder{}, err
		}
		database = absolute
	}
	f := folder{dir: dir, config: config{
		City: name, Database: database, Listen: "127.0.0.1:8080", Address: address,
		Log: logConfig{Key: "log.key", State: "log.state", Origin: origin},
	}}
	if err := tlog.GenerateKey(f.path(f.Log.Key), origin); err != nil {
		return folder{}, err
	}
	if err := f.write(); err != nil {
		return folder{}, problem.New(problem.Invalid, "init.write", "The settings cannot be written.").Do("Check that you may write in %s, and that the disk is not full.", dir).Cause(err)
	}
	return f, nil
}

// firstAccess invites the first official and makes a key for importers.
func firstAccess(ctx context.Context, a *app) (token, key string, err error) {
	if token, err = a.accounts.Invite(ctx, "planner", account.Planner, "system"); err != nil {
		return "", "", err
	}
	key, err = a.accounts.NewKey(ctx, "importer", account.Importer, "system")
	return token, key, err
}
