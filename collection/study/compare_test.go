package study

import (
	"math"
	"math/rand/v2"
	"testing"
)

// fabricated makes a study of two families whose hours fall as overflow rises, and of which the second takes a known share more.
func fabricated(seeds int, more float64, r *rand.Rand) *Study {
	s := &Study{World: &World{}, Reference: "theirs", Request: Request{Families: []Family{{Name: "ours", Usual: 2}, {Name: "theirs", Usual: 2}}}}
	busy := make([]float64, seeds) // what a seed brings to all
	for i := range busy {
		busy[i] = 1 + 0.05*r.NormFloat64()
	}
	for k, name := range []string{"ours", "theirs"} {
		for level := 1; level <= 3; level++ {
			p := &Point{Family: name, Level: float64(level)}
			for i := range seeds {
				hours := (16 - float64(level)) * busy[i] * (1 + float64(k)*more) * (1 + 0.004*r.NormFloat64())
				p.Runs = append(p.Runs, &Measures{Days: 1, Hours: hours, Km: 10 * hours, Euro: hours, RefusedLitres: float64(level), OfferedLitres: 1000})
			}
			s.Points = append(s.Points, p)
		}
	}
	return s
}

func TestTheIntervalHoldsAKnownDifferenceAsOftenAsItSays(t *testing.T) {
	const worlds, more = 400, 0.08
	r := rand.New(rand.NewPCG(1, 2))
	held := 0
	for range worlds {
		s := fabricated(6, more, r)
		rows := s.Compare("theirs", (*Measures).OverflowB, 0.0017)
		d := rows[0].HoursDiff
		if want := 1/(1+more) - 1; math.Abs(d.Mean-want) <= d.Half {
			held++
		}
		if rows[1].HoursDiff.Mean != 0 || rows[1].HoursDiff.Half != 0 {
			t.Fatalf("the reference differs from itself by %+v", rows[1].HoursDiff)
		}
	}
	if share := float64(held) / worlds; share < 0.92 || share > 0.98 {
		t.Errorf("the 95 %% interval held the difference in %.1f %% of %d worlds", 100*share, worlds)
	}
}

func TestPoliciesAreComparedAtTheOverflowThatIsAsked(t *testing.T) {
	s := fabricated(4, 0.1, rand.New(rand.NewPCG(3, 4)))
	for i := range s.Points {
		for _, m := range s.Points[i].Runs {
			m.Hours = (16 - s.Points[i].Level) * map[string]float64{"ours": 1, "theirs": 1.1}[s.Points[i].Family]
		}
	}
	rows := s.Compare("theirs", (*Measures).OverflowB, 0.0025)
	if !rows[0].Reached || math.Abs(rows[0].Hours-13.5) > 1e-9 || math.Abs(rows[0].HoursDiff.Mean-(1/1.1-1)) > 1e-9 {
		t.Errorf("%+v, want 13.5 hours and a difference of %.4f", rows[0], 1/1.1-1)
	}
	if rows := s.Compare("theirs", (*Measures).OverflowB, 0.01); rows != nil {
		t.Errorf("a policy was compared where the reference never comes: %+v", rows)
	}
}

func TestAgainstItselfAPolicyDiffersByExactlyNothing(t *testing.T) {
	w := village(t, 60)
	a, b := family(t, w, "present"), family(t, w, "present")
	b.Name = "again"
	o := short()
	s, err := Conduct(t.Context(), w, Request{Seeds: []uint64{101, 102}, Families: []Family{a, b}, Options: o, Usual: true, Reference: "again"})
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string]func(*Measures) float64{"hours": hoursADay, "km": kmADay, "overflow": (*Measures).OverflowB, "euro": euroADay} {
		base := s.Points[1].mean(of)
		if d := Paired(s.Points[0], s.Points[1], of); base != 0 && (d.Mean != 0 || d.Half != 0) {
			t.Errorf("%s differs by %+v", name, d)
		}
	}
}

func TestReplicationsStopWhenTheIntervalIsNarrow(t *testing.T) {
	w := village(t, 40)
	families := []Family{family(t, w, "isr"), family(t, w, "isr-km")}
	r := Request{Seeds: []uint64{101, 102, 103, 104}, Families: families, Options: Options{Span: Span{7, 1, 3}, Rounds: 20}, Usual: true, Reference: "isr-km", Enough: 100}
	s, err := Conduct(t.Context(), w, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Seeds) != 2 || !s.Narrow {
		t.Errorf("%d replications, narrow %v: want 2, the fewest that have an interval", len(s.Seeds), s.Narrow)
	}
	r.Enough = 1e-9
	if s, err = Conduct(t.Context(), w, r); err != nil {
		t.Fatal(err)
	}
	if len(s.Seeds) != 4 || s.Narrow {
		t.Errorf("%d replications, narrow %v: want all 4, and the study to say that they are too few", len(s.Seeds), s.Narrow)
	}
}

func TestStudentsQuantiles(t *testing.T) {
	for freedom, want := range map[int]float64{1: 12.706, 5: 2.571, 11: 2.201, 19: 2.093, 60: 2.000} {
		if got := student(freedom); math.Abs(got-want) > 0.001 {
			t.Errorf("t of %d degrees is %.4f, want %.3f", freedom, got, want)
		}
	}
}
