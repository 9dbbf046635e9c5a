package study

// PublishedRow is a row of the paper's case study (arXiv 2409.13386, notebooks/case_study.ipynb; collection.md 1.1), for every day of which
// it holds the mean.
type PublishedRow struct {
	Policy      string
	Trucks      int
	Km          float64
	HoursARoute float64
	Stops       float64
	Service     float64
	FillAtLift  float64
	Family      string // the policy here that stands beside it
	Level       float64
}

// Published returns the rows that a study of Groningen stands beside.
func Published() []PublishedRow {
	return []PublishedRow{
		{"fixed count 250", 4, 251.2, 6.8, 250, 0.999, 0.489, "count", 250},
		{"fixed count 225", 4, 231.4, 6.1, 225, 0.998, 0.544, "count", 225},
		{"fixed count 200", 3, 215.7, 7.5, 200, 0.995, 0.612, "count", 200},
		{"fixed count 150", 3, 171.7, 5.6, 150, 0.971, 0.681, "count", 150},
		{"ISR 4k", 4, 109.7, 3.2, 138.9, 0.948, 0.879, "isr-km", 4e3},
		{"ISR 16k", 4, 129.8, 3.5, 143.6, 0.983, 0.852, "isr-km", 16e3},
		{"ISR 64k", 4, 137.9, 3.6, 147.0, 0.994, 0.832, "isr-km", 64e3},
		{"ISR 256k", 4, 142.8, 3.7, 150.1, 0.997, 0.815, "isr-km", 256e3},
		{"ISR 1024k", 4, 146.4, 3.8, 153.1, 0.999, 0.799, "isr-km", 1024e3},
	}
}
