package forecast

import (
	"bytes"
	"fmt"
	"io"
	"math"
)

// Measures of the drawing, in SVG units.
const (
	drawWidth   = 900
	panelWidth  = 250
	panelHeight = 190
	panelTop    = 60
	panelStep   = 290
	panelLeft   = 50
)

// colors tell methods apart, also for who sees few colors: each has a dash of its own too.
var (
	colors = [5]string{"#0b5cad", "#b34700", "#5b2d8e", "#00704a", "#7a6a00"}
	dashes = [5]string{"", "7 3", "2 3", "8 3 2 3", "1 5"}
)

// WriteSVG draws what [Report.WriteTable] prints for all groups together: CRPS and bias of every method by horizon, what the
// model's central intervals held, and its ranks (PIT). Fills are in percent of the volume.
func (r *Report) WriteSVG(w io.Writer) error {
	d := drawing{r: r}
	fmt.Fprintf(&d.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img" aria-labelledby="t d">`+"\n",
		drawWidth, 2*panelStep+40)
	fmt.Fprintf(&d.b, "<title id=\"t\">Backtest of fill forecasts</title>\n<desc id=\"d\">%d origins. ", r.Origins)
	for _, h := range r.horizons {
		if s, ok := r.Row(ByModel, allGroups, h); ok {
			fmt.Fprintf(&d.b, "%d days ahead, %d forecasts: CRPS %.2f %%, in the 80 %% interval %.1f %%, bias %+.2f %%. ", h, s.N, 100*s.CRPS, 100*s.Coverage[1], 100*s.Bias)
		}
	}
	d.b.WriteString("</desc>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n")
	d.methods(0, 0, "CRPS by days ahead, % (lower is better)", func(s *Score) float64 { return 100 * s.CRPS })
	d.methods(1, 0, "Bias by days ahead, % (0 is best)", func(s *Score) float64 { return 100 * s.Bias })
	d.coverage(0, 1)
	d.ranks(1, 1)
	for k, name := range methods() {
		y := panelTop + 20*k
		fmt.Fprintf(&d.b, `<line x1="660" x2="700" y1="%d" y2="%d" stroke="%s" stroke-width="2" stroke-dasharray="%s"/><text x="708" y="%d">%s</text>`+"\n",
			y, y, colors[k], dashes[k], y+4, name)
	}
	d.b.WriteString("</svg>\n")
	if _, err := w.Write(d.b.Bytes()); err != nil {
		return fmt.Errorf("draw the backtest: %w", err)
	}
	return nil
}

type drawing struct {
	r *Report
	b bytes.Buffer
}

// panel draws a frame with a title and a scale from lo to hi, and returns where a value stands.
func (d *drawing) panel(column, row int, title string, lo, hi float64) (left int, y func(v float64) float64) {
	left, top := panelLeft+column*(panelWidth+60), panelTop+row*panelStep
	y = func(v float64) float64 { return float64(top) + panelHeight*(hi-v)/(hi-lo) }
	fmt.Fprintf(&d.b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", left, top-14, title)
	step := math.Pow(10, math.Floor(math.Log10((hi-lo)/2)))
	for (hi-lo)/step > 6 {
		step *= 2
	}
	for v := math.Ceil(lo/step) * step; v <= hi+1e-9; v += step {
		fmt.Fprintf(&d.b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ccc"/><text x="%d" y="%.1f" text-anchor="end">%.4g</text>`+"\n",
			left, left+panelWidth, y(v), y(v), left-6, y(v)+4, math.Round(v/step)*step)
	}
	return left, y
}

// across returns where a horizon stands, and writes them under the panel.
func (d *drawing) across(left, row int) func(k int) float64 {
	x := func(k int) float64 { return float64(left) + panelWidth*(float64(k)+0.5)/float64(len(d.r.horizons)) }
	for k, h := range d.r.horizons {
		fmt.Fprintf(&d.b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", x(k), panelTop+row*panelStep+panelHeight+18, h)
	}
	return x
}

// methods draws a line for every method, by horizon.
func (d *drawing) methods(column, row int, title string, of func(s *Score) float64) {
	lo, hi := 0.0, 0.0
	for i := range d.r.Rows {
		if s := &d.r.Rows[i]; s.Group == allGroups {
			lo, hi = math.Min(lo, of(s)), math.Max(hi, of(s))
		}
	}
	left, y := d.panel(column, row, title, lo, math.Max(hi, lo+1e-3))
	x := d.across(left, row)
	for m := len(methods()) - 1; m >= 0; m-- { // ours on top
		fmt.Fprintf(&d.b, `<polyline fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s" points="`, colors[m], dashes[m])
		for k, h := range d.r.horizons {
			if s, ok := d.r.Row(methods()[m], allGroups, h); ok {
				fmt.Fprintf(&d.b, "%.1f,%.1f ", x(k), y(of(&s)))
			}
		}
		d.b.WriteString("\"/>\n")
	}
}

// coverage draws what the model's intervals held, beside what they say.
func (d *drawing) coverage(column, row int) {
	left, y := d.panel(column, row, "What our intervals held, %", 0, 100)
	x := d.across(left, row)
	for i, p := range [3]float64{50, 80, 95} {
		fmt.Fprintf(&d.b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#333" stroke-dasharray="4 3"/>`+"\n", left, left+panelWidth, y(p), y(p))
		for k, h := range d.r.horizons {
			if s, ok := d.r.Row(ByModel, allGroups, h); ok {
				fmt.Fprintf(&d.b, `<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`+"\n", x(k), y(100*s.Coverage[i]), colors[0])
			}
		}
	}
}

// ranks draws the PIT histogram of the model over all horizons.
func (d *drawing) ranks(column, row int) {
	var shares [10]float64
	n := 0.0
	for _, h := range d.r.horizons {
		if s, ok := d.r.Row(ByModel, allGroups, h); ok {
			for k, p := range s.PIT {
				shares[k] += p * float64(s.N)
			}
			n += float64(s.N)
		}
	}
	most := 20.0
	for k := range shares {
		shares[k] *= 100 / math.Max(n, 1)
		most = math.Max(most, shares[k])
	}
	left, y := d.panel(column, row, "Where in our forecast it came, % (10 is best)", 0, most)
	for k, p := range shares {
		fmt.Fprintf(&d.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", float64(left)+panelWidth/10.0*float64(k)+1, y(p), panelWidth/10.0-2, y(0)-y(p), colors[0])
	}
	fmt.Fprintf(&d.b, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#333" stroke-dasharray="4 3"/>`+"\n", left, left+panelWidth, y(10), y(10))
}
