package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"polder.city/account"
	"polder.city/city"
	"polder.city/internal/calendar"
	"polder.city/internal/clock"
	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/synth"
	"polder.city/simulate"
	"polder.city/web"
)

type demoCmd struct {
	City   string `help:"Name of an embedded city, or a city folder." default:"almere" hidden:""`
	Listen string `help:"Where to listen." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	OSM    string `help:"Use the real streets of this OpenStreetMap extract instead of drawn ones." name:"osm" placeholder:"FILE" type:"path"`
	Days   int    `help:"How many days of history to fill in." default:"365"`
}

// Help shows an example.
func (demoCmd) Help() string {
	return "For instance:\n  polder demo\n  polder demo --data ./demo                  keep it, and go on from there the next time\n  polder demo --osm flevoland.osm.pbf        real streets"
}

// The demo's officials, and the crews of its trucks. They exist in the demo only, and the demo listens on loopback only.
var demoOfficials = []struct {
	name     string
	role     account.Role
	password string
}{
	{"planner", account.Planner, "demo planner almere"},
	{"medewerker", account.Officer, "demo medewerker almere"},
	{"wethouder", account.Alderman, "demo wethouder almere"},
	{"chauffeur", account.Driver, "demo chauffeur almere"},
}

// demo is a running demo.
type demo struct {
	cmd  *demoCmd
	g    *Globals
	city *city.City
	dir  string
	kept bool // the folder is the user's

	handler  atomic.Pointer[http.Handler]
	building atomic.Pointer[web.Building]
	clock    *clock.Clock
	ids      map[string]int64  // of datastreams, as they were looked up
	spaces   map[string]int    // of each car park
	start    time.Time         // 14.00 hours of its first day: when a new city's clock starts to run
	shown    time.Time         // what the clock showed when a kept demo was stopped
	history  *simulate.History // while it is being written
	app      *app
	key      string // of the sensors, which write by HTTP like any other
	address  string
	began    time.Time
}

// Run shows the demo until it is stopped.
func (c *demoCmd) Run(ctx context.Context, g *Globals) (err error) {
	d := &demo{cmd: c, g: g, began: time.Now(), ids: map[string]int64{}, spaces: map[string]int{}}
	fmt.Fprintln(g.out, "Polder: a demonstration with a simulated city. Nothing here is a municipality's own.")
	listener, err := listen(c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close() // a second close does nothing
	if !loopback(listener.Addr()) {
		return loopbackOnly(c.Listen)
	}
	d.address = "http://" + listener.Addr().String()
	if d.city, err = city.Open(c.City); err != nil {
		return err
	}
	if err := d.openFolder(); err != nil {
		return err
	}
	if !d.kept {
		defer os.RemoveAll(d.dir)
	}
	for _, x := range d.city.Instances {
		if x.Template == "car_park" {
			d.spaces[x.ID] = atoi(x.Properties["capacity"], 200)
		}
	}
	if err := d.findStart(); err != nil {
		return err
	}
	// The clock stands still until the city stands. A new city's begins when the first
	// plan of its own was made, so that what is decided in its past bears the time of then.
	begin := d.shown
	if !d.going() {
		begin = d.firstPlanMade()
	}
	d.clock = clock.New(begin, 0)
	d.progress(web.Building{Phase: "streets", Days: c.Days})
	early, err := d.earlySite()
	if err != nil {
		return err
	}
	d.handler.Store(&early)
	fmt.Fprintf(g.out, "Open %s in a browser: you can watch the city being built.\n", d.address)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return serveHTTP(ctx, listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*d.handler.Load()).ServeHTTP(w, r) }))
	})
	group.Go(func() error { return ignoreCanceled(d.live(ctx)) })
	err = group.Wait()
	if d.app != nil {
		err = errors.Join(err, d.app.close())
	}
	if err == nil && d.kept {
		fmt.Fprintf(g.out, "Stopped. Kept in %s; go on with: polder demo --data %s\n", d.dir, d.dir)
	} else if err == nil {
		fmt.Fprintln(g.out, "Stopped. Nothing was kept; 'polder demo --data DIR' keeps it.")
	}
	return err
}

// openFolder makes the demo's folder, or finds the one that it was kept in.
func (d *demo) openFolder() (err error) {
	d.dir, d.kept = d.g.Data, d.g.Data != ""
	if !d.kept {
		if d.dir, err = os.MkdirTemp("", "polder-demo-"); err != nil {
			return err
		}
		d.g.Data = d.dir
	}
	if _, err := os.Stat(filepath.Join(d.dir, configName)); err == nil {
		if d.going() {
			return nil
		}
		// A demo that was stopped before its city stood is built anew. Only what a demo makes is
		// removed, and only where the folder says that it is a simulated city's.
		f, err := openFolder(d.dir)
		if err != nil {
			return err
		}
		if !strings.HasPrefix(f.Log.Origin, "demo.") {
			return problem.New(problem.Conflict, "demo.folder", "The folder %s holds another Polder than a demo's.", d.dir).Do("Give another --data.")
		}
		fmt.Fprintln(d.g.out, "The city in", d.dir, "was never finished: it is built anew.")
		for _, name := range []string{configName, "polder.db", "polder.db-wal", "polder.db-shm", f.Log.Key, f.Log.State, d.clockFile()} {
			if err := os.Remove(f.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	_, err = newFolder(d.dir, d.cmd.City, d.city, d.address, d.city.Origin, d.g.Database)
	return err
}

// findStart finds when the demo's clock starts: at 14.00 hours on the last Wednesday before today that is a working day between
// working days, or as it was kept. On a Tuesday yesterday is a Monday, which empties what
// came in over the weekend, and on a Thursday the plan of the next day looks over the
// next one: both true, but not the usual day that a first look should show.
func (d *demo) findStart() error {
	if d.going() {
		text, err := os.ReadFile(d.clockFile())
		if err != nil {
			return err
		}
		return d.readClock(string(text))
	}
	day := calendar.AddDays(calendar.Midnight(time.Now(), d.city.Location), -1)
	for w := day.Weekday(); w != time.Wednesday || !d.city.WorkingDay(day) || !d.city.WorkingDay(calendar.AddDays(day, -1)) || !d.city.WorkingDay(calendar.AddDays(day, 1)); w = day.Weekday() {
		day = calendar.AddDays(day, -1)
	}
	d.start = time.Date(day.Year(), day.Month(), day.Day(), 14, 0, 0, 0, day.Location())
	return nil
}

// clockText is what is kept of the clock: what it shows, when it started, and how many days of history there are to be.
func (d *demo) clockText(now time.Time) string {
	return fmt.Sprintln(now.Format(time.RFC3339), d.start.Format(time.RFC3339), d.cmd.Days)
}

func (d *demo) readClock(text string) error {
	var now, start string
	if _, err := fmt.Sscan(text, &now, &start, &d.cmd.Days); err != nil {
		return d.damaged(err)
	}
	var err error
	if d.shown, err = time.Parse(time.RFC3339, now); err != nil {
		return d.damaged(err)
	}
	if d.start, err = time.Parse(time.RFC3339, start); err != nil {
		return d.damaged(err)
	}
	d.start = d.start.In(d.city.Location)
	return nil
}

func (d *demo) damaged(err error) error {
	return problem.New(problem.Invalid, "demo.clock", "The demo in %s was kept by another version, or its file %s is damaged.", d.dir, d.clockFile()).
		Do("Remove the folder, or give another --data.").Cause(err)
}

// going reports whether a kept demo goes on.
func (d *demo) going() bool {
	_, err := os.Stat(d.worldFile())
	return err == nil
}

func (d *demo) clockFile() string { return filepath.Join(d.dir, "clock") }
func (d *demo) worldFile() string { return filepath.Join(d.dir, "world.json") }

// progress tells the page and the terminal what is being built.
func (d *demo) progress(b web.Building) {
	if old := d.building.Load(); old == nil || old.Phase != b.Phase {
		text := phaseText[b.Phase]
		if b.Phase == "streets" && d.cmd.OSM != "" {
			text = "reading the streets of " + filepath.Base(d.cmd.OSM)
		}
		fmt.Fprintf(d.g.out, "%5.1f s  %s\n", time.Since(d.began).Seconds(), text)
	}
	d.building.Store(&b)
}

// phaseText is what the terminal says of a phase; the page has its own words.
var phaseText = map[string]string{
	"streets":    "drawing the streets",
	"containers": "placing containers and sensors",
	"waste":      "living through the past year",
	"history":    "writing eight weeks of observations",
	"plan":       "planning the last days, as the city would have",
	"start":      "the city lives; the rest of its year is filled in behind",
}

// network returns the streets: real ones when the user brought them, else drawn ones.
func (d *demo) network(ctx context.Context) (*roads.Network, error) {
	if d.cmd.OSM == "" {
		return synth.Draw(*d.city.Landscape)
	}
	network, err := readOSM(ctx, d.g, d.cmd.OSM)
	if err != nil {
		return nil, err
	}
	return network, d.moveTo(network)
}

// strayMeters is how far a place of the demo, which was laid out on drawn streets, may be moved to a real one.
const strayMeters = 2000

// moveTo puts the city's containers, depots and facilities on the streets of a network.
func (d *demo) moveTo(network *roads.Network) error {
	graph, err := roads.Build(network, roads.Truck())
	if err != nil {
		return err
	}
	var points []*orb.Point
	for i := range d.city.Containers {
		points = append(points, &d.city.Containers[i].Point)
	}
	for i := range d.city.Fleet.Depots {
		points = append(points, &d.city.Fleet.Depots[i].Point)
	}
	for i := range d.city.Fleet.Facilities {
		points = append(points, &d.city.Fleet.Facilities[i].Point)
	}
	far := 0
	for _, p := range points {
		s, err := graph.Snap(*p, strayMeters)
		if err != nil {
			far++
			continue
		}
		*p = s.Point
	}
	if far > 0 {
		return problem.New(problem.Invalid, "demo.osm", "%d of the %d places in %s lie over %d m from the streets of %s.", far, len(points), d.city.Name, strayMeters, d.cmd.OSM).
			Do("Use an extract that holds the whole city, for Almere that of Flevoland.")
	}
	return nil
}

// earlySite answers while the city is being built.
func (d *demo) earlySite() (http.Handler, error) {
	messages, err := messagesOf(d.city)
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Messages: messages, Clock: d.clock, Location: d.city.Location, City: d.city.Name, Version: version(), Drawn: d.cmd.OSM == "",
		OSM: d.cmd.OSM != "", Log: d.g.log, Building: func() web.Building { return *d.building.Load() },
	})
}

// loopbackOnly refuses another address: the demo's passwords are public.
func loopbackOnly(address string) error {
	return problem.New(problem.Invalid, "demo.listen", "The demo cannot listen on %s: its passwords stand on the page.", address).
		Do("Use an address of this machine alone, such as 127.0.0.1:8081.")
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
