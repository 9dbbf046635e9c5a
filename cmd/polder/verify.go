package main

import (
	"fmt"
	"io"

	"polder.city/decision"
	"polder.city/internal/problem"
)

type verifyCmd struct {
	Key  string `help:"The log's public key, from a source that you trust; the file's own when not given." placeholder:"KEY"`
	File string `arg:"" help:"The decision, as downloaded." type:"path"`
}

// Help shows an example.
func (verifyCmd) Help() string {
	return "For instance:\n  polder verify decision.json\n  polder verify decision.json --key demo.example/almere+1a2b3c4d+AbCd...\n\nNothing is asked of the city, or of anybody: the file and the key suffice."
}

// stepText says what each step of verifying shows.
var stepText = map[string]string{
	decision.StepFile:      "the file is complete",
	decision.StepPart:      "this part belongs to the decision",
	decision.StepRecord:    "the decision's entry follows from its text",
	decision.StepLog:       "the entry stands in the log",
	decision.StepSignature: "the log is signed by its key",
}

// maxBundle is the largest file that is read as a decision.
const maxBundle = 64 << 20

// Run checks the file step by step.
func (c *verifyCmd) Run(g *Globals) error {
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	bundle, err := io.ReadAll(io.LimitReader(f, maxBundle))
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	report, err := decision.Verify(bundle, decision.VerifyOptions{Key: c.Key})
	for _, step := range report.Steps {
		mark := "ok "
		if !step.OK {
			mark = "NOT"
		}
		fmt.Fprintf(g.out, "%s  %s\n", mark, stepText[step.Code])
	}
	if err != nil {
		return problem.New(problem.Invalid, "verify.failed", "This is not the document that was recorded: %v.", err).At(c.File).
			Do("Download it again; if it fails again, tell the city and keep the file.").Cause(err)
	}
	fmt.Fprintf(g.out, "Decision %d is exactly as it was recorded.\n", report.Number)
	if c.Key == "" {
		fmt.Fprintf(g.err, "The key came with the file. Compare it once with the one that the city publishes:\n  %s\n", report.Key)
	}
	return nil
}
