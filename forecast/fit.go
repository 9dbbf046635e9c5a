package forecast

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// memoryDays is how far back a fit looks, in days.
const memoryDays = 3 * 366

// Model holds what a fit learned. It is not changed afterwards, so that many may ask it at once.
type Model struct {
	at         time.Time
	now        float64 // its position
	days       int
	location   *time.Location
	almanac    almanac
	groups     []group
	containers []container
	index      map[string]int
}

// container is what a fit learned of one.
type container struct {
	id, district string
	group        *group
	rate         float64 // fill per unit of its group's tempo
	uncertain    float64 // squared coefficient of variation of rate
	phi          float64 // variance of growth per unit of mean growth
	belief       state
	filter       filter
	offset       float64 // what its sensor shows too much, when it drifts
	stairs       *stairs // when its sensor shows steps
	stay         int     // days that the last step has stood
	quality      Quality
	source       Source
	last         int64 // the latest reading, Unix seconds, 0 without any
	emptied      int64
	odds         float64 // how many times likelier a report comes when it is full
	sensor       sensor
	anomalies    []Anomaly
}

// Fit learns from what was known at an instant: nothing in series that is later is looked at. The samples of a series must ascend in
// time; emptyings and reports may come in any order. It works on all processors, and its result does
// not depend on how many there are. Errors: samples out of order, an id twice, bad options, or ctx ended.
func Fit(ctx context.Context, series []Series, at time.Time, o Options) (*Model, error) {
	m, _, err := fit(ctx, series, at, o)
	return m, err
}

// fit is [Fit], and returns what the readings came down to as well.
func fit(ctx context.Context, series []Series, at time.Time, o Options) (*Model, []*history, error) {
	if o.Location == nil {
		o.Location = time.UTC
	}
	if o.Days == 0 {
		o.Days = 14
	}
	if o.Days < 1 || o.Days > MaxDays {
		return nil, nil, fmt.Errorf("forecast: %d days asked, it can be 1 to %d", o.Days, MaxDays)
	}
	m := &Model{at: at, days: o.Days, location: o.Location, containers: make([]container, len(series)), index: make(map[string]int, len(series))}
	for i := range series {
		if _, twice := m.index[series[i].ID]; twice {
			return nil, nil, fmt.Errorf("forecast: series %q comes twice", series[i].ID)
		}
		m.index[series[i].ID] = i
	}
	m.almanac = newAlmanac(earliest(series, at), at.AddDate(0, 0, o.Days+2), o.Location)
	m.now = m.almanac.position(at.Unix())
	histories := make([]*history, len(series))
	if err := m.read(ctx, series, histories); err != nil {
		return nil, nil, err
	}
	m.gather(series, o)
	all := dates(&m.almanac, &o)
	if err := m.learn(ctx, histories, all); err != nil {
		return nil, nil, err
	}
	err := inParallel(ctx, len(series), func() func(i int) error {
		return func(i int) error {
			m.believe(&m.containers[i], histories[i], &series[i])
			m.containers[i].anomalies = m.faults(histories[i], m.containers[i].quality)
			return nil
		}
	})
	if err != nil {
		return nil, nil, err
	}
	return m, histories, nil
}

// earliest returns the first instant of any reading or emptying that a fit at an instant looks at.
func earliest(series []Series, at time.Time) time.Time {
	first := at
	for i := range series {
		if s := series[i].Samples; len(s) > 0 && s[0].At.Before(first) {
			first = s[0].At
		}
		for _, e := range series[i].Emptyings {
			if e.Before(first) {
				first = e
			}
		}
	}
	if limit := at.AddDate(0, 0, -memoryDays); first.Before(limit) {
		return limit
	}
	return first
}

// read brings the series down to histories.
func (m *Model) read(ctx context.Context, series []Series, histories []*history) error {
	begin, end := m.almanac.midnights[0], m.at.Unix()
	return inParallel(ctx, len(series), func() func(i int) error {
		var t trace
		var reported []int64
		return func(i int) error {
			s := &series[i]
			if err := s.check(); err != nil {
				return err
			}
			reported = reported[:0]
			for _, e := range s.Emptyings {
				if u := e.Unix(); u >= begin && u <= end {
					reported = append(reported, u)
				}
			}
			slices.Sort(reported)
			t.read(s.Samples, begin, end)
			t.dropStuck()
			t.measure()
			histories[i] = t.follow(&m.almanac, reported)
			if f, ok := fire(s.Temperatures, m.at); ok {
				histories[i].setFireAside(&m.almanac, f, reported)
			}
			return nil
		}
	})
}

// check refuses samples out of order.
func (s *Series) check() error {
	for i := 1; i < len(s.Samples); i++ {
		if s.Samples[i].At.Before(s.Samples[i-1].At) {
			return fmt.Errorf("forecast: series %q: sample %d (%s) is earlier than the one before it (%s)", s.ID, i,
				s.Samples[i].At.Format(time.RFC3339), s.Samples[i-1].At.Format(time.RFC3339))
		}
	}
	return nil
}

// gather makes the groups, in the order in which they first appear.
func (m *Model) gather(series []Series, o Options) {
	byName := make(map[string]int)
	for i := range series {
		name := series[i].Group
		k, ok := byName[name]
		if !ok {
			k = len(m.groups)
			byName[name] = k
			m.groups = append(m.groups, group{name: name, tempo: newTempo(m.almanac.days())})
		}
		m.groups[k].members = append(m.groups[k].members, i)
	}
	for k := range m.groups {
		g := &m.groups[k]
		g.prior = o.Prior[g.name]
		for _, i := range g.members {
			m.containers[i] = container{id: series[i].ID, district: series[i].District, group: g}
		}
	}
}

// learn learns first what all groups have in common, then each group by itself.
func (m *Model) learn(ctx context.Context, histories []*history, all []date) error {
	today := m.almanac.day(m.at.Unix())
	base := group{tempo: newTempo(m.almanac.days())}
	base.learnTempo(histories, all, today, nil)
	base.tempo.trend = 1
	pooled := base.total(histories)
	return inParallel(ctx, len(m.groups), func() func(k int) error {
		return func(k int) error {
			g := &m.groups[k]
			of := make([]*history, len(g.members))
			for j, i := range g.members {
				of[j] = histories[i]
			}
			g.learnTempo(of, all, today, &base.tempo)
			g.setIdleAside(&m.almanac, of)
			g.learnRates(of, m.containers, today, m.now, pooled)
			return nil
		}
	})
}

// inParallel calls a worker's function for 0 to n-1 on all processors. Each worker gets its
// own by calling start. It returns the error of the lowest index, so that it does not depend on who was first.
func inParallel(ctx context.Context, n int, start func() func(i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	workers := min(max(runtime.GOMAXPROCS(0), 1), n)
	errs := make([]error, n)
	for range workers {
		wait.Go(func() {
			work := start()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				errs[i] = work(i)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("forecast: %w", err)
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i >= 0 {
		return errs[i]
	}
	return nil
}
