package study

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
)

// WriteRuns writes every measure of every run as CSV, a row a run.
func (s *Study) WriteRuns(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{
		"world", "policy", "level", "seed", "days", "routes", "hours", "overtime_hours", "km", "emptyings", "tips", "unplanned_tips", "blocked", "skipped",
		"tonnes", "co2_kg", "euro", "overflow_euro", "container_days", "overfull_days", "offered_l", "refused_l", "events", "event_hours_p95",
		"overfull_hours_a_week_p95", "never_emptied", "service", "fill_mean", "fill_p10", "fill_p90",
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write runs: %w", err)
	}
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', 8, 64) }
	for _, p := range s.Points {
		for i, m := range p.Runs {
			row := []string{
				s.World.Name, p.Family, f(p.Level), strconv.FormatUint(s.Seeds[i], 10), strconv.Itoa(m.Days), strconv.Itoa(m.Routes), f(m.Hours), f(m.OvertimeHours),
				f(m.Km), strconv.Itoa(m.Emptyings), strconv.Itoa(m.Tips), strconv.Itoa(m.UnplannedTips), strconv.Itoa(m.Blocked), strconv.Itoa(m.Skipped), f(m.Tonnes),
				f(m.CO2Kg), f(m.Euro), f(m.OverflowEuro), strconv.Itoa(m.ContainerDays), strconv.Itoa(m.OverfullDays), f(m.OfferedLitres), f(m.RefusedLitres),
				strconv.Itoa(m.Events), f(m.Spell95), f(m.Standing95), strconv.Itoa(m.Never), f(m.Service), f(m.FillMean), f(m.Fill10), f(m.Fill90),
			}
			if err := out.Write(row); err != nil {
				return fmt.Errorf("write runs: %w", err)
			}
		}
	}
	out.Flush()
	return out.Error()
}

// WriteComparison writes the families at equal overflow as CSV, for each of the targets.
func (s *Study) WriteComparison(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{
		"world", "reference", "refused_share", "policy", "reached", "hours_a_day", "km_a_day", "emptyings_a_day", "hours_diff", "hours_diff_half", "km_diff",
		"km_diff_half", "euro_diff", "euro_diff_half",
	}
	if err := out.Write(header); err != nil {
		return fmt.Errorf("write comparison: %w", err)
	}
	f := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	for _, at := range s.Targets() {
		for _, r := range s.Compare(s.Reference, (*Measures).OverflowB, at) {
			row := []string{s.World.Name, s.Reference, f(at), r.Family, strconv.FormatBool(r.Reached)}
			if r.Reached {
				row = append(row, f(r.Hours), f(r.Km), f(r.Emptyings), f(r.HoursDiff.Mean), f(r.HoursDiff.Half), f(r.KmDiff.Mean), f(r.KmDiff.Half),
					f(r.EuroDiff.Mean), f(r.EuroDiff.Half))
			} else {
				row = append(row, make([]string, 9)...)
			}
			if err := out.Write(row); err != nil {
				return fmt.Errorf("write comparison: %w", err)
			}
		}
	}
	out.Flush()
	return out.Error()
}
