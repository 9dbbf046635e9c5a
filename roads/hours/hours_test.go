package hours_test

import (
	"testing"
	"time"

	"polder.city/roads/hours"
)

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	m, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// 2 November 2026 is a Monday.
func TestHoursHoldAsTheSignSays(t *testing.T) {
	for _, tt := range []struct {
		hours   string
		in, out []string
	}{
		{"24/7", []string{"2026-11-02 00:00", "2026-11-08 23:59"}, nil},
		{"07:00-09:00", []string{"2026-11-02 07:00", "2026-11-08 08:59"}, []string{"2026-11-02 06:59", "2026-11-02 09:00"}},
		{"Mo-Fr 07:00-09:00,16:00-18:30", []string{"2026-11-02 07:00", "2026-11-06 18:29"}, []string{"2026-11-07 08:00", "2026-11-02 12:00"}},
		{"Mo-Fr 07:00-09:00, Sa 10:00-12:00", []string{"2026-11-02 08:00", "2026-11-07 11:00"}, []string{"2026-11-07 08:00", "2026-11-02 11:00"}},
		{"Sa-Mo", []string{"2026-11-02 08:00", "2026-11-07 08:00", "2026-11-08 08:00"}, []string{"2026-11-03 08:00"}},
		{"Mo,We,Fr 08:00-10:00", []string{"2026-11-04 09:00"}, []string{"2026-11-03 09:00"}},
		{"22:00-06:00", []string{"2026-11-02 22:00", "2026-11-02 05:59"}, []string{"2026-11-02 06:00", "2026-11-02 21:59"}},
		{"Fr 22:00-06:00", []string{"2026-11-06 23:00", "2026-11-07 05:00"}, []string{"2026-11-06 05:00", "2026-11-07 23:00"}},
		{"18:00+", []string{"2026-11-02 23:59"}, []string{"2026-11-02 17:59", "2026-11-02 01:00"}},
		{"Mo-Su 08:00-20:00; Su off", []string{"2026-11-07 09:00"}, []string{"2026-11-08 09:00"}},
		{"Mo-Fr 08:00-20:00; We 10:00-12:00", []string{"2026-11-03 09:00", "2026-11-04 11:00"}, []string{"2026-11-04 09:00"}},
		{"Mo-Fr 07:00-19:00; 12:00-13:00 off", []string{"2026-11-02 11:59"}, []string{"2026-11-02 12:30", "2026-11-02 20:00"}},
		{"Mo-Fr 07:00-19:00; PH off", []string{"2026-11-02 11:59"}, []string{"2026-11-07 11:00"}},
		{"PH,Su 07:00-19:00", []string{"2026-11-08 11:59"}, []string{"2026-11-02 11:00"}},
		{"PH", nil, []string{"2026-12-25 12:00"}},
		{"2026 Jan 01+", []string{"2026-01-01 00:00", "2040-05-05 12:00"}, []string{"2025-12-31 23:59"}},
		{"2026 Jan 01-", []string{"2026-01-01 00:00", "2040-05-05 12:00"}, []string{"2025-12-31 23:59"}},
		{"2026 Jan 01-2026 Mar 31", []string{"2026-03-31 23:59"}, []string{"2026-04-01 00:00", "2027-02-01 00:00"}},
		{"2026 Nov 01-Mar 31", []string{"2026-11-01 10:00"}, []string{"2026-06-01 00:00"}},
		{"2025-2027", []string{"2027-12-31 10:00"}, []string{"2028-01-01 00:00"}},
		{"Nov-Mar", []string{"2026-11-02 10:00", "2027-03-31 10:00"}, []string{"2026-04-01 10:00"}},
		{"Dec 24-26", []string{"2026-12-25 10:00"}, []string{"2026-12-27 10:00"}},
		{"Dec 24-Jan 02: 10:00-12:00", []string{"2026-12-31 10:00", "2027-01-02 11:00"}, []string{"2027-01-03 10:00", "2026-12-31 12:00"}},
		{"May-Sep Sa,Su 10:00-18:00", []string{"2026-05-02 10:00"}, []string{"2026-05-04 10:00", "2026-11-07 11:00"}},
		{"Jan,Mar 07:00-09:00", []string{"2026-03-02 08:00"}, []string{"2026-02-02 08:00"}},
		{"Jan 07:00-09:00", []string{"2026-01-31 08:00"}, []string{"2026-01-31 09:00"}},
		{"week 45-49/2 Mo", []string{"2026-11-02 10:00", "2026-11-16 10:00"}, []string{"2026-11-09 10:00"}},
		{"mo-fr 7:00-9:00 open", []string{"2026-11-02 08:00"}, []string{"2026-11-02 09:00"}},
		{"Mo-Fr", []string{"2026-11-06 23:59"}, []string{"2026-11-07 00:00"}},
	} {
		h, err := hours.Parse(tt.hours)
		if err != nil {
			t.Errorf("%s: %v", tt.hours, err)
			continue
		}
		for _, s := range tt.in {
			if !h.Include(moment(t, s)) {
				t.Errorf("%s does not include %s", tt.hours, s)
			}
		}
		for _, s := range tt.out {
			if h.Include(moment(t, s)) {
				t.Errorf("%s includes %s", tt.hours, s)
			}
		}
	}
}

func TestHoursThatCannotBeReadAreRefused(t *testing.T) {
	for _, s := range []string{
		"", ";", "sunrise-sunset", "Mo-Fr sunset-07:00", "Mo[1] 08:00-10:00", "SH 08:00-10:00", "easter", "Mo-", "25:00-26", "07:00", "wet",
		"Jan 01-2026 Mar 31", "Mo-Fr 07:00-09:00 maybe", "week 60", "07:00-09:00-11:00",
	} {
		if h, err := hours.Parse(s); err == nil {
			t.Errorf("%q was read as %+v", s, h)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"Mo-Fr 07:00-09:00,16:00-18:30; Sa off", "2026 Jan 01+", "week 01-53/2 Mo,PH", "Dec 24-26,Jan 01: 18:00+", "24/7 off"} {
		f.Add(s, int64(1_777_000_000))
	}
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		h, err := hours.Parse(s)
		if err != nil {
			return
		}
		m := time.Unix(unix%4e9, 0).UTC()
		again, err := hours.Parse(h.String())
		if err != nil || again.Include(m) != h.Include(m) {
			t.Errorf("%q reads again as %v, %v", s, again, err)
		}
	})
}
