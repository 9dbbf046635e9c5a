package study

import (
	"math"
	"reflect"
	"testing"
)

func TestWasteIsConserved(t *testing.T) {
	for _, w := range []*World{village(t, 60), quarter(t, 90)} {
		t.Run(w.Name, func(t *testing.T) {
			f := family(t, w, "present")
			m, err := Run(t.Context(), w, 101, f.Contender(w, 1), short())
			if err != nil {
				t.Fatal(err)
			}
			if gap := m.OfferedLitres - m.TakenLitres - m.StandingLitres; math.Abs(gap) > 1 {
				t.Errorf("%.0f litres were offered, %.0f taken, and %.0f more stand: %.1f are missing", m.OfferedLitres, m.TakenLitres, m.StandingLitres, gap)
			}
			if m.OfferedLitres == 0 || m.TakenLitres == 0 || m.Emptyings == 0 {
				t.Errorf("nothing was collected: %+v", m)
			}
		})
	}
}

func TestTheSameSeedGivesTheSameMeasures(t *testing.T) {
	for _, w := range []*World{village(t, 60), quarter(t, 60)} {
		t.Run(w.Name, func(t *testing.T) {
			var seen []*Measures
			for range 2 {
				f := family(t, w, "isr")
				m, err := Run(t.Context(), w, 102, f.Contender(w, 1e6), short())
				if err != nil {
					t.Fatal(err)
				}
				seen = append(seen, m)
			}
			if !reflect.DeepEqual(seen[0], seen[1]) {
				t.Errorf("first %+v, then %+v", seen[0], seen[1])
			}
		})
	}
}

// Two worlds in which people come at the same moments and bring different litres: a counter shows the same of both. What a policy does must
// be the same too; the clairvoyant, who is shown the truth, gives itself away.
func TestAPolicySeesWhatCountersShowAndNotTheTruth(t *testing.T) {
	w := village(t, 60)
	other := village(t, 60)
	d := &other.config.Streams[0].Triangular
	for i := range d {
		d[i] *= 1.15
	}
	for i := range other.config.Containers {
		other.config.Containers[i].LitresPerDay *= 1.15
	}
	for _, f := range Families(w) {
		t.Run(f.Name, func(t *testing.T) {
			var plans [2][]Plan
			for k, w := range []*World{w, other} {
				c := f.Contender(w, f.Usual)
				policy := c.New
				c.New = func(w *World) Policy { return spy{policy(w), &plans[k]} }
				o := short()
				o.Span = Span{Found: 0, WarmUp: 12, Counted: 6}
				if _, err := Run(t.Context(), w, 103, c, o); err != nil {
					t.Fatal(err)
				}
			}
			visits := 0
			for _, p := range plans[0] {
				for _, tour := range p.Tours {
					visits += len(tour.Visits)
				}
			}
			if visits == 0 {
				t.Fatal("nothing was planned, so nothing can differ")
			}
			if same := reflect.DeepEqual(plans[0], plans[1]); same == f.foresees {
				t.Errorf("plans the same: %v", same)
			}
		})
	}
}

func TestMoreTrucksNeverLeaveTheClairvoyantMoreOverflow(t *testing.T) {
	last := math.Inf(1)
	for trucks := 1; trucks <= 3; trucks++ {
		w := village(t, 150)
		short := w.Trucks[0]
		short.Shift.Close = short.Shift.Open + 7200 // too little for one truck
		w.Trucks = nil
		for range trucks {
			w.Trucks = append(w.Trucks, short)
		}
		f := family(t, w, "clairvoyant")
		o := Options{Span: Span{Found: 7, WarmUp: 7, Counted: 14}, Rounds: 50}
		m, err := Run(t.Context(), w, 101, f.Contender(w, 10), o)
		if err != nil {
			t.Fatal(err)
		}
		if m.OverflowB() > last {
			t.Errorf("%d trucks leave %.4f refused, one less left %.4f", trucks, m.OverflowB(), last)
		}
		if trucks == 1 && m.OverflowB() == 0 {
			t.Error("one truck was enough: the test shows nothing")
		}
		last = m.OverflowB()
	}
}

func TestEveryPolicyCollectsInTheHardWorld(t *testing.T) {
	w := quarter(t, 60)
	for _, f := range Families(w) {
		t.Run(f.Name, func(t *testing.T) {
			m, err := Run(t.Context(), w, 101, f.Contender(w, f.Usual), Options{Span: Span{Found: 14, WarmUp: 3, Counted: 7}, Rounds: 20})
			if err != nil {
				t.Fatal(err)
			}
			if m.Emptyings == 0 || m.Tips == 0 || m.Tonnes == 0 {
				t.Errorf("%+v", m)
			}
			if longest := float64(m.Routes) * 9.5; m.Hours > longest {
				t.Errorf("%d routes took %.1f hours: longer than a shift with its overtime", m.Routes, m.Hours)
			}
		})
	}
}
