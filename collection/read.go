package collection

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"polder.city/internal/problem"
)

// ReadContainers reads containers from CSV with a header (RFC 4180, UTF-8):
// id,stream,lon,lat,volume_l and, if given, place,address,sensor. name is the
// file's, for messages.
func ReadContainers(r io.Reader, name string) ([]Container, error) {
	t, err := openTable(r, name, []string{"id", "stream", "lon", "lat", "volume_l"}, []string{"place", "address", "sensor"})
	if err != nil {
		return nil, err
	}
	var all []Container
	seen := map[string]int{}
	for {
		row, err := t.next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		c := Container{
			ID: row.text("id"), Stream: row.text("stream"), Place: row.text("place"),
			Point:        orb.Point{row.number("lon", -180, 180), row.number("lat", -90, 90)},
			VolumeLitres: int(row.number("volume_l", 0, 1e6)), Address: row.text("address"), Sensor: row.text("sensor"),
		}
		if row.err != nil {
			return nil, row.err
		}
		if before, ok := seen[c.ID]; ok {
			return nil, t.bad("id", "container %s stands on line %d already.", c.ID, before).Do("Give each container its own id.")
		}
		seen[c.ID] = t.line
		all = append(all, c)
	}
}

// maxFeatures bounds what one GeoJSON file may hold.
const maxGeoJSON = 256 << 20

// ReadContainersGeoJSON reads containers from a GeoJSON feature collection of
// points. The stream is taken from the property that stream names, translated by
// aliases (lower case); volume is in litres where the property volume_l is missing.
func ReadContainersGeoJSON(r io.Reader, name, stream string, aliases map[string]string, volume int) ([]Container, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxGeoJSON+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxGeoJSON {
		return nil, problem.New(problem.Invalid, "containers.size", "The file is larger than %d MB.", maxGeoJSON>>20).At(name).Do("Split it.")
	}
	features, err := geojson.UnmarshalFeatureCollection(data)
	if err != nil {
		return nil, problem.New(problem.Invalid, "containers.geojson", "This is no GeoJSON feature collection.").At(name).
			Do("Export it as GeoJSON (RFC 7946).").Cause(err)
	}
	var all []Container
	for i, f := range features.Features {
		where := fmt.Sprintf("%s: feature %d", name, i+1)
		point, ok := f.Geometry.(orb.Point)
		if !ok {
			return nil, problem.New(problem.Invalid, "containers.geometry", "The geometry is no point.").At(where).Do("Leave other geometries out.")
		}
		value, ok := f.Properties[stream].(string)
		if !ok {
			return nil, problem.New(problem.Invalid, "containers.stream", "The property %q is missing.", stream).At(where).
				Do("Name the property that holds the stream with --stream-property.")
		}
		id, ok := aliases[strings.ToLower(value)]
		if !ok {
			id = strings.ToLower(value)
		}
		c := Container{ID: f.Properties.MustString("id", ""), Stream: id, Point: point, VolumeLitres: f.Properties.MustInt("volume_l", volume)}
		if c.ID == "" {
			c.ID = fmt.Sprintf("C%05d", i+1)
		}
		all = append(all, c)
	}
	return all, nil
}

// Observed is a line of an observations file.
type Observed struct {
	Container string
	At        time.Time
	Kind      string // FillKind, EmptyingKind or ReportKind
	Fill      float64
	Line      int
}

// MaxFill is the highest fill that is believed: up to 1 is in the container, above it stands beside it.
const MaxFill = 1.5

// ReadObservations reads fills, emptyings and reports from CSV with a header:
// container,time,fill and, if given, kind (fill, emptying or report). Time is RFC 3339; fill
// is a fraction, or a percentage with the sign %. It calls yield for each line.
func ReadObservations(r io.Reader, name string, yield func(Observed) error) error {
	t, err := openTable(r, name, []string{"container", "time", "fill"}, []string{"kind"})
	if err != nil {
		return err
	}
	for {
		row, err := t.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		o := Observed{Container: row.text("container"), Kind: row.text("kind"), Line: t.line}
		if o.Kind == "" {
			o.Kind = FillKind
		}
		if !slices.Contains([]string{FillKind, EmptyingKind, ReportKind}, o.Kind) {
			return t.bad("kind", "there is no kind %q.", o.Kind).Do("Use fill, emptying or report.")
		}
		at, err := time.Parse(time.RFC3339Nano, row.text("time"))
		if err != nil {
			return t.bad("time", "%q is no time.", row.text("time")).Do("Write it with its offset, as 2026-11-24T13:40:00+01:00.")
		}
		o.At = at.UTC()
		o.Fill = row.fill("fill", o.Kind)
		if row.err != nil {
			return row.err
		}
		if err := yield(o); err != nil {
			return err
		}
	}
}

// table is a CSV file with a header that is being read.
type table struct {
	name    string
	reader  *csv.Reader
	columns map[string]int
	line    int
}

// row is the current line of a table; err is the first mistake found in it.
type row struct {
	t      *table
	fields []string
	err    error
}

func openTable(r io.Reader, name string, required, optional []string) (*table, error) {
	t := &table{name: name, reader: csv.NewReader(r), columns: map[string]int{}, line: 1}
	t.reader.ReuseRecord = true
	header, err := t.reader.Read()
	if err != nil {
		return nil, problem.New(problem.Invalid, "csv.header", "The file has no header line.").At(name+":1").
			Do("Begin it with: %s.", strings.Join(required, ",")).Cause(err)
	}
	for i, column := range header {
		column = strings.TrimSpace(strings.TrimPrefix(column, "\ufeff"))
		if !slices.Contains(required, column) && !slices.Contains(optional, column) {
			return nil, problem.New(problem.Invalid, "csv.column", "There is no column %q.", column).At(name+":1").
				Do("The columns are %s; optional are %s.", strings.Join(required, ","), strings.Join(optional, ","))
		}
		if _, twice := t.columns[column]; twice {
			return nil, problem.New(problem.Invalid, "csv.column", "The column %q stands there twice.", column).At(name + ":1").Do("Remove one.")
		}
		t.columns[column] = i
	}
	for _, column := range required {
		if _, ok := t.columns[column]; !ok {
			return nil, problem.New(problem.Invalid, "csv.column", "The column %q is missing.", column).At(name+":1").
				Do("The columns are %s; optional are %s.", strings.Join(required, ","), strings.Join(optional, ","))
		}
	}
	return t, nil
}

func (t *table) next() (*row, error) {
	fields, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	t.line, _ = t.reader.FieldPos(0)
	if err != nil {
		if e, ok := errors.AsType[*csv.ParseError](err); ok {
			t.line = e.Line
		}
		return nil, t.bad("", "the line cannot be read: %v.", err).Do("Check its quotes and the number of its columns.").Cause(err)
	}
	return &row{t: t, fields: fields}, nil
}

func (t *table) bad(field, format string, args ...any) *problem.Error {
	where := fmt.Sprintf("%s:%d", t.name, t.line)
	if field != "" {
		where += ": " + field
	}
	return problem.New(problem.Invalid, "csv.line", format, args...).At(where)
}

// text returns a field as it stands, "" where the column is missing.
func (r *row) text(column string) string {
	i, ok := r.t.columns[column]
	if !ok {
		return ""
	}
	value := strings.TrimSpace(r.fields[i])
	if strings.ContainsRune(value, 0) && r.err == nil {
		r.err = r.t.bad(column, "the text holds the character U+0000.").Do("Remove it.")
	}
	// The reader reuses the line's memory.
	return strings.Clone(value)
}

func (r *row) number(column string, low, high float64) float64 {
	text := r.text(column)
	value, err := strconv.ParseFloat(text, 64)
	if (err != nil || !(value >= low && value <= high)) && r.err == nil {
		r.err = r.t.bad(column, "%q is no number from %v to %v.", text, low, high).Do("Write it with a point, as 5.2231.")
	}
	return value
}

// fill reads a fraction or a percentage. An emptying and a report may leave it empty.
func (r *row) fill(column, kind string) float64 {
	text := r.text(column)
	if text == "" && kind != FillKind {
		return 1
	}
	number, percent := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		value /= 100
	}
	if (err != nil || !(value >= 0 && value <= MaxFill)) && r.err == nil {
		r.err = r.t.bad(column, "a fill of %q is not between 0 and %v.", text, MaxFill).
			Do("Write a fraction (0.52) or a percentage (52%%); 1 is full, above it stands beside the container.")
	}
	return value
}
