package study

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"polder.city/collection"
)

// Request says what a study compares.
type Request struct {
	Seeds    []uint64
	Families []Family
	Options
	// Usual takes each family at its usual level only.
	Usual bool
	// Budget is how long replications may be added; 0 is no limit. The first seed is always lived.
	Budget time.Duration
	// Enough is the half width of the interval of a paired difference in truck-hours, as a share, at which no seed is added.
	Enough    float64
	Reference string // the family that the others are set beside
	Progress  func(seed int, done, all int)
}

// Study is what came out.
type Study struct {
	World     *World
	Request   Request
	Seeds     []uint64 // that were lived
	Points    []*Point
	Took      time.Duration
	Narrow    bool // all intervals are narrow enough; else the budget or the seeds ran out
	Reference string
}

// Conduct lives a world under every policy at every level, seed after seed, until the intervals are narrow enough or the
// seeds or the budget end. When ctx ends it returns its error.
func Conduct(ctx context.Context, w *World, r Request) (*Study, error) {
	if len(r.Seeds) == 0 || len(r.Families) == 0 {
		return nil, errors.New("a study needs seeds and policies")
	}
	began := time.Now()
	s := &Study{World: w, Request: r, Reference: r.Reference}
	var contenders []Contender
	for i := range r.Families {
		f := &r.Families[i]
		levels := f.Levels
		if r.Usual {
			levels = []float64{f.Usual}
		}
		for _, level := range levels {
			s.Points = append(s.Points, &Point{Family: f.Name, Level: level})
			contenders = append(contenders, f.Contender(w, level))
		}
	}
	for i, seed := range r.Seeds {
		if i > 0 {
			if s.Narrow = s.narrow(); s.Narrow {
				break
			}
			// A seed takes as long as the mean of those before.
			if spent := time.Since(began); r.Budget > 0 && spent+spent/time.Duration(i) > r.Budget {
				break
			}
		}
		if err := s.live(ctx, seed, i, contenders); err != nil {
			return nil, err
		}
		s.Seeds = append(s.Seeds, seed)
	}
	s.Narrow = s.narrow()
	s.Took = time.Since(began)
	return s, nil
}

// live adds one seed to every point, as many runs at once as there are processors.
func (s *Study) live(ctx context.Context, seed uint64, number int, contenders []Contender) error {
	o := s.Request.Options
	t, err := record(ctx, s.World, seed, o.Span.Found+o.Span.WarmUp+o.Span.Counted+collection.Horizon+7)
	if err != nil {
		return err
	}
	runs := make([]*Measures, len(contenders))
	finished := make(chan struct{}, len(contenders))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range contenders {
		group.Go(func() error {
			m, err := run(ctx, s.World, t, seed, c, o)
			if err != nil {
				return fmt.Errorf("%s, seed %d, %s: %w", s.World.Name, seed, c.Name, err)
			}
			runs[i] = m
			finished <- struct{}{}
			if s.Request.Progress != nil {
				s.Request.Progress(number+1, len(finished), len(contenders))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, m := range runs {
		s.Points[i].Runs = append(s.Points[i].Runs, m)
	}
	return nil
}

// narrow says whether the paired difference in truck-hours of every family, at its usual level, with the reference is known well enough.
func (s *Study) narrow() bool {
	ref := s.usual(s.Reference)
	if ref == nil || s.Request.Enough <= 0 {
		return false
	}
	for _, name := range s.families() {
		if p := s.usual(name); p != nil && p != ref && !(Paired(p, ref, hoursADay).Half < s.Request.Enough) {
			return false
		}
	}
	return len(ref.Runs) > 1
}

// families returns the names in the order of the request.
func (s *Study) families() (names []string) {
	for i := range s.Request.Families {
		names = append(names, s.Request.Families[i].Name)
	}
	return names
}

// points returns the points of a family.
func (s *Study) points(family string) (points []*Point) {
	for _, p := range s.Points {
		if p.Family == family {
			points = append(points, p)
		}
	}
	return points
}

// usual returns the point of a family at its usual level; nil when it has none.
func (s *Study) usual(family string) *Point {
	i := slices.IndexFunc(s.Request.Families, func(f Family) bool { return f.Name == family })
	if i < 0 {
		return nil
	}
	for _, p := range s.points(family) {
		if p.Level == s.Request.Families[i].Usual {
			return p
		}
	}
	return nil
}
