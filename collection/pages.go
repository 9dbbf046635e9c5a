package collection

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"polder.city/forecast"
	"polder.city/internal/calendar"
	"polder.city/internal/problem"
	"polder.city/sensing"
)

// What a page shows of one container, and how much is read for it.
const (
	shownDays   = 14 // of history and of forecast
	peerCount   = 6  // containers of the same stream that lend their rate
	peerDays    = 21 // of their history
	outlookStep = 6 * hour
)

// Outlook is how one container filled, and how it will probably go on: until Next as
// it is, and after that as it goes on after an emptying.
type Outlook struct {
	At        time.Time
	Samples   []forecast.Sample // of the last 14 days, in order of time
	Emptyings []time.Time       // of the last 14 days, reported or detected
	Bands     []OutlookBand     // of the next 14 days, in order of time
	Quality   string            // of the sensor: none, ok, silent, stuck or drifting
	FillDay   float64           // mean growth a day over the coming week, as a fraction of the volume
}

// OutlookBand is what is expected of the fill at a moment: quantiles, as fractions of the volume.
type OutlookBand struct {
	At                     time.Time
	Q5, Q25, Q50, Q75, Q95 float64
}

// Outlook forecasts one container from its own history and that of a few of its stream nearby, which costs
// far less than a plan's forecast of all and can differ a little from it. next is when it is expected to be
// emptied; the zero time: not within the days shown.
func (s *Service) Outlook(ctx context.Context, id string, next time.Time) (Outlook, error) {
	c, err := s.Container(ctx, id)
	if err != nil {
		return Outlook{}, err
	}
	now := s.clock.Now()
	family, err := s.family(ctx, c)
	if err != nil {
		return Outlook{}, err
	}
	series := make([]forecast.Series, len(family))
	for i, member := range family {
		days := peerDays
		if member.ID == id {
			days = historyDays
		}
		if series[i], err = s.seriesOf(ctx, member, now.AddDate(0, 0, -days), now); err != nil {
			return Outlook{}, err
		}
	}
	trust, err := s.lateTrust(ctx, now)
	if err != nil {
		return Outlook{}, err
	}
	for i, member := range family {
		series[i].ReportOdds = trust.odds(member.District)
	}
	model, err := forecast.Fit(ctx, series, now, forecast.Options{Location: s.city.Location, Holiday: s.city.Holiday, Days: shownDays + 1})
	if err != nil {
		return Outlook{}, fmt.Errorf("outlook of %s: %w", id, err)
	}
	f, _ := model.Forecast(id)
	o := Outlook{At: now, Quality: f.Now.Quality.String(), FillDay: f.Rate}
	from := now.AddDate(0, 0, -shownDays)
	for _, sample := range series[0].Samples {
		if !sample.At.Before(from) {
			o.Samples = append(o.Samples, sample)
		}
	}
	for _, at := range series[0].Emptyings {
		if !at.Before(from) {
			o.Emptyings = append(o.Emptyings, at)
		}
	}
	if len(o.Emptyings) == 0 && f.Emptied.After(from) {
		o.Emptyings = []time.Time{f.Emptied}
	}
	band := func(curve forecast.Curve, at time.Time) OutlookBand {
		q := func(p float64) float64 { return curve.Quantile(at, p) }
		return OutlookBand{at, q(0.05), q(0.25), q(0.5), q(0.75), q(0.95)}
	}
	end := now.AddDate(0, 0, shownDays)
	curve := f.Curve
	emptied := !next.After(now)
	for at := now; !at.After(end); at = at.Add(outlookStep) {
		if !emptied && !next.After(at) {
			emptied = true
			o.Bands = append(o.Bands, band(curve, next))
			curve = f.AfterEmptying(next)
			if next = next.Add(time.Minute); next.Before(at) {
				o.Bands = append(o.Bands, band(curve, next))
			} else {
				at = next
			}
		}
		o.Bands = append(o.Bands, band(curve, at))
	}
	return o, nil
}

// family returns a container and a few of its stream, those of its district and then the nearest first.
func (s *Service) family(ctx context.Context, c Container) ([]Container, error) {
	peers, err := s.containers(ctx, `SELECT `+containerColumns+` FROM container WHERE stream = $1 AND id <> $2`, c.Stream, c.ID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(peers, func(a, b Container) int {
		if (a.District == c.District) != (b.District == c.District) {
			if a.District == c.District {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(distance(a.Point, c.Point), distance(b.Point, c.Point)), cmp.Compare(a.ID, b.ID))
	})
	return append([]Container{c}, peers[:min(peerCount, len(peers))]...), nil
}

// seriesOf reads what was observed on one container.
func (s *Service) seriesOf(ctx context.Context, c Container, from, to time.Time) (forecast.Series, error) {
	series := forecast.Series{ID: c.ID, Group: c.Stream, District: c.District}
	thing, err := s.sensing.ThingByKey(ctx, c.ID)
	if problem.KindOf(err) == problem.NotFound && err != nil {
		return series, nil // nothing was observed on it yet
	}
	if err != nil {
		return series, err
	}
	streams, err := s.sensing.Datastreams(ctx, thing.ID)
	if err != nil {
		return series, err
	}
	for _, d := range streams {
		err := s.sensing.Range(ctx, d.ID, from, to, func(o sensing.Observation) error {
			switch {
			case o.Result != nil:
			case d.Kind == FillKind:
				series.Samples = append(series.Samples, forecast.Sample{At: o.Time, Fill: o.Value})
			case d.Kind == EmptyingKind:
				series.Emptyings = append(series.Emptyings, o.Time)
			case d.Kind == ReportKind:
				series.Reports = append(series.Reports, o.Time)
			}
			return nil
		})
		if err != nil {
			return series, fmt.Errorf("history of %s: %w", c.ID, err)
		}
	}
	return series, nil
}

// Lift is an emptying of a container, beside what the plan of that day expected.
type Lift struct {
	At       time.Time
	Found    float64 // fill that was found, as a fraction of the volume
	Day      string
	Planned  bool  // the plan of the day had it in
	Expected int64 // fill that the plan expected, ppm; 0 where no plan was kept
	Truck    string
	Version  int64 // of the day's plan, 0 where there is none
}

// Lifts returns the last emptyings of a container, the newest first, at most limit of the last eight weeks.
func (s *Service) Lifts(ctx context.Context, container string, limit int) ([]Lift, error) {
	stream, err := s.sensing.DatastreamByKey(ctx, SeriesKey(container, EmptyingKind))
	if err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return nil, nil
		}
		return nil, err
	}
	now := s.clock.Now()
	var lifts []Lift
	err = s.sensing.Range(ctx, stream.ID, now.AddDate(0, 0, -historyDays), now.Add(time.Second), func(o sensing.Observation) error {
		lifts = append(lifts, Lift{At: o.Time, Found: o.Value, Day: o.Time.In(s.city.Location).Format(DayLayout)})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("emptyings of %s: %w", container, err)
	}
	slices.Reverse(lifts)
	lifts = lifts[:min(limit, len(lifts))]
	for i := range lifts {
		if err := s.expected(ctx, container, &lifts[i]); err != nil {
			return nil, err
		}
	}
	return lifts, nil
}

// expected fills in what the plan that held on the lift's day said of the container.
func (s *Service) expected(ctx context.Context, container string, l *Lift) error {
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT p.version, o.outcome FROM plan p JOIN plan_outcome o ON o.plan = p.id AND o.container = $2
		WHERE p.day = $1 AND p.state = 'decided' ORDER BY p.version DESC LIMIT 1`, l.Day, container)
	if err != nil {
		return fmt.Errorf("emptyings of %s: %w", container, err)
	}
	defer rows.Close()
	for rows.Next() {
		var text []byte
		var o Outcome
		if err := errors.Join(rows.Scan(&l.Version, &text), json.Unmarshal(text, &o)); err != nil {
			return fmt.Errorf("emptyings of %s: %w", container, err)
		}
		l.Planned, l.Truck, l.Expected = o.Planned, o.Truck, o.FillThen
	}
	return rows.Err()
}

// DistrictPlan is a decided plan as a district meets it.
type DistrictPlan struct {
	Day        string
	Version    int64
	MadeAt     time.Time
	Decision   int64
	Containers []string // that are emptied, by id
}

// DistrictPlans returns the plans in force of the last days that empty containers in a district, the newest first.
func (s *Service) DistrictPlans(ctx context.Context, district string, limit int) ([]DistrictPlan, error) {
	from := calendar.AddDays(s.Today(), -limit).Format(DayLayout)
	rows, err := s.db.Read().QueryContext(ctx, `
		SELECT p.day, p.version, p.made_at, COALESCE(p.decision, 0), o.container
		FROM plan p CROSS JOIN container c JOIN plan_outcome o ON o.plan = p.id AND o.container = c.id
		WHERE p.day >= $1 AND p.state = 'decided' AND c.district = $2 AND o.planned = true ORDER BY p.day DESC, o.container`, from, district)
	if err != nil {
		return nil, fmt.Errorf("plans in %s: %w", district, err)
	}
	defer rows.Close()
	var all []DistrictPlan
	for rows.Next() {
		var p DistrictPlan
		var made int64
		var container string
		if err := rows.Scan(&p.Day, &p.Version, &made, &p.Decision, &container); err != nil {
			return nil, fmt.Errorf("plans in %s: %w", district, err)
		}
		if n := len(all); n == 0 || all[n-1].Day != p.Day {
			p.MadeAt = time.UnixMicro(made).UTC()
			all = append(all, p)
		}
		last := &all[len(all)-1]
		last.Containers = append(last.Containers, container)
	}
	return all, rows.Err()
}

// FullFrom is the measured fill from which a container counts as full: sensors err by some percent.
const FullFrom = 0.95

// FullAt counts the containers whose last reading in the six hours before a moment was full, of how many that were read then.
func (s *Service) FullAt(ctx context.Context, at time.Time) (full, read int, err error) {
	last := map[string]float64{}
	err = s.sensing.RangeMany(ctx, ContainerKind, FillKind, at.Add(-6*hour), at, func(d sensing.Stream, _ time.Time, value float64) error {
		last[d.ThingKey] = value
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("fills at %s: %w", at.Format(time.RFC3339), err)
	}
	for _, value := range last {
		if value >= FullFrom {
			full++
		}
	}
	return full, len(last), nil
}

// Overfull counts, for the day that begins at midnight, how long containers with a sensor read 100 % or more: in
// thousandths of a container-day, of how many containers that were read on that day.
func (s *Service) Overfull(ctx context.Context, midnight time.Time) (thousandths int64, containers int, err error) {
	var over, readings, total int
	var sum float64
	var current int64
	finish := func() {
		if readings > 0 {
			sum += float64(over) / float64(readings)
			total++
		}
		over, readings = 0, 0
	}
	err = s.sensing.RangeMany(ctx, ContainerKind, FillKind, midnight, calendar.AddDays(midnight, 1), func(d sensing.Stream, _ time.Time, value float64) error {
		if d.ID != current {
			finish()
			current = d.ID
		}
		readings++
		if value >= 1 {
			over++
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("fills on %s: %w", midnight.Format(DayLayout), err)
	}
	finish()
	return int64(sum * 1000), total, nil
}
