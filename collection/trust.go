package collection

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"polder.city/sensing"
)

// Reporting says what residents' reports that a container is full are worth in a district, or in all: counted from what the
// emptying after each of them found.
type Reporting struct {
	District   string // code; "" in [Trust.All]
	Containers int
	Reports    int // of the last eight weeks, one a day between two emptyings: neighbours see the same full container
	// Right and Wrong are those reports that an emptying has answered.
	Right, Wrong int
	// FullDays and OtherDays are the container-days between two emptyings with room and without.
	FullDays, OtherDays float64
	// Odds is how many times likelier a report comes in an hour in which the container is full than in another. The forecast weighs a
	// report by it.
	Odds float64
	// Stops are what the plans in force of those weeks emptied, Reported those of them that somebody had reported.
	Stops, Reported int
}

// Trust is what reports are worth in the city and in each of its districts.
type Trust struct {
	From, To  time.Time
	All       Reporting
	Districts []Reporting // with containers, by code
}

// fullEnough is the fill from which a resident may rightly say "full", as a fraction: the lid is shut from FullFrom on, and what crews
// find is written down by the ten percent.
const fullEnough = 0.9

// What is thought of reports before anything is known of them: a likelihood ratio of 15, give or take a factor e. A district differs
// from the city by a factor e^0.5. Both are judgements; counts soon outweigh them. More than mostOdds is believed of nobody: the line between
// two emptyings is no witness of one wrong report in a hundred.
const (
	usualOdds    = 15.0
	oddsSpread   = 1.0
	districtOdds = 0.5
	mostOdds     = 100.0
)

// ErrorRate returns the share of answered reports that were wrong, with a 90 % interval: the Beta distribution that an even prior leaves
// after the counts (Jeffreys), its quantiles by the normal distribution of the log odds. Without answers it is a half, from 0 to 1.
func (r Reporting) ErrorRate() (rate, low, high float64) {
	wrong, right := float64(r.Wrong)+0.5, float64(r.Right)+0.5
	rate = wrong / (wrong + right)
	middle, sd := math.Log(wrong/right), math.Sqrt(1/wrong+1/right)
	expit := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	return rate, expit(middle - 1.645*sd), expit(middle + 1.645*sd)
}

// lifted is an emptying with what the crew found.
type lifted struct {
	at    time.Time
	found float64
}

// judge adds what a container's reports and emptyings, both ascending, say. Between two emptyings a container fills evenly from nothing to
// what was found, so that no sensor and no forecast has a say in judging those who contradict it.
func (r *Reporting) judge(reports []time.Time, lifts []lifted) {
	var days []time.Time
	for _, at := range reports {
		since := func(l lifted) bool { return l.at.After(days[len(days)-1]) && !l.at.After(at) }
		if len(days) == 0 || at.Sub(days[len(days)-1]) >= 24*hour || slices.ContainsFunc(lifts, since) {
			days = append(days, at)
		}
	}
	r.Reports += len(days)
	for i := 1; i < len(lifts); i++ {
		from, to := lifts[i-1].at, lifts[i]
		length := to.at.Sub(from)
		if length <= 0 {
			continue
		}
		full := 0.0 // the share of the time that it was full
		if to.found > fullEnough {
			full = 1 - fullEnough/to.found
		}
		r.FullDays += full * length.Hours() / 24
		r.OtherDays += (1 - full) * length.Hours() / 24
		for _, at := range days {
			if at.Before(from) || !at.Before(to.at) {
				continue
			}
			if float64(at.Sub(from))/float64(length) >= 1-full {
				r.Right++
			} else {
				r.Wrong++
			}
		}
	}
}

// weigh sets the odds by the counts and what was thought before: a normal distribution of their logarithm, which the rates of reports in
// full and other container-days correct by how much they tell (Poisson counts, variance 1/n).
func (r *Reporting) weigh(before, spread float64) {
	r.Odds = before
	if r.Right+r.Wrong > 0 && r.FullDays > 0 && r.OtherDays > 0 {
		right, wrong := float64(r.Right)+0.5, float64(r.Wrong)+0.5
		seen, vari := math.Log(right/r.FullDays)-math.Log(wrong/r.OtherDays), 1/right+1/wrong
		prior := spread * spread
		r.Odds = math.Exp((math.Log(before)*vari + seen*prior) / (vari + prior))
	}
	r.Odds = min(max(r.Odds, 1), mostOdds)
}

// newTrust judges the reports on each container, given with its emptyings in the containers' order.
func newTrust(containers []Container, reports [][]time.Time, lifts [][]lifted, from, to time.Time) Trust {
	t := Trust{From: from, To: to}
	districts := map[string]*Reporting{}
	for i, c := range containers {
		d := districts[c.District]
		if d == nil {
			d = &Reporting{District: c.District}
			districts[c.District] = d
		}
		for _, r := range []*Reporting{d, &t.All} {
			r.Containers++
			r.judge(reports[i], lifts[i])
		}
	}
	t.All.weigh(usualOdds, oddsSpread)
	for _, d := range districts {
		d.weigh(t.All.Odds, districtOdds)
		t.Districts = append(t.Districts, *d)
	}
	slices.SortFunc(t.Districts, func(a, b Reporting) int { return cmp.Compare(a.District, b.District) })
	return t
}

// odds returns the odds of a report from a district.
func (t *Trust) odds(district string) float64 {
	i, ok := slices.BinarySearchFunc(t.Districts, district, func(r Reporting, code string) int { return cmp.Compare(r.District, code) })
	if !ok {
		return t.All.Odds
	}
	return t.Districts[i].Odds
}

// trustCache keeps what reports are worth for the pages of single containers: it changes by the day.
type trustCache struct {
	mu    sync.Mutex
	trust Trust // guarded by mu; the zero value before the first look
}

// lateTrust returns what reports are worth, as it was at most an hour ago.
func (s *Service) lateTrust(ctx context.Context, now time.Time) (Trust, error) {
	s.reporting.mu.Lock()
	defer s.reporting.mu.Unlock()
	if age := now.Sub(s.reporting.trust.To); age >= 0 && age < hour {
		return s.reporting.trust, nil
	}
	t, _, err := s.trust(ctx, now)
	if err != nil {
		return t, err
	}
	s.reporting.trust = t
	return t, nil
}

// weighReports sets what a report on each container is worth by what those of the last weeks turned out to be. A backtest does
// not: it would weigh the reports of a day by what came after.
func (h *history) weighReports(containers []Container, now time.Time) {
	reports := make([][]time.Time, len(containers))
	for i := range h.series {
		reports[i] = h.series[i].Reports
	}
	t := newTrust(containers, reports, h.lifts, now.AddDate(0, 0, -historyDays), now)
	for i, c := range containers {
		h.series[i].ReportOdds = t.odds(c.District)
	}
}

// Trust judges the reports of the last eight weeks, and counts in how many stops of the plans of those weeks one counted along.
func (s *Service) Trust(ctx context.Context) (Trust, error) {
	now := s.clock.Now()
	t, containers, err := s.trust(ctx, now)
	if err != nil {
		return t, err
	}
	return t, s.countReported(ctx, &t, containers)
}

func (s *Service) trust(ctx context.Context, now time.Time) (Trust, []Container, error) {
	containers, err := s.Containers(ctx)
	if err != nil {
		return Trust{}, nil, err
	}
	index := make(map[string]int, len(containers))
	for i, c := range containers {
		index[c.ID] = i
	}
	from := now.AddDate(0, 0, -historyDays)
	reports, lifts := make([][]time.Time, len(containers)), make([][]lifted, len(containers))
	for _, kind := range []string{ReportKind, EmptyingKind} {
		err := s.sensing.RangeMany(ctx, ContainerKind, kind, from, now, func(d sensing.Stream, at time.Time, value float64) error {
			i, ok := index[d.ThingKey]
			switch {
			case !ok:
			case kind == ReportKind:
				reports[i] = append(reports[i], at)
			default:
				lifts[i] = append(lifts[i], lifted{at, value})
			}
			return nil
		})
		if err != nil {
			return Trust{}, nil, fmt.Errorf("trust in reports: %w", err)
		}
	}
	return newTrust(containers, reports, lifts, from, now), containers, nil
}

// countReported counts the stops of decided plans, and those that somebody had reported, by district.
func (s *Service) countReported(ctx context.Context, t *Trust, containers []Container) error {
	district := make(map[string]*Reporting, len(containers))
	for _, c := range containers {
		if i, ok := slices.BinarySearchFunc(t.Districts, c.District, func(r Reporting, code string) int { return cmp.Compare(r.District, code) }); ok {
			district[c.ID] = &t.Districts[i]
		}
	}
	rows, err := s.db.Read().QueryContext(ctx, `SELECT o.container, o.outcome FROM plan p JOIN plan_outcome o ON o.plan = p.id
		WHERE p.day >= $1 AND p.day <= $2 AND p.state = 'decided' AND o.planned = true`,
		t.From.In(s.city.Location).Format(DayLayout), t.To.In(s.city.Location).Format(DayLayout))
	if err != nil {
		return fmt.Errorf("stops that were reported: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var container string
		var text []byte
		var o Outcome
		if err := errors.Join(rows.Scan(&container, &text), json.Unmarshal(text, &o)); err != nil {
			return fmt.Errorf("stops that were reported: %w", err)
		}
		reported := 0
		if slices.ContainsFunc(o.Reasons, func(r Reason) bool { return r.Code == ReasonReport }) {
			reported = 1
		}
		t.All.Stops++
		t.All.Reported += reported
		if d := district[container]; d != nil {
			d.Stops++
			d.Reported += reported
		}
	}
	return rows.Err()
}
