package study

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"polder.city/fleet"
	"polder.city/simulate"
)

// crew is a truck on its way. Times are seconds after midnight.
type crew struct {
	tour    *Tour
	truck   *fleet.Vehicle
	next    int // of the tour's visits
	at      int // location
	now     float64
	slow    float64 // factor on travel times today
	load    [2]float64
	stream  int // of the load; -1 when empty
	meters  int64
	breaks  int // taken
	fresh   bool
	home    bool
	driving Visit   // to what it drives; Container -2 is its depot
	due     float64 // when it is there
}

const toDepot = -2

// drive lets the trucks do a plan: what they reach is emptied in order of time, and what they meet changes what they do. A crew that finds
// that the next container would not fit unloads first; one that would be late leaves out what is left.
func (j *judge) drive(ctx context.Context, midnight time.Time, p *Plan) error {
	var crews []*crew
	for i := range p.Tours {
		t := &p.Tours[i]
		r := rand.New(rand.NewPCG(j.seed, uint64(midnight.Unix())+uint64(t.Truck)))
		c := &crew{tour: t, truck: &j.w.Trucks[t.Truck], now: float64(t.Leave), stream: -1, slow: math.Exp(j.w.travelCV * r.NormFloat64()), fresh: true}
		j.depart(c)
		crews = append(crews, c)
	}
	for {
		var first *crew
		for _, c := range crews {
			if !c.home && (first == nil || c.due < first.due) {
				first = c
			}
		}
		if first == nil {
			return nil
		}
		if err := j.advance(ctx, midnight.Add(time.Duration(first.due)*time.Second)); err != nil {
			return err
		}
		if err := j.arrive(first); err != nil {
			return err
		}
	}
}

// depart sends a crew to what comes next.
func (j *judge) depart(c *crew) {
	w := j.w
	c.driving = Visit{Container: toDepot}
	if c.next < len(c.tour.Visits) {
		c.driving = c.tour.Visits[c.next]
		switch {
		case c.driving.Container >= 0 && !j.fits(c):
			c.driving = Visit{Container: -1, Facility: j.facility(c.at, c.stream)}
			j.meter.unplanned++
		case c.driving.Container >= 0 && j.late(c):
			j.meter.skip(c.tour.Visits[c.next:])
			c.next = len(c.tour.Visits)
			j.depart(c)
			return
		default:
			c.next++
		}
	} else if c.stream >= 0 && len(w.Facilities) > 0 {
		c.driving = Visit{Container: -1, Facility: j.facility(c.at, c.stream)}
	}
	to := j.location(c.driving)
	breaks := j.breaks(c)
	if c.breaks < len(breaks) && c.driving.Container != toDepot && c.now >= float64(breaks[c.breaks].Window.Open) {
		c.now += float64(breaks[c.breaks].Duration)
		c.breaks++
	}
	arc := c.at*w.Locations + to
	c.due = c.now + float64(w.Seconds[arc])*c.slow
	c.meters += int64(w.Meters[arc])
	c.fresh = c.fresh || to != c.at
	c.at = to
}

func (j *judge) breaks(c *crew) []fleet.Break {
	if len(c.truck.Breaks) > 0 {
		return c.truck.Breaks
	}
	return j.w.Breaks
}

func (j *judge) location(v Visit) int {
	switch {
	case v.Container >= 0:
		return j.w.Containers[v.Container].Location
	case v.Container == toDepot:
		return j.w.Depot.Location
	}
	return j.w.Facilities[v.Facility].Location
}

func (c *crew) capacity(stream int) []int64 {
	if x, ok := c.truck.GroupCapacity[stream]; ok {
		return x
	}
	return c.truck.Capacity
}

// fits says whether the next container, as it is expected, fits on top of the load.
func (j *judge) fits(c *crew) bool {
	if len(j.w.Facilities) == 0 || c.stream < 0 {
		return true
	}
	v := c.driving
	s := j.w.Containers[v.Container].Stream
	room := c.capacity(c.stream)
	return s == c.stream && c.load[0]+v.Kg <= float64(room[0]) && c.load[1]+v.Kg/j.w.Streams[s].PressedPerLitre <= float64(room[1])
}

// facility is the one nearest to a location that takes a stream.
func (j *judge) facility(at, stream int) int {
	best, least := 0, int32(math.MaxInt32)
	for f := range j.w.Facilities {
		s := j.w.Seconds[at*j.w.Locations+j.w.Facilities[f].Location]
		if slices.Contains(j.w.Facilities[f].Groups, stream) && s < least {
			best, least = f, s
		}
	}
	return best
}

// late says whether a crew that goes to its next container too would be back after its shift and the overtime.
func (j *judge) late(c *crew) bool {
	w, x := j.w, &j.w.Containers[c.driving.Container]
	at := c.now + float64(w.Seconds[c.at*w.Locations+x.Location])*c.slow + float64(w.placeSeconds()+w.handling(x))
	here := x.Location
	if len(w.Facilities) > 0 {
		f := &w.Facilities[j.facility(here, x.Stream)]
		at += float64(w.Seconds[here*w.Locations+f.Location])*c.slow + float64(f.Service)
		here = f.Location
	}
	at += float64(w.Seconds[here*w.Locations+w.Depot.Location]) * c.slow
	for _, b := range j.breaks(c)[c.breaks:] {
		if float64(b.Window.Open) < at {
			at += float64(b.Duration)
		}
	}
	return at > float64(c.truck.Shift.Close+w.Overtime)
}

// arrive does what a crew came for, and sends it on.
func (j *judge) arrive(c *crew) error {
	c.now = c.due
	v := c.driving
	switch {
	case v.Container == toDepot:
		c.home = true
		j.meter.route(c)
		return nil
	case v.Container < 0:
		f := &j.w.Facilities[v.Facility]
		if len(f.Windows) > 0 {
			c.now = math.Max(c.now, float64(f.Windows[0].Open))
		}
		c.now += float64(f.Service)
		c.load, c.stream = [2]float64{}, -1
		j.meter.tips++
	default:
		if c.fresh {
			c.now += float64(j.w.placeSeconds())
		}
		kg, done, err := j.lift(v.Container)
		if err != nil {
			return err
		}
		if done {
			x := &j.w.Containers[v.Container]
			c.now += float64(j.w.handling(x))
			c.stream = x.Stream
			c.load[0] += kg
			c.load[1] += kg / j.w.Streams[x.Stream].PressedPerLitre
		}
	}
	c.fresh = false
	j.depart(c)
	return nil
}

// lift empties a container now, tells the forecaster its weight and counts. It is not done when something stands before the container.
func (j *judge) lift(i int) (kg float64, done bool, err error) {
	id := j.w.Containers[i].ID
	beside, err := j.sim.Beside(id)
	if err != nil {
		return 0, false, err
	}
	fill, kilograms, err := j.sim.Empty(id, j.now)
	if errors.Is(err, simulate.ErrBlocked) {
		j.meter.blocked++
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	j.know.emptied(i, j.now, float64(kilograms))
	j.meter.lift(i, fill, beside, kilograms)
	return float64(kilograms), true, nil
}
