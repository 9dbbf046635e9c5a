package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"polder.city/collection"
	"polder.city/internal/problem"
)

type containersCmd struct {
	Import containersImportCmd `cmd:"" help:"Import containers from CSV (id,stream,lon,lat,volume_l[,place,address,sensor]) or GeoJSON."`
	QR     containersQRCmd     `cmd:"" name:"qr" help:"Write a sticker for each container, with a code that opens its page for reports."`
}

type containersImportCmd struct {
	StreamProperty string            `help:"GeoJSON: the property that names the stream." default:"stream"`
	Stream         map[string]string `help:"GeoJSON: what a stream is called in the file, as Rest=rest." placeholder:"THEIRS=OURS;..."`
	Volume         int               `help:"GeoJSON: litres of a container that states no volume." default:"5000"`
	File           string            `arg:"" help:"The file." type:"path"`
}

// Help shows an example.
func (containersImportCmd) Help() string {
	return "For instance:\n  polder containers import containers.csv\n  polder containers import denhaag.geojson --stream-property afvalfractie --stream 'Rest=rest;Papier=papier'\n\nAll lines are imported, or none. The same file again changes nothing."
}

// Run imports the containers in one transaction.
func (c *containersImportCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(c.load(ctx, g, a), a.close())
}

func (c *containersImportCmd) load(ctx context.Context, g *Globals, a *app) error {
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	var containers []collection.Container
	if strings.HasSuffix(c.File, "json") {
		aliases := map[string]string{}
		for theirs, ours := range c.Stream {
			aliases[strings.ToLower(theirs)] = ours
		}
		containers, err = collection.ReadContainersGeoJSON(f, filepath.Base(c.File), c.StreamProperty, aliases, c.Volume)
	} else {
		containers, err = collection.ReadContainers(f, filepath.Base(c.File))
	}
	if err != nil {
		return err
	}
	result, err := a.collection.SaveContainers(ctx, containers)
	if err != nil {
		return err
	}
	if err := a.collection.EnsureThings(ctx); err != nil {
		return err
	}
	if result.Added+result.Changed == 0 {
		fmt.Fprintf(g.out, "Nothing changed: all %d containers were known already.\n", result.Same)
		return nil
	}
	fmt.Fprintf(g.out, "%d containers added, %d changed, %d as before.\n", result.Added, result.Changed, result.Same)
	return nil
}

type observationsCmd struct {
	Import observationsImportCmd `cmd:"" help:"Import fills, emptyings and reports from CSV (container,time,fill[,kind=fill|emptying|report])."`
	Undo   observationsUndoCmd   `cmd:"" help:"Remove everything that an import brought."`
}

type observationsImportCmd struct {
	Undo string `help:"Take an import back instead, by the number that it printed." placeholder:"IMPORT"`
	File string `arg:"" optional:"" help:"The file." type:"path"`
}

// Help shows an example.
func (observationsImportCmd) Help() string {
	return "For instance:\n  polder observations import fills.csv\n  polder observations import --undo 3f9a1c0b2d44\n\nAn import that was broken off goes on where it stopped; the same file again changes nothing."
}

// Run imports the observations in marked batches.
func (c *observationsImportCmd) Run(ctx context.Context, g *Globals) error {
	if c.Undo != "" {
		return (&observationsUndoCmd{Import: c.Undo}).Run(ctx, g)
	}
	if c.File == "" {
		return problem.New(problem.Invalid, "import.file", "No file is named.").Do("Write: polder observations import FILE.csv")
	}
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(importFile(ctx, g, c.File, "observations", a.collection.ImportObservations), a.close())
}

// importFile imports a file that the user named, and says what became of it.
func importFile(ctx context.Context, g *Globals, file, what string,
	load func(context.Context, io.ReadSeeker, string, func(int64)) (collection.ObservationImport, error),
) error {
	f, err := openInput(file)
	if err != nil {
		return err
	}
	defer f.Close()
	result, err := load(ctx, f, filepath.Base(file), func(rows int64) { g.progress("%d lines", rows) })
	g.progress("")
	if err != nil {
		return err
	}
	switch {
	case result.Stored == 0:
		fmt.Fprintf(g.out, "Nothing changed: this file was imported already (import %s, %d lines).\n", result.Import, result.Before)
	case result.Before > 0:
		fmt.Fprintf(g.out, "%d %s imported; %d were there from the time it was broken off. Import %s; take it back with --undo %s.\n",
			result.Stored, what, result.Before, result.Import, result.Import)
	default:
		fmt.Fprintf(g.out, "%d %s imported. Import %s; take it back with --undo %s.\n", result.Stored, what, result.Import, result.Import)
	}
	return nil
}

type observationsUndoCmd struct {
	Import string `arg:"" help:"The import, as it was printed."`
}

// Run removes an import.
func (c *observationsUndoCmd) Run(ctx context.Context, g *Globals) error {
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	n, err := a.collection.UndoImport(ctx, c.Import)
	if err := errors.Join(err, a.close()); err != nil {
		return err
	}
	fmt.Fprintf(g.out, "%d observations removed.\n", n)
	return nil
}

type weighingsCmd struct {
	Import weighingsImportCmd `cmd:"" help:"Import weighings from CSV (container,time,kg[,truck])."`
}

type weighingsImportCmd struct {
	Undo string `help:"Take an import back instead, by the number that it printed." placeholder:"IMPORT"`
	File string `arg:"" optional:"" help:"The file." type:"path"`
}

// Help shows an example.
func (weighingsImportCmd) Help() string {
	return "For instance:\n  polder weighings import weighings.csv\n  polder weighings import --undo 3f9a1c0b2d44\n\nAn import that was broken off goes on where it stopped; the same file again changes nothing."
}

// Run imports the weighings in marked batches.
func (c *weighingsImportCmd) Run(ctx context.Context, g *Globals) error {
	if c.Undo != "" {
		return (&observationsUndoCmd{Import: c.Undo}).Run(ctx, g)
	}
	if c.File == "" {
		return problem.New(problem.Invalid, "import.file", "No file is named.").Do("Write: polder weighings import FILE.csv")
	}
	a, err := openApp(ctx, g, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(importFile(ctx, g, c.File, "weighings", a.collection.ImportWeighings), a.close())
}

// openInput opens a file that the user named.
func openInput(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "file", "The file %s cannot be read.", name).Do("Check its name, and that you may read it.").Cause(err)
	}
	return f, nil
}

// writeOutput writes a text to a file that the user named.
func writeOutput(name string, text []byte) error {
	return writeFile(name, func(w *bufio.Writer) error {
		_, err := w.Write(text)
		return err
	})
}
