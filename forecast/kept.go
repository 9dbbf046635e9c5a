package forecast

import "math"

// Where a fill was read again without an emptying in between, it grew slower than most: those that fill fast are emptied. To be
// compared with what was read, a forecast must know that; see [Curve.Kept].

const (
	spareBins  = 16 // tenths of a volume; the last holds all above
	spareHold  = 20 // days in a tenth that weigh as much as the prior
	spareUsual = 0.1
	sparePaths = 24 // quantiles that stand for a distribution
)

func spareBin(fill float64) int { return min(max(int(10*fill), 0), spareBins-1) }

// learnSpared counts on how many days containers of the group were emptied, by how full they were.
func (g *group) learnSpared(of []*history) {
	var emptied, days [spareBins]float64
	for _, h := range of {
		for k := range h.gains {
			x := &h.gains[k]
			days[spareBin(x.level+x.grown/2)] += x.p1 - x.p0
		}
		for _, z := range h.ends {
			emptied[spareBin(z)]++
		}
	}
	for k := range g.spared {
		g.spared[k] = 1 - (emptied[k]+spareHold*spareUsual)/(days[k]+emptied[k]+spareHold)
	}
}

// spare returns a distribution at a position given that nobody emptied the container since the curve's start: each of its quantiles weighs by
// the chance that a straight way to it was left alone, and a gamma is matched to what they weigh.
func (c Curve) spare(o *outcome, pos float64) outcome {
	from := c.anchor.mean
	if c.anchor.pos < c.start {
		from += c.c.grow(c.anchor.pos, c.start, c.base).mean
	}
	days := pos - c.start
	steps := int(math.Ceil(2 * days))
	var y, w [sparePaths]float64
	var sum, mean float64
	for k := range y {
		y[k] = o.quantile((float64(k) + 0.5) / sparePaths)
		left := 0.0
		for i := range steps {
			fill := from + (y[k]-from)*(float64(i)+0.5)/float64(steps)
			left += math.Log(c.c.group.spared[spareBin(fill)])
		}
		w[k] = math.Exp(left * days / float64(steps))
		sum, mean = sum+w[k], mean+w[k]*y[k]
	}
	mean /= sum
	// What lies beyond the outermost quantiles is lost to the variance: it comes back as the ratio to that of equal weights.
	var vari, third, plain, middle float64
	for k := range y {
		middle += y[k] / sparePaths
	}
	for k := range y {
		e := y[k] - mean
		vari, third = vari+w[k]*e*e/sum, third+w[k]*e*e*e/sum
		plain += (y[k] - middle) * (y[k] - middle) / sparePaths
	}
	scale := 1.0
	if plain > 0 {
		scale = o.sd * o.sd / plain
	}
	vari, third = vari*scale, third*math.Pow(scale, 1.5)
	return outcome{mean: mean, sd: math.Sqrt(vari), grown: match(mean, vari, third)}
}
