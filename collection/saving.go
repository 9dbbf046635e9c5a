package collection

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"polder.city/internal/calendar"
	"polder.city/sensing"
)

const (
	// savingWeeks is over how many weeks a saving is counted.
	savingWeeks = 52
	// EnoughWeeks is from how many weeks of its own plans a city says what it saves.
	EnoughWeeks = 8
	// savingDraws is how often the weeks are drawn again for an interval.
	savingDraws = 4000
	// LeastContainers is how many containers a district has at least to be compared with others: with fewer, one container decides.
	LeastContainers = 20
)

// Effort is what a day's collection takes.
type Effort struct {
	Trucks, Stops, Seconds, Meters int64
	Unserved                       int64 // containers that should be emptied, or that the schedule has, and that do not fit
}

// SavedDay is a day's plan beside what the fixed schedule would have done on it, with the same trucks and streets.
type SavedDay struct {
	Day            string // the city's day, 2006-01-02
	Version        int64
	Plan, Schedule Effort
}

// Saving is what the plans of the last year took less than the fixed schedule.
type Saving struct {
	From, To string // the first and the last day; "" where there is none
	Days     []SavedDay
	Weeks    [][]SavedDay // the same by the week that they lie in, Monday to Sunday
	// Per working day; positive is less than the schedule.
	Seconds, Meters, Cents, Grams Estimate
	// Cents if an hour costs what the city gives as the lowest and the highest price.
	LowCents, HighCents float64
	Sensors             int     // containers with one
	SensorCents         float64 // what they cost per working day; 0 when the city does not say
	Unserved            int64   // of the schedule, over all days: what it did not fit in is not in its hours
}

// Estimate is a mean over days with its 95 % interval.
type Estimate struct {
	Mean, Low, High float64
	// Early says that there is nothing to say yet: too few weeks, or an interval that holds zero.
	Early bool
	// Share is the mean as a share of the schedule's; 0 when that is 0.
	Share float64
}

// savedDays keeps what was read of plans: one that was decided does not change.
type savedDays struct {
	mu   sync.Mutex
	days map[int64]SavedDay // by plan; guarded by mu
}

// Saving compares the plans in force of the days before today with the fixed schedule.
func (s *Service) Saving(ctx context.Context) (*Saving, error) {
	days, err := s.savedDays(ctx)
	if err != nil {
		return nil, err
	}
	containers, err := s.Containers(ctx)
	if err != nil {
		return nil, err
	}
	costs := s.city.Fleet.Costs
	v := &Saving{Days: days}
	for _, c := range containers {
		if c.Sensor != "" {
			v.Sensors++
		}
	}
	v.SensorCents = float64(int64(v.Sensors)*costs.SensorYearCents) / float64(max(52*len(s.city.Fleet.Shift.Days), 1))
	if len(days) == 0 {
		for _, e := range []*Estimate{&v.Seconds, &v.Meters, &v.Cents, &v.Grams} {
			e.Early = true
		}
		return v, nil
	}
	v.From, v.To = days[0].Day, days[len(days)-1].Day
	v.Weeks = weeksOf(days)
	cents := func(hour int64) func(Effort) float64 {
		return func(e Effort) float64 {
			return float64(e.Seconds)/3600*float64(hour) + float64(e.Meters)/1000*float64(costs.KmCents)
		}
	}
	v.Seconds = estimate(v.Weeks, func(e Effort) float64 { return float64(e.Seconds) })
	v.Meters = estimate(v.Weeks, func(e Effort) float64 { return float64(e.Meters) })
	v.Cents = estimate(v.Weeks, cents(costs.HourCents))
	v.Grams = estimate(v.Weeks, func(e Effort) float64 { return float64(e.Meters) / 1000 * float64(costs.CO2GramsPerKm) })
	v.LowCents, v.HighCents = estimate(v.Weeks, cents(costs.LowHourCents)).Mean, estimate(v.Weeks, cents(costs.HighHourCents)).Mean
	for _, d := range days {
		v.Unserved += d.Schedule.Unserved
	}
	return v, nil
}

// savedDays returns the days before today, of the last year, of which a plan was decided beside the schedule; in order.
func (s *Service) savedDays(ctx context.Context) ([]SavedDay, error) {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	today := s.Today()
	rows, err := s.db.Read().QueryContext(ctx, `SELECT id, day, version FROM plan WHERE state = 'decided' AND day >= $1 AND day < $2 ORDER BY day`,
		calendar.AddDays(today, -7*savingWeeks).Format(DayLayout), today.Format(DayLayout))
	if err != nil {
		return nil, fmt.Errorf("saving: %w", err)
	}
	defer rows.Close()
	var days []SavedDay
	for rows.Next() {
		var id int64
		var d SavedDay
		if err := rows.Scan(&id, &d.Day, &d.Version); err != nil {
			return nil, fmt.Errorf("saving: %w", err)
		}
		known, ok := s.saved.days[id]
		if !ok {
			if known, err = s.savedDay(ctx, id, d); err != nil {
				return nil, err
			}
			s.saved.days[id] = known
		}
		if known.Version > 0 {
			days = append(days, known)
		}
	}
	return days, rows.Err()
}

// savedDay reads a plan's measures. The version is 0 when there is no schedule beside it.
func (s *Service) savedDay(ctx context.Context, id int64, d SavedDay) (SavedDay, error) {
	var document []byte
	if err := s.db.Read().QueryRowContext(ctx, `SELECT document FROM plan WHERE id = $1`, id).Scan(&document); err != nil {
		return d, fmt.Errorf("saving on %s: %w", d.Day, err)
	}
	text, err := unzip(document)
	if err != nil {
		return d, fmt.Errorf("saving on %s: %w", d.Day, err)
	}
	var plan struct {
		Measures map[string]int64
		Fixed    *Comparison
	}
	if err := json.Unmarshal(text, &plan); err != nil {
		return d, fmt.Errorf("saving on %s: %w", d.Day, err)
	}
	if plan.Fixed == nil {
		return SavedDay{}, nil
	}
	m, f := plan.Measures, plan.Fixed
	d.Plan = Effort{m[MeasureTrucks], m[MeasureStops], m[MeasureSeconds], m[MeasureMeters], m[MeasureUnserved]}
	d.Schedule = Effort{f.Trucks, f.Stops, f.Seconds, f.Meters, f.Unserved}
	return d, nil
}

// weeksOf groups days, which stand in order, by their week.
func weeksOf(days []SavedDay) [][]SavedDay {
	var weeks [][]SavedDay
	year, number := 0, 0
	for _, d := range days {
		at, err := time.Parse(DayLayout, d.Day)
		if err != nil {
			continue // it was stored by its date
		}
		if y, n := at.ISOWeek(); y != year || n != number {
			year, number = y, n
			weeks = append(weeks, nil)
		}
		weeks[len(weeks)-1] = append(weeks[len(weeks)-1], d)
	}
	return weeks
}

// estimate returns the mean per day of what the schedule takes more than the plan, with a 95 % interval by a paired block
// bootstrap: a day's plan and its schedule stay together, and whole weeks are drawn with replacement, since days of a week
// resemble each other. The percentiles are those of the expanded percentile interval, which keeps its promise with few
// blocks (Hesterberg, The American Statistician 69(4), 2015, section 5.3). The draws are the same each time.
func estimate(weeks [][]SavedDay, of func(Effort) float64) Estimate {
	n := len(weeks)
	sums, counts := make([]float64, n), make([]float64, n)
	var sum, count, schedule float64
	for i, week := range weeks {
		for _, d := range week {
			sums[i] += of(d.Schedule) - of(d.Plan)
			schedule += of(d.Schedule)
		}
		counts[i] = float64(len(week))
		sum, count = sum+sums[i], count+counts[i]
	}
	e := Estimate{Mean: sum / count, Early: n < EnoughWeeks}
	e.Low, e.High = e.Mean, e.Mean
	if schedule > 0 {
		e.Share = sum / schedule
	}
	if n < EnoughWeeks {
		return e
	}
	random := rand.New(rand.NewPCG(1, uint64(n)))
	means := make([]float64, savingDraws)
	for i := range means {
		var s, c float64
		for range n {
			k := random.IntN(n)
			s, c = s+sums[k], c+counts[k]
		}
		means[i] = s / c
	}
	slices.Sort(means)
	tail := expandedTail(n)
	e.Low = means[int(tail*savingDraws)]
	e.High = means[savingDraws-1-int(tail*savingDraws)]
	e.Early = e.Low <= 0 && e.High >= 0
	return e
}

// expandedTail is the share of draws that an expanded percentile interval of 95 % leaves out on either side, with n blocks.
func expandedTail(n int) float64 {
	df := float64(n - 1)
	x := -math.Sqrt(float64(n)/df) * studentQuantile(df)
	return math.Erfc(-x/math.Sqrt2) / 2
}

// studentQuantile returns the 97.5 % quantile of Student's t with df degrees of freedom, by its expansion (Abramowitz and
// Stegun 26.7.5); from 7 degrees on it is right to a thousandth.
func studentQuantile(df float64) float64 {
	const z = 1.959963984540054
	z2 := z * z
	z3, z5, z7 := z*z2, z*z2*z2, z*z2*z2*z2
	return z + (z3+z)/(4*df) + (5*z5+16*z3+3*z)/(96*df*df) + (3*z7+19*z5+17*z3-15*z)/(384*df*df*df)
}

// DistrictOverfull is how often the containers of a district with a sensor were over full.
type DistrictOverfull struct {
	District   string // code
	Containers int64
	Measured   int64 // container-days with readings
	Over       int64 // thousandths of container-days at 100 % or more
}

// PerThousand is over of a thousand container-days; NaN when nothing was measured.
func (d DistrictOverfull) PerThousand() float64 { return float64(d.Over) / float64(d.Measured) }

// OverfullByDistrict counts, for the districts with at least [LeastContainers] containers, how long containers read 100 % or
// more in the days from from to before to; the district where that was most often first.
func (s *Service) OverfullByDistrict(ctx context.Context, from, to time.Time) ([]DistrictOverfull, error) {
	containers, err := s.Containers(ctx)
	if err != nil {
		return nil, err
	}
	districts, of := map[string]*DistrictOverfull{}, map[string]*DistrictOverfull{}
	for _, c := range containers {
		d := districts[c.District]
		if d == nil {
			d = &DistrictOverfull{District: c.District}
			districts[c.District] = d
		}
		d.Containers++
		of[c.ID] = d
	}
	var over, readings int64
	var stream int64
	var ends time.Time // of the day that is counted
	var here *DistrictOverfull
	finish := func() {
		if readings > 0 && here != nil {
			here.Measured++
			here.Over += over * 1000 / readings
		}
		over, readings = 0, 0
	}
	err = s.sensing.RangeMany(ctx, ContainerKind, FillKind, from, to, func(d sensing.Stream, at time.Time, value float64) error {
		if d.ID != stream || !at.Before(ends) {
			finish()
			stream, here = d.ID, of[d.ThingKey]
			ends = calendar.AddDays(calendar.Midnight(at, s.city.Location), 1)
		}
		readings++
		if value >= 1 {
			over++
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("overfull by district: %w", err)
	}
	finish()
	var all []DistrictOverfull
	for code, d := range districts {
		if code != "" && d.Containers >= LeastContainers && d.Measured > 0 {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(a, b DistrictOverfull) int {
		return cmp.Or(cmp.Compare(b.PerThousand(), a.PerThousand()), cmp.Compare(a.District, b.District))
	})
	return all, nil
}
