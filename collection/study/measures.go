package study

import (
	"fmt"
	"slices"
	"time"

	"polder.city/simulate"
)

// Measures are what a policy took and what residents met, over the counted days (collection.md 1.3).
type Measures struct {
	Days, Routes                 int
	Hours, Km                    float64 // from departure to return, breaks included
	OvertimeHours                float64
	Emptyings                    int // of clusters in Groningen
	Tips, UnplannedTips          int
	Blocked                      int // containers that something stood before
	Skipped                      int // planned, and left out because the day ran out
	Tonnes, CO2Kg                float64
	Euro                         float64           // of driving: hours, overtime, kilometres, trucks that leave
	OverflowEuro                 float64           // events, days and litres, at the world's prices
	ContainerDays, OverfullDays  int               // overflow A; overfull at the top of some hour of the day
	OfferedLitres, RefusedLitres float64           // overflow B
	TakenLitres                  float64           // by lifts, and from beside the containers
	StandingLitres               float64           // in, beside and on the way to containers: how much more at the end than at the start
	Events                       int               // overflow C: from becoming overfull until the next emptying
	Spell95                      float64           // of these events 95 % lasted at most so many hours
	Standing95                   float64           // of all containers 95 % were overfull for at most so many hours a week
	Never                        int               // containers that were never emptied
	Service                      float64           // Groningen's measure: share of the emptyings that found a container not overfull
	FillMean, Fill10, Fill90     float64           // at emptying
	Districts                    map[string][2]int // overfull days and container-days
}

// OverflowA is the share of the container-days that were overfull.
func (m *Measures) OverflowA() float64 {
	return ratio(float64(m.OverfullDays), float64(m.ContainerDays))
}

// OverflowB is the share of the litres that were refused.
func (m *Measures) OverflowB() float64 { return ratio(m.RefusedLitres, m.OfferedLitres) }

// OverflowC is the events per 1,000 container-weeks.
func (m *Measures) OverflowC() float64 {
	return ratio(7000*float64(m.Events), float64(m.ContainerDays))
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// meter counts. Before begin it only follows which containers are overfull.
type meter struct {
	w      *World
	on     bool
	m      Measures
	before []simulate.Ledger

	levels    []simulate.Level
	spell     []int  // hours that the present event lasts; 0: none
	counts    []bool // whether the event began in the counted days
	standing  []int
	lastDay   []int
	days      []int
	emptied   []bool
	spells    []int
	fills     []float64
	sound     int
	tips      int
	unplanned int
	blocked   int
}

func newMeter(w *World) *meter {
	n := len(w.Containers)
	return &meter{
		w: w, spell: make([]int, n), counts: make([]bool, n), standing: make([]int, n), lastDay: make([]int, n), days: make([]int, n), emptied: make([]bool, n),
	}
}

func (t *meter) begin(s *simulate.World) {
	t.on, t.before = true, s.Ledgers()
	t.tips, t.unplanned, t.blocked = 0, 0, 0
	t.m = Measures{}
}

// look sees every container at the top of an hour.
func (t *meter) look(s *simulate.World, at time.Time) {
	t.levels = s.Levels(t.levels[:0])
	local := at.Add(-time.Second).In(t.w.Location)
	day := local.Year()*366 + local.YearDay()
	for i, l := range t.levels {
		over := l.Fill > 1 || l.Beside > 0 || t.w.Counts && l.Fill >= 1
		if !over && t.spell[i] == 0 {
			continue
		}
		if t.spell[i] == 0 {
			t.counts[i] = t.on
			if t.on {
				t.m.Events++
			}
		}
		t.spell[i]++
		if !t.on {
			continue
		}
		t.standing[i]++
		if t.lastDay[i] != day {
			t.lastDay[i] = day
			t.days[i]++
		}
	}
}

// lift counts an emptying.
func (t *meter) lift(i int, fill, beside float64, kg int) {
	if t.spell[i] > 0 && t.counts[i] {
		t.spells = append(t.spells, t.spell[i])
	}
	t.spell[i] = 0
	if !t.on {
		return
	}
	t.emptied[i] = true
	t.m.Emptyings++
	t.m.Tonnes += float64(kg) / 1000
	t.fills = append(t.fills, fill)
	if fill <= 1 && beside == 0 {
		t.sound++
	}
}

func (t *meter) skip(visits []Visit) {
	for _, v := range visits {
		if v.Container >= 0 && t.on {
			t.m.Skipped++
		}
	}
}

// route counts a truck that came home.
func (t *meter) route(c *crew) {
	if !t.on {
		return
	}
	f := &t.w.Fleet.Costs
	hours := (c.now - float64(c.tour.Leave)) / 3600
	late := 0.0
	if len(c.truck.Breaks) > 0 {
		late = max(0, c.now-float64(c.truck.Shift.Close)) / 3600
	}
	t.m.Routes++
	t.m.Hours += hours
	t.m.OvertimeHours += late
	t.m.Km += float64(c.meters) / 1000
	t.m.Euro += (float64(c.truck.FixedCost) + hours*float64(f.HourCents) + late*float64(f.OvertimeHourCents) + float64(c.meters)/1000*float64(f.KmCents)) / 100
}

// end sums up. The error says that waste was lost or made.
func (t *meter) end(s *simulate.World, days int) (*Measures, error) {
	m := &t.m
	m.Days, m.ContainerDays = days, days*len(t.w.Containers)
	m.Tips, m.UnplannedTips, m.Blocked = t.tips, t.unplanned, t.blocked
	for i, l := range s.Ledgers() {
		if !l.Balanced() {
			return nil, fmt.Errorf("the waste of %s does not add up: %+v", l.Stream, l)
		}
		m.OfferedLitres += float64(l.Deposited-t.before[i].Deposited) / 1000
		m.RefusedLitres += float64(l.Refused-t.before[i].Refused) / 1000
		m.TakenLitres += float64(l.Emptied+l.Swept-t.before[i].Emptied-t.before[i].Swept) / 1000
		m.StandingLitres += float64(standing(l)-standing(t.before[i])) / 1000
	}
	m.Districts = map[string][2]int{}
	for i := range t.w.Containers {
		m.OverfullDays += t.days[i]
		if t.spell[i] > 0 && t.counts[i] {
			t.spells = append(t.spells, t.spell[i])
		}
		if !t.emptied[i] {
			m.Never++
		}
		d := m.Districts[t.w.Containers[i].District]
		m.Districts[t.w.Containers[i].District] = [2]int{d[0] + t.days[i], d[1] + days}
	}
	m.Spell95 = quantile(t.spells, 0.95)
	m.Standing95 = quantile(t.standing, 0.95) * 7 / float64(days)
	m.Service = 1
	if m.Emptyings > 0 {
		m.Service = float64(t.sound) / float64(m.Emptyings)
	}
	for _, x := range t.fills {
		m.FillMean += x / float64(len(t.fills))
	}
	m.Fill10, m.Fill90 = quantile(t.fills, 0.1), quantile(t.fills, 0.9)
	m.CO2Kg = (m.Km*t.w.co2[0] + float64(m.Emptyings)*t.w.co2[1]) / 1000
	f := &t.w.Fleet.Costs
	m.OverflowEuro = float64(m.Events)*float64(f.OverflowEventCents)/100 + float64(m.OverfullDays)*float64(f.OverflowDayCents)/100 +
		m.RefusedLitres/1000*float64(f.OverflowM3Cents)/100
	return m, nil
}

func standing(l simulate.Ledger) int64 { return l.InContainers + l.Besides + l.OnWay }

// quantile returns the smallest of the values that a share p of them does not pass; 0 without values.
func quantile[V int | float64](values []V, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return float64(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)])
}
