package web

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/account"
	"polder.city/bus"
	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/clock"
	"polder.city/internal/message"
	"polder.city/register"
	"polder.city/roads"
	"polder.city/sensing"
	"polder.city/store"
	"polder.city/store/storetest"
)

// testCity is a small city that works: streets in a grid, containers that were observed for four weeks, the plan of
// yesterday for today decided, and that of today for tomorrow when a test decides it.
type testCity struct {
	*Site
	d     *Domains
	clock *clock.Clock
	log   *tlog.Log
	db    *store.DB
}

// noon is when the city of tests stands: Tuesday 24 November 2026, 12.00 hours in Vaduz.
var noon = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC)

const testContainers = 30

// newCity builds the city as it is at noon, with today's plan decided yesterday and a preview of tomorrow's.
func newCity(t testing.TB) *testCity {
	t.Helper()
	ctx := t.Context()
	c, err := city.Open(filepath.Join("..", "city", "testdata", "liechtenstein"))
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, c.Location)
	for i := range testContainers {
		c.Schedule = append(c.Schedule, city.ScheduleRow{Container: containerID(i), Days: []time.Weekday{time.Monday + time.Weekday(i%5)}, EveryWeeks: 1, First: monday.AddDate(0, 0, -28)})
	}
	dir := t.TempDir()
	db := storetest.Open(t, "sqlite:"+filepath.Join(dir, "polder.db"))
	clk := clock.New(noon.AddDate(0, 0, -1).Add(4*time.Hour), 0)
	keyFile := filepath.Join(dir, "log.key")
	if err := tlog.GenerateKey(keyFile, c.Origin); err != nil {
		t.Fatal(err)
	}
	key, err := tlog.LoadKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	log, err := tlog.Open(ctx, db, clk, tlog.Options{Key: key, State: filepath.Join(dir, "log.state")})
	if err != nil {
		t.Fatal(err)
	}
	reg := register.New(db, log, clk, c.Location)
	publishFolder(t, reg, c)
	gate := decision.New(db, reg, log, clk, decision.Options{City: c.Code})
	b := bus.New()
	observations := sensing.New(db, b, clk, sensing.Options{})
	run, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- observations.Run(run) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	service := collection.New(db, c, observations, gate, clk, collection.Options{Rounds: 200})
	accounts, err := account.New(db, clk, account.Options{CheapPasswords: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.SaveNetwork(ctx, grid()); err != nil {
		t.Fatal(err)
	}
	if _, err := service.SaveContainers(ctx, gridContainers()); err != nil {
		t.Fatal(err)
	}
	if err := service.EnsureThings(ctx); err != nil {
		t.Fatal(err)
	}
	observeGrid(t, observations)
	if _, err := service.Decide(ctx, collection.Request{Day: service.NextWorkday(service.Today()), Cause: collection.CauseAfternoon}); err != nil {
		t.Fatal(err)
	}
	clk.Forward(noon)
	if _, err := service.Preview(ctx, collection.Request{Day: service.NextWorkday(service.Today())}); err != nil {
		t.Fatal(err)
	}
	if err := log.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	messages, err := message.Load()
	if err != nil {
		t.Fatal(err)
	}
	tc := &testCity{clock: clk, log: log, db: db, d: &Domains{
		City: c, Collection: service, Gate: gate, Register: reg, Log: log, Sensing: observations, Accounts: accounts, Sessions: accounts.Sessions(false), Bus: b,
	}}
	tc.Site, err = New(Options{
		Messages: messages, Clock: clk, Location: c.Location, City: c.Name, Drawn: true, Log: slog.New(slog.DiscardHandler), Domains: tc.d,
		Tile: func(int, int, int) ([]byte, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	tc.residents.fresh = 0
	return tc
}

func publishFolder(t testing.TB, reg *register.Register, c *city.City) {
	t.Helper()
	read := func(name string) []byte {
		data, err := fs.ReadFile(c.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	entry, err := register.ParseEntry(read("register/inzamelplan.yaml"), "inzamelplan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := register.ParseRules(read("rules.yaml"), "rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	roles, err := register.ParseRoles(read("roles.yaml"), "roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Publish(t.Context(), []*register.Entry{entry}, rules, roles); err != nil {
		t.Fatal(err)
	}
}

// grid is a network of residential streets every 500 m or so, from the depot to the facility.
func grid() *roads.Network {
	const columns, rows, step = 12, 22, 0.005
	n := &roads.Network{Source: "test grid", Simulated: true}
	all := roads.AccessCar | roads.AccessTruck | roads.AccessBicycle | roads.AccessFoot
	for y := range rows {
		for x := range columns {
			n.Nodes = append(n.Nodes, orb.Point{9.49 + float64(x)*0.0045, 47.12 + float64(y)*step})
		}
	}
	way := func(from, to int) {
		n.Ways = append(n.Ways, roads.Way{
			ID: int64(len(n.Ways) + 1), Nodes: []int32{int32(from), int32(to)}, Name: fmt.Sprintf("Straat %d", len(n.Ways)+1),
			Class: roads.Residential, Forward: all, Backward: all,
		})
	}
	for y := range rows {
		for x := range columns {
			if i := y*columns + x; x+1 < columns {
				way(i, i+1)
			}
			if i := y*columns + x; y+1 < rows {
				way(i, i+columns)
			}
		}
	}
	return n
}

func containerID(i int) string { return fmt.Sprintf("VAD-%03d-%s", i/2, []string{"R", "P"}[i%2]) }

func gridContainers() []collection.Container {
	var all []collection.Container
	for i := range testContainers {
		k := collection.Container{
			ID: containerID(i), Stream: []string{"rest", "papier"}[i%2], Place: fmt.Sprintf("VAD-%03d", i/2), Address: fmt.Sprintf("Werfstraat %d", 3+i/2*4), VolumeLitres: 5000,
			Point: orb.Point{9.4945 + float64(i/2%10)*0.0045 + float64(i%2)*0.0001, 47.13 + float64(i/20)*0.005},
		}
		if i%10 != 9 {
			k.Sensor = "s" + k.ID
		}
		all = append(all, k)
	}
	return all
}

// observeGrid writes four weeks of fills, every two hours up to noon: container i fills in 5 + i%8 days, and is emptied
// when it is. VAD-002-R has been full since Monday; the sensor of VAD-003-R went silent on Sunday.
func observeGrid(t testing.TB, s *sensing.Store) {
	t.Helper()
	var rows []sensing.Reading
	for i := range testContainers {
		id, days, fill := containerID(i), float64(5+i%8), float64(i%7)/7
		silent := noon
		switch id {
		case "VAD-002-R":
			fill, days = 1.02-27.5/9, 9
		case "VAD-003-R":
			silent = noon.AddDate(0, 0, -2)
		}
		for at := noon.AddDate(0, 0, -28); !at.After(noon); at = at.Add(2 * time.Hour) {
			if fill += 2. / 24 / days; fill >= 1 && at.Before(noon.AddDate(0, 0, -2)) {
				rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.EmptyingKind), Time: at, Value: fill})
				fill = 0
			}
			noise := float64((i*7919+int(at.Unix()/14400)*104729)%7-3) / 150
			if i%10 != 9 && !at.After(silent) {
				rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.FillKind), Time: at, Value: max(0, min(1.4, fill+noise))})
			}
		}
	}
	if _, err := s.Import(t.Context(), sensing.Batch{Import: "fixture", Name: "fixture", Rows: rows, Last: true}); err != nil {
		t.Fatal(err)
	}
}
