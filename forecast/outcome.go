package forecast

import "math"

// outcome is the distribution of a fill after some growth: with chance none nothing was deposited and
// the fill is what it was, else it is that plus a gamma. For all but slow containers none is 0.
type outcome struct {
	mean, sd float64
	none     float64
	still    spread // the fill if nothing was deposited; used if none > 0
	grown    spread // the fill otherwise

	steps *[mostSteps]float64 // instead of all but mean and sd: chances of a step sensor's levels
	step  float64
}

// Deposits: the squared coefficient of variation of one's size (triangular 10, 30, 60 litres gives 0.1), and the
// chance of none below which it is not told apart.
const (
	depositCV2 = 0.1
	leastNone  = 0.005
)

// newOutcome adds growth g to a normal fill with mean and variance. phi is the variance of
// deposits per unit of mean growth, so that mean/phi tells their number (compound Poisson).
func newOutcome(mean, vari float64, g growth, phi float64) outcome {
	o := outcome{mean: mean + g.mean, sd: math.Sqrt(math.Max(vari+g.vari, 0))}
	if g.mean > 0 {
		o.none = math.Exp(-(1 + depositCV2) * g.mean / phi)
	}
	if o.none < leastNone || g.mean <= 0 {
		o.none = 0
		o.grown = match(o.mean, vari+g.vari, g.third)
		return o
	}
	some := 1 - o.none
	if some < 1e-9 {
		o.none, o.grown = 0, match(o.mean, vari+g.vari, 0)
		return o
	}
	m := g.mean / some
	v := math.Max((g.vari+g.mean*g.mean)/some-m*m, depositCV2*m*m)
	o.still = match(mean, vari, 0)
	o.grown = match(mean+m, vari+v, 2*v*v/m)
	return o
}

// newSteps is the outcome of a chain. A level stands for the fills that are nearest to it, evenly, and the level 1 for full.
func newSteps(level *[mostSteps]float64, step float64) outcome {
	o := outcome{steps: level, step: step}
	var square float64
	for k, p := range level {
		x := float64(k) * step
		o.mean += p * x
		square += p * x * x
	}
	o.sd = math.Sqrt(math.Max(square-o.mean*o.mean, 0) + step*step/12)
	return o
}

// edges returns between which fills the level k lies.
func (o *outcome) edges(k int) (lo, hi float64) {
	lo, hi = math.Max((float64(k)-0.5)*o.step, 0), (float64(k)+0.5)*o.step
	switch {
	case math.Abs(float64(k)*o.step-1) < o.step/4:
		lo = 1
	case hi > 1 && lo < 1:
		hi = 1
	}
	return lo, hi
}

// below returns P(fill <= y).
func (o *outcome) below(y float64) float64 {
	if o.steps != nil {
		sum := 0.0
		for k, p := range o.steps {
			lo, hi := o.edges(k)
			sum += p * math.Min(math.Max((y-lo)/(hi-lo), 0), 1)
		}
		return sum
	}
	p := (1 - o.none) * o.grown.below(y)
	if o.none > 0 {
		p += o.none * o.still.below(y)
	}
	return p
}

// above returns E[(fill - c)+].
func (o *outcome) above(c float64) float64 {
	if o.steps != nil {
		sum := 0.0
		for k, p := range o.steps {
			lo, hi := o.edges(k)
			if c < lo {
				sum += p * ((lo+hi)/2 - c)
			} else if c < hi {
				sum += p * (hi - c) * (hi - c) / (2 * (hi - lo))
			}
		}
		return sum
	}
	e := (1 - o.none) * o.grown.above(c)
	if o.none > 0 {
		e += o.none * o.still.above(c)
	}
	return e
}

// quantile returns the fill that is not exceeded with probability p.
func (o *outcome) quantile(p float64) float64 {
	if o.steps != nil {
		sum, last := 0.0, 0.0
		for k, q := range o.steps {
			lo, hi := o.edges(k)
			if q > 0 {
				if last = hi; sum+q >= p {
					return lo + (hi-lo)*(p-sum)/q
				}
			}
			sum += q
		}
		return last
	}
	if o.none == 0 {
		return o.grown.quantile(p)
	}
	a, b := o.still.quantile(p), o.grown.quantile(p)
	lo, hi := math.Min(a, b), math.Max(a, b)
	// The mixture's quantile lies between those of its parts.
	for range 50 {
		mid := (lo + hi) / 2
		if hi-lo < 1e-9 {
			break
		}
		if o.below(mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}
