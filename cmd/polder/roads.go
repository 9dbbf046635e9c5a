package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/internal/problem"
	"polder.city/roads"
)

type roadsCmd struct {
	Import    roadsImportCmd    `cmd:"" help:"Import the streets of an OpenStreetMap extract (.osm.pbf)."`
	Route     roadsRouteCmd     `cmd:"" help:"The fastest way between two points, in words and as GeoJSON."`
	Matrix    roadsMatrixCmd    `cmd:"" help:"Travel times and distances between all points of a file."`
	Isochrone roadsIsochroneCmd `cmd:"" help:"The streets that are reached within some minutes."`
	Check     roadsCheckCmd     `cmd:"" help:"Check paths between random places by rules that share no code with the search."`
}

type roadsImportCmd struct {
	File string `arg:"" help:"The extract." type:"path"`
}

// Help shows an example.
func (roadsImportCmd) Help() string {
	return "For instance:\n  polder roads import flevoland.osm.pbf\n\nThe streets take the place of those that were there, in one transaction."
}

// Run imports the streets.
func (c *roadsImportCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(c.load(ctx, g, a), a.close())
}

func (c *roadsImportCmd) load(ctx context.Context, g *Globals, a *app) error {
	network, err := readOSM(ctx, g, c.File)
	if err != nil {
		return err
	}
	changed, err := a.collection.SaveNetwork(ctx, network)
	if err != nil {
		return err
	}
	streets, err := a.collection.Streets(ctx)
	if err != nil {
		return err
	}
	if !changed {
		fmt.Fprintln(g.out, "Nothing changed: these streets were imported already.")
		return nil
	}
	fmt.Fprintf(g.out, "%d ways; a truck can use %d crossings and %d street parts: %.0f %% of the length that it may drive hangs together. %s.\n",
		len(network.Ways), streets.Graph.Stats().Nodes, streets.Graph.Stats().Arcs, 100*streets.Graph.Stats().Share, network.Source)
	return nil
}

// readOSM reads an OpenStreetMap extract and shows how far it is.
func readOSM(ctx context.Context, g *Globals, file string) (*roads.Network, error) {
	f, err := openInput(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	shown := int64(-1)
	var counts roads.ImportCounts
	var unread []string
	network, err := roads.ImportPBF(ctx, f, roads.ImportOptions{
		Name: filepath.Base(file), Counts: &counts,
		Progress: func(bytes int64) {
			if percent := bytes * 100 / max(info.Size(), 1); percent/10 != shown/10 || shown < 0 {
				shown = percent
				g.progress("%s: %d %%", filepath.Base(file), percent)
			}
		},
		Unread: func(u roads.Unread) {
			if len(unread) < maxUnread {
				unread = append(unread, u.Element+": "+u.Tag)
			}
		},
	})
	g.progress("")
	if err == nil && counts.Unread > 0 {
		fmt.Fprintf(g.err, "%d of %d rules for certain hours or vehicles could not be read and are left out, as:\n  %s\n",
			counts.Unread, counts.Unread+counts.Conditional, strings.Join(unread, "\n  "))
	}
	return network, err
}

// maxUnread is how many of the rules that cannot be read are shown.
const maxUnread = 5

// streetsFlags choose the streets and the vehicle of a question.
type streetsFlags struct {
	OSM     string  `help:"Ask the streets of this OpenStreetMap extract, not those of the city's folder." name:"osm" placeholder:"FILE" type:"path"`
	Profile string  `help:"Who travels: truck, car, bicycle, foot, or a profile of your own (FILE.yaml)." default:"truck"`
	At      instant `help:"When the trip begins, as 2026-11-25T07:30 on the clock there: rules with hours hold when they do then." placeholder:"TIME"`
	Curb    bool    `help:"Stop only with the place on the right hand."`
	Close   []int64 `help:"Ways that are closed, by OpenStreetMap's number." placeholder:"WAY,..."`
	Within  float64 `help:"How far a point may lie from a street, in metres." default:"150" placeholder:"METRES"`
}

// graph returns the streets, ready for the vehicle.
func (f *streetsFlags) graph(ctx context.Context, g *Globals) (*roads.Network, *roads.Graph, error) {
	profile, err := f.profile()
	if err != nil {
		return nil, nil, err
	}
	network, err := f.network(ctx, g)
	if err != nil {
		return nil, nil, err
	}
	if f.Curb {
		profile.Approach = roads.ApproachCurb
	}
	graph, err := roads.Build(network, profile)
	if err != nil {
		return nil, nil, err
	}
	if !f.At.IsZero() {
		if graph, err = graph.At(f.At.Time); err != nil {
			return nil, nil, err
		}
	}
	var changes []roads.Change
	for _, way := range f.Close {
		edges := graph.EdgesOf(way)
		if len(edges) == 0 {
			return nil, nil, problem.New(problem.NotFound, "roads.way", "A %s can use no way %d.", profile.Name, way).At("--close").Do("Look its number up on openstreetmap.org.")
		}
		for _, e := range edges {
			changes = append(changes, roads.Change{Edge: e, Closed: true})
		}
	}
	if len(changes) > 0 {
		graph, err = graph.With(changes...)
	}
	return network, graph, err
}

// instant is a time of the day of a trip on the command line. Rules are told by the clock of
// the place, so that it needs no zone.
type instant struct{ time.Time }

// UnmarshalText reads "2026-11-25T07:30".
func (i *instant) UnmarshalText(text []byte) error {
	var err error
	if i.Time, err = time.Parse("2006-01-02T15:04", string(text)); err != nil {
		return fmt.Errorf("%q is no date and time, as 2026-11-25T07:30", text)
	}
	return nil
}

func (f *streetsFlags) profile() (roads.Profile, error) {
	switch f.Profile {
	case "truck":
		return roads.Truck(), nil
	case "car":
		return roads.Car(), nil
	case "bicycle":
		return roads.Bicycle(), nil
	case "foot":
		return roads.Foot(), nil
	}
	file, err := openInput(f.Profile)
	if err != nil {
		return roads.Profile{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return roads.Profile{}, fmt.Errorf("read %s: %w", f.Profile, err)
	}
	return roads.ParseProfile(text, f.Profile)
}

func (f *streetsFlags) network(ctx context.Context, g *Globals) (*roads.Network, error) {
	if f.OSM != "" {
		return readOSM(ctx, g, f.OSM)
	}
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return nil, err
	}
	streets, err := a.collection.Streets(ctx)
	if err := errors.Join(err, a.close()); err != nil {
		return nil, err
	}
	return streets.Network, nil
}

// snap finds the street of a point.
func (f *streetsFlags) snap(graph *roads.Graph, p orb.Point, name string) (roads.Snap, error) {
	s, err := graph.Snap(p, f.Within)
	if e, ok := errors.AsType[*roads.TooFarError](err); ok {
		return s, problem.New(problem.Invalid, "roads.far", "%s lies %.0f m from the nearest street that may be used.", name, e.Meters).
			Do("Take a point nearer to a street, or allow more with --within.").Cause(err)
	}
	return s, err
}

// at finds the street of a point of the command line.
func (f *streetsFlags) at(graph *roads.Graph, p point) (roads.Snap, error) {
	return f.snap(graph, orb.Point(p), p.String())
}

// point is a place on the command line: longitude and latitude with a comma between.
type point orb.Point

// UnmarshalText reads "5.2175,52.3722".
func (p *point) UnmarshalText(text []byte) error {
	lon, lat, ok := strings.Cut(string(text), ",")
	x, errX := strconv.ParseFloat(strings.TrimSpace(lon), 64)
	y, errY := strconv.ParseFloat(strings.TrimSpace(lat), 64)
	if !ok || errX != nil || errY != nil {
		return fmt.Errorf("%q is no longitude and latitude, as 5.2175,52.3722", text)
	}
	*p = point{x, y}
	return nil
}

func (p point) String() string { return fmt.Sprintf("%g,%g", p[0], p[1]) }

// drawFlags say where a picture goes.
type drawFlags struct {
	GeoJSON string `help:"Write it as GeoJSON." name:"geojson" placeholder:"FILE" type:"path"`
	SVG     string `help:"Draw it on the streets around." name:"svg" placeholder:"FILE" type:"path"`
}

// write writes what was asked for.
func (d *drawFlags) write(network *roads.Network, features ...*geojson.Feature) error {
	if d.GeoJSON != "" {
		collection := geojson.NewFeatureCollection()
		collection.Features = features
		text, err := json.MarshalIndent(collection, "", " ")
		if err != nil {
			return fmt.Errorf("write GeoJSON: %w", err)
		}
		if err := writeOutput(d.GeoJSON, append(text, '\n')); err != nil {
			return err
		}
	}
	if d.SVG == "" {
		return nil
	}
	lines := make([]orb.Geometry, len(features))
	for i, f := range features {
		lines[i] = f.Geometry
	}
	return writeOutput(d.SVG, roads.SVG(network, lines...))
}

type roadsRouteCmd struct {
	streetsFlags
	drawFlags
	Alternatives int   `help:"How many ways to show at most." default:"1" placeholder:"N"`
	From         point `arg:"" help:"Longitude and latitude, as 5.2175,52.3722."`
	To           point `arg:"" help:"Longitude and latitude."`
}

// Help shows an example.
func (roadsRouteCmd) Help() string {
	return "For instance:\n  polder roads route 9.5215,47.1410 9.5370,47.2130 --osm liechtenstein.osm.pbf --svg route.svg\n  polder roads route 5.2175,52.3722 5.2775,52.3950 --close 7046172    when a bridge is open"
}

// Run finds the way and tells it.
func (c *roadsRouteCmd) Run(ctx context.Context, g *Globals) error {
	network, graph, err := c.graph(ctx, g)
	if err != nil {
		return err
	}
	from, err := c.at(graph, c.From)
	if err != nil {
		return err
	}
	to, err := c.at(graph, c.To)
	if err != nil {
		return err
	}
	paths, err := graph.Alternatives(from, to, max(1, c.Alternatives))
	if err != nil {
		return unreachable(err)
	}
	var features []*geojson.Feature
	for i := range paths {
		p := &paths[i]
		fmt.Fprintf(g.out, "%s, %.1f km\n", duration(p.Seconds), float64(p.Meters)/1000)
		for _, s := range p.Steps {
			fmt.Fprintf(g.out, "  %6d m  %7s  %s\n", s.Meters, duration(s.Seconds), streetName(s))
		}
		features = append(features, p.Feature())
	}
	return c.write(network, features...)
}

func streetName(s roads.Step) string {
	switch {
	case s.Name == "" && s.Ref == "":
		return "(a street without a name)"
	case s.Ref == "" || s.Name == "":
		return s.Name + s.Ref
	}
	return s.Name + " (" + s.Ref + ")"
}

func duration(seconds int32) string { return (time.Duration(seconds) * time.Second).String() }

// unreachable tells people that no way is left.
func unreachable(err error) error {
	if e, ok := errors.AsType[*roads.UnreachableError](err); ok {
		return problem.New(problem.Invalid, "roads.unreachable", "There is no way: %v.", e).Do("Open one of the ways of --close, or take another time with --at.").Cause(err)
	}
	return err
}

type roadsMatrixCmd struct {
	streetsFlags
	Out    string `help:"Where to write from,to,seconds,meters; the terminal when not given." placeholder:"FILE" type:"path"`
	Points string `arg:"" help:"A CSV file with the columns id, lon and lat; others are passed over." type:"path"`
}

// Help shows an example.
func (roadsMatrixCmd) Help() string {
	return "For instance:\n  polder roads matrix containers.csv --osm flevoland.osm.pbf --out times.csv"
}

// Run computes the matrix and writes it.
func (c *roadsMatrixCmd) Run(ctx context.Context, g *Globals) error {
	ids, points, err := readPoints(c.Points)
	if err != nil {
		return err
	}
	_, graph, err := c.graph(ctx, g)
	if err != nil {
		return err
	}
	at := make([]roads.Snap, len(points))
	for i, p := range points {
		if at[i], err = c.snap(graph, p, ids[i]); err != nil {
			return err
		}
	}
	m, err := graph.Matrix(ctx, at)
	if err != nil {
		return unreachable(err)
	}
	var b strings.Builder
	b.WriteString("from,to,seconds,meters\n")
	for i := range m.N {
		for j := range m.N {
			fmt.Fprintf(&b, "%s,%s,%d,%d\n", ids[i], ids[j], m.Seconds[i*m.N+j], m.Meters[i*m.N+j])
		}
	}
	if c.Out == "" {
		_, err = io.WriteString(g.out, b.String())
		return err
	}
	if err := writeOutput(c.Out, []byte(b.String())); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%s: %d points, %d times.\n", c.Out, m.N, m.N*m.N)
	return nil
}

// readPoints reads the ids and places of a CSV file.
func readPoints(name string) (ids []string, points []orb.Point, err error) {
	f, err := openInput(name)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	wrong := func(line int, format string, args ...any) error {
		return problem.New(problem.Invalid, "points", format, args...).At(fmt.Sprintf("%s:%d", name, line)).Do("Write id,lon,lat on the first line, and a point on each line after it.")
	}
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return nil, nil, wrong(1, "The file has no first line with the names of the columns.")
	}
	column := map[string]int{}
	for i, name := range head {
		column[strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))] = i
	}
	for _, name := range []string{"id", "lon", "lat"} {
		if _, ok := column[name]; !ok {
			return nil, nil, wrong(1, "The column %s is missing.", name)
		}
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return nil, nil, wrong(line, "The line cannot be read: %v.", err)
		}
		var p point
		if err := p.UnmarshalText([]byte(row[column["lon"]] + "," + row[column["lat"]])); err != nil {
			return nil, nil, wrong(line, "The point cannot be read: %v.", err)
		}
		ids, points = append(ids, row[column["id"]]), append(points, orb.Point(p))
	}
	if len(points) == 0 {
		return nil, nil, wrong(2, "The file has no points.")
	}
	return ids, points, nil
}

type roadsIsochroneCmd struct {
	streetsFlags
	drawFlags
	Minutes float64 `help:"How long the trip may take." default:"10"`
	From    point   `arg:"" help:"Longitude and latitude, as 5.2175,52.3722."`
}

// Help shows an example.
func (roadsIsochroneCmd) Help() string {
	return "For instance:\n  polder roads isochrone 9.5215,47.1410 --minutes 5 --osm liechtenstein.osm.pbf --svg reach.svg"
}

// Run finds the streets and writes them.
func (c *roadsIsochroneCmd) Run(ctx context.Context, g *Globals) error {
	network, graph, err := c.graph(ctx, g)
	if err != nil {
		return err
	}
	from, err := c.at(graph, c.From)
	if err != nil {
		return err
	}
	lines, err := graph.Isochrone(from, time.Duration(c.Minutes*float64(time.Minute)))
	if err != nil {
		return err
	}
	feature := geojson.NewFeature(lines)
	feature.Properties["minutes"] = c.Minutes
	meters := 0.0
	for _, line := range lines {
		meters += roads.Meters(line)
	}
	fmt.Fprintf(g.out, "%.1f km of street, in %d parts, lie within %g minutes.\n", meters/1000, len(lines), c.Minutes)
	return c.write(network, feature)
}

type roadsCheckCmd struct {
	streetsFlags
	Pairs int    `help:"How many pairs of places." default:"1000"`
	Seed  uint64 `help:"Which places." default:"1"`
}

// Help shows an example.
func (roadsCheckCmd) Help() string {
	return "For instance:\n  polder roads check --osm flevoland.osm.pbf --pairs 10000"
}

// Run looks for a path that may not be driven, or that takes another time than the matrix says.
func (c *roadsCheckCmd) Run(ctx context.Context, g *Globals) error {
	network, graph, err := c.graph(ctx, g)
	if err != nil {
		return err
	}
	checker, err := roads.NewChecker(network, graph.Profile())
	if !c.At.IsZero() {
		checker, err = roads.NewCheckerAt(network, graph.Profile(), c.At.Time)
	}
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(c.Seed, 0))
	var at []roads.Snap
	for tries := 0; len(at) < 40 && tries < 100_000; tries++ {
		if s, err := graph.Snap(network.Nodes[random.IntN(len(network.Nodes))], 1); err == nil {
			at = append(at, s)
		}
	}
	if len(at) < 2 {
		return problem.New(problem.Invalid, "roads.check", "No places on these streets were found where a %s may stop.", graph.Profile().Name).Do("Look at the profile.")
	}
	wrong := 0
	for done := 0; done < c.Pairs; {
		m, err := graph.Matrix(ctx, at)
		if err != nil {
			return unreachable(err)
		}
		for i := 0; i < len(at) && done < c.Pairs; i++ {
			j := random.IntN(len(at))
			done++
			p, err := graph.Path(at[i], at[j])
			if err != nil {
				return unreachable(err)
			}
			if p.Seconds != m.Seconds[i*m.N+j] || p.Meters != m.Meters[i*m.N+j] {
				wrong++
				fmt.Fprintf(g.out, "%v to %v: the path takes %d s, the matrix says %d s\n", at[i].Point, at[j].Point, p.Seconds, m.Seconds[i*m.N+j])
			}
			if err := checker.Check(p.Line); err != nil {
				wrong++
				fmt.Fprintf(g.out, "%v to %v: %v\n", at[i].Point, at[j].Point, err)
			}
		}
		for k := range at { // other places for the next round
			if s, err := graph.Snap(network.Nodes[random.IntN(len(network.Nodes))], 1); err == nil {
				at[k] = s
			}
		}
		g.progress("%d of %d pairs", done, c.Pairs)
	}
	g.progress("")
	if wrong > 0 {
		return problem.New(problem.Internal, "roads.check", "%d of %d paths are wrong.", wrong, c.Pairs).Do("Report it, with the extract.")
	}
	fmt.Fprintf(g.out, "%d paths: each may be driven as it stands, and takes the time that the matrix says.\n", c.Pairs)
	return nil
}
