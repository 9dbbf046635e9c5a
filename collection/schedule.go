package collection

import (
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"

	"polder.city/forecast"
)

// How a plan is compared with the fixed schedule: over these days, on these many draws.
const (
	compareDays  = 7
	compareDraws = 200
)

// compareWithSchedule routes what the fixed schedule would empty on the day, with
// the same trucks and streets, and counts on the same draws of the coming
// week how many container-days both would leave over full. In the days after the
// first the plan's containers are emptied on the day that is expected for them
// now; in truth later plans see later observations, so this flatters the schedule.
func (s *Service) compareWithSchedule(ctx context.Context, plan *Plan, prospects []prospect, t *travel, d day, q Request) (*Comparison, error) {
	if len(s.city.Schedule) == 0 {
		return nil, nil
	}
	due := map[string][]bool{} // by container, per day of the week ahead
	for _, row := range s.city.Schedule {
		days := due[row.Container]
		if days == nil {
			days = make([]bool, compareDays)
		}
		for i := range days {
			midnight := d.midnight.AddDate(0, 0, i)
			days[i] = days[i] || d.works[i] && row.Due(midnight)
		}
		due[row.Container] = days
	}
	containers := make([]Container, len(prospects))
	for i := range prospects {
		containers[i] = prospects[i].Container
	}
	r, err := s.newRouting(t, containers, s.trucks(q.Unavailable), d, q.Overtime)
	if err != nil {
		return nil, err
	}
	var stops []prospect // copies: the schedule values every stop alike
	for i := range prospects {
		if days := due[prospects[i].ID]; days != nil && days[0] && !prospects[i].out() {
			p := prospects[i]
			p.prize, p.only = mustPrize, nil
			stops = append(stops, p)
		}
	}
	for i := range stops {
		r.add(s, &stops[i], d)
	}
	solution, err := r.solve(ctx, max(q.Rounds/2, 1), s.o.Seed, nil)
	if err != nil {
		return nil, err
	}
	c := &Comparison{
		Trucks: int64(len(solution.Routes)), Stops: int64(len(stops) - len(solution.Unserved)), Unserved: int64(len(solution.Unserved)),
		HorizonDays: compareDays, Draws: compareDraws,
	}
	for i := range solution.Routes {
		c.Seconds += int64(solution.Routes[i].Seconds())
		c.Meters += solution.Routes[i].Meters()
	}
	c.Plan, c.Schedule = overfullDays(plan, prospects, due, d)
	return c, nil
}

// overfullDays counts the container-days over full in the coming week, in
// thousandths, under both policies on common random numbers: mean, 5 and 95 %.
func overfullDays(plan *Plan, prospects []prospect, due map[string][]bool, d day) (planned, scheduled [3]int64) {
	var counts [2][compareDraws]int64
	for i := range prospects {
		overfull(&prospects[i], plan.Outcomes[i].Planned, due[prospects[i].ID], d, func(policy, draw, _ int) { counts[policy][draw]++ })
	}
	return summary(counts[0][:]), summary(counts[1][:])
}

// overfull draws how a container fills in the coming week, and calls count for each day (0 is the planned one) that it is over full: with the
// plan (policy 0) and with the schedule that is due on some days (policy 1). A container and a day have the same draws each time.
func overfull(p *prospect, planned bool, due []bool, d day, count func(policy, draw, day int)) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.ID))
	random := rand.New(rand.NewPCG(h.Sum64(), uint64(d.midnight.Unix())))
	paths := newPaths(p.onward, d)
	var growth [compareDays]float64
	mine := make([]bool, compareDays)
	if p.out() { // neither can empty it
		due = nil
	} else if planned {
		mine[0] = true
	} else if p.next < compareDays {
		mine[p.next] = true
	}
	for draw := range compareDraws {
		start := paths.start(random)
		paths.draw(random, &growth)
		for policy, days := range [2][]bool{mine, due} {
			fill := start
			for i := range compareDays {
				fill += growth[i]
				if days != nil && days[i] {
					fill = growth[i] / 2 // emptied about noon
				}
				if fill > 1 {
					count(policy, draw, i)
				}
			}
		}
	}
}

// summary returns mean, 5 % and 95 % quantile, in thousandths.
func summary(counts []int64) [3]int64 {
	slices.Sort(counts)
	var sum int64
	for _, c := range counts {
		sum += c
	}
	n := int64(len(counts))
	return [3]int64{sum * 1000 / n, counts[n/20] * 1000, counts[n-1-n/20] * 1000}
}

// paths draws how a container's fill goes on: a belief about the start of the
// planned day, and non-negative growth of each day after, as gamma variables with
// the forecast's mean and variance.
type paths struct {
	mean, sd     float64
	shape, scale [compareDays]float64
}

func newPaths(f forecast.Curve, d day) paths {
	var p paths
	p.mean, p.sd = f.Fill(d.midnight)
	mean, variance := p.mean, p.sd*p.sd
	for i := range compareDays {
		m, sd := f.Fill(d.ends[i])
		grow, spread := m-mean, sd*sd-variance
		mean, variance = m, sd*sd
		if grow <= 1e-9 {
			continue
		}
		spread = math.Max(spread, grow*grow*1e-4)
		p.shape[i], p.scale[i] = grow*grow/spread, spread/grow
	}
	return p
}

func (p *paths) start(r *rand.Rand) float64 { return math.Max(0, p.mean+p.sd*r.NormFloat64()) }

func (p *paths) draw(r *rand.Rand, growth *[compareDays]float64) {
	for i := range growth {
		growth[i] = 0
		if p.shape[i] > 0 {
			growth[i] = gamma(r, p.shape[i]) * p.scale[i]
		}
	}
}

// gamma draws a gamma variable of scale 1 (Marsaglia and Tsang, ACM TOMS 26(3), 2000).
func gamma(r *rand.Rand, shape float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(1-r.Float64(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return boost * d * v
		}
	}
}
