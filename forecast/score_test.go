package forecast

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// numericCRPS integrates (F(x) - 1{y <= x})² by the trapezium rule.
func numericCRPS(below func(float64) float64, lo, hi, y float64) float64 {
	const n = 200_000
	step := (hi - lo) / n
	sum := 0.0
	for i := range n {
		x := lo + (float64(i)+0.5)*step
		p := below(x)
		if y <= x {
			p--
		}
		sum += p * p * step
	}
	return sum
}

func TestClosedFormScoresEqualTheirIntegrals(t *testing.T) {
	for _, c := range []struct{ a, b, y float64 }{{0.5, 0.1, 0.4}, {0.5, 0.1, 0.9}, {2, 1, -1}, {0, 0.3, 0}} {
		got := CRPSNormal(c.a, c.b, c.y)
		want := numericCRPS(func(x float64) float64 { return phi((x - c.a) / c.b) }, c.a-12*c.b, c.a+12*c.b, c.y)
		if math.Abs(got-want) > 1e-5 {
			t.Errorf("normal %v: %.7f, integral %.7f", c, got, want)
		}
	}
	for _, c := range []struct{ a, b, y float64 }{{0.5, 0.1, 0.02}, {1, 0.2, 0.5}, {9, 0.05, 0.3}, {120, 0.004, 0.6}} {
		got := CRPSGamma(c.a, c.b, c.y)
		want := numericCRPS(func(x float64) float64 { return gammaP(c.a, x/c.b) }, 0, c.a*c.b+40*c.b*math.Sqrt(c.a+1), c.y)
		if math.Abs(got-want) > 2e-5 {
			t.Errorf("gamma %v: %.7f, integral %.7f", c, got, want)
		}
	}
	sample := []float64{0.3, 0.1, 0.4, 0.1, 0.5}
	empirical := func(x float64) float64 {
		n := 0.0
		for _, s := range sample {
			if s <= x {
				n++
			}
		}
		return n / float64(len(sample))
	}
	for _, y := range []float64{-0.2, 0.1, 0.33, 0.9} {
		want := numericCRPS(empirical, -1, 2, y)
		if got := CRPSSample(sample, y); math.Abs(got-want) > 2e-5 {
			t.Errorf("sample at %g: %.7f, integral %.7f", y, got, want)
		}
	}
	for _, g := range []growth{{0.03, 0.0006, 2 * 0.0006 * 0.0006 / 0.03}, {0.2, 0.004, 2 * 0.004 * 0.004 / 0.2}} {
		o := newOutcome(0.4, 0.0003, g, 0.02)
		want := numericCRPS(o.below, 0, 2, 0.47)
		if got := o.crps(0.47); math.Abs(got-want) > 2e-4 {
			t.Errorf("outcome %+v: %.7f, integral %.7f", g, got, want)
		}
	}
}

func TestPinballAndBrierRewardTheTruth(t *testing.T) {
	if got := Pinball(0.8, 0.9, 1); math.Abs(got-0.18) > 1e-12 {
		t.Errorf("pinball below the truth: %g", got)
	}
	if got := Pinball(1.2, 0.9, 1); math.Abs(got-0.02) > 1e-12 {
		t.Errorf("pinball above the truth: %g", got)
	}
	if Brier(0.9, true) >= Brier(0.8, true) || Brier(0.1, false) >= Brier(0.2, false) {
		t.Error("a better chance does not score better")
	}
}

func TestIncompleteGammaEqualsKnownValues(t *testing.T) {
	for _, c := range []struct{ a, x, want float64 }{
		{1, 1, 1 - math.Exp(-1)},
		{0.5, 0.25, math.Erf(0.5)},
		{0.5, 4, math.Erf(2)},
		{3, 2, 1 - math.Exp(-2)*(1+2+2)},
		{3, 30, 1 - math.Exp(-30)*(1+30+450)},
		{5, 0, 0},
	} {
		if got := gammaP(c.a, c.x); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("P(%g, %g) = %.15f, not %.15f", c.a, c.x, got, c.want)
		}
	}
}

func TestQuantilesInvertTheirDistributions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mean := rapid.Float64Range(0, 1.2).Draw(t, "mean")
		vari := rapid.Float64Range(0, 0.1).Draw(t, "variance")
		mu := rapid.Float64Range(0, 3).Draw(t, "growth")
		phi := rapid.Float64Range(0.001, 1).Draw(t, "phi")
		v := phi*mu + rapid.Float64Range(0, 0.5).Draw(t, "wander")*mu*mu
		g := growth{mean: mu, vari: v}
		if mu > 0 {
			g.third = 2 * v * v / mu
		}
		o := newOutcome(mean, vari, g, phi)
		last := math.Inf(-1)
		for _, p := range []float64{1e-9, 0.001, 0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975, 0.999} {
			q := o.quantile(p)
			if math.IsNaN(q) || q < last-1e-8 {
				t.Fatalf("quantile %g is %g after %g", p, q, last)
			}
			last = q
			// At a point mass the distribution jumps over p.
			if lo, hi := o.below(q-1e-5), o.below(q+1e-5); p < lo-1e-4 || p > hi+1e-4 {
				t.Fatalf("P(<= %g) lies in %g to %g, not at %g", q, lo, hi, p)
			}
		}
		over := o.above(1)
		if math.IsNaN(over) || over < 0 || over < o.mean-1-1e-6 {
			t.Fatalf("expected overflow %g at a mean of %g", over, o.mean)
		}
	})
}

func TestMatchedMomentsComeBackFromSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := newOutcome(0.3, 0.0004, growth{0.05, 0.0012, 2 * 0.0012 * 0.0012 / 0.05}, 0.022)
	const n = 40_000
	var sum, square, over float64
	for range n {
		x := o.quantile(r.Float64())
		sum, square, over = sum+x, square+x*x, over+math.Max(x-0.4, 0)
	}
	mean := sum / n
	if math.Abs(mean-o.mean) > 0.001 || math.Abs(math.Sqrt(square/n-mean*mean)-o.sd) > 0.002 {
		t.Errorf("mean %.4f, sd %.4f; stated %.4f, %.4f", mean, math.Sqrt(square/n-mean*mean), o.mean, o.sd)
	}
	if math.Abs(over/n-o.above(0.4)) > 0.0003 {
		t.Errorf("overflow %.5f, stated %.5f", over/n, o.above(0.4))
	}
}
