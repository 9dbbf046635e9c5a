package simulate

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The summary of four weeks is rounded, so that it is the same on processors whose logarithms differ in the last bit.
func TestTheSummaryOfFourWeeksIsAsItWas(t *testing.T) {
	c := demoCity(t, 150)
	w := world(t, c)
	kinds := map[Kind]int{}
	for _, e := range lived(t, w, c.Start.AddDate(0, 0, 28)) {
		kinds[e.Kind]++
	}
	var b strings.Builder
	fmt.Fprintf(&b, "150 containers, 28 days from %s\n\n", c.Start.Format("2 January 2006"))
	for k := range Greenhouse + 1 {
		fmt.Fprintf(&b, "%-13v%8d\n", k, kinds[k])
	}
	fmt.Fprintf(&b, "\n%-8s%10s%10s%10s%8s%9s%16s\n", "stream", "m3 in", "m3 out", "m3 there", "lifts", "tonnes", "overfull hours")
	for _, l := range w.Ledgers() {
		fmt.Fprintf(&b, "%-8s%10.1f%10.1f%10.1f%8d%9.1f%16d\n", l.Stream, float64(l.Deposited)/1e6, float64(l.Emptied+l.Swept)/1e6,
			float64(l.InContainers+l.Besides+l.OnWay)/1e6, l.Lifts, float64(l.Kg)/1000, l.OverfullHours)
	}
	path := filepath.Join("testdata", "summary.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the summary became\n%s\nfrom\n%s\n(-update writes it anew)", b.String(), want)
	}
}
