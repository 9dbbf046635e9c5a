// Command citygen makes the files of a simulated city that are too long to write
// by hand: containers.csv, schedule.csv and instances.csv. It reads the rest of
// the city folder, draws its streets and puts what placement.yaml counts beside
// them. The same folder gives the same files.
//
//	go run ./internal/citygen -city city/almere
package main

import (
	"cmp"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/paulmach/orb"

	"polder.city/city"
	"polder.city/roads"
	"polder.city/roads/synth"
)

func main() {
	folder := flag.String("city", "city/almere", "the city folder to read and write")
	flag.Parse()
	if err := run(*folder); err != nil {
		slog.Error("citygen failed", "error", err)
		os.Exit(1)
	}
}

// placement is placement.yaml.
type placement struct {
	Seed    uint64           `yaml:"seed"`
	Parts   map[string]part  `yaml:"parts"`
	Volume  map[string]int64 `yaml:"volume_l"`
	Sensors []struct {
		Streams []string `yaml:"streams"`
		Count   int      `yaml:"count"`
	} `yaml:"sensors"`
	Schedule struct {
		First      string             `yaml:"first"`
		EveryWeeks map[string]int     `yaml:"every_weeks"`
		Twice      map[string]float64 `yaml:"twice"`
	} `yaml:"schedule"`
	Require            []string  `yaml:"require"`
	Counters           int       `yaml:"counters"`
	Soil               int       `yaml:"soil"`
	Pumps              int       `yaml:"pumps"`
	Greenhouses        int       `yaml:"greenhouses"`
	GreenhouseDistrict string    `yaml:"greenhouse_district"`
	Bridges            []bridge  `yaml:"bridges"`
	CarParks           []carPark `yaml:"car_parks"`
	Crops              []string  `yaml:"crops"`
}

type part struct {
	Places     int            `yaml:"places"`
	Containers map[string]int `yaml:"containers"`
}

type bridge struct {
	ID       string    `yaml:"id"`
	Template string    `yaml:"template"`
	Name     string    `yaml:"name"`
	Water    string    `yaml:"water"`
	Near     orb.Point `yaml:"near"`
	Counter  string    `yaml:"counter"`
}

type carPark struct {
	ID       string    `yaml:"id"`
	Name     string    `yaml:"name"`
	Capacity int       `yaml:"capacity"`
	Near     orb.Point `yaml:"near"`
}

// made are the files that this command writes: mistakes in them do not count.
var made = []string{"containers.csv", "schedule.csv", "instances.csv", "simulate.yaml"}

func run(folder string) error {
	c, err := loadRest(folder)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(folder, "placement.yaml"))
	if err != nil {
		return fmt.Errorf("read placement: %w", err)
	}
	var p placement
	if err := yaml.UnmarshalWithOptions(data, &p, yaml.Strict()); err != nil {
		return fmt.Errorf("read placement: %w", err)
	}
	network, err := synth.Draw(*c.Landscape)
	if err != nil {
		return fmt.Errorf("draw streets: %w", err)
	}
	g := newGenerator(c, network, p)
	places, err := g.places()
	if err != nil {
		return err
	}
	containers, err := g.containers(places)
	if err != nil {
		return err
	}
	schedule, err := g.schedule(containers)
	if err != nil {
		return err
	}
	instances, err := g.instances()
	if err != nil {
		return err
	}
	return errors.Join(
		write(folder, "containers.csv", "id,stream,lon,lat,volume_l,place,address,sensor", containerRows(containers)),
		write(folder, "schedule.csv", "container,days,every_weeks,first", schedule),
		write(folder, "instances.csv", "id,template,name,lon,lat,properties", instances),
	)
}

// loadRest reads the city folder without the files that are to be made.
func loadRest(folder string) (*city.City, error) {
	c, problems := city.Load(os.DirFS(folder))
	var rest []error
	for _, p := range problems {
		file, _, _ := strings.Cut(p.Where, ":")
		if file, _, _ = strings.Cut(file, " "); !slices.Contains(made, file) {
			rest = append(rest, p)
		}
	}
	if len(rest) > 0 {
		return nil, errors.Join(rest...)
	}
	if c.Landscape == nil {
		return nil, errors.New("the city has no landscape.geojson to put containers on")
	}
	return c, nil
}

// write puts rows in a CSV file.
func write(folder, name, header string, rows [][]string) (err error) {
	f, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { err = cmp.Or(err, f.Close()) }()
	if _, err := io.WriteString(f, header+"\n"); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w := csv.NewWriter(f)
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	slog.Info("written", "file", name, "rows", len(rows))
	return nil
}

func newGenerator(c *city.City, n *roads.Network, p placement) *generator {
	g := &generator{city: c, network: n, plan: p}
	g.findCurbs()
	return g
}
