package study

import (
	"context"
	"fmt"
	"time"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/simulate"
)

// Options say how a run is lived.
type Options struct {
	Span   Span
	Rounds int // of the solver each day, the same for all policies
}

// Contender is a policy with its name and the number that traces its curve.
type Contender struct {
	Name string // "isr"
	New  func(w *World) Policy
	// foresees makes a policy that knows the truth, the clairvoyant: a bound, and no contender.
	foresees func(t *tape, s *simulate.World) func(i int, at time.Time) Outlook
	effort   int // times the rounds of the others; 0 is 1
}

// Run lets a policy collect in a world that is lived from a seed. The same arguments give the same measures.
func Run(ctx context.Context, w *World, seed uint64, c Contender, o Options) (*Measures, error) {
	days := o.Span.Found + o.Span.WarmUp + o.Span.Counted
	t, err := record(ctx, w, seed, days+collection.Horizon+7)
	if err != nil {
		return nil, fmt.Errorf("%s, seed %d: %w", w.Name, seed, err)
	}
	m, err := run(ctx, w, t, seed, c, o)
	if err != nil {
		return nil, fmt.Errorf("%s, seed %d, %s: %w", w.Name, seed, c.Name, err)
	}
	return m, nil
}

// judge lives one world under one policy. It alone holds the truth.
type judge struct {
	w     *World
	tape  *tape
	sim   *simulate.World
	know  knowledge
	meter *meter
	seed  uint64
	now   time.Time
}

func run(ctx context.Context, w *World, t *tape, seed uint64, c Contender, o Options) (*Measures, error) {
	config := w.config
	config.Seed = seed
	config.Policy.Until = w.Start.AddDate(0, 0, o.Span.Found)
	sim, err := simulate.New(config)
	if err != nil {
		return nil, err
	}
	j := &judge{w: w, tape: t, sim: sim, seed: seed, now: w.Start, meter: newMeter(w)}
	if j.know = newSensors(w); w.Counts {
		j.know = newCounters(w)
	}
	// Everything is emptied as the world begins, and everybody knows: what was before nobody could.
	for i := range w.Containers {
		if _, kg, err := sim.Empty(w.Containers[i].ID, w.Start); err == nil {
			j.know.emptied(i, w.Start, float64(kg))
		}
	}
	policy := c.New(w)
	outlook := j.know.outlook
	if c.foresees != nil {
		outlook = c.foresees(t, sim)
	}
	round := 0
	counted := o.Span.Found + o.Span.WarmUp
	for day := range counted + o.Span.Counted {
		midnight := calendar.AddDays(w.Start, day)
		if day == counted {
			j.meter.begin(sim)
		}
		plans := w.Works(midnight)
		if plans {
			round++
		}
		if plans && day >= o.Span.Found {
			at := midnight.Add(time.Duration(w.Trucks[0].Shift.Open)*time.Second - time.Hour)
			if err := j.advance(ctx, at); err != nil {
				return nil, err
			}
			m := &Morning{
				World: w, Midnight: midnight, Now: at, Days: collection.NewDays(midnight, w.Works), Round: round - 1,
				outlook: func(i int) Outlook { return outlook(i, at) }, rounds: o.Rounds * max(1, c.effort), seed: seed,
			}
			if m.Learned, err = j.know.learn(ctx, at); err != nil {
				return nil, err
			}
			plan, err := policy.Plan(ctx, m)
			if err != nil {
				return nil, err
			}
			if err := j.drive(ctx, midnight, plan); err != nil {
				return nil, err
			}
		}
		if err := j.advance(ctx, calendar.AddDays(midnight, 1)); err != nil {
			return nil, err
		}
	}
	return j.meter.end(sim, o.Span.Counted)
}

// advance lives on to a moment, passes on what sensors and reports tell, and looks at every container at the top of each hour.
func (j *judge) advance(ctx context.Context, to time.Time) error {
	for j.now.Before(to) {
		top := j.now.Truncate(time.Hour).Add(time.Hour)
		until := to
		if !top.After(to) {
			until = top
		}
		if err := j.sim.Advance(ctx, until, j.tell); err != nil {
			return err
		}
		if until.Equal(top) {
			if j.w.Counts {
				hour := top.Add(-time.Hour)
				h := j.tape.hour(hour)
				for i := range j.w.Containers {
					j.know.counted(i, hour, int(j.tape.counts[h*j.tape.n+i]))
				}
			}
			j.meter.look(j.sim, top)
		}
		j.now = until
	}
	return nil
}

// tell passes on what the simulator shows: readings that arrive, reports, and the lifts of the practice that was found.
func (j *judge) tell(e simulate.Event) {
	switch e.Kind {
	case simulate.Fill:
		if hour := int(e.At.Unix() / 3600); !j.w.Counts && hour%j.w.ReadEvery == e.Index%j.w.ReadEvery {
			j.know.read(e.Index, e.At, e.Value)
		}
	case simulate.Report:
		j.know.reported(e.Index, e.At)
	case simulate.Emptying:
		j.meter.spell[e.Index] = 0
		j.know.emptied(e.Index, e.At, float64(e.Kg))
	}
}
