package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"polder.city/collection"
	"polder.city/internal/message"
)

// reportingPart says on the planner's page what residents' reports are worth, and what they do by district.
type reportingPart struct {
	Lines []string
	Table Table
}

func (s *Site) reporting(ctx context.Context, p *message.Printer, d *Domains) (*reportingPart, error) {
	trust, err := d.Collection.Trust(ctx)
	if err != nil {
		return nil, err
	}
	part := &reportingPart{}
	all := trust.All
	if n := all.Right + all.Wrong; n == 0 {
		part.Lines = append(part.Lines, p.T("reporting.none", "n", all.Reports), p.T("reporting.assumed", "odds", all.Odds))
	} else {
		rate, low, high := all.ErrorRate()
		part.Lines = append(part.Lines, p.T("reporting.rate", "n", all.Reports, "judged", n, "wrong", all.Wrong, "rate", rate, "low", low, "high", high),
			p.T("reporting.odds", "odds", all.Odds))
	}
	if all.Stops > 0 {
		part.Lines = append(part.Lines, p.T("reporting.stops", "n", all.Reported, "total", all.Stops))
	}
	part.Table = Table{
		Caption: p.T("reporting.caption"), Numeric: []bool{false, true, true, true, true, true},
		Head: []string{
			p.T("reporting.head.district"), p.T("reporting.head.reports"), p.T("reporting.head.per"), p.T("reporting.head.wrong"), p.T("reporting.head.odds"),
			p.T("reporting.head.stops"),
		},
	}
	districts := slices.DeleteFunc(trust.Districts, func(r collection.Reporting) bool { return r.Reports == 0 })
	slices.SortStableFunc(districts, func(a, b collection.Reporting) int { // who reports most first
		return cmp.Compare(float64(b.Reports)/float64(b.Containers), float64(a.Reports)/float64(a.Containers))
	})
	for _, r := range districts {
		name := p.T("reporting.outside")
		if x, ok := d.City.District(r.District); ok {
			name = x.Name
		}
		part.Table.Rows = append(part.Table.Rows, []any{
			name, format(p, "int", r.Reports), format(p, "dec1", 100*float64(r.Reports)/float64(r.Containers)),
			p.T("reporting.of", "n", r.Wrong, "total", r.Right+r.Wrong), format(p, "int", r.Odds), p.T("reporting.of", "n", r.Reported, "total", r.Stops),
		})
	}
	return part, nil
}

// writeReporting answers with what reports were worth, a line for each district.
func writeReporting(w http.ResponseWriter, r *http.Request, d *Domains) error {
	trust, err := d.Collection.Trust(r.Context())
	if err != nil {
		return err
	}
	rows := [][]string{{"district", "containers", "reports", "right", "wrong", "full_container_days", "other_container_days", "odds", "stops", "stops_reported", "from", "to"}}
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }
	for _, x := range append([]collection.Reporting{trust.All}, trust.Districts...) {
		code := x.District
		if len(rows) == 1 {
			code = "all"
		}
		rows = append(rows, []string{
			code, strconv.Itoa(x.Containers), strconv.Itoa(x.Reports), strconv.Itoa(x.Right), strconv.Itoa(x.Wrong), number(x.FullDays), number(x.OtherDays),
			number(x.Odds), strconv.Itoa(x.Stops), strconv.Itoa(x.Reported), trust.From.Format(collection.DayLayout), trust.To.Format(collection.DayLayout),
		})
	}
	return writeCSV(w, rows)
}
