package forecast

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"
)

// world is a small simulated city with its truth: what the tests judge by.
type world struct {
	series  []Series
	truth   [][]float64   // fill at each hour from begin, per series
	emptied [][]time.Time // when each was emptied, reported or not
	begin   time.Time
	loc     *time.Location
}

// worldOptions draw a world. Rates are fills per day.
type worldOptions struct {
	seed       uint64
	containers int
	days       int
	streams    []worldStream
	noise      float64 // sd of a reading
	step       float64 // resolution of a reading
	spikes     float64 // share of readings that are anything
	reported   float64 // share of emptyings that are reported
}

type worldStream struct {
	name    string
	rate    float64 // mean over containers
	deposit float64 // mean size of one, in fill
	weekday [7]float64
	every   int  // days between emptyings
	silent  bool // no sensors
}

func rest() worldStream {
	return worldStream{"rest", 0.10, 0.008, [7]float64{0.9, 1.25, 0.95, 0.9, 0.9, 0.95, 1.15}, 7, false}
}

func paper() worldStream {
	return worldStream{"papier", 0.066, 0.006, [7]float64{0.8, 1, 0.9, 0.9, 1, 1, 1.4}, 10, false}
}

func textile() worldStream {
	return worldStream{"textiel", 0.047, 0.02, [7]float64{0.7, 1, 1, 1, 1, 1, 1.3}, 14, false}
}

func amsterdam() *time.Location {
	loc, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		panic(err)
	}
	return loc
}

func newWorld(o worldOptions) *world {
	r := rand.New(rand.NewPCG(o.seed, 1))
	w := &world{loc: amsterdam()}
	w.begin = time.Date(2026, 1, 5, 0, 0, 0, 0, w.loc).UTC()
	hours := o.days * 24
	for s, stream := range o.streams {
		common := make([]float64, o.days+2)
		for d := range common {
			common[d] = math.Exp(0.12*r.NormFloat64() - 0.0072)
		}
		n := o.containers / len(o.streams)
		for i := range n {
			own := math.Exp(0.5*r.NormFloat64() - 0.125)
			x := Series{ID: fmt.Sprintf("%s-%03d", stream.name, i), Group: stream.name, District: fmt.Sprintf("D%d", i%4)}
			own *= 0.8 + 0.1*float64(i%4)
			truth := make([]float64, hours+1)
			var emptied []time.Time
			fill := r.Float64() * 0.5
			week := 1.0
			offset := (i*3 + s) % stream.every
			for h := range truth {
				at := w.begin.Add(time.Duration(h) * time.Hour)
				local := at.Add(-30 * time.Minute).In(w.loc) // the hour that ends now
				if h%168 == 0 {
					week = math.Exp(0.15*r.NormFloat64() - 0.011)
				}
				mean := stream.rate * own * week * common[h/24] * stream.weekday[local.Weekday()] * quiet[local.Hour()]
				for range poisson(r, mean/stream.deposit) {
					fill += stream.deposit * (0.4 + 1.2*r.Float64())
				}
				if local.Hour() == 9 && (h/24+offset)%stream.every == 0 || fill > 1.4 {
					fill = 0.02 * r.Float64()
					emptied = append(emptied, at.Add(-20*time.Minute))
					if r.Float64() < o.reported {
						x.Emptyings = append(x.Emptyings, at.Add(-20*time.Minute))
					}
				}
				truth[h] = fill
				if !stream.silent {
					x.Samples = append(x.Samples, Sample{At: at, Fill: o.read(r, fill)})
				}
			}
			w.series = append(w.series, x)
			w.truth = append(w.truth, truth)
			w.emptied = append(w.emptied, emptied)
		}
	}
	return w
}

// read returns what a sensor shows of a fill.
func (o *worldOptions) read(r *rand.Rand, fill float64) float64 {
	if r.Float64() < o.spikes {
		return math.Round(r.Float64()*120) / 100
	}
	z := math.Max(fill+o.noise*r.NormFloat64(), 0)
	if o.step > 0 {
		z = math.Round(z/o.step) * o.step
	}
	return z
}

// at returns the true fill of a series at an instant.
func (w *world) at(i int, t time.Time) (float64, bool) {
	h := int(t.Sub(w.begin) / time.Hour)
	if h < 0 || h >= len(w.truth[i]) {
		return 0, false
	}
	return w.truth[i][h], true
}

// emptiedWithin tells whether a series was emptied in (from, to].
func (w *world) emptiedWithin(i int, from, to time.Time) bool {
	e := w.emptied[i]
	k := sort.Search(len(e), func(k int) bool { return e[k].After(from) })
	return k < len(e) && !e[k].After(to)
}

func poisson(r *rand.Rand, mean float64) int {
	if mean > 30 {
		return max(int(math.Round(mean+math.Sqrt(mean)*r.NormFloat64())), 0)
	}
	n, p, limit := 0, r.Float64(), math.Exp(-mean)
	for p > limit {
		n++
		p *= r.Float64()
	}
	return n
}
