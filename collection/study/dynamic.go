package study

import (
	"context"
	"math"

	"polder.city/collection"
)

// threshold empties what is predicted to pass a fill before the next round (Rotterdam: 80 % tomorrow).
type threshold struct{ fill float64 }

func (p *threshold) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	next := m.NextRound()
	return m.Route(ctx, m.wants(func(i int) float64 {
		if fill, _ := m.Outlook(i).Onward.Fill(next); fill >= p.fill {
			return duePrize * (1 + fill)
		}
		return 0
	}), Prices{})
}

// wants offers every container that is worth something, and those that the hygiene limit of their stream asks for.
func (m *Morning) wants(prize func(i int) float64) (wants []Want) {
	for i := range m.World.Containers {
		cents := prize(i)
		if cents < duePrize && m.tooOld(i) {
			cents = duePrize
		}
		if cents >= 1 {
			wants = append(wants, Want{i, int64(cents)})
		}
	}
	return wants
}

// tooOld says whether a container would pass the hygiene limit of its stream before the next round ends.
func (m *Morning) tooOld(i int) bool {
	limit := m.World.Streams[m.World.Containers[i].Stream].HygieneDays
	emptied := m.Outlook(i).Emptied
	return limit > 0 && !emptied.IsZero() && int(m.Days.End(m.Days.NextWork()).Sub(emptied).Hours()/24) > limit
}

// fullestFirst fills the trucks' day with the fullest containers, from a fill on.
type fullestFirst struct{ from float64 }

func (p *fullestFirst) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	return m.Route(ctx, m.wants(func(i int) float64 {
		if fill, _ := m.Outlook(i).Onward.Fill(m.Now); fill >= p.from {
			return duePrize * fill * fill
		}
		return 0
	}), Prices{})
}

// mustMay is the heuristic of Mes, Schutten and Perez Rivera (Waste Management 34(9), 2014): what is expected to be full within so many days must
// be emptied, and what will be within some more may, where it lies on the way: it is worth its share of a day's work by
// how near it is.
type mustMay struct {
	w         *World
	must, may float64 // days
}

func (p *mustMay) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	wait := float64(m.Days.NextWork())
	stop := collection.StopCents(&p.w.Fleet)
	return m.Route(ctx, m.wants(func(i int) float64 {
		o := m.Outlook(i).Onward
		now, _ := o.Fill(m.Now)
		later, _ := o.Fill(m.Days.End(6))
		rate := math.Max((later-now)/7, 1e-6)
		left := (1-now)/rate - (wait - 1)
		switch {
		case left <= p.must:
			return duePrize * (1 + 1/(1+math.Max(left, 0)))
		case left <= p.may:
			return stop * (1 - (left-p.must)/(p.may-p.must))
		}
		return 0
	}), Prices{})
}

// isr is Groningen's integrated selection and routing (Wouda, Aerts-Veenstra, van Foreest, arXiv 2409.13386): a container
// is worth rho times the chance that it overflows before the next round, and one prize-collecting routing problem decides.
type isr struct {
	rho    float64
	prices Prices
}

func (p *isr) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	next := m.NextRound()
	return m.Route(ctx, m.wants(func(i int) float64 { return p.rho * m.Outlook(i).Onward.ChanceFull(next) }), p.prices)
}

// metres are the prices of the paper: it minimises distance, so that rho is in metres.
func metres() Prices { return Prices{KmCents: 1000} }

// present is how the planner decides: collection's own appraisal, here with the price of overflow swept. With near above 0 a stop
// costs what is expected of that container's own neighbourhood, in place of the same everywhere.
type present struct {
	w     *World
	price float64 // factor on what overflow costs
	near  float64 // share of the expected detour that a stop among many costs

	learned int
	perDay  []float64
	detour  []float64 // seconds
}

func (p *present) Plan(ctx context.Context, m *Morning) (*Plan, error) {
	costs := p.w.Fleet.Costs
	costs.OverflowEventCents = int64(p.price * float64(costs.OverflowEventCents))
	costs.OverflowDayCents = int64(p.price * float64(costs.OverflowDayCents))
	costs.OverflowM3Cents = int64(p.price * float64(costs.OverflowM3Cents))
	terms := collection.Terms{Costs: costs, StopCents: collection.StopCents(&p.w.Fleet)}
	learns := p.perDay == nil || p.learned != m.Learned
	if learns {
		p.perDay, p.learned = make([]float64, len(p.w.Containers)), m.Learned
		if p.near > 0 {
			p.detour = p.w.detours(m.chances())
		}
	}
	least := collection.HandlingCents(&p.w.Fleet)
	var wants []Want
	for i := range p.w.Containers {
		c := &p.w.Containers[i]
		o := m.Outlook(i)
		terms.VolumeLitres, terms.HygieneDays = c.Litres, p.w.Streams[c.Stream].HygieneDays
		if p.near > 0 {
			terms.StopCents = p.stopCents(c, p.detour[i])
		}
		if learns {
			p.perDay[i] = terms.AverageCost(o.Fresh)
		}
		if x := terms.Appraise(m.Days, o.Onward, p.perDay[i], o.Emptied); x.Prize > least {
			wants = append(wants, Want{i, x.Prize})
		}
	}
	return m.Route(ctx, wants, Prices{})
}

// stopCents is what an emptying costs with a detour of so many seconds: its hours and its kilometres.
func (p *present) stopCents(c *Container, detour float64) float64 {
	const metresASecond = 7.5
	seconds := float64(p.w.handling(c)+p.w.placeSeconds()) + p.near*detour
	return seconds/3600*float64(p.w.Fleet.Costs.HourCents) + p.near*detour*metresASecond/1000*float64(p.w.Fleet.Costs.KmCents)
}

// chances returns how likely each container is on the road on a day: what fills in a week is emptied when it is all but full.
func (m *Morning) chances() []float64 {
	const fill = 0.85
	chance := make([]float64, len(m.World.Containers))
	for i := range chance {
		fresh := m.Outlook(i).Fresh
		before, _ := fresh.Fill(m.Days.End(0))
		after, _ := fresh.Fill(m.Days.End(7))
		chance[i] = math.Min(1, (after-before)/7/fill)
	}
	return chance
}
