package message

import (
	"fmt"
	"math"
)

// Certainty is one of the five fixed words for how sure we are.
type Certainty uint8

// The words, with the probability that each stands for.
const (
	AlmostNever  Certainty = iota // bijna zeker niet: under 5 %
	Unlikely                      // waarschijnlijk niet: 5 to 30 %
	Perhaps                       // misschien: 30 to 70 %
	Likely                        // waarschijnlijk: 70 to 95 %
	AlmostSurely                  // bijna zeker: over 95 %
)

// CertaintyOf returns the word that fits a probability between 0 and 1.
func CertaintyOf(p float64) Certainty {
	switch {
	case p > 0.95:
		return AlmostSurely
	case p >= 0.70:
		return Likely
	case p >= 0.30:
		return Perhaps
	case p >= 0.05:
		return Unlikely
	default:
		return AlmostNever
	}
}

var certaintyNL = [...]string{"bijna zeker niet", "waarschijnlijk niet", "misschien", "waarschijnlijk", "bijna zeker"}

var certaintyEN = [...]string{"almost certainly not", "probably not", "perhaps", "probably", "almost certainly"}

func certaintyWord(p *Printer, v any) (string, error) {
	f, err := share(v)
	if p.lang == "en" {
		return certaintyEN[CertaintyOf(f)], err
	}
	return certaintyNL[CertaintyOf(f)], err
}

// chance prints a probability in whole numbers that people can picture: one in
// so many below a quarter, so many in ten up to nine tenths, and all but one in
// so many above. Beyond one in a hundred it says no more than that.
func chance(p *Printer, v any) (string, error) {
	f, err := share(v)
	if err != nil || math.IsNaN(f) {
		return "", fmt.Errorf("%v is not a probability: %w", v, err)
	}
	of, less, more := "op", "kleiner dan", "groter dan"
	if p.lang == "en" {
		of, less, more = "in", "less than", "more than"
	}
	in := func(a, b int) string {
		return fmt.Sprintf("%d\u00a0%s\u00a0%s", a, of, p.decimal(float64(b), 0))
	}
	switch {
	case f < 0.01:
		return less + " " + in(1, 100), nil
	case f < 0.25:
		return in(1, roundish(1/f)), nil
	case f <= 0.9:
		tenths := int(math.Round(f * 10))
		if tenths == 5 {
			return in(1, 2), nil
		}
		return in(tenths, 10), nil
	case f <= 0.99:
		n := roundish(1 / (1 - f))
		return in(n-1, n), nil
	default:
		return more + " " + in(99, 100), nil
	}
}

// roundish rounds to a whole number below ten, to fives above it and to tens from fifty.
func roundish(x float64) int {
	step := 1.0
	switch {
	case x >= 50:
		step = 10
	case x >= 10:
		step = 5
	}
	return int(math.Round(x/step) * step)
}
