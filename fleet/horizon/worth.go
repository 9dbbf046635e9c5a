package horizon

import "math"

// Worth tells what emptying a site on the first day is worth, the rest of the plan unchanged.
type Worth struct {
	Site    int  `json:"site"`
	Emptied bool `json:"emptied"` // the plan empties it on the first day
	// Today and Later are what the site costs over all days (detours, and leaving it alone), in cents, when it is emptied on the
	// first day and when it is not, each with the best choice of further days. Never when that is not allowed.
	Today int64 `json:"today"`
	Later int64 `json:"later"`
	// Next is the first emptying of the best choice without the first day; Days when there is none.
	Next        int    `json:"next"`
	TodayDetour Detour `json:"todayDetour"`
	NextDetour  Detour `json:"nextDetour"` // zero when there is no next emptying
	Wait        int64  `json:"wait"`       // what leaving it alone from the start to Next costs, in cents
}

// Detour is what one more visit adds to a day.
type Detour struct {
	Seconds int64 `json:"seconds"` // service included
	Meters  int64 `json:"meters"`
	Cents   int64 `json:"cents"`
}

// Saving is what emptying on the first day saves against the best choice without it, in cents; negative when waiting is
// cheaper. It is limited to the range of sums: math.MaxInt64/2 when waiting is not allowed, its negative when today is not.
func (w *Worth) Saving() int64 {
	switch {
	case w.Today == Never:
		return -math.MaxInt64 / 2
	case w.Later == Never:
		return math.MaxInt64 / 2
	default:
		return w.Later - w.Today
	}
}

// Prize is what emptying on the first day is worth before its own detour is paid, in cents and not below 0: the prize for a
// problem of that day alone (collection by prizes, where the day's solver weighs the detour).
func (w *Worth) Prize() int64 {
	if w.Today == Never {
		return 0
	}
	return max(0, w.Saving()+w.TodayDetour.Cents)
}
