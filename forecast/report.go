package forecast

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"text/tabwriter"
)

// Score is how one method did over one horizon, for one group or all ("all"). Fills are fractions of the volume.
type Score struct {
	Method, Group string
	Days          int        // horizon
	N             int        // forecasts judged
	CRPS          float64    // mean continuous ranked probability score
	Pinball       [5]float64 // mean losses of the 5, 25, 50, 75 and 95 % quantiles
	Coverage      [3]float64 // share of what came inside the central 50, 80 and 95 % intervals
	// PIT is the share of what came in each tenth of its forecast's distribution (probability integral transform): all are a tenth when the
	// forecast is calibrated. The rank among equals is drawn, always alike.
	PIT   [10]float64
	Bias  float64 // mean of forecast less what came
	Brier float64 // mean squared error of the chance of being full
	Full  float64 // share that was full
}

// Report is the outcome of a backtest, ordered by group, horizon and method, all groups together first.
type Report struct {
	Origins int
	Rows    []Score

	horizons []int
	sums     map[string][][]Score // by group, horizon and method, as sums
}

func newReport(horizons []int) *Report {
	return &Report{horizons: horizons, sums: make(map[string][][]Score)}
}

var pinballs = [5]float64{0.05, 0.25, 0.5, 0.75, 0.95}

// see scores every method's forecast of one fill.
func (r *Report) see(horizon int, group string, y float64, laws [5]law) {
	for k, l := range laws {
		s := Score{N: 1, CRPS: l.crps(y), Bias: l.center() - y, Brier: Brier(1-l.below(1-1e-9), y >= 1)}
		_, part := math.Modf(float64(r.at(allGroups, horizon)[k].N) * math.Phi)
		s.PIT[min(max(int(10*l.rank(y, part)), 0), 9)] = 1
		for i, p := range pinballs {
			s.Pinball[i] = Pinball(l.quantile(p), p, y)
		}
		for i, p := range [3]float64{0.5, 0.8, 0.95} {
			if y >= l.quantile((1-p)/2) && y <= l.quantile((1+p)/2) {
				s.Coverage[i] = 1
			}
		}
		if y >= 1 {
			s.Full = 1
		}
		for _, g := range [2]string{group, allGroups} {
			r.at(g, horizon)[k].add(&s)
		}
	}
}

// at returns the sums of a group over a horizon, by method.
func (r *Report) at(group string, horizon int) []Score {
	byHorizon := r.sums[group]
	if byHorizon == nil {
		for range r.horizons {
			byHorizon = append(byHorizon, make([]Score, len(methods())))
		}
		r.sums[group] = byHorizon
	}
	return byHorizon[horizon]
}

func (s *Score) add(x *Score) {
	s.N += x.N
	s.CRPS += x.CRPS
	s.Bias += x.Bias
	s.Brier += x.Brier
	s.Full += x.Full
	for i := range s.Pinball {
		s.Pinball[i] += x.Pinball[i]
	}
	for i := range s.Coverage {
		s.Coverage[i] += x.Coverage[i]
	}
	for i := range s.PIT {
		s.PIT[i] += x.PIT[i]
	}
}

// finish turns the sums into means.
func (r *Report) finish() {
	for group, byHorizon := range r.sums {
		for h, byMethod := range byHorizon {
			for k, s := range byMethod {
				if s.N == 0 {
					continue
				}
				n := 1 / float64(s.N)
				s.Group, s.Days, s.Method = group, r.horizons[h], methods()[k]
				s.CRPS, s.Bias, s.Brier, s.Full = s.CRPS*n, s.Bias*n, s.Brier*n, s.Full*n
				for i := range s.Pinball {
					s.Pinball[i] *= n
				}
				for i := range s.Coverage {
					s.Coverage[i] *= n
				}
				for i := range s.PIT {
					s.PIT[i] *= n
				}
				r.Rows = append(r.Rows, s)
			}
		}
	}
	slices.SortFunc(r.Rows, func(a, b Score) int {
		if a.Group != b.Group {
			switch allGroups {
			case a.Group:
				return -1
			case b.Group:
				return 1
			}
		}
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Days, b.Days),
			cmp.Compare(slices.Index(methods(), a.Method), slices.Index(methods(), b.Method)))
	})
}

// Row returns the score of a method for a group ("all" for all) over a horizon in days.
func (r *Report) Row(method, group string, days int) (Score, bool) {
	for _, s := range r.Rows {
		if s.Method == method && s.Group == group && s.Days == days {
			return s, true
		}
	}
	return Score{}, false
}

// WriteTable writes the report as a text table; fills are in percent of the volume.
func (r *Report) WriteTable(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "group\tdays\tmethod\tn\tCRPS\tpinball 5\t25\t50\t75\t95\tin 50 %\tin 80 %\tin 95 %\tbias\tBrier full\tfull\t")
	for i := range r.Rows {
		s := &r.Rows[i]
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%.2f\t", s.Group, s.Days, s.Method, s.N, 100*s.CRPS)
		for _, p := range s.Pinball {
			fmt.Fprintf(t, "%.2f\t", 100*p)
		}
		for _, c := range s.Coverage {
			fmt.Fprintf(t, "%.1f\t", 100*c)
		}
		fmt.Fprintf(t, "%+.2f\t%.4f\t%.1f\t\n", 100*s.Bias, s.Brier, 100*s.Full)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the backtest: %w", err)
	}
	return nil
}
