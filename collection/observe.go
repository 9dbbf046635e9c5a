package collection

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math"
	"time"

	"polder.city/forecast"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

// historyDays is how far back a forecast looks.
const historyDays = 56

// ObservationImport is what became of a file of observations.
type ObservationImport struct {
	Import string // its number: take it back with UndoImport
	Stored int64  // now
	Before int64  // lines that an earlier, broken-off import had stored
}

// importBatch is how many observations one transaction takes.
const importBatch = 20_000

// ImportObservations imports fills, emptyings and reports from CSV. The whole file
// is checked first, so that a wrong line changes nothing; then it is stored in marked
// batches, so that a rerun goes on where the last one was broken off.
func (s *Service) ImportObservations(ctx context.Context, r io.ReadSeeker, name string, progress func(rows int64)) (ObservationImport, error) {
	read := func(r io.Reader, yield func(imported) error) error {
		return ReadObservations(r, name, func(o Observed) error {
			return yield(imported{o.Container, o.Line, sensing.Reading{DatastreamKey: SeriesKey(o.Container, o.Kind), Time: o.At, Value: o.Fill}})
		})
	}
	return s.importFile(ctx, r, name, read, nil, progress)
}

// imported is a line of a file that is imported.
type imported struct {
	container string
	line      int
	reading   sensing.Reading
}

// importFile imports a file of observations on containers: it checks all of it, then lets ready see which containers it names, then
// stores it in marked batches.
func (s *Service) importFile(ctx context.Context, r io.ReadSeeker, name string, read func(io.Reader, func(imported) error) error,
	ready func(named map[string]bool) error, progress func(rows int64),
) (ObservationImport, error) {
	sum := sha256.New()
	containers, err := s.Containers(ctx)
	if err != nil {
		return ObservationImport{}, err
	}
	known := make(map[string]bool, len(containers))
	for _, c := range containers {
		known[c.ID] = true
	}
	named := map[string]bool{}
	ahead := s.clock.Now().Add(24 * hour)
	err = read(io.TeeReader(r, sum), func(o imported) error {
		at := fmt.Sprintf("%s:%d", name, o.line)
		if !known[o.container] {
			return problem.New(problem.Invalid, "observation.container", "There is no container %q.", o.container).At(at + ": container").
				Do("Import the containers first.")
		}
		if o.reading.Time.After(ahead) {
			return problem.New(problem.Invalid, "observation.time", "The time %s lies over a day ahead.", o.reading.Time.Format(time.RFC3339)).At(at + ": time").
				Do("Correct the time or its offset.")
		}
		named[o.container] = true
		return ctx.Err()
	})
	if err != nil {
		return ObservationImport{}, err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return ObservationImport{}, fmt.Errorf("read %s again: %w", name, err)
	}
	if ready != nil {
		if err := ready(named); err != nil {
			return ObservationImport{}, err
		}
	}
	result := ObservationImport{Import: hex.EncodeToString(sum.Sum(nil))[:16]}
	state, err := s.sensing.Imported(ctx, result.Import)
	if err != nil {
		return result, err
	}
	result.Before = state.Rows
	if !state.Finished.IsZero() {
		return result, nil
	}
	batch := sensing.Batch{Import: result.Import, Name: name, From: state.Rows}
	flush := func() error {
		done, err := s.sensing.Import(ctx, batch)
		if err != nil {
			return fmt.Errorf("import %s: %w", name, err)
		}
		if len(done.Rejected) > 0 {
			return done.Rejected[0].Err
		}
		result.Stored += int64(len(batch.Rows))
		batch.From += int64(len(batch.Rows))
		batch.Rows = batch.Rows[:0]
		progress(batch.From)
		return nil
	}
	var row int64
	err = read(r, func(o imported) error {
		if row++; row <= state.Rows {
			return nil
		}
		batch.Rows = append(batch.Rows, o.reading)
		if len(batch.Rows) == importBatch {
			return flush()
		}
		return ctx.Err()
	})
	if err != nil {
		return result, err
	}
	batch.Last = true
	return result, flush()
}

// UndoImport removes what an import brought, and returns how many observations that were.
func (s *Service) UndoImport(ctx context.Context, id string) (int64, error) {
	state, err := s.sensing.Imported(ctx, id)
	if err != nil {
		return 0, err
	}
	if state.Started.IsZero() {
		return 0, problem.New(problem.NotFound, "import.none", "There is no import %q.", id).Do("Use the number that the import printed.")
	}
	return s.sensing.Undo(ctx, id)
}

// EnsureThings makes a thing of each container in sensing, with its datastreams.
func (s *Service) EnsureThings(ctx context.Context) error {
	containers, err := s.Containers(ctx)
	if err != nil {
		return err
	}
	specs := make([]sensing.ThingSpec, len(containers))
	for i := range containers {
		specs[i] = s.thing(&containers[i])
	}
	_, err = s.sensing.EnsureThings(ctx, specs)
	return err
}

// history is what is known of every container up to a moment.
type history struct {
	series       []forecast.Series // one a container, in their order
	emptied      map[string]time.Time
	reported     map[string]bool // since the last emptying
	lifts        [][]lifted      // of every container, in order of time
	out          map[string]ContainerOut
	observations int64
	until        time.Time
	digest       string
}

// history reads the fills, emptyings and reports of the last weeks.
func (s *Service) history(ctx context.Context, containers []Container, now time.Time) (*history, error) {
	h := &history{
		series: make([]forecast.Series, len(containers)), emptied: map[string]time.Time{}, reported: map[string]bool{},
		lifts: make([][]lifted, len(containers)), out: map[string]ContainerOut{},
	}
	index := make(map[string]int, len(containers))
	digest := sha256.New()
	for i, c := range containers {
		index[c.ID] = i
		h.series[i] = forecast.Series{ID: c.ID, Group: c.Stream, District: c.District}
		fmt.Fprintf(digest, "%s %s %s %v %d\n", c.ID, c.Place, c.Stream, c.Point, c.VolumeLitres)
	}
	from := now.AddDate(0, 0, -historyDays)
	for _, kind := range []string{FillKind, EmptyingKind, ReportKind} {
		err := s.sensing.RangeMany(ctx, ContainerKind, kind, from, now, func(d sensing.Stream, at time.Time, value float64) error {
			container := d.ThingKey
			i, ok := index[container]
			if !ok {
				return nil
			}
			series := &h.series[i]
			switch kind {
			case FillKind:
				series.Samples = append(series.Samples, forecast.Sample{At: at, Fill: value})
			case EmptyingKind:
				series.Emptyings = append(series.Emptyings, at)
				h.lifts[i] = append(h.lifts[i], lifted{at, value})
				h.emptied[container] = at
			case ReportKind:
				series.Reports = append(series.Reports, at)
			}
			h.observations++
			if at.After(h.until) {
				h.until = at
			}
			digestObservation(digest, i, at, value)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("history of %s: %w", kind, err)
		}
	}
	for i := range h.series {
		for _, at := range h.series[i].Reports {
			if at.After(h.emptied[h.series[i].ID]) {
				h.reported[h.series[i].ID] = true
			}
		}
	}
	if h.until.IsZero() {
		h.until = now
	}
	out, err := s.ContainersOut(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range out {
		h.out[o.Container] = o
		fmt.Fprintf(digest, "%s %s\n", o.Container, o.Reason)
	}
	h.digest = hex.EncodeToString(digest.Sum(nil))
	return h, nil
}

// digestObservation adds an observation to the digest of a plan's inputs.
func digestObservation(w hash.Hash, container int, at time.Time, value float64) {
	var b [20]byte
	binary.LittleEndian.PutUint32(b[:], uint32(container))
	binary.LittleEndian.PutUint64(b[4:], uint64(at.UnixMicro()))
	binary.LittleEndian.PutUint64(b[12:], math.Float64bits(value))
	_, _ = w.Write(b[:]) // a hash never fails
}
