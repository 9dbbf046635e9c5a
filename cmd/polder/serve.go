package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"polder.city/internal/problem"
)

type serveCmd struct {
	Listen      string `help:"Where to listen; the configuration's when not given." placeholder:"HOST:PORT" env:"POLDER_LISTEN"`
	AddressFile string `help:"Write the address that was taken to this file, for scripts that listen on port 0." placeholder:"FILE" type:"path"`
	NoPlans     bool   `help:"Serve only; make no plans."`
}

// Help shows an example.
func (serveCmd) Help() string {
	return "For instance:\n  polder serve\n  polder serve --listen 0.0.0.0:8080      behind a TLS proxy\n\nPages at /, SensorThings at /v1.1, the log at /log, metrics at /metrics, health at /healthz and /readyz."
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(c.serve(ctx, g, a), a.close())
}

func (c *serveCmd) serve(ctx context.Context, g *Globals, a *app) error {
	if c.Listen == "" {
		c.Listen = a.folder.Listen
	}
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	handler, err := a.handler(handlerOptions{})
	if err != nil {
		return err
	}
	if c.AddressFile != "" {
		if err := os.WriteFile(c.AddressFile, []byte("http://"+listener.Addr().String()), 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(g.out, "%s is served at http://%s. Stop with Ctrl-C.\n", a.city.Name, listener.Addr())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveHTTP(ctx, listener, handler) })
	if !c.NoPlans {
		group.Go(func() error { return ignoreCanceled(a.collection.RunJobs(ctx)) })
		group.Go(func() error { return ignoreCanceled(a.collection.RunQuestions(ctx)) })
	}
	return group.Wait()
}

// listen takes the address, and says what to do when it is taken.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "serve.listen", "The address %s cannot be used: another program may be using it.", address).
			Do("Stop that program, or choose another address with --listen, for instance 127.0.0.1:8081.").Cause(err)
	}
	return l, nil
}

// serveHTTP answers requests until ctx ends, then lets those under way finish.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		// Long-lived answers (live values) end when the server does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(finish)
	<-ended
	return err
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
