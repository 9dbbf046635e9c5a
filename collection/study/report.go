package study

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"polder.city/internal/chart"
	"polder.city/internal/message"
)

//go:embed report.html.tmpl
var reportText string

// main is the family that the report is about.
func (s *Study) main() string {
	for _, name := range []string{"rolling", "present"} {
		if len(s.points(name)) > 0 {
			return name
		}
	}
	return ""
}

type reportRow struct {
	Name          string
	Main, Reached bool
	Cells         []string
}

type reportEqual struct {
	Text string
	Rows []reportRow
}

type reportDistricts struct{ Text, WorstName, Worst, BestName, Best string }

type reportPage struct {
	Lang, World, SeedsText, Frozen, Command string
	Narrow                                  bool
	Charts                                  []template.HTML
	Equal                                   []reportEqual
	Published                               [][7]string
	Heads                                   []string
	Points                                  []reportRow
	Regret                                  []string
	Districts                               []reportDistricts
}

// WriteHTML writes the report as one page that needs nothing else, in the printer's language. Command is how it can be made again.
func (s *Study) WriteHTML(w io.Writer, p *message.Printer, frozen, command string) error {
	page := &reportPage{Lang: p.Lang(), World: s.World.Name, Frozen: frozen, Command: command, Narrow: s.Narrow}
	seeds := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(s.Seeds)), ", "), "[]")
	page.SeedsText = p.T("study.seeds", "n", len(s.Seeds), "days", s.Request.Span.Counted, "seeds", seeds, "minutes", int(math.Ceil(s.Took.Minutes())))
	page.Charts = []template.HTML{
		s.curves(p, "hours", hoursADay).SVG(p), s.curves(p, "km", kmADay).SVG(p),
	}
	for _, at := range s.Targets() {
		page.Equal = append(page.Equal, s.equal(p, at))
	}
	if s.World.Counts {
		page.Published = s.besidePublished(p)
	}
	for _, h := range []string{"policy", "level", "hours", "km", "stops", "routes", "tips", "service", "fill", "a", "b", "c", "spell", "euro", "co2"} {
		page.Heads = append(page.Heads, p.T("study.head."+h))
	}
	for _, x := range s.Points {
		page.Points = append(page.Points, reportRow{Main: x.Family == s.main(), Cells: s.pointCells(p, x)})
	}
	page.Regret, page.Districts = s.regrets(p), s.districts(p)
	t, err := template.New("report").Funcs(template.FuncMap{"t": p.T}).Parse(reportText)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := t.Execute(w, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func policyName(p *message.Printer, family string) string { return p.T("study.policy." + family) }

func decimal(p *message.Printer, decimals int, x float64) string {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "–"
	}
	s := fmt.Sprintf("%.*f", decimals, x)
	if p.Lang() == "nl" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return strings.Replace(s, "-", "−", 1)
}

// curves draws what a measure costs in overflow. A family of one point is a dot.
func (s *Study) curves(p *message.Printer, id string, of func(*Measures) float64) chart.Curves {
	c := chart.Curves{
		Head:  chart.Head{ID: "study-" + id, Title: p.T("study.curves." + id), Desc: p.T("study.curves.desc")},
		XText: p.T("study.curves.x"), YText: p.T("study.curves.y" + id), Format: "int",
	}
	for _, name := range s.families() {
		curve := chart.Curve{Name: policyName(p, name), Main: name == s.main()}
		for _, x := range s.points(name) {
			curve.Points = append(curve.Points, [2]float64{x.mean((*Measures).OverflowA), x.mean(of)})
		}
		slices.SortFunc(curve.Points, func(a, b [2]float64) int {
			if a[0] < b[0] {
				return -1
			}
			return 1
		})
		c.Curves = append(c.Curves, curve)
	}
	return c
}

// Targets are the overflows at which policies are compared: those of the reference at its usual level, and of the policy that the report
// is about.
func (s *Study) Targets() (targets []float64) {
	for _, name := range []string{s.Reference, s.main()} {
		if x := s.usual(name); x != nil && len(x.Runs) > 0 {
			if at := x.mean((*Measures).OverflowB); at > 0 && !slices.Contains(targets, at) {
				targets = append(targets, at)
			}
		}
	}
	return targets
}

func (s *Study) equal(p *message.Printer, at float64) reportEqual {
	e := reportEqual{Text: p.T("study.equal.text", "b", decimal(p, 4, 100*at), "reference", policyName(p, s.Reference))}
	rows := s.Compare(s.Reference, (*Measures).OverflowB, at)
	if rows == nil {
		e.Text = p.T("study.equal.none", "reference", policyName(p, s.Reference))
		return e
	}
	for _, r := range rows {
		diff := func(i Interval) string { return decimal(p, 1, 100*i.Mean) + " ± " + decimal(p, 1, 100*i.Half) + " %" }
		e.Rows = append(e.Rows, reportRow{
			Name: policyName(p, r.Family), Main: r.Family == s.main(), Reached: r.Reached,
			Cells: []string{decimal(p, 2, r.Hours), decimal(p, 1, r.Km), decimal(p, 1, r.Emptyings), diff(r.HoursDiff), diff(r.KmDiff), diff(r.EuroDiff)},
		})
	}
	return e
}

func (s *Study) besidePublished(p *message.Printer) (rows [][7]string) {
	row := func(name, who string, km, hours, stops, service, fill float64) [7]string {
		return [7]string{
			name, p.T("study.published." + who), decimal(p, 1, km), decimal(p, 1, hours), decimal(p, 1, stops), decimal(p, 1, 100*service) + " %",
			decimal(p, 1, 100*fill) + " %",
		}
	}
	for _, x := range Published() {
		rows = append(rows, row(x.Policy, "theirs", x.Km, x.HoursARoute*float64(x.Trucks), x.Stops, x.Service, x.FillAtLift))
		for _, ours := range s.points(x.Family) {
			if ours.Level == x.Level {
				rows = append(rows, row(x.Policy, "ours", ours.mean(kmADay), ours.mean(hoursADay), ours.mean(emptyingsADay),
					ours.mean(func(m *Measures) float64 { return m.Service }), ours.mean(func(m *Measures) float64 { return m.FillMean })))
			}
		}
	}
	return rows
}

func (s *Study) pointCells(p *message.Printer, x *Point) []string {
	day := func(of func(*Measures) float64) float64 {
		return x.mean(func(m *Measures) float64 { return of(m) / float64(m.Days) })
	}
	return []string{
		policyName(p, x.Family), fmt.Sprint(x.Level), decimal(p, 2, x.mean(hoursADay)), decimal(p, 1, x.mean(kmADay)), decimal(p, 1, x.mean(emptyingsADay)),
		decimal(p, 2, day(func(m *Measures) float64 { return float64(m.Routes) })), decimal(p, 2, day(func(m *Measures) float64 { return float64(m.Tips) })),
		decimal(p, 2, 100*x.mean(func(m *Measures) float64 { return m.Service })) + " %", decimal(p, 1, 100*x.mean(func(m *Measures) float64 { return m.FillMean })) + " %",
		decimal(p, 3, 100*x.mean((*Measures).OverflowA)) + " %", decimal(p, 4, 100*x.mean((*Measures).OverflowB)) + " %",
		decimal(p, 2, x.mean((*Measures).OverflowC)), decimal(p, 1, x.mean(func(m *Measures) float64 { return m.Spell95 })),
		decimal(p, 0, x.mean(euroADay)), decimal(p, 0, day(func(m *Measures) float64 { return m.CO2Kg })),
	}
}

// total is what everything costs, overflow included, in euros a day.
func total(m *Measures) float64 { return (m.Euro + m.OverflowEuro) / float64(m.Days) }

// Regret is what a family costs above the clairvoyant, as a share, each at the level that costs it least.
func (s *Study) Regret(family string) (Interval, bool) {
	cheapest := func(points []*Point) *Point {
		return slices.MinFunc(points, func(a, b *Point) int {
			if a.mean(total) < b.mean(total) {
				return -1
			}
			return 1
		})
	}
	mine, bound := s.points(family), s.points("clairvoyant")
	if len(mine) == 0 || len(bound) == 0 {
		return Interval{}, false
	}
	return Paired(cheapest(mine), cheapest(bound), total), true
}

func (s *Study) regrets(p *message.Printer) (texts []string) {
	for _, name := range s.families() {
		if r, ok := s.Regret(name); ok && name != "clairvoyant" && !math.IsInf(r.Half, 0) {
			texts = append(texts, p.T("study.regret.text", "policy", message.UpperFirst(policyName(p, name)), "x", 100*r.Mean, "half", 100*r.Half))
		}
	}
	return texts
}

// districts says where most and least is overfull, under the main policy and the reference.
func (s *Study) districts(p *message.Printer) (out []reportDistricts) {
	for _, name := range []string{s.main(), s.Reference} {
		x := s.usual(name)
		if x == nil {
			continue
		}
		sum := map[string][2]int{}
		for _, m := range x.Runs {
			for d, n := range m.Districts {
				sum[d] = [2]int{sum[d][0] + n[0], sum[d][1] + n[1]}
			}
		}
		worst, best := "", ""
		share := func(d string) float64 { return 1000 * ratio(float64(sum[d][0]), float64(sum[d][1])) }
		for d, n := range sum {
			if d == "" || n[1] < 20*s.Request.Span.Counted*len(x.Runs) {
				continue
			}
			if worst == "" || share(d) > share(worst) || share(d) == share(worst) && d < worst {
				worst = d
			}
			if best == "" || share(d) < share(best) || share(d) == share(best) && d < best {
				best = d
			}
		}
		if worst != "" {
			out = append(out, reportDistricts{
				p.T("study.districts.text", "policy", policyName(p, name)), worst, decimal(p, 2, share(worst)), best, decimal(p, 2, share(best)),
			})
		}
	}
	return out
}
