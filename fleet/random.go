package fleet

import (
	"math"
	"math/rand/v2"
)

// random draws the search's random numbers: the same from the same seed and stream.
type random struct{ source *rand.PCG }

func newRandom(seed, stream uint64) *random {
	return &random{rand.NewPCG(seed, stream)}
}

// float draws from [0, 1).
func (r *random) float() float64 { return float64(r.source.Uint64()>>11) / (1 << 53) }

// below draws from [0, n).
func (r *random) below(n int) int { return int(r.float() * float64(n)) }

// chance is true with probability p.
func (r *random) chance(p float64) bool { return r.float() < p }

// geometric draws how many trials it takes until the first success of probability p.
func (r *random) geometric(p float64) int {
	if p <= 0 {
		return math.MaxInt
	}
	return 1 + int(math.Log(1-r.float())/math.Log1p(-p))
}

// shuffle puts a list in random order.
func (r *random) shuffle(list []int32) {
	for i := len(list) - 1; i > 0; i-- {
		j := r.below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}
