package study

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes what each policy took and what residents met, and the policies at equal overflow, for a terminal.
func (s *Study) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "policy\tlevel\thours/day\tkm/day\temptyings\troutes\ttips\tservice\tfill\toverfull days\trefused\tevents\th 95 %\teuro/day\t")
	day := func(p *Point, of func(*Measures) float64) float64 {
		return p.mean(func(m *Measures) float64 { return of(m) / float64(m.Days) })
	}
	for _, p := range s.Points {
		fmt.Fprintf(t, "%s\t%g\t%.2f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f %%\t%.1f %%\t%.3f %%\t%.4f %%\t%.2f\t%.0f\t%.0f\t\n", p.Family, p.Level, p.mean(hoursADay), p.mean(kmADay),
			p.mean(emptyingsADay), day(p, func(m *Measures) float64 { return float64(m.Routes) }), day(p, func(m *Measures) float64 { return float64(m.Tips) }),
			100*p.mean(func(m *Measures) float64 { return m.Service }), 100*p.mean(func(m *Measures) float64 { return m.FillMean }), 100*p.mean((*Measures).OverflowA),
			100*p.mean((*Measures).OverflowB), p.mean((*Measures).OverflowC), p.mean(func(m *Measures) float64 { return m.Spell95 }), p.mean(euroADay))
	}
	if s.Request.Usual { // one level is no curve
		return t.Flush()
	}
	for _, at := range s.Targets() {
		rows := s.Compare(s.Reference, (*Measures).OverflowB, at)
		if rows == nil {
			fmt.Fprintf(t, "\nAt %.4f %% refused: %s does not reach it.\n", 100*at, s.Reference)
			continue
		}
		fmt.Fprintf(t, "\nAt %.4f %% of the litres refused, beside %s:\n", 100*at, s.Reference)
		fmt.Fprintln(t, "policy\thours/day\tkm/day\temptyings\thours\tkm\teuro\t")
		for _, r := range rows {
			if !r.Reached {
				fmt.Fprintf(t, "%s\tnot reached\t\t\t\t\t\t\n", r.Family)
				continue
			}
			diff := func(i Interval) string { return fmt.Sprintf("%+.1f ± %.1f %%", 100*i.Mean, 100*i.Half) }
			fmt.Fprintf(t, "%s\t%.2f\t%.1f\t%.1f\t%s\t%s\t%s\t\n", r.Family, r.Hours, r.Km, r.Emptyings, diff(r.HoursDiff), diff(r.KmDiff), diff(r.EuroDiff))
		}
	}
	return t.Flush()
}
