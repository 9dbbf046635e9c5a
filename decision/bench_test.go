package decision_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"polder.city/decision"
	"polder.city/store/storetest"
)

// BenchmarkAPlanOf1500Containers records a plan with a part for each of Almere's containers.
func BenchmarkAPlanOf1500Containers(b *testing.B) {
	for name, dsn := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "polder.db") },
		"postgres": func() string { return storetest.PostgresDSN(b) },
	} {
		b.Run(name, func(b *testing.B) {
			c := newCity(b, storetest.Open(b, dsn())).publish()
			p := plan("2026-11-24", 0)
			p.Alternatives, p.Parts = nil, nil
			for i := range 1500 {
				p.Parts = append(p.Parts, decision.Part{ID: fmt.Sprintf("C-%04d", i), Body: json.RawMessage(
					`{"planned":false,"fillNow":520000,"fillLow":490000,"fillHigh":550000,"chanceFull":4000,"nextDay":"2026-11-26","reasons":[{"code":"room","number":2}]}`)})
			}
			for b.Loop() {
				p.Replaces = c.submit(p).Number
			}
		})
	}
}
