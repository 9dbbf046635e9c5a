package sta

import (
	"strings"
	"time"

	"polder.city/internal/problem"
)

// parseTime reads an ISO 8601 time with its offset, to the microsecond.
func parseTime(text, where string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, problem.New(problem.Invalid, "sta.time", "%q is no time.", text).At(where).
			Do("Write it as 2026-11-24T13:40:00Z or with its offset, 2026-11-24T14:40:00+01:00.").Cause(err)
	}
	return t.UTC().Truncate(time.Microsecond), nil
}

// parseInterval reads a time, or two with a slash between them; end is zero for one.
func parseInterval(text, where string) (start, end time.Time, err error) {
	first, second, two := strings.Cut(text, "/")
	if start, err = parseTime(first, where); err != nil || !two {
		return start, end, err
	}
	if end, err = parseTime(second, where); err != nil {
		return start, end, err
	}
	if end.Before(start) {
		return start, end, problem.New(problem.Invalid, "sta.interval", "The interval ends before it begins.").At(where).Do("Write the earlier time first.")
	}
	return start, end, nil
}

// formatTime writes microseconds UTC with as many decimals of a second as are needed.
func formatTime(micros int64) string {
	return time.UnixMicro(micros).UTC().Format("2006-01-02T15:04:05.999999Z07:00")
}
