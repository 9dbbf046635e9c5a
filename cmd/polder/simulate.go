package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/internal/calendar"
	"polder.city/internal/problem"
	"polder.city/roads"
	"polder.city/roads/synth"
	"polder.city/simulate"
)

type simulateCmd struct {
	City       string `help:"Name of an embedded city, or a city folder." default:"almere"`
	OSM        string `help:"Put the containers on the streets of this OpenStreetMap extract; without it, on drawn ones." name:"osm" placeholder:"FILE" type:"path"`
	Containers int    `help:"How many containers." default:"400"`
	Days       int    `help:"How many days of observations, up to now." default:"60"`
	Seed       uint64 `help:"The same seed gives the same city." default:"1"`
	Until      string `help:"The last moment, RFC 3339; now when not given." placeholder:"TIME"`
	Out        string `help:"The folder to write containers.csv and fills.csv in." required:"" type:"path"`
}

// Help shows an example.
func (simulateCmd) Help() string {
	return "For instance:\n  polder simulate --containers 400 --days 60 --seed 1 --out sim"
}

// Run writes the files.
func (c *simulateCmd) Run(ctx context.Context, g *Globals) error {
	if c.Containers < 1 || c.Containers > 100_000 || c.Days < 1 || c.Days > 3660 {
		return problem.New(problem.Invalid, "simulate.size", "%d containers for %d days cannot be simulated.", c.Containers, c.Days).
			Do("Ask for 1 to 100,000 containers and 1 to 3,660 days.")
	}
	loaded, err := city.Open(c.City)
	if err != nil {
		return err
	}
	until := time.Now()
	if c.Until != "" {
		if until, err = time.Parse(time.RFC3339, c.Until); err != nil {
			return problem.New(problem.Invalid, "simulate.until", "%q is no time.", c.Until).At("--until").Do("Write it as 2026-11-24T16:00:00+01:00.")
		}
	}
	until = until.Truncate(time.Hour)
	network, err := c.streets(ctx, g, loaded)
	if err != nil {
		return err
	}
	containers, err := c.layOut(loaded, network)
	if err != nil {
		return err
	}
	start := calendar.AddDays(calendar.Midnight(until, loaded.Location), -c.Days)
	config := worldConfig(loaded, start, until)
	config.Seed, config.Containers = c.Seed, containers
	world, err := simulate.New(config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return problem.New(problem.Invalid, "simulate.out", "The folder %s cannot be made.", c.Out).At("--out").Do("Name another.").Cause(err)
	}
	if err := c.writeContainers(containers); err != nil {
		return err
	}
	n, err := c.writeFills(ctx, world, until)
	if err != nil {
		return err
	}
	if err := c.writeDays(loaded, until); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s: %d containers and %d observations of %d days, all simulated.\n", c.Out, len(containers), n, c.Days)
	return nil
}

// streets returns the extract's streets, or drawn ones.
func (c *simulateCmd) streets(ctx context.Context, g *Globals, loaded *city.City) (*roads.Network, error) {
	if c.OSM != "" {
		return readOSM(ctx, g, c.OSM)
	}
	if loaded.Landscape == nil {
		return nil, problem.New(problem.Invalid, "simulate.streets", "The city %s brings no landscape to draw streets in.", loaded.Name).
			Do("Give an OpenStreetMap extract with --osm.")
	}
	return synth.Draw(*loaded.Landscape)
}

// layOut puts the containers on streets that trucks can reach.
func (c *simulateCmd) layOut(loaded *city.City, network *roads.Network) ([]simulate.Container, error) {
	graph, err := roads.Build(network, roads.Truck())
	if err != nil {
		return nil, err
	}
	points := homes(network, func(p orb.Point) bool {
		if !loaded.Contains(p, 0) {
			return false
		}
		_, err := graph.Snap(p, 10)
		return err == nil
	})
	if len(points) == 0 {
		return nil, problem.New(problem.Invalid, "simulate.streets", "No street of the extract lies in %s.", loaded.Name).Do("Use the extract of the city's own region.")
	}
	var mix []simulate.Mix
	for _, usual := range simulate.DutchMix() {
		if i := slices.IndexFunc(loaded.Streams, func(s city.Stream) bool { return s.ID == usual.Stream }); i >= 0 {
			usual.Code = loaded.Streams[i].Letter
			mix = append(mix, usual)
		}
	}
	if len(mix) == 0 {
		return nil, problem.New(problem.Invalid, "simulate.streams", "None of the streams of %s is one that the simulator knows.", loaded.Name).
			Do("Name one of them rest, papier, glas, gft or textiel.")
	}
	return simulate.Generate(c.Seed, c.Containers, "P", mix, points)
}

func (c *simulateCmd) writeContainers(containers []simulate.Container) error {
	return writeFile(filepath.Join(c.Out, "containers.csv"), func(w *bufio.Writer) error {
		out := csv.NewWriter(w)
		rows := [][]string{{"id", "stream", "lon", "lat", "volume_l", "place", "address", "sensor"}}
		for _, x := range containers {
			sensor := ""
			if x.Sensor {
				sensor = "S-" + x.ID
			}
			rows = append(rows, []string{
				x.ID, x.Stream, strconv.FormatFloat(x.Point[0], 'f', 6, 64), strconv.FormatFloat(x.Point[1], 'f', 6, 64),
				strconv.Itoa(int(x.VolumeLitres)), x.Place, "", sensor,
			})
		}
		return out.WriteAll(rows)
	})
}

func (c *simulateCmd) writeFills(ctx context.Context, world *simulate.World, until time.Time) (n int, err error) {
	err = writeFile(filepath.Join(c.Out, "fills.csv"), func(w *bufio.Writer) error {
		fmt.Fprintln(w, "container,time,fill,kind")
		return world.Advance(ctx, until, func(e simulate.Event) {
			kind := ""
			switch e.Kind {
			case simulate.Fill, simulate.Emptying, simulate.Report:
				kind = e.Kind.String()
			default:
				return
			}
			n++
			fmt.Fprintf(w, "%s,%s,%.3f,%s\n", e.Thing, e.At.UTC().Format(time.RFC3339), min(e.Value, 1.5), kind)
		})
	})
	return n, err
}

// writeDays writes the next days with and without work, for scripts that go on from here.
func (c *simulateCmd) writeDays(loaded *city.City, until time.Time) error {
	today := calendar.Midnight(until, loaded.Location)
	for name, works := range map[string]bool{"next-workday": true, "next-holiday": false} {
		day := calendar.AddDays(today, 1)
		for loaded.WorkingDay(day) != works {
			day = calendar.AddDays(day, 1)
		}
		if err := os.WriteFile(filepath.Join(c.Out, name), []byte(day.Format(time.DateOnly)+"\n"), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a whole file, or tells why not.
func writeFile(name string, write func(w *bufio.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return problem.New(problem.Invalid, "file", "The file %s cannot be written.", name).Do("Check that you may write there, and that the disk is not full.").Cause(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(w), w.Flush(), f.Close())
}
