package web

import (
	"cmp"
	"slices"

	"polder.city/collection"
	"polder.city/internal/message"
)

// faultLine tells of an anomaly in words, with the readings that show it.
type faultLine struct {
	Title, Text string
	Evidence    Table
}

// faultLines tells of what goes on with a container or its sensor, the latest first.
func faultLines(p *message.Printer, found []collection.Anomaly) []faultLine {
	var lines []faultLine
	for i := len(found) - 1; i >= 0; i-- {
		a := found[i]
		if !a.Now() {
			continue
		}
		line := faultLine{Title: p.T("fault.title." + a.Fault), Text: faultText(p, a), Evidence: Table{
			Caption: p.T("fault.title."+a.Fault) + ": " + p.T("fault.evidence"), Hidden: true, Head: []string{p.T("fault.when"), p.T("fault.reading")}, Numeric: []bool{false, true},
		}}
		for _, e := range a.Evidence {
			reading := format(p, "pct", e.Fill)
			if a.Fault == "fire" { // its evidence is degrees, not fill
				reading = p.T("fault.degrees", "value", e.Fill)
			}
			line.Evidence.Rows = append(line.Evidence.Rows, []any{format(p, "moment", e.At), reading})
		}
		lines = append(lines, line)
	}
	return lines
}

func faultText(p *message.Printer, a collection.Anomaly) string {
	return p.T("fault.text."+a.Fault, "from", a.From, "to", a.To, "value", a.Value) + " " + p.T("fault.notlearned")
}

// oddLine is a container whose readings cannot be right, in a list.
type oddLine struct{ Container, Title, Text string }

// oddLines lists what goes on, fires first, then by container.
func oddLines(p *message.Printer, found []collection.Anomaly) []oddLine {
	found = slices.DeleteFunc(slices.Clone(found), func(a collection.Anomaly) bool { return !a.Now() })
	slices.SortStableFunc(found, func(a, b collection.Anomaly) int {
		rank := func(x collection.Anomaly) int {
			return slices.Index([]string{"fire", "idle", "stuck", "offset", "fall"}, x.Fault)
		}
		return cmp.Compare(rank(a), rank(b))
	})
	lines := make([]oddLine, len(found))
	for i, a := range found {
		lines[i] = oddLine{a.Container, p.T("fault.title." + a.Fault), faultText(p, a)}
	}
	return lines
}

// odd counts the containers whose readings cannot be right.
func (st *state) odd() (n int) {
	for _, found := range st.anomalies {
		if slices.ContainsFunc(found, collection.Anomaly.Now) {
			n++
		}
	}
	return n
}
