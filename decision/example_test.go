package decision_test

import (
	"fmt"
	"os"

	"polder.city/decision"
)

// A download of an earlier version of Polder, and the key that the city published then: it must verify for ever.
func ExampleVerify() {
	file, err := os.ReadFile("testdata/decision.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	report, err := decision.Verify(file, decision.VerifyOptions{
		Key: "polder.example/log+7d05e7ad+ASQkXwAQkBM+71dCGmrynbzAaUY17buVX4OkFBKIzQSE",
	})
	for _, step := range report.Steps {
		fmt.Println(step.Text())
	}
	fmt.Println(report.Kind, report.Subject, report.Part, "entry", report.Index, "of", report.Size, err)
	// Output:
	// The file is complete.
	// The part belongs to the decision.
	// The decision is in order; its entry for the log follows from it.
	// The entry stands in the log.
	// The log is signed with the key.
	// collection.plan 2026-11-24 FIL-002-G entry 8 of 10 <nil>
}
