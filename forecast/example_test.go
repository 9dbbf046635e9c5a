package forecast_test

import (
	"context"
	"fmt"
	"time"

	"polder.city/forecast"
)

func Example() {
	// A paper container that fills by 8 % a day, read every three hours, last emptied on 1 March.
	emptied := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	paper := forecast.Series{ID: "FIL-014-P", Group: "papier", District: "Filmwijk", Emptyings: []time.Time{emptied}}
	for h := 0; h <= 8*24; h += 3 {
		paper.Samples = append(paper.Samples, forecast.Sample{At: emptied.Add(time.Duration(h) * time.Hour), Fill: 0.08 * float64(h) / 24})
	}
	now := emptied.AddDate(0, 0, 8)

	m, err := forecast.Fit(context.Background(), []forecast.Series{paper}, now, forecast.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, _ := m.Forecast("FIL-014-P")
	fmt.Printf("now %.0f %%, by %s\n", 100*f.Now.Mean, f.Now.Source)
	tomorrow := f.Days[1]
	fmt.Printf("%s evening %.0f %%, full with a chance of %.0f %%\n", tomorrow.Date.Weekday(), 100*tomorrow.Mean, 100*tomorrow.ChanceFull)
	days, _ := f.DaysUntil(0.2)
	fmt.Printf("more than 20 %% after %.0f days\n", days)
	// Output:
	// now 64 %, by sensor
	// Tuesday evening 79 %, full with a chance of 0 %
	// more than 20 % after 3 days
}
