package study

import (
	"cmp"
	"math"
	"slices"
)

// Point is a policy at one level, lived from each seed.
type Point struct {
	Family string
	Level  float64
	Runs   []*Measures // one a seed, in the study's order
}

// mean returns the mean of a measure over the seeds.
func (p *Point) mean(of func(*Measures) float64) float64 {
	sum := 0.0
	for _, m := range p.Runs {
		sum += of(m)
	}
	return sum / float64(len(p.Runs))
}

// Interval is a mean with its half width at 95 %.
type Interval struct{ Mean, Half float64 }

// interval returns the mean of values and the half width of its 95 % interval by Student's t; infinite with fewer than two.
func interval(values []float64) Interval {
	n := float64(len(values))
	if n == 0 {
		return Interval{math.NaN(), math.Inf(1)}
	}
	mean, squares := 0.0, 0.0
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	if n < 2 {
		return Interval{mean, math.Inf(1)}
	}
	return Interval{mean, student(len(values)-1) * math.Sqrt(squares/(n-1)/n)}
}

// student returns the 97.5 % quantile of Student's t; above ten degrees of freedom by the expansion of Abramowitz and Stegun
// (26.7.5), which is right to three decimals there.
func student(freedom int) float64 {
	few := [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228}
	if freedom <= len(few) {
		return few[freedom-1]
	}
	const z = 1.959964
	n := float64(freedom)
	z3, z5, z7 := z*z*z, math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*n) + (5*z5+16*z3+3*z)/(96*n*n) + (3*z7+19*z5+17*z3-15*z)/(384*n*n*n)
}

// Row is one policy against the reference at equal overflow: what it takes, and its paired difference as a share of
// the reference. Reached is false where the policy's curve does not pass the overflow that is compared at.
type Row struct {
	Family               string
	Reached              bool
	Hours, Km, Emptyings float64 // a day
	HoursDiff, KmDiff    Interval
	EuroDiff             Interval
}

// crossing is where a curve has an overflow: between two of its points, share of the way to the second.
type crossing struct {
	a, b  *Point
	share float64
}

// crossingAt finds where the mean curve of a family passes an overflow. Points are taken in order of overflow.
func crossingAt(points []*Point, overflow func(*Measures) float64, at float64) (crossing, bool) {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b *Point) int { return cmp.Compare(a.mean(overflow), b.mean(overflow)) })
	for i := 1; i < len(sorted); i++ {
		lo, hi := sorted[i-1].mean(overflow), sorted[i].mean(overflow)
		if lo <= at && at <= hi && hi > lo {
			return crossing{sorted[i-1], sorted[i], (at - lo) / (hi - lo)}, true
		}
	}
	return crossing{}, false
}

// values returns a measure per seed at the crossing. A seed that overflows more than the mean there is credited what less overflow
// would have cost by the curve's slope, so that the spread counts the luck in both.
func (c *crossing) values(overflow, of func(*Measures) float64, at float64) []float64 {
	mix := func(i int, of func(*Measures) float64) float64 {
		return (1-c.share)*of(c.a.Runs[i]) + c.share*of(c.b.Runs[i])
	}
	slope := (c.b.mean(of) - c.a.mean(of)) / (c.b.mean(overflow) - c.a.mean(overflow))
	out := make([]float64, len(c.a.Runs))
	for i := range out {
		out[i] = mix(i, of) - slope*(mix(i, overflow)-at)
	}
	return out
}

// Measures a day, as they are compared.
func hoursADay(m *Measures) float64     { return m.Hours / float64(m.Days) }
func kmADay(m *Measures) float64        { return m.Km / float64(m.Days) }
func euroADay(m *Measures) float64      { return m.Euro / float64(m.Days) }
func emptyingsADay(m *Measures) float64 { return float64(m.Emptyings) / float64(m.Days) }

// Compare sets every family beside a reference at one overflow. It returns no rows when the reference does not reach it.
func (s *Study) Compare(reference string, overflow func(*Measures) float64, at float64) []Row {
	ref, ok := crossingAt(s.points(reference), overflow, at)
	if !ok {
		return nil
	}
	var rows []Row
	for _, name := range s.families() {
		c, ok := crossingAt(s.points(name), overflow, at)
		row := Row{Family: name, Reached: ok}
		if ok {
			diff := func(of func(*Measures) float64) Interval {
				return paired(c.values(overflow, of, at), ref.values(overflow, of, at))
			}
			mean := func(of func(*Measures) float64) float64 { return interval(c.values(overflow, of, at)).Mean }
			row.Hours, row.Km, row.Emptyings = mean(hoursADay), mean(kmADay), mean(emptyingsADay)
			row.HoursDiff, row.KmDiff, row.EuroDiff = diff(hoursADay), diff(kmADay), diff(euroADay)
		}
		rows = append(rows, row)
	}
	return rows
}

// Paired is the difference of two points as a share of the second, by the pairs that a seed makes.
func Paired(a, b *Point, of func(*Measures) float64) Interval {
	mine, theirs := make([]float64, len(a.Runs)), make([]float64, len(a.Runs))
	for i := range mine {
		mine[i], theirs[i] = of(a.Runs[i]), of(b.Runs[i])
	}
	return paired(mine, theirs)
}

// paired estimates by what share the mean of values differs from that of others, each pair from one seed. The interval is that of a ratio
// of means, linearised: what makes a seed busy for both is not counted as doubt.
func paired(mine, theirs []float64) Interval {
	base := interval(theirs).Mean
	ratio := interval(mine).Mean / base
	rest := make([]float64, len(mine))
	for i := range rest {
		rest[i] = (mine[i] - ratio*theirs[i]) / base
	}
	return Interval{ratio - 1, interval(rest).Half}
}
