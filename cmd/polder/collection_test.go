package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAStudyOfAPolicyThatThereIsNotNamesThoseThereAre(t *testing.T) {
	var out, errs strings.Builder
	if code := run([]string{"collection", "study", "--policies", "guess"}, &out, &errs); code != exitInvalid {
		t.Errorf("exit %d: %s", code, errs.String())
	}
	if !strings.Contains(errs.String(), "isr-km") {
		t.Errorf("the way out is not named: %s", errs.String())
	}
}

func TestAQuickStudyWritesItsReportAndHowToRepeatIt(t *testing.T) {
	dir := t.TempDir()
	var out, errs strings.Builder
	args := []string{"collection", "study", "--quick", "--seeds", "1", "--rounds", "10", "--policies", "isr-km,present", "--out", dir}
	if code := run(args, &out, &errs); code != exitOK {
		t.Fatalf("exit %d: %s", code, errs.String())
	}
	for _, want := range []string{"seeds [2001]", "polder collection study --world groningen --policies isr-km,present --seeds 1 --rounds 10 --quick"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, out.String())
		}
	}
	for _, name := range []string{"report.html", "report.en.html", "runs.csv", "comparison.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}
