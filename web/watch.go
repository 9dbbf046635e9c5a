package web

import (
	"context"
	"math"
	"time"

	"polder.city/bus"
	"polder.city/collection"
	"polder.city/internal/message"
	"polder.city/sensing"
)

// livePrefix begins the keys of live fills: "fill:FIL-014-R".
const livePrefix = "fill:"

// watchEvery is how often, by the machine's clock, what was observed is gathered for open pages.
const watchEvery = time.Second

// Watch sends what sensors observe to the pages that are open, until ctx ends. A site without Domains watches nothing.
func (s *Site) Watch(ctx context.Context) error {
	if s.residents == nil || s.residents.d.Bus == nil {
		return nil
	}
	return s.residents.watch(ctx)
}

// watch gathers what was observed and tells it once a second at most: a storm of observations costs one reading of the state.
func (r *residents) watch(ctx context.Context) error {
	observed := bus.Subscribe(ctx, r.d.Bus, sensing.Observed, 256)
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	if _, _, err := r.weekOverfull(ctx); err != nil { // so that the first visitor need not wait for it
		return ignoreEnd(ctx, err)
	}
	var told *state
	for {
		if _, err := observed.Next(ctx); err != nil {
			return ignoreEnd(ctx, err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if r.live.Listeners() == 0 {
			continue
		}
		st, err := r.now(ctx)
		if err != nil {
			r.opts.Log.Error("live values", "error", err)
			continue
		}
		r.sendChanges(told, st)
		told = st
	}
}

func ignoreEnd(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// sendChanges tells what differs between two states of the city; the first is nil at the start.
func (r *residents) sendChanges(before, now *state) {
	if before == nil || before == now {
		return
	}
	full := 0
	for i, f := range now.fills {
		if f.full() {
			full++
		}
		id := now.containers[i].ID
		j, ok := before.index[id]
		if !ok || before.fills[j].value == f.value && before.fills[j].at.Equal(f.at) && before.fills[j].from == f.from {
			continue
		}
		r.live.Send(r.liveFill(now.containers[i], f))
	}
	r.live.Send(Value{Key: "home:full", Text: func(p *message.Printer) string {
		return p.T("home.full.value", "n", full, "total", len(now.containers))
	}})
	latest := now.happenings(6)
	if old := before.happenings(6); len(latest) > 0 && (len(old) == 0 || latest[0] != old[0]) {
		h := latest[0]
		r.live.Send(Value{Key: "happening", Text: func(p *message.Printer) string { return h.Text(p, r.streamName) }})
	}
}

func (r *residents) liveFill(k collection.Container, f fill) Value {
	data := map[string]any{"value": nil, "state": f.mapState()}
	if f.known {
		data["value"] = math.Round(f.value*100) / 100
	}
	return Value{Key: livePrefix + k.ID, Text: f.long, Data: data}
}
