package collection_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"polder.city/bus"
	"polder.city/city"
	"polder.city/collection"
	"polder.city/decision"
	"polder.city/decision/tlog"
	"polder.city/internal/clock"
	"polder.city/register"
	"polder.city/roads"
	"polder.city/sensing"
	"polder.city/store"
)

// planner is the city's collection with all that it stands on, on a drawn grid of
// streets with containers that were observed for three weeks.
type planner struct {
	*collection.Service
	db    *store.DB
	city  *city.City
	clock *clock.Clock
	gate  *decision.Gate
	log   *tlog.Log

	register *register.Register
}

// monday is the fixture's now: a Monday, 15.00 hours.
var monday = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

const containerCount = 30

func newPlanner(t *testing.T, db *store.DB, mandate func(*register.Entry)) *planner {
	t.Helper()
	ctx := t.Context()
	c, err := city.Open(filepath.Join("..", "city", "testdata", "liechtenstein"))
	if err != nil {
		t.Fatal(err)
	}
	p := &planner{db: db, city: c, clock: clock.New(monday, 0)}
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "log.key")
	if err := tlog.GenerateKey(keyFile, c.Origin); err != nil {
		t.Fatal(err)
	}
	key, err := tlog.LoadKey(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if p.log, err = tlog.Open(ctx, db, p.clock, tlog.Options{Key: key, State: filepath.Join(dir, "log.state")}); err != nil {
		t.Fatal(err)
	}
	reg := register.New(db, p.log, p.clock, c.Location)
	entry := readEntry(t, c)
	if mandate != nil {
		mandate(entry)
	}
	publish(t, reg, c, entry)
	p.register = reg
	p.gate = decision.New(db, reg, p.log, p.clock, decision.Options{City: c.Code})
	observations := sensing.New(db, bus.New(), p.clock, sensing.Options{})
	p.Service = collection.New(db, c, observations, p.gate, p.clock, collection.Options{Rounds: 300})
	if _, err := p.SaveNetwork(ctx, grid()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.SaveContainers(ctx, containers()); err != nil {
		t.Fatal(err)
	}
	if err := p.EnsureThings(ctx); err != nil {
		t.Fatal(err)
	}
	observe(t, observations)
	return p
}

func readEntry(t *testing.T, c *city.City) *register.Entry {
	t.Helper()
	entry, err := register.ParseEntry(read(t, c, "register/inzamelplan.yaml"), "inzamelplan.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

func publish(t *testing.T, reg *register.Register, c *city.City, entry *register.Entry) {
	t.Helper()
	rules, err := register.ParseRules(read(t, c, "rules.yaml"), "rules.yaml")
	if err != nil {
		t.Fatal(err)
	}
	roles, err := register.ParseRoles(read(t, c, "roles.yaml"), "roles.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reg.Publish(t.Context(), []*register.Entry{entry}, rules, roles); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *city.City, name string) []byte {
	t.Helper()
	f, err := c.FS.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, info.Size())
	if _, err := f.Read(data); err != nil {
		t.Fatal(err)
	}
	return data
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

func containers() []collection.Container {
	var all []collection.Container
	for i := range containerCount {
		stream := "rest"
		if i%3 == 2 {
			stream = "papier"
		}
		all = append(all, collection.Container{
			ID: fmt.Sprintf("C%02d", i), Stream: stream, Place: fmt.Sprintf("P%02d", i/2), Sensor: "s",
			Point: orb.Point{9.4945 + float64(i/2%10)*0.0045, 47.13 + float64(i/20)*0.005}, VolumeLitres: 5000,
		})
	}
	return all
}

// observe writes three weeks of fills, every four hours: container i fills in 5 + i%8 days, and is emptied when it is.
func observe(t *testing.T, s *sensing.Store) {
	t.Helper()
	var rows []sensing.Reading
	for i := range containerCount {
		id, days, fill := fmt.Sprintf("C%02d", i), float64(5+i%8), float64(i%7)/7
		for at := monday.AddDate(0, 0, -21); at.Before(monday); at = at.Add(4 * time.Hour) {
			if fill += 4. / 24 / days; fill >= 1 && at.Before(monday.AddDate(0, 0, -2)) {
				rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.EmptyingKind), Time: at, Value: fill})
				fill = 0
			}
			noise := float64((i*7919+int(at.Unix()/14400)*104729)%7-3) / 100
			rows = append(rows, sensing.Reading{DatastreamKey: collection.SeriesKey(id, collection.FillKind), Time: at, Value: max(0, min(1.4, fill+noise))})
		}
	}
	if _, err := s.Import(t.Context(), sensing.Batch{Import: "fixture", Name: "fixture", Rows: rows, Last: true}); err != nil {
		t.Fatal(err)
	}
}

// tuesday is the day that the fixture plans.
func (p *planner) tuesday() time.Time { return p.NextWorkday(p.Today()) }

func (p *planner) decide(t *testing.T, cause string) *collection.Result {
	t.Helper()
	result, err := p.Decide(context.Background(), collection.Request{Day: p.tuesday(), Cause: cause})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// openShared opens a file of the shared test data.
func openShared(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() }) // it was only read
	return f
}
