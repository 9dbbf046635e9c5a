package register

import (
	"testing"
	"time"
)

// A decision is dated to the second; one that follows a publication within that second is made under it.
func TestAVersionCountsFromTheSecondInWhichItCame(t *testing.T) {
	second := time.Date(2026, 11, 25, 14, 54, 12, 0, time.UTC)
	v := Version{ValidFrom: second.Add(730 * time.Millisecond)}
	for at, want := range map[time.Time]bool{second: true, second.Add(time.Second): true, second.Add(-time.Second): false} {
		if got := v.validAt(at); got != want {
			t.Errorf("at %v: %t", at, got)
		}
	}
}
