package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"polder.city/account"
	"polder.city/bus"
	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/register"
	"polder.city/sensing"
	"polder.city/store"
)

// app is Polder put together: the one place where the parts meet.
type app struct {
	folder     folder
	city       *city.City
	clock      *clock.Clock
	log        *slog.Logger
	db         *store.DB
	bus        *bus.Bus
	accounts   *account.Accounts
	sensing    *sensing.Store
	tlog       *tlog.Log
	register   *register.Register
	gate       *decision.Gate
	collection *collection.Service

	stop func()
	done sync.WaitGroup
}

// appOptions are what a subcommand wants otherwise.
type appOptions struct {
	clock  *clock.Clock // the machine's when nil
	rounds int          // of the solver; 0 for the usual
	cheap  bool         // cheap passwords, for the demo's roles
}

// openApp opens the city's folder and puts the parts together. The parts that
// work in the background run until close.
func openApp(ctx context.Context, g *Globals, o appOptions) (*app, error) {
	f, err := openFolder(g.Data)
	if err != nil {
		return nil, err
	}
	c, err := city.Open(f.City)
	if err != nil {
		return nil, err
	}
	return assemble(ctx, g, f, c, o)
}

// assemble puts the parts together for a city.
func assemble(ctx context.Context, g *Globals, f folder, c *city.City, o appOptions) (*app, error) {
	if o.clock == nil {
		o.clock = clock.Real()
	}
	a := &app{folder: f, city: c, clock: o.clock, log: g.log, bus: bus.New()}
	var err error
	if a.db, err = store.Open(ctx, f.database(g.Database), store.Options{Log: g.log}); err != nil {
		return nil, err
	}
	if err := a.wire(ctx, o); err != nil {
		return nil, errors.Join(err, a.db.Close())
	}
	return a, nil
}

func (a *app) wire(ctx context.Context, o appOptions) error {
	var err error
	if a.accounts, err = account.New(a.db, a.clock, account.Options{CheapPasswords: o.cheap}); err != nil {
		return err
	}
	key, err := tlog.LoadKey(a.folder.path(a.folder.Log.Key))
	if problem.KindOf(err) == problem.NotFound {
		a.log.Info("no log key here: this node serves the log, another signs it")
	} else if err != nil {
		return err
	}
	a.tlog, err = tlog.Open(ctx, a.db, a.clock, tlog.Options{Key: key, State: a.folder.path(a.folder.Log.State), Log: a.log})
	if err != nil {
		return err
	}
	a.register = register.New(a.db, a.tlog, a.clock, a.city.Location)
	a.gate = decision.New(a.db, a.register, a.tlog, a.clock, decision.Options{City: a.city.Code})
	a.sensing = sensing.New(a.db, a.bus, a.clock, sensing.Options{Log: a.log})
	node, err := os.Hostname()
	if err != nil {
		node = "localhost"
	}
	a.collection = collection.New(a.db, a.city, a.sensing, a.gate, a.clock, collection.Options{
		Log: a.log, Graphs: a.folder.path("."), Rounds: o.rounds, Node: fmt.Sprintf("%s/%d", node, os.Getpid()),
	})
	if err := a.publishRegister(ctx); err != nil {
		return err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	a.background(run, "observations", a.sensing.Run)
	a.background(run, "log", a.tlog.Run)
	return nil
}

// background runs f until the app closes, and logs why it ended before that.
func (a *app) background(ctx context.Context, name string, f func(context.Context) error) {
	a.done.Go(func() {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("background work ended", "part", name, "error", err)
		}
	})
}

// close ends the background work, then closes the database.
func (a *app) close() error {
	a.stop()
	a.done.Wait()
	return a.db.Close()
}
