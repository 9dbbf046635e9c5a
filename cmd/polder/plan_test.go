package main

import (
	"os"
	"strings"
	"testing"
)

func TestAPlanIsMadeReplacedCheckedAndVerified(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		p.populate(t)
		day := p.read(t, "sim/next-workday")
		plan := func(out string) string {
			return p.must(t, "plan", "--date", day, "--rounds", "30", "--out", p.path(out))
		}
		contains(t, plan("first.json"), "Plan for "+day+", version 1", "Decision 1 stands in the log")
		contains(t, plan("again.json"), "version 2", "Decision 2 stands in the log")
		contains(t, p.read(t, "again.json"), `"replaces":1`)
		contains(t, p.must(t, "check", "--date", day), "version 2, holds")
		contains(t, p.must(t, "log", "check"), "is whole")

		status, stdout, stderr := command("verify", p.path("again.json"))
		if status != exitOK {
			t.Fatalf("verify: status %d: %s", status, stderr)
		}
		contains(t, stdout, "Decision 2 is exactly as it was recorded")
		contains(t, stderr, "The key came with the file", "demo.polder.example/liechtenstein+")

		key := strings.TrimSpace(stderr[strings.LastIndex(strings.TrimSpace(stderr), "\n")+1:])
		if status, _, stderr = command("verify", p.path("again.json"), "--key", key); status != exitOK || stderr != "" {
			t.Errorf("verify with the key: status %d: %s", status, stderr)
		}
		changed := strings.Replace(p.read(t, "first.json"), `"subject":"2`, `"subject":"3`, 1)
		for name, text := range map[string]string{"changed": changed, "cut": changed[:len(changed)/2], "empty": "", "other": "{}"} {
			if status, _, stderr := command("verify", p.write(t, name+".json", text)); status != exitInvalid {
				t.Errorf("verify of a file that is %s: status %d: %s", name, status, stderr)
			} else {
				contains(t, stderr, name+".json", "Download it again")
			}
		}

		contains(t, p.must(t, "plan", "--date", day, "--rounds", "30", "--what-if", "truck=T2,hour=150"), "as things are, and with truck=T2, hour=150", "Kept equal", "30 rounds", "Nothing was decided")
		contains(t, p.must(t, "check", "--date", day), "version 2, holds")
		p.refuses(t, exitInvalid, []string{`no crane truck "T9"`}, "plan", "--date", day, "--what-if", "truck=T9")
		p.refuses(t, exitInvalid, []string{`"lorry=T2" supposes nothing`, "truck=ID"}, "plan", "--date", day, "--what-if", "lorry=T2")

		holiday := p.read(t, "sim/next-holiday")
		p.refuses(t, exitNoWork, []string{"Nothing is collected on", "the next working day is 20"}, "plan", "--date", holiday)
		p.refuses(t, exitInvalid, []string{`"tomorrow" is no date`, "Write it as 2026-11-24"}, "plan", "--date", "tomorrow")
		p.refuses(t, exitInvalid, []string{`no truck "T9"`, "fleet.yaml"}, "plan", "--date", day, "--without", "T9")
		p.refuses(t, exitInvalid, []string{"There is no plan", "polder plan --date"}, "check", "--date", holiday)
	})
}

func TestAPlanWithoutStreetsOrWithAnUnreachableContainerSaysSo(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		p.simulate(t)
		day := p.read(t, "sim/next-workday")
		p.must(t, "containers", "import", p.path("sim/containers.csv"))
		p.refuses(t, exitInvalid, []string{"There are no streets yet", "polder roads import"}, "plan", "--date", day)
		p.must(t, "roads", "import", testStreets)
		p.must(t, "containers", "import", p.write(t, "far.csv", "id,stream,lon,lat,volume_l\nALP-1,rest,9.4605,47.0405,5000\n"))
		before := p.counts(t)
		p.refuses(t, exitInvalid, []string{"ALP-1"}, "plan", "--date", day, "--out", p.path("decision.json"))
		if after := p.counts(t); after["plan"] != before["plan"] || after["decision"] != before["decision"] {
			t.Errorf("a plan that cannot be made changed %v into %v", before, after)
		}
		if _, err := os.Stat(p.path("decision.json")); err == nil {
			t.Error("a decision was written")
		}
	})
}

func TestAnAlgorithmThatIsStoppedPlansNothing(t *testing.T) {
	each(t, func(t *testing.T, p *polder) {
		p.populate(t)
		plan := []string{"plan", "--date", p.read(t, "sim/next-workday"), "--rounds", "30", "--out", p.path("decision.json")}
		p.refuses(t, exitInvalid, []string{"motive"}, "algorithm", "stop", "inzamelplan", "--motive", "Stop.")
		contains(t, p.must(t, "algorithm", "stop", "inzamelplan", "--motive", "De sensoren geven te hoge waarden."), "is stopped")
		p.refuses(t, exitInvalid, []string{"stopped"}, plan...)
		p.refuses(t, exitInvalid, []string{"already"}, "algorithm", "stop", "inzamelplan", "--motive", "De sensoren geven te hoge waarden.")
		contains(t, p.must(t, "algorithm", "resume", "inzamelplan", "--motive", "De sensoren zijn gerepareerd."), "goes on")
		contains(t, p.must(t, plan...), "Decision 1 stands in the log")
		contains(t, p.must(t, "log", "check"), "is whole")
	})
}
