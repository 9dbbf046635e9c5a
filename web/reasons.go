package web

import (
	"time"

	"polder.city/collection"
	"polder.city/internal/message"
)

// reasonText says in a sentence why a plan empties or leaves a container: the message
// reason.planned.<code> or reason.left.<code>, each of which uses what it needs of the same parameters.
func reasonText(p *message.Printer, reason collection.Reason, o *collection.Outcome, stream string, day time.Time) string {
	place := "left"
	if o.Planned {
		place = "planned"
	}
	key := "reason." + place + "." + reason.Code
	if !p.Has(key) {
		key = "reason.other"
	}
	return p.T(key, "chance", o.ChanceFull, "days", reason.Number, "seconds", reason.Number, "alone", o.DetourAlone,
		"fill", upToFull(o.FillThen), "low", upToFull(o.FillLow), "high", upToFull(o.FillHigh), "stream", stream, "day", day)
}

// upToFull is what an expectation says at most: what stands beside a container nobody can foretell to a percent.
func upToFull(ppm int64) int64 { return min(ppm, 1_000_000) }

// reasonShort says the weightiest reason in a few words, for tables: reason.short.<code>.
func reasonShort(p *message.Printer, o *collection.Outcome) string {
	if len(o.Reasons) == 0 || !p.Has("reason.short."+o.Reasons[0].Code) {
		return p.T("reason.short.other")
	}
	return p.T("reason.short." + o.Reasons[0].Code)
}

// whatIf says what would have changed the outcome.
func whatIf(p *message.Printer, o *collection.Outcome, day time.Time) string {
	code := ""
	if len(o.Reasons) > 0 {
		code = o.Reasons[0].Code
	}
	key := "reason.whatif.none"
	switch {
	case o.Planned && (code == collection.ReasonOnRoute || code == collection.ReasonDue):
		key = "reason.whatif." + code
	case o.Planned && code == collection.ReasonHygiene:
		key = "reason.whatif.hygiene"
	case o.Planned && o.ThresholdNow > 0 && o.ThresholdNow <= o.FillNow:
		key = "reason.whatif.less"
	case !o.Planned && code == collection.ReasonOut:
		key = "reason.whatif.out"
	case !o.Planned && code == collection.ReasonCapacity:
		key = "reason.whatif.capacity"
	case !o.Planned && o.ThresholdNow > o.FillNow:
		key = "reason.whatif.more"
	}
	return p.T(key, "threshold", o.ThresholdNow, "day", day)
}
