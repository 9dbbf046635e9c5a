package forecast

import "math"

// spread is a distribution on the line with a given mean, variance and third
// central moment: a gamma moved along the line (Pearson type III), which is the
// normal in the limit of no skewness. Sums of a normal belief and gamma
// increments are matched to it; moving the mean moves every quantile by as much.
type spread struct {
	mean, sd float64
	shift    float64 // left end; used only if shape > 0
	shape    float64 // 0: normal
	scale    float64
}

// straight is the skewness under which the gamma is so nearly normal that its arithmetic only loses digits.
const straight = 0.02

// match returns the spread with these moments. A variance of 0 gives a point.
func match(mean, variance, third float64) spread {
	s := spread{mean: mean, sd: math.Sqrt(math.Max(variance, 0))}
	if s.sd < 1e-9 {
		s.sd = 0
		return s
	}
	skew := third / (s.sd * s.sd * s.sd)
	if !(skew > straight) {
		return s
	}
	skew = math.Min(skew, 20)
	s.shape = 4 / (skew * skew)
	s.scale = s.sd * skew / 2
	s.shift = mean - s.shape*s.scale
	return s
}

// below returns P(Y <= y).
func (s spread) below(y float64) float64 {
	switch {
	case s.sd == 0:
		if y >= s.mean {
			return 1
		}
		return 0
	case s.shape == 0:
		return phi((y - s.mean) / s.sd)
	case y <= s.shift:
		return 0
	}
	return gammaP(s.shape, (y-s.shift)/s.scale)
}

// quantile returns the least y with P(Y <= y) >= p.
func (s spread) quantile(p float64) float64 {
	switch {
	case s.sd == 0:
		return s.mean
	case s.shape == 0:
		return s.mean + s.sd*normQuantile(p)
	}
	return s.shift + s.scale*gammaQuantile(s.shape, p)
}

// above returns E[(Y - c)+], the expected part above c (collection.md 2.2, formula 2).
func (s spread) above(c float64) float64 {
	switch {
	case s.sd == 0:
		return math.Max(s.mean-c, 0)
	case s.shape == 0:
		z := (c - s.mean) / s.sd
		return math.Max(s.sd*(density(z)-z*phi(-z)), 0)
	case c <= s.shift:
		return s.mean - c
	}
	x := (c - s.shift) / s.scale
	return math.Max(s.scale*(s.shape*(1-gammaP(s.shape+1, x))-x*(1-gammaP(s.shape, x))), 0)
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// density is the standard normal density.
func density(z float64) float64 { return math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) }

// normQuantile is the inverse of phi.
func normQuantile(p float64) float64 {
	p = math.Min(math.Max(p, 1e-12), 1-1e-12)
	return -math.Sqrt2 * math.Erfcinv(2*p)
}

// gammaP is the regularised lower incomplete gamma function P(a, x), by its series below
// a+1 and by its continued fraction (modified Lentz) above. Relative error about 1e-12.
func gammaP(a, x float64) float64 {
	if x <= 0 {
		return 0
	}
	if math.IsInf(x, 1) {
		return 1
	}
	lg, _ := math.Lgamma(a)
	front := math.Exp(a*math.Log(x) - x - lg)
	if x < a+1 {
		term := 1 / a
		sum := term
		for n := a + 1; term > sum*1e-13; n++ {
			term *= x / n
			sum += term
		}
		return math.Min(front*sum, 1)
	}
	const tiny = 1e-300
	b := x + 1 - a
	c := 1 / tiny
	d := 1 / b
	h := d
	for i := 1.0; i < 100_000; i++ {
		an := -i * (i - a)
		b += 2
		d = an*d + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < 1e-13 {
			break
		}
	}
	return math.Max(1-front*h, 0)
}

// gammaQuantile returns x with P(a, x) = p: Wilson and Hilferty's start, then Newton steps kept inside a bracket.
func gammaQuantile(a, p float64) float64 {
	if p <= 0 {
		return 0
	}
	p = math.Min(p, 1-1e-12)
	lg, _ := math.Lgamma(a)
	// Small shapes and low tails: P(a, x) is close to x^a / Gamma(a+1).
	small := math.Exp((math.Log(p) + math.Log(a) + lg) / a)
	x := small
	if a > 0.5 {
		t := 1 - 1/(9*a) + normQuantile(p)/(3*math.Sqrt(a))
		if w := a * t * t * t; t > 0 && w > small {
			x = w
		}
	}
	if x < 1e-280 {
		return x
	}
	lo, hi := 0.0, math.Inf(1)
	for range 60 {
		f := gammaP(a, x) - p
		if f > 0 {
			hi = math.Min(hi, x)
		} else {
			lo = math.Max(lo, x)
		}
		if math.Abs(f) < 1e-11 {
			break
		}
		slope := math.Exp((a-1)*math.Log(x) - x - lg)
		next := x - f/slope
		if !(next > lo && next < hi) {
			if math.IsInf(hi, 1) {
				next = 2*x + 1
			} else {
				next = (lo + hi) / 2
			}
		}
		if math.Abs(next-x) < 1e-12*x {
			x = next
			break
		}
		x = next
	}
	return x
}
