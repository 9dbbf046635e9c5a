package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"

	"polder.city/collection"
	"polder.city/internal/calendar"
	"polder.city/internal/message"
	"polder.city/sensing"
)

// residents are the pages about containers, districts and plans.
type residents struct {
	*Site
	d *Domains

	// fresh is how long, by the machine's clock, a state of the city is shown again before it is read anew.
	fresh time.Duration

	mu    sync.Mutex
	state *state    // guarded by mu; what it points to is not changed
	read  time.Time // when state was read, by the machine's clock; guarded by mu

	past pastCache
	maps mapCache
	// overfull is what the page of the saving counts by district.
	overfull areaCache
}

// state is what the pages show of the containers at one moment.
type state struct {
	at         time.Time // by the city's clock
	containers []collection.Container
	index      map[string]int // container to its place in containers
	fills      []fill         // in the order of containers

	day      time.Time                      // the next working day, at midnight
	nextEnds time.Time                      // the working day after it, at midnight
	next     *collection.Plan               // its plan; nil while there is none
	today    *collection.Plan               // today's plan; nil on a day without one
	outcomes map[string]*collection.Outcome // of next
	now      map[string]*collection.Outcome // of today

	anomalies                  map[string][]collection.Anomaly    // of containers and their sensors, by container
	emptied, blocked, reported map[string]sensing.Observation     // the latest, by container
	things                     []happening                        // of what is not a container
	out                        map[string]collection.ContainerOut // that cannot be emptied now
}

// residentPages registers the pages that residents come for.
func (s *Site) residentPages(d *Domains) *residents {
	r := &residents{Site: s, d: d, fresh: 3 * time.Second}
	s.page("GET /", "home.html", r.home)
	s.page("GET /wijken", "districts.html", r.districts)
	s.page("GET /wijken/{code}", "district.html", r.district)
	s.handle("GET /wijken/{code}/feed.atom", r.districtFeed)
	s.page("GET /zoeken", "search.html", r.search)
	s.page("GET /containers", "containers.html", r.containerList)
	s.handle("GET /containers.csv", r.containersCSV)
	s.handle("GET /containers.geojson", r.containersGeoJSON)
	s.handle("GET /kaart/containers.geojson", r.mapContainers)
	s.page("GET /containers/{id}", "container.html", r.container)
	s.handle("GET /containers/{id}/agenda.ics", r.agenda)
	s.page("GET /containers/{id}/melden", "tell.html", r.tellForm)
	s.page("POST /containers/{id}/melden", "tell.html", r.tell)
	s.page("GET /c/{id}", "quick.html", r.quickForm)
	s.page("POST /c/{id}", "quick.html", r.quick)
	s.page("GET /meldingen/{bewijs}", "receipt.html", r.receipt)
	s.page("GET /plannen", "plans.html", r.plans)
	s.page("GET /plannen/{datum}", "plan.html", r.planOfDay)
	s.page("GET /plannen/{datum}/{versie}", "plan.html", r.planVersion)
	s.handle("GET /plannen/{datum}/plan.csv", r.planCSV)
	s.handle("GET /plannen/{datum}/routes.geojson", r.planRoutes)
	r.whatIfPages()
	r.changePages()
	r.savingPages()
	s.handle("GET /plannen/{datum}/{versie}/routes.geojson", r.planRoutes)
	s.handle("GET /plannen/{datum}/{versie}/plan.csv", r.planCSV)
	s.page("GET /plannen/{datum}/{versie}/ritlijst/{wagen}", "routesheet.html", r.routeSheet)
	return r
}

// now returns the state of the city, at most r.fresh old.
func (r *residents) now(ctx context.Context) (*state, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state != nil && time.Since(r.read) < r.fresh {
		return r.state, nil
	}
	// Who waits for the lock is served by this reading: it must not end with the first one's patience.
	st, err := r.readState(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	r.state, r.read = st, time.Now()
	return st, nil
}

func (r *residents) readState(ctx context.Context) (*state, error) {
	c := r.d.Collection
	st := &state{at: r.opts.Clock.Now(), index: map[string]int{}}
	var err error
	if st.containers, err = c.Containers(ctx); err != nil {
		return nil, err
	}
	for i := range st.containers {
		st.index[st.containers[i].ID] = i
	}
	today := c.Today()
	st.day = c.NextWorkday(today)
	st.nextEnds = c.NextWorkday(st.day)
	if st.next, st.outcomes, err = r.planAndOutcomes(ctx, st.day); err != nil {
		return nil, err
	}
	if st.today, st.now, err = r.planAndOutcomes(ctx, today); err != nil {
		return nil, err
	}
	latest := func(kind string) map[string]sensing.Observation {
		if err != nil {
			return nil
		}
		var found map[string]sensing.Observation
		found, err = r.d.Sensing.LatestOf(ctx, collection.ContainerKind, kind)
		byContainer := make(map[string]sensing.Observation, len(found))
		for key, o := range found {
			byContainer[strings.TrimSuffix(key, "/"+kind)] = o
		}
		return byContainer
	}
	samples := latest(collection.FillKind)
	st.emptied, st.blocked, st.reported = latest(collection.EmptyingKind), latest(collection.BlockedKind), latest(collection.ReportKind)
	if err != nil {
		return nil, err
	}
	found, err := c.Anomalies(ctx)
	if err != nil {
		return nil, err
	}
	st.anomalies = map[string][]collection.Anomaly{}
	for _, a := range found {
		st.anomalies[a.Container] = append(st.anomalies[a.Container], a)
	}
	out, err := c.ContainersOut(ctx)
	if err != nil {
		return nil, err
	}
	st.out = map[string]collection.ContainerOut{}
	for _, o := range out {
		st.out[o.Container] = o
	}
	if st.things, err = r.thingHappenings(ctx, st.at); err != nil {
		return nil, err
	}
	st.fills = make([]fill, len(st.containers))
	for i, k := range st.containers {
		st.fills[i] = st.fillOf(k, samples[k.ID])
	}
	return st, nil
}

func (r *residents) planAndOutcomes(ctx context.Context, day time.Time) (*collection.Plan, map[string]*collection.Outcome, error) {
	plan, err := r.d.Collection.PlanOf(ctx, day.Format(collection.DayLayout))
	if err != nil || plan == nil {
		return nil, nil, err
	}
	outcomes, err := r.d.Collection.Outcomes(ctx, plan.ID)
	byContainer := make(map[string]*collection.Outcome, len(outcomes))
	for i := range outcomes {
		byContainer[outcomes[i].Container] = &outcomes[i]
	}
	return plan, byContainer, err
}

// pastCache keeps what was counted of the past: a day that is over does not change.
type pastCache struct {
	mu       sync.Mutex
	days     map[string]pastDay // guarded by mu
	weekAgo  time.Time          // the hour that full and read are of; guarded by mu
	fullThen int                // guarded by mu
	readThen int                // guarded by mu
}

type pastDay struct {
	over       int64 // thousandths of a container-day
	containers int
}

// weekOverfull counts the container-days at 100 % or more in the seven whole days before today, per thousand.
func (r *residents) weekOverfull(ctx context.Context) (perThousand float64, days int, err error) {
	r.past.mu.Lock()
	defer r.past.mu.Unlock()
	old := r.past.days
	r.past.days = map[string]pastDay{}
	today := r.d.Collection.Today()
	var over int64
	var all int
	for i := 1; i <= 7; i++ {
		midnight := calendar.AddDays(today, -i)
		key := midnight.Format(collection.DayLayout)
		day, ok := old[key]
		if !ok {
			if day.over, day.containers, err = r.d.Collection.Overfull(ctx, midnight); err != nil {
				return 0, 0, err
			}
		}
		if day.containers > 0 { // else its history may be on its way
			r.past.days[key] = day
		}
		over, all = over+day.over, all+day.containers
		if day.containers > 0 {
			days++
		}
	}
	if all == 0 {
		return 0, 0, nil
	}
	return float64(over) / float64(all), days, nil
}

// fullWeekAgo counts the full containers a week before now, on the hour.
func (r *residents) fullWeekAgo(ctx context.Context) (full, read int, at time.Time, err error) {
	r.past.mu.Lock()
	defer r.past.mu.Unlock()
	at = r.opts.Clock.Now().AddDate(0, 0, -7).Truncate(time.Hour)
	if !at.Equal(r.past.weekAgo) {
		full, read, err := r.d.Collection.FullAt(ctx, at)
		if err != nil {
			return 0, 0, at, err
		}
		r.past.weekAgo, r.past.fullThen, r.past.readThen = at, full, read
	}
	return r.past.fullThen, r.past.readThen, at, nil
}

// stream returns the name of a stream in the reader's language, and its shape on maps.
func (r *residents) stream(p *message.Printer, id string) (name, shape string) {
	stream, ok := r.d.City.Stream(id)
	if !ok {
		return id, "circle"
	}
	return in(stream.Name, p), stream.Symbol
}

// districtName returns the name of a district, or its code where the city has dropped it.
func (r *residents) districtName(code string) string {
	if d, ok := r.d.City.District(code); ok {
		return d.Name
	}
	return code
}

// walkMinutes is how long one walks between two points, in whole minutes: 80 metres a minute, and streets that
// are 1.3 times as long as the line between.
func walkMinutes(a, b orb.Point) int { return max(1, int(geo.Distance(a, b)*1.3/80+0.5)) }

// nearestWithRoom returns the nearest other container of the same stream that has room, within a quarter of an hour on foot.
func (st *state) nearestWithRoom(k collection.Container) (collection.Container, int, bool) {
	best, at := 15, -1
	for i, other := range st.containers {
		if _, out := st.out[other.ID]; out || other.ID == k.ID || other.Stream != k.Stream || !st.fills[i].known || st.fills[i].value > 0.7 {
			continue
		}
		if m := walkMinutes(k.Point, other.Point); m < best || m == best && at < 0 {
			best, at = m, i
		}
	}
	if at < 0 {
		return collection.Container{}, 0, false
	}
	return st.containers[at], best, true
}

// boundsOf returns the view that holds all points, with some room around them.
func boundsOf(points []orb.Point) [4]float64 {
	if len(points) == 0 {
		return [4]float64{}
	}
	b := orb.MultiPoint(points).Bound()
	b = geo.BoundPad(b, 150)
	return [4]float64{b.Left(), b.Bottom(), b.Right(), b.Top()}
}

// inDistrict returns the indexes of the containers of a district, in order of id.
func (st *state) inDistrict(code string) []int {
	var found []int
	for i := range st.containers {
		if st.containers[i].District == code {
			found = append(found, i)
		}
	}
	return found
}

// fullestFirst orders indexes of containers by what is in them; what is not known comes last.
func (st *state) fullestFirst(list []int) {
	rank := func(i int) float64 {
		if !st.fills[i].known {
			return -1
		}
		return st.fills[i].value
	}
	slices.SortStableFunc(list, func(a, b int) int {
		switch ra, rb := rank(a), rank(b); {
		case ra > rb:
			return -1
		case ra < rb:
			return 1
		}
		return 0
	})
}
