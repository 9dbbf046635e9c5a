package simulate

import "math"

// Counter-based random numbers: a draw is a hash of what it is for, so that any
// draw can be made again without the ones before it.

const golden = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood 2014).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// What a draw is for, so that no two purposes share their numbers.
const (
	forDeposits uint64 = iota + 1
	forDay
	forWeek
	forRefusal
	forSpill
	forSpillBag
	forReading
	forNoise
	forFault
	forDrift
	forStart
	forResidual
	forWeight
	forBlocked
	forReport
	forPlan
	forRound
	forTraffic
	forBridge
	forPark
	forWeather
	forSoil
	forPump
	forGreenhouse
	forPlace
	forInflow
	forBattery
)

func draw(a, b, c uint64) uint64 {
	return mix(mix(mix(a+golden)^b*0xd6e8feb86659fd93) ^ c*0xa0761d6478bd642f)
}

// unit turns a hash into a number from 0 up to, not including, 1.
func unit(r uint64) float64 { return float64(r>>11) * 0x1p-53 }

// key hashes an id (FNV-1a), so that a thing keeps its numbers when others come or go.
func key(seed uint64, id string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 0x100000001b3
	}
	return mix(seed*golden ^ mix(h))
}

// quantileSteps is the number of equally likely values that a table of quantiles holds.
const quantileSteps = 4096

// normals is a table of standard normal quantiles: an index of 12 random bits is a
// draw, some five times as fast as a transform. Its ends are at 3.7.
type normals [quantileSteps]float64

func newNormals() *normals {
	var t normals
	for i := range t {
		t[i] = math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/quantileSteps-1)
	}
	return &t
}

func (t *normals) of(r uint64) float64 { return t[r>>52] }

// lognormal returns a draw of mean 1 with the coefficient of variation cv.
func (t *normals) lognormal(r uint64, cv float64) float64 {
	if cv == 0 {
		return 1
	}
	s2 := math.Log1p(cv * cv)
	return math.Exp(math.Sqrt(s2)*t.of(r) - s2/2)
}

// sizes returns the equally likely volumes of a stream's deposits in millilitres, and their mean in litres.
func (t *normals) sizes(s Stream) (table [quantileSteps]float64, mean float64) {
	lo, top, hi := s.Triangular[0], s.Triangular[1], s.Triangular[2]
	mean = s.DepositLitres
	if hi > 0 {
		mean = (lo + top + hi) / 3
	}
	sum := 0.0
	for i := range table {
		u := (float64(i) + 0.5) / quantileSteps
		switch {
		case hi == 0:
			table[i] = math.Exp(math.Sqrt(math.Log1p(s.DepositCV*s.DepositCV)) * t[i])
		case u*(hi-lo) < top-lo:
			table[i] = lo + math.Sqrt(u*(hi-lo)*(top-lo))
		default:
			table[i] = hi - math.Sqrt((1-u)*(hi-lo)*(hi-top))
		}
		sum += table[i]
	}
	for i := range table {
		table[i] *= mean * 1000 * quantileSteps / sum
	}
	return table, mean
}

// poisson returns the quantile u of a Poisson distribution with a small mean.
func poisson(u, mean float64) int {
	p := math.Exp(-mean)
	n := 0
	for c := p; u > c && n < 1000; c += p {
		n++
		p *= mean / float64(n)
	}
	return n
}

// wobble is a smooth random number of mean 0 and about unit deviation that changes over a period (both in seconds).
func (t *normals) wobble(key uint64, at, period int64) float64 {
	n, into := at/period, float64(at%period)/float64(period)
	s := into * into * (3 - 2*into)
	a, b := t.of(draw(key, uint64(n), 0)), t.of(draw(key, uint64(n+1), 0))
	return (a*(1-s) + b*s) / math.Sqrt((1-s)*(1-s)+s*s)
}
