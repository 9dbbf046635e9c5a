package collection

import (
	"cmp"
	"context"
	"slices"
	"time"

	"polder.city/city"
	"polder.city/internal/calendar"
	"polder.city/internal/problem"
)

// WhatIf says in what a day is supposed to differ from how it is. The zero value supposes nothing.
type WhatIf struct {
	Trucks     []string `json:"trucks,omitempty"`     // do not go out; no reserve takes their place
	Facilities []string `json:"facilities,omitempty"` // disposal facilities that are closed on the day
	Streams    []string `json:"streams,omitempty"`    // of which nothing is collected on the day
	DayOff     string   `json:"dayOff,omitempty"`     // a weekday on which nobody works any more, "mon" to "sun"
	Holidays   bool     `json:"holidays,omitempty"`   // the two working days after the day are holidays, as at Christmas
	// What an overfull container and an hour cost, in per cent of the city's prices; 0 means as they are.
	OverflowPercent int64 `json:"overflowPercent,omitempty"`
	HourPercent     int64 `json:"hourPercent,omitempty"`
}

// whatIfRounds bounds how long the solver searches for each side of a comparison, in iterations: together they are
// answered in under half a minute on two cores for 1,500 containers.
const whatIfRounds = 6_000

// Bounds of a weight in per cent.
const leastPercent, mostPercent = 10, 1000

// Answer is a day as it is and as it is supposed, both by the same planner on the same facts, streets, seed and rounds.
type Answer struct {
	AsOf         time.Time `json:"asOf"`         // nothing later was known
	Observations int64     `json:"observations"` // how many were read
	Rounds       int64     `json:"rounds"`       // of the solver, for each side
	Seed         int64     `json:"seed"`
	Overtime     int64     `json:"overtime"` // that both sides may use, seconds
	Now          Tally     `json:"now"`
	Then         Tally     `json:"then"`
	// Kept reports, of a change, whether the plan does what is wanted of the container.
	Kept bool `json:"kept,omitempty"`
}

// Tally is what a plan comes down to.
type Tally struct {
	Stops    int64 `json:"stops"`
	Trucks   int64 `json:"trucks"`
	Seconds  int64 `json:"seconds"`
	Meters   int64 `json:"meters"`
	Tips     int64 `json:"tips"` // unloadings
	Overtime int64 `json:"overtime"`
	// Cents is what hours, overtime and kilometres cost at the city's prices, whatever prices the plan was weighed by.
	Cents    int64 `json:"cents"`
	Unserved int64 `json:"unserved"` // containers that should be emptied and are not
	// Overfull are the container-days over full until the next emptying of each container, within a week, in thousandths:
	// mean, 5 and 95 % over the same draws. What fills up after that is for later plans.
	Overfull [3]int64 `json:"overfull"`
	// Risks are the containers that are left, those likeliest to be full before the next working day first.
	Risks     []Risk          `json:"risks"`
	Districts []DistrictTally `json:"districts"` // by code; only those with containers
}

// Risk is a container that is left, and the chance that it is full before a truck can come again.
type Risk struct {
	Container string `json:"container"`
	Chance    int64  `json:"chance"` // ppm
	Reason    string `json:"reason"` // the weightiest
}

// DistrictTally is a district's share.
type DistrictTally struct {
	District   string `json:"district"` // code; "" where no district lies
	Containers int64  `json:"containers"`
	Stops      int64  `json:"stops"`
	Unserved   int64  `json:"unserved"`
	Overfull   int64  `json:"overfull"` // mean, thousandths of a container-day
}

// risksKept is how many of the containers that are left a tally lists.
const risksKept = 15

// Suppose answers what a day's plan would be if it were as w says, beside the plan as things are. Nothing is stored or decided.
func (s *Service) Suppose(ctx context.Context, day time.Time, w WhatIf) (*Answer, error) {
	if err := s.checkWhatIf(day, w); err != nil {
		return nil, err
	}
	s.working.Lock()
	defer s.working.Unlock()
	o, err := s.outlook(ctx, day)
	if err != nil {
		return nil, err
	}
	overtime, err := s.overtimeWithin(ctx)
	if err != nil {
		return nil, err
	}
	q := Request{Day: day, Rounds: min(s.o.Rounds, whatIfRounds), Overtime: int32(overtime)}
	if q.wishes, err = s.Wishes(ctx, day.Format(DayLayout)); err != nil {
		return nil, err
	}
	a := &Answer{AsOf: o.made, Observations: o.inputs.Observations, Rounds: int64(q.Rounds), Seed: int64(s.o.Seed), Overtime: overtime}
	if a.Now, err = s.tallyOf(ctx, s.supposing(WhatIf{}, day), q, o); err != nil {
		return nil, err
	}
	then := s.supposing(w, day)
	supposed := *o
	supposed.day = then.newDay(day)
	if w.Holidays { // people bring other amounts on a holiday
		if err := then.fit(ctx, &supposed, s.clock.Now()); err != nil {
			return nil, err
		}
	}
	then.weigh(&supposed)
	q.without = w.Streams
	a.Then, err = s.tallyOf(ctx, then, q, &supposed)
	return a, err
}

// supposing returns the collection of a city that is as w says: the planner is the same, and so is all that it reads.
func (s *Service) supposing(w WhatIf, day time.Time) *Service {
	c := *s.city
	c.Schedule = nil // the question is not what the schedule would do
	f := &c.Fleet
	f.Trucks = slices.DeleteFunc(slices.Clone(f.Trucks), func(t city.Truck) bool { return slices.Contains(w.Trucks, t.ID) })
	f.Facilities = slices.Clone(f.Facilities)
	for i := range f.Facilities {
		if slices.Contains(w.Facilities, f.Facilities[i].ID) {
			f.Facilities[i].Opening = []city.Opening{{}} // hours on no weekday
		}
	}
	if off, err := city.ParseWeekday(w.DayOff); err == nil {
		f.Shift.Days = slices.DeleteFunc(slices.Clone(f.Shift.Days), func(d time.Weekday) bool { return d == off })
	}
	if w.Holidays {
		c.Holidays = slices.Clone(c.Holidays)
		at := day
		for range 2 {
			at = s.NextWorkday(at)
			c.Holidays = append(c.Holidays, at.Format("01-02"))
		}
	}
	scale := func(percent int64, prices ...*int64) {
		for _, price := range prices {
			if percent > 0 {
				*price = *price * percent / 100
			}
		}
	}
	scale(w.OverflowPercent, &f.Costs.OverflowEventCents, &f.Costs.OverflowDayCents, &f.Costs.OverflowM3Cents)
	scale(w.HourPercent, &f.Costs.HourCents, &f.Costs.OvertimeHourCents)
	return New(s.db, &c, s.sensing, s.gate, s.clock, s.o)
}

// tallyOf makes a plan as one city would, and counts it at the prices of s.
func (s *Service) tallyOf(ctx context.Context, as *Service, q Request, o *outlook) (Tally, error) {
	plan, err := as.compute(ctx, q, o)
	if err != nil {
		return Tally{}, err
	}
	return s.tally(plan, o), nil
}

func (s *Service) tally(plan *Plan, o *outlook) Tally {
	m, costs := plan.Measures, s.city.Fleet.Costs
	t := Tally{
		Stops: m[MeasureStops], Trucks: m[MeasureTrucks], Seconds: m[MeasureSeconds], Meters: m[MeasureMeters], Unserved: m[MeasureUnserved],
		Risks: []Risk{}, Districts: []DistrictTally{},
	}
	for _, r := range plan.Routes {
		t.Overtime += r.Overtime
		for _, v := range r.Visits {
			if v.Kind == VisitUnload {
				t.Tips++
			}
		}
	}
	t.Cents = (t.Seconds*costs.HourCents+t.Overtime*costs.OvertimeHourCents)/3600 + t.Meters*costs.KmCents/1000
	districts := map[string]*DistrictTally{}
	draws := map[string]*[compareDraws]int64{}
	var all [compareDraws]int64
	for i := range o.prospects {
		p, x := &o.prospects[i], &plan.Outcomes[i]
		d := districts[p.District]
		if d == nil {
			d = &DistrictTally{District: p.District}
			districts[p.District], draws[p.District] = d, &[compareDraws]int64{}
		}
		d.Containers++
		next := p.next
		if x.Planned {
			next = 0
		}
		overfull(p, x.Planned, nil, o.day, func(policy, draw, day int) {
			if policy == 0 && day <= next {
				all[draw]++
				draws[p.District][draw]++
			}
		})
		if x.Planned {
			d.Stops++
			continue
		}
		if p.must {
			d.Unserved++
		}
		t.Risks = append(t.Risks, Risk{p.ID, x.ChanceFull, x.Reasons[0].Code})
	}
	t.Overfull = summary(all[:])
	slices.SortStableFunc(t.Risks, func(a, b Risk) int { return cmp.Compare(b.Chance, a.Chance) })
	t.Risks = t.Risks[:min(risksKept, len(t.Risks))]
	for code, d := range districts {
		d.Overfull = summary(draws[code][:])[0]
		t.Districts = append(t.Districts, *d)
	}
	slices.SortFunc(t.Districts, func(a, b DistrictTally) int { return cmp.Compare(a.District, b.District) })
	return t
}

// checkWhatIf refuses what cannot be supposed, and names the field.
func (s *Service) checkWhatIf(day time.Time, w WhatIf) error {
	bad := func(field, code, way, format string, args ...any) error {
		return problem.New(problem.Invalid, "whatif."+code, format, args...).At(field).Do("%s", way)
	}
	if err := s.checkPlannable(day); err != nil {
		return err
	}
	trucks, going := map[string]bool{}, 0
	for _, t := range s.city.Fleet.Trucks {
		trucks[t.ID] = t.Kind == "crane"
		if t.Kind == "crane" && !t.Reserve && !slices.Contains(w.Trucks, t.ID) {
			going++
		}
	}
	for _, id := range w.Trucks {
		if !trucks[id] {
			return bad("trucks", "truck", "Look in fleet.yaml.", "The city has no crane truck %q.", id)
		}
	}
	for _, id := range w.Facilities {
		if !slices.ContainsFunc(s.city.Fleet.Facilities, func(f city.Facility) bool { return f.ID == id }) {
			return bad("facilities", "facility", "Look in fleet.yaml.", "The city has no disposal facility %q.", id)
		}
	}
	for _, id := range w.Streams {
		if _, ok := s.city.Stream(id); !ok {
			return bad("streams", "stream", "Use one of: "+s.streamNames()+".", "The city has no stream %q.", id)
		}
	}
	off, err := city.ParseWeekday(w.DayOff)
	switch {
	case w.DayOff != "" && err != nil:
		return bad("dayOff", "day", "Write mon, tue, wed, thu or fri.", "There is no weekday %q.", w.DayOff)
	case w.DayOff != "" && off == day.Weekday():
		return bad("dayOff", "same", "Choose another weekday, or another day's plan.", "The plan is of that weekday itself.")
	case w.DayOff != "" && !slices.Contains(s.city.Fleet.Shift.Days, off):
		return bad("dayOff", "free", "Choose a weekday on which trucks go out.", "Nobody works on that weekday as it is.")
	case going == 0:
		return bad("trucks", "none", "Let one truck go at least.", "Without any truck nothing is collected.")
	case w.OverflowPercent != 0 && (w.OverflowPercent < leastPercent || w.OverflowPercent > mostPercent):
		return bad("overflow", "percent", "Write a number from 10 to 1000.", "%d %% is no weight.", w.OverflowPercent)
	case w.HourPercent != 0 && (w.HourPercent < leastPercent || w.HourPercent > mostPercent):
		return bad("hour", "percent", "Write a number from 10 to 1000.", "%d %% is no weight.", w.HourPercent)
	case len(w.Trucks)+len(w.Facilities)+len(w.Streams) == 0 && w.DayOff == "" && !w.Holidays && same(w.OverflowPercent) && same(w.HourPercent):
		return bad("trucks", "nothing", "Choose one change at least.", "Nothing is supposed to differ.")
	}
	return nil
}

// same reports whether a weight is as it is.
func same(percent int64) bool { return percent == 0 || percent == 100 }

// checkPlannable refuses a day that is past, too far ahead to be forecast, or without work.
func (s *Service) checkPlannable(day time.Time) error {
	today := s.Today()
	switch {
	case day.Before(today):
		return problem.New(problem.Conflict, "plan.past", "The day %s is past.", day.Format(DayLayout)).Do("Choose today or a later day.")
	case !day.Before(calendar.AddDays(today, Horizon)):
		return problem.New(problem.Invalid, "plan.far", "The day %s lies over %d days ahead.", day.Format(DayLayout), Horizon).Do("Choose a day that can be forecast.")
	case !s.city.WorkingDay(day):
		return &NoWorkError{day, s.NextWorkday(day)}
	}
	return nil
}
