package forecast

import (
	"math"
	"slices"
)

// CRPSNormal returns the continuous ranked probability score of a normal forecast when y came true, in y's unit;
// 0 is best (Gneiting and Raftery 2007). A standard deviation of 0 gives the absolute error.
func CRPSNormal(mean, sd, y float64) float64 {
	if sd <= 0 {
		return math.Abs(y - mean)
	}
	z := (y - mean) / sd
	return sd * (z*(2*phi(z)-1) + 2*density(z) - 1/math.Sqrt(math.Pi))
}

// CRPSGamma returns the score of a gamma forecast with this shape and scale (Scheuerer and Möller 2015).
func CRPSGamma(shape, scale, y float64) float64 {
	x := y / scale
	half, _ := math.Lgamma(shape + 0.5)
	whole, _ := math.Lgamma(shape)
	// 1/B(1/2, shape) = Gamma(shape+1/2) / (Gamma(1/2) Gamma(shape))
	beta := math.Exp(half-whole) / math.Sqrt(math.Pi)
	return scale * (x*(2*gammaP(shape, x)-1) - shape*(2*gammaP(shape+1, x)-1) - beta)
}

// CRPSSample returns the score of the empirical distribution of sample, which is sorted in
// place: mean |x - y| less half the mean |x - x'| over all pairs. NaN when sample is empty.
func CRPSSample(sample []float64, y float64) float64 {
	if !slices.IsSorted(sample) {
		slices.Sort(sample)
	}
	n := float64(len(sample))
	var near, pairs float64
	for i, x := range sample {
		near += math.Abs(x - y)
		pairs += x * (2*float64(i) + 1 - n) // the sorted form of the double sum, halved
	}
	return near/n - pairs/(n*n)
}

// Pinball returns the loss of a quantile forecast q at probability p when y came true.
func Pinball(q, p, y float64) float64 {
	if y < q {
		return (1 - p) * (q - y)
	}
	return p * (y - q)
}

// Brier returns the squared error of a chance when the event came true or not.
func Brier(chance float64, came bool) float64 {
	if came {
		return (1 - chance) * (1 - chance)
	}
	return chance * chance
}

// crps returns the score of a spread.
func (s spread) crps(y float64) float64 {
	if s.shape == 0 {
		return CRPSNormal(s.mean, s.sd, y)
	}
	return CRPSGamma(s.shape, s.scale, y-s.shift)
}

// crps returns the score of an outcome: in closed form where there is one, else by integrating (F - 1{y <= x})².
// That of a step sensor's levels is scored at the levels, which is all that can be read.
func (o *outcome) crps(y float64) float64 {
	if o.steps != nil {
		sum, below := 0.0, 0.0
		for k, p := range o.steps {
			below += p
			e := below
			if y <= (float64(k)+1e-6)*o.step {
				e--
			}
			sum += o.step * e * e
		}
		return sum
	}
	if o.none == 0 {
		return o.grown.crps(y)
	}
	lo := math.Min(o.quantile(1e-4), y)
	hi := math.Max(o.quantile(1-1e-4), y)
	return integrateCRPS(o.below, lo, y, 96) + integrateCRPS(func(x float64) float64 { return 1 - o.below(x) }, y, hi, 96)
}

// integrateCRPS integrates f² from lo to hi by the midpoint rule in n steps.
func integrateCRPS(f func(float64) float64, lo, hi float64, n int) float64 {
	if hi <= lo {
		return 0
	}
	step := (hi - lo) / float64(n)
	sum := 0.0
	for i := range n {
		p := f(lo + (float64(i)+0.5)*step)
		sum += p * p
	}
	return sum * step
}
