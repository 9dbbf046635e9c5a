package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"polder.city/collection"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

const twoContainers = "id,stream,lon,lat,volume_l\nC1,rest,9.5215,47.1411,5000\nC2,papier,9.5216,47.1412,3000\n"

func TestAFileWithAMistakeNamesTheLineAndTheWayOutAndChangesNothing(t *testing.T) {
	ahead := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	tests := []struct{ name, what, file, text, place, message string }{
		{"columns of containers", "containers", "c.csv", "id,stream,lon\nC9,rest,9.5\n", "c.csv:1", "The columns are id,stream,lon,lat,volume_l"},
		{"an unknown column", "containers", "c.csv", "id,stream,lon,lat,volume_l,colour\n", "c.csv:1", `no column "colour"`},
		{"an empty file", "containers", "c.csv", "", "c.csv:1", "Begin it with: id,stream,lon,lat,volume_l"},
		{"a coordinate that is no number", "containers", "c.csv", "id,stream,lon,lat,volume_l\nC9,rest,east,47.1,5000\n", "c.csv:2: lon", "Write it with a point"},
		{"a coordinate outside", "containers", "c.csv", twoContainers + "C9,rest,4.9,52.37,5000\n", "lon,lat", "outside the municipality of Liechtenstein. Check that longitude stands before latitude"},
		{"an unknown stream", "containers", "c.csv", twoContainers + "C9,goud,9.52,47.14,5000\n", "stream", `no stream "goud". Use one of: rest, papier`},
		{"U+0000 in a name", "containers", "c.csv", twoContainers + "C\x009,rest,9.52,47.14,5000\n", "c.csv:4: id", "U+0000. Remove it"},
		{"columns of observations", "observations", "o.csv", "container,when,fill\n", "o.csv:1", "The columns are container,time,fill"},
		{"a fill of 151 %", "observations", "o.csv", "container,time,fill\nC1,2026-01-05T10:00:00Z,20%\nC1,2026-01-05T11:00:00Z,151%\n", "o.csv:3: fill", "Write a fraction (0.52) or a percentage (52%)"},
		{"a time without offset", "observations", "o.csv", "container,time,fill\nC1,2026-01-05 10:00,0.2\n", "o.csv:2: time", "Write it with its offset"},
		{"a time two days ahead", "observations", "o.csv", "container,time,fill\nC1," + ahead + ",0.2\n", "o.csv:2: time", "over a day ahead. Correct the time"},
		{"an unknown container", "observations", "o.csv", "container,time,fill\nC1,2026-01-05T10:00:00Z,0.2\nC7,2026-01-05T10:00:00Z,0.2\n", "o.csv:3: container", `no container "C7". Import the containers first`},
		{"U+0000 in a container", "observations", "o.csv", "container,time,fill\nC\x001,2026-01-05T10:00:00Z,0.2\n", "o.csv:2: container", "U+0000. Remove it"},
		{"columns of weighings", "weighings", "w.csv", "container,time,weight\n", "w.csv:1", "The columns are container,time,kg; optional are truck"},
		{"a weight of 20 tonnes and more", "weighings", "w.csv", "container,time,kg\nC1,2026-01-05T10:00:00Z,20001\n", "w.csv:2: kg", "is no number from 0 to 20000"},
		{"a weight without a time", "weighings", "w.csv", "container,time,kg\nC1,,300\n", "w.csv:2: time", "Write it with its offset"},
		{"a weighing of an unknown container", "weighings", "w.csv", "container,time,kg\nC1,2026-01-05T10:00:00Z,300\nC7,2026-01-05T10:00:00Z,300\n", "w.csv:3: container", "Import the containers first"},
		{"a truck with a long name", "weighings", "w.csv", "container,time,kg,truck\nC1,2026-01-05T10:00:00Z,300," + strings.Repeat("K", 65) + "\n", "w.csv:2: truck", "Use its short name"},
		{"an unknown kind", "observations", "o.csv", "container,time,fill,kind\nC1,2026-01-05T10:00:00Z,0.2,theft\n", "o.csv:2: kind", "Use fill, emptying or report"},
	}
	each(t, func(t *testing.T, p *polder) {
		p.must(t, "containers", "import", p.write(t, "two.csv", twoContainers))
		before := p.counts(t)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				p.refuses(t, exitInvalid, []string{tt.place, tt.message}, tt.what, "import", p.write(t, tt.file, tt.text))
			})
		}
		if after := p.counts(t); !maps.Equal(before, after) {
			t.Errorf("the wrong files changed %v into %v", before, after)
		}
	})
}

func TestTheSameFileAgainChangesNothingAndAnImportIsTakenBack(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		containers := p.write(t, "two.csv", twoContainers)
		contains(t, p.must(t, "containers", "import", containers), "2 containers added, 0 changed, 0 as before")
		fills := p.write(t, "o.csv", "container,time,fill,kind\nC1,2026-01-05T10:00:00Z,150%,\nC2,2026-01-05T10:00:00Z,,emptying\nC2,2026-01-05T10:00:00Z,,report\n")
		empty := p.counts(t)
		printed := p.must(t, "observations", "import", fills)
		contains(t, printed, "3 observations imported")
		full := p.counts(t)
		contains(t, p.must(t, "containers", "import", containers), "Nothing changed")
		contains(t, p.must(t, "observations", "import", fills), "Nothing changed")
		if after := p.counts(t); !maps.Equal(full, after) {
			t.Errorf("the same files again changed %v into %v", full, after)
		}
		id := regexp.MustCompile(`--undo (\w+)`).FindStringSubmatch(printed)
		if id == nil {
			t.Fatalf("no number to take it back with: %s", printed)
		}
		contains(t, p.must(t, "observations", "import", "--undo", id[1]), "3 observations removed")
		if after := p.counts(t); after["observation"] != empty["observation"] {
			t.Errorf("%d observations after taking the import back", after["observation"])
		}
		p.refuses(t, exitInvalid, []string{"no import", "Use the number that the import printed"}, "observations", "import", "--undo", "0000")
		contains(t, p.must(t, "observations", "import", fills), "3 observations imported")
	})
}

func TestAnImportThatWasBrokenOffGoesOn(t *testing.T) {
	const rows = 20_500 // one batch and a bit
	var text strings.Builder
	text.WriteString("container,time,fill\n")
	from := time.Now().Add(-30 * 24 * time.Hour).UTC().Truncate(time.Minute)
	for i := range rows {
		fmt.Fprintf(&text, "C1,%s,0.%02d\n", from.Add(time.Duration(i)*time.Minute).Format(time.RFC3339), i%100)
	}
	each(t, func(t *testing.T, p *polder) {
		p.must(t, "containers", "import", p.write(t, "two.csv", twoContainers))
		file := p.write(t, "long.csv", text.String())

		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		a, err := openApp(ctx, &Globals{Data: p.path("stad"), Database: p.database, out: io.Discard, log: slog.New(slog.DiscardHandler)}, appOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = a.collection.ImportObservations(ctx, f, "long.csv", func(int64) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the import ended with %v, not because it was broken off", err)
		}
		if err := errors.Join(f.Close(), a.close()); err != nil {
			t.Fatal(err)
		}
		if n := p.counts(t)["observation"]; n == 0 || n >= rows {
			t.Fatalf("%d of %d observations after it was broken off", n, rows)
		}
		contains(t, p.must(t, "observations", "import", file), "500 observations imported; 20000 were there from the time it was broken off")
		if n := p.counts(t)["observation"]; n != rows {
			t.Errorf("%d observations, want %d", n, rows)
		}
		contains(t, p.must(t, "observations", "import", file), "Nothing changed")
	})
}

func TestATruncatedExtractIsRefusedAndTheStreetsStay(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		whole, err := os.ReadFile(testStreets)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, p.must(t, "roads", "import", testStreets), "OpenStreetMap contributors")
		before := p.counts(t)
		for _, size := range []int{0, 3, 5000, len(whole) / 2, len(whole) - 1} {
			p.refuses(t, exitInvalid, []string{"short.osm.pbf"}, "roads", "import", p.write(t, "short.osm.pbf", string(whole[:size])))
		}
		p.refuses(t, exitInvalid, []string{"none.osm.pbf", "Check its name"}, "roads", "import", p.path("none.osm.pbf"))
		contains(t, p.must(t, "roads", "import", testStreets), "Nothing changed")
		if after := p.counts(t); !maps.Equal(before, after) {
			t.Errorf("the wrong extracts changed %v into %v", before, after)
		}
	})
}

func TestWeighingsAreObservationsOfTheirOwnAndAreTakenBack(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		p.must(t, "containers", "import", p.write(t, "two.csv", twoContainers))
		before := p.counts(t)
		file := p.write(t, "w.csv", "container,time,kg,truck\nC1,2026-01-05T10:00:00+01:00,312.5,K1\nC1,2026-01-12T10:00:00Z,280,\n")
		printed := p.must(t, "weighings", "import", file)
		contains(t, printed, "2 weighings imported")
		contains(t, p.must(t, "weighings", "import", file), "Nothing changed")
		after := p.counts(t)
		if after["observation"] != before["observation"]+2 {
			t.Errorf("from %v to %v: want two observations more", before, after)
		}
		a, err := openApp(t.Context(), &Globals{Data: p.path("stad"), Database: p.database, out: io.Discard, log: slog.New(slog.DiscardHandler)}, appOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stream, err := a.sensing.DatastreamByKey(t.Context(), "C1/weight")
		if err != nil || stream.Unit.Symbol != "kg" || stream.Kind != collection.WeightKind || stream.Count != 2 {
			t.Errorf("%+v, %v", stream, err)
		}
		if _, err := a.sensing.DatastreamByKey(t.Context(), "C2/weight"); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a container that was never weighed has a datastream for it: %v", err)
		}
		var first sensing.Observation
		err = a.sensing.Range(t.Context(), stream.ID, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC), func(o sensing.Observation) error {
			first = o
			return nil
		})
		if err != nil || first.Value != 312.5 || !first.Time.Equal(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)) || string(first.Parameters) != `{"truck":"K1"}` {
			t.Errorf("%+v %s, %v", first, first.Parameters, err)
		}
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
		id := regexp.MustCompile(`--undo (\w+)`).FindStringSubmatch(printed)
		if id == nil {
			t.Fatalf("no number to take it back with: %s", printed)
		}
		contains(t, p.must(t, "weighings", "import", "--undo", id[1]), "2 observations removed")
		if after := p.counts(t); after["observation"] != before["observation"] {
			t.Errorf("%d observations after taking it back", after["observation"])
		}
		p.refuses(t, exitInvalid, []string{"No file is named", "polder weighings import"}, "weighings", "import")
		// Containers that are imported again keep the datastream.
		p.must(t, "containers", "import", p.write(t, "three.csv", twoContainers+"C3,rest,9.5217,47.1412,3000\n"))
		contains(t, p.must(t, "weighings", "import", file), "2 weighings imported")
	})
}
