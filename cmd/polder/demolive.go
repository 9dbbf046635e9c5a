package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"polder.city/account"
	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/problem"
	"polder.city/sensing"
	"polder.city/simulate"
	"polder.city/web"
)

// recentDays is how much history stands before the demo is shown.
const recentDays = 56

// live builds the city, then lets it live until ctx ends.
func (d *demo) live(ctx context.Context) error {
	a, err := openApp(ctx, d.g, appOptions{clock: d.clock, rounds: demoRounds, cheap: true})
	if err != nil {
		return err
	}
	d.app = a
	world, err := d.build(ctx)
	if err != nil {
		return err
	}
	done := *d.building.Load()
	done.Ready, done.Phase = true, "start"
	d.progress(done)
	handler, err := a.handler(handlerOptions{building: func() web.Building { return *d.building.Load() }, demo: demoOfficialNames()})
	if err != nil {
		return err
	}
	d.handler.Store(&handler)
	d.clock.SetRate(60)
	fmt.Fprintf(d.g.out, "\n%s lives at %s (%.0f s). A second is a minute; the clock starts at %s.\n",
		d.city.Name, d.address, time.Since(d.began).Seconds(), d.clock.Now().In(d.city.Location).Format("Monday 2 January, 15.04"))
	for _, o := range demoOfficials {
		fmt.Fprintf(d.g.out, "  sign in as %-11s password: %s\n", o.name, o.password)
	}
	fmt.Fprintf(d.g.out, "Try: curl '%s/v1.1/Things?$top=2'\nStop with Ctrl-C.\n", d.address)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.collection.RunJobs(ctx) })
	group.Go(func() error { return a.collection.RunQuestions(ctx) })
	group.Go(func() error { return d.run(ctx, world) })
	group.Go(func() error { return d.workshop(ctx) })
	group.Go(func() error { return d.fillIn(ctx) })
	return group.Wait()
}

// demoRounds is how long the demo's solver searches: a day's plan in some seconds on one core.
const demoRounds = 6000

func demoOfficialNames() []string {
	var names []string
	for _, o := range demoOfficials {
		names = append(names, o.name+" · "+o.password)
	}
	return names
}

// build makes the city stand at the clock's time: from nothing, or from what was kept.
func (d *demo) build(ctx context.Context) (*simulate.World, error) {
	if d.going() {
		state, err := os.ReadFile(d.worldFile())
		if err != nil {
			return nil, err
		}
		d.progress(web.Building{Phase: "containers", Day: recentDays, Days: d.cmd.Days})
		if err := d.people(ctx); err != nil {
			return nil, err
		}
		if d.key, err = d.app.accounts.NewKey(ctx, "sensors", account.Importer, "demo"); err != nil {
			return nil, err
		}
		return simulate.Restore(d.worldConfig(), state)
	}
	network, err := d.network(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := d.app.collection.SaveNetwork(ctx, network); err != nil {
		return nil, err
	}
	d.progress(web.Building{Phase: "containers", Days: d.cmd.Days})
	if err := d.place(ctx); err != nil {
		return nil, err
	}
	return d.past(ctx)
}

// place puts the city's containers, things and people in the database.
func (d *demo) place(ctx context.Context) error {
	containers := make([]collection.Container, len(d.city.Containers))
	for i, c := range d.city.Containers {
		containers[i] = collection.Container{
			ID: c.ID, Place: c.Place, Stream: c.Stream, Point: c.Point, VolumeLitres: int(c.VolumeLitres), Address: c.Address, Sensor: c.Sensor,
		}
	}
	if _, err := d.app.collection.SaveContainers(ctx, containers); err != nil {
		return err
	}
	if err := d.app.collection.EnsureThings(ctx); err != nil {
		return err
	}
	if _, err := d.app.sensing.EnsureThings(ctx, cityThings(d.city)); err != nil {
		return err
	}
	if err := d.people(ctx); err != nil {
		return err
	}
	var err error
	d.key, err = d.app.accounts.NewKey(ctx, "sensors", account.Importer, "demo")
	return err
}

// people makes the accounts that are not there yet: a demo that was kept may be of a version with fewer.
func (d *demo) people(ctx context.Context) error {
	for _, o := range demoOfficials {
		token, err := d.app.accounts.Invite(ctx, o.name, o.role, "demo")
		if problem.KindOf(err) == problem.Conflict {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := d.app.accounts.Accept(ctx, token, o.password); err != nil {
			return err
		}
	}
	return nil
}

// worldConfig is the simulated city from a year before the clock's start.
func (d *demo) worldConfig() simulate.Config {
	w := worldConfig(d.city, d.historyStart(), d.start)
	w.Policy.Until = d.firstPlanned()
	// A working day's lifts, so that Fridays are not four times as long as Thursdays; and about as full as the
	// planner lets containers become, so that its first own days do not have to catch up.
	usual := len(d.city.Containers) * 19 / 150
	w.Policy.Usual, w.Policy.Most, w.Policy.Ahead, w.Policy.Level = usual, usual*3/2, 1, 0.84
	w.SetPieces = d.moments()
	w.Containers = worldContainers(d.city)
	return w
}

// moments are the seeded events of the demo's first day, in the simulator's words.
func (d *demo) moments() []simulate.SetPiece {
	var pieces []simulate.SetPiece
	today := calendar.Midnight(d.start, d.city.Location)
	for _, m := range d.city.Simulation.Moments {
		at := m.At.On(today)
		switch m.Kind {
		case "container_faster":
			pieces = append(pieces, simulate.SetPiece{At: d.halfFullAt(m.Subject, at), Kind: simulate.Emptying, Thing: m.Subject},
				simulate.SetPiece{At: at, Kind: simulate.Fill, Thing: m.Subject, Value: m.Value})
		case "bridge_opens":
			pieces = append(pieces, simulate.SetPiece{At: at, Kind: simulate.Bridge, Thing: m.Subject, Value: float64(m.Minutes)})
			for _, other := range m.Also {
				if _, park := d.spaces[other]; park {
					pieces = append(pieces, simulate.SetPiece{At: at, Kind: simulate.CarPark, Thing: other, Value: m.Value})
				}
			}
		}
	}
	return pieces
}

// halfFullAt returns when a container must have been emptied to be half full at a time, on a working
// day: so that what comes in then is a surprise, and no plan of that day empties it.
func (d *demo) halfFullAt(container string, at time.Time) time.Time {
	days := 1
	for _, c := range worldContainers(d.city) {
		if c.ID == container && c.LitresPerDay > 0 {
			days = max(1, int(0.5*c.VolumeLitres/c.LitresPerDay))
		}
	}
	day := calendar.AddDays(calendar.Midnight(at, d.city.Location), -min(days, d.cmd.Days-1))
	for !d.city.WorkingDay(day) {
		day = calendar.AddDays(day, 1)
	}
	return day.Add(10 * time.Hour)
}

// load stores readings through the bulk door; the city is not answering yet.
func (d *demo) load(ctx context.Context, readings []sensing.Reading) error {
	if len(readings) == 0 {
		return nil
	}
	id := fmt.Sprintf("demo-drive-%d", readings[0].Time.Unix())
	_, err := d.app.sensing.Import(ctx, sensing.Batch{Import: id, Name: id, Rows: readings, Last: true})
	return err
}

// importHistory writes a part of the history through the bulk door, newest week first.
func (d *demo) importHistory(ctx context.Context, from, to time.Time, name string, progress func(day int)) error {
	week := 0
	for end := to; end.After(from); week++ {
		begin := end.AddDate(0, 0, -7)
		if begin.Before(from) {
			begin = from
		}
		id := fmt.Sprintf("demo-%s-%d", name, begin.Unix())
		state, err := d.app.sensing.Imported(ctx, id)
		if err != nil {
			return err
		}
		if state.Finished.IsZero() {
			if d.history == nil { // a kept demo was stopped before all of it was written
				if err := d.remember(ctx); err != nil {
					return err
				}
			}
			rows := make([]sensing.Reading, 0, 300_000)
			if err := d.history.Observations(ctx, begin, end, func(e simulate.Event) { rows = d.appendReadings(rows, e) }); err != nil {
				return err
			}
			if err := d.importRows(ctx, id, rows); err != nil {
				return err
			}
		}
		end = begin
		progress(int(to.Sub(end).Hours() / 24))
	}
	return nil
}

// importRows writes rows, in small batches once the city lives: the database has one writer, and a decision that
// is made then is to stand in the log within a second.
func (d *demo) importRows(ctx context.Context, id string, rows []sensing.Reading) error {
	batch := 20_000
	if d.building.Load().Ready {
		batch = 4_000
	}
	for from := 0; from == 0 || from < len(rows); from += batch {
		to := min(from+batch, len(rows))
		if _, err := d.app.sensing.Import(ctx, sensing.Batch{Import: id, Name: id, From: int64(from), Rows: rows[from:to], Last: to == len(rows)}); err != nil {
			return err
		}
	}
	return nil
}

// remember lives through the demo's past again, as it was when the city was built.
func (d *demo) remember(ctx context.Context) error {
	world, err := simulate.New(d.worldConfig())
	if err != nil {
		return err
	}
	d.history, err = world.Record(ctx, d.firstPlanMade(), func(int, int) {})
	return err
}

// run lets the city live: whatever happens up to the clock's time is posted, as sensors and drivers would.
func (d *demo) run(ctx context.Context, world *simulate.World) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	crew := newCrew(d, world)
	// What the world lived through must be stored before it is kept: a step is finished also
	// when the demo is stopped in the middle of it, through the bulk door when the other is closed.
	whole := context.WithoutCancel(ctx)
	sink := func(ctx context.Context, readings []sensing.Reading) error {
		err := d.post(ctx, readings)
		if err != nil { // the server has stopped listening
			return d.load(ctx, readings)
		}
		return nil
	}
	for n := 0; ; n++ {
		if n%keepEvery == 0 {
			if err := d.keep(world); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), d.keep(world))
		case <-tick.C:
		}
		if err := crew.drive(whole, d.clock.Now(), sink); err != nil {
			return err
		}
	}
}

// keepEvery is after how many seconds the state of the city is written down, so that a
// demo that is killed goes on from there.
const keepEvery = 20

// keep stores what a second start needs.
func (d *demo) keep(world *simulate.World) error {
	if !d.kept {
		return nil
	}
	state, err := world.Snapshot()
	if err != nil {
		return err
	}
	// The clock first: without the world's file the demo starts anew, with it both are whole.
	if err := replaceFile(d.clockFile(), []byte(d.clockText(world.Now()))); err != nil {
		return err
	}
	return replaceFile(d.worldFile(), state)
}

// replaceFile writes a file so that a crash leaves the old one or the new one.
func replaceFile(name string, data []byte) error {
	if err := os.WriteFile(name+".part", data, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

// fillIn writes the rest of the year behind the living city, newest first.
func (d *demo) fillIn(ctx context.Context) error {
	to := calendar.AddDays(d.firstPlanned(), -recentDays)
	err := d.importHistory(ctx, d.historyStart(), to, "rest", func(day int) {
		b := *d.building.Load()
		b.Day = min(recentDays+day, b.Days)
		d.building.Store(&b)
	})
	d.history = nil
	if ctx.Err() != nil {
		return nil
	}
	b := *d.building.Load()
	b.Day = b.Days
	d.building.Store(&b)
	return err
}

// post sends readings through the SensorThings door, with the sensors' key.
func (d *demo) post(ctx context.Context, readings []sensing.Reading) error {
	if len(readings) == 0 {
		return nil
	}
	ids, err := d.datastreamIDs(ctx, readings)
	if err != nil {
		return err
	}
	type group struct {
		Datastream struct {
			ID int64 `json:"@iot.id"`
		} `json:"Datastream"`
		Components []string `json:"components"`
		Data       [][]any  `json:"dataArray"`
	}
	groups := map[int64]*group{}
	var order []*group
	for i, r := range readings {
		g := groups[ids[i]]
		if g == nil {
			g = &group{Components: []string{"phenomenonTime", "result"}}
			g.Datastream.ID = ids[i]
			groups[ids[i]] = g
			order = append(order, g)
		}
		result := any(r.Value)
		if r.Result != nil {
			result = r.Result
		}
		g.Data = append(g.Data, []any{r.Time.UTC().Format(time.RFC3339), result})
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.address+"/v1.1/CreateObservations", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+d.key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("post observations: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 500))
		if response.StatusCode == http.StatusServiceUnavailable { // it stops, and they go by the other door
			return fmt.Errorf("post observations: %s", response.Status)
		}
		d.g.log.Warn("observations were not taken", "status", response.StatusCode, "answer", string(text))
	}
	return nil
}

// datastreamIDs returns the ids of the readings' datastreams, as any client looks them up once.
func (d *demo) datastreamIDs(ctx context.Context, readings []sensing.Reading) ([]int64, error) {
	ids := make([]int64, len(readings))
	for i, r := range readings {
		id, ok := d.ids[r.DatastreamKey]
		if !ok {
			stream, err := d.app.sensing.DatastreamByKey(ctx, r.DatastreamKey)
			if err != nil {
				return nil, err
			}
			id = stream.ID
			d.ids[r.DatastreamKey] = id
		}
		ids[i] = id
	}
	return ids, nil
}
